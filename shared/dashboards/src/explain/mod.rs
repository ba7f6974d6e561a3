//! From a figure to the address that explains it, and from that address to the rows of the facts.

mod question;

pub use question::{Narrowed, Question};

use aispend_tables::Cell;
use aispend_warehouse::{Card, Column, ColumnType, Filter, How, Recipe, TOTAL};

use crate::{
    answer::{Asked, place},
    filters::encode,
    format,
    link::days_of,
    period::Period,
};

/// True where a card's figures are billed money by day, which rows of the facts add up to.
pub fn is_explained(card: &Card) -> bool {
    card.template().contains("{{spend}}") && !card.is_text()
}

/// Cards whose figures are all billed money of the selection. Others choose among it in their own SQL; of those, cells are
/// explained.
const WHOLE: [&str; 7] = [
    "exec/total-spend",
    "exec/platform-share",
    "alloc/heatmap",
    "alloc/people",
    "alloc/teams",
    "alloc/team-stack",
    "alloc/ledger",
];

/// The address that explains a card's figures as selected: its one figure, or all its money.
pub fn of_card(card: &Card, asked: &Asked) -> Option<String> {
    let is_sentence = card.columns.first().is_some_and(|column| column.kind == ColumnType::Headline);
    if card.display.is_figure() || is_sentence {
        let column = card.columns.iter().find(|column| !column.hidden)?;
        let is_known = column.made_of.is_some()
            || column.inputs.is_some()
            || column.members.as_ref().is_some_and(|members| members.by.is_empty());
        return is_known.then(|| address(card, &[("column", column.name.clone())], asked));
    }
    (is_explained(card) && WHOLE.contains(&card.id.as_str())).then(|| address(card, &[], asked))
}

/// What a column's figure in a row is made of; none where no rows add up to it.
pub fn recipe<'a>(column: &'a Column, case: Option<&str>) -> Option<&'a Recipe> {
    column.made_of.as_ref()?.recipe(case)
}

/// The filters of rows, by the name of the column that holds their values.
fn key_of(column: &Column) -> Option<&'static str> {
    Some(match (column.name.as_str(), column.kind) {
        ("user_email", _) => "user",
        ("team", ColumnType::Team) => "team",
        ("platform", ColumnType::Platform) => "platform",
        ("model", ColumnType::Model) | ("model_key", _) => "model",
        ("api_key_id", _) => "key",
        ("workspace_id", _) => "workspace",
        ("service_tier", _) => "tier",
        ("token_type", _) => "token",
        ("cost_class", _) => "class",
        ("cost_type", _) => "type",
        ("attribution", _) => "attribution",
        ("month" | "week" | "day", kind) if kind.is_day() => "range",
        _ => return None,
    })
}

/// A card's own words for no value.
const NOT_REPORTED: &str = "not reported";

/// The column that says of a row that it is the rest of what the other rows name.
#[derive(Clone, Copy)]
struct Rest<'a> {
    column: &'a Column,
    at: usize,
}

fn rest_of<'a>(card: &'a Card, row: &[Cell]) -> Option<Rest<'a>> {
    let is_rest = |column: &Column, cell: Option<&Cell>| match (&column.rest, cell) {
        (Some(rest), Some(Cell::Text(text))) => text == rest,
        _ => false,
    };
    let mut columns = card.columns.iter().enumerate();
    columns.find(|(at, column)| is_rest(column, row.get(*at))).map(|(at, column)| Rest { column, at })
}

impl Rest<'_> {
    /// What the other rows name: a value of the key at its place, or a case that has none.
    fn others(
        self,
        column: &Column,
        key_at: usize,
        all: &[Vec<Cell>],
    ) -> Option<Vec<(&'static str, String)>> {
        let mut named = Vec::new();
        for row in all {
            let name = row.get(self.at)?.to_string();
            if self.column.rest.as_ref() == Some(&name) {
                continue;
            }
            let other = match row.get(key_at)? {
                Cell::Null => {
                    let own = recipe(column, Some(&name)).and_then(|recipe| recipe.parts.first());
                    // Without conditions of its own, nobody can say which rows it stands for.
                    own.filter(|part| !part.only.is_empty())?;
                    ("nor", name)
                }
                value => ("but", value.to_string()),
            };
            if !named.contains(&other) {
                named.push(other);
            }
        }
        Some(named)
    }
}

/// True where a card goes back further than what is selected, by whole months or weeks.
fn has_own_span(card: &Card) -> bool {
    ["first_month", "first_week"].iter().any(|name| card.template().contains(name))
}

/// The address that explains one cell: the card's selection, narrowed to the rows that the cell's row stands for. Where it
/// is not certain which those are, there is no address. The card's other rows say what a rest is the rest of.
pub fn of_cell(
    card: &Card,
    column: &Column,
    row: &[Cell],
    all: &[Vec<Cell>],
    asked: &Asked,
) -> Option<String> {
    Some(address(card, &narrowed(card, column, row, all, asked)?, asked))
}

/// The address that explains a sum over several rows of the card, which differ in one key; none where what one of them
/// stands for cannot be said together with the others.
pub fn of_sum(
    card: &Card,
    column: &Column,
    rows: &[&[Cell]],
    all: &[Vec<Cell>],
    asked: &Asked,
) -> Option<String> {
    let at = place(card, &column.name)?;
    let adds = |row: &&&[Cell]| row.get(at).and_then(format::number).is_some_and(|part| !part.is_zero());
    let mut pairs = Vec::new();
    for row in rows.iter().filter(adds) {
        for pair in narrowed(card, column, row, all, asked)? {
            if !pairs.contains(&pair) {
                pairs.push(pair);
            }
        }
    }
    // Some, and all but those, are all.
    let of_rest = pairs.iter().find(|(name, _)| *name == "rest").map(|(_, key)| key.clone());
    if let Some(key) = of_rest {
        pairs.retain(|(name, _)| !matches!(*name, "rest" | "but" | "nor") && *name != key);
    }
    let is_without = |key: &&str| pairs.iter().any(|(name, value)| *name == "without" && value == key);
    if pairs.is_empty() || pairs.iter().any(|(name, _)| is_without(name)) {
        return None;
    }
    if pairs.iter().filter(|(name, _)| *name == "case").count() > 1 {
        recipe(column, Some(TOTAL))?;
        pairs.retain(|(name, _)| *name != "case");
        pairs.push(("case", TOTAL.to_owned()));
    }
    Some(address(card, &pairs, asked))
}

/// What narrows a card's selection to the rows that one of its own rows stands for; none where that is not certain.
fn narrowed(
    card: &Card,
    column: &Column,
    row: &[Cell],
    all: &[Vec<Cell>],
    asked: &Asked,
) -> Option<Vec<(&'static str, String)>> {
    match row.get(place(card, &column.name)?)? {
        Cell::Null => return None,
        // Nothing, in words.
        Cell::Text(text) if text == format::NOT_AVAILABLE => return None,
        _ => {}
    }
    if let Some(members) = &column.members {
        // Nobody is behind a zero; an age of none was read somewhere.
        if members.newest.is_none() && format::number(row.get(place(card, &column.name)?)?)?.is_zero() {
            return None;
        }
        let mut narrowed = vec![("column", column.name.clone())];
        for name in &members.by {
            match row.get(place(card, name)?)? {
                Cell::Null => return None,
                value => narrowed.push(("row", format!("{name}:{value}"))),
            }
        }
        return Some(narrowed);
    }
    let by = column.made_of.as_ref().and_then(|made_of| made_of.by.as_deref());
    let case = by.and_then(|by| row.get(place(card, by)?)).map(ToString::to_string);
    let found = recipe(column, case.as_deref());
    if found.is_none() && column.from.is_empty() && column.inputs.is_none() {
        return None;
    }
    let mut narrowed = vec![("column", column.name.clone())];
    narrowed.extend(case.map(|case| ("case", case)));
    let own = |key: &String| {
        let (name, word) =
            key.split_once(':').map_or((key.as_str(), None), |(name, word)| (name, Some(word)));
        let at = place(card, name)?;
        let word = match word {
            Some("main") => "main",
            _ => key_of(card.columns.get(at)?)?,
        };
        Some((at, word))
    };
    let keys: Vec<(usize, &'static str)> = if card.keys.is_empty() {
        card.columns.iter().enumerate().filter_map(|(at, column)| Some((at, key_of(column)?))).collect()
    } else {
        card.keys.iter().map(own).collect::<Option<_>>()?
    };
    let rest = rest_of(card, row);
    for (at, key) in keys {
        if let Some(rest) = rest.filter(|rest| key_of(rest.column) == Some(key)) {
            narrowed.push(("rest", key.to_owned()));
            narrowed.extend(rest.others(column, at, all)?);
            continue;
        }
        match row.get(at)? {
            Cell::Null if key == "user" => return None,
            Cell::Null => narrowed.push(("without", key.to_owned())),
            Cell::Text(text) if text == NOT_REPORTED => narrowed.push(("without", key.to_owned())),
            Cell::Date(day) => {
                let (from, to) = days_of(*day, card.columns.get(at)?.kind);
                let Period { first_day, through_day, .. } = asked.period;
                // The last month or week of a card ends with what is selected; the first one begins with it, where a card
                // has no span of its own.
                let is_cut = from < first_day && first_day <= to && !has_own_span(card);
                let from = if is_cut { first_day } else { from };
                narrowed.push((key, format!("{from}~{}", to.min(through_day).max(from))));
            }
            // The sum of all has nothing to narrow by; of a ratio, only its card knows what is in it.
            Cell::Text(text) if text == "total" => {
                if found.is_some_and(|recipe| recipe.how == How::Ratio) {
                    return None;
                }
            }
            value => narrowed.push((key, value.to_string())),
        }
    }
    Some(narrowed)
}

fn address(card: &Card, narrowed: &[(&str, String)], asked: &Asked) -> String {
    let is_narrowed = |name: &str| narrowed.iter().any(|(known, _)| *known == name);
    let mut pairs = Vec::new();
    for filter in asked.followed(card).into_iter().filter(|filter| !is_narrowed(filter.slug())) {
        if filter == Filter::Range {
            pairs.push(format!("range={}", encode(&asked.filters.range_of(asked.board).text())));
        }
        let values = asked.filters.values(filter).iter();
        pairs.extend(values.map(|value| format!("{}={}", filter.slug(), encode(value))));
    }
    pairs.extend(narrowed.iter().map(|(name, value)| format!("{name}={}", encode(value))));
    format!("/explain/{}?{}", card.id, pairs.join("&"))
}

#[cfg(test)]
mod tests;
