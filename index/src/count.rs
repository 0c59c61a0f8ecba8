//! Counting sets of periods, 64 entries at a time, to the same numbers as [`Tally::add`] one by one.

use crate::bits;
use crate::bytes::place;
use crate::last::Last;
use crate::month::timestamp;
use crate::program::{Program, add};
use crate::sets::{Run, ShardSets};
use analysis::rule::{Need, Rule};
use analysis::shape::RetentionPlan;
use analysis::tally::Tally;

/// How a rule is counted.
#[derive(Clone, Debug)]
pub struct Counting {
    retained: Program,
    base: Option<Program>,
    own: bool,
    /// Whether columns are made of words, and not only copied.
    reads: bool,
}

impl Counting {
    /// The way to count by a rule when the first cohort has `periods` periods.
    pub fn new(rule: &Rule, periods: usize) -> Counting {
        let columns = 0..rule.columns(periods);
        let retained: Vec<Need> = columns
            .clone()
            .map(|column| rule.retained(column))
            .collect();
        let base = columns.map(|column| rule.base(column).unwrap_or(Need::EVERYBODY));
        let base: Vec<Need> = base.filter(|_| rule.has_bases()).collect();
        let needs = || retained.iter().chain(&base);
        let own = needs().any(|need| need.at_least > 0 && need.span.from == 0);
        let base = rule.has_bases().then(|| Program::new(&base));
        let retained = Program::new(&retained);
        Counting {
            own,
            reads: retained.reads() || base.as_ref().is_some_and(Program::reads),
            base,
            retained,
        }
    }

    /// Whether period 0 matters ([`crate::Frame::new`] has to be told).
    pub fn needs_own(&self) -> bool {
        self.own
    }
}

impl ShardSets {
    /// Adds the entries to a tally, only the `chosen` ones (bits by place, see [`ShardSets::choose`]) if there is a
    /// choice, and as of the instant of `last`, if there is one (see [`ShardSets::last`]). The first cohort of the plan and
    /// its tally is the frame's period `offset`; entries of other cohorts are passed over.
    pub fn count(
        &self,
        counting: &Counting,
        plan: &RetentionPlan,
        offset: usize,
        chosen: Option<&[u64]>,
        last: Option<&Last>,
        tally: &mut Tally,
    ) {
        let asked =
            |run: &&Run| (offset..offset + tally.cohorts.len()).contains(&place(run.cohort));
        let runs: Vec<Run> = self.runs.iter().filter(asked).copied().collect();
        // First and last place of each run's chosen entries.
        let mut spans: Vec<Option<(usize, usize)>> = vec![None; runs.len()];
        let (mut columns, mut bases, mut patched) = (Vec::new(), Vec::new(), Vec::new());
        let mut block = 0;
        let mut from = 0;
        while let Some(run) = runs.get(from) {
            block = block.max(place(run.first) / 64);
            let here = runs[from..]
                .iter()
                .take_while(|run| place(run.first) / 64 <= block);
            let until = from + here.count();
            let started = last.map_or(u64::MAX, |last| last.started(block));
            let chosen = chosen.map_or(u64::MAX, |chosen| chosen[block]) & started;
            // Of a block's runs the first has the most columns.
            let mut ready = false;
            for (run, span) in runs[from..until].iter().zip(&mut spans[from..until]) {
                let mask = mask(run, block) & chosen;
                if mask == 0 {
                    continue;
                }
                let cohort = &mut tally.cohorts[place(run.cohort) - offset];
                let words = &self.words[self.blocks[block]..self.blocks[block + 1]];
                if !ready {
                    let mut active = words;
                    if let Some(last) = last
                        && counting.reads
                    {
                        patched.clear();
                        patched.extend_from_slice(active);
                        for run in &runs[from..until] {
                            let own = self::mask(run, block);
                            last.patch(&mut patched, block, run.cohort, own);
                        }
                        active = &patched;
                    }
                    columns.clear();
                    columns.resize(cohort.retained.len().min(counting.retained.made()), 0);
                    counting.retained.run(active, &mut columns);
                    if let Some(base) = &counting.base {
                        bases.clear();
                        bases.resize(cohort.base.len().min(base.made()), 0);
                        base.run(active, &mut bases);
                    }
                    ready = true;
                }
                let (lowest, highest) = (mask.trailing_zeros(), 63 - mask.leading_zeros());
                let first = span.map_or(block * 64 + place(lowest), |(first, _)| first);
                *span = Some((first, block * 64 + place(highest)));
                cohort.size += mask.count_ones();
                cohort.given += (mask & self.given[block]).count_ones();
                add(&mut cohort.retained, &columns, mask);
                add(&mut cohort.base, &bases, mask);
                let seen = last.and_then(|last| last.seen(block, run.cohort));
                counting
                    .retained
                    .add_copied(words, seen, mask, &mut cohort.retained);
                if let Some(base) = &counting.base {
                    base.add_copied(words, seen, mask, &mut cohort.base);
                }
            }
            block += 1;
            // Runs that go on in the next block are met again.
            from += runs[from..until].partition_point(|run| place(run.end) <= block * 64);
        }
        for (run, span) in runs.iter().zip(spans) {
            let Some((first, last)) = span else {
                continue;
            };
            let own = place(run.cohort) - offset;
            let cohort = &mut tally.cohorts[own];
            // When entries started lies far from what was counted: to look there takes as long as all else.
            if let Some(seen) = plan.seen_by_all(own) {
                cohort.see(Some(seen));
                continue;
            }
            // Time has gone furthest for the earliest entry, and least far for the latest.
            for number in [first, last] {
                let seen = plan.seen(own, timestamp(self.starts[number]));
                cohort.see(Some(seen));
            }
        }
    }
}

/// The bits of a block that belong to a run.
fn mask(run: &Run, block: usize) -> u64 {
    let within = |bound: u32| place(bound).saturating_sub(block * 64).min(64);
    bits::span(within(run.first), within(run.end))
}
