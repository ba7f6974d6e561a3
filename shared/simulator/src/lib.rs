//! The vendors, played: an invented organisation of any size, every endpoint aispend reads, their faults and
//! restatements on switches, and the truth computed from the facts.
//!
//! A [`World`] is made from a [`WorldConfig`] and a seed. [`World::handle`] answers a [`Request`] as Anthropic, Cursor
//! or Google would at a given moment: no clock, no I/O, no side effects. A [`Simulator`] puts a [`FaultPlan`] in front
//! of it; [`server`] puts it on a socket. [`World::restate`] changes the facts afterwards, and [`World::truth`] says
//! what the tables must add up to.
//!
//! ```
//! use aispend_simulator::{FaultPlan, Request, Simulator, Truth, World, WorldConfig};
//!
//! let world = World::generate(WorldConfig::small(7));
//! let now = world.end();
//! let key = world.keys.admin.clone();
//! let mut simulator = Simulator::new(world, FaultPlan::none());
//!
//! let request = Request::get("/v1/organizations/cost_report")
//!     .with("starting_at", "2026-10-05T00:00:00Z")
//!     .with("ending_at", "2026-10-06T00:00:00Z")
//!     .with("group_by[]", "workspace_id")
//!     .with("group_by[]", "description")
//!     .header("x-api-key", key)
//!     .header("anthropic-version", "2023-06-01");
//! assert_eq!(simulator.handle(now, &request).status, 200);
//!
//! let truth = simulator.world.truth(&simulator.world.scope(now));
//! let by_platform = Truth::total_by(&truth.claude_expenses, |row| row.platform);
//! assert!(by_platform["claude_code"] > 0);
//! ```
//!
//! This crate reads the vendors' contract for itself. It never uses the parsers, the money type or the allocation of
//! the other crates, so that one misreading cannot hide another.

mod amount;
mod answer;
mod anthropic;
mod calendar;
mod catalog;
mod config;
mod cursor;
mod dice;
mod facts;
mod faults;
mod google;
mod http;
mod json;
mod keys;
mod names;
mod plant;
mod restate;
pub mod server;
mod simulator;
pub mod truth;

pub use amount::Amount;
pub use answer::Vendor;
pub use config::{Quirks, WorldConfig};
pub use facts::{Strand, World};
pub use faults::{Fault, FaultLevel, FaultPlan, Faults};
pub use google::google_credentials;
pub use http::{Delivery, Request, Response};
pub use keys::Keys;
pub use plant::{HELP as PLANT_HELP, Plant, Planted};
pub use restate::{Platform, Restatement};
pub use simulator::Simulator;
pub use truth::{Generation, Scope, Truth};
