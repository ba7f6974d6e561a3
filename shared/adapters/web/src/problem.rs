//! What a person is told when something is wrong: what, and what to do about it.

use std::sync::atomic::{AtomicU64, Ordering};

use aispend_dashboards::{ExportError, ReadError};
use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

/// A problem. The page or the JSON about it is made where all answers pass.
#[derive(Debug, Clone)]
pub struct Problem {
    pub status: StatusCode,
    pub title: &'static str,
    pub text: String,
    pub remedy: String,
    pub reference: Option<String>,
}

static NEXT: AtomicU64 = AtomicU64::new(1);

/// Notes a cause in the log under a short reference, which is all that the page shows.
pub fn note(cause: &str) -> String {
    let reference = format!("{:x}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    tracing::error!(reference, cause, "a dashboard could not be read");
    reference
}

impl Problem {
    fn new(status: StatusCode, title: &'static str, text: &str, remedy: &str) -> Self {
        Self { status, title, text: text.to_owned(), remedy: remedy.to_owned(), reference: None }
    }

    pub fn not_found(text: &str) -> Self {
        let remedy = "Check the address, or begin at the Executive Summary.";
        Self::new(StatusCode::NOT_FOUND, "Not found", text, remedy)
    }

    pub fn method() -> Self {
        let text = "This page can be read, and nothing else.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "Not allowed", text, "Open the address in a browser.")
    }

    pub fn filter(text: &str) -> Self {
        let remedy = "Correct the filter in the address, or choose it on the page.";
        Self::new(StatusCode::BAD_REQUEST, "A filter cannot be understood", text, remedy)
    }

    pub fn host() -> Self {
        let text = "This server answers for this machine's own name alone.";
        let remedy = "Open it as http://127.0.0.1 with its port.";
        Self::new(StatusCode::MISDIRECTED_REQUEST, "Another name", text, remedy)
    }

    pub fn not_built(text: &str, remedy: &str) -> Self {
        Self::new(StatusCode::NOT_IMPLEMENTED, "Not available", text, remedy)
    }

    /// Ours: the cause goes to the log.
    pub fn ours(cause: &str) -> Self {
        let text = "The page could not be made.";
        let remedy = "Load it again; if it stays so, look for the reference in the log of `aispend serve`.";
        let reference = Some(note(cause));
        Self {
            reference,
            ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong", text, remedy)
        }
    }

    /// For programs.
    pub fn as_json(&self) -> Response {
        let body = json!({
            "status": self.status.as_u16(), "title": self.title, "detail": self.text,
            "remedy": self.remedy, "reference": self.reference,
        });
        (self.status, Json(body)).into_response()
    }

    /// Where even the page about it cannot be made.
    pub fn as_text(&self) -> Response {
        (self.status, format!("{}\n{}\n{}\n", self.title, self.text, self.remedy)).into_response()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NoData(text) => {
                let remedy = "Load data with `aispend run`, or see an invented company with `aispend demo`.";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "No data yet", &text, remedy)
            }
            ReadError::Failed(cause) => Self::ours(&cause),
        }
    }
}

impl From<ExportError> for Problem {
    fn from(error: ExportError) -> Self {
        Self::ours(&error.to_string())
    }
}
