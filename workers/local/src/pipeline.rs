//! Five stages over one bus in this process.

use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::Duration;

use aispend_alerter::{Alerter, RUNS, Watch};
use aispend_duckdb::DuckDb;
use aispend_fetcher::{Fetcher, FetcherDoors, FetcherSettings};
use aispend_loader::Loader;
use aispend_memory::{FolderArchive, FolderParked, MemoryBus, MemoryBusOptions};
use aispend_normalizer::Normalizer;
use aispend_ports::{Archive, Bus, Clock, Fetch, Outgoing, Parked, ParkedError, ParkedStore, Warehouse};
use aispend_pubsub::names;
use aispend_stage::{Counters, Doors, Output, Runner, RunnerOptions, Stage, as_read, parked_event};
use aispend_validator::{Limits, Validator};
use async_trait::async_trait;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::failure::Failure;

/// Where stages leave rows for one another.
const BATCHES: &str = "batches";

/// A running pipeline.
pub struct Pipeline {
    /// What became of each slice.
    pub alerter: Arc<Alerter>,
    bus: Arc<MemoryBus>,
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
        let bus = bus_with_dead_letters(options, &parked, &clock);
        let doors = Doors {
            bus: Arc::clone(&bus) as Arc<dyn Bus>,
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

/// A bus that parks what it gives up on as the stage before it would have, and tells the run.
fn bus_with_dead_letters(
    options: MemoryBusOptions,
    parked: &Arc<dyn ParkedStore>,
    clock: &Arc<dyn Clock>,
) -> Arc<MemoryBus> {
    Arc::new_cyclic(|bus| {
        let given_up = GivenUp { store: Arc::clone(parked), bus: Weak::clone(bus), clock: Arc::clone(clock) };
        MemoryBus::new(options, Arc::clone(clock), Arc::new(given_up))
    })
}

/// Where the bus puts what nobody settled. It cannot read a message, this can.
struct GivenUp {
    store: Arc<dyn ParkedStore>,
    bus: Weak<MemoryBus>,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl ParkedStore for GivenUp {
    async fn park(&self, message: Parked) -> Result<(), ParkedError> {
        let stage = names::stage(message.topic).to_owned();
        let message = as_read(Parked { stage, ..message });
        let event = parked_event(&message, self.clock.now());
        self.store.park(message).await?;
        if let (Some(event), Some(bus)) = (event, self.bus.upgrade()) {
            let told = bus.publish(event.encode()).await;
            told.map_err(|error| ParkedError::Unavailable(error.to_string()))?;
        }
        Ok(())
    }

    async fn list(&self) -> Result<Vec<Parked>, ParkedError> {
        self.store.list().await
    }

    async fn remove(&self, id: &str) -> Result<(), ParkedError> {
        self.store.remove(id).await
    }
}

#[cfg(test)]
mod tests {
    use aispend_model::{Slice, parse_day};
    use aispend_ports::Topic;
    use aispend_proto::v1::envelope::Body;
    use aispend_proto::v1::{RecordsNormalized, SliceFetched};
    use aispend_stage::{Header, read_envelope};

    use super::*;
    use crate::setup;

    #[tokio::test]
    async fn what_the_bus_gives_up_on_is_parked_like_any_other_and_its_run_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn ParkedStore> = Arc::new(parked(folder.path()));
        let bus = bus_with_dead_letters(MemoryBusOptions::default(), &store, &setup::clock());
        let day = parse_day("2026-10-05").unwrap();
        let slice = Slice::of_day("cursor/usage-events".parse().unwrap(), "cursor", day);
        let header = Header { run_id: "run".to_owned(), slice: Some(slice.clone()), ..Header::default() };
        let body =
            RecordsNormalized { fetched: Some(SliceFetched::default()), ..RecordsNormalized::default() };
        let now = jiff::Timestamp::UNIX_EPOCH;
        let message = Output::new(Topic::RecordBatches, &header, now, Body::RecordsNormalized(body));
        bus.publish(message.encode()).await.unwrap();
        let mut subscription = bus.subscribe(Topic::RecordBatches).await.unwrap();
        for _ in 0..Topic::RecordBatches.max_attempts() {
            let delivery = subscription.next().await.unwrap().unwrap();
            delivery.receipt.give_back(Some(Duration::ZERO)).await;
        }
        let mut events = bus.subscribe(Topic::SliceEvents).await.unwrap();
        let told = tokio::select! {
            told = events.next() => told.unwrap().unwrap(),
            // It parks while somebody asks for the next.
            _ = subscription.next() => panic!("it came once more"),
        };
        let letters = store.list().await.unwrap();
        let [letter] = letters.as_slice() else { panic!("{letters:?}") };
        assert_eq!(
            (letter.stage.as_str(), letter.reason.as_str(), letter.attempts),
            ("validator", "attempts_used_up", 20)
        );
        assert_eq!((letter.slice_key.as_str(), letter.run_id.as_str()), (slice.key().as_str(), "run"));
        assert!(letter.fetched.is_some(), "replay reads the documents again");
        let Some(Body::SliceFailed(failed)) = read_envelope(&told.data).unwrap().body else { panic!() };
        assert_eq!((failed.state.as_str(), failed.parked_id.as_str()), ("parked", letter.id.as_str()));
    }
}
