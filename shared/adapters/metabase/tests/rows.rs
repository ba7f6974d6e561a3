//! Every card's query as Metabase would send it gives the rows that the web page shows: without filters, and with each.
#![allow(clippy::unwrap_used)]

use aispend_dashboards::format::PLATFORMS;
use aispend_metabase::{query_as_metabase, says_platforms, twin_as_metabase};
use aispend_warehouse::{
    Card, DATASET, DUCKDB_MACROS, Display, Engine, Filter, Selection, cards, seeds, tables, views,
};
use duckdb::{Connection, types::Value};
use jiff::civil::{Date, date};

const TODAY: Date = date(2026, 10, 18);

/// Three months of six people on four platforms, and of nobody. The daily views stand as tables, everything else as it is.
fn company() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    let run = |sql: &str| connection.execute_batch(sql).unwrap_or_else(|error| panic!("{error}\n{sql}"));
    run(&format!("CREATE SCHEMA {DATASET}; {DUCKDB_MACROS}"));
    for table in tables() {
        for statement in table.create(Engine::DuckDb) {
            run(&statement);
        }
    }
    for statement in seeds(Engine::DuckDb) {
        run(&statement);
    }
    for view in views() {
        for statement in view.create(Engine::DuckDb) {
            run(&statement);
        }
    }
    for view in ["vw_spend_daily", "vw_usage_daily", "vw_freshness", "vw_loaded_range"] {
        run(&format!(
            "CREATE TABLE {DATASET}.kept AS SELECT * FROM {DATASET}.{view} LIMIT 0; DROP VIEW {DATASET}.{view};
             ALTER TABLE {DATASET}.kept RENAME TO {view};"
        ));
    }
    run(ROWS);
    connection
}

const ROWS: &str = "
CREATE TABLE people AS SELECT * FROM (VALUES
    (1, 'ana@example.com', 'Ana Arbor', 'Platform'), (2, 'ben@example.com', 'Ben Birch', 'Platform'),
    (3, 'cai@example.com', 'Cai Cedar', 'Data'), (4, 'dee@example.com', 'Dee Dogwood', 'Data'),
    (5, 'eli@example.com', 'Eli Elm', 'No team'), (6, 'unknown@unattributed.com', 'Unattributed', 'Unattributed')
) AS p(n, user_email, display_name, team);
CREATE TABLE tools AS SELECT * FROM (VALUES
    (1, 'claude_code', 'opus', 'usage', 'tokens', 'input', TRUE), (2, 'claude_code', 'sonnet', 'usage', 'tokens', 'output', TRUE),
    (3, 'claude_ai', NULL, 'seat', 'seat', NULL, FALSE), (4, 'claude_api', 'sonnet', 'usage', 'tokens', 'cache_read', FALSE),
    (5, 'cursor', NULL, 'seat', 'seat', NULL, TRUE), (6, 'cursor', 'gpt', 'usage', 'requests', NULL, TRUE)
) AS t(n, platform, model, cost_class, cost_type, token_class, is_coding);
CREATE TABLE days AS SELECT c.day, c.month, c.week, c.is_weekday FROM ai_usage_analytics.dim_calendar AS c
    WHERE c.day BETWEEN DATE '2026-07-20' AND DATE '2026-10-17';
INSERT INTO ai_usage_analytics.vw_spend_daily BY NAME
SELECT d.day AS spend_date, d.month, d.week, t.platform, p.user_email, p.display_name, p.team, t.model,
    'key-' || p.n AS api_key_id, 'ws' AS workspace_id, t.cost_class, t.cost_type, t.token_class, 'standard' AS service_tier,
    CASE WHEN p.n = 6 THEN 'none' WHEN t.n = 4 THEN 'mapping' ELSE 'direct' END AS attribution, t.is_coding,
    CASE t.platform WHEN 'cursor' THEN 'cursor_expenses' ELSE 'claude_expenses' END AS source_table,
    CAST((day(d.day) * 7 + p.n * 13 + t.n * 29 + month(d.day)) % 97 AS DECIMAL(38, 9)) * 0.37 AS cost_usd, 1 AS records
FROM days AS d, people AS p, tools AS t
WHERE (day(d.day) + p.n + t.n) % 3 <> 0;
INSERT INTO ai_usage_analytics.vw_usage_daily BY NAME
SELECT d.day AS usage_date, d.month, d.week, d.is_weekday, t.platform, p.user_email, p.display_name, p.team,
    CASE WHEN t.n IN (1, 2, 4) THEN t.model END AS model, CASE WHEN t.n IN (5, 6) THEN 'gpt' END AS main_model,
    FALSE AS covered_by_seat, t.platform = 'cursor' AS sessions_estimated, TRUE AS is_active,
    1 + (day(d.day) + p.n) % 5 AS sessions, 50 + (day(d.day) * p.n + t.n) % 211 AS lines_suggested,
    20 + (day(d.day) * p.n + t.n) % 97 AS lines_accepted, 10 + (day(d.day) + t.n * 3) % 23 AS suggestions_accepted,
    3 + (day(d.day) + p.n) % 11 AS suggestions_rejected, 1 + p.n % 3 AS commits, p.n % 2 AS pull_requests,
    2 AS composer_requests, 3 AS chat_requests, 4 AS agent_requests, 5 AS cmdk_usages, 6 AS included_requests,
    p.n AS usage_based_requests, 7 AS messages, 20000 + day(d.day) * 100 AS input_tokens, 9000 + p.n * 10 AS output_tokens,
    5000 AS cache_read_tokens, 100 AS cache_write_tokens
FROM days AS d, people AS p, tools AS t
WHERE p.n < 6 AND t.n <> 3 AND (day(d.day) * p.n + t.n) % 4 <> 0;
INSERT INTO ai_usage_analytics.vw_freshness BY NAME
SELECT feed, 'org' AS org_id, 'automatic' AS mode, make_timestamp(epoch_us(now())) AS observed_at, DATE '2026-10-17' AS complete_through
FROM (VALUES ('anthropic/cost'), ('cursor/usage-events')) AS f(feed);
INSERT INTO ai_usage_analytics.vw_loaded_range BY NAME
SELECT DATE '2026-07-20' AS first_day, DATE '2026-10-17' AS through_day, DATE '2026-10-01' AS month;
";

fn answer(connection: &Connection, name: &str, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap_or_else(|error| panic!("{name}: {error}\n{sql}"));
    let mut rows = statement.query([]).unwrap_or_else(|error| panic!("{name}: {error}\n{sql}"));
    let mut answer = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let width = row.as_ref().column_count();
        let cells: Vec<Value> = (0..width).map(|at| row.get_unwrap(at)).collect();
        answer.push(format!("{cells:?}"));
    }
    answer
}

fn selections() -> Vec<(&'static str, Selection)> {
    let days = |first: Date, last: Date| Selection::of_days(first, last, TODAY);
    let october = || days(date(2026, 10, 1), date(2026, 10, 31));
    let one = |value: &str| vec![value.to_owned()];
    vec![
        ("the running month", october()),
        ("a whole month", days(date(2026, 9, 1), date(2026, 9, 30))),
        ("three months", days(date(2026, 8, 1), date(2026, 10, 31))),
        ("some days", days(date(2026, 10, 5), date(2026, 10, 14))),
        ("days of two months", days(date(2026, 9, 20), date(2026, 10, 18))),
        ("days without data", days(date(2025, 3, 1), date(2025, 3, 31))),
        ("a team", Selection { team: one("Platform"), ..october() }),
        ("a person", Selection { user: one("cai@example.com"), ..october() }),
        ("a platform", Selection { platform: one("cursor"), ..october() }),
        ("a model", Selection { model: one("sonnet"), ..october() }),
        (
            "everything at once",
            Selection {
                team: vec!["Platform".to_owned(), "Data".to_owned()],
                user: vec!["ana@example.com".to_owned(), "dee@example.com".to_owned()],
                platform: vec!["claude_code".to_owned(), "cursor".to_owned()],
                model: vec!["opus".to_owned(), "gpt".to_owned(), "it's \"none\"".to_owned()],
                ..days(date(2026, 8, 1), date(2026, 10, 31))
            },
        ),
    ]
}

/// What the web page asks a card: the filters of its dashboard less those that it ignores.
fn asked(card: &Card, selection: &Selection) -> Selection {
    let board = aispend_dashboards::Board::of_group(&card.group).unwrap();
    let kept: Vec<Filter> =
        board.filters.iter().copied().filter(|filter| !card.ignores.contains(filter)).collect();
    selection.keeping(&kept)
}

#[test]
fn every_series_that_comes_back_has_a_look_of_its_own() {
    let connection = company();
    let selection = Selection::of_days(date(2026, 8, 1), date(2026, 10, 31), TODAY);
    let mut seen = 0;
    for card in cards().unwrap() {
        let series = card.chart.as_ref().and_then(|chart| chart.series.as_deref());
        // Teams are the organisation's.
        let Some(series) = series.filter(|series| *series != "team") else { continue };
        let looks = aispend_metabase::visual_settings(&card)["series_settings"].clone();
        let sql = query_as_metabase(&card, Engine::DuckDb, &asked(&card, &selection)).unwrap();
        let mut statement =
            connection.prepare(&format!("SELECT DISTINCT {series} FROM ({sql}) AS answer")).unwrap();
        let values = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        for value in values.map(Result::unwrap) {
            assert!(looks[&value]["color"].is_string(), "{}: `{value}` has none", card.id);
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
}

/// A row as tables of Metabase say it.
fn platform_words(row: &str) -> String {
    let pairs = PLATFORMS.iter().copied().chain([("total", "Total")]);
    pairs.fold(row.to_owned(), |row, (key, words)| {
        row.replace(&format!("Text({key:?})"), &format!("Text({words:?})"))
    })
}

#[test]
fn every_card_gives_the_rows_of_the_web_page_without_and_with_each_filter() {
    let connection = company();
    let cards = cards().unwrap();
    let (mut with_rows, mut filtered, mut said) = (0, 0, 0);
    let mut problems = Vec::new();
    for card in cards.iter().filter(|card| !card.is_text()) {
        let mut plain = Vec::new();
        for (name, selection) in selections() {
            let name = format!("{} with {name}", card.id);
            // Metabase is given every filter of the dashboard: the card takes those it has a tag of.
            let board = aispend_dashboards::Board::of_group(&card.group).unwrap();
            let given = selection.keeping(board.filters);
            let web =
                answer(&connection, &name, &card.sql(Engine::DuckDb, &asked(card, &selection)).unwrap());
            let metabase =
                answer(&connection, &name, &query_as_metabase(card, Engine::DuckDb, &given).unwrap());
            let in_words =
                |rows: &[String]| -> Vec<String> { rows.iter().map(|row| platform_words(row)).collect() };
            let twin = answer(&connection, &name, &twin_as_metabase(card, Engine::DuckDb, &given).unwrap());
            let is_table = card.display == Display::Table;
            let says = says_platforms(card);
            let web_table = if says { in_words(&web) } else { web.clone() };
            if twin != web_table {
                problems.push(format!("{name}: its table says other words or rows: {:?}", twin.first()));
            }
            said += usize::from(says && web_table != web);
            let web = if says && is_table { web_table } else { web };
            if web != metabase {
                let differs = web.iter().zip(&metabase).find(|(web, metabase)| web != metabase);
                problems.push(format!("{name}: {} and {} rows, {differs:?}", web.len(), metabase.len()));
            }
            with_rows += usize::from(!web.is_empty());
            if plain.is_empty() {
                plain.clone_from(&web);
            } else {
                filtered += usize::from(web != plain);
            }
        }
    }
    assert!(problems.is_empty(), "{} differ\n{}", problems.len(), problems.join("\n"));
    assert!(said > 80, "platforms were said in words {said} times");
    assert!(with_rows > 400 && filtered > 300, "{with_rows} answers with rows, {filtered} moved by a filter");
}
