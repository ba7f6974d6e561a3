//! Nobody is told of anything while nothing is wrong: not in a quarter of mornings, and not by a first load.

use aispend_alerter::End;
use aispend_simulator::WorldConfig;
use jiff::ToSpan as _;
use jiff::civil::{Date, date};

use crate::days::{Company, config};

/// A morning on which every slice is read, every rule is asked and sees nothing, and nobody is told.
async fn is_quiet(company: &mut Company, day: Date) {
    let report = company.morning(day).await;
    assert!(report.slices.iter().all(|slice| !matches!(slice.end, End::Failed | End::Parked)), "{day}");
    assert_eq!(company.told(), Vec::<String>::new(), "{day}");
    assert_eq!(company.breaches(), 0, "{day}: what was seen, and not told");
    assert!(company.mail().letters().is_empty(), "{day}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ninety_mornings_of_a_healthy_company_tell_nobody() {
    let mut company = Company::open(config(11), date(2026, 5, 1)).await;
    // The first morning loads six weeks; a quarter follows, with its weekends, its ends of months and its new people.
    for day in date(2026, 6, 15).series(1.day()).take(91) {
        is_quiet(&mut company, day).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_load_of_a_year_tells_nobody() {
    let mut company = Company::open(WorldConfig { people: 6, ..config(12) }, date(2025, 9, 8)).await;
    // The day after as well, when there is something to compare with.
    for day in [date(2026, 9, 8), date(2026, 9, 9)] {
        is_quiet(&mut company, day).await;
    }
}
