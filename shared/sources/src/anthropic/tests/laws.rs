//! What holds for any input: money is conserved, order does not matter.

use aispend_model::Feed;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Case, render};

fn maybe(values: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let some = prop::sample::select(values).prop_map(Value::from);
    prop_oneof![1 => Just(Value::Null), 4 => some]
}

const WORKSPACES: &[&str] = &["w1", "wrkspc_01CcWk9pT4nB6sLdVhMqXyGe"];
const KEYS: &[&str] = &["a", "b", "c", "apikey_01CiBx7QhVt2RnMpLw9KsDzG"];
const MODELS: &[&str] = &["m1", "m2"];
const TIERS: &[&str] = &["standard", "batch", "flex", "priority", "odd"];
const WINDOWS: &[&str] = &["0-200k", "200k-1M"];
const PRODUCTS: &[&str] = &["messages_api", "claude_code", "chat", "brand_new", "other"];
const COST_TYPES: &[&str] = &["tokens", "tokens", "tokens", "web_search", "code_execution", "odd"];
const TOKEN_TYPES: &[&str] =
    &["uncached_input_tokens", "output_tokens", "cache_creation.ephemeral_1h_input_tokens", "odd"];

fn amount() -> impl Strategy<Value = Value> {
    let text = (any::<i32>(), 0_usize..14).prop_map(|(digits, scale)| format!("{digits}e-{scale}"));
    prop_oneof![text.prop_map(Value::from), any::<i32>().prop_map(Value::from)]
}

fn line() -> impl Strategy<Value = Value> {
    let words = (
        maybe(WORKSPACES),
        maybe(MODELS),
        maybe(TIERS),
        maybe(WINDOWS),
        maybe(COST_TYPES),
        maybe(TOKEN_TYPES),
    );
    (amount(), words).prop_map(|(amount, (workspace, model, tier, window, cost_type, token_type))| {
        json!({"amount": amount, "currency": "USD", "workspace_id": workspace, "model": model,
               "service_tier": tier, "context_window": window, "cost_type": cost_type, "token_type": token_type})
    })
}

fn usage() -> impl Strategy<Value = Value> {
    let words = (maybe(KEYS), maybe(WORKSPACES), maybe(MODELS), maybe(TIERS), maybe(WINDOWS));
    let counts = (-3_i64..1_000_000, 0_i64..5, 0_i64..3);
    (words, counts).prop_map(|((key, workspace, model, tier, window), (input, output, other))| {
        json!({"api_key_id": key, "workspace_id": workspace, "model": model, "service_tier": tier,
               "context_window": window, "uncached_input_tokens": input, "output_tokens": output,
               "cache_creation": {"ephemeral_1h_input_tokens": other}, "server_tool_use": {"web_search_requests": other}})
    })
}

fn buckets(rows: &[Value]) -> String {
    json!({"data": [{"starting_at": "2026-10-05T00:00:00Z", "results": rows}], "has_more": false}).to_string()
}

fn legacy(lines: &[Value], usage: &[Value], narrowed: bool) -> Case {
    let asked = if narrowed {
        "GET /v1/x?group_by[]=model"
    } else {
        "GET /v1/x?group_by[]=service_tier&group_by[]=context_window"
    };
    Case::new(Feed::AnthropicCost, "legacy")
        .with("cost", buckets(lines))
        .with_answer_to(asked, "usage", buckets(usage))
        .beside_samples()
}

fn beta_row(member: &str, value: Value, line: &Value, product: &Value, actor: usize) -> Value {
    let mut group = line.clone();
    group["product"] = product.clone();
    if let Some(id) = KEYS.get(actor) {
        group["actor"] =
            json!({"type": "user_actor", "user_id": id, "email_address": format!("{id}@example.com")});
    }
    json!({"starting_at": "2026-10-05T00:00:00Z", "group": group, member: value})
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn legacy_rows_add_up_to_what_was_stated_in_any_order(
        lines in prop::collection::vec(line(), 0..12),
        usages in prop::collection::vec(usage(), 0..12),
        narrowed in any::<bool>(),
    ) {
        let outcome = legacy(&lines, &usages, narrowed).read().unwrap();
        outcome.conserves();
        let tokens: i64 = outcome.set.api_usage_expenses.iter().filter_map(|row| row.output_tokens).sum();
        let stated: i64 = usages.iter().filter_map(|row| row["output_tokens"].as_i64()).sum();
        prop_assert!(tokens <= stated, "tokens never repeat");
        let (mut lines, mut usages) = (lines, usages);
        lines.reverse();
        usages.reverse();
        let turned = legacy(&lines, &usages, narrowed).read().unwrap();
        prop_assert_eq!(&outcome.set, &turned.set);
    }

    #[test]
    fn beta_rows_add_up_to_what_was_stated(
        lines in prop::collection::vec((line(), maybe(PRODUCTS), 0_usize..5), 0..12),
        usages in prop::collection::vec((usage(), maybe(PRODUCTS), 0_usize..5), 0..12),
        family in prop::sample::select(vec!["analytics", "analytics_enterprise"]),
    ) {
        let costs: Vec<Value> = lines
            .iter()
            .map(|(line, product, actor)| {
                let cost = json!({"amount": line["amount"], "list_amount": "1", "currency": "USD"});
                beta_row("cost", cost, line, product, *actor)
            })
            .collect();
        let used: Vec<Value> = usages
            .iter()
            .map(|(usage, product, actor)| beta_row("usage", usage.clone(), usage, product, *actor))
            .collect();
        let outcome = Case::new(Feed::AnthropicCost, family)
            .with("cost", json!({"data": costs}).to_string())
            .with("usage", json!({"data": used}).to_string())
            .beside_samples()
            .read()
            .unwrap();
        outcome.conserves();
        let allocated = outcome.set.claude_expenses.iter().all(|row| row.allocation == "reported");
        prop_assert!(allocated, "{}", render(&outcome));
    }

    #[test]
    fn enterprise_rows_add_up_to_what_was_stated(
        totals in prop::collection::vec((line(), maybe(PRODUCTS)), 0..12),
        users in prop::collection::vec((line(), maybe(PRODUCTS), 0_usize..5), 0..12),
    ) {
        let total: Vec<Value> = totals.iter().map(|(line, product)| {
            let mut row = line.clone();
            row["product"] = product.clone();
            row
        }).collect();
        let users: Vec<Value> = users.iter().map(|(line, product, actor)| {
            let mut row = beta_row("x", Value::Null, line, product, *actor)["group"].take();
            row["starting_at"] = "2026-10-05T00:00:00Z".into();
            row
        }).collect();
        let outcome = Case::new(Feed::AnthropicCost, "enterprise_reports")
            .with("total", buckets(&total))
            .with("users", json!({"data": users}).to_string())
            .read()
            .unwrap();
        outcome.conserves();
    }
}
