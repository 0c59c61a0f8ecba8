//! Segments as they are kept.

use super::Members;
use super::evaluate::{Asked, count};
use crate::instant::{from_db, to_db};
use crate::{Store, StoreError, Workspace, WorkspaceId};
use analysis::segment::{Condition, Segment, SegmentCount, check_description, check_segment_name};
use jiff::Timestamp;
use sqlx::types::Json;
use sqlx::{PgConnection, Postgres, Transaction};
use time::OffsetDateTime;

/// A segment to be saved.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSegment {
    /// 1 to 63 of `a-z 0-9 -`, not starting with `-`.
    pub slug: String,
    /// 1 to 200 characters.
    pub name: String,
    /// At most 1,000 characters.
    pub description: String,
}

/// A segment with its number.
pub(super) struct Saved {
    pub(super) number: i32,
    pub(super) segment: Segment,
}

struct SegmentRow {
    segment_id: i32,
    slug: String,
    name: String,
    description: String,
    condition: Option<Json<Condition>>,
    frozen_at: Option<OffsetDateTime>,
}

impl From<SegmentRow> for Saved {
    fn from(row: SegmentRow) -> Self {
        Self {
            number: row.segment_id,
            segment: Segment {
                slug: row.slug,
                name: row.name,
                description: row.description,
                condition: row.condition.map(|condition| condition.0),
                frozen_at: row.frozen_at.map(from_db),
            },
        }
    }
}

/// A saved segment, if there is one of this name.
pub(super) async fn find(
    connection: &mut PgConnection,
    workspace: i32,
    slug: &str,
) -> Result<Option<Saved>, StoreError> {
    let row = sqlx::query_as!(
        SegmentRow,
        r#"select segment_id, slug, name, description, frozen_at,
                  condition as "condition: Json<Condition>"
           from segment where workspace_id = $1 and slug = $2"#,
        workspace,
        slug
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Saved::from))
}

/// The members of a frozen segment.
pub(super) async fn frozen(
    connection: &mut PgConnection,
    workspace: i32,
    segment: i32,
) -> Result<Members, StoreError> {
    let rows = sqlx::query!(
        "select shard, members from segment_member where workspace_id = $1 and segment_id = $2",
        workspace,
        segment
    )
    .fetch_all(connection)
    .await?;
    let rows = rows.into_iter().map(|row| (row.shard, row.members));
    Ok(Members::from_bytes(rows))
}

async fn keep(
    transaction: &mut PgConnection,
    workspace: i32,
    segment: i32,
    members: &Members,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into segment_member (workspace_id, shard, segment_id, members)
         select $1, number - 1, $2, bits
         from unnest($3::bytea[]) with ordinality as shard(bits, number) where bits <> ''",
        workspace,
        segment,
        &members.bytes()
    )
    .execute(transaction)
    .await?;
    Ok(())
}

impl Store {
    /// The saved segments of a workspace, by name.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn segments(&self, workspace: WorkspaceId) -> Result<Vec<Segment>, StoreError> {
        let saved = all(&mut *self.tenant(workspace).await?, workspace.0).await?;
        Ok(saved.into_iter().map(|saved| saved.segment).collect())
    }

    /// The saved segments of a workspace, by name, each with how many belong to it.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn segment_counts(
        &self,
        workspace: &Workspace,
        as_of: Timestamp,
    ) -> Result<Vec<(Segment, SegmentCount)>, StoreError> {
        let mut snapshot = self.snapshot(workspace.id).await?;
        let saved = all(&mut snapshot, workspace.id.0).await?;
        let asked = Asked::new(&mut snapshot, workspace.id.0, as_of).await?;
        let memory = &self.activity;
        let population = asked.population(&mut snapshot, memory, workspace).await?;
        let mut counted = Vec::with_capacity(saved.len());
        for saved in saved {
            let members = asked.saved(&mut snapshot, memory, &saved).await?;
            counted.push((saved.segment, count(members, &population)));
        }
        snapshot.commit().await?;
        Ok(counted)
    }

    /// A saved segment.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn segment(&self, workspace: WorkspaceId, slug: &str) -> Result<Segment, StoreError> {
        let found = find(&mut *self.tenant(workspace).await?, workspace.0, slug).await?;
        Ok(found.ok_or(StoreError::NotFound)?.segment)
    }

    /// Who belongs to a saved segment as of an instant; of a frozen one, who did when it was frozen.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], or the data base's own.
    pub async fn segment_members(
        &self,
        workspace: WorkspaceId,
        slug: &str,
        as_of: Timestamp,
    ) -> Result<Members, StoreError> {
        let mut snapshot = self.snapshot(workspace).await?;
        let saved = find(&mut snapshot, workspace.0, slug).await?;
        let saved = saved.ok_or(StoreError::NotFound)?;
        let asked = Asked::new(&mut snapshot, workspace.0, as_of).await?;
        let members = asked.saved(&mut snapshot, &self.activity, &saved).await?;
        snapshot.commit().await?;
        Ok(members)
    }

    /// Who belongs to a saved segment as of an instant, without internal customers and those who signed up later; and how
    /// many these are of all there are.
    ///
    /// # Errors
    /// As [`Store::segment_members`].
    pub async fn segment_population(
        &self,
        workspace: &Workspace,
        slug: &str,
        as_of: Timestamp,
    ) -> Result<(Members, SegmentCount), StoreError> {
        let mut snapshot = self.snapshot(workspace.id).await?;
        let saved = find(&mut snapshot, workspace.id.0, slug).await?;
        let saved = saved.ok_or(StoreError::NotFound)?;
        let asked = Asked::new(&mut snapshot, workspace.id.0, as_of).await?;
        let memory = &self.activity;
        let mut members = asked.saved(&mut snapshot, memory, &saved).await?;
        let population = asked.population(&mut snapshot, memory, workspace).await?;
        snapshot.commit().await?;
        members.and(&population);
        let count = SegmentCount {
            customers: members.len(),
            of: population.len(),
        };
        Ok((members, count))
    }

    /// Lists customers of a set by their external ids, in order; a page has at most `limit` of them.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn customers_in(
        &self,
        workspace: WorkspaceId,
        members: &Members,
        (offset, limit): (u32, u32),
    ) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar!(
            "select external_id from customer
             where workspace_id = $1 and is_member($2, shard, customer_no)
             order by external_id offset $3 limit $4",
            workspace.0,
            &members.bytes(),
            i64::from(offset),
            i64::from(limit)
        )
        .fetch_all(&mut *self.tenant(workspace).await?)
        .await?)
    }

    /// Saves a condition as a living segment.
    ///
    /// # Errors
    /// [`StoreError::Query`] for what breaks a limit, [`StoreError::Conflict`] for a taken or malformed slug.
    pub async fn save_segment(
        &self,
        workspace: WorkspaceId,
        new: &NewSegment,
        condition: &Condition,
    ) -> Result<Segment, StoreError> {
        condition.validate()?;
        let mut transaction = self.tenant(workspace).await?;
        insert(&mut transaction, workspace, new, Some(condition), None).await?;
        transaction.commit().await?;
        self.segment(workspace, &new.slug).await
    }

    /// Saves customers as a frozen segment.
    ///
    /// # Errors
    /// As [`Store::save_segment`].
    pub async fn save_members(
        &self,
        workspace: WorkspaceId,
        new: &NewSegment,
        members: &Members,
        now: Timestamp,
    ) -> Result<Segment, StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        let number = insert(&mut transaction, workspace, new, None, Some(now)).await?;
        keep(&mut transaction, workspace.0, number, members).await?;
        transaction.commit().await?;
        self.segment(workspace, &new.slug).await
    }

    /// Gives a segment another name and description. Its name in addresses stays.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Query`] for what breaks a limit.
    pub async fn rename_segment(
        &self,
        workspace: WorkspaceId,
        slug: &str,
        name: &str,
        description: &str,
    ) -> Result<(), StoreError> {
        check_segment_name(name)?;
        check_description(description)?;
        let mut transaction = self.tenant(workspace).await?;
        let done = sqlx::query!(
            "update segment set name = $3, description = $4, changed_at = now()
             where workspace_id = $1 and slug = $2",
            workspace.0,
            slug,
            name,
            description
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        found(done.rows_affected())
    }

    /// Gives a segment another condition. It is living from then on.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Query`] for a condition that breaks a limit.
    pub async fn change_segment(
        &self,
        workspace: WorkspaceId,
        slug: &str,
        condition: &Condition,
    ) -> Result<(), StoreError> {
        condition.validate()?;
        let mut transaction = self.tenant(workspace).await?;
        let number = sqlx::query_scalar!(
            "update segment set condition = $3, frozen_at = null, changed_at = now()
             where workspace_id = $1 and slug = $2
             returning segment_id",
            workspace.0,
            slug,
            Json(condition) as _
        )
        .fetch_one(&mut *transaction)
        .await?;
        forget(&mut transaction, workspace.0, number).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Makes a living segment a list of those who belong to it at an instant. A frozen one stays as it is.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], or the data base's own.
    pub async fn freeze_segment(
        &self,
        workspace: &Workspace,
        slug: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let segment = self.segment(workspace.id, slug).await?;
        let Some(condition) = segment.condition.filter(|_| segment.frozen_at.is_none()) else {
            return Ok(());
        };
        let mut members = self.condition_members(workspace, &condition, now).await?;
        members.and(&self.population(workspace, now).await?);
        let mut transaction = self.tenant(workspace.id).await?;
        let number = sqlx::query_scalar!(
            "update segment set frozen_at = $3, changed_at = now()
             where workspace_id = $1 and slug = $2 and frozen_at is null and condition = $4
             returning segment_id",
            workspace.id.0,
            slug,
            to_db(now),
            Json(&condition) as _
        )
        .fetch_optional(&mut *transaction)
        .await?;
        // Frozen or changed by somebody else in the meantime: that is how it stays.
        if let Some(number) = number {
            keep(&mut transaction, workspace.id.0, number, &members).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Asks the condition of a frozen segment anew from now on. One without a condition stays as it is.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn thaw_segment(&self, workspace: WorkspaceId, slug: &str) -> Result<(), StoreError> {
        match self.segment(workspace, slug).await?.condition {
            Some(condition) => self.change_segment(workspace, slug, &condition).await,
            None => Ok(()),
        }
    }

    /// Deletes a segment.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_segment(
        &self,
        workspace: WorkspaceId,
        slug: &str,
    ) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        let done = sqlx::query!(
            "delete from segment where workspace_id = $1 and slug = $2",
            workspace.0,
            slug
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        found(done.rows_affected())
    }

    /// The customers who had signed up before an instant and are not internal.
    async fn population(
        &self,
        workspace: &Workspace,
        as_of: Timestamp,
    ) -> Result<Members, StoreError> {
        let mut snapshot = self.snapshot(workspace.id).await?;
        let asked = Asked::new(&mut snapshot, workspace.id.0, as_of).await?;
        let population = asked
            .population(&mut snapshot, &self.activity, workspace)
            .await?;
        snapshot.commit().await?;
        Ok(population)
    }
}

async fn all(connection: &mut PgConnection, workspace: i32) -> Result<Vec<Saved>, StoreError> {
    let rows = sqlx::query_as!(
        SegmentRow,
        r#"select segment_id, slug, name, description, frozen_at,
                  condition as "condition: Json<Condition>"
           from segment where workspace_id = $1 order by lower(name), slug"#,
        workspace
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Saved::from).collect())
}

async fn insert(
    transaction: &mut Transaction<'_, Postgres>,
    workspace: WorkspaceId,
    new: &NewSegment,
    condition: Option<&Condition>,
    frozen_at: Option<Timestamp>,
) -> Result<i32, StoreError> {
    check_segment_name(&new.name)?;
    check_description(&new.description)?;
    Ok(sqlx::query_scalar!(
        "insert into segment (workspace_id, slug, name, description, condition, frozen_at)
         values ($1, $2, $3, $4, $5, $6)
         returning segment_id",
        workspace.0,
        new.slug,
        new.name,
        new.description,
        condition.map(Json) as _,
        frozen_at.map(to_db)
    )
    .fetch_one(&mut **transaction)
    .await?)
}

async fn forget(
    transaction: &mut PgConnection,
    workspace: i32,
    segment: i32,
) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from segment_member where workspace_id = $1 and segment_id = $2",
        workspace,
        segment
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// Whether a change met a row.
fn found(rows: u64) -> Result<(), StoreError> {
    match rows {
        0 => Err(StoreError::NotFound),
        _ => Ok(()),
    }
}
