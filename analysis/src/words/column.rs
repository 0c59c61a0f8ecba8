//! The columns of a report in words.

use crate::period::Grain;
use crate::query::{RetentionKind, RetentionQuery};
use crate::rule::{Rule, Span};

/// A column's short name for the head of a table: "4", "1–3", "14+".
pub fn column_label(query: &RetentionQuery, column: u32) -> String {
    match query.kind {
        RetentionKind::Brackets if column > 0 => match span(query, column) {
            Span { from, to: None } => format!("{from}+"),
            Span { from, to: Some(to) } if from == to => from.to_string(),
            Span { from, to: Some(to) } => format!("{from}–{to}"),
        },
        _ => column.to_string(),
    }
}

/// What a column counts, as it stands behind a cohort's name: "week 4", "week 4 or later", "weeks 4 to 8", "every week
/// from 1 to 4", "week 4 of those active in week 3".
pub fn column_name(query: &RetentionQuery, column: u32) -> String {
    let noun = query.grain.noun(1);
    match (query.kind, column) {
        (RetentionKind::OnOrAfter | RetentionKind::Brackets, _) => {
            span_name(query.grain, span(query, column))
        }
        (RetentionKind::Streak, 2..) => format!("every {noun} from 1 to {column}"),
        (RetentionKind::Previous, 1..) if Rule::new(query).base(place(column)).is_some() => {
            format!("{noun} {column} of those active in {noun} {}", column - 1)
        }
        _ => format!("{noun} {column}"),
    }
}

/// "week 4", "weeks 4 to 6", "week 4 or later".
fn span_name(grain: Grain, span: Span) -> String {
    match span {
        Span { from, to: None } => format!("{} {from} or later", grain.noun(1)),
        Span { from, to: Some(to) } if from == to => format!("{} {from}", grain.noun(1)),
        Span { from, to: Some(to) } => format!("{} {from} to {to}", grain.noun(0)),
    }
}

/// The periods that a column looks at.
pub(super) fn span(query: &RetentionQuery, column: u32) -> Span {
    Rule::new(query).span(place(column))
}

fn place(column: u32) -> usize {
    usize::try_from(column).unwrap_or(usize::MAX)
}
