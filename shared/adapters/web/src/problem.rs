//! What a person is told when something is wrong: what, and what to do about it.

use std::sync::atomic::{AtomicU64, Ordering};

use aispend_dashboards::{ExportError, ReadError};
use aispend_picture::PictureError;
use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::gate::Turned;

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

    /// The archive no longer has a document.
    pub fn gone() -> Self {
        let text = "The archive no longer has this response: it keeps responses for a limited time, and its rows for longer.";
        let remedy = "Read the day again with `aispend run --from DAY --to DAY`: what the vendor answers now is archived, and the \
            rows name it.";
        Self::new(StatusCode::NOT_FOUND, "No longer archived", text, remedy)
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

    /// Not let in. Why goes to the log: it helps who sets the proxy up, and nobody who tries doors.
    pub fn turned(turned: &Turned) -> Self {
        let (status, title, text, remedy) = match turned {
            Turned::NoToken(_) | Turned::Token(_) => (
                StatusCode::UNAUTHORIZED,
                "Sign in",
                "This page is open to people who come through the sign-in in front of it.",
                "Open the address that you were given, not this server's own.",
            ),
            Turned::NotAllowed => (
                StatusCode::FORBIDDEN,
                "Not for this account",
                "This account is not among those that may look.",
                "Ask whoever runs aispend to add it to AISPEND_SERVE_ALLOWED, or sign in with another.",
            ),
            Turned::NoKeys { .. } => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Nobody can be let in just now",
                "The sign-in's public keys cannot be read.",
                "Try again in a minute.",
            ),
        };
        let reference = Some(note(&turned.to_string()));
        Self { reference, ..Self::new(status, title, text, remedy) }
    }

    pub fn too_much(text: &str) -> Self {
        let remedy = "Narrow the range or choose fewer filters. CSV, XLSX and JSON hold the same rows.";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Too much for a picture", text, remedy)
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

impl From<PictureError> for Problem {
    fn from(error: PictureError) -> Self {
        match error {
            PictureError::TooSlow(_) | PictureError::TooLarge(_) => {
                Self::too_much("This card has more in its chart than could be drawn.")
            }
            PictureError::Start(_)
            | PictureError::Script(_)
            | PictureError::Drawing(_)
            | PictureError::Png(_)
            | PictureError::Gone => Self::ours(&error.to_string()),
        }
    }
}

impl From<ExportError> for Problem {
    fn from(error: ExportError) -> Self {
        Self::ours(&error.to_string())
    }
}
