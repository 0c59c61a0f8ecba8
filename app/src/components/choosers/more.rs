//! The settings of a question that are rarely changed, one click away.

use super::Carried;
use crate::components::popover::Choice;
use crate::pages::retention::Asked;
use analysis::query::{
    BeforeStart, ColumnZero, DEFAULT_SMALL, MAX_MIN_COUNT, RetentionQuery, Window,
};
use leptos::prelude::*;

/// "more settings", with how many are not as usual.
pub fn more_phrase(query: &RetentionQuery) -> String {
    let usual = RetentionQuery::default();
    let set = [
        query.window != usual.window,
        query.column_zero != usual.column_zero,
        query.before_start != usual.before_start,
        query.min_count != usual.min_count,
        query.follow_up.is_some() && query.kind.takes_follow_up(),
        query.small != DEFAULT_SMALL,
    ]
    .into_iter()
    .filter(|set| *set)
    .count();
    match set {
        0 => "More settings".to_owned(),
        set => format!("More settings ({set} set)"),
    }
}

/// The settings.
#[component]
pub fn MoreChooser() -> impl IntoView {
    let asked = expect_context::<Asked>();
    let query = &asked.query;
    let (one, many) = (query.grain.noun(1), query.grain.noun(2));
    let choice =
        |text: &'static str, remark: String, chosen: bool, change: fn(&mut RetentionQuery)| {
            view! { <Choice href=asked.ask(change) chosen text remark/> }
        };
    let windows = [
        choice(
            "of the calendar",
            format!("Column 1 is the calendar {one} after the cohort’s own."),
            query.window == Window::Calendar,
            |query| query.window = Window::Calendar,
        ),
        choice(
            "from each customer’s own start",
            format!("Column 1 begins a whole {one} after it."),
            query.window == Window::Rolling,
            |query| query.window = Window::Rolling,
        ),
    ];
    let zeros = [
        choice(
            "the cohort’s size",
            "Everybody in it, active or not.".to_owned(),
            query.column_zero == ColumnZero::Size,
            |query| query.column_zero = ColumnZero::Size,
        ),
        choice(
            "those measured active",
            format!("Active in the {one} in which they started."),
            query.column_zero == ColumnZero::Measured,
            |query| query.column_zero = ColumnZero::Measured,
        ),
    ];
    let before = (query.window == Window::Calendar).then(|| {
        [
            choice(
                "do not count",
                String::new(),
                query.before_start == BeforeStart::Ignore,
                |query| query.before_start = BeforeStart::Ignore,
            ),
            choice(
                "count in column 0",
                format!("If they lie in the {one} of the start."),
                query.before_start == BeforeStart::Count,
                |query| query.before_start = BeforeStart::Count,
            ),
        ]
    });
    let follow_up = query.kind.takes_follow_up().then(|| {
        let value = query
            .follow_up
            .map(|last| last.to_string())
            .unwrap_or_default();
        view! {
            <label>
                {format!("Returns up to {one} ")}
                <input type="number" class="field" name="follow_up" min="1" value=value/>
                " count, for every cohort alike"
            </label>
        }
    });
    view! {
        <h3>{format!("The {many} are")}</h3>
        {windows}
        <h3>"Column 0 shows"</h3>
        {zeros}
        {before.map(|before| view! { <h3>"Events before the start"</h3> {before} })}
        <form class="asks settings" method="get">
            <Carried but=&["min", "small", "follow_up"]/>
            <label>
                "Active is whoever did it at least "
                <input type="number" class="field" name="min" min="1" max=MAX_MIN_COUNT value=query.min_count/>
                {format!(" times in a {one}")}
            </label>
            {follow_up}
            <label>
                "Cohorts of fewer than "
                <input type="number" class="field" name="small" min="0" value=query.small/>
                " are marked as small"
            </label>
            <div class="acts"><button type="submit" class="btn main">"Apply"</button></div>
        </form>
    }
    .into_any()
}
