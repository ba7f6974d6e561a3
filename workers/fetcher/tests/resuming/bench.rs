//! One slice of many pages, its vendor, and fetchers that come and go.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use aispend_fetcher::{
    AnthropicKey, CostApi, CursorTeam, FetchSliceError, Fetcher, FetcherDoors, FetcherSettings, KeyKind,
    Sheets, Sittings,
};
use aispend_model::{Request, Response, Slice};
use aispend_ports::{Clock as _, Fetch, FetchError, Topic};
use aispend_proto::v1::envelope::Body;
use aispend_proto::v1::{FetchRequested, SliceFetched};
use aispend_simulator::{FaultPlan, Quirks, Restatement, Simulator, Strand, World, WorldConfig};
use aispend_stage::{Header, Message, Output, Stage as _};
use aispend_testkit::memory::{MemoryArchive, MemoryWarehouse};
use aispend_testkit::sim::{Address, SimClock, SimFetch, SimFetchOptions, Timeline};
use async_trait::async_trait;
use jiff::civil::{Date, date};

const DAY: Date = date(2026, 10, 5);

/// Which slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Paged by token.
    Cost,
    /// Paged by number.
    Events,
}

impl Which {
    pub const BOTH: [Self; 2] = [Self::Cost, Self::Events];

    pub const fn strand(self) -> Strand {
        match self {
            Self::Cost => Strand::Console,
            Self::Events => Strand::Events,
        }
    }
}

/// What the network does.
#[derive(Default)]
pub struct Wire {
    /// Questions about the slice, in order.
    pub asked: Mutex<Vec<String>>,
    /// The question so many from now gets no answer; 0: all do.
    pub silent_at: AtomicUsize,
    /// It gets one after all.
    pub is_released: AtomicBool,
    /// How long each answer takes.
    pub each: Mutex<Duration>,
    /// So many from now are answered, then page tokens are refused with this status until a first page is asked for.
    pub expired: Mutex<Option<(usize, u16)>>,
    /// The vendor answers nobody.
    pub is_down: AtomicBool,
}

struct Vendors {
    inner: SimFetch,
    wire: Arc<Wire>,
    timeline: Arc<Timeline>,
}

#[async_trait]
impl Fetch for Vendors {
    async fn send(&self, request: &Request) -> Result<Response, FetchError> {
        if !(request.path.contains("/analytics/") || request.path.contains("/teams/")) {
            return self.inner.send(request).await;
        }
        let wire = &self.wire;
        if wire.is_down.load(Relaxed) {
            let (detail, retry_after) = ("down".to_owned(), None);
            return Err(FetchError::Unavailable { vendor: request.vendor, detail, retry_after });
        }
        wire.asked.lock().unwrap().push(request.line());
        let left = wire.silent_at.load(Relaxed);
        wire.silent_at.store(left.saturating_sub(1), Relaxed);
        if left == 1 {
            std::future::poll_fn(|_| {
                if wire.is_released.load(Relaxed) { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        }
        let each = *wire.each.lock().unwrap();
        self.timeline.advance(i64::try_from(each.as_micros()).unwrap());
        if request.page == 0 && wire.expired.lock().unwrap().is_some_and(|(left, _)| left == 0) {
            *wire.expired.lock().unwrap() = None;
        }
        if let Some((left, status)) = wire.expired.lock().unwrap().as_mut() {
            if *left == 0 {
                let body =
                    br#"{"type":"error","error":{"type":"invalid_request_error","message":"page token"}}"#;
                return Ok(Response { status: *status, headers: Vec::new(), body: body.to_vec() });
            }
            *left -= 1;
        }
        self.inner.send(request).await
    }
}

/// What outlives a fetcher.
pub struct Bench {
    pub archive: Arc<MemoryArchive>,
    pub timeline: Arc<Timeline>,
    pub wire: Arc<Wire>,
    pub settings: FetcherSettings,
    vendors: Arc<Vendors>,
    simulator: Arc<Mutex<Simulator>>,
    slice: Slice,
    source: String,
}

/// A fetch on its way.
pub type Attempt = Pin<Box<dyn Future<Output = Result<Vec<Output>, FetchSliceError>>>>;

/// Whatever needs nobody else; `None` where it waits.
pub fn poll(attempt: &mut Attempt) -> Option<Result<Vec<Output>, FetchSliceError>> {
    match attempt.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(ended) => Some(ended),
        Poll::Pending => None,
    }
}

/// What is read of it: everything but when it was.
pub fn pages(fetched: &SliceFetched) -> Vec<(String, String, u32, String)> {
    let page = |document: &aispend_proto::v1::Document| {
        (document.role.clone(), document.request.clone(), document.page, document.sha256.clone())
    };
    fetched.documents.iter().map(page).collect()
}

impl Bench {
    pub fn new(which: Which) -> Self {
        let config = WorldConfig {
            quirks: Quirks::NONE,
            cursor_events: Some(4_500),
            analytics: true,
            enterprise: false,
            ..WorldConfig::company(11, 3, DAY, DAY)
        };
        let world = World::generate(config);
        let slice = match which {
            Which::Cost => Slice::of_day(aispend_model::Feed::AnthropicCost, world.console_id(), DAY),
            Which::Events => Slice::of_day(aispend_model::Feed::CursorUsageEvents, "cursor", DAY),
        };
        let source = if which == Which::Cost { "analytics" } else { "" }.to_owned();
        let timeline = Timeline::new("2026-10-09T06:00:00Z".parse().unwrap());
        let simulator = Arc::new(Mutex::new(Simulator::new(world, FaultPlan::none())));
        let accounts = [("admin", Address::Admin), ("cursor", Address::Cursor)];
        let options = SimFetchOptions {
            accounts: accounts.into_iter().map(|(name, address)| (name.to_owned(), Some(address))).collect(),
            page_size: Some(4),
            ..SimFetchOptions::default()
        };
        let clock = Arc::new(SimClock::new(Arc::clone(&timeline)));
        let wire = Arc::new(Wire::default());
        *wire.each.lock().unwrap() = Duration::from_secs(1);
        let inner = SimFetch::new(Arc::clone(&simulator), clock, options);
        let vendors = Arc::new(Vendors { inner, wire: Arc::clone(&wire), timeline: Arc::clone(&timeline) });
        let key = AnthropicKey {
            slot: "admin".to_owned(),
            kind: KeyKind::Admin,
            setting: "ANTHROPIC_ADMIN_KEY".to_owned(),
        };
        let settings = FetcherSettings {
            anthropic: vec![key],
            cursor: vec![CursorTeam { org_id: "cursor".to_owned() }],
            sheets: Sheets::Csv,
            tabs: std::collections::BTreeMap::new(),
            start_date: Some(DAY),
            cost_api: CostApi::Auto,
            claude_code_workspaces: Vec::new(),
            confirmed_orgs: Vec::new(),
            patience: Duration::ZERO,
            empty_pause: Duration::ZERO,
            unsettled_pause: Duration::ZERO,
            sittings: Sittings { save_after: Duration::ZERO, ..Sittings::default() },
        };
        Self { archive: Arc::default(), timeline, wire, settings, vendors, simulator, slice, source }
    }

    /// A fetcher that remembers nothing.
    pub fn fetcher(&self) -> Arc<Fetcher> {
        let doors = FetcherDoors {
            fetch: self.vendors.clone(),
            archive: self.archive.clone(),
            warehouse: Arc::new(MemoryWarehouse::default()),
            clock: Arc::new(SimClock::new(Arc::clone(&self.timeline))),
        };
        Arc::new(Fetcher::new(self.settings.clone(), doors))
    }

    /// The request for the slice, handed to a fetcher.
    pub fn hand(&self, fetcher: &Arc<Fetcher>, attempt: u32, run_id: &str) -> Attempt {
        let header =
            Header { run_id: run_id.to_owned(), slice: Some(self.slice.clone()), ..Header::default() };
        let body = FetchRequested { source: self.source.clone(), ..FetchRequested::default() };
        let now = SimClock::new(Arc::clone(&self.timeline)).now();
        let envelope = Output::new(Topic::FetchRequests, &header, now, Body::FetchRequested(body)).envelope;
        let message = Message { header, envelope, attempt, published_at: now };
        let fetcher = Arc::clone(fetcher);
        Box::pin(async move { fetcher.handle(message).await })
    }

    /// A new process reads the slice; `None` where it waits, and so died.
    pub fn attempt(&self) -> Option<Result<Vec<Output>, FetchSliceError>> {
        poll(&mut self.hand(&self.fetcher(), 1, "run"))
    }

    /// It reads the slice to its end: the generation and what was fetched.
    pub fn reads(&self) -> (i64, SliceFetched) {
        fetched(&self.attempt().unwrap().unwrap())
    }

    /// A process dies while it waits for the answer to its `question`-th question, from 1.
    pub fn dies_at(&self, question: usize) {
        self.wire.silent_at.store(question, Relaxed);
        assert!(self.attempt().is_none(), "it waits for answer {question}");
    }

    /// Questions asked since this was called last.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.wire.asked.lock().unwrap())
    }

    pub fn passes(&self, time: Duration) {
        self.timeline.advance(i64::try_from(time.as_micros()).unwrap());
    }

    pub fn now(&self) -> i64 {
        self.timeline.now_micros()
    }

    /// The vendor tells something else from now on.
    pub fn restate(&self, which: Which) {
        let restatement = Restatement::Scale { day: DAY, strand: which.strand(), percent: 250 };
        self.simulator.lock().unwrap().world.restate(&restatement);
    }
}

/// What an output says was fetched.
pub fn fetched(outputs: &[Output]) -> (i64, SliceFetched) {
    let [output] = outputs else { panic!("{outputs:?}") };
    let Some(Body::SliceFetched(fetched)) = output.envelope.body.clone() else { panic!("{output:?}") };
    assert_eq!((output.topic, fetched.outcome.as_str()), (Topic::RawSlices, "complete"));
    (output.envelope.generation, fetched)
}
