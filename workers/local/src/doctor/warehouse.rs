//! What is loaded, how current it is, and what the sheets do not explain of it.

use std::collections::BTreeSet;

use aispend_duckdb::{DuckDbError, Reader, open_reader};
use aispend_fetcher::doctor::{Check, SheetReport, Status};
use aispend_model::{Feed, Money};
use aispend_tables::{Cell, QueryResult};
use aispend_warehouse::{Engine, SCHEMA_VERSION, digest};
use jiff::ToSpan;
use jiff::civil::Date;

use crate::screen::{count, dollars};
use crate::site::Site;

/// Spend that is looked at.
const DAYS: i64 = 30;
/// Names that fit a line.
const NAMED: usize = 2;
const RUN: &str = "aispend run";

/// What was found.
#[derive(Default)]
pub struct Warehouse {
    /// In the order of the screen.
    pub checks: Vec<Check>,
    loaded_sheets: BTreeSet<Feed>,
}

/// Whom to ask.
enum Asked<'a> {
    Machine(Box<Reader>),
    Cloud(&'a Site),
}

impl Asked<'_> {
    async fn query(&self, sql: &str) -> Result<QueryResult, String> {
        match self {
            Self::Machine(reader) => reader.query(sql).map_err(|error| aispend_stage::error_chain(&error)),
            Self::Cloud(site) => site.query(sql).await.map_err(|failure| failure.message().to_owned()),
        }
    }
}

/// Looks at the published warehouse. One that is not there yet is no fault.
pub async fn checks(site: &Site, today: Date) -> Warehouse {
    let mut found = Warehouse::default();
    let asked = match site {
        Site::Machine(data_dir) => match open_reader(data_dir) {
            Ok(reader) => Some(Asked::Machine(Box::new(reader))),
            Err(DuckDbError::Missing { .. }) => {
                found.checks.push(Check::note("warehouse", "none yet: the first `aispend run` makes it"));
                None
            }
            Err(error) => {
                found.checks.push(unreadable(&aispend_stage::error_chain(&error)));
                None
            }
        },
        Site::Cloud(_) => Some(Asked::Cloud(site)),
    };
    if let Some(asked) = asked {
        match looked(&asked, site, today).await {
            Ok(looked) => found = looked,
            Err(detail) => found.checks.push(unreadable(&detail)),
        }
    }
    found.checks.push(parked(site).await);
    found
}

fn unreadable(detail: &str) -> Check {
    Check::fail(
        "warehouse",
        "warehouse",
        detail,
        "`aispend migrate` creates and upgrades it; if it stays, another process may hold the file",
    )
}

async fn looked(asked: &Asked<'_>, site: &Site, today: Date) -> Result<Warehouse, String> {
    let info = asked
        .query("SELECT schema_version, schema_digest, is_simulated FROM ai_usage_analytics.warehouse_info")
        .await?;
    let mut found = Warehouse { checks: vec![schema(&info, site)], ..Warehouse::default() };
    if found.checks.iter().any(|check| check.status == Status::Fail) {
        return Ok(found);
    }
    let feeds = asked
        .query(
            "SELECT feed, mode, status, hours_old, missing_days, org_id FROM ai_usage_analytics.vw_freshness \
             ORDER BY feed, org_id",
        )
        .await?;
    found.loaded_sheets = feeds
        .rows
        .iter()
        .filter_map(|row| text(row, 0).parse::<Feed>().ok().filter(|_| text(row, 1) == "manual"))
        .collect();
    let newest =
        asked.query("SELECT MAX(loaded_at) AS loaded_at FROM ai_usage_analytics.slice_loads").await?;
    found.checks.push(loads(&feeds, &newest));
    let since = today.saturating_sub(DAYS.days());
    let spend = "FROM ai_usage_analytics.fct_cost_daily AS f WHERE f.cost_usd <> 0";
    let keys = asked
        .query(&format!(
            "SELECT f.api_key_id AS api_key_id, SUM(f.cost_usd) AS usd {spend} AND f.attribution = 'none' \
             AND f.api_key_id IS NOT NULL AND f.cost_date >= DATE '{since}' GROUP BY 1 ORDER BY 2 DESC, 1"
        ))
        .await?;
    found.checks.push(unexplained(
        "keys",
        &keys,
        "every API key with spend has a person",
        "of API keys nobody is named for",
        "add the keys to the sheet api-key-mapping",
    ));
    let people = asked
        .query(&format!(
            "SELECT f.user_email AS user_email, SUM(f.cost_usd) AS usd {spend} AND f.team IS NULL \
             AND f.user_email <> 'unknown@unattributed.com' AND f.cost_date >= DATE '{since}' GROUP BY 1 \
             ORDER BY 2 DESC, 1"
        ))
        .await?;
    found.checks.push(unexplained(
        "people",
        &people,
        "everybody with spend has a team",
        "of people without a team",
        "add them to the sheet people",
    ));
    found.checks.push(plans(asked, today).await?);
    Ok(found)
}

fn schema(info: &QueryResult, site: &Site) -> Check {
    let engine = if matches!(site, Site::Machine(_)) { Engine::DuckDb } else { Engine::BigQuery };
    let Some(row) = info.rows.first() else {
        return Check::fail("warehouse", "not_migrated", "it has no tables", "run `aispend migrate`");
    };
    let version = text(row, 0).parse::<i64>().unwrap_or_default();
    let name = site.warehouse_name();
    if text(row, 2).eq_ignore_ascii_case("true") {
        return Check::fail(
            "warehouse",
            "simulated",
            format!("{name} holds the simulated data of a demo; these keys are real"),
            "choose another data folder (AISPEND_DATA_DIR, --data-dir)",
        );
    }
    if version > SCHEMA_VERSION {
        let says = format!("{name} has schema version {version}, this build knows {SCHEMA_VERSION}");
        return Check::fail("warehouse", "newer_schema", says, "use a newer aispend");
    }
    if version < SCHEMA_VERSION || text(row, 1) != digest(engine) {
        let says = format!("{name} was made by another aispend; the next run upgrades it");
        return Check::warn("warehouse", "not_migrated", says, "`aispend migrate` does it now");
    }
    Check::ok("warehouse", "real data, tables as this build needs them")
}

/// How current the feeds are.
fn loads(feeds: &QueryResult, newest: &QueryResult) -> Check {
    if feeds.rows.is_empty() {
        return Check::note("loads", format!("nothing is loaded yet: `{RUN}`"));
    }
    let newest: String = newest.rows.first().map(|row| text(row, 0)).unwrap_or_default();
    let newest: String = newest.replace('T', " ").chars().take(16).collect();
    let of = |wanted: &dyn Fn(&[Cell]) -> bool| -> Vec<String> {
        let rows = feeds.rows.iter().filter(|row| text(row, 1) == "automatic" && wanted(row));
        rows.map(|row| text(row, 0)).collect::<BTreeSet<_>>().into_iter().collect()
    };
    let stale = of(&|row| text(row, 2) == "stale");
    // A snapshot tells how things are on the day it is taken; a day without one is none that is missing.
    let gaps = of(&|row| {
        text(row, 0) != Feed::CursorSpend.as_str() && text(row, 4).parse::<i64>().is_ok_and(|days| days > 0)
    });
    let all = of(&|_| true).len();
    let newest = format!("newest {newest} UTC");
    match (stale.as_slice(), gaps.as_slice()) {
        ([], []) => Check::ok("loads", format!("{newest}; {all} feeds current, no day missing")),
        ([], gaps) => Check::warn(
            "loads",
            "missing_days",
            format!("{newest}; days in between are missing of {}", gaps.join(", ")),
            format!(
                "`{RUN}` reads what is due; `aispend query \"SELECT * FROM ai_usage_analytics.vw_freshness\"`"
            ),
        ),
        (stale, _) => Check::warn(
            "loads",
            "stale",
            format!("{newest}; not read for 48 hours: {}", stale.join(", ")),
            format!("`{RUN}`; every day, by cron or a timer"),
        ),
    }
}

/// Spend of something that a sheet should explain and does not: name and dollars by row.
fn unexplained(subject: &str, rows: &QueryResult, good: &str, of: &str, remedy: &str) -> Check {
    if rows.rows.is_empty() {
        return Check::ok(subject, format!("{good} (last {DAYS} days)"));
    }
    let usd: Money = rows.rows.iter().map(|row| money(row, 1)).fold(Money::ZERO, |sum, usd| sum + usd);
    let named: Vec<String> = rows.rows.iter().take(NAMED).map(|row| text(row, 0)).collect();
    let more = if rows.rows.len() > NAMED { " …" } else { "" };
    let says = format!(
        "{} USD {of} in the last {DAYS} days, {} in all: {}{more}",
        dollars(usd),
        count(rows.rows.len() as u64),
        named.join(", ")
    );
    Check::warn(subject, "unexplained", says, remedy)
}

/// Seats and budgets of today.
async fn plans(asked: &Asked<'_>, today: Date) -> Result<Check, String> {
    let month = today.first_of_month();
    let counted = async |sql: String| -> Result<(u64, u64), String> {
        let answer = asked.query(&sql).await?;
        let row = answer.rows.first().cloned().unwrap_or_default();
        let number = |place| text(&row, place).parse().unwrap_or(0);
        Ok((number(0), number(1)))
    };
    let (seats, seats_now) = counted(format!(
        "SELECT COUNT(*) AS rows_in_all, SUM(CASE WHEN COALESCE(s.valid_from, DATE '0001-01-01') <= DATE '{today}' \
         AND COALESCE(s.valid_to, DATE '9999-12-31') >= DATE '{today}' THEN 1 ELSE 0 END) AS rows_now \
         FROM ai_usage_analytics.dim_seats AS s"
    ))
    .await?;
    let (budgets, budgets_now) = counted(format!(
        "SELECT COUNT(*) AS rows_in_all, SUM(CASE WHEN b.month = DATE '{month}' THEN 1 ELSE 0 END) AS rows_now \
         FROM ai_usage_analytics.dim_budget AS b"
    ))
    .await?;
    let month = month.strftime("%Y-%m");
    let says = format!(
        "{} seats today, {} budgets for {month}",
        if seats_now == 0 { "no".to_owned() } else { count(seats_now) },
        if budgets_now == 0 { "no".to_owned() } else { count(budgets_now) }
    );
    // Whoever keeps the sheet means it to say something of today.
    let lacks: Vec<&str> = [("seats", seats, seats_now), ("budgets", budgets, budgets_now)]
        .into_iter()
        .filter(|(_, all, now)| *all > 0 && *now == 0)
        .map(|(sheet, _, _)| sheet)
        .collect();
    Ok(if lacks.is_empty() {
        let status = if seats_now > 0 && budgets_now > 0 { Status::Ok } else { Status::Note };
        Check { status, ..Check::ok("seats, budgets", says) }
    } else {
        let remedy = format!("add this month's rows to the sheet {}", lacks.join(" and the sheet "));
        Check::warn("seats, budgets", "out_of_date", says, remedy)
    })
}

async fn parked(site: &Site) -> Check {
    match site.parked().list().await {
        Ok(messages) if messages.is_empty() => Check::ok("parked", "nothing"),
        Ok(messages) => {
            let newest = messages.iter().max_by_key(|message| message.parked_at);
            let newest = newest.map(|message| format!("{}: {}", message.reason, message.detail));
            let newest: String = newest.unwrap_or_default().chars().take(120).collect();
            Check::warn(
                "parked",
                "parked",
                format!("{} slices set aside, the newest for {newest}", count(messages.len() as u64)),
                "`aispend dead-letters list` shows them; replay them once the cause is mended",
            )
        }
        Err(error) => {
            let remedy = "check that the folder dead-letters (or the bucket) can be read";
            Check::fail("parked", "parked", error.to_string(), remedy)
        }
    }
}

impl Warehouse {
    /// A sheet whose rows are loaded and which is gone: `aispend run` fails on it.
    pub fn note_vanished(&self, sheets: &mut [SheetReport]) {
        for sheet in sheets {
            let is_gone = sheet.check.status == Status::Note && sheet.check.says == "not in use";
            if is_gone && self.loaded_sheets.contains(&sheet.feed) {
                sheet.check = Check::fail(
                    &sheet.check.subject,
                    "vanished",
                    "it is gone, and its rows are loaded",
                    format!("restore it, or `aispend retire {}` if it is no longer kept", sheet.feed),
                );
            }
        }
    }
}

fn text(row: &[Cell], place: usize) -> String {
    row.get(place).map(ToString::to_string).unwrap_or_default()
}

fn money(row: &[Cell], place: usize) -> Money {
    Money::from_dollars(&text(row, place)).map_or(Money::ZERO, |rounded| rounded.money)
}
