//! Follows every run to its end: collects what became of each slice, keeps the `runs` table, and tells who waits.
//!
//! The only sender of alerts: at the end of a daily run, and when a check is asked for, every rule is put to the warehouse.

mod breach;
pub mod channels;
mod claim;
mod decomposition;
mod error;
mod incident;
mod incidents;
mod letter;
pub mod process;
mod rules;
mod run_state;
mod runs;
pub mod settings;
mod watching;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use aispend_ports::{Archive, Clock, RunLine, Topic, Warehouse};
use aispend_proto::v1::envelope::Body;
use aispend_proto::v1::{Envelope, FetchRequested};
use aispend_stage::{Header, Message, Output, Stage};
use tokio::sync::watch;

pub use breach::{Breach, Windows};
pub use claim::LEASE;
pub use decomposition::{Decomposition, Line, Mover};
pub use error::AlertError;
pub use incident::{Incident, State};
pub use incidents::{INCIDENTS, Incidents};
pub use letter::{About, Letter};
pub use rules::{PARKED, Rules, parked_rule};
pub use run_state::{End, RunReport, RunState, SliceReport, again_of};
use runs::Runs;
pub use runs::{RUNS, read_run};
pub use watching::{Checked, Look, Watch, WatchDoors, look};
pub use words::{quantity, sentence};

/// The stage. Any number of them may follow the same runs.
pub struct Alerter {
    warehouse: Arc<dyn Warehouse>,
    clock: Arc<dyn Clock>,
    runs: Runs,
    changed: watch::Sender<u64>,
    watch: Option<Watch>,
    /// Runs at whose end the rules were asked.
    checked: Mutex<BTreeSet<String>>,
}

/// Runs that bring history, or read it again, and so no news.
const QUIET_TRIGGERS: [&str; 5] = ["backfill", "reprocess", "reconsider", "retire", "replay"];

impl Alerter {
    /// Over the warehouse whose `runs` table it keeps, and the archive that holds what it knows of each run.
    pub fn new(warehouse: Arc<dyn Warehouse>, archive: Arc<dyn Archive>, clock: Arc<dyn Clock>) -> Self {
        let runs = Runs::new(archive, Arc::clone(&clock));
        let checked = Mutex::default();
        Self { warehouse, clock, runs, changed: watch::Sender::new(0), watch: None, checked }
    }

    /// With rules that are asked at the end of a run, and when a check is asked for.
    #[must_use]
    pub fn with_watch(self, watch: Watch) -> Self {
        Self { watch: Some(watch), ..self }
    }

    /// Asks the rules. What fails is tried at the next check: a rule must hold up no run.
    async fn check(&self, run_id: &str) {
        let Some(watch) = &self.watch else { return };
        if let Err(error) = watch.check(run_id).await {
            tracing::error!(
                detail = aispend_stage::error_chain(&error),
                "the alert rules could not be asked"
            );
        }
    }

    /// Asks the rules at the end of a run: once, also where its last event comes again.
    async fn check_after(&self, report: &RunReport) {
        let lock = || self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = report.is_over() && !QUIET_TRIGGERS.contains(&report.trigger.as_str());
        if !is_due || lock().contains(&report.run_id) {
            return;
        }
        self.check(&report.run_id).await;
        lock().insert(report.run_id.clone());
    }

    /// A run as far as this process has followed it.
    pub fn report(&self, run_id: &str) -> RunReport {
        self.runs.known(run_id).state.report(run_id)
    }

    /// Changes with every batch of events.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Takes events of one run in, and says what follows from all that is known of it now.
    async fn follow(&self, run_id: &str, events: &[&Envelope]) -> Result<Vec<Output>, AlertError> {
        let mut kept = self.runs.take(run_id, events).await?;
        let has_plan = events.iter().any(|event| matches!(event.body, Some(Body::RunPlanned(_))));
        if !has_plan && !kept.state.is_over() {
            return Ok(Vec::new());
        }
        loop {
            self.record(&kept.state.report(run_id)).await?;
            // Another alerter may have recorded a later state before this one's call came through.
            let now = self.runs.refresh(run_id).await?;
            if now.is_as(&kept) {
                break;
            }
            kept = now;
        }
        let again = again_of(run_id);
        let report = kept.state.report(run_id);
        self.check_after(&report).await;
        if !report.is_over()
            || report.trigger == "reconsider"
            || self.runs.refresh(&again).await?.state.is_planned()
        {
            return Ok(Vec::new());
        }
        // Context that came late may decide loaded slices differently: look once more, as a run of its own. Asked again
        // with every event until its plan is here: one plan is made, however often.
        let header = Header { run_id: again, slice: None, ..Header::default() };
        let body = FetchRequested { trigger: "reconsider".to_owned(), ..FetchRequested::default() };
        Ok(vec![Output::new(Topic::FetchRequests, &header, self.clock.now(), Body::FetchRequested(body))])
    }

    async fn record(&self, report: &RunReport) -> Result<(), AlertError> {
        let count =
            |wanted: &[End]| report.slices.iter().filter(|slice| wanted.contains(&slice.end)).count() as u64;
        let failed = count(&[End::Failed]);
        let parked = count(&[End::Parked]);
        let is_clean = failed + parked == 0 && report.notices.iter().all(|notice| !notice.is_failure);
        let state = match (report.is_over(), is_clean) {
            (false, _) => "running",
            (true, true) => "succeeded",
            (true, false) => "incomplete",
        };
        let notes = report.notices.iter().map(|notice| format!("{}: {}", notice.subject, notice.message));
        let notes: Vec<String> = notes.chain(failures(report)).collect();
        self.warehouse
            .record_run(RunLine {
                run_id: report.run_id.clone(),
                trigger: report.trigger.clone(),
                started_at: report.planned_at,
                finished_at: report.is_over().then(|| self.clock.now()),
                state: state.to_owned(),
                planned: report.slices.iter().filter(|slice| slice.is_planned).count() as u64,
                loaded: count(&[End::Loaded, End::Unchanged]),
                skipped: count(&[End::Superseded, End::Unavailable, End::NotInUse, End::NotYet]),
                failed,
                parked,
                notes: notes.join("; "),
            })
            .await?;
        Ok(())
    }
}

/// What failed, a feed at a time: how many slices, and why the first did.
fn failures(report: &RunReport) -> impl Iterator<Item = String> {
    let mut feeds: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    for slice in report.slices.iter().filter(|slice| slice.end == End::Failed) {
        feeds.entry(slice.slice.feed.as_str()).or_insert((0, &slice.detail)).0 += 1;
    }
    feeds.into_iter().map(|(feed, (count, detail))| format!("{feed}: {count} failed: {detail}"))
}

impl Stage for Alerter {
    const NAME: &'static str = "alerter";
    const INPUT: Topic = Topic::SliceEvents;
    type Error = AlertError;

    async fn handle(&self, message: Message) -> Result<Vec<Output>, AlertError> {
        if matches!(message.envelope.body, Some(Body::AlertCheck(_))) {
            self.check("").await;
            return Ok(Vec::new());
        }
        let outputs = self.follow(&message.header.run_id, &[&message.envelope]).await;
        self.changed.send_modify(|count| *count += 1);
        outputs
    }

    async fn handle_batch(&self, messages: Vec<Message>) -> Vec<Result<Vec<Output>, AlertError>> {
        let mut by_run: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let is_check = |message: &Message| matches!(message.envelope.body, Some(Body::AlertCheck(_)));
        if messages.iter().any(is_check) {
            // However many ask: one look answers them.
            self.check("").await;
        }
        for (place, message) in messages.iter().enumerate().filter(|(_, message)| !is_check(message)) {
            by_run.entry(&message.header.run_id).or_default().push(place);
        }
        let mut verdicts: Vec<Option<Result<Vec<Output>, AlertError>>> =
            messages.iter().map(|_| None).collect();
        for (run_id, places) in by_run {
            let events: Vec<&Envelope> = places
                .iter()
                .filter_map(|place| messages.get(*place))
                .map(|message| &message.envelope)
                .collect();
            // What follows from all of them goes out with the first; where they fail together, each is tried alone, so
            // that an event which cannot be read costs itself.
            let together = self.follow(run_id, &events).await;
            for (turn, (place, event)) in places.iter().zip(events).enumerate() {
                let verdict = match &together {
                    Ok(outputs) if turn == 0 => Ok(outputs.clone()),
                    Ok(_) => Ok(Vec::new()),
                    Err(_) => self.follow(run_id, &[event]).await,
                };
                if let Some(slot) = verdicts.get_mut(*place) {
                    *slot = Some(verdict);
                }
            }
        }
        self.changed.send_modify(|count| *count += 1);
        // Every place was in one run's list.
        verdicts.into_iter().map(|verdict| verdict.unwrap_or_else(|| Ok(Vec::new()))).collect()
    }
}
