//! Segments that are made of other segments.

use super::saved::all;
use crate::{Store, StoreError, WorkspaceId};
use analysis::query::QueryError;
use analysis::segment::{Condition, Segment};
use sqlx::PgConnection;
use std::collections::BTreeSet;

impl Store {
    /// The saved segments whose conditions name a segment, by name. Also frozen ones: made living again, they would ask
    /// for it.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn segment_users(
        &self,
        workspace: WorkspaceId,
        slug: &str,
    ) -> Result<Vec<Segment>, StoreError> {
        let all = all(&mut *self.tenant(workspace).await?, workspace.0).await?;
        let all = all.into_iter().map(|saved| saved.segment);
        Ok(all.filter(|segment| names(segment, slug)).collect())
    }
}

/// Whether a segment can have a condition: those that it names are there, and none of them is made of it.
///
/// # Errors
/// [`QueryError::UnknownSegment`], [`QueryError::SegmentCycle`].
pub(super) async fn check(
    transaction: &mut PgConnection,
    workspace: i32,
    slug: &str,
    condition: &Condition,
) -> Result<(), StoreError> {
    if condition.segments().is_empty() {
        return Ok(());
    }
    let segments = locked(transaction, workspace).await?;
    let mut ahead: Vec<&str> = condition.segments().into_iter().collect();
    let mut seen = BTreeSet::new();
    while let Some(next) = ahead.pop() {
        if next == slug {
            let slug = slug.to_owned();
            return Err(QueryError::SegmentCycle { slug }.into());
        }
        if !seen.insert(next) {
            continue;
        }
        let Some(found) = segments.iter().find(|segment| segment.slug == next) else {
            let slug = next.to_owned();
            return Err(QueryError::UnknownSegment { slug }.into());
        };
        // Who belongs to a frozen one is not asked of others.
        if let (Some(condition), false) = (&found.condition, found.is_frozen()) {
            ahead.extend(condition.segments());
        }
    }
    Ok(())
}

/// Whether a segment can go: no other is made of it.
///
/// # Errors
/// [`QueryError::SegmentInUse`].
pub(super) async fn unused(
    transaction: &mut PgConnection,
    workspace: i32,
    slug: &str,
) -> Result<(), StoreError> {
    let segments = locked(transaction, workspace).await?;
    match segments.into_iter().find(|segment| names(segment, slug)) {
        Some(user) => {
            let (slug, by) = (slug.to_owned(), user.slug);
            Err(QueryError::SegmentInUse { slug, by }.into())
        }
        None => Ok(()),
    }
}

fn names(segment: &Segment, slug: &str) -> bool {
    let condition = segment.condition.as_ref();
    condition.is_some_and(|condition| condition.segments().contains(slug))
}

/// All segments, which nobody else changes until the transaction ends: two changes at once could close a circle of which
/// neither sees the other half.
async fn locked(
    transaction: &mut PgConnection,
    workspace: i32,
) -> Result<Vec<Segment>, StoreError> {
    sqlx::query!(
        "select from workspace where workspace_id = $1 for no key update",
        workspace
    )
    .execute(&mut *transaction)
    .await?;
    let all = all(transaction, workspace).await?;
    Ok(all.into_iter().map(|saved| saved.segment).collect())
}
