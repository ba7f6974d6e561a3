//! Settings as the program uses them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aispend_model::{Feed, parse_day};
use jiff::civil::Date;
use secrecy::{ExposeSecret, SecretString};

use crate::declared::{DECLARED, Kind};
use crate::read::{Origin, Problem, Problems, Sources, Value, Values, names_secret, read, wrong};

/// One Anthropic key.
#[derive(Debug, Clone)]
pub struct AnthropicAccount {
    /// The setting a person knows it by.
    pub setting: String,
    /// How the program names it.
    pub slot: String,
    /// True for an Admin key, false for one with `read:analytics`.
    pub is_admin: bool,
    /// The key.
    pub key: SecretString,
}

/// One Cursor team.
#[derive(Debug, Clone)]
pub struct CursorAccount {
    /// How it is called in the tables.
    pub org_id: String,
    /// The key.
    pub key: SecretString,
}

/// All settings, checked.
#[derive(Clone)]
pub struct Settings {
    values: Values,
    table: toml::Table,
    /// Every Anthropic key, the environment's first.
    pub anthropic: Vec<AnthropicAccount>,
    /// Every Cursor team, the environment's first.
    pub cursor: Vec<CursorAccount>,
    /// Tabs with other names than their feed's.
    pub tabs: BTreeMap<Feed, String>,
}

impl Settings {
    /// Reads and checks everything, without a network.
    ///
    /// # Errors
    /// Every problem there is.
    pub fn read(sources: &Sources<'_>) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let (values, table) = read(sources, &mut problems);
        let mut settings =
            Self { values, table, anthropic: Vec::new(), cursor: Vec::new(), tabs: BTreeMap::new() };
        settings.derive(&mut problems);
        if problems.is_empty() { Ok(settings) } else { Err(Problems(problems)) }
    }

    /// Accounts and tabs, from texts and tables.
    fn derive(&mut self, problems: &mut Vec<Problem>) {
        self.anthropic.clear();
        self.cursor.clear();
        self.tabs.clear();
        for (name, slot, is_admin) in [
            ("anthropic.admin_key", "anthropic-admin", true),
            ("anthropic.analytics_key", "anthropic-analytics", false),
        ] {
            if let Some(key) = self.text(name) {
                let key = SecretString::from(key.to_owned());
                let setting = variable_of(name);
                self.anthropic.push(AnthropicAccount { setting, slot: slot.to_owned(), is_admin, key });
            }
        }
        if let Some(key) = self.text("cursor.admin_key") {
            let key = SecretString::from(key.to_owned());
            let org_id = self.text("cursor.org_id").unwrap_or("cursor").to_owned();
            self.cursor.push(CursorAccount { org_id, key });
        }
        let table = std::mem::take(&mut self.table);
        self.read_organisations(&table, problems);
        self.table = table;
        self.read_tabs(problems);
    }

    /// Reads environment and file: the file named, or `aispend.toml` where there is one.
    ///
    /// # Errors
    /// Every problem there is.
    pub fn load(file: Option<&Path>, flags: Vec<(&'static str, String)>) -> Result<Self, Problems> {
        let path = file.unwrap_or_else(|| Path::new("aispend.toml"));
        let place = path.display().to_string();
        let file = match std::fs::read_to_string(path) {
            Ok(text) => Some((place, text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && file.is_none() => None,
            Err(error) => return Err(Problems(vec![Problem { place, message: error.to_string() }])),
        };
        Self::read(&Sources { flags, variable: &|name| std::env::var(name).ok(), file })
    }

    fn read_organisations(&mut self, table: &toml::Table, problems: &mut Vec<Problem>) {
        let list = |section: &str, key: &str| {
            table
                .get(section)
                .and_then(|section| section.get(key))
                .and_then(toml::Value::as_array)
                .cloned()
                .unwrap_or_default()
        };
        for (place, organisation) in list("anthropic", "organisations").iter().enumerate() {
            let text = |key: &str| organisation.get(key).and_then(toml::Value::as_str).map(str::to_owned);
            let before = self.anthropic.len();
            for (key, is_admin) in [("admin_key", true), ("analytics_key", false)] {
                if let Some(secret) = text(key) {
                    self.anthropic.push(AnthropicAccount {
                        setting: format!("anthropic.organisations[{place}].{key}"),
                        slot: format!("anthropic-{place}-{key}"),
                        is_admin,
                        key: SecretString::from(secret),
                    });
                }
            }
            if self.anthropic.len() == before {
                problems.push(Problem {
                    place: format!("anthropic.organisations[{place}]"),
                    message: "needs admin_key, analytics_key or both".to_owned(),
                });
            }
        }
        for (place, team) in list("cursor", "teams").iter().enumerate() {
            let text = |key: &str| team.get(key).and_then(toml::Value::as_str).map(str::to_owned);
            match (text("org_id"), text("admin_key")) {
                (Some(org_id), Some(key)) if self.cursor.iter().all(|known| known.org_id != org_id) => {
                    self.cursor.push(CursorAccount { org_id, key: SecretString::from(key) });
                }
                (Some(org_id), Some(_)) => problems.push(Problem {
                    place: format!("cursor.teams[{place}]"),
                    message: format!("org_id `{org_id}` is taken; every team needs its own"),
                }),
                _ => problems.push(Problem {
                    place: format!("cursor.teams[{place}]"),
                    message: "needs org_id and admin_key".to_owned(),
                }),
            }
        }
    }

    fn read_tabs(&mut self, problems: &mut Vec<Problem>) {
        if self.text("sheets.tabs").is_some_and(names_secret) {
            return;
        }
        for pair in self.list("sheets.tabs") {
            let known = pair.split_once('=').and_then(|(name, tab)| {
                let feed: Feed = format!("sheets/{}", name.trim()).parse().ok()?;
                Some((feed, tab.trim().to_owned()))
            });
            match known {
                Some((feed, tab)) if !tab.is_empty() => {
                    self.tabs.insert(feed, tab);
                }
                _ => problems.push(Problem {
                    place: "AISPEND_SHEET_TABS".to_owned(),
                    message: format!("`{pair}` is not <sheet>=<tab>, such as api-key-mapping=Keys"),
                }),
            }
        }
    }

    /// Names of the settings whose text is `secret://NAME`.
    pub fn naming_secrets(&self) -> Vec<&'static str> {
        let names = |name: &&'static str| self.text(name).is_some_and(names_secret);
        DECLARED.iter().map(|declared| declared.name).filter(names).collect()
    }

    /// The same with the secret that a setting names.
    ///
    /// # Errors
    /// When a text of that setting cannot be this. The text itself is not repeated.
    pub fn with_secret(mut self, name: &str, secret: &SecretString) -> Result<Self, Problems> {
        let text = secret.expose_secret().trim();
        let unusable = DECLARED
            .iter()
            .any(|declared| declared.name == name && (names_secret(text) || wrong(declared, text).is_some()));
        if let Some(value) = self.values.get_mut(name) {
            *value = Value { text: text.to_owned(), origin: Origin::Secret };
        }
        let mut problems = Vec::new();
        self.derive(&mut problems);
        if unusable || !problems.is_empty() {
            let message = "the secret that it names is no value of this setting: see its sentence in --help";
            return Err(Problems(vec![Problem { place: variable_of(name), message: message.to_owned() }]));
        }
        Ok(self)
    }

    /// A setting's text, `None` where it is not set.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|value| value.text.as_str()).filter(|text| !text.is_empty())
    }

    /// The text of the setting with that variable, `None` where it is not set.
    pub fn of_variable(&self, variable: &str) -> Option<&str> {
        let declared = DECLARED.iter().find(|declared| declared.variable == variable)?;
        self.text(declared.name)
    }

    /// True where a setting's text is its default's.
    pub fn is_default(&self, name: &str) -> bool {
        let declared = DECLARED.iter().find(|declared| declared.name == name);
        let plain = |text: &str| text.trim_end_matches('/').to_owned();
        declared.is_some_and(|declared| plain(declared.default) == plain(self.text(name).unwrap_or_default()))
    }

    /// A setting's items.
    pub fn list(&self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    /// A setting in seconds.
    pub fn seconds(&self, name: &str) -> Duration {
        Duration::from_secs(self.text(name).and_then(|text| text.parse().ok()).unwrap_or(0))
    }

    /// A count.
    pub fn count(&self, name: &str) -> u32 {
        self.text(name).and_then(|text| text.parse().ok()).unwrap_or(1)
    }

    /// A day.
    pub fn day(&self, name: &str) -> Option<Date> {
        self.text(name).and_then(|text| parse_day(text).ok())
    }

    /// Where everything is kept.
    pub fn data_dir(&self) -> PathBuf {
        PathBuf::from(self.text("data_dir").unwrap_or("./data"))
    }

    /// Every setting with its origin, secrets hidden: name, variable, shown value, origin, sentence.
    pub fn shown(&self) -> Vec<(&'static str, &'static str, String, Origin, &'static str)> {
        DECLARED
            .iter()
            .map(|declared| {
                let value = self.values.get(declared.name);
                let origin = value.map_or(Origin::Default, |value| value.origin);
                let text = value.map(|value| value.text.clone()).unwrap_or_default();
                let is_hidden = declared.kind == Kind::Secret || origin == Origin::Secret;
                let shown = match (is_hidden, text.is_empty()) {
                    (_, true) => "(not set)".to_owned(),
                    (true, false) => "(set, hidden)".to_owned(),
                    (false, false) => text,
                };
                (declared.name, declared.variable, shown, origin, declared.sentence)
            })
            .collect()
    }

    /// Every setting and key as one text, for comparing through a hash. Holds secrets: never to be stored or shown.
    pub fn fingerprint(&self) -> String {
        let mut text: Vec<String> =
            self.values.iter().map(|(name, value)| format!("{name}={}", value.text)).collect();
        text.extend(self.anthropic.iter().map(|account| account.key.expose_secret().to_owned()));
        text.extend(self.cursor.iter().map(|account| account.key.expose_secret().to_owned()));
        text.join("\n")
    }

    /// With another value for a setting, as if a flag had set it. For `demo`, whose vendors are its own.
    #[must_use]
    pub fn with(mut self, name: &'static str, text: &str) -> Self {
        self.values.insert(name, Value { text: text.to_owned(), origin: Origin::Flag });
        self
    }
}

fn variable_of(name: &str) -> String {
    DECLARED
        .iter()
        .find(|declared| declared.name == name)
        .map_or(name, |declared| declared.variable)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_from(variables: &[(&str, &str)], file: &str) -> Result<Settings, String> {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned())
        };
        let sources = Sources {
            flags: Vec::new(),
            variable: &variable,
            file: (!file.is_empty()).then(|| ("aispend.toml".to_owned(), file.to_owned())),
        };
        Settings::read(&sources).map_err(|problems| problems.to_string())
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
        let file = "[anthropic]\ncost_api = \"legacy\"\n[run]\nstart_date = 2026-01-01\n";
        let settings = read_from(&[("AISPEND_COST_API", "analytics")], file).unwrap();
        assert_eq!(settings.text("anthropic.cost_api"), Some("analytics"));
        assert_eq!(settings.day("run.start_date"), Some(jiff::civil::date(2026, 1, 1)));
        assert_eq!(settings.text("cursor.base_url"), Some("https://api.cursor.com"));
    }

    #[test]
    fn every_problem_is_named_at_once_with_its_place() {
        let file = "[anthropic]\ncost_api = \"newest\"\nadminkey = \"x\"\n[[cursor.teams]]\norg_id = \"b\"\n";
        let variables = [("AISPEND_START_DATE", "yesterday"), ("CURSOR_BASE_URL", "localhost:1")];
        let text = read_from(&variables, file).err().unwrap();
        for expected in [
            "aispend.toml: anthropic.cost_api: `newest` is none of auto, analytics, legacy",
            "AISPEND_START_DATE: `yesterday` is not a day",
            "CURSOR_BASE_URL: `localhost:1` does not begin with http",
            "aispend.toml: anthropic.adminkey: there is no such setting",
            "cursor.teams[0]: needs org_id and admin_key",
        ] {
            assert!(text.contains(expected), "{expected} is not in:\n{text}");
        }
    }

    #[test]
    fn secrets_are_never_shown() {
        let settings = read_from(&[("ANTHROPIC_ADMIN_KEY", "sk-ant-admin01-secret")], "").unwrap();
        assert!(settings.shown().iter().all(|(_, _, shown, _, _)| !shown.contains("secret")));
        assert!(!format!("{:?}", settings.anthropic).contains("sk-ant"));
    }

    #[test]
    fn a_setting_may_name_a_secret_and_is_judged_by_what_is_behind_it() {
        let secret = |text: &str| SecretString::from(text.to_owned());
        let variables = [
            ("CURSOR_BASE_URL", "secret://address"),
            ("AISPEND_SHEET_TABS", "secret://tabs"),
            ("AISPEND_CURSOR_ORG_ID", "secret://team"),
            ("CURSOR_ADMIN_KEY", "key_1"),
        ];
        let settings = read_from(&variables, "").unwrap();
        assert_eq!(settings.naming_secrets(), ["cursor.org_id", "cursor.base_url", "sheets.tabs"]);
        let told = settings.clone().with_secret("cursor.org_id", &secret("team-7")).unwrap();
        let told = told.with_secret("sheets.tabs", &secret("people=Staff")).unwrap();
        let told = told.with_secret("cursor.base_url", &secret("https://cursor.example.com\n")).unwrap();
        assert_eq!(told.text("cursor.base_url"), Some("https://cursor.example.com"));
        assert_eq!((told.cursor.len(), told.cursor[0].org_id.as_str()), (1, "team-7"));
        assert_eq!(told.tabs.values().collect::<Vec<_>>(), ["Staff"]);
        assert!(told.naming_secrets().is_empty());
        assert!(told.shown().iter().all(|(_, _, shown, _, _)| !shown.contains("cursor.example.com")));
        for (name, text) in
            [("cursor.base_url", "hunter2"), ("sheets.tabs", "hunter2"), ("data_dir", "secret://hunter2")]
        {
            let error = settings.clone().with_secret(name, &secret(text)).err().unwrap().to_string();
            assert!(error.starts_with(&variable_of(name)) && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn what_secrets_are_asked_for_with_cannot_be_one_nor_can_a_number() {
        let variables = [("GOOGLE_CLOUD_PROJECT", "secret://a"), ("AISPEND_CONCURRENCY", "secret://b")];
        let text = read_from(&variables, "").err().unwrap();
        assert!(text.contains("GOOGLE_CLOUD_PROJECT: cannot be a secret"), "{text}");
        assert!(text.contains("AISPEND_CONCURRENCY: `secret://b` is not a whole number"), "{text}");
    }

    #[test]
    fn several_organisations_come_from_the_file() {
        let file = "[[anthropic.organisations]]\nadmin_key = \"a\"\n[[anthropic.organisations]]\nanalytics_key = \"b\"\n[[cursor.teams]]\norg_id = \"two\"\nadmin_key = \"c\"\n";
        let settings = read_from(&[("CURSOR_ADMIN_KEY", "k")], file).unwrap();
        assert_eq!(settings.anthropic.len(), 2);
        let teams: Vec<&str> = settings.cursor.iter().map(|team| team.org_id.as_str()).collect();
        assert_eq!(teams, ["cursor", "two"]);
    }
}
