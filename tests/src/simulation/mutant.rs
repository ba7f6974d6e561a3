//! Rules broken on purpose: a simulation that does not notice proves nothing.

use aispend_ports::{Decision, LedgerLine, SliceLoad, SliceOutcome};
use aispend_testkit::memory::WarehouseSwitches;

/// A broken rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// Messages are settled before what follows from them is published.
    AckFirst,
    /// The last arrival wins, whatever it observed.
    LastArrivalWins,
    /// Only the first page of an answer is read.
    FirstPageOnly,
    /// Loads do not look at the load lock.
    IgnoresLock,
    /// Merged tables skip old snapshots.
    MergesLikeTheRest,
}

impl Mutant {
    /// Every broken rule.
    pub const ALL: [Self; 5] = [
        Self::AckFirst,
        Self::LastArrivalWins,
        Self::FirstPageOnly,
        Self::IgnoresLock,
        Self::MergesLikeTheRest,
    ];

    /// A warehouse with the rule broken.
    pub fn warehouse(mutant: Option<Self>) -> WarehouseSwitches {
        let mut switches = WarehouseSwitches::default();
        match mutant {
            Some(Self::LastArrivalWins) => switches.rule = last_arrival_wins,
            Some(Self::IgnoresLock) => switches.ignores_lock = true,
            Some(Self::MergesLikeTheRest) => switches.merges_like_the_rest = true,
            Some(Self::AckFirst | Self::FirstPageOnly) | None => {}
        }
        switches
    }
}

fn last_arrival_wins(_current: Option<&LedgerLine>, incoming: &SliceLoad) -> Decision {
    if incoming.outcome == SliceOutcome::Unavailable { Decision::Note } else { Decision::Replace }
}
