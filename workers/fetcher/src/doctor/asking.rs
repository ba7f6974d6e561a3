//! Asks with little patience: a person waits.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aispend_model::{Method, Request, Response, Vendor};
use aispend_ports::{Clock, Fetch, FetchError};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::skew::ahead;

/// One try.
const ONE_TRY: Duration = Duration::from_secs(8);
/// Before the second and last one.
const PAUSE: Duration = Duration::from_secs(1);
/// All questions together.
const ALL: Duration = Duration::from_secs(25);

/// A client that tries twice, gives a vendor up that never answered, and notes what time the vendors say it is.
pub struct Asking<'a> {
    fetch: &'a dyn Fetch,
    clock: &'a dyn Clock,
    begun: Timestamp,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    answered: Vec<Vendor>,
    silent: BTreeMap<Vendor, FetchError>,
    ahead: Vec<SignedDuration>,
}

impl<'a> Asking<'a> {
    /// From now on.
    pub fn new(fetch: &'a dyn Fetch, clock: &'a dyn Clock) -> Self {
        Self { fetch, clock, begun: clock.now(), heard: Mutex::default() }
    }

    /// How far this machine's clock is ahead, by the answer that speaks best for it: a page from a cache has an old date.
    pub fn ahead(&self) -> Option<SignedDuration> {
        self.with(|heard| heard.ahead.iter().min_by_key(|ahead| ahead.abs()).copied())
    }

    fn with<T>(&self, look: impl FnOnce(&mut Heard) -> T) -> T {
        look(&mut self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn left(&self) -> Duration {
        let spent = Duration::try_from(self.clock.now().duration_since(self.begun)).unwrap_or_default();
        ALL.saturating_sub(spent)
    }

    async fn once(&self, request: &Request) -> Result<Response, FetchError> {
        let limit = ONE_TRY.min(self.left());
        let late =
            |detail: String| FetchError::Unavailable { vendor: request.vendor, detail, retry_after: None };
        if limit.is_zero() {
            return Err(late(format!("not asked: {} s are over", ALL.as_secs())));
        }
        let sent = self.clock.now();
        let response = tokio::select! {
            biased;
            response = self.fetch.send(request) => response?,
            () = self.clock.sleep(limit) => {
                return Err(late(format!("no answer within {} s", limit.as_secs().max(1))));
            }
        };
        let received = self.clock.now();
        let date = response.header("date").and_then(|text| jiff::fmt::rfc2822::parse(text.trim()).ok());
        self.with(|heard| {
            heard.answered.push(request.vendor);
            heard.ahead.extend(date.map(|date| ahead(date.timestamp(), sent, received)));
        });
        Ok(response)
    }
}

#[async_trait]
impl Fetch for Asking<'_> {
    async fn send(&self, request: &Request) -> Result<Response, FetchError> {
        if request.method == Method::File {
            return self.fetch.send(request).await;
        }
        if let Some(error) = self.with(|heard| heard.silent.get(&request.vendor).cloned()) {
            return Err(error);
        }
        let may_pass = |answer: &Result<Response, FetchError>| match answer {
            Ok(response) => matches!(response.status, 408 | 500..=599),
            Err(error) => error.is_outage(),
        };
        let mut answer = self.once(request).await;
        if may_pass(&answer) && self.left() > PAUSE {
            self.clock.sleep(PAUSE).await;
            answer = self.once(request).await;
        }
        if let Err(error) = &answer {
            self.with(|heard| {
                if !heard.answered.contains(&request.vendor) {
                    heard.silent.insert(request.vendor, error.clone());
                }
            });
        }
        answer
    }
}
