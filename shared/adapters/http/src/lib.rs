//! The one client that talks to vendors: keys, rate limits, retries, circuit breaker. Also reads the sheets folder.

mod breaker;
mod google;
mod limits;
mod once;
mod retry;
mod send;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aispend_model::{Method, Request, Response, Vendor};
use aispend_ports::{Clock, Fetch, FetchError, Key};
use async_trait::async_trait;

use breaker::Breaker;
pub use google::{GoogleCredentials, GoogleKeyError};
use limits::Limits;
pub use once::Once;
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
    AnthropicKey(Arc<dyn Key>),
    /// The same, of a claude.ai Enterprise organisation: its analytics have a limit per minute.
    AnthropicAnalyticsKey(Arc<dyn Key>),
    /// Basic, the key as user name, no password.
    CursorKey(Arc<dyn Key>),
    /// A service account's token.
    Google(GoogleCredentials),
    /// A token that somebody else gets, and gets anew when it is refused.
    Bearer(Arc<dyn Key>),
    /// None: a test's sheet server.
    Nothing,
}

impl Auth {
    fn key(&self) -> Option<&Arc<dyn Key>> {
        match self {
            Self::AnthropicKey(key)
            | Self::AnthropicAnalyticsKey(key)
            | Self::CursorKey(key)
            | Self::Bearer(key) => Some(key),
            Self::Google(_) | Self::Nothing => None,
        }
    }
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
    use std::sync::PoisonError;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use aispend_ports::SystemClock;
    use axum::Router;
    use axum::http::{HeaderMap, StatusCode};
    use secrecy::SecretString;
    use tokio::time::Instant;

    use super::*;

    fn client(base_url: &str) -> HttpFetch {
        let key: SecretString = "crsr_x".into();
        client_with(Vendor::Cursor, base_url, Auth::CursorKey(Arc::new(key)))
    }

    fn client_with(vendor: Vendor, base_url: &str, auth: Auth) -> HttpFetch {
        let account = Account { vendor, name: "account".to_owned(), base_url: base_url.to_owned(), auth };
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
        let request = Request::get(Vendor::Cursor, "account", "members", "/teams/members");
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

    /// A key with a newer value, which shows when it is read again.
    #[derive(Debug)]
    struct Rotated {
        current: Mutex<SecretString>,
        newest: &'static str,
        refreshed: AtomicUsize,
    }

    impl Rotated {
        fn new(current: &str, newest: &'static str) -> Arc<Self> {
            Arc::new(Self { current: Mutex::new(current.into()), newest, refreshed: AtomicUsize::new(0) })
        }
    }

    #[async_trait]
    impl Key for Rotated {
        fn current(&self) -> SecretString {
            self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
        }

        async fn refreshed(&self) -> SecretString {
            self.refreshed.fetch_add(1, Ordering::SeqCst);
            *self.current.lock().unwrap_or_else(PoisonError::into_inner) = self.newest.into();
            self.current()
        }
    }

    /// Opens to `good` only; counts the requests.
    async fn vendor(good: &'static str) -> (String, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        let router = Router::new().fallback(move |headers: HeaderMap| async move {
            counted.fetch_add(1, Ordering::SeqCst);
            let is_good = headers.get("x-api-key").is_some_and(|key| key == good);
            if is_good { StatusCode::OK } else { StatusCode::UNAUTHORIZED }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (base_url, asked)
    }

    /// Status, requests, readings of the key.
    async fn ask(key: Arc<Rotated>) -> (u16, usize, usize) {
        let (base_url, asked) = vendor("good").await;
        let fetch =
            client_with(Vendor::Anthropic, &base_url, Auth::AnthropicKey(Arc::clone(&key) as Arc<dyn Key>));
        let request = Request::get(Vendor::Anthropic, "account", "organisation", "/v1/organizations/me");
        let response = fetch.send(&request).await.unwrap();
        (response.status, asked.load(Ordering::SeqCst), key.refreshed.load(Ordering::SeqCst))
    }

    #[tokio::test]
    async fn a_refused_key_is_read_again_and_a_new_one_tried_once() {
        assert_eq!(ask(Rotated::new("good", "never read")).await, (200, 1, 0));
        assert_eq!(ask(Rotated::new("old", "good")).await, (200, 2, 1));
        assert_eq!(ask(Rotated::new("old", "old")).await, (401, 1, 1), "unchanged");
        assert_eq!(ask(Rotated::new("old", "also bad")).await, (401, 2, 1), "once");
    }

    #[tokio::test]
    async fn once_shows_an_answer_as_it_comes_and_asks_no_second_time() {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        let router = Router::new().fallback(move || async move {
            counted.fetch_add(1, Ordering::SeqCst);
            (StatusCode::BAD_GATEWAY, "<html>edge</html>")
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let request = Request::get(Vendor::Cursor, "account", "members", "/teams/members");
        let response = Once::new(client(&base_url)).send(&request).await.unwrap();
        assert_eq!((response.status, response.body.as_slice()), (502, &b"<html>edge</html>"[..]));
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_key_that_somebody_else_read_meanwhile_is_not_read_again() {
        let key = Rotated::new("old", "never read");
        let changing = Arc::clone(&key);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(move |headers: HeaderMap| async move {
            *changing.current.lock().unwrap_or_else(PoisonError::into_inner) = "good".into();
            let is_good = headers.get("x-api-key").is_some_and(|key| key == "good");
            if is_good { StatusCode::OK } else { StatusCode::UNAUTHORIZED }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        let fetch =
            client_with(Vendor::Anthropic, &base_url, Auth::AnthropicKey(Arc::clone(&key) as Arc<dyn Key>));
        let request = Request::get(Vendor::Anthropic, "account", "organisation", "/v1/organizations/me");
        assert_eq!(fetch.send(&request).await.unwrap().status, 200);
        assert_eq!(key.refreshed.load(Ordering::SeqCst), 0);
    }
}
