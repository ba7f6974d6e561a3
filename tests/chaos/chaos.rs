//! Everything at once: killed, doubled, upgraded and cut off, and the same tables.
//!
//! Pushed, with a balancer before the copies, as Cloud Run has one.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use aispend_emulators::{BIGQUERY, BIGQUERY_STORAGE, PUBSUB, Relay, from_env};
use aispend_ports::Topic;
use aispend_proto::v1::Envelope;
use aispend_proto::{Message as _, SCHEMA_VERSION};
use aispend_simulator::{FaultLevel, FaultPlan};
use aispend_testkit::Dice;

use crate::cluster::{Cluster, Company, Setting, troubles};
use crate::counted::{Observer, Seen, different};
use crate::worker::{Mode, Worker, binary};

/// How many of each stage run at once. The vendors' limits are per key: one fetcher.
const COPIES: [(&str, usize); 5] =
    [("alerter", 2), ("loader", 3), ("validator", 2), ("normalizer", 3), ("fetcher", 1)];

/// The shortest that Pub/Sub knows: what a crash costs.
const LEASE: Duration = Duration::from_secs(10);

/// How long Pub/Sub waits for the answer to a push.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// After the trouble.
const CALM: Duration = Duration::from_mins(5);

/// Messages about open slices, to find out where they are.
fn about(open: &[String], seen: &[Seen]) -> Vec<String> {
    let told = |seen: &Seen| {
        let envelope = aispend_stage::read_envelope(&bytes::Bytes::from(seen.data.clone())).ok()?;
        let key = aispend_stage::Header::try_from(&envelope).ok()?.slice_key();
        // What is about no slice is a plan, or asks for one.
        let is_open = key.is_empty() || open.iter().any(|open| open.ends_with(&key));
        is_open.then(|| {
            format!(
                "{} {} {key} gen {} rev {} v{}",
                envelope.run_id,
                seen.topic.as_str(),
                envelope.generation,
                envelope.revision,
                envelope.schema_version
            )
        })
    };
    seen.iter().filter_map(told).collect()
}

/// Moments of trouble, about a second each; fewer where the run is over before, and more until the next release has said
/// something: whom chance upgrades has nothing to do, now and then.
const TURNS: u32 = 24;
const MOST_TURNS: u32 = 120;

/// The turn in which the last outage ends: less trouble than this proves nothing.
const LAST_OUTAGE: u32 = 14;

/// From this turn on, whatever is started anew is of the next release.
const UPGRADE_FROM: u32 = 8;

struct Relays {
    pubsub: Relay,
    bigquery: Relay,
    storage: Relay,
}

impl Relays {
    async fn start() -> Self {
        let addresses = from_env();
        let relay = async |name: &str| Relay::start(addresses[name].clone()).await.unwrap();
        Self {
            pubsub: relay(PUBSUB).await,
            bigquery: relay(BIGQUERY).await,
            storage: relay(BIGQUERY_STORAGE).await,
        }
    }

    /// Connections that outages broke: of Pub/Sub, of BigQuery.
    fn broken(&self) -> (u64, u64) {
        (self.pubsub.broken(), self.bigquery.broken() + self.storage.broken())
    }

    fn setting(&self) -> Setting {
        Setting {
            instead: vec![
                (PUBSUB, self.pubsub.address().to_owned()),
                (BIGQUERY, self.bigquery.address().to_owned()),
                (BIGQUERY_STORAGE, self.storage.address().to_owned()),
            ],
            // Redeliveries come without a pause here, and count as fast.
            max_attempts: Some(100),
            answer_within: Some(ANSWER_WITHIN),
            variables: vec![("AISPEND_LEASE_SECONDS", LEASE.as_secs().to_string())],
        }
    }

    /// The weather of a turn: BigQuery is away for a while, later Pub/Sub is.
    fn turn(&self, turn: u32) {
        match turn {
            3 => {
                self.bigquery.cut();
                self.storage.cut();
            }
            7 => {
                self.bigquery.restore();
                self.storage.restore();
            }
            11 => self.pubsub.cut(),
            LAST_OUTAGE => self.pubsub.restore(),
            _ => {}
        }
    }
}

/// Starts a stage, of this release or of the next.
async fn start(cluster: &mut Cluster, stage: &'static str, is_next: bool) -> Worker {
    if !is_next {
        return cluster.start(stage).await;
    }
    cluster.set("AISPEND_TEST_STAGE", stage);
    cluster.set("AISPEND_TEST_SCHEMA", &(SCHEMA_VERSION + 1).to_string());
    let program: PathBuf = binary("worker");
    cluster.start_program(stage, &program).await
}

/// Written by the next release, about a slice.
fn is_next(seen: &Seen) -> bool {
    Envelope::decode(seen.data.as_slice())
        .is_ok_and(|envelope| envelope.schema_version == SCHEMA_VERSION + 1 && envelope.slice.is_some())
}

async fn double(cluster: &Cluster, seen: &[Seen], dice: &mut Dice) -> usize {
    let mut doubled = 0;
    for message in seen {
        if dice.chance(100) {
            cluster.publish_bytes(message.topic, &message.data).await;
            doubled += 1;
        }
    }
    doubled
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn killed_doubled_upgraded_and_cut_off() {
    let seed = std::env::var("AISPEND_CHAOS_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    eprintln!("AISPEND_CHAOS_SEED={seed}");
    let mut dice = Dice::new(seed);
    let relays = Relays::start().await;
    let plan = FaultPlan::new(seed, FaultLevel::Light);
    let company = Company { enterprise: true, plan, days: 5, ..Company::small(seed) };
    let mut cluster = Cluster::new("chaos", Mode::Push, &company, &relays.setting()).await;
    let observer = Observer::new(&cluster).await;
    let mut workers = Vec::new();
    for (stage, copies) in COPIES {
        for _ in 0..copies {
            workers.push(start(&mut cluster, stage, false).await);
        }
    }
    for _ in 0..2 {
        cluster.publish_json(Topic::FetchRequests, r#"{"trigger":"daily"}"#).await;
    }
    let begun = Instant::now();
    let (mut published, mut kills, mut doubled, mut upgraded) = (Vec::new(), 0, 0, BTreeSet::new());
    for turn in 0..MOST_TURNS {
        if turn >= TURNS && upgraded.len() > 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(700)).await;
        // What is done to workers that have nothing to do shows nothing.
        if cluster.run_over_within("daily", Duration::ZERO).await.is_ok() {
            eprintln!("the run is over in turn {turn}");
            break;
        }
        relays.turn(turn);
        let seen = observer.look().await;
        doubled += double(&cluster, &seen, &mut dice).await;
        upgraded.extend(
            seen.iter().filter(|seen| is_next(seen)).map(|seen| (seen.topic, seen.message_id.clone())),
        );
        published.extend(seen);
        let place = dice.place(workers.len());
        let victim = workers.swap_remove(place);
        let stage = victim.stage;
        victim.kill();
        kills += 1;
        // Upstream or downstream first, as chance has it: what an old copy does not understand it gives back.
        workers.push(start(&mut cluster, stage, turn >= UPGRADE_FROM).await);
    }
    assert!(kills > LAST_OUTAGE, "the run was over after {kills} turns: the outages met nobody at work");
    assert!(upgraded.len() > 1, "no release was changed while the run was open: {upgraded:?}");
    let (pubsub, bigquery) = relays.broken();
    assert!(pubsub > 0 && bigquery > 0, "{pubsub} and {bigquery} connections were broken");
    eprintln!("{:.0?}: the trouble is over", begun.elapsed());
    let finish: Vec<Worker> = std::mem::take(&mut workers);
    for old in finish {
        let stage = old.stage;
        old.kill();
        kills += 1;
        workers.push(start(&mut cluster, stage, true).await);
    }
    let (run, again) = match cluster.run_over_within("daily", CALM).await {
        Ok(both) => both,
        Err(open) => {
            published.extend(observer.look().await);
            for worker in workers.drain(..) {
                worker.kill();
            }
            let unsettled = observer.unsettled(LEASE * 3).await;
            let dead = observer.dead().await;
            eprintln!("dead letters: {:#?}", about(&open, &dead));
            eprintln!(
                "parked: {:#?}",
                cluster
                    .parked()
                    .await
                    .iter()
                    .map(|parked| (&parked.slice_key, &parked.reason))
                    .collect::<Vec<_>>()
            );
            panic!(
                "the run does not end: {open:#?}\npublished: {:#?}\nunsettled: {:#?}",
                about(&open, &published),
                about(&open, &unsettled)
            );
        }
    };
    eprintln!("{:.0?}: the run is over", begun.elapsed());
    let troubled = troubles(&run, &again);
    assert!(troubled.is_empty(), "{troubled:?}");
    // What was doubled late is still on its way, and what nobody answered comes again after that time.
    assert!(cluster.nothing_pushed_for(ANSWER_WITHIN + Duration::from_secs(5)).await, "pushes do not end");
    eprintln!("{:.0?}: nothing is on its way", begun.elapsed());
    cluster.assert_truth("after the chaos");
    let parked = cluster.parked().await;
    assert!(parked.is_empty(), "{:?}", parked.iter().map(|parked| &parked.detail).collect::<Vec<_>>());
    for worker in workers {
        let stage = worker.stage;
        assert!(worker.end().await.success(), "the {stage} did not end in order");
    }
    published.extend(observer.look().await);
    observer.stop_pushing().await;
    // What nobody settles is seen: one of each topic that nobody is there for.
    for topic in Topic::ALL {
        cluster.publish_bytes(topic, format!("probe of {}", topic.as_str()).as_bytes()).await;
    }
    let mut unsettled = observer.unsettled(ANSWER_WITHIN + Duration::from_secs(5)).await;
    let is_probe = |seen: &Seen| seen.data.starts_with(b"probe of ");
    let probes: BTreeSet<Topic> =
        unsettled.iter().filter(|seen| is_probe(seen)).map(|seen| seen.topic).collect();
    assert_eq!(probes.len(), Topic::ALL.len(), "{probes:?}");
    unsettled.retain(|seen| !is_probe(seen));
    let dead = observer.dead().await;
    assert!(dead.is_empty(), "{:#?}", about(&[], &dead));
    eprintln!(
        "{} messages published, {} different; {doubled} of them doubled by us; {kills} processes killed; 0 parked, {} unsettled",
        published.len(),
        different(&published),
        unsettled.len()
    );
    // Published = settled + parked: nothing is left, nothing is parked, so all are settled.
    assert!(unsettled.is_empty());
    assert!(doubled > 10 && different(&published) > 100);
}
