//! Whose fault a failure is, and so what becomes of the message.

use std::error::Error;
use std::time::Duration;

/// The three fates of a message that was not handled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disposition {
    /// The world's fault: give it back, to come again later.
    Retry {
        /// Not before.
        after: Option<Duration>,
    },
    /// The message's fault: park it whole, with its reason (from a short fixed list).
    Park {
        /// `unreadable`, `inexact`, `rejected`, `conservation`, `refused`, `clock` …
        reason: &'static str,
    },
    /// Ours: park it, and wake somebody.
    Bug,
}

/// Chooses a fate for every failure. Implemented beside the error, without a `_` arm.
pub trait Classify: Error + Send + Sync + 'static {
    /// What becomes of the message.
    fn disposition(&self) -> Disposition;
}

/// The error and its causes, one line.
pub fn error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
