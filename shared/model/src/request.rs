//! What a feed asks, and what came back: values, not connections.

use std::fmt::Write as _;

use crate::feed::Vendor;

/// How a question is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Parameters in the query.
    Get,
    /// Parameters in a JSON body.
    Post,
    /// A CSV file of the data folder, by name.
    File,
}

/// One question to a vendor. Holds no credential and no host: the adapter knows both.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Request {
    /// Whom to ask.
    pub vendor: Vendor,
    /// Whose key to use.
    pub org_id: String,
    /// How.
    pub method: Method,
    /// Absolute path, such as `/v1/organizations/cost_report`; a file's name for `Method::File`.
    pub path: String,
    /// Query parameters in order, not yet encoded.
    pub query: Vec<(String, String)>,
    /// Headers beside authentication, lower-case names.
    pub headers: Vec<(String, String)>,
    /// JSON body.
    pub body: Option<String>,
    /// Which part of the slice the answer holds: `cost`, `usage`, `api_keys` …
    pub role: String,
    /// Place among the pages of its role, from 0.
    pub page: u32,
}

impl Request {
    /// A GET with no parameters yet.
    pub fn get(vendor: Vendor, org_id: &str, role: &str, path: &str) -> Self {
        Self {
            vendor,
            org_id: org_id.to_owned(),
            method: Method::Get,
            path: path.to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            role: role.to_owned(),
            page: 0,
        }
    }

    /// A POST of a JSON body.
    pub fn post(vendor: Vendor, org_id: &str, role: &str, path: &str, body: String) -> Self {
        Self { method: Method::Post, body: Some(body), ..Self::get(vendor, org_id, role, path) }
    }

    /// With one more query parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.query.push((name.to_owned(), value.to_string()));
        self
    }

    /// With one more header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The value of a query parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The question as one line, for archive and errors: `GET /v1/…?starting_at=…`.
    pub fn line(&self) -> String {
        let mut line = match self.method {
            Method::Get => format!("GET {}", self.path),
            Method::Post => format!("POST {}", self.path),
            Method::File => format!("FILE {}", self.path),
        };
        for (place, (name, value)) in self.query.iter().enumerate() {
            let separator = if place == 0 { '?' } else { '&' };
            // Writing to a String cannot fail.
            write!(line, "{separator}{name}={value}").unwrap_or_default();
        }
        if let Some(body) = &self.body {
            write!(line, " {body}").unwrap_or_default();
        }
        line
    }
}

/// One answer, after retries: whatever status the vendor settled on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// HTTP status; 404 for a file that is not there.
    pub status: u16,
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    /// As received.
    pub body: Vec<u8>,
}

impl Response {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// True for 2xx.
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }
}
