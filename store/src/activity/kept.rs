//! Sets on disk: what a server that was started again answers from.
//!
//! They are of one version of their shard. Whoever gives it another one removes them in the same transaction, with the
//! shard locked; who keeps them locks it against that. So there are never sets of another version, and of a person who was
//! deleted nothing is left in them.

use super::asked::Asked;
use super::load::ShardState;
use super::memory::{About, Last, Memory, Sets};
use super::who::Remembered;
use crate::rehearsal::NOWHERE;
use crate::{Store, StoreError, WorkspaceId};
use index::{Broken, kept};
use sqlx::PgConnection;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Questions whose sets are kept for a workspace. Those of a million customers and two years of weeks take some 14 MB.
const QUESTIONS: i64 = 8;

/// Shards written at a time.
const GROUP: usize = 8;

/// How long it is waited for more to be made before any is written.
const SOON: Duration = Duration::from_secs(1);

/// Pause after writing: where events come in all the time, sets are made anew all the time.
const REST: Duration = Duration::from_secs(60);

/// Bytes of a checksum.
const CHECKSUM: usize = 32;

/// Sets as they lie on disk.
pub(super) struct Row {
    pub(super) shard: i16,
    version: i64,
    newest: i64,
    left_out: i32,
    bytes: Vec<u8>,
}

/// The sets that a question asks for, as they are named on disk.
pub(super) struct OnDisk {
    workspace: i32,
    about: [u8; 32],
    first: i64,
    calendar: bool,
    as_of: i64,
}

impl OnDisk {
    pub(super) fn of(asked: &Asked) -> Self {
        Self {
            workspace: asked.workspace(),
            about: hash(asked.about()),
            first: asked.first(),
            calendar: asked.calendar(),
            as_of: asked.as_of(),
        }
    }

    /// Of these shards, those whose sets are on disk.
    pub(super) async fn shards(
        &self,
        snapshot: &mut PgConnection,
        wanted: &[ShardState],
    ) -> Result<Vec<i16>, StoreError> {
        let (shards, versions): (Vec<i16>, Vec<i64>) = wanted
            .iter()
            .map(|state| (state.shard, state.version))
            .unzip();
        let kept = sqlx::query_scalar!(
            "select k.shard
             from unnest($3::smallint[], $4::bigint[]) as wanted(shard, version)
             join activity_sets k on k.workspace_id = $1 and k.shard = wanted.shard and k.about = $2
                                 and k.version = wanted.version
             where k.first <= $5 and ($6 or k.newest < $7)",
            self.workspace,
            &self.about[..],
            &shards,
            &versions,
            self.first,
            self.calendar,
            self.as_of
        )
        .fetch_all(snapshot)
        .await?;
        Ok(kept)
    }

    /// Reads what is on disk of these shards.
    pub(super) async fn read(
        &self,
        snapshot: &mut PgConnection,
        shards: &[i16],
    ) -> Result<Vec<Row>, StoreError> {
        let rows = sqlx::query_as!(
            Row,
            "select shard, version, newest, left_out, bytes from activity_sets
             where workspace_id = $1 and shard = any($3) and about = $2",
            self.workspace,
            &self.about[..],
            shards
        )
        .fetch_all(snapshot)
        .await?;
        Ok(rows)
    }
}

/// Has a connection ready for reading sets: it asks for some that nobody has.
pub(crate) async fn rehearse(connection: &mut PgConnection) -> Result<(), StoreError> {
    let nothing = OnDisk {
        workspace: NOWHERE.0,
        about: [0; 32],
        first: 0,
        calendar: true,
        as_of: 0,
    };
    nothing.shards(&mut *connection, &[]).await?;
    nothing.read(connection, &[]).await?;
    Ok(())
}

/// Makes sets of what was read of a shard, and keeps them in memory; `None`, said in the log, when it makes no sense.
pub(super) fn open(
    memory: &Memory,
    asked: &Asked,
    state: &ShardState,
    row: &Row,
) -> Option<Arc<Sets>> {
    match parse(asked, state, row) {
        Ok((sets, last)) => {
            let sets = Arc::new(sets);
            memory.put_sets(asked.about(), row.shard, sets.clone());
            if let Some(last) = last {
                memory.put_last(asked.about(), row.shard, Arc::new(last));
            }
            Some(sets)
        }
        Err(broken) => {
            tracing::warn!(
                workspace = asked.workspace(),
                shard = row.shard,
                "sets kept on disk are damaged and are made anew: {broken}"
            );
            None
        }
    }
}

fn parse(asked: &Asked, state: &ShardState, row: &Row) -> Result<(Sets, Option<Last>), Broken> {
    if row.version != state.version {
        return Err(Broken("sets of another version"));
    }
    let kept = row.bytes.split_last_chunk::<CHECKSUM>();
    let (bytes, checksum) = kept.ok_or(Broken("too short"))?;
    if blake3::hash(bytes).as_bytes() != checksum {
        return Err(Broken("not what was written"));
    }
    let kept = kept::parse(bytes, asked.frame(), state.customers)?;
    let frame = match kept.frame == **asked.frame() {
        true => asked.frame().clone(),
        false => Arc::new(kept.frame),
    };
    let last = kept.last.map(|period| Last {
        version: row.version,
        frame: frame.clone(),
        period,
    });
    let sets = Sets {
        version: row.version,
        sets: kept.sets,
        newest: row.newest,
        left_out: usize::try_from(row.left_out).unwrap_or(0),
        frame,
        as_of: None,
        remembered: Remembered::default(),
    };
    Ok((sets, last))
}

fn to_bytes(sets: &Sets, last: Option<&Last>) -> Vec<u8> {
    let last = last.map(|last| &last.period);
    let mut bytes = kept::to_bytes(&sets.frame, &sets.sets, last);
    let checksum = blake3::hash(&bytes);
    bytes.extend_from_slice(checksum.as_bytes());
    bytes
}

/// What sets are about, in a few bytes. Written differently by another version of this program, they are made anew.
fn hash(about: &About) -> [u8; 32] {
    *blake3::hash(format!("{about:?}").as_bytes()).as_bytes()
}

/// Removes what is on disk of shards that get another version. They have to be locked.
pub(super) async fn forget(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    shard: i16,
) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from activity_sets where workspace_id = $1 and shard = $2",
        workspace.0,
        shard
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What is to be put on disk.
#[derive(Debug, Default)]
pub(crate) struct Keeping {
    inner: Mutex<Waiting>,
    /// One puts it there at a time.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Waiting {
    /// Questions; whether what is on disk of them may be damaged.
    questions: HashMap<Arc<About>, bool>,
    /// Whether somebody sees to it.
    seen_to: bool,
}

impl Keeping {
    /// Adds a question; whether somebody has to see to it from now on.
    fn add(&self, about: &Arc<About>, damaged: bool) -> bool {
        let mut waiting = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        *waiting.questions.entry(about.clone()).or_default() |= damaged;
        !std::mem::replace(&mut waiting.seen_to, true)
    }

    fn take(&self) -> HashMap<Arc<About>, bool> {
        let mut waiting = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut waiting.questions)
    }

    /// Whether nothing waits; then nobody sees to it any more.
    fn ends(&self) -> bool {
        let mut waiting = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.seen_to = !waiting.questions.is_empty();
        !waiting.seen_to
    }
}

impl Store {
    /// Has the sets of a question, which are in memory, put on disk soon, without anybody waiting for it.
    pub(super) fn keep_soon(&self, about: &Arc<About>, damaged: bool) {
        if !self.keeping.add(about, damaged) {
            return;
        }
        let store = self.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(SOON).await;
                if let Err(error) = store.keep_sets().await {
                    tracing::warn!(%error, "sets could not be kept on disk");
                }
                tokio::time::sleep(REST).await;
                if store.keeping.ends() {
                    break;
                }
            }
        });
    }

    /// Puts on disk the sets that questions have made since this was last done, so that a server that is started again need
    /// not make them anew. Happens by itself, soon after a question; this is for whoever is about to stop.
    ///
    /// # Errors
    /// When the data base can't answer; then the rest is made anew when it is asked for.
    pub async fn keep_sets(&self) -> Result<(), StoreError> {
        let _turn = self.keeping.turn.lock().await;
        for (about, damaged) in self.keeping.take() {
            let workspace = WorkspaceId(about.workspace);
            // Each set of its rows has them made anew.
            if self.loading(workspace).await?.is_none() {
                self.keep_sets_of(workspace, &about, damaged).await?;
            }
        }
        Ok(())
    }

    async fn keep_sets_of(
        &self,
        workspace: WorkspaceId,
        about: &Arc<About>,
        damaged: bool,
    ) -> Result<(), StoreError> {
        let hash = hash(about);
        let mut transaction = self.tenant(workspace).await?;
        // Also tells when they were last of use. Rows that a writer is removing are passed over: he may wait for us, we
        // never for him.
        let rows = sqlx::query!(
            "update activity_sets k set used_at = now()
             from (select shard from activity_sets where workspace_id = $1 and about = $2
                   for update skip locked) free
             where k.workspace_id = $1 and k.about = $2 and k.shard = free.shard
             returning k.shard, k.version, k.first, k.has_last",
            workspace.0,
            &hash[..]
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let rows = rows.into_iter().filter(|_| !damaged);
        let known: HashMap<i16, (i64, i64, bool)> = rows
            .map(|row| (row.shard, (row.version, row.first, row.has_last)))
            .collect();
        let missing = self.activity.all_sets(about).into_iter();
        let missing = missing.filter(|(shard, sets, last)| {
            known.get(shard).is_none_or(|&(version, first, has_last)| {
                version != sets.version
                    || sets.frame.first() < Some(first)
                    || (last.is_some() && !has_last)
            })
        });
        let mut missing: Vec<_> = missing.collect();
        missing.sort_by_key(|(shard, ..)| *shard);
        for group in missing.chunks(GROUP) {
            self.write_sets(workspace, hash, group.to_vec()).await?;
        }
        let mut transaction = self.tenant(workspace).await?;
        sqlx::query!(
            "delete from activity_sets k
             using (select shard, about from activity_sets
                    where workspace_id = $1 and about in (
                        select about from activity_sets where workspace_id = $1
                        group by about order by max(used_at) desc, about offset $2)
                    for update skip locked) free
             where k.workspace_id = $1 and k.shard = free.shard and k.about = free.about",
            workspace.0,
            QUESTIONS
        )
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    async fn write_sets(
        &self,
        workspace: WorkspaceId,
        hash: [u8; 32],
        group: Vec<(i16, Arc<Sets>, Option<Arc<Last>>)>,
    ) -> Result<(), StoreError> {
        let shards: Vec<i16> = group.iter().map(|(shard, ..)| *shard).collect();
        let versions: Vec<i64> = group.iter().map(|(_, sets, _)| sets.version).collect();
        let firsts = group.iter().map(|(_, sets, _)| sets.frame.first());
        let firsts: Vec<i64> = firsts.map(|first| first.unwrap_or(i64::MAX)).collect();
        let newest: Vec<i64> = group.iter().map(|(_, sets, _)| sets.newest).collect();
        let left_out = group.iter().map(|(_, sets, _)| sets.left_out);
        let left_out: Vec<i32> = left_out
            .map(|count| i32::try_from(count).unwrap_or(i32::MAX))
            .collect();
        let lasts: Vec<bool> = group.iter().map(|(.., last)| last.is_some()).collect();
        let pack = move || -> Vec<Vec<u8>> {
            let group = group.iter();
            group
                .map(|(_, sets, last)| to_bytes(sets, last.as_deref()))
                .collect()
        };
        let bytes = tokio::task::spawn_blocking(pack).await;
        let bytes = bytes.map_err(|_| Broken("the work was given up"))?;
        let mut transaction = self.tenant(workspace).await?;
        // Whoever is about to give a shard another version waits, or it has it when the lock is there.
        sqlx::query!(
            "with told as (
                 select * from unnest($3::smallint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::integer[],
                                      $8::boolean[], $9::bytea[])
                               as told(shard, version, first, newest, left_out, has_last, bytes)
             ), locked as (
                 select s.shard, s.version from shard s
                 where s.workspace_id = $1 and s.shard = any($3) order by s.shard for share
             )
             insert into activity_sets (workspace_id, shard, about, version, first, newest, left_out, has_last, bytes)
             select $1, shard, $2, version, first, newest, left_out, has_last, bytes
             from told join locked using (shard, version) order by shard
             on conflict (workspace_id, shard, about) do update
             set version = excluded.version, first = excluded.first, newest = excluded.newest,
                 left_out = excluded.left_out, has_last = excluded.has_last, bytes = excluded.bytes,
                 used_at = excluded.used_at",
            workspace.0,
            &hash[..],
            &shards,
            &versions,
            &firsts,
            &newest,
            &left_out,
            &lasts,
            &bytes
        )
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }
}
