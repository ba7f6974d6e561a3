//! Plans runs, asks the vendors, archives every answer. Reads an answer only as far as it must to know what to ask next.

mod accounts;
mod answers;
mod context;
mod cost_api;
pub mod doctor;
mod due;
mod error;
mod journal;
mod observe;
mod plan;
mod planning;
pub mod process;
mod settings;
mod sitting;
mod slices;
mod slots;

use std::collections::HashMap;
use std::sync::Arc;

use aispend_model::{Generation, Slice};
use aispend_ports::{Archive, Clock, Fetch, LedgerLine, SliceOutcome, Topic, Warehouse};
use aispend_proto::v1::envelope::Body;
use aispend_stage::{Message, MessageError, Output, Stage};
use tokio::sync::Mutex;

use accounts::Accounts;
pub use answers::later_of;
use context::ContextBook;
pub use due::{analytics_horizon, default_start};
pub use error::FetchSliceError;
pub use plan::{CostSources, Facts, OUT_OF_REACH, Planned, RETIRED, Wanted, plan};
pub use settings::{
    AnthropicKey, CostApi, CursorTeam, FetcherSettings, KeyKind, Sheets, SittingCounts, Sittings,
    re_read_days,
};
use sitting::Turns;
use slots::Slots;

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
    turns: Turns,
    memory: Mutex<Memory>,
    /// Held while a plan is made.
    planning: Mutex<()>,
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
    /// How often a slice of a run was given back that had not failed.
    stops: HashMap<String, u32>,
}

impl Fetcher {
    /// With these settings and doors.
    pub fn new(settings: FetcherSettings, doors: FetcherDoors) -> Self {
        Self {
            settings,
            doors,
            slots: Slots::default(),
            turns: Turns::default(),
            memory: Mutex::default(),
            planning: Mutex::default(),
            accounts: Mutex::default(),
        }
    }

    /// Who the keys are: asked once a run, and again while a key that is needed got no answer.
    async fn accounts(
        &self,
        run_id: &str,
        is_enough: impl Fn(&Accounts) -> bool,
    ) -> Result<Arc<Accounts>, FetchSliceError> {
        let mut known = self.accounts.lock().await;
        if let Some((_, accounts)) = known.as_ref().filter(|(of, known)| of == run_id && is_enough(known)) {
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
