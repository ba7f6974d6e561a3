//! What became of each slice of a run: a function of the set of its events, in whatever order and how often they came.

use std::collections::BTreeMap;

use aispend_model::{Generation, Slice, moment_from_micros};
use aispend_proto::TableSums;
use aispend_proto::v1::envelope::Body;
use aispend_proto::v1::{Envelope, Finding, Notice, RunEvents};
use aispend_stage::{Header, MessageError, slice_from_wire, sums_from_wire};
use jiff::Timestamp;

/// How a slice ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// Not yet.
    Pending,
    /// Something newer was there.
    Superseded,
    /// Not read; due again.
    Failed,
    /// The vendor has it later.
    NotYet,
    /// A sheet nobody keeps.
    NotInUse,
    /// Set aside for a person.
    Parked,
    /// Noted that it cannot be had.
    Unavailable,
    /// Observed, the same as before.
    Unchanged,
    /// Rows replaced.
    Loaded,
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
    /// True where a part of what was asked for waits for a vendor, and is read in a run of its own.
    pub has_later: bool,
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

/// When an event of a slice counts: the newest reading's, and of one reading's the one that says most.
type Rank = (Generation, u32, End);

/// All that is known of one run. Takes the same event twice, and events in any order, to the same state.
#[derive(Debug, Clone, Default)]
pub struct RunState {
    plan: Option<Envelope>,
    /// Why there is no plan.
    unplanned: Option<Envelope>,
    slices: BTreeMap<Slice, Ends>,
}

/// What counts of a slice's events.
#[derive(Debug, Clone, Default)]
struct Ends {
    is_planned: bool,
    newest: Option<(Rank, Envelope)>,
    /// The newest that replaced rows: an observation after it that found the same is no other news.
    loaded: Option<(Rank, Envelope)>,
    findings: BTreeMap<String, Envelope>,
}

impl RunState {
    /// Reads a state as `to_events` wrote it.
    ///
    /// # Errors
    /// When an event names tables or slices that are none of ours.
    pub fn from_events(events: &RunEvents) -> Result<Self, MessageError> {
        let mut state = Self::default();
        for event in &events.events {
            state.take(event)?;
        }
        Ok(state)
    }

    /// The events that count: they lead to the same state.
    pub fn to_events(&self) -> RunEvents {
        let of_slices = self.slices.values().flat_map(|ends| {
            let ends_of = [&ends.newest, &ends.loaded].into_iter().flatten().map(|(_, event)| event);
            ends_of.chain(ends.findings.values())
        });
        let events = self.plan.iter().chain(&self.unplanned).chain(of_slices).cloned().collect();
        RunEvents { events }
    }

    /// Takes an event in: true where it is news.
    ///
    /// # Errors
    /// When the event names tables or slices that are none of ours.
    pub fn take(&mut self, event: &Envelope) -> Result<bool, MessageError> {
        let header = Header::try_from(event)?;
        let body = event.body.as_ref().ok_or(MessageError::Missing("body"))?;
        match body {
            Body::RunPlanned(planned) => {
                if self.plan.is_some() {
                    return Ok(false);
                }
                for planned in &planned.slices {
                    let slice =
                        slice_from_wire(planned.slice.as_ref().ok_or(MessageError::Missing("slice"))?)?;
                    self.slices.entry(slice).or_default().is_planned = true;
                }
                self.plan = Some(event.clone());
                Ok(true)
            }
            Body::SliceLoaded(loaded) => {
                sums_from_wire(&loaded.loaded)?;
                sums_from_wire(&loaded.superseded)?;
                let ends = self.slices.entry(header.slice()?.clone()).or_default();
                Ok(ends.take(&header, end_of(body)?, event))
            }
            Body::SliceFailed(_) => {
                let end = end_of(body)?;
                let Some(slice) = &header.slice else {
                    // The run could not even be planned: it is over, and says why.
                    let is_news = self.unplanned.is_none();
                    self.unplanned.get_or_insert_with(|| event.clone());
                    return Ok(is_news);
                };
                Ok(self.slices.entry(slice.clone()).or_default().take(&header, end, event))
            }
            Body::FindingRaised(_) => {
                let Some(slice) = header.slice else { return Ok(false) };
                let findings = &mut self.slices.entry(slice).or_default().findings;
                Ok(findings.insert(event.message_id.clone(), event.clone()).is_none())
            }
            Body::AlertCheck(_) => Ok(false),
            Body::FetchRequested(_)
            | Body::SliceFetched(_)
            | Body::RecordsNormalized(_)
            | Body::RecordsValidated(_) => Err(MessageError::Missing("an event")),
        }
    }

    /// True once it is known what the run is to do, or that it can do nothing.
    pub const fn is_planned(&self) -> bool {
        self.plan.is_some() || self.unplanned.is_some()
    }

    /// True once every planned slice has ended.
    pub fn is_over(&self) -> bool {
        self.is_planned() && self.slices.values().all(|ends| ends.newest.is_some())
    }

    /// The run as far as it is known.
    pub fn report(&self, run_id: &str) -> RunReport {
        let planned = match self.plan.as_ref().and_then(|plan| plan.body.as_ref()) {
            Some(Body::RunPlanned(planned)) => Some(planned),
            _ => None,
        };
        let unplanned = match self.unplanned.as_ref().and_then(|failed| failed.body.as_ref()) {
            Some(Body::SliceFailed(failed)) if planned.is_none() => Some(Notice {
                subject: "run".to_owned(),
                message: format!("it could not be planned: {}", failed.detail),
                remedy: failed.remedy.clone(),
                is_failure: true,
            }),
            _ => None,
        };
        RunReport {
            run_id: run_id.to_owned(),
            trigger: planned.map(|planned| planned.trigger.clone()).unwrap_or_default(),
            is_planned: self.is_planned(),
            planned_at: planned
                .and_then(|planned| moment_from_micros(planned.planned_at).ok())
                .map_or(Timestamp::UNIX_EPOCH, |(_, at)| at),
            notices: planned
                .map(|planned| planned.notices.clone())
                .unwrap_or_default()
                .into_iter()
                .chain(unplanned)
                .collect(),
            has_later: planned.is_some_and(|planned| planned.later.is_some()),
            slices: self.slices.iter().map(|(slice, ends)| ends.report(slice)).collect(),
        }
    }
}

impl Ends {
    fn take(&mut self, header: &Header, end: End, event: &Envelope) -> bool {
        let rank = (header.generation, header.revision, end);
        let is_newer = |kept: &Option<(Rank, Envelope)>| kept.as_ref().is_none_or(|(known, _)| *known < rank);
        let mut is_news = false;
        if is_newer(&self.newest) {
            self.newest = Some((rank, event.clone()));
            is_news = true;
        }
        if end == End::Loaded && is_newer(&self.loaded) {
            self.loaded = Some((rank, event.clone()));
            is_news = true;
        }
        is_news
    }

    fn report(&self, slice: &Slice) -> SliceReport {
        let counts = match (&self.newest, &self.loaded) {
            (Some(((_, _, End::Unchanged | End::Superseded), _)), Some(loaded)) => Some(loaded),
            (newest, _) => newest.as_ref(),
        };
        let mut report = SliceReport {
            slice: slice.clone(),
            is_planned: self.is_planned,
            end: counts.map_or(End::Pending, |((_, _, end), _)| *end),
            loaded: TableSums::default(),
            superseded: TableSums::default(),
            rejected_rows: 0,
            reason: String::new(),
            detail: String::new(),
            remedy: String::new(),
            findings: Vec::new(),
        };
        match counts.and_then(|(_, event)| event.body.as_ref()) {
            Some(Body::SliceLoaded(loaded)) => {
                // `take` has read both.
                report.loaded = sums_from_wire(&loaded.loaded).unwrap_or_default();
                report.superseded = sums_from_wire(&loaded.superseded).unwrap_or_default();
                report.rejected_rows = loaded.rejected_rows;
                report.findings.clone_from(&loaded.findings);
            }
            Some(Body::SliceFailed(failed)) => {
                report.reason.clone_from(&failed.reason);
                report.detail.clone_from(&failed.detail);
                report.remedy.clone_from(&failed.remedy);
            }
            _ => {}
        }
        let raised = self.findings.values().filter_map(|event| match &event.body {
            Some(Body::FindingRaised(raised)) => raised.finding.clone(),
            _ => None,
        });
        report.findings.extend(raised);
        report
    }
}

fn end_of(body: &Body) -> Result<End, MessageError> {
    let state = match body {
        Body::SliceLoaded(loaded) => loaded.state.as_str(),
        Body::SliceFailed(failed) => failed.state.as_str(),
        _ => "",
    };
    match (body, state) {
        (Body::SliceLoaded(_), "loaded") => Ok(End::Loaded),
        (Body::SliceLoaded(_), "unchanged") => Ok(End::Unchanged),
        (Body::SliceLoaded(_), "superseded") => Ok(End::Superseded),
        (Body::SliceLoaded(_), "unavailable") => Ok(End::Unavailable),
        (Body::SliceFailed(_), "failed") => Ok(End::Failed),
        (Body::SliceFailed(_), "parked") => Ok(End::Parked),
        (Body::SliceFailed(_), "not_in_use") => Ok(End::NotInUse),
        (Body::SliceFailed(_), "not_yet") => Ok(End::NotYet),
        (_, other) => Err(MessageError::Value { field: "state", value: other.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use aispend_ports::Topic;
    use aispend_proto::v1::{PlannedSlice, RunPlanned, SliceFailed, SliceLoaded};
    use aispend_stage::{Output, slice_to_wire};
    use proptest::prelude::*;

    use super::*;

    fn slice(day: i8) -> Slice {
        let day = jiff::civil::date(2026, 10, day);
        Slice { feed: "cursor/usage-events".parse().unwrap(), org_id: "cursor".to_owned(), day: Some(day) }
    }

    fn event(slice: Option<Slice>, generation: i64, revision: u32, body: Body) -> Envelope {
        let header = Header {
            run_id: "run".to_owned(),
            slice,
            generation: Generation(generation),
            revision,
            ..Header::default()
        };
        Output::new(Topic::SliceEvents, &header, Timestamp::UNIX_EPOCH, body).envelope
    }

    fn loaded(day: i8, generation: i64, revision: u32, state: &str) -> Envelope {
        let body = SliceLoaded { state: state.to_owned(), rejected_rows: 1, ..SliceLoaded::default() };
        event(Some(slice(day)), generation, revision, Body::SliceLoaded(body))
    }

    fn failed(day: i8, generation: i64, state: &str) -> Envelope {
        let body = SliceFailed { state: state.to_owned(), ..SliceFailed::default() };
        event(Some(slice(day)), generation, 0, Body::SliceFailed(body))
    }

    fn planned(days: &[i8]) -> Envelope {
        let slices = days
            .iter()
            .map(|day| PlannedSlice { slice: Some(slice_to_wire(&slice(*day))), ..PlannedSlice::default() })
            .collect();
        event(None, 0, 0, Body::RunPlanned(RunPlanned { slices, ..RunPlanned::default() }))
    }

    fn ends(events: &[Envelope]) -> Vec<End> {
        let mut state = RunState::default();
        for event in events {
            state.take(event).unwrap();
        }
        state.report("run").slices.iter().map(|slice| slice.end).collect()
    }

    #[test]
    fn the_newest_reading_decides_and_a_load_stays_one() {
        for (events, expected) in [
            (vec![planned(&[1])], End::Pending),
            (vec![loaded(1, 5, 0, "loaded"), loaded(1, 5, 0, "superseded")], End::Loaded),
            (vec![loaded(1, 5, 0, "loaded"), loaded(1, 6, 0, "unchanged")], End::Loaded),
            (vec![failed(1, 5, "parked"), loaded(1, 5, 1, "loaded")], End::Loaded),
            (vec![failed(1, 5, "parked"), loaded(1, 5, 1, "unchanged")], End::Unchanged),
            (vec![loaded(1, 5, 0, "loaded"), failed(1, 6, "parked")], End::Parked),
            (vec![failed(1, 0, "failed"), loaded(1, 5, 0, "loaded")], End::Loaded),
            (vec![loaded(1, 5, 0, "superseded")], End::Superseded),
        ] {
            assert_eq!(ends(&events), [expected], "{events:?}");
        }
    }

    #[test]
    fn a_run_without_a_plan_is_over_when_that_is_known() {
        let mut state = RunState::default();
        state.take(&loaded(1, 5, 0, "loaded")).unwrap();
        assert!(!state.is_over());
        let body = SliceFailed {
            state: "parked".to_owned(),
            detail: "no ledger".to_owned(),
            ..SliceFailed::default()
        };
        assert!(state.take(&event(None, 0, 0, Body::SliceFailed(body))).unwrap());
        assert!(state.is_over());
        assert!(state.report("run").notices.first().unwrap().message.contains("no ledger"));
        // A replay plans it after all.
        assert!(state.take(&planned(&[1, 2])).unwrap());
        assert!(!state.is_over() && state.report("run").notices.is_empty());
    }

    fn any_event() -> impl Strategy<Value = Envelope> {
        let of_loads =
            (1..3_i8, 1..4_i64, 0..2_u32, prop::sample::select(vec!["loaded", "unchanged", "superseded"]));
        let of_failures = (1..3_i8, 0..4_i64, prop::sample::select(vec!["failed", "parked", "not_yet"]));
        prop_oneof![
            Just(planned(&[1, 2])),
            of_loads.prop_map(|(day, generation, revision, state)| loaded(day, generation, revision, state)),
            of_failures.prop_map(|(day, generation, state)| failed(day, generation, state)),
        ]
    }

    proptest! {
        #[test]
        fn the_state_is_a_function_of_the_set_of_events(events in prop::collection::vec(any_event(), 0..20), turn in 0..20_usize) {
            let straight = ends(&events);
            let mut turned = events.clone();
            turned.rotate_left(turn.min(events.len()));
            turned.extend(events.iter().rev().cloned());
            prop_assert_eq!(&straight, &ends(&turned));
            let mut state = RunState::default();
            for event in &events {
                state.take(event).unwrap();
            }
            let again = RunState::from_events(&state.to_events()).unwrap();
            prop_assert_eq!(state.is_over(), again.is_over());
            prop_assert_eq!(straight, ends(&state.to_events().events));
        }
    }
}
