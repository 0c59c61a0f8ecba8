//! When customers did what a definition says, from the raw events.

use crate::instant::from_db;
use crate::retention::filter_json;
use crate::{StoreError, WorkspaceId};
use analysis::query::ActivityRule;
use analysis::workflow::{Moment, completions};
use futures::TryStreamExt;
use index::month::micros;
use serde_json::{Value, json};
use sqlx::PgConnection;

/// An occurrence: the shard, the customer's number in it, and the instant in microseconds since 1970.
pub(super) type Occurrence = (i16, i32, i64);

/// A definition with the numbers of its events' names; those of names that were never stored are missing.
pub(super) struct Wanted {
    rule: ActivityRule,
    /// The numbers of its events.
    pub(super) ids: Vec<i32>,
    /// What each event or step needs, as the query reads it.
    parts: Value,
}

impl Wanted {
    pub(super) async fn new(
        connection: &mut PgConnection,
        workspace: WorkspaceId,
        rule: &ActivityRule,
    ) -> Result<Self, StoreError> {
        let known = sqlx::query!(
            "select event_name_id, name from event_name where workspace_id = $1 and not derived and name = any($2)",
            workspace.0,
            &rule.names()
        )
        .fetch_all(connection)
        .await?;
        let id = |name: &str| {
            let known = known.iter().find(|one| one.name == name);
            known.map(|one| one.event_name_id)
        };
        let places = 0_u32..;
        let parts = places.zip(rule.events()).filter_map(|(place, event)| {
            // Any of many events is one bit.
            let place = match rule {
                ActivityRule::AnyOf(_) => 0,
                ActivityRule::Workflow { .. } => place,
            };
            let tests: Value = event.conditions.iter().map(filter_json).collect();
            let id = id(&event.event)?;
            Some(json!({ "id": id, "bit": 1_i32 << place.min(30), "tests": tests }))
        });
        let parts: Value = parts.collect();
        Ok(Self {
            rule: rule.clone(),
            ids: known.into_iter().map(|one| one.event_name_id).collect(),
            parts,
        })
    }

    /// The occurrences of all customers of these shards, or of some, in the order of shard, customer and instant.
    pub(super) async fn occurrences(
        &self,
        connection: &mut PgConnection,
        workspace: WorkspaceId,
        shards: &[i16],
        customers: Option<&[i32]>,
    ) -> Result<Vec<Occurrence>, StoreError> {
        let mut rows = sqlx::query!(
            r#"select e.shard, e.customer_no, e.at, did.steps as "steps!"
               from event e, lateral (
                   select bit_or(p.bit) as steps
                   from jsonb_to_recordset($5::jsonb) as p(id integer, bit integer, tests jsonb)
                   where p.id = e.event_name_id
                     and (p.tests = '[]' or not exists (
                         select 1
                         from jsonb_to_recordset(p.tests)
                              as f(name text, op text, list jsonb, low float8, high float8)
                         where not passes(e.properties, f.name, f.op, f.list, f.low, f.high)))
               ) did
               where e.workspace_id = $1 and e.shard = any($2) and e.event_name_id = any($3)
                 and ($4::integer[] is null or e.customer_no = any($4)) and did.steps is not null
               order by e.shard, e.customer_no, e.at"#,
            workspace.0,
            shards,
            &self.ids,
            customers,
            self.parts
        )
        .fetch(connection);
        let mut found = Vec::new();
        let mut whose = None;
        let mut moments: Vec<Moment> = Vec::new();
        while let Some(row) = rows.try_next().await? {
            if whose != Some((row.shard, row.customer_no)) {
                self.add(whose, &mut moments, &mut found);
                whose = Some((row.shard, row.customer_no));
            }
            moments.push(Moment {
                at: micros(from_db(row.at)),
                steps: row.steps.unsigned_abs(),
            });
        }
        self.add(whose, &mut moments, &mut found);
        Ok(found)
    }

    /// What a customer did, as occurrences.
    fn add(
        &self,
        whose: Option<(i16, i32)>,
        moments: &mut Vec<Moment>,
        found: &mut Vec<Occurrence>,
    ) {
        let Some((shard, customer)) = whose else {
            return;
        };
        let instants = match &self.rule {
            ActivityRule::AnyOf(_) => moments.iter().map(|moment| moment.at).collect(),
            ActivityRule::Workflow { steps, within } => {
                completions(moments, steps.len(), i64::from(*within) * 1_000_000)
            }
        };
        found.extend(instants.into_iter().map(|at| (shard, customer, at)));
        moments.clear();
    }
}
