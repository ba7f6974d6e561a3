//! A persistent client that knows nothing of the simulator's inside.

use std::collections::BTreeMap;

use aispend_simulator::{Delivery, FaultPlan, Quirks, Request, Response, Simulator, World, WorldConfig};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::Value;

pub const BETA: &str = "analytics-usage-cost-2026-08-24";
pub const DAY: &str = "2026-10-05T00:00:00Z";
pub const NEXT: &str = "2026-10-06T00:00:00Z";
pub const DAY_MILLIS: i64 = 1_791_158_400_000;
pub const MILLIS: i64 = 86_400_000;

pub fn small(seed: u64, quirks: Quirks) -> World {
    World::generate(WorldConfig { quirks, ..WorldConfig::small(seed) })
}

pub struct Client {
    pub simulator: Simulator,
    pub now: Timestamp,
}

impl Client {
    pub fn new(world: World) -> Self {
        Self::with(world, FaultPlan::none())
    }

    pub fn with(world: World, plan: FaultPlan) -> Self {
        // The vendors' nightly work is done by then.
        let now = world.end() + jiff::SignedDuration::from_hours(14);
        Self { simulator: Simulator::new(world, plan), now }
    }

    pub fn admin(&self, path: &str) -> Request {
        Request::get(&format!("/v1/organizations/{path}"))
            .header("x-api-key", self.simulator.world.keys.admin.clone())
            .header("anthropic-version", "2023-06-01")
            .header("anthropic-beta", BETA)
    }

    pub fn analytics(&self, path: &str) -> Request {
        Request::get(&format!("/v1/organizations/analytics/{path}"))
            .header("x-api-key", self.simulator.world.keys.analytics.clone())
            .header("anthropic-version", "2023-06-01")
            .header("anthropic-beta", BETA)
    }

    pub fn cursor(&self, path: &str, body: &Value) -> Request {
        let code = STANDARD.encode(format!("{}:", self.simulator.world.keys.cursor));
        Request::post(path, body.to_string()).header("authorization", format!("Basic {code}"))
    }

    /// One call, whatever comes back.
    pub fn call(&mut self, request: &Request) -> Response {
        self.simulator.handle(self.now, request)
    }

    /// Insists until there is a whole answer.
    pub fn insist(&mut self, request: &Request) -> Response {
        let mut refused = 0;
        loop {
            let response = self.call(request);
            let arrived = matches!(response.delivery, Delivery::Whole | Delivery::Slow(_));
            let readable = serde_json::from_slice::<Value>(&response.body).is_ok();
            if arrived && readable && !matches!(response.status, 408 | 429 | 500..) {
                return response;
            }
            refused += 1;
            assert!(refused <= 4, "refused more than four times in a row: {}", request.path);
        }
    }

    pub fn json(&mut self, request: &Request) -> Value {
        let response = self.insist(request);
        assert_eq!(response.status, 200, "{}: {}", request.path, String::from_utf8_lossy(&response.body));
        serde_json::from_slice(&response.body).expect("an answer is JSON")
    }

    /// All pages of an endpoint with tokens, `data` joined.
    pub fn tokens(&mut self, request: &Request) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut next = request.clone();
        loop {
            let page = self.json(&next);
            rows.extend(page["data"].as_array().expect("a list").iter().cloned());
            let more = page.get("has_more").map_or(!page["next_page"].is_null(), |more| more == true);
            if !more {
                return rows;
            }
            next = request.clone().with("page", page["next_page"].as_str().expect("a token"));
        }
    }

    /// All pages of a directory endpoint.
    pub fn ids(&mut self, request: &Request) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut next = request.clone();
        loop {
            let page = self.json(&next);
            rows.extend(page["data"].as_array().expect("a list").iter().cloned());
            if page["has_more"] == false {
                return rows;
            }
            next = request.clone().with("after_id", page["last_id"].as_str().expect("an id"));
        }
    }

    /// The texts of all pages of Cursor events over a period.
    pub fn event_pages(&mut self, start: i64, end: i64, size: u64) -> Vec<String> {
        let mut pages = Vec::new();
        loop {
            let page = pages.len() + 1;
            let body =
                serde_json::json!({"startDate": start, "endDate": end, "page": page, "pageSize": size});
            let request = self.cursor("/teams/filtered-usage-events", &body);
            let response = self.insist(&request);
            let text = String::from_utf8(response.body.to_vec()).expect("an answer is UTF-8");
            let value: Value = serde_json::from_str(&text).expect("an answer is JSON");
            let total = value["totalUsageEventsCount"].as_u64().expect("a total");
            pages.push(text);
            if total <= size * page as u64 {
                return pages;
            }
        }
    }
}

/// Cents by their digits, in units of 10⁻¹⁴ cent.
pub fn units(digits: &str) -> i128 {
    let (sign, digits) = digits.strip_prefix('-').map_or((1, digits), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    assert!(fraction.len() <= 14, "{digits}");
    let padded = format!("{whole}{fraction:0<14}");
    sign * padded.parse::<i128>().expect("digits")
}

/// Cents as nano-dollars, rounded half to even.
pub fn nano(digits: &str) -> i128 {
    let units = units(digits);
    let (whole, rest) = (units.div_euclid(10_000_000), units.rem_euclid(10_000_000));
    match rest.cmp(&5_000_000) {
        std::cmp::Ordering::Less => whole,
        std::cmp::Ordering::Greater => whole + 1,
        std::cmp::Ordering::Equal => whole + whole.rem_euclid(2),
    }
}

/// Sums by key, without what comes to nothing.
pub fn sums<K: Ord>(items: impl IntoIterator<Item = (K, i128)>) -> BTreeMap<K, i128> {
    let mut sums = BTreeMap::new();
    for (key, amount) in items {
        *sums.entry(key).or_insert(0) += amount;
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

pub fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

#[test]
fn the_test_rounds_for_itself() {
    for (digits, expected) in
        [("10", 100_000_000), ("0.00000005", 0), ("0.00000015", 2), ("-0.00000015", -2), ("1.5", 15_000_000)]
    {
        assert_eq!(nano(digits), expected, "{digits}");
    }
}
