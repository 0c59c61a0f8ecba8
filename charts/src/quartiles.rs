//! How often a feature was used, and how long its users stayed.

use crate::ink::{self, Mark};
use analysis::quartiles::{Bars, Part, QuartileReport, bars};
use analysis::words;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::error::Error;

/// Units of the picture of usage; the page scales it to its place beside the groups.
const USAGE: (u32, u32) = (560, 230);
/// Units of the picture of curves, which has a row of its own.
const CURVES: (u32, u32) = (980, 220);

/// Where on the axis of time, the rate, and its interval.
type Point = (f64, f64, analysis::stats::Interval);

pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Draws how many customers used the feature how often in the exposure window, with the cuts between groups. A reading
/// without groups gives an empty text.
pub fn usage(report: &QuartileReport) -> String {
    let bars = bars(&report.reading);
    let name = format!(
        "Customers by how often they used {}; the table below it holds the same numbers",
        words::feature(report)
    );
    picture(&name, USAGE, !bars.bars.is_empty(), |area| {
        draw_usage(report, &bars, area)
    })
}

/// Draws the share of each group that was active in each period of the outcome window, with 95 % intervals. A reading
/// without groups, or with none whose curve is told, gives an empty text.
pub fn groups(report: &QuartileReport) -> String {
    let name = format!(
        "Customers still active in each {} after their first {}, by usage; the table below it holds the same numbers",
        report.query.grain.noun(1),
        report.query.exposure
    );
    let reading = &report.reading;
    let drawn = |part: Part| reading.group(part).and_then(|group| group.retention(0));
    let any =
        reading.quartiles.is_some() && Part::ALL.into_iter().any(|part| drawn(part).is_some());
    picture(&name, CURVES, any, |area| draw_groups(report, area))
}

/// An SVG text with classes for colours, and without a size, which is the page's business. Without `any` it is empty.
pub(crate) fn picture(
    name: &str,
    size: (u32, u32),
    any: bool,
    draw: impl FnOnce(&Area<'_>) -> Result<(), Box<dyn Error>>,
) -> String {
    let mut svg = String::new();
    let drawn = any && {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        // The text backend writes to memory, which does not fail.
        draw(&area).and_then(|()| Ok(area.present()?)).is_ok()
    };
    if !drawn {
        return String::new();
    }
    let svg = ink::classes(&svg, |_| None);
    let size = format!("width=\"{}\" height=\"{}\" ", size.0, size.1);
    let label = format!("role=\"img\" aria-label=\"{}\" ", escape(name));
    svg.replacen(&size, &label, 1)
}

/// Names of events are the customers' own: they may hold anything.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

/// What words in a picture look like.
pub(crate) fn style() -> TextStyle<'static> {
    TextStyle::from(("sans-serif", 12).into_font()).color(&ink::TEXT)
}

fn draw_usage(report: &QuartileReport, bars: &Bars, area: &Area<'_>) -> Result<(), Box<dyn Error>> {
    let (Some(first), Some(last)) = (bars.bars.first(), bars.bars.last()) else {
        return Ok(());
    };
    // A bar's height is customers for each number of uses, so that bars of another width are not taller for it.
    let height = |bar: &analysis::quartiles::Bar| {
        number(bar.customers) / (f64::from(bar.to - bar.from) + 1.0)
    };
    let top = bars.bars.iter().map(height).fold(1.0, f64::max);
    let (left, right) = (f64::from(first.from) - 0.5, f64::from(last.to) + 0.5);
    let mut chart = ChartBuilder::on(area)
        .margin_top(8)
        .margin_right(10)
        .x_label_area_size(38)
        .y_label_area_size(58)
        .build_cartesian_2d(left..right, 0.0..top * 1.16)?;
    let small = style();
    chart
        .configure_mesh()
        .disable_x_mesh()
        .y_labels(4)
        .x_labels(9)
        .bold_line_style(ink::GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(ink::GRID)
        .x_desc("uses")
        .y_desc("customers")
        .axis_desc_style(small.clone())
        .x_label_formatter(&|uses| whole_label(*uses))
        .y_label_formatter(&|customers| whole_label(*customers))
        .x_label_style(small.clone().pos(Pos::new(HPos::Center, VPos::Top)))
        .y_label_style(small.clone())
        .draw()?;
    let gap = (0.12_f64).min((right - left) / 400.0 + 0.04);
    for bar in &bars.bars {
        let corners = [
            (f64::from(bar.from) - 0.5 + gap, 0.0),
            (f64::from(bar.to) + 0.5 - gap, height(bar)),
        ];
        let ink = ink::group(Mark::Bar, place(bar.part));
        chart.draw_series(std::iter::once(Rectangle::new(corners, ink.filled())))?;
    }
    if let Some(quartiles) = &report.reading.quartiles {
        let cuts = quartiles.cuts;
        let (bottom, top_cut) = (f64::from(cuts.bottom) + 0.5, f64::from(cuts.top) - 0.5);
        for (at, text, side, shift) in [
            (bottom, format!("\u{2264} {}", cuts.bottom), HPos::Right, -4),
            (top_cut, format!("\u{2265} {}", cuts.top), HPos::Left, 4),
        ] {
            let line = [(at, 0.0), (at, top * 1.16)];
            chart.draw_series(LineSeries::new(line, ink::CUT.stroke_width(1)))?;
            let style = small.clone().pos(Pos::new(side, VPos::Top));
            let label = EmptyElement::at((at, top * 1.15)) + Text::new(text, (shift, 0), style);
            chart.draw_series(std::iter::once(label))?;
        }
    }
    Ok(())
}

fn draw_groups(report: &QuartileReport, area: &Area<'_>) -> Result<(), Box<dyn Error>> {
    let (query, reading) = (&report.query, &report.reading);
    let curves: Vec<(u8, Vec<Point>)> = Part::ALL
        .into_iter()
        .filter_map(|part| {
            let group = reading.group(part)?;
            let points = (0..query.outcome).filter_map(|period| {
                let (rate, interval) = group.retention(usize::try_from(period).ok()?)?;
                Some((f64::from(query.exposure + period + 1), rate, interval))
            });
            Some((place(part), points.collect()))
        })
        .collect();
    let highest = curves
        .iter()
        .flat_map(|(_, points)| points)
        .map(|(.., interval)| interval.high)
        .fold(0.1, f64::max);
    let top = ((highest * 10.0).ceil() / 10.0).clamp(0.1, 1.0);
    let (from, to) = (
        f64::from(query.exposure + 1),
        f64::from(query.exposure + query.outcome),
    );
    let mut chart = ChartBuilder::on(area)
        .margin_top(8)
        .margin_right(12)
        .x_label_area_size(38)
        .y_label_area_size(46)
        .build_cartesian_2d(from..to.max(from + 0.001), 0.0..top)?;
    let small = style();
    chart
        .configure_mesh()
        .disable_x_mesh()
        .y_labels(5)
        .x_labels(usize::try_from(query.outcome.min(12))?)
        .bold_line_style(ink::GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(ink::GRID)
        .x_desc(format!("{} since signup", query.grain.noun(1)))
        .axis_desc_style(small.clone())
        .x_label_formatter(&|period| whole_label(*period))
        .y_label_formatter(&|rate| words::percent(*rate))
        .x_label_style(small.clone().pos(Pos::new(HPos::Center, VPos::Top)))
        .y_label_style(small)
        .draw()?;
    let told = || curves.iter().filter(|(_, points)| !points.is_empty());
    for (place, points) in told() {
        let upper = points.iter().map(|(at, _, interval)| (*at, interval.high));
        let lower = points
            .iter()
            .rev()
            .map(|(at, _, interval)| (*at, interval.low));
        let outline: Vec<_> = upper.chain(lower).collect();
        let ink = ink::group(Mark::Around, *place).filled();
        chart.draw_series(std::iter::once(Polygon::new(outline, ink)))?;
    }
    for (place, points) in told() {
        let ink = ink::group(Mark::Curve, *place);
        let line = points.iter().map(|(at, rate, _)| (*at, *rate));
        chart.draw_series(LineSeries::new(line, ink.stroke_width(2)))?;
        if let [(at, rate, _)] = points.as_slice() {
            let only = Circle::new((*at, *rate), 4, ink.filled());
            chart.draw_series(std::iter::once(only))?;
        }
    }
    Ok(())
}

/// The place of a group among all.
fn place(part: Part) -> u8 {
    match part {
        Part::High => 0,
        Part::Moderate => 1,
        Part::Infrequent => 2,
        Part::Never => 3,
    }
}

/// A label for whole numbers only.
pub(crate) fn whole_label(number: f64) -> String {
    let whole = number.round();
    if (number - whole).abs() > 1e-9 || whole < 0.0 {
        String::new()
    } else {
        format!("{whole}")
    }
}

/// A count as a height; exact up to 2^53.
#[expect(
    clippy::as_conversions,
    reason = "no lossless From exists; counts stay far below 2^53"
)]
pub(crate) fn number(count: u64) -> f64 {
    count as f64
}
