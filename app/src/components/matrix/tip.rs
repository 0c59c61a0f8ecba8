//! The sentence that hovers over a cell.

use leptos::prelude::*;
use web_sys::HtmlElement;

/// What hovers over a cell: its sentence, and where.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tip {
    sentence: String,
    left: f64,
    top: f64,
}

impl Tip {
    pub(super) fn of(cell: &HtmlElement) -> Option<Self> {
        let sentence = cell.get_attribute("aria-label")?;
        let place = cell.get_bounding_client_rect();
        Some(Self {
            sentence,
            left: place.left() + place.width() / 2.0,
            top: place.bottom(),
        })
    }
}

/// The sentence of the cell under the pointer or the focus. Placed by script: the content policy forbids inline styles
/// in markup, not in the object model.
#[component]
pub(super) fn Tooltip(tip: RwSignal<Option<Tip>>) -> impl IntoView {
    let element = NodeRef::<leptos::html::Div>::new();
    Effect::new(move |_| {
        let (Some(tip), Some(element)) = (tip.get(), element.get()) else {
            return;
        };
        let width = window()
            .inner_width()
            .ok()
            .and_then(|width| width.as_f64())
            .unwrap_or_default();
        // Half its largest width (see .tip) stays within the window on both sides.
        let left = tip
            .left
            .clamp(150.0_f64.min(width / 2.0), (width - 150.0).max(width / 2.0));
        let style = HtmlElement::style(&element);
        drop(style.set_property("left", &format!("{left}px")));
        drop(style.set_property("top", &format!("{}px", tip.top + 6.0)));
    });
    view! {
        <div class="tip" class:shown=move || tip.read().is_some() node_ref=element aria-hidden="true">
            {move || tip.get().map(|tip| tip.sentence)}
        </div>
    }
}
