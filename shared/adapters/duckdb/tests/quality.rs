//! The checks of `vw_data_quality`, one by one, over a ledger set by hand: what they measure, and what becomes of it.
#![allow(clippy::unwrap_used)]

use aispend_duckdb::DuckDb;
use duckdb::Connection;
use tempfile::TempDir;

/// One reading of a slice: what a case says, and else an honest one.
fn reading(slice: &str, says: &[(&str, &str)]) -> String {
    let (feed, day) = slice.split_once(' ').unwrap();
    let honest = [
        ("slice_key", format!("'{feed}|org|{day}'")),
        ("feed", format!("'{feed}'")),
        ("org_id", "'org'".to_owned()),
        ("slice_day", format!("DATE '{day}'")),
        ("generation", "1".to_owned()),
        ("observed_at", "TIMESTAMP '2026-11-02 08:00:00'".to_owned()),
        ("revision", "0".to_owned()),
        ("reader_version", "1".to_owned()),
        ("run_id", "'r'".to_owned()),
        ("state", "'loaded'".to_owned()),
        ("source", "''".to_owned()),
        ("outcome", "'complete'".to_owned()),
        ("outcome_reason", "''".to_owned()),
        ("rows_in", "100".to_owned()),
        ("rows_loaded", "100".to_owned()),
        ("rows_rejected", "0".to_owned()),
        ("money_in_usd", "0".to_owned()),
        ("money_loaded_usd", "0".to_owned()),
        ("money_rejected_usd", "0".to_owned()),
        ("superseded_rows", "0".to_owned()),
        ("superseded_money_usd", "0".to_owned()),
        ("rounded_amounts", "0".to_owned()),
        ("rounded_lost_usd", "'0'".to_owned()),
        ("content_hash", "''".to_owned()),
        ("context_digest", "''".to_owned()),
        ("totals", "''".to_owned()),
        ("documents", "''".to_owned()),
        ("context", "''".to_owned()),
        ("findings", "'[]'".to_owned()),
        ("claude_code_tokens", "NULL".to_owned()),
        ("loaded_at", "TIMESTAMP '2026-11-02 08:30:00'".to_owned()),
    ];
    let value = |name: &str, honest: &str| {
        let said = says.iter().find(|(said, _)| *said == name).map(|(_, value)| (*value).to_owned());
        said.unwrap_or_else(|| honest.to_owned())
    };
    let names: Vec<&str> = honest.iter().map(|(name, _)| *name).collect();
    let values: Vec<String> = honest.iter().map(|(name, honest)| value(name, honest)).collect();
    assert!(says.iter().all(|(said, _)| names.contains(said)), "{says:?}");
    format!(
        "INSERT INTO ai_usage_analytics.slice_loads ({}) VALUES ({});",
        names.join(", "),
        values.join(", ")
    )
}

/// A run of a day in November that begins at six: when it ended, its slices, those that failed and those set aside.
fn run(day: u8, finished: &str, [planned, failed, parked]: [u32; 3]) -> String {
    let state = if failed + parked == 0 { "succeeded" } else { "incomplete" };
    let loaded = planned - failed - parked;
    format!(
        "INSERT INTO ai_usage_analytics.runs VALUES ('run-{day:02}', 'daily', TIMESTAMP '2026-11-{day:02} 06:00:00',
            TIMESTAMP '2026-11-{day:02} {finished}:00', '{state}', {planned}, {loaded}, 0, {failed}, {parked}, '');"
    )
}

/// What Cursor says on the third that a cycle came to, and what its events came to on the days before and on that day.
fn cycle(said: &str, before: &str, that_day: &str) -> String {
    let event = |day: u8, dollars: &str| {
        format!(
            "INSERT INTO ai_usage_analytics.cursor_expenses (expense_date, user_email, cost_type, cost_class,
                estimated_cost_usd, org_id, slice_key, source, run_id, fetched_at)
             VALUES (DATE '2026-11-{day:02}', 'ann@example.com', 'usage_based', 'usage', {dollars}, 'cursor',
                'cursor/usage-events|cursor|2026-11-{day:02}', '', 'r', TIMESTAMP '2026-11-04 08:00:00');"
        )
    };
    format!(
        "INSERT INTO ai_usage_analytics.cursor_spend_snapshots (snapshot_date, cycle_start, user_email, spend_value_usd,
            org_id, slice_key, source, run_id, fetched_at)
         VALUES (DATE '2026-11-03', DATE '2026-11-01', 'ann@example.com', {said}, 'cursor',
            'cursor/spend|cursor|2026-11-03', '', 'r', TIMESTAMP '2026-11-03 08:00:00');
         {} {}",
        event(2, before),
        event(3, that_day)
    )
}

const COST: &str = "anthropic/cost 2026-11-01";

/// An empty warehouse, for one ledger after the other.
struct Checks {
    connection: Connection,
    _folder: TempDir,
}

impl Checks {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        DuckDb::open_writer(folder.path(), false).unwrap().migrate().await.unwrap();
        let connection = Connection::open(folder.path().join(".writer/warehouse.duckdb")).unwrap();
        Self { connection, _folder: folder }
    }

    /// Asserts what each ledger comes to: a check's value, rounded to a tenth, and its status.
    fn assert(&self, check: &str, cases: &[(String, &str)]) {
        let sql = format!(
            "SELECT COALESCE(CAST(CAST(ROUND(measured_value, 1) AS DOUBLE) AS VARCHAR), '-') || ' ' || status
             FROM ai_usage_analytics.vw_data_quality WHERE check_name = '{check}'"
        );
        for (ledger, expected) in cases {
            self.connection.execute_batch(&format!("BEGIN; {ledger}")).unwrap();
            let found: String = self.connection.query_row(&sql, [], |row| row.get(0)).unwrap();
            self.connection.execute_batch("ROLLBACK").unwrap();
            assert_eq!(found, *expected, "{check} of {ledger}");
        }
    }
}

#[tokio::test]
async fn runs_are_measured_by_what_they_brought_and_how_long_they_were_broken() {
    let checks = Checks::new().await;
    checks.assert(
        "pipeline_success",
        &[
            (String::new(), "- no data"),
            (run(1, "07:00", [1000, 0, 0]), "100.0 ok"),
            (run(1, "07:00", [1000, 3, 2]), "99.5 ok"),
            (run(1, "07:00", [1000, 30, 10]), "96.0 warning"),
            (run(1, "07:00", [1000, 40, 20]), "94.0 alert"),
        ],
    );
    let broken = run(1, "07:00", [10, 1, 0]);
    checks.assert(
        "time_to_recover_hours",
        &[
            (run(1, "07:00", [10, 0, 0]) + &run(2, "07:00", [10, 0, 0]), "- no data"),
            (broken.clone() + &run(2, "06:00", [10, 0, 0]), "24.0 ok"),
            (broken.clone() + &run(2, "07:00", [10, 0, 0]), "25.0 warning"),
            // Broken for two days: from the first bad run on.
            (broken + &run(2, "07:00", [10, 1, 0]) + &run(3, "07:00", [10, 0, 0]), "49.0 warning"),
        ],
    );
    checks.assert(
        "parked_slices",
        &[
            (run(1, "07:00", [10, 0, 2]) + &run(2, "07:00", [10, 0, 0]), "0.0 ok"),
            (run(1, "07:00", [10, 0, 0]) + &run(2, "07:00", [10, 0, 2]), "2.0 warning"),
        ],
    );
}

#[tokio::test]
async fn age_is_measured_from_the_vendor_to_the_views() {
    let checks = Checks::new().await;
    let old = |hours: u32| {
        let at = format!("make_timestamp(epoch_us(now())) - INTERVAL '{hours} hours 5 minutes'");
        reading(COST, &[("observed_at", &at), ("loaded_at", &at)])
    };
    checks
        .assert("freshness_hours", &[(old(3), "3.0 ok"), (old(30), "30.0 warning"), (old(50), "50.0 alert")]);
    let of_run = |observed: &str, loaded: &str| {
        let at = |time: &str| format!("TIMESTAMP '2026-11-02 {time}:00'");
        run(2, "23:00", [1, 0, 0])
            + &reading(COST, &[("observed_at", &at(observed)), ("loaded_at", &at(loaded))])
    };
    checks.assert(
        "freshness_raw_hours",
        &[(of_run("08:00", "08:30"), "2.0 ok"), (of_run("13:00", "13:30"), "7.0 warning")],
    );
    checks.assert(
        "freshness_facts_hours",
        &[(of_run("08:00", "09:30"), "1.5 ok"), (of_run("08:00", "11:00"), "3.0 warning")],
    );
    // Views are read live: they are never behind, and of nothing while nothing is loaded.
    checks.assert(
        "freshness_views_hours",
        &[(of_run("08:00", "08:30"), "0.0 ok"), (String::new(), "- no data")],
    );
}

#[tokio::test]
async fn records_that_do_not_fit_are_a_part_of_those_that_were_read() {
    let checks = Checks::new().await;
    let loaded = |loaded: u32| {
        let (fitting, refused) = (loaded.to_string(), (100 - loaded).to_string());
        reading(COST, &[("rows_loaded", &fitting), ("rows_rejected", &refused)])
    };
    checks.assert(
        "schema_compliance",
        &[(loaded(100), "100.0 ok"), (loaded(99), "99.0 warning"), (loaded(97), "97.0 alert")],
    );
}

#[tokio::test]
async fn somebody_may_ask_for_more_or_less_and_only_of_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let warehouse = DuckDb::open_writer(folder.path(), false).unwrap();
    warehouse.migrate().await.unwrap();
    let assume = async |pairs: &[&str]| {
        let pairs: Vec<String> = pairs.iter().map(|pair| (*pair).to_owned()).collect();
        warehouse.assume(&aispend_warehouse::assumptions(&pairs).unwrap()).await.unwrap()
    };
    assert!(
        assume(&["schema_compliance.target=97.5", "schema_compliance.alert_at=90", "drift.alert_at=3"]).await
    );
    assert!(!assume(&["schema_compliance.target=97.5", "drift.alert_at=3"]).await, "nothing was left to set");
    let connection = Connection::open(folder.path().join(".writer/warehouse.duckdb")).unwrap();
    let checks = Checks { connection, _folder: folder };
    let rejected = |rejected: u32| {
        let (fitting, refused) = ((1000 - rejected).to_string(), rejected.to_string());
        reading(COST, &[("rows_in", "1000"), ("rows_loaded", &fitting), ("rows_rejected", &refused)])
    };
    let cases = [(rejected(25), "97.5 ok"), (rejected(26), "97.4 warning"), (rejected(101), "89.9 alert")];
    checks.assert("schema_compliance", &cases);
}

#[tokio::test]
async fn slices_are_counted_by_what_was_found_in_them() {
    let checks = Checks::new().await;
    for (check, finding) in [
        ("drift", "unknown_field: `x` is not read"),
        ("drift", "unknown_value: `product` is `x`"),
        ("announced_counts", "count_differs: not as many rows came as people were announced"),
        ("magnitude", "no_money: tokens of the Claude API came without any billed money"),
        ("magnitude", "unpriced_model: `x` has no list price: not compared"),
        ("plausibility", "plausibility: a person with more than 2000 USD in a day"),
        ("plausibility", "implausible: lines_added: is below zero"),
    ] {
        let found = |slice: &str, generation: &str, findings: &str| {
            reading(slice, &[("generation", generation), ("findings", &format!("'[{findings}]'"))])
        };
        let named = format!("\"other: x\",\"{finding}\"");
        checks.assert(
            check,
            &[
                (found(COST, "1", "\"other: x\""), "0.0 ok"),
                // What the newest reading of a slice no longer has is over.
                (found(COST, "1", &named) + &found(COST, "2", ""), "0.0 ok"),
                // What people write in sheets is another matter.
                (found(COST, "1", "") + &found("sheets/seats 2026-11-01", "1", &named), "0.0 ok"),
                (found(COST, "1", &named) + &found("anthropic/cost 2026-11-02", "1", &named), "2.0 warning"),
            ],
        );
    }
}

#[tokio::test]
async fn what_cursor_says_of_a_cycle_is_between_the_days_before_and_the_day_itself() {
    let checks = Checks::new().await;
    checks.assert(
        "cursor_cycle_matches_spend",
        &[
            (String::new(), "- no data"),
            (cycle("100", "100", "0"), "0.0 ok"),
            (cycle("100", "80", "40"), "0.0 ok"),
            // More before the day than Cursor says there was, or less at its end.
            (cycle("100", "103", "0"), "3.0 warning"),
            (cycle("100", "110", "0"), "10.0 alert"),
            (cycle("100", "60", "20"), "20.0 alert"),
        ],
    );
}

#[tokio::test]
async fn claude_code_is_held_against_the_usage_report_on_days_that_were_asked_of_both() {
    let checks = Checks::new().await;
    let stated = |tokens: &str| reading(COST, &[("claude_code_tokens", tokens)]);
    let asked = |day: &str| reading(&format!("anthropic/claude-code {day}"), &[]);
    let own = |kind: &str, tokens: &str| {
        format!(
            "INSERT INTO ai_usage_analytics.claude_code_usage_stats (activity_date, actor_type, customer_type, model,
                model_rank, input_tokens, output_tokens, cache_tokens, org_id, slice_key, source, run_id, fetched_at)
             VALUES (DATE '2026-11-01', 'user_actor', '{kind}', 'm', 1, {tokens}, 10, 80, 'org',
                'anthropic/claude-code|org|2026-11-01', '', 'r', TIMESTAMP '2026-11-02 08:00:00');"
        )
    };
    let both =
        |tokens: &str, kind: &str, input: &str| stated(tokens) + &asked("2026-11-01") + &own(kind, input);
    checks.assert(
        "claude_code_tokens_match_usage",
        &[
            (String::new(), "- no data"),
            (both("100", "api", "10"), "0.0 ok"),
            // People who sign in with a claude.ai seat are billed elsewhere.
            (both("100", "subscription", "10"), "100.0 alert"),
            (both("125", "api", "10"), "20.0 warning"),
            // More than was used: something is counted twice.
            (both("100", "api", "110"), "100.0 alert"),
            // A day that the report was never asked about says nothing, and neither does money without tokens.
            (stated("100") + &asked("2026-11-02"), "- no data"),
            (both("NULL", "api", "10"), "- no data"),
        ],
    );
}
