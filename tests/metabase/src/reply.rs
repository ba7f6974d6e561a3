//! What the server answers, and the errors in Metabase's own words.

use serde_json::{Map, Value, json};

/// An answer without its connection.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub body: Body,
}

/// The bytes of an answer, and what they are.
#[derive(Clone, Debug)]
pub enum Body {
    Json(Value),
    Text(String),
    Bytes { kind: &'static str, bytes: Vec<u8> },
    Nothing,
}

/// A handler's answer: `Err` is an answer too, one that changed nothing.
pub type Answer = Result<Reply, Reply>;

pub fn json(value: impl Into<Value>) -> Reply {
    Reply { status: 200, body: Body::Json(value.into()) }
}

pub fn nothing() -> Reply {
    Reply { status: 204, body: Body::Nothing }
}

pub fn text(status: u16, message: &str) -> Reply {
    Reply { status, body: Body::Text(message.to_owned()) }
}

/// A body or a value that the server does not take, by the key that is wrong.
pub fn invalid(key: &str, message: impl Into<String>) -> Reply {
    let message = message.into();
    let named = |value: Value| Value::Object(Map::from_iter([(key.to_owned(), value)]));
    let body = json!({ "errors": named(json!(message)), "specific-errors": named(json!([message])) });
    Reply { status: 400, body: Body::Json(body) }
}

pub fn refused(message: &str) -> Reply {
    text(400, message)
}

pub fn unauthenticated() -> Reply {
    text(401, "Unauthenticated")
}

pub fn paid(feature: &str) -> Reply {
    let message = format!("{feature} is a paid feature not currently available to your instance.");
    Reply {
        status: 402,
        body: Body::Json(json!({ "message": message, "status": "error-premium-feature-not-available" })),
    }
}

pub fn forbidden() -> Reply {
    text(403, "You don't have permissions to do that.")
}

pub fn not_found() -> Reply {
    text(404, "Not found.")
}

pub fn no_such_endpoint() -> Reply {
    text(404, "API endpoint does not exist.")
}

pub fn stale() -> Reply {
    text(
        409,
        "Looks like someone else edited the permissions and your data is out of date. Please fetch new data and try again.",
    )
}

/// The server's own mistake, often caused by the client's.
pub fn broken(message: &str) -> Reply {
    let body = json!({ "message": message, "via": [], "cause": message, "trace": [] });
    Reply { status: 500, body: Body::Json(body) }
}
