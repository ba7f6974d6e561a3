//! The simulated vendors' truth against what a warehouse holds, asked in SQL that every engine reads.

mod expected;
mod loaded;

use std::collections::BTreeSet;

use aispend_simulator::{Scope, Truth, World};

pub use expected::{Coarse, Sums, add, finish, said, sums as expected};
pub use loaded::Ask;

/// Differences shown before the rest is only counted.
const SHOWN: usize = 8;

/// Every table that a run fills from its slices' own documents.
pub const TABLES: [&str; 7] = [
    "claude_expenses",
    "api_usage_expenses",
    "claude_code_usage_stats",
    "claude_usage_stats",
    "cursor_expenses",
    "cursor_usage_stats",
    "cursor_usage_events",
];

/// Asserts that the tables are the vendors' truth.
#[track_caller]
pub fn assert_truth(ask: &Ask<'_>, world: &World, scope: &Scope, truth: &Truth, what: &str) {
    let coarse = Coarse::of(scope, world.enterprise_id());
    let expected = expected::sums(truth, &coarse);
    assert!(!expected.is_empty(), "{what}: an empty truth proves nothing");
    assert_same(&expected, &loaded::sums(ask, (scope.from, scope.to), &coarse), what);
}

/// Asserts that all billed money is whose it is: person, team, and the way the person was found.
#[track_caller]
pub fn assert_attribution(ask: &Ask<'_>, scope: &Scope, truth: &Truth, what: &str) {
    assert_same(&expected::attributed(truth), &loaded::attributed(ask, (scope.from, scope.to)), what);
}

#[track_caller]
fn assert_same(expected: &Sums, loaded: &Sums, what: &str) {
    let keys: BTreeSet<&String> = expected.keys().chain(loaded.keys()).collect();
    let different: Vec<String> = keys
        .into_iter()
        .filter(|key| expected.get(*key) != loaded.get(*key))
        .map(|key| format!("\n  {key}: truth {:?}, loaded {:?}", expected.get(key), loaded.get(key)))
        .collect();
    let shown: String = different.iter().take(SHOWN).map(String::as_str).collect();
    assert!(different.is_empty(), "{what}: {} of {} sums differ:{shown}", different.len(), expected.len());
}
