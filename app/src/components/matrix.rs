//! The matrix: a real table. Its counts are in the browser, so switching what it shows asks the server nothing.

mod cells;
mod tip;

use super::explore::{LookLink, Looks};
use super::export::ExportMenu;
use crate::words as labels;
use analysis::export::ExportPage;
use analysis::query::{CellRef, OverallRow, RetentionView, Scale, Show as Figure};
use analysis::report::{CellState, Cohort, RetentionReport};
use analysis::withhold::{FEWEST, Withheld};
use analysis::words::{self, Shown};
use cells::{cell_element, cell_ref, step_focus};
use leptos::ev::{FocusEvent, KeyboardEvent, MouseEvent};
use leptos::prelude::*;
use std::sync::Arc;
use tip::{Tip, Tooltip};

/// The matrix with its switches and legend.
#[component]
pub fn Matrix(
    /// The workspace.
    slug: String,
    /// The numbers.
    report: Arc<RetentionReport>,
) -> impl IntoView {
    let shared = expect_context::<Looks>();
    let title = labels::cohorts_title(&report);
    let caption = labels::caption(&report);
    // Everything but the picked cell: picking must not draw the table anew.
    let looks = Memo::new(move |_| RetentionView {
        cell: None,
        ..shared.get()
    });
    let picked = Memo::new(move |_| shared.get().cell);
    let column = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
    let (first, columns) = (column(report.first_column()), column(report.columns()));
    let tip = RwSignal::new(None::<Tip>);
    let withheld = shared.withheld();
    let member = withheld.is_none();
    let grid = member.then_some("grid");
    // Without cells to step through, the keyboard scrolls the table itself.
    let region = (!member).then_some("region");
    let none_withheld = withheld.as_ref().is_none_or(Withheld::is_empty);

    let pick = move |cell: Option<CellRef>| shared.change(|view| view.cell = cell);
    let click = move |event: MouseEvent| {
        if let Some(cell) = event
            .target()
            .and_then(cell_element)
            .as_ref()
            .and_then(cell_ref)
        {
            pick((picked.get_untracked() != Some(cell)).then_some(cell));
        }
    };
    let key = move |event: KeyboardEvent| {
        let Some(cell) = event.target().and_then(cell_element) else {
            return;
        };
        let step = match event.key().as_str() {
            "ArrowLeft" => (0, -1),
            "ArrowRight" => (0, 1),
            "ArrowUp" => (-1, 0),
            "ArrowDown" => (1, 0),
            "Enter" | " " => {
                event.prevent_default();
                return pick(cell_ref(&cell));
            }
            "Escape" => return pick(None),
            _ => return,
        };
        event.prevent_default();
        step_focus(&cell, step);
    };
    let over = move |event: MouseEvent| {
        tip.set(
            event
                .target()
                .and_then(cell_element)
                .as_ref()
                .and_then(Tip::of),
        )
    };
    let focus = move |event: FocusEvent| {
        tip.set(
            event
                .target()
                .and_then(cell_element)
                .as_ref()
                .and_then(Tip::of),
        )
    };

    let body = {
        let report = report.clone();
        move || {
            let looks = looks.get();
            let table = Table {
                report: report.clone(),
                looks,
                picked,
                withheld: withheld.clone(),
            };
            table.rows()
        }
    };
    let legend = {
        let report = report.clone();
        move || view! { <Legend report=report.clone() looks=looks.get() none_withheld/> }
    };
    view! {
        <section class="card">
            <header>
                <h2>{title}</h2>
                <Switches/>
                {member.then(|| view! {
                    <ExportMenu slug page=ExportPage::Retention question=Signal::derive(move || shared.file())/>
                })}
            </header>
            <div class="scroll" tabindex=region.map(|_| "0") role=region aria-label=region.map(|_| "Matrix")>
                <table
                    class="matrix" role=grid class:diagonal=move || looks.read().diagonal
                    on:click=click on:keydown=key on:mouseover=over on:focusin=focus
                    on:mouseleave=move |_| tip.set(None) on:focusout=move |_| tip.set(None)
                >
                    <caption class="vh">{caption}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{labels::cohorts_head(&report)}</th>
                            {(first..columns).map(|column| view! { <th scope="col">{words::column_label(&report.query, column)}</th> }).collect_view()}
                        </tr>
                    </thead>
                    <tbody>{body}</tbody>
                </table>
            </div>
            {legend}
            <Tooltip tip/>
        </section>
    }
    .into_any()
}

/// How the table is looked at.
#[component]
fn Switches() -> impl IntoView {
    let member = expect_context::<Looks>().withheld().is_none();
    view! {
        <div class="seg" role="group" aria-label="Show">
            <LookLink class="" text="Percent" change=|view| view.show = Figure::Percent on=|view| view.show == Figure::Percent/>
            <LookLink class="" text="Customers" change=|view| view.show = Figure::Count on=|view| view.show == Figure::Count/>
            <LookLink class="" text="Attrition" change=|view| view.show = Figure::Attrition on=|view| view.show == Figure::Attrition/>
        </div>
        <LookLink class="btn" text="Intervals" change=|view| view.intervals = !view.intervals on=|view| view.intervals/>
        {member.then(|| view! {
            <LookLink class="btn" text="Calendar diagonal" change=|view| view.diagonal = !view.diagonal on=|view| view.diagonal/>
            <LookLink
                class="btn" text="Scale to 100 %"
                change=|view| view.scale = if view.scale == Scale::Hundred { Scale::Largest } else { Scale::Hundred }
                on=|view| view.scale == Scale::Hundred
            />
        })}
    }
    .into_any()
}

/// One drawing of the table.
struct Table {
    report: Arc<RetentionReport>,
    looks: RetentionView,
    picked: Memo<Option<CellRef>>,
    /// What a reader of a link does not see; `None` for members, who can pick cells.
    withheld: Option<Withheld>,
}

/// What stands in the place of a number that is withheld.
pub(crate) const MARK: &str = "*";

impl Table {
    fn shown(&self) -> Shown<'_> {
        Shown::new(&self.report, self.looks)
    }

    /// The overall row, then cohorts from new to old.
    fn rows(&self) -> impl IntoView + use<> {
        let top = self.shown().top();
        let largest = self
            .report
            .cohorts
            .iter()
            .map(|cohort| cohort.size)
            .max()
            .unwrap_or(0);
        let overall = self.overall_row(top);
        let cohorts: Vec<_> = self
            .report
            .cohorts
            .iter()
            .rev()
            .scan(None, |year, cohort| {
                let with_year = year.replace(cohort.start.year()) != Some(cohort.start.year());
                Some(self.cohort_row(cohort, with_year, largest, top))
            })
            .collect();
        view! { {overall} {cohorts} }
    }

    fn overall_row(&self, top: f64) -> AnyView {
        let cells: Vec<_> = (self.report.first_column()..self.report.columns())
            .map(|period| self.cell(None, u32::try_from(period).unwrap_or(u32::MAX), top, false))
            .collect();
        view! {
            <tr class="overall">
                <th scope="row">
                    <span><b>{labels::overall_head(self.looks.overall)}</b><em>{words::thousands(self.report.customers)}</em></span>
                </th>
                {cells}
            </tr>
        }
        .into_any()
    }

    fn cohort_row(&self, cohort: &Cohort, with_year: bool, largest: u32, top: f64) -> AnyView {
        let grain = self.report.query.grain;
        let small = cohort.size > 0 && cohort.size < self.report.query.small;
        let label = words::period_label(grain, cohort.start, with_year);
        let cells: Vec<_> = (self.report.first_column()..self.report.columns())
            .map(|period| {
                self.cell(
                    Some(cohort),
                    u32::try_from(period).unwrap_or(u32::MAX),
                    top,
                    small,
                )
            })
            .collect();
        let hidden = self
            .withheld
            .as_ref()
            .is_some_and(|withheld| withheld.has_size(cohort.start));
        let size = match hidden {
            true => MARK.to_owned(),
            false => words::thousands(u64::from(cohort.size)),
        };
        let note = match (small, cohort.forming) {
            (_, true) => "still filling",
            (true, false) => "small",
            (false, false) => "",
        };
        // It is told in words below the table.
        let happened = cohort
            .note
            .clone()
            .map(|note| view! { <i class="note" title=note aria-hidden="true"></i> });
        view! {
            <tr class:small=small>
                <th scope="row">
                    <span>
                        <b>{label}{happened}{(!note.is_empty()).then(|| view! { <small>{note}</small> })}</b>
                        <em>{size}</em>
                        <meter max=largest.max(1) value=cohort.size aria-hidden="true"></meter>
                    </span>
                </th>
                {cells}
            </tr>
        }
        .into_any()
    }

    fn cell(&self, cohort: Option<&Cohort>, period: u32, top: f64, small: bool) -> AnyView {
        let at = CellRef {
            cohort: cohort.map(|cohort| cohort.start),
            period,
        };
        if self
            .withheld
            .as_ref()
            .is_some_and(|withheld| withheld.has(at))
        {
            return view! { <td class="future withheld" aria-label="withheld">{MARK}</td> }
                .into_any();
        }
        let Some(facts) = self.report.cell(at) else {
            return view! { <td class="future"></td> }.into_any();
        };
        let Some(rate) = facts.rate else {
            return view! { <td class="future" aria-label="no customers"></td> }.into_any();
        };
        let class = format!(
            "h{}{}{}",
            if small {
                0
            } else {
                labels::heat(self.shown().share(rate), top)
            },
            match facts.state {
                CellState::Running => " running",
                CellState::Open => " open",
                CellState::Complete => "",
            },
            diagonal(self.looks.diagonal, cohort, &self.report, period),
        );
        let (text, label) = match self.shown().average(at) {
            Some(average) => (
                labels::tight(&self.shown().percent(average)),
                labels::average_sentence(&self.report, self.looks.overall, period, average),
            ),
            None => (
                self.shown().text(&facts, rate),
                words::cell_sentence(&self.report, at),
            ),
        };
        let interval = self
            .looks
            .intervals
            .then(|| {
                let interval = self.shown().interval(&facts)?;
                let averaged = cohort.is_none() && self.looks.overall != OverallRow::Pooled;
                (!averaged).then(|| words::cell_span(interval.low, interval.high))
            })
            .flatten()
            .map(|text| view! { <small>{text}</small> });
        let picked = self.picked;
        let first = cohort.is_none() && usize::try_from(period) == Ok(self.report.first_column());
        let stop = match (self.withheld.is_some(), first) {
            (true, _) => None,
            (false, true) => Some("0"),
            (false, false) => Some("-1"),
        };
        view! {
            <td
                class=class
                data-cohort=at.cohort.map_or_else(|| "overall".to_owned(), |date| date.to_string())
                data-period=period
                tabindex=stop
                aria-label=label
                aria-selected=move || (picked.get() == Some(at)).then_some("true")
            >
                {text}
                {interval}
            </td>
        }
        .into_any()
    }
}

/// Cells of the same calendar period share a tint, alternating from one period to the next.
fn diagonal(
    on: bool,
    cohort: Option<&Cohort>,
    report: &RetentionReport,
    period: u32,
) -> &'static str {
    let Some(cohort) = cohort.filter(|_| on) else {
        return "";
    };
    let row = report
        .cohorts
        .iter()
        .position(|one| one.start == cohort.start)
        .unwrap_or(0);
    match (row + usize::try_from(period).unwrap_or(0)) % 4 {
        0 => " same",
        _ => "",
    }
}

/// The colour scale and the marks of the table.
#[component]
fn Legend(
    report: Arc<RetentionReport>,
    looks: RetentionView,
    none_withheld: bool,
) -> impl IntoView {
    let member = expect_context::<Looks>().withheld().is_none();
    let top = Shown::new(&report, looks).top();
    let steps: Vec<_> = (0..=20)
        .map(|step| view! { <li class=format!("h{step}")></li> })
        .collect();
    let open = report.cohorts.iter().any(|cohort| {
        cohort
            .cells
            .iter()
            .any(|cell| cell.state == CellState::Open)
    });
    view! {
        <div class="legend">
            <span class="scale">
                <span>{words::percent(0.0)}</span>
                <ol aria-hidden="true">{steps}</ol>
                <span>{words::percent(top)}</span>
            </span>
            <span><i class="state h9 running"></i>{labels::running_note(&report)}</span>
            {open.then(|| view! { <span><i class="state h9 open"></i>"open: later returns still raise it"</span> })}
            <span>"blank: not begun"</span>
            {(!none_withheld).then(|| view! { <span>{format!("{MARK} withheld: fewer than {FEWEST} customers")}</span> })}
            {member.then(|| view! {
                <span class="seg" role="group" aria-label="Overall row">
                    <LookLink class="" text="pooled" change=|view| view.overall = OverallRow::Pooled on=|view| view.overall == OverallRow::Pooled/>
                    <LookLink class="" text="mean" change=|view| view.overall = OverallRow::Mean on=|view| view.overall == OverallRow::Mean/>
                    <LookLink class="" text="median" change=|view| view.overall = OverallRow::Median on=|view| view.overall == OverallRow::Median/>
                </span>
            })}
            {looks.diagonal.then(|| view! { <span><i class="state h9 same"></i>"same calendar period"</span> })}
        </div>
    }
}
