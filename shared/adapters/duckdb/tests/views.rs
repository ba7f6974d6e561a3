//! Views over a few rows, against figures computed by hand.
#![allow(clippy::unwrap_used)]

mod common;

use aispend_model::{Feed, Slice, parse_day};
use aispend_ports::SliceLoad;
use aispend_proto::v1::{
    ApiKeyMapping, ApiUsageExpense, ClaudeExpense, CursorExpense, CursorUsage, KeySource, UserSource,
};
use aispend_testkit::warehouse::{Reading, cost_slice, expense};

use common::{answer, published};

/// 2026-10-05 and the days after it.
const DAY: i32 = 20_731;

fn keyed(nanos: i64, day: i32, key: Option<&str>, email: Option<&str>) -> ClaudeExpense {
    ClaudeExpense {
        expense_date: day,
        api_key_id: key.map(Into::into),
        user_email: email.map(Into::into),
        ..expense(nanos)
    }
}

fn person(key: &str, email: &str, team: &str, from: Option<i32>, to: Option<i32>) -> UserSource {
    UserSource {
        user_key: key.into(),
        user_email: Some(email.into()),
        name: Some("Ada Lovelace".into()),
        team: Some(team.into()),
        valid_from: from,
        valid_to: to,
        ..UserSource::default()
    }
}

fn mapping(
    key: &str,
    email: Option<&str>,
    team: Option<&str>,
    from: Option<i32>,
    to: Option<i32>,
) -> ApiKeyMapping {
    ApiKeyMapping {
        api_key_id: key.into(),
        user_email: email.map(Into::into),
        team: team.map(Into::into),
        valid_from: from,
        valid_to: to,
        ..ApiKeyMapping::default()
    }
}

fn key(id: &str, creator: &str) -> KeySource {
    KeySource { api_key_id: id.into(), created_by_id: Some(creator.into()), ..KeySource::default() }
}

fn member(id: &str, email: &str) -> UserSource {
    UserSource {
        user_key: id.into(),
        user_id: Some(id.into()),
        user_email: Some(email.into()),
        ..UserSource::default()
    }
}

/// One key mapped to ada, then to bob; a key that carol created; a team's key; a key of nobody; direct e-mails.
fn company() -> Vec<SliceLoad> {
    let costs = Reading::default()
        .row(keyed(1, DAY, Some("k1"), None))
        .row(keyed(2, DAY + 1, Some("k1"), None))
        .row(keyed(4, DAY + 2, Some("k1"), None))
        .row(keyed(8, DAY, Some("k2"), None))
        .row(keyed(16, DAY, Some("k3"), None))
        .row(keyed(32, DAY, Some("k4"), None))
        .row(keyed(64, DAY, Some("k1"), Some("dan@x.com")))
        .row(keyed(128, DAY, None, Some("sa:1")))
        .row(keyed(256, DAY, None, Some("sa:2")))
        .row(keyed(512, DAY, None, None));
    let mappings = Reading::default()
        .row(mapping("k1", Some("ada@x.com"), None, None, Some(DAY)))
        .row(mapping("k1", Some("bob@x.com"), None, Some(DAY + 1), None))
        // Overlaps the line before for one day, and ends: bob has the key again afterwards.
        .row(mapping("k1", Some("eve@x.com"), None, Some(DAY + 2), Some(DAY + 2)))
        .row(mapping("k3", None, Some("platform"), None, None));
    let people = Reading::default()
        .row(person("ada@x.com", "ada@x.com", "red", None, None))
        // The same day twice: one of them, always the same.
        .row(person("bob@x.com", "bob@x.com", "blue", None, None))
        .row(person("bob@x.com|2026-10-06", "bob@x.com", "green", Some(DAY + 1), None))
        .row(person("sa:1", "sa:1", "robots", None, None));
    let directory = Reading::default()
        .row(key("k2", "u1"))
        .row(key("k3", "u1"))
        .row(key("k1", "u1"))
        .row(member("u1", "carol@x.com"))
        .row(member("u2", "ada@x.com"));
    vec![
        costs.of(cost_slice(5), 10),
        mappings.of(Slice::all(Feed::SheetApiKeyMapping, "sheets"), 10),
        people.of(Slice::all(Feed::SheetPeople, "sheets"), 10),
        directory.of(Slice::all(Feed::AnthropicDirectory, "org"), 10),
    ]
}

#[tokio::test]
async fn money_goes_to_who_is_named_then_to_who_has_the_key_then_to_who_made_it() {
    let (_folder, reader) = published(company()).await;
    let found = answer(
        &reader,
        "SELECT CAST(cost_usd * 1000000000 AS BIGINT) AS nanos, attribution, user_email, COALESCE(team, '-') AS team
         FROM ai_usage_analytics.fct_cost_daily ORDER BY 1",
    );
    assert_eq!(
        found,
        [
            "1 mapping ada@x.com red",
            "2 mapping bob@x.com green",
            "4 mapping eve@x.com -",
            "8 creator carol@x.com -",
            "16 creator carol@x.com platform",
            "32 none unknown@unattributed.com -",
            "64 direct dan@x.com -",
            "128 direct sa:1 robots",
            "256 none unknown@unattributed.com -",
            "512 none unknown@unattributed.com -",
        ]
    );
}

#[tokio::test]
async fn a_day_after_a_nested_mapping_belongs_to_the_mapping_around_it() {
    let mut loads = company();
    loads.push(Reading::default().row(keyed(1, DAY + 3, Some("k1"), None)).of(cost_slice(8), 10));
    let (_folder, reader) = published(loads).await;
    let sql = "SELECT user_email FROM ai_usage_analytics.fct_cost_daily WHERE cost_date = DATE '2026-10-08'";
    assert_eq!(answer(&reader, sql), ["bob@x.com"]);
}

#[tokio::test]
async fn joining_people_and_keys_changes_neither_rows_nor_money() {
    let mut loads = company();
    let everywhere =
        |team: &str, place: i32| person(&format!("{team}{place}"), "ada@x.com", team, None, None);
    let crowd = (0..20).fold(Reading::default(), |reading, place| reading.row(everywhere("red", place)));
    loads.push(crowd.of(Slice::all(Feed::SheetPeople, "other"), 10));
    let twice = Reading::default().row(key("k1", "u1")).row(member("u1", "carol@x.com"));
    loads.push(twice.of(Slice::all(Feed::AnthropicDirectory, "other"), 10));
    let (_folder, reader) = published(loads).await;
    let sql = "SELECT COUNT(*) AS n, SUM(cost_usd) AS usd FROM ai_usage_analytics.fct_cost_daily";
    assert_eq!(answer(&reader, sql), ["10 0.000001023"]);
    for (view, key) in [("dim_users", "email"), ("dim_api_keys", "api_key_id")] {
        let sql = format!("SELECT {key} FROM ai_usage_analytics.{view} GROUP BY {key} HAVING COUNT(*) > 1");
        assert_eq!(answer(&reader, &sql), Vec::<String>::new(), "{view}");
    }
    let sql = "SELECT check_name, status FROM ai_usage_analytics.vw_data_quality WHERE check_name LIKE 'dimensions%' ORDER BY 1";
    assert_eq!(answer(&reader, sql), ["dimensions_keep_cost ok", "dimensions_keep_rows ok"]);
}

#[tokio::test]
async fn the_sheet_knows_best_and_the_directory_fills_in() {
    let (_folder, reader) = published(company()).await;
    let sql = "SELECT user_email, user_id, display_name, last_name, team, source, is_active
               FROM ai_usage_analytics.dim_users WHERE user_email IN ('ada@x.com', 'carol@x.com') ORDER BY 1";
    assert_eq!(
        answer(&reader, sql),
        ["ada@x.com u2 Ada Lovelace Lovelace red people sheet true", "carol@x.com u1    anthropic true"]
    );
}

#[tokio::test]
async fn the_part_by_key_is_never_added_and_must_equal_the_whole() {
    let api = |nanos| ApiUsageExpense {
        expense_date: DAY,
        cost_usd: nanos,
        allocation: "exact".into(),
        is_billed: true,
        ..ApiUsageExpense::default()
    };
    let status = "SELECT status FROM ai_usage_analytics.vw_data_quality WHERE check_name = 'api_usage_equals_claude_api'";
    for (part, expected) in [(5, "ok"), (4, "alert")] {
        let load = Reading::default().row(keyed(5, DAY, None, None)).row(api(part)).of(cost_slice(5), 10);
        let charge = CursorExpense { expense_date: DAY, estimated_cost_usd: 7, ..CursorExpense::default() };
        let events = Slice::of_day(Feed::CursorUsageEvents, "cursor", parse_day("2026-10-05").unwrap());
        let (_folder, reader) = published(vec![load, Reading::default().row(charge).of(events, 10)]).await;
        let total = "SELECT SUM(cost_usd) AS usd FROM ai_usage_analytics.fct_cost_daily";
        assert_eq!(answer(&reader, total), ["0.000000012"]);
        assert_eq!(answer(&reader, status), [expected]);
    }
}

#[tokio::test]
async fn every_view_answers_with_rows_and_without() {
    let use_of = CursorUsage {
        activity_date: DAY,
        user_email: "ada@x.com".into(),
        is_active: Some(true),
        total_lines_added: Some(8),
        accepted_lines_added: Some(2),
        ..CursorUsage::default()
    };
    let daily = Slice::of_day(Feed::CursorDailyUsage, "cursor", parse_day("2026-10-05").unwrap());
    let mut loads = company();
    loads.push(Reading::default().row(use_of).of(daily, 10));
    for loads in [Vec::new(), loads] {
        let (_folder, reader) = published(loads).await;
        for view in aispend_warehouse::views() {
            reader.export_sorted(view.name).unwrap_or_else(|error| panic!("{}: {error:?}", view.name));
        }
    }
}
