//! What figures that are no sum of the facts count, or were worked out from: rows of one part of the card's own query.

use serde::Deserialize;

use crate::{DATASET, Engine, selection::text, view::views};

/// The rows of a part of a card's query that a figure counts, adds up, or is worked out from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Members {
    /// What they are, in words.
    pub text: String,
    /// The part: a name of the query's `WITH`; or a view (`vw_…`) that the query need not read.
    pub of: String,
    /// The card's columns whose values choose among them; the part has columns of the same names.
    #[serde(default)]
    pub by: Vec<String>,
    /// The part's columns that are shown.
    pub show: Vec<String>,
    /// Which of them adds up to the figure; none: they are counted.
    pub amount: Option<String>,
    /// Where they are neither counted nor added up, but what the figure was worked out from: the newest by this one first.
    pub newest: Option<String>,
    /// Cards whose own figures these are, where a sentence says several.
    #[serde(default)]
    pub see: Vec<String>,
}

impl Members {
    /// True where single people are listed.
    pub fn names_people(&self) -> bool {
        self.show.iter().any(|name| matches!(name.as_str(), "user_email" | "display_name" | "subject"))
    }

    /// The card's query up to the end of the part, and what is shown of it.
    pub(super) fn of_card(&self, template: &str) -> Result<String, String> {
        let shown: Vec<String> = self.show.iter().map(|name| format!("m.{name} AS {name}")).collect();
        let shown = shown.join(", ");
        if views().any(|view| view.name == self.of) {
            return Ok(format!("SELECT {shown}\nFROM {DATASET}.{} AS m", self.of));
        }
        let begin = ["WITH ", "\n"].iter().find_map(|before| {
            let begin = format!("{before}{} AS (\n", self.of);
            template.find(&begin).map(|at| at + begin.len())
        });
        let begin = begin.ok_or_else(|| format!("`members`: the query has no part `{}`", self.of))?;
        let length = template.get(begin..).and_then(|rest| rest.find("\n)"));
        let length = length.ok_or_else(|| format!("`members`: the part `{}` has no end", self.of))?;
        let parts = template.get(..begin + length).unwrap_or_default();
        Ok(format!("{parts}\n)\nSELECT {shown}\nFROM {} AS m", self.of))
    }

    /// Those of a row, or of several together; the largest amount first.
    pub(super) fn of_row(&self, row: &[(String, String)], engine: Engine) -> String {
        let values = |name: &String| {
            let values = row.iter().filter(|(known, _)| known == name);
            values.map(|(_, value)| text(value, engine)).collect::<Vec<_>>().join(", ")
        };
        let mut all: Vec<String> =
            self.by.iter().map(|name| format!("m.{name} IN ({})", values(name))).collect();
        all.extend(self.amount.iter().map(|amount| format!("m.{amount} IS NOT NULL")));
        let condition = if all.is_empty() { String::new() } else { format!("WHERE {}\n", all.join(" AND ")) };
        let first = self.amount.iter().chain(&self.newest).map(|column| format!("{column} DESC"));
        let order: Vec<String> = first.chain(self.show.iter().cloned()).collect();
        format!("{condition}ORDER BY {}", order.join(", "))
    }
}
