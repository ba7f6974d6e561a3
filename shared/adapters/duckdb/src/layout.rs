//! How the copy keeps the two daily views, which nearly every card scans: in the order of their days, every text as its
//! place in a sorted list, every number in eight bytes, compressed; and beside each of them its months.
//!
//! DuckDB calls that list an `ENUM`. It sorts, compares and joins as the text does, so a card's answer is the same. Numbers
//! that the views have in sixteen bytes take DuckDB a hundred times as long to unpack; cards see them as wide as ever. In the
//! order of days a scan skips what is not selected. A month's row stands for rows that differ in nothing but the day, under
//! their last one; rows with nothing, with a credit and with a charge stay apart, so that a condition on a row's money holds
//! of the month as it did of the days. Which questions read months is decided in [`crate::question`].

use aispend_warehouse::{DATASET, Engine, View, views};
use duckdb::Connection;
use jiff::{ToSpan, civil::Date};

use crate::question::quoted;

/// A daily view, and how it is kept.
pub struct Daily {
    view: &'static str,
    /// The column whose order it is kept in.
    pub day: &'static str,
    /// The tables it is made of, with their days.
    sources: &'static [(&'static str, &'static str)],
}

/// Both.
pub const DAILY: [Daily; 2] = [
    Daily {
        view: "vw_spend_daily",
        day: "spend_date",
        sources: &[("claude_expenses", "expense_date"), ("cursor_expenses", "expense_date")],
    },
    Daily {
        view: "vw_usage_daily",
        day: "usage_date",
        sources: &[
            ("cursor_usage_stats", "activity_date"),
            ("claude_code_usage_stats", "activity_date"),
            ("claude_usage_stats", "activity_date"),
            ("api_usage_expenses", "expense_date"),
        ],
    },
];

/// Days outside the calendar have no month: they are read as days.
pub const WITHOUT_MONTH: &str = "month IS NULL";

/// Where the copy keeps them: in memory, compressed.
const KEPT: &str = "kept.main";

/// Where the views stand that they are filled from.
const UNKEPT: &str = "unkept";

/// What daily rows can say of people and keys beside their sources' own columns.
const DIMENSIONS: [&str; 4] = ["vw_person_periods", "vw_key_periods", "dim_users", "dim_api_keys"];

/// Columns whose texts a daily view has under another name.
const RENAMED: [&str; 2] = ["most_used_model", "creator_email"];

/// Columns of days that a month does not have.
const OF_DAYS: [&str; 2] = ["week", "is_weekday"];

/// Billed records that are worked out at once: what fits into a quarter of the memory.
const AT_ONCE: i64 = 1_000_000;

impl Daily {
    /// The view's full name.
    pub fn name(&self) -> String {
        format!("{DATASET}.{}", self.view)
    }

    /// Its rows.
    pub fn days_table(&self) -> String {
        format!("{KEPT}.{}", self.view)
    }

    /// Its months.
    pub fn months_table(&self) -> String {
        format!("{KEPT}.{}_months", self.view)
    }
}

/// True for a view that is kept so.
pub fn is_daily(view: View) -> bool {
    DAILY.iter().any(|daily| daily.view == view.name)
}

/// Makes the place for them.
pub fn attach(connection: &Connection) -> duckdb::Result<()> {
    connection.execute_batch("ATTACH ':memory:' AS kept (COMPRESS)")
}

/// Works the daily views out and keeps them.
pub fn keep(connection: &Connection) -> duckdb::Result<()> {
    connection.execute_batch(&format!("CREATE SCHEMA {UNKEPT}"))?;
    for view in views().filter(|view| is_daily(*view)) {
        let head = format!("VIEW {DATASET}.");
        let select = view.select(Engine::DuckDb).replacen(&head, &format!("VIEW {UNKEPT}."), 1);
        connection.execute_batch(&select)?;
    }
    let columns = columns(connection)?;
    make_list(connection, &columns)?;
    for daily in &DAILY {
        if let Err(error) = fill(connection, daily, &columns, true) {
            // A text that no source has, or a number that needs its sixteen bytes: the view's own need more, and are right.
            tracing::warn!(%error, view = daily.view, "the dashboards keep a view as it is");
            fill(connection, daily, &columns, false)?;
        }
        let (name, table) = (daily.name(), daily.days_table());
        connection.execute_batch(&format!("CREATE OR REPLACE VIEW {name} AS SELECT * FROM {table}"))?;
    }
    connection.execute_batch(&format!("DROP SCHEMA {UNKEPT} CASCADE"))
}

struct Column {
    table: String,
    name: String,
    kind: String,
}

impl Column {
    fn is_text(&self) -> bool {
        self.kind == "VARCHAR"
    }

    /// Added up by the view.
    fn is_measure(&self) -> bool {
        self.kind.ends_with("INT") || self.is_money()
    }

    fn is_money(&self) -> bool {
        self.kind.starts_with("DECIMAL")
    }

    /// A smaller type that holds the same, where there is one.
    fn small(&self) -> Option<String> {
        match self.kind.as_str() {
            "VARCHAR" => Some(format!("{KEPT}.word")),
            "HUGEINT" => Some("BIGINT".to_owned()),
            "DECIMAL(38,9)" => Some("DECIMAL(18,9)".to_owned()),
            _ => None,
        }
    }

    fn kept(&self, is_small: bool) -> String {
        let name = &self.name;
        match self.small().filter(|_| is_small) {
            Some(kind) => format!("CAST({name} AS {kind}) AS {name}"),
            None => name.clone(),
        }
    }

    /// As cards see it: a sum of eight bytes would be of another type.
    fn shown(&self) -> String {
        let Self { name, kind, .. } = self;
        if self.is_measure() { format!("CAST({name} AS {kind}) AS {name}") } else { name.clone() }
    }

    fn of_month(&self, day: &str, is_small: bool) -> String {
        let Self { name, kind, .. } = self;
        let small = self.small().filter(|_| is_small);
        let kind = small.as_ref().unwrap_or(kind);
        match name.as_str() {
            name if name == day => format!("MAX({name}) AS {name}"),
            name if OF_DAYS.contains(&name) => format!("CAST(NULL AS {kind}) AS {name}"),
            name if self.is_measure() => format!("CAST(SUM({name}) AS {kind}) AS {name}"),
            name => name.to_owned(),
        }
    }
}

fn columns(connection: &Connection) -> duckdb::Result<Vec<Column>> {
    let mut statement = connection.prepare(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name = ? ORDER BY table_name, column_index",
    )?;
    let read =
        |row: &duckdb::Row<'_>| Ok(Column { table: row.get(0)?, name: row.get(1)?, kind: row.get(2)? });
    statement.query_map([UNKEPT], read)?.collect()
}

/// One list for all columns: they join as numbers.
fn make_list(connection: &Connection, columns: &[Column]) -> duckdb::Result<()> {
    let texts = columns.iter().filter(|column| column.is_text()).map(|column| column.name.as_str());
    let names: Vec<String> = texts.chain(RENAMED).map(|name| format!("'{name}'")).collect();
    let sources = DAILY.iter().flat_map(|daily| daily.sources).map(|(table, _)| *table);
    let tables: Vec<String> = sources.chain(DIMENSIONS).map(|name| format!("'{name}'")).collect();
    let mut statement = connection.prepare(&format!(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = '{DATASET}' AND database_name = current_database()
         AND data_type = 'VARCHAR' AND column_name IN ({}) AND table_name IN ({})",
        names.join(", "),
        tables.join(", ")
    ))?;
    let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut values = Vec::new();
    for pair in found {
        let (table, column): (String, String) = pair?;
        values.push(format!("SELECT DISTINCT {column} AS word FROM {DATASET}.{table}"));
    }
    let of_ours = |view: &View| is_daily(*view) || view.name.starts_with("fct_");
    let written: Vec<String> =
        views().filter(of_ours).flat_map(|view| quoted(&view.select(Engine::DuckDb))).collect();
    // Without a single value DuckDB refuses the type's use.
    values.extend(written.iter().map(|word| format!("SELECT '{word}' AS word")));
    values.push("SELECT '' AS word".to_owned());
    connection.execute_batch(&format!(
        "CREATE TYPE {KEPT}.word AS ENUM (SELECT DISTINCT a.word FROM ({}) AS a WHERE a.word IS NOT NULL ORDER BY a.word)",
        values.join(" UNION ALL ")
    ))
}

/// Some months at a time: what they need while they are added up stays in memory.
fn fill(connection: &Connection, daily: &Daily, columns: &[Column], is_small: bool) -> duckdb::Result<()> {
    let Daily { view, day, .. } = daily;
    let columns: Vec<&Column> = columns.iter().filter(|column| column.table == *view).collect();
    let list = |spelled: &dyn Fn(&Column) -> String| {
        columns.iter().map(|column| spelled(column)).collect::<Vec<_>>().join(", ")
    };
    let kept = list(&|column| column.kept(is_small));
    let of_month = list(&|column| column.of_month(day, is_small));
    let shown = list(&Column::shown);
    let is_same = |column: &&&Column| {
        !column.is_measure() && column.name != *day && !OF_DAYS.contains(&column.name.as_str())
    };
    let same =
        columns.iter().filter(is_same).map(|column| column.name.clone()).collect::<Vec<_>>().join(", ");
    let apart = columns.iter().filter(|column| column.is_measure()).enumerate().map(|(place, column)| {
        let (name, unit) = (&column.name, 1_i64 << (2 * place));
        if column.is_money() {
            format!("COALESCE(CAST(SIGN({name}) AS BIGINT) + 2, 0) * {unit}")
        } else {
            format!("CASE WHEN {name} IS NULL THEN {unit} ELSE 0 END")
        }
    });
    let apart = apart.collect::<Vec<_>>().join(" + ");
    let (days, months) = (daily.days_table(), daily.months_table());
    connection.execute_batch(&format!(
        "CREATE OR REPLACE TABLE {days}_rows AS SELECT {kept} FROM {UNKEPT}.{view} LIMIT 0;
         CREATE OR REPLACE TABLE {months}_rows AS SELECT * FROM {days}_rows;
         CREATE OR REPLACE VIEW {days} AS SELECT {shown} FROM {days}_rows;
         CREATE OR REPLACE VIEW {months} AS SELECT {shown} FROM {months}_rows"
    ))?;
    for chunk in chunks(connection, daily)? {
        connection.execute_batch(&format!(
            "INSERT INTO {days}_rows SELECT {kept} FROM {UNKEPT}.{view} WHERE {chunk} ORDER BY {day};
             INSERT INTO {months}_rows SELECT {of_month} FROM {days}_rows WHERE ({chunk}) AND NOT ({WITHOUT_MONTH})
             GROUP BY {same}, {apart} ORDER BY month"
        ))?;
    }
    Ok(())
}

/// Conditions on the day that cover every day once, cut at months.
fn chunks(connection: &Connection, daily: &Daily) -> duckdb::Result<Vec<String>> {
    let day = daily.day;
    let sources: Vec<String> = daily
        .sources
        .iter()
        .map(|(table, column)| {
            format!("SELECT MIN({column}) AS low, MAX({column}) AS high, COUNT(*) AS records FROM {DATASET}.{table}")
        })
        .collect();
    let (low, high, records) = connection.query_row(
        &format!(
            "SELECT CAST(MIN(a.low) AS VARCHAR), CAST(MAX(a.high) AS VARCHAR), CAST(SUM(a.records) AS BIGINT) FROM ({}) AS a",
            sources.join(" UNION ALL ")
        ),
        [],
        |row| Ok((row.get::<_, Option<String>>(0)?, row.get::<_, Option<String>>(1)?, row.get::<_, i64>(2)?)),
    )?;
    let parsed = |text: Option<String>| text.and_then(|text| text.parse::<Date>().ok());
    let (Some(low), Some(high)) = (parsed(low), parsed(high)) else { return Ok(vec!["TRUE".to_owned()]) };
    let months = (i64::from(high.year()) - i64::from(low.year())) * 12 + i64::from(high.month())
        - i64::from(low.month())
        + 1;
    let step = (months * AT_ONCE / records.max(1)).clamp(1, months);
    let first = low.first_of_month();
    let starts: Vec<Date> = (1..=months / step)
        .map(|count| first.saturating_add((step * count).months()))
        .take_while(|start| *start <= high)
        .collect();
    let from = std::iter::once(None).chain(starts.iter().map(Some));
    let until = starts.iter().map(Some).chain(std::iter::once(None));
    Ok(from
        .zip(until)
        .map(|edges| match edges {
            (None, None) => "TRUE".to_owned(),
            (None, Some(until)) => format!("{day} < DATE '{until}'"),
            (Some(from), None) => format!("{day} >= DATE '{from}'"),
            (Some(from), Some(until)) => format!("{day} >= DATE '{from}' AND {day} < DATE '{until}'"),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use aispend_warehouse::{DUCKDB_MACROS, fact_views, seeds, tables};

    use super::*;
    use crate::{Cell, QueryResult, query::query};

    /// Two platforms, a person and nobody, texts that are not there, days out of order.
    const ROWS: &str = "
        INSERT INTO ai_usage_analytics.claude_expenses BY NAME
        SELECT DATE '2026-10-09' - CAST(n AS INTEGER) AS expense_date, 'claude_api' AS platform, 'rest' AS platform_rule, 1.25 AS cost_usd,
            CASE n WHEN 0 THEN 'b' WHEN 1 THEN 'a' END AS model, 'usage' AS cost_class, 'tokens' AS cost_type,
            CASE n WHEN 2 THEN 'zoe@example.com' END AS user_email, 'reported' AS allocation, 'o' AS org_id, 's' AS slice_key,
            'x' AS source, 'r' AS run_id, TIMESTAMP '2026-10-10' AS fetched_at
        FROM range(3) AS r(n);
        INSERT INTO ai_usage_analytics.cursor_usage_stats BY NAME
        SELECT DATE '2026-10-09' - CAST(n AS INTEGER) AS activity_date, 'ana@example.com' AS user_email, n = 0 AS is_active, 'o' AS org_id,
            's' AS slice_key, 'x' AS source, 'r' AS run_id, TIMESTAMP '2026-10-10' AS fetched_at
        FROM range(2) AS r(n);";

    /// The views worked out from these rows, and both daily ones kept.
    fn kept(rows: &str) -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(&format!("CREATE SCHEMA {DATASET}; {DUCKDB_MACROS}")).unwrap();
        let created = tables().into_iter().flat_map(|table| table.create(Engine::DuckDb));
        for statement in created.chain(seeds(Engine::DuckDb)) {
            connection.execute_batch(&statement).unwrap();
        }
        connection.execute_batch(rows).unwrap();
        for view in fact_views() {
            connection.execute_batch(&view.select(Engine::DuckDb)).unwrap();
        }
        let daily: Vec<View> = views().filter(|view| is_daily(*view)).collect();
        assert_eq!(daily.len(), DAILY.len());
        attach(&connection).unwrap();
        connection.execute_batch("CREATE SCHEMA plain").unwrap();
        for view in &daily {
            let select = view.select(Engine::DuckDb);
            let plain = select.replacen(&format!("VIEW {DATASET}."), "VIEW plain.", 1);
            connection.execute_batch(&plain).unwrap();
        }
        keep(&connection).unwrap();
        connection
    }

    fn ask(connection: &Connection, sql: &str) -> QueryResult {
        query(connection, sql).unwrap()
    }

    #[test]
    fn a_kept_view_has_the_rows_and_the_order_of_the_view() {
        let connection = kept(ROWS);
        for (Daily { view: table, day, .. }, rows) in DAILY.into_iter().zip([3, 2]) {
            let plain = ask(&connection, &format!("SELECT * FROM plain.{table} ORDER BY ALL"));
            let found = ask(&connection, &format!("SELECT * FROM {DATASET}.{table} ORDER BY ALL"));
            assert_eq!(plain.rows.len(), rows);
            assert_eq!((&found.columns, &found.rows), (&plain.columns, &plain.rows), "{table}");
            let days = ask(&connection, &format!("SELECT {day} FROM {DATASET}.{table}")).rows;
            let mut sorted = days.clone();
            sorted.sort_by_key(|row| row.iter().map(ToString::to_string).collect::<Vec<_>>());
            assert_eq!(days, sorted, "{table}");
        }
    }

    #[test]
    fn a_kept_number_is_of_the_type_of_the_view_even_where_it_needs_that() {
        let wide = "INSERT INTO ai_usage_analytics.claude_expenses BY NAME
            SELECT e.* REPLACE (1000000000.5 AS cost_usd) FROM ai_usage_analytics.claude_expenses AS e;";
        for (more, is_small) in [("", true), (wide, false)] {
            let connection = kept(&format!("{ROWS}{more}"));
            for Daily { view: table, .. } in DAILY {
                let types = |schema| {
                    let sql = format!("SELECT column_name, column_type FROM (DESCRIBE {schema}.{table})");
                    let rows = ask(&connection, &sql).rows.into_iter();
                    rows.filter(|row| !row.iter().any(|cell| cell.to_string().starts_with("ENUM")))
                        .collect::<Vec<_>>()
                };
                let plain = types("plain");
                assert!(types(DATASET).iter().all(|column| plain.contains(column)), "{table}");
            }
            let found = |schema| {
                ask(
                    &connection,
                    &format!("SELECT SUM(s.cost_usd), MAX(s.cost_usd) FROM {schema}.vw_spend_daily AS s"),
                )
                .rows
            };
            assert_eq!(found(DATASET), found("plain"));
            let kinds = ask(
                &connection,
                "SELECT COUNT(*) FROM duckdb_columns() WHERE table_name LIKE 'vw_spend_daily%_rows'
                 AND column_name = 'cost_usd' AND data_type = 'DECIMAL(18,9)'",
            );
            assert_eq!(kinds.rows, [[Cell::Integer(if is_small { 2 } else { 0 })]]);
        }
    }

    #[test]
    fn a_kept_text_is_compared_joined_and_joined_up_as_a_text() {
        let connection = kept(ROWS);
        let found = ask(
            &connection,
            "SELECT MAX(s.model) AS most, COUNT(CASE WHEN s.model > 'a' THEN 1 END) AS above,
                COUNT(CASE WHEN s.model IN ('a', 'not a model') THEN 1 END) AS chosen,
                MAX(s.model || ' model') AS words, COUNT(u.user_email) AS joined
             FROM ai_usage_analytics.vw_spend_daily AS s
             LEFT JOIN ai_usage_analytics.vw_usage_daily AS u ON u.user_email = s.user_email",
        );
        let text = |text: &str| Cell::Text(text.to_owned());
        assert_eq!(
            found.rows,
            [[text("b"), Cell::Integer(1), Cell::Integer(1), text("b model"), Cell::Integer(0)]]
        );
    }

    #[test]
    fn nothing_loaded_is_nothing_kept() {
        let connection = kept("");
        let sql = "SELECT COUNT(*), MAX(s.team) FROM ai_usage_analytics.vw_spend_daily AS s WHERE s.platform = 'cursor'";
        assert_eq!(ask(&connection, sql).rows, [[Cell::Integer(0), Cell::Null]]);
    }
}
