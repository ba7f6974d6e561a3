//! The embedded files, in the order in which they are created.

macro_rules! embed {
    ($folder:literal: $($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../", $folder, "/", $name, ".sql")))),*]
    };
}

/// A table's name and its file.
pub const TABLES: &[(&str, &str)] = embed!["tables":
    "warehouse_info", "load_lock", "slice_loads", "runs", "rejected_records", "raw_documents", "alert_incidents",
    "claude_expenses", "api_usage_expenses", "claude_code_usage_stats", "claude_usage_stats", "cursor_usage_stats",
    "cursor_expenses", "cursor_usage_events", "cursor_spend_snapshots", "key_sources", "user_sources",
    "dim_workspaces", "dim_api_key_mapping", "dim_seats", "dim_budget", "invoices", "dim_calendar", "dim_platform",
    "dim_price", "dim_assumption",
];

/// A view's name and its file; a view stands after those it reads.
pub const VIEWS: &[(&str, &str)] = embed!["views":
    "vw_person_periods", "vw_key_periods", "dim_users", "dim_api_keys", "fct_cost_daily", "fct_usage_daily",
    "vw_reading", "vw_freshness", "vw_schema_compliance", "vw_seat_cycles", "vw_seat_spend", "vw_reconciliation",
    "vw_quality_of_operation", "vw_data_quality", "vw_data_quality_dashboard",
    "vw_spend_daily", "vw_usage_daily", "vw_spend_pace", "vw_month_pace", "vw_budget", "vw_loaded_range",
    "vw_forecast", "vw_data_quality_evidence", "vw_cost_allocation", "vw_executive_summary", "vw_monthly_finance", "vw_pipeline_run",
    "vw_productivity_metrics", "vw_quarterly_finance", "vw_recommendation",
];

/// A part that several cards, rules or views share, and its file: a line that says what it is, then SQL: mostly `name AS (…)`, one or
/// more.
pub const PARTS: &[(&str, &str)] = embed!["parts":
    "asked_runs", "budget_ahead", "code_days", "coding_money", "coding_parts", "cursor_cycles", "doubtful_days", "high_day", "idle_seats",
    "known_people", "lines_by_month", "months_in_range", "months_so_far", "newest_readings", "open_findings", "paid_output",
    "people_in_range", "period_before", "person_tools", "seat_sums", "slice_differences", "thirteen_months", "weeks",
];

/// A rule's name and its file, in the order in which people read them.
pub const ALERTS: &[(&str, &str)] = embed!["alerts":
    "daily-anomaly", "monthly-increase", "budget", "usage-spike", "seats-changed", "attribution", "unmapped-key",
    "reconciliation", "ingestion-failure", "stale", "missing-day", "frozen-feed", "vanished", "drift", "data-quality",
    "change",
];

macro_rules! embed_cards {
    ($($group:literal: $($name:literal),* ;)*) => {
        &[$($(($group, $name, include_str!(concat!("../cards/", $group, "/", $name, ".sql")))),*),*]
    };
}

/// A card's group, name and file, in the order in which people read them.
pub const CARDS: &[(&str, &str, &str)] = embed_cards![
    "exec":
        "headline", "total-spend", "growth", "budget-used", "cost-per-active-user", "run-rate",
        "data-trust", "monthly-trend", "platform-share", "budget-vs-actual", "top-users", "seat-vs-usage",
        "what-changed", "definitions", "data-quality", "freshness";
    "alloc":
        "headline", "heatmap", "people", "team-stack", "team-share", "teams", "team-trend", "models",
        "models-table", "keys", "token-types", "service-tiers", "unattributed", "ledger";
    "prod":
        "headline", "lines-accepted", "line-acceptance", "edit-acceptance", "commits", "pull-requests",
        "active-users", "acceptance-trend", "lines-trend", "team-heatmap", "commits-trend", "active-trend",
        "ranking", "engagement", "user-categories", "idle-seats", "tool-comparison", "acceptance-by-tool",
        "request-mix", "included-vs-overage", "models";
    "roi":
        "headline", "cost-per-line", "cost-per-suggestion", "category", "cost-per-1k-tokens", "savings",
        "trend", "tier-counts", "platform-efficiency", "efficiency-bars", "scatter", "people", "preference",
        "model-cost", "recommendations", "savings-by-rule", "savings-note", "value", "assumptions";
];

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn every_file_is_embedded() {
        for (folder, embedded) in [("tables", TABLES), ("views", VIEWS), ("parts", PARTS)] {
            // Asked when it runs: build output may be shared between checkouts.
            let here = std::env::var("CARGO_MANIFEST_DIR").unwrap();
            let mut found: Vec<String> = fs::read_dir(Path::new(&here).join(folder))
                .unwrap()
                .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
                .collect();
            let mut listed: Vec<String> = embedded.iter().map(|(name, _)| (*name).to_owned()).collect();
            found.sort();
            listed.sort();
            assert_eq!(listed, found);
        }
    }

    #[test]
    fn every_rule_is_embedded() {
        let here = std::env::var("CARGO_MANIFEST_DIR").unwrap();
        let entries = fs::read_dir(Path::new(&here).join("alerts")).into_iter().flatten();
        let files = entries.map(|entry| entry.unwrap().path());
        let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "sql"));
        let mut found: Vec<String> =
            files.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
        let mut listed: Vec<String> = ALERTS.iter().map(|(name, _)| (*name).to_owned()).collect();
        found.sort();
        listed.sort();
        assert_eq!(listed, found);
    }

    #[test]
    fn every_card_is_embedded() {
        let here = std::env::var("CARGO_MANIFEST_DIR").unwrap();
        let mut found = Vec::new();
        for group in fs::read_dir(Path::new(&here).join("cards")).into_iter().flatten() {
            for file in fs::read_dir(group.unwrap().path()).unwrap() {
                let path = file.unwrap().path();
                let card = path.strip_prefix(Path::new(&here).join("cards")).unwrap().with_extension("");
                found.push(card.display().to_string());
            }
        }
        let mut listed: Vec<String> =
            CARDS.iter().map(|(group, name, _)| format!("{group}/{name}")).collect();
        found.sort();
        listed.sort();
        assert_eq!(listed, found);
    }

    #[test]
    fn a_file_creates_what_its_name_says() {
        for (name, sql) in TABLES {
            assert!(
                sql.contains(&format!("CREATE TABLE IF NOT EXISTS ai_usage_analytics.{name} (")),
                "{name}"
            );
        }
        for (name, sql) in VIEWS {
            assert!(sql.contains(&format!("CREATE OR REPLACE VIEW ai_usage_analytics.{name} AS")), "{name}");
        }
    }

    #[test]
    fn a_view_stands_after_those_it_reads() {
        for (place, (name, sql)) in VIEWS.iter().enumerate() {
            for (later, _) in VIEWS.iter().skip(place + 1) {
                assert!(!reads(sql, later), "`{name}` reads `{later}`, which is created after it");
            }
        }
    }

    fn reads(sql: &str, name: &str) -> bool {
        let qualified = format!("ai_usage_analytics.{name}");
        sql.match_indices(&qualified).any(|(at, _)| {
            !sql[at + qualified.len()..].starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_')
        })
    }
}
