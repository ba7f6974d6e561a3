//! A card as its file declares it: what it answers, how it is shown, and its query.

mod inputs;
mod members;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    DATASET, Engine, Filter, MadeOf, Selection, files,
    template::{is_word, render_selected, render_with, replace, with_parts, words},
};

use inputs::Inputs;
pub use members::Members;

/// The word at the end of a long card's columns, and what the column is called that stands there when a page asks.
pub const OF_ALL: &str = "of_all";

/// Why a card's file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cards/{file}.sql: {problem}")]
pub struct CardError {
    /// Group and name.
    pub file: String,
    /// What is wrong, with the key it is about.
    pub problem: String,
}

/// How a card is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Display {
    Table,
    Scalar,
    Progress,
    Line,
    Bar,
    Row,
    Pie,
    Combo,
    Waterfall,
    Scatter,
    Text,
}

impl Display {
    /// True for what is drawn, and so needs a table beside it.
    pub const fn is_chart(self) -> bool {
        !matches!(self, Self::Table | Self::Scalar | Self::Progress | Self::Text)
    }

    /// True for a figure alone.
    pub const fn is_figure(self) -> bool {
        matches!(self, Self::Scalar | Self::Progress)
    }
}

/// What a column holds, which decides how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum ColumnType {
    Text,
    Person,
    Team,
    Platform,
    Model,
    Key,
    Day,
    Week,
    Month,
    Usd,
    /// A price of one thing: three decimals.
    UsdUnit,
    /// A fraction: 1 is 100 %.
    Percent,
    Integer,
    Number,
    /// A word of an ordered scale.
    Level,
    Headline,
    Flag,
}

impl ColumnType {
    /// True for what is counted or measured.
    pub const fn is_number(self) -> bool {
        matches!(self, Self::Usd | Self::UsdUnit | Self::Percent | Self::Integer | Self::Number)
    }

    /// True for days and runs of days.
    pub const fn is_day(self) -> bool {
        matches!(self, Self::Day | Self::Week | Self::Month)
    }
}

/// An output column.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// As the query names it.
    pub name: String,
    /// As people read it.
    pub label: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: ColumnType,
    /// For links and files, not for the screen.
    #[serde(default)]
    pub hidden: bool,
    /// Tinted by value, over all such columns.
    #[serde(default)]
    pub heat: bool,
    /// A small bar beside the number.
    #[serde(default)]
    pub mini: bool,
    /// What a single person did, as opposed to what it cost: left out where only teams may be seen.
    #[serde(default)]
    pub work: bool,
    /// Where a cell leads: `group?filter={column}`.
    pub link: Option<String>,
    /// Which rows of the facts its figures are made of.
    #[serde(default, rename = "rows")]
    pub made_of: Option<MadeOf>,
    /// The columns beside it that its figures are worked out from, where no rows add up to them.
    #[serde(default)]
    pub from: Vec<String>,
    /// The value that stands for everything that no other row names: `Other models`.
    pub rest: Option<String>,
    /// What its figures are made of where that is no row of the facts.
    pub inputs: Option<Inputs>,
    /// What its figures count, where that is rows of the card's own query: people of a category, findings of a rule.
    pub members: Option<Members>,
}

/// How a chart reads the rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    /// The column of the category axis.
    pub x: String,
    /// The measures.
    pub y: Vec<String>,
    /// One series for each value of this column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub series: Option<String>,
    /// Which colours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colors: Option<String>,
    /// Stacked.
    #[serde(default)]
    pub stack: bool,
    /// Stacked to 100 %.
    #[serde(default)]
    pub percent: bool,
    /// What only the drawing needs.
    #[serde(flatten)]
    pub more: BTreeMap<String, toml::Value>,
}

/// A place on the grid of 24 columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u16, u16, u16, u16)")]
#[allow(missing_docs)]
pub struct Place {
    pub col: u16,
    pub row: u16,
    pub width: u16,
    pub height: u16,
}

impl From<(u16, u16, u16, u16)> for Place {
    fn from((col, row, width, height): (u16, u16, u16, u16)) -> Self {
        Self { col, row, width, height }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct TableHints {
    #[serde(default)]
    total: Vec<String>,
}

/// The head of a card's file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    title: String,
    question: String,
    definition: String,
    formula: Option<String>,
    display: Display,
    tab: String,
    place: Option<Place>,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    ignores: Vec<Filter>,
    #[serde(default)]
    empty: String,
    #[serde(default)]
    notes: Vec<String>,
    changed: String,
    chart: Option<Chart>,
    #[serde(default)]
    columns: Vec<Column>,
    #[serde(default)]
    table: TableHints,
    #[serde(default)]
    person: bool,
    #[serde(default)]
    keys: Vec<String>,
    body: Option<String>,
}

/// A card.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// `group/name`.
    pub id: String,
    /// Its dashboard.
    pub group: String,
    /// Its name within the dashboard.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// What it answers.
    pub question: String,
    /// In words.
    pub definition: String,
    /// As arithmetic.
    pub formula: Option<String>,
    /// How it is drawn.
    pub display: Display,
    /// The tab it stands on.
    pub tab: String,
    /// Its place there; none: not on the page by itself.
    pub place: Option<Place>,
    /// Of its main measure.
    pub unit: String,
    /// Filters of its dashboard that it does not follow.
    pub ignores: Vec<Filter>,
    /// What is said where there are no rows.
    pub empty: String,
    /// Always shown with it.
    pub notes: Vec<String>,
    /// When its definition last changed.
    pub changed: Date,
    /// How it is drawn, where it is.
    pub chart: Option<Chart>,
    /// What its query returns, in order.
    pub columns: Vec<Column>,
    /// Columns that its query returns as well and this reader does not see: places in the answer.
    pub left_out: BTreeSet<usize>,
    /// Columns that have a total row.
    pub totals: Vec<String>,
    /// The columns that say which rows of the facts a row stands for: `column`, or `column:filter`; none: every column that
    /// can be filtered by.
    pub keys: Vec<String>,
    /// True where rows are people: left out where only teams may be seen.
    pub is_personal: bool,
    /// Markdown, of a text card.
    pub body: Option<String>,
    sql: String,
}

/// Every card, in the order of the pages.
///
/// # Errors
/// The first file that cannot be used.
pub fn cards() -> Result<Vec<Card>, CardError> {
    files::CARDS.iter().map(|(group, name, file)| Card::parse(group, name, file)).collect()
}

impl Card {
    /// Reads a file: a TOML head in a block comment, then one SELECT.
    ///
    /// # Errors
    /// Names the file and the key.
    pub fn parse(group: &str, name: &str, file: &str) -> Result<Self, CardError> {
        let id = format!("{group}/{name}");
        let wrong = |problem: String| CardError { file: id.clone(), problem };
        let (head, sql) = file
            .trim_start()
            .strip_prefix("/*")
            .and_then(|rest| rest.split_once("*/"))
            .ok_or_else(|| wrong("it does not begin with its head in a block comment".to_owned()))?;
        let head: Head = toml::from_str(head).map_err(|error| wrong(error.to_string()))?;
        let changed = head.changed.parse().map_err(|error| wrong(format!("`changed`: {error}")))?;
        // A column that names somebody makes a card personal, whether its file says so or not.
        let names_people = |column: &Column| {
            column.kind == ColumnType::Person || matches!(column.name.as_str(), "user_email" | "display_name")
        };
        let is_personal = head.person || head.columns.iter().any(names_people);
        let card = Self {
            group: group.to_owned(),
            name: name.to_owned(),
            title: head.title,
            question: head.question,
            definition: head.definition,
            formula: head.formula,
            display: head.display,
            tab: head.tab,
            place: head.place,
            unit: head.unit,
            ignores: head.ignores,
            empty: head.empty,
            notes: head.notes,
            changed,
            chart: head.chart,
            columns: head.columns,
            left_out: BTreeSet::new(),
            totals: head.table.total,
            keys: head.keys,
            is_personal,
            body: head.body,
            sql: with_parts(sql.trim().trim_end_matches(';')).map_err(wrong)?,
            id: id.clone(),
        };
        card.check().map_err(wrong)?;
        Ok(card)
    }

    /// The card where nobody's work is shown by name; `None` where nothing of it is left.
    #[must_use]
    pub fn for_teams(mut self) -> Option<Self> {
        for column in &mut self.columns {
            column.members = column.members.take().filter(|members| !members.names_people());
        }
        if !self.is_personal {
            return Some(self);
        }
        if matches!(self.group.as_str(), "prod" | "roi") {
            return None;
        }
        let work = self.columns.iter().enumerate().filter(|(_, column)| column.work);
        self.left_out = work.map(|(place, _)| place).collect();
        self.columns.retain(|column| !column.work);
        self.totals.retain(|name| self.columns.iter().any(|column| column.name == *name));
        // A link by person leads to that person's work.
        for column in &mut self.columns {
            column.link = column.link.take().filter(|link| !link.contains("user="));
        }
        Some(self)
    }

    /// A page shows the first rows of such a card, and says how many there are.
    fn is_long(&self) -> bool {
        words(&self.sql).any(|word| word == OF_ALL)
    }

    fn check(&self) -> Result<(), String> {
        let known = |name: &String| {
            let is_known = self.columns.iter().any(|column| column.name == *name);
            if is_known { Ok(()) } else { Err(format!("there is no column `{name}`")) }
        };
        if let Some(place) = self.place
            && (place.col + place.width > 24 || place.width == 0 || place.height == 0)
        {
            return Err("`place` is outside the 24 columns".to_owned());
        }
        if self.display == Display::Text {
            return match (&self.body, self.sql.is_empty()) {
                (Some(_), true) => Ok(()),
                (None, _) => Err("a text card needs `body`".to_owned()),
                (Some(_), false) => Err("a text card has no query".to_owned()),
            };
        }
        if self.sql.is_empty() || self.columns.is_empty() {
            return Err("it has no query or no `columns`".to_owned());
        }
        if self.display.is_chart() != self.chart.is_some() {
            return Err(format!("`chart` goes with a display that is drawn, not with {:?}", self.display));
        }
        if let Some(chart) = &self.chart {
            known(&chart.x)?;
            chart.y.iter().chain(&chart.series).try_for_each(known)?;
        }
        self.totals.iter().try_for_each(known)?;
        for column in &self.columns {
            column.from.iter().try_for_each(known)?;
            column.made_of.iter().flat_map(|made_of| &made_of.by).try_for_each(known)?;
            if let Some(members) = &column.members {
                members.by.iter().try_for_each(known)?;
                members.of_card(&self.sql).map(drop)?;
            }
        }
        let needs_all = |column: &Column| column.heat || column.rest.is_some();
        if self.is_long()
            && (self.display != Display::Table
                || !self.totals.is_empty()
                || self.columns.iter().any(needs_all))
        {
            return Err(
                "`{{of_all}}` is for tables without sums, tints and rests: a page reads their first rows"
                    .to_owned(),
            );
        }
        let key = |key: &String| known(&key.split(':').next().unwrap_or_default().to_owned());
        self.keys.iter().try_for_each(key)?;
        if let Some(word) = words(&self.sql).find(|word| !is_word(word)) {
            return Err(format!("`{{{{{word}}}}}` is no word of a card"));
        }
        Ok(())
    }

    /// The query; none for a text card.
    pub fn sql(&self, engine: Engine, selection: &Selection) -> Option<String> {
        (!self.sql.is_empty()).then(|| render_selected(&self.sql, engine, selection))
    }

    /// The query of a page, which shows so many rows. Where there may be many more it asks for the first of them, and in a last
    /// column, [`OF_ALL`], for how many there are.
    pub fn page_sql(&self, engine: Engine, selection: &Selection, rows: usize) -> Option<String> {
        if !self.is_long() {
            return self.sql(engine, selection);
        }
        let counted = replace(&self.sql, |word| match word {
            OF_ALL => format!(",\n    COUNT(*) OVER () AS {OF_ALL}").into(),
            other => format!("{{{{{other}}}}}").into(),
        });
        Some(format!("{}\nLIMIT {rows}", render_selected(&counted, engine, selection)))
    }

    /// The rows that a column's figure counts or adds up, in the row where these columns say this.
    ///
    /// # Errors
    /// Names the value that is missing.
    pub fn members(
        &self,
        members: &Members,
        of_row: &[(String, String)],
        engine: Engine,
        selection: &Selection,
    ) -> Result<String, String> {
        if let Some(missing) = members.by.iter().find(|name| of_row.iter().all(|(known, _)| known != *name)) {
            return Err(format!("row: it does not say which `{missing}`"));
        }
        // What somebody wrote into an address is no template.
        let query = render_selected(&members.of_card(&self.sql)?, engine, selection);
        Ok(format!("{query}\n{}", members.of_row(of_row, engine)))
    }

    /// The query with the caller's own spelling of the words it has one for, such as `period`; none for a text card.
    pub fn sql_with(&self, engine: Engine, own: impl Fn(&str) -> Option<String>) -> Option<String> {
        (!self.sql.is_empty()).then(|| render_with(&self.sql, engine, own))
    }

    /// True where it is words alone.
    pub const fn is_text(&self) -> bool {
        matches!(self.display, Display::Text)
    }

    /// The query as its file has it, with its parts in place.
    pub fn template(&self) -> &str {
        &self.sql
    }

    /// The tables and views it looks at, as people may look for them.
    pub fn sources(&self) -> Vec<String> {
        let mut sources: Vec<String> = Vec::new();
        let mut add = |name: &str| {
            if !sources.iter().any(|known| known == name) {
                sources.push(name.to_owned());
            }
        };
        for word in words(&self.sql) {
            match word {
                "spend" => ["claude_expenses", "cursor_expenses"].into_iter().for_each(&mut add),
                "usage" => ["claude_code_usage_stats", "claude_usage_stats", "cursor_usage_stats"]
                    .into_iter()
                    .for_each(&mut add),
                _ => {}
            }
        }
        self.views().into_iter().for_each(add);
        sources
    }

    /// The tables and views that the query names itself.
    pub fn views(&self) -> Vec<&str> {
        let prefix = format!("{DATASET}.");
        let mut names: Vec<&str> = self.sql.split(prefix.as_str()).skip(1).map(name_at_start).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// The identifier that a text begins with.
pub(crate) fn name_at_start(text: &str) -> &str {
    let end = text.find(|next: char| !next.is_ascii_alphanumeric() && next != '_').unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests;
