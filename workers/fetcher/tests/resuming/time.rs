//! No attempt works for ever, and each gets a page further.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use aispend_fetcher::FetchSliceError;
use aispend_proto::v1::envelope::Body;
use aispend_stage::{Classify as _, Disposition};

use crate::bench::{Bench, Which, fetched, pages, poll};

const LONGEST: Duration = Duration::from_mins(8);

#[test]
fn a_slice_of_slow_pages_is_read_in_several_goes() {
    for which in Which::BOTH {
        let whole = pages(&Bench::new(which).reads().1);
        // Two answers of that length fit into an attempt, one, and not even one.
        for each in [200, 400, 500].map(Duration::from_secs) {
            let bench = Bench::new(which);
            *bench.wire.each.lock().unwrap() = each;
            let fetcher = bench.fetcher();
            let begun = bench.now();
            let mut goes = 0;
            let (generation, fetched) = loop {
                goes += 1;
                let before = bench.now();
                match poll(&mut bench.hand(&fetcher, goes, "run")).unwrap() {
                    Ok(outputs) => break fetched(&outputs),
                    Err(error) => {
                        assert!(matches!(error, FetchSliceError::NotNow { .. }), "{error:?}");
                        let soon = Disposition::Retry { after: Some(Duration::ZERO) };
                        assert_eq!(error.disposition(), soon);
                    }
                }
                let took = Duration::from_micros(u64::try_from(bench.now() - before).unwrap());
                // The last answer, which is compared, and one more at the least.
                assert!(took < LONGEST.max(each * 2 + Duration::from_secs(1)) + each, "{each:?}: {took:?}");
                assert!(goes as usize <= whole.len(), "each go gets a page further");
            };
            assert!(goes > 1, "{each:?}");
            assert!(generation - begun < 1_000_000, "it is the first go's observation");
            assert_eq!(pages(&fetched), whole, "{which:?}, {each:?}, {goes} goes");
            assert!(bench.asked().len() <= whole.len() + goes as usize);
        }
    }
}

#[test]
fn an_answer_that_does_not_come_is_not_waited_for() {
    let whole = pages(&Bench::new(Which::Cost).reads().1);
    let bench = Bench::new(Which::Cost);
    bench.wire.silent_at.store(3, Relaxed);
    let mut attempt = bench.hand(&bench.fetcher(), 1, "run");
    assert!(poll(&mut attempt).is_none());
    bench.passes(LONGEST * 9 / 10);
    assert!(poll(&mut attempt).is_none());
    bench.passes(LONGEST / 10);
    let ended = poll(&mut attempt).unwrap();
    assert!(matches!(ended, Err(FetchSliceError::NotNow { .. })), "{ended:?}");
    bench.asked();
    let (_, fetched) = bench.reads();
    assert_eq!(pages(&fetched), whole);
    assert_eq!(bench.asked().len(), whole.len() - 2 + 1);
}

#[test]
fn a_vendor_that_says_nothing_in_whole_attempts_is_given_up() {
    for first in [1, 3] {
        let bench = Bench::new(Which::Cost);
        let fetcher = bench.fetcher();
        // Two answers or none, and silence from there on, in every attempt.
        let mut goes = 0;
        let (outputs, asked) = loop {
            goes += 1;
            assert!(goes < 5, "it is asked without end");
            bench.wire.silent_at.store(if goes == 1 { first } else { 1 }, Relaxed);
            let mut attempt = bench.hand(&fetcher, goes, "run");
            assert!(poll(&mut attempt).is_none());
            bench.passes(LONGEST);
            match poll(&mut attempt).unwrap() {
                Ok(outputs) => break (outputs, goes),
                Err(error) if goes == 1 && first == 3 => {
                    assert!(matches!(error, FetchSliceError::NotNow { .. }), "{error:?}");
                }
                Err(error) => assert!(matches!(error, FetchSliceError::Unanswered), "{error:?}"),
            }
        };
        // Twice in vain; the attempt that got somewhere does not count.
        assert_eq!(asked, if first == 1 { 2 } else { 3 });
        let [output] = outputs.as_slice() else { panic!("{outputs:?}") };
        let Some(Body::SliceFailed(failed)) = output.envelope.body.clone() else { panic!("{output:?}") };
        assert_eq!(failed.reason, "vendor_unavailable");
        assert!(failed.detail.contains("gave no answer in all the time"), "{}", failed.detail);
    }
}

#[test]
fn pages_that_came_quickly_are_kept_when_the_time_is_up() {
    let mut bench = Bench::new(Which::Cost);
    bench.settings.sittings.save_after = Duration::from_mins(1);
    bench.wire.silent_at.store(3, Relaxed);
    let mut attempt = bench.hand(&bench.fetcher(), 1, "run");
    assert!(poll(&mut attempt).is_none());
    bench.passes(LONGEST);
    assert!(matches!(poll(&mut attempt), Some(Err(FetchSliceError::NotNow { .. }))));
    let asked = bench.asked();
    bench.reads();
    assert_eq!(bench.asked()[0], asked[1]);
}

#[test]
fn where_messages_are_taken_away_a_slot_is_not_waited_for_for_ever() {
    let mut bench = Bench::new(Which::Events);
    let told = bench.settings.sittings.clone();
    for (sittings, is_given_back) in [(told.clone(), false), (told.with_short_waits(), true)] {
        bench.settings.sittings = sittings;
        let fetcher = bench.fetcher();
        let mut at_work = Vec::new();
        for run in 0..3 {
            bench.wire.silent_at.store(1, Relaxed);
            let mut attempt = bench.hand(&fetcher, 1, &format!("{is_given_back} {run}"));
            assert!(poll(&mut attempt).is_none());
            at_work.push(attempt);
        }
        let mut waiting = bench.hand(&fetcher, 1, "run");
        assert!(poll(&mut waiting).is_none());
        bench.passes(LONGEST);
        assert_eq!(poll(&mut waiting).is_some(), is_given_back);
    }
}

#[test]
fn to_stop_at_a_page_is_no_failure() {
    let bench = Bench::new(Which::Events);
    *bench.wire.each.lock().unwrap() = Duration::from_mins(5);
    let fetcher = bench.fetcher();
    for attempt in 1..=2 {
        let ended = poll(&mut bench.hand(&fetcher, attempt, "run")).unwrap();
        assert!(matches!(ended, Err(FetchSliceError::NotNow { .. })), "{ended:?}");
    }
    bench.wire.is_down.store(true, Relaxed);
    // The first failure is tried once more, the second is told.
    assert!(matches!(poll(&mut bench.hand(&fetcher, 3, "run")), Some(Err(FetchSliceError::Fetch(_)))));
    assert!(poll(&mut bench.hand(&fetcher, 4, "run")).unwrap().is_ok());
}
