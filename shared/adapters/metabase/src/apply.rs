//! Sends what a plan announced, and nothing else. Killed anywhere, the next plan sees what is there and goes on.

use std::time::Duration;

use reqwest::Method;
use secrecy::SecretString;
use serde_json::Value;

use crate::client::Client;
use crate::error::MetabaseError;
use crate::found::{columns, dashcard_ids};
use crate::keeper::of_session;
use crate::plan::{After, Call, Plan, Step};
use crate::value::{Ids, id, items, placeholder, resolved, resolved_path, text};
use crate::wanted::{Wanted, fields};

/// How long a first look at the tables may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Between two looks.
    pub pause: Duration,
    /// Looks.
    pub looks: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self { pause: Duration::from_secs(2), looks: 150 }
    }
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Done,
    /// Changed by hand, and nobody agreed to put it back.
    Skipped,
    /// It needs something that was left out; says what.
    Blocked(String),
}

/// Whoever applies: a person at a screen, or a test.
pub trait Host: Sync {
    /// Whether a step may put back what somebody changed.
    fn agrees(&self, step: &Step) -> bool;
    /// Hears what became of a step.
    fn says(&self, step: &Step, outcome: &Outcome);
    /// Keeps a new API key, which nobody can read again: before the next request, which may fail.
    ///
    /// # Errors
    /// Why it could not.
    fn keeps(&self, key: &SecretString) -> Result<(), String>;
    /// Hears what is being waited for.
    fn waits(&self, what: &str);
}

/// What became of a plan.
#[derive(Debug)]
pub struct Applied {
    /// By step.
    pub outcomes: Vec<Outcome>,
    /// Who we are now: an empty instance was set up, and a session was opened.
    pub client: Client,
    /// True where that session was opened here and is to be ended.
    pub has_session: bool,
}

/// Does the steps of a plan in order.
///
/// # Errors
/// The first request that fails; what was done before stays, and the next plan goes on from there.
pub async fn apply(
    client: &Client,
    wanted: &Wanted,
    plan: &Plan,
    mut ids: Ids,
    patience: Patience,
    host: &dyn Host,
) -> Result<Applied, MetabaseError> {
    let mut applied = Applied { outcomes: Vec::new(), client: client.clone(), has_session: false };
    let work = Work { wanted, patience, host };
    for step in &plan.steps {
        let outcome = if step.needs_consent() && !host.agrees(step) {
            // What stays in the trash cannot be placed on a dashboard.
            if let (true, Some(key)) = (step.is_gone, &step.key) {
                ids.remove(&placeholder(key));
            }
            Outcome::Skipped
        } else {
            one(step, work, &mut ids, &mut applied).await?
        };
        host.says(step, &outcome);
        applied.outcomes.push(outcome);
    }
    Ok(applied)
}

/// What is the same for every step.
#[derive(Clone, Copy)]
struct Work<'a> {
    wanted: &'a Wanted,
    patience: Patience,
    host: &'a dyn Host,
}

async fn one(
    step: &Step,
    work: Work<'_>,
    ids: &mut Ids,
    applied: &mut Applied,
) -> Result<Outcome, MetabaseError> {
    for call in &step.calls {
        revision(&applied.client, call, ids).await?;
        let path = resolved_path(&call.path, ids);
        let body = call.body.as_ref().map(|body| resolved(body, ids)).transpose();
        let (path, body) = match (path, body) {
            (Ok(path), Ok(body)) => (path, body),
            (Err(missing), _) | (_, Err(missing)) => return Ok(Outcome::Blocked(missing)),
        };
        let answer = send(&applied.client, call, &path, body, ids).await?;
        for after in &call.after {
            follow(after, &answer, &path, work, ids, applied).await?;
        }
    }
    Ok(Outcome::Done)
}

/// A change of rights names the state it is a change of: read right before.
async fn revision(client: &Client, call: &Call, ids: &mut Ids) -> Result<(), MetabaseError> {
    let Some(name) = call.body.as_ref().map(|body| text(body, "revision")).filter(|name| !name.is_empty())
    else {
        return Ok(());
    };
    let graph = client.get(&call.path).await?;
    ids.insert(name.to_owned(), graph.get("revision").cloned().unwrap_or(Value::Null));
    Ok(())
}

async fn send(
    client: &Client,
    call: &Call,
    path: &str,
    body: Option<Value>,
    ids: &mut Ids,
) -> Result<Value, MetabaseError> {
    match client.send(&call.method, path, body.as_ref()).await {
        // Somebody changed rights at the same moment: once more, on top of theirs.
        Err(error) if error.status() == Some(409) && call.method == Method::PUT => {
            revision(client, call, ids).await?;
            let body = call.body.as_ref().and_then(|body| resolved(body, ids).ok());
            client.send(&call.method, path, body.as_ref()).await
        }
        answer => answer,
    }
}

async fn follow(
    after: &After,
    answer: &Value,
    path: &str,
    work: Work<'_>,
    ids: &mut Ids,
    applied: &mut Applied,
) -> Result<(), MetabaseError> {
    let wrong = |problem: &str| MetabaseError::Answer { path: path.to_owned(), problem: problem.to_owned() };
    match after {
        After::Nothing => {}
        After::Id(key) => {
            let number = id(answer).ok_or_else(|| wrong("the answer has no id"))?;
            ids.insert(placeholder(key), number.into());
        }
        After::SignIn => {
            applied.client = of_session(&applied.client, answer);
            applied.has_session = true;
        }
        After::Key => {
            let key = text(answer, "unmasked_key");
            if key.is_empty() {
                return Err(wrong("the answer has no `unmasked_key`"));
            }
            work.host.keeps(&SecretString::from(key.to_owned())).map_err(MetabaseError::Unkept)?;
        }
        After::Columns => wait_for_columns(&applied.client, work, ids).await?,
        After::Query => {
            let stages = answer.get("dataset_query").map_or(&[][..], |query| items(query, "stages"));
            let sql = stages.first().map_or("", |stage| text(stage, "native"));
            let legacy = answer.pointer("/dataset_query/native/query").and_then(Value::as_str);
            if sql.is_empty() && legacy.unwrap_or_default().is_empty() {
                return Err(wrong(
                    "Metabase answered without the card's query: it may be wiped; plan and apply again, and if this stays, \
                     report it with the server's version",
                ));
            }
        }
        After::Dashcards => ids.extend(dashcard_ids(answer)),
    }
    Ok(())
}

/// The first look at the tables takes a while, and columns come after tables.
async fn wait_for_columns(client: &Client, work: Work<'_>, ids: &mut Ids) -> Result<(), MetabaseError> {
    let Work { wanted, patience, host } = work;
    let database = ids.get(&placeholder("database")).and_then(Value::as_u64).unwrap_or(0);
    let mut missing = Vec::new();
    for look in 0..patience.looks {
        if look > 0 {
            tokio::time::sleep(patience.pause).await;
        }
        let state = client.get(&format!("/api/database/{database}")).await?;
        if text(&state, "initial_sync_status") == "aborted" {
            break;
        }
        let seen = columns(client, database, &wanted.names.dataset).await?;
        missing = fields().into_iter().map(|(name, _)| name).collect();
        missing.retain(|name| !seen.iter().any(|(known, _, _)| known == name));
        for (name, number, _) in seen {
            ids.insert(placeholder(&format!("field/{name}")), number.into());
        }
        if missing.is_empty() {
            return Ok(());
        }
        if look == 0 {
            host.waits("Metabase's first look at the tables, up to five minutes");
        }
    }
    Err(MetabaseError::Unsynced { missing: missing.join(", ") })
}
