//! Reading a period again: the same facts change nothing, other facts replace what was there.

use aispend_simulator::{FaultLevel, FaultPlan, Restatement, Strand};
use jiff::civil::Date;

use crate::command::Home;
use crate::compare::{assert_attribution, assert_tables, assert_truth, bytes, content};
use crate::vendors::Vendors;
use crate::worlds::{Shape, days_ago, plain, world};

/// The days of every small world.
fn days() -> (Date, Date) {
    (days_ago(11), days_ago(4))
}

fn loads(home: &Home) -> u64 {
    home.value("SELECT COUNT(*) FROM ai_usage_analytics.slice_loads").parse().unwrap()
}

#[test]
fn a_period_read_twice_changes_no_byte_and_is_in_the_ledger_twice() {
    for (place, shape) in (0..).zip(Shape::ALL) {
        let vendors = Vendors::open(world(shape, 20 + place), FaultPlan::none());
        let home = Home::with_csv(&vendors);
        let (from, to) = days();
        home.run(from, to);
        let (first, first_loads) = (bytes(&home), loads(&home));
        home.run(from, to);
        assert!(loads(&home) > first_loads, "{shape:?}: {first_loads} ledger lines");
        assert_tables(&first, &bytes(&home), &format!("{shape:?}, read twice"));
    }
}

#[test]
fn the_archive_read_again_changes_no_content_and_asks_no_vendor() {
    let vendors = Vendors::open(plain(Shape::Legacy, 31), FaultPlan::none());
    let home = Home::with_csv(&vendors);
    let (from, to) = days();
    home.run(from, to);
    let (first, asked) = (content(&home), vendors.asked());
    home.aispend(&["reprocess", "--from", &from.to_string(), "--to", &to.to_string()]).exits(0);
    assert_eq!(vendors.asked(), asked, "the archive needs no vendor");
    assert_tables(&first, &content(&home), "reprocessed");
}

/// Loads, changes the facts, loads again, and compares with a folder that never knew the old facts.
fn restated(shape: Shape, seed: u64, rounds: &[Vec<Restatement>]) {
    let vendors = Vendors::open(plain(shape, seed), FaultPlan::none());
    let home = Home::with_csv(&vendors);
    let (from, to) = days();
    home.run(from, to).exits(0);
    for (place, round) in rounds.iter().enumerate() {
        let what = format!("{shape:?}, seed {seed}, round {place}: {round:?}");
        for restatement in round {
            vendors.simulator().world.restate(restatement);
        }
        home.write_sheets(&vendors.simulator().world);
        home.run(from, to).exits(0);
        assert_truth(&home, &vendors, &what);
        assert_attribution(&home, &vendors, &what);
        let fresh = Home::with_csv(&vendors);
        fresh.run(from, to).exits(0);
        assert_tables(&content(&home), &content(&fresh), &what);
    }
}

#[test]
fn restated_days_equal_a_fresh_load() {
    let day = days_ago;
    let figures = |strand, first| {
        vec![
            Restatement::Scale { day: day(first), strand, percent: 140 },
            Restatement::Scale { day: day(first - 1), strand, percent: 55 },
            Restatement::Thin { day: day(first - 2), strand, seed: 3 },
            Restatement::Vanish { day: day(first - 3), strand },
        ]
    };
    let changed: Vec<Restatement> = Strand::ALL.into_iter().flat_map(|strand| figures(strand, 9)).collect();
    let back = Strand::ALL.into_iter().map(|strand| Restatement::Return { day: day(6), strand }).collect();
    restated(Shape::Enterprise, 40, &[changed.clone(), back]);
    restated(Shape::Legacy, 41, &[changed]);
}

#[test]
fn a_changed_directory_and_changed_sheets_equal_a_fresh_load() {
    use aispend_simulator::Platform::{ClaudeApi, ClaudeCode};
    let rounds = [
        vec![
            // A second key of a name that Claude Code's report states: the name decides nothing any more.
            Restatement::AddKey { name: "ci-bot".to_owned() },
            Restatement::RenameKey { key: 0, name: "renamed".to_owned() },
            Restatement::ArchiveKey { key: 3 },
            Restatement::PriceSeat { row: 1, dollars: 77 },
        ],
        vec![
            Restatement::MapKey { key: 2, person: 3, platform: ClaudeCode },
            Restatement::MapKey { key: 8, person: 1, platform: ClaudeApi },
            Restatement::UnmapKey { key: 4 },
        ],
    ];
    restated(Shape::Legacy, 42, &rounds);
}

#[test]
fn random_restatements_under_faults_end_at_the_truth() {
    for (place, shape) in (0..).zip([Shape::Analytics, Shape::EnterpriseLegacy]) {
        let seed = 50 + place;
        let vendors = Vendors::open(world(shape, seed), FaultPlan::new(seed, FaultLevel::Light));
        let home = Home::with_csv(&vendors);
        let (from, to) = days();
        for round in 0..3 {
            for turn in 0..4 {
                vendors.simulator().world.restate_random(seed * 100 + round * 10 + turn);
            }
            home.run(from, to);
        }
        assert_truth(&home, &vendors, &format!("{shape:?}, seed {seed}"));
    }
}
