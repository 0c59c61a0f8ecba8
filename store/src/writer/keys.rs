//! Keys of senders: who claims one first stores the event.

use super::append::append_keys;
use super::events::Candidate;
use super::key::Key;
use crate::{StoreError, WorkspaceId};
use sqlx::{Connection, PgConnection};

/// A candidate with its key.
pub(super) type Keyed<'a> = (Key, Candidate<'a>);

/// Keeps the candidates whose keys are new, and their keys. No other writer can add the same keys meanwhile, since all
/// shards are locked.
///
/// Mostly all are new. So they are added first, and looked up only when the index has refused one, or when `duplicates`
/// are expected.
pub(super) async fn claim<'a>(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    candidates: Vec<Keyed<'a>>,
    duplicates: bool,
) -> Result<Vec<Candidate<'a>>, StoreError> {
    if candidates.is_empty() {
        return Ok(Vec::new());
    }
    if !duplicates && claim_all(connection, workspace, &candidates).await? {
        return Ok(candidates.into_iter().map(|(_, told)| told).collect());
    }
    let known = known(connection, workspace, &candidates).await?;
    let fresh: Vec<Keyed<'a>> = candidates
        .into_iter()
        .zip(known)
        .filter_map(|(candidate, known)| (!known).then_some(candidate))
        .collect();
    append_keys(connection, workspace, pairs(&fresh)).await?;
    Ok(fresh.into_iter().map(|(_, told)| told).collect())
}

/// Whether all were new. If not, nothing has happened.
async fn claim_all(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    candidates: &[Keyed<'_>],
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
    candidates: &[Keyed<'_>],
) -> Result<Vec<bool>, StoreError> {
    let (shards, keys): (Vec<i16>, Vec<Key>) = pairs(candidates).unzip();
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
    Ok(marked(candidates.len(), places))
}

/// Marks places as the data base counts them.
pub(super) fn marked(length: usize, places: Vec<i64>) -> Vec<bool> {
    let mut marked = vec![false; length];
    for place in places {
        marked[usize::try_from(place - 1).expect("ordinality begins at 1")] = true;
    }
    marked
}

fn pairs(candidates: &[Keyed<'_>]) -> impl Iterator<Item = (i16, Key)> {
    candidates.iter().map(|(key, told)| (told.shard, *key))
}
