//! JSON over HTTP with Google's credentials, for calls that the clients have no method for, or only one that the
//! emulators do not speak.

use std::time::Duration;

use futures::future::BoxFuture;
use google_cloud_auth::credentials::{CacheableResource, Credentials};
use google_cloud_gax::backoff_policy::BackoffPolicy as _;
use google_cloud_gax::error::CredentialsError;
use google_cloud_gax::exponential_backoff::{ExponentialBackoff, ExponentialBackoffBuilder};
use google_cloud_gax::retry_state::RetryState;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, StatusCode};
use tokio::time::Instant;

/// One answer must come within.
const ATTEMPT: Duration = Duration::from_mins(1);

use crate::Place;

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum RestError {
    /// No token could be had.
    #[error("no token for Google: {0}")]
    Credentials(#[from] CredentialsError),
    /// The service could not be reached, or did not finish its answer.
    #[error("no answer from {place}")]
    Transport {
        /// Host and path, without a query.
        place: String,
        /// What the client said.
        #[source]
        source: reqwest::Error,
    },
    /// The service refused.
    #[error("{place} answered {status}: {text}")]
    Status {
        /// Host and path, without a query.
        place: String,
        /// What it answered.
        status: StatusCode,
        /// The beginning of its words.
        text: String,
    },
}

impl RestError {
    /// True where the thing asked for is not there.
    pub fn is_missing(&self) -> bool {
        self.status() == Some(StatusCode::NOT_FOUND)
    }

    /// What the service answered, where it did.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Status { status, .. } => Some(*status),
            Self::Credentials(_) | Self::Transport { .. } => None,
        }
    }

    /// True where the same call may succeed a moment later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Credentials(error) => error.is_transient(),
            Self::Transport { .. } => true,
            Self::Status { status, .. } => {
                matches!(*status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
                    || status.is_server_error()
            }
        }
    }
}

/// Waits between tries: half a second, doubling to ten, with jitter. The clients' own default grows to a minute, in which
/// a short bound has room for few tries.
pub fn backoff() -> ExponentialBackoff {
    ExponentialBackoffBuilder::new()
        .with_initial_delay(Duration::from_millis(500))
        .with_maximum_delay(Duration::from_secs(10))
        .clamp()
}

/// Text as one segment of a path: an object's name, with its slashes.
pub fn segment(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// A client for one service.
#[derive(Debug, Clone)]
pub struct Rest {
    client: reqwest::Client,
    credentials: Credentials,
    base: String,
}

impl Rest {
    /// Over a service, or Google's own address where the place names none.
    pub fn new(place: &Place, default_base: &str) -> Self {
        let client =
            reqwest::Client::builder().connect_timeout(Duration::from_secs(10)).build().unwrap_or_default();
        let base = place.endpoint.as_deref().unwrap_or(default_base).trim_end_matches('/').to_owned();
        Self { client, credentials: place.credentials.clone(), base }
    }

    /// Asks once; a `body` is sent as JSON. The answer's text.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&serde_json::Value>,
    ) -> Result<String, RestError> {
        self.once(method, path, query, body, ATTEMPT).await
    }

    /// Asks until the service answers, for that long at most: for calls that may be made twice.
    pub async fn call_patiently(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&serde_json::Value>,
        patience: Duration,
    ) -> Result<String, RestError> {
        let waits = backoff();
        let deadline = Instant::now() + patience;
        let mut attempts = 0_u32;
        loop {
            let remaining = deadline.saturating_duration_since(Instant::now());
            match self.once(method.clone(), path, query, body, remaining.min(ATTEMPT)).await {
                Err(error) if error.is_transient() => {
                    attempts += 1;
                    let wait = waits.on_failure(&RetryState::new(true).set_attempt_count(attempts));
                    if Instant::now() + wait >= deadline {
                        return Err(error);
                    }
                    tokio::time::sleep(wait).await;
                }
                settled => return settled,
            }
        }
    }

    fn once<'a>(
        &'a self,
        method: Method,
        path: &'a str,
        query: &'a [(&'a str, &'a str)],
        body: Option<&'a serde_json::Value>,
        timeout: Duration,
    ) -> BoxFuture<'a, Result<String, RestError>> {
        Box::pin(async move {
            let place = format!("{}{path}", self.base);
            let mut request = self.client.request(method, &place).query(query).timeout(timeout);
            #[expect(
                clippy::default_trait_access,
                reason = "its type is of a crate we do not name otherwise"
            )]
            let headers = self.credentials.headers(Default::default()).await?;
            if let CacheableResource::New { data, .. } = headers {
                request = request.headers(data);
            }
            if let Some(body) = body {
                request = request.json(body);
            }
            let lost = |source: reqwest::Error| RestError::Transport {
                place: place.clone(),
                source: source.without_url(),
            };
            let answer = request.send().await.map_err(lost)?;
            let status = answer.status();
            let text = answer.text().await.map_err(lost)?;
            if status.is_success() {
                return Ok(text);
            }
            Err(RestError::Status { place, status, text: text.chars().take(500).collect() })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use axum::http::StatusCode as Answer;

    use super::*;
    use crate::Google;

    fn rest(endpoint: String) -> Rest {
        let google = Google { storage: Some(endpoint), ..Google::default() };
        Rest::new(&google.storage().unwrap(), "https://never.test")
    }

    /// Busy so many times, then `done`; counts the calls.
    async fn service(busy: usize) -> (Rest, Arc<AtomicUsize>) {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        let router = Router::new().fallback(move |uri: axum::http::Uri| async move {
            let call = counted.fetch_add(1, Ordering::SeqCst);
            match uri.path() {
                "/none" => (Answer::NOT_FOUND, "no such thing".to_owned()),
                _ if call < busy => (Answer::SERVICE_UNAVAILABLE, "busy".to_owned()),
                path => (Answer::OK, format!("{path}?{}", uri.query().unwrap_or_default())),
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (rest(endpoint), calls)
    }

    #[tokio::test]
    async fn a_busy_service_is_asked_again_and_a_refusal_is_final() {
        let (rest, calls) = service(2).await;
        let path = format!("/o/{}", segment("a/b c"));
        let minute = Duration::from_mins(1);
        let answer = rest.call_patiently(Method::GET, &path, &[("q", "1 2")], None, minute).await.unwrap();
        assert_eq!((answer.as_str(), calls.load(Ordering::SeqCst)), ("/o/a%2Fb%20c?q=1+2", 3));
        let refused = rest.call_patiently(Method::GET, "/none", &[], None, minute).await.unwrap_err();
        assert!(refused.is_missing() && refused.to_string().ends_with("no such thing"), "{refused}");
        assert_eq!(calls.load(Ordering::SeqCst), 4);
    }

    #[tokio::test]
    async fn a_service_that_stays_busy_or_silent_is_given_up_in_time() {
        let second = Duration::from_secs(1);
        let (busy, _) = service(usize::MAX).await;
        // Accepts connections (the system does), and never answers.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        for rest in [busy, rest(format!("http://{}", silent.local_addr().unwrap()))] {
            let begun = Instant::now();
            let error = rest.call_patiently(Method::GET, "/", &[], None, second).await.unwrap_err();
            assert!(error.is_transient(), "{error}");
            assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        }
    }
}
