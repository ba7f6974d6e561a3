//! Everything that outlives a process: bus, archive, parked store, warehouse, vendors, time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aispend_fetcher::FetcherSettings;
use aispend_ports::{Clock, Fetch, Warehouse};
use aispend_simulator::Simulator;
use aispend_stage::Doors;
use aispend_testkit::Dice;
use aispend_testkit::memory::{MemoryArchive, MemoryParked, MemoryWarehouse, WarehouseSwitches};
use aispend_testkit::sim::{
    RoughArchive, RoughBus, RoughFetch, RoughParked, RoughWarehouse, SimBus, SimClock, SimFetch,
    SimFetchOptions, Timeline, Weather,
};

use super::process::StageKind;
use super::witness::Witness;

/// The lasting part of a pipeline.
pub struct Plant {
    /// Time.
    pub timeline: Arc<Timeline>,
    /// Messages.
    pub bus: Arc<SimBus>,
    /// What fetchers said.
    pub witness: Arc<Witness>,
    /// Documents.
    pub archive: Arc<MemoryArchive>,
    /// Messages set aside.
    pub parked: Arc<MemoryParked>,
    /// Tables and ledger.
    pub warehouse: Arc<MemoryWarehouse>,
    /// The vendors behind their accounts.
    pub fetch: Arc<SimFetch>,
    /// The vendors.
    pub simulator: Arc<Mutex<Simulator>>,
    /// What goes wrong at the doors.
    pub weather: Arc<Weather>,
    /// What the fetcher is told.
    pub settings: FetcherSettings,
    clocks: [SimClock; 5],
}

impl Plant {
    /// Empty, over these vendors, from the timeline's moment on.
    pub fn new(
        simulator: Simulator,
        settings: FetcherSettings,
        options: SimFetchOptions,
        switches: WarehouseSwitches,
        timeline: Arc<Timeline>,
        dice: Dice,
    ) -> Self {
        let simulator = Arc::new(Mutex::new(simulator));
        let vendors_clock = Arc::new(SimClock::new(Arc::clone(&timeline)));
        let bus = SimBus::new(Arc::clone(&timeline));
        Self {
            witness: Witness::new(bus.clone()),
            bus,
            archive: Arc::default(),
            parked: Arc::default(),
            warehouse: Arc::new(MemoryWarehouse::new(switches)),
            fetch: Arc::new(SimFetch::new(Arc::clone(&simulator), vendors_clock, options)),
            simulator,
            weather: Weather::new(dice),
            settings,
            clocks: StageKind::ALL.map(|_| SimClock::new(Arc::clone(&timeline))),
            timeline,
        }
    }

    /// The vendors, for changing them.
    pub fn vendors(&self) -> MutexGuard<'_, Simulator> {
        self.simulator.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A stage's clock.
    pub fn clock(&self, kind: StageKind) -> SimClock {
        self.clocks.get(kind.place()).cloned().unwrap_or_else(|| SimClock::new(Arc::clone(&self.timeline)))
    }

    /// What a stage's runner stands on.
    pub fn doors(&self, kind: StageKind) -> Doors {
        let clock: Arc<dyn Clock> = Arc::new(self.clock(kind));
        Doors {
            bus: Arc::new(RoughBus { inner: self.witness.clone(), weather: self.weather.clone() }),
            archive: Arc::new(RoughArchive { inner: self.archive.clone(), weather: self.weather.clone() }),
            parked: Arc::new(RoughParked { inner: self.parked.clone(), weather: self.weather.clone() }),
            clock,
        }
    }

    /// The warehouse, behind its weather.
    pub fn warehouse_door(&self) -> Arc<dyn Warehouse> {
        Arc::new(RoughWarehouse { inner: self.warehouse.clone(), weather: self.weather.clone() })
    }

    /// The vendors, behind the network's weather.
    pub fn fetch_door(&self) -> Arc<dyn Fetch> {
        Arc::new(RoughFetch { inner: self.fetch.clone(), weather: self.weather.clone() })
    }
}
