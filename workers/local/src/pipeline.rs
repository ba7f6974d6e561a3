//! Five stages over one bus in this process.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aispend_alerter::{Alerter, RUNS, Watch};
use aispend_duckdb::DuckDb;
use aispend_fetcher::{Fetcher, FetcherDoors, FetcherSettings};
use aispend_loader::Loader;
use aispend_memory::{FolderArchive, FolderParked, MemoryBus, MemoryBusOptions};
use aispend_normalizer::Normalizer;
use aispend_ports::{Archive, Bus, Clock, Fetch, Outgoing, ParkedStore, Warehouse};
use aispend_stage::{Counters, Doors, Output, Runner, RunnerOptions, Stage};
use aispend_validator::{Limits, Validator};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::failure::Failure;

/// Where stages leave rows for one another.
const BATCHES: &str = "batches";

/// A running pipeline.
pub struct Pipeline {
    /// What became of each slice.
    pub alerter: Arc<Alerter>,
    bus: MemoryBus,
    stop: watch::Sender<bool>,
    stages: Vec<JoinHandle<Result<(), aispend_ports::BusError>>>,
    counters: Vec<(&'static str, Arc<Counters>)>,
}

/// What a pipeline works on.
pub struct Place<'a> {
    /// Its folder.
    pub data_dir: &'a Path,
    /// Its documents.
    pub archive: FolderArchive,
    /// Its tables.
    pub warehouse: &'a DuckDb,
}

impl<'a> Place<'a> {
    /// A data folder and its own archive.
    pub fn of(data_dir: &'a Path, warehouse: &'a DuckDb) -> Self {
        Self { data_dir, archive: archive(data_dir), warehouse }
    }
}

/// The folders of a data folder that a pipeline works with.
pub fn archive(data_dir: &Path) -> FolderArchive {
    FolderArchive::new(data_dir).with_objects(data_dir.join(".writer")).with_scratch(&[BATCHES, RUNS])
}

/// Parked messages of a data folder.
pub fn parked(data_dir: &Path) -> FolderParked {
    FolderParked::new(data_dir.join("dead-letters"))
}

impl Pipeline {
    /// Starts all five stages; at the end of a run `watch` asks the alert rules.
    pub fn start(
        place: &Place<'_>,
        fetch: Arc<dyn Fetch>,
        fetcher: FetcherSettings,
        limits: Limits,
        clock: Arc<dyn Clock>,
        watch: Option<Watch>,
    ) -> Result<Self, Failure> {
        // Of a run that ended nothing is on its way any more, and one that is continued is followed from its beginning.
        for folder in [BATCHES, RUNS] {
            let folder = place.data_dir.join(".writer").join(folder);
            if let Err(error) = std::fs::remove_dir_all(&folder)
                && error.kind() != std::io::ErrorKind::NotFound
            {
                return Err(Failure::world(format!("{}: {error}", folder.display())));
            }
        }
        let archive: Arc<dyn Archive> = Arc::new(place.archive.clone());
        let parked: Arc<dyn ParkedStore> = Arc::new(parked(place.data_dir));
        let warehouse: Arc<dyn Warehouse> = Arc::new(place.warehouse.clone());
        // A handler that lives is at work, a dead one gives its message back at once: within one process a deadline could
        // only do the same work twice.
        let options =
            MemoryBusOptions { ack_deadline: Duration::from_hours(24), ..MemoryBusOptions::default() };
        let bus = MemoryBus::new(options, Arc::clone(&clock), Arc::clone(&parked));
        let doors = Doors {
            bus: Arc::new(bus.clone()),
            archive: Arc::clone(&archive),
            parked,
            clock: Arc::clone(&clock),
        };
        let alerter = Alerter::new(Arc::clone(&warehouse), Arc::clone(&archive), Arc::clone(&clock));
        let alerter = Arc::new(match watch {
            Some(watch) => alerter.with_watch(watch),
            None => alerter,
        });
        let mut pipeline = Self {
            alerter: Arc::clone(&alerter),
            bus,
            stop: watch::Sender::new(false),
            stages: Vec::new(),
            counters: Vec::new(),
        };
        let fetcher_doors = FetcherDoors {
            fetch,
            archive: Arc::clone(&archive),
            warehouse: Arc::clone(&warehouse),
            clock: Arc::clone(&clock),
        };
        // The fetcher has slots for each vendor. All slices wait there, none here: behind those of a vendor that is slow or
        // down, the other's would wait as well.
        let many = RunnerOptions { concurrency: 10_000, outage_after: 0, ..RunnerOptions::default() };
        pipeline.add(Arc::new(Fetcher::new(fetcher, fetcher_doors)), &doors, many);
        let two = RunnerOptions { concurrency: 2, ..RunnerOptions::default() };
        pipeline.add(Arc::new(Normalizer::new(Arc::clone(&archive), Arc::clone(&clock))), &doors, two);
        pipeline.add(Arc::new(Validator::new(Arc::clone(&archive), Arc::clone(&clock), limits)), &doors, two);
        let batches = RunnerOptions { concurrency: 1, batch: 4, ..RunnerOptions::default() };
        pipeline.add(Arc::new(Loader::new(warehouse, archive, clock)), &doors, batches);
        let events = RunnerOptions { concurrency: 1, batch: 64, ..RunnerOptions::default() };
        pipeline.add(alerter, &doors, events);
        Ok(pipeline)
    }

    fn add<S: Stage>(&mut self, stage: Arc<S>, doors: &Doors, options: RunnerOptions) {
        let runner = Runner::new(stage, doors.clone(), options);
        self.counters.push((S::NAME, runner.counters()));
        let stop = self.stop.subscribe();
        self.stages.push(tokio::spawn(async move { runner.run(stop).await }));
    }

    /// Sends a message in.
    pub async fn publish(&self, output: &Output) -> Result<(), Failure> {
        self.publish_raw(output.encode()).await
    }

    /// Sends bytes in.
    pub async fn publish_raw(&self, message: Outgoing) -> Result<(), Failure> {
        self.bus.publish(message).await.map_err(|error| Failure::world(error.to_string()))
    }

    /// What each stage does, also when it has ended.
    pub fn counters(&self) -> Vec<(&'static str, Arc<Counters>)> {
        self.counters.clone()
    }

    /// Stops pulling and waits for what is at work.
    pub async fn stop(self) {
        // No receiver left means that every stage has ended.
        self.stop.send_replace(true);
        self.bus.close();
        for stage in self.stages {
            drop(stage.await);
        }
    }
}
