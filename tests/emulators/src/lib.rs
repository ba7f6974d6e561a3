//! Google's services on this machine, for tests: started as child processes, stopped with their owner.
//!
//! Pub/Sub is Google's own emulator with a patch (`InternalStatus.java`), BigQuery is bqemulator with several
//! (`bigquery_emulator.py`), Cloud Storage is fake-gcs-server, and Secret Manager is a stub in this process. What they need
//! is fetched by `cargo xtask fetch`.
//!
//! `cargo xtask emulators exec COMMAND…` starts all four and runs a command that finds them in its environment. Tests
//! share that one set, so each names its own project, topics, datasets and buckets; [`from_env`] reads the addresses. A
//! test that kills an emulator starts its own with [`Emulators::start`]; one that needs an outage and no loss of state
//! puts a [`Relay`] between.
//!
//! It never talks to Google, and knows none of our own crates.

mod emulators;
mod process;
mod relay;
mod secrets;
mod service;
mod tools;

pub use emulators::{Addresses, Emulators, from_env};
pub use relay::Relay;
pub use secrets::Secrets;
pub use service::Service;
pub use tools::missing;

/// Where Pub/Sub is, HTTP and gRPC: `127.0.0.1:port`, like all of these.
pub const PUBSUB: &str = "PUBSUB_EMULATOR_HOST";
/// Where BigQuery's REST interface is.
pub const BIGQUERY: &str = "BIGQUERY_EMULATOR_HOST";
/// Where BigQuery's Storage interface is: gRPC.
pub const BIGQUERY_STORAGE: &str = "BIGQUERY_STORAGE_EMULATOR_HOST";
/// Where Cloud Storage is: its JSON interface.
pub const STORAGE: &str = "STORAGE_EMULATOR_HOST";
/// Where Secret Manager is: its JSON interface.
pub const SECRET_MANAGER: &str = "SECRET_MANAGER_EMULATOR_HOST";
