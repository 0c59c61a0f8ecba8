//! Idempotency keys: who claims one first stores the event.

use super::append::append_keys;
use super::events::Candidate;
use super::key::Key;
use crate::{StoreError, WorkspaceId};
use sqlx::{Connection, PgConnection};

/// Keeps the candidates whose keys are new, and their keys. No other writer can add the same keys meanwhile, since all
/// shards are locked.
///
/// Mostly all are new. So they are added first, and looked up only when the index has refused one, when `duplicates`
/// are expected, or when keys may be stored in their older form.
pub(super) async fn claim<'a>(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    candidates: Vec<Candidate<'a>>,
    duplicates: bool,
) -> Result<Vec<Candidate<'a>>, StoreError> {
    let older = has_older_keys(connection, workspace).await?;
    if !duplicates && !older && claim_all(connection, workspace, &candidates).await? {
        return Ok(candidates);
    }
    let mut known = known(connection, workspace, &candidates).await?;
    if older {
        mark_older(connection, workspace, &candidates, &mut known).await?;
    }
    let fresh: Vec<Candidate<'a>> = candidates
        .into_iter()
        .zip(known)
        .filter_map(|(candidate, known)| (!known).then_some(candidate))
        .collect();
    append_keys(connection, workspace, pairs(&fresh)).await?;
    Ok(fresh)
}

/// Whether all were new. If not, nothing has happened.
async fn claim_all(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    candidates: &[Candidate<'_>],
) -> Result<bool, StoreError> {
    let mut attempt = connection.begin().await?;
    match append_keys(&mut attempt, workspace, pairs(candidates)).await {
        Ok(()) => {
            attempt.commit().await?;
            Ok(true)
        }
        Err(StoreError::Conflict(constraint)) if constraint == "event_key_pkey" => {
            attempt.rollback().await?;
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Which of the keys are stored. The lateral subquery has each looked up in the index: a join would read all keys ever
/// stored for every set.
async fn known(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    candidates: &[Candidate<'_>],
) -> Result<Vec<bool>, StoreError> {
    let (shards, keys): (Vec<i16>, Vec<Key>) = pairs(candidates).unzip();
    let mut known = vec![false; candidates.len()];
    let places = sqlx::query_scalar!(
        r#"select wanted.place as "place!"
           from unnest($2::smallint[], $3::uuid[]) with ordinality as wanted(shard, key, place)
           cross join lateral (
               select 1 from event_key k
               where k.workspace_id = $1 and k.shard = wanted.shard and k.key = wanted.key
               limit 1) known"#,
        workspace.0,
        &shards,
        &keys as _
    )
    .fetch_all(connection)
    .await?;
    mark(&mut known, places);
    Ok(known)
}

/// Whether the workspace may hold keys that were made before keys began with the day.
async fn has_older_keys(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
) -> Result<bool, StoreError> {
    let older = sqlx::query_scalar!(
        "select older_keys from workspace where workspace_id = $1",
        workspace.0
    )
    .fetch_one(connection)
    .await?;
    Ok(older)
}

/// Marks the candidates whose keys are stored in their older form: the same hash without the day before it, and so with
/// two more bytes at its end, which are not known here.
async fn mark_older(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    candidates: &[Candidate<'_>],
    known: &mut [bool],
) -> Result<(), StoreError> {
    let (shards, keys): (Vec<i16>, Vec<Key>) = pairs(candidates).unzip();
    let lowest: Vec<Key> = keys.iter().map(|key| key.older([0x00; 2])).collect();
    let highest: Vec<Key> = keys.iter().map(|key| key.older([0xff; 2])).collect();
    let places = sqlx::query_scalar!(
        r#"select wanted.place as "place!"
           from unnest($2::smallint[], $3::uuid[], $4::uuid[]) with ordinality as wanted(shard, lowest, highest, place)
           cross join lateral (
               select 1 from event_key k
               where k.workspace_id = $1 and k.shard = wanted.shard
                 and k.key between wanted.lowest and wanted.highest
               limit 1) known"#,
        workspace.0,
        &shards,
        &lowest as _,
        &highest as _
    )
    .fetch_all(connection)
    .await?;
    mark(known, places);
    Ok(())
}

/// Marks places as the data base counts them.
fn mark(known: &mut [bool], places: Vec<i64>) {
    for place in places {
        known[usize::try_from(place - 1).expect("ordinality begins at 1")] = true;
    }
}

fn pairs(candidates: &[Candidate<'_>]) -> impl Iterator<Item = (i16, Key)> {
    candidates
        .iter()
        .map(|candidate| (candidate.shard, candidate.key))
}
