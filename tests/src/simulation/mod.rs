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

pub use checks::{against_truth, holds_truth, wait};
pub use mutant::Mutant;
pub use plant::Plant;
pub use process::{Instance, StageKind};
pub use scenario::Scenario;
pub use schedule::Schedule;

use std::fmt;

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

/// Lives through one seed.
///
/// # Errors
/// When the tables are not what they must be.
pub fn simulate(seed: u64) -> Result<(), Divergence> {
    simulate_with(seed, None, false)
}

/// Lives through one seed, with a promise broken on purpose, or telling what happens.
///
/// # Errors
/// When the tables are not what they must be.
pub fn simulate_with(seed: u64, mutant: Option<Mutant>, trace: bool) -> Result<(), Divergence> {
    story::tell(seed, mutant, trace).map_err(|detail| Divergence { seed, detail })
}
