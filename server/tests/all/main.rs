//! What the server promises, by its router and by its program. One program of tests: the server is linked once.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod access;
mod activities;
mod api;
mod cluster;
mod crash;
mod demo;
mod erasure;
mod exports;
mod features;
mod links;
mod login;
mod mail;
mod notices;
mod post;
mod scratch;
mod segments;
mod serve;
mod served;
mod upload;
mod webhook;
