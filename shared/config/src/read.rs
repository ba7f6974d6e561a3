//! Reads settings from variables and file, and checks them together.

use std::collections::BTreeMap;
use std::fmt;

use aispend_model::parse_day;

use crate::declared::{DECLARED, Declared, Kind};

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A command-line flag.
    Flag,
    /// An environment variable.
    Variable,
    /// `aispend.toml`.
    File,
    /// Secret Manager, by the name that one of these held.
    Secret,
    /// Nobody set it.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flag => "flag",
            Self::Variable => "environment",
            Self::File => "file",
            Self::Secret => "secret",
            Self::Default => "default",
        })
    }
}

/// A setting's text and where it came from.
#[derive(Clone, PartialEq, Eq)]
pub struct Value {
    /// The text.
    pub text: String,
    /// Where it came from.
    pub origin: Origin,
}

/// Texts by setting name.
pub type Values = BTreeMap<&'static str, Value>;

/// One thing wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: String,
    /// What, and what would be right.
    pub message: String,
}

/// Everything wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.0.iter().enumerate() {
            if place > 0 {
                writeln!(f)?;
            }
            write!(f, "{}: {}", problem.place, problem.message)?;
        }
        Ok(())
    }
}

/// Where settings are read from.
pub struct Sources<'a> {
    /// Flags by setting name.
    pub flags: Vec<(&'static str, String)>,
    /// The environment.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// `aispend.toml` and its name, where there is one.
    pub file: Option<(String, String)>,
}

/// The file's own sections that hold several organisations.
pub const ORGANISATION_LISTS: [&str; 2] = ["anthropic.organisations", "cursor.teams"];

/// Reads every declared setting; the file's remaining tables are returned for `Settings`.
pub fn read(sources: &Sources<'_>, problems: &mut Vec<Problem>) -> (Values, toml::Table) {
    let table = match &sources.file {
        None => toml::Table::new(),
        Some((name, text)) => text.parse().unwrap_or_else(|error: toml::de::Error| {
            problems.push(Problem {
                place: name.clone(),
                message: error.to_string().trim_end().replace('\n', " "),
            });
            toml::Table::new()
        }),
    };
    let mut from_file = BTreeMap::new();
    let file_name = sources.file.as_ref().map(|(name, _)| name.as_str()).unwrap_or_default();
    flatten("", &table, file_name, &mut from_file, problems);
    let mut values = Values::new();
    for declared in DECLARED {
        let flag =
            sources.flags.iter().find(|(name, _)| *name == declared.name).map(|(_, text)| text.clone());
        let variable = (sources.variable)(declared.variable).filter(|text| !text.trim().is_empty());
        let (text, origin, place) = if let Some(text) = flag {
            (text, Origin::Flag, format!("--{}", declared.name.replace('_', "-")))
        } else if let Some(text) = variable {
            (text, Origin::Variable, declared.variable.to_owned())
        } else if let Some(text) = from_file.remove(declared.name) {
            (text, Origin::File, format!("{file_name}: {}", declared.name))
        } else {
            (declared.default.to_owned(), Origin::Default, String::new())
        };
        let text = text.trim().to_owned();
        if let Some(message) = wrong(declared, &text) {
            problems.push(Problem { place, message });
        }
        values.insert(declared.name, Value { text, origin });
    }
    for name in from_file.keys().filter(|name| DECLARED.iter().all(|declared| declared.name != name.as_str()))
    {
        let section = name.split_once('.').map_or("", |(section, _)| section);
        let known: Vec<&str> = DECLARED
            .iter()
            .map(|declared| declared.name)
            .filter(|known| known.starts_with(section))
            .collect();
        problems.push(Problem {
            place: format!("{file_name}: {name}"),
            message: format!("there is no such setting; there are {}", known.join(", ")),
        });
    }
    (values, table)
}

fn flatten(
    prefix: &str,
    table: &toml::Table,
    file_name: &str,
    into: &mut BTreeMap<String, String>,
    problems: &mut Vec<Problem>,
) {
    for (key, value) in table {
        let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        if ORGANISATION_LISTS.contains(&name.as_str()) {
            continue;
        }
        match value {
            toml::Value::Table(inner) => flatten(&name, inner, file_name, into, problems),
            toml::Value::String(text) => {
                into.insert(name, text.clone());
            }
            toml::Value::Integer(number) => {
                into.insert(name, number.to_string());
            }
            toml::Value::Datetime(day) => {
                into.insert(name, day.to_string());
            }
            toml::Value::Array(items) if items.iter().all(toml::Value::is_str) => {
                let texts: Vec<&str> = items.iter().filter_map(toml::Value::as_str).collect();
                into.insert(name, texts.join(","));
            }
            toml::Value::Array(_) | toml::Value::Float(_) | toml::Value::Boolean(_) => {
                problems.push(Problem {
                    place: format!("{file_name}: {name}"),
                    message: "must be a text, a whole number, a day or a list of texts".to_owned(),
                });
            }
        }
    }
}

/// True where a text is `secret://NAME`: the setting's text is behind it, in Secret Manager.
pub fn names_secret(text: &str) -> bool {
    text.trim().starts_with("secret://")
}

/// With these Secret Manager is asked, or they are read by others than us.
const PLAIN: [&str; 3] = ["google.project", "google.secret_manager_emulator", "sheets.credentials"];

/// What is wrong with a value; an unset one is always right, and a secret's is judged once it is read.
pub fn wrong(declared: &Declared, text: &str) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    if names_secret(text) && matches!(declared.kind, Kind::Text | Kind::Secret | Kind::List | Kind::Url) {
        let is_plain = PLAIN.contains(&declared.name);
        return is_plain.then(|| "cannot be a secret: it is needed before any secret can be read".to_owned());
    }
    match declared.kind {
        Kind::Text | Kind::List => None,
        Kind::Secret => text
            .chars()
            .any(char::is_control)
            .then(|| "holds a line break or another control character".to_owned()),
        Kind::Day => parse_day(text).err().map(|error| error.to_string()),
        Kind::Seconds => {
            text.parse::<u64>().is_err().then(|| format!("`{text}` is not a whole number of seconds"))
        }
        Kind::Count => text
            .parse::<u32>()
            .map_or(true, |count| count == 0)
            .then(|| format!("`{text}` is not a whole number above zero")),
        Kind::Url => (!text.starts_with("http://") && !text.starts_with("https://"))
            .then(|| format!("`{text}` does not begin with http:// or https://")),
        Kind::Choice(choices) => {
            (!choices.contains(&text)).then(|| format!("`{text}` is none of {}", choices.join(", ")))
        }
    }
}
