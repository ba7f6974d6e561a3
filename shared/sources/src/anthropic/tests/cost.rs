//! The split of legacy money, to the nano-dollar.

use std::collections::BTreeMap;

use aispend_model::{Feed, Money};
use jiff::civil::date;
use serde_json::{Value, json};

use super::{Case, fixture};

fn legacy() -> Case {
    Case::new(Feed::AnthropicCost, "legacy")
}

fn buckets(rows: Value) -> Vec<u8> {
    let bucket =
        json!({"starting_at": "2026-10-05T00:00:00Z", "ending_at": "2026-10-06T00:00:00Z", "results": rows});
    json!({"data": [bucket], "has_more": false, "next_page": null}).to_string().into_bytes()
}

fn line(amount: &str, tier: &str, window: &str) -> Value {
    json!({"amount": amount, "currency": "USD", "workspace_id": "w", "model": "m", "service_tier": tier,
           "context_window": window, "cost_type": "tokens", "token_type": "output_tokens"})
}

fn used(key: Option<&str>, tier: &str, window: &str, output: i64) -> Value {
    json!({"api_key_id": key, "workspace_id": "w", "model": "m", "service_tier": tier, "context_window": window,
           "output_tokens": output})
}

/// Key, nano-dollars, allocation of each row.
fn shares(case: &Case) -> Vec<(Option<String>, i64, String)> {
    let outcome = case.read().unwrap();
    outcome.conserves();
    let rows = outcome.set.claude_expenses.into_iter();
    rows.map(|row| (row.api_key_id, row.cost_usd, row.allocation)).collect()
}

fn check(line: Value, usage: Value, expected: &[(&str, i64, &str)]) {
    let case = legacy().with("cost", buckets(json!([line]))).with("usage", buckets(usage));
    let expected: Vec<(Option<String>, i64, String)> = expected
        .iter()
        .map(|(key, nanos, how)| ((!key.is_empty()).then(|| (*key).to_owned()), *nanos, (*how).to_owned()))
        .collect();
    assert_eq!(shares(&case), expected, "{line}");
}

const SHORT: &str = "0-200k";
const LONG: &str = "200k-1M";

#[test]
fn the_sample_organisation_is_split_to_the_nano_dollar() {
    let expected: [&[(&str, i64)]; 2] = [
        &[
            ("apikey_01AlCc6TnRv3XhQpWm8KyBsZ exact", 21_640_200_800),
            ("apikey_01BbCc2YwPz9LdGtHk5JxNqM exact", 11_394_378_500),
            ("apikey_01CiBx7QhVt2RnMpLw9KsDzG exact", 2_095_037_300),
            ("apikey_01NbTq5WcXr8LmKsPd3HvYgF exact", 18_100_098_000),
            ("apikey_01Rj2N8SVvo6BePZj99NhmiT exact", 31_071_612_200),
            ("apikey_01ScRt4JkFm8WqYbNx6PzHvD exact", 96_038_000),
            ("code_execution unallocated", 125_000_000),
            ("no_key", 5_216_000),
            ("session_usage unallocated", 42_222_222),
        ],
        &[
            ("apikey_01AlCc6TnRv3XhQpWm8KyBsZ exact", 15_700_305_200),
            ("apikey_01NbTq5WcXr8LmKsPd3HvYgF exact", 17_300_016_000),
            ("apikey_01Rj2N8SVvo6BePZj99NhmiT exact", 13_390_088_400),
            ("apikey_01ScRt4JkFm8WqYbNx6PzHvD exact", 338_000),
        ],
    ];
    let mut total = Money::ZERO;
    for (day, expected) in [date(2026, 10, 5), date(2026, 10, 6)].into_iter().zip(expected) {
        let outcome = legacy()
            .on(day)
            .with("cost", fixture("cost/legacy-cost-1"))
            .with("cost", fixture("cost/legacy-cost-2"))
            .with("usage", fixture("cost/legacy-usage-1"))
            .with("usage", fixture("cost/legacy-usage-2"))
            .read()
            .unwrap();
        outcome.conserves();
        total += outcome.stated;
        let mut by_key: BTreeMap<String, i64> = BTreeMap::new();
        for row in outcome.set.claude_expenses {
            let name = match (row.api_key_id, row.allocation.as_str()) {
                (Some(key), how) => format!("{key} {how}"),
                (None, "unallocated") => format!("{} unallocated", row.cost_type.unwrap()),
                (None, how) => how.to_owned(),
            };
            *by_key.entry(name).or_default() += row.cost_usd;
        }
        let by_key: Vec<(&str, i64)> = by_key.iter().map(|(name, nanos)| (name.as_str(), *nanos)).collect();
        assert_eq!(by_key, expected, "{day}");
    }
    assert_eq!(total.to_string(), "130.960550622");
}

#[test]
fn the_beta_of_the_sample_organisation_is_the_same_without_session_usage() {
    let outcome =
        Case::new(Feed::AnthropicCost, "analytics").with("cost", fixture("cost/analytics-cost")).read();
    assert_eq!(outcome.unwrap().stated.to_string(), "84.5275808");
}

#[test]
fn equal_weights_give_the_missing_unit_to_the_first_key_and_no_key_comes_last() {
    let usage = json!([
        used(None, "standard", SHORT, 1),
        used(Some("b"), "standard", SHORT, 1),
        used(Some("a"), "standard", SHORT, 1),
    ]);
    let expected = [("", 33_333_333, "no_key"), ("a", 33_333_334, "exact"), ("b", 33_333_333, "exact")];
    check(line("10", "standard", SHORT), usage.clone(), &expected);
    let credit = [("", -33_333_333, "no_key"), ("a", -33_333_334, "exact"), ("b", -33_333_333, "exact")];
    check(line("-10", "standard", SHORT), usage, &credit);
}

#[test]
fn a_line_goes_to_its_own_terms_first_then_wider_then_to_nobody() {
    let standard = || line("1", "standard", SHORT);
    let (exact, widened) = ([("a", 10_000_000, "exact")], [("b", 10_000_000, "widened")]);
    let own = used(Some("a"), "standard", SHORT, 5);
    check(
        standard(),
        json!([own, used(Some("b"), "standard", LONG, 9), used(Some("c"), "flex", SHORT, 9)]),
        &exact,
    );
    check(
        standard(),
        json!([used(Some("b"), "flex", SHORT, 5), used(Some("c"), "standard", LONG, 5)]),
        &widened,
    );
    check(standard(), json!([used(Some("b"), "standard", LONG, 5)]), &widened);
    check(standard(), json!([used(Some("b"), "flex_discount", LONG, 5)]), &widened);
    let nobody = [("", 10_000_000, "unallocated")];
    check(standard(), json!([]), &nobody);
    check(standard(), json!([used(Some("a"), "standard", SHORT, 0)]), &nobody);
    for tier in ["batch", "priority", "priority_on_demand"] {
        check(standard(), json!([used(Some("a"), tier, SHORT, 5)]), &nobody);
    }
    check(line("1", "batch", SHORT), json!([used(Some("a"), "standard", SHORT, 5)]), &nobody);
    let batch = json!([used(Some("b"), "batch", LONG, 5)]);
    check(line("1", "batch", SHORT), batch, &widened);
}

#[test]
fn searches_go_by_workspace_whatever_the_tier() {
    let search = json!({"amount": "3", "currency": "USD", "workspace_id": "w", "cost_type": "web_search"});
    let row = |key: &str, workspace: &str, tier: &str, searches: i64| {
        json!({"api_key_id": key, "workspace_id": workspace, "model": key, "service_tier": tier,
               "server_tool_use": {"web_search_requests": searches}})
    };
    let usage = json!([
        row("a", "w", "standard", 2),
        row("b", "w", "batch", 1),
        row("c", "w", "priority", 9),
        row("d", "other", "standard", 9),
    ]);
    let expected = [("a", 5_000_000, "exact"), ("b", 2_500_000, "exact"), ("c", 22_500_000, "exact")];
    check(search, usage, &expected);
    let execution =
        json!({"amount": "3", "currency": "USD", "workspace_id": "w", "cost_type": "code_execution"});
    check(execution, json!([row("a", "w", "standard", 2)]), &[("", 30_000_000, "unallocated")]);
}

#[test]
fn usage_read_with_fewer_dimensions_matches_on_those_it_has() {
    let asked = "GET /v1/x?group_by[]=workspace_id&group_by[]=api_key_id&group_by[]=model";
    let mut usage = used(Some("a"), "", "", 5);
    usage["service_tier"] = Value::Null;
    usage["context_window"] = Value::Null;
    let lines = json!([line("1", "standard", SHORT), line("2", "batch", LONG)]);
    let case = legacy().with("cost", buckets(lines)).with_answer_to(asked, "usage", buckets(json!([usage])));
    let key = Some("a".to_owned());
    let expected = [(key.clone(), 20_000_000, "widened".to_owned()), (key, 10_000_000, "widened".to_owned())];
    assert_eq!(shares(&case), expected);

    let asked = format!("{asked}&group_by[]=service_tier");
    let mut usage = used(Some("a"), "standard", "", 5);
    usage["context_window"] = Value::Null;
    let lines = json!([line("1", "standard", SHORT), line("2", "standard", LONG)]);
    let case = legacy().with("cost", buckets(lines)).with_answer_to(&asked, "usage", buckets(json!([usage])));
    let outcome = case.read().unwrap();
    outcome.conserves();
    // Both windows and the tokens meet in one row.
    let [row] = outcome.set.api_usage_expenses.as_slice() else {
        panic!("{:?}", outcome.set.api_usage_expenses)
    };
    assert_eq!((row.cost_usd, row.output_tokens, row.context_window.as_deref()), (30_000_000, Some(5), None));
}

#[test]
fn equal_lines_are_each_split_by_themselves() {
    let lines = json!([line("0.0000001", "standard", SHORT), line("0.0000001", "standard", SHORT)]);
    let usage = json!([used(Some("a"), "standard", SHORT, 1), used(Some("b"), "standard", SHORT, 1)]);
    let case = legacy().with("cost", buckets(lines)).with("usage", buckets(usage));
    let row = |key: &str, nanos| (Some(key.to_owned()), nanos, "exact".to_owned());
    assert_eq!(shares(&case), [row("a", 2), row("b", 0)]);
}

#[test]
fn lines_with_equal_terms_are_summed_and_reported() {
    let lines = json!([line("1", "standard", SHORT), line("2.5", "standard", SHORT)]);
    let outcome = legacy().with("cost", buckets(lines)).read().unwrap();
    outcome.conserves();
    assert_eq!(outcome.set.claude_expenses.len(), 1);
    assert_eq!(outcome.finds("duplicate_rows").len(), 1);
}

#[test]
fn tokens_stand_on_one_row_whatever_the_money_does() {
    let lines = json!([line("1", "standard", SHORT), line("2", "standard", LONG)]);
    let usage = json!([
        used(Some("a"), "standard", LONG, 5),
        used(Some("a"), "priority", LONG, 7),
        used(None, "standard", LONG, 1),
    ]);
    let outcome = legacy().with("cost", buckets(lines)).with("usage", buckets(usage)).read().unwrap();
    outcome.conserves();
    let rows = &outcome.set.api_usage_expenses;
    assert_eq!(rows.iter().filter_map(|row| row.output_tokens).sum::<i64>(), 13);
    let unbilled: Vec<_> = rows.iter().filter(|row| !row.is_billed).collect();
    assert_eq!(unbilled.len(), 1);
    assert_eq!((unbilled[0].output_tokens, unbilled[0].cost_usd), (Some(7), 0));
}

#[test]
fn people_who_spent_more_than_their_group_leave_a_negative_remainder() {
    let row = |amount: &str, product: &str| json!({"amount": amount, "currency": "USD", "product": product});
    let user = |amount: &str, product: &str| {
        let mut row = row(amount, product);
        row["starting_at"] = "2026-10-05T00:00:00Z".into();
        row["actor"] = json!({"type": "user_actor", "user_id": "u", "email": "U@example.com", "name": null});
        row
    };
    let reports = |total: Vec<Value>, users: Vec<Value>| {
        let users = json!({"data": users, "has_more": false}).to_string();
        let total = buckets(Value::Array(total));
        Case::new(Feed::AnthropicCost, "enterprise_reports")
            .with("total", total)
            .with("users", users)
            .read()
            .unwrap()
    };
    let outcome = reports(
        vec![row("10", "chat"), row("4", "claude_code")],
        vec![user("11", "chat"), user("4", "claude_code"), user("1", "cowork")],
    );
    outcome.conserves();
    assert_eq!(outcome.stated.to_string(), "0.14");
    let rest: Vec<i64> = outcome
        .set
        .claude_expenses
        .iter()
        .filter(|row| row.allocation == "unallocated")
        .map(|row| row.cost_usd)
        .collect();
    assert_eq!(rest, [-10_000_000, -10_000_000]);
    assert_eq!(outcome.finds("contradiction").len(), 1);

    // A total that names its most groups does not speak for the others.
    let many = (0..100).map(|group| row("1", &format!("p{group}"))).collect();
    let outcome = reports(many, vec![user("5", "p1"), user("3", "beyond")]);
    outcome.conserves();
    assert_eq!(outcome.stated.to_string(), "1.03");
    assert_eq!(outcome.finds("cut_total").len(), 1);
}

#[test]
fn money_that_cannot_be_read_exactly_parks_the_slice() {
    for (field, value, says) in [
        ("amount", json!("twelve"), "row 1: `amount`"),
        ("amount", json!(null), "it is missing"),
        ("amount", json!("1e30"), "more digits"),
        ("currency", json!("EUR"), "`EUR` is not USD"),
    ] {
        let mut line = line("1", "standard", SHORT);
        line[field] = value;
        let error = legacy().with("cost", buckets(json!([line]))).read().err().unwrap().to_string();
        assert!(error.contains(says), "{error}");
    }
    let mut number = line("1", "standard", SHORT);
    number["amount"] = json!(1.25);
    let outcome = legacy().with("cost", buckets(json!([number]))).read().unwrap();
    assert_eq!(outcome.stated.to_string(), "0.0125");
    let undated = json!({"data": [{"starting_at": "yesterday", "results": []}]}).to_string();
    assert!(legacy().with("cost", undated).read().err().unwrap().to_string().contains("`starting_at`"));
}

#[test]
fn money_beyond_the_groups_that_a_report_names_is_nobodys() {
    let row = |model: usize| json!({"amount": "1", "currency": "usd", "product": "chat", "model": model.to_string()});
    let total: Vec<Value> = (0..100).map(row).collect();
    let case = Case::new(Feed::AnthropicCost, "enterprise_reports");
    let ask = case.ask();
    let request = case.source().requests(&ask).remove(0);
    let response = aispend_model::Response { status: 200, headers: Vec::new(), body: buckets(json!(total)) };
    let followed = case.source().follow(&ask, &request, &response, crate::Progress::default()).unwrap();
    let crate::Next::Page(more) = followed.next else { panic!("{followed:?}") };
    assert!(!more[0].line().contains("group_by"), "{}", more[0].line());
    let whole = json!([{"amount": "130.5", "currency": "USD"}]);
    let user = json!({"starting_at": "2026-10-05T00:00:00Z", "amount": "3", "currency": "USD", "product": "chat", "model": "200"});
    let outcome = case
        .with("total", buckets(json!(total)))
        .with_answer_to(&more[0].line(), "whole", buckets(whole))
        .with("users", json!({"data": [user]}).to_string())
        .read()
        .unwrap();
    outcome.conserves();
    assert_eq!(outcome.stated.to_string(), "1.305");
    let rest = outcome.set.claude_expenses.iter().find(|row| row.product.is_none()).unwrap();
    assert_eq!((rest.cost_usd, rest.allocation.as_str()), (275_000_000, "unallocated"));
    assert_eq!(outcome.finds("cut_total").len(), 1);
}

#[test]
fn a_blank_is_nothing_and_money_is_not_parked_for_its_context() {
    let mut blank = line("1", "standard", SHORT);
    blank["workspace_id"] = json!("");
    blank.as_object_mut().unwrap().remove("currency");
    let mut usage = used(Some(""), "standard", SHORT, 5);
    usage["workspace_id"] = Value::Null;
    usage["output_tokens"] = json!("5.0");
    let odd =
        json!({"data": [{"id": 7, "name": {}}, {"id": "w9", "name": "Claude Code", "tags": 1}]}).to_string();
    let case = legacy()
        .with("cost", buckets(json!([blank])))
        .with("usage", buckets(json!([usage])))
        .beside(Feed::AnthropicDirectory, &[("workspaces", odd.into_bytes())])
        .beside(Feed::AnthropicClaudeCode, &[("claude_code", b"<html>".to_vec())]);
    assert_eq!(shares(&case), [(None, 10_000_000, "no_key".to_owned())]);
    let outcome = case.read().unwrap();
    assert_eq!((outcome.finds("context_unread").len(), outcome.finds("currency_missing").len()), (1, 1));
}
