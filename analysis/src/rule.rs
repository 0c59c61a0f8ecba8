//! When an entry counts in a column, given the periods in which it was active.
//!
//! An *entry* is one customer in one cohort. All that matters of it is the set of periods, counted from the cohort's
//! own, in which it was active. Every kind of retention comes down to a [`Need`]: a number of active periods within a
//! span. The same needs count the matrix, list the customers behind a cell and are handed to the database.

use crate::query::{RetentionKind, RetentionQuery};
use crate::report::CellState;

/// The periods that a column looks at, both ends included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// The first, counted from the cohort's own.
    pub from: usize,
    /// The last; `None` when all later ones are looked at.
    pub to: Option<usize>,
}

/// Active in at least `at_least` periods of a span.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Need {
    /// The periods that count.
    pub span: Span,
    /// How many of them have to be active; 0 is everybody.
    pub at_least: usize,
}

impl Need {
    /// Asks nothing: the whole cohort.
    pub const EVERYBODY: Need = Need {
        span: Span { from: 0, to: None },
        at_least: 0,
    };

    fn any(from: usize, to: Option<usize>) -> Need {
        Need {
            span: Span { from, to },
            at_least: 1,
        }
    }

    /// Whether a set of active periods will do: bit `k % 64` of word `k / 64` stands for period `k`.
    pub fn holds(self, active: &[u64]) -> bool {
        let Need { span, at_least } = self;
        let mut missing = at_least;
        for (place, word) in active.iter().enumerate().skip(span.from / 64) {
            if missing == 0 {
                break;
            }
            let first = place * 64;
            let mut word = *word;
            if span.from > first {
                word &= u64::MAX << (span.from - first);
            }
            if let Some(to) = span.to {
                if to < first {
                    break;
                }
                if to - first < 63 {
                    word &= (1 << (to - first + 1)) - 1;
                }
            }
            let found = usize::try_from(word.count_ones()).unwrap_or(usize::MAX);
            missing = missing.saturating_sub(found);
        }
        missing == 0
    }
}

/// What a question's kind of retention asks of each column. Column 0 is the cohort's own period.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    kind: RetentionKind,
}

impl Rule {
    /// The rule of a question.
    pub fn new(query: &RetentionQuery) -> Rule {
        Rule { kind: query.kind }
    }

    /// The number of columns that have begun when `periods` periods have.
    pub fn columns(&self, periods: usize) -> usize {
        periods
    }

    /// The periods that a column looks at. A column begins with its first period and is final with the end of its last.
    pub fn span(&self, column: usize) -> Span {
        let to = match self.kind {
            RetentionKind::OnOrAfter if column > 0 => None,
            _ => Some(column),
        };
        Span { from: column, to }
    }

    /// The periods whose activity belongs to a column, when it is shown customer by customer.
    pub fn shown(&self, column: usize) -> Span {
        match self.kind {
            RetentionKind::OnOrAfter => Span {
                from: column,
                to: None,
            },
            RetentionKind::On => self.span(column),
        }
    }

    /// The state of a column's cells that no longer change for the reason that time passes.
    pub fn settled(&self, column: usize) -> CellState {
        match self.span(column).to {
            Some(_) => CellState::Complete,
            None => CellState::Open,
        }
    }

    /// What an entry has to show to count as retained.
    pub fn retained(&self, column: usize) -> Need {
        // Column 0 is the cohort itself: everybody entered in it, active or not.
        if column == 0 {
            return Need::EVERYBODY;
        }
        let Span { from, to } = self.span(column);
        Need::any(from, to)
    }
}
