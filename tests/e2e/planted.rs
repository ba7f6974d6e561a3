//! What goes wrong over days is told once, by the rule that is for it, with three alerters that hear everything twice.

use std::collections::{BTreeMap, BTreeSet};

use aispend_model::Slice;
use aispend_simulator::{Quirks, Restatement, WorldConfig};
use jiff::ToSpan as _;
use jiff::civil::{Date, date};

use crate::days::{Company, config};

/// The last quiet morning is the day before.
const FAULT: Date = date(2026, 7, 15);

/// The last day before those that are spoiled, or may not be read to their end yet.
const SETTLED: Date = date(2026, 7, 12);

/// A company in which nothing was wrong until the fault.
struct Story {
    company: Company,
    before: BTreeMap<(&'static str, String), String>,
}

impl Story {
    /// Six weeks are loaded and five mornings pass in which nobody is told of anything.
    async fn healthy(seed: u64) -> Self {
        Self::healthy_as(WorldConfig { quirks: Quirks::NONE, ..config(seed) }).await
    }

    /// The same where a day is large enough to be doubted: money of the wrong size is told by what its tokens cost.
    async fn healthy_and_busy(seed: u64) -> Self {
        Self::healthy_as(WorldConfig { quirks: Quirks::NONE, events_per_person_day: 24, ..config(seed) })
            .await
    }

    async fn healthy_as(config: WorldConfig) -> Self {
        let mut company = Company::open_with(config, date(2026, 6, 1), 3).await;
        for day in date(2026, 7, 10).series(1.day()).take(5) {
            company.morning(day).await;
            assert_eq!(company.told(), Vec::<String>::new(), "{day}");
        }
        let before = company.slices().await;
        Self { company, before }
    }

    fn plant(&self, fault: &str) {
        self.company.vendors().faults.plan.plants.push(fault.parse().unwrap());
    }

    /// What is told on each of so many mornings from the day of the fault on: each by one letter, and no row of the days
    /// before is another one.
    async fn told(&mut self, mornings: usize) -> Vec<String> {
        let mut told = Vec::new();
        for day in FAULT.series(1.day()).take(mornings) {
            self.company.morning(day).await;
            told.extend(self.company.told().into_iter().map(|text| format!("{day} {text}")));
        }
        let letters = self.company.mail().message_ids();
        let ids: BTreeSet<&String> = letters.iter().filter(|id| !id.is_empty()).collect();
        assert_eq!(ids.len(), letters.len(), "a letter came twice, or has no name: {letters:#?}");
        assert_eq!(letters.len(), told.len(), "a letter for each: {told:#?}");
        assert_eq!(self.company.incidents().await, told.len(), "an incident for each: {told:#?}");
        self.assert_others_stay().await;
        told
    }

    async fn assert_others_stay(&self) {
        let after = self.company.slices().await;
        let is_compared = |slice: &Slice| slice.day.is_some_and(|day| day <= SETTLED);
        let mut compared = BTreeSet::new();
        for (place, rows) in &self.before {
            let (table, key) = place;
            if is_compared(&key.parse().unwrap()) {
                assert_eq!(after.get(place), Some(rows), "{table}: the rows of {key}");
                compared.insert(*table);
            }
        }
        assert!(compared.len() >= 5, "nothing to compare in most tables: {compared:?}");
    }
}

/// One incident: a rule, and what is said of it.
#[track_caller]
fn assert_once(told: &[String], rule: &str, says: &str) {
    let [only] = told else { panic!("{told:#?}") };
    assert!(only.contains(&format!(" {rule} ")) && only.contains(says), "no `{rule}: {says}`: {told:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_that_freezes() {
    let mut story = Story::healthy(41).await;
    story.plant("frozen-feed@filtered-usage-events@2026-07-14");
    assert_once(&story.told(8).await, "frozen-feed", "cursor/usage-events");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_that_comes_empty() {
    let mut story = Story::healthy(42).await;
    story.plant("missing-day@analytics/cost@2026-07-15");
    let told = story.told(6).await;
    // One for each of the organisations that the answer was wrong for.
    let subjects: BTreeSet<&String> = told.iter().collect();
    assert_eq!((told.len(), subjects.len()), (2, 2), "{told:#?}");
    assert!(told.iter().all(|text| text.contains("missing-day 2026-07-15: anthropic/cost")), "{told:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_that_is_taken_back() {
    let mut story = Story::healthy(43).await;
    story.plant("missing-day@analytics/cost@2026-07-13");
    assert_once(&story.told(5).await, "vanished", "anthropic/cost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_nobody_knows() {
    let mut story = Story::healthy(44).await;
    story.plant("unmapped-key@analytics/cost@2026-07-15");
    assert_once(&story.told(10).await, "unmapped-key", "apikey_01NobodyKnowsThis");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seat_that_ends_in_the_middle_of_a_month() {
    let mut story = Story::healthy(45).await;
    story.company.vendors().world.restate(&Restatement::EndSeat { row: 0, last_day: date(2026, 7, 14) });
    assert_once(&story.told(5).await, "seats-changed", "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cents_that_are_taken_for_dollars() {
    let mut story = Story::healthy_and_busy(48).await;
    story.plant("cents-as-dollars@filtered-usage-events@2026-07-15");
    assert_once(&story.told(5).await, "parked-messages", "cursor/usage-events, magnitude");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_product_that_nobody_knows() {
    let mut story = Story::healthy(49).await;
    story.plant("unknown-product@analytics/cost@2026-07-15");
    assert_once(&story.told(5).await, "drift", "`product` is `quantum_office`");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_field_with_another_name() {
    let mut story = Story::healthy(50).await;
    story.plant("renamed-field:maxMode@filtered-usage-events@2026-07-15");
    assert_once(&story.told(5).await, "drift", "`maxModeRenamed`");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_is_not_there() {
    let mut story = Story::healthy(51).await;
    story.plant("dropped-page@filtered-usage-events@2026-07-15");
    assert_once(&story.told(5).await, "ingestion-failure", "cursor/usage-events: 1 failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_come_twice() {
    let mut story = Story::healthy(52).await;
    story.plant("doubled-rows@filtered-usage-events@2026-07-15");
    assert_once(&story.told(5).await, "ingestion-failure", "cursor/usage-events: 1 failed");
}
