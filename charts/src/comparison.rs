//! Segments on one picture: how many were active in each period, and how long they stayed.

use crate::ink::{self, Mark};
use crate::quartiles::{Area, picture, style, whole_label};
use analysis::comparison::ComparisonReport;
use analysis::stats::{Interval, at_risk};
use analysis::words;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::error::Error;

/// Units of the pictures; the page scales them to their place.
const WIDTH: u32 = 980;
/// The height of what curves are drawn in, with their axis.
const HEIGHT: u32 = 320;
/// What names at the ends of curves take.
const NAMES: u32 = 150;
/// What names before rows of numbers take.
const BESIDE: u32 = 170;
/// The height of a row of numbers at risk, and of a name.
const ROW: i32 = 15;
/// Longer names are cut; the key above the picture has them whole.
const LETTERS: usize = 20;
/// The same before rows of numbers.
const ROW_LETTERS: usize = 16;

/// Where on the axis, the share, and its interval.
type Point = (f64, f64, Option<Interval>);

/// A segment's curve: the number of its colour, its name, its points.
struct Curve {
    colour: u8,
    name: String,
    points: Vec<Point>,
}

/// Draws the share of each segment that was active in each period, pooled over finished cohorts, with 95 % intervals.
/// Without any finished period the text is empty.
pub fn segments(report: &ComparisonReport) -> String {
    let mut curves = Vec::new();
    for (place, segment) in report.segments.iter().enumerate() {
        let points: Vec<Point> = (1..report.columns())
            .filter_map(|column| {
                let (rate, interval) = segment.retention(column)?;
                Some((f64::from(column), rate, Some(interval)))
            })
            .collect();
        curves.push(curve(report, place, points));
    }
    curves.retain(|curve| !curve.points.is_empty());
    let query = &report.query.retention;
    let unit = query.grain.noun(1);
    let name = format!(
        "Customers still active in each {unit}, by {}; the table below it holds the same numbers",
        words::split(&report.query)
    );
    let any = !curves.is_empty();
    picture(&name, (WIDTH, HEIGHT), any, |area| {
        let last = curves.iter().flat_map(|curve| &curve.points);
        let last = last.map(|(at, ..)| *at).fold(1.0, f64::max);
        let label = |at: &f64| {
            let columns = 0..report.columns();
            let column = columns.into_iter().find(|column| f64::from(*column) == *at);
            column.map_or_else(String::new, |column| words::column_label(query, column))
        };
        let mut chart = ChartBuilder::on(area)
            .margin_top(10)
            .margin_right(NAMES)
            .x_label_area_size(38)
            .y_label_area_size(46)
            .build_cartesian_2d(1.0..last.max(1.001), 0.0..top(&curves))?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .y_labels(5)
            .x_labels(14)
            .bold_line_style(ink::GRID)
            .light_line_style(TRANSPARENT)
            .axis_style(ink::GRID)
            .x_desc(format!("{unit} since the start"))
            .axis_desc_style(style())
            .x_label_formatter(&label)
            .y_label_formatter(&|rate| words::percent(*rate))
            .x_label_style(style().pos(Pos::new(HPos::Center, VPos::Top)))
            .y_label_style(style())
            .draw()?;
        bands(&mut chart, &curves)?;
        for curve in &curves {
            let ink = ink::segment(Mark::Curve, curve.colour);
            let line = curve.points.iter().map(|(at, rate, _)| (*at, *rate));
            chart.draw_series(LineSeries::new(line, ink.stroke_width(2)))?;
        }
        ends(area, &mut chart, &curves)
    })
}

/// Draws the Kaplan-Meier curve of each segment with its 95 % band, and below it how many customers were still being
/// watched. Without customers the text is empty.
pub fn lifetimes(report: &ComparisonReport) -> String {
    let curves: Vec<(usize, Curve)> = report
        .segments
        .iter()
        .enumerate()
        .filter(|(_, segment)| segment.survival.customers > 0)
        .map(|(place, _)| (place, curve(report, place, steps(report, place))))
        .collect();
    let name = format!(
        "Share of customers who have not left, by days since the start and {}; the table below it holds the same numbers",
        words::split(&report.query)
    );
    let rows = u32::try_from(curves.len()).unwrap_or(0) * ROW.unsigned_abs();
    let size = (WIDTH, HEIGHT + 34 + rows);
    let any = !curves.is_empty();
    picture(&name, size, any, |area| {
        let ticks = report.ticks();
        let last = report.segments.iter().map(|one| one.survival.last).max();
        let last = f64::from(last.unwrap_or(1).max(1));
        let (upper, _) = area.split_vertically(HEIGHT);
        let mut chart = ChartBuilder::on(&upper)
            .margin_top(10)
            .margin_right(NAMES)
            .x_label_area_size(38)
            .y_label_area_size(BESIDE)
            .build_cartesian_2d(0.0..last, 0.0..1.0)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .y_labels(5)
            .x_labels(0)
            .bold_line_style(ink::GRID)
            .light_line_style(TRANSPARENT)
            .axis_style(ink::GRID)
            .x_desc("days since the start")
            .axis_desc_style(style())
            .x_label_formatter(&|day| whole_label(*day))
            .y_label_formatter(&|rate| words::percent(*rate))
            .y_label_style(style())
            .draw()?;
        let drawn: Vec<&Curve> = curves.iter().map(|(_, curve)| curve).collect();
        bands(&mut chart, drawn.iter().copied())?;
        for curve in &drawn {
            let ink = ink::segment(Mark::Curve, curve.colour);
            let line = curve.points.iter().map(|(at, share, _)| (*at, *share));
            chart.draw_series(LineSeries::new(line, ink.stroke_width(2)))?;
        }
        let half = [(0.0, 0.5), (last, 0.5)];
        chart.draw_series(LineSeries::new(half, ink::CUT.stroke_width(1)))?;
        ends(area, &mut chart, drawn.iter().copied())?;
        let middle = style().pos(Pos::new(HPos::Center, VPos::Top));
        let start = style().pos(Pos::new(HPos::Left, VPos::Top));
        let below = i32::try_from(HEIGHT)?;
        area.draw_text("customers still being watched", &start, (4, below + 8))?;
        for tick in ticks {
            let (x, y) = chart.backend_coord(&(f64::from(tick), 0.0));
            area.draw_text(&tick.to_string(), &middle, (x, y + 6))?;
            for (row, (place, _)) in (0_i32..).zip(&curves) {
                let left = at_risk(&report.segments[*place].endings, tick);
                let at = (x, below + 28 + row * ROW);
                area.draw_text(&words::thousands(left), &middle, at)?;
            }
        }
        for (row, (_, curve)) in (0_i32..).zip(&curves) {
            let y = below + 28 + row * ROW;
            let mark = [(4, y + 6), (18, y + 6)];
            let ink = ink::segment(Mark::Curve, curve.colour).stroke_width(2);
            area.draw(&PathElement::new(mark, ink))?;
            area.draw_text(&cut(&curve.name, ROW_LETTERS), &start, (24, y))?;
        }
        Ok(())
    })
}

fn curve(report: &ComparisonReport, place: usize, points: Vec<Point>) -> Curve {
    let name = report
        .segments
        .get(place)
        .map(|segment| segment.name.clone());
    Curve {
        colour: report.colour(place),
        name: name.unwrap_or_default(),
        points,
    }
}

/// A survival curve as corners of its steps; steps too small to be seen are taken together.
fn steps(report: &ComparisonReport, place: usize) -> Vec<Point> {
    let survival = &report.segments[place].survival;
    let mut points: Vec<Point> = vec![(0.0, 1.0, None)];
    let mut now: Point = (0.0, 1.0, None);
    let count = survival.steps.len();
    for (number, step) in survival.steps.iter().enumerate() {
        if now.1 - step.survival < 0.003 && number + 1 < count {
            continue;
        }
        let at = f64::from(step.time);
        points.push((at, now.1, now.2));
        now = (at, step.survival, Some(step.interval));
        points.push(now);
    }
    points.push((f64::from(survival.last), now.1, now.2));
    points
}

/// The least multiple of ten percent that holds all intervals.
fn top(curves: &[Curve]) -> f64 {
    let points = curves.iter().flat_map(|curve| &curve.points);
    let highest = points.map(|(_, rate, interval)| interval.map_or(*rate, |bounds| bounds.high));
    let highest = highest.fold(0.1, f64::max);
    ((highest * 10.0).ceil() / 10.0).clamp(0.1, 1.0)
}

type Plane<'a, 'b> = ChartContext<
    'a,
    SVGBackend<'b>,
    Cartesian2d<plotters::coord::types::RangedCoordf64, plotters::coord::types::RangedCoordf64>,
>;

/// The intervals around all curves, below the curves.
fn bands<'c>(
    chart: &mut Plane<'_, '_>,
    curves: impl IntoIterator<Item = &'c Curve>,
) -> Result<(), Box<dyn Error>> {
    for curve in curves {
        let bounds = || {
            let points = curve.points.iter();
            points.filter_map(|(at, _, interval)| Some((*at, (*interval)?)))
        };
        let upper = bounds().map(|(at, interval)| (at, interval.high));
        let lower: Vec<_> = bounds().map(|(at, interval)| (at, interval.low)).collect();
        let outline: Vec<_> = upper.chain(lower.into_iter().rev()).collect();
        let ink = ink::segment(Mark::Around, curve.colour).filled();
        chart.draw_series(std::iter::once(Polygon::new(outline, ink)))?;
    }
    Ok(())
}

/// A dot at the end of each curve and its name beside it, moved apart where they would lie on each other.
fn ends<'c>(
    area: &Area<'_>,
    chart: &mut Plane<'_, '_>,
    curves: impl IntoIterator<Item = &'c Curve>,
) -> Result<(), Box<dyn Error>> {
    let mut names: Vec<(i32, String)> = Vec::new();
    let right = i32::try_from(WIDTH - NAMES)? + 12;
    for curve in curves {
        let Some((at, share, _)) = curve.points.last() else {
            continue;
        };
        let ink = ink::segment(Mark::Curve, curve.colour);
        let dot = Circle::new((*at, *share), 4, ink.filled());
        chart.draw_series(std::iter::once(dot))?;
        let (_, y) = chart.backend_coord(&(*at, *share));
        names.push((y, cut(&curve.name, LETTERS)));
    }
    names.sort();
    let style = style().pos(Pos::new(HPos::Left, VPos::Center));
    let mut lowest = i32::MIN;
    let many = i32::try_from(names.len())?;
    let bottom = i32::try_from(HEIGHT)? - 38;
    for (number, (y, name)) in (0_i32..).zip(names) {
        // Those that follow need room as well.
        let room = bottom - (many - 1 - number) * ROW;
        let y = y.min(room).max(lowest);
        area.draw_text(&name, &style, (right, y))?;
        lowest = y + ROW;
    }
    Ok(())
}

/// A name as there is room for it.
fn cut(name: &str, letters: usize) -> String {
    match name.char_indices().nth(letters) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}
