//! Follows every run to its end: collects what became of each slice, keeps the `runs` table, and tells who waits.
//!
//! The only sender of alerts; rules come with the warehouse's history and are not part of the daily run itself.

mod error;
mod tracker;

use std::sync::{Arc, Mutex, PoisonError};

use aispend_ports::{Clock, RunLine, Topic, Warehouse};
use aispend_proto::v1::FetchRequested;
use aispend_proto::v1::envelope::Body;
use aispend_stage::{Header, Message, MessageError, Output, Stage};
use tokio::sync::watch;

pub use error::AlertError;
pub use tracker::{End, RunReport, RunTracker, SliceReport, again_of};

/// The stage.
pub struct Alerter {
    warehouse: Arc<dyn Warehouse>,
    clock: Arc<dyn Clock>,
    tracker: Arc<Mutex<RunTracker>>,
    changed: watch::Sender<u64>,
}

impl Alerter {
    /// Over the warehouse whose `runs` table it keeps.
    pub fn new(warehouse: Arc<dyn Warehouse>, clock: Arc<dyn Clock>) -> Self {
        Self { warehouse, clock, tracker: Arc::default(), changed: watch::Sender::new(0) }
    }

    /// A run as far as it is known.
    pub fn report(&self, run_id: &str) -> RunReport {
        self.tracker.lock().unwrap_or_else(PoisonError::into_inner).report(run_id)
    }

    /// Changes with every event.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
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
        let notes: Vec<String> =
            report.notices.iter().map(|notice| format!("{}: {}", notice.subject, notice.message)).collect();
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
                notes: notes.join("\n"),
            })
            .await?;
        Ok(())
    }
}

impl Stage for Alerter {
    const NAME: &'static str = "alerter";
    const INPUT: Topic = Topic::SliceEvents;
    type Error = AlertError;

    async fn handle(&self, message: Message) -> Result<Vec<Output>, AlertError> {
        let header = &message.header;
        let body = message.envelope.body.as_ref().ok_or(MessageError::Missing("body"))?;
        let is_plan = matches!(body, Body::RunPlanned(_));
        let (report, has_second_look) = {
            let mut tracker = self.tracker.lock().unwrap_or_else(PoisonError::into_inner);
            tracker.take(header, body)?;
            let is_over = tracker.is_over(&header.run_id);
            let report = (is_plan || is_over).then(|| tracker.report(&header.run_id));
            (report, tracker.is_planned(&again_of(&header.run_id)))
        };
        let mut outputs = Vec::new();
        if let Some(report) = report {
            self.record(&report).await?;
            if report.is_over() && report.trigger != "reconsider" && !has_second_look {
                // Context that came late may decide loaded slices differently: look once more, as a run of its own. Asked
                // again with every event until its plan is here: one plan is made, however often.
                let again = Header { run_id: again_of(&header.run_id), slice: None, ..Header::default() };
                let body = FetchRequested { trigger: "reconsider".to_owned(), ..FetchRequested::default() };
                outputs.push(Output::new(
                    Topic::FetchRequests,
                    &again,
                    self.clock.now(),
                    Body::FetchRequested(body),
                ));
            }
        }
        self.changed.send_modify(|count| *count += 1);
        Ok(outputs)
    }
}
