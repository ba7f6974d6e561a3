//! What dashboards read: a published snapshot with the views that cards name, worked out once and kept in memory.
//!
//! The views are this build's, over the snapshot's tables, so an older file serves as well. A card is then a scan of a small
//! table; a new publication makes a new cache, while questions to the old one end in peace.

use std::{
    collections::{BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use aispend_dashboards::{Cards, ReadError, Snapshot};
use aispend_warehouse::{Card, DATASET, DUCKDB_MACROS, Engine, View, fact_views, tables, views};
use async_trait::async_trait;
use duckdb::{Config, Connection};
use tokio::sync::Mutex as AsyncMutex;

use crate::{
    Cell, DuckDbError, QueryResult, layout,
    open::published_path,
    query::query,
    question::{Constants, planned},
    reader::Identity,
    schema,
};

/// What the cache may hold in memory before it goes to disk.
const MEMORY_LIMIT: &str = "1GB";

/// Hours since a reading grow while nobody publishes: the cache is worked out anew after this.
const KEPT: Duration = Duration::from_mins(30);

/// Daily views, which the words of cards stand for.
const ALWAYS: [&str; 4] = ["vw_spend_daily", "vw_usage_daily", "vw_freshness", "vw_loaded_range"];

/// Small views that the daily ones join, some months at a time.
const JOINED: [&str; 4] = ["vw_person_periods", "vw_key_periods", "dim_users", "dim_api_keys"];

/// Questions of one row that are remembered, at most.
const REMEMBERED: usize = 1_000;

/// The published snapshot of a data folder, for dashboards.
pub struct CardReader {
    path: PathBuf,
    wanted: BTreeSet<String>,
    open: AsyncMutex<Option<(Identity, Instant, Arc<Cache>)>>,
}

/// One snapshot.
struct Cache {
    version: String,
    is_simulated: bool,
    connection: Mutex<Connection>,
    rows: Arc<Rows>,
}

/// What questions of one row were answered with; nothing for another number of rows.
type Rows = Mutex<HashMap<String, Option<Constants>>>;

/// Opens the published snapshot of a data folder for the views that these cards read.
pub fn open_cards(data_dir: &Path, cards: &[Card]) -> CardReader {
    let named = cards.iter().flat_map(Card::views).map(str::to_owned);
    let wanted = named.chain(ALWAYS.into_iter().chain(JOINED).map(str::to_owned)).collect();
    CardReader { path: published_path(data_dir), wanted, open: AsyncMutex::new(None) }
}

#[async_trait]
impl Cards for CardReader {
    async fn newest(&self) -> Result<Arc<dyn Snapshot>, ReadError> {
        // One builds, the others wait for it.
        let mut open = self.open.lock().await;
        let identity = Identity::of(&self.path).map_err(|error| failed(&error))?;
        if let Some((known, since, cache)) = open.as_ref()
            && *known == identity
            && since.elapsed() < KEPT
        {
            return Ok(Arc::clone(cache) as Arc<dyn Snapshot>);
        }
        let (path, wanted) = (self.path.clone(), self.wanted.clone());
        let built = aispend_telemetry::blocking(move || build(&path, &identity, &wanted)).await;
        let cache = Arc::new(
            built.map_err(|error| ReadError::Failed(error.to_string()))?.map_err(|error| failed(&error))?,
        );
        *open = Some((identity, Instant::now(), Arc::clone(&cache)));
        Ok(cache)
    }
}

fn failed(error: &DuckDbError) -> ReadError {
    match error {
        DuckDbError::Missing { .. } | DuckDbError::NotMigrated(_) | DuckDbError::NewerSchema { .. } => {
            ReadError::NoData(error.to_string())
        }
        DuckDbError::File { .. }
        | DuckDbError::Engine { .. }
        | DuckDbError::OtherKind { .. }
        | DuckDbError::Ledger { .. } => ReadError::Failed(error.chain()),
    }
}

fn build(path: &Path, identity: &Identity, wanted: &BTreeSet<String>) -> Result<Cache, DuckDbError> {
    let doing = || DuckDbError::engine("prepare the dashboards");
    let config = Config::default()
        .max_memory(MEMORY_LIMIT)
        .and_then(|config| config.enable_autoload_extension(false))
        .map_err(doing())?;
    let connection = Connection::open_in_memory_with_flags(config).map_err(doing())?;
    let quoted = path.display().to_string().replace('\'', "''");
    let attach = format!("ATTACH '{quoted}' AS snapshot (READ_ONLY)");
    connection.execute_batch(&attach).map_err(doing())?;
    layout::attach(&connection).map_err(doing())?;
    let info = read_info(&connection)?;
    // Nothing that comes later may read another file.
    connection.execute_batch("SET enable_external_access = false").map_err(doing())?;
    connection.execute_batch(&format!("CREATE SCHEMA {DATASET}")).map_err(doing())?;
    connection.execute_batch(DUCKDB_MACROS).map_err(doing())?;
    for table in tables() {
        let name = table.name;
        let sql = format!("CREATE VIEW {DATASET}.{name} AS SELECT * FROM snapshot.{DATASET}.{name}");
        connection.execute_batch(&sql).map_err(doing())?;
    }
    let create = |view: View| {
        let sql = if wanted.contains(view.name) { as_table(view) } else { view.select(Engine::DuckDb) };
        connection.execute_batch(&sql).map_err(doing())
    };
    // A view stands after those it reads: the facts, the daily views, and what is made of them.
    fact_views().try_for_each(create)?;
    layout::keep(&connection).map_err(doing())?;
    let others = views().skip(fact_views().count()).filter(|view| !layout::is_daily(*view));
    others.into_iter().try_for_each(create)?;
    Ok(Cache {
        version: format!("{}-{}", identity.text(), info.schema_version),
        is_simulated: info.is_simulated,
        connection: Mutex::new(connection),
        rows: Arc::default(),
    })
}

fn read_info(connection: &Connection) -> Result<schema::Info, DuckDbError> {
    connection.execute_batch("USE snapshot").map_err(DuckDbError::engine("open the published warehouse"))?;
    let info = schema::read_info(connection)?;
    connection.execute_batch("USE memory").map_err(DuckDbError::engine("open the published warehouse"))?;
    let info = info.ok_or_else(|| DuckDbError::NotMigrated("it has no tables".to_owned()))?;
    if info.schema_version > aispend_warehouse::SCHEMA_VERSION {
        return Err(DuckDbError::NewerSchema {
            found: info.schema_version,
            known: aispend_warehouse::SCHEMA_VERSION,
        });
    }
    Ok(info)
}

fn as_table(view: View) -> String {
    view.select(Engine::DuckDb).replacen("CREATE OR REPLACE VIEW", "CREATE TABLE", 1)
}

#[async_trait]
impl Snapshot for Cache {
    fn version(&self) -> &str {
        &self.version
    }

    fn engine(&self) -> Engine {
        Engine::DuckDb
    }

    fn is_simulated(&self) -> bool {
        self.is_simulated
    }

    async fn query(&self, sql: &str) -> Result<QueryResult, ReadError> {
        let connection = {
            let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
            connection.try_clone().map_err(|error| ReadError::Failed(error.to_string()))?
        };
        let (sql, rows) = (sql.to_owned(), Arc::clone(&self.rows));
        let answered = aispend_telemetry::blocking(move || answer(&connection, &sql, &rows)).await;
        answered.map_err(|error| ReadError::Failed(error.to_string()))?.map_err(|error| failed(&error))
    }
}

/// Asks from less, where that gives the same answer.
fn answer(connection: &Connection, sql: &str, rows: &Rows) -> Result<QueryResult, DuckDbError> {
    let plan = planned(sql, &mut |question| constants(connection, question, rows));
    query(connection, &plan).or_else(|error| {
        if plan == sql {
            return Err(error);
        }
        tracing::warn!(error = error.chain(), "a card is asked as it is written");
        query(connection, sql)
    })
}

/// The days and flags of the one row that a question gives.
fn constants(connection: &Connection, question: &str, rows: &Rows) -> Option<Constants> {
    let known = || rows.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(constants) = known().get(question) {
        return constants.clone();
    }
    let found = query(connection, question).ok().and_then(|mut result| {
        let row = result.rows.pop().filter(|_| result.rows.is_empty())?;
        let named = result.columns.into_iter().map(|column| column.name).zip(row);
        let spelled = named.filter_map(|(name, cell)| match cell {
            Cell::Date(day) => Some((name, format!("DATE '{day}'"))),
            Cell::Flag(flag) => Some((name, if flag { "TRUE" } else { "FALSE" }.to_owned())),
            _ => None,
        });
        Some(spelled.collect::<Constants>())
    });
    let mut known = known();
    if known.len() >= REMEMBERED {
        known.clear();
    }
    known.insert(question.to_owned(), found.clone());
    found
}

#[cfg(test)]
mod tests {
    use aispend_dashboards::{Answer, Asked, BOARDS, DataState, Filters, Period, Range};
    use aispend_warehouse::{Selection, cards};
    use jiff::{ToSpan, civil::Date, civil::date};

    use super::*;
    use crate::DuckDb;

    const PERIOD: &str = r#"/*
title = "x"
question = "x"
definition = "x"
display = "table"
tab = "x"
changed = "2026-11-22"
[[columns]]
name = "x"
label = "x"
type = "text"
*/
SELECT p.first_day, p.last_day, p.through_day, p.prev_first, p.prev_through, p.is_month, p.is_running FROM {{period}} AS p"#;

    #[test]
    fn the_period_of_a_query_is_the_period_of_the_page() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(&format!("CREATE SCHEMA {DATASET}; {DUCKDB_MACROS}")).unwrap();
        connection
            .execute_batch(
                "CREATE TABLE ai_usage_analytics.vw_freshness (feed VARCHAR, complete_through DATE)",
            )
            .unwrap();
        let card = Card::parse("exec", "x", PERIOD).unwrap();
        let words = Range::WORDS.iter().map(|(word, _)| (*word).to_owned());
        let ranges: Vec<String> = words.chain(["2026-03-05~2026-03-31".to_owned()]).collect();
        let days =
            [date(2024, 2, 29), date(2024, 3, 31), date(2026, 3, 1), date(2026, 3, 31), date(2026, 11, 5)];
        for today in days {
            for late in [None, Some(1), Some(3)] {
                let through = late.map(|late: i32| today.saturating_sub(late.days()));
                connection.execute_batch("DELETE FROM ai_usage_analytics.vw_freshness").unwrap();
                if let Some(through) = through {
                    // One source is late, and one was given up long ago.
                    connection
                        .execute_batch(&format!(
                            "INSERT INTO ai_usage_analytics.vw_freshness VALUES ('anthropic/cost', DATE '{through}'),
                             ('cursor/usage-events', DATE '{through}' + 2), ('cursor/usage-events', DATE '{through}' - 90),
                             ('sheets/seats', DATE '2020-01-01')"
                        ))
                        .unwrap();
                }
                for range in &ranges {
                    let (first, last) = Range::read(range).unwrap().days(today);
                    let selection = Selection::of_days(first, last, today);
                    let sql = card.sql(Engine::DuckDb, &selection).unwrap();
                    let row = query(&connection, &sql).unwrap().rows.remove(0);
                    assert_eq!(row, cells(&Period::of(&selection, through)), "{range} on {today}: {sql}");
                }
            }
        }
    }

    fn cells(period: &Period) -> Vec<Cell> {
        let day = |day: Date| Cell::Date(day);
        vec![
            day(period.first_day),
            day(period.last_day),
            day(period.through_day),
            day(period.prev_first),
            day(period.prev_through),
            Cell::Flag(period.is_month),
            Cell::Flag(period.is_running),
        ]
    }

    #[tokio::test]
    async fn every_card_answers_with_the_columns_it_declares_where_nothing_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let all = cards().unwrap();
        let reader = open_cards(folder.path(), &all);
        assert!(matches!(reader.newest().await.err().unwrap(), ReadError::NoData(_)));
        DuckDb::open_writer(folder.path(), true).unwrap().migrate().await.unwrap();
        let snapshot = reader.newest().await.unwrap();
        assert!(snapshot.is_simulated());
        assert!(Arc::ptr_eq(&snapshot, &reader.newest().await.unwrap()), "an unchanged file is opened once");
        let state = DataState::read(snapshot.as_ref()).await.unwrap();
        assert_eq!((state.complete_through, state.first_day), (None, None));
        for board in &BOARDS {
            let asked = Asked::of(board, Filters::default(), date(2026, 11, 22), &state);
            for card in all.iter().filter(|card| card.group == board.group) {
                let Some(sql) = card.sql(Engine::DuckDb, &asked.selection_of(card)) else { continue };
                let result =
                    snapshot.query(&sql).await.unwrap_or_else(|error| panic!("{}: {error}", card.id));
                Answer::of(card, result).unwrap();
            }
        }
    }

    #[tokio::test]
    async fn a_card_reads_the_warehouse_and_no_other_file() {
        let folder = tempfile::tempdir().unwrap();
        DuckDb::open_writer(folder.path(), true).unwrap().migrate().await.unwrap();
        let snapshot = open_cards(folder.path(), &[]).newest().await.unwrap();
        let error = snapshot.query("SELECT * FROM read_text('/etc/hostname')").await.unwrap_err().to_string();
        assert!(error.contains("disabled"), "{error}");
    }
}
