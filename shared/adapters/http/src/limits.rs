//! How often each account may be asked.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use aispend_model::{Request, Vendor};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::HttpOptions;

/// Token buckets and turn-taking, per account and kind of endpoint.
pub struct Limits {
    cursor_per_minute: u32,
    cursor_events_per_minute: u32,
    sheets_per_minute: u32,
    anthropic_at_once: usize,
    buckets: Mutex<HashMap<(Vendor, String, bool), Arc<DefaultDirectRateLimiter>>>,
    turns: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Limits {
    pub fn new(options: &HttpOptions) -> Self {
        Self {
            cursor_per_minute: options.cursor_per_minute,
            cursor_events_per_minute: options.cursor_events_per_minute,
            sheets_per_minute: options.sheets_per_minute,
            anthropic_at_once: options.anthropic_at_once,
            buckets: Mutex::default(),
            turns: Mutex::default(),
        }
    }

    /// Waits for a turn. Anthropic's report endpoints share one limit per organisation: one request at a time, held
    /// until the answer is here.
    pub async fn wait(&self, request: &Request) -> Option<OwnedSemaphorePermit> {
        let is_events = request.path.ends_with("/filtered-usage-events");
        let per_minute = match request.vendor {
            Vendor::Anthropic => {
                let turns = Arc::clone(
                    self.turns
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .entry(request.org_id.clone())
                        .or_insert_with(|| Arc::new(Semaphore::new(self.anthropic_at_once.max(1)))),
                );
                // The semaphore is never closed.
                return turns.acquire_owned().await.ok();
            }
            Vendor::Cursor if is_events => self.cursor_events_per_minute,
            Vendor::Cursor => self.cursor_per_minute,
            Vendor::Sheets => self.sheets_per_minute,
        };
        let bucket = Arc::clone(
            self.buckets
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .entry((request.vendor, request.org_id.clone(), is_events))
                .or_insert_with(|| Arc::new(RateLimiter::direct(quota(per_minute)))),
        );
        bucket.until_ready().await;
        None
    }
}

/// A bucket that stays inside the vendor's limit in any minute: a fifth of it at once, the rest spread over the minute.
fn quota(per_minute: u32) -> Quota {
    let burst = NonZeroU32::new(per_minute / 5).unwrap_or(NonZeroU32::MIN);
    let spread = NonZeroU32::new(per_minute - per_minute / 5).unwrap_or(NonZeroU32::MIN);
    Quota::per_minute(spread).allow_burst(burst)
}
