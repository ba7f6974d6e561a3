//! A card's answer: its rows, and everything that must be said beside them.

use aispend_tables::{Cell, QueryResult};
use aispend_warehouse::{Card, Column, Engine, Filter, OF_ALL, Selection};
use serde_json::{Map, Value, json};

use crate::{
    board::Board, filters::Filters, format, period::Period, state::DataState, summary, table::MOST_ROWS,
};

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

    /// The query of a card as its page asks it, which may be for its first rows; none for a text card.
    pub fn page_sql(&self, card: &Card, engine: Engine) -> Option<String> {
        card.page_sql(engine, &self.selection_of(card), MOST_ROWS)
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
    /// How many rows the card has; a page may ask for the first of them.
    pub of_all: usize,
}

impl Answer {
    /// Takes the rows of a card's query.
    ///
    /// # Errors
    /// Where the query returns other columns than the card declares.
    pub fn of(card: &Card, mut result: QueryResult) -> Result<Self, String> {
        let of_all = take_count(&mut result);
        let declared: Vec<&str> = card.columns.iter().map(|column| column.name.as_str()).collect();
        let is_seen = |place: usize| !card.left_out.contains(&place);
        let found = result.columns.iter().enumerate().filter(|(place, _)| is_seen(*place));
        let found: Vec<&str> = found.map(|(_, column)| column.name.as_str()).collect();
        if declared != found {
            return Err(format!("{} declares {declared:?}, its query returns {found:?}", card.id));
        }
        if card.left_out.is_empty() {
            return Ok(Self { of_all: of_all.unwrap_or(result.rows.len()), rows: result.rows });
        }
        let seen = |row: Vec<Cell>| {
            let cells = row.into_iter().enumerate().filter(|(place, _)| is_seen(*place));
            cells.map(|(_, cell)| cell).collect()
        };
        let rows: Vec<Vec<Cell>> = result.rows.into_iter().map(seen).collect();
        Ok(Self { of_all: of_all.unwrap_or(rows.len()), rows })
    }

    /// A text card has no rows.
    pub const fn nothing() -> Self {
        Self { rows: Vec::new(), of_all: 0 }
    }
}

/// Takes the column away that says of every row how many there are.
fn take_count(result: &mut QueryResult) -> Option<usize> {
    result.columns.pop_if(|column| column.name == OF_ALL)?;
    let counts: Vec<Cell> = result.rows.iter_mut().filter_map(Vec::pop).collect();
    match counts.first() {
        Some(Cell::Integer(count)) => usize::try_from(*count).ok(),
        _ => None,
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

#[cfg(test)]
mod tests {
    use aispend_tables::{CellKind, QueryColumn};

    use super::*;

    #[test]
    fn first_rows_say_how_many_there_are_and_all_rows_are_counted() {
        let card =
            aispend_warehouse::cards().unwrap().into_iter().find(|card| card.id == "alloc/ledger").unwrap();
        let column = |name: &str| QueryColumn { name: name.to_owned(), kind: CellKind::Text };
        let columns: Vec<QueryColumn> = card.columns.iter().map(|own| column(&own.name)).collect();
        let row = vec![Cell::Text("x".to_owned()); columns.len()];
        let all = QueryResult { columns: columns.clone(), rows: vec![row.clone(); 2] };
        let all = Answer::of(&card, all).unwrap();
        let mut counted = row;
        counted.push(Cell::Integer(7_076));
        let columns = columns.into_iter().chain([column(OF_ALL)]).collect();
        let first = QueryResult { columns, rows: vec![counted; 2] };
        let first = Answer::of(&card, first).unwrap();
        assert_eq!((first.rows, first.of_all, all.of_all), (all.rows, 7_076, 2));
    }
}
