//! The Cursor Admin API: events are its money, the rest is people and productivity.

mod answer;
mod cycle;
mod daily_usage;
mod event;
mod json;
mod members;
mod plan;
mod spend;
mod usage_events;

pub use cycle::cycle_start;

use crate::Source;

pub use daily_usage::CursorDailyUsage;
pub use members::CursorMembers;
pub use plan::plan_named;
pub use spend::CursorSpend;
pub use usage_events::CursorUsageEvents;

/// One line a feed.
pub const SOURCES: &[&dyn Source] = &[&CursorMembers, &CursorDailyUsage, &CursorUsageEvents, &CursorSpend];
