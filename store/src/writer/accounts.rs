//! Accounts and their contracts. They live in the shard of the account's external id.

use super::{AccountRow, ContractRow, Written, count};
use crate::{Store, StoreError, WorkspaceId, shard};
use jiff::civil::Date;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

impl Store {
    /// Stores or updates accounts in one transaction; traits given later win, one by one. A row that changes nothing
    /// counts as a duplicate.
    ///
    /// # Errors
    /// When the data base can't answer, or refuses a row; then nothing of the set is stored.
    pub async fn write_accounts(
        &self,
        workspace: WorkspaceId,
        rows: &[AccountRow],
    ) -> Result<Written, StoreError> {
        // Each account once and in order: two writers of the same accounts then wait in a line, not in a circle.
        let mut told: BTreeMap<(i16, &str), Map<String, Value>> = BTreeMap::new();
        for row in rows {
            told.entry((shard(&row.account), &row.account))
                .or_default()
                .extend(row.traits.clone());
        }
        let mut shards = Vec::with_capacity(told.len());
        let mut ids = Vec::with_capacity(told.len());
        let mut traits = Vec::with_capacity(told.len());
        for ((shard, id), own) in told {
            shards.push(shard);
            ids.push(id.to_owned());
            traits.push(Value::Object(own));
        }
        let mut transaction = self.tenant(workspace).await?;
        let written = sqlx::query!(
            "insert into account (workspace_id, shard, external_id, traits)
             select $1, shard, external_id, traits
             from unnest($2::smallint[], $3::text[], $4::jsonb[]) as told(shard, external_id, traits)
             on conflict (workspace_id, shard, external_id) do update
             set traits = account.traits || excluded.traits
             where account.traits || excluded.traits <> account.traits",
            workspace.0,
            &shards,
            &ids,
            &traits
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(written_of(rows.len(), written.rows_affected()))
    }

    /// Stores or replaces contracts in one transaction. A row that changes nothing counts as a duplicate.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when an account is not there or a contract ends before it starts; then nothing of the
    /// set is stored.
    pub async fn write_contracts(
        &self,
        workspace: WorkspaceId,
        rows: &[ContractRow],
    ) -> Result<Written, StoreError> {
        let mut told: BTreeMap<(i16, &str, &str), &ContractRow> = BTreeMap::new();
        for row in rows {
            told.insert((shard(&row.account), &row.contract, &row.account), row);
        }
        let shards: Vec<i16> = told.keys().map(|(shard, ..)| *shard).collect();
        let told: Vec<&ContractRow> = told.into_values().collect();
        let column = |text: fn(&ContractRow) -> &str| -> Vec<String> {
            told.iter().map(|row| text(row).to_owned()).collect()
        };
        let dates = |date: fn(&ContractRow) -> Option<Date>| -> Vec<Option<time::Date>> {
            told.iter().map(|row| date(row).map(to_db_date)).collect()
        };
        let monthly: Vec<i64> = told.iter().map(|row| row.monthly_minor).collect();
        let plans: Vec<Option<String>> = told.iter().map(|row| row.plan.clone()).collect();
        let mut transaction = self.tenant(workspace).await?;
        let written = sqlx::query!(
            "insert into contract as c (workspace_id, shard, account_id, contract_id, starts_on, ends_on, cancelled_on,
                                        monthly_minor, plan)
             select $1, told.*
             from unnest($2::smallint[], $3::text[], $4::text[], $5::date[], $6::date[], $7::date[], $8::bigint[],
                         $9::text[]) as told
             on conflict on constraint contract_pkey do update
             set account_id = excluded.account_id, starts_on = excluded.starts_on, ends_on = excluded.ends_on,
                 cancelled_on = excluded.cancelled_on, monthly_minor = excluded.monthly_minor, plan = excluded.plan
             where (c.account_id, c.starts_on, c.ends_on, c.cancelled_on, c.monthly_minor, c.plan)
                   is distinct from (excluded.account_id, excluded.starts_on, excluded.ends_on, excluded.cancelled_on,
                                     excluded.monthly_minor, excluded.plan)",
            workspace.0,
            &shards,
            &column(|row| &row.account),
            &column(|row| &row.contract),
            &dates(|row| Some(row.starts_on)) as _,
            &dates(|row| row.ends_on) as _,
            &dates(|row| row.cancelled_on) as _,
            &monthly,
            &plans as _
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(written_of(rows.len(), written.rows_affected()))
    }
}

fn written_of(rows: usize, stored: u64) -> Written {
    Written {
        stored,
        duplicates: count(rows) - stored,
        ..Written::default()
    }
}

fn to_db_date(date: Date) -> time::Date {
    let day = u16::try_from(date.day_of_year()).expect("a day of the year");
    time::Date::from_ordinal_date(date.year().into(), day)
        .expect("jiff's years -9999..=9999 are time's years as well")
}
