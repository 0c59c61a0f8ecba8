//! The retention matrix as an export.

use crate::sheet::{Cell, Column, Kind, Row, Sheet, Value};
use crate::{Export, Origin, Picture};
use analysis::query::{CellRef, OverallRow, RetentionView, Show};
use analysis::report::{CellFacts, CellState, Cohort, RetentionReport};
use analysis::stats::rate;
use analysis::words::{self, Shown};

impl Export {
    /// A retention report in the way in which it is looked at: percent, customers or attrition, with intervals or without,
    /// the overall row pooled, mean or median.
    pub fn retention(origin: Origin<'_>, report: &RetentionReport, view: RetentionView) -> Self {
        let mut method = words::method_line(report);
        match view.show {
            Show::Percent => {}
            Show::Count => method.push_str(" · cells: customers retained"),
            Show::Attrition => method.push_str(" · cells: attrition, 1 − retention"),
        }
        if view.overall != OverallRow::Pooled {
            let shown = words::overall_head(view.overall).to_lowercase();
            method.push_str(&format!(" · shown instead: {shown}"));
        }
        let title = words::chart_title(report);
        let headline = words::headline(report);
        let mut export = Self::new(origin, title.clone(), method, report.as_of_local);
        export.sentence = headline.sentence;
        export.evidence = headline.evidence;
        export.notes.extend(words::stale_notice(report));
        export.sheets.push(matrix(report, view));
        let mut curves = charts::retention(report);
        let mut key = vec![("pooled".to_owned(), "all cohorts, pooled".to_owned())];
        if let Some(start) = view.cell.and_then(|cell| cell.cohort) {
            let own = format!("class=\"cohort\" data-cohort=\"{start}\"");
            curves = curves.replace(&own, "class=\"picked\"");
            let name = words::period_name(report.query.grain, start);
            key.push(("picked".to_owned(), name));
        }
        export.pictures = vec![
            Picture {
                part: "matrix",
                title: words::cohorts_title(report),
                svg: charts::matrix(report, view),
                key: Vec::new(),
            },
            Picture {
                part: "curves",
                title,
                svg: curves,
                key,
            },
        ];
        export.lead = 1;
        export
    }
}

/// What the matrix is written by.
struct Matrix<'a> {
    report: &'a RetentionReport,
    view: RetentionView,
    shown: Shown<'a>,
    top: f64,
}

/// The matrix as it stands on the page: the overall row, then cohorts from new to old. With intervals, each column is
/// followed by the two ends of its interval.
pub(crate) fn matrix(report: &RetentionReport, view: RetentionView) -> Sheet {
    let shown = Shown::new(report, view);
    let matrix = Matrix {
        report,
        view,
        shown,
        top: shown.top(),
    };
    let kind = match view.show {
        Show::Count => Kind::Count,
        Show::Percent | Show::Attrition => Kind::Share,
    };
    let mut columns = vec![
        Column::new("cohort", Kind::Date),
        Column::new("customers", Kind::Count),
        Column::new("unfinished from", Kind::Text),
    ];
    for column in matrix.columns() {
        let label = words::column_label(&report.query, column);
        columns.push(Column::new(label.clone(), kind));
        if view.intervals {
            columns.push(Column::new(format!("{label} low"), Kind::Share));
            columns.push(Column::new(format!("{label} high"), Kind::Share));
        }
    }
    let cohorts = report.cohorts.iter().rev();
    let rows = std::iter::once(matrix.overall()).chain(cohorts.map(|cohort| matrix.cohort(cohort)));
    Sheet {
        part: "matrix",
        title: "Matrix".to_owned(),
        columns,
        rows: rows.collect(),
    }
}

impl Matrix<'_> {
    fn columns(&self) -> impl Iterator<Item = u32> + use<> {
        let place = |column: usize| u32::try_from(column).unwrap_or(u32::MAX);
        place(self.report.first_column())..place(self.report.columns())
    }

    fn overall(&self) -> Row {
        let head: [Cell; 3] = [
            Cell::from(words::overall_head(self.view.overall).to_lowercase()),
            Cell::from(self.report.customers),
            Cell::from(Value::None),
        ];
        Row {
            cells: head.into_iter().chain(self.cells(None, false)).collect(),
            total: true,
        }
    }

    fn cohort(&self, cohort: &Cohort) -> Row {
        let small = cohort.size > 0 && cohort.size < self.report.query.small;
        let running = |column: &u32| {
            let place = usize::try_from(*column).unwrap_or(usize::MAX);
            let cell = cohort.cells.get(place);
            cell.is_some_and(|cell| cell.state == CellState::Running)
        };
        let unfinished = self.columns().find(running);
        let unfinished = unfinished.map(|column| words::column_label(&self.report.query, column));
        let head: [Cell; 3] = [
            Cell::from(cohort.start),
            Cell::from(cohort.size),
            Cell::from(Value::from(unfinished)),
        ];
        Row::new(head.into_iter().chain(self.cells(Some(cohort), small)))
    }

    fn cells(&self, cohort: Option<&Cohort>, small: bool) -> Vec<Cell> {
        let mut cells = Vec::new();
        for period in self.columns() {
            let at = CellRef {
                cohort: cohort.map(|cohort| cohort.start),
                period,
            };
            let facts = self.report.cell(at);
            let found = facts.and_then(|facts| Some((facts, facts.rate?)));
            cells.push(match found {
                Some((facts, rate)) => Cell {
                    value: self.value(at, &facts),
                    heat: (!small).then(|| words::heat(self.shown.share(rate), self.top)),
                    running: facts.state == CellState::Running,
                },
                None => Cell::from(Value::None),
            });
            if self.view.intervals {
                let averaged = self.shown.average(at).is_some();
                let interval = found.filter(|_| !averaged);
                let interval = interval.and_then(|(facts, _)| self.shown.interval(&facts));
                cells.push(Cell::from(Value::from(interval.map(|bounds| bounds.low))));
                cells.push(Cell::from(Value::from(interval.map(|bounds| bounds.high))));
            }
        }
        cells
    }

    /// What the page shows, unrounded.
    fn value(&self, at: CellRef, facts: &CellFacts) -> Value {
        if let Some(average) = self.shown.average(at) {
            return Value::from(self.shown.share(average));
        }
        match self.view.show {
            Show::Count => Value::from(facts.retained),
            Show::Percent => Value::from(facts.rate),
            // From the counts, not as 1 − rate, which is not exact.
            Show::Attrition => {
                let gone = facts.size.saturating_sub(facts.retained);
                Value::from(rate(gone, facts.size))
            }
        }
    }
}
