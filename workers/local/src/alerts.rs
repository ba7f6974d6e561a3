//! `aispend alerts`: what is wrong, who has taken it, and what the rules would have said on other days.

mod backtest;

use std::process::ExitCode;
use std::sync::Arc;

use aispend_alerter::{
    Checked, Incident, Incidents, Rules, Watch, WatchDoors, look, sentence, settings as told,
};
use aispend_config::Settings;
use aispend_duckdb::DuckDb;
use aispend_ports::{Clock, Questions, Warehouse};
use aispend_warehouse::Engine;
use jiff::civil::Date;

use crate::cli::{AlertAction, AlertArguments};
use crate::failure::{Failure, INCOMPLETE};
use crate::pipeline;
use crate::setup;
use crate::site::Site;

/// Incidents that are not over, and those that are, newest line each.
const ALL: &str =
    "SELECT i.incident_id, i.state, i.severity, i.rule, i.period, i.opened_at, i.changed_by, i.summary
FROM (
    SELECT a.*, ROW_NUMBER() OVER (PARTITION BY a.incident_id ORDER BY a.changed_at DESC) AS place
    FROM ai_usage_analytics.alert_incidents AS a
) AS i
WHERE i.place = 1
ORDER BY i.opened_at, i.incident_id";

/// List, take, put off, check, back-test.
pub async fn alerts(settings: &Settings, arguments: &AlertArguments) -> Result<ExitCode, Failure> {
    let site = Site::open(settings).await?;
    match &arguments.action {
        AlertAction::List { all: false, json } => list(&current(&site).await?, *json),
        AlertAction::List { all: true, json } => list_all(&site, *json).await,
        AlertAction::Ack { id, by } => {
            let live = Live::open(settings, &site).await?;
            let id = chosen(&live.watch, id).await?;
            let now = site.clock().now();
            let decided = live.watch.decide(&id, |incident| incident.acknowledge(by, now)).await;
            print_decided(&decided.map_err(failed)?, "taken");
            live.end().await
        }
        AlertAction::Snooze { id, until, by } => {
            let live = Live::open(settings, &site).await?;
            let id = chosen(&live.watch, id).await?;
            let now = site.clock().now();
            let decided = live.watch.decide(&id, |incident| incident.snooze(*until, by, now)).await;
            print_decided(&decided.map_err(failed)?, &format!("put off until {until}"));
            live.end().await
        }
        AlertAction::Check { as_of: None, dry_run: false } => {
            let live = Live::open(settings, &site).await?;
            let checked = live.watch.check("").await.map_err(failed)?;
            live.end().await?;
            Ok(print_checked(&checked))
        }
        AlertAction::Check { as_of, .. } => {
            would_open(settings, &site, as_of.unwrap_or_else(|| site.clock().today())).await
        }
        AlertAction::Backtest { rule, from, to } => {
            backtest::backtest(settings, &site, rule, *from, *to).await
        }
    }
}

/// The rules over a warehouse that this process writes, for the end of a run.
pub async fn watch(
    settings: &Settings,
    warehouse: &DuckDb,
    clock: &Arc<dyn Clock>,
) -> Result<Watch, Failure> {
    let data_dir = settings.data_dir();
    let doors = WatchDoors {
        questions: Arc::new(warehouse.clone()) as Arc<dyn Questions>,
        warehouse: Arc::new(warehouse.clone()) as Arc<dyn Warehouse>,
        archive: Arc::new(pipeline::archive(&data_dir)),
        parked: Arc::new(pipeline::parked(&data_dir)),
        clock: Arc::clone(clock),
    };
    let revealed = aispend_worker::revealed(settings, told::SECRETS).await?;
    let channels = told::channels(&revealed).map_err(wrong)?;
    Ok(Watch::new(rules(settings, Engine::DuckDb)?, doors, channels, told::base_url(settings)))
}

fn rules(settings: &Settings, engine: Engine) -> Result<Rules, Failure> {
    told::rules(settings, engine).map_err(wrong)
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it on")]
fn wrong(error: told::AlertSettingsError) -> Failure {
    Failure::usage(aispend_stage::error_chain(&error))
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it on")]
fn failed(error: aispend_alerter::AlertError) -> Failure {
    let is_usage = matches!(error, aispend_alerter::AlertError::NoIncident { .. });
    let failure = Failure::world(aispend_stage::error_chain(&error));
    if is_usage { failure.into_usage() } else { failure }
}

/// The rules over the warehouse for writing: on this machine one command at a time.
struct Live {
    watch: Watch,
    /// On this machine; what it writes is published at the end.
    writer: Option<DuckDb>,
}

impl Live {
    async fn open(settings: &Settings, site: &Site) -> Result<Self, Failure> {
        match site {
            Site::Machine(data_dir) => {
                let writer = setup::warehouse(data_dir, false).await?;
                let watch = watch(settings, &writer, &site.clock()).await?;
                Ok(Self { watch, writer: Some(writer) })
            }
            Site::Cloud(world) => {
                Ok(Self { watch: aispend_alerter::process::watch(world).await?, writer: None })
            }
        }
    }

    async fn end(self) -> Result<ExitCode, Failure> {
        if let Some(writer) = self.writer {
            writer.publish().await?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn current(site: &Site) -> Result<Vec<Incident>, Failure> {
    Incidents::new(site.archive(), site.clock()).current().await.map_err(failed)
}

/// The one whose id begins like that.
async fn chosen(watch: &Watch, id: &str) -> Result<String, Failure> {
    let current = watch.incidents().current().await.map_err(failed)?;
    let mut like = current.iter().filter(|incident| !id.is_empty() && incident.id.starts_with(id));
    match (like.next(), like.next()) {
        (Some(one), None) => Ok(one.id.clone()),
        (Some(_), Some(_)) => {
            Err(Failure::usage(format!("several incidents begin with `{id}`: say more of it")))
        }
        (None, _) => Err(Failure::usage(format!(
            "no incident that is not over begins with `{id}`; `aispend alerts list` shows them"
        ))),
    }
}

fn print_decided((incident, is_changed): &(Incident, bool), what: &str) {
    if *is_changed {
        println!("{} is {what}: {}", incident.id, incident.summary);
    } else {
        println!("{} was {} already", incident.id, incident.state.as_str());
    }
}

fn list(incidents: &[Incident], is_json: bool) -> Result<ExitCode, Failure> {
    if is_json {
        let text =
            serde_json::to_string_pretty(incidents).map_err(|error| Failure::world(error.to_string()))?;
        println!("{text}");
    } else if incidents.is_empty() {
        println!("no incident");
    }
    for incident in incidents.iter().filter(|_| !is_json) {
        let until = incident.snoozed_until.map(|day| format!(" until {day}")).unwrap_or_default();
        let by = incident.changed_by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        println!(
            "{}  {:<9}{}{until}{by}, since {}\n  {}",
            incident.id,
            incident.severity,
            incident.state.as_str(),
            incident.opened_at.strftime("%Y-%m-%d %H:%M UTC"),
            incident.summary
        );
    }
    Ok(ExitCode::SUCCESS)
}

async fn list_all(site: &Site, is_json: bool) -> Result<ExitCode, Failure> {
    let result = site.query(ALL).await?;
    if is_json {
        crate::query::print_json(&result)?;
    } else {
        print!("{}", crate::screen::table(&result));
    }
    Ok(ExitCode::SUCCESS)
}

fn print_checked(checked: &Checked) -> ExitCode {
    for incident in &checked.opened {
        println!("opened    {}  {}", incident.id, incident.summary);
    }
    for incident in &checked.resolved {
        println!("resolved  {}  {}", incident.id, incident.summary);
    }
    for (channel, announcement) in &checked.told {
        println!("told      {announcement} by {channel}");
    }
    for failure in &checked.failures {
        eprintln!("failed    {failure}");
    }
    if checked.opened.is_empty() && checked.resolved.is_empty() && checked.failures.is_empty() {
        println!("nothing new");
    }
    let is_clean = checked.opened.is_empty() && checked.failures.is_empty();
    if is_clean { ExitCode::SUCCESS } else { ExitCode::from(INCOMPLETE) }
}

async fn would_open(settings: &Settings, site: &Site, as_of: Date) -> Result<ExitCode, Failure> {
    let rules = rules(settings, site.engine())?;
    let questions = site.questions().await?;
    let seen = look(&rules, questions.as_ref(), site.parked().as_ref(), as_of).await.map_err(failed)?;
    let known = current(site).await?;
    let mut opens = 0;
    for (rule, breach) in &seen.breaches {
        let id = breach.incident_id();
        let is_known = known.iter().any(|incident| incident.id == id);
        let word = if is_known { "known     " } else { "would open" };
        opens += usize::from(!is_known);
        println!("{word}  {id}  {}: {}", rule.name, sentence(rule, breach));
    }
    for failure in &seen.failures {
        eprintln!("failed      {failure}");
    }
    if seen.breaches.is_empty() && seen.failures.is_empty() {
        println!("nothing on {as_of}");
    }
    let is_clean = opens == 0 && seen.failures.is_empty();
    Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::from(INCOMPLETE) })
}
