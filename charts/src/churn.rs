//! Who leaves: churn by period, how fast customers come back, how they come and go, how often they are there, and how
//! those lost faded.

use crate::ink::{self, Role};
use crate::notes;
use crate::quartiles::{Area, number, picture, style, whole_label};
use analysis::churn::{ChurnPeriod, ChurnReport, Week};
use analysis::period::Grain;
use analysis::words;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::error::Error;
use std::ops::Range;

/// Units of a picture that has a row of its own.
const WIDE: (u32, u32) = (980, 220);
/// Units of one of two side by side.
const NARROW: (u32, u32) = (560, 230);

type Drawn = Result<(), Box<dyn Error>>;

/// Draws the gross churn of each period that has ended, with 95 % intervals, and that of the same period a year earlier.
/// Empty where no period has a rate.
pub fn churn(report: &ChurnReport) -> String {
    let name = format!(
        "Churn by {}, with intervals; the table below holds the same numbers",
        report.query.grain.noun(1)
    );
    let any = report.ended().next().is_some();
    picture(&name, WIDE, any, |area| draw_churn(report, area))
}

/// Draws the share of returns that came within so many days, with the proposed threshold and the one in use. Empty without
/// returns.
pub fn returns(report: &ChurnReport) -> String {
    let any = report.returns.total() > 0;
    picture(
        "Share of returns by days of absence; the table below holds the same numbers",
        NARROW,
        any,
        |area| draw_returns(report, area),
    )
}

/// Draws customers who are new, retained and returned upwards and those who went dormant downwards, period by period.
/// Empty without periods.
pub fn lifecycle(report: &ChurnReport) -> String {
    let any = !report.periods.is_empty();
    picture(
        "New, retained, returned and dormant customers; the table below holds the same numbers",
        WIDE,
        any,
        |area| draw_lifecycle(report, area),
    )
}

/// Draws on how many days the customers of the picked period were active. Empty where there are none.
pub fn stickiness(report: &ChurnReport) -> String {
    let sticky = report
        .picked_period()
        .and_then(|(period, _)| period.stickiness.as_ref());
    let any = sticky.is_some_and(|of| of.customers() > 0);
    picture(
        "Customers by their number of active days; the table below holds the same numbers",
        NARROW,
        any,
        |area| match sticky {
            Some(of) => draw_days(&of.days, area),
            None => Ok(()),
        },
    )
}

/// Draws the mean active days a week of regular, new and lost customers in the weeks up to the end of the picked period.
/// Empty where nobody was lost.
pub fn fading(report: &ChurnReport) -> String {
    let any = report.picked_period().is_some_and(|(_, of)| of.lost > 0);
    picture(
        "Mean active days a week of regular, new and lost customers; the table below holds the same numbers",
        WIDE,
        any,
        |area| draw_fading(report, area),
    )
}

/// The label of the period at a place on the axis; between two periods there is none.
fn period_label(report: &ChurnReport, place: f64) -> String {
    let places = report.periods.iter().zip(0_u32..);
    let mut at = places.filter(|(_, number)| f64::from(*number) == place);
    let Some((period, number)) = at.next() else {
        return String::new();
    };
    let grain = report.query.grain;
    let january = period.start.month() == 1 && matches!(grain, Grain::Month | Grain::Quarter);
    words::period_label(grain, period.start, january || number == 0)
}

/// Half a period on each side of all of them.
fn axis(report: &ChurnReport) -> Result<Range<f64>, Box<dyn Error>> {
    let count = u32::try_from(report.periods.len())?;
    Ok(-0.5..f64::from(count) - 0.5)
}

fn draw_churn(report: &ChurnReport, area: &Area<'_>) -> Drawn {
    let rates = |of: fn(&ChurnPeriod) -> Option<analysis::churn::Churn>| {
        let periods = report.periods.iter().zip(0_u32..);
        let points = periods.filter_map(|(period, place)| {
            let churn = of(period)?;
            Some((f64::from(place), churn.gross()?, churn.interval()?))
        });
        points.collect::<Vec<_>>()
    };
    let (now, earlier) = (rates(|period| period.churn), rates(|period| period.before));
    let highest = now.iter().map(|(.., interval)| interval.high);
    let highest = highest.chain(earlier.iter().map(|(_, rate, _)| *rate));
    let highest = highest.fold(0.05, f64::max);
    let top = ((highest * 20.0).ceil() / 20.0).min(1.0);
    let mut chart = ChartBuilder::on(area)
        .margin_top(8)
        .margin_right(12)
        .x_label_area_size(24)
        .y_label_area_size(46)
        .build_cartesian_2d(axis(report)?, 0.0..top)?;
    let small = style();
    chart
        .configure_mesh()
        .disable_x_mesh()
        .y_labels(5)
        .x_labels(report.periods.len().min(14))
        .bold_line_style(ink::GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(ink::GRID)
        .x_label_formatter(&|place| period_label(report, *place))
        .y_label_formatter(&|rate| words::fine_percent(*rate))
        .x_label_style(small.clone().pos(Pos::new(HPos::Center, VPos::Top)))
        .y_label_style(small)
        .draw()?;
    let upper = now.iter().map(|(at, _, interval)| (*at, interval.high));
    let lower = now
        .iter()
        .rev()
        .map(|(at, _, interval)| (*at, interval.low));
    let outline: Vec<_> = upper.chain(lower).collect();
    if now.len() > 1 {
        chart.draw_series(std::iter::once(Polygon::new(outline, ink::BAND.filled())))?;
    }
    let line = |points: &[(f64, f64, _)]| -> Vec<(f64, f64)> {
        points.iter().map(|(at, rate, _)| (*at, *rate)).collect()
    };
    let ink = ink::role(Role::Earlier);
    chart.draw_series(LineSeries::new(line(&earlier), ink.stroke_width(2)))?;
    chart.draw_series(LineSeries::new(line(&now), ink::MEAN.stroke_width(2)))?;
    let points = line(&now).into_iter();
    chart.draw_series(points.map(|at| Circle::new(at, 3, ink::MEAN.filled())))?;
    notes::draw(&mut chart, &notes::by_period(report))
}

fn draw_returns(report: &ChurnReport, area: &Area<'_>) -> Drawn {
    let returns = &report.returns;
    let whole = |days: &u32| returns.within(*days).is_some_and(|share| share >= 0.995);
    let end = (1..returns.horizon)
        .find(whole)
        .unwrap_or(returns.horizon)
        .max(report.threshold.min(returns.horizon))
        .max(2);
    let mut chart = ChartBuilder::on(area)
        .margin_top(8)
        .margin_right(14)
        .x_label_area_size(38)
        .y_label_area_size(46)
        .build_cartesian_2d(0.0..f64::from(end) * 1.02, 0.0..1.0)?;
    let small = style();
    chart
        .configure_mesh()
        .disable_x_mesh()
        .y_labels(5)
        .x_labels(9)
        .bold_line_style(ink::GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(ink::GRID)
        .x_desc("days since the last active one")
        .axis_desc_style(small.clone())
        .x_label_formatter(&|days| whole_label(*days))
        .y_label_formatter(&|share| words::percent(*share))
        .x_label_style(small.clone().pos(Pos::new(HPos::Center, VPos::Top)))
        .y_label_style(small.clone())
        .draw()?;
    // A share holds from its day to the next: a stair.
    let mut stair = vec![(0.0, 0.0)];
    let mut share = 0.0;
    for days in 1..=end {
        stair.push((f64::from(days), share));
        share = returns.within(days).unwrap_or_default();
        stair.push((f64::from(days), share));
    }
    chart.draw_series(LineSeries::new(stair, ink::MEAN.stroke_width(2)))?;
    let proposal = returns.proposal();
    let mut marks: Vec<(u32, String, f64)> = Vec::new();
    if let Some(days) = proposal {
        let text = format!("90\u{a0}% within {}", words::days_text(days));
        marks.push((days, text, 0.16));
    }
    if proposal != Some(report.threshold) && report.threshold <= end {
        let text = format!("in use: {}", words::days_text(report.threshold));
        marks.push((report.threshold, text, 0.3));
    }
    for (days, text, height) in marks {
        let at = f64::from(days);
        let line = [(at, 0.0), (at, 1.0)];
        chart.draw_series(LineSeries::new(line, ink::CUT.stroke_width(1)))?;
        let (side, shift) = match at > f64::from(end) / 2.0 {
            true => (HPos::Right, -5),
            false => (HPos::Left, 5),
        };
        let style = small.clone().pos(Pos::new(side, VPos::Top));
        let label = EmptyElement::at((at, height)) + Text::new(text, (shift, 0), style);
        chart.draw_series(std::iter::once(label))?;
    }
    Ok(())
}

fn draw_lifecycle(report: &ChurnReport, area: &Area<'_>) -> Drawn {
    let cycles = || report.periods.iter().map(|period| period.lifecycle);
    let top = number(cycles().map(|of| of.active()).max().unwrap_or(0).max(1));
    let low = number(cycles().filter_map(|of| of.dormant).max().unwrap_or(0));
    let mut chart = ChartBuilder::on(area)
        .margin_top(8)
        .margin_right(12)
        .x_label_area_size(24)
        .y_label_area_size(58)
        .build_cartesian_2d(axis(report)?, -low * 1.08..top * 1.06)?;
    let small = style();
    chart
        .configure_mesh()
        .disable_x_mesh()
        .y_labels(6)
        .x_labels(report.periods.len().min(14))
        .bold_line_style(ink::GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(ink::GRID)
        .x_label_formatter(&|place| period_label(report, *place))
        .y_label_formatter(&|customers| whole_label(customers.abs()))
        .x_label_style(small.clone().pos(Pos::new(HPos::Center, VPos::Top)))
        .y_label_style(small)
        .draw()?;
    for (of, place) in cycles().zip(0_u32..) {
        let at = f64::from(place);
        let dormant = number(of.dormant.unwrap_or(0));
        let (first, second) = (number(of.retained), number(of.retained + of.returned));
        for (role, from, to) in [
            (Role::Retained, 0.0, first),
            (Role::Returned, first, second),
            (Role::New, second, number(of.active())),
            (Role::Dormant, -dormant, 0.0),
        ] {
            if from < to {
                let corners = [(at - 0.36, from), (at + 0.36, to)];
                let bar = Rectangle::new(corners, ink::role(role).filled());
                chart.draw_series(std::iter::once(bar))?;
            }
        }
    }
    notes::draw(&mut chart, &notes::by_period(report))
}

fn draw_days(days: &[u64], area: &Area<'_>) -> Drawn {
    let total = number(days.iter().sum::<u64>().max(1));
    let highest = number(days.iter().copied().max().unwrap_or(0)) / total;
    let length = f64::from(u32::try_from(days.len())?);
    let mut chart = ChartBuilder::on(area)
        .margin_top(8)
        .margin_right(10)
        .x_label_area_size(38)
        .y_label_area_size(46)
        .build_cartesian_2d(0.5..length + 0.5, 0.0..highest.max(0.01) * 1.08)?;
    let small = style();
    chart
        .configure_mesh()
        .disable_x_mesh()
        .y_labels(4)
        .x_labels(9)
        .bold_line_style(ink::GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(ink::GRID)
        .x_desc(format!("active days of {}", days.len()))
        .axis_desc_style(small.clone())
        .x_label_formatter(&|days| whole_label(*days))
        .y_label_formatter(&|share| words::fine_percent(*share))
        .x_label_style(small.clone().pos(Pos::new(HPos::Center, VPos::Top)))
        .y_label_style(small)
        .draw()?;
    for (count, day) in days.iter().zip(1_u32..) {
        let at = f64::from(day);
        let corners = [(at - 0.4, 0.0), (at + 0.4, number(*count) / total)];
        let bar = Rectangle::new(corners, ink::role(Role::Days).filled());
        chart.draw_series(std::iter::once(bar))?;
    }
    Ok(())
}

fn draw_fading(report: &ChurnReport, area: &Area<'_>) -> Drawn {
    let Some(fading) = &report.fading else {
        return Ok(());
    };
    let last = f64::from(u32::try_from(fading.lost.len())?) - 1.0;
    let means = |weeks: &[Week]| -> Vec<(f64, f64)> {
        let weeks = weeks.iter().zip(0_u32..);
        weeks
            .filter_map(|(week, place)| Some((f64::from(place) - last, week.mean()?)))
            .collect()
    };
    let curves = [
        (Role::Regular, means(&fading.regular)),
        (Role::Fresh, means(&fading.new)),
        (Role::Lost, means(&fading.lost)),
    ];
    let all = curves.iter().flat_map(|(_, points)| points);
    let highest = all.map(|(_, mean)| *mean).fold(0.5, f64::max);
    let mut chart = ChartBuilder::on(area)
        .margin_top(8)
        .margin_right(12)
        .x_label_area_size(38)
        .y_label_area_size(46)
        .build_cartesian_2d(-last..0.0, 0.0..highest * 1.08)?;
    let small = style();
    chart
        .configure_mesh()
        .disable_x_mesh()
        .y_labels(5)
        .x_labels(14)
        .bold_line_style(ink::GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(ink::GRID)
        .x_desc("weeks before the last one of the period")
        .axis_desc_style(small.clone())
        .x_label_formatter(&|week| whole_label(week.abs()))
        .y_label_formatter(&|days| words::decimal(*days))
        .x_label_style(small.clone().pos(Pos::new(HPos::Center, VPos::Top)))
        .y_label_style(small)
        .draw()?;
    for (role, points) in curves {
        let ink = ink::role(role);
        chart.draw_series(LineSeries::new(points, ink.stroke_width(2)))?;
    }
    notes::draw(&mut chart, &notes::by_week(report))
}
