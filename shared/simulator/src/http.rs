//! Requests and responses without a network.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;

/// One request, as a client would send it. Query names and values are decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET` or `POST`.
    pub method: String,
    /// Everything before the question mark, percent-encoding decoded.
    pub path: String,
    /// Names and values in the order they were sent.
    pub query: Vec<(String, String)>,
    /// Names in any case.
    pub headers: Vec<(String, String)>,
    /// The body as sent.
    pub body: Bytes,
}

impl Request {
    /// A `GET` without parameters.
    pub fn get(path: &str) -> Self {
        Self { method: "GET".into(), path: path.into(), ..Self::default() }
    }

    /// A `POST` with a body.
    pub fn post(path: &str, body: impl Into<Bytes>) -> Self {
        Self { method: "POST".into(), path: path.into(), body: body.into(), ..Self::default() }
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The first header of a name.
    pub fn header_value(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The first query parameter of a name.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Every query parameter of a name.
    pub fn parameters<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.query.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// How a response reaches the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Delivery {
    /// All of it.
    #[default]
    Whole,
    /// All of it, after this time.
    Slow(Duration),
    /// The connection closes after this many bytes of the body; what follows never arrives.
    Cut(usize),
    /// The connection closes before the first byte of the answer.
    Refused,
}

/// One response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(Cow<'static, str>, String)>,
    /// The whole body, also when the delivery cuts it.
    pub body: Bytes,
    /// What the network makes of it.
    pub delivery: Delivery,
}

impl Response {
    /// A JSON response.
    pub fn json(status: u16, body: Bytes) -> Self {
        let headers = vec![("content-type".into(), "application/json".into())];
        Self { status, headers, body, delivery: Delivery::Whole }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The first header of a name.
    pub fn header_value(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether the status says success.
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }
}
