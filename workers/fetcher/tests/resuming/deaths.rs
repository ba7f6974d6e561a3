//! Death between any two pages: the next attempt asks for what is missing, and the slice is as if nobody had died.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use aispend_fetcher::FetchSliceError;

use crate::bench::{Bench, Which, fetched, pages, poll};

/// Pages of the slice as nobody disturbs it, and the questions that took.
fn undisturbed(which: Which) -> (Vec<(String, String, u32, String)>, usize) {
    let bench = Bench::new(which);
    let (_, fetched) = bench.reads();
    let (pages, asked) = (pages(&fetched), bench.asked().len());
    assert!(pages.len() >= 5 && asked == pages.len(), "{which:?}: {asked} questions, {} pages", pages.len());
    (pages, asked)
}

#[test]
fn a_fetcher_that_dies_at_any_page_is_continued_there() {
    for which in Which::BOTH {
        let (whole, questions) = undisturbed(which);
        for question in 1..=questions {
            let bench = Bench::new(which);
            bench.dies_at(question);
            let first = bench.asked();
            let died = bench.now();
            let (generation, fetched) = bench.reads();
            let what = format!("{which:?}, death at question {question}");
            assert_eq!(pages(&fetched), whole, "{what}");
            let again = bench.asked();
            if question == 1 {
                assert!(generation >= died, "{what}: nothing was read, so it is an observation of its own");
                assert_eq!(again.len(), questions, "{what}");
                continue;
            }
            assert!(generation < died, "{what}: it is the first attempt's observation");
            // The question that got no answer, and the last answer, which is compared.
            assert_eq!(first.len() + again.len(), questions + 2, "{what}");
            assert_eq!(again[0], first[question - 2], "{what}");
            assert_eq!(again[1], first[question - 1], "{what}");
        }
    }
}

#[test]
fn it_may_die_as_often_as_it_gets_a_page_further() {
    for which in Which::BOTH {
        let (whole, questions) = undisturbed(which);
        let bench = Bench::new(which);
        // Each reads one page: the last answer again, one more, and death at the one after.
        bench.dies_at(2);
        for _ in 2..questions {
            bench.dies_at(3);
        }
        let (_, fetched) = bench.reads();
        assert_eq!(pages(&fetched), whole);
    }
}

#[test]
fn what_was_fetched_is_said_again_and_nobody_is_asked() {
    let bench = Bench::new(Which::Cost);
    let first = bench.attempt().unwrap().unwrap();
    bench.asked();
    bench.passes(Duration::from_mins(5));
    let second = bench.attempt().unwrap().unwrap();
    assert!(bench.asked().is_empty());
    assert_eq!(first[0].envelope.message_id, second[0].envelope.message_id);
    // Another run observes for itself.
    let other = poll(&mut bench.hand(&bench.fetcher(), 1, "other")).unwrap().unwrap();
    assert!(fetched(&other).0 > fetched(&first).0);
}

#[test]
fn a_page_that_is_damaged_or_lost_is_not_used() {
    for which in Which::BOTH {
        let (whole, questions) = undisturbed(which);
        for page in 0..3 {
            for is_lost in [false, true] {
                let bench = Bench::new(which);
                bench.dies_at(4);
                let (died, sha256) = (bench.now(), &whole[page].3);
                bench.asked();
                if is_lost {
                    bench.archive.lose(sha256);
                } else {
                    bench.archive.damage(sha256, b"something else");
                }
                let read = bench.attempt().unwrap().unwrap();
                let (generation, fetched) = fetched(&read);
                assert!(generation >= died);
                assert_eq!((pages(&fetched), bench.asked().len()), (whole.clone(), questions));
                assert_eq!(bench.settings.sittings.counts.abandoned.load(Relaxed), 1);
            }
        }
    }
}

#[test]
fn two_states_of_a_vendor_are_never_one_observation() {
    for which in Which::BOTH {
        let (whole, questions) = undisturbed(which);
        for question in 2..=questions {
            let bench = Bench::new(which);
            bench.dies_at(question);
            let died = bench.now();
            bench.restate(which);
            let (generation, fetched) = bench.reads();
            let expected = poll(&mut bench.hand(&bench.fetcher(), 1, "later")).unwrap().unwrap();
            let expected = pages(&crate::bench::fetched(&expected).1);
            assert!(expected != whole, "{which:?}: it tells something else now");
            assert_eq!(pages(&fetched), expected, "{which:?}, death at question {question}");
            assert!(generation >= died, "the old pages' observation is not this one");
        }
    }
}

#[test]
fn a_page_token_that_expired_is_no_refusal_of_the_slice() {
    let (whole, questions) = undisturbed(Which::Cost);
    for status in [410, 400, 404] {
        for answered in 0..=1 {
            for question in 3..=questions {
                let bench = Bench::new(Which::Cost);
                bench.dies_at(question);
                *bench.wire.expired.lock().unwrap() = Some((answered, status));
                let (_, fetched) = bench.reads();
                assert_eq!(pages(&fetched), whole, "HTTP {status} after {answered}, death at {question}");
            }
        }
    }
}

#[test]
fn what_lies_too_long_or_came_from_a_wrong_clock_is_read_anew() {
    let (whole, questions) = undisturbed(Which::Events);
    let within = Bench::new(Which::Events).settings.sittings.resume_within;
    for (pause, is_continued) in [(within * 9 / 10, true), (within + Duration::from_secs(1), false)] {
        let bench = Bench::new(Which::Events);
        bench.dies_at(4);
        bench.asked();
        bench.passes(pause);
        let (_, fetched) = bench.reads();
        assert_eq!(pages(&fetched), whole);
        assert_eq!(bench.asked().len() < questions, is_continued, "{pause:?}");
    }
}

#[test]
fn of_two_attempts_at_once_one_steps_back_and_both_would_say_the_same() {
    for which in Which::BOTH {
        let (whole, questions) = undisturbed(which);
        for question in 2..=questions {
            let bench = Bench::new(which);
            // It is not dead, only slow.
            bench.wire.silent_at.store(question, Relaxed);
            let mut slow = bench.hand(&bench.fetcher(), 1, "run");
            assert!(poll(&mut slow).is_none());
            let quick = bench.attempt().unwrap().unwrap();
            bench.wire.is_released.store(true, Relaxed);
            let what = format!("{which:?}, slow at question {question}");
            let ended = poll(&mut slow).unwrap();
            assert!(matches!(ended, Err(FetchSliceError::NotNow { .. })), "{what}: {ended:?}");
            let again = bench.attempt().unwrap().unwrap();
            assert_eq!(quick[0].envelope.message_id, again[0].envelope.message_id, "{what}");
            assert_eq!(pages(&fetched(&quick).1), whole, "{what}");
        }
    }
}

#[test]
fn one_process_is_at_a_slice_once() {
    let bench = Bench::new(Which::Events);
    let fetcher = bench.fetcher();
    bench.wire.silent_at.store(2, Relaxed);
    let mut first = bench.hand(&fetcher, 1, "run");
    assert!(poll(&mut first).is_none());
    let second = poll(&mut bench.hand(&fetcher, 2, "run")).unwrap();
    assert!(matches!(second, Err(FetchSliceError::NotNow { .. })), "{second:?}");
    assert_eq!(bench.asked().len(), 2);
    bench.wire.is_released.store(true, Relaxed);
    assert!(poll(&mut first).unwrap().is_ok());
    assert!(poll(&mut bench.hand(&fetcher, 3, "run")).unwrap().is_ok());
}

#[test]
fn what_takes_no_time_is_kept_nowhere() {
    let mut bench = Bench::new(Which::Cost);
    bench.settings.sittings.save_after = Duration::from_hours(1);
    let (_, fetched) = bench.reads();
    let mut hashes: Vec<_> = pages(&fetched).into_iter().map(|page| page.3).collect();
    hashes.sort_unstable();
    hashes.dedup();
    // The pages, and whose the key is.
    assert_eq!(bench.archive.len(), hashes.len() + 1);
}
