//! No input panics: bodies cut, mixed up and out of range.

use aispend_model::{Feed, Response};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Case, fixture};
use crate::Progress;

/// Roles and the fixtures they read.
type Documents = &'static [(&'static str, &'static str)];

/// Feed, family and documents.
const CASES: &[(Feed, &str, Documents)] = &[
    (
        Feed::AnthropicDirectory,
        "",
        &[
            ("me", "directory/me"),
            ("api_keys", "directory/api-keys-newer-version"),
            ("workspaces", "directory/workspaces"),
            ("users", "directory/users"),
        ],
    ),
    (
        Feed::AnthropicCost,
        "analytics",
        &[("cost", "cost/analytics-cost-by-actor"), ("usage", "cost/analytics-usage")],
    ),
    (
        Feed::AnthropicCost,
        "enterprise_reports",
        &[("total", "cost/enterprise-total-by-product"), ("users", "cost/enterprise-users")],
    ),
    (
        Feed::AnthropicCost,
        "legacy",
        &[("cost", "cost/legacy-cost-unknown"), ("usage", "cost/legacy-usage-documented")],
    ),
    (Feed::AnthropicClaudeCode, "", &[("claude_code", "claude-code/odd")]),
    (Feed::AnthropicClaudeAi, "", &[("users", "claude-ai/page-2")]),
];

/// Puts a value at the n-th place of a document, counted depth first.
fn disturb(value: &mut Value, place: &mut usize, with: &Value) {
    if *place == 0 {
        *value = with.clone();
        *place = usize::MAX;
        return;
    }
    *place -= 1;
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| disturb_on(item, place, with)),
        Value::Object(members) => members.values_mut().for_each(|item| disturb_on(item, place, with)),
        _ => {}
    }
}

fn disturb_on(value: &mut Value, place: &mut usize, with: &Value) {
    if *place != usize::MAX {
        disturb(value, place, with);
    }
}

fn odd() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1.5e300),
        json!(""),
        json!("92233720368547758.07"),
        json!("-1e-36"),
        json!("9999-12-31T23:59:59Z"),
        json!("-009999-01-01"),
        json!("2026-10-05T00:00:00Z"),
        json!("\u{0}é🙂"),
        json!([]),
        json!({}),
        json!([[[]]]),
        json!({"a": {"b": [1]}}),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_disturbed_document_panics(
        which in 0..CASES.len(),
        disturbances in prop::collection::vec((0_usize..400, odd()), 1..4),
        cut in prop::option::of(0_usize..4_000),
        status in prop::sample::select(vec![200_u16, 200, 200, 302, 400, 401, 403, 404, 410, 429, 500]),
    ) {
        let (feed, family, documents) = CASES[which];
        let mut case = Case::new(feed, family).beside_samples();
        for (role, name) in documents {
            let mut value: Value = serde_json::from_slice(&fixture(name)).unwrap();
            for (place, with) in &disturbances {
                disturb(&mut value, &mut place.clone(), with);
            }
            let mut bytes = value.to_string().into_bytes();
            bytes.truncate(cut.unwrap_or(usize::MAX));
            let ask = case.ask();
            let request = case.source().requests(&ask).into_iter().find(|request| request.role == *role).unwrap();
            let response = Response { status, headers: Vec::new(), body: bytes.clone() };
            let _seen = case.source().follow(&ask, &request, &response, Progress::default());
            // As context, too.
            case = case.with(role, bytes.clone()).beside(feed, &[(role, bytes)]);
        }
        if let Ok(outcome) = case.read() {
            outcome.conserves();
        }
        let _digest = case.source().context_digest(&case.reading.slice, &case.reading.context);
    }

    #[test]
    fn no_bytes_panic(which in 0..CASES.len(), bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let (feed, family, documents) = CASES[which];
        let mut case = Case::new(feed, family).beside(feed, &[("api_keys", bytes.clone())]);
        for (role, _) in documents {
            case = case.with(role, bytes.clone());
        }
        let _outcome = case.read().is_ok();
    }
}
