//! What `store` promises, on a real Postgres. One program: the queries' futures are compiled once, not once a file.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod account_units;
mod accounts;
mod activity;
mod annotations;
mod churn;
mod comparison;
mod definitions;
mod engines;
mod erasure;
mod import;
mod kept;
mod keyless;
mod notices;
mod people;
mod quartiles;
mod reports;
mod retention;
mod role;
mod saved_activities;
mod segments;
mod tenants;
mod turns;
mod uploads;
mod world;
mod writer;
