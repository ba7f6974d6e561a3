//! The simulated vendors on a socket, shared with the test that watches and changes them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aispend_ports::{Clock, SystemClock};
use aispend_simulator::{FaultPlan, Scope, Simulator, Truth, World, server};
use jiff::Timestamp;
use jiff::civil::Date;
use tokio::runtime::Runtime;

/// What time it is, for tests and vendors: the child process has the machine's clock too.
pub fn now() -> Timestamp {
    SystemClock::new(tokio::time::sleep).now()
}

/// The UTC day.
pub fn today() -> Date {
    now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// All vendors under one address, as long as this lives.
pub struct Vendors {
    simulator: Arc<Mutex<Simulator>>,
    /// Where they are.
    pub base_url: String,
    /// Serves while the test waits for its process.
    _runtime: Runtime,
}

impl Vendors {
    /// Opens them.
    pub fn open(world: World, plan: FaultPlan) -> Self {
        Self::open_at(world, plan, now)
    }

    /// Opens them with a clock of their own.
    pub fn open_at(
        world: World,
        plan: FaultPlan,
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Self {
        let simulator = Arc::new(Mutex::new(Simulator::new(world, plan)));
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let serving = server::spawn(Arc::clone(&simulator), Arc::new(clock));
        let (base_url, _) = runtime.block_on(serving).unwrap();
        Self { simulator, base_url, _runtime: runtime }
    }

    /// The world, its faults and its counters.
    pub fn simulator(&self) -> MutexGuard<'_, Simulator> {
        self.simulator.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The simulator itself.
    pub fn shared(&self) -> Arc<Mutex<Simulator>> {
        Arc::clone(&self.simulator)
    }

    /// Changes what goes wrong, from now on.
    pub fn plan(&self, change: impl FnOnce(&mut FaultPlan)) {
        change(&mut self.simulator().faults.plan);
    }

    /// The truth as a run of now sees it.
    pub fn truth(&self) -> (Scope, Truth) {
        let simulator = self.simulator();
        let scope = simulator.world.scope(now());
        (scope, simulator.world.truth(&scope))
    }

    /// How many requests arrived so far.
    pub fn asked(&self) -> u64 {
        self.simulator().requests().values().sum()
    }

    /// How many requests arrived so far below a path.
    pub fn asked_below(&self, path: &str) -> u64 {
        self.simulator()
            .requests()
            .iter()
            .filter(|(known, _)| known.starts_with(path))
            .map(|(_, count)| count)
            .sum()
    }
}
