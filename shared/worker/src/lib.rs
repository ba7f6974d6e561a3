//! What turns a stage into a process on Google Cloud: settings, doors, pull or push, health, and an orderly end.
//!
//! A worker's `main` is one call of [`main`] with the function that makes its stage. The stage cannot tell where it runs.

mod arguments;
mod dead;
mod deadline;
mod health;
mod oidc;
mod process;
mod push;
mod secrets;
mod server;
#[cfg(test)]
mod tests;
mod vendors;
mod world;

pub use arguments::{Arguments, Mode, SETTINGS_OF_ALL, help};
pub use dead::{dead_letters, drain_dead_letters};
pub use process::{Built, main};
pub use push::{Inlet, PushBus, Settled};
pub use secrets::{SecretRead, followed, revealed, secrets_read};
pub use vendors::{Pace, SheetsReader, http, lacks_sheets_key};
pub use world::{StartError, World};
