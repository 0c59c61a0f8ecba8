//! Serves Holdfast: pages, files, health, and the command line. `main.rs` only calls [`commands::run`].

mod activities;
mod api;
pub mod cluster;
pub mod commands;
pub mod config;
pub mod demo;
mod failure;
mod features;
pub mod folder;
mod guard;
mod health;
pub mod imports;
mod indexing;
mod router;
mod segments;
mod slug;
pub mod telemetry;
mod upload;

pub use router::{router, serve};
