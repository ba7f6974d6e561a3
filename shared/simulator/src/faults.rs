//! What goes wrong between a vendor and its client, decided by a seed and bounded, so that whoever insists gets through.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::answer::Vendor;
use crate::dice::{mix, mix_text};
use crate::http::{Delivery, Request, Response};
use crate::plant::Plant;
use crate::{anthropic, cursor, google};

/// How much goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultLevel {
    /// Nothing.
    #[default]
    None,
    /// About 3 % of calls, at most two in a row for one request.
    Light,
    /// About 25 % of calls, at most four in a row for one request.
    Heavy,
}

/// One thing that can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// 429 that says when to come back.
    RateLimited,
    /// 429 that does not.
    RateLimitedSilently,
    /// 500 in the vendor's envelope.
    ServerError,
    /// 502 with a page of HTML.
    BadGateway,
    /// 503 in the vendor's envelope.
    Unavailable,
    /// 503 without a body.
    Empty,
    /// 529, Anthropic only; 503 elsewhere.
    Overloaded,
    /// 200 with half of the body.
    Truncated,
    /// The connection closes in the middle of the body.
    Closed,
    /// The connection closes before the answer.
    Refused,
    /// The whole answer, late.
    Slow,
    /// 410 in the middle of Anthropic's analytics pages: start again at the first.
    Expired,
    /// A page of Cursor events counts one event more than there is. Once for each period.
    Moved,
    /// An empty answer for a period that has data. Once for each request.
    Hollow,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 14] = [
        Self::RateLimited,
        Self::RateLimitedSilently,
        Self::ServerError,
        Self::BadGateway,
        Self::Unavailable,
        Self::Empty,
        Self::Overloaded,
        Self::Truncated,
        Self::Closed,
        Self::Refused,
        Self::Slow,
        Self::Expired,
        Self::Moved,
        Self::Hollow,
    ];

    /// Faults that happen at most once to a request.
    const fn is_single(self) -> bool {
        matches!(self, Self::Expired | Self::Moved | Self::Hollow)
    }

    /// Whether the fault can happen to a request at all.
    fn suits(self, request: &Request) -> bool {
        let path = request.path.as_str();
        match self {
            Self::Expired => {
                path.starts_with("/v1/organizations/analytics/") && request.parameter("page").is_some()
            }
            Self::Moved => path == "/teams/filtered-usage-events",
            Self::Hollow => {
                request.parameter("page").is_none()
                    && page_of(request) <= 1
                    && (path == "/teams/filtered-usage-events"
                        || path == "/teams/daily-usage-data"
                        || path == "/v1/organizations/cost_report"
                        || path.starts_with("/v1/organizations/usage_report/")
                        || path == "/v1/organizations/analytics/cost"
                        || path == "/v1/organizations/analytics/usage"
                        || path == "/v1/organizations/analytics/users")
            }
            _ => true,
        }
    }
}

/// Which faults happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultPlan {
    /// The same seed and the same requests give the same faults.
    pub seed: u64,
    /// How many.
    pub level: FaultLevel,
    /// Which of them may happen.
    pub kinds: Vec<Fault>,
    /// What `Retry-After` says, in seconds.
    pub retry_after: u32,
    /// How late a slow answer is.
    pub delay: Duration,
    /// Vendors that answer everything with 503.
    pub down: Vec<Vendor>,
    /// Vendors whose connections are refused.
    pub unreachable: Vec<Vendor>,
    /// Vendors that know no key any more.
    pub locked: Vec<Vendor>,
    /// Errors carry `x-should-retry: false`.
    pub discourage: bool,
    /// Answers that look well and are wrong. None unless somebody plants them.
    pub plants: Vec<Plant>,
}

impl FaultPlan {
    /// Nothing goes wrong.
    pub fn none() -> Self {
        Self::new(0, FaultLevel::None)
    }

    /// Every fault may happen, at a level.
    pub fn new(seed: u64, level: FaultLevel) -> Self {
        Self {
            seed,
            level,
            kinds: Fault::ALL.to_vec(),
            retry_after: 0,
            delay: Duration::from_millis(20),
            down: Vec::new(),
            unreachable: Vec::new(),
            locked: Vec::new(),
            discourage: false,
            plants: Vec::new(),
        }
    }
}

/// What already happened to a request.
#[derive(Debug, Clone, Copy, Default)]
struct Past {
    calls: u64,
    in_a_row: u32,
}

/// A plan, and what came of it so far.
#[derive(Debug, Clone)]
pub struct Faults {
    /// The plan; it may change at any time.
    pub plan: FaultPlan,
    past: HashMap<u64, Past>,
    single: std::collections::HashSet<(u64, Fault)>,
    happened: u64,
}

impl Faults {
    /// Starts a plan.
    pub fn new(plan: FaultPlan) -> Self {
        Self { plan, past: HashMap::new(), single: std::collections::HashSet::new(), happened: 0 }
    }

    /// How many faults happened.
    pub const fn happened(&self) -> u64 {
        self.happened
    }

    /// Forgets what happened, so that single faults may happen again.
    pub fn forget(&mut self) {
        self.past.clear();
        self.single.clear();
    }

    /// What happens to this call, if anything.
    pub fn decide(&mut self, request: &Request) -> Option<Fault> {
        let (per_mille, most) = match self.plan.level {
            FaultLevel::None => return None,
            FaultLevel::Light => (30, 2),
            FaultLevel::Heavy => (250, 4),
        };
        let print = fingerprint(request);
        let past = self.past.entry(print).or_default();
        past.calls += 1;
        let roll = mix(mix(self.plan.seed, print), past.calls);
        if roll % 1000 >= per_mille || past.in_a_row >= most {
            past.in_a_row = 0;
            return None;
        }
        let kinds: Vec<Fault> = self.plan.kinds.iter().copied().filter(|kind| kind.suits(request)).collect();
        let index = (roll >> 20) % (kinds.len() as u64).max(1);
        let fault = kinds.get(index as usize).copied()?;
        if fault.is_single() {
            // Moving data concerns all pages of a period.
            let of = if fault == Fault::Moved { period(request) } else { print };
            if !self.single.insert((of, fault)) {
                past.in_a_row = 0;
                return None;
            }
        }
        // A slow answer is an answer.
        past.in_a_row = if fault == Fault::Slow { 0 } else { past.in_a_row + 1 };
        self.happened += 1;
        Some(fault)
    }

    /// The answer of a vendor that is down, unreachable or knows no key.
    pub fn outage(&self, request: &Request) -> Option<Response> {
        let vendor = Vendor::of(&request.path)?;
        if self.plan.unreachable.contains(&vendor) {
            let body = Response::json(503, Bytes::new());
            return Some(Response { delivery: Delivery::Refused, ..body });
        }
        if self.plan.down.contains(&vendor) {
            return Some(envelope(vendor, 503, "Service unavailable"));
        }
        let locked = self.plan.locked.contains(&vendor) && request.path != "/token";
        locked.then(|| envelope(vendor, 401, "invalid x-api-key"))
    }

    /// What the planted faults make of an answer.
    pub fn planted(&self, request: &Request, answer: Response) -> Response {
        self.plan.plants.iter().fold(answer, |answer, plant| plant.spoil(request, answer))
    }

    /// What becomes of an answer.
    pub fn spoil(&self, fault: Fault, request: &Request, answer: Response) -> Response {
        let vendor = Vendor::of(&request.path).unwrap_or(Vendor::Anthropic);
        let limited =
            "This request would exceed the rate limit for your organization. Please try again later.";
        let spoiled = match fault {
            Fault::RateLimited => {
                envelope(vendor, 429, limited).header("retry-after", self.plan.retry_after.to_string())
            }
            Fault::RateLimitedSilently => envelope(vendor, 429, limited),
            Fault::ServerError => envelope(vendor, 500, "Internal server error"),
            Fault::Unavailable => envelope(vendor, 503, "Service unavailable"),
            Fault::Overloaded => {
                envelope(vendor, if vendor == Vendor::Anthropic { 529 } else { 503 }, "Overloaded")
            }
            Fault::BadGateway => {
                let page = "<html><head><title>502 Bad Gateway</title></head><body>edge</body></html>";
                let mut response = Response::json(502, Bytes::from_static(page.as_bytes()));
                response.headers = vec![("content-type".into(), "text/html".into())];
                response
            }
            Fault::Empty => Response { headers: Vec::new(), ..Response::json(503, Bytes::new()) },
            Fault::Truncated if answer.is_success() => {
                Response { body: answer.body.slice(..answer.body.len() / 2), ..answer }
            }
            Fault::Closed => Response { delivery: Delivery::Cut(answer.body.len() / 2), ..answer },
            Fault::Refused => Response { delivery: Delivery::Refused, ..answer },
            Fault::Slow => Response { delivery: Delivery::Slow(self.plan.delay), ..answer },
            Fault::Expired => {
                anthropic::error(410, "cursor expired: data was refreshed, restart from the first page")
            }
            Fault::Moved if answer.is_success() => Response { body: moved(&answer.body), ..answer },
            Fault::Hollow if answer.is_success() => Response { body: hollow(&answer.body), ..answer },
            Fault::Truncated | Fault::Moved | Fault::Hollow => answer,
        };
        if self.plan.discourage && spoiled.status >= 500 {
            return spoiled.header("x-should-retry", "false");
        }
        spoiled
    }
}

fn envelope(vendor: Vendor, status: u16, message: &str) -> Response {
    match vendor {
        Vendor::Anthropic => anthropic::error(status, message),
        Vendor::Cursor => cursor::error(status, message),
        Vendor::Google => google::error(status, message),
    }
}

fn fingerprint(request: &Request) -> u64 {
    let seed = mix_text(mix_text(0, &request.method), &request.path);
    let query = request.query.iter().fold(seed, |hash, (name, value)| mix_text(mix_text(hash, name), value));
    request.body.iter().fold(query, |hash, byte| mix(hash, u64::from(*byte)))
}

fn number(request: &Request, name: &str) -> u64 {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    body.get(name).and_then(Value::as_u64).unwrap_or(0)
}

/// The page that a body asks for; zero when it asks for none.
fn page_of(request: &Request) -> u64 {
    number(request, "page")
}

/// The period that a body asks for.
fn period(request: &Request) -> u64 {
    mix(number(request, "startDate"), number(request, "endDate"))
}

/// The body with one event more announced than there is.
fn moved(body: &Bytes) -> Bytes {
    let name = b"\"totalUsageEventsCount\":";
    let Some(place) = body.windows(name.len()).rposition(|part| part == name) else { return body.clone() };
    let start = place + name.len();
    let digits = body.iter().skip(start).take_while(|byte| byte.is_ascii_digit()).count();
    let text: String = body.iter().skip(start).take(digits).map(|byte| char::from(*byte)).collect();
    let count = text.parse::<u64>().unwrap_or(0) + 1;
    let mut changed = body.slice(..start).to_vec();
    changed.extend_from_slice(count.to_string().as_bytes());
    changed.extend_from_slice(&body.slice(start + digits..));
    Bytes::from(changed)
}

/// The body without its rows.
pub fn hollow(body: &Bytes) -> Bytes {
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else { return body.clone() };
    let Some(object) = value.as_object_mut() else { return body.clone() };
    if let Some(Value::Array(rows)) = object.get_mut("data") {
        let buckets = rows.first().is_some_and(|row| row.get("results").is_some());
        if buckets {
            for row in rows {
                if let Some(results) = row.get_mut("results") {
                    *results = Value::Array(Vec::new());
                }
            }
        } else {
            rows.clear();
            for (name, blank) in [("has_more", Value::Bool(false)), ("next_page", Value::Null)] {
                if let Some(member) = object.get_mut(name) {
                    *member = blank;
                }
            }
        }
    }
    for name in ["usageEvents", "usageEventsDisplay"] {
        if let Some(Value::Array(rows)) = object.get_mut(name) {
            rows.clear();
        }
    }
    if let Some(total) = object.get_mut("totalUsageEventsCount") {
        *total = Value::from(0);
    }
    if let Some(Value::Object(pagination)) = object.get_mut("pagination") {
        for (name, blank) in
            [("numPages", Value::from(0)), ("totalPages", Value::from(0)), ("totalUsers", Value::from(0))]
        {
            if let Some(member) = pagination.get_mut(name) {
                *member = blank;
            }
        }
        if let Some(next) = pagination.get_mut("hasNextPage") {
            *next = Value::Bool(false);
        }
    }
    serde_json::to_vec(&value).map_or_else(|_| body.clone(), Bytes::from)
}
