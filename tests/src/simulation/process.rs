//! Processes: instances of a stage that share nothing but the doors, and lose their memory when they die.

use std::pin::Pin;
use std::sync::Arc;

use aispend_alerter::Alerter;
use aispend_fetcher::{Fetcher, FetcherDoors};
use aispend_loader::Loader;
use aispend_normalizer::Normalizer;
use aispend_ports::{Delivery, Topic};
use aispend_stage::{Doors, Runner, RunnerOptions, Stage};
use aispend_validator::{Limits, Validator};

use super::plant::Plant;

/// One batch on its way through a stage.
pub type Work = Pin<Box<dyn Future<Output = ()>>>;
/// A running stage.
pub type Instance = Box<dyn Fn(Vec<Delivery>) -> Work>;

/// Which stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StageKind {
    /// Asks vendors.
    Fetcher,
    /// Reads documents.
    Normalizer,
    /// Judges rows.
    Validator,
    /// Replaces slices.
    Loader,
    /// Follows runs.
    Alerter,
}

impl StageKind {
    /// Every stage, upstream first.
    pub const ALL: [Self; 5] =
        [Self::Fetcher, Self::Normalizer, Self::Validator, Self::Loader, Self::Alerter];

    /// Where its messages come from.
    pub const fn topic(self) -> Topic {
        match self {
            Self::Fetcher => Topic::FetchRequests,
            Self::Normalizer => Topic::RawSlices,
            Self::Validator => Topic::RecordBatches,
            Self::Loader => Topic::ValidBatches,
            Self::Alerter => Topic::SliceEvents,
        }
    }

    /// Its place among all.
    pub const fn place(self) -> usize {
        self as usize
    }

    /// How many run at the same time: limits are per vendor key, so there is one fetcher.
    pub const fn copies(self) -> usize {
        match self {
            Self::Fetcher => 1,
            Self::Normalizer | Self::Validator | Self::Alerter => 2,
            Self::Loader => 3,
        }
    }

    /// Batches that one of them works on at the same time.
    pub const fn concurrency(self) -> usize {
        match self {
            Self::Fetcher => 3,
            Self::Normalizer | Self::Validator | Self::Loader | Self::Alerter => 2,
        }
    }

    /// Messages it takes in one batch at most.
    pub const fn batch(self) -> u64 {
        match self {
            Self::Loader | Self::Alerter => 4,
            Self::Fetcher | Self::Normalizer | Self::Validator => 1,
        }
    }
}

impl Plant {
    /// Starts a stage anew: nothing remembered.
    pub fn start(&self, kind: StageKind) -> Instance {
        let doors = self.doors(kind);
        let (archive, clock) = (Arc::clone(&doors.archive), Arc::clone(&doors.clock));
        match kind {
            StageKind::Fetcher => {
                let fetcher_doors = FetcherDoors {
                    fetch: self.fetch_door(),
                    archive,
                    warehouse: self.warehouse_door(),
                    clock,
                };
                run(Fetcher::new(self.settings.clone(), fetcher_doors), doors)
            }
            StageKind::Normalizer => run(Normalizer::new(archive, clock), doors),
            StageKind::Validator => run(Validator::new(archive, clock, Limits::default()), doors),
            StageKind::Loader => run(Loader::new(self.warehouse_door(), archive, clock), doors),
            StageKind::Alerter => run(Alerter::new(self.warehouse_door(), archive, clock), doors),
        }
    }
}

fn run<S: Stage>(stage: S, doors: Doors) -> Instance {
    let runner = Runner::new(Arc::new(stage), doors, RunnerOptions::default());
    Box::new(move |deliveries| {
        let runner = runner.clone();
        Box::pin(async move { runner.handle(deliveries).await })
    })
}
