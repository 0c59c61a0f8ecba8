//! Sending notices: each is one server's at a time.

use super::{Notice, one};
use crate::instant::to_db;
use crate::{PersonId, Store, StoreError, WorkspaceId};
use jiff::Timestamp;
use jiff::civil::Date;

/// What a try came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// When.
    pub at: Timestamp,
    /// What became of it, in words.
    pub outcome: String,
    /// First date of the cohort or period that was told of, if one was.
    pub told: Option<Date>,
}

/// How a notice goes on after a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closing {
    /// The occasion that is sent next.
    pub due_at: Timestamp,
    /// When that is tried.
    pub try_at: Timestamp,
    /// How often that has failed.
    pub attempts: u16,
}

impl Store {
    /// Takes a notice whose time has come, for as long as named; nobody else gets it meanwhile. `None` when there is none.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn claim_due_notice(
        &self,
        workspace: WorkspaceId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Notice>, StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        let claimed = sqlx::query_scalar!(
            "update notice set claimed_until = $3
             where workspace_id = $1 and notice_id = (
                 select notice_id from notice
                 where workspace_id = $1 and not paused and try_at <= $2
                   and (claimed_until is null or claimed_until <= $2)
                 order by try_at, notice_id limit 1
                 for update skip locked)
             returning notice_id",
            workspace.0,
            to_db(now),
            to_db(until)
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(id) = claimed else {
            return Ok(None);
        };
        let notice = one(&mut transaction, workspace, id).await?;
        transaction.commit().await?;
        Ok(Some(notice))
    }

    /// Takes one notice whether its time has come or not, unless it is being sent or was tried after `since`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none; [`StoreError::Refused`] when it can't be taken.
    pub async fn claim_notice(
        &self,
        workspace: WorkspaceId,
        id: i32,
        (since, now, until): (Timestamp, Timestamp, Timestamp),
    ) -> Result<Notice, StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        let claimed = sqlx::query_scalar!(
            "update notice set claimed_until = $5
             where workspace_id = $1 and notice_id = $2 and (claimed_until is null or claimed_until <= $4)
               and (last_at is null or last_at <= $3)
             returning notice_id",
            workspace.0,
            id,
            to_db(since),
            to_db(now),
            to_db(until)
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let notice = one(&mut transaction, workspace, id).await?;
        if claimed.is_none() {
            return Err(StoreError::Refused(
                "It was sent less than a minute ago, or is being sent just now. Look again in a minute.",
            ));
        }
        transaction.commit().await?;
        Ok(notice)
    }

    /// Keeps that a member was sent a message, so that another try leaves him alone.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn mark_sent(
        &self,
        workspace: WorkspaceId,
        id: i32,
        (person, message): (PersonId, &str),
    ) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        sqlx::query!(
            "update notice_person set sent = $4 where workspace_id = $1 and notice_id = $2 and person_id = $3",
            workspace.0,
            id,
            person.0,
            message
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Gives a notice back after a try. Without a closing its next occasion stays what it was. One that was deleted
    /// meanwhile is gone.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn close_notice(
        &self,
        workspace: WorkspaceId,
        id: i32,
        (tried, closing): (&Tried, Option<Closing>),
    ) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        sqlx::query!(
            "update notice
             set claimed_until = null, last_at = $3, outcome = left($4, 2000),
                 told = greatest(told, $5::text::date),
                 due_at = coalesce($6, due_at), try_at = coalesce($7, try_at), attempts = coalesce($8, attempts)
             where workspace_id = $1 and notice_id = $2",
            workspace.0,
            id,
            to_db(tried.at),
            tried.outcome,
            tried.told.map(|date| date.to_string()),
            closing.map(|closing| to_db(closing.due_at)),
            closing.map(|closing| to_db(closing.try_at)),
            closing.map(|closing| i16::try_from(closing.attempts).unwrap_or(i16::MAX))
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }
}
