//! Every fixture as rows, with its snapshot beside it.

use std::fmt::Write as _;

use aispend_model::Feed;
use jiff::civil::date;

use super::super::SOURCES;
use super::{Case, ORG, fixture, fixtures, render};

fn check(folder: &str, name: &str, case: &Case) {
    let outcome = case.read().unwrap_or_else(|error| panic!("{folder}/{name}: {error}"));
    outcome_is_whole(&outcome, case);
    let path = fixtures().join(folder);
    insta::with_settings!({
        snapshot_path => path, prepend_module_to_snapshot => false, omit_expression => true,
    }, {
        insta::assert_snapshot!(name, render(&outcome));
    });
}

fn outcome_is_whole(outcome: &super::Outcome, case: &Case) {
    outcome.conserves();
    for document in outcome.set.claude_expenses.iter().map(|row| row.document) {
        assert!((document as usize) < case.reading.documents.len());
    }
}

fn cost(family: &str) -> Case {
    Case::new(Feed::AnthropicCost, family)
}

#[test]
fn the_directory() {
    let case = Case::new(Feed::AnthropicDirectory, "")
        .with("me", fixture("directory/me"))
        .with("api_keys", fixture("directory/api-keys-1"))
        .with("api_keys", fixture("directory/api-keys-2"))
        .with("workspaces", fixture("directory/workspaces"))
        .with("users", fixture("directory/users"));
    check("directory", "directory", &case);
    for name in ["api-keys-newer-version", "api-keys-plain-ids"] {
        let case =
            Case::new(Feed::AnthropicDirectory, "").with("api_keys", fixture(&format!("directory/{name}")));
        check("directory", name, &case);
    }
}

#[test]
fn the_beta_by_key() {
    let case = cost("analytics")
        .with("cost", fixture("cost/analytics-cost"))
        .with("usage", fixture("cost/analytics-usage"))
        .beside_samples();
    check("cost", "analytics", &case);
}

#[test]
fn the_beta_by_person() {
    let case = cost("analytics_enterprise").with("cost", fixture("cost/analytics-cost-by-actor"));
    check("cost", "analytics-by-actor", &case);
}

#[test]
fn enterprise_reports() {
    let case = cost("enterprise_reports")
        .with("total", fixture("cost/enterprise-total"))
        .with("users", fixture("cost/enterprise-users-grouped"));
    // Grouped alike, as they are asked for: what people spent, and what is left of each group.
    check("cost", "enterprise-reports", &case);
    let unlike = cost("enterprise_reports")
        .with("total", fixture("cost/enterprise-total-by-product"))
        .with("users", fixture("cost/enterprise-users"));
    check("cost", "enterprise-reports-unlike", &unlike);
}

#[test]
fn the_legacy_reports() {
    for (name, day) in [("legacy-1", date(2026, 10, 5)), ("legacy-2", date(2026, 10, 6))] {
        let case = cost("legacy")
            .on(day)
            .with("cost", fixture("cost/legacy-cost-1"))
            .with("cost", fixture("cost/legacy-cost-2"))
            .with("usage", fixture("cost/legacy-usage-1"))
            .with("usage", fixture("cost/legacy-usage-2"))
            .beside_samples();
        check("cost", name, &case);
    }
    let documented = cost("legacy")
        .on(date(2025, 8, 1))
        .with("cost", fixture("cost/legacy-cost-documented"))
        .with("usage", fixture("cost/legacy-usage-documented"));
    check("cost", "legacy-documented", &documented);
    let ungrouped = cost("legacy")
        .with("cost", fixture("cost/legacy-cost-ungrouped"))
        .with("usage", fixture("cost/legacy-usage-hourly"));
    check("cost", "legacy-ungrouped", &ungrouped);
    let unknown = cost("legacy").on(date(2026, 10, 8)).with("cost", fixture("cost/legacy-cost-unknown"));
    check("cost", "legacy-unknown", &unknown);
}

#[test]
fn claude_code() {
    let code = || Case::new(Feed::AnthropicClaudeCode, "");
    let pages = code()
        .with("claude_code", fixture("claude-code/page-1"))
        .with("claude_code", fixture("claude-code/page-2"));
    check("claude-code", "pages", &pages);
    let documented = code().on(date(2025, 9, 8)).with("claude_code", fixture("claude-code/documented"));
    check("claude-code", "documented", &documented);
    check("claude-code", "odd", &code().with("claude_code", fixture("claude-code/odd")));
    check("claude-code", "empty", &code().with("claude_code", fixture("claude-code/empty")));
}

#[test]
fn claude_ai() {
    let case = Case::new(Feed::AnthropicClaudeAi, "")
        .with("users", fixture("claude-ai/page-1"))
        .with("users", fixture("claude-ai/page-2"));
    check("claude-ai", "alone", &case);
    let report = [("claude_code", fixture("claude-code/page-1"))];
    let beside = case.clone().beside(Feed::AnthropicClaudeCode, &report);
    check("claude-ai", "beside-claude-code", &beside);
    let silent = [("claude_code", fixture("claude-code/empty"))];
    let beside_silence = case.clone().beside(Feed::AnthropicClaudeCode, &silent);
    assert_eq!(case.digest(), beside_silence.digest());
    assert_ne!(case.digest(), beside.digest());
}

#[test]
fn every_feed_asks_for_what_its_snapshot_shows() {
    let mut text = String::new();
    for source in SOURCES {
        let families: &[&str] = match source.feed() {
            Feed::AnthropicCost => &["analytics", "analytics_enterprise", "enterprise_reports", "legacy"],
            _ => &[""],
        };
        for family in families {
            writeln!(text, "{} {family}", source.feed()).unwrap();
            for request in source.requests(&Case::new(source.feed(), family).ask()) {
                assert_eq!((request.org_id.as_str(), request.page), (ORG, 0));
                writeln!(text, "  {}: {} {:?}", request.role, request.line(), request.headers).unwrap();
            }
        }
    }
    insta::with_settings!({
        snapshot_path => fixtures(),
        prepend_module_to_snapshot => false, omit_expression => true,
    }, {
        insta::assert_snapshot!("requests", text);
    });
}
