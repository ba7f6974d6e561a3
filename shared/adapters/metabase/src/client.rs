//! The connection: who we are, how long we wait, what is tried again.

use std::time::Duration;

use reqwest::{Method, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::error::MetabaseError;

/// Calls about things.
const PATIENCE: Duration = Duration::from_secs(30);
/// Calls that run a query.
const QUERY_PATIENCE: Duration = Duration::from_mins(2);
/// Of a call that may be made twice.
const TRIES: u32 = 3;
/// The first pause; it doubles.
const PAUSE: Duration = Duration::from_millis(250);
/// No pause is longer.
const LONGEST: Duration = Duration::from_secs(8);
/// Letters of an error that are shown.
const SHOWN: usize = 300;

/// Who asks.
#[derive(Debug, Clone)]
pub enum Access {
    /// Nobody: health and the version alone.
    Nobody,
    /// A key.
    Key(SecretString),
    /// Somebody who signed in.
    Session(SecretString),
}

/// A client for one Metabase.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    access: Access,
    pause: Duration,
}

impl Client {
    /// For the Metabase at an address such as `https://metabase.example.com`.
    pub fn new(url: &str, access: Access) -> Self {
        // Whoever came first has installed the same one.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap_or_default();
        Self { http, url: url.trim_end_matches('/').to_owned(), access, pause: PAUSE }
    }

    /// The same as somebody else.
    #[must_use]
    pub fn as_somebody(&self, access: Access) -> Self {
        Self { access, ..self.clone() }
    }

    /// The same with another first pause: tests do not wait.
    #[must_use]
    pub fn pausing(self, pause: Duration) -> Self {
        Self { pause, ..self }
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Reads something; tried again where that may help.
    ///
    /// # Errors
    /// Nobody answers, or what it answered.
    pub async fn get(&self, path: &str) -> Result<Value, MetabaseError> {
        self.send(&Method::GET, path, None).await
    }

    /// Runs a query: what comes back may be a failure in words. Tried once.
    ///
    /// # Errors
    /// Nobody answers, or what it answered.
    pub async fn query(&self, path: &str, body: &Value) -> Result<Value, MetabaseError> {
        self.once(&Method::POST, path, Some(body), QUERY_PATIENCE).await.map_err(|(error, _)| error)
    }

    /// Sends one request. What may be sent twice is tried again; what makes something never is: whoever wants it again looks
    /// first whether it is there.
    ///
    /// # Errors
    /// Nobody answers, or what it answered.
    pub async fn send(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, MetabaseError> {
        let tries = if *method == Method::GET || *method == Method::PUT { TRIES } else { 1 };
        let mut pause = self.pause;
        let mut tried = 1;
        loop {
            match self.once(method, path, body, PATIENCE).await {
                Ok(value) => return Ok(value),
                Err((error, Some(after))) if tried < tries => {
                    tracing::debug!(%error, "metabase is asked again");
                    tokio::time::sleep(after.unwrap_or(pause).min(LONGEST)).await;
                    pause = (pause * 2).min(LONGEST);
                    tried += 1;
                }
                Err((error, _)) => return Err(error),
            }
        }
    }

    /// Once; a failure says whether it may pass, and when.
    async fn once(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
        patience: Duration,
    ) -> Result<Value, (MetabaseError, Option<Option<Duration>>)> {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.url)).timeout(patience);
        request = match &self.access {
            Access::Nobody => request,
            Access::Key(key) => request.header("x-api-key", key.expose_secret()),
            Access::Session(session) => request.header("x-metabase-session", session.expose_secret()),
        };
        if let Some(body) = body {
            request = request.json(body);
        }
        let transport = |source| {
            let (method, path, url) = (method.to_string(), path.to_owned(), self.url.clone());
            (MetabaseError::Transport { method, path, url, source }, Some(None))
        };
        let response = request.send().await.map_err(transport)?;
        let status = response.status();
        let after = retry_after(&response);
        let text = response.text().await.map_err(transport)?;
        if !status.is_success() {
            let (method, path) = (method.to_string(), path.to_owned());
            let message = text.chars().take(SHOWN).collect();
            let error = MetabaseError::Status { method, path, status: status.as_u16(), message };
            return Err((error, is_passing(status).then_some(after)));
        }
        // Bare text is an answer of some endpoints, and nothing one of others.
        Ok(serde_json::from_str(&text).unwrap_or(if text.is_empty() {
            Value::Null
        } else {
            Value::String(text)
        }))
    }
}

fn retry_after(response: &Response) -> Option<Duration> {
    let header = response.headers().get("retry-after")?.to_str().ok()?;
    header.parse().ok().map(Duration::from_secs)
}

fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504)
}

impl MetabaseError {
    /// The status it answered with, where it did.
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            Self::Version { .. }
            | Self::Transport { .. }
            | Self::Answer { .. }
            | Self::Access(_)
            | Self::Twice { .. }
            | Self::Starting(_)
            | Self::Cards(_)
            | Self::Unkept(_)
            | Self::Unsynced { .. } => None,
        }
    }
}
