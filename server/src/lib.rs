//! Serves Holdfast: pages, files, health, and the command line. `main.rs` only calls [`commands::run`].

mod access;
mod account;
mod activities;
mod annotations;
mod api;
mod asker;
pub mod cluster;
pub mod commands;
pub mod config;
mod cookie;
pub mod demo;
mod entrance;
mod failure;
mod features;
pub mod folder;
mod guard;
mod health;
pub mod imports;
mod indexing;
mod limits;
mod links;
pub mod mail;
mod need;
pub mod notices;
pub mod outward;
mod people;
mod reports;
mod router;
mod segments;
mod shared;
mod slug;
pub mod telemetry;
mod upload;
pub mod webhook;

pub use router::{router, serve};
