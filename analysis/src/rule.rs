//! When an entry counts in a column, given the periods in which it was active.
//!
//! An *entry* is one customer in one cohort. All that matters of it is the set of periods, counted from the cohort's
//! own, in which it was active. Every kind of retention comes down to a [`Need`]: a number of active periods within a
//! span. The same needs count the matrix, list the customers behind a cell and are handed to the database.

use crate::query::{ColumnZero, RetentionKind, RetentionQuery};
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

    fn every(from: usize, to: usize) -> Need {
        Need {
            span: Span { from, to: Some(to) },
            at_least: to - from + 1,
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
    measured: bool,
    /// The spans of columns 1, 2, …; only of *brackets*.
    brackets: Vec<Span>,
    /// The last period in which a return counts; `None` when every one does.
    horizon: Option<usize>,
}

impl Rule {
    /// The rule of a question.
    pub fn new(query: &RetentionQuery) -> Rule {
        let horizon = match query.kind.takes_follow_up() {
            true => query.follow_up.map(place),
            false => None,
        };
        let brackets = match query.kind {
            RetentionKind::Brackets => query.brackets.as_slice(),
            _ => &[],
        };
        Rule {
            kind: query.kind,
            measured: query.column_zero == ColumnZero::Measured,
            brackets: brackets
                .iter()
                .map(|bracket| Span {
                    from: place(bracket.from),
                    to: bracket.to.map(place).or(horizon),
                })
                .collect(),
            horizon,
        }
    }

    /// The number of columns that have begun when `periods` periods have.
    pub fn columns(&self, periods: usize) -> usize {
        match self.kind {
            RetentionKind::Brackets => {
                let begun = self.brackets.iter().filter(|span| span.from < periods);
                periods.min(1) + begun.count()
            }
            _ => periods.min(self.horizon.map_or(usize::MAX, |last| last + 1)),
        }
    }

    /// The periods that a column looks at. A column begins with its first period and is final with the end of its last;
    /// without a last one it stays open.
    pub fn span(&self, column: usize) -> Span {
        let on = Span {
            from: column,
            to: Some(column),
        };
        match self.kind {
            // The cohort itself does not change once its period is over.
            _ if column == 0 && !self.measured => on,
            RetentionKind::On | RetentionKind::Streak | RetentionKind::Previous => on,
            RetentionKind::OnOrAfter => Span {
                from: column,
                to: self.horizon,
            },
            RetentionKind::Brackets => match column.checked_sub(1) {
                Some(place) => self.brackets.get(place).copied().unwrap_or(on),
                None => on,
            },
        }
    }

    /// The periods whose activity belongs to a column, when it is shown customer by customer.
    pub fn shown(&self, column: usize) -> Span {
        let Span { from, to } = self.span(column);
        match self.kind {
            RetentionKind::OnOrAfter => Span {
                from,
                to: self.horizon,
            },
            RetentionKind::Streak => Span {
                from: column.min(1),
                to,
            },
            _ => Span { from, to },
        }
    }

    /// The state of a column's cells once time alone can no longer change them.
    pub fn settled(&self, column: usize) -> CellState {
        match self.span(column).to {
            Some(_) => CellState::Complete,
            None => CellState::Open,
        }
    }

    /// The state of a column that has begun, when `ended` periods have ended for every member of the cohort.
    pub fn state(&self, column: usize, ended: usize) -> CellState {
        let Span { from, to } = self.span(column);
        // A bracket runs until its end; *on or after* has been seen once its period is over.
        let counted = match to {
            Some(_) if self.kind != RetentionKind::OnOrAfter => false,
            _ => from < ended,
        };
        match to {
            Some(to) if to < ended => CellState::Complete,
            _ if counted => CellState::Open,
            _ => CellState::Running,
        }
    }

    /// What an entry has to show to count as retained.
    pub fn retained(&self, column: usize) -> Need {
        let Span { from, to } = self.span(column);
        match self.kind {
            _ if column == 0 && !self.measured => Need::EVERYBODY,
            RetentionKind::Streak if column > 0 => Need::every(1, column),
            RetentionKind::Previous if column > 1 || (column == 1 && self.measured) => {
                Need::every(column - 1, column)
            }
            _ => Need::any(from, to),
        }
    }

    /// What an entry has to show to be in the denominator of a column; `None` when the whole cohort is.
    pub fn base(&self, column: usize) -> Option<Need> {
        let before = column.checked_sub(1)?;
        match self.kind {
            RetentionKind::Previous if before > 0 || self.measured => {
                Some(Need::any(before, Some(before)))
            }
            _ => None,
        }
    }

    /// Whether columns have denominators of their own.
    pub fn has_bases(&self) -> bool {
        self.kind == RetentionKind::Previous
    }
}

/// A number of a period as a place in a list.
fn place(period: u32) -> usize {
    usize::try_from(period).unwrap_or(usize::MAX)
}
