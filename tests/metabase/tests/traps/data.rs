//! The database, its sync and its secret.

use aispend_fake_metabase::{Column, Table, Version};
use serde_json::{Value, json};

use crate::client::{Bench, database, id};

#[tokio::test]
async fn a_sync_takes_its_time_and_fields_come_after_tables() {
    let bench = Bench::of(Version::V0_64).await;
    let made = bench.admin.make("/api/database", &database()).await;
    assert_eq!(made["initial_sync_status"], "incomplete");
    let path = format!("/api/database/{}", made["id"]);
    let status = async || bench.admin.read(&path).await["initial_sync_status"].clone();
    assert_eq!(
        [status().await, status().await, status().await],
        [json!("incomplete"), json!("incomplete"), json!("complete")]
    );
    let fields = async || {
        let tables =
            bench.admin.read(&format!("{path}/metadata?include_hidden=true")).await["tables"].clone();
        tables[0]["fields"].as_array().map(Vec::len)
    };
    assert_eq!([fields().await, fields().await], [Some(0), Some(2)]);

    // A later sync gives no signal at all.
    let columns = vec![Column { name: "team".to_owned(), base_type: "type/Text".to_owned() }];
    bench.server.add_table(Table { schema: "usage".to_owned(), name: "teams".to_owned(), columns });
    bench.server.add_table(Table {
        schema: "private".to_owned(),
        name: "salaries".to_owned(),
        columns: Vec::new(),
    });
    assert_eq!(
        bench.admin.send("POST", &format!("{path}/sync_schema"), None).await.expect("an answer").1["status"],
        "ok"
    );
    let names = async || {
        let metadata = bench.admin.read(&format!("{path}/metadata")).await;
        metadata["tables"].as_array().map_or(0, Vec::len)
    };
    assert_eq!([names().await, names().await, names().await], [1, 1, 2]);
    assert_eq!(status().await, "complete");
}

#[tokio::test]
async fn the_secret_is_never_read_back_and_survives_its_own_mask() {
    let bench = Bench::of(Version::V0_64).await;
    let made = bench.admin.make("/api/database", &database()).await;
    let mut details = made["details"].clone();
    assert_eq!(details["service-account-json"], "**MetabasePass**");
    assert!(!bench.server.state().to_string().contains("service_account\\"));
    details["use-jvm-timezone"] = json!(false);
    let path = format!("/api/database/{}", made["id"]);
    // Only a real key connects, so this shows that the mask kept it.
    assert_eq!(bench.admin.put(&path, &json!({ "details": details })).await.0, 200);
    details["service-account-json"] = json!("nonsense");
    assert_eq!(bench.admin.put(&path, &json!({ "details": details })).await.0, 400);
}

#[tokio::test]
async fn a_connection_that_finds_nothing_is_refused() {
    let bench = Bench::of(Version::V0_64).await;
    let with = |key: &str, value: &str| {
        let mut body = database();
        body["details"][key] = json!(value);
        body
    };
    let cases = [
        with("dataset-filters-patterns", "other"),
        with("service-account-json", "{}"),
        with("dataset-filters-type", "exclusion"),
    ];
    for body in cases {
        assert_eq!(bench.admin.post("/api/database", &body).await.0, 400, "{body}");
        let checked = json!({ "details": { "engine": body["engine"], "details": body["details"] } });
        assert_eq!(bench.admin.post("/api/database/validate", &checked).await.0, 400);
    }
    assert_eq!(bench.admin.read("/api/database").await["total"], 0);
}

#[tokio::test]
async fn two_databases_may_share_a_name() {
    let bench = Bench::of(Version::V0_64).await;
    let (one, other) = (
        bench.admin.make("/api/database", &database()).await,
        bench.admin.make("/api/database", &database()).await,
    );
    assert_ne!(id(&one), id(&other));
    assert_eq!(bench.admin.read("/api/database").await["total"], 2);
}

#[tokio::test]
async fn a_field_is_told_how_to_offer_its_values() {
    let bench = Bench::of(Version::V0_64).await;
    let database = bench.database().await;
    let field = bench.field(database, "platform").await;
    let wanted = json!({ "has_field_values": "list", "semantic_type": "type/Category" });
    let (status, told) = bench.admin.put(&format!("/api/field/{field}"), &wanted).await;
    assert_eq!((status, &told["has_field_values"], &told["name"]), (200, &json!("list"), &json!("platform")));
    assert_eq!(
        bench.admin.put(&format!("/api/field/{field}"), &json!({ "has_field_values": "some" })).await.0,
        400
    );
    assert_eq!(bench.admin.get(&format!("/api/field/{}", 1)).await, (404, Value::from("Not found.")));
}
