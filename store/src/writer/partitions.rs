//! The months of `event`.

use crate::{Store, StoreError};
use jiff::Timestamp;
use jiff::tz::Offset;
use sqlx::PgConnection;
use std::collections::BTreeSet;

impl Store {
    /// Makes the partitions of these months that are missing, in a transaction of their own: making one locks out all
    /// readers of `event` for a moment, which must not last as long as a set takes.
    pub(super) async fn make_partitions(&self, months: &BTreeSet<i32>) -> Result<(), StoreError> {
        if months.is_empty() {
            return Ok(());
        }
        let first_days: Vec<time::Date> = months.iter().map(|&month| first_day(month)).collect();
        let mut connection = self.pool.acquire().await?;
        if missing(&mut connection, &first_days).await?.is_empty() {
            return Ok(());
        }
        drop(connection);
        let mut transaction = self.pool.begin().await?;
        // One maker at a time, and each looks again when it is his turn. `event_partition` takes the same lock, but
        // looks in a cache that need not have heard of another's partition yet.
        sqlx::query!("select pg_advisory_xact_lock(hashtext('event_partition'))")
            .fetch_one(&mut *transaction)
            .await?;
        let missing = missing(&mut transaction, &first_days).await?;
        sqlx::query!(
            "select event_partition(month) from unnest($1::date[]) as month",
            &missing
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }
}

async fn missing(
    connection: &mut PgConnection,
    first_days: &[time::Date],
) -> Result<Vec<time::Date>, StoreError> {
    let missing = sqlx::query_scalar!(
        r#"select month as "month!" from unnest($1::date[]) as month
           where not exists (
               select 1 from pg_inherits i join pg_class c on c.oid = i.inhrelid
               where i.inhparent = 'event'::regclass and c.relname = to_char(month, '"event_"YYYY_MM'))"#,
        first_days
    )
    .fetch_all(connection)
    .await?;
    Ok(missing)
}

/// The month of an instant, in UTC as the partitions are, counted from January of the year 0.
pub(super) fn month(at: Timestamp) -> i32 {
    let date = Offset::UTC.to_datetime(at).date();
    i32::from(date.year()) * 12 + i32::from(date.month()) - 1
}

fn first_day(month: i32) -> time::Date {
    let number = u8::try_from(month.rem_euclid(12) + 1).expect("a month of the year");
    let name = time::Month::try_from(number).expect("a month of the year");
    time::Date::from_calendar_date(month.div_euclid(12), name, 1).expect("a year of jiff's")
}
