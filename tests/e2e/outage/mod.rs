//! An hour's outage of a vendor, of the warehouse, of the archive, pulled and pushed: nothing is parked, few attempts are
//! used up, and all recovers by itself.

mod cloud;
mod pubsub;

use std::time::Duration;

use aispend_model::Vendor;
use aispend_ports::Topic;
use aispend_proto::v1::envelope::Body;
use aispend_simulator::FaultPlan;
use aispend_stage::slice_from_wire;
use aispend_testkit::sim::Weather;
use tokio::time::sleep;

use cloud::{Cloud, Mode};

const HOUR: Duration = Duration::from_hours(1);
/// From the end of an outage to the last row: Pub/Sub's longest backoff, the adapter's wait before it, and the work.
const RECOVERY: Duration = Duration::from_mins(13);
/// Deliveries of one message in an hour: the backoff doubles from 10 s to 10 minutes. A message has 20, a request 100.
const ATTEMPTS: u32 = 13;
/// In which the vendors that are not down have told everything.
const AT_ONCE: Duration = Duration::from_mins(2);
/// The same where the slices of the one that is down are more than the fetcher takes at a time: the first of them insist
/// for seven minutes, if errors are all they get.
const IN_LINE: Duration = Duration::from_mins(10);

/// How a vendor is down.
#[derive(Debug, Clone, Copy)]
enum Outage {
    /// It answers everything with 503.
    Errors,
    /// It closes every connection.
    Silence,
}

impl Outage {
    fn strike(self, vendor: Vendor, plan: &mut FaultPlan) {
        let struck = match vendor {
            Vendor::Anthropic => aispend_simulator::Vendor::Anthropic,
            Vendor::Cursor => aispend_simulator::Vendor::Cursor,
            Vendor::Sheets => aispend_simulator::Vendor::Google,
        };
        match self {
            Self::Errors => plan.down.push(struck),
            Self::Silence => plan.unreachable.push(struck),
        }
    }
}

/// The first and the last load of a vendor's slices, and the last of all the others'. A second look asks nobody.
fn loads(cloud: &Cloud, vendor: Vendor) -> (Duration, Duration, Duration) {
    let (mut first, mut last, mut others) = (Duration::MAX, Duration::ZERO, Duration::ZERO);
    for (at, envelope) in cloud.heard() {
        let (Some(slice), Some(Body::SliceLoaded(_))) = (&envelope.slice, &envelope.body) else { continue };
        if envelope.run_id.strip_suffix(".again").is_some() {
            continue;
        }
        if slice_from_wire(slice).unwrap().vendor() == vendor {
            (first, last) = (first.min(at), last.max(at));
        } else {
            others = others.max(at);
        }
    }
    (first, last, others)
}

/// Waits for the end: it comes soon, and nobody's attempts are near theirs.
async fn recovers(cloud: &Cloud, what: &str) {
    let took = cloud.rest().await;
    cloud.is_sound().unwrap_or_else(|problem| panic!("{what}: {problem}"));
    assert!(took <= RECOVERY, "{what}: back after {took:?}");
    for topic in Topic::ALL {
        let attempts = cloud.attempts(topic);
        assert!(attempts <= ATTEMPTS, "{what}: {attempts} attempts of a message of {}", topic.as_str());
    }
}

/// The vendor is down when the trigger comes, and for an hour. What the others have is there long before.
async fn a_vendor_is_down(mode: Mode, vendor: Vendor, outage: Outage, days: i64, others_within: Duration) {
    let what = format!("{vendor:?}, {outage:?}, {mode:?}, {days} days");
    let cloud = Cloud::start(mode, days, |_| {}).await;
    cloud.vendors(|plan| outage.strike(vendor, plan));
    cloud.trigger().await;
    sleep(HOUR).await;
    assert!(cloud.pubsub.unsettled() > 0, "{what}: nobody waits");
    cloud.vendors(|plan| *plan = FaultPlan::none());
    recovers(&cloud, &what).await;
    let (first, last, others) = loads(&cloud, vendor);
    assert!(first >= HOUR && last >= first, "{what}: its slices came from {first:?} to {last:?}");
    assert!(!others.is_zero() && others <= others_within, "{what}: the others' came up to {others:?}");
}

/// A store is down for an hour, from a moment of the run on.
async fn a_store_is_down(mode: Mode, door: fn(&Cloud) -> &Weather, from: Duration) {
    let what = format!("{mode:?}, from {from:?}");
    let cloud = Cloud::start(mode, 30, |_| {}).await;
    cloud.trigger().await;
    sleep(from).await;
    Cloud::fails(door(&cloud), true);
    sleep(HOUR).await;
    assert!(cloud.pubsub.unsettled() > 0, "{what}: nobody waits");
    Cloud::fails(door(&cloud), false);
    recovers(&cloud, &what).await;
    assert!(door(&cloud).failures() > 0, "{what}: nothing failed");
}

const MODES: [Mode; 2] = [Mode::Pull, Mode::Push];

#[tokio::test(start_paused = true)]
async fn without_an_outage_every_message_is_delivered_once() {
    for mode in MODES {
        let cloud = Cloud::start(mode, 30, |_| {}).await;
        cloud.trigger().await;
        let took = cloud.rest().await;
        cloud.is_sound().unwrap();
        assert!(took <= AT_ONCE, "{mode:?}: {took:?}");
        assert_eq!(Topic::ALL.map(|topic| cloud.attempts(topic)), [1; 5], "{mode:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_vendor_that_is_down_for_an_hour_is_waited_for_and_delays_no_other() {
    for vendor in [Vendor::Anthropic, Vendor::Cursor, Vendor::Sheets] {
        for outage in [Outage::Errors, Outage::Silence] {
            for mode in MODES {
                a_vendor_is_down(mode, vendor, outage, 2, AT_ONCE).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn more_slices_of_it_than_the_fetcher_takes_delay_the_others_by_minutes() {
    for outage in [Outage::Errors, Outage::Silence] {
        for mode in MODES {
            a_vendor_is_down(mode, Vendor::Cursor, outage, 60, IN_LINE).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_without_patience_is_not_mended_by_time() {
    for (vendor, told) in [(Vendor::Cursor, "failed: "), (Vendor::Anthropic, "Not read: anthropic/cost")] {
        let cloud = Cloud::start(Mode::Pull, 2, |settings| settings.patience = Duration::ZERO).await;
        cloud.vendors(|plan| Outage::Errors.strike(vendor, plan));
        cloud.trigger().await;
        sleep(HOUR).await;
        cloud.vendors(|plan| *plan = FaultPlan::none());
        cloud.rest().await;
        let problem = cloud.is_sound().unwrap_err();
        assert!(problem.starts_with("a run did not succeed") && problem.contains(told), "{problem}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_warehouse_that_is_down_for_an_hour_is_waited_for() {
    for mode in MODES {
        // Before the plan, and amid the loads.
        for from in [Duration::ZERO, Duration::from_secs(1)] {
            a_store_is_down(mode, |cloud| &cloud.warehouse_weather, from).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_archive_that_is_down_for_an_hour_is_waited_for() {
    for mode in MODES {
        for from in [Duration::ZERO, Duration::from_secs(1)] {
            a_store_is_down(mode, |cloud| &cloud.archive_weather, from).await;
        }
    }
}
