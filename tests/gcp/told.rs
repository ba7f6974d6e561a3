//! Three alerters as processes, every event twice, wrong answers of the vendors: each is told once, to a mail server.

use std::collections::BTreeSet;
use std::time::Duration;

use aispend_ports::Topic;
use aispend_tests::mail::MailServer;
use aispend_warehouse::{Engine, Evaluation, Limits, alerts, fact_views, views};
use jiff::civil::{Weekday, date};
use serde_json::Value;

use crate::cluster::{Cluster, Company, Setting};
use crate::counted::Observer;
use crate::worker::Mode;

/// Sends every event of slices once more, until nothing new comes for a while.
async fn echo(cluster: &Cluster, observer: &Observer, sent: &mut BTreeSet<Vec<u8>>) -> usize {
    let mut echoed = 0;
    for seen in observer.look().await {
        // An echo is seen as well, and not echoed.
        if seen.topic == Topic::SliceEvents && sent.insert(seen.data.clone()) {
            cluster.publish_bytes(Topic::SliceEvents, &seen.data).await;
            echoed += 1;
        }
    }
    echoed
}

/// Names of all rules, and of those among them that read a view which only dashboards need: the emulator takes minutes for
/// those, and this dataset lacks them.
fn rules() -> (BTreeSet<String>, BTreeSet<String>) {
    let facts: BTreeSet<&str> = fact_views().map(|view| view.name).collect();
    let lacking: Vec<&str> = views().map(|view| view.name).filter(|name| !facts.contains(name)).collect();
    let (limits, day) = (Limits::new(), date(2026, 1, 1));
    let (mut all, mut unanswered) = (BTreeSet::from(["parked-messages".to_owned()]), BTreeSet::new());
    for rule in alerts().unwrap() {
        let sql = rule.sql(Engine::BigQuery, &Evaluation { as_of: day, quiet_from: day, limits: &limits });
        let words = sql.unwrap();
        let mut words = words.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
        if words.any(|word| lacking.contains(&word)) {
            unanswered.insert(rule.name.clone());
        }
        all.insert(rule.name);
    }
    (all, unanswered)
}

/// Every check got an answer to every rule but those, and those that got none said so.
fn assert_asked(logs: &str) {
    let (all, unanswered) = rules();
    assert!(unanswered.len() * 2 < all.len(), "most rules are under test: {unanswered:?}");
    let lines: Vec<Value> = logs.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let those = |text: &str| lines.iter().filter(|line| line["message"] == text).collect::<Vec<_>>();
    let failed = those("an alert rule could not be asked");
    let failed: BTreeSet<String> =
        failed.iter().map(|line| line["rule"].as_str().unwrap_or_default().to_owned()).collect();
    assert_eq!(failed, unanswered, "rules that got no answer");
    let asked = those("the alert rules were asked");
    let expected = (&Value::from(all.len() - unanswered.len()), &Value::from(unanswered.len()));
    let is_so = |line: &&Value| (&line["answered"], &line["unanswered"]) == expected;
    assert!(!asked.is_empty() && asked.iter().all(is_so), "{expected:?} is expected: {asked:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn what_three_alerters_hear_twice_is_told_once() {
    let mail = MailServer::open().await.unwrap();
    let variables = vec![
        ("AISPEND_ALERTS_SMTP_URL", mail.url().to_owned()),
        ("AISPEND_ALERTS_FROM", "aispend <alerts@example.com>".to_owned()),
        ("AISPEND_ALERTS_ON_CALL", "on-call@example.com".to_owned()),
    ];
    let setting = Setting { variables, ..Setting::default() };
    let company = Company { days: 6, ..Company::small(31) };
    let mut cluster = Cluster::new("told", Mode::Pull, &company, &setting).await;
    let first = cluster.vendors().world.config().first_day;
    let is_working = |day: &jiff::civil::Date| !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    let days: Vec<_> = first.series(jiff::Span::new().days(1)).take(6).filter(is_working).collect();
    // An answer that lacks a page is asked for again for hours here, as in an outage: the stories on one machine have it.
    for (plant, day) in [
        ("cents-as-dollars@analytics/cost", days[0]),
        ("renamed-field:chargedCents@filtered-usage-events", days[1]),
    ] {
        cluster.vendors().faults.plan.plants.push(format!("{plant}@{day}").parse().unwrap());
    }
    let observer = Observer::new(&cluster).await;
    let mut workers = Vec::new();
    for stage in ["alerter", "alerter", "alerter", "loader", "validator", "normalizer", "fetcher"] {
        workers.push(cluster.start(stage).await);
    }
    cluster.publish_json(Topic::FetchRequests, r#"{"trigger":"daily"}"#).await;
    let mut sent = BTreeSet::new();
    let over = cluster.run_over("daily");
    tokio::pin!(over);
    let mut echoed = 0;
    let (run, _) = loop {
        tokio::select! {
            both = &mut over => break both,
            () = tokio::time::sleep(Duration::from_millis(200)) => {
                echoed += echo(&cluster, &observer, &mut sent).await;
            }
        }
    };
    echoed += echo(&cluster, &observer, &mut sent).await;
    assert!(echoed > run.slices.len(), "{echoed} events came twice, of {} slices", run.slices.len());
    for _ in 0..3 {
        cluster.publish_json(Topic::SliceEvents, r#"{"check":"alerts"}"#).await;
    }
    // Each alerter that got a check answers it; then all of them end in order, with nothing at work.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let mut logs = String::new();
    for worker in workers {
        let (stage, log) = (worker.stage, worker.log_path());
        assert!(worker.end().await.success(), "the {stage} did not end in order");
        logs.push_str(&std::fs::read_to_string(log).unwrap());
    }
    assert_asked(&logs);
    let asked = "SELECT DISTINCT incident_id, rule, subject FROM ai_usage_analytics.alert_incidents ORDER BY rule, subject";
    let incidents: Vec<String> =
        cluster.ask(asked).rows.iter().map(|row| format!("{}: {}", row[1], row[2])).collect();
    let letters = mail.message_ids();
    let ids: BTreeSet<&String> = letters.iter().collect();
    assert_eq!(ids.len(), letters.len(), "a letter came twice: {incidents:#?}");
    assert_eq!(letters.len(), incidents.len(), "{incidents:#?}");
    for expected in
        ["parked-messages: anthropic/cost, magnitude", "parked-messages: cursor/usage-events, inexact"]
    {
        let found = incidents.iter().filter(|incident| incident.starts_with(expected)).count();
        assert_eq!(found, 1, "{expected}: {incidents:#?}");
    }
    assert_eq!(incidents.len(), 2, "{incidents:#?}");
}
