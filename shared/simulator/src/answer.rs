//! One door for all vendors: the path says whose it is.

use jiff::Timestamp;

use crate::facts::World;
use crate::http::{Request, Response};
use crate::{anthropic, cursor, google};

/// Whose endpoint a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Vendor {
    Anthropic,
    Cursor,
    Google,
}

impl Vendor {
    /// The vendor of a path.
    pub fn of(path: &str) -> Option<Self> {
        if path.starts_with("/v1/") {
            Some(Self::Anthropic)
        } else if path.starts_with("/teams/") || path.starts_with("/analytics/") {
            Some(Self::Cursor)
        } else if path.starts_with("/v4/") || path == "/token" {
            Some(Self::Google)
        } else {
            None
        }
    }
}

impl World {
    /// Answers a request as the vendors would on a good day. No clock, no faults, no side effects.
    pub fn handle(&self, now: Timestamp, request: &Request) -> Response {
        match Vendor::of(&request.path) {
            Some(Vendor::Anthropic) => anthropic::answer(self, now, request),
            Some(Vendor::Cursor) => cursor::answer(self, now, request),
            Some(Vendor::Google) if request.path == "/token" => google::token(self, now, request),
            Some(Vendor::Google) => google::answer(self, request),
            None => anthropic::error(404, "The requested resource could not be found."),
        }
    }
}
