//! What became of each slice of a run, from events in any order.

use std::collections::{BTreeMap, HashMap};

use aispend_model::{Slice, moment_from_micros};
use aispend_proto::TableSums;
use aispend_proto::v1::envelope::Body;
use aispend_proto::v1::{Finding, Notice};
use aispend_stage::{Header, MessageError, slice_from_wire, sums_from_wire};
use jiff::Timestamp;

/// How a slice ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// Not yet.
    Pending,
    /// Rows replaced.
    Loaded,
    /// Observed, the same as before.
    Unchanged,
    /// Something newer was there.
    Superseded,
    /// Noted that it cannot be had.
    Unavailable,
    /// A sheet nobody keeps.
    NotInUse,
    /// The vendor has it later.
    NotYet,
    /// Not read; due again.
    Failed,
    /// Set aside for a person.
    Parked,
}

/// One slice of a run.
#[derive(Debug, Clone)]
pub struct SliceReport {
    /// Which.
    pub slice: Slice,
    /// True once the plan named it.
    pub is_planned: bool,
    /// How it ended.
    pub end: End,
    /// Rows and money loaded.
    pub loaded: TableSums,
    /// Rows and money replaced.
    pub superseded: TableSums,
    /// Records set aside.
    pub rejected_rows: u64,
    /// From a short list, where it failed.
    pub reason: String,
    /// What happened, where it failed.
    pub detail: String,
    /// What to do, where it failed.
    pub remedy: String,
    /// What is worth knowing.
    pub findings: Vec<Finding>,
}

/// One run.
#[derive(Debug, Clone)]
pub struct RunReport {
    /// Which.
    pub run_id: String,
    /// What kicked it off.
    pub trigger: String,
    /// True once its plan is known.
    pub is_planned: bool,
    /// When.
    pub planned_at: Timestamp,
    /// What a person should know about the run as a whole.
    pub notices: Vec<Notice>,
    /// Every slice, in order of its key.
    pub slices: Vec<SliceReport>,
}

impl RunReport {
    /// True once every planned slice has ended.
    pub fn is_over(&self) -> bool {
        self.is_planned && self.slices.iter().all(|slice| slice.end != End::Pending)
    }
}

/// The id of the second look at a run.
pub fn again_of(run_id: &str) -> String {
    format!("{run_id}.again")
}

/// All runs this process has seen events of.
#[derive(Debug, Default)]
pub struct RunTracker {
    runs: HashMap<String, Run>,
}

#[derive(Debug, Default)]
struct Run {
    plan: Option<Plan>,
    slices: BTreeMap<Slice, SliceReport>,
    pending: usize,
}

#[derive(Debug)]
struct Plan {
    trigger: String,
    planned_at: Timestamp,
    notices: Vec<Notice>,
}

impl Plan {
    const fn nothing() -> Self {
        Self { trigger: String::new(), planned_at: Timestamp::UNIX_EPOCH, notices: Vec::new() }
    }
}

impl RunTracker {
    /// Takes an event in. The same event twice changes nothing.
    ///
    /// # Errors
    /// When the event names tables or slices that are none of ours.
    pub fn take(&mut self, header: &Header, body: &Body) -> Result<(), MessageError> {
        let run = self.runs.entry(header.run_id.clone()).or_default();
        match body {
            Body::RunPlanned(planned) => {
                if run.plan.is_some() {
                    return Ok(());
                }
                for planned in &planned.slices {
                    let slice =
                        slice_from_wire(planned.slice.as_ref().ok_or(MessageError::Missing("slice"))?)?;
                    run.slice(&slice).is_planned = true;
                }
                run.plan = Some(Plan {
                    trigger: planned.trigger.clone(),
                    planned_at: moment_from_micros(planned.planned_at)
                        .map_or(Timestamp::UNIX_EPOCH, |(_, at)| at),
                    notices: planned.notices.clone(),
                });
            }
            Body::SliceLoaded(loaded) => {
                let end = match loaded.state.as_str() {
                    "loaded" => End::Loaded,
                    "unchanged" => End::Unchanged,
                    "superseded" => End::Superseded,
                    "unavailable" => End::Unavailable,
                    other => return Err(MessageError::Value { field: "state", value: other.to_owned() }),
                };
                let (sums, superseded) =
                    (sums_from_wire(&loaded.loaded)?, sums_from_wire(&loaded.superseded)?);
                let report = run.slice(header.slice()?);
                // A redelivery finds its own load in the ledger: the first answer stands.
                if matches!(report.end, End::Loaded | End::Unchanged) && end == End::Superseded {
                    return Ok(());
                }
                report.loaded = sums;
                report.superseded = superseded;
                report.rejected_rows = loaded.rejected_rows;
                report.findings.clone_from(&loaded.findings);
                report.end = end;
            }
            Body::SliceFailed(failed) => {
                let end = match failed.state.as_str() {
                    "failed" => End::Failed,
                    "parked" => End::Parked,
                    "not_in_use" => End::NotInUse,
                    "not_yet" => End::NotYet,
                    other => return Err(MessageError::Value { field: "state", value: other.to_owned() }),
                };
                let Some(slice) = &header.slice else {
                    // The run could not even be planned: it is over, and says why.
                    run.plan.get_or_insert_with(Plan::nothing).notices.push(Notice {
                        subject: "run".to_owned(),
                        message: format!("it could not be planned: {}", failed.detail),
                        remedy: failed.remedy.clone(),
                        is_failure: true,
                    });
                    return Ok(());
                };
                let report = run.slice(slice);
                report.reason.clone_from(&failed.reason);
                report.detail.clone_from(&failed.detail);
                report.remedy.clone_from(&failed.remedy);
                report.end = end;
            }
            Body::FindingRaised(raised) => {
                if let (Some(slice), Some(finding)) = (&header.slice, &raised.finding) {
                    run.slice(slice).findings.push(finding.clone());
                }
            }
            Body::AlertCheck(_) => {}
            Body::FetchRequested(_)
            | Body::SliceFetched(_)
            | Body::RecordsNormalized(_)
            | Body::RecordsValidated(_) => return Err(MessageError::Missing("an event")),
        }
        run.pending = run.slices.values().filter(|slice| slice.end == End::Pending).count();
        Ok(())
    }

    /// True once every planned slice has ended.
    pub fn is_over(&self, run_id: &str) -> bool {
        self.runs.get(run_id).is_some_and(|run| run.plan.is_some() && run.pending == 0)
    }

    /// True once the run's plan is known.
    pub fn is_planned(&self, run_id: &str) -> bool {
        self.runs.get(run_id).is_some_and(|run| run.plan.is_some())
    }

    /// A run as far as it is known.
    pub fn report(&self, run_id: &str) -> RunReport {
        let run = self.runs.get(run_id);
        let plan = run.and_then(|run| run.plan.as_ref());
        RunReport {
            run_id: run_id.to_owned(),
            trigger: plan.map(|plan| plan.trigger.clone()).unwrap_or_default(),
            is_planned: plan.is_some(),
            planned_at: plan.map_or(Timestamp::UNIX_EPOCH, |plan| plan.planned_at),
            notices: plan.map(|plan| plan.notices.clone()).unwrap_or_default(),
            slices: run.map(|run| run.slices.values().cloned().collect()).unwrap_or_default(),
        }
    }
}

impl Run {
    fn slice(&mut self, slice: &Slice) -> &mut SliceReport {
        self.slices.entry(slice.clone()).or_insert_with(|| SliceReport {
            slice: slice.clone(),
            is_planned: false,
            end: End::Pending,
            loaded: TableSums::default(),
            superseded: TableSums::default(),
            rejected_rows: 0,
            reason: String::new(),
            detail: String::new(),
            remedy: String::new(),
            findings: Vec::new(),
        })
    }
}
