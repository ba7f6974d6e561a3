//! What the figures of a column are made of: rows of the facts, added up or counted.
//!
//! A card's file says it beside the column: `rows = "cost_usd class=seat"`, `rows = "cost_usd / sessions"`, or, where it
//! depends on the row, a table of such texts by the words of another column.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Which rows hold a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Facts {
    /// `fct_cost_daily`.
    Cost,
    /// `fct_usage_daily`.
    Usage,
}

/// Which model a row of use counts for, where a model is chosen: as in `vw_usage_daily`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByModel {
    /// As the row says.
    Row,
    /// Not reported by model on coding tools.
    Record,
    /// Not reported by model on Cursor.
    Tokens,
    /// Whoever used the model.
    Active,
}

/// Something that rows of the facts (as `f`) add up or count to.
#[derive(Debug, PartialEq, Eq)]
pub struct Measure {
    /// As card files name it.
    pub name: &'static str,
    /// As people read it.
    pub label: &'static str,
    /// Where its rows are.
    pub facts: Facts,
    /// A row's part in it. Rows without one are no rows of the measure.
    pub of_row: &'static str,
    /// All rows together.
    pub sum: &'static str,
    /// What a row must be to count.
    pub only: &'static str,
    /// Which model it counts for.
    pub by_model: ByModel,
}

macro_rules! measures {
    ($($name:literal $label:literal $facts:ident $by_model:ident $of_row:literal $sum:literal $only:literal;)*) => {
        &[$(Measure {
            name: $name, label: $label, facts: Facts::$facts, by_model: ByModel::$by_model,
            of_row: $of_row, sum: $sum, only: $only,
        }),*]
    };
}

macro_rules! summed {
    ($name:literal $label:literal $by_model:ident $column:literal) => {
        Measure {
            name: $name,
            label: $label,
            facts: Facts::Usage,
            by_model: ByModel::$by_model,
            of_row: $column,
            sum: concat!("SUM(", $column, ")"),
            only: "",
        }
    };
}

/// Counted, not added up.
const COUNTED: &[Measure] = measures![
    "cost_usd" "billed money" Cost Row "f.cost_usd" "SUM(f.cost_usd)" "";
    "paying_people" "people who cost something" Cost Row "f.user_email" "COUNT(DISTINCT f.user_email)"
        "f.user_email <> 'unknown@unattributed.com' AND f.cost_usd <> 0";
    "active_people" "active people" Usage Active "f.user_email" "COUNT(DISTINCT f.user_email)"
        "f.user_email <> 'unknown@unattributed.com'";
    "active_accounts" "active people, those without a name as one" Usage Active "f.user_email"
        "COUNT(DISTINCT f.user_email)" "";
    "active_days" "active days" Usage Active "f.usage_date" "COUNT(DISTINCT f.usage_date)" "";
    "person_days" "active days of each person" Usage Active "f.usage_date"
        "COUNT(DISTINCT CAST(f.usage_date AS STRING) || f.user_email)" "";
];

/// Added up.
const SUMMED: &[Measure] = &[
    summed!("sessions" "sessions" Record "f.sessions"),
    summed!("lines_suggested" "lines suggested" Record "f.lines_of_code_added"),
    summed!("lines_accepted" "lines accepted" Record "f.lines_of_code_accepted"),
    summed!("suggestions_accepted" "suggestions accepted" Record "f.total_accepts"),
    summed!("suggestions_decided" "suggestions accepted or rejected" Record "f.total_accepts + f.total_rejects"),
    summed!("commits" "commits" Record "f.commits"),
    summed!("pull_requests" "pull requests" Record "f.pull_requests"),
    summed!("composer_requests" "composer requests" Record "f.composer_requests"),
    summed!("chat_requests" "chat requests" Record "f.chat_requests"),
    summed!("agent_requests" "agent requests" Record "f.agent_requests"),
    summed!("cmdk_usages" "inline edits" Record "f.cmdk_usages"),
    summed!("included_requests" "requests covered by the plan" Record "f.subscription_requests"),
    summed!("usage_based_requests" "requests charged by use" Record "f.usage_based_requests"),
    summed!("input_tokens" "input tokens" Tokens "f.input_tokens"),
    summed!("output_tokens" "output tokens" Tokens "f.output_tokens"),
    summed!("tokens" "input and output tokens" Tokens "COALESCE(f.input_tokens, 0) + COALESCE(f.output_tokens, 0)"),
    summed!("cache_tokens" "cache tokens" Tokens "COALESCE(f.cache_read_tokens, 0) + COALESCE(f.cached_input_tokens, 0)"),
];

/// Conditions that a file may put behind a measure; those that take a value.
const CONDITIONS: [&str; 12] = [
    "platform",
    "class",
    "type",
    "attribution",
    "allocation",
    "token",
    "coding",
    "covered",
    "without",
    "days",
    "week",
    "weeks",
];

/// The same, of those that stand alone.
const WORDS: [&str; 2] = ["before", "last_month"];

impl Measure {
    /// By its name.
    pub fn named(name: &str) -> Option<&'static Self> {
        COUNTED.iter().chain(SUMMED).find(|measure| measure.name == name)
    }

    /// True where rows are counted: people, days.
    pub fn is_counted(&self) -> bool {
        self.sum.starts_with("COUNT(")
    }
}

/// A measure under conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What is added up or counted.
    pub measure: &'static Measure,
    /// Name and value; a name may come twice, for either of two values. Words have no value.
    pub only: Vec<(String, String)>,
}

/// How parts become a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It is the only part.
    Whole,
    /// The first over the second.
    Ratio,
    /// By the card's definition.
    Worked,
}

/// What one figure is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// In order.
    pub parts: Vec<Part>,
    /// What becomes of them.
    pub how: How,
}

/// What the figures of a column are made of.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct MadeOf {
    /// The column that says which of several; none: always the same.
    pub by: Option<String>,
    cases: BTreeMap<String, Option<Recipe>>,
}

/// As a file has it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    One(String),
    By(BTreeMap<String, String>),
}

/// All cases together: a sum over them.
pub const TOTAL: &str = "total";

/// Any case that is not named.
const ANY: &str = "*";

impl MadeOf {
    /// What a figure is made of, by the word in its row that decides.
    pub fn recipe(&self, case: Option<&str>) -> Option<&Recipe> {
        let named = case.filter(|_| self.by.is_some()).and_then(|case| self.cases.get(case));
        named.or_else(|| self.cases.get(ANY))?.as_ref()
    }
}

impl TryFrom<Written> for MadeOf {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let (by, cases) = match written {
            Written::One(text) => (None, BTreeMap::from([(ANY.to_owned(), text)])),
            Written::By(mut cases) => {
                let by = cases.remove("by").ok_or("`rows` by case needs `by`, a column")?;
                (Some(by), cases)
            }
        };
        let read = |(case, text): (String, String)| -> Result<_, String> {
            // Said to be made of no rows.
            let recipe = if text.is_empty() { None } else { Some(recipe(&text)?) };
            Ok((case, recipe))
        };
        let mut cases: BTreeMap<String, Option<Recipe>> =
            cases.into_iter().map(read).collect::<Result<_, _>>()?;
        if by.is_some() && !cases.contains_key(ANY) && !cases.contains_key(TOTAL) {
            cases.insert(TOTAL.to_owned(), together(cases.values()));
        }
        Ok(Self { by, cases })
    }
}

/// What adds up to a sum over cases; none where one of them is no sum of rows.
fn together<'a>(mut cases: impl Iterator<Item = &'a Option<Recipe>>) -> Option<Recipe> {
    let parts = cases.try_fold(Vec::new(), |mut parts, case| {
        let whole = case.as_ref().filter(|recipe| recipe.how == How::Whole)?;
        parts.extend(whole.parts.iter().cloned());
        Some(parts)
    });
    Some(Recipe { parts: parts?, how: How::Worked })
}

fn recipe(text: &str) -> Result<Recipe, String> {
    let (is_worked, rest) = text.strip_prefix("of ").map_or((false, text), |rest| (true, rest));
    let parts: Vec<Part> = rest.split(" / ").map(part).collect::<Result<_, _>>()?;
    let how = match parts.len() {
        _ if is_worked => How::Worked,
        1 => How::Whole,
        2 => How::Ratio,
        _ => return Err(format!("`{text}` has more than two parts: begin it with `of `")),
    };
    Ok(Recipe { parts, how })
}

fn part(text: &str) -> Result<Part, String> {
    let mut words = text.split_whitespace();
    let name = words.next().unwrap_or_default();
    let measure = Measure::named(name).ok_or_else(|| format!("`{name}` is no measure"))?;
    let only = words.map(|word| match word.split_once('=') {
        Some((name, value)) if CONDITIONS.contains(&name) && !value.is_empty() => {
            Ok((name.to_owned(), value.to_owned()))
        }
        None if WORDS.contains(&word) => Ok((word.to_owned(), String::new())),
        _ => Err(format!("`{word}` is no condition of a measure")),
    });
    Ok(Part { measure, only: only.collect::<Result<_, _>>()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        rows: MadeOf,
    }

    fn read(text: &str) -> Result<MadeOf, String> {
        toml::from_str::<File>(text).map(|file| file.rows).map_err(|error| error.to_string())
    }

    #[test]
    fn a_figure_is_a_measure_under_conditions_or_two_of_them() {
        let seats = read("rows = \"cost_usd class=seat before\"").unwrap();
        let recipe = seats.recipe(None).unwrap();
        assert_eq!((recipe.how, recipe.parts[0].measure.facts), (How::Whole, Facts::Cost));
        assert_eq!(
            recipe.parts[0].only,
            [("class".to_owned(), "seat".to_owned()), ("before".to_owned(), String::new())]
        );
        let ratio = read("rows = \"lines_accepted / sessions covered=no\"").unwrap();
        assert_eq!(ratio.recipe(Some("any")).unwrap().how, How::Ratio);
        assert_eq!(read("rows = \"of cost_usd / tokens\"").unwrap().recipe(None).unwrap().how, How::Worked);
    }

    #[test]
    fn a_case_has_its_own_and_an_empty_one_has_none() {
        let text = "rows = { by = \"kind\", chat = \"chat_requests\", Other = \"\", \"*\" = \"sessions\" }";
        let made_of = read(text).unwrap();
        let name = |case| made_of.recipe(Some(case)).map(|recipe| recipe.parts[0].measure.name);
        assert_eq!((made_of.by.as_deref(), name("chat")), (Some("kind"), Some("chat_requests")));
        assert_eq!((name("Other"), name("elsewhere")), (None, Some("sessions")));
        let kinds =
            read("rows = { by = \"kind\", chat = \"chat_requests\", agent = \"agent_requests\" }").unwrap();
        let total = kinds.recipe(Some(TOTAL)).unwrap();
        assert_eq!((total.how, total.parts.len()), (How::Worked, 2));
        let ratio = read("rows = { by = \"kind\", a = \"commits\", b = \"commits / sessions\" }").unwrap();
        assert!(ratio.recipe(Some(TOTAL)).is_none());
    }

    #[test]
    fn what_nobody_knows_is_named() {
        for (text, named) in [
            ("\"happiness\"", "happiness"),
            ("\"cost_usd mood=good\"", "mood=good"),
            ("\"cost_usd sometimes\"", "sometimes"),
            ("\"cost_usd / sessions / commits\"", "more than two"),
            ("{ chat = \"chat_requests\" }", "`by`"),
        ] {
            let error = read(&format!("rows = {text}")).unwrap_err();
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
