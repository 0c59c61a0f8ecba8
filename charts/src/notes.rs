//! Annotations on charts whose horizontal axis is time.

use crate::ink;
use crate::quartiles::style;
use analysis::annotation::Annotation;
use analysis::churn::ChurnReport;
use analysis::period::days_between;
use plotters::chart::ChartContext;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::error::Error;

/// Most characters of a label: what is longer is told whole below the chart.
const LABEL: usize = 24;
/// Labels go down in so many steps before they begin at the top again, so that neighbours don't lie on each other.
const STEPS: i32 = 4;
/// Units from one step to the next.
const STEP: i32 = 15;

type Chart<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// A line for each note, with its words beside it.
pub(crate) fn draw(chart: &mut Chart<'_>, notes: &[(f64, &str)]) -> Result<(), Box<dyn Error>> {
    let (across, up) = (chart.x_range(), chart.y_range());
    let middle = (across.start + across.end) / 2.0;
    let notes = notes
        .iter()
        .filter(|(at, _)| *at >= across.start && *at <= across.end);
    for ((at, text), step) in notes.zip((0..STEPS).cycle()) {
        let line = [(*at, up.start), (*at, up.end)];
        chart.draw_series(LineSeries::new(line, ink::NOTE.stroke_width(1)))?;
        let (side, shift) = match *at > middle {
            true => (HPos::Right, -4),
            false => (HPos::Left, 4),
        };
        let style = style().pos(Pos::new(side, VPos::Top));
        let label =
            EmptyElement::at((*at, up.end)) + Text::new(short(text), (shift, step * STEP), style);
        chart.draw_series(std::iter::once(label))?;
    }
    Ok(())
}

fn short(text: &str) -> String {
    match text.chars().count() > LABEL {
        true => text.chars().take(LABEL - 1).chain(['…']).collect(),
        false => text.to_owned(),
    }
}

/// Where the annotations of a report's periods lie, a period being from half a step before its place to half a step after.
pub(crate) fn by_period(report: &ChurnReport) -> Vec<(f64, &str)> {
    let place = |one: &Annotation| {
        let periods = report.periods.iter().zip(0_u32..);
        let mut holding =
            periods.filter(|(period, _)| period.start <= one.date && one.date <= period.last);
        let (period, place) = holding.next()?;
        let days = |to| float(days_between(period.start, to));
        let share = (days(one.date) + 0.5) / (days(period.last) + 1.0);
        Some(f64::from(place) - 0.5 + share)
    };
    placed(report, place)
}

/// Where the annotations of the weeks up to the end of the picked period lie, its last week being 0.
pub(crate) fn by_week(report: &ChurnReport) -> Vec<(f64, &str)> {
    let last = report.picked_period().map(|(period, _)| period.last);
    let place = |one: &Annotation| {
        let last = last.filter(|last| one.date <= *last)?;
        Some(-float(days_between(one.date, last) / 7))
    };
    placed(report, place)
}

fn float(days: i64) -> f64 {
    f64::from(i32::try_from(days).unwrap_or(i32::MAX))
}

fn placed(report: &ChurnReport, place: impl Fn(&Annotation) -> Option<f64>) -> Vec<(f64, &str)> {
    let all = report.annotations.iter();
    all.filter_map(|one| Some((place(one)?, one.text.as_str())))
        .collect()
}
