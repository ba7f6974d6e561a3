//! The promise under test: whatever happens, the tables are the truth.
//!
//! A seed makes a tiny world and a bad week: triggers twice, vendors that fail, restate and vanish, processes that die
//! between any two steps, messages late, doubled and out of order, clocks that run ahead, old news replayed. Then one calm
//! run over the whole period, and the tables must equal the ground truth, exactly.

mod checks;
mod loaded;
mod mutant;
mod plant;
mod process;
mod scenario;
mod schedule;
mod story;
mod witness;

pub use checks::{against_truth, holds_truth, wait};
pub use mutant::Mutant;
pub use plant::Plant;
pub use process::{Instance, StageKind};
pub use scenario::Scenario;
pub use schedule::Schedule;
pub use witness::Witness;

use std::fmt;
use std::sync::atomic::Ordering::Relaxed;

use aispend_fetcher::SittingCounts;

/// How a seed's tables differ from what they must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divergence {
    /// Which seed.
    pub seed: u64,
    /// What differs, the first few rows.
    pub detail: String,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "seed {}: {}\n  again: cargo run -p aispend-tests --bin simulate -- --seed {} --trace",
            self.seed, self.detail, self.seed
        )
    }
}

/// What became of attempts that did not read a slice from its first page to its last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sat {
    /// Went on where an earlier attempt ended.
    pub continued: u64,
    /// Said again what an earlier attempt had fetched.
    pub repeated: u64,
    /// Found an earlier attempt of no use.
    pub abandoned: u64,
    /// Stopped, to go on at the next delivery.
    pub given_back: u64,
}

impl Sat {
    /// Adds another seed's.
    pub const fn add(&mut self, other: Self) {
        self.continued += other.continued;
        self.repeated += other.repeated;
        self.abandoned += other.abandoned;
        self.given_back += other.given_back;
    }

    fn of(counts: &SittingCounts) -> Self {
        Self {
            continued: counts.continued.load(Relaxed),
            repeated: counts.repeated.load(Relaxed),
            abandoned: counts.abandoned.load(Relaxed),
            given_back: counts.given_back.load(Relaxed),
        }
    }
}

/// Lives through one seed.
///
/// # Errors
/// When the tables are not what they must be.
pub fn simulate(seed: u64) -> Result<Sat, Divergence> {
    simulate_with(seed, None, false)
}

/// Lives through one seed, with a promise broken on purpose, or telling what happens.
///
/// # Errors
/// When the tables are not what they must be.
pub fn simulate_with(seed: u64, mutant: Option<Mutant>, trace: bool) -> Result<Sat, Divergence> {
    story::tell(seed, mutant, trace).map_err(|detail| Divergence { seed, detail })
}
