//! What people change and add.

use aispend_fake_metabase::Version;
use aispend_metabase::{MetabaseError, Outcome, Verb};
use reqwest::Method;
use serde_json::{Value, json};

use crate::run::{VERSIONS, board_named, card_named, everything, person, planned, run, server};

#[tokio::test]
async fn a_card_edited_by_hand_is_shown_and_put_back_only_where_somebody_agrees() {
    for version in VERSIONS {
        let server = server(version).await;
        let wanted = everything();
        run(&server, &wanted, false).await.unwrap();
        let person = person(&server).await;
        let card = card_named(&person, "Spend to date").await;
        let path = format!("/api/card/{}", card["id"]);
        person
            .send(&Method::PUT, &path, Some(&json!({"display": "table", "name": "Our money"})))
            .await
            .unwrap();
        let ran = run(&server, &wanted, false).await.unwrap();
        let [step] = ran.plan.steps.as_slice() else { panic!("{}", ran.plan) };
        assert_eq!((step.verb, step.key.as_deref()), (Verb::Restore, Some("card/exec/total-spend")));
        let places: Vec<&str> = step.changes.iter().map(|change| change.place.as_str()).collect();
        assert_eq!(places, ["display", "name"]);
        assert!(ran.plan.to_string().contains("display: \"table\" -> \"scalar\""), "{}", ran.plan);
        assert_eq!(ran.outcomes, [Outcome::Skipped]);
        assert_eq!(person.get(&path).await.unwrap()["name"], "Our money");
        let ran = run(&server, &wanted, true).await.unwrap();
        assert_eq!(ran.outcomes, [Outcome::Done]);
        assert_eq!(person.get(&path).await.unwrap()["name"], "Spend to date");
        assert!(planned(&server, &wanted).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_people_added_survives() {
    for version in VERSIONS {
        let server = server(version).await;
        let wanted = everything();
        run(&server, &wanted, false).await.unwrap();
        let person = person(&server).await;
        let ours = card_named(&person, "Spend to date").await;
        let mut theirs = json!({
            "name": "My own", "display": "table", "visualization_settings": {}, "collection_id": ours["collection_id"],
            "dataset_query": {"lib/type": "mbql/query", "database": ours["database_id"],
                "stages": [{"lib/type": "mbql.stage/native", "native": "SELECT 1", "template-tags": {}}]},
        });
        if ours["database_id"].is_null() {
            theirs["dataset_query"]["database"] = ours["dataset_query"]["database"].clone();
        }
        let own = person.send(&Method::POST, "/api/card", Some(&theirs)).await.unwrap();
        // A card of their own on our dashboard, on a tab of their own, and our dashboard under another name.
        let board = board_named(&person, "Executive Summary").await;
        let path = format!("/api/dashboard/{}", board["id"]);
        let mut tabs: Vec<Value> = board["tabs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tab| json!({"id": tab["id"], "name": tab["name"]}))
            .collect();
        tabs.push(json!({"id": -1, "name": "Mine"}));
        let mut dashcards = board["dashcards"].as_array().unwrap().clone();
        dashcards.push(json!({
            "id": -1, "card_id": own["id"], "dashboard_tab_id": -1, "row": 0, "col": 0, "size_x": 6, "size_y": 3,
            "parameter_mappings": [], "series": [], "visualization_settings": {},
        }));
        let mut parameters = board["parameters"].as_array().unwrap().clone();
        parameters.push(json!({"id": "mine", "name": "Mine", "slug": "mine", "type": "string/="}));
        let body = json!({"tabs": tabs, "dashcards": dashcards, "parameters": parameters});
        person.send(&Method::PUT, &path, Some(&body)).await.unwrap();
        assert!(planned(&server, &wanted).await.unwrap().is_empty(), "what people add is no difference");
        person.send(&Method::PUT, &path, Some(&json!({"name": "The big picture"}))).await.unwrap();
        let plan = planned(&server, &wanted).await.unwrap();
        let [step] = plan.steps.as_slice() else { panic!("{plan}") };
        assert_eq!((step.verb, step.changes.len()), (Verb::Restore, 1), "{plan}");
        run(&server, &wanted, true).await.unwrap();
        let after = person.get(&path).await.unwrap();
        assert_eq!(after["name"], "Executive Summary");
        let ids = |board: &Value, list: &str| -> Vec<Value> {
            let mut ids: Vec<Value> =
                board[list].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
            ids.sort_by_key(ToString::to_string);
            ids
        };
        let is_theirs = |dashcard: &&Value| dashcard["card_id"] == own["id"];
        let kept = after["dashcards"].as_array().unwrap().iter().find(is_theirs).unwrap();
        let tab = after["tabs"].as_array().unwrap().iter().find(|tab| tab["name"] == "Mine").unwrap();
        assert_eq!(kept["dashboard_tab_id"], tab["id"]);
        assert!(ids(&after, "parameters").contains(&json!("mine")));
        for dashcard in ids(&board, "dashcards") {
            assert!(ids(&after, "dashcards").contains(&dashcard), "ours keep their numbers");
        }
        assert_eq!(card_named(&person, "My own").await["archived"], json!(false));
    }
}

#[tokio::test]
async fn a_card_in_the_trash_stays_there_and_holds_nothing_else_up_until_somebody_agrees() {
    let server = server(Version::V0_65).await;
    let wanted = everything();
    run(&server, &wanted, false).await.unwrap();
    let person = person(&server).await;
    let card = card_named(&person, "Spend to date").await;
    let path = format!("/api/card/{}", card["id"]);
    person.send(&Method::PUT, &path, Some(&json!({"archived": true}))).await.unwrap();
    let ran = run(&server, &wanted, false).await.unwrap();
    assert!(ran.plan.steps.iter().all(aispend_metabase::Step::needs_consent), "{}", ran.plan);
    assert_eq!(person.get(&path).await.unwrap()["archived"], json!(true));
    run(&server, &wanted, true).await.unwrap();
    assert_eq!(person.get(&path).await.unwrap()["archived"], json!(false));
    assert!(planned(&server, &wanted).await.unwrap().is_empty());
}

#[tokio::test]
async fn two_that_bear_one_marker_stop_everything() {
    let server = server(Version::V0_64).await;
    let wanted = everything();
    run(&server, &wanted, false).await.unwrap();
    let person = person(&server).await;
    let card = card_named(&person, "Spend to date").await;
    let copy = json!({
        "name": "A copy", "description": card["description"], "display": "scalar", "visualization_settings": {},
        "collection_id": card["collection_id"], "dataset_query": card["dataset_query"],
    });
    person.send(&Method::POST, "/api/card", Some(&copy)).await.unwrap();
    let error = planned(&server, &wanted).await.unwrap_err();
    assert!(matches!(&error, MetabaseError::Twice { key, .. } if key == "card/exec/total-spend"), "{error}");
}

#[tokio::test]
async fn what_no_file_declares_any_more_goes_to_the_trash_and_a_build_that_wants_it_otherwise_asks_nobody() {
    let server = server(Version::V0_64).await;
    let mut wanted = everything();
    run(&server, &wanted, false).await.unwrap();
    wanted.items.retain(|item| item.key != "card/alert/drift");
    let renamed = wanted.items.iter_mut().find(|item| item.key == "card/exec/total-spend").unwrap();
    renamed.body["name"] = json!("Spend so far");
    let ran = run(&server, &wanted, false).await.unwrap();
    let verbs: Vec<Verb> = ran.plan.steps.iter().map(|step| step.verb).collect();
    assert_eq!(verbs, [Verb::Change, Verb::Archive], "{}", ran.plan);
    let person = person(&server).await;
    card_named(&person, "Spend so far").await;
    assert!(planned(&server, &wanted).await.unwrap().is_empty());
}

#[tokio::test]
async fn rights_that_somebody_opened_are_closed_again_and_other_groups_are_left_alone() {
    let server = server(Version::V0_64).await;
    let wanted = everything();
    run(&server, &wanted, false).await.unwrap();
    let person = person(&server).await;
    let group =
        person.send(&Method::POST, "/api/permissions/group", Some(&json!({"name": "Guests"}))).await.unwrap();
    let work = board_named(&person, "Productivity").await["collection_id"].to_string();
    let graph = person.get("/api/collection/graph").await.unwrap();
    let groups = json!({"1": {&work: "read"}, group["id"].to_string(): {&work: "read"}});
    let body = json!({"revision": graph["revision"], "groups": groups});
    person.send(&Method::PUT, "/api/collection/graph", Some(&body)).await.unwrap();
    let ran = run(&server, &wanted, false).await.unwrap();
    assert_eq!(ran.plan.steps.len(), 1, "{}", ran.plan);
    assert!(ran.plan.to_string().contains("{collection/prod}: \"read\" -> \"none\""), "{}", ran.plan);
    let graph = person.get("/api/collection/graph").await.unwrap();
    assert_eq!(graph["groups"]["1"].get(&work).unwrap_or(&json!("none")), "none");
    assert_eq!(graph["groups"][group["id"].to_string()][&work], "read");
}
