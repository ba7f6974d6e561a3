//! `aispend metabase`: what Metabase should hold, what it holds, and the way from one to the other.

mod arguments;
mod keep;
mod smoke;

pub use arguments::{MetabaseAction, MetabaseArguments};

use std::io::{IsTerminal, Write as _};
use std::process::ExitCode;

use aispend_config::Settings;
use aispend_metabase::{
    Access, Applied, Choices, Client, Found, Host, Keys, MetabaseError, Names, Outcome, Patience, Plan,
    SignedIn, Step, Wanted, apply, found, plan, secrets, sign_in, sign_out, wanted,
};
use aispend_worker::revealed;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::failure::{Failure, INCOMPLETE};
use crate::setup;

/// Settings that may stand in Secret Manager.
const SECRETS: [&str; 4] =
    ["metabase.api_key", "metabase.admin_password", "metabase.setup_token", "metabase.service_account"];

impl From<MetabaseError> for Failure {
    fn from(error: MetabaseError) -> Self {
        let message = aispend_stage::error_chain(&error);
        match error {
            MetabaseError::Access(_) | MetabaseError::Version { .. } => Self::usage(message),
            MetabaseError::Transport { .. }
            | MetabaseError::Status { .. }
            | MetabaseError::Answer { .. }
            | MetabaseError::Twice { .. }
            | MetabaseError::Starting(_)
            | MetabaseError::Cards(_)
            | MetabaseError::Unkept(_)
            | MetabaseError::Unsynced { .. } => Self::world(message),
        }
    }
}

/// A Metabase that answered, and what should be in it.
struct Door {
    settings: Settings,
    wanted: Wanted,
    keys: Keys,
    signed_in: SignedIn,
}

/// What a command found.
struct Seen {
    found: Found,
    plan: Plan,
}

/// Does what was asked.
pub async fn metabase(settings: &Settings, arguments: &MetabaseArguments) -> Result<ExitCode, Failure> {
    let door = Door::open(settings).await?;
    let outcome = door.act(&arguments.action).await;
    // A session is ended whatever came of it; what came of it is said first.
    let ended = sign_out(&door.signed_in).await;
    let code = outcome?;
    ended?;
    Ok(code)
}

impl Door {
    async fn open(settings: &Settings) -> Result<Self, Failure> {
        let Some(url) = settings.text("metabase.url") else {
            return Err(Failure::usage(
                "metabase.url is not set: say where Metabase is (AISPEND_METABASE_URL); docs/guides/metabase.md",
            ));
        };
        let url = url.to_owned();
        let settings = revealed(settings, &SECRETS).await?;
        let wanted = wanted(names(&settings)?)?;
        let secret = |name: &str| settings.text(name).map(|text| SecretString::from(text.to_owned()));
        let api_key = secret("metabase.api_key").or_else(|| keep::key(&settings));
        let keys = Keys {
            api_key,
            email: settings.text("metabase.admin_email").map(str::to_owned),
            password: secret("metabase.admin_password"),
            service_account: secret("metabase.service_account"),
            setup_token: secret("metabase.setup_token"),
        };
        let signed_in = sign_in(&Client::new(&url, Access::Nobody), &keys).await?;
        Ok(Self { settings, wanted, keys, signed_in })
    }

    async fn act(&self, action: &MetabaseAction) -> Result<ExitCode, Failure> {
        match action {
            MetabaseAction::Plan { json } => {
                let plan = self.look(false).await?.plan;
                if *json {
                    print_json(&plan.to_json())?;
                } else {
                    println!("{plan}");
                }
                Ok(ExitCode::SUCCESS)
            }
            MetabaseAction::Apply { restore, new_key } => self.apply(*restore, *new_key).await,
            MetabaseAction::Status { json } => self.status(*json).await,
            MetabaseAction::Smoke { json } => {
                let seen = self.look(false).await?;
                smoke::smoke(&self.settings, &self.signed_in.client, &self.wanted, &seen.found, *json).await
            }
        }
    }

    async fn look(&self, new_key: bool) -> Result<Seen, Failure> {
        let found = if self.signed_in.is_set_up {
            found(&self.signed_in.client, &self.wanted, self.signed_in.edition).await?
        } else {
            Found::nothing(self.signed_in.edition)
        };
        let has_key = self.signed_in.is_set_up && !self.signed_in.has_session;
        let plan = plan(&self.wanted, &found, Choices { has_key, new_key });
        Ok(Seen { found, plan })
    }

    async fn apply(&self, restore: bool, new_key: bool) -> Result<ExitCode, Failure> {
        let Seen { found, plan } = self.look(new_key).await?;
        for note in &plan.notes {
            println!("note: {note}");
        }
        let mut ids = found.ids.clone();
        ids.extend(secrets(&self.signed_in.client, &self.keys, self.signed_in.is_set_up).await?);
        self.lacks_nothing(&plan)?;
        keep::before(&self.settings, &found, &plan)?;
        let screen = Screen { settings: &self.settings, restore };
        let client = &self.signed_in.client;
        let applied = apply(client, &self.wanted, &plan, ids, Patience::default(), &screen).await;
        let Applied { outcomes, client, has_session } = applied?;
        sign_out(&SignedIn { client, has_session, ..self.signed_in.clone() }).await?;
        let count = |wanted: fn(&Outcome) -> bool| outcomes.iter().filter(|outcome| wanted(outcome)).count();
        let done = count(|outcome| matches!(outcome, Outcome::Done));
        let skipped = count(|outcome| matches!(outcome, Outcome::Skipped));
        let blocked = count(|outcome| matches!(outcome, Outcome::Blocked(_)));
        keep::applied(&self.settings, setup::clock().now(), &self.signed_in.version.tag, done)?;
        println!("{done} done, {skipped} left alone, {blocked} not done");
        Ok(if blocked == 0 { ExitCode::SUCCESS } else { ExitCode::from(INCOMPLETE) })
    }

    /// What the plan needs and nobody gave: said before the first request.
    fn lacks_nothing(&self, plan: &Plan) -> Result<(), Failure> {
        let needs = |secret: &str| {
            plan.calls().any(|call| call.body.as_ref().is_some_and(|body| body.to_string().contains(secret)))
        };
        if needs("{secret/service-account}") && self.keys.service_account.is_none() {
            return Err(Failure::usage(
                "metabase.service_account is not set: Metabase needs the key file of an account that reads BigQuery",
            ));
        }
        if needs("{secret/admin-password}") && (self.keys.email.is_none() || self.keys.password.is_none()) {
            return Err(Failure::usage(
                "this Metabase is empty: set metabase.admin_email and metabase.admin_password, whom it will belong to",
            ));
        }
        Ok(())
    }

    async fn status(&self, as_json: bool) -> Result<ExitCode, Failure> {
        let plan = self.look(false).await?.plan;
        let last = keep::last(&self.settings);
        let url = self.signed_in.client.url();
        if as_json {
            print_json(&json!({
                "url": url, "reachable": true, "version": self.signed_in.version.tag,
                "is_set_up": self.signed_in.is_set_up, "in_step": plan.is_empty(), "steps": plan.steps.len(),
                "last_apply": last,
            }))?;
        } else {
            println!("{url} answers: Metabase {}", self.signed_in.version);
            println!(
                "{}",
                match (self.signed_in.is_set_up, plan.steps.len()) {
                    (false, _) => "nobody has set it up: aispend metabase apply".to_owned(),
                    (true, 0) => "in step with the card files".to_owned(),
                    (true, steps) => format!("not in step: {steps} steps, see aispend metabase plan"),
                }
            );
            match &last {
                Some(last) => println!("last applied from here: {last}"),
                None => println!("never applied from here"),
            }
        }
        Ok(if plan.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(INCOMPLETE) })
    }
}

/// Whoever sits before it.
struct Screen<'a> {
    settings: &'a Settings,
    restore: bool,
}

impl Host for Screen<'_> {
    fn agrees(&self, step: &Step) -> bool {
        self.restore || agrees(step)
    }

    fn says(&self, step: &Step, outcome: &Outcome) {
        match outcome {
            Outcome::Done => println!("{} {}", step.verb.as_str(), step.what),
            Outcome::Skipped => println!("left alone: {} (changed by hand)", step.what),
            Outcome::Blocked(missing) => println!("not done: {} needs {missing}", step.what),
        }
    }

    fn keeps(&self, key: &SecretString) -> Result<(), String> {
        let place = keep::keep_key(self.settings, key.expose_secret())
            .map_err(|failure| failure.message().to_owned())?;
        println!("the API key is in {place}; put it into your secret store as metabase.api_key");
        Ok(())
    }

    fn waits(&self, what: &str) {
        println!("waiting for {what}");
    }
}

/// Asks a person, where there is one.
fn agrees(step: &Step) -> bool {
    if !std::io::stdin().is_terminal() {
        return false;
    }
    println!("{step}");
    print!("put it back? [y/N] ");
    if std::io::stdout().flush().is_err() {
        return false;
    }
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).is_ok() && matches!(line.trim(), "y" | "Y" | "yes")
}

fn names(settings: &Settings) -> Result<Names, Failure> {
    let text = |name: &str, default: &str| settings.text(name).unwrap_or(default).to_owned();
    let rules = aispend_warehouse::alerts().map_err(|error| Failure::world(error.to_string()))?;
    let limits = aispend_warehouse::limits(&settings.list("alerts.limits"), &rules).map_err(|errors| {
        let all: Vec<String> = errors.iter().map(|error| format!("alerts.limits: {error}")).collect();
        Failure::usage(all.join("\n"))
    })?;
    let default = Names::default();
    Ok(Names {
        database: text("metabase.database", &default.database),
        project: settings.text("google.project").map(str::to_owned),
        dataset: text("google.dataset", &default.dataset),
        finance: text("metabase.finance_group", &default.finance),
        managers: text("metabase.managers_group", &default.managers),
        monthly_to: settings.list("metabase.monthly_to"),
        weekly_to: settings.list("metabase.weekly_to"),
        alerts_to: settings.list("metabase.alerts_to"),
        limits,
    })
}

fn print_json(value: &serde_json::Value) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::world(error.to_string()))?;
    println!("{text}");
    Ok(())
}
