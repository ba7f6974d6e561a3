//! The context of a page: everything its template shows, in words.

use std::sync::Arc;

use aispend_warehouse::{Card, ColumnType, Filter, Place};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    answer::{Answer, Asked, to_json},
    board::{BOARDS, Board},
    caption, explain, format,
    kpi::{Kpi, kpi},
    period::Range,
    prose,
    state::DataState,
    summary,
    table::{Table, table},
};

/// People in the list of a filter; a page must stay light. Who is chosen is always in it.
const MOST_PEOPLE: usize = 300;

/// What became of a card.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Its rows.
    Rows(Arc<Answer>, Option<String>),
    /// It could not be read; the reference is in the log beside the cause.
    Failed {
        /// What to quote to somebody who can look.
        reference: String,
    },
}

/// A card as its template shows it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CardView {
    id: String,
    slug: String,
    title: String,
    question: String,
    display: String,
    place: Value,
    summary: String,
    empty: Option<String>,
    error: Option<Value>,
    headline: Option<Vec<Value>>,
    kpi: Option<Kpi>,
    chart: Option<Value>,
    table: Option<Table>,
    body_html: Option<String>,
    figcaption: String,
    about: Option<Value>,
    notes: Vec<String>,
    exports: Vec<Value>,
    explain_href: Option<String>,
    json: Option<String>,
}

/// The context of a dashboard's page.
pub fn page(asked: &Asked, state: &DataState, cards: &[(&Card, Outcome)], asset_base: &str) -> Value {
    let board = asked.board;
    let query = asked.filters.query(board);
    let tabs: Vec<Value> = board
        .tabs
        .iter()
        .filter_map(|title| {
            let mut on_tab: Vec<(Place, CardView)> = cards
                .iter()
                .filter(|(card, _)| card.tab == *title)
                .filter_map(|(card, outcome)| Some((card.place?, view(card, outcome, asked, state, &query))))
                .collect();
            on_tab.sort_by_key(|(place, _)| (place.row, place.col));
            let views: Vec<CardView> = on_tab.into_iter().map(|(_, view)| view).collect();
            let id = title.to_lowercase().replace(' ', "-");
            (!views.is_empty()).then(|| json!({"id": id, "title": title, "cards": views}))
        })
        .collect();
    let export = |label: &str, ending: &str| json!({"label": label, "href": format!("/export/{}.{ending}?{query}", board.group)});
    json!({
        "page": {
            "id": board.group,
            "path": board.path,
            "title": board.title,
            "range_words": asked.period.words(),
            "filter_words": asked.filters.words(board.filters),
            "simulated": state.is_simulated,
            "lead": board.lead,
        },
        "dashboards": boards(Some(board), Some(asked)),
        "filters": filters(asked, state),
        "reset_href": board.path,
        "states": states(asked, state),
        "data": data(state),
        "tabs": tabs,
        "exports": [export("CSV (zip)", "zip"), export("XLSX", "xlsx"), export("JSON", "json")],
        "assets": {"base": asset_base},
    })
}

/// The navigation. The chosen filters come along where a dashboard knows them; its own range stays its own.
pub fn boards(current: Option<&Board>, asked: Option<&Asked>) -> Vec<Value> {
    let entry = |(place, board): (usize, &'static Board)| {
        let query = asked.map(|asked| {
            let mut filters = asked.filters.clone();
            filters.errors.clear();
            if filters.range.is_none() {
                filters.query(board).split_once('&').map_or(String::new(), |(_, rest)| rest.to_owned())
            } else {
                filters.query(board)
            }
        });
        let href = match query.filter(|query| !query.is_empty()) {
            Some(query) => format!("{}?{query}", board.path),
            None => board.path.to_owned(),
        };
        json!({
            "id": board.group,
            "title": board.title,
            "href": href,
            "current": current.is_some_and(|current| current.group == board.group),
            "key": (place + 1).to_string(),
        })
    };
    BOARDS.iter().enumerate().map(entry).collect()
}

/// What every page says about the data.
pub fn data(state: &DataState) -> Value {
    json!({
        "as_of": state.as_of.map(|moment| moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
        "complete_through": state.complete_through.map(|day| day.to_string()),
        "complete_through_words": through_words(state),
        "version": state.version,
    })
}

/// `17 Oct 2026`.
pub fn through_words(state: &DataState) -> String {
    state.complete_through.map_or_else(|| "no complete day yet".to_owned(), format::day)
}

/// Bars under the header: simulated, stale, partial, nothing there.
pub fn states(asked: &Asked, state: &DataState) -> Vec<Value> {
    let mut states = Vec::new();
    let mut say = |kind: &str, text: String| states.push(json!({"kind": kind, "text": text}));
    if state.is_simulated {
        say("simulated", "Simulated data: an invented company. No amount here was ever billed.".to_owned());
    }
    for feed in state.late() {
        let through = feed
            .complete_through
            .map_or_else(String::new, |day| format!("; figures through {}", format::day(day)));
        let read = feed.observed_at.map_or_else(String::new, |moment| {
            format!(", last read {}", moment.strftime("%-d %b %Y %H:%M UTC"))
        });
        say("stale", format!("{} is stale{read}{through}.", feed.feed));
    }
    let period = &asked.period;
    if let Some(first) = state.first_day.filter(|first| period.last_day < *first) {
        say("partial", format!("No spend in this range. Data begins {}.", format::day(first)));
    } else if period.through_day < period.first_day {
        let through = through_words(state);
        say("partial", format!("This range has no complete day yet. Data through {through}."));
    } else if period.is_running && asked.selection.today > period.last_day {
        // The range is over, and its figures are not all here.
        say("partial", format!("Figures of this range reach to {} only.", format::day(period.through_day)));
    }
    states
}

fn filters(asked: &Asked, state: &DataState) -> Vec<Value> {
    asked.board.filters.iter().map(|filter| control(*filter, asked, state)).collect()
}

fn control(filter: Filter, asked: &Asked, state: &DataState) -> Value {
    let error = asked.filters.errors.iter().find(|(at, _)| *at == filter).map(|(_, text)| text.as_str());
    if filter == Filter::Range {
        let range = asked.filters.range_of(asked.board).text();
        let option =
            |(word, label): &(&str, &str)| json!({"value": word, "label": label, "selected": *word == range});
        return json!({
            "slug": "range", "label": "Date range", "kind": "range", "value": range,
            "from": asked.selection.first_day.to_string(), "to": asked.selection.last_day.to_string(),
            "options": Range::WORDS.iter().map(option).collect::<Vec<_>>(),
            "value_words": asked.period.title(), "error": error,
        });
    }
    let chosen = asked.filters.values(filter);
    let mut options: Vec<(String, String)> = match filter {
        Filter::Range => Vec::new(),
        Filter::Team => state.teams.iter().map(|team| (team.clone(), team.clone())).collect(),
        Filter::User => state.people.iter().take(MOST_PEOPLE).cloned().collect(),
        Filter::Platform => format::PLATFORMS
            .iter()
            .take(4)
            .map(|(key, label)| ((*key).to_owned(), (*label).to_owned()))
            .collect(),
        Filter::Model => state.models.iter().map(|model| (model.clone(), model.clone())).collect(),
    };
    for value in chosen {
        if !options.iter().any(|(known, _)| known == value) {
            let name = state.people.iter().find(|(email, _)| email == value).map(|(_, name)| name.clone());
            options.push((value.clone(), name.unwrap_or_else(|| value.clone())));
        }
    }
    let (label, all) = match filter {
        Filter::Range => ("Date range", ""),
        Filter::Team => ("Team", "All teams"),
        Filter::User => ("Person", "Everybody"),
        Filter::Platform => ("Platform", "All platforms"),
        Filter::Model => ("Model", "All models"),
    };
    let labels: Vec<&str> =
        options.iter().filter(|(value, _)| chosen.contains(value)).map(|(_, label)| label.as_str()).collect();
    json!({
        "slug": filter.slug(), "label": label, "kind": "choice", "all_label": all,
        "value_words": labels.join(", "),
        "options": options.iter().map(|(value, label)| json!({
            "value": value, "label": label, "selected": chosen.contains(value),
        })).collect::<Vec<_>>(),
        "error": error,
    })
}

fn view(card: &Card, outcome: &Outcome, asked: &Asked, state: &DataState, query: &str) -> CardView {
    let place = card.place.map(|place| json!(place)).unwrap_or_default();
    let base = CardView {
        id: card.id.clone(),
        slug: card.id.replace('/', "-"),
        title: card.title.clone(),
        question: card.question.clone(),
        display: json!(card.display).as_str().unwrap_or_default().to_owned(),
        place,
        notes: card.notes.clone(),
        ..CardView::default()
    };
    let (answer, sql) = match outcome {
        Outcome::Failed { reference } => {
            let text = "This card could not be read. The others are not affected.";
            return CardView { error: Some(json!({"text": text, "reference": reference})), ..base };
        }
        Outcome::Rows(answer, sql) => (answer.as_ref(), sql),
    };
    if let Some(body) = &card.body {
        return CardView { body_html: Some(prose::html(body)), ..base };
    }
    let about = json!({
        "definition": card.definition, "formula": card.formula, "sources": card.sources(), "sql": sql,
        "filters": asked.words_of(card), "changed": format::day(card.changed),
    });
    let export = |label: &str| {
        let href = format!("/export/{}.{}?{query}", card.id, label.to_lowercase());
        json!({"label": label, "href": href})
    };
    let formats: &[&str] =
        if card.display.is_chart() { &["CSV", "XLSX", "JSON", "PNG"] } else { &["CSV", "XLSX", "JSON"] };
    let headline = card.columns.first().filter(|column| column.kind == ColumnType::Headline);
    let figure = if card.display.is_figure() { kpi(card, answer, &asked.period) } else { None };
    let is_empty = answer.rows.is_empty() || card.display.is_figure() && figure.is_none();
    let is_chart = card.display.is_chart();
    CardView {
        summary: if headline.is_some() {
            String::new()
        } else {
            summary::sentence(card, answer, &asked.period)
        },
        empty: is_empty.then(|| caption::empty(card)),
        headline: headline
            .and_then(|_| answer.rows.first())
            .and_then(|row| row.first())
            .map(|cell| sentence(&cell.to_string())),
        chart: is_chart.then(|| {
            let label = format!("{}, chart. Use arrow keys to read points, T for the table.", card.title);
            json!({"kind": format!("{} chart", base.display), "label": label})
        }),
        table: (headline.is_none() && !card.display.is_figure()).then(|| table(card, answer, asked)),
        kpi: figure.or_else(|| card.display.is_figure().then(Kpi::default)),
        json: is_chart.then(|| script_safe(&to_json(card, answer, asked, state).to_string())),
        figcaption: caption::footer(card, state),
        about: Some(about),
        exports: formats.iter().map(|label| export(label)).collect(),
        explain_href: explain::of_card(card, asked),
        ..base
    }
}

/// A sentence with its marked numbers apart.
fn sentence(text: &str) -> Vec<Value> {
    let part = |(place, part): (usize, &str)| json!({"text": part, "strong": place % 2 == 1});
    text.split("**").enumerate().filter(|(_, part)| !part.is_empty()).map(part).collect()
}

/// JSON that cannot end the script element it stands in.
fn script_safe(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}
