//! One slice: observed, sent on again from the archive, or retired.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aispend_model::{Feed, Generation, Response, Slice, Vendor};
use aispend_ports::{DocumentRef, LedgerLine, SliceOutcome, Topic};
use aispend_proto::v1::envelope::Body;
use aispend_proto::v1::{FetchRequested, Finding, SliceFailed, SliceFetched, SliceLoaded};
use aispend_sources::anthropic::CLAUDE_CODE_WORKSPACE;
use aispend_sources::{Ask, Progress, Refusal, SETTING, source};
use aispend_stage::{
    Header, Message, MessageError, Output, Stage as _, context_to_wire, documents_to_wire, error_chain,
    sums_to_wire,
};

use crate::observe::Observation;
use crate::sitting::{Asking, Sitting, count};
use crate::{FetchSliceError, Fetcher, OUT_OF_REACH, RETIRED, Sheets, default_start, due};

impl Fetcher {
    /// Observes one slice.
    pub(super) async fn fetch_slice(
        &self,
        message: &Message,
        request: &FetchRequested,
    ) -> Result<Vec<Output>, FetchSliceError> {
        let fetched = Box::pin(self.fetch_for_a_while(message, request)).await;
        let key = stop_key(&message.header);
        let mut memory = self.memory.lock().await;
        if matches!(fetched, Err(FetchSliceError::NotNow { .. })) {
            count(&self.settings.sittings.counts.given_back);
            *memory.stops.entry(key).or_default() += 1;
        } else if fetched.is_ok() {
            memory.stops.remove(&key);
        }
        drop(memory);
        fetched
    }

    /// Observes one slice, or goes on where an earlier attempt ended.
    async fn fetch_for_a_while(
        &self,
        message: &Message,
        request: &FetchRequested,
    ) -> Result<Vec<Output>, FetchSliceError> {
        let header = &message.header;
        let slice = header.slice()?.clone();
        let ledger = self.ledger(&header.run_id, false).await?;
        let line = ledger.get(&slice);
        // A killed run continues: the days it had loaded stay, and are told again. What tells how things are now is asked
        // again: it may have been mended meanwhile.
        // Its second look may have been at the slice as well.
        let is_ours = |line: &&LedgerLine| {
            line.run_id == header.run_id || line.run_id.strip_suffix(".again") == Some(&header.run_id)
        };
        if let Some(line) = line.filter(|line| is_ours(line) && !slice.feed.is_snapshot()) {
            return Ok(vec![self.told_again(header, line)?]);
        }
        if let Some(refused) = self.keep_analytics(line, &request.source) {
            return Ok(vec![self.failed(header, "failed", &refused)]);
        }
        let turn = self.turns.begin(header, &slice, &request.source)?;
        let (mut slot, begun) = self.slot(slice.vendor()).await?;
        let accounts = if slice.vendor() == Vendor::Anthropic {
            self.accounts(&header.run_id, |accounts| accounts.missing(&slice.org_id).is_none()).await?
        } else {
            Arc::default()
        };
        if let Some(stale) = self.is_stale_choice(header, &slice, &request.source).await? {
            return Ok(vec![self.failed(header, "failed", &stale)]);
        }
        let source = request.source.as_str();
        let asking = Asking { slice: &slice, source, line, accounts: &accounts, id: turn.id(), begun };
        let missing = accounts.missing(&slice.org_id).filter(|_| source != OUT_OF_REACH);
        let sat = if let Some(error) = missing {
            Err(error.into())
        } else {
            Box::pin(self.sit(asking, &mut slot)).await
        };
        drop(slot);
        let (observation, mut generation, mut journal) = match sat {
            Ok(Sitting::Observed(observation, generation, journal)) => (observation, generation, journal),
            Ok(Sitting::Fetched(envelope)) => return Ok(vec![self.fetched_again(header, *envelope).await?]),
            Ok(Sitting::Ahead) => return Ok(vec![self.failed(header, "failed", &seen_ahead())]),
            Err(error) if error.is_vendors() && self.is_out_of_patience(message, &error).await => {
                let refusal = Refusal {
                    reason: "vendor_unavailable",
                    detail: error_chain(&error),
                    remedy: "run again later; what is missing stays due".to_owned(),
                };
                return Ok(vec![self.failed(header, "failed", &refusal)]);
            }
            Err(error) => return Err(error),
        };
        if journal.is_shared() && matches!(observation, Observation::Unavailable(_)) {
            // Others may yet read it to its end, under the generation they know.
            generation = self.issue(&slice, line, Some(generation)).await;
        }
        let fetched_header = Header { generation, revision: 0, ..header.clone() };
        let mut fetched = SliceFetched {
            source: source.to_owned(),
            outcome: "complete".to_owned(),
            ..SliceFetched::default()
        };
        match observation {
            Observation::Complete(mut documents) => {
                let ask = self.ask(&slice, source, generation);
                let had_rows =
                    line.is_some_and(|line| line.outcome == SliceOutcome::Complete && line.loaded.rows() > 0);
                if slice.vendor() == Vendor::Sheets && had_rows && self.is_empty(&ask, &documents).await? {
                    let refusal = Refusal {
                        reason: "empty_sheet",
                        detail: format!("sheet \"{}\" has a header and no rows; it had rows before", ask.tab),
                        remedy: format!(
                            "restore its rows, or `aispend retire {}` if they should go; they stay until then",
                            slice.feed
                        ),
                    };
                    return Ok(vec![self.failed(header, "failed", &refusal)]);
                }
                if slice.feed == Feed::SheetSeats {
                    let first = self.first_day(&ledger, generation).to_string();
                    documents.push(self.setting("first_day", &first).await?);
                }
                fetched.documents = documents_to_wire(&documents);
                let mut memory = self.memory.lock().await;
                let book = memory.book.get_or_insert_default();
                book.note(&slice, generation, &documents);
                fetched.context = context_to_wire(&book.of(&slice));
            }
            Observation::Unavailable(reason) => {
                "unavailable".clone_into(&mut fetched.outcome);
                fetched.findings.push(unavailable(&reason));
                fetched.outcome_reason = reason;
            }
            Observation::Absent(detail) => {
                let was_loaded = line.is_some_and(|line| line.outcome == SliceOutcome::Complete);
                let (state, remedy) = if was_loaded {
                    (
                        "failed",
                        format!(
                            "restore it, or `aispend retire {}` if it is no longer kept; its old rows stay",
                            slice.feed
                        ),
                    )
                } else {
                    ("not_in_use", String::new())
                };
                return Ok(vec![self.failed(header, state, &Refusal { reason: "absent", detail, remedy })]);
            }
            Observation::Refused(refusal) => {
                let state = if refusal.reason == "not_yet" { "not_yet" } else { "failed" };
                return Ok(vec![self.failed(header, state, &refusal)]);
            }
        }
        let is_complete = fetched.outcome == "complete";
        let now = self.doors.clock.now();
        let output = Output::new(Topic::RawSlices, &fetched_header, now, Body::SliceFetched(fetched));
        if !is_complete {
            return Ok(vec![output]);
        }
        let said = journal.settle(output.envelope.clone()).await?;
        if said == output.envelope {
            return Ok(vec![output]);
        }
        Ok(vec![self.fetched_again(header, said).await?])
    }

    /// A setting that readers decide by, kept beside the answers: the archive alone tells how rows came to be.
    async fn setting(&self, name: &str, text: &str) -> Result<DocumentRef, FetchSliceError> {
        Ok(DocumentRef {
            sha256: self.doors.archive.put_document(text.as_bytes()).await?,
            role: SETTING.to_owned(),
            request: format!("SETTING {name}"),
            page: 0,
            size_bytes: text.len() as u64,
            fetched_at: self.doors.clock.now().as_microsecond(),
            request_id: String::new(),
        })
    }

    /// Which workspaces are Claude Code's, where somebody says so.
    pub(super) async fn workspaces(&self) -> Result<Option<DocumentRef>, FetchSliceError> {
        let names = self.settings.claude_code_workspaces.join("\n");
        if names.is_empty() || names == CLAUDE_CODE_WORKSPACE {
            return Ok(None);
        }
        self.setting("claude_code_workspaces", &names).await.map(Some)
    }

    /// The first day of all data: never later than it was, as months go by.
    fn first_day(&self, ledger: &HashMap<Slice, LedgerLine>, now: Generation) -> jiff::civil::Date {
        let today = now.day().unwrap_or_else(|| self.doors.clock.today());
        let start = self.settings.start_date.unwrap_or_else(|| default_start(today));
        ledger.keys().filter_map(|slice| slice.day).min().map_or(start, |first| first.min(start))
    }

    /// True for a sheet without a row below its header.
    async fn is_empty(&self, ask: &Ask, documents: &[DocumentRef]) -> Result<bool, FetchSliceError> {
        let feed = source(ask.slice.feed);
        let Some(request) = feed.requests(ask).pop() else { return Ok(false) };
        let mut items = 0;
        for document in documents {
            let body = self.doors.archive.document(&document.sha256).await?.to_vec();
            let response = Response { status: 200, headers: Vec::new(), body };
            let followed = feed.follow(ask, &request, &response, Progress::default());
            items += followed.map_or(1, |followed| followed.items);
        }
        Ok(items == 0)
    }

    /// A slice that failed for the vendor's fault gets a second try, behind all that wait. With a vendor that is down each
    /// would only cost another wait.
    async fn is_out_of_patience(&self, message: &Message, error: &FetchSliceError) -> bool {
        // To stop at a page is no failure.
        let stops = self.memory.lock().await.stops.get(&stop_key(&message.header)).copied().unwrap_or(0);
        if message.attempt.saturating_sub(stops) < 2 && error.may_pass() {
            return false;
        }
        self.is_overdue(message)
    }

    /// True where a vendor that is down is waited for no longer.
    pub(super) fn is_overdue(&self, message: &Message) -> bool {
        let age = self.doors.clock.now().duration_since(message.published_at);
        Duration::try_from(age).unwrap_or(Duration::ZERO) >= self.settings.patience
    }

    /// Sends the archived documents of the newest observation on again, as its next revision.
    pub(super) async fn reprocess(&self, header: &Header) -> Result<Vec<Output>, FetchSliceError> {
        let slice = header.slice()?;
        let ledger = self.ledger(&header.run_id, false).await?;
        let Some(line) = ledger.get(slice) else {
            let refusal = Refusal {
                reason: "never_read",
                detail: "the archive has nothing of this slice".to_owned(),
                remedy: "`aispend run` reads it".to_owned(),
            };
            return Ok(vec![self.failed(header, "failed", &refusal)]);
        };
        let context = self.memory.lock().await.book.get_or_insert_default().of(slice);
        let body = SliceFetched {
            documents: documents_to_wire(&line.documents),
            context: context_to_wire(&context),
            source: line.source.clone(),
            outcome: line.outcome.as_str().to_owned(),
            ..SliceFetched::default()
        };
        let header =
            Header { generation: line.order.generation, revision: line.order.revision + 1, ..header.clone() };
        Ok(vec![Output::new(Topic::RawSlices, &header, self.doors.clock.now(), Body::SliceFetched(body))])
    }

    /// An empty generation for a slice that should no longer exist.
    pub(super) async fn retire(&self, header: &Header, why: &str) -> Result<Vec<Output>, FetchSliceError> {
        let slice = header.slice()?;
        let ledger = self.ledger(&header.run_id, false).await?;
        let last = ledger.get(slice).map(|line| line.order.generation);
        let header = Header { generation: Generation::next(self.doors.clock.now(), last), ..header.clone() };
        let body = SliceFetched {
            outcome: "retired".to_owned(),
            outcome_reason: if why == RETIRED {
                "an Enterprise organisation's own reports tell the same".to_owned()
            } else {
                "retired by hand".to_owned()
            },
            ..SliceFetched::default()
        };
        Ok(vec![Output::new(Topic::RawSlices, &header, self.doors.clock.now(), Body::SliceFetched(body))])
    }

    pub(super) fn ask(&self, slice: &Slice, source: &str, generation: Generation) -> Ask {
        let (spreadsheet_id, tab) = match (slice.vendor(), &self.settings.sheets) {
            (Vendor::Sheets, Sheets::Google { spreadsheet_id }) => {
                (spreadsheet_id.clone(), self.settings.tab(slice.feed))
            }
            (Vendor::Sheets, Sheets::Csv | Sheets::WithoutKey) => {
                (String::new(), self.settings.tab(slice.feed))
            }
            _ => (String::new(), String::new()),
        };
        Ask { slice: slice.clone(), source: source.to_owned(), generation, spreadsheet_id, tab }
    }

    fn told_again(&self, header: &Header, line: &LedgerLine) -> Result<Output, MessageError> {
        let state = if line.outcome == SliceOutcome::Unavailable { "unavailable" } else { "loaded" };
        let findings =
            if line.source == OUT_OF_REACH { vec![unavailable(&analytics_reach())] } else { Vec::new() };
        let body = SliceLoaded {
            state: state.to_owned(),
            source: line.source.clone(),
            loaded: sums_to_wire(&line.loaded)?,
            findings,
            ..SliceLoaded::default()
        };
        Ok(Output::new(Topic::SliceEvents, header, self.doors.clock.now(), Body::SliceLoaded(body)))
    }

    fn failed(&self, header: &Header, state: &str, refusal: &Refusal) -> Output {
        let body = SliceFailed {
            stage: Self::NAME.to_owned(),
            state: state.to_owned(),
            reason: refusal.reason.to_owned(),
            detail: refusal.detail.clone(),
            remedy: refusal.remedy.clone(),
            parked_id: String::new(),
        };
        Output::new(Topic::SliceEvents, header, self.doors.clock.now(), Body::SliceFailed(body))
    }
}

/// A slice of a run.
fn stop_key(header: &Header) -> String {
    format!("{} {}", header.run_id, header.slice_key())
}

/// Why the loader would not take what is read now.
fn seen_ahead() -> Refusal {
    Refusal {
        reason: "clock",
        detail: "this was read by a clock that was ahead; what is read now would count as older".to_owned(),
        remedy: "check this machine's clock; it is read again once the time it was read at has come"
            .to_owned(),
    }
}

/// Says to the summary why a day cannot be had.
fn unavailable(reason: &str) -> Finding {
    Finding {
        check: "unavailable".to_owned(),
        severity: "info".to_owned(),
        message: reason.to_owned(),
        count: 1,
    }
}

pub(super) fn analytics_reach() -> String {
    format!(
        "Anthropic's analytics endpoints know nothing before {}, and nothing older than {} days",
        due::ANALYTICS_BEGIN,
        due::ANALYTICS_REACH_DAYS
    )
}
