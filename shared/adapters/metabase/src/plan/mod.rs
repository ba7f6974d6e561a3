//! The steps from what is there to what should be there, each with the requests it makes. Pure.

mod diff;
mod items;
mod letters;
mod place;
mod show;

pub use diff::Change;

use reqwest::Method;
use serde_json::{Value, json};

use crate::found::Found;
use crate::keeper::KEY_NAME;
use crate::wanted::Wanted;

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// The first user of an empty instance.
    SetUp,
    /// Something new.
    Create,
    /// What this build wants otherwise than an earlier one.
    Change,
    /// What somebody changed by hand: done only where a person agrees.
    Restore,
    /// What is no longer declared.
    Archive,
}

/// What is done with an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After {
    /// Nothing.
    Nothing,
    /// Its number is that of this name.
    Id(String),
    /// As of then we are who this session says.
    SignIn,
    /// It holds the only copy of a key.
    Key,
    /// Wait until Metabase sees the columns behind filters.
    Columns,
    /// It must still hold the query: a server that misreads it may wipe it.
    Query,
    /// It numbers the placed cards.
    Dashcards,
}

/// One announced request.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// POST or PUT.
    pub method: Method,
    /// Below the address, numbers that are not known yet as names in braces.
    pub path: String,
    /// The same in the body; secrets too stand as names.
    pub body: Option<Value>,
    /// What is done with the answer.
    pub after: Vec<After>,
}

impl Call {
    fn new(method: Method, path: impl Into<String>, body: Value) -> Self {
        Self { method, path: path.into(), body: Some(body), after: Vec::new() }
    }

    fn then(mut self, after: After) -> Self {
        self.after.push(after);
        self
    }
}

/// One thing that is done.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What is done.
    pub verb: Verb,
    /// To what, in words.
    pub what: String,
    /// Its name, where it is one of ours.
    pub key: Option<String>,
    /// What differs, where something is there.
    pub changes: Vec<Change>,
    /// The requests, in order.
    pub calls: Vec<Call>,
    /// True where leaving it out leaves the thing in the trash: what needs it cannot be done either.
    pub is_gone: bool,
}

impl Step {
    fn new(verb: Verb, what: impl Into<String>, calls: Vec<Call>) -> Self {
        Self { verb, what: what.into(), key: None, changes: Vec::new(), calls, is_gone: false }
    }

    fn of(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }

    fn changing(self, changes: Vec<Change>) -> Self {
        Self { changes, ..self }
    }

    /// True where a person must agree first.
    pub fn needs_consent(&self) -> bool {
        self.verb == Verb::Restore
    }
}

/// All steps, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What is done.
    pub steps: Vec<Step>,
    /// What a person should know, and nothing is done about.
    pub notes: Vec<String>,
}

/// What a person chose.
#[derive(Debug, Clone, Copy, Default)]
pub struct Choices {
    /// Whether a key is known that works.
    pub has_key: bool,
    /// Make a new key even so; the old one stops working.
    pub new_key: bool,
}

/// Works out the steps.
pub fn plan(wanted: &Wanted, found: &Found, choices: Choices) -> Plan {
    let (mut steps, mut notes) = (Vec::new(), Vec::new());
    if !found.is_set_up {
        steps.push(set_up());
    }
    key(found, choices, &mut steps, &mut notes);
    place::database(wanted, found, &mut steps);
    place::groups(wanted, found, &mut steps);
    items::folders(wanted, found, &mut steps);
    // Before anything stands in the folders: nobody sees what is not for them, not even for a moment.
    place::rights(wanted, found, &mut steps);
    items::cards(wanted, found, &mut steps);
    items::boards(wanted, found, &mut steps);
    items::surplus(found, &mut steps);
    letters::subscriptions(wanted, found, &mut steps);
    letters::alerts(wanted, found, &mut steps);
    place::cache(found, &mut steps);
    if found.sends_email == Some(false) {
        notes.push(
            "this Metabase cannot send e-mail: subscriptions and alerts are made and reach nobody until a mail server \
             is set there"
                .to_owned(),
        );
    }
    if !found.edition.limits_downloads {
        notes.push(
            "this edition of Metabase cannot tell downloads apart by group: who sees a dashboard may download it"
                .to_owned(),
        );
    }
    Plan { steps, notes }
}

fn set_up() -> Step {
    let body = json!({
        "token": "{secret/setup-token}",
        "user": {
            "email": "{secret/admin-email}", "password": "{secret/admin-password}", "first_name": "aispend",
            "last_name": "Admin",
        },
        "prefs": {"site_name": "AI spend", "site_locale": "en"},
    });
    Step::new(
        Verb::SetUp,
        "this empty Metabase, with its first administrator",
        vec![Call::new(Method::POST, "/api/setup", body).then(After::SignIn)],
    )
}

fn key(found: &Found, choices: Choices, steps: &mut Vec<Step>, notes: &mut Vec<String>) {
    match found.key {
        None if !choices.has_key => {
            let call = Call::new(Method::POST, "/api/api-key", json!({"name": KEY_NAME, "group_id": 2}));
            let what = format!("the API key `{KEY_NAME}`, shown once");
            steps.push(Step::new(Verb::Create, what, vec![call.then(After::Key)]));
        }
        Some(id) if choices.new_key => {
            let path = format!("/api/api-key/{id}/regenerate");
            let call = Call { method: Method::PUT, path, body: None, after: vec![After::Key] };
            let what = format!("the API key `{KEY_NAME}`: a new one, and the old one stops working");
            steps.push(Step::new(Verb::Change, what, vec![call]));
        }
        Some(_) if !choices.has_key => notes.push(format!(
            "there is an API key `{KEY_NAME}`, and this machine does not know it: give it as metabase.api_key, or make a new \
             one with `aispend metabase apply --new-key`"
        )),
        _ => {}
    }
}

impl Plan {
    /// True where nothing is to be done.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Every request that `apply` may make.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.steps.iter().flat_map(|step| &step.calls)
    }
}

#[cfg(test)]
mod tests;
