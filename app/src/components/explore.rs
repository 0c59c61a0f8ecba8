//! The island of the retention page: the report that the browser holds, looked at in whatever way is asked for, without
//! the server.

#![expect(
    missing_docs,
    reason = "what the macro makes for the browser is documented by its component"
)]

mod focus;

use super::inspect::Inspect;
use super::matrix::Matrix;
use crate::api::retention::MembersView;
use analysis::query::{CellRef, RetentionView, VIEW_PARAMS, append_params, split_url_query};
use analysis::report::RetentionReport;
use analysis::withhold::Withheld;
use leptos::prelude::*;
use std::sync::Arc;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, MouseEvent, UrlSearchParams};

/// The way in which the reader looks at the report, shared by the parts of the island.
#[derive(Clone, Copy)]
pub(super) struct Looks {
    view: RwSignal<RetentionView>,
    question: StoredValue<String>,
    /// What is withheld from readers of a link; `None` for members.
    withheld: Option<StoredValue<Withheld>>,
    files: StoredValue<String>,
}

impl Looks {
    /// Those of a reader of a link: he has no other question to ask.
    #[cfg(feature = "ssr")]
    pub(super) fn of_guest(view: RetentionView, withheld: Withheld) -> Self {
        Self {
            view: RwSignal::new(view),
            question: StoredValue::new(String::new()),
            withheld: Some(StoredValue::new(withheld)),
            files: StoredValue::new(String::new()),
        }
    }

    /// What is withheld from a reader of a link; `None` for members.
    pub(super) fn withheld(self) -> Option<Withheld> {
        self.withheld.map(|withheld| withheld.get_value())
    }

    /// The way, to be followed.
    pub(super) fn get(self) -> RetentionView {
        self.view.get()
    }

    /// The address of the same question looked at in another way.
    fn address(self, view: &RetentionView) -> String {
        let mut address = self.question.get_value();
        append_params(&mut address, view.params());
        // An empty link would lead to the page as it is.
        if address.is_empty() {
            address.push('?');
        }
        address
    }

    /// The same as the query part of a file's address: the question of the report's own instant.
    pub(super) fn file(self) -> String {
        let mut query = self.files.get_value();
        append_params(&mut query, self.view.get().params());
        query
    }

    /// Looks in another way, and says so in the address.
    pub(super) fn change(self, change: impl FnOnce(&mut RetentionView)) {
        let mut view = self.view.get_untracked();
        change(&mut view);
        let pushed = window().history().and_then(|history| {
            history.push_state_with_url(
                &wasm_bindgen::JsValue::NULL,
                "",
                Some(&self.address(&view)),
            )
        });
        // A browser that counts too many entries still shows what was asked for.
        drop(pushed);
        self.view.set(view);
    }
}

/// A link to the same report looked at in another way. Followed here, unless it is to open elsewhere.
#[component]
pub(super) fn LookLink(
    /// Its looks.
    class: &'static str,
    /// What it changes.
    change: fn(&mut RetentionView),
    /// Whether it is how the report is looked at now; `None` for a link that is no switch.
    #[prop(optional)]
    on: Option<fn(&RetentionView) -> bool>,
    /// Its words.
    text: &'static str,
) -> impl IntoView {
    let looks = expect_context::<Looks>();
    let href = move || {
        let mut view = looks.get();
        change(&mut view);
        looks.address(&view)
    };
    let current = move || on.is_some_and(|on| on(&looks.get())).then_some("true");
    let click = move |event: MouseEvent| {
        let plain = !(event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key());
        if plain && event.button() == 0 {
            event.prevent_default();
            looks.change(change);
        }
    };
    view! { <a class=class href=href aria-current=current on:click=click>{text}</a> }.into_any()
}

/// The curves, the matrix, and the card of the picked cell.
#[island]
pub fn Explore(
    /// The workspace.
    slug: String,
    /// The question as the query part of an address, "" for the default one.
    question: String,
    /// The same with the instant of the report in it, for files.
    files: String,
    /// The way in which the address asks to look at the report.
    view: RetentionView,
    /// The numbers.
    report: RetentionReport,
    /// The first customers of the cell that the address names, so that the page is whole without a program.
    listed: Option<MembersView>,
    /// The curves, drawn on the server.
    children: Children,
) -> impl IntoView {
    let report = Arc::new(report);
    let looks = Looks {
        view: RwSignal::new(view),
        question: StoredValue::new(question),
        withheld: None,
        files: StoredValue::new(files),
    };
    provide_context(looks);
    let picked = Memo::new(move |_| looks.get().cell);
    follow_history(looks);
    Effect::new(move |before: Option<()>| {
        let view = looks.get();
        if before.is_some() {
            carry(&view);
        }
    });
    Effect::new(move |_| highlight(picked.get()));
    let inspected = report.clone();
    let whose = slug.clone();
    let listed = view.cell.zip(listed);
    let inspect = move |cell| {
        let first = listed
            .as_ref()
            .filter(|(listed, _)| *listed == cell)
            .map(|(_, first)| first.clone());
        view! { <Inspect slug=slug.clone() report=inspected.clone() cell first/> }
    };
    view! {
        <div
            class="work"
            class:inspecting=move || picked.get().is_some()
            class:picking=move || picked.get().is_some_and(|cell| cell.cohort.is_some())
        >
            <div class="stack">
                {children()}
                <Matrix slug=whose report=report.clone()/>
            </div>
            {move || picked.get().map(&inspect)}
        </div>
    }
    .into_any()
}

/// Leads to an address.
pub(super) fn go(address: &str) {
    // An address that the browser does not take leaves the page as it is.
    drop(window().location().set_href(address));
}

/// Back and forward between ways of looking stay on the page; the address says which. Between questions they lead to
/// other pages.
fn follow_history(looks: Looks) {
    // An effect, since only the browser has a history. The listeners live as long as the page.
    Effect::new(move |_| {
        focus::return_focus();
        window_event_listener(leptos::ev::popstate, move |_| {
            let search = window().location().search().unwrap_or_default();
            let pairs = split_url_query(&search);
            let pairs = pairs
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()));
            looks.view.set(RetentionView::parse(pairs).0);
        });
    });
}

/// Lets the question's links and forms, which the server has made, lead to the same way of looking.
fn carry(view: &RetentionView) {
    // The picked cell is let go: another question may not have it.
    let params = RetentionView {
        cell: None,
        ..*view
    }
    .params();
    each(".question a[href^='?']", |link| {
        let Some(Ok(search)) = link
            .get_attribute("href")
            .map(|href| UrlSearchParams::new_with_str(&href))
        else {
            return;
        };
        for name in VIEW_PARAMS {
            search.delete(name);
        }
        for (name, value) in &params {
            search.append(name, value);
        }
        let href = format!("?{}", String::from(search.to_string()));
        // A link that can't be changed leads to the way that was looked in before.
        drop(link.set_attribute("href", &href));
    });
    each(".question input[data-look]", |input| {
        let Ok(input) = input.dyn_into::<HtmlInputElement>() else {
            return;
        };
        let given = params.iter().find(|(name, _)| *name == input.name());
        input.set_disabled(given.is_none());
        input.set_value(given.map_or("", |(_, value)| value));
    });
}

/// Lets the picked cohort's curve stand out. The chart is drawn on the server and not part of the hydrated view, so
/// its paths are marked from outside.
fn highlight(picked: Option<CellRef>) {
    let wanted = picked
        .and_then(|cell| cell.cohort)
        .map(|date| date.to_string());
    each(".chart [data-cohort]", |path| {
        let on = wanted.is_some() && path.get_attribute("data-cohort") == wanted;
        // A curve that stays grey is not worth a panic.
        drop(path.class_list().toggle_with_force("picked", on));
    });
}

fn each(selector: &str, mut act: impl FnMut(Element)) {
    let Ok(found) = document().query_selector_all(selector) else {
        return;
    };
    for place in 0..found.length() {
        if let Some(element) = found
            .get(place)
            .and_then(|node| node.dyn_into::<Element>().ok())
        {
            act(element);
        }
    }
}
