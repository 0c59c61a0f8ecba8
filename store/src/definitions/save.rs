//! Saving, changing and deleting definitions.

use crate::{Store, StoreError, WorkspaceId};
use analysis::query::{ActivityDefinition, MAX_SLUG, is_slug};
use sqlx::PgConnection;
use sqlx::types::Json;

/// Names tried for a definition before giving up.
const SLUGS: u32 = 1_000;

/// A definition to be saved.
#[derive(Clone, Debug, PartialEq)]
pub struct SaveActivity {
    /// What it says.
    pub definition: ActivityDefinition,
    /// The saved definition that it replaces, or the name in addresses that a new one gets; made of its name when not
    /// given.
    pub slug: Option<String>,
    /// Whether it becomes the workspace's own.
    pub default: bool,
}

impl Store {
    /// Saves a definition and returns its name in addresses. A change makes a new version, which answers once its
    /// stream is complete (at once when it needs none).
    ///
    /// # Errors
    /// [`StoreError::Query`] for a definition that breaks a limit; when the data base can't answer.
    pub async fn save_activity(
        &self,
        workspace: WorkspaceId,
        save: &SaveActivity,
    ) -> Result<String, StoreError> {
        save.definition.validate()?;
        if save.slug.as_deref().is_some_and(|slug| !is_slug(slug)) {
            return Err(analysis::query::QueryError::ActivitySlug.into());
        }
        let mut transaction = self.tenant(workspace).await?;
        // One saves at a time, so that no two take the same name or version.
        sqlx::query!(
            "select from workspace where workspace_id = $1 for no key update",
            workspace.0
        )
        .fetch_one(&mut *transaction)
        .await?;
        let (id, slug) = activity(&mut transaction, workspace, save).await?;
        add_version(&mut transaction, workspace, id, &save.definition).await?;
        if save.default {
            own(&mut transaction, workspace, id).await?;
        }
        transaction.commit().await?;
        Ok(slug)
    }

    /// Makes a saved definition the workspace's own.
    ///
    /// # Errors
    /// [`StoreError::NoSuchActivity`].
    pub async fn set_own_activity(
        &self,
        workspace: WorkspaceId,
        slug: &str,
    ) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        let changed = sqlx::query!(
            "update workspace w set activity_id = a.activity_id
             from activity a where w.workspace_id = $1 and a.workspace_id = $1 and a.slug = $2",
            workspace.0,
            slug
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        match changed.rows_affected() {
            0 => Err(StoreError::NoSuchActivity(slug.to_owned())),
            _ => Ok(()),
        }
    }

    /// Deletes a saved definition; its stream is cleared away by [`Store::keep_activities`]. A workspace whose own it was
    /// has to be asked again.
    ///
    /// # Errors
    /// [`StoreError::NoSuchActivity`].
    pub async fn delete_activity(
        &self,
        workspace: WorkspaceId,
        slug: &str,
    ) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        sqlx::query!(
            "update workspace w set activity_id = null
             from activity a where w.workspace_id = $1 and a.workspace_id = $1 and a.slug = $2
               and w.activity_id = a.activity_id",
            workspace.0,
            slug
        )
        .execute(&mut *transaction)
        .await?;
        let deleted = sqlx::query!(
            "delete from activity where workspace_id = $1 and slug = $2",
            workspace.0,
            slug
        )
        .execute(&mut *transaction)
        .await?;
        if deleted.rows_affected() == 0 {
            return Err(StoreError::NoSuchActivity(slug.to_owned()));
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Sets what counts as active in this workspace when a question names nothing, by plain events; none asks for it
    /// again.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn set_active_events(
        &self,
        workspace: WorkspaceId,
        events: &[&str],
    ) -> Result<(), StoreError> {
        if events.is_empty() {
            let mut transaction = self.tenant(workspace).await?;
            sqlx::query!(
                "update workspace set activity_id = null where workspace_id = $1",
                workspace.0
            )
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            return Ok(());
        }
        let mut names: Vec<String> = events.iter().map(|&name| name.to_owned()).collect();
        names.sort();
        names.dedup();
        let save = SaveActivity {
            definition: ActivityDefinition::of_events("Active", names),
            slug: Some("active".to_owned()),
            default: true,
        };
        self.save_activity(workspace, &save).await?;
        Ok(())
    }
}

/// The number and the name of the definition that is saved, which is made if it is new.
async fn activity(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    save: &SaveActivity,
) -> Result<(i32, String), StoreError> {
    let taken = sqlx::query!(
        "select activity_id, slug from activity where workspace_id = $1",
        workspace.0
    )
    .fetch_all(&mut *connection)
    .await?;
    let slug = match &save.slug {
        Some(slug) => {
            if let Some(known) = taken.iter().find(|one| one.slug == *slug) {
                return Ok((known.activity_id, slug.clone()));
            }
            slug.clone()
        }
        None => {
            let base = slug_of(&save.definition.name);
            let mut free = (1..=SLUGS).map(|number| numbered(&base, number));
            let free = free.find(|slug| taken.iter().all(|one| one.slug != *slug));
            free.ok_or_else(|| StoreError::Conflict("activity_slug".to_owned()))?
        }
    };
    let id = sqlx::query_scalar!(
        "insert into activity (workspace_id, slug) values ($1, $2) returning activity_id",
        workspace.0,
        slug
    )
    .fetch_one(connection)
    .await?;
    Ok((id, slug))
}

/// The next version of a definition. Its stream is the one before when it does the same under another name.
async fn add_version(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    activity: i32,
    definition: &ActivityDefinition,
) -> Result<(), StoreError> {
    let before = sqlx::query!(
        r#"select version, definition as "definition: Json<ActivityDefinition>", event_name_id,
                  filled_at is not null as "filled!"
           from activity_version where workspace_id = $1 and activity_id = $2 order by version desc limit 1"#,
        workspace.0,
        activity
    )
    .fetch_optional(&mut *connection)
    .await?;
    let version = before.as_ref().map_or(1, |before| before.version + 1);
    let mut filled = definition.rule.is_plain();
    let mut stream = None;
    match before {
        Some(before) if before.definition.0 == *definition => return Ok(()),
        Some(before) if before.definition.0.rule == definition.rule => {
            stream = before.event_name_id;
            filled = before.filled;
        }
        _ if filled => {}
        _ => {
            let name = format!("activity {activity} version {version}");
            let made = sqlx::query_scalar!(
                "insert into event_name (workspace_id, name, derived) values ($1, $2, true) returning event_name_id",
                workspace.0,
                name
            )
            .fetch_one(&mut *connection)
            .await?;
            stream = Some(made);
        }
    }
    sqlx::query!(
        "insert into activity_version (workspace_id, activity_id, version, definition, event_name_id, filled_at)
         values ($1, $2, $3, $4, $5, case when $6 then now() end)",
        workspace.0,
        activity,
        version,
        Json(definition) as _,
        stream,
        filled
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn own(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    activity: i32,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update workspace set activity_id = $2 where workspace_id = $1",
        workspace.0,
        activity
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A name in addresses made of a name: its ASCII letters and digits with hyphens between them.
fn slug_of(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.to_lowercase().chars() {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(MAX_SLUG);
    match slug.trim_end_matches('-') {
        "" => "activity".to_owned(),
        slug => slug.to_owned(),
    }
}

/// The slug itself for the first, then with a number.
fn numbered(slug: &str, number: u32) -> String {
    if number == 1 {
        return slug.to_owned();
    }
    let suffix = format!("-{number}");
    let kept = slug.len().min(MAX_SLUG - suffix.len());
    format!("{}{suffix}", slug[..kept].trim_end_matches('-'))
}
