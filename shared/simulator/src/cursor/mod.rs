//! Cursor's Admin API.

mod daily;
mod events;
mod members;
mod spend;

pub use daily::counters;
pub use events::SERVICES;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::Value;

use crate::calendar::DAY_MILLIS;
use crate::facts::World;
use crate::http::{Request, Response};
use crate::json::Json;

/// The end of the answer of an endpoint: errors are answers as well.
type Answer = Result<Response, Box<Response>>;

/// An error as the vendor words it.
pub fn error(status: u16, message: &str) -> Response {
    let name = match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        429 => "Too Many Requests",
        _ => "Internal Server Error",
    };
    let mut json = Json::new();
    json.open().field("error", name).field("message", message).close();
    Response::json(status, json.finish())
}

fn bad<T>(message: &str) -> Result<T, Box<Response>> {
    Err(Box::new(error(400, message)))
}

/// Answers one request.
pub fn answer(world: &World, now: Timestamp, request: &Request) -> Response {
    if !world.config().cursor || !is_authorized(world, request) {
        return error(401, "Invalid API key");
    }
    let answer = match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/teams/members") => Ok(members::answer(world)),
        ("POST", "/teams/daily-usage-data") => daily::answer(world, now, request),
        ("POST", "/teams/filtered-usage-events") => events::answer(world, now, request),
        ("POST", "/teams/spend") => spend::answer(world, now, request),
        ("GET", path) if path == "/teams/groups" || path.starts_with("/analytics/") => {
            Err(Box::new(error(403, "Enterprise access required")))
        }
        _ => Err(Box::new(error(404, "Not Found"))),
    };
    answer
        .unwrap_or_else(|problem| *problem)
        .header("date", now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

fn is_authorized(world: &World, request: &Request) -> bool {
    let Some(header) = request.header_value("authorization") else { return false };
    let Some(code) = header.strip_prefix("Basic ") else { return false };
    // The key is the name, and the password is empty.
    STANDARD.decode(code).is_ok_and(|bytes| bytes == format!("{}:", world.keys.cursor).as_bytes())
}

/// A request's body.
struct Body(Value);

impl Body {
    fn read(request: &Request) -> Result<Self, Box<Response>> {
        if request.body.is_empty() {
            return Ok(Self(Value::Object(serde_json::Map::new())));
        }
        match serde_json::from_slice(&request.body) {
            Ok(value @ Value::Object(_)) => Ok(Self(value)),
            _ => bad("Request body must be a JSON object"),
        }
    }

    fn number(&self, name: &str) -> Result<Option<i64>, Box<Response>> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_i64() {
                Some(number) => Ok(Some(number)),
                None => bad(&format!("{name} must be a number")),
            },
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    fn page(&self) -> Result<Option<usize>, Box<Response>> {
        match self.number("page")? {
            None => Ok(None),
            Some(page) if page >= 1 => Ok(Some(page as usize)),
            Some(_) => bad("page must be at least 1"),
        }
    }

    fn page_size(&self) -> Result<Option<usize>, Box<Response>> {
        match self.number("pageSize")? {
            None => Ok(None),
            Some(size) if (1..=1000).contains(&size) => Ok(Some(size as usize)),
            Some(_) => bad("pageSize must be between 1 and 1000"),
        }
    }

    /// The period asked for, in milliseconds, both ends included.
    fn period(&self, now: Timestamp) -> Result<(i64, i64), Box<Response>> {
        let end = self.number("endDate")?.unwrap_or_else(|| now.as_millisecond());
        let start = self.number("startDate")?.unwrap_or(end - 30 * DAY_MILLIS + 1);
        if start > end {
            return bad("startDate must be before endDate");
        }
        if end - start > 30 * DAY_MILLIS {
            return bad("Date range cannot exceed 30 days");
        }
        Ok((start, end))
    }
}
