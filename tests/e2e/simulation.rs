//! The promise, over a few seeds; the binary `simulate` lives through thousands.

use aispend_tests::simulation::{Mutant, Sat, simulate, simulate_with};

#[test]
fn whatever_happens_the_tables_are_the_truth() {
    let mut sat = Sat::default();
    for seed in 5_000..5_020 {
        match simulate(seed) {
            Ok(lived) => sat.add(lived),
            Err(divergence) => panic!("{divergence}"),
        }
    }
    // Fetches were interrupted, and continued.
    assert!(sat.continued > 20 && sat.repeated > 20 && sat.given_back > 20, "{sat:?}");
}

#[test]
fn a_seed_is_the_same_story_every_time() {
    let told = |seed| simulate_with(seed, Some(Mutant::IgnoresLock), false);
    for seed in 0..3 {
        assert_eq!(told(seed), told(seed));
    }
}

#[test]
fn every_broken_rule_is_noticed() {
    for mutant in Mutant::ALL {
        let noticed = (0..200).find(|seed| simulate_with(*seed, Some(mutant), false).is_err());
        assert!(noticed.is_some(), "nobody noticed {mutant:?}");
    }
}
