//! The sentence that every dashboard opens with, clause by clause, over figures set by hand.
#![allow(clippy::unwrap_used)]

use aispend_warehouse::{Card, DATASET, DUCKDB_MACROS, Engine, Selection, cards, seeds, tables};
use duckdb::Connection;
use jiff::civil::{Date, date};

/// The running month of most cases, known through its tenth day.
const TODAY: Date = date(2026, 10, 11);
const OCTOBER: (Date, Date) = (date(2026, 10, 1), date(2026, 10, 31));

/// A company: one line of spend is day, platform, kind of cost, dollars, owned or not.
struct World {
    connection: Connection,
    card: Card,
}

impl World {
    /// Data from January on, read an hour ago.
    fn new(spend: &[(&str, &str, &str, &str, bool)]) -> Self {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(&format!("CREATE SCHEMA {DATASET}; {DUCKDB_MACROS}")).unwrap();
        for table in tables().into_iter().filter(|table| table.name.starts_with("dim_")) {
            for statement in table.create(Engine::DuckDb) {
                connection.execute_batch(&statement).unwrap();
            }
        }
        for statement in seeds(Engine::DuckDb) {
            if statement.contains("dim_") {
                connection.execute_batch(&statement).unwrap();
            }
        }
        connection
            .execute_batch(
                "CREATE TABLE ai_usage_analytics.vw_spend_daily (spend_date DATE, platform VARCHAR, cost_class VARCHAR,
                    cost_usd DECIMAL(38,9), attribution VARCHAR, team VARCHAR);
                 CREATE TABLE ai_usage_analytics.vw_freshness (feed VARCHAR, mode VARCHAR, observed_at TIMESTAMP, complete_through DATE);
                 CREATE TABLE ai_usage_analytics.vw_loaded_range (first_day DATE, through_day DATE, month DATE);
                 CREATE TABLE ai_usage_analytics.vw_budget (month DATE, platform VARCHAR, team VARCHAR,
                    budget_usd DECIMAL(38,9), is_example BOOLEAN);
                 CREATE TABLE ai_usage_analytics.vw_forecast (month DATE, as_of DATE, actual_usd DECIMAL(38,9),
                    forecast_usd DECIMAL(38,9));
                 INSERT INTO ai_usage_analytics.vw_loaded_range VALUES (DATE '2026-01-01', DATE '2026-10-10', DATE '2026-10-01');
                 INSERT INTO ai_usage_analytics.vw_freshness VALUES
                    ('anthropic/cost', 'automatic', make_timestamp(epoch_us(now())) - INTERVAL 1 HOUR, DATE '2026-10-10'),
                    ('cursor/usage-events', 'automatic', make_timestamp(epoch_us(now())) - INTERVAL 1 HOUR, DATE '2026-10-10')",
            )
            .unwrap();
        let card = cards().unwrap().into_iter().find(|card| card.id == "exec/headline").unwrap();
        let world = Self { connection, card };
        for (day, platform, class, dollars, is_owned) in spend {
            let attribution = if *is_owned { "direct" } else { "none" };
            world.also(&format!(
                "INSERT INTO ai_usage_analytics.vw_spend_daily VALUES
                 (DATE '{day}', '{platform}', '{class}', {dollars}, '{attribution}', 'Platform')"
            ));
        }
        world
    }

    fn also(&self, sql: &str) -> &Self {
        self.connection.execute_batch(sql).unwrap();
        self
    }

    fn budget(&self, dollars: &str, is_example: bool) -> &Self {
        self.also(&format!(
            "INSERT INTO ai_usage_analytics.vw_budget VALUES (DATE '2026-10-01', NULL, NULL, {dollars}, {is_example})"
        ))
    }

    fn forecast(&self, actual: &str, forecast: &str) -> &Self {
        self.also(&format!(
            "INSERT INTO ai_usage_analytics.vw_forecast VALUES (DATE '2026-10-01', DATE '2026-10-10', {actual}, {forecast})"
        ))
    }

    fn says_of(&self, selection: &Selection) -> String {
        let sql = self.card.sql(Engine::DuckDb, selection).unwrap();
        self.connection.query_row(&sql, [], |row| row.get(0)).unwrap()
    }

    fn says(&self) -> String {
        self.says_of(&Selection::of_days(OCTOBER.0, OCTOBER.1, TODAY))
    }
}

/// September's ten days cost $1,000, October's $1,150.
fn grown() -> World {
    World::new(&[
        ("2026-09-02", "cursor", "usage", "400", true),
        ("2026-09-02", "claude_code", "usage", "600", true),
        // After the tenth: no part of the comparison.
        ("2026-09-20", "claude_code", "usage", "5000", true),
        ("2026-10-03", "cursor", "usage", "520.40", true),
        ("2026-10-03", "claude_code", "usage", "629.60", true),
    ])
}

#[test]
fn it_says_spend_budget_forecast_change_its_cause_and_how_far_to_trust_it() {
    let world = grown();
    world.budget("2300", false).forecast("1150", "2360");
    assert_eq!(
        world.says(),
        "October 2026: **$1,150 of $2,300** budget (50 %). Forecast $2,360, **$60.00 over**. \
         Up **15.0 %** on the same days of September 2026; Cursor usage explains +$120 of the +$150. \
         Data through 10 Oct 2026; **100 %** of spend has an owner."
    );
}

#[test]
fn an_example_budget_is_called_one() {
    let world = grown();
    world.budget("2300", true).forecast("1150", "2200");
    let said = world.says();
    assert!(
        said.contains("**$1,150 of $2,300** example budget (50 %). Forecast $2,200, **$100 under**."),
        "{said}"
    );
}

#[test]
fn without_a_budget_it_says_so() {
    let said = grown().says();
    assert!(said.starts_with("October 2026: **$1,150**, no budget set. Up "), "{said}");
    // Not of a range that no budget could stand for.
    let days = Selection::of_days(date(2026, 10, 2), date(2026, 10, 9), TODAY);
    let said = grown().says_of(&days);
    assert!(said.starts_with("2 Oct 2026 to 9 Oct 2026: **$1,150**. "), "{said}");
    assert!(!said.contains("budget"), "{said}");
}

#[test]
fn without_a_month_before_there_is_no_comparison() {
    let world = grown();
    world.also("UPDATE ai_usage_analytics.vw_loaded_range SET first_day = DATE '2026-09-05'");
    let said = world.says();
    assert!(!said.contains(" Up ") && !said.contains(" on "), "{said}");
    assert!(said.contains("no budget set. Data through 10 Oct 2026"), "{said}");
}

#[test]
fn falling_spend_is_down_and_its_cause_has_a_minus() {
    let world = World::new(&[
        ("2026-09-02", "cursor", "seat", "200", true),
        ("2026-09-02", "claude_api", "usage", "200", true),
        ("2026-10-03", "cursor", "seat", "80", true),
        ("2026-10-03", "claude_api", "usage", "200", false),
    ]);
    assert_eq!(
        world.says(),
        "October 2026: **$280**, no budget set. Down **30.0 %** on the same days of September 2026; \
         Cursor seats explains -$120 of the -$120. Data through 10 Oct 2026; **28 %** of spend has an owner."
    );
}

#[test]
fn spend_that_did_not_change_is_the_same() {
    let world = World::new(&[
        ("2026-09-02", "cursor", "usage", "40.5", true),
        ("2026-10-03", "cursor", "usage", "40.5", true),
    ]);
    let said = world.says();
    assert!(
        said.contains("**$40.50**, no budget set. The same as the same days of September 2026."),
        "{said}"
    );
}

/// Four parts of 25 % each: none is named. Of 30 %: the first is.
#[test]
fn a_cause_is_named_from_thirty_percent_on() {
    let of = |shares: [&str; 4]| {
        let [a, b, c, d] = shares;
        World::new(&[
            ("2026-09-02", "cursor", "usage", "100", true),
            ("2026-10-03", "cursor", "usage", "100", true),
            ("2026-10-03", "cursor", "seat", a, true),
            ("2026-10-03", "claude_code", "usage", b, true),
            ("2026-10-03", "claude_ai", "seat", c, true),
            ("2026-10-03", "claude_api", "usage", d, true),
        ])
        .says()
    };
    let said = of(["29.9", "29.9", "20.1", "20.1"]);
    assert!(said.contains("; spread over several platforms."), "{said}");
    let said = of(["30", "25", "25", "20"]);
    assert!(said.contains("; Cursor seats explains +$30.00 of the +$100."), "{said}");
}

#[test]
fn a_cause_larger_than_the_change_is_set_against_the_net() {
    let world = World::new(&[
        ("2026-09-02", "cursor", "usage", "100", true),
        ("2026-09-02", "claude_code", "usage", "200", true),
        ("2026-10-03", "cursor", "usage", "350", true),
        ("2026-10-03", "claude_code", "usage", "100", true),
    ]);
    let said = world.says();
    assert!(
        said.contains("Up **50.0 %** on the same days of September 2026; Cursor usage +$250 in a net +$150."),
        "{said}"
    );
}

#[test]
fn a_stale_source_is_said_from_48_hours_on() {
    for (hours, is_said) in [(47, false), (48, true), (75, true)] {
        let world = grown();
        world.also(&format!(
            "UPDATE ai_usage_analytics.vw_freshness SET observed_at = make_timestamp(epoch_us(now())) - INTERVAL '{hours} hours 5 minutes'
             WHERE feed = 'cursor/usage-events'"
        ));
        let said = world.says();
        assert_eq!(
            said.contains(&format!("Data through 10 Oct 2026, a source is {hours} h old")),
            is_said,
            "{said}"
        );
    }
}

#[test]
fn without_spend_there_is_one_clause() {
    let world = World::new(&[("2026-08-02", "cursor", "usage", "1", true)]);
    assert_eq!(world.says(), "No spend loaded for October 2026.");
}

#[test]
fn under_a_filter_the_companys_budget_is_left_out() {
    let world = grown();
    world.budget("2300", false).forecast("1150", "2360");
    let selection =
        Selection { platform: vec!["cursor".to_owned()], ..Selection::of_days(OCTOBER.0, OCTOBER.1, TODAY) };
    let said = world.says_of(&selection);
    assert!(said.starts_with("October 2026: **$520**. Up **30.1 %**"), "{said}");
    assert!(!said.contains("udget") && !said.contains("Forecast"), "{said}");
}

#[test]
fn a_forecast_is_left_out_until_there_is_one() {
    let world = grown();
    world.budget("2300", false).also(
        "INSERT INTO ai_usage_analytics.vw_forecast VALUES (DATE '2026-10-01', DATE '2026-10-10', 1150, NULL)",
    );
    let said = world.says();
    assert!(said.contains("budget (50 %). Up "), "{said}");
}
