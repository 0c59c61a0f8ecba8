//! What a Postgres says about itself. Not part of `store`: none of it is Holdfast's data, and it must be readable when
//! the structure is missing or not ours.

use sqlx::migrate::Migrator;
use sqlx::{Connection, FromRow, PgConnection};
use std::collections::BTreeMap;

/// Settings that decide whether data are safe, and what our role may do.
#[derive(Debug, FromRow)]
pub(super) struct Facts {
    /// As in `server_version_num`: 150018 is 15.18.
    pub(super) version: i32,
    pub(super) fsync: bool,
    pub(super) full_page_writes: bool,
    pub(super) synchronous_commit: bool,
    pub(super) checksums: bool,
    pub(super) listen_addresses: String,
    pub(super) role: String,
    pub(super) superuser: bool,
    pub(super) creates_roles: bool,
    pub(super) bypasses_row_security: bool,
}

impl Facts {
    pub(super) async fn read(connection: &mut PgConnection) -> sqlx::Result<Self> {
        sqlx::query_as(
            "select current_setting('server_version_num')::integer as version,
                    current_setting('fsync')::boolean as fsync,
                    current_setting('full_page_writes')::boolean as full_page_writes,
                    current_setting('synchronous_commit') <> 'off' as synchronous_commit,
                    current_setting('data_checksums')::boolean as checksums,
                    current_setting('listen_addresses') as listen_addresses,
                    rolname::text as role, rolsuper as superuser, rolcreaterole as creates_roles,
                    rolbypassrls as bypasses_row_security
             from pg_roles where rolname = current_user",
        )
        .fetch_one(connection)
        .await
    }
}

/// How the applied migrations compare with ours.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Migrations {
    /// All are applied; the newest.
    Current(i64),
    /// So many of ours are not applied.
    Missing(usize),
    /// One that we don't know was applied.
    Newer(i64),
    /// One was applied with other contents.
    Changed(i64),
}

pub(super) async fn migrations(
    connection: &mut PgConnection,
    known: &Migrator,
) -> sqlx::Result<Migrations> {
    let begun: bool = sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null")
        .fetch_one(&mut *connection)
        .await?;
    let applied: Vec<(i64, Vec<u8>)> = if begun {
        sqlx::query_as("select version, checksum from _sqlx_migrations where success")
            .fetch_all(connection)
            .await?
    } else {
        Vec::new()
    };
    let known: BTreeMap<i64, &[u8]> = known
        .iter()
        .map(|migration| (migration.version, migration.checksum.as_ref()))
        .collect();
    Ok(compare(&applied, &known))
}

fn compare(applied: &[(i64, Vec<u8>)], known: &BTreeMap<i64, &[u8]>) -> Migrations {
    for (version, checksum) in applied {
        match known.get(version) {
            None => return Migrations::Newer(*version),
            Some(ours) if ours != checksum => return Migrations::Changed(*version),
            Some(_) => {}
        }
    }
    match known.len() - applied.len() {
        0 => Migrations::Current(known.keys().next_back().copied().unwrap_or_default()),
        missing => Migrations::Missing(missing),
    }
}

/// The monthly partitions of the events.
#[derive(Debug, FromRow)]
pub(super) struct Partitions {
    pub(super) number: i64,
    pub(super) first: Option<String>,
    pub(super) last: Option<String>,
}

pub(super) async fn partitions(connection: &mut PgConnection) -> sqlx::Result<Partitions> {
    sqlx::query_as(
        "select count(*) as number,
                min(replace(substr(relname::text, 7), '_', '-')) as first,
                max(replace(substr(relname::text, 7), '_', '-')) as last
         from pg_inherits join pg_class on pg_class.oid = inhrelid
         where inhparent = to_regclass('event')",
    )
    .fetch_one(connection)
    .await
}

/// What a workspace holds.
#[derive(Debug, FromRow)]
pub(super) struct Counts {
    pub(super) customers: i64,
    /// As of the last import's end: counting them one by one can take minutes.
    pub(super) events: i64,
    pub(super) quarantined: i64,
}

pub(super) async fn counts(connection: &mut PgConnection, workspace: i32) -> sqlx::Result<Counts> {
    let mut transaction = connection.begin().await?;
    sqlx::query("select set_config('holdfast.workspace', $1::integer::text, true)")
        .bind(workspace)
        .execute(&mut *transaction)
        .await?;
    sqlx::query_as(
        "select (select count(*) from customer where workspace_id = $1) as customers,
                (select coalesce(sum(events), 0)::bigint from event_name where workspace_id = $1 and not derived) as events,
                (select count(*) from quarantine where workspace_id = $1) as quarantined",
    )
    .bind(workspace)
    .fetch_one(&mut *transaction)
    .await
}

#[cfg(test)]
mod tests {
    use super::{Migrations, compare};
    use std::collections::BTreeMap;

    #[test]
    fn applied_migrations_are_compared_with_ours() {
        let known: BTreeMap<i64, &[u8]> =
            BTreeMap::from([(1, b"one".as_slice()), (2, b"two".as_slice())]);
        let one = || (1, b"one".to_vec());
        let two = || (2, b"two".to_vec());
        for (applied, expected) in [
            (vec![one(), two()], Migrations::Current(2)),
            (vec![one()], Migrations::Missing(1)),
            (vec![], Migrations::Missing(2)),
            (vec![one(), two(), (3, vec![])], Migrations::Newer(3)),
            (vec![one(), (2, b"other".to_vec())], Migrations::Changed(2)),
        ] {
            assert_eq!(compare(&applied, &known), expected, "{applied:?}");
        }
    }
}
