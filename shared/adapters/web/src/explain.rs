//! From a figure to the rows, the rules that decided, the ledger lines and the vendor's answers behind it.

use std::sync::Arc;

use aispend_dashboards::{
    Asked, Head, Narrowed, Number, Question, Shown, Table, encode, format, is_explained, of_card, page,
    recipe,
};
use aispend_tables::{Cell, QueryResult};
use aispend_warehouse::{Card, Column, ColumnType, Facts, Filter, How, Measure, Members, Part, Recipe, text};
use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use serde_json::{Value, json};

use crate::{app::App, data::Held, problem::Problem};

/// Rows on one page.
const ROWS: usize = 100;

/// What is asked: a figure of a card, under everything its address says.
struct Explained<'a> {
    app: &'a App,
    held: &'a Held,
    card: &'a Card,
    asked: &'a Asked,
    narrowed: &'a Narrowed,
    query: &'a str,
}

/// Rows that a figure is made of.
struct Listed {
    records: usize,
    figure: Option<String>,
    table: Table,
    /// Those of this page.
    rows: QueryResult,
}

/// `GET /explain/{group}/{card}`.
pub async fn card(
    State(app): State<Arc<App>>,
    Path((group, name)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let card = app.card(&group, &name)?;
    let query = query.unwrap_or_default();
    let (held, asked) = app.ask_exactly(&group, &query).await?;
    let narrowed = Narrowed::read(&query).map_err(|problem| Problem::filter(&problem))?;
    let explained =
        Explained { app: &app, held: &held, card, asked: &asked, narrowed: &narrowed, query: &query };
    let context = match &narrowed.column {
        None if is_explained(card) => explained.rows(&ALL_MONEY, &card.title).await?,
        None => {
            let text = "This figure is not a sum of billed rows: see About this figure.";
            return Err(Problem::not_found(text));
        }
        Some(name) => {
            let column = card.columns.iter().find(|column| column.name == *name);
            let column = column.ok_or_else(|| Problem::not_found("This card has no such figure."))?;
            explained.column(column).await?
        }
    };
    app.render("explain.html", &context)
}

/// What a card without a chosen figure is made of.
static ALL_MONEY: std::sync::LazyLock<Part> = std::sync::LazyLock::new(|| Part {
    measure: Measure::named("cost_usd").expect("money is a measure"),
    only: Vec::new(),
});

impl Explained<'_> {
    async fn ask(&self, sql: String) -> Result<QueryResult, Problem> {
        Ok(self.held.snapshot.query(&sql).await?)
    }

    async fn column(&self, column: &Column) -> Result<Value, Problem> {
        let label = match column.kind {
            ColumnType::Headline => self.card.title.clone(),
            _ => format!("{}, {}", self.card.title, column.label),
        };
        if let Some(page) = self.inputs(column, &label).await? {
            return Ok(page);
        }
        if let Some(page) = self.members(column, &label).await? {
            return Ok(page);
        }
        let Some(recipe) = recipe(column, self.narrowed.case.as_deref()) else {
            if column.from.is_empty() {
                return Err(Problem::not_found("No rows add up to this figure: see About this figure."));
            }
            return Ok(self.beside(column, &label));
        };
        match (self.narrowed.part, recipe.parts.as_slice()) {
            (None, [part]) if recipe.how == How::Whole => self.rows(part, &label).await,
            (None, _) => self.parts(recipe, &label).await,
            (Some(at), parts) => {
                let part =
                    parts.get(at).ok_or_else(|| Problem::not_found("This figure has no such part."))?;
                self.rows(part, &format!("{label}: {}", named(part))).await
            }
        }
    }

    fn question(&self, part: &Part) -> Result<Question, Problem> {
        if part.measure.facts == Facts::Usage && self.app.is_team_only {
            let text = "The rows behind this figure are single people's work, which is not shown here.";
            return Err(Problem::not_found(text));
        }
        let engine = self.held.snapshot.engine();
        let of = Question::of(part, self.chosen(), self.asked, self.narrowed, engine);
        of.map_err(|problem| Problem::filter(&problem))
    }

    /// The column whose figure is explained.
    fn chosen(&self) -> Option<&Column> {
        let name = self.narrowed.column.as_ref()?;
        self.card.columns.iter().find(|column| column.name == *name)
    }

    /// The records behind a part, and its figure.
    async fn sum(&self, question: &Question) -> Result<(usize, Cell), Problem> {
        let mut sums = self.ask(question.sum()).await?;
        let mut row = sums.rows.pop().unwrap_or_default().into_iter();
        let (records, figure) = (row.next().unwrap_or(Cell::Null), row.next().unwrap_or(Cell::Null));
        let records = format::number(&records).and_then(|count| usize::try_from(count.to_whole()).ok());
        Ok((records.unwrap_or(0), figure))
    }

    /// The page of one measure: its rows and all that is behind them.
    async fn rows(&self, part: &Part, label: &str) -> Result<Value, Problem> {
        let question = self.question(part)?;
        let (records, figure) = self.sum(&question).await?;
        let page = self.narrowed.page;
        let rules = self.ask(question.rules()).await?;
        let rows = self.ask(question.rows(ROWS, page * ROWS)).await?;
        let links = self.pages(records);
        let shown = rows.rows.len();
        let text = match (part.measure.facts, part.measure.is_counted()) {
            (Facts::Cost, false) => format!("Exact sum of {records} billed rows, {}.", question.days_words()),
            (_, false) => format!("Exact sum of {records} rows of use, {}.", question.days_words()),
            (_, true) => format!("Counted once each in {records} rows, {}.", question.days_words()),
        };
        let is_open = self.app.opens_documents();
        let mut steps = vec![
            json!({"title": "The rows", "text": format!("Newest first; {shown} of {records} on this page."),
             "tables": [table("Rows", &rows, records, is_open)], "links": links}),
            json!({"title": "The rule that decided", "text": if part.measure.facts == Facts::Cost { RULES } else { RULES_OF_USE },
             "tables": [table("Rows by rule", &rules, rules.rows.len(), false)]}),
        ];
        steps.extend(self.readings(&rows, "days", "What the vendor answered").await?);
        steps.extend(self.others());
        let figure =
            json!({"label": self.selected(label), "value": exact(part.measure, &figure), "text": text});
        Ok(self.page(&figure, &steps))
    }

    /// The ledger lines and the archived documents that rows came from.
    async fn readings(&self, rows: &QueryResult, what: &str, title: &str) -> Result<[Value; 2], Problem> {
        let slices = self.list(rows, "slice_key");
        // Rows that are whole slices name no response.
        let is_named = rows.columns.iter().any(|column| column.name == "raw_response");
        let documents = if is_named {
            format!("d.sha256 IN ({})", self.list(rows, "raw_response"))
        } else {
            format!("d.slice_key IN ({slices})")
        };
        let ledger = self.ask(format!(
            "SELECT l.slice_key AS slice_key, l.source AS source, l.observed_at AS observed_at, l.loaded_at AS loaded_at, \
             l.rows_loaded AS rows_loaded, l.money_loaded_usd AS money_loaded_usd, l.money_rejected_usd AS money_rejected_usd, \
             l.superseded_money_usd AS superseded_money_usd, l.run_id AS run_id \
             FROM ai_usage_analytics.slice_loads AS l WHERE l.slice_key IN ({slices}) \
             ORDER BY l.slice_key, l.generation DESC, l.revision DESC, l.reader_version DESC LIMIT 200"
        ))
        .await?;
        let archived = self.ask(format!(
            "SELECT d.sha256 AS sha256, d.slice_key AS slice_key, d.role AS role, d.request AS request, d.page AS page, \
             d.size_bytes AS size_bytes, d.fetched_at AS fetched_at FROM ai_usage_analytics.raw_documents AS d \
             WHERE {documents} ORDER BY d.slice_key, d.role, d.page, d.sha256 LIMIT 200"
        ))
        .await?;
        let place = self.app.archive.as_deref().map_or_else(
            || "Each is kept in the raw archive under its SHA-256.".to_owned(),
            |folder| {
                format!("Each is kept as received in {folder}, under its SHA-256, compressed with zstd.")
            },
        );
        let is_open = self.app.opens_documents();
        let text = format!(
            "Every reading of the {what} above, the newest first. A newer reading replaces an older one whole."
        );
        Ok([
            json!({"title": "The ledger", "text": text, "tables": [table("Readings", &ledger, ledger.rows.len(), false)]}),
            json!({"title": title, "text": place,
             "tables": [table("Archived responses", &archived, archived.rows.len(), is_open)]}),
        ])
    }

    /// The pages before and after this one.
    fn pages(&self, records: usize) -> Vec<Value> {
        let page = self.narrowed.page;
        let mut links = Vec::new();
        let other = |page: usize| self.address(&["page"], &format!("page={}", page + 1));
        if page > 0 {
            links.push(json!({"label": "Newer rows", "href": other(page - 1)}));
        }
        if (page + 1) * ROWS < records {
            links.push(json!({"label": "Older rows", "href": other(page + 1)}));
        }
        links
    }

    /// The page of a figure that is made of something else than rows of the facts; none where it is not.
    async fn inputs(&self, column: &Column, label: &str) -> Result<Option<Value>, Problem> {
        let Some(inputs) = &column.inputs else { return Ok(None) };
        let engine = self.held.snapshot.engine();
        let rows = self.ask(inputs.sql(engine, &self.asked.selection)).await?;
        let listed = self.listed(rows, Some(&inputs.amount));
        let mut steps = vec![json!({"title": "What it is made of", "text": inputs.text,
            "list": [{"term": "Column", "value": inputs.column, "mono": true}],
            "tables": [listed.table], "links": self.pages(listed.records)})];
        if listed.rows.columns.iter().any(|column| column.name == "slice_key") {
            steps.extend(self.readings(&listed.rows, "rows", "What was read").await?);
        }
        steps.extend(self.others());
        // What else its row is narrowed by does not choose among these.
        let words = self.asked.filters.words(&inputs.by);
        let label = format!("{label}: {}. {words}", self.asked.period.words());
        let figure = match listed.figure.filter(|_| listed.records > 0) {
            Some(figure) => json!({"label": label, "value": figure,
                "text": format!("Exact sum of {}.", rows_in_words(listed.records))}),
            None => {
                json!({"label": label, "value": "", "text": "There is nothing that this figure could be made of."})
            }
        };
        Ok(Some(self.page(&figure, &steps)))
    }

    /// The page of a figure that counts, adds up, or is worked out from rows of a part of its card's query; none where it is not.
    async fn members(&self, column: &Column, label: &str) -> Result<Option<Value>, Problem> {
        let Some(members) = &column.members else { return Ok(None) };
        let engine = self.held.snapshot.engine();
        let sql = self.card.members(members, &self.narrowed.row, engine, &self.asked.selection);
        let mut rows = self.ask(sql.map_err(|problem| Problem::filter(&problem))?).await?;
        if members.newest.is_some() {
            rows = with_values(rows);
        }
        let listed = self.listed(rows, members.amount.as_deref());
        let is_sentence = column.kind == ColumnType::Headline;
        let tables: Vec<&Table> =
            (listed.records > 0 && !is_sentence).then_some(&listed.table).into_iter().collect();
        let list: Vec<Value> =
            listed.table.rows.first().filter(|_| is_sentence).map_or_else(Vec::new, |row| {
                let facts = listed.table.columns.iter().zip(row);
                facts.map(|(column, cell)| json!({"term": column.label, "value": cell.text})).collect()
            });
        let mut steps = vec![json!({"title": "What it is made of", "text": members.text,
            "list": list, "tables": tables, "links": self.pages(listed.records)})];
        steps.extend(self.elsewhere(members));
        if listed.rows.columns.iter().any(|column| column.name == "slice_key") {
            steps.extend(self.readings(&listed.rows, "rows", "What was read").await?);
        }
        steps.extend(self.formula());
        steps.extend(self.others());
        let rows = rows_in_words(listed.records);
        let (figure, text) = match (listed.figure, &members.newest) {
            _ if is_sentence => (String::new(), String::new()),
            (_, Some(_)) if listed.records == 0 => (String::new(), "Nothing was found.".to_owned()),
            (_, Some(_)) => (String::new(), format!("Worked out from {rows}.")),
            (Some(figure), None) => (figure, format!("Exact sum of {rows}.")),
            (None, None) => (listed.records.to_string(), format!("{rows}, counted.")),
        };
        let figure = json!({"label": self.selected(label), "value": figure, "text": text});
        Ok(Some(self.page(&figure, &steps)))
    }

    /// The cards that explain each figure of a sentence: their own explanation, or where they stand.
    fn elsewhere(&self, members: &Members) -> Option<Value> {
        let Asked { board, filters, .. } = self.asked;
        let shown = |id: &String| self.app.cards.iter().find(|card| card.id == *id);
        let links: Vec<Value> = members
            .see
            .iter()
            .filter_map(shown)
            .map(|card| {
                let place =
                    || format!("{}?{}#{}", board.path, filters.query(board), card.id.replace('/', "-"));
                let own = Some(card).filter(|card| card.display.is_figure());
                let href = own.and_then(|card| of_card(card, self.asked)).unwrap_or_else(place);
                json!({"label": card.title, "href": href})
            })
            .collect();
        let text = "Each figure by itself, down to the rows and the bill behind it.";
        (!links.is_empty()).then(|| json!({"title": "Each by itself", "text": text, "links": links}))
    }

    /// One page of rows, how many there are in all, and the exact sum of their amounts.
    fn listed(&self, mut rows: QueryResult, amount: Option<&str>) -> Listed {
        let records = rows.rows.len();
        let at = amount.and_then(|name| rows.columns.iter().position(|column| column.name == name));
        let sum = at.and_then(|at| {
            let mut amounts = rows.rows.iter().filter_map(|row| format::number(row.get(at)?));
            amounts.try_fold(Number::ZERO, Number::plus)
        });
        rows.rows = rows.rows.into_iter().skip(self.narrowed.page * ROWS).take(ROWS).collect();
        let table = table("Inputs", &rows, records, self.app.opens_documents());
        Listed { records, figure: sum.map(|sum| format!("${}", sum.exact())), table, rows }
    }

    /// The page of a figure that several measures make.
    async fn parts(&self, recipe: &Recipe, label: &str) -> Result<Value, Problem> {
        let mut list = Vec::new();
        for (at, part) in recipe.parts.iter().enumerate() {
            let question = self.question(part)?;
            let (records, figure) = self.sum(&question).await?;
            list.push(json!({
                "term": format!("{}, {}", named(part), question.days_words()),
                "value": format!("{} in {records} rows", exact(part.measure, &figure)),
                "href": self.address(&["part", "page"], &format!("part={at}")),
            }));
        }
        let text = match recipe.how {
            How::Ratio => "No rows add up to this figure: it is the first of these over the second.",
            How::Whole | How::Worked => {
                "No rows add up to this figure: by its definition it is worked out from these, each of which rows do."
            }
        };
        let mut steps = vec![json!({"title": "What it is made of", "text": text, "list": list})];
        steps.extend(self.formula());
        steps.extend(self.others());
        Ok(self.page(&json!({"label": self.selected(label), "value": ""}), &steps))
    }

    /// The page of a figure that is worked out from others of its row.
    fn beside(&self, column: &Column, label: &str) -> Value {
        let list: Vec<Value> = column
            .from
            .iter()
            .filter_map(|name| self.card.columns.iter().find(|known| known.name == *name))
            .map(|known| json!({"term": "Column", "value": known.label, "href": self.column_address(known)}))
            .collect();
        let text = "No rows add up to this figure: by the card's definition it is worked out from these of the same row.";
        let mut steps = vec![json!({"title": "What it is made of", "text": text, "list": list})];
        steps.extend(self.formula());
        self.page(&json!({"label": self.selected(label), "value": ""}), &steps)
    }

    fn formula(&self) -> Option<Value> {
        let formula = self.card.formula.as_ref()?;
        Some(json!({"title": "The formula", "text": formula}))
    }

    /// The figures beside it, in the order of the card.
    fn others(&self) -> Option<Value> {
        let list: Vec<Value> = self
            .card
            .columns
            .iter()
            .filter(|column| !column.hidden || column.inputs.is_some())
            .filter(|column| Some(&column.name) != self.narrowed.column.as_ref())
            .filter_map(|column| Some(json!({"label": column.label, "href": self.column_address(column)?})))
            .collect();
        let is_beside = self.narrowed.column.is_some() && !list.is_empty();
        is_beside
            .then(|| json!({"title": "Beside it", "text": "Other figures of the same row.", "links": list}))
    }

    fn column_address(&self, column: &Column) -> Option<String> {
        let is_chosen = |members: &Members| {
            members.by.iter().all(|name| self.narrowed.row.iter().any(|(known, _)| known == name))
        };
        let is_known = recipe(column, self.narrowed.case.as_deref()).is_some()
            || !column.from.is_empty()
            || column.inputs.is_some()
            || column.members.as_ref().is_some_and(is_chosen);
        is_known
            .then(|| self.address(&["column", "part", "page"], &format!("column={}", encode(&column.name))))
    }

    /// This address with another value.
    fn address(&self, without: &[&str], with: &str) -> String {
        let is_kept = |pair: &&str| {
            !pair.is_empty() && !without.iter().any(|name| pair.split('=').next() == Some(*name))
        };
        let kept: Vec<&str> = self.query.split('&').filter(is_kept).chain([with]).collect();
        format!("/explain/{}?{}", self.card.id, kept.join("&"))
    }

    /// The values of a column as a text list, or one that nothing is in.
    fn list(&self, rows: &QueryResult, name: &str) -> String {
        let Some(at) = rows.columns.iter().position(|column| column.name == name) else {
            return "NULL".to_owned();
        };
        let mut values: Vec<String> =
            rows.rows.iter().filter_map(|row| row.get(at)).map(ToString::to_string).collect();
        values.retain(|value| !value.is_empty());
        values.sort();
        values.dedup();
        let engine = self.held.snapshot.engine();
        let list = values.iter().map(|value| text(value, engine)).collect::<Vec<_>>().join(", ");
        if list.is_empty() { "NULL".to_owned() } else { list }
    }

    fn selected(&self, label: &str) -> String {
        let words = self.asked.filters.words(&Filter::ALL);
        let case = self.narrowed.case.as_ref().map_or_else(String::new, |case| format!(", {case}"));
        format!("{label}: {}. {words}{}{case}", self.asked.period.words(), self.narrowed.words())
    }

    fn page(&self, figure: &Value, steps: &[Value]) -> Value {
        let Self { card, asked, held, .. } = self;
        json!({
            "page": {"title": format!("Explain: {}", card.title), "path": asked.board.path, "lead": card.definition},
            "crumbs": [
                {"title": asked.board.title, "href": format!("{}?{}", asked.board.path, asked.filters.query(asked.board))},
                {"title": card.title, "href": null},
            ],
            "figure": figure,
            "steps": steps,
            "dashboards": page::boards(Some(asked.board), None),
            "data": page::data(&held.state),
            "states": page::states(asked, &held.state),
            "assets": {"base": self.app.asset_base},
        })
    }
}

/// `billed money, class seat`.
fn named(part: &Part) -> String {
    part.only.iter().fold(part.measure.label.to_owned(), |words, (name, value)| match name.as_str() {
        "platform" => format!("{words}, {}", format::platform(value)),
        "before" => format!("{words}, the period before"),
        "coding" => format!("{words}, on what pays for code"),
        "covered" if value == "yes" => format!("{words}, under a Claude.ai seat"),
        "covered" => format!("{words}, not under a Claude.ai seat"),
        "last_month" => format!("{words}, the last complete month"),
        "days" | "week" | "weeks" => words,
        _ => format!("{words}, {value}"),
    })
}

const RULES: &str = "Platform: product is the product that the bill names; workspace, Claude Code's workspace; key_mapping, \
    the key sheet; key_name, a key by whose name Claude Code reports use; seat, a subscription; vendor, a vendor with one \
    platform; default, what the rest of an organisation's bill is. Allocation: reported is as the vendor stated it; exact and \
    widened are a key's share by its own usage; no_key and unallocated have none. Attribution: direct is the person whom the \
    vendor names; mapping, whom the key sheet names on that day; creator, who made the key; none stays Unattributed.";

const RULES_OF_USE: &str = "Each feed of use reports one platform. Attribution: direct is the person whom the vendor names; \
    mapping, whom the key sheet names on that day; creator, who made the key; none stays Unattributed.";

/// To the last digit: this page is for adding up.
fn exact(measure: &Measure, figure: &Cell) -> String {
    let is_money = measure.facts == Facts::Cost && !measure.is_counted();
    let number = format::number(figure).map_or_else(|| "0".to_owned(), Number::exact);
    if is_money { format!("${number}") } else { number }
}

/// The columns in which a row has a value: what was looked at is of many kinds, and each knows some of them.
fn with_values(rows: QueryResult) -> QueryResult {
    let has_value =
        |at: usize| rows.rows.iter().any(|row| row.get(at).is_some_and(|cell| *cell != Cell::Null));
    let kept: Vec<bool> = (0..rows.columns.len()).map(has_value).collect();
    QueryResult {
        columns: chosen(rows.columns, &kept),
        rows: rows.rows.into_iter().map(|row| chosen(row, &kept)).collect(),
    }
}

fn chosen<T>(all: Vec<T>, kept: &[bool]) -> Vec<T> {
    all.into_iter().zip(kept).filter_map(|(one, is_kept)| is_kept.then_some(one)).collect()
}

/// `1 row`, `4 rows`.
fn rows_in_words(count: usize) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{count} rows") }
}

fn exactly(amount: &Cell) -> String {
    format::number(amount).map_or_else(|| amount.to_string(), Number::exact)
}

fn table(caption: &str, result: &QueryResult, total_rows: usize, is_open: bool) -> Table {
    let kind = |name: &str| match name {
        "platform" => ColumnType::Platform,
        "month" => ColumnType::Month,
        "records" | "rows_loaded" | "size_bytes" | "page" | "days_known" | "days_left" => ColumnType::Integer,
        name if Measure::named(name).is_some() && !is_amount(name) => ColumnType::Integer,
        _ => ColumnType::Text,
    };
    let words = |name: &str, cell: &Cell| match cell {
        Cell::Null => String::new(),
        amount if is_amount(name) => exactly(amount),
        other => format::cell(other, kind(name)),
    };
    let columns = result.columns.iter().map(|column| Head {
        name: column.name.clone(),
        label: column.name.replace("_usd", " in USD").replace("_pct", ", 1 is 100 %").replace('_', " "),
        align: if is_amount(&column.name) || kind(&column.name).is_number() { "right" } else { "left" },
        kind: kind(&column.name),
    });
    let shown = |row: &Vec<Cell>| {
        let cells = result.columns.iter().zip(row).map(|(column, cell)| {
            let is_document = matches!(column.name.as_str(), "sha256" | "raw_response");
            let href = is_open && is_document && *cell != Cell::Null;
            Shown {
                text: words(&column.name, cell),
                raw: Some(cell.to_string()),
                href: href.then(|| format!("/document/{}", encode(&cell.to_string()))),
                ..Shown::default()
            }
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

fn is_amount(name: &str) -> bool {
    name.ends_with("_usd") || matches!(name, "part" | "of_all")
}
