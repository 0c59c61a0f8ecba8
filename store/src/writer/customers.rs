//! Customers: traits merged one by one, the latest wins.

use super::shards::{Customers, Journalled, Locked, look_up, plan_afresh};
use super::{Written, count};
use crate::erasure::Erased;
use crate::instant::{stored_micros, to_db};
use crate::{Store, StoreError, WorkspaceId};
use index::chunk::Event;
use index::segment::Segment;
use intake::CustomerRecord;
use serde_json::{Map, Value};
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashMap};
use time::OffsetDateTime;

/// What a set says of its customers, column by column.
struct Told<'a> {
    customers: Customers<'a>,
    signups: Vec<Option<OffsetDateTime>>,
    accounts: Vec<Option<String>>,
    traits: Vec<Value>,
}

impl<'a> Told<'a> {
    /// Rows of the same customer become one: what is said later wins, what is not said again stays.
    fn of(rows: impl IntoIterator<Item = &'a CustomerRecord>) -> Self {
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut ids = Vec::new();
        let mut signups = Vec::new();
        let mut accounts = Vec::new();
        let mut traits: Vec<Map<String, Value>> = Vec::new();
        for row in rows {
            let place = *places.entry(&row.customer).or_insert_with(|| {
                ids.push(row.customer.as_str());
                signups.push(None);
                accounts.push(None);
                traits.push(Map::new());
                ids.len() - 1
            });
            signups[place] = row.signup_at.map(to_db).or(signups[place]);
            if row.account.is_some() {
                accounts[place].clone_from(&row.account);
            }
            traits[place].extend(row.traits.clone());
        }
        Self {
            customers: Customers::new(ids),
            signups,
            accounts,
            traits: traits.into_iter().map(Value::Object).collect(),
        }
    }
}

impl Told<'_> {
    /// What the index has to know, by shard: the signups that were given.
    fn segments(&self, numbers: &[i32]) -> BTreeMap<i16, Journalled> {
        let mut shards: BTreeMap<i16, Vec<Event>> = BTreeMap::new();
        let told = self.customers.shards.iter().zip(numbers).zip(&self.signups);
        for ((&shard, number), signup) in told {
            if let Some(signup) = signup {
                shards.entry(shard).or_default().push(Event {
                    customer: number.unsigned_abs(),
                    at: stored_micros(*signup),
                });
            }
        }
        shards
            .into_iter()
            .map(|(shard, signups)| {
                let segment = Segment::new([], signups).to_bytes();
                (
                    shard,
                    Journalled {
                        segment,
                        span: None,
                    },
                )
            })
            .collect()
    }
}

impl Store {
    /// Stores or updates customers in one transaction. A row that changes nothing counts as a duplicate.
    ///
    /// # Errors
    /// When the data base can't answer, or refuses a row; then nothing of the set is stored.
    pub async fn write_customers(
        &self,
        workspace: WorkspaceId,
        rows: &[CustomerRecord],
    ) -> Result<Written, StoreError> {
        if rows.is_empty() {
            return Ok(Written::default());
        }
        let mut told = Told::of(rows);
        let touched = told.customers.touched();
        self.make_shards(workspace, &touched).await?;

        let mut transaction = self.tenant(workspace).await?;
        plan_afresh(&mut transaction).await?;
        let mut locked = Locked::new(&mut transaction, workspace, &touched).await?;
        let gone = Erased::of(&mut transaction, workspace, &touched).await?;
        let erased = rows.iter().filter(|row| gone.has(&row.customer)).count();
        if erased > 0 {
            told = Told::of(rows.iter().filter(|row| !gone.has(&row.customer)));
        }
        let ids = told.customers.owned_ids();
        let known = look_up(&mut transaction, workspace, &told.customers.shards, &ids).await?;
        let numbers: Vec<i32> = known
            .iter()
            .zip(&told.customers.shards)
            .map(|(known, &shard)| match known {
                Some(known) => known.customer_no,
                None => locked.take(shard),
            })
            .collect();
        let new: Vec<bool> = known.iter().map(Option::is_none).collect();
        let changed = update(&mut transaction, workspace, &told, &numbers, &new).await?;
        let customers_new =
            insert(&mut transaction, workspace, &told, &ids, &numbers, &new).await?;
        if changed + customers_new > 0 {
            let segments = told.segments(&numbers);
            locked.keep(&mut transaction, segments, true).await?;
        }
        transaction.commit().await?;
        let stored = changed + customers_new;
        Ok(Written {
            stored,
            duplicates: count(rows.len() - erased) - stored,
            erased: count(erased),
            customers_new,
        })
    }
}

async fn update(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    told: &Told<'_>,
    numbers: &[i32],
    new: &[bool],
) -> Result<u64, StoreError> {
    if new.iter().all(|new| *new) {
        return Ok(0);
    }
    let updated = sqlx::query!(
        "update customer c
         set traits = c.traits || told.traits,
             signup_given = coalesce(told.signup, c.signup_given),
             account_id = coalesce(told.account, c.account_id)
         from unnest($2::smallint[], $3::integer[], $4::timestamptz[], $5::text[], $6::jsonb[], $7::boolean[])
              as told(shard, customer_no, signup, account, traits, new)
         where not told.new
           and c.workspace_id = $1 and c.shard = told.shard and c.customer_no = told.customer_no
           and (c.traits || told.traits <> c.traits
                or coalesce(told.signup, c.signup_given) is distinct from c.signup_given
                or coalesce(told.account, c.account_id) is distinct from c.account_id)",
        workspace.0,
        &told.customers.shards,
        numbers,
        &told.signups as _,
        &told.accounts as _,
        &told.traits,
        new
    )
    .execute(connection)
    .await?;
    Ok(updated.rows_affected())
}

async fn insert(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    told: &Told<'_>,
    ids: &[String],
    numbers: &[i32],
    new: &[bool],
) -> Result<u64, StoreError> {
    let inserted = sqlx::query!(
        "insert into customer (workspace_id, shard, customer_no, external_id, signup_given, account_id, traits)
         select $1, shard, customer_no, external_id, signup, account, traits
         from unnest($2::smallint[], $3::integer[], $4::text[], $5::timestamptz[], $6::text[], $7::jsonb[], $8::boolean[])
              as told(shard, customer_no, external_id, signup, account, traits, new)
         where new
         order by shard, customer_no",
        workspace.0,
        &told.customers.shards,
        numbers,
        ids,
        &told.signups as _,
        &told.accounts as _,
        &told.traits,
        new
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected())
}
