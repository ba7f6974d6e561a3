//! Queries in two envelopes, and what becomes of a mixture.

use aispend_fake_metabase::Version;
use serde_json::{Value, json};

use crate::client::{Bench, card, card_of, id, query, tag};

const VERSIONS: [Version; 2] = [Version::V0_64, Version::V0_65];

/// The old envelope around a field reference.
fn legacy(database: i64, reference: &Value) -> Value {
    let tags = json!({ "day": tag("day", "date/all-options", reference) });
    let native = json!({ "query": "SELECT 1 FROM spend AS s WHERE {{day}}", "template-tags": tags });
    json!({ "type": "native", "database": database, "native": native })
}

#[tokio::test]
async fn both_envelopes_come_back_as_one() {
    for version in VERSIONS {
        let bench = Bench::of(version).await;
        let database = bench.database().await;
        let day = bench.field(database, "day").await;
        let old =
            bench.admin.make("/api/card", &card_of(&legacy(database, &json!(["field", day, null])))).await;
        let tags = json!({ "day": tag("day", "date/all-options", &json!(["field", {}, day])) });
        let sql = "SELECT 1 FROM spend AS s WHERE {{day}}";
        let new = bench.admin.make("/api/card", &card_of(&query(database, sql, &tags))).await;
        assert_eq!(old["dataset_query"], new["dataset_query"]);
        let found = &new["dataset_query"]["stages"][0];
        assert_eq!((&found["native"], found["template-tags"].is_array()), (&json!(sql), true));
        assert!(found["template-tags"][0]["dimension"][1]["lib/uuid"].is_string(), "{found}");
        let read = bench.admin.read(&format!("/api/card/{}?legacy-mbql=true", new["id"])).await;
        assert_eq!(
            read["dataset_query"]["native"]["template-tags"]["day"]["dimension"],
            json!(["field", day, null])
        );
        assert_eq!(bench.server.violations(), [""; 0]);
    }
}

#[tokio::test]
async fn an_older_server_answers_with_a_map_of_tags() {
    for (tag, is_list) in [("v0.62.3.1", false), ("v0.63.1", true), ("v0.64.6.1", true), ("head", true)] {
        let bench = Bench::of(Version::Tag(tag.to_owned())).await;
        let database = bench.database().await;
        let card = bench.card(database).await;
        let read = bench.admin.read(&format!("/api/card/{card}")).await;
        assert_eq!(read["dataset_query"]["stages"][0]["template-tags"].is_array(), is_list, "{tag}");
    }
}

#[tokio::test]
async fn a_mixture_fails_on_post_and_wipes_on_put() {
    for version in VERSIONS {
        let bench = Bench::of(version).await;
        let database = bench.database().await;
        let day = bench.field(database, "day").await;
        let mixed = legacy(database, &json!(["field", {}, day]));
        assert_eq!(bench.admin.post("/api/card", &card_of(&mixed)).await.0, 500);
        assert_eq!(bench.admin.post("/api/card", &card_of(&json!({}))).await.0, 500);

        let path = format!("/api/card/{}", bench.card(database).await);
        let before = bench.server.violations().len();
        let (status, answer) = bench.admin.put(&path, &json!({ "dataset_query": mixed })).await;
        assert_eq!((status, &answer["dataset_query"]), (200, &json!({})));
        assert_eq!(bench.admin.read(&path).await["dataset_query"], json!({}));
        assert_eq!(bench.server.violations().len(), before + 1);
    }
}

#[tokio::test]
async fn a_tag_must_be_whole_and_named_as_its_key() {
    let bench = Bench::of(Version::V0_64).await;
    let database = bench.database().await;
    let day = json!(["field", {}, bench.field(database, "day").await]);
    let other_name = json!({ "days": tag("day", "date/all-options", &day) });
    let mut half = tag("day", "date/all-options", &day);
    half.as_object_mut().expect("a tag").remove("widget-type");
    for tags in [other_name, json!({ "day": half })] {
        let body = card_of(&query(database, "SELECT {{day}}", &tags));
        assert_eq!(bench.admin.post("/api/card", &body).await.0, 400, "{tags}");
    }
    let lost = json!({ "day": tag("day", "date/all-options", &json!(["field", {}, 1])) });
    bench.admin.make("/api/card", &card_of(&query(database, "SELECT 1 WHERE {{day}}", &lost))).await;
    assert_eq!(bench.violations("there is no field 1"), 1);
}

#[tokio::test]
async fn two_cards_may_share_a_name_but_not_an_entity_id() {
    let bench = Bench::of(Version::V0_64).await;
    let database = bench.database().await;
    let (day, platform) = (bench.field(database, "day").await, bench.field(database, "platform").await);
    let mut body = card(database, day, platform);
    let first = bench.admin.make("/api/card", &body).await;
    let second = bench.admin.make("/api/card", &body).await;
    assert_ne!(id(&first), id(&second));
    assert_eq!(first["entity_id"].as_str().map(str::len), Some(21));

    let chosen = "aiUsgExecMonthlySpnd1";
    body["entity_id"] = json!(chosen);
    let third = bench.admin.make("/api/card", &body).await;
    assert_eq!((&third["entity_id"], bench.admin.post("/api/card", &body).await.0), (&json!(chosen), 500));
    assert_eq!(bench.admin.read(&format!("/api/card/{chosen}")).await["id"], third["id"]);
    let asked = json!({ "entity_ids": { "card": [chosen, "aiUsgExecMonthlySpnd2"] } });
    let told = bench.admin.make("/api/eid-translation/translate", &asked).await;
    assert_eq!(told["entity_ids"][chosen]["id"], third["id"]);
    assert_eq!(told["entity_ids"]["aiUsgExecMonthlySpnd2"]["status"], "not-found");
}

#[tokio::test]
async fn settings_are_replaced_whole_and_never_checked() {
    let bench = Bench::of(Version::V0_64).await;
    let database = bench.database().await;
    let path = format!("/api/card/{}", bench.card(database).await);
    bench.admin.put(&path, &json!({ "visualization_settings": { "a": 1 }, "display": "hologram" })).await;
    bench.admin.put(&path, &json!({ "visualization_settings": { "b": 2 } })).await;
    let read = bench.admin.read(&path).await;
    assert_eq!((&read["visualization_settings"], &read["display"]), (&json!({ "b": 2 }), &json!("hologram")));
}

#[tokio::test]
async fn an_equal_put_leaves_no_revision() {
    let bench = Bench::of(Version::V0_64).await;
    let database = bench.database().await;
    let card = bench.card(database).await;
    let path = format!("/api/card/{card}");
    let revisions = format!("/api/revision?entity=card&id={card}");
    bench.admin.put(&path, &json!({ "name": "Spend" })).await;
    assert_eq!(bench.admin.read(&revisions).await.as_array().map(Vec::len), Some(1));
    bench.admin.put(&path, &json!({ "name": "By hand" })).await;
    let told = bench.admin.read(&revisions).await;
    assert_eq!(told.as_array().map(Vec::len), Some(2));
    let back = json!({ "entity": "card", "id": card, "revision_id": told[1]["id"] });
    bench.admin.make("/api/revision/revert", &back).await;
    assert_eq!(bench.admin.read(&path).await["name"], "Spend");
}

#[tokio::test]
async fn the_trash_is_not_the_collection() {
    let bench = Bench::of(Version::V0_64).await;
    let database = bench.database().await;
    let card = bench.card(database).await;
    bench.admin.put(&format!("/api/card/{card}"), &json!({ "archived": true })).await;
    let total = async |path: &str| bench.admin.read(path).await["total"].clone();
    assert_eq!(total("/api/collection/root/items?models=card").await, 0);
    let trash = bench.admin.read("/api/collection/trash").await;
    assert_eq!(total(&format!("/api/collection/{}/items?models=card", trash["id"])).await, 1);
    assert_eq!(bench.admin.read(&format!("/api/card/{card}")).await["archived"], true);
}
