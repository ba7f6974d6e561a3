//! From a figure to the rows, the rule that decided, the ledger line and the vendor's answer behind it.

use std::sync::Arc;

use aispend_dashboards::{Asked, Head, Number, Shown, Table, format, is_explained, page};
use aispend_tables::{Cell, QueryResult};
use aispend_warehouse::{Card, ColumnType, Engine, Filter, text};
use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use serde_json::{Value, json};

use crate::{app::App, data::Held, problem::Problem};

/// Rows on one page.
const ROWS: usize = 100;

/// What narrows a figure beyond the filters of a dashboard.
#[derive(Default)]
struct Narrowed {
    key: Option<String>,
    class: Option<String>,
    cost_type: Option<String>,
    attribution: Option<String>,
    page: usize,
}

/// `GET /explain/{group}/{card}`.
pub async fn card(
    State(app): State<Arc<App>>,
    Path((group, name)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let card = app.card(&group, &name)?;
    if !is_explained(card) {
        return Err(Problem::not_found("This figure is not a sum of billed rows: see About this figure."));
    }
    let query = query.unwrap_or_default();
    let (held, asked) = app.ask_exactly(&group, &query).await?;
    let narrowed = Narrowed::read(&query)?;
    let context = explained(&app, &held, card, &asked, &narrowed, &query).await?;
    app.render("explain.html", &context)
}

impl Narrowed {
    fn read(query: &str) -> Result<Self, Problem> {
        let mut narrowed = Self::default();
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            if !matches!(name, "key" | "class" | "type" | "attribution" | "page") {
                continue;
            }
            // Read as the filters are: the same limits, the same words.
            let read = aispend_dashboards::Filters::read(&format!("model={value}"));
            if let Some((_, problem)) = read.errors.first() {
                return Err(Problem::filter(&format!("{name}: {problem}")));
            }
            let value = read.values(Filter::Model).first().cloned();
            match name {
                "key" => narrowed.key = value,
                "class" => narrowed.class = value,
                "type" => narrowed.cost_type = value,
                "attribution" => narrowed.attribution = value,
                _ => {
                    narrowed.page =
                        value.and_then(|page| page.parse().ok()).unwrap_or(1).clamp(1, 10_000) - 1;
                }
            }
        }
        Ok(narrowed)
    }
}

async fn explained(
    app: &App,
    held: &Held,
    card: &Card,
    asked: &Asked,
    narrowed: &Narrowed,
    query: &str,
) -> Result<Value, Problem> {
    let filter = condition(asked, narrowed, held.snapshot.engine());
    let ask = async |sql: String| held.snapshot.query(&sql).await;
    let sums =
        ask(format!("SELECT COUNT(*) AS records, SUM(f.cost_usd) AS cost_usd FROM {FACTS} WHERE {filter}"))
            .await?;
    let rules = ask(format!(
        "SELECT f.attribution AS attribution, f.allocation AS allocation, COUNT(*) AS records, SUM(f.cost_usd) AS cost_usd \
         FROM {FACTS} WHERE {filter} GROUP BY f.attribution, f.allocation ORDER BY cost_usd DESC, attribution, allocation"
    ))
    .await?;
    let rows = ask(format!(
        "SELECT f.cost_date AS cost_date, {PLATFORM} AS platform, f.user_email AS user_email, f.model AS model, \
         f.api_key_id AS api_key_id, f.cost_type AS cost_type, f.token_type AS token_type, f.cost_usd AS cost_usd, \
         f.attribution AS attribution, f.allocation AS allocation, f.slice_key AS slice_key, \
         f.raw_response AS raw_response FROM {FACTS} WHERE {filter} \
         ORDER BY cost_date DESC, cost_usd DESC, slice_key, user_email, model, api_key_id, cost_type, token_type \
         LIMIT {ROWS} OFFSET {}",
        narrowed.page * ROWS
    ))
    .await?;
    let list = |place: usize| {
        let mut values: Vec<String> =
            rows.rows.iter().filter_map(|row| row.get(place)).map(ToString::to_string).collect();
        values.retain(|value| !value.is_empty());
        values.sort();
        values.dedup();
        values.iter().map(|value| text(value, held.snapshot.engine())).collect::<Vec<_>>().join(", ")
    };
    let (slices, documents) = (list(10), list(11));
    let ledger = ask(format!(
        "SELECT l.slice_key AS slice_key, l.source AS source, l.observed_at AS observed_at, l.loaded_at AS loaded_at, \
         l.rows_loaded AS rows_loaded, l.money_loaded_usd AS money_loaded_usd, l.money_rejected_usd AS money_rejected_usd, \
         l.superseded_money_usd AS superseded_money_usd, l.run_id AS run_id \
         FROM ai_usage_analytics.slice_loads AS l WHERE l.slice_key IN ({}) \
         ORDER BY l.slice_key, l.generation DESC, l.revision DESC, l.reader_version DESC LIMIT 200",
        or_nothing(&slices)
    ))
    .await?;
    let archived = ask(format!(
        "SELECT d.sha256 AS sha256, d.slice_key AS slice_key, d.role AS role, d.request AS request, d.page AS page, \
         d.size_bytes AS size_bytes, d.fetched_at AS fetched_at FROM ai_usage_analytics.raw_documents AS d \
         WHERE d.sha256 IN ({}) ORDER BY d.slice_key, d.role, d.page, d.sha256 LIMIT 200",
        or_nothing(&documents)
    ))
    .await?;
    let first =
        |place: usize| sums.rows.first().and_then(|row| row.get(place)).cloned().unwrap_or(Cell::Null);
    let records = format::number(&first(0)).map_or(0, |count| usize::try_from(count.to_whole()).unwrap_or(0));
    let exact = match first(1) {
        Cell::Null => "$0".to_owned(),
        sum => format!("${}", exactly(&sum)),
    };
    let mut links = Vec::new();
    let other = |page: usize| {
        let kept: Vec<&str> =
            query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("page=")).collect();
        format!("/explain/{}?{}&page={}", card.id, kept.join("&"), page + 1)
    };
    if narrowed.page > 0 {
        links.push(json!({"label": "Newer rows", "href": other(narrowed.page - 1)}));
    }
    if (narrowed.page + 1) * ROWS < records {
        links.push(json!({"label": "Older rows", "href": other(narrowed.page + 1)}));
    }
    let shown = rows.rows.len();
    let place = app.archive.as_deref().map_or_else(
        || "Each is kept in the raw archive under its SHA-256.".to_owned(),
        |folder| format!("Each is kept as received in {folder}, under its SHA-256, compressed with zstd."),
    );
    Ok(json!({
        "page": {"title": format!("Explain: {}", card.title), "path": asked.board.path, "lead": card.definition},
        "crumbs": [
            {"title": asked.board.title, "href": format!("{}?{}", asked.board.path, asked.filters.query(asked.board))},
            {"title": card.title, "href": null},
        ],
        "figure": {"label": selected(card, asked, narrowed), "value": exact,
            "text": format!("Exact sum of {records} billed rows.")},
        "steps": [
            {"title": "The rows", "text": format!("Newest first; {shown} of {records} on this page."),
             "tables": [table("Billed rows", &rows, records)], "links": links},
            {"title": "The rule that decided", "text": RULES, "tables": [table("Rows by rule", &rules, rules.rows.len())]},
            {"title": "The ledger", "text": "Every reading of the days above, the newest first. A newer reading replaces an older one whole.",
             "tables": [table("Readings", &ledger, ledger.rows.len())]},
            {"title": "What the vendor answered", "text": place, "tables": [table("Archived responses", &archived, archived.rows.len())]},
        ],
        "dashboards": page::boards(Some(asked.board), None),
        "data": page::data(&held.state),
        "states": page::states(asked, &held.state),
        "assets": {"base": app.asset_base},
    }))
}

/// The facts have a word of their own for Claude.ai.
const PLATFORM: &str = "CASE f.platform WHEN 'claude_web' THEN 'claude_ai' ELSE f.platform END";

const FACTS: &str = "ai_usage_analytics.fct_cost_daily AS f";

const RULES: &str = "Attribution: direct is the person whom the vendor names; mapping, whom the key sheet names on that day; \
    creator, who made the key; none stays Unattributed. Allocation: reported is as the vendor stated it; exact and widened \
    are a key's share by its own usage; no_key and unallocated have none.";

/// A text list, or one that nothing is in.
fn or_nothing(list: &str) -> &str {
    if list.is_empty() { "NULL" } else { list }
}

/// What a figure's rows have in common. The words of the daily views are put back into those of the facts.
fn condition(asked: &Asked, narrowed: &Narrowed, engine: Engine) -> String {
    // A row may name a person on a dashboard that has no such filter.
    let Asked { selection, filters, .. } = asked;
    let of = |filter| filters.values(filter).to_vec();
    let mut parts = vec![format!(
        "f.cost_date BETWEEN DATE '{}' AND DATE '{}'",
        selection.first_day, asked.period.through_day
    )];
    let team = "CASE WHEN f.team IS NOT NULL THEN f.team WHEN f.user_email = 'unknown@unattributed.com' \
        THEN 'Unattributed' ELSE 'No team' END";
    let mut among = |column: &str, values: &[String]| {
        if !values.is_empty() {
            let list = values.iter().map(|value| text(value, engine)).collect::<Vec<_>>().join(", ");
            parts.push(format!("{column} IN ({list})"));
        }
    };
    among(team, &of(Filter::Team));
    among("f.user_email", &of(Filter::User));
    among(PLATFORM, &of(Filter::Platform));
    among("f.model", &of(Filter::Model));
    among("f.api_key_id", narrowed.key.as_slice());
    among("f.cost_class", narrowed.class.as_slice());
    among("f.cost_type", narrowed.cost_type.as_slice());
    among("f.attribution", narrowed.attribution.as_slice());
    parts.join(" AND ")
}

fn selected(card: &Card, asked: &Asked, narrowed: &Narrowed) -> String {
    let key = narrowed.key.as_ref().map_or_else(String::new, |key| format!(", key {key}"));
    let class = narrowed.class.as_ref().map_or_else(String::new, |class| format!(", {class}"));
    let kind = narrowed.cost_type.as_ref().map_or_else(String::new, |kind| format!(", {kind}"));
    let words = asked.filters.words(&Filter::ALL);
    format!("{}: {}. {words}{key}{class}{kind}", card.title, asked.period.words())
}

/// An amount to the last digit: this page is for adding up.
fn exactly(amount: &Cell) -> String {
    format::number(amount).map_or_else(|| amount.to_string(), Number::exact)
}

fn table(caption: &str, result: &QueryResult, total_rows: usize) -> Table {
    let kind = |name: &str| match name {
        "records" | "rows_loaded" | "size_bytes" | "page" => ColumnType::Integer,
        "platform" => ColumnType::Platform,
        _ => ColumnType::Text,
    };
    let is_amount = |name: &str| name.ends_with("_usd");
    let words = |name: &str, cell: &Cell| match cell {
        Cell::Null => String::new(),
        amount if is_amount(name) => exactly(amount),
        other => format::cell(other, kind(name)),
    };
    let columns = result.columns.iter().map(|column| Head {
        name: column.name.clone(),
        label: column.name.replace("_usd", " in USD").replace('_', " "),
        align: if is_amount(&column.name) || kind(&column.name).is_number() { "right" } else { "left" },
        kind: kind(&column.name),
    });
    let shown = |row: &Vec<Cell>| {
        let cells = result.columns.iter().zip(row).map(|(column, cell)| Shown {
            text: words(&column.name, cell),
            raw: Some(cell.to_string()),
            ..Shown::default()
        });
        cells.collect()
    };
    Table {
        caption: caption.to_owned(),
        columns: columns.collect(),
        rows: result.rows.iter().map(shown).collect(),
        total: None,
        total_rows: total_rows.min(result.rows.len()),
        sort: None,
    }
}
