//! Cells as the browser knows them: found by what happened in them, walked by arrow keys.

use analysis::query::CellRef;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// The cell that an event happened in.
pub(super) fn cell_element(target: web_sys::EventTarget) -> Option<HtmlElement> {
    let element = target.dyn_into::<Element>().ok()?;
    let cell = element.closest("td[data-period]").ok()??;
    cell.dyn_into::<HtmlElement>().ok()
}

pub(super) fn cell_ref(cell: &HtmlElement) -> Option<CellRef> {
    let cohort = cell.get_attribute("data-cohort")?;
    let period = cell.get_attribute("data-period")?.parse().ok()?;
    Some(CellRef {
        cohort: cohort.parse().ok(),
        period,
    })
}

/// Moves the focus by rows and columns; at an edge it stays. The focused cell is the one that Tab comes back to.
pub(super) fn step_focus(from: &HtmlElement, (rows, columns): (i32, i32)) {
    let next = if columns == 0 {
        vertical(from, rows)
    } else if columns > 0 {
        from.next_element_sibling()
    } else {
        from.previous_element_sibling()
    };
    let Some(next) = next
        .filter(|element| element.has_attribute("data-period"))
        .and_then(|element| element.dyn_into::<HtmlElement>().ok())
    else {
        return;
    };
    // A cell that refuses either is left as it is.
    drop(from.set_attribute("tabindex", "-1"));
    drop(next.set_attribute("tabindex", "0"));
    drop(next.focus());
}

/// The cell of the same period in the next row that has one: the newest cohorts have none yet.
fn vertical(from: &HtmlElement, rows: i32) -> Option<Element> {
    let period = from.get_attribute("data-period")?;
    let wanted = format!("td[data-period=\"{period}\"]");
    let mut row = from.parent_element()?;
    loop {
        row = if rows > 0 {
            row.next_element_sibling()?
        } else {
            row.previous_element_sibling()?
        };
        if let Some(cell) = row.query_selector(&wanted).ok()? {
            return Some(cell);
        }
    }
}
