//! What only a paid licence allows: used where it is there, and said where it is not.

use aispend_fake_metabase::{FakeMetabase, Version};
use reqwest::Method;
use serde_json::{Value, json};

use crate::run::{VERSIONS, everything, ids, options, person, planned, run, server};

async fn licensed(version: Version) -> FakeMetabase {
    let mut options = options(version);
    options.advanced_permissions = true;
    FakeMetabase::start_with(options).await
}

/// Which groups may download from our connection.
fn downloads(server: &FakeMetabase) -> Vec<String> {
    let state = server.state();
    let groups = state["data_graph"].as_object().unwrap().iter();
    let may =
        groups.filter(|(_, rights)| rights["AI spend (BigQuery)"]["download"] == json!({"schemas": "full"}));
    may.map(|(group, _)| group.clone()).collect()
}

#[tokio::test]
async fn where_downloads_are_told_apart_finance_may_and_others_may_not_and_it_stays_so() {
    for version in VERSIONS {
        let server = licensed(version).await;
        let wanted = everything();
        let ran = run(&server, &wanted, false).await.unwrap();
        assert!(ran.plan.to_string().contains("who may download: finance"), "{}", ran.plan);
        assert!(ran.plan.notes.iter().all(|note| !note.contains("downloads")), "{}", ran.plan);
        assert_eq!(downloads(&server), ["Administrators", "Finance"]);
        assert!(planned(&server, &wanted).await.unwrap().is_empty());
        let ids = ids(&server.state());
        let open = json!({ids["{group/Managers}"].to_string(): {ids["{database}"].to_string(): {"download": {"schemas": "full"}}}});
        let person = person(&server).await;
        let graph = person.get("/api/permissions/graph").await.unwrap();
        let body = json!({"revision": graph["revision"], "groups": open});
        person.send(&Method::PUT, "/api/permissions/graph", Some(&body)).await.unwrap();
        let ran = run(&server, &wanted, false).await.unwrap();
        let [step] = ran.plan.steps.as_slice() else { panic!("{}", ran.plan) };
        let places: Vec<&str> = step.changes.iter().map(|change| change.place.as_str()).collect();
        assert_eq!(places, ["{group/Managers}.{database}.download.schemas"]);
        assert_eq!(downloads(&server), ["Administrators", "Finance"]);
    }
}

#[tokio::test]
async fn where_they_are_not_the_plan_says_so_in_one_line_and_nothing_is_sent() {
    let server = server(Version::V0_65).await;
    let ran = run(&server, &everything(), false).await.unwrap();
    let said: Vec<&String> = ran.plan.notes.iter().filter(|note| note.contains("downloads")).collect();
    assert_eq!(said.len(), 1, "{}", ran.plan);
    assert!(!said[0].contains('\n'));
    let bodies = server.requests().into_iter().filter(|seen| seen.path == "/api/permissions/graph");
    let sent: Vec<Value> = bodies.filter_map(|seen| seen.body).collect();
    assert_eq!(sent.len(), 1);
    assert!(!sent[0].to_string().contains("download"), "{}", sent[0]);
    assert!(planned(&server, &everything()).await.unwrap().is_empty());
}
