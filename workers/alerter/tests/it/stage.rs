//! When the rules are asked: at the end of a run that brings news, and when a check is asked for.

use std::sync::Arc;

use aispend_alerter::{Alerter, Incidents};
use aispend_ports::{Archive, Clock as _, Topic};
use aispend_proto::v1::envelope::Body;
use aispend_proto::v1::{AlertCheck, PlannedSlice, RunPlanned, SliceLoaded};
use aispend_stage::{Header, Message, Output, Stage as _, slice_to_wire};

use crate::bed::Bed;

fn message(bed: &Bed, run_id: &str, slice: Option<&str>, body: Body) -> Message {
    let header = Header {
        run_id: run_id.to_owned(),
        slice: slice.map(|key| key.parse().unwrap()),
        ..Header::default()
    };
    let envelope = Output::new(Topic::SliceEvents, &header, bed.clock.now(), body).envelope;
    Message { header, envelope, attempt: 1, published_at: bed.clock.now() }
}

const SLICE: &str = "cursor/usage-events|cursor|2026-11-21";

fn run(bed: &Bed, run_id: &str, trigger: &str) -> [Message; 2] {
    let slice =
        PlannedSlice { slice: Some(slice_to_wire(&SLICE.parse().unwrap())), ..PlannedSlice::default() };
    let planned = RunPlanned { slices: vec![slice], trigger: trigger.to_owned(), ..RunPlanned::default() };
    let loaded = SliceLoaded { state: "loaded".to_owned(), ..SliceLoaded::default() };
    [
        message(bed, run_id, None, Body::RunPlanned(planned)),
        message(bed, run_id, Some(SLICE), Body::SliceLoaded(loaded)),
    ]
}

fn alerter(bed: &Bed) -> Alerter {
    let archive = Arc::clone(&bed.archive) as Arc<dyn Archive>;
    let warehouse = Arc::clone(&bed.warehouse) as Arc<dyn aispend_ports::Warehouse>;
    let clock = Arc::clone(&bed.clock) as Arc<dyn aispend_ports::Clock>;
    Alerter::new(warehouse, archive, clock).with_watch(bed.watch())
}

#[tokio::test]
async fn the_rules_are_asked_once_at_the_end_of_a_run_however_often_its_events_come() {
    let bed = Bed::new().await;
    bed.see("daily", &["total"]);
    let alerter = alerter(&bed);
    let [planned, loaded] = run(&bed, "run", "daily");
    alerter.handle(planned.clone()).await.unwrap();
    assert_eq!(bed.asked("daily"), 0);
    for event in [&loaded, &loaded, &planned] {
        alerter.handle(event.clone()).await.unwrap();
    }
    assert_eq!(bed.asked("daily"), 1);
    assert_eq!(bed.smtp.taken().len(), 1);
    let incidents = Incidents::new(Arc::clone(&bed.archive) as _, Arc::clone(&bed.clock) as _);
    assert_eq!(incidents.current().await.unwrap()[0].run_id, "run");
    // The `runs` table knew the run before the rules, one of which reads it.
    assert_eq!(bed.warehouse.runs()[0].state, "succeeded");
}

#[tokio::test]
async fn runs_that_bring_no_news_ask_nothing() {
    for trigger in ["backfill", "reprocess", "reconsider", "retire", "replay"] {
        let bed = Bed::new().await;
        bed.see("daily", &["total"]);
        let verdicts = alerter(&bed).handle_batch(run(&bed, "run", trigger).to_vec()).await;
        assert!(verdicts.iter().all(Result::is_ok));
        assert_eq!(bed.asked("daily"), 0, "{trigger}");
    }
}

#[tokio::test]
async fn a_check_asks_however_many_ask_for_it_and_holds_up_nothing() {
    let bed = Bed::new().await;
    bed.see("daily", &["total"]);
    let alerter = alerter(&bed);
    let check = message(&bed, "check", None, Body::AlertCheck(AlertCheck {}));
    let [planned, loaded] = run(&bed, "run", "backfill");
    let batch = vec![check.clone(), planned, check.clone(), loaded];
    assert!(alerter.handle_batch(batch).await.iter().all(Result::is_ok));
    assert_eq!((bed.asked("daily"), bed.smtp.taken().len()), (1, 1));
    assert_eq!(bed.warehouse.runs().len(), 1);
    // A warehouse that does not answer parks no message.
    bed.set_down(true);
    alerter.handle(check).await.unwrap();
}
