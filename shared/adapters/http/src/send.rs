//! One request to its settled answer.

use std::path::{Component, Path};
use std::sync::PoisonError;
use std::time::Duration;

use aispend_model::{Method, Request, Response, Vendor};
use aispend_ports::FetchError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;
use tracing::{debug, info};

use crate::breaker::Pass;
use crate::retry::{Fault, Tries};
use crate::{Account, Auth, HttpFetch, google};

/// A body larger than this is no report.
const LARGEST_BODY: usize = 256 << 20;

/// Tries of the one request that finds out whether a vendor is back, and the wait between them.
const PROBE_TRIES: u32 = 3;
const PROBE_WAIT: Duration = Duration::from_secs(1);

/// A request that finds out for all.
struct Probe {
    _turn: OwnedMutexGuard<()>,
    answers: u64,
    tries: u32,
    /// What the request had spent before.
    asking: Duration,
}

/// One try.
enum Try {
    Settled(Response),
    Again { fault: Fault, hint: Option<Duration>, detail: String },
}

/// What one request brought.
pub(crate) enum Answer {
    Came(Response),
    /// Refused, reset, cut off, timed out.
    None {
        hint: Option<Duration>,
        detail: String,
    },
    /// A body larger than any report.
    TooLarge,
}

/// What is said of such a body.
pub(crate) fn too_large() -> String {
    format!("an answer of more than {LARGEST_BODY} bytes")
}

impl HttpFetch {
    pub(crate) async fn send_patiently(&self, request: &Request) -> Result<Response, FetchError> {
        let vendor = request.vendor;
        let (account, breaker) = self
            .accounts
            .get(&(vendor, request.org_id.clone()))
            .zip(self.breakers.get(&vendor))
            .ok_or_else(|| FetchError::NotConfigured { vendor, org_id: request.org_id.clone() })?;
        let mut tries = Tries::new(self.options.retry);
        let mut asking = Duration::ZERO;
        let mut answers_at_first_fault = None;
        let mut probe: Option<Probe> = None;
        let mut has_new_proof = false;
        loop {
            if probe.is_none() {
                match breaker.pass(self.clock.as_ref()).await {
                    Pass::Free => {}
                    Pass::Probe(turn) => {
                        probe = Some(Probe { _turn: turn, answers: breaker.answers(), tries: 0, asking });
                    }
                    Pass::Down { detail, remaining } => {
                        return Err(FetchError::Down { vendor, detail, retry_after: remaining });
                    }
                }
            }
            let turn = self.limits.wait(request, &account.auth).await;
            if probe.is_none() && !breaker.is_closed() {
                // The vendor came into doubt while this request waited for its turn.
                continue;
            }
            let begun = Instant::now();
            let key = account.auth.key().map(|key| key.current());
            let outcome = self.once(request, account, key.as_ref()).await?;
            asking += begun.elapsed();
            drop(turn);
            let (fault, hint, detail) = match outcome {
                // The token may have been withdrawn early, the key rotated: once, the next try has a new one.
                Try::Settled(response)
                    if response.status == 401
                        && !has_new_proof
                        && self.renew(account, key.as_ref()).await =>
                {
                    has_new_proof = true;
                    continue;
                }
                Try::Settled(response) => {
                    breaker.answered();
                    return Ok(response);
                }
                Try::Again { fault, hint, detail } => (fault, hint, detail),
            };
            let wait = if let Some(probing) = &mut probe {
                probing.tries += 1;
                let wait = hint.unwrap_or(PROBE_WAIT);
                let policy = &self.options.retry;
                if probing.tries >= PROBE_TRIES
                    || asking.saturating_sub(probing.asking) > policy.silent_budget
                    || wait > policy.cap
                {
                    info!(vendor = vendor.as_str(), detail, "vendor is down");
                    breaker.probe_failed(detail, probing.answers);
                    probe = None;
                    continue;
                }
                wait
            } else {
                let answers = *answers_at_first_fault.get_or_insert_with(|| breaker.answers());
                let Some(wait) = tries.next(fault, hint, asking) else {
                    breaker.gave_up(format!("{} {}", request.org_id, request.line()), fault, answers);
                    info!(vendor = vendor.as_str(), path = request.path, detail, "request given up for now");
                    return Err(FetchError::Unavailable { vendor, detail, retry_after: hint });
                };
                wait
            };
            debug!(
                vendor = vendor.as_str(),
                path = request.path,
                detail,
                wait_seconds = wait.as_secs_f32(),
                "asking again"
            );
            self.clock.sleep(wait).await;
        }
    }

    /// True where there may be a better proof than the refused one.
    async fn renew(&self, account: &Account, refused: Option<&SecretString>) -> bool {
        if matches!(account.auth, Auth::Google(_)) {
            self.tokens.lock().unwrap_or_else(PoisonError::into_inner).remove(&account.name);
            return true;
        }
        let Some((key, refused)) = account.auth.key().zip(refused) else {
            return false;
        };
        let is_new = |key: &SecretString| key.expose_secret() != refused.expose_secret();
        // Another request may have read it already.
        let has_new = is_new(&key.current()) || is_new(&key.refreshed().await);
        if has_new {
            info!(
                vendor = account.vendor.as_str(),
                account = account.name,
                "key refused; trying its newest value"
            );
        }
        has_new
    }

    async fn once(
        &self,
        request: &Request,
        account: &Account,
        key: Option<&SecretString>,
    ) -> Result<Try, FetchError> {
        Ok(match self.answer(request, account, key).await? {
            Answer::Came(response) => judge(response, self.clock.now()),
            Answer::None { hint, detail } => Try::Again { fault: Fault::Silent, hint, detail },
            Answer::TooLarge => Try::Again { fault: Fault::Broken, hint: None, detail: too_large() },
        })
    }

    /// One request, and whatever comes.
    pub(crate) async fn answer(
        &self,
        request: &Request,
        account: &Account,
        key: Option<&SecretString>,
    ) -> Result<Answer, FetchError> {
        let url = url(account, request)?;
        let mut call = match request.method {
            Method::Post => self
                .client
                .post(url)
                .header("content-type", "application/json")
                .body(request.body.clone().unwrap_or_default()),
            Method::Get | Method::File => self.client.get(url),
        };
        for (name, value) in &request.headers {
            call = call.header(name, value);
        }
        call = match self.proof(account, key).await {
            Ok(proof) => call.headers(proof),
            Err(FetchError::Unavailable { detail, retry_after, .. }) => {
                return Ok(Answer::None { hint: retry_after, detail });
            }
            Err(refused) => return Err(refused),
        };
        let silent = |error: reqwest::Error| {
            // `without_url`: a URL can carry an address; the cause says what happened.
            let error = error.without_url();
            let mut detail = error.to_string();
            let mut cause = std::error::Error::source(&error);
            while let Some(inner) = cause {
                detail = format!("{detail}: {inner}");
                cause = inner.source();
            }
            Answer::None { hint: None, detail }
        };
        let answer = match call.send().await {
            Ok(answer) => answer,
            Err(error) => return Ok(silent(error)),
        };
        let status = answer.status().as_u16();
        let headers: Vec<(String, String)> = answer
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect();
        Ok(match read_body(answer).await {
            Ok(body) => Answer::Came(Response { status, headers, body }),
            Err(Some(error)) => silent(error),
            Err(None) => Answer::TooLarge,
        })
    }

    async fn proof(&self, account: &Account, key: Option<&SecretString>) -> Result<HeaderMap, FetchError> {
        let mut headers = HeaderMap::new();
        let unusable = |_| FetchError::Credentials {
            vendor: account.vendor,
            detail: "the key holds characters that no header can carry (a line break at its end?)".to_owned(),
        };
        let mut set = |name: &'static str, text: &str| -> Result<(), FetchError> {
            let mut value = HeaderValue::from_str(text).map_err(unusable)?;
            value.set_sensitive(true);
            headers.insert(name, value);
            Ok(())
        };
        let key = key.map(ExposeSecret::expose_secret).unwrap_or_default();
        match &account.auth {
            Auth::AnthropicKey(_) | Auth::AnthropicAnalyticsKey(_) => {
                set("x-api-key", key)?;
                set("anthropic-version", "2023-06-01")?;
            }
            Auth::CursorKey(_) => {
                let pair = STANDARD.encode(format!("{key}:"));
                set("authorization", &format!("Basic {pair}"))?;
            }
            Auth::Bearer(_) => set("authorization", &format!("Bearer {key}"))?,
            Auth::Google(credentials) => {
                let token = self.token(account, credentials).await?;
                set("authorization", &format!("Bearer {}", token.value.expose_secret()))?;
            }
            Auth::Nothing => {}
        }
        Ok(headers)
    }

    async fn token(
        &self,
        account: &Account,
        credentials: &google::GoogleCredentials,
    ) -> Result<google::Token, FetchError> {
        let known = self.tokens.lock().unwrap_or_else(PoisonError::into_inner).get(&account.name).cloned();
        if let Some(token) = known.filter(|token| token.until > Instant::now()) {
            return Ok(token);
        }
        let token = credentials.token(&self.client, self.clock.now()).await?;
        self.tokens
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(account.name.clone(), token.clone());
        Ok(token)
    }

    pub(crate) fn read_file(&self, request: &Request) -> Result<Response, FetchError> {
        let relative = Path::new(&request.path);
        let is_plain = relative.components().all(|part| matches!(part, Component::Normal(_)));
        let unavailable =
            |detail: String| FetchError::Unavailable { vendor: request.vendor, detail, retry_after: None };
        if !is_plain {
            return Err(unavailable(format!("`{}` is no name of a sheet", request.path)));
        }
        match std::fs::read(self.options.sheets_folder.join(relative)) {
            Ok(body) => Ok(Response { status: 200, headers: Vec::new(), body }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(Response { status: 404, headers: Vec::new(), body: Vec::new() })
            }
            Err(error) => Err(unavailable(format!("`{}`: {error}", request.path))),
        }
    }
}

async fn read_body(mut answer: reqwest::Response) -> Result<Vec<u8>, Option<reqwest::Error>> {
    let mut body = Vec::with_capacity(answer.content_length().unwrap_or(0).min(8 << 20) as usize);
    while let Some(chunk) = answer.chunk().await.map_err(Some)? {
        if body.len() + chunk.len() > LARGEST_BODY {
            return Err(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn url(account: &Account, request: &Request) -> Result<Url, FetchError> {
    let wrong = |detail: String| FetchError::Credentials { vendor: request.vendor, detail };
    let mut url = Url::parse(&account.base_url)
        .map_err(|error| wrong(format!("the base URL `{}` is none: {error}", account.base_url)))?;
    {
        let mut segments = url
            .path_segments_mut()
            .map_err(|()| wrong(format!("the base URL `{}` cannot carry a path", account.base_url)))?;
        segments.pop_if_empty();
        // What follows `/values/` is a tab's name: one segment, whatever it holds.
        let (path, tab) = match request.path.split_once("/values/") {
            Some((path, tab)) if request.vendor == Vendor::Sheets => (format!("{path}/values"), Some(tab)),
            _ => (request.path.clone(), None),
        };
        segments.extend(path.trim_start_matches('/').split('/'));
        segments.extend(tab);
    }
    if !request.query.is_empty() {
        url.query_pairs_mut().extend_pairs(&request.query);
    }
    Ok(url)
}

/// Retry 408, 409, 429 and 5xx. The vendor's own word on whether asking again is of use wins, but for "too many requests":
/// that passes.
fn judge(response: Response, now: jiff::Timestamp) -> Try {
    let says = |word: &str| {
        response.header("x-should-retry").is_some_and(|value| value.trim().eq_ignore_ascii_case(word))
    };
    let fault = match response.status {
        429 => Fault::Busy,
        408 | 409 | 500..=599 if !says("false") => Fault::Broken,
        400..=499 if says("true") => Fault::Broken,
        _ => return Try::Settled(response),
    };
    let hint = retry_after(&response, now);
    let detail = format!("it answered {}", response.status);
    Try::Again { fault, hint, detail }
}

/// `retry-after-ms`, then `retry-after` in seconds or as an HTTP date.
fn retry_after(response: &Response, now: jiff::Timestamp) -> Option<Duration> {
    if let Some(millis) = response.header("retry-after-ms").and_then(|text| text.trim().parse().ok()) {
        return Some(Duration::from_millis(millis));
    }
    let text = response.header("retry-after")?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let moment = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(Duration::try_from(moment.duration_since(now)).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)]) -> Response {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Response { status, headers, body: Vec::new() }
    }

    /// `settled`, or `again` with the vendor's hint in milliseconds.
    fn judged(status: u16, headers: &[(&str, &str)]) -> String {
        let now = "2026-11-22T00:00:00Z".parse().unwrap();
        match judge(answer(status, headers), now) {
            Try::Settled(_) => "settled".to_owned(),
            Try::Again { hint: None, .. } => "again".to_owned(),
            Try::Again { hint: Some(hint), .. } => format!("again in {} ms", hint.as_millis()),
        }
    }

    #[test]
    fn what_asking_again_can_change_is_asked_again() {
        for status in [408, 409, 429, 500, 502, 503, 529] {
            assert_eq!(judged(status, &[]), "again", "{status}");
        }
        for status in [200, 400, 401, 403, 404, 410] {
            assert_eq!(judged(status, &[]), "settled", "{status}");
        }
        assert_eq!(judged(500, &[("x-should-retry", "false")]), "settled");
        assert_eq!(judged(429, &[("x-should-retry", "false")]), "again");
        assert_eq!(judged(400, &[("x-should-retry", "true")]), "again");
        assert_eq!(judged(200, &[("x-should-retry", "true")]), "settled");
    }

    #[test]
    fn the_hint_is_read_in_each_of_its_forms() {
        for (headers, expected) in [
            (vec![("retry-after", "7")], "again in 7000 ms"),
            (vec![("retry-after-ms", "250"), ("retry-after", "7")], "again in 250 ms"),
            (vec![("retry-after", "Sun, 22 Nov 2026 00:00:30 GMT")], "again in 30000 ms"),
            (vec![("retry-after", "Sat, 21 Nov 2026 00:00:30 GMT")], "again in 0 ms"),
        ] {
            assert_eq!(judged(429, &headers), expected);
        }
    }
}
