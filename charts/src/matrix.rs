//! The matrix as a picture: what the page has as a table, for files.
//!
//! Its classes are those of the page's style sheet (`h0` to `h20`, `words`), so whoever takes the picture along brings
//! their colours.

use analysis::query::{CellRef, RetentionView};
use analysis::report::{CellFacts, CellState, Cohort, RetentionReport};
use analysis::words::{self, Shown};
use std::fmt::Write;

use crate::quartiles::escape;

/// Cohorts beyond this many would be too small to read on any page; the newest are drawn.
pub const MATRIX_ROWS: usize = 156;
/// Columns beyond this many are not drawn either.
pub const MATRIX_COLUMNS: usize = 156;

/// Where cells begin: names, sizes and bars stand before.
const SIDE: u32 = 216;
/// The heights of the heads of columns, of a row, of one with intervals, of the legend.
const HEAD: u32 = 24;
const ROW: u32 = 24;
const TALL: u32 = 34;
const LEGEND: u32 = 40;
/// The widths of a cell, of one with its interval.
const CELL: u32 = 38;
const WIDE: u32 = 52;
/// What a legend needs.
const LEAST: u32 = 700;

/// What everything in the picture is placed by.
struct Grid<'a> {
    report: &'a RetentionReport,
    view: RetentionView,
    shown: Shown<'a>,
    top: f64,
    largest: u32,
    first: usize,
    columns: usize,
    cell: (u32, u32),
    svg: String,
}

/// Draws a report's matrix in the way in which it is looked at. A report without cohorts gives an empty text.
pub fn matrix(report: &RetentionReport, view: RetentionView) -> String {
    if report.cohorts.is_empty() {
        return String::new();
    }
    let shown = Shown::new(report, view);
    let first = report.first_column();
    let largest = report.cohorts.iter().map(|cohort| cohort.size).max();
    let grid = Grid {
        report,
        view,
        shown,
        top: shown.top(),
        largest: largest.unwrap_or(0).max(1),
        first,
        columns: report.columns().saturating_sub(first).min(MATRIX_COLUMNS),
        cell: match view.intervals {
            true => (WIDE, TALL),
            false => (CELL, ROW),
        },
        svg: String::new(),
    };
    grid.draw()
}

impl Grid<'_> {
    fn draw(mut self) -> String {
        let rows = self.report.cohorts.len().min(MATRIX_ROWS);
        let columns = length(self.columns);
        let width = (SIDE + columns * self.cell.0 + 2).max(LEAST);
        let below = HEAD + (length(rows) + 1) * self.cell.1 + 6;
        let height = below + LEGEND;
        let label = escape(&format!(
            "{}. {}",
            words::headline(self.report).sentence,
            words::caption(self.report)
        ));
        self.push(format_args!(
            "<svg role=\"img\" aria-label=\"{label}\" viewBox=\"0 0 {width} {height}\" xmlns=\"http://www.w3.org/2000/svg\">\n"
        ));
        self.text(0, 15, "words", words::cohorts_head(self.report));
        for place in 0..self.columns {
            let label = words::column_label(&self.report.query, self.column(place));
            self.text(self.middle(place), 15, "words mid", &label);
        }
        self.overall();
        let report = self.report;
        let newest = report.cohorts.iter().rev().take(MATRIX_ROWS);
        let mut year = None;
        for (row, cohort) in (1..).zip(newest) {
            let with_year = year.replace(cohort.start.year()) != Some(cohort.start.year());
            self.cohort(row, cohort, with_year);
        }
        self.legend(below + 20, rows);
        self.svg.push_str("</svg>\n");
        self.svg
    }

    fn overall(&mut self) {
        let y = HEAD;
        self.text(
            0,
            self.base(y),
            "ink strong",
            words::overall_head(self.view.overall),
        );
        let customers = words::thousands(self.report.customers);
        self.text(160, self.base(y), "words end", &customers);
        for place in 0..self.columns {
            self.value(None, place, y, false);
        }
        let (bottom, right) = (y + self.cell.1, SIDE + length(self.columns) * self.cell.0);
        self.push(format_args!(
            "<line class=\"grid\" x1=\"0\" y1=\"{bottom}\" x2=\"{right}\" y2=\"{bottom}\"/>\n"
        ));
    }

    fn cohort(&mut self, row: u32, cohort: &Cohort, with_year: bool) {
        let y = HEAD + row * self.cell.1 + 4;
        let small = cohort.size > 0 && cohort.size < self.report.query.small;
        let mut label = words::period_label(self.report.query.grain, cohort.start, with_year);
        if cohort.forming {
            label.push_str(" · filling");
        } else if small {
            label.push_str(" · small");
        }
        self.text(0, self.base(y), "ink", &label);
        if cohort.note.is_some() {
            let (top, bottom) = (y + 3, y + self.cell.1 - 5);
            self.push(format_args!(
                "<rect class=\"note\" x=\"163\" y=\"{top}\" width=\"2\" height=\"{}\"/>\n",
                bottom - top
            ));
        }
        let size = words::thousands(u64::from(cohort.size));
        self.text(160, self.base(y), "words end", &size);
        let bar = 40.0 * f64::from(cohort.size) / f64::from(self.largest);
        let middle = y + self.cell.1 / 2 - 3;
        self.push(format_args!(
            "<rect class=\"rail\" x=\"168\" y=\"{middle}\" width=\"40\" height=\"6\" rx=\"3\"/>\n\
             <rect class=\"size\" x=\"168\" y=\"{middle}\" width=\"{bar:.1}\" height=\"6\" rx=\"3\"/>\n"
        ));
        for place in 0..self.columns {
            self.value(Some(cohort), place, y, small);
        }
    }

    /// One cell: its ground, its marks, its words.
    fn value(&mut self, cohort: Option<&Cohort>, place: usize, y: u32, small: bool) {
        let at = CellRef {
            cohort: cohort.map(|cohort| cohort.start),
            period: self.column(place),
        };
        let facts = self.report.cell(at);
        let Some((facts, rate)) = facts.and_then(|facts| Some((facts, facts.rate?))) else {
            return;
        };
        let step = words::heat(self.shown.share(rate), self.top);
        let (x, (width, height)) = (SIDE + length(place) * self.cell.0, self.cell);
        let ground = match small {
            true => "small".to_owned(),
            false => format!("h{step}"),
        };
        self.push(format_args!(
            "<rect class=\"{ground}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"4\"/>\n",
            f64::from(x) + 0.5,
            f64::from(y) + 0.5,
            width - 1,
            height - 1
        ));
        if facts.state == CellState::Running {
            self.hatch(x, y);
        }
        if self.view.diagonal && cohort.is_some_and(|cohort| self.same_period(cohort, at.period)) {
            self.push(format_args!(
                "<rect class=\"same\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"4\"/>\n"
            ));
        }
        let dark = !small && step >= 15;
        let average = self.shown.average(at);
        let text = match average {
            Some(average) => words::tight(&self.shown.percent(average)),
            None => self.shown.text(&facts, rate),
        };
        let mut class = String::from(if dark { "light mid" } else { "ink mid" });
        for (on, mark) in [
            (cohort.is_none(), " strong"),
            (facts.state == CellState::Running, " running"),
            (facts.state == CellState::Open, " open"),
        ] {
            if on {
                class.push_str(mark);
            }
        }
        let interval = self.interval(&facts, average.is_some());
        let rise = u32::from(!interval.is_empty()) * 6;
        self.text(self.middle(place), self.base(y) - rise, &class, &text);
        if !interval.is_empty() {
            let class = if dark {
                "light mid tiny"
            } else {
                "ink mid tiny"
            };
            self.text(self.middle(place), self.base(y) + 8, class, &interval);
        }
    }

    /// Whether the calendar period of a cell is one of every fourth that are marked.
    fn same_period(&self, cohort: &Cohort, period: u32) -> bool {
        let cohorts = &self.report.cohorts;
        let row = cohorts.binary_search_by_key(&cohort.start, |one| one.start);
        let row = row.map_or(0, length);
        (row + period).is_multiple_of(4)
    }

    fn interval(&self, facts: &CellFacts, averaged: bool) -> String {
        let asked = self.view.intervals && !averaged;
        let interval = self.shown.interval(facts).filter(|_| asked);
        interval.map_or_else(String::new, |interval| {
            words::cell_span(interval.low, interval.high)
        })
    }

    /// Lines across an unfinished cell.
    fn hatch(&mut self, x: u32, y: u32) {
        let (width, height) = (self.cell.0 - 1, self.cell.1 - 1);
        let mut lines = String::new();
        for reach in (6..width + height).step_by(7) {
            // A line from the left or lower edge up to the right, as long as it lies within the cell.
            let (left, low) = (reach.saturating_sub(height), reach.min(height));
            let (right, high) = (reach.min(width), reach.saturating_sub(width));
            write!(
                lines,
                "M{} {}L{} {}",
                x + left,
                y + low,
                x + right,
                y + high
            )
            .unwrap_or_default();
        }
        self.push(format_args!("<path class=\"hatch\" d=\"{lines}\"/>\n"));
    }

    /// The scale, the marks, and what is not drawn.
    fn legend(&mut self, y: u32, rows: usize) {
        self.text(0, y + 9, "words", &words::percent(0.0));
        for step in 0..=20_u32 {
            self.push(format_args!(
                "<rect class=\"h{step}\" x=\"{}\" y=\"{y}\" width=\"10\" height=\"11\"/>\n",
                28 + step * 10
            ));
        }
        let top = words::percent(self.top);
        let mut note = format!("{top}  ·  hatched: {}", words::running_note(self.report));
        let cells = || self.report.cohorts.iter().flat_map(|cohort| &cohort.cells);
        if cells().any(|cell| cell.state == CellState::Open) {
            note.push_str("  ·  underlined: later returns still raise it");
        }
        if self.view.diagonal {
            note.push_str("  ·  outlined: same calendar period");
        }
        let older = self.report.cohorts.len() - rows;
        if older > 0 {
            let older = words::thousands(number_of(older));
            note.push_str(&format!("  ·  {older} older cohorts not drawn"));
        }
        let columns = self.report.columns() - self.first - self.columns;
        if columns > 0 {
            let columns = words::thousands(number_of(columns));
            note.push_str(&format!("  ·  {columns} later columns not drawn"));
        }
        self.text(246, y + 9, "words", &note);
    }

    /// The period that stands at a place.
    fn column(&self, place: usize) -> u32 {
        length(self.first + place)
    }

    fn middle(&self, place: usize) -> u32 {
        SIDE + length(place) * self.cell.0 + self.cell.0 / 2
    }

    /// The line that words of a row stand on.
    fn base(&self, y: u32) -> u32 {
        y + self.cell.1 / 2 + 4
    }

    fn text(&mut self, x: u32, y: u32, class: &str, text: &str) {
        let text = escape(text);
        self.push(format_args!(
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{text}</text>\n"
        ));
    }

    fn push(&mut self, text: std::fmt::Arguments<'_>) {
        // Memory does not fail.
        self.svg.write_fmt(text).unwrap_or_default();
    }
}

fn length(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

fn number_of(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
