//! Asks every rule, keeps incidents, and tells whoever is to be told: once, however many do this at the same time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use aispend_ports::{Archive, Clock, ParkedStore, Questions, Warehouse};
use aispend_warehouse::{Only, Rule, change_sql};
use jiff::civil::Date;
use tracing::{error, info, warn};

use crate::breach::{Breach, is_looked_at};
use crate::channels::{Channel, Notice};
use crate::claim::Claims;
use crate::decomposition::Decomposition;
use crate::error::AlertError;
use crate::incident::{Incident, Seen, State};
use crate::incidents::{Incidents, is_done};
use crate::letter::{About, Letter};
use crate::rules::Rules;
use crate::words::sentence;

/// Since when the warehouse has been loaded: what ended before is history that a first load brought, and no news.
const FIRST_LOAD: &str =
    "SELECT MIN(CAST(l.loaded_at AS DATE)) AS day FROM ai_usage_analytics.slice_loads AS l";

/// Where rules are asked, and where what follows is kept.
#[derive(Clone)]
pub struct WatchDoors {
    /// Answers the rules.
    pub questions: Arc<dyn Questions>,
    /// Keeps `alert_incidents`.
    pub warehouse: Arc<dyn Warehouse>,
    /// Keeps incidents and claims.
    pub archive: Arc<dyn Archive>,
    /// Keeps parked messages.
    pub parked: Arc<dyn ParkedStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// What a check came to.
#[derive(Debug, Default)]
pub struct Checked {
    /// Incidents that opened now.
    pub opened: Vec<Incident>,
    /// Incidents that the rules no longer see.
    pub resolved: Vec<Incident>,
    /// Who was told of what: channel and announcement.
    pub told: Vec<(String, String)>,
    /// What could not be asked or told, one line each. It is tried again at the next check.
    pub failures: Vec<String>,
}

/// What the rules see.
#[derive(Debug)]
pub struct Look<'a> {
    /// Every row, with its rule.
    pub breaches: Vec<(&'a Rule, Breach)>,
    /// Rules that answered.
    pub answered: BTreeSet<String>,
    /// Why the others did not, one line each.
    pub failures: Vec<String>,
}

/// Asks every rule about a day, and keeps nothing.
///
/// # Errors
/// When the warehouse does not say since when it is loaded.
pub async fn look<'a>(
    rules: &'a Rules,
    questions: &dyn Questions,
    parked: &dyn ParkedStore,
    as_of: Date,
) -> Result<Look<'a>, AlertError> {
    let first = questions.ask(FIRST_LOAD).await?;
    let first = first.rows.into_iter().next().and_then(|row| row.into_iter().next()).flatten();
    let quiet_from = first.and_then(|day| day.parse().ok()).unwrap_or(as_of);
    let mut look = Look { breaches: Vec::new(), answered: BTreeSet::new(), failures: Vec::new() };
    for found in rules.evaluate(questions, parked, as_of, quiet_from).await {
        let Some(rule) = rules.named(&found.rule) else { continue };
        match found.breaches {
            Ok(rows) => {
                look.answered.insert(found.rule);
                look.breaches.extend(rows.into_iter().map(|breach| (rule, breach)));
            }
            Err(failed) => {
                let detail = aispend_stage::error_chain(&failed);
                error!(rule = found.rule, detail, "an alert rule could not be asked");
                look.failures.push(format!("{}: {detail}", found.rule));
            }
        }
    }
    Ok(look)
}

/// The rules, and what follows from them.
pub struct Watch {
    rules: Rules,
    doors: WatchDoors,
    incidents: Incidents,
    claims: Claims,
    channels: Vec<Arc<dyn Channel>>,
    base_url: String,
}

impl Watch {
    /// With these rules and ways to tell.
    pub fn new(
        rules: Rules,
        doors: WatchDoors,
        channels: Vec<Arc<dyn Channel>>,
        base_url: impl Into<String>,
    ) -> Self {
        let incidents = Incidents::new(Arc::clone(&doors.archive), Arc::clone(&doors.clock));
        let claims = Claims::new(Arc::clone(&doors.archive), Arc::clone(&doors.clock));
        Self { rules, doors, incidents, claims, channels, base_url: base_url.into() }
    }

    /// The rules in use.
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Every incident there is.
    pub const fn incidents(&self) -> &Incidents {
        &self.incidents
    }

    /// Asks every rule about today, opens and resolves, and tells. `run_id`: at whose end; empty for a check.
    ///
    /// # Errors
    /// When the archive does not answer, or the warehouse not at all. What failed for one rule, incident or channel is in
    /// `failures`, and tried again at the next check.
    pub async fn check(&self, run_id: &str) -> Result<Checked, AlertError> {
        let as_of = self.doors.clock.today();
        // What is known before the rules are asked: a breach that another alerter finds later is not ours to resolve.
        let before = self.incidents.current().await?;
        let started = self.doors.clock.now();
        let doors = &self.doors;
        let look = look(&self.rules, doors.questions.as_ref(), doors.parked.as_ref(), as_of).await?;
        let Look { breaches, answered, failures } = look;
        info!(answered = answered.len(), unanswered = failures.len(), "the alert rules were asked");
        let mut checked = Checked { failures, ..Checked::default() };
        let mut seen = BTreeSet::new();
        for (rule, breach) in &breaches {
            seen.insert(breach.incident_id());
            if let Some(opened) = self.see(rule, breach, run_id, as_of).await? {
                info!(incident = opened.id, rule = rule.name, "an incident opened");
                checked.opened.push(opened);
            }
        }
        for incident in before {
            let is_gone = answered.contains(&incident.breach.rule)
                && !seen.contains(&incident.id)
                && is_looked_at(&incident.breach.period, as_of)
                && incident.changed_at <= started;
            if is_gone && let Some(resolved) = self.resolve(&incident).await? {
                info!(incident = resolved.id, rule = resolved.breach.rule, "an incident is resolved");
                checked.resolved.push(resolved);
            }
        }
        for incident in self.incidents.current().await? {
            if incident.is_waiting() {
                self.tell(&incident, &mut checked).await?;
            }
            self.record(&incident.id, &mut checked).await?;
            self.put_away(&incident.id, as_of).await?;
        }
        self.doors.archive.persist().await?;
        Ok(checked)
    }

    /// Changes an incident as somebody asks, and writes it down. What is there afterwards, and whether it changed.
    ///
    /// # Errors
    /// When there is none, or it cannot be kept.
    pub async fn decide(
        &self,
        id: &str,
        change: impl Fn(&mut Incident) -> bool + Send + Sync,
    ) -> Result<(Incident, bool), AlertError> {
        let (incident, is_changed) = self
            .incidents
            .change(id, |there| {
                let mut incident = there?;
                change(&mut incident).then_some(incident)
            })
            .await?;
        let incident = incident.ok_or_else(|| AlertError::NoIncident { id: id.to_owned() })?;
        let mut checked = Checked::default();
        self.record(id, &mut checked).await?;
        self.doors.archive.persist().await?;
        Ok((incident, is_changed))
    }

    async fn see(
        &self,
        rule: &Rule,
        breach: &Breach,
        run_id: &str,
        as_of: Date,
    ) -> Result<Option<Incident>, AlertError> {
        let summary = sentence(rule, breach);
        let now = self.doors.clock.now();
        // As it was the last time that it was tried: somebody else may have opened it first.
        let is_opened = AtomicBool::new(false);
        let change = |there: Option<Incident>| {
            let (seen, incident) = match there {
                None => {
                    let opened = Incident::open(breach.clone(), rule.severity, summary.clone(), run_id, now);
                    (Seen::Opened, opened)
                }
                Some(mut incident) => (incident.see(breach, &summary, run_id, as_of, now), incident),
            };
            is_opened.store(seen == Seen::Opened, Relaxed);
            (seen != Seen::Same).then_some(incident)
        };
        let (incident, is_ours) = self.incidents.change(&breach.incident_id(), change).await?;
        Ok(incident.filter(|_| is_ours && is_opened.load(Relaxed)))
    }

    async fn resolve(&self, incident: &Incident) -> Result<Option<Incident>, AlertError> {
        let now = self.doors.clock.now();
        let change = |there: Option<Incident>| {
            let mut there = there?;
            // Somebody changed it since: their news is newer than this answer.
            (there.revision == incident.revision && there.resolve(now)).then_some(there)
        };
        let (there, is_ours) = self.incidents.change(&incident.id, change).await?;
        Ok(there.filter(|_| is_ours))
    }

    /// Tells every channel that was not told yet, under a claim.
    async fn tell(&self, incident: &Incident, checked: &mut Checked) -> Result<(), AlertError> {
        if self.channels.is_empty() {
            return Ok(());
        }
        let Some(rule) = self.rules.named(&incident.breach.rule) else { return Ok(()) };
        let Some(claim) = self.claims.take(&incident.announcement()).await? else { return Ok(()) };
        // What others did before the claim was ours counts.
        let there = self.incidents.read(&incident.id).await?;
        let is_same =
            |there: &Incident| there.is_waiting() && there.announcement() == incident.announcement();
        if let Some(incident) = there.filter(is_same) {
            self.tell_all(&incident, rule, checked).await?;
        }
        self.claims.give_back(claim).await
    }

    async fn tell_all(
        &self,
        incident: &Incident,
        rule: &Rule,
        checked: &mut Checked,
    ) -> Result<(), AlertError> {
        let change = self.explain(incident, rule).await;
        let about = About { incident, rule, change: change.as_ref(), base_url: &self.base_url };
        let letter = Letter::write(about);
        let notice = Notice::new(incident, rule, letter, change, self.doors.clock.now());
        let names: Vec<&str> = self.channels.iter().map(|channel| channel.name()).collect();
        for channel in &self.channels {
            let name = channel.name();
            if incident.told.contains_key(name) {
                continue;
            }
            if let Err(failed) = channel.tell(&notice).await {
                let detail = aispend_stage::error_chain(&failed);
                warn!(incident = incident.id, channel = name, detail, "nobody was told of an incident");
                checked.failures.push(format!("{}: {detail}", incident.id));
                continue;
            }
            // After it was told: a crash in between repeats it under the same name, and loses nothing.
            let (told, now) = (notice.announcement.as_str(), self.doors.clock.now());
            let note = |there: Option<Incident>| {
                let mut there = there.filter(|there| there.announcement() == told)?;
                there.tell(name, &names, now);
                Some(there)
            };
            self.incidents.change(&incident.id, note).await?;
            checked.told.push((name.to_owned(), notice.announcement.clone()));
        }
        Ok(())
    }

    /// What the change is made of. A letter without it is better than none.
    async fn explain(&self, incident: &Incident, rule: &Rule) -> Option<Decomposition> {
        let windows = incident.breach.windows.filter(|_| rule.explains_change)?;
        let sql = change_sql(
            self.rules.engine(),
            (windows.now_from, windows.now_to),
            (windows.base_from, windows.base_to),
            &Only { platform: incident.breach.platform.as_deref(), team: incident.breach.team.as_deref() },
        )?;
        match self.doors.questions.ask(&sql).await {
            Ok(answer) => Decomposition::of_answer(&answer, &windows),
            Err(failed) => {
                warn!(
                    incident = incident.id,
                    detail = aispend_stage::error_chain(&failed),
                    "a change could not be explained"
                );
                None
            }
        }
    }

    /// Writes an incident's line where the warehouse lacks it.
    async fn record(&self, id: &str, checked: &mut Checked) -> Result<(), AlertError> {
        let Some(incident) = self.incidents.read(id).await? else { return Ok(()) };
        if incident.recorded == incident.revision {
            return Ok(());
        }
        if let Err(failed) = self.doors.warehouse.record_incident(incident.line()).await {
            let detail = aispend_stage::error_chain(&failed);
            warn!(incident = id, detail, "an incident was not recorded");
            checked.failures.push(format!("{id}: {detail}"));
            return Ok(());
        }
        let recorded = incident.revision;
        let note = |there: Option<Incident>| {
            let mut there = there?;
            there.recorded = there.recorded.max(recorded);
            Some(there)
        };
        self.incidents.change(id, note).await.map(drop)
    }

    /// Takes out what is done with: resolved, or taken by somebody and past.
    async fn put_away(&self, id: &str, as_of: Date) -> Result<(), AlertError> {
        let Some(incident) = self.incidents.read(id).await? else { return Ok(()) };
        let is_past = !is_looked_at(&incident.breach.period, as_of)
            && incident.state == State::Acknowledged
            && incident.recorded == incident.revision;
        if is_done(&incident) || is_past {
            self.incidents.put_away(id).await?;
        }
        Ok(())
    }
}
