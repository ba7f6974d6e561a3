//! What the command line says, and the exit codes it says it with.

use aispend_simulator::{FaultLevel, FaultPlan};
use serde_json::Value;

use crate::command::Home;
use crate::vendors::Vendors;
use crate::worlds::{Shape, days_ago, plain, world};

#[test]
fn without_keys_one_screen_names_all_three_and_nothing_is_made() {
    let home = Home::empty();
    let ended = home.aispend(&["run"]).exits(2);
    for name in ["ANTHROPIC_ADMIN_KEY", "ANTHROPIC_ANALYTICS_KEY", "CURSOR_ADMIN_KEY", "aispend demo"] {
        ended.says(name);
    }
    assert!(ended.stderr.lines().count() < 25, "one screen: {}", ended.stderr);
    assert!(!home.data().join("warehouse.duckdb").exists());
}

#[test]
fn targets_of_checks_and_the_value_of_a_line_are_what_was_set_last() {
    let mut home = Home::empty();
    let check = |home: &Home, target: &str, line: &str| {
        home.aispend(&["migrate"]).exits(0);
        let sql =
            "SELECT target FROM ai_usage_analytics.vw_data_quality WHERE check_name = 'attribution_cost'";
        assert_eq!(home.value(sql).parse::<f64>().unwrap().to_string(), target);
        let sql = "SELECT value FROM ai_usage_analytics.dim_assumption WHERE name = 'value_per_line_usd'";
        assert_eq!(home.value(sql).parse::<f64>().unwrap().to_string(), line);
    };
    check(&home, "95", "50");
    home.set("AISPEND_ASSUMPTIONS", "attribution_cost.target=90.5, value_per_line_usd=40");
    check(&home, "90.5", "40");
    home.set("AISPEND_ASSUMPTIONS", "attribution_cost.target=80");
    check(&home, "80", "40");
}

#[test]
fn wrong_flags_and_settings_are_named_and_exit_2() {
    let check = |variables: &[(&str, &str)], arguments: &[&str], says: &[&str]| {
        let mut home = Home::empty();
        home.set("CURSOR_ADMIN_KEY", "crsr_x");
        for (name, value) in variables {
            home.set(name, value);
        }
        let ended = home.aispend(arguments).exits(2);
        for text in says {
            ended.says(text);
        }
    };
    check(&[], &["run", "--from", "2026-10-01"], &["--to"]);
    check(&[], &["run", "--from", "2026-13-01", "--to", "2026-10-31"], &["--from", "2026-13-01"]);
    check(&[], &["run", "--from", "2026-10-02", "--to", "2026-10-01"], &["2026-10-02", "2026-10-01"]);
    check(&[], &["run", "--feeds", "cursor/event"], &["cursor/event"]);
    check(&[], &["walk"], &["walk"]);
    check(&[], &["query", "SELECT 1"], &["warehouse"]);
    check(&[("AISPEND_ENGINE", "gcp")], &["run"], &["GOOGLE_CLOUD_PROJECT"]);
    check(&[("AISPEND_ENGINE", "spark")], &["run"], &["AISPEND_ENGINE", "spark"]);
    let named = ["warehouse.assumptions: attribution.target=90: there is no", "attribution_cost"];
    check(&[("AISPEND_ASSUMPTIONS", "attribution.target=90")], &["run"], &named);
    // All problems at once.
    check(
        &[("AISPEND_START_DATE", "soon"), ("CURSOR_BASE_URL", "localhost"), ("AISPEND_COST_API", "newest")],
        &["run"],
        &["AISPEND_START_DATE", "CURSOR_BASE_URL", "AISPEND_COST_API"],
    );
    check(&[], &["--config", "missing.toml", "run"], &["missing.toml"]);
}

#[test]
fn an_address_that_names_a_secret_is_read_or_said_to_be_unreadable() {
    let mut home = Home::empty();
    home.set("CURSOR_ADMIN_KEY", "crsr_x");
    home.set("CURSOR_BASE_URL", "secret://address");
    let ended = home.aispend(&["run"]);
    assert_ne!(ended.code, 0, "{}", ended.stderr);
    ended.says("GOOGLE_CLOUD_PROJECT");
    assert!(!home.data().join("warehouse.duckdb").exists());
    // Who looks at the settings needs no secret.
    home.aispend(&["config"]).exits(0).says("secret://address");
}

#[test]
fn settings_are_shown_with_their_origin_and_without_secrets() {
    let mut home = Home::empty();
    home.set("CURSOR_ADMIN_KEY", "crsr_secret");
    let ended = home.aispend(&["config"]).exits(0);
    ended.says("cursor.admin_key").says("CURSOR_ADMIN_KEY").says("AISPEND_COST_API");
    assert!(!ended.stdout.contains("crsr_secret"), "{}", ended.stdout);
}

#[test]
fn simulated_and_real_data_stay_apart() {
    let vendors = Vendors::open(plain(Shape::Analytics, 75), FaultPlan::none());
    let home = Home::with_csv(&vendors);
    home.aispend(&["demo", "--no-serve", "--people", "3", "--days", "3"]).exits(0).says("SIMULATED DATA");
    let demo = home.data().join("demo");
    let demo = demo.to_str().unwrap();
    // The later flag wins, so that the demo's own folder is meant.
    let simulated = home.nested("demo");
    simulated.aispend(&["run"]).exits(2).says("simulated");
    simulated.aispend(&["query", "SELECT COUNT(*) FROM ai_usage_analytics.claude_expenses"]).exits(0);
    home.run(days_ago(5), days_ago(4)).exits(0);
    // And the other way round: a folder `demo` that holds real data.
    let real = home.nested("real/demo");
    real.aispend(&["run", "--from", &days_ago(5).to_string(), "--to", &days_ago(4).to_string()]).exits(0);
    home.nested("real")
        .aispend(&["demo", "--no-serve", "--people", "3", "--days", "3"])
        .exits(2)
        .says("no simulated data");
    assert!(std::path::Path::new(demo).exists());
}

#[test]
fn every_stage_accounts_for_what_it_received() {
    let vendors = Vendors::open(world(Shape::Legacy, 76), FaultPlan::new(76, FaultLevel::Light));
    let home = Home::with_csv(&vendors);
    let summary = home.run(days_ago(11), days_ago(4)).json();
    let stages = summary["stages"].as_array().unwrap();
    assert_eq!(stages.len(), 5, "{summary}");
    for stage in stages {
        let count = |name: &str| stage[name].as_u64().unwrap();
        assert!(count("received") > 0, "{stage}");
        assert_eq!(count("received"), count("settled") + count("given_back") + count("parked"), "{stage}");
    }
    for member in ["run_id", "seconds", "warehouse", "feeds", "trouble", "notes", "rejected_rows"] {
        assert_ne!(summary[member], Value::Null, "{member}");
    }
}

#[test]
fn questions_are_answered_as_table_csv_and_json() {
    let vendors = Vendors::open(plain(Shape::Analytics, 77), FaultPlan::none());
    let home = Home::with_csv(&vendors);
    home.run(days_ago(11), days_ago(4)).exits(0);
    let sql = "SELECT platform, CAST(0.100000001 AS DECIMAL(38,9)) AS usd, CAST(NULL AS INT64) AS nothing, COUNT(*) AS many \
               FROM ai_usage_analytics.fct_cost_daily WHERE platform = 'cursor' GROUP BY 1";
    let sql = &sql.replace("INT64", "BIGINT");
    home.aispend(&["query", sql]).exits(0).says("platform").says("0.100000001").says("–");
    let csv = home.aispend(&["query", sql, "--format", "csv"]).exits(0).stdout;
    assert!(csv.starts_with("platform,usd,nothing,many\ncursor,0.100000001,,"), "{csv}");
    let json = home.aispend(&["query", sql, "--format", "json"]).exits(0).json();
    assert_eq!((&json[0]["usd"], &json[0]["nothing"]), (&Value::from("0.100000001"), &Value::Null), "{json}");
    assert!(json[0]["many"].as_u64().unwrap() > 0);
    home.aispend(&["query", "SELECT nonsense"]).exits(2).says("nonsense");
    home.aispend(&["query", "DELETE FROM ai_usage_analytics.claude_expenses"]).exits(2);
}
