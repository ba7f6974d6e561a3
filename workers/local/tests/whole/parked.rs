//! Slices set aside: their previous generation stays, and a person decides.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use aispend_duckdb::DuckDb;
use aispend_memory::{FolderArchive, FolderParked, MemoryBus, MemoryBusOptions};
use aispend_model::{Money, Slice};
use aispend_ports::{Archive as _, Bus as _, Frames, Outgoing, Parked, ParkedStore as _, SystemClock, Topic};
use aispend_proto::v1::batch::Place;
use aispend_proto::v1::envelope::Body;
use aispend_proto::v1::{BatchObject, FetchRequested, RecordsValidated};
use aispend_simulator::{FaultPlan, Quirks, Request, World, WorldConfig};
use aispend_stage::{Header, Output, attempts_used_up, read_envelope};
use bytes::Bytes;
use jiff::civil::{Date, Weekday};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::command::Home;
use crate::compare::{assert_attribution, assert_tables, assert_truth, bytes};
use crate::tampering::Tampering;
use crate::vendors::{Vendors, now};
use crate::worlds::{Shape, config, days_ago, plain};

/// One day's cost comes in euros.
fn euros(request: &Request, body: String) -> String {
    let day = format!("{}T", days_ago(6));
    let is_hit = request.path == "/v1/organizations/cost_report"
        && request.parameter("starting_at").is_some_and(|start| start.starts_with(&day));
    if is_hit { body.replacen("\"USD\"", "\"EUR\"", 1) } else { body }
}

/// Cursor counts lines below zero.
fn below_zero(request: &Request, body: String) -> String {
    let is_hit = request.path == "/teams/daily-usage-data";
    if is_hit { body.replace("\"totalLinesAdded\":", "\"totalLinesAdded\":-1") } else { body }
}

fn ids(home: &Home) -> Vec<String> {
    let listed = home.aispend(&["dead-letters", "list", "--json"]).exits(0).json();
    listed.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

fn trouble(summary: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = summary["trouble"].as_array().unwrap();
    all.iter().map(|one| (text(&one["subject"]), text(&one["state"]))).collect()
}

#[test]
fn an_amount_in_another_currency_parks_its_day_alone_and_the_rows_before_stay() {
    let vendors = Vendors::open(plain(Shape::Legacy, 95), FaultPlan::none());
    let mut home = Home::with_csv(&vendors);
    let tampering = Tampering::with(&vendors, euros);
    home.set("ANTHROPIC_BASE_URL", &tampering.base_url);
    home.run(days_ago(11), days_ago(4)).exits(0);
    let before = bytes(&home);
    tampering.switch(true);
    let ended = home.run(days_ago(11), days_ago(4)).exits(1);
    assert_eq!(
        trouble(&ended.json()),
        [("anthropic/cost".to_owned(), "parked".to_owned())],
        "{}",
        ended.stdout
    );
    ended.says("EUR");
    assert_tables(&before, &bytes(&home), "the previous generation");
    let parked = ids(&home);
    let [id] = parked.as_slice() else { panic!("one message is parked: {parked:?}") };
    home.aispend(&["dead-letters", "show", id])
        .exits(0)
        .says("EUR")
        .says("anthropic/cost|")
        .says(&days_ago(6).to_string());
    // The document still says euros: it is parked again, and nothing else happens.
    home.aispend(&["dead-letters", "replay", id, "--dry-run"]).exits(0).says("would replay");
    home.aispend(&["dead-letters", "replay", id]).exits(1);
    assert_tables(&before, &bytes(&home), "replayed in vain");
    let parked = ids(&home);
    let [id] = parked.as_slice() else { panic!("the newer reading took the place of the older: {parked:?}") };
    home.aispend(&["dead-letters", "drop", id, "--dry-run"]).exits(0).says("would drop");
    tampering.switch(false);
    home.run(days_ago(11), days_ago(4)).exits(0);
    for id in ids(&home) {
        home.aispend(&["dead-letters", "drop", &id]).exits(0).says("dropped");
    }
    home.aispend(&["dead-letters", "list"]).exits(0).says("nothing is parked");
    home.aispend(&["dead-letters", "show", "beef"]).exits(2).says("beef");
    assert_truth(&home, &vendors, "read again");
}

#[test]
fn an_old_parked_slice_replayed_cannot_overwrite_what_was_read_since() {
    let vendors = Vendors::open(plain(Shape::Legacy, 96), FaultPlan::none());
    let mut home = Home::with_csv(&vendors);
    let tampering = Tampering::with(&vendors, below_zero);
    home.set("CURSOR_BASE_URL", &tampering.base_url);
    tampering.switch(true);
    let ended = home.run(days_ago(6), days_ago(4)).exits(1);
    let trouble = trouble(&ended.json());
    assert!(!trouble.is_empty(), "{}", ended.stdout);
    assert!(
        trouble.iter().all(|one| *one == ("cursor/daily-usage".to_owned(), "parked".to_owned())),
        "{trouble:?}"
    );
    tampering.switch(false);
    home.run(days_ago(11), days_ago(4)).exits(0);
    let before = bytes(&home);
    home.set("AISPEND_REJECTED_PERCENT", "100");
    home.aispend(&["dead-letters", "replay", "all"]);
    assert_tables(&before, &bytes(&home), "old news");
    assert_truth(&home, &vendors, "old news");
    assert_attribution(&home, &vendors, "old news");
}

#[test]
fn a_parked_slice_replayed_after_its_cause_is_gone_loads() {
    let vendors = Vendors::open(plain(Shape::Legacy, 97), FaultPlan::none());
    let mut home = Home::with_csv(&vendors);
    let tampering = Tampering::with(&vendors, below_zero);
    home.set("CURSOR_BASE_URL", &tampering.base_url);
    tampering.switch(true);
    home.run(days_ago(6), days_ago(4)).exits(1);
    let rows = "SELECT COUNT(*) FROM ai_usage_analytics.cursor_usage_stats";
    let rejected =
        "SELECT COUNT(*) FROM ai_usage_analytics.rejected_records WHERE field = 'total_lines_added'";
    assert_eq!((home.value(rows), home.value(rejected)), ("0".to_owned(), "0".to_owned()));
    assert_eq!(ids(&home).len(), 3);
    // Whoever accepts the loss says so.
    home.set("AISPEND_REJECTED_PERCENT", "100");
    let asked = vendors.asked();
    home.aispend(&["dead-letters", "replay", "all"]).exits(1).says("records were rejected");
    assert_eq!(vendors.asked(), asked, "a replay asks no vendor");
    assert_ne!(home.value(rejected), "0");
    assert!(ids(&home).is_empty());
}

/// The data folder as the commands of these stories find it, message by message.
struct Letters {
    data: PathBuf,
    runtime: Runtime,
}

impl Letters {
    fn of(home: &Home) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { data: home.data(), runtime }
    }

    fn folder(&self) -> PathBuf {
        self.data.join("dead-letters")
    }

    fn path(&self, id: &str) -> PathBuf {
        self.folder().join(format!("{id}.json"))
    }

    fn read(&self, id: &str) -> Parked {
        Parked::from_page(&std::fs::read(self.path(id)).unwrap()).unwrap()
    }

    /// What lies in the folder, to the last byte.
    fn bytes(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let entries = std::fs::read_dir(self.folder()).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
    }

    /// Parks a message as the Google Cloud engine does when Pub/Sub has given up on it; its id.
    fn give_up(&self, stage: &str, topic: Topic, data: Bytes) -> String {
        let clock = Arc::new(SystemClock::new(tokio::time::sleep));
        let store = FolderParked::new(self.folder());
        self.runtime.block_on(async {
            let bus = MemoryBus::new(MemoryBusOptions::default(), clock, Arc::new(store.clone()));
            bus.publish(Outgoing { topic, data, attributes: Vec::new() }).await.unwrap();
            let mut delivery = bus.subscribe(topic).await.unwrap().next().await.unwrap().unwrap();
            delivery.attempt = topic.max_attempts();
            let parked = attempts_used_up(stage, topic, &delivery, now());
            let id = parked.id.clone();
            store.park(parked).await.unwrap();
            delivery.receipt.ack().await.unwrap();
            id
        })
    }

    /// What the validator would have made of a message it parked; `name`: with the rows in the archive under it.
    fn validated(&self, id: &str, name: Option<&str>) -> Bytes {
        let envelope = read_envelope(&self.read(id).message).unwrap();
        let header = Header::try_from(&envelope).unwrap();
        let Some(Body::RecordsNormalized(mut normalized)) = envelope.body else { panic!("{id} has no rows") };
        let batch = normalized.batch.as_mut().unwrap();
        if let Some(name) = name {
            let Some(Place::Frames(frames)) = &batch.place else { panic!("{id} has its rows elsewhere") };
            let frames = Frames::compress(frames).unwrap();
            let object = BatchObject { name: name.to_owned(), size_bytes: frames.len() as u64 };
            let archive = FolderArchive::new(&self.data).with_objects(self.data.join(".writer"));
            self.runtime.block_on(archive.put(name, frames)).unwrap();
            batch.place = Some(Place::Object(object));
        }
        let body = RecordsValidated {
            accepted: normalized.batch.clone(),
            accepted_totals: normalized.totals.clone(),
            normalized: Some(normalized),
            ..RecordsValidated::default()
        };
        Output::new(Topic::ValidBatches, &header, now(), Body::RecordsValidated(body)).encode().data
    }
}

/// Bytes of a request for one slice, as the fetcher publishes them.
fn slice_request(slice: &Slice) -> Bytes {
    let header = Header { run_id: "an-old-run".to_owned(), slice: Some(slice.clone()), ..Header::default() };
    let body = FetchRequested { trigger: "command".to_owned(), ..FetchRequested::default() };
    Output::new(Topic::FetchRequests, &header, now(), Body::FetchRequested(body)).encode().data
}

/// What the list says of one message.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    stage: String,
    reason: String,
    usd: Option<String>,
    usd_that_stay: Option<String>,
    people: Option<u64>,
}

fn line(stage: &str, reason: &str, usd: Option<i128>, stay: Option<i128>, people: Option<u64>) -> Line {
    let text = |nano: i128| Money::from_nanos(nano).to_string();
    Line {
        stage: stage.to_owned(),
        reason: reason.to_owned(),
        usd: usd.map(text),
        usd_that_stay: stay.map(text),
        people,
    }
}

fn listed(home: &Home, filter: &[&str]) -> BTreeMap<String, Line> {
    let arguments = [&["dead-letters", "list", "--json"], filter].concat();
    let all = home.aispend(&arguments).exits(0).json();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let of = |one: &Value| {
        let line = Line {
            stage: text(&one["stage"]).unwrap(),
            reason: text(&one["reason"]).unwrap(),
            usd: text(&one["usd"]),
            usd_that_stay: text(&one["usd_that_stay"]),
            people: one["people"].as_u64(),
        };
        (text(&one["id"]).unwrap(), line)
    };
    all.as_array().unwrap().iter().map(of).collect()
}

/// The id of the message about a feed's day.
fn id_of(home: &Home, feed: &str, day: Date) -> String {
    let day = day.to_string();
    let ids = listed(home, &["--feed", feed, "--from", &day, "--to", &day]).into_keys();
    let ids: Vec<String> = ids.collect();
    let [id] = ids.as_slice() else { panic!("{feed} of {day}: {ids:?}") };
    id.clone()
}

/// Money and people of a day, counted in the facts.
struct Facts {
    claude: BTreeMap<Date, (i128, BTreeSet<String>)>,
    cursor: BTreeMap<Date, (i128, BTreeSet<String>)>,
}

impl Facts {
    fn of(vendors: &Vendors) -> Self {
        let (_, truth) = vendors.truth();
        let mut facts = Self { claude: BTreeMap::new(), cursor: BTreeMap::new() };
        let claude = truth.claude_expenses.iter().map(|row| (row.day, row.nano, row.user_email.as_ref()));
        let cursor = truth.cursor_expenses.iter().map(|row| (row.day, row.nano, row.user_email.as_ref()));
        for (sums, rows) in
            [(&mut facts.claude, claude.collect::<Vec<_>>()), (&mut facts.cursor, cursor.collect::<Vec<_>>())]
        {
            for (day, nano, person) in rows {
                let (money, people): &mut (i128, BTreeSet<String>) = sums.entry(day).or_default();
                *money += nano;
                people.extend(person.filter(|name| !name.starts_with("sa:")).cloned());
            }
        }
        facts
    }

    fn people(sums: &BTreeMap<Date, (i128, BTreeSet<String>)>, day: Date) -> Option<u64> {
        let count = sums[&day].1.len() as u64;
        (count > 0).then_some(count)
    }
}

/// What a replay says that came too late, or once more.
const NEWER: &str = "the tables have a reading as new or newer";
const CLAUDE: &str = "anthropic/cost";
const CURSOR: &str = "cursor/usage-events";

#[test]
fn what_is_set_aside_is_counted_chosen_replayed_and_dropped_exactly() {
    let plain =
        WorldConfig { quirks: Quirks::NONE, events_per_person_day: 24, ..config(Shape::Analytics, 98) };
    let vendors = Vendors::open(World::generate(plain), FaultPlan::none());
    let mut home = Home::with_csv(&vendors);
    let (from, to) = (days_ago(11), days_ago(4));
    home.run(from, to).exits(0);
    let is_working = |day: &Date| !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    let days: Vec<Date> = (4..=11).rev().map(days_ago).filter(is_working).collect();
    let [dear, strange, dear_too, strange_too, doubled] = days[..5] else { panic!("{days:?}") };
    for (plant, day) in [
        ("cents-as-dollars@analytics/cost", dear),
        ("renamed-field:amount@analytics/cost", strange),
        ("cents-as-dollars@filtered-usage-events", dear_too),
        ("renamed-field:chargedCents@filtered-usage-events", strange_too),
        ("doubled-rows@daily-usage-data", doubled),
    ] {
        vendors.plan(|plan| plan.plants.push(format!("{plant}@{day}").parse().unwrap()));
    }
    home.run(from, to).exits(1);
    vendors.plan(|plan| plan.plants.clear());

    // Beside what our stages parked: what Pub/Sub gave up on before three other stages.
    let letters = Letters::of(&home);
    let dear = (dear, id_of(&home, CLAUDE, dear));
    let strange = (strange, id_of(&home, CLAUDE, strange));
    let dear_too = (dear_too, id_of(&home, CURSOR, dear_too));
    let strange_too = (strange_too, id_of(&home, CURSOR, strange_too));
    let doubled = (doubled, id_of(&home, "cursor/daily-usage", doubled));
    let inline = letters.give_up("loader", Topic::ValidBatches, letters.validated(&dear.1, None));
    let named = letters.validated(&dear_too.1, Some("batches/by-reference.zst"));
    let by_reference = letters.give_up("loader", Topic::ValidBatches, named);
    let wanted = Slice::of_day(CURSOR.parse().unwrap(), "cursor", strange_too.0);
    let request = letters.give_up("fetcher", Topic::FetchRequests, slice_request(&wanted));
    let nonsense = letters.give_up("normalizer", Topic::RawSlices, Bytes::from_static(b"\xffnonsense"));

    let facts = Facts::of(&vendors);
    let claude = |day: Date| facts.claude[&day].0;
    let cursor = |day: Date| facts.cursor[&day].0;
    let (claude_people, cursor_people) =
        (Facts::people(&facts.claude, dear.0), Facts::people(&facts.cursor, dear_too.0));
    assert!(claude(dear.0) > 0 && cursor(dear_too.0) > 0 && cursor_people > Some(1));
    let of_dear =
        |stage, reason| line(stage, reason, Some(100 * claude(dear.0)), Some(claude(dear.0)), claude_people);
    let of_dear_too = |stage, reason| {
        line(stage, reason, Some(100 * cursor(dear_too.0)), Some(cursor(dear_too.0)), cursor_people)
    };
    let unread = |stage, reason, stay| line(stage, reason, None, stay, None);
    let expected = BTreeMap::from([
        (dear.1.clone(), of_dear("validator", "magnitude")),
        (strange.1.clone(), unread("normalizer", "inexact", Some(claude(strange.0)))),
        (dear_too.1.clone(), of_dear_too("validator", "magnitude")),
        (strange_too.1.clone(), unread("normalizer", "inexact", Some(cursor(strange_too.0)))),
        (doubled.1.clone(), unread("normalizer", "unreadable", Some(0))),
        (inline.clone(), of_dear("loader", "attempts_used_up")),
        (by_reference.clone(), of_dear_too("loader", "attempts_used_up")),
        (request.clone(), unread("fetcher", "attempts_used_up", Some(cursor(strange_too.0)))),
        (nonsense.clone(), unread("normalizer", "attempts_used_up", None)),
    ]);
    assert_eq!(listed(&home, &[]), expected);
    let people = format!("people    {}\n", cursor_people.unwrap());
    home.aispend(&["dead-letters", "show", &by_reference]).exits(0).says(&people).says("attempts  20\n");

    // While somebody else writes, the list is there all the same.
    let writer = DuckDb::open_writer(&home.data(), false).unwrap();
    assert_eq!(listed(&home, &[]), expected);
    drop(writer);

    let set = |ids: &[&String]| ids.iter().map(|id| (*id).clone()).collect::<BTreeSet<String>>();
    let (third, fourth) = (dear_too.0.to_string(), strange_too.0.to_string());
    let filters: [(&[&str], BTreeSet<String>); 13] = [
        (&["--feed", CLAUDE], set(&[&dear.1, &strange.1, &inline])),
        (&["--feed", CURSOR], set(&[&dear_too.1, &strange_too.1, &by_reference, &request])),
        (&["--feed", "cursor/spend"], set(&[])),
        (&["--stage", "normalizer"], set(&[&strange.1, &strange_too.1, &doubled.1, &nonsense])),
        (&["--stage", "validator"], set(&[&dear.1, &dear_too.1])),
        (&["--stage", "fetcher"], set(&[&request])),
        (&["--reason", "attempts_used_up"], set(&[&inline, &by_reference, &request, &nonsense])),
        (&["--reason", "magnitud"], set(&[])),
        (&["--from", &third], set(&[&dear_too.1, &strange_too.1, &doubled.1, &by_reference, &request])),
        (&["--to", &third], set(&[&dear.1, &strange.1, &dear_too.1, &inline, &by_reference])),
        (&["--from", &third, "--to", &third], set(&[&dear_too.1, &by_reference])),
        (&["--feed", CURSOR, "--stage", "normalizer", "--from", &fourth], set(&[&strange_too.1])),
        (
            &["--stage", "loader", "--reason", "attempts_used_up", "--to", &third],
            set(&[&inline, &by_reference]),
        ),
    ];
    let (tables, files, asked) = (bytes(&home), letters.bytes(), vendors.asked());
    for (filter, ids) in &filters {
        assert_eq!(listed(&home, filter).into_keys().collect::<BTreeSet<_>>(), *ids, "{filter:?}");
        for verb in ["replay", "drop"] {
            let ended =
                home.aispend(&[&["dead-letters", verb, "all", "--dry-run"], *filter].concat()).exits(0);
            let first = format!("would {verb} ");
            let said = ended.stdout.lines().filter_map(|line| line.strip_prefix(&first)?.split(' ').next());
            assert_eq!(said.map(str::to_owned).collect::<BTreeSet<_>>(), *ids, "{verb} {filter:?}");
            if ids.is_empty() {
                ended.says("none of the 9 parked messages is let through by the filters");
            }
        }
    }
    home.aispend(&["dead-letters", "list", "--from", &fourth, "--to", &third]).exits(2).says("is after --to");
    home.aispend(&["dead-letters", "list", "--stage", "lodaer"]).exits(2).says("loader");
    home.aispend(&["dead-letters", "replay", &dear.1, "--feed", CURSOR]).exits(2).says("by the filters");
    assert_eq!(letters.bytes(), files, "a dry run changes no message");
    assert_tables(&tables, &bytes(&home), "a dry run");
    assert_eq!(vendors.asked(), asked, "a dry run asks no vendor");

    // Replayed in vain: parked again under another id, which is said, and the old one is gone.
    let first = letters.bytes()[&letters.path(&dear.1)].clone();
    let again = home.aispend(&["dead-letters", "replay", &dear.1]).exits(1);
    let mut left = expected;
    left.remove(&dear.1);
    let second = listed(&home, &[]).into_keys().find(|id| !left.contains_key(id)).unwrap();
    assert_ne!(second, dear.1);
    again.says(&second);
    left.insert(second.clone(), of_dear("validator", "magnitude"));
    // A run begins without the large batches of those before it: the money stays known, in the message.
    left.get_mut(&by_reference).unwrap().people = None;
    assert_eq!(listed(&home, &[]), left);
    assert_tables(&tables, &bytes(&home), "replayed in vain");
    home.aispend(&["dead-letters", "replay", &dear.1]).exits(2).says("replayed or dropped meanwhile");

    // Whoever believes the vendor says so, and replays the newer one. Money of that day alone is another then.
    home.set("AISPEND_MAGNITUDE_FACTOR", "1000");
    let kept = letters.bytes()[&letters.path(&second)].clone();
    home.aispend(&["dead-letters", "replay", &second]).exits(0);
    left.remove(&second);
    let billed = format!(
        "SELECT SUM(cost_usd) FROM ai_usage_analytics.claude_expenses WHERE slice_key LIKE '{CLAUDE}|%|{}'",
        dear.0
    );
    let believed = Money::from_nanos(100 * claude(dear.0)).to_string();
    assert_eq!(home.value(&billed).trim_end_matches('0'), believed.trim_end_matches('0'));
    let loaded = bytes(&home);
    // As after a crash before the store forgot them: the same one again, the older one, and a copy before the loader.
    std::fs::write(letters.path(&second), kept).unwrap();
    home.aispend(&["dead-letters", "replay", &second]).exits(0).says(NEWER);
    std::fs::write(letters.path(&dear.1), first).unwrap();
    home.aispend(&["dead-letters", "replay", &dear.1]).exits(0).says(NEWER);
    let copies = ["dead-letters", "replay", "all", "--feed", CLAUDE, "--stage", "loader"];
    home.aispend(&copies).exits(0).says(NEWER);
    left.remove(&inline);
    assert_tables(&loaded, &bytes(&home), "replayed again");
    assert_eq!(listed(&home, &[]), left);

    // Several of one slice are one reading of it, and a request to read it anew goes before what was read.
    let asked = vendors.asked();
    home.aispend(&["dead-letters", "replay", &dear_too.1, &by_reference]).exits(0);
    assert_eq!(vendors.asked(), asked, "a replay of documents asks no vendor");
    home.aispend(&["dead-letters", "replay", &strange_too.1, &request]).exits(0);
    assert!(vendors.asked() > asked, "a replayed request asks");
    for id in [&dear_too.1, &by_reference, &strange_too.1, &request] {
        left.remove(id);
    }
    assert_eq!(listed(&home, &[]), left);
    // What is about no slice is not lost either.
    home.aispend(&["dead-letters", "replay", &nonsense]).exits(1).says("is not replayed");
    home.aispend(&["dead-letters", "drop", "all", "--reason", "unreadable"]).exits(0).says(&doubled.1);
    left.remove(&doubled.1);
    assert_eq!(listed(&home, &[]), left);
    assert_eq!(left.into_keys().collect::<BTreeSet<_>>(), set(&[&strange.1, &nonsense]));
}
