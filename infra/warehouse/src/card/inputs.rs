//! What figures are made of that are no sum of the facts: rows of a budget sheet, parts of a forecast.
//!
//! A card's file names them beside the column, with the filters whose values choose among them: `inputs = "budget team"`.
//! A file in `inputs/` is like a card's: a TOML head in a block comment, then one SELECT.

use serde::Deserialize;

use crate::{
    Engine, Filter, Selection, files,
    selection::text,
    template::{render_selected, replace, with_parts},
};

/// Name and file.
const FILES: [(&str, &str); 2] =
    [("budget", include_str!("inputs/budget.sql")), ("forecast", include_str!("inputs/forecast.sql"))];

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    text: String,
    column: String,
    amount: String,
}

/// The rows that a column's figures are made of.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Inputs {
    /// What they are, in words.
    pub text: String,
    /// Where their amounts stand in the warehouse.
    pub column: String,
    /// The output column that adds up to the figure.
    pub amount: String,
    /// The filters whose values choose among them, beside the days.
    pub by: Vec<Filter>,
    sql: String,
}

impl TryFrom<String> for Inputs {
    type Error = String;

    fn try_from(written: String) -> Result<Self, String> {
        let mut words = written.split_whitespace();
        let name = words.next().unwrap_or_default();
        let (_, file) = FILES
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| format!("`{name}` are no inputs"))?;
        let filter = |word: &str| {
            let found =
                Filter::ALL.into_iter().find(|filter| filter.slug() == word && *filter != Filter::Range);
            found.ok_or_else(|| format!("`{word}` is no filter of inputs"))
        };
        let by = words.map(filter).collect::<Result<_, _>>()?;
        let (head, sql) = file
            .strip_prefix("/*")
            .and_then(|rest| rest.split_once("*/"))
            .ok_or_else(|| format!("inputs/{name}.sql has no head"))?;
        let Head { text, column, amount } = toml::from_str(head).map_err(|error| error.to_string())?;
        let sql = with_parts(sql.trim().trim_end_matches(';'))?;
        Ok(Self { text, column, amount, by, sql })
    }
}

impl Inputs {
    /// The query.
    pub fn sql(&self, engine: Engine, selection: &Selection) -> String {
        let selection = selection.keeping(&self.by);
        let own = replace(&self.sql, |word| match word.split_once(':') {
            Some(("of", view)) => parts_of(view).into(),
            Some(("by", condition)) => among(condition, &selection, engine).into(),
            // Every other word stays for the engine that is asked.
            _ => format!("{{{{{word}}}}}").into(),
        });
        render_selected(&own, engine, &selection)
    }
}

/// A view's own parts, so that what is shown is what it added up.
fn parts_of(view: &str) -> String {
    let file = files::VIEWS.iter().find(|(name, _)| *name == view).map(|(_, file)| *file);
    let parts = file.and_then(|file| file.split_once(" AS\nWITH ")?.1.rsplit_once("\n)\nSELECT\n"));
    parts.map(|(parts, _)| format!("{parts}\n)")).unwrap_or_default()
}

/// `team n.team`: a column among the values of a filter; any value, where none is chosen.
fn among(condition: &str, selection: &Selection, engine: Engine) -> String {
    let (slug, column) = condition.split_once(' ').unwrap_or_default();
    let filter = Filter::ALL.into_iter().find(|filter| filter.slug() == slug);
    let values = filter.map_or(&[][..], |filter| selection.values(filter));
    if values.is_empty() {
        return "TRUE".to_owned();
    }
    let list = values.iter().map(|value| text(value, engine)).collect::<Vec<_>>().join(", ");
    format!("{column} IN ({list})")
}
