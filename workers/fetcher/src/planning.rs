//! Makes the plan of a run, once, and publishes it: one message a slice, so that slices retry alone.

use std::collections::HashMap;

use aispend_model::{Feed, Slice, day_from_number};
use aispend_ports::{ArchiveError, LedgerLine, SliceOutcome, Topic};
use aispend_proto::Message as _;
use aispend_proto::v1::envelope::Body;
use aispend_proto::v1::{FetchRequested, Notice, PlannedSlice, RunPlanned};
use aispend_stage::{Header, Message, MessageError, Output, slice_from_wire, slice_to_wire};
use bytes::Bytes;

use crate::answers::{Answers, later_of};
use crate::context::to_reconsider;
use crate::cost_api::choice_name;
use crate::{Facts, FetchSliceError, Fetcher, Planned, RETIRED, Wanted, plan};

impl Fetcher {
    /// Plans a run and publishes it: one message a slice, so that slices retry alone.
    pub(super) async fn plan_run(
        &self,
        message: &Message,
        request: &FetchRequested,
    ) -> Result<Vec<Output>, FetchSliceError> {
        let header = Header { slice: None, ..message.header.clone() };
        let name = plan_name(&header.run_id, request, message.published_at);
        let stored = if let Some(stored) = self.stored_plan(&name).await? {
            stored
        } else {
            // One after the other: a request that came a hundred times is planned once, and the rest find that plan.
            let _turn = self.planning.lock().await;
            match self.stored_plan(&name).await? {
                Some(stored) => stored,
                None => self.store_plan(&name, &header, message, request).await?,
            }
        };
        let envelope =
            aispend_stage::read_envelope(&stored).map_err(|_| FetchSliceError::Plan(name.clone()))?;
        let header = Header::try_from(&envelope)?;
        let Some(Body::RunPlanned(planned)) = envelope.body else { return Err(FetchSliceError::Plan(name)) };
        self.publish_plan(&header, planned)
    }

    async fn stored_plan(&self, name: &str) -> Result<Option<Bytes>, FetchSliceError> {
        match self.doors.archive.get(name).await {
            Ok(stored) => Ok(Some(stored)),
            Err(ArchiveError::Missing { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn store_plan(
        &self,
        name: &str,
        header: &Header,
        message: &Message,
        request: &FetchRequested,
    ) -> Result<Bytes, FetchSliceError> {
        let planned = Body::RunPlanned(self.make_plan(message, request).await?);
        let envelope = Output::new(Topic::SliceEvents, header, message.published_at, planned).envelope;
        // Whoever was first made the plan; everybody else publishes that one again.
        self.doors.archive.create(name, Bytes::from(envelope.encode_to_vec())).await?;
        Ok(self.doors.archive.get(name).await?)
    }

    fn publish_plan(&self, header: &Header, planned: RunPlanned) -> Result<Vec<Output>, FetchSliceError> {
        let now = self.doors.clock.now();
        let mut outputs = Vec::with_capacity(planned.slices.len() + 1);
        let trigger = planned.trigger.clone();
        let slices = planned.slices.clone();
        let later = planned.later.clone();
        outputs.push(Output::new(Topic::SliceEvents, header, now, Body::RunPlanned(planned)));
        for slice in slices {
            let of_slice =
                Header { slice: slice.slice.as_ref().map(slice_from_wire).transpose()?, ..header.clone() };
            let trigger = if slice.source == RETIRED { "retire".to_owned() } else { trigger.clone() };
            let body = FetchRequested {
                trigger,
                source: slice.source,
                reprocess: slice.reprocess,
                ..FetchRequested::default()
            };
            outputs.push(Output::new(Topic::FetchRequests, &of_slice, now, Body::FetchRequested(body)));
        }
        if let Some(later) = later {
            let of_later = Header { run_id: later_of(&header.run_id), ..header.clone() };
            outputs.push(Output::new(Topic::FetchRequests, &of_later, now, Body::FetchRequested(later)));
        }
        Ok(outputs)
    }

    async fn make_plan(
        &self,
        message: &Message,
        request: &FetchRequested,
    ) -> Result<RunPlanned, FetchSliceError> {
        let run_id = &message.header.run_id;
        let ledger = self.ledger(run_id, true).await?;
        let wanted = wanted(request)?;
        let mut later = None;
        let (slices, notices) = match request.trigger.as_str() {
            "reconsider" => {
                let workspaces = self.workspaces().await?;
                (to_reconsider(&ledger, self.doors.archive.as_ref(), workspaces).await?, Vec::new())
            }
            _ if request.reprocess => (again(&ledger, &wanted), Vec::new()),
            _ => {
                let answered = self.answered(message, request, &wanted).await?;
                later = answered.later;
                self.plan_fetches(message, &ledger, &answered.wanted, answered.answers).await?
            }
        };
        Ok(RunPlanned {
            slices: slices
                .into_iter()
                .map(|planned| PlannedSlice {
                    slice: Some(slice_to_wire(&planned.slice)),
                    source: planned.source,
                    reprocess: planned.reprocess,
                })
                .collect(),
            trigger: request.trigger.clone(),
            notices,
            planned_at: self.doors.clock.now().as_microsecond(),
            later,
        })
    }

    async fn plan_fetches(
        &self,
        message: &Message,
        ledger: &HashMap<Slice, LedgerLine>,
        wanted: &Wanted,
        answers: Answers,
    ) -> Result<(Vec<Planned>, Vec<Notice>), FetchSliceError> {
        let today = message.published_at.to_zoned(jiff::tz::TimeZone::UTC).date();
        let Answers { accounts, cost_sources, mut notices, unanswered: _ } = answers;
        for (org_id, source) in &cost_sources {
            let choice = Bytes::from(format!("{}\n{source}", message.header.run_id));
            self.doors.archive.put(&choice_name(org_id), choice).await?;
        }
        let facts = Facts {
            settings: &self.settings,
            accounts: &accounts,
            cost_sources: &cost_sources,
            ledger,
            today,
            cursor_cycle_starts: self.cycle_starts(ledger).await,
        };
        let (slices, more) = plan(&facts, wanted);
        notices.extend(more);
        Ok((slices, notices))
    }

    /// When the running Cursor cycle of each team began, from its newest spend snapshot.
    async fn cycle_starts(&self, ledger: &HashMap<Slice, LedgerLine>) -> HashMap<String, jiff::civil::Date> {
        let mut newest: HashMap<&str, &LedgerLine> = HashMap::new();
        for line in ledger.values() {
            let is_snapshot = line.slice.feed == Feed::CursorSpend && line.outcome == SliceOutcome::Complete;
            if is_snapshot
                && newest.get(line.slice.org_id.as_str()).is_none_or(|known| known.order < line.order)
            {
                newest.insert(&line.slice.org_id, line);
            }
        }
        let mut starts = HashMap::new();
        for (org_id, line) in newest {
            let Some(document) = line.documents.first() else { continue };
            // A snapshot that is lost costs one extra reading of a cycle, not the run.
            let Ok(body) = self.doors.archive.document(&document.sha256).await else { continue };
            if let Some(start) = aispend_sources::cursor::cycle_start(&body) {
                starts.insert(org_id.to_owned(), start);
            }
        }
        starts
    }
}

/// A daily trigger for everything has one plan per local date of the schedule, any other request one per run.
fn plan_name(run_id: &str, request: &FetchRequested, published_at: jiff::Timestamp) -> String {
    if request.trigger == "daily" && request.feeds.is_empty() && request.from.is_none() {
        let zone = jiff::tz::TimeZone::get("America/Los_Angeles").unwrap_or(jiff::tz::TimeZone::UTC);
        return format!("plans/daily-{}", published_at.to_zoned(zone).date());
    }
    let safe: String =
        run_id.chars().filter(|letter| letter.is_ascii_alphanumeric() || "-.".contains(*letter)).collect();
    format!("plans/run-{safe}")
}

fn wanted(request: &FetchRequested) -> Result<Wanted, MessageError> {
    let feeds = request
        .feeds
        .iter()
        .map(|feed| {
            feed.parse::<Feed>().map_err(|_| MessageError::Value { field: "feeds", value: feed.clone() })
        })
        .collect::<Result<_, _>>()?;
    let day = |number: i32| {
        day_from_number(number).map_err(|_| MessageError::Value { field: "from", value: number.to_string() })
    };
    let days = match (request.from, request.to) {
        (Some(from), Some(to)) => Some((day(from)?, day(to)?)),
        _ => None,
    };
    Ok(Wanted { feeds, days })
}

/// The loaded slices of a period, to be read again from the archive.
fn again(ledger: &HashMap<Slice, LedgerLine>, wanted: &Wanted) -> Vec<Planned> {
    let mut slices: Vec<&LedgerLine> = ledger
        .values()
        .filter(|line| line.outcome == SliceOutcome::Complete)
        .filter(|line| wanted.feeds.is_empty() || wanted.feeds.contains(&line.slice.feed))
        .filter(|line| match (line.slice.day, wanted.days) {
            (Some(day), Some((from, to))) => day >= from && day <= to,
            (None, _) | (_, None) => true,
        })
        .collect();
    slices.sort_by(|left, right| left.slice.cmp(&right.slice));
    slices
        .into_iter()
        .map(|line| Planned { slice: line.slice.clone(), source: line.source.clone(), reprocess: true })
        .collect()
}
