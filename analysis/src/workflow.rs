//! When a customer completed a workflow: one pass over what he did, in order.
//!
//! A completion is one event for each step, no event for two, each at or after the one before, the last at most a limit
//! after the first. Completions are found from the earliest on and don't overlap: the next begins after the instant at
//! which the one before ended. So there are as many as there can be, and which they are depends on nothing but the
//! events' instants.

/// An event of a customer as a workflow sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment {
    /// When, in microseconds since 1970.
    pub at: i64,
    /// Which steps it can serve: bit `n` for step `n`, counted from 0.
    pub steps: u32,
}

/// The instants at which a workflow of `steps` steps was completed, in order; `limit` is in microseconds.
///
/// `moments` are one customer's, in order of time; those of the same instant in any order. Takes time in proportion to
/// their number.
pub fn completions(moments: &[Moment], steps: usize, limit: i64) -> Vec<i64> {
    let mut found = Vec::new();
    if steps == 0 {
        return found;
    }
    // How late the first step can have been when so many steps are done: the latest lasts longest.
    let mut begun: Vec<Option<i64>> = vec![None; steps + 1];
    for same in moments.chunk_by(|one, next| one.at == next.at) {
        let at = same[0].at;
        let mut after = begun.clone();
        for done in 0..steps {
            let start = match done {
                0 => Some(at),
                done => begun[done].filter(|start| at - start <= limit),
            };
            let Some(start) = start else { continue };
            for reached in &mut after[done + 1..=done + furthest(same, done, steps)] {
                *reached = (*reached).max(Some(start));
            }
        }
        if after[steps].is_some() {
            found.push(at);
            begun.fill(None);
        } else {
            begun = after;
        }
    }
    found
}

/// How many steps after the first `done` can be served by events of one instant, each by one of its own.
fn furthest(same: &[Moment], done: usize, steps: usize) -> usize {
    if let [only] = same {
        return usize::from(serves(only, done));
    }
    // The step that each event serves; one more step is served if one can be freed for it (augmenting paths).
    let mut serving: Vec<Option<usize>> = vec![None; same.len()];
    let mut served = 0;
    for step in done..steps {
        let mut tried = vec![false; same.len()];
        if !free_one(same, step, &mut serving, &mut tried) {
            break;
        }
        served += 1;
    }
    served
}

fn free_one(
    same: &[Moment],
    step: usize,
    serving: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    for place in 0..same.len() {
        if tried[place] || !serves(&same[place], step) {
            continue;
        }
        tried[place] = true;
        let free = match serving[place] {
            None => true,
            Some(other) => free_one(same, other, serving, tried),
        };
        if free {
            serving[place] = Some(step);
            return true;
        }
    }
    false
}

fn serves(moment: &Moment, step: usize) -> bool {
    u32::try_from(step)
        .ok()
        .and_then(|step| moment.steps.checked_shr(step))
        .is_some_and(|bits| bits & 1 == 1)
}
