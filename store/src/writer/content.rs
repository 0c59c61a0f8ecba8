//! Events without a key: known by what they say.

use super::append::NumberedEvent;
use super::events::Candidate;
use super::keys::marked;
use super::people::People;
use super::shards::Locked;
use crate::instant::micros_to_db;
use crate::{StoreError, WorkspaceId};
use jiff::Timestamp;
use serde_json::{Map, Value};
use sqlx::PgConnection;
use sqlx::types::Json;
use time::OffsetDateTime;

/// Leaves of candidates without keys those that nothing stored is alike. No other writer can add one meanwhile, since all
/// shards are locked.
///
/// Most need no look: who is new has no events, and before its shard's oldest and after its newest event everything is
/// new, which is where the rows of a file in order of time lie.
pub(super) async fn unknown<'a>(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    mut fresh: Vec<Candidate<'a>>,
    people: &People<'_>,
    locked: &Locked,
) -> Result<Vec<Candidate<'a>>, StoreError> {
    let doubtful = |told: &mut Candidate<'_>| {
        !people.is_new(told.customer) && locked.may_hold(told.shard, told.row.at)
    };
    let doubtful: Vec<Candidate<'_>> = fresh.extract_if(.., doubtful).collect();
    if doubtful.is_empty() {
        return Ok(fresh);
    }
    let known = known(connection, workspace, &doubtful, people).await?;
    let cleared = doubtful.into_iter().zip(known);
    fresh.extend(cleared.filter_map(|(told, known)| (!known).then_some(told)));
    Ok(fresh)
}

/// Which of the candidates, whose customers are all stored, have their like among the events. Each is looked up in the
/// index of its month.
async fn known(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    candidates: &[Candidate<'_>],
    people: &People<'_>,
) -> Result<Vec<bool>, StoreError> {
    let shards: Vec<i16> = candidates.iter().map(|told| told.shard).collect();
    let customers: Vec<i32> = candidates
        .iter()
        .map(|told| people.number(told.customer))
        .collect();
    let names: Vec<i32> = candidates.iter().map(|told| told.name).collect();
    let instants: Vec<_> = candidates
        .iter()
        .map(|told| stored_at(told.row.at))
        .collect();
    let properties = stored_properties(candidates.iter().map(|told| told.row.properties.as_ref()));
    let places = sqlx::query_scalar!(
        r#"select wanted.place as "place!"
           from unnest($2::smallint[], $3::integer[], $4::integer[], $5::timestamptz[], $6::jsonb[])
                with ordinality as wanted(shard, customer_no, event_name_id, at, properties, place)
           cross join lateral (
               select 1 from event e
               where e.workspace_id = $1 and e.shard = wanted.shard and e.customer_no = wanted.customer_no
                 and e.at = wanted.at and e.event_name_id = wanted.event_name_id
                 and e.properties is not distinct from wanted.properties
               limit 1) known"#,
        workspace.0,
        &shards,
        &customers,
        &names,
        &instants,
        &properties as _
    )
    .fetch_all(connection)
    .await?;
    Ok(marked(candidates.len(), places))
}

/// Leaves one of those without keys that are alike, and none when one with a key says the same. They are in an order that
/// has what is alike together, those with keys first.
pub(super) fn distinct<'a>(
    sorted: impl Iterator<Item = (NumberedEvent<'a>, bool)>,
) -> Vec<NumberedEvent<'a>> {
    let mut kept: Vec<NumberedEvent<'_>> = Vec::with_capacity(sorted.size_hint().0);
    for (event, keyless) in sorted {
        let said = |other: &&NumberedEvent<'_>| {
            let place =
                |one: &NumberedEvent<'_>| (one.customer_no, one.at, one.event_name_id, one.shard);
            place(other) == place(&event)
        };
        let mut alike = kept.iter().rev().take_while(said);
        if !(keyless && alike.any(|other| other.properties == event.properties)) {
            kept.push(event);
        }
    }
    kept
}

/// Cut to microseconds here, as the index does it, and not by sqlx, which cuts towards the year 2000.
fn stored_at(at: Timestamp) -> OffsetDateTime {
    micros_to_db(at.as_microsecond())
}

/// Properties as a column. Mostly there are none: then an empty array says so of all.
fn stored_properties<'a>(
    all: impl Iterator<Item = Option<&'a Map<String, Value>>> + Clone,
) -> Vec<Option<Json<&'a Map<String, Value>>>> {
    match all.clone().any(|one| one.is_some()) {
        true => all.map(|one| one.map(Json)).collect(),
        false => Vec::new(),
    }
}
