//! Small worlds that ended a few days ago.

use aispend_simulator::{Quirks, World, WorldConfig};
use jiff::ToSpan;
use jiff::civil::Date;

use crate::vendors::today;

/// Which vendors and which generation of the cost API a company has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A Console organisation with the beta.
    Analytics,
    /// A Console organisation without it.
    Legacy,
    /// Console and Enterprise, both with the beta.
    Enterprise,
    /// Console and Enterprise, both without it.
    EnterpriseLegacy,
}

impl Shape {
    /// All.
    pub const ALL: [Self; 4] = [Self::Analytics, Self::Legacy, Self::Enterprise, Self::EnterpriseLegacy];
}

/// So many days before today.
pub fn days_ago(days: i64) -> Date {
    today().saturating_sub(days.days())
}

/// Six people and eight days, all of them over and final.
pub fn config(shape: Shape, seed: u64) -> WorldConfig {
    WorldConfig {
        enterprise: matches!(shape, Shape::Enterprise | Shape::EnterpriseLegacy),
        analytics: matches!(shape, Shape::Analytics | Shape::Enterprise),
        enterprise_analytics: shape == Shape::Enterprise,
        events_per_person_day: 4,
        quirks: Quirks::random(seed),
        ..WorldConfig::company(seed, 6, days_ago(11), days_ago(4))
    }
}

/// A world of a shape.
pub fn world(shape: Shape, seed: u64) -> World {
    World::generate(config(shape, seed))
}

/// A world without a single oddity, for stories about something else.
pub fn plain(shape: Shape, seed: u64) -> World {
    World::generate(WorldConfig { quirks: Quirks::NONE, ..config(shape, seed) })
}
