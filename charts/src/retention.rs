//! The curves above the matrix: all cohorts pooled with their interval, and each cohort for itself.

use crate::ink;
use analysis::query::{CellRef, MAX_PERIODS};
use analysis::report::{CellState, RetentionReport};
use analysis::words;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Units of the picture; it is scaled to its place by the page.
const SIZE: (u32, u32) = (980, 200);
/// Curves beyond this many would hide each other; the newest are drawn.
const CURVES: usize = 104;

/// Draws a report's curves: the share of customers active in each period from the first after signup.
///
/// The pooled curve and its interval stop where no complete cohort is left. Each cohort's curve carries
/// `data-cohort`, so that a page can let one stand out. A report without any complete period gives an empty text.
pub fn retention(report: &RetentionReport) -> String {
    let last = report.columns().saturating_sub(1);
    if last == 0 || report.overall.iter().skip(1).all(Option::is_none) {
        return String::new();
    }
    let mut svg = String::new();
    // The text backend writes to memory, which does not fail.
    if draw(report, last, &mut svg).is_err() {
        return String::new();
    }
    let names: Vec<String> = report
        .cohorts
        .iter()
        .map(|one| one.start.to_string())
        .collect();
    let svg = ink::classes(&svg, |number| names.get(usize::from(number)).cloned());
    label(&svg, report)
}

/// The column at a place on the axis; between two columns there is none.
fn column(place: f64) -> Option<u32> {
    (0..=MAX_PERIODS).find(|column| f64::from(*column) == place)
}

/// Gives the picture a name, and lets it scale: its size is the page's business.
fn label(svg: &str, report: &RetentionReport) -> String {
    let size = format!("width=\"{}\" height=\"{}\" ", SIZE.0, SIZE.1);
    let name = format!(
        "role=\"img\" aria-label=\"{}. {}\" ",
        words::headline(report).sentence,
        "The overall row of the table below holds the same numbers"
    );
    svg.replacen(&size, &name, 1)
}

fn draw(
    report: &RetentionReport,
    last: usize,
    svg: &mut String,
) -> Result<(), Box<dyn std::error::Error>> {
    let points = |cohort| -> Vec<(f64, analysis::report::CellFacts)> {
        (1..=last)
            .filter_map(|period| {
                let period = u32::try_from(period).ok()?;
                let facts = report.cell(CellRef { cohort, period })?;
                Some((f64::from(period), facts))
            })
            .filter(|(_, facts)| facts.rate.is_some())
            .collect()
    };
    let pooled = points(None);
    let end = f64::from(u32::try_from(last)?);
    let top = scale_top(report);

    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    let style = TextStyle::from(("sans-serif", 12).into_font()).color(&ink::TEXT);
    let mut chart = ChartBuilder::on(&area)
        .margin_top(10)
        .margin_right(10)
        .x_label_area_size(24)
        .y_label_area_size(44)
        .build_cartesian_2d(1.0_f64..end.max(1.001), 0.0..top)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .y_labels(5)
        .x_labels(last.min(14))
        .bold_line_style(ink::GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(ink::GRID)
        .x_label_formatter(&|period| {
            column(*period).map_or_else(String::new, |column| {
                words::column_label(&report.query, column)
            })
        })
        .y_label_formatter(&|rate| words::percent(*rate))
        .x_label_style(style.clone().pos(Pos::new(HPos::Center, VPos::Top)))
        .y_label_style(style)
        .draw()?;

    let first_drawn = report.cohorts.len().saturating_sub(CURVES);
    for (number, cohort) in report.cohorts.iter().enumerate().skip(first_drawn) {
        let curve: Vec<_> = points(Some(cohort.start))
            .into_iter()
            .filter(|(_, facts)| facts.state != CellState::Running)
            .map(|(period, facts)| (period, facts.rate.unwrap_or_default()))
            .collect();
        if curve.len() > 1 {
            let style = ink::cohort(u16::try_from(number)?).stroke_width(1);
            chart.draw_series(LineSeries::new(curve, style))?;
        }
    }

    let upper = pooled
        .iter()
        .filter_map(|(at, facts)| Some((*at, facts.interval?.high)));
    let lower = pooled
        .iter()
        .rev()
        .filter_map(|(at, facts)| Some((*at, facts.interval?.low)));
    let outline: Vec<_> = upper.chain(lower).collect();
    chart.draw_series(std::iter::once(Polygon::new(outline, ink::BAND.filled())))?;
    let mean = pooled
        .iter()
        .map(|(at, facts)| (*at, facts.rate.unwrap_or_default()));
    chart.draw_series(LineSeries::new(mean, ink::MEAN.stroke_width(2)))?;
    if let [(at, facts)] = pooled.as_slice() {
        let only = (*at, facts.rate.unwrap_or_default());
        chart.draw_series(std::iter::once(Circle::new(only, 4, ink::MEAN.filled())))?;
    }
    area.present()?;
    Ok(())
}

/// The least multiple of ten percent that holds the pooled interval and the larger cohorts.
fn scale_top(report: &RetentionReport) -> f64 {
    let pooled = (1..report.columns())
        .filter_map(|period| {
            let period = u32::try_from(period).ok()?;
            report
                .cell(CellRef {
                    cohort: None,
                    period,
                })?
                .interval
        })
        .fold(0.0, |top: f64, interval| top.max(interval.high));
    let largest = pooled.max(report.largest_rate());
    ((largest * 10.0).ceil() / 10.0).clamp(0.1, 1.0)
}
