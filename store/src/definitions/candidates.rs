//! Which events are worth proposing as activity.

use super::preview::Sample;
use crate::{Store, StoreError, Workspace};
use analysis::candidates::{Usage, candidates, no_value};

/// About so many events are looked at; of more, some shards stand for all.
const EVENTS: i64 = 300_000;

/// What is proposed to a workspace.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposals {
    /// Events that many customers do and come back to, the best first.
    pub candidates: Vec<Usage>,
    /// Events that are never proposed, because they show no value, by name.
    pub left_out: Vec<String>,
}

impl Store {
    /// Looks at how customers use the events of a workspace, and proposes some as activity.
    ///
    /// # Errors
    /// The data base's.
    pub async fn propose_activities(&self, workspace: &Workspace) -> Result<Proposals, StoreError> {
        let mut snapshot = self.snapshot(workspace.id).await?;
        let sample = Sample::of(&mut snapshot, workspace, None, EVENTS).await?;
        let rows = sqlx::query!(
            r#"with seen as (
                   select e.shard, e.customer_no, e.event_name_id, e.at,
                          min(e.at) over (partition by e.shard, e.customer_no, e.event_name_id) as first,
                          max(e.at) over (partition by e.shard, e.customer_no) as last
                   from event e join event_name n using (workspace_id, event_name_id)
                   where e.workspace_id = $1 and e.shard = any($2) and not n.derived
               ), used as (
                   select event_name_id, shard, customer_no,
                          count(distinct div(extract(epoch from at - first), 604800)) as weeks,
                          max(div(extract(epoch from last - first), 604800)) + 1 as lived
                   from seen group by 1, 2, 3
               )
               select n.name, count(*) as "customers!", avg(u.weeks::float8 / u.lived::float8) as "regularity!",
                      (select count(distinct (shard, customer_no)) from used) as "of!"
               from used u join event_name n on n.workspace_id = $1 and n.event_name_id = u.event_name_id
               group by n.name order by n.name"#,
            workspace.id.0,
            &sample.shards
        )
        .fetch_all(&mut *snapshot)
        .await?;
        snapshot.commit().await?;
        let usage: Vec<Usage> = rows
            .into_iter()
            .map(|row| Usage {
                event: row.name,
                customers: row.customers.unsigned_abs(),
                of: row.of.unsigned_abs(),
                regularity: row.regularity,
            })
            .collect();
        let names = usage.iter().map(|one| one.event.clone());
        let left_out = names.filter(|name| no_value(name).is_some()).collect();
        Ok(Proposals {
            candidates: candidates(usage),
            left_out,
        })
    }
}
