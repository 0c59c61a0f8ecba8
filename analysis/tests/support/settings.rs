//! Random legal settings of a question.

use analysis::query::{Bracket, ColumnZero, RetentionKind, RetentionQuery, Window};
use proptest::prelude::*;
use proptest::sample::select;

/// Spans in order, the last one with or without an end.
fn brackets() -> impl Strategy<Value = Vec<Bracket>> {
    (
        prop::collection::vec((0_u32..4, 0_u32..4), 1..6),
        any::<bool>(),
    )
        .prop_map(|(steps, open)| {
            let mut brackets: Vec<Bracket> = Vec::new();
            let mut last = 0;
            for (gap, more) in steps {
                let from = last + 1 + gap;
                last = from + more;
                brackets.push(Bracket {
                    from,
                    to: Some(last),
                });
            }
            if let Some(bracket) = brackets.last_mut().filter(|_| open) {
                bracket.to = None;
            }
            brackets
        })
}

/// Changes how entries are counted, in any legal way.
pub fn counting(query: RetentionQuery) -> impl Strategy<Value = RetentionQuery> {
    (
        select(RetentionKind::ALL.to_vec()),
        brackets(),
        select(ColumnZero::ALL.to_vec()),
        prop::option::of(0_u32..12),
        select(Window::ALL.to_vec()),
    )
        .prop_map(move |(kind, brackets, column_zero, more, window)| {
            let mut query = RetentionQuery {
                kind,
                column_zero,
                window,
                ..query.clone()
            };
            if kind == RetentionKind::Brackets {
                query.brackets = brackets;
            }
            query.follow_up = match (kind, query.brackets.last()) {
                (RetentionKind::OnOrAfter, _) => more.map(|more| more + 1),
                (RetentionKind::Brackets, Some(Bracket { from, to: None })) => {
                    more.map(|more| from + more)
                }
                _ => None,
            };
            query
        })
}
