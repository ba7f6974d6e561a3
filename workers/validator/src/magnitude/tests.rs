use jiff::civil::date;

use super::*;

const DOLLAR: i64 = 1_000_000_000;

fn api(model: &str, output_tokens: i64) -> ApiUsageExpense {
    ApiUsageExpense {
        model: Some(model.to_owned()),
        output_tokens: Some(output_tokens),
        is_billed: true,
        ..ApiUsageExpense::default()
    }
}

fn cost(model: &str, cost_usd: i64) -> ClaudeExpense {
    ClaudeExpense {
        platform: "claude_api".to_owned(),
        model: Some(model.to_owned()),
        cost_type: Some("tokens".to_owned()),
        cost_usd,
        ..ClaudeExpense::default()
    }
}

fn judged(feed: Feed, set: &RecordSet) -> (Option<String>, Vec<String>) {
    let slice = Slice::of_day(feed, "org", date(2026, 10, 5));
    let mut magnitude = Magnitude::of(&slice);
    magnitude.see(set);
    let limits = Limits::default();
    let parked = magnitude.check(&slice, &limits).err().map(|error| error.to_string());
    let found =
        magnitude.findings(&limits).into_iter().map(|((check, message), _)| format!("{check}: {message}"));
    (parked, found.collect())
}

fn anthropic(costs: Vec<ClaudeExpense>, usages: Vec<ApiUsageExpense>) -> (bool, Vec<String>) {
    let set = RecordSet { claude_expenses: costs, api_usage_expenses: usages, ..RecordSet::default() };
    let (parked, found) = judged(Feed::AnthropicCost, &set);
    (parked.is_some(), found)
}

#[test]
fn money_of_the_api_is_within_a_factor_of_its_tokens_list_price() {
    // A million tokens of output are ten dollars.
    let sonnet = "claude-sonnet-5";
    for (nanos, is_parked) in [
        (10 * DOLLAR, false),
        (199_999_999_999, false),
        (200 * DOLLAR, true),
        (1_000 * DOLLAR, true),
        (500_000_001, false),
        (500_000_000, true),
        (100_000_000, true),
    ] {
        assert_eq!(
            anthropic(vec![cost(sonnet, nanos)], vec![api(sonnet, 1_000_000)]).0,
            is_parked,
            "{nanos}"
        );
    }
    // Half the price: the factor is 20 exactly at a hundred dollars.
    let batch = ApiUsageExpense { service_tier: Some("batch".to_owned()), ..api(sonnet, 1_000_000) };
    assert!(anthropic(vec![cost(sonnet, 100 * DOLLAR)], vec![batch]).0);
    assert!(!anthropic(vec![cost(sonnet, 100 * DOLLAR)], vec![api(sonnet, 1_000_000)]).0);
    // Below a dollar of expected money anything goes.
    assert!(!anthropic(vec![cost(sonnet, 50 * DOLLAR)], vec![api(sonnet, 99_999)]).0);
    assert!(anthropic(vec![cost(sonnet, 50 * DOLLAR)], vec![api(sonnet, 100_000)]).0);
}

#[test]
fn what_has_no_two_sides_is_not_compared() {
    let sonnet = "claude-sonnet-5";
    let good = || (cost(sonnet, 10 * DOLLAR), api(sonnet, 1_000_000));
    let with = |more: ClaudeExpense, usage: Option<ApiUsageExpense>| {
        let (billed, used) = good();
        anthropic(vec![billed, more], std::iter::once(used).chain(usage).collect())
    };
    let elsewhere = cost("claude-opus-4-8", 900 * DOLLAR);
    assert_eq!(with(elsewhere.clone(), None), (false, vec![]), "money without tokens");
    let code = ClaudeExpense { platform: "claude_code".to_owned(), ..cost(sonnet, 900 * DOLLAR) };
    assert_eq!(with(code, None), (false, vec![]), "Claude Code");
    let search = ClaudeExpense { cost_type: Some("web_search".to_owned()), ..cost(sonnet, 900 * DOLLAR) };
    assert_eq!(with(search, None), (false, vec![]), "no tokens");
    assert_eq!(with(cost(sonnet, -9 * DOLLAR), None), (false, vec![]), "a credit");
    let ahead = ApiUsageExpense { is_billed: false, ..api(sonnet, 900_000_000) };
    assert_eq!(with(cost(sonnet, 1), Some(ahead)), (false, vec![]), "bought ahead");
    let next = "claude-next-1";
    let (is_parked, found) = with(cost(next, 900 * DOLLAR), Some(api(next, 1_000)));
    assert_eq!(
        (is_parked, found),
        (false, vec!["unpriced_model: `claude-next-1` has no list price: not compared".to_owned()])
    );
}

#[test]
fn money_of_claude_code_and_claude_ai_is_compared_with_tokens_beside_the_rows() {
    let judged = |platform: &str, nanos: i64, output_tokens: i64| {
        let slice = Slice::of_day(Feed::AnthropicCost, "org", date(2026, 10, 5));
        let mut magnitude = Magnitude::of(&slice);
        let billed = ClaudeExpense { platform: platform.to_owned(), ..cost("claude-sonnet-5", nanos) };
        // What no model is named for has no tokens to be compared with.
        let other = ClaudeExpense { model: None, ..billed.clone() };
        magnitude.see(&RecordSet { claude_expenses: vec![billed, other], ..RecordSet::default() });
        let stated = |platform: &str| StatedTokens {
            platform: platform.to_owned(),
            model: "claude-sonnet-5".to_owned(),
            output_tokens,
            ..StatedTokens::default()
        };
        magnitude.see_tokens(&[stated(platform), stated("another")]);
        magnitude.check(&slice, &Limits::default()).err().map(|error| error.to_string())
    };
    for platform in ["claude_code", "claude.ai"] {
        for (nanos, tokens, is_parked) in [
            (10 * DOLLAR, 1_000_000, false),
            (199_999_999_999, 1_000_000, false),
            (200 * DOLLAR, 1_000_000, true),
            // A seat covers most tokens.
            (1, 1_000_000, false),
            // Below a dollar of expected money anything goes.
            (50 * DOLLAR, 99_999, false),
            (50 * DOLLAR, 0, false),
        ] {
            assert_eq!(judged(platform, nanos, tokens).is_some(), is_parked, "{platform} {nanos} {tokens}");
        }
    }
    let said = judged("claude_code", 1_000 * DOLLAR, 1_000_000).unwrap();
    for part in ["1000 USD", "10 USD", "the tokens of Claude Code at list price"] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
}

#[test]
fn an_estimate_of_claude_code_is_compared_with_its_tokens() {
    for (nanos, is_parked) in [(10 * DOLLAR, false), (1_000 * DOLLAR, true), (100_000_000, true), (0, false)]
    {
        let row = ClaudeCodeUsage {
            model: Some("claude-sonnet-5".to_owned()),
            output_tokens: Some(1_000_000),
            estimated_cost_usd: Some(nanos),
            ..ClaudeCodeUsage::default()
        };
        let set = RecordSet { claude_code_usage_stats: vec![row], ..RecordSet::default() };
        assert_eq!(judged(Feed::AnthropicClaudeCode, &set).0.is_some(), is_parked, "{nanos}");
    }
}

#[test]
fn tokens_without_any_money_are_a_finding_and_no_reason_to_park() {
    let (is_parked, found) = anthropic(vec![], vec![api("claude-sonnet-5", 100_000)]);
    assert_eq!(
        (is_parked, found),
        (false, vec!["no_money: tokens of the Claude API came without any billed money".to_owned()])
    );
    assert_eq!(anthropic(vec![], vec![api("claude-sonnet-5", 99_999)]), (false, vec![]));
    assert_eq!(
        anthropic(vec![cost("claude-opus-5", 1)], vec![api("claude-sonnet-5", 100_000)]),
        (false, vec![])
    );
}

#[test]
fn a_parked_slice_says_both_amounts_and_what_was_left_out() {
    let usages = vec![api("claude-sonnet-5", 1_000_000), api("claude-next-1", 5)];
    let set = RecordSet {
        claude_expenses: vec![cost("claude-sonnet-5", 1_000 * DOLLAR)],
        api_usage_expenses: usages,
        ..RecordSet::default()
    };
    let text = judged(Feed::AnthropicCost, &set).0.unwrap();
    for part in ["anthropic/cost|org|2026-10-05", "1000 USD", "10 USD", "left out: claude-next-1"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert_eq!(judged(Feed::SheetClaudeAiSpend, &set).0, None);
}

#[test]
fn an_event_is_compared_with_the_vendors_value_and_with_its_tokens() {
    let event = |charged: i64, value: Option<i64>, model: &str| RecordSet {
        cursor_usage_events: vec![CursorUsageEvent {
            model: Some(model.to_owned()),
            output_tokens: Some(1_000_000),
            charged_value_usd: Some(charged),
            model_value_usd: value,
            token_fee_value_usd: Some(0),
            ..CursorUsageEvent::default()
        }],
        ..RecordSet::default()
    };
    let (claude, other) = ("claude-sonnet-5-thinking-high", "gpt-5.5-high");
    for (charged, value, model, is_parked) in [
        (10 * DOLLAR, Some(10 * DOLLAR), claude, false),
        (1_000 * DOLLAR, Some(10 * DOLLAR), claude, true),
        (1_000 * DOLLAR, Some(1_000 * DOLLAR), claude, true),
        (1_000 * DOLLAR, Some(1_000 * DOLLAR), other, false),
        (1_000 * DOLLAR, Some(10 * DOLLAR), other, true),
        (100_000_000, Some(10 * DOLLAR), other, true),
        (1_000 * DOLLAR, None, claude, true),
        (1_000 * DOLLAR, None, other, false),
        (0, Some(10 * DOLLAR), claude, false),
    ] {
        let parked = judged(Feed::CursorUsageEvents, &event(charged, value, model)).0;
        assert_eq!(parked.is_some(), is_parked, "{charged} {value:?} {model}: {parked:?}");
    }
}

#[test]
fn cursors_names_of_models_are_anthropics_in_another_order() {
    for (name, model) in [
        ("claude-opus-5-5-thinking-high", Some("claude-opus-5-5")),
        ("claude-sonnet-5", Some("claude-sonnet-5")),
        ("claude-4-sonnet-thinking", Some("claude-sonnet-4")),
        ("claude-4.5-Sonnet", Some("claude-sonnet-4-5")),
        ("claude-haiku-4-5-20251001", Some("claude-haiku-4-5")),
        ("gpt-5.5-high", None),
        ("default", None),
        ("claude-4", None),
    ] {
        assert_eq!(claude_of(name).as_deref(), model, "{name}");
    }
}
