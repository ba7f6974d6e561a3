//! Which platform a charge belongs to, and which rule said so.

use aispend_model::Feed;
use serde_json::{Value, json};

use super::{Case, fixture};

const CLAUDE_CODE: &str = "wrkspc_01CcWk9pT4nB6sLdVhMqXyGe";
const PROD: &str = "apikey_01Rj2N8SVvo6BePZj99NhmiT";
const CI_BOT: &str = "apikey_01CiBx7QhVt2RnMpLw9KsDzG";

/// Platform and rule of one row of the beta.
fn of_product(family: &str, product: Value, workspace: &str) -> (String, String) {
    let group = json!({"product": product, "workspace_id": workspace, "cost_type": "tokens"});
    let row = json!({"starting_at": "2026-10-05T00:00:00Z", "group": group, "cost": {"amount": "1", "currency": "USD"}});
    let body = json!({"data": [row]}).to_string();
    let outcome = Case::new(Feed::AnthropicCost, family).with("cost", body).beside_samples().read().unwrap();
    outcome.conserves();
    let row = &outcome.set.claude_expenses[0];
    (row.platform.clone(), row.platform_rule.clone())
}

#[test]
fn the_beta_decides_by_product_then_workspace_then_organisation() {
    for (product, workspace, console, enterprise) in [
        (json!("claude_code"), "w", "claude_code product", "claude_code product"),
        (json!("messages_api"), CLAUDE_CODE, "claude_api product", "claude_api product"),
        (json!("message_batches_api"), "w", "claude_api product", "claude_api product"),
        (json!("managed_agents_api"), "w", "claude_api product", "claude_api product"),
        (json!("claude_console"), "w", "claude_api product", "claude_api product"),
        (json!("chat"), "w", "claude.ai product", "claude.ai product"),
        (json!("claude_tag"), "w", "claude.ai product", "claude.ai product"),
        (json!("claude-in-slack"), "w", "claude.ai product", "claude.ai product"),
        (json!(null), CLAUDE_CODE, "claude_code workspace", "claude_code workspace"),
        (json!(null), "w", "claude_api default", "claude.ai default"),
        (json!("other"), "w", "claude_api default", "claude.ai default"),
        (json!("brand_new"), CLAUDE_CODE, "claude_code workspace", "claude_code workspace"),
        (json!("brand_new"), "w", "claude_api default", "claude.ai default"),
    ] {
        for (family, expected) in [("analytics", console), ("analytics_enterprise", enterprise)] {
            let (platform, rule) = of_product(family, product.clone(), workspace);
            assert_eq!(format!("{platform} {rule}"), expected, "{product} {workspace}");
        }
    }
}

fn mapping(platform: &str) -> Vec<(&'static str, Vec<u8>)> {
    let sheet = format!(
        "api_key_id,user_email,team,platform,purpose,status,valid_from,valid_to\n{PROD},dana@example.com,,{platform},,,,\n"
    );
    vec![("sheet", sheet.into_bytes())]
}

fn by_key(case: Case) -> Vec<String> {
    let case = case.with("cost", fixture("cost/legacy-cost-1")).with("usage", fixture("cost/legacy-usage-1"));
    let outcome = case.read().unwrap();
    outcome.conserves();
    let mut rules: Vec<String> = outcome
        .set
        .claude_expenses
        .iter()
        .filter(|row| {
            matches!(row.api_key_id.as_deref(), Some(PROD | CI_BOT))
                || row.workspace_id.as_deref() == Some(CLAUDE_CODE)
        })
        .map(|row| {
            let who = match row.api_key_id.as_deref() {
                Some(PROD) => "prod",
                Some(CI_BOT) => "ci-bot",
                _ => "Claude Code's workspace",
            };
            format!("{who}: {} {}", row.platform, row.platform_rule)
        })
        .collect();
    rules.sort();
    rules.dedup();
    rules
}

fn legacy() -> Case {
    Case::new(Feed::AnthropicCost, "legacy")
}

#[test]
fn legacy_money_goes_by_workspace_then_mapped_key_then_the_keys_name() {
    let nothing = [
        "Claude Code's workspace: claude_api default",
        "ci-bot: claude_api default",
        "prod: claude_api default",
    ];
    assert_eq!(by_key(legacy()), nothing);
    let known = [
        "Claude Code's workspace: claude_code workspace",
        "ci-bot: claude_code key_name",
        "prod: claude_api default",
    ];
    assert_eq!(by_key(legacy().beside_samples()), known);
    let mapped = [
        "Claude Code's workspace: claude_code workspace",
        "ci-bot: claude_code key_name",
        "prod: claude_code key_mapping",
    ];
    assert_eq!(
        by_key(legacy().beside_samples().beside(Feed::SheetApiKeyMapping, &mapping("claude_code"))),
        mapped
    );
}

#[test]
fn a_name_that_two_keys_share_decides_nothing() {
    let twin = String::from_utf8(fixture("directory/api-keys-plain-ids"))
        .unwrap()
        .replace("old-integration", "ci-bot");
    let case = legacy().beside_samples().beside(Feed::AnthropicDirectory, &[("api_keys", twin.into_bytes())]);
    assert!(by_key(case).contains(&"ci-bot: claude_api default".to_owned()));
}

#[test]
fn the_digest_changes_with_what_is_decided_and_with_nothing_else() {
    let nothing = legacy().digest();
    let samples = legacy().beside_samples().digest();
    assert_ne!(nothing, samples);
    assert_eq!(samples.len(), 64);
    let mut turned = legacy().beside_samples();
    turned.reading.context.reverse();
    for slice in &mut turned.reading.context {
        slice.documents.reverse();
    }
    assert_eq!(turned.digest(), samples);
    // A directory without Claude Code, and names of keys that nobody ran, decide nothing.
    let users = [("users", fixture("directory/users")), ("api_keys", fixture("directory/api-keys-1"))];
    assert_eq!(legacy().beside(Feed::AnthropicDirectory, &users).digest(), nothing);
    let api = legacy().beside(Feed::SheetApiKeyMapping, &mapping("claude_api"));
    assert_eq!(api.digest(), nothing);
    let code = legacy().beside(Feed::SheetApiKeyMapping, &mapping("claude_code"));
    assert_ne!(code.digest(), nothing);
}
