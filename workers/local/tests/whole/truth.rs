//! What the vendors billed is what the tables add up to, to the billionth of a dollar.

use aispend_simulator::{FaultLevel, FaultPlan};

use crate::command::Home;
use crate::compare::{assert_attribution, assert_truth};
use crate::vendors::Vendors;
use crate::worlds::{Shape, config, world};

/// Loads a world in one go and compares every total.
fn check(shape: Shape, level: FaultLevel, seed: u64) {
    let vendors = Vendors::open(world(shape, seed), FaultPlan::new(seed, level));
    let home = if seed.is_multiple_of(2) { Home::with_csv(&vendors) } else { Home::with_google(&vendors) };
    let config = config(shape, seed);
    let ended = home.run(config.first_day, config.last_day);
    let what = format!("{shape:?}, {level:?}, seed {seed}");
    let summary = ended.json();
    assert_eq!(summary["trouble"].as_array().map(Vec::len), Some(0), "{what}: {}", ended.stdout);
    // An untidy mapping sheet has one row without a key.
    assert_eq!(
        ended.code,
        i32::from(config.quirks.untidy_sheets),
        "{what}: {}\n{}",
        ended.stdout,
        ended.stderr
    );
    assert_eq!(summary["rejected_rows"], u64::from(config.quirks.untidy_sheets), "{what}");
    let faults = vendors.simulator().faults.happened();
    // Of fifty calls, three in a hundred may well be none.
    assert!(level != FaultLevel::Heavy || faults > 0, "{what}: no fault happened");
    assert_truth(&home, &vendors, &what);
    assert_attribution(&home, &vendors, &what);
    eprintln!("{what}: {:?}, {} requests, {faults} faults", ended.took, vendors.asked());
}

fn every_shape(level: FaultLevel, seed: u64) {
    for (place, shape) in (0..).zip(Shape::ALL) {
        check(shape, level, seed + place);
    }
}

#[test]
fn every_total_equals_the_truth() {
    every_shape(FaultLevel::None, 100);
    every_shape(FaultLevel::None, 201);
}

#[test]
fn every_total_equals_the_truth_though_three_calls_in_a_hundred_fail() {
    every_shape(FaultLevel::Light, 300);
}

#[test]
fn every_total_equals_the_truth_though_every_fourth_call_fails() {
    every_shape(FaultLevel::Heavy, 401);
}

/// `cargo nextest run -p aispend-local --test whole --run-ignored only`
#[test]
#[ignore = "two minutes: more seeds than every build needs"]
fn every_total_equals_the_truth_for_many_seeds() {
    for (seed, level) in (500..532).zip([FaultLevel::None, FaultLevel::Light].into_iter().cycle()) {
        let shape = Shape::ALL[seed as usize / 2 % Shape::ALL.len()];
        check(shape, level, seed);
    }
}
