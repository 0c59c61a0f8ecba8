//! Usage as bars.

use serde::{Deserialize, Serialize};

use super::{Cuts, Reading};
use crate::names::named;

/// One of the groups.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// At least the top cut.
    High,
    /// Between the cuts.
    Moderate,
    /// At most the bottom cut.
    Infrequent,
    /// Never used.
    Never,
}

named!(Part: High = "high", Moderate = "moderate", Infrequent = "infrequent", Never = "never");

impl Part {
    /// The group of users with so many uses.
    fn of(uses: u32, cuts: Cuts) -> Part {
        if uses >= cuts.top {
            Part::High
        } else if uses <= cuts.bottom {
            Part::Infrequent
        } else {
            Part::Moderate
        }
    }
}

/// The customers with some numbers of uses.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Bar {
    /// The fewest uses.
    pub from: u32,
    /// The most uses, `from` included.
    pub to: u32,
    /// Customers.
    pub customers: u64,
    /// Their group.
    pub part: Part,
}

/// Usage as bars: all of one width, but cut where groups end. The last bar is open where a few customers used the
/// feature far more often than all others.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Bars {
    /// Ascending, without gaps and without customers left out.
    pub bars: Vec<Bar>,
    /// Customers beyond the last bar.
    pub beyond: u64,
}

/// About so many bars are drawn.
const BARS: u32 = 40;

/// Usage as bars; none where usage does not vary enough to split. At most 2 % of users, and none below the top cut, lie
/// beyond the last bar.
pub fn bars(reading: &Reading) -> Bars {
    let (Some(quartiles), Some((least, _))) = (&reading.quartiles, reading.usage.first()) else {
        return Bars::default();
    };
    let cuts = quartiles.cuts;
    let last = last_drawn(reading).max(cuts.top);
    let width = (last - least) / BARS + 1;
    let mut bars = Vec::new();
    let mut from = *least;
    while from <= last {
        let end = from.saturating_add(width - 1).min(last);
        // A bar ends where its group does.
        let to = match Part::of(from, cuts) {
            Part::Infrequent => end.min(cuts.bottom),
            Part::Moderate => end.min(cuts.top - 1),
            Part::High | Part::Never => end,
        };
        bars.push(Bar {
            from,
            to,
            customers: between(reading, from, to),
            part: Part::of(from, cuts),
        });
        match to.checked_add(1) {
            Some(next) => from = next,
            None => break,
        }
    }
    let drawn: u64 = bars.iter().map(|bar| bar.customers).sum();
    Bars {
        bars,
        beyond: reading.users().saturating_sub(drawn),
    }
}

/// The usage below or at which at least 98 % of users are.
fn last_drawn(reading: &Reading) -> u32 {
    let users = reading.users();
    let mut so_far = 0;
    let found = reading.usage.iter().find(|(_, customers)| {
        so_far += customers;
        so_far * 50 >= users * 49
    });
    found.map_or(0, |(uses, _)| *uses)
}

fn between(reading: &Reading, from: u32, to: u32) -> u64 {
    let usage = reading.usage.iter();
    usage
        .filter(|(uses, _)| (from..=to).contains(uses))
        .map(|(_, customers)| customers)
        .sum()
}
