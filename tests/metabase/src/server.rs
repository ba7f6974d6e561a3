//! The server a test starts, and what the test may ask of it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
};

use serde_json::Value;
use tokio::{net::TcpListener, runtime, sync::oneshot};

use crate::{
    Options, Table, Version,
    faults::Fate,
    snapshot,
    wire::{Cut, Door, router},
    world::{Seen, World},
};

/// A Metabase on a free port of this machine, until it is dropped.
///
/// It runs on a thread of its own, so a test may wait for it in any way.
pub struct FakeMetabase {
    world: Arc<Mutex<World>>,
    address: SocketAddr,
    setup_token: String,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<()>>,
}

impl FakeMetabase {
    /// Starts an empty one.
    ///
    /// # Panics
    /// When no port can be had.
    pub async fn start(version: Version) -> Self {
        Self::start_with(Options { version, ..Options::default() }).await
    }

    /// Starts one to measure.
    ///
    /// # Panics
    /// When no port can be had.
    #[expect(clippy::unused_async, reason = "a test waits for its server, however it starts")]
    pub async fn start_with(options: Options) -> Self {
        Self::listen("127.0.0.1:0", options).expect("a free port")
    }

    /// Starts one at this address.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub fn listen(address: &str, options: Options) -> std::io::Result<Self> {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let setup_token = options.setup_token.clone();
        let world = Arc::new(Mutex::new(World::new(options)));
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let router = router(Arc::clone(&world)).into_make_service_with_connect_info::<Cut>();
        let serving = thread::spawn(move || {
            runtime.block_on(async move {
                let Ok(listener) = TcpListener::from_std(listener) else { return };
                let serve = async { drop(axum::serve(Door(listener), router).await) };
                tokio::select! {
                    () = serve => {}
                    _ = stopped => {}
                }
            });
        });
        Ok(Self { world, address, setup_token, stop: Some(stop), serving: Some(serving) })
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The token of the first set-up, also after it is used.
    pub fn setup_token(&self) -> String {
        self.setup_token.clone()
    }

    /// All requests that arrived, in order. Those a dead server refuses do not arrive.
    pub fn requests(&self) -> Vec<Seen> {
        self.world().seen.clone()
    }

    pub fn forget_requests(&self) {
        self.world().seen.clear();
    }

    /// What the requests did wrong: against the document, or in a way that only looks as if it worked.
    pub fn violations(&self) -> Vec<String> {
        self.world().state.violations.clone()
    }

    /// Everything the server holds, in one order.
    ///
    /// What differs between two servers with the same contents lies under `id`, `entity_id`, and keys that end in `_id`
    /// or `_at`; and where a card or a dashboard names another by its number: `database`, `dimension`, `targetId`.
    /// `revisions` tell the way that led here.
    pub fn state(&self) -> Value {
        snapshot::take(&self.world().state)
    }

    /// Handles the n-th request from now, drops its connection without an answer, and is gone.
    pub fn die_after(&self, requests: usize) {
        self.world().faults.plan(requests, Fate::Unanswered, true);
    }

    /// Is gone before it handles the n-th request from now.
    pub fn die_before(&self, requests: usize) {
        self.world().faults.plan(requests, Fate::Lost, true);
    }

    /// Handles the n-th request from now, drops its connection without an answer, and lives on.
    pub fn drop_answer(&self, requests: usize) {
        self.world().faults.plan(requests, Fate::Unanswered, false);
    }

    /// Answers so many requests from now with this status, such as 503, and handles none of them.
    pub fn turn_away(&self, status: u16, requests: usize) {
        self.world().faults.turn_away(status, requests);
    }

    /// Ends any fault, planned or met.
    pub fn revive(&self) {
        self.world().faults.revive();
    }

    /// What a card gives from now on, whatever its query; its tags must still be filled.
    pub fn answer_card(&self, card: i64, columns: Vec<String>, rows: Vec<Vec<Value>>) {
        self.world().state.card_answers.insert(card, (columns, rows));
    }

    /// Adds a table to the warehouse. The next sync finds it.
    pub fn add_table(&self, table: Table) {
        self.world().state.options.tables.push(table);
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for FakeMetabase {
    fn drop(&mut self) {
        // Both fail only where the thread has ended already.
        if let Some(stop) = self.stop.take() {
            stop.send(()).unwrap_or_default();
        }
        drop(self.serving.take().map(JoinHandle::join));
    }
}
