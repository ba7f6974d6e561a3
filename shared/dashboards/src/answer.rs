//! A card's answer: its rows, and everything that must be said beside them.

use aispend_tables::{Cell, QueryResult};
use aispend_warehouse::{Card, Column, Filter, Selection};
use serde_json::{Map, Value, json};

use crate::{board::Board, filters::Filters, format, period::Period, state::DataState, summary};

/// What is asked: a dashboard's address on one day, against one snapshot.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The dashboard.
    pub board: &'static Board,
    /// What the address says.
    pub filters: Filters,
    /// What that selects.
    pub selection: Selection,
    /// Against what is loaded.
    pub period: Period,
}

impl Asked {
    /// Puts an address, a day and a snapshot's state together.
    pub fn of(board: &'static Board, filters: Filters, today: jiff::civil::Date, state: &DataState) -> Self {
        let selection = filters.selection(board, today);
        let period = Period::of(&selection, state.complete_through);
        Self { board, filters, selection, period }
    }

    /// The filters that a card follows.
    pub fn followed(&self, card: &Card) -> Vec<Filter> {
        self.board.filters.iter().copied().filter(|filter| !card.ignores.contains(filter)).collect()
    }

    /// What a card selects.
    pub fn selection_of(&self, card: &Card) -> Selection {
        self.selection.keeping(&self.followed(card))
    }

    /// The range and filters of a card, in words.
    pub fn words_of(&self, card: &Card) -> String {
        let followed = self.followed(card);
        let filters = self.filters.words(&followed);
        if followed.contains(&Filter::Range) {
            format!("{}. {filters}", self.period.words())
        } else {
            filters
        }
    }
}

/// A card's rows, fit to its columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// In the order of the card's columns.
    pub rows: Vec<Vec<Cell>>,
}

impl Answer {
    /// Takes the rows of a card's query.
    ///
    /// # Errors
    /// Where the query returns other columns than the card declares.
    pub fn of(card: &Card, result: QueryResult) -> Result<Self, String> {
        let declared: Vec<&str> = card.columns.iter().map(|column| column.name.as_str()).collect();
        let is_seen = |place: usize| !card.left_out.contains(&place);
        let found = result.columns.iter().enumerate().filter(|(place, _)| is_seen(*place));
        let found: Vec<&str> = found.map(|(_, column)| column.name.as_str()).collect();
        if declared != found {
            return Err(format!("{} declares {declared:?}, its query returns {found:?}", card.id));
        }
        if card.left_out.is_empty() {
            return Ok(Self { rows: result.rows });
        }
        let seen = |row: Vec<Cell>| {
            let cells = row.into_iter().enumerate().filter(|(place, _)| is_seen(*place));
            cells.map(|(_, cell)| cell).collect()
        };
        Ok(Self { rows: result.rows.into_iter().map(seen).collect() })
    }

    /// A text card has no rows.
    pub const fn nothing() -> Self {
        Self { rows: Vec::new() }
    }
}

/// Where a column is.
pub fn place(card: &Card, name: &str) -> Option<usize> {
    card.columns.iter().position(|column| column.name == name)
}

/// A value as JSON has it: amounts are texts, so that they stay exact.
pub fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Flag(flag) => Value::Bool(*flag),
        Cell::Integer(count) => i64::try_from(*count).map_or_else(|_| count.to_string().into(), Value::from),
        Cell::Float(_) => format::number(cell).map_or(Value::Null, |number| number.plain().into()),
        Cell::Decimal(_) | Cell::Text(_) | Cell::Date(_) | Cell::Moment(_) => cell.to_string().into(),
    }
}

/// The answer as `GET /api/v1/cards/{group}/{card}` gives it.
pub fn to_json(card: &Card, answer: &Answer, asked: &Asked, state: &DataState) -> Value {
    let columns: Vec<Value> = card.columns.iter().map(|column| column_json(column, card, asked)).collect();
    let rows: Vec<Value> =
        answer.rows.iter().map(|row| Value::Array(row.iter().map(value).collect())).collect();
    let followed = asked.followed(card);
    let mut filters = Map::new();
    if followed.contains(&Filter::Range) {
        filters.insert("range".into(), asked.filters.range_of(asked.board).text().into());
        filters.insert("from".into(), asked.selection.first_day.to_string().into());
        filters.insert("to".into(), asked.selection.last_day.to_string().into());
    }
    for filter in followed.into_iter().filter(|filter| *filter != Filter::Range) {
        filters.insert(filter.slug().into(), json!(asked.filters.values(filter)));
    }
    json!({
        "id": card.id,
        "title": card.title,
        "question": card.question,
        "definition": card.definition,
        "unit": card.unit,
        "display": card.display,
        "chart": card.chart,
        "as_of": state.as_of.map(|moment| moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
        "complete_through": state.complete_through.map(|day| day.to_string()),
        "filters": filters,
        "summary": summary::sentence(card, answer, &asked.period),
        "columns": columns,
        "rows": rows,
        "notes": card.notes,
        "simulated": state.is_simulated,
    })
}

fn column_json(column: &Column, card: &Card, asked: &Asked) -> Value {
    let unit = match column.kind {
        kind if !kind.is_number() => None,
        aispend_warehouse::ColumnType::Usd | aispend_warehouse::ColumnType::UsdUnit => Some("USD"),
        aispend_warehouse::ColumnType::Percent => Some("percent"),
        _ => Some(card.unit.as_str()),
    };
    json!({
        "name": column.name,
        "label": column.label,
        "type": column.kind,
        "unit": unit,
        "hidden": column.hidden,
        "mini": column.mini,
        "link": column.link.as_deref().and_then(|link| crate::link::template(link, asked)),
    })
}
