//! Months, quarters, forecasts and recommendations over rows set by hand, against figures computed by hand.
#![allow(clippy::unwrap_used)]

use aispend_warehouse::{DATASET, DUCKDB_MACROS, Engine, seeds, tables, views};
use duckdb::{Connection, types::Value};

/// The views under test; everything below them is set by hand.
const VIEWS: [&str; 6] = [
    "vw_forecast",
    "vw_cost_allocation",
    "vw_executive_summary",
    "vw_monthly_finance",
    "vw_quarterly_finance",
    "vw_recommendation",
];

/// A company whose daily rows are what a test says.
struct Books(Connection);

/// A day's money.
struct Spend<'a> {
    day: &'a str,
    platform: &'a str,
    who: &'a str,
    class: &'a str,
    dollars: &'a str,
    key: Option<&'a str>,
    model: Option<&'a str>,
    records: u32,
}

/// Money of a known person, one record.
fn paid<'a>(day: &'a str, platform: &'a str, who: &'a str, class: &'a str, dollars: &'a str) -> Spend<'a> {
    Spend { day, platform, who, class, dollars, key: None, model: None, records: 1 }
}

/// A day's use.
#[derive(Default)]
struct Use<'a> {
    day: &'a str,
    platform: &'a str,
    who: &'a str,
    lines: Option<u32>,
    key: Option<&'a str>,
    model: Option<&'a str>,
    input: Option<u32>,
    cached: Option<u32>,
}

const NOBODY: &str = "unknown@unattributed.com";

fn quoted(text: Option<&str>) -> String {
    text.map_or_else(|| "NULL".to_owned(), |text| format!("'{text}'"))
}

fn count(count: Option<u32>) -> String {
    count.map_or_else(|| "NULL".to_owned(), |count| count.to_string())
}

impl Books {
    /// Billed money is known from one day through another.
    fn known(from: &str, through: &str) -> Self {
        let connection = Connection::open_in_memory().unwrap();
        let run = |sql: &str| connection.execute_batch(sql).unwrap();
        run(&format!("CREATE SCHEMA {DATASET}; {DUCKDB_MACROS}"));
        for statement in tables().into_iter().flat_map(|table| table.create(Engine::DuckDb)) {
            run(&statement);
        }
        for statement in seeds(Engine::DuckDb) {
            run(&statement);
        }
        run("CREATE TABLE ai_usage_analytics.vw_spend_daily (spend_date DATE, month DATE, platform VARCHAR, user_email VARCHAR,
                display_name VARCHAR, team VARCHAR, model VARCHAR, api_key_id VARCHAR, cost_class VARCHAR, cost_type VARCHAR,
                attribution VARCHAR, is_coding BOOLEAN, cost_usd DECIMAL(38,9), records BIGINT);
             CREATE TABLE ai_usage_analytics.vw_usage_daily (usage_date DATE, month DATE, platform VARCHAR, user_email VARCHAR,
                display_name VARCHAR, team VARCHAR, model VARCHAR, api_key_id VARCHAR, covered_by_seat BOOLEAN, is_active BOOLEAN,
                sessions BIGINT, lines_accepted BIGINT, suggestions_accepted BIGINT, input_tokens BIGINT, output_tokens BIGINT,
                cache_read_tokens BIGINT, cache_write_tokens BIGINT);
             CREATE TABLE ai_usage_analytics.vw_loaded_range (first_day DATE, through_day DATE, month DATE);
             CREATE TABLE ai_usage_analytics.vw_budget (month DATE, platform VARCHAR, team VARCHAR,
                budget_usd DECIMAL(38,9), is_example BOOLEAN);
             CREATE TABLE ai_usage_analytics.dim_users (user_email VARCHAR, display_name VARCHAR, team VARCHAR);
             CREATE TABLE ai_usage_analytics.dim_api_keys (api_key_id VARCHAR, api_key_name VARCHAR)");
        for view in views().filter(|view| VIEWS.contains(&view.name)) {
            run(&view.select(Engine::DuckDb));
        }
        let books = Self(connection);
        books.now_known(from, through);
        books
    }

    fn now_known(&self, from: &str, through: &str) {
        self.run(&format!(
            "DELETE FROM ai_usage_analytics.vw_loaded_range;
             INSERT INTO ai_usage_analytics.vw_loaded_range VALUES ({from}, {through}, DATE_TRUNC('month', {through}))"
        ));
    }

    fn run(&self, sql: &str) {
        self.0.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    fn spend(&self, rows: &[Spend<'_>]) -> &Self {
        for Spend { day, platform, who, class, dollars, key, model, records } in rows {
            let (key, model) = (quoted(*key), quoted(*model));
            let kind = if *class == "usage" { "tokens" } else { "subscription" };
            let attribution = if *who == NOBODY { "none" } else { "direct" };
            let is_coding = matches!(*platform, "cursor" | "claude_code");
            self.run(&format!(
                "INSERT INTO ai_usage_analytics.vw_spend_daily VALUES (DATE '{day}', DATE_TRUNC('month', DATE '{day}'), '{platform}',
                 '{who}', '{who}', 'Platform', {model}, {key}, '{class}', '{kind}', '{attribution}', {is_coding}, {dollars}, {records})"
            ));
        }
        self
    }

    fn used(&self, rows: &[Use<'_>]) -> &Self {
        for Use { day, platform, who, lines, key, model, input, cached } in rows {
            let (key, model) = (quoted(*key), quoted(*model));
            let (lines, input, cached) = (count(*lines), count(*input), count(*cached));
            self.run(&format!(
                "INSERT INTO ai_usage_analytics.vw_usage_daily VALUES (DATE '{day}', DATE_TRUNC('month', DATE '{day}'), '{platform}',
                 '{who}', '{who}', 'Platform', {model}, {key}, FALSE, TRUE, NULL, {lines}, NULL, {input}, 0, {cached}, NULL)"
            ));
        }
        self
    }

    /// Rows as text, cells parted by a bar; `-` for nothing, amounts without zeros that say nothing.
    fn answer(&self, sql: &str) -> Vec<String> {
        let mut statement = self.0.prepare(sql).unwrap();
        let mut rows = statement.query([]).unwrap();
        let mut found = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            let width = row.as_ref().column_count();
            let cell = |at: usize| match row.get::<_, Value>(at).unwrap() {
                Value::Null => "-".to_owned(),
                Value::Text(text) => text,
                other => panic!("{sql}: column {at} is {other:?}: cast it to text"),
            };
            found.push((0..width).map(cell).collect::<Vec<_>>().join("|"));
        }
        found
    }

    /// Columns of a view as text.
    fn of(&self, view: &str, columns: &str, rest: &str) -> Vec<String> {
        let cast = |name: &str| {
            let name = name.trim();
            format!(
                "CASE WHEN TYPEOF({name}) LIKE 'DECIMAL%' THEN RTRIM(RTRIM(CAST({name} AS VARCHAR), '0'), '.') ELSE CAST({name} AS VARCHAR) END"
            )
        };
        let columns = columns.split(',').map(cast).collect::<Vec<_>>().join(", ");
        self.answer(&format!("SELECT {columns} FROM ai_usage_analytics.{view} {rest}"))
    }
}

/// September and ten days of October, with a December before them.
fn autumn() -> Books {
    let books = Books::known("DATE '2026-07-01'", "DATE '2026-10-10'");
    books
        .spend(&[
            paid("2025-12-31", "cursor", "ana@x.com", "usage", "50"),
            paid("2026-08-04", "claude_code", "ana@x.com", "usage", "100"),
            paid("2026-09-02", "cursor", "ana@x.com", "seat", "100"),
            paid("2026-09-05", "cursor", "ana@x.com", "usage", "60"),
            paid("2026-09-07", "cursor", "ana@x.com", "other", "10"),
            // After the tenth day: no part of what October is compared with.
            paid("2026-09-20", "cursor", NOBODY, "usage", "40"),
            paid("2026-09-15", "claude_code", "ana@x.com", "usage", "100"),
            Spend { records: 3, ..paid("2026-10-03", "cursor", "bob@x.com", "usage", "204") },
            // After the last complete day: spent, and not compared.
            paid("2026-10-12", "cursor", "bob@x.com", "usage", "50"),
        ])
        .used(&[
            Use {
                day: "2026-09-03",
                platform: "cursor",
                who: "ana@x.com",
                lines: Some(420),
                ..Use::default()
            },
            Use { day: "2026-10-02", platform: "cursor", who: "ana@x.com", ..Use::default() },
            Use {
                day: "2026-10-03",
                platform: "cursor",
                who: "bob@x.com",
                lines: Some(254),
                ..Use::default()
            },
            Use { day: "2026-10-03", platform: "cursor", who: NOBODY, ..Use::default() },
        ]);
    books
}

#[test]
fn a_month_of_a_platform_is_split_compared_and_rated() {
    let columns = "month, platform, cost_usd, seat_usd, usage_usd, other_usd, active_users, cost_per_user, previous_usd, \
                   mom_cost_change_pct, growth_category, attribution_coverage, data_quality, is_complete";
    let found = autumn().of(
        "vw_monthly_finance",
        columns,
        "WHERE month > DATE '2026-01-01' ORDER BY month, platform",
    );
    assert_eq!(
        found,
        [
            "2026-08-01|claude_code|100|0|100|0|0|-|-|-|-|1|Excellent|true",
            "2026-09-01|claude_code|100|0|100|0|0|-|100|0|Stable|1|Excellent|true",
            "2026-09-01|cursor|210|100|100|10|1|210|-|-|-|0.75|Acceptable|true",
            // 204 to the tenth against 170: exactly 20 % is still moderate.
            "2026-10-01|cursor|254|0|254|0|2|127|170|0.2|Moderate Growth|1|Excellent|false",
        ]
    );
    // A cent more is high; a month before the first loaded day is nothing to compare with.
    let books = autumn();
    books.spend(&[paid("2026-10-10", "cursor", "bob@x.com", "usage", "0.01")]);
    let growth = "WHERE month = DATE '2026-10-01'";
    assert_eq!(books.of("vw_monthly_finance", "growth_category", growth), ["High Growth"]);
    books.now_known("DATE '2026-09-02'", "DATE '2026-10-10'");
    assert_eq!(books.of("vw_monthly_finance", "previous_usd, growth_category", growth), ["-|-"]);
}

#[test]
fn quarter_and_year_to_date_begin_anew_with_each() {
    let columns = "month, total_monthly_cost, quarter_to_date_usd, year_to_date_usd, annual_run_rate, cost_growth_rate, \
                   active_users, user_growth_rate, cost_per_line_accepted, is_complete";
    assert_eq!(
        autumn().of("vw_executive_summary", columns, "ORDER BY month"),
        [
            "2025-12-01|50|50|50|-|-|0|-|-|false",
            "2026-08-01|100|100|100|1200|-|0|-|-|true",
            // 310 dollars on 420 lines.
            "2026-09-01|310|410|410|3720|2.1|1|-|0.738095238|true",
            // A new quarter, the same year; the run rate is of the last whole month.
            "2026-10-01|254|254|664|3720|0.2|2|1|1|false",
        ]
    );
}

#[test]
fn a_quarter_is_compared_when_both_are_whole() {
    let columns = "quarter, platform, cost_usd, quarter_to_date_usd, previous_usd, qoq_cost_change_pct, growth_category, \
                   budget_usd, variance_usd, attribution_coverage_cost, is_complete";
    let cursor = "WHERE platform = 'cursor' AND quarter > DATE '2026-01-01' ORDER BY quarter";
    let books = autumn();
    books.run(
        "INSERT INTO ai_usage_analytics.vw_budget VALUES (DATE '2026-10-01', 'cursor', NULL, 100, FALSE),
         (DATE '2026-11-01', 'cursor', NULL, 100, FALSE), (DATE '2026-12-01', 'cursor', NULL, 40, FALSE),
         (DATE '2026-10-01', 'cursor', 'Platform', 7, FALSE), (DATE '2026-10-01', NULL, NULL, 1000, FALSE)",
    );
    let whole = "2026-07-01|cursor|210|-|-|-|-|-|-|0.80952381|true";
    assert_eq!(
        books.of("vw_quarterly_finance", columns, cursor),
        [whole, "2026-10-01|cursor|254|254|-|-|-|240|14|1|false"]
    );
    books.now_known("DATE '2026-07-01'", "DATE '2026-12-31'");
    assert_eq!(
        books.of("vw_quarterly_finance", columns, cursor),
        [whole, "2026-10-01|cursor|254|-|210|0.20952381|High Growth|240|14|1|true"]
    );
    // A quarter whose first day was not loaded is nobody's measure.
    books.now_known("DATE '2026-07-02'", "DATE '2026-12-31'");
    let found = books.of("vw_quarterly_finance", "is_complete, previous_usd", cursor);
    assert_eq!(found, ["false|-", "true|-"]);
}

const FORECAST: &str = "as_of, actual_usd, forecast_usd, method, final_usd";

#[test]
fn a_forecast_adds_the_mean_of_each_weekday_and_the_seats() {
    let books = Books::known("DATE '2026-07-01'", "DATE '2026-10-10'");
    books.spend(&[
        // Three Mondays and Sundays are left of October, four are among the last 28 days.
        paid("2026-10-05", "cursor", "ana@x.com", "usage", "8"),
        paid("2026-09-20", "cursor", "ana@x.com", "usage", "4"),
        paid("2026-10-09", "cursor", "ana@x.com", "seat", "2"),
        paid("2026-10-10", "cursor", "ana@x.com", "seat", "2"),
        // The 29th day back says nothing of October.
        paid("2026-09-12", "cursor", "ana@x.com", "usage", "1000"),
        // Two Thursdays were left of September then, of four.
        paid("2026-09-03", "cursor", "ana@x.com", "usage", "10"),
    ]);
    assert_eq!(
        books.of("vw_forecast", FORECAST, "ORDER BY as_of DESC"),
        [
            // 12 + 21 days x 2 + (8 + 4) x 3 / 4.
            "2026-10-10|12|63|weekday means|-",
            // 10 + 10 x 2 / 4, and what it came to.
            "2026-09-10|10|15|weekday means|1014",
        ]
    );
}

#[test]
fn a_forecast_begins_on_the_fifth_day_and_ends_as_what_was_spent() {
    let books = Books::known("DATE '2026-10-01'", "DATE '2026-10-04'");
    books.spend(&[
        paid("2026-10-02", "cursor", "ana@x.com", "usage", "10"),
        paid("2026-10-04", "cursor", "ana@x.com", "seat", "1"),
        paid("2026-10-05", "cursor", "ana@x.com", "seat", "1"),
    ]);
    let of_october = "WHERE month = DATE '2026-10-01'";
    assert_eq!(books.of("vw_forecast", FORECAST, of_october), ["2026-10-04|11|-|straight line|-"]);
    books.now_known("DATE '2026-10-01'", "DATE '2026-10-05'");
    // 12 + 26 days x 1 + 10 x 26 / 5: no fourteen days are known.
    assert_eq!(books.of("vw_forecast", FORECAST, of_october), ["2026-10-05|12|90|straight line|-"]);
    // One source is late: the fifth day of the month is not the fifth day that is known.
    books.now_known("DATE '2026-10-02'", "DATE '2026-10-05'");
    assert_eq!(books.of("vw_forecast", "forecast_usd", of_october), ["-"]);
    books.now_known("DATE '2026-08-01'", "DATE '2026-10-31'");
    assert_eq!(books.of("vw_forecast", FORECAST, of_october), ["2026-10-31|12|12|weekday means|12"]);
    books.now_known("NULL", "CAST(NULL AS DATE)");
    assert_eq!(books.of("vw_forecast", FORECAST, ""), Vec::<String>::new(), "no data yet");
}

#[test]
fn a_day_that_the_month_before_lacks_is_its_last() {
    for (through, then, left) in [
        ("2026-03-31", "2026-02-28", 0),
        ("2026-05-31", "2026-04-30", 0),
        ("2028-03-30", "2028-02-29", 0),
        ("2028-02-29", "2028-01-29", 2),
    ] {
        let books = Books::known("DATE '2025-01-01'", &format!("DATE '{through}'"));
        books.spend(&[paid(then, "cursor", "ana@x.com", "seat", "3")]);
        let found = books.of("vw_forecast", "as_of, actual_usd, forecast_usd, final_usd", "ORDER BY as_of");
        let forecast = 3 + 3 * left;
        assert_eq!(found.first().unwrap(), &format!("{then}|3|{forecast}|3"), "on {through}: {found:?}");
    }
}

const FINDINGS: &str = "rule_id, platform, user_email, api_key_id, monthly_saving_usd, evidence, first_seen";

fn findings(books: &Books) -> Vec<String> {
    books.of("vw_recommendation", FINDINGS, "ORDER BY rule_id, user_email, api_key_id")
}

fn seat(books: &Books, vendor: &str, who: &str, dollars: &str, billing: &str) {
    books.run(&format!(
        "INSERT INTO ai_usage_analytics.dim_seats (vendor, user_email, price_usd, billing, cycle_day, valid_from, org_id, slice_key,
         source, run_id, fetched_at) VALUES ('{vendor}', '{who}', {dollars}, '{billing}', 1, DATE '2026-07-01', 'o', 's', 'x', 'r',
         TIMESTAMP '2026-10-11 00:00:00')"
    ));
}

fn day<'a>(day: &'a str, platform: &'a str, who: &'a str) -> Use<'a> {
    Use { day, platform, who, ..Use::default() }
}

fn books() -> Books {
    Books::known("DATE '2026-07-01'", "DATE '2026-10-10'")
}

#[test]
fn r1_a_seat_is_idle_after_thirty_days() {
    let books = books();
    seat(&books, "cursor", "ana@x.com", "40", "monthly");
    seat(&books, "anthropic", "eve@x.com", "240", "annual");
    seat(&books, "cursor", "joe@x.com", "40", "monthly");
    books.used(&[
        day("2026-09-10", "claude_ai", "eve@x.com"),
        day("2026-09-11", "cursor", "joe@x.com"),
        // Somebody reports both platforms.
        day("2026-10-09", "cursor", "bob@x.com"),
        day("2026-10-05", "claude_ai", "bob@x.com"),
    ]);
    assert_eq!(
        findings(&books),
        [
            "R1|cursor|ana@x.com|-|40|never active since 1 Jul 2026, 101 days; the seat is $40.00 a month|2026-07-31",
            "R1|claude_ai|eve@x.com|-|20|last active 10 Sep 2026, 30 days; the seat is $20.00 a month|2026-10-10",
        ]
    );
    // A platform whose use nobody reports any more is not called idle.
    books.run("DELETE FROM ai_usage_analytics.vw_usage_daily WHERE platform = 'claude_ai' AND user_email = 'bob@x.com'");
    assert_eq!(findings(&books).len(), 1);
}

#[test]
fn r2_overage_is_above_the_seat_in_both_months() {
    let books = books();
    for (who, before, after) in
        [("rio@x.com", "21", "25"), ("sam@x.com", "20", "25"), ("tim@x.com", "21", "20")]
    {
        for (day, usage) in [("2026-08-15", before), ("2026-09-15", after)] {
            books.spend(&[paid(day, "cursor", who, "seat", "20"), paid(day, "cursor", who, "usage", usage)]);
        }
    }
    assert_eq!(
        findings(&books),
        ["R2|cursor|rio@x.com|-|-|$21.00 and $25.00 on top of seats of $20.00|2026-08-01"]
    );
}

#[test]
fn r3_a_line_above_fifty_cents_in_both_months() {
    let books = books();
    // Dollars and lines of August and September: above; exactly fifty cents; too few lines; cheap in one month.
    for (who, august, september) in [
        ("tom@x.com", ("200", 300), ("150", 250)),
        ("uma@x.com", ("150", 300), ("150", 300)),
        ("val@x.com", ("200", 249), ("200", 250)),
        ("wim@x.com", ("200", 300), ("100", 300)),
    ] {
        for (on, (dollars, lines)) in [("2026-08-15", august), ("2026-09-15", september)] {
            books
                .spend(&[paid(on, "claude_code", who, "usage", dollars)])
                .used(&[Use { lines: Some(lines), ..day(on, "claude_code", who) }]);
        }
    }
    assert_eq!(
        findings(&books),
        ["R3|claude_code|tom@x.com|-|-|$0.667 and $0.600 per line, 550 lines|2026-08-01"]
    );
}

#[test]
fn r4_the_weaker_of_two_tools_gives_under_a_tenth_of_the_lines() {
    let books = books();
    seat(&books, "cursor", "wes@x.com", "32", "monthly");
    for (who, code, cursor) in [("vic@x.com", 9, 91), ("wes@x.com", 95, 5), ("xia@x.com", 10, 90)] {
        books
            .spend(&[
                paid("2026-09-25", "claude_code", who, "usage", "30"),
                paid("2026-09-25", "cursor", who, "seat", "40"),
            ])
            .used(&[
                Use { lines: Some(code), ..day("2026-09-25", "claude_code", who) },
                Use { lines: Some(cursor), ..day("2026-09-25", "cursor", who) },
            ]);
    }
    assert_eq!(
        findings(&books),
        [
            // Billed by use: what it cost. By the seat: the seat's price.
            "R4|claude_code|vic@x.com|-|30|9 of 100 lines in September 2026|2026-09-01",
            "R4|cursor|wes@x.com|-|32|5 of 100 lines in September 2026|2026-09-01",
        ]
    );
}

#[test]
fn r5_a_dear_model_is_set_against_the_teams_cheapest() {
    let with = |dear: &str| {
        let books = books();
        for (key, model, dollars) in [("k1", "dear", dear), ("k2", "cheap", "10")] {
            let (who, on) = ("ana@x.com", "2026-10-01");
            books
                .spend(&[Spend {
                    key: Some(key),
                    model: Some(model),
                    ..paid(on, "claude_api", who, "usage", dollars)
                }])
                .used(&[Use {
                    key: Some(key),
                    model: Some(model),
                    input: Some(2_000_000),
                    cached: Some(2_000_000),
                    ..day(on, "claude_api", who)
                }]);
        }
        findings(&books)
    };
    // (60 - 2 M tokens x $5 per 1M) / 2.
    assert_eq!(
        with("60"),
        ["R5|claude_api|ana@x.com|k1|25|$30.00 against $5.00 per 1M tokens; upper bound|2026-09-11"]
    );
    assert_eq!(
        with("20"),
        ["R5|claude_api|ana@x.com|k1|5|$10.00 against $5.00 per 1M tokens; upper bound|2026-09-11"]
    );
    assert_eq!(with("19.99"), Vec::<String>::new(), "less than twice as dear");
}

#[test]
fn r6_a_key_above_a_hundred_dollars_without_caching() {
    let with = |dollars: &str, input: u32, cached: u32| {
        let books = books();
        let row = paid("2026-09-11", "claude_api", "ana@x.com", "usage", dollars);
        books.spend(&[Spend { key: Some("k3"), ..row }]).used(&[Use {
            key: Some("k3"),
            input: Some(input),
            cached: Some(cached),
            ..day("2026-09-11", "claude_api", "ana@x.com")
        }]);
        findings(&books)
    };
    assert_eq!(
        with("120", 1_000, 150),
        ["R6|claude_api|ana@x.com|k3|-|$120.00 in 30 days, 13.0 % of input from or for the cache|2026-09-11"]
    );
    // A fifth is enough, and a hundred dollars are not above a hundred.
    assert_eq!(with("120", 800, 200), Vec::<String>::new());
    assert_eq!(with("100", 1_000, 150), Vec::<String>::new());
    assert_eq!(with("100.01", 1_000, 150).len(), 1);
}

#[test]
fn r7_a_key_with_cost_and_without_a_person() {
    let books = books();
    let unowned = |on: &'static str, key: &'static str| Spend {
        key: Some(key),
        ..paid(on, "claude_api", NOBODY, "usage", "2.50")
    };
    books.spend(&[
        unowned("2026-08-12", "k9"),
        unowned("2026-10-01", "k9"),
        // Sixty days back and no further.
        unowned("2026-08-11", "k8"),
        Spend { key: Some("k7"), ..paid("2026-10-01", "claude_api", "ana@x.com", "usage", "9") },
    ]);
    assert_eq!(findings(&books), ["R7|claude_api|unknown@unattributed.com|k9|-|$5.00 in 60 days|2026-08-12"]);
}

#[test]
fn a_seat_is_saved_once() {
    let books = books();
    // Idle for thirty days, and the weaker of two tools last month: only the first is said.
    seat(&books, "cursor", "wes@x.com", "32", "monthly");
    books
        .spend(&[
            paid("2026-09-05", "claude_code", "wes@x.com", "usage", "30"),
            paid("2026-09-05", "cursor", "wes@x.com", "seat", "32"),
        ])
        .used(&[
            Use { lines: Some(95), ..day("2026-09-05", "claude_code", "wes@x.com") },
            Use { lines: Some(5), ..day("2026-09-05", "cursor", "wes@x.com") },
            day("2026-10-09", "cursor", "bob@x.com"),
        ]);
    let rules: Vec<String> = books.of("vw_recommendation", "rule_id, monthly_saving_usd", "");
    assert_eq!(rules, ["R1|32"]);
}
