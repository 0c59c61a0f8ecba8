//! Keys of programs: `rk_…` read reports, `wk_…` will bring in events. A key names its workspace's number, so it is
//! looked up among that workspace's own, and no list of all keys has to be there.

use super::audit::{Note, note};
use super::{Did, PersonId};
use crate::instant::from_db;
use crate::secret::{Token, token_hash};
use crate::{Store, StoreError, Workspace, WorkspaceId};
use jiff::Timestamp;
use serde_json::json;
use sqlx::PgExecutor;
use sqlx::types::Json;

/// Letters of a key that its list shows after those that all keys of the workspace share.
const SHOWN: usize = 6;

/// What a key opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// Reading all reports of its workspace.
    Read,
    /// Bringing in events, and nothing else.
    Write,
}

impl KeyKind {
    /// As it is stored, and as forms send it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }

    /// The kind of this name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Read, Self::Write]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }

    /// What its keys begin with, so that programs which look for leaked secrets know them.
    fn beginning(self) -> &'static str {
        match self {
            Self::Read => "rk_",
            Self::Write => "wk_",
        }
    }
}

/// A key, without what is secret of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its number.
    pub id: i32,
    /// What it opens.
    pub kind: KeyKind,
    /// What it is for, in its maker's words.
    pub label: String,
    /// Its beginning.
    pub prefix: String,
    /// Who made it; `None`: the command line.
    pub by: Option<String>,
    /// When it was made.
    pub made: Timestamp,
    /// When it was last used, to the minute.
    pub used: Option<Timestamp>,
    /// Since when it opens nothing any more.
    pub revoked: Option<Timestamp>,
}

/// A key to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// What it opens.
    pub kind: KeyKind,
    /// What it is for, 1 to 200 characters.
    pub label: String,
    /// Who makes it; `None`: the command line.
    pub by: Option<PersonId>,
}

/// A key that is in use.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyUse {
    /// What it opens.
    pub kind: KeyKind,
    /// The workspace that was asked about, if it is a key of that one.
    pub here: Option<Workspace>,
}

impl Store {
    /// Makes a key. It is told here and never again.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a label that is empty or too long.
    pub async fn make_key(
        &self,
        workspace: WorkspaceId,
        new: &NewKey,
    ) -> Result<Token, StoreError> {
        let label = new.label.trim();
        if !(1..=200).contains(&label.chars().count()) || label.contains(char::is_control) {
            return Err(StoreError::Refused(
                "Say in at most 200 characters what the key is for.",
            ));
        }
        let beginning = format!("{}{}_", new.kind.beginning(), workspace.0);
        let shown = beginning.len() + SHOWN;
        let token = Token::new().beginning(&beginning);
        let prefix: String = token.text().chars().take(shown).collect();
        let hash = token_hash(token.text());
        let mut transaction = self.tenant(workspace).await?;
        sqlx::query!(
            "insert into api_key (workspace_id, kind, label, prefix, hash, created_by) values ($1, $2, $3, $4, $5, $6)",
            workspace.0,
            new.kind.as_str(),
            label,
            prefix,
            &hash[..],
            new.by.map(|by| by.0)
        )
        .execute(&mut *transaction)
        .await?;
        let made = Note {
            person: new.by,
            did: Did::MadeKey,
            subject: label,
            details: json!({ "kind": new.kind.as_str(), "key": prefix }),
        };
        note(&mut transaction, workspace, made).await?;
        transaction.commit().await?;
        Ok(token)
    }

    /// What a key opens, if it is in use, asked about the workspace of a slug; its use is noted to the minute.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn key(&self, key: &str, slug: Option<&str>) -> Result<Option<KeyUse>, StoreError> {
        let Some((workspace, kind)) = named(key) else {
            return Ok(None);
        };
        let hash = token_hash(key);
        let found = look_up(&self.pool, (workspace, kind), &hash, slug).await?;
        if let Some(found) = &found
            && found.stale
        {
            let mut transaction = self.tenant(workspace).await?;
            sqlx::query!(
                "update api_key set last_used_at = now() where workspace_id = $1 and api_key_id = $2",
                workspace.0,
                found.id
            )
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
        }
        Ok(found.map(|found| KeyUse {
            kind,
            here: found.here,
        }))
    }

    /// All keys of a workspace, those in use first, the newest first.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn keys(&self, workspace: WorkspaceId) -> Result<Vec<ApiKey>, StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        let rows = sqlx::query!(
            "select k.api_key_id, k.kind, k.label, k.prefix, k.created_at, k.last_used_at, k.revoked_at,
                    coalesce(nullif(p.name, ''), p.email) as by
             from api_key k left join person p on p.person_id = k.created_by
             where k.workspace_id = $1 order by k.revoked_at is not null, k.api_key_id desc",
            workspace.0
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let all = rows.into_iter().map(|row| ApiKey {
            id: row.api_key_id,
            kind: KeyKind::parse(&row.kind).unwrap_or(KeyKind::Write),
            label: row.label,
            prefix: row.prefix,
            by: row.by,
            made: from_db(row.created_at),
            used: row.last_used_at.map(from_db),
            revoked: row.revoked_at.map(from_db),
        });
        Ok(all.collect())
    }

    /// Makes a key open nothing any more.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such key in use.
    pub async fn revoke_key(
        &self,
        workspace: WorkspaceId,
        key: i32,
        by: Option<PersonId>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        let row = sqlx::query!(
            "update api_key set revoked_at = now()
             where workspace_id = $1 and api_key_id = $2 and revoked_at is null
             returning label, prefix",
            workspace.0,
            key
        )
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or(StoreError::NotFound)?;
        let revoked = Note {
            person: by,
            did: Did::RevokedKey,
            subject: &row.label,
            details: json!({ "key": row.prefix }),
        };
        note(&mut transaction, workspace, revoked).await?;
        Ok(transaction.commit().await?)
    }
}

/// A key in use.
pub(crate) struct Found {
    id: i32,
    /// Whether its last use was noted over a minute ago.
    stale: bool,
    here: Option<Workspace>,
}

/// A key by what it names and its hash, with the workspace of a slug if it is a key of that one.
pub(crate) async fn look_up(
    executor: impl PgExecutor<'_>,
    (workspace, kind): (WorkspaceId, KeyKind),
    hash: &[u8; 32],
    slug: Option<&str>,
) -> Result<Option<Found>, StoreError> {
    let found = sqlx::query!(
        r#"select api_key_id as "id!", stale as "stale!", here as "here: Json<Workspace>"
           from key_use($1, $2, $3, $4)"#,
        workspace.0,
        &hash[..],
        kind.as_str(),
        slug
    )
    .fetch_optional(executor)
    .await?;
    Ok(found.map(|found| Found {
        id: found.id,
        stale: found.stale,
        here: found.here.map(|here| here.0),
    }))
}

/// The workspace and the kind that a key names.
fn named(key: &str) -> Option<(WorkspaceId, KeyKind)> {
    let kind = [KeyKind::Read, KeyKind::Write]
        .into_iter()
        .find(|kind| key.starts_with(kind.beginning()))?;
    let (workspace, secret) = key[kind.beginning().len()..].split_once('_')?;
    let digits = !workspace.is_empty() && workspace.bytes().all(|byte| byte.is_ascii_digit());
    let named = digits && !secret.is_empty();
    let workspace = workspace.parse().ok().filter(|_| named)?;
    Some((WorkspaceId(workspace), kind))
}
