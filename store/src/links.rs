//! Links that show one answer to whoever has them: making them, what is known of them, ending them.
//!
//! A link is known by a token of which only a hash is kept. What it shows is fixed when it is made: a *live* link asks its
//! question anew, a *pinned* one holds the answer.

mod open;

pub use open::{Opened, Since};

use crate::instant::{from_db, to_db};
use crate::reports::kind;
use crate::secret::{Token, token_hash};
use crate::{PersonId, Store, StoreError, Workspace, WorkspaceId};
use analysis::quartiles::Wanted;
use analysis::saved::{Answer, Question, ReportKind};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use sqlx::types::Json;
use time::OffsetDateTime;

/// An answer as it was when it was pinned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pinned {
    /// When it was pinned.
    pub at: Timestamp,
    /// What it followed from (`data_version` in the data base): it begins with the number of writes.
    pub data: String,
    /// The newest batch of rows then; later ones were written after.
    pub batch: i32,
    /// The version of the saved definition of activity that answered, if one did: its name in addresses and its number.
    pub activity: Option<(String, u32)>,
    /// The answer.
    pub answer: Answer,
}

/// A link to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSharedLink {
    /// The saved report it is made from, with which it goes.
    pub report: Option<i32>,
    /// What it is called, to readers as well.
    pub name: String,
    /// The page that answers the question.
    pub kind: ReportKind,
    /// The question as that page's address has it.
    pub question: String,
    /// The answer it keeps; `None`: it is live.
    pub pinned: Option<Pinned>,
    /// Whether numbers that tell of few customers are withheld.
    pub withhold: bool,
    /// The password's argon2id hash.
    pub password_hash: Option<String>,
    /// When it ends; `None`: never.
    pub expires_at: Option<Timestamp>,
    /// Who makes it.
    pub person: Option<PersonId>,
}

/// A link as members see it.
#[derive(Clone, Debug, PartialEq)]
pub struct SharedLink {
    /// Its number in the workspace.
    pub id: i32,
    /// The saved report it was made from.
    pub report: Option<i32>,
    /// What it is called.
    pub name: String,
    /// The page that answers its question.
    pub kind: ReportKind,
    /// Its question as that page's address has it.
    pub question: String,
    /// When its answer was pinned; `None`: it is live.
    pub pinned_at: Option<Timestamp>,
    /// Whether numbers that tell of few customers are withheld.
    pub withhold: bool,
    /// Whether it asks for a password.
    pub password: bool,
    /// When it ends; `None`: never.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// How often it was looked at.
    pub views: u64,
    /// When it was last looked at.
    pub last_view_at: Option<Timestamp>,
    /// Who made it, by name or address.
    pub maker: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when an address that was replaced still works.
    pub old_until: Option<Timestamp>,
}

impl SharedLink {
    /// Whether it answers at an instant, unless sharing is forbidden.
    pub fn answers(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| end > now)
    }
}

/// Whether links of a workspace answer at all, and where they may be framed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sharing {
    /// Whether they answer.
    pub allowed: bool,
    /// The sites that may show them in a frame, each a scheme with a host.
    pub origins: Vec<String>,
}

struct LinkRow {
    link_id: i32,
    report_id: Option<i32>,
    name: String,
    kind: String,
    question: String,
    pinned_at: Option<String>,
    withhold: bool,
    password: bool,
    expires_at: Option<OffsetDateTime>,
    revoked_at: Option<OffsetDateTime>,
    views: i64,
    last_view_at: Option<OffsetDateTime>,
    maker: Option<String>,
    created_at: OffsetDateTime,
    old_until: Option<OffsetDateTime>,
}

impl TryFrom<LinkRow> for SharedLink {
    type Error = StoreError;

    fn try_from(row: LinkRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.link_id,
            report: row.report_id,
            name: row.name,
            kind: kind(&row.kind)?,
            question: row.question,
            pinned_at: row.pinned_at.and_then(|at| at.parse().ok()),
            withhold: row.withhold,
            password: row.password,
            expires_at: row.expires_at.map(from_db),
            revoked_at: row.revoked_at.map(from_db),
            views: row.views.unsigned_abs(),
            last_view_at: row.last_view_at.map(from_db),
            maker: row.maker,
            created_at: from_db(row.created_at),
            old_until: row.old_until.map(from_db),
        })
    }
}

impl Store {
    /// Answers a question of any kind, without a list of customers.
    ///
    /// # Errors
    /// As the question of its kind.
    pub async fn answer(
        &self,
        workspace: &Workspace,
        question: &Question,
        now: Timestamp,
    ) -> Result<Answer, StoreError> {
        Ok(match question {
            Question::Retention(query) => {
                Answer::Retention(Box::new(self.retention(workspace, query, now).await?))
            }
            Question::Features(query) => {
                let report = self.quartiles(workspace, query, Wanted::Both, now);
                Answer::Features(Box::new(report.await?))
            }
            Question::Segments(query) => {
                Answer::Segments(Box::new(self.compare(workspace, query, now).await?))
            }
            Question::Churn(query) => {
                let answer = self.churn(workspace, query, now, 0).await?;
                Answer::Churn(Box::new(answer.report))
            }
        })
    }

    /// Makes a link and gives its number and its token, which is kept nowhere.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is no such report.
    pub async fn make_link(
        &self,
        workspace: WorkspaceId,
        new: &NewSharedLink,
    ) -> Result<(i32, Token), StoreError> {
        let token = Token::new();
        let mut transaction = self.tenant(workspace).await?;
        let id = sqlx::query_scalar!(
            "insert into link (workspace_id, report_id, name, kind, question, pinned, withhold, password_hash, expires_at,
                               person_id)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             returning link_id",
            workspace.0,
            new.report,
            new.name,
            new.kind.as_str(),
            new.question,
            new.pinned.as_ref().map(Json) as _,
            new.withhold,
            new.password_hash,
            new.expires_at.map(to_db),
            new.person.map(|person| person.0)
        )
        .fetch_one(&mut *transaction)
        .await?;
        keep(&mut transaction, workspace, id, &token).await?;
        transaction.commit().await?;
        Ok((id, token))
    }

    /// The links of a workspace, the newest first; only those made from a report if one is named.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn shared_links(
        &self,
        workspace: WorkspaceId,
        report: Option<i32>,
    ) -> Result<Vec<SharedLink>, StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        let rows = rows(&mut transaction, workspace, (report, None)).await?;
        transaction.commit().await?;
        rows.into_iter().map(SharedLink::try_from).collect()
    }

    /// One link.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn shared_link(
        &self,
        workspace: WorkspaceId,
        id: i32,
    ) -> Result<SharedLink, StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        let rows = rows(&mut transaction, workspace, (None, Some(id))).await?;
        transaction.commit().await?;
        let row = rows.into_iter().next().ok_or(StoreError::NotFound)?;
        SharedLink::try_from(row)
    }

    /// The answer that a pinned link keeps.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also for a live one.
    pub async fn pinned(&self, workspace: WorkspaceId, id: i32) -> Result<Pinned, StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        let pinned = sqlx::query_scalar!(
            r#"select pinned as "pinned: Json<Pinned>" from link where workspace_id = $1 and link_id = $2"#,
            workspace.0,
            id
        )
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(pinned.ok_or(StoreError::NotFound)?.0)
    }

    /// What answers follow from just now: its text, and the newest batch of rows.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn data_version(&self, workspace: WorkspaceId) -> Result<(String, i32), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        let row = sqlx::query!(
            r#"select data_version($1) as "version!",
                      coalesce((select max(batch_id) from batch where workspace_id = $1), 0) as "batch!""#,
            workspace.0
        )
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok((row.version, row.batch))
    }

    /// Ends a link for good.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also for one that was revoked before.
    pub async fn revoke_link(&self, workspace: WorkspaceId, id: i32) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        sqlx::query_scalar!(
            "update link set revoked_at = now()
             where workspace_id = $1 and link_id = $2 and revoked_at is null
             returning link_id",
            workspace.0,
            id
        )
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Gives a link another address. Those before work until an instant, at the latest.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also for one that was revoked.
    pub async fn rotate_link(
        &self,
        workspace: WorkspaceId,
        id: i32,
        old_until: Timestamp,
    ) -> Result<Token, StoreError> {
        let token = Token::new();
        let mut transaction = self.tenant(workspace).await?;
        sqlx::query_scalar!(
            "select link_id from link where workspace_id = $1 and link_id = $2 and revoked_at is null for update",
            workspace.0,
            id
        )
        .fetch_one(&mut *transaction)
        .await?;
        end_old(&mut transaction, workspace, id, old_until).await?;
        keep(&mut transaction, workspace, id, &token).await?;
        transaction.commit().await?;
        Ok(token)
    }

    /// Ends the addresses of a link that were replaced; its newest one stays.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn end_old_addresses(
        &self,
        workspace: WorkspaceId,
        id: i32,
    ) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        sqlx::query!(
            "delete from link_token where workspace_id = $1 and link_id = $2 and dies_at is not null",
            workspace.0,
            id
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Gives a link another password, or none. What the one before opened is closed.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn set_link_password(
        &self,
        workspace: WorkspaceId,
        id: i32,
        hash: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        sqlx::query_scalar!(
            "update link set password_hash = $3, password_version = password_version + 1
             where workspace_id = $1 and link_id = $2
             returning link_id",
            workspace.0,
            id,
            hash
        )
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Adds to the count of a link's views.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn count_views(
        &self,
        workspace: WorkspaceId,
        id: i32,
        views: u32,
        last: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        sqlx::query!(
            "update link set views = views + $3, last_view_at = greatest(last_view_at, $4)
             where workspace_id = $1 and link_id = $2",
            workspace.0,
            id,
            i64::from(views),
            to_db(last)
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Whether links of a workspace answer, and where they may be framed.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn sharing(&self, workspace: WorkspaceId) -> Result<Sharing, StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        let sharing = sqlx::query_as!(
            Sharing,
            "select sharing as allowed, embed_origins as origins from workspace where workspace_id = $1",
            workspace.0
        )
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(sharing)
    }

    /// Lets links of a workspace answer and be framed, or not.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn set_sharing(
        &self,
        workspace: WorkspaceId,
        sharing: &Sharing,
    ) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        sqlx::query_scalar!(
            "update workspace set sharing = $2, embed_origins = $3 where workspace_id = $1 returning workspace_id",
            workspace.0,
            sharing.allowed,
            &sharing.origins
        )
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }
}

async fn keep(
    transaction: &mut PgConnection,
    workspace: WorkspaceId,
    id: i32,
    token: &Token,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into link_token (hash, workspace_id, link_id) values ($1, $2, $3)",
        &token_hash(token.text())[..],
        workspace.0,
        id
    )
    .execute(transaction)
    .await?;
    Ok(())
}

async fn end_old(
    transaction: &mut PgConnection,
    workspace: WorkspaceId,
    id: i32,
    until: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update link_token set dies_at = least(dies_at, $3) where workspace_id = $1 and link_id = $2",
        workspace.0,
        id,
        to_db(until)
    )
    .execute(transaction)
    .await?;
    Ok(())
}

async fn rows(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    (report, only): (Option<i32>, Option<i32>),
) -> Result<Vec<LinkRow>, StoreError> {
    Ok(sqlx::query_as!(
        LinkRow,
        r#"select l.link_id, l.report_id, l.name, l.kind, l.question, l.pinned ->> 'at' as pinned_at, l.withhold,
                  l.password_hash is not null as "password!", l.expires_at, l.revoked_at, l.views, l.last_view_at,
                  coalesce(nullif(p.name, ''), p.email) as "maker?", l.created_at,
                  (select max(t.dies_at) from link_token t
                   where t.workspace_id = l.workspace_id and t.link_id = l.link_id and t.dies_at > now()
                  ) as old_until
           from link l
           left join person p using (person_id)
           where l.workspace_id = $1 and ($2::integer is null or l.report_id = $2)
             and ($3::integer is null or l.link_id = $3)
           order by l.link_id desc"#,
        workspace.0,
        report,
        only
    )
    .fetch_all(connection)
    .await?)
}
