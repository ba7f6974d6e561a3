//! Three alerters as processes, every event twice, wrong answers of the vendors: each is told once, to a mail server.

use std::collections::BTreeSet;
use std::time::Duration;

use aispend_ports::Topic;
use aispend_tests::mail::MailServer;
use jiff::civil::Weekday;

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
    for worker in workers {
        let stage = worker.stage;
        assert!(worker.end().await.success(), "the {stage} did not end in order");
    }
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
