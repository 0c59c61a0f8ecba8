//! Stores as they run: by a role that owns the tables and is bound by their row-level security. The tests' own role is a
//! superuser, so what they look up beside the store shows all there is.

use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use store::Store;

/// A store over the tests' data base, whose tables become its role's.
pub async fn limited(pool: PgPool) -> Store {
    let give = "
        do $$
        declare
            thing regclass;
        begin
            begin
                create role holdfast_limited nosuperuser nobypassrls nocreaterole nocreatedb;
            exception when duplicate_object or unique_violation then
                null;
            end;
            grant usage, create on schema public to holdfast_limited;
            for thing in
                select oid::regclass from pg_class
                where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
                  -- the others may be in use
                  and relowner <> 'holdfast_limited'::regrole
            loop
                execute format('alter table %s owner to holdfast_limited', thing);
            end loop;
        end $$";
    sqlx::raw_sql(give).execute(&pool).await.unwrap();
    Store::new(limited_pool(&pool))
}

/// Connections of that role.
pub fn limited_pool(pool: &PgPool) -> PgPool {
    let options = pool.connect_options().as_ref().clone();
    PgPoolOptions::new()
        .max_connections(10)
        .connect_lazy_with(options.options([("role", "holdfast_limited")]))
}
