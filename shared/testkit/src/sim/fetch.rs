//! The vendors in process: `aispend_ports::Fetch` over the simulator, with the patience of the HTTP adapter.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aispend_model::{Method, Request, Response, Vendor};
use aispend_ports::{Clock, Fetch, FetchError};
use aispend_simulator::{Delivery, Simulator};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

/// Tries of one request before the vendor is given up.
const TRIES: u32 = 8;

/// Which credential an account uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Address {
    /// The Console organisation's admin key.
    Admin,
    /// The Enterprise organisation's key.
    Analytics,
    /// The Cursor team's key.
    Cursor,
    /// The sheets' bearer token.
    Google,
    /// A key that nobody knows.
    Stale(Vendor),
}

/// Where sheets come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SheetsFrom {
    /// Files of the data folder.
    Files,
    /// The vendor.
    Google,
}

/// How requests are answered.
#[derive(Debug, Clone, Default)]
pub struct SimFetchOptions {
    /// Account names and what they open.
    pub accounts: BTreeMap<String, Option<Address>>,
    /// Tabs that are not there.
    pub absent: BTreeSet<String>,
    /// Asks Anthropic for pages of this many items, whatever the source wanted.
    pub page_size: Option<u64>,
    /// Broken on purpose: says that there is no further page.
    pub drops_pages: bool,
}

/// The vendors, played in this process.
pub struct SimFetch {
    simulator: Arc<Mutex<Simulator>>,
    /// The vendors' own clock.
    clock: Arc<dyn Clock>,
    options: Mutex<SimFetchOptions>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SimFetch {
    /// Over a simulator. `clock` is the vendors', and the one to wait by.
    pub fn new(simulator: Arc<Mutex<Simulator>>, clock: Arc<dyn Clock>, options: SimFetchOptions) -> Self {
        Self { simulator, clock, options: Mutex::new(options) }
    }

    /// Changes how requests are answered.
    pub fn change(&self, change: impl FnOnce(&mut SimFetchOptions)) {
        change(&mut lock(&self.options));
    }

    fn file(&self, request: &Request) -> Response {
        let name = request.path.trim_end_matches(".csv");
        let is_absent = lock(&self.options).absent.contains(name);
        let sheets = if is_absent { Vec::new() } else { lock(&self.simulator).world.sheets_csv() };
        match sheets.into_iter().find(|(tab, _)| *tab == name) {
            Some((_, text)) => Response { status: 200, headers: Vec::new(), body: text.into_bytes() },
            None => Response { status: 404, headers: Vec::new(), body: Vec::new() },
        }
    }

    fn is_absent_tab(&self, request: &Request) -> bool {
        let tab = request.path.rsplit('/').next().unwrap_or_default();
        let tab = tab.split('!').next().unwrap_or_default().trim_matches('\'');
        request.vendor == Vendor::Sheets && lock(&self.options).absent.contains(tab)
    }

    /// The request as it goes over the wire, with what proves who asks.
    fn addressed(&self, request: &Request) -> Result<aispend_simulator::Request, FetchError> {
        let options = lock(&self.options);
        let not_configured =
            || FetchError::NotConfigured { vendor: request.vendor, org_id: request.org_id.clone() };
        let address = options.accounts.get(&request.org_id).copied().flatten().ok_or_else(not_configured)?;
        let mut sent = match request.method {
            Method::Post => aispend_simulator::Request::post(
                &request.path,
                Bytes::from(request.body.clone().unwrap_or_default()),
            ),
            Method::Get | Method::File => aispend_simulator::Request::get(&request.path),
        };
        for (name, value) in &request.query {
            let value = match options.page_size {
                Some(size) if name == "limit" && request.vendor == Vendor::Anthropic => {
                    value.parse().map_or_else(|_| value.clone(), |limit: u64| limit.min(size).to_string())
                }
                _ => value.clone(),
            };
            sent = sent.with(name, value);
        }
        for (name, value) in &request.headers {
            sent = sent.header(name, value.clone());
        }
        drop(options);
        let keys = lock(&self.simulator).world.keys.clone();
        let anthropic = |sent: aispend_simulator::Request, key: String| {
            sent.header("x-api-key", key).header("anthropic-version", "2023-06-01")
        };
        let cursor = |sent: aispend_simulator::Request, key: &str| {
            sent.header("authorization", format!("Basic {}", STANDARD.encode(format!("{key}:"))))
        };
        Ok(match address {
            Address::Admin => anthropic(sent, keys.admin),
            Address::Analytics => anthropic(sent, keys.analytics),
            Address::Cursor => cursor(sent, &keys.cursor),
            Address::Google => sent.header("authorization", format!("Bearer {}", keys.google)),
            Address::Stale(Vendor::Anthropic) => anthropic(sent, "sk-ant-revoked".to_owned()),
            Address::Stale(Vendor::Cursor) => cursor(sent, "crsr_revoked"),
            Address::Stale(Vendor::Sheets) => sent.header("authorization", "Bearer revoked"),
        })
    }

    fn once(&self, sent: &aispend_simulator::Request) -> Result<Response, (String, Option<Duration>)> {
        let answer = lock(&self.simulator).handle(self.clock.now(), sent);
        match answer.delivery {
            Delivery::Whole | Delivery::Slow(_) => {}
            Delivery::Cut(_) | Delivery::Refused => return Err(("the connection closed".to_owned(), None)),
        }
        let is_discouraged = answer.header_value("x-should-retry") == Some("false") && answer.status != 429;
        if matches!(answer.status, 408 | 409 | 429 | 500..) && !is_discouraged {
            let hint = answer.header_value("retry-after").and_then(|text| text.parse().ok());
            return Err((format!("it answered {}", answer.status), hint.map(Duration::from_secs)));
        }
        let headers = answer.headers.into_iter().map(|(name, value)| (name.into_owned(), value)).collect();
        let body =
            if lock(&self.options).drops_pages { without_more(&answer.body) } else { answer.body.to_vec() };
        Ok(Response { status: answer.status, headers, body })
    }
}

/// The body, saying that it is the last.
fn without_more(body: &[u8]) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_slice::<serde_json::Value>(body) else { return body.to_vec() };
    let has_more = value.get("has_more").and_then(serde_json::Value::as_bool) == Some(true);
    match value.as_object_mut() {
        Some(object) if has_more => {
            object.insert("has_more".to_owned(), false.into());
            object.insert("next_page".to_owned(), serde_json::Value::Null);
        }
        _ => return body.to_vec(),
    }
    serde_json::to_vec(&value).unwrap_or_else(|_| body.to_vec())
}

#[async_trait]
impl Fetch for SimFetch {
    async fn send(&self, request: &Request) -> Result<Response, FetchError> {
        if request.method == Method::File {
            return Ok(self.file(request));
        }
        if self.is_absent_tab(request) {
            let body = br#"{"error":{"code":400,"message":"Unable to parse range: gone","status":"INVALID_ARGUMENT"}}"#;
            return Ok(Response { status: 400, headers: Vec::new(), body: body.to_vec() });
        }
        let sent = self.addressed(request)?;
        let mut tries = 0_u32;
        loop {
            let (detail, hint) = match self.once(&sent) {
                Ok(response) => return Ok(response),
                Err(failed) => failed,
            };
            tries += 1;
            if tries >= TRIES {
                return Err(FetchError::Unavailable { vendor: request.vendor, detail, retry_after: hint });
            }
            self.clock.sleep(hint.unwrap_or(Duration::from_secs(1 << tries.min(5)))).await;
        }
    }
}
