//! Saved definitions of activity, and the streams that are derived from them.
//!
//! A definition by plain events is no more than their names, and is put in their place when a question is asked. One
//! with conditions on properties, or a workflow, is made a *derived stream*: the instants at which a customer did it are
//! rows of `event` under a number of their own, and are kept in the index, so that both engines, features and lists
//! read them as they read any event. `fill` makes and keeps them.

mod candidates;
mod fill;
mod preview;
mod rows;
mod save;

pub use candidates::Proposals;
pub use fill::{FillProgress, StreamDoubt};
pub use preview::{Matched, Preview};
pub use save::SaveActivity;

use crate::{StoreError, Workspace};
use analysis::query::{ActivityDefinition, QueryError, RetentionQuery};
use analysis::words;
use serde::Deserialize;
use sqlx::PgConnection;

/// A saved definition of activity, as `find_workspace` tells it (migration 0020).
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Activity {
    /// Its number in the workspace.
    pub id: i32,
    /// Its name in addresses.
    pub slug: String,
    /// What it says: the version that answers, or when there is none yet the newest.
    pub definition: ActivityDefinition,
    /// The number of that version, from 1.
    pub version: u32,
    /// Whether questions can be answered with it; a definition by plain events always is ready.
    pub ready: bool,
    /// Whether it has a stream of its own.
    pub derived: bool,
    /// A newer version that is being filled.
    pub next: Option<ActivityDefinition>,
}

impl Workspace {
    /// The saved definition of this name in addresses.
    pub fn activity(&self, slug: &str) -> Option<&Activity> {
        self.activities.iter().find(|one| one.slug == slug)
    }

    /// The workspace's own definition of activity; `None`: it has to be asked for.
    pub fn own_activity(&self) -> Option<&Activity> {
        let id = self.own_activity?;
        self.activities.iter().find(|one| one.id == id)
    }

    /// The saved definition of activity that answers a question, by its name in addresses and its version.
    pub fn answering(&self, query: &RetentionQuery) -> Option<(String, u32)> {
        let activity = match &query.activity {
            Some(slug) => self.activity(slug),
            None if !query.active.is_empty() || query.any_event => None,
            None => self.own_activity(),
        };
        activity.map(|one| (one.slug.clone(), one.version))
    }

    /// A question as it is counted: a definition by plain events is replaced by their names, one that has a stream is
    /// named. While a stream is not complete, a definition by events with conditions is asked of the raw events.
    pub(crate) fn resolve(&self, query: &RetentionQuery) -> Result<RetentionQuery, StoreError> {
        let mut query = query.clone();
        let activity = match &query.activity {
            Some(slug) => {
                let known = self.activity(slug);
                known.ok_or_else(|| StoreError::NoSuchActivity(slug.clone()))?
            }
            None if !query.active.is_empty() || query.any_event => return Ok(query),
            None => self.own_activity().ok_or(StoreError::NoActivity)?,
        };
        let definition = &activity.definition;
        let workflow = matches!(
            definition.rule,
            analysis::query::ActivityRule::Workflow { .. }
        );
        if workflow && !query.active_where.is_empty() {
            return Err(QueryError::ActivityWithNames.into());
        }
        if workflow && !activity.ready {
            return Err(StoreError::ActivityNotReady(activity.slug.clone()));
        }
        if activity.derived && activity.ready && query.active_where.is_empty() {
            query.activity = Some(activity.slug.clone());
            query.min_count = query.min_count.max(definition.at_least);
        } else {
            definition.ask_by_events(&mut query);
            // With the question's own conditions they may have become too many.
            query.validate()?;
        }
        Ok(query)
    }

    /// The definition whose stream a question about features would have to wait for: it asks of events with conditions.
    pub(crate) fn unfilled(
        &self,
        asked: &Option<String>,
        population: &RetentionQuery,
    ) -> Option<String> {
        let own = || self.own_activity().map(|own| own.slug.clone());
        let slug = asked.clone().or_else(own);
        slug.filter(|_| !population.active_where.is_empty())
    }

    /// The definition that a resolved question names, in words.
    pub(crate) fn activity_words(&self, query: &RetentionQuery) -> Option<String> {
        let activity = self.activity(query.activity.as_deref()?)?;
        let definition = &activity.definition;
        Some(format!(
            "{} ({})",
            definition.name,
            words::activity_rule(&definition.rule)
        ))
    }
}

/// The number of the stream of a saved definition, as it is in this snapshot.
pub(crate) async fn stream(
    snapshot: &mut PgConnection,
    workspace: &Workspace,
    slug: &str,
) -> Result<i32, StoreError> {
    let stream = sqlx::query_scalar!(
        r#"select v.event_name_id as "stream!"
           from activity a join activity_version v using (workspace_id, activity_id)
           where a.workspace_id = $1 and a.slug = $2 and v.filled_at is not null and v.event_name_id is not null
           order by v.version desc limit 1"#,
        workspace.id.0,
        slug
    )
    .fetch_optional(snapshot)
    .await?;
    stream.ok_or_else(|| StoreError::ActivityNotReady(slug.to_owned()))
}
