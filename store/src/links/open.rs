//! What is found behind a token.

use crate::instant::{from_db, to_db};
use crate::reports::kind;
use crate::secret::token_hash;
use crate::{Store, StoreError, WorkspaceId};
use analysis::saved::ReportKind;
use jiff::Timestamp;

/// The longest token that is looked up.
const LONGEST: usize = 100;

/// A link that answers, as its page needs it.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// Whose it is.
    pub workspace: WorkspaceId,
    /// That workspace's name in addresses.
    pub slug: String,
    /// The sites that may show it in a frame.
    pub origins: Vec<String>,
    /// Its number in the workspace.
    pub id: i32,
    /// What it is called.
    pub name: String,
    /// The page that answers its question.
    pub kind: ReportKind,
    /// The question as that page's address has it.
    pub question: String,
    /// Whether the answer is kept.
    pub pinned: bool,
    /// Whether numbers that tell of few customers are withheld.
    pub withhold: bool,
    /// The argon2id hash of its password.
    pub password_hash: Option<String>,
    /// Which password of its it is.
    pub password_version: i32,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// What a live answer follows from.
    pub data: String,
}

impl Store {
    /// The link that a token leads to; `None` for every token that does not answer, whatever the reason: unknown, replaced,
    /// revoked, expired, or of a workspace that forbids sharing.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn open_link(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Option<Opened>, StoreError> {
        if token.is_empty() || token.len() > LONGEST {
            return Ok(None);
        }
        let mut directory = self.system().await?;
        let named = sqlx::query!(
            "select workspace_id, link_id from link_token where hash = $1 and (dies_at is null or dies_at > $2)",
            &token_hash(token)[..],
            to_db(now)
        )
        .fetch_optional(&mut *directory)
        .await?;
        directory.commit().await?;
        let Some(named) = named else {
            return Ok(None);
        };
        let workspace = WorkspaceId(named.workspace_id);
        let mut transaction = self.tenant(workspace).await?;
        let row = sqlx::query!(
            r#"select w.slug, w.embed_origins, l.name, l.kind, l.question, l.pinned is not null as "pinned!", l.withhold,
                      l.password_hash, l.password_version, l.expires_at,
                      data_version(l.workspace_id) as "data!"
               from link l
               join workspace w using (workspace_id)
               where l.workspace_id = $1 and l.link_id = $2 and l.revoked_at is null
                 and (l.expires_at is null or l.expires_at > $3) and w.sharing"#,
            workspace.0,
            named.link_id,
            to_db(now)
        )
        .fetch_optional(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let Some(row) = row else {
            return Ok(None);
        };
        Ok(Some(Opened {
            workspace,
            slug: row.slug,
            origins: row.embed_origins,
            id: named.link_id,
            name: row.name,
            kind: kind(&row.kind)?,
            question: row.question,
            pinned: row.pinned,
            withhold: row.withhold,
            password_hash: row.password_hash,
            password_version: row.password_version,
            expires_at: row.expires_at.map(from_db),
            data: row.data,
        }))
    }
}

/// What was written since an answer was pinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Since {
    /// Batches of rows.
    pub batches: u64,
    /// Saved segments that were made or changed.
    pub segments: u64,
    /// Customers who were erased.
    pub erased: u64,
}

impl Store {
    /// What was written after a batch and an instant.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn written_since(
        &self,
        workspace: WorkspaceId,
        batch: i32,
        at: Timestamp,
    ) -> Result<Since, StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        let row = sqlx::query!(
            r#"select (select count(*) from batch where workspace_id = $1 and batch_id > $2) as "batches!",
                      (select count(*) from segment where workspace_id = $1 and changed_at > $3) as "segments!",
                      (select count(*) from erased where workspace_id = $1 and erased_at > $3) as "erased!""#,
            workspace.0,
            batch,
            to_db(at)
        )
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(Since {
            batches: row.batches.unsigned_abs(),
            segments: row.segments.unsigned_abs(),
            erased: row.erased.unsigned_abs(),
        })
    }
}
