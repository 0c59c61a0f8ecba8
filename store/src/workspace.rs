//! Workspaces: one product's data each, with the zone and week that cut its periods.

use crate::people::{one_at_a_time, owned_by_administrators};
use crate::{Activity, Store, StoreError};
use analysis::period::WeekStart;
use analysis::query::{TraitFilter, check_filters};
use serde::{Deserialize, Serialize};
use sqlx::PgExecutor;
use sqlx::types::Json;
use std::collections::BTreeMap;

/// A workspace's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WorkspaceId(pub i32);

/// A workspace and its settings, as `find_workspace` tells them (migration 0020).
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Workspace {
    /// Its number.
    pub id: WorkspaceId,
    /// Its name in addresses.
    pub slug: String,
    /// Its name on pages.
    pub name: String,
    /// IANA zone.
    pub zone: String,
    /// First day of its weeks.
    pub week_start: WeekStart,
    /// Its saved definitions of activity, by age.
    pub activities: Vec<Activity>,
    /// The number of the definition used when a question names none; `None`: it has to be asked for.
    pub own_activity: Option<i32>,
    /// Who is internal or a test, and left out of every report: customers who meet any of these conditions.
    pub internal: Vec<TraitFilter>,
}

/// A workspace to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewWorkspace {
    /// 1 to 63 of `a-z 0-9 -`, not starting with `-`.
    pub slug: String,
    /// 1 to 200 characters.
    pub name: String,
    /// IANA zone.
    pub zone: String,
    /// First day of its weeks.
    pub week_start: WeekStart,
    /// ISO 4217 code.
    pub currency: String,
}

/// An event name and how often it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct EventCount {
    /// The event's name.
    pub name: String,
    /// Stored events, as of the last [`Store::refresh_summaries`].
    pub events: u64,
}

/// A trait and its most frequent values.
#[derive(Clone, Debug, PartialEq)]
pub struct TraitValues {
    /// The trait's name.
    pub name: String,
    /// Values with their customers, most frequent first.
    pub values: Vec<(String, u64)>,
}

impl TraitValues {
    /// From names with values, those of a name together.
    fn gathered(rows: impl Iterator<Item = (String, (String, u64))>) -> Vec<Self> {
        let mut traits: Vec<Self> = Vec::new();
        for (name, value) in rows {
            match traits.last_mut().filter(|last| last.name == name) {
                Some(last) => last.values.push(value),
                None => traits.push(Self {
                    name,
                    values: vec![value],
                }),
            }
        }
        traits
    }
}

/// Values kept for each trait: a chooser that offers more is not a chooser.
const VALUES_KEPT: i64 = 40;

impl Store {
    /// Makes a workspace. Its owners are all administrators.
    ///
    /// # Errors
    /// [`StoreError::Zone`] for an unknown zone, [`StoreError::Conflict`] for a taken or malformed slug.
    pub async fn create_workspace(&self, new: &NewWorkspace) -> Result<Workspace, StoreError> {
        analysis::period::Calendar::new(&new.zone, new.week_start)
            .map_err(|_| StoreError::Zone(new.zone.clone()))?;
        let mut transaction = self.system().await?;
        one_at_a_time(&mut transaction).await?;
        let id = sqlx::query_scalar!(
            "insert into workspace (slug, name, zone, week_start, currency) values ($1, $2, $3, $4, $5)
             returning workspace_id",
            new.slug,
            new.name,
            new.zone,
            new.week_start.as_str(),
            new.currency,
        )
        .fetch_one(&mut *transaction)
        .await?;
        owned_by_administrators(&mut transaction, WorkspaceId(id)).await?;
        transaction.commit().await?;
        self.workspace(&new.slug).await
    }

    /// All workspaces, oldest first.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn workspaces(&self) -> Result<Vec<Workspace>, StoreError> {
        let found = sqlx::query_scalar!(
            r#"select find_workspace(slug) as "found!: Json<Workspace>" from workspace order by workspace_id"#
        )
        .fetch_all(&mut *self.system().await?)
        .await?;
        Ok(found.into_iter().map(|found| found.0).collect())
    }

    /// One workspace by its slug.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn workspace(&self, slug: &str) -> Result<Workspace, StoreError> {
        // What can't be a slug is not asked for: Postgres would refuse some of it as text.
        if slug.len() > 63
            || !slug
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        {
            return Err(StoreError::NotFound);
        }
        let found = find(&self.pool, slug).await?;
        found.ok_or(StoreError::NotFound)
    }

    /// Sets who is internal or a test: customers who meet any of these conditions are left out of every report.
    ///
    /// # Errors
    /// [`StoreError::Query`] for a condition that breaks a limit; when the data base can't answer.
    pub async fn set_internal(
        &self,
        workspace: WorkspaceId,
        internal: &[TraitFilter],
    ) -> Result<(), StoreError> {
        check_filters(internal)?;
        let mut transaction = self.tenant(workspace).await?;
        sqlx::query!(
            "update workspace set internal = $2 where workspace_id = $1",
            workspace.0,
            Json(internal) as _
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Event names of a workspace, most frequent first.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn event_counts(
        &self,
        workspace: WorkspaceId,
    ) -> Result<Vec<EventCount>, StoreError> {
        let rows = sqlx::query!(
            "select name, events from event_name where workspace_id = $1 and not derived order by events desc, name",
            workspace.0
        )
        .fetch_all(&mut *self.tenant(workspace).await?)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| EventCount {
                name: row.name,
                events: row.events.unsigned_abs(),
            })
            .collect())
    }

    /// Traits of a workspace by name, each with its most frequent values.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn trait_values(
        &self,
        workspace: WorkspaceId,
    ) -> Result<Vec<TraitValues>, StoreError> {
        let rows = sqlx::query!(
            "select name, value, customers from trait_value where workspace_id = $1
             order by name, customers desc, value",
            workspace.0
        )
        .fetch_all(&mut *self.tenant(workspace).await?)
        .await?;
        let rows = rows.into_iter();
        Ok(TraitValues::gathered(rows.map(|row| {
            (row.name, (row.value, row.customers.unsigned_abs()))
        })))
    }

    /// The traits of accounts with their most frequent values, as counted last.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn account_trait_values(
        &self,
        workspace: WorkspaceId,
    ) -> Result<Vec<TraitValues>, StoreError> {
        let rows = sqlx::query!(
            "select name, value, accounts from account_trait_value where workspace_id = $1
             order by name, accounts desc, value",
            workspace.0
        )
        .fetch_all(&mut *self.tenant(workspace).await?)
        .await?;
        let rows = rows.into_iter();
        Ok(TraitValues::gathered(rows.map(|row| {
            (row.name, (row.value, row.accounts.unsigned_abs()))
        })))
    }

    /// Percent done of what is being loaded into a workspace just now; `None` when nothing is.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn loading(&self, workspace: WorkspaceId) -> Result<Option<u32>, StoreError> {
        let percent = sqlx::query_scalar!(
            r#"select min(done * 100 / greatest(total, 1))::integer as "percent?"
               from (select bytes_done, bytes_total from import
                     where workspace_id = $1 and phase in ('queued', 'running')
                     union all
                     select done, total from batch
                     where workspace_id = $1 and done < total and beat_at > now() - interval '30 seconds'
                    ) running (done, total)"#,
            workspace.0
        )
        .fetch_one(&mut *self.tenant(workspace).await?)
        .await?;
        Ok(percent.map(|percent| percent.unsigned_abs().min(100)))
    }

    /// Tells how far a long batch is: `done` of `total`, in whatever it counts. Complete when they are equal.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn beat(
        &self,
        workspace: WorkspaceId,
        batch: i32,
        done: u64,
        total: u64,
    ) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        sqlx::query!(
            "update batch set done = $3, total = $4, beat_at = now() where workspace_id = $1 and batch_id = $2",
            workspace.0,
            batch,
            i64::try_from(done).unwrap_or(i64::MAX),
            i64::try_from(total).unwrap_or(i64::MAX)
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Counts anew what the choosers offer. Called when an import or the demo data are complete.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn refresh_summaries(&self, workspace: WorkspaceId) -> Result<(), StoreError> {
        self.count_all_events(workspace).await?;
        self.refresh_traits(workspace).await
    }

    /// Counts the stored events of each name anew.
    pub(crate) async fn count_all_events(&self, workspace: WorkspaceId) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        sqlx::query!(
            "update event_name n set events = counted.events
             from (select event_name_id, count(*) as events from event where workspace_id = $1 group by 1) counted
             where n.workspace_id = $1 and n.event_name_id = counted.event_name_id and not n.derived
               and n.events is distinct from counted.events",
            workspace.0
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Adds events that were stored since they were counted, by the number of their name.
    pub(crate) async fn count_more_events(
        &self,
        workspace: WorkspaceId,
        stored: &BTreeMap<i32, i64>,
    ) -> Result<(), StoreError> {
        let (names, counts): (Vec<i32>, Vec<i64>) = stored.iter().unzip();
        let mut transaction = self.tenant(workspace).await?;
        // In the order of their numbers, in which all lock them.
        sqlx::query!(
            "with more as (
                 select n.event_name_id, told.stored
                 from event_name n join unnest($2::integer[], $3::bigint[]) as told(event_name_id, stored)
                   using (event_name_id)
                 where n.workspace_id = $1 order by n.event_name_id for update of n)
             update event_name n set events = n.events + more.stored
             from more where n.workspace_id = $1 and n.event_name_id = more.event_name_id",
            workspace.0,
            &names,
            &counts
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Counts the values of customers' and accounts' traits anew.
    pub(crate) async fn refresh_traits(&self, workspace: WorkspaceId) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        sqlx::query!(
            "delete from trait_value where workspace_id = $1",
            workspace.0
        )
        .execute(&mut *transaction)
        .await?;
        sqlx::query!(
            "insert into trait_value (workspace_id, name, value, customers)
             select $1, name, value, customers from (
                 select name, value, count(*) as customers,
                        row_number() over (partition by name order by count(*) desc, value) as place
                 from customer, jsonb_each_text(traits) as trait(name, value)
                 where workspace_id = $1 and value is not null
                 group by name, value) ranked
             where place <= $2",
            workspace.0,
            VALUES_KEPT
        )
        .execute(&mut *transaction)
        .await?;
        sqlx::query!(
            "delete from account_trait_value where workspace_id = $1",
            workspace.0
        )
        .execute(&mut *transaction)
        .await?;
        sqlx::query!(
            "insert into account_trait_value (workspace_id, name, value, accounts)
             select $1, name, value, accounts from (
                 select name, value, count(*) as accounts,
                        row_number() over (partition by name order by count(*) desc, value) as place
                 from account, jsonb_each_text(traits) as trait(name, value)
                 where workspace_id = $1 and value is not null
                 group by name, value) ranked
             where place <= $2",
            workspace.0,
            VALUES_KEPT
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// A workspace by its slug.
pub(crate) async fn find(
    executor: impl PgExecutor<'_>,
    slug: &str,
) -> Result<Option<Workspace>, StoreError> {
    let found = sqlx::query_scalar!(
        r#"select find_workspace($1) as "found: Json<Workspace>""#,
        slug
    )
    .fetch_one(executor)
    .await?;
    Ok(found.map(|found| found.0))
}
