//! A Metabase for tests: a small server with the same interface, the same memory and the same traps.
//!
//! It holds every request against the OpenAPI document beside this crate, keeps what it is given, and behaves like the
//! real one where a client gets hurt: a `PUT` of a dashboard replaces the whole grid, a mixed query form wipes a card,
//! a mapping without `card_id` does nothing. What a request did wrong is in [`FakeMetabase::violations`].
//!
//! `metabase-openapi.json` is an extract, shapes only, of a document that Metabase, Inc. publishes under the AGPL-3.0. It
//! is a test fixture: read from this folder while a test runs, and compiled into nothing.
//!
//! It never runs SQL itself. [`Options::answers`] does, with the text a template becomes once its tags are filled in.

#![expect(
    clippy::unnecessary_wraps,
    reason = "every endpoint answers in one form, also where nothing can go wrong"
)]

mod access;
mod cache;
mod cards;
mod collections;
mod contract;
mod dashboards;
mod dashcards;
mod data_graph;
mod databases;
mod dates;
mod exports;
mod faults;
mod filters;
mod graph;
mod groups;
mod items;
mod json;
mod keys;
mod notifications;
mod options;
mod pulses;
mod queries;
mod relax;
mod reply;
mod revisions;
mod routes;
mod run;
mod search;
mod server;
mod session;
mod settings;
mod snapshot;
mod sql;
mod state;
mod tables;
mod tabs;
mod translate;
mod users;
mod wire;
mod world;

pub use options::{Answers, Column, Options, Table, Version};
pub use server::FakeMetabase;
pub use world::Seen;
