//! Erasing a customer: everything stored of him goes, and what names him later is not stored.

use crate::activity::{lock_shard, make_anew};
use crate::import::is_importing;
use crate::instant::from_db;
use crate::secret::random;
use crate::{Store, StoreError, WorkspaceId, shard};
use jiff::Timestamp;
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashSet};

/// Bytes of a workspace's key, and of a hash.
const BYTES: usize = 32;

/// What is stored of a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traces {
    /// Events.
    pub events: u64,
    /// Traits.
    pub traits: u64,
    /// When the first and the last of the events happened.
    pub span: Option<(Timestamp, Timestamp)>,
}

/// Where a customer is stored.
struct Place {
    shard: i16,
    customer_no: i32,
}

impl Store {
    /// What is stored of a customer.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for somebody who is not stored.
    pub async fn traces(
        &self,
        workspace: WorkspaceId,
        customer: &str,
    ) -> Result<Traces, StoreError> {
        let row = sqlx::query!(
            r#"select (select count(*) from jsonb_object_keys(c.traits)) as "traits!",
                      count(e.at) as "events!", min(e.at) as first, max(e.at) as last
               from customer c
               left join (event e join event_name n on n.workspace_id = e.workspace_id
                                                   and n.event_name_id = e.event_name_id and not n.derived)
                 on e.workspace_id = c.workspace_id and e.shard = c.shard and e.customer_no = c.customer_no
               where c.workspace_id = $1 and c.shard = $2 and c.external_id = $3
               group by c.workspace_id, c.shard, c.customer_no"#,
            workspace.0,
            shard(customer),
            customer
        )
        .fetch_one(&mut *self.tenant(workspace).await?)
        .await?;
        Ok(Traces {
            events: row.events.unsigned_abs(),
            traits: row.traits.unsigned_abs(),
            span: row.first.map(from_db).zip(row.last.map(from_db)),
        })
    }

    /// Erases a customer: his row with its traits, his events, the rows of imports that were rejected and name him, and what
    /// the index and saved segments hold of him. What remains is a keyed hash of his id, by which rows that name him are
    /// left out from then on. His shard's writers wait meanwhile; readers go on with what they have.
    ///
    /// Senders' keys of his events stay: they are hashes and name nobody.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for somebody who is not stored; [`StoreError::Refused`] while rows are brought in.
    pub async fn erase_customer(
        &self,
        workspace: WorkspaceId,
        customer: &str,
    ) -> Result<(), StoreError> {
        let shard = shard(customer);
        let mut transaction = self.tenant(workspace).await?;
        lock_shard(&mut transaction, workspace, shard).await?;
        // Importers remember customers' numbers, one of which is given to another below.
        if is_importing(&mut transaction, workspace).await? {
            return Err(StoreError::Refused(
                "Rows are being brought in just now. Erase when that has ended.",
            ));
        }
        let customer_no = sqlx::query_scalar!(
            "delete from customer where workspace_id = $1 and shard = $2 and external_id = $3 returning customer_no",
            workspace.0,
            shard,
            customer
        )
        .fetch_one(&mut *transaction)
        .await?;
        let place = Place { shard, customer_no };
        let events = delete_events(&mut transaction, workspace, &place).await?;
        close_the_gap(&mut transaction, workspace, &place).await?;
        forget_rejected(&mut transaction, workspace, customer).await?;
        keep_hash(&mut transaction, workspace, shard, customer).await?;
        make_anew(&mut transaction, workspace, shard).await?;
        transaction.commit().await?;
        self.count_more_events(workspace, &events).await?;
        self.refresh_traits(workspace).await?;
        Ok(())
    }
}

/// Deletes a customer's events, and tells how many fewer there are by the number of their name.
async fn delete_events(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    place: &Place,
) -> Result<BTreeMap<i32, i64>, StoreError> {
    let rows = sqlx::query!(
        r#"with gone as (
               delete from event where workspace_id = $1 and shard = $2 and customer_no = $3 returning event_name_id
           )
           select g.event_name_id as "name!", count(*) as "events!"
           from gone g join event_name n on n.workspace_id = $1 and n.event_name_id = g.event_name_id
           where not n.derived
           group by 1"#,
        workspace.0,
        place.shard,
        place.customer_no
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.name, -row.events))
        .collect())
}

/// Gives the shard's last customer the number that became free: everything counts on numbers without gaps.
async fn close_the_gap(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    place: &Place,
) -> Result<(), StoreError> {
    let last = sqlx::query_scalar!(
        r#"update shard set next_customer_no = next_customer_no - 1
           where workspace_id = $1 and shard = $2
           returning next_customer_no as "last!""#,
        workspace.0,
        place.shard
    )
    .fetch_one(&mut *connection)
    .await?;
    // Who was not there yet when a segment was frozen lies beyond its string of bits.
    sqlx::query!(
        "update segment_member
         set members = case when $4 < 8 * octet_length(members)
                            then set_bit(set_bit(members, $3, get_bit(members, $4)), $4, 0)
                            else set_bit(members, $3, 0) end
         where workspace_id = $1 and shard = $2 and $3 < 8 * octet_length(members)",
        workspace.0,
        place.shard,
        place.customer_no,
        last
    )
    .execute(&mut *connection)
    .await?;
    if last == place.customer_no {
        return Ok(());
    }
    sqlx::query!(
        "update customer set customer_no = $3 where workspace_id = $1 and shard = $2 and customer_no = $4",
        workspace.0,
        place.shard,
        place.customer_no,
        last
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update event set customer_no = $3 where workspace_id = $1 and shard = $2 and customer_no = $4",
        workspace.0,
        place.shard,
        place.customer_no,
        last
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes rejected rows in which an id stands as a field of its own, however the file was written.
async fn forget_rejected(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    customer: &str,
) -> Result<(), StoreError> {
    sqlx::query!(
        r#"delete from quarantine
           where workspace_id = $1 and position($2 in raw) > 0
             and ($2 = any(regexp_split_to_array(raw, '\s*[,;|"\t\r\n]\s*')) or $2 ~ '[,;|"\t\r\n]')"#,
        workspace.0,
        customer
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn keep_hash(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    shard: i16,
    customer: &str,
) -> Result<(), StoreError> {
    let key = sqlx::query_scalar!(
        r#"update workspace set erasure_key = coalesce(erasure_key, $2) where workspace_id = $1
           returning erasure_key as "key!""#,
        workspace.0,
        &random()[..]
    )
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into erased (workspace_id, shard, hash) values ($1, $2, $3)",
        workspace.0,
        shard,
        &hash(&key, customer)[..]
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn hash(key: &[u8], customer: &str) -> [u8; BYTES] {
    let mut known = [0; BYTES];
    // The column's check admits no other length.
    known.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    *blake3::keyed_hash(&known, customer.as_bytes()).as_bytes()
}

/// Those who were erased, as far as some shards go.
pub(crate) struct Erased {
    key: Vec<u8>,
    hashes: HashSet<Vec<u8>>,
}

impl Erased {
    /// Of shards that the transaction has locked.
    pub(crate) async fn of(
        connection: &mut PgConnection,
        workspace: WorkspaceId,
        shards: &[i16],
    ) -> Result<Self, StoreError> {
        let rows = sqlx::query!(
            r#"select e.hash, w.erasure_key as "key!"
               from erased e join workspace w using (workspace_id)
               where e.workspace_id = $1 and e.shard = any($2)"#,
            workspace.0,
            shards
        )
        .fetch_all(connection)
        .await?;
        let key = rows.first().map(|row| row.key.clone()).unwrap_or_default();
        let hashes = rows.into_iter().map(|row| row.hash).collect();
        Ok(Self { key, hashes })
    }

    /// Whether a customer is among them.
    pub(crate) fn has(&self, customer: &str) -> bool {
        !self.hashes.is_empty() && self.hashes.contains(&hash(&self.key, customer)[..])
    }
}
