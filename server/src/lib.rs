//! Serves Holdfast: pages, files, health, and the command line. `main.rs` only calls [`commands::run`].

mod activities;
mod api;
pub mod cluster;
pub mod commands;
pub mod config;
pub mod demo;
pub mod folder;
mod guard;
mod health;
pub mod imports;
mod indexing;
mod links;
mod reports;
mod router;
mod segments;
mod shared;
mod slug;
pub mod telemetry;
mod upload;

pub use router::{router, serve};
