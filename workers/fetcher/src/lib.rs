//! Plans runs, asks the vendors, archives every answer. Reads an answer only as far as it must to know what to ask next.

mod accounts;
mod context;
mod due;
mod error;
mod observe;
mod plan;
mod settings;
mod slots;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aispend_model::{Feed, Generation, Request, Response, Slice, Vendor, day_from_number};
use aispend_ports::{Archive, Clock, DocumentRef, Fetch, LedgerLine, SliceOutcome, Topic, Warehouse};
use aispend_proto::Message as _;
use aispend_proto::v1::envelope::Body;
use aispend_proto::v1::{
    FetchRequested, Finding, Notice, PlannedSlice, RunPlanned, SliceFailed, SliceFetched, SliceLoaded,
};
use aispend_sources::anthropic::{CLAUDE_CODE_WORKSPACE, Probe, probe_answer, probe_request};
use aispend_sources::{Ask, Progress, Refusal, SETTING, source};
use aispend_stage::{
    Header, Message, MessageError, Output, Stage, content_id, context_to_wire, documents_to_wire,
    error_chain, slice_from_wire, slice_to_wire, sums_to_wire,
};
use bytes::Bytes;
use jiff::ToSpan;
use tokio::sync::Mutex;

use accounts::{Accounts, not_asked, slot_of};
use context::{ContextBook, to_reconsider};
pub use due::{analytics_horizon, default_start};
pub use error::FetchSliceError;
use observe::{Observation, Observer};
pub use plan::{CostSources, Facts, OUT_OF_REACH, Planned, RETIRED, Wanted, plan};
pub use settings::{AnthropicKey, CostApi, CursorTeam, FetcherSettings, KeyKind, Sheets, re_read_days};
use slots::Slots;

/// How far ahead of our clock the loader takes an observation.
const CLOCK_TOLERANCE: Duration = Duration::from_mins(10);
/// How often a probe without a clear answer is asked again.
const PROBE_TRIES: u32 = 6;

/// The doors a fetcher needs beside the runner's.
#[derive(Clone)]
pub struct FetcherDoors {
    /// Vendors.
    pub fetch: Arc<dyn Fetch>,
    /// Answers.
    pub archive: Arc<dyn Archive>,
    /// The ledger.
    pub warehouse: Arc<dyn Warehouse>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// The stage. One instance: rate limits are per vendor key.
pub struct Fetcher {
    settings: FetcherSettings,
    doors: FetcherDoors,
    slots: Slots,
    memory: Mutex<Memory>,
    /// Who the keys are, and in which run they were asked. Held while they are: apart from the rest, because only
    /// Anthropic's slices wait for it.
    accounts: Mutex<Option<(String, Arc<Accounts>)>>,
}

/// What a fetcher remembers between messages; all of it can be had again.
#[derive(Default)]
struct Memory {
    book: Option<ContextBook>,
    ledger: Arc<HashMap<Slice, LedgerLine>>,
    ledger_of: Option<String>,
    issued: HashMap<Slice, Generation>,
}

impl Fetcher {
    /// With these settings and doors.
    pub fn new(settings: FetcherSettings, doors: FetcherDoors) -> Self {
        Self {
            settings,
            doors,
            slots: Slots::default(),
            memory: Mutex::default(),
            accounts: Mutex::default(),
        }
    }

    /// Who the keys are: asked once a run.
    async fn accounts(&self, run_id: &str) -> Result<Arc<Accounts>, FetchSliceError> {
        let mut known = self.accounts.lock().await;
        if let Some((_, accounts)) = known.as_ref().filter(|(of, _)| of == run_id) {
            return Ok(Arc::clone(accounts));
        }
        let accounts = Arc::new(
            accounts::resolve(
                &self.settings,
                self.doors.fetch.as_ref(),
                self.doors.archive.as_ref(),
                self.doors.clock.as_ref(),
            )
            .await?,
        );
        *known = Some((run_id.to_owned(), Arc::clone(&accounts)));
        Ok(accounts)
    }

    /// The ledger, read once a run; its own run's loads are no news to the fetcher.
    async fn ledger(
        &self,
        run_id: &str,
        is_fresh: bool,
    ) -> Result<Arc<HashMap<Slice, LedgerLine>>, FetchSliceError> {
        let mut memory = self.memory.lock().await;
        if is_fresh || memory.ledger_of.as_deref() != Some(run_id) {
            let lines = self.doors.warehouse.ledger(None).await?;
            memory.ledger = Arc::new(lines.into_iter().map(|line| (line.slice.clone(), line)).collect());
            memory.ledger_of = Some(run_id.to_owned());
            let mut book = memory.book.take().unwrap_or_default();
            book.set(self.workspaces().await?);
            for line in memory.ledger.values() {
                if line.outcome != SliceOutcome::Unavailable {
                    book.note(&line.slice, line.order.generation, &line.documents);
                }
            }
            memory.book = Some(book);
        }
        Ok(Arc::clone(&memory.ledger))
    }

    /// Plans a run and publishes it: one message a slice, so that slices retry alone.
    async fn plan_run(
        &self,
        message: &Message,
        request: &FetchRequested,
    ) -> Result<Vec<Output>, FetchSliceError> {
        let header = Header { slice: None, ..message.header.clone() };
        let name = plan_name(&header.run_id, request, message.published_at);
        let stored = match self.doors.archive.get(&name).await {
            Ok(stored) => stored,
            Err(aispend_ports::ArchiveError::Missing { .. }) => {
                let planned = self.make_plan(message, request).await?;
                let envelope =
                    Output::new(Topic::SliceEvents, &header, message.published_at, Body::RunPlanned(planned))
                        .envelope;
                // Whoever was first made the plan; everybody else publishes that one again.
                self.doors.archive.create(&name, Bytes::from(envelope.encode_to_vec())).await?;
                self.doors.archive.get(&name).await?
            }
            Err(error) => return Err(error.into()),
        };
        let envelope =
            aispend_stage::read_envelope(&stored).map_err(|_| FetchSliceError::Plan(name.clone()))?;
        let header = Header::try_from(&envelope)?;
        let Some(Body::RunPlanned(planned)) = envelope.body else { return Err(FetchSliceError::Plan(name)) };
        self.publish_plan(&header, planned)
    }

    fn publish_plan(&self, header: &Header, planned: RunPlanned) -> Result<Vec<Output>, FetchSliceError> {
        let now = self.doors.clock.now();
        let mut outputs = Vec::with_capacity(planned.slices.len() + 1);
        let trigger = planned.trigger.clone();
        let slices = planned.slices.clone();
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
        let (slices, notices) = match request.trigger.as_str() {
            "reconsider" => (
                { to_reconsider(&ledger, self.doors.archive.as_ref(), self.workspaces().await?).await? },
                Vec::new(),
            ),
            _ if request.reprocess => (again(&ledger, &wanted), Vec::new()),
            _ => self.plan_fetches(message, &ledger, &wanted).await?,
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
        })
    }

    async fn plan_fetches(
        &self,
        message: &Message,
        ledger: &HashMap<Slice, LedgerLine>,
        wanted: &Wanted,
    ) -> Result<(Vec<Planned>, Vec<Notice>), FetchSliceError> {
        let today = message.published_at.to_zoned(jiff::tz::TimeZone::UTC).date();
        let needs_anthropic =
            wanted.feeds.is_empty() || wanted.feeds.iter().any(|feed| feed.vendor() == Vendor::Anthropic);
        let accounts = if needs_anthropic {
            self.accounts(&message.header.run_id).await?
        } else {
            Arc::new(Accounts::default())
        };
        let mut notices = accounts.notices.clone();
        let (cost_sources, problems) =
            if wanted.feeds.is_empty() || wanted.feeds.contains(&Feed::AnthropicCost) {
                self.cost_sources(&accounts, today).await
            } else {
                (CostSources::new(), Vec::new())
            };
        notices.extend(problems);
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

    /// Which cost API each organisation has: one unambiguous answer to a probe, once a run; never one slice's failure.
    async fn cost_sources(
        &self,
        accounts: &Accounts,
        today: jiff::civil::Date,
    ) -> (CostSources, Vec<Notice>) {
        let mut sources = CostSources::new();
        let mut notices = Vec::new();
        for organisation in accounts.anthropic.values() {
            let (analytics, legacy) = if organisation.is_enterprise() {
                ("analytics_enterprise", "enterprise_reports")
            } else {
                ("analytics", "legacy")
            };
            let chosen = match self.settings.cost_api {
                CostApi::Analytics => analytics,
                CostApi::Legacy => legacy,
                CostApi::Auto => {
                    let request = probe_request(&organisation.org_id, today.saturating_sub(2.days()));
                    let addressed = Request { org_id: slot_of(accounts, &request), ..request };
                    let problem = match self.probe(&addressed).await {
                        Ok(answer) => {
                            match answer {
                                Probe::Analytics => {
                                    sources.insert(organisation.org_id.clone(), analytics.to_owned());
                                    continue;
                                }
                                Probe::NotAvailable(why) => {
                                    notices.push(Notice {
                                    subject: "anthropic/cost".to_owned(),
                                    message: format!("read from the {legacy} endpoints; the beta does not answer: {why}"),
                                    remedy: String::new(),
                                    is_failure: false,
                                });
                                    sources.insert(organisation.org_id.clone(), legacy.to_owned());
                                    continue;
                                }
                                Probe::Refused(refusal) => Notice {
                                    subject: "anthropic/cost".to_owned(),
                                    message: refusal.detail,
                                    remedy: refusal.remedy,
                                    is_failure: true,
                                },
                                Probe::Unclear(detail) => Notice {
                                    subject: "anthropic/cost".to_owned(),
                                    message: format!(
                                        "no clear answer which cost API this organisation has: {detail}"
                                    ),
                                    remedy: "run again later, or set AISPEND_COST_API=analytics or legacy"
                                        .to_owned(),
                                    is_failure: true,
                                },
                            }
                        }
                        Err(error) => not_asked("anthropic/cost", &error),
                    };
                    notices.push(problem);
                    continue;
                }
            };
            sources.insert(organisation.org_id.clone(), chosen.to_owned());
        }
        (sources, notices)
    }

    /// Asks until the answer is clear, a few times.
    async fn probe(&self, request: &Request) -> Result<Probe, aispend_ports::FetchError> {
        let mut answer = probe_answer(&self.doors.fetch.send(request).await?);
        for tries in 1..PROBE_TRIES {
            if !matches!(answer, Probe::Unclear(_)) {
                break;
            }
            self.doors.clock.sleep(self.settings.unsettled_pause * tries).await;
            answer = probe_answer(&self.doors.fetch.send(request).await?);
        }
        Ok(answer)
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

    /// Observes one slice.
    async fn fetch_slice(
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
        if let Some(line) = line.filter(|line| line.run_id == header.run_id && !slice.feed.is_snapshot()) {
            return Ok(vec![self.told_again(header, line)?]);
        }
        if let Some(refused) = self.keep_analytics(line, &request.source) {
            return Ok(vec![self.failed(header, "failed", &refused)]);
        }
        let mut slot = self.slots.begin(slice.vendor()).await;
        let accounts = if slice.vendor() == Vendor::Anthropic {
            self.accounts(&header.run_id).await?
        } else {
            Arc::default()
        };
        let generation = {
            let mut memory = self.memory.lock().await;
            let last = memory.issued.get(&slice).copied().max(line.map(|line| line.order.generation));
            let generation = Generation::next(self.doors.clock.now(), last);
            memory.issued.insert(slice.clone(), generation);
            generation
        };
        if let Some(stale) = self.is_stale_choice(header, &slice, &request.source).await? {
            return Ok(vec![self.failed(header, "failed", &stale)]);
        }
        if generation.0 > (self.doors.clock.now() + CLOCK_TOLERANCE).as_microsecond() {
            return Ok(vec![self.failed(header, "failed", &seen_ahead())]);
        }
        let ask = self.ask(&slice, &request.source, generation);
        let observer = Observer {
            fetch: self.doors.fetch.as_ref(),
            archive: self.doors.archive.as_ref(),
            clock: self.doors.clock.as_ref(),
            empty_pause: self.settings.empty_pause,
            unsettled_pause: self.settings.unsettled_pause,
        };
        let account = |request: &Request| slot_of(&accounts, request);
        let observed = if request.source == OUT_OF_REACH {
            Ok(Observation::Unavailable(analytics_reach()))
        } else {
            Box::pin(observer.observe(source(slice.feed), &ask, &account, &mut slot)).await
        };
        drop(slot);
        let observation = match observed {
            Ok(observation) => observation,
            Err(error) if error.is_vendors() && self.is_out_of_patience(message, &error) => {
                let refusal = Refusal {
                    reason: "vendor_unavailable",
                    detail: error_chain(&error),
                    remedy: "run again later; what is missing stays due".to_owned(),
                };
                return Ok(vec![self.failed(header, "failed", &refusal)]);
            }
            Err(error) => return Err(error),
        };
        let fetched_header = Header { generation, revision: 0, ..header.clone() };
        let mut fetched = SliceFetched {
            source: ask.source.clone(),
            outcome: "complete".to_owned(),
            ..SliceFetched::default()
        };
        match observation {
            Observation::Complete(mut documents) => {
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
        Ok(vec![Output::new(
            Topic::RawSlices,
            &fetched_header,
            self.doors.clock.now(),
            Body::SliceFetched(fetched),
        )])
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
    async fn workspaces(&self) -> Result<Option<DocumentRef>, FetchSliceError> {
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

    /// True for a request of an older plan that chose another cost API than the newest one. Asked after the generation was
    /// taken: a plan made since then is fetched with a newer one.
    async fn is_stale_choice(
        &self,
        header: &Header,
        slice: &Slice,
        source: &str,
    ) -> Result<Option<Refusal>, FetchSliceError> {
        if slice.feed != Feed::AnthropicCost {
            return Ok(None);
        }
        let choice = match self.doors.archive.get(&choice_name(&slice.org_id)).await {
            Ok(choice) => choice,
            Err(aispend_ports::ArchiveError::Missing { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let choice = String::from_utf8_lossy(&choice).into_owned();
        let Some((run_id, chosen)) = choice.split_once('\n') else { return Ok(None) };
        Ok((run_id != header.run_id && chosen != source).then(|| Refusal {
            reason: "cost_api_changed",
            detail: format!(
                "a newer run reads this organisation's cost from `{chosen}`, not from `{source}`"
            ),
            remedy: "nothing: the newer run reads this day".to_owned(),
        }))
    }

    /// A day loaded from analytics is never replaced from the legacy reports unless a setting says so.
    fn keep_analytics(&self, line: Option<&LedgerLine>, source: &str) -> Option<Refusal> {
        let line = line?;
        let is_step_back = line.outcome == SliceOutcome::Complete
            && line.source.starts_with("analytics")
            && matches!(source, "legacy" | "enterprise_reports");
        (is_step_back && self.settings.cost_api != CostApi::Legacy).then(|| Refusal {
            reason: "cost_api_changed",
            detail:
                "this day was loaded from the analytics endpoints, which do not answer now; its rows stay"
                    .to_owned(),
            remedy: "run again later, or set AISPEND_COST_API=legacy to replace it from the legacy reports"
                .to_owned(),
        })
    }

    /// A slice that failed for the vendor's fault gets a second try, behind all that wait. With a vendor that is down each
    /// would only cost another wait.
    fn is_out_of_patience(&self, message: &Message, error: &FetchSliceError) -> bool {
        if message.attempt < 2 && error.may_pass() {
            return false;
        }
        let age = self.doors.clock.now().duration_since(message.published_at);
        Duration::try_from(age).unwrap_or(Duration::ZERO) >= self.settings.patience
    }

    /// Sends the archived documents of the newest observation on again, as its next revision.
    async fn reprocess(&self, header: &Header) -> Result<Vec<Output>, FetchSliceError> {
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
    async fn retire(&self, header: &Header, why: &str) -> Result<Vec<Output>, FetchSliceError> {
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

    fn ask(&self, slice: &Slice, source: &str, generation: Generation) -> Ask {
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

fn analytics_reach() -> String {
    format!(
        "Anthropic's analytics endpoints know nothing before {}, and nothing older than {} days",
        due::ANALYTICS_BEGIN,
        due::ANALYTICS_REACH_DAYS
    )
}

/// The newest plan's choice of cost API for an organisation.
fn choice_name(org_id: &str) -> String {
    format!("cost-api/{}", content_id(&[org_id.as_bytes()]))
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

impl Stage for Fetcher {
    const NAME: &'static str = "fetcher";
    const INPUT: Topic = Topic::FetchRequests;
    type Error = FetchSliceError;

    async fn handle(&self, message: Message) -> Result<Vec<Output>, FetchSliceError> {
        let Some(Body::FetchRequested(request)) = message.envelope.body.clone() else {
            return Err(MessageError::Missing("fetch_requested").into());
        };
        match (&message.header.slice, request.reprocess, request.trigger.as_str()) {
            // Boxed: thousands of slices wait for their slots, and each would carry the room that the work takes.
            (None, _, _) => Box::pin(self.plan_run(&message, &request)).await,
            (Some(_), _, "retire") => self.retire(&message.header, &request.source).await,
            (Some(_), true, _) => self.reprocess(&message.header).await,
            (Some(_), false, _) => self.fetch_slice(&message, &request).await,
        }
    }
}
