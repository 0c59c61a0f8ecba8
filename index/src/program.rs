//! The way from a block's words, one a period, to its columns.
//!
//! Every kind of retention asks of a column a number of active periods in a span. Over a block's words, "any" of a span
//! is their union and "all" their intersection; other numbers are added bit by bit. Spans mostly grow from column to
//! column (a streak's forwards, *on or after* backwards), so each is made from the one before.

use analysis::rule::Need;
use std::ops::Range;

/// How the words of a span become one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fold {
    Everybody,
    Nobody,
    Any,
    All,
    AtLeast(usize),
}

/// A column made from the one before and further periods.
#[derive(Clone, Debug)]
struct Step {
    column: usize,
    fold: Fold,
    /// Whether to begin anew.
    fresh: bool,
    /// The periods that are added.
    more: [Range<usize>; 2],
}

/// Steps that follow each other in a simple way, together.
#[derive(Clone, Debug)]
enum Stretch {
    /// Column `k` is period `k`.
    Copy {
        columns: Range<usize>,
        /// The column that was made last.
        last: usize,
    },
    /// Backwards, column `k` is the one made before or period `k`.
    AnyLater { columns: Range<usize>, fresh: bool },
    /// Column `k` is the one made before and period `k`.
    AllSince { columns: Range<usize>, fresh: bool },
    /// Anything else.
    Step(Step),
}

/// The way to all columns of a question.
#[derive(Clone, Debug)]
pub struct Program {
    columns: usize,
    stretches: Vec<Stretch>,
    /// What comes after all stretches: columns that are the periods of their numbers. *On*, which is asked most, is
    /// nothing else but for its first column, and so it can be counted where the words lie.
    copied: Range<usize>,
}

/// `from..until` of periods, where no end is the end of all.
fn range(need: Need) -> Range<usize> {
    let until = need.span.to.map_or(usize::MAX, |to| to.saturating_add(1));
    need.span.from..until.max(need.span.from)
}

fn fold(need: Need) -> Fold {
    let length = range(need).len();
    match need.at_least {
        0 => Fold::Everybody,
        n if n > length => Fold::Nobody,
        1 => Fold::Any,
        n if n == length => Fold::All,
        n => Fold::AtLeast(n),
    }
}

impl Program {
    /// The program for the needs of columns 0, 1, …
    pub fn new(needs: &[Need]) -> Program {
        let forwards = in_order(needs, 0..needs.len());
        let backwards = in_order(needs, (0..needs.len()).rev());
        // Words that are read for a block.
        let cost = |steps: &[Step]| -> usize {
            let spans = steps.iter().flat_map(|step| &step.more);
            spans.map(|more| clip(more, needs.len()).len()).sum()
        };
        let steps = if cost(&backwards) < cost(&forwards) {
            backwards
        } else {
            forwards
        };
        let mut stretches: Vec<Stretch> = Vec::new();
        for step in steps {
            if !stretches.last_mut().is_some_and(|last| last.takes(&step)) {
                stretches.push(Stretch::of(step));
            }
        }
        let copied = match stretches.pop_if(|last| matches!(last, Stretch::Copy { .. })) {
            Some(Stretch::Copy { columns, .. }) => columns,
            _ => 0..0,
        };
        Program {
            columns: needs.len(),
            stretches,
            copied,
        }
    }

    /// How many of the first columns have to be made at least.
    pub(crate) fn made(&self) -> usize {
        match self.copied.end == self.columns {
            true => self.copied.start,
            false => self.columns,
        }
    }

    /// Whether active periods are read to make columns.
    pub(crate) fn reads(&self) -> bool {
        let blind = |stretch: &Stretch| matches!(stretch, Stretch::Step(step) if matches!(step.fold, Fold::Everybody | Fold::Nobody));
        !self.stretches.iter().all(blind)
    }

    /// Adds the entries of a mask to the counts of copied columns. `seen` is a period of which less is seen than is in
    /// `active`, and what.
    pub(crate) fn add_copied(
        &self,
        active: &[u64],
        seen: Option<(usize, u64)>,
        mask: u64,
        counts: &mut [u32],
    ) {
        let copied = clip(&self.copied, counts.len().min(active.len()));
        add(&mut counts[copied.clone()], &active[copied.clone()], mask);
        if let Some((period, word)) = seen.filter(|(period, _)| copied.contains(period)) {
            let all = (active[period] & mask).count_ones();
            counts[period] = counts[period] - all + (word & mask).count_ones();
        }
    }

    /// For each column, the entries (bit by bit) that satisfy its need, given those active in each period.
    pub fn columns(&self, active: &[u64]) -> Vec<u64> {
        let mut columns = vec![0; self.columns];
        self.run(active, &mut columns);
        let copied = clip(&self.copied, active.len());
        columns[copied.clone()].copy_from_slice(&active[copied]);
        columns
    }

    /// The same for the first columns only, without those that are copied. What is in `columns` before has to be 0.
    pub(crate) fn run(&self, active: &[u64], columns: &mut [u64]) {
        let known = columns.len().min(active.len());
        // The word of the step before.
        let mut word = 0;
        for stretch in &self.stretches {
            match stretch {
                Stretch::Copy {
                    columns: range,
                    last,
                } => {
                    let range = clip(range, known);
                    columns[range.clone()].copy_from_slice(&active[range]);
                    word = active.get(*last).copied().unwrap_or(0);
                }
                Stretch::AnyLater {
                    columns: range,
                    fresh,
                } => {
                    word = if *fresh { 0 } else { word };
                    for period in clip(range, columns.len().max(active.len())).rev() {
                        word |= active.get(period).copied().unwrap_or(0);
                        if let Some(column) = columns.get_mut(period) {
                            *column = word;
                        }
                    }
                }
                Stretch::AllSince {
                    columns: range,
                    fresh,
                } => {
                    word = if *fresh { u64::MAX } else { word };
                    for period in range.clone() {
                        word &= active.get(period).copied().unwrap_or(0);
                        match columns.get_mut(period) {
                            Some(column) => *column = word,
                            None if word == 0 => break,
                            None => {}
                        }
                    }
                }
                Stretch::Step(step) => {
                    word = step.run(active, word);
                    if let Some(column) = columns.get_mut(step.column) {
                        *column = word;
                    }
                }
            }
        }
    }
}

impl Stretch {
    fn of(step: Step) -> Stretch {
        let alone = step.column..step.column + 1;
        match step.fold {
            Fold::Any if step.fresh && step.adds_own() => Stretch::Copy {
                last: step.column,
                columns: alone,
            },
            Fold::Any if step.adds_own() => Stretch::AnyLater {
                columns: alone,
                fresh: false,
            },
            Fold::All if step.adds_own() => Stretch::AllSince {
                columns: alone,
                fresh: step.fresh,
            },
            _ => Stretch::Step(step),
        }
    }

    /// Appends the step, if it goes on with the stretch.
    fn takes(&mut self, step: &Step) -> bool {
        if !step.adds_own() {
            return false;
        }
        let column = step.column;
        let (fold, fresh) = (step.fold, step.fresh);
        match self {
            Stretch::Copy { columns, last } if fresh && fold == Fold::Any => {
                if columns.end == column {
                    columns.end += 1;
                } else if column + 1 == columns.start {
                    columns.start = column;
                } else {
                    return false;
                }
                *last = column;
            }
            // A copy of one column may be the beginning of something else.
            Stretch::Copy { columns, .. } if !fresh && columns.len() == 1 => {
                if fold == Fold::Any && column + 1 == columns.start {
                    let columns = column..columns.end;
                    *self = Stretch::AnyLater {
                        columns,
                        fresh: true,
                    };
                } else if fold == Fold::All && columns.end == column {
                    let columns = columns.start..column + 1;
                    *self = Stretch::AllSince {
                        columns,
                        fresh: true,
                    };
                } else {
                    return false;
                }
            }
            Stretch::AnyLater { columns, .. }
                if !fresh && fold == Fold::Any && column + 1 == columns.start =>
            {
                columns.start = column;
            }
            Stretch::AllSince { columns, .. }
                if !fresh && fold == Fold::All && columns.end == column =>
            {
                columns.end += 1;
            }
            _ => return false,
        }
        true
    }
}

impl Step {
    /// Whether the step adds its own column's period and no other.
    fn adds_own(&self) -> bool {
        let own = self.column..self.column + 1;
        self.more.iter().filter(|more| !more.is_empty()).eq([&own])
    }

    /// The step's word, given that of the step before.
    fn run(&self, active: &[u64], before: u64) -> u64 {
        let more = self
            .more
            .iter()
            .map(|more| &active[clip(more, active.len())]);
        match self.fold {
            Fold::Everybody => u64::MAX,
            Fold::Nobody => 0,
            Fold::Any => {
                let word = if self.fresh { 0 } else { before };
                more.flatten().fold(word, |word, next| word | next)
            }
            Fold::All => {
                let beyond = |more: &Range<usize>| more.end > active.len() && !more.is_empty();
                if self.more.iter().any(beyond) {
                    return 0;
                }
                let word = if self.fresh { u64::MAX } else { before };
                more.flatten().fold(word, |word, next| word & next)
            }
            Fold::AtLeast(n) => at_least(n, &active[clip(&self.more[0], active.len())]),
        }
    }
}

fn in_order(needs: &[Need], columns: impl Iterator<Item = usize>) -> Vec<Step> {
    let mut before: Option<(Fold, Range<usize>)> = None;
    let mut steps = Vec::with_capacity(needs.len());
    for column in columns {
        let (fold, range) = (fold(needs[column]), range(needs[column]));
        let grows = before.as_ref().is_some_and(|(last, old)| {
            // A single period is its own union and intersection.
            let same = *last == fold || (*last == Fold::Any && fold == Fold::All && old.len() == 1);
            same && matches!(fold, Fold::Any | Fold::All)
                && range.start <= old.start
                && range.end >= old.end
        });
        let more = match &before {
            Some((_, old)) if grows => [range.start..old.start, old.end..range.end],
            _ => [range.clone(), 0..0],
        };
        steps.push(Step {
            column,
            fold,
            fresh: !grows,
            more,
        });
        before = Some((fold, range));
    }
    steps
}

fn clip(range: &Range<usize>, length: usize) -> Range<usize> {
    let end = range.end.min(length);
    range.start.min(end)..end
}

/// The entries that are in at least `n` of the words: 64 counters, side by side, bit `i` of each in `counters[i]`.
fn at_least(n: usize, words: &[u64]) -> u64 {
    let mut counters = [0_u64; 32];
    for word in words {
        let mut carry = *word;
        for counter in &mut counters {
            if carry == 0 {
                break;
            }
            (*counter, carry) = (*counter ^ carry, *counter & carry);
        }
    }
    // From the highest bit down: those that are larger, and those still equal.
    let (mut larger, mut equal) = (0, u64::MAX);
    for (bit, counter) in counters.iter().enumerate().rev() {
        if n >> bit & 1 == 1 {
            equal &= counter;
        } else {
            larger |= equal & counter;
            equal &= !counter;
        }
    }
    larger | equal
}

/// Adds each column's entries to its count. No count can exceed the cohort's size, which is checked: so these sums need
/// not be, and are made side by side.
pub(crate) fn add(counts: &mut [u32], columns: &[u64], mask: u64) {
    for (count, column) in counts.iter_mut().zip(columns) {
        *count = count.wrapping_add((column & mask).count_ones());
    }
}
