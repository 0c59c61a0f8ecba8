//! Counting sets of periods, 64 entries at a time, to the same numbers as [`Tally::add`] one by one.
//!
//! Every kind of retention asks of a column a number of active periods in a span. Over a block's words, "any" of a span
//! is their union and "all" their intersection; other numbers are added bit by bit. Spans mostly grow from column to
//! column (a streak's forwards, *on or after* backwards), so each is made from the one before.

use crate::bits;
use crate::bytes::place;
use crate::month::timestamp;
use crate::sets::{Run, ShardSets};
use analysis::rule::Need;
use analysis::tally::Tally;
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

/// The way to all columns of a question.
#[derive(Clone, Debug)]
pub struct Program {
    steps: Vec<Step>,
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
        let forwards = Program::in_order(needs, 0..needs.len());
        let backwards = Program::in_order(needs, (0..needs.len()).rev());
        if backwards.cost(needs.len()) < forwards.cost(needs.len()) {
            backwards
        } else {
            forwards
        }
    }

    fn in_order(needs: &[Need], columns: impl Iterator<Item = usize>) -> Program {
        let mut before: Option<(Fold, Range<usize>)> = None;
        let mut steps = Vec::with_capacity(needs.len());
        for column in columns {
            let (fold, range) = (fold(needs[column]), range(needs[column]));
            let grows = before.as_ref().is_some_and(|(last, old)| {
                // A single period is its own union and intersection.
                let same =
                    *last == fold || (*last == Fold::Any && fold == Fold::All && old.len() == 1);
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
        Program { steps }
    }

    /// For each column, the entries (bit by bit) that satisfy its need, given those active in each period.
    pub fn columns(&self, active: &[u64]) -> Vec<u64> {
        let mut columns = vec![0; self.steps.len()];
        self.run(active, &mut columns);
        columns
    }

    /// Words that are read for blocks of so many periods.
    fn cost(&self, periods: usize) -> usize {
        let costs = self.steps.iter().flat_map(|step| &step.more);
        costs.map(|more| clip(more, periods).len()).sum()
    }

    /// For each column the entries of a block that satisfy its need, given those active in each period.
    fn run(&self, active: &[u64], columns: &mut [u64]) {
        let mut word = 0;
        for step in &self.steps {
            match step.fold {
                Fold::Everybody => word = u64::MAX,
                Fold::Nobody => word = 0,
                Fold::Any => {
                    if step.fresh {
                        word = 0;
                    }
                    for more in &step.more {
                        word = active[clip(more, active.len())]
                            .iter()
                            .fold(word, |word, next| word | next);
                    }
                }
                Fold::All => {
                    if step.fresh {
                        word = u64::MAX;
                    }
                    for more in &step.more {
                        word = active[clip(more, active.len())]
                            .iter()
                            .fold(word, |word, next| word & next);
                        if more.end > active.len() && !more.is_empty() {
                            word = 0;
                        }
                    }
                }
                Fold::AtLeast(n) => word = at_least(n, &active[clip(&step.more[0], active.len())]),
            }
            if let Some(column) = columns.get_mut(step.column) {
                *column = word;
            }
        }
    }
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

impl ShardSets {
    /// Adds the entries to a tally, only the `chosen` ones (bits by place, see [`ShardSets::choose`]) if there is a
    /// choice. The tally's first cohort is the frame's period `offset`; entries of other cohorts are passed over.
    pub fn count(
        &self,
        program: &Program,
        offset: usize,
        chosen: Option<&[u64]>,
        tally: &mut Tally,
    ) {
        let mut columns = Vec::new();
        for run in &self.runs {
            let own = place(run.cohort).checked_sub(offset);
            let Some(cohort) = own.and_then(|own| tally.cohorts.get_mut(own)) else {
                continue;
            };
            columns.resize(cohort.retained.len(), 0);
            let mut span: Option<(usize, usize)> = None;
            for block in place(run.first) / 64..=place(run.end - 1) / 64 {
                let mask = mask(run, block) & chosen.map_or(u64::MAX, |chosen| chosen[block]);
                if mask == 0 {
                    continue;
                }
                let (first, last) = (mask.trailing_zeros(), 63 - mask.leading_zeros());
                let first = span.map_or(block * 64 + place(first), |(first, _)| first);
                span = Some((first, block * 64 + place(last)));
                cohort.size += mask.count_ones();
                cohort.given += (mask & self.given[block]).count_ones();
                let active = &self.words[self.blocks[block]..self.blocks[block + 1]];
                program.run(active, &mut columns);
                for (retained, column) in cohort.retained.iter_mut().zip(&columns) {
                    *retained += (column & mask).count_ones();
                }
            }
            if let Some((first, last)) = span {
                let [first, last] = [first, last].map(|place| timestamp(self.starts[place]));
                cohort.first_start = cohort.first_start.into_iter().chain([first]).min();
                cohort.last_start = cohort.last_start.max(Some(last));
            }
        }
    }
}

/// The bits of a block that belong to a run.
fn mask(run: &Run, block: usize) -> u64 {
    let within = |bound: u32| place(bound).saturating_sub(block * 64).min(64);
    bits::span(within(run.first), within(run.end))
}
