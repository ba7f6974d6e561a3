//! Feeds of one vendor.

use crate::Source;

/// One line a feed.
pub const SOURCES: &[&dyn Source] = &[];
