//! Reads what is kept of the index.

use super::memory::{Memory, Stream};
use crate::StoreError;
use crate::instant::from_micros;
use futures::TryStreamExt;
use index::chunk::{Chunk, Depth};
use index::column::{Column, Value};
use index::month::Month;
use index::starts::Starts;
use jiff::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

/// What is known of a shard before anything of it is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct ShardState {
    pub(super) shard: i16,
    /// Its last write.
    pub(super) version: i64,
    /// The last write that changed a trait.
    pub(super) traits_version: i64,
    /// The number of its customers.
    pub(super) customers: usize,
    /// The last write that is in its chunks; everything since is in the journal.
    pub(super) folded: i64,
    /// The newest event in its chunks.
    pub(super) newest: Option<i64>,
}

/// The shards of a workspace, as a transaction sees them.
pub(crate) struct Shards {
    /// Whether the index has all of each, and what is known of it.
    all: Vec<(bool, ShardState)>,
    /// The newest event that was stored.
    pub(crate) watermark: Option<Timestamp>,
}

impl Shards {
    /// The text that asks for them: without parameters, so that it can be sent with what begins a transaction. That is
    /// why it isn't checked when it is compiled.
    pub(crate) fn asked_of(workspace: i32) -> String {
        format!("select * from shard_states({workspace})")
    }

    /// From its rows.
    pub(crate) fn read(rows: &[PgRow]) -> Result<Self, StoreError> {
        let mut watermark: Option<i64> = None;
        let all = rows.iter().map(|row| {
            watermark = watermark.max(row.try_get("newest_micros")?);
            let customers: i32 = row.try_get("next_customer_no")?;
            let folded: Option<i64> = row.try_get("folded")?;
            let state = ShardState {
                shard: row.try_get("shard")?,
                version: row.try_get("version")?,
                traits_version: row.try_get("traits_version")?,
                customers: usize::try_from(customers).unwrap_or(0),
                folded: folded.unwrap_or(0),
                newest: row.try_get("newest")?,
            };
            Ok((row.try_get("indexed")?, state))
        });
        let all = all.collect::<Result<_, sqlx::Error>>()?;
        let watermark = watermark.map(from_micros);
        Ok(Self { all, watermark })
    }

    /// All of them.
    pub(super) fn all(self) -> impl Iterator<Item = ShardState> {
        self.all.into_iter().map(|(_, state)| state)
    }

    /// All of them; `None` when the index does not have all of each.
    pub(super) fn indexed(self) -> Option<Vec<ShardState>> {
        let all = self.all.into_iter();
        all.map(|(indexed, state)| indexed.then_some(state))
            .collect()
    }
}

/// The shards of a workspace, as a transaction sees them.
pub(crate) async fn shards_of(
    snapshot: &mut PgConnection,
    workspace: i32,
) -> Result<Shards, StoreError> {
    let rows = sqlx::raw_sql(AssertSqlSafe(Shards::asked_of(workspace)))
        .fetch_all(snapshot)
        .await?;
    Shards::read(&rows)
}

/// The first and the last of some months.
pub(super) type Months = (Month, Month);

/// All that there are.
pub(super) const ALL_MONTHS: Months = (Month(i32::MIN), Month(i32::MAX));

/// A part of what is kept of a shard.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) streams: &'a [i32],
    pub(super) months: Months,
    /// The planes.
    pub(super) depth: Depth,
    /// Whether what is read stays in memory: not what is read once, to be added up.
    pub(super) keep: bool,
}

/// What a shard's sets are made from.
pub(super) struct ShardData {
    pub(super) state: ShardState,
    pub(super) starts: Arc<Starts>,
    pub(super) streams: Vec<Arc<Stream>>,
    /// The segments written since, oldest first.
    pub(super) journal: Vec<Vec<u8>>,
}

/// Reads shards, as much of them as is not in memory.
pub(super) async fn shards(
    snapshot: &mut PgConnection,
    memory: &Memory,
    workspace: i32,
    states: &[ShardState],
    part: Part<'_>,
) -> Result<Vec<ShardData>, StoreError> {
    let behind = states.iter().filter(|state| state.folded < state.version);
    let behind: Vec<i16> = behind.map(|state| state.shard).collect();
    let mut journal = match behind.is_empty() {
        true => HashMap::new(),
        false => journal(&mut *snapshot, workspace, &behind).await?,
    };
    let mut starts = starts(&mut *snapshot, memory, workspace, states).await?;
    let mut chunks = chunks(&mut *snapshot, memory, (workspace, states), part).await?;
    let data = states.iter().map(|state| ShardData {
        state: *state,
        starts: starts.remove(&state.shard).unwrap_or_default(),
        streams: chunks.remove(&state.shard).unwrap_or_default(),
        journal: journal.remove(&state.shard).unwrap_or_default().segments,
    });
    Ok(data.collect())
}

/// What was written to a shard and is not yet in its chunks.
#[derive(Default)]
pub(super) struct Journal {
    /// The last write.
    pub(super) version: i64,
    /// Oldest first.
    pub(super) segments: Vec<Vec<u8>>,
}

/// The journals of these shards; none for those without.
pub(super) async fn journal(
    connection: &mut PgConnection,
    workspace: i32,
    shards: &[i16],
) -> Result<HashMap<i16, Journal>, StoreError> {
    let mut rows = sqlx::query!(
        "select shard, version, segment from activity_journal where workspace_id = $1 and shard = any($2)
         order by shard, version",
        workspace,
        shards
    )
    .fetch(connection);
    let mut journals: HashMap<i16, Journal> = HashMap::new();
    while let Some(row) = rows.try_next().await? {
        let journal = journals.entry(row.shard).or_default();
        journal.version = row.version;
        journal.segments.push(row.segment);
    }
    Ok(journals)
}

/// When the customers of these shards began, without what the journals say.
pub(super) async fn starts(
    snapshot: &mut PgConnection,
    memory: &Memory,
    workspace: i32,
    states: &[ShardState],
) -> Result<HashMap<i16, Arc<Starts>>, StoreError> {
    let mut found = HashMap::new();
    let mut missing = Vec::new();
    for state in states {
        match memory.starts(workspace, state.shard, state.folded) {
            Some(starts) => {
                found.insert(state.shard, starts);
            }
            None => missing.push(state.shard),
        }
    }
    if missing.is_empty() {
        return Ok(found);
    }
    let rows = sqlx::query!(
        "select shard, version, starts from activity_shard where workspace_id = $1 and shard = any($2)",
        workspace,
        &missing
    )
    .fetch_all(snapshot)
    .await?;
    for row in rows {
        let starts = Arc::new(Starts::parse(&row.starts)?);
        memory.put_starts(workspace, row.shard, row.version, starts.clone());
        found.insert(row.shard, starts);
    }
    Ok(found)
}

async fn chunks(
    snapshot: &mut PgConnection,
    memory: &Memory,
    (workspace, states): (i32, &[ShardState]),
    part: Part<'_>,
) -> Result<HashMap<i16, Vec<Arc<Stream>>>, StoreError> {
    let Part {
        streams,
        months,
        depth,
        keep,
    } = part;
    let mut found = HashMap::new();
    let mut missing = Vec::new();
    for state in states {
        let known = streams.iter().map(|&stream| {
            memory.stream(
                (workspace, state.shard, stream),
                months,
                state.folded,
                depth,
            )
        });
        match known.collect::<Option<Vec<_>>>() {
            Some(streams) => {
                found.insert(state.shard, streams);
            }
            None => missing.push(state.shard),
        }
    }
    let mut read: HashMap<(i16, i32), Stream> = HashMap::new();
    if !missing.is_empty() && !streams.is_empty() {
        let mut rows = sqlx::query!(
            r#"select shard, event_name_id, month, days,
                      case when $4 then quarters end as quarters, case when $5 then rest end as rest
               from activity_chunk
               where workspace_id = $1 and shard = any($2) and event_name_id = any($3)
                 and month between $6 and $7
               order by shard, event_name_id, month"#,
            workspace,
            &missing,
            streams,
            depth >= Depth::Quarters,
            depth >= Depth::Exact,
            months.0.0,
            months.1.0
        )
        .fetch(snapshot);
        while let Some(row) = rows.try_next().await? {
            let chunk = Chunk {
                days: Cow::Owned(row.days),
                quarters: row.quarters.map(Cow::Owned),
                rest: row.rest.map(Cow::Owned),
            };
            let key = (row.shard, row.event_name_id);
            let stream = read.entry(key).or_insert_with(|| Stream {
                depth,
                chunks: Vec::new(),
            });
            stream.chunks.push((Month(row.month), chunk));
        }
    }
    for state in states.iter().filter(|state| missing.contains(&state.shard)) {
        let mut mine = Vec::with_capacity(streams.len());
        for &number in streams {
            let stream = read.remove(&(state.shard, number)).unwrap_or(Stream {
                depth,
                chunks: Vec::new(),
            });
            let stream = Arc::new(stream);
            if keep {
                memory.put_stream(
                    (workspace, state.shard, number),
                    months,
                    state.folded,
                    stream.clone(),
                );
            }
            mine.push(stream);
        }
        found.insert(state.shard, mine);
    }
    Ok(found)
}

/// A trait's values in these shards, from memory or else from the customers.
pub(super) async fn columns(
    snapshot: &mut PgConnection,
    memory: &Memory,
    workspace: i32,
    states: &[ShardState],
    name: &str,
) -> Result<Vec<Arc<Column>>, StoreError> {
    let known: Vec<Option<Arc<Column>>> = states
        .iter()
        .map(|state| memory.column(workspace, state.shard, name, state.traits_version))
        .collect();
    let missing: Vec<i16> = states
        .iter()
        .zip(&known)
        .filter(|(_, known)| known.is_none())
        .map(|(state, _)| state.shard)
        .collect();
    let mut values: HashMap<i16, Vec<(Value, Vec<u32>)>> = HashMap::new();
    if !missing.is_empty() {
        let mut rows = sqlx::query!(
            r#"select shard, traits ->> $3 as "text!",
                      case jsonb_typeof(traits -> $3) when 'number' then (traits -> $3)::float8 end as number,
                      array_agg(customer_no) as "customers!"
               from customer
               where workspace_id = $1 and shard = any($2) and traits ->> $3 is not null
               group by 1, 2, 3"#,
            workspace,
            &missing,
            name
        )
        .fetch(snapshot);
        while let Some(row) = rows.try_next().await? {
            let value = Value {
                text: row.text,
                number: row.number,
            };
            let customers = row.customers.into_iter().map(i32::unsigned_abs);
            let group = (value, customers.collect());
            values.entry(row.shard).or_default().push(group);
        }
    }
    let columns = states.iter().zip(known).map(|(state, known)| {
        known.unwrap_or_else(|| {
            let column = Column::grouped(values.remove(&state.shard).unwrap_or_default());
            let column = Arc::new(column);
            memory.put_column(
                workspace,
                state.shard,
                name,
                state.traits_version,
                column.clone(),
            );
            column
        })
    });
    Ok(columns.collect())
}
