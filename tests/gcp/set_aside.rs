//! A slice that cannot be read and one that kills its reader: set aside, their neighbours loaded, sent again after the fix.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use aispend_model::{Money, Slice};
use aispend_ports::{Archive as _, Frames, Topic};
use aispend_proto::v1::BatchObject;
use aispend_proto::v1::batch::Place;
use aispend_proto::v1::envelope::Body;
use aispend_simulator::{Restatement, Strand};
use aispend_stage::{Header, Output, read_envelope};
use bytes::Bytes;
use serde_json::Value;

use crate::cluster::{Cluster, Company, Setting, now};
use crate::counted::{Observer, Seen};
use crate::worker::{Mode, Worker, binary};

/// How often a message may fail before Pub/Sub gives up on it.
const ATTEMPTS: u32 = 10;

/// Longer than anything here takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_mins(4);

/// The documents of a slice as the fetcher named them, once it has.
async fn documents_of(observer: &Observer, wanted: &Slice) -> Vec<String> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        for seen in observer.look().await {
            let Ok(envelope) = read_envelope(&Bytes::from(seen.data)) else { continue };
            let slice = Header::try_from(&envelope).ok().and_then(|header| header.slice);
            if let Some(Body::SliceFetched(fetched)) = envelope.body
                && slice.as_ref() == Some(wanted)
            {
                return fetched.documents.into_iter().map(|document| document.sha256).collect();
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{} was not fetched", wanted.key());
}

/// What `aispend dead-letters list` says.
fn listed(cluster: &Cluster) -> Vec<Value> {
    let (code, said, trouble) = cluster.aispend(&["dead-letters", "list", "--json"]);
    assert_eq!(code, 0, "{trouble}");
    serde_json::from_str::<Vec<Value>>(&said).unwrap()
}

fn is_about(letter: &Value, slice: &Slice) -> bool {
    letter["feed"] == slice.feed.as_str()
        && letter["day"].as_str() == slice.day.map(|day| day.to_string()).as_deref()
}

/// A message before the loader about a day with money, its rows in the bucket; its slice, and the money and the people
/// that the facts have there.
async fn validated(cluster: &Cluster, seen: &[Seen], not: &Slice) -> (Slice, Vec<u8>, i128, usize) {
    let truth = {
        let simulator = cluster.vendors();
        simulator.world.truth(&simulator.world.scope(now()))
    };
    for seen in seen {
        let Ok(envelope) = read_envelope(&Bytes::from(seen.data.clone())) else { continue };
        let header = Header::try_from(&envelope).unwrap();
        let (Some(Body::RecordsValidated(mut validated)), Some(slice)) = (envelope.body, &header.slice)
        else {
            continue;
        };
        let rows: Vec<_> = truth.cursor_expenses.iter().filter(|row| Some(row.day) == slice.day).collect();
        let money: i128 = rows.iter().map(|row| row.nano).sum();
        if slice.feed != not.feed || slice == not || money == 0 {
            continue;
        }
        let people = rows.iter().filter_map(|row| row.user_email.as_ref());
        let people: BTreeSet<&String> = people.filter(|name| !name.starts_with("sa:")).collect();
        let batch = validated.normalized.as_mut().unwrap().batch.as_mut().unwrap();
        let Some(Place::Frames(frames)) = &batch.place else { panic!("{} is large", slice.key()) };
        let (name, frames) = ("batches/by-reference.zst".to_owned(), Frames::compress(frames).unwrap());
        let size_bytes = frames.len() as u64;
        cluster.archive.put(&name, frames).await.unwrap();
        batch.place = Some(Place::Object(BatchObject { name, size_bytes }));
        let output = Output::new(Topic::ValidBatches, &header, now(), Body::RecordsValidated(validated));
        return (slice.clone(), output.encode().data.to_vec(), money, people.len());
    }
    panic!("no message with money came to the loader")
}

/// Starts a normalizer that dies of a slice again and again, until Pub/Sub has given up on it.
async fn crash_until_given_up(cluster: &mut Cluster, deadly: &Slice) -> u32 {
    cluster.set("AISPEND_TEST_STAGE", "normalizer");
    cluster.set("AISPEND_TEST_CRASH", &deadly.key());
    let program: PathBuf = binary("worker");
    let mut mortal: Worker = cluster.spawn("normalizer", &program);
    let (begun, mut looked, mut deaths) = (Instant::now(), Instant::now(), 0);
    loop {
        assert!(begun.elapsed() < PATIENCE, "nobody gave up after {deaths} deaths");
        if !mortal.is_alive() {
            deaths += 1;
            mortal = cluster.spawn("normalizer", &program);
        }
        if looked.elapsed() > Duration::from_secs(3) {
            looked = Instant::now();
            if listed(cluster).iter().any(|letter| is_about(letter, deadly)) {
                mortal.kill();
                return deaths;
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Somebody edits the spreadsheet: what that does is shown first, and then the workers load it.
fn a_tab_is_shown_and_then_loaded(cluster: &Cluster) {
    let seats = "SELECT SUM(cost_usd) AS usd FROM ai_usage_analytics.claude_expenses WHERE slice_key LIKE 'sheets/seats|%'";
    let before = cluster.ask(seats).rows;
    cluster.vendors().world.restate(&Restatement::PriceSeat { row: 0, dollars: 777 });
    let (code, tried, trouble) = cluster.aispend(&["import", "seats", "--dry-run"]);
    // Rows that a run refuses are named, and end it with 1.
    assert!(matches!(code, 0 | 1), "{trouble}");
    assert!(tried.contains(" 1 changed, 0 removed") && tried.contains("price_usd "), "{tried}");
    assert!(tried.contains("\nMoney of this sheet, USD\n") && tried.contains(" → 777"), "{tried}");
    assert_eq!(cluster.ask(seats).rows, before, "a dry run changes nothing");
    let (loaded, said, trouble) = cluster.aispend(&["import", "seats"]);
    assert_eq!(loaded, code, "{said}\n{trouble}");
    assert_eq!(said.lines().next(), tried.lines().next(), "{said}");
    assert_ne!(cluster.ask(seats).rows, before);
    cluster.assert_truth("after an edited tab was loaded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn poison_and_a_crash_are_set_aside_and_replayed() {
    let company = Company::small(21);
    let setting = Setting { max_attempts: Some(ATTEMPTS), ..Setting::default() };
    let mut cluster = Cluster::new("aside", Mode::Push, &company, &setting).await;
    let day = cluster.vendors().world.config().first_day;
    let slice =
        |feed: &str| Slice { feed: feed.parse().unwrap(), org_id: "cursor".to_owned(), day: Some(day) };
    let (poison, deadly) = (slice("cursor/usage-events"), slice("cursor/daily-usage"));

    let observer = Observer::new(&cluster).await;
    let mut workers = Vec::new();
    for stage in ["alerter", "loader", "validator", "fetcher"] {
        workers.push(cluster.start(stage).await);
    }
    cluster.publish_json(Topic::FetchRequests, r#"{"trigger":"daily"}"#).await;
    // The archive loses a document before anybody has read it.
    let lost = documents_of(&observer, &poison).await.first().unwrap().clone();
    let body = cluster.archive.document(&lost).await.unwrap();
    cluster.archive.remove(&format!("raw/{}/{lost}.zst", &lost[..2])).await.unwrap();

    let deaths = crash_until_given_up(&mut cluster, &deadly).await;
    assert!(deaths > 1, "it was given up after {deaths} deaths");
    workers.push(cluster.start("normalizer").await);
    let (run, _) = cluster.run_over("daily").await;
    let letters = listed(&cluster);
    let reason_of = |slice: &Slice| {
        letters.iter().find(|letter| is_about(letter, slice)).map(|letter| letter["reason"].clone())
    };
    assert_eq!(reason_of(&poison), Some("document_lost".into()), "{letters:#?}");
    assert_eq!(reason_of(&deadly), Some("attempts_used_up".into()), "{letters:#?}");
    // Whoever was in the same process as often as that may have gone with it, and nobody else.
    let strange = letters.iter().filter(|letter| !is_about(letter, &poison));
    assert!(strange.clone().all(|letter| letter["reason"] == "attempts_used_up"), "{letters:#?}");
    let loaded = run.slices.len() - letters.len();
    assert!(loaded > run.slices.len() / 2, "{loaded} of {} slices loaded", run.slices.len());

    // Whose money waits before the loader, with rows that are elsewhere, and nobody else's.
    let (rich, data, money, people) = validated(&cluster, &observer.look().await, &poison).await;
    cluster.give_up(Topic::ValidBatches, &data, 20).await;
    let before_loader = || {
        let (code, said, trouble) = cluster.aispend(&["dead-letters", "list", "--stage", "loader", "--json"]);
        assert_eq!(code, 0, "{trouble}");
        serde_json::from_str::<Vec<Value>>(&said).unwrap()
    };
    let [letter] = &before_loader()[..] else { panic!("one message waits: {:#?}", before_loader()) };
    assert!(is_about(letter, &rich), "{letter:#}");
    let told = (&letter["usd"], &letter["usd_that_stay"], &letter["people"], &letter["attempts"]);
    let expected = Value::from(Money::from_nanos(money).to_string());
    assert_eq!(told, (&expected, &expected, &people.into(), &20.into()), "{letter:#}");
    let all = listed(&cluster);
    for verb in ["replay", "drop"] {
        let (code, said, trouble) = cluster.aispend(&["dead-letters", verb, "all", "--dry-run"]);
        assert_eq!((code, said.lines().count()), (0, all.len()), "{said}\n{trouble}");
    }
    assert_eq!(listed(&cluster), all, "a dry run changes nothing");

    // A week goes by in which the vendor changes its mind and somebody reads the day again.
    let text = day.to_string();
    cluster.vendors().world.restate(&Restatement::Scale { day, strand: Strand::Events, percent: 150 });
    let feed = poison.feed.as_str();
    let (code, said, trouble) = cluster.aispend(&["run", "--from", &text, "--to", &text, "--feeds", feed]);
    assert_eq!(code, 0, "{said}\n{trouble}");
    assert!(trouble.contains(" of 1 slices, "), "nobody is told how far it is: {trouble}");
    let asked = format!(
        "SELECT SUM(estimated_cost_usd) AS usd FROM ai_usage_analytics.cursor_expenses WHERE slice_key = '{}'",
        poison.key()
    );
    let newest = cluster.ask(&asked);

    // The fix: the document is found, and the new release does not crash.
    cluster.archive.put_document(&body).await.unwrap();
    for _ in 0..2 {
        let (code, said, trouble) = cluster.aispend(&["dead-letters", "replay", "all"]);
        assert_eq!(code, 0, "{said}\n{trouble}");
    }
    assert_eq!(listed(&cluster), Vec::<Value>::new());
    assert_eq!(cluster.ask(&asked).rows, newest.rows, "the older reading replaced the newer one");
    cluster.assert_truth("after the replay");
    a_tab_is_shown_and_then_loaded(&cluster);
    for worker in workers {
        let stage = worker.stage;
        assert!(worker.end().await.success(), "the {stage} did not end in order");
    }
}
