//! The days on which customers were active, by the index.

use super::answer::{Question, joined};
use super::asked::{chunks, of, parse, window};
use super::load::{self, ALL_MONTHS, Part, ShardData, ShardState};
use super::who::Who;
use crate::{Store, StoreError};
use analysis::churn::{ChurnPlan, History};
use index::Broken;
use index::chunk::Depth;
use index::days::Days;
use index::month::{Month, micros};
use sqlx::PgConnection;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// Shards that are read before they are looked at, while the next ones are read.
const GROUP: usize = 4;

/// Who was active when.
pub(crate) struct Active {
    /// The shard and number of each customer with any day, in the order of both.
    pub(crate) keys: Vec<(i16, i32)>,
    /// Their days, in the same order.
    pub(crate) history: History,
    /// How many internal customers are left out.
    pub(crate) internal: u64,
}

/// What every shard is asked.
struct Asked {
    streams: Vec<i32>,
    bounds: Vec<i64>,
    as_of: i64,
    at_least: usize,
    who: Who,
}

/// The active days of a question's customers; `None` when the index can't answer.
pub(crate) async fn active_days(
    store: &Store,
    snapshot: &mut PgConnection,
    question: &Question<'_>,
    plan: &ChurnPlan,
) -> Result<Option<Active>, StoreError> {
    let (workspace, query) = (question.workspace, question.query);
    if window(query).is_none() {
        return Ok(None);
    }
    let shards = load::shards_of(&mut *snapshot, workspace.id.0).await?;
    let Some(states) = shards.indexed() else {
        return Ok(None);
    };
    let memory = &store.activity;
    let conditions = (&query.filters[..], &workspace.internal[..]);
    let mut who = Who::read(&mut *snapshot, memory, workspace.id.0, &states, conditions).await?;
    who.members = question.members.cloned();
    let mut streams = question.active.to_vec();
    streams.sort_unstable();
    let asked = Arc::new(Asked {
        streams,
        bounds: plan.days.bounds.iter().map(|&at| micros(at)).collect(),
        as_of: micros(plan.as_of),
        at_least: usize::try_from(query.min_count).unwrap_or(usize::MAX),
        who,
    });
    let month = Month::of(asked.as_of);
    let part = |months, depth| Part {
        streams: &asked.streams,
        months,
        depth,
        keep: true,
    };
    let mut making: Vec<JoinHandle<Result<ShardDays, Broken>>> = Vec::new();
    let mut done = Vec::with_capacity(states.len());
    for (group, states) in states.chunks(GROUP).enumerate() {
        let all = part(ALL_MONTHS, asked.days().depth());
        let all = load::shards(&mut *snapshot, memory, workspace.id.0, states, all).await?;
        let last = part((month, month), Depth::Exact);
        let last = load::shards(&mut *snapshot, memory, workspace.id.0, states, last).await?;
        // No more than two groups are in memory.
        for made in std::mem::take(&mut making) {
            done.push(joined(made.await)??);
        }
        for (place, both) in all.into_iter().zip(last).enumerate() {
            let (asked, place) = (asked.clone(), group * GROUP + place);
            let make = move || asked.make(place, &both.0.state, (&both.0, &both.1));
            making.push(tokio::task::spawn_blocking(make));
        }
    }
    for made in making {
        done.push(joined(made.await)??);
    }
    let mut active = Active {
        keys: Vec::new(),
        history: History::default(),
        internal: 0,
    };
    for shard in done {
        active.internal += shard.internal;
        for days in shard.days.chunk_by(|one, next| one.0 == next.0) {
            let number =
                i32::try_from(days[0].0).map_err(|_| Broken("a customer beyond all numbers"))?;
            active.keys.push((shard.shard, number));
            active.history.push(days.iter().map(|(_, day)| *day));
        }
    }
    Ok(Some(active))
}

/// A shard's customers with their days, in the order of both.
struct ShardDays {
    shard: i16,
    days: Vec<(u32, u16)>,
    internal: u64,
}

impl Asked {
    fn days(&self) -> Days<'_> {
        Days {
            bounds: &self.bounds,
            before: self.as_of,
        }
    }

    /// The days of the chosen customers of a shard, from what was read of all months and of that of as-of.
    fn make(
        &self,
        place: usize,
        state: &ShardState,
        (all, last): (&ShardData, &ShardData),
    ) -> Result<ShardDays, Broken> {
        let month = Month::of(self.as_of);
        let (of_all, of_last) = (parse(&all.journal)?, parse(&last.journal)?);
        let all = chunks(all, &self.streams, &of_all);
        let last = chunks(last, &self.streams, &of_last);
        let all = of(&all, &self.streams).into_iter();
        let last = of(&last, &self.streams).into_iter();
        let chunks = all
            .filter(|(of, _)| *of != month)
            .chain(last.filter(|(of, _)| *of == month));
        let mut days = self.days().active(self.at_least, chunks)?;
        let (chosen, internal) = self.who.choose(place, state);
        if let Some(chosen) = chosen {
            days.retain(|(customer, _)| chosen.has(*customer));
        }
        Ok(ShardDays {
            shard: state.shard,
            days,
            internal,
        })
    }
}
