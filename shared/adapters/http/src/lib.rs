//! The one client that talks to vendors: keys, rate limits, retries, circuit breaker. Also reads the sheets folder.

mod breaker;
mod google;
mod limits;
mod retry;
mod send;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aispend_model::{Method, Request, Response, Vendor};
use aispend_ports::{Clock, Fetch, FetchError};
use async_trait::async_trait;
use secrecy::SecretString;

use breaker::Breaker;
pub use google::{GoogleCredentials, GoogleKeyError};
use limits::Limits;
pub use retry::RetryPolicy;

/// A key and where it opens. `Request::org_id` names the account by `name`.
#[derive(Debug, Clone)]
pub struct Account {
    /// Whom it asks.
    pub vendor: Vendor,
    /// How requests name it.
    pub name: String,
    /// Where, without a trailing slash.
    pub base_url: String,
    /// How it proves itself.
    pub auth: Auth,
}

/// How a request proves itself.
#[derive(Debug, Clone)]
pub enum Auth {
    /// `x-api-key` and `anthropic-version`.
    AnthropicKey(SecretString),
    /// The same, of a claude.ai Enterprise organisation: its analytics have a limit per minute.
    AnthropicAnalyticsKey(SecretString),
    /// Basic, the key as user name, no password.
    CursorKey(SecretString),
    /// A service account's token.
    Google(GoogleCredentials),
    /// None: a test's sheet server.
    Nothing,
}

/// How fast and how patiently.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// Cursor's admin endpoints, per account and minute.
    pub cursor_per_minute: u32,
    /// Cursor's usage events, per account and minute.
    pub cursor_events_per_minute: u32,
    /// Google Sheets, per minute.
    pub sheets_per_minute: u32,
    /// Anthropic's analytics endpoints, per Enterprise account and minute.
    pub anthropic_analytics_per_minute: u32,
    /// Requests at a time against Anthropic, per account.
    pub anthropic_at_once: usize,
    /// One answer must come within.
    pub timeout: Duration,
    /// When to give up.
    pub retry: RetryPolicy,
    /// CSV files for `Method::File`.
    pub sheets_folder: PathBuf,
}

/// Asks vendors over HTTP.
pub struct HttpFetch {
    client: reqwest::Client,
    accounts: HashMap<(Vendor, String), Account>,
    limits: Limits,
    breakers: HashMap<Vendor, Breaker>,
    tokens: Mutex<HashMap<String, google::Token>>,
    options: HttpOptions,
    clock: Arc<dyn Clock>,
}

/// Why the client cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be made")]
pub struct ClientError(#[from] reqwest::Error);

impl HttpFetch {
    /// A client for these accounts.
    ///
    /// # Errors
    /// When the TLS roots of this machine cannot be read.
    pub fn new(
        accounts: Vec<Account>,
        options: HttpOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ClientError> {
        // Somebody else in the process may have chosen a provider: theirs is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = reqwest::Client::builder()
            .user_agent(concat!("aispend/", env!("CARGO_PKG_VERSION")))
            .timeout(options.timeout)
            .connect_timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let limits = Limits::new(&options);
        let breakers = [Vendor::Anthropic, Vendor::Cursor, Vendor::Sheets]
            .into_iter()
            .map(|vendor| (vendor, Breaker::default()))
            .collect();
        let accounts =
            accounts.into_iter().map(|account| ((account.vendor, account.name.clone()), account)).collect();
        Ok(Self { client, accounts, limits, breakers, tokens: Mutex::default(), options, clock })
    }
}

#[async_trait]
impl Fetch for HttpFetch {
    async fn send(&self, request: &Request) -> Result<Response, FetchError> {
        if request.method == Method::File {
            return self.read_file(request);
        }
        self.send_patiently(request).await
    }
}

#[cfg(test)]
mod tests {
    use aispend_ports::SystemClock;
    use tokio::time::Instant;

    use super::*;

    fn client(base_url: &str) -> HttpFetch {
        let account = Account {
            vendor: Vendor::Cursor,
            name: "cursor".to_owned(),
            base_url: base_url.to_owned(),
            auth: Auth::CursorKey("crsr_x".into()),
        };
        let options = HttpOptions {
            cursor_per_minute: 1_000_000,
            cursor_events_per_minute: 1_000_000,
            sheets_per_minute: 60,
            anthropic_analytics_per_minute: 60,
            anthropic_at_once: 1,
            timeout: Duration::from_mins(2),
            retry: RetryPolicy::default(),
            sheets_folder: PathBuf::new(),
        };
        HttpFetch::new(vec![account], options, Arc::new(SystemClock::new(tokio::time::sleep))).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_vendor_that_refuses_connections_is_given_up_within_three_minutes_and_once_for_all() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let fetch = Arc::new(client(&format!("http://{closed}")));
        let request = Request::get(Vendor::Cursor, "cursor", "members", "/teams/members");
        let begun = Instant::now();
        // As the fetcher does: three at a time, hundreds in all.
        let slots = Arc::new(tokio::sync::Semaphore::new(3));
        let slices: Vec<_> = (0..300)
            .map(|_| {
                let (fetch, request, slots) = (Arc::clone(&fetch), request.clone(), Arc::clone(&slots));
                tokio::spawn(async move {
                    let _slot = slots.acquire_owned().await.unwrap();
                    fetch.send(&request).await.unwrap_err()
                })
            })
            .collect();
        let mut unsent = 0;
        for slice in slices {
            unsent += usize::from(matches!(slice.await.unwrap(), FetchError::Down { .. }));
        }
        assert!(unsent >= 297, "whoever was under way finds out, the others hear of it: {unsent}");
        let took = begun.elapsed();
        assert!(took <= Duration::from_mins(2), "{took:?}");
        assert!(matches!(fetch.send(&request).await, Err(FetchError::Down { .. })));
        assert_eq!(begun.elapsed(), took, "the next request does not wait again");
        // A while later somebody looks again, shortly.
        tokio::time::sleep(Duration::from_mins(2)).await;
        let begun = Instant::now();
        assert!(matches!(fetch.send(&request).await, Err(FetchError::Down { .. })));
        assert!(begun.elapsed() <= Duration::from_secs(5));
    }
}
