//! How often each account may be asked.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use aispend_model::{Request, Vendor};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Auth, HttpOptions};

/// Token buckets and turn-taking, per account and kind of endpoint.
pub struct Limits {
    cursor_per_minute: u32,
    cursor_events_per_minute: u32,
    sheets_per_minute: u32,
    anthropic_analytics_per_minute: u32,
    anthropic_at_once: usize,
    buckets: Mutex<HashMap<(Vendor, String, Kind), Arc<DefaultDirectRateLimiter>>>,
    turns: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Limits {
    pub fn new(options: &HttpOptions) -> Self {
        Self {
            cursor_per_minute: options.cursor_per_minute,
            cursor_events_per_minute: options.cursor_events_per_minute,
            sheets_per_minute: options.sheets_per_minute,
            anthropic_analytics_per_minute: options.anthropic_analytics_per_minute,
            anthropic_at_once: options.anthropic_at_once,
            buckets: Mutex::default(),
            turns: Mutex::default(),
        }
    }

    /// Waits for a turn. Anthropic's report endpoints share one limit per organisation: one request at a time, held
    /// until the answer is here. An Enterprise organisation's analytics have a limit per minute as well.
    pub async fn wait(&self, request: &Request, auth: &Auth) -> Option<OwnedSemaphorePermit> {
        let is_of = |paths: &str| request.path.contains(paths);
        let (kind, per_minute) = match request.vendor {
            Vendor::Anthropic if matches!(auth, Auth::AnthropicAnalyticsKey(_)) && is_of("/analytics/") => {
                (Kind::Analytics, Some(self.anthropic_analytics_per_minute))
            }
            Vendor::Anthropic => (Kind::Other, None),
            Vendor::Cursor if is_of("/filtered-usage-events") => {
                (Kind::Events, Some(self.cursor_events_per_minute))
            }
            Vendor::Cursor => (Kind::Other, Some(self.cursor_per_minute)),
            Vendor::Sheets => (Kind::Other, Some(self.sheets_per_minute)),
        };
        if let Some(per_minute) = per_minute {
            let bucket = Arc::clone(
                self.buckets
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .entry((request.vendor, request.org_id.clone(), kind))
                    .or_insert_with(|| Arc::new(RateLimiter::direct(quota(per_minute)))),
            );
            bucket.until_ready().await;
        }
        if request.vendor == Vendor::Anthropic { self.turn(&request.org_id).await } else { None }
    }

    async fn turn(&self, account: &str) -> Option<OwnedSemaphorePermit> {
        let turns = Arc::clone(
            self.turns
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .entry(account.to_owned())
                .or_insert_with(|| Arc::new(Semaphore::new(self.anthropic_at_once.max(1)))),
        );
        // The semaphore is never closed.
        turns.acquire_owned().await.ok()
    }
}

/// Endpoints that share a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Analytics,
    Events,
    Other,
}

/// A bucket that stays inside the vendor's limit in any minute: a fifth of it at once, the rest spread over the minute.
fn quota(per_minute: u32) -> Quota {
    let burst = NonZeroU32::new(per_minute / 5).unwrap_or(NonZeroU32::MIN);
    let spread = NonZeroU32::new(per_minute - per_minute / 5).unwrap_or(NonZeroU32::MIN);
    Quota::per_minute(spread).allow_burst(burst)
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use secrecy::SecretString;

    use super::*;

    fn limits() -> Limits {
        Limits {
            cursor_per_minute: 20,
            cursor_events_per_minute: 60,
            sheets_per_minute: 60,
            anthropic_analytics_per_minute: 60,
            anthropic_at_once: 1,
            buckets: Mutex::default(),
            turns: Mutex::default(),
        }
    }

    #[tokio::test]
    async fn each_bucket_gives_a_fifth_of_its_minute_at_once() {
        let key = |text: &str| Arc::new(SecretString::from(text));
        let (console, enterprise) = (Auth::AnthropicKey(key("a")), Auth::AnthropicAnalyticsKey(key("b")));
        for (vendor, auth, path, at_once) in [
            (Vendor::Anthropic, &enterprise, "/v1/organizations/analytics/users", 12),
            (Vendor::Anthropic, &console, "/v1/organizations/analytics/cost", 20),
            (Vendor::Anthropic, &console, "/v1/organizations/cost_report", 20),
            (Vendor::Cursor, &Auth::Nothing, "/teams/filtered-usage-events", 12),
            (Vendor::Cursor, &Auth::Nothing, "/teams/members", 4),
        ] {
            let limits = limits();
            let request = Request::get(vendor, "one", "role", path);
            let now = (0..20).take_while(|_| limits.wait(&request, auth).now_or_never().is_some()).count();
            assert_eq!(now, at_once, "{path}");
            // Whoever never waits is made to by tokio.
            tokio::task::yield_now().await;
            let other = Request { org_id: "another".to_owned(), ..request };
            assert!(limits.wait(&other, auth).now_or_never().is_some(), "each key has its own");
        }
    }
}
