//! Queries: what the tags become, and where a filter gets lost.

use std::sync::Arc;

use aispend_fake_metabase::{Answers, Options, Version};
use serde_json::{Value, json};

use crate::client::{Bench, card_of, dashcard, id, options, query};

const NOVEMBER: &str = "(s.day >= DATE '2026-11-01' AND s.day < DATE '2026-12-01')";

fn day(value: &str) -> Value {
    json!({ "type": "date/all-options", "target": ["dimension", ["template-tag", "day"]], "value": value })
}

fn platform(value: &Value) -> Value {
    json!({ "type": "string/=", "target": ["dimension", ["template-tag", "platform"]], "value": value })
}

/// The SQL that ran.
fn sql(answer: &(u16, Value)) -> String {
    assert_eq!((answer.0, &answer.1["status"]), (202, &json!("completed")), "{}", answer.1);
    answer.1["data"]["rows"][0][0].as_str().expect("the SQL").to_owned()
}

#[tokio::test]
async fn a_card_runs_with_its_tags_filled_in() {
    let bench = Bench::of(Version::V0_64).await;
    let database = bench.database().await;
    let path = format!("/api/card/{}/query", bench.card(database).await);
    let start = "SELECT 1 FROM spend AS s WHERE ";
    let cases = [
        (json!([]), "1 = 1 ".to_owned()),
        (json!([day("thismonth")]), format!("{NOVEMBER} ")),
        (json!([platform(&json!(["cursor"]))]), "1 = 1 AND s.platform = 'cursor'".to_owned()),
        (
            json!([day("thismonth"), platform(&json!(["a", "b"]))]),
            format!("{NOVEMBER} AND (s.platform = 'a' OR s.platform = 'b')"),
        ),
        (json!([platform(&json!([]))]), "1 = 1 ".to_owned()),
    ];
    for (parameters, expected) in cases {
        let answer = bench.admin.post(&path, &json!({ "parameters": parameters })).await;
        assert_eq!(sql(&answer), format!("{start}{expected}"), "{parameters}");
    }
    let unknown =
        json!([{ "type": "string/=", "target": ["dimension", ["template-tag", "team"]], "value": ["a"] }]);
    assert_eq!(bench.admin.post(&path, &json!({ "parameters": unknown })).await.0, 400);
}

#[tokio::test]
async fn a_card_may_have_an_answer_of_its_own() {
    let bench = Bench::of(Version::V0_64).await;
    let database = bench.database().await;
    let (first, second) = (bench.card(database).await, bench.card(database).await);
    bench.server.answer_card(first, vec!["total".to_owned()], vec![vec![json!(12.5)]]);
    let rows = async |card: i64| {
        let answer = bench.admin.post(&format!("/api/card/{card}/query"), &json!({})).await.1;
        answer["data"]["rows"].clone()
    };
    assert_eq!(rows(first).await, json!([[12.5]]));
    assert_ne!(rows(second).await, json!([[12.5]]));
}

#[tokio::test]
async fn without_an_alias_the_column_is_one_backticked_token() {
    let bench = Bench::of(Version::V0_64).await;
    let database = bench.database().await;
    let field = bench.field(database, "platform").await;
    let tags = json!({ "platform": {
        "id": "p", "name": "platform", "display-name": "Platform", "type": "dimension", "widget-type": "string/=",
        "dimension": ["field", {}, field], "default": ["cursor"],
    }});
    let card =
        id(&bench.admin.make("/api/card", &card_of(&query(database, "WHERE {{platform}}", &tags))).await);
    let answer = bench.admin.post(&format!("/api/card/{card}/query"), &json!({})).await;
    assert_eq!(sql(&answer), "WHERE `usage.spend`.`platform` = 'cursor'");
}

#[tokio::test]
async fn a_failed_query_is_no_failed_request() {
    let answers: Answers = Arc::new(|_| Err("Unrecognized name: s".to_owned()));
    let bench = Bench::with(Options { answers: Some(answers), ..options() }).await;
    let database = bench.database().await;
    let card = bench.card(database).await;
    for path in ["query", "query/csv", "query/xlsx"] {
        let (status, answer) = bench.admin.post(&format!("/api/card/{card}/{path}"), &json!({})).await;
        assert_eq!((status, &answer["status"]), (202, &json!("failed")), "{path}");
        assert_eq!(answer["error"], "Unrecognized name: s");
    }
    // A placeholder that nobody declared, and a variable without a value, fail the same way.
    let variable = json!({ "v": { "id": "v", "name": "v", "display-name": "The V", "type": "text" } });
    for (sql, tags, error) in
        [("{{nobody}}", json!({}), "no template tag"), ("x = {{v}}", variable, "'The V'")]
    {
        let card = id(&bench.admin.make("/api/card", &card_of(&query(database, sql, &tags))).await);
        let (status, answer) = bench.admin.post(&format!("/api/card/{card}/query"), &json!({})).await;
        assert_eq!((status, &answer["status"]), (202, &json!("failed")));
        assert!(answer["error"].as_str().is_some_and(|text| text.contains(error)), "{answer}");
    }
}

#[tokio::test]
async fn a_mapping_without_card_id_filters_nothing() {
    for version in [Version::V0_64, Version::V0_65] {
        let bench = Bench::of(version).await;
        let database = bench.database().await;
        let card = bench.card(database).await;
        let dashboard = id(&bench.admin.make("/api/dashboard", &json!({ "name": "Board" })).await);
        let parameters = json!([
            { "id": "p", "name": "P", "slug": "p", "type": "string/=" },
            { "id": "d", "name": "D", "slug": "d", "type": "date/all-options", "default": "thismonth" },
        ]);
        for (card_id, expected) in [(json!(card), "AND s.platform = 'cursor'"), (Value::Null, "")] {
            let mut one = dashcard(-1, Some(card), None, 0);
            one["parameter_mappings"] = json!([
                { "parameter_id": "p", "card_id": card_id, "target": ["dimension", ["template-tag", "platform"]] },
                { "parameter_id": "d", "card_id": card, "target": ["dimension", ["template-tag", "day"]] },
            ]);
            let body = json!({ "parameters": parameters, "tabs": [], "dashcards": [one] });
            let (_, made) = bench.admin.put(&format!("/api/dashboard/{dashboard}"), &body).await;
            let path = format!(
                "/api/dashboard/{dashboard}/dashcard/{}/card/{card}/query",
                made["dashcards"][0]["id"]
            );
            let body = json!({ "parameters": [{ "id": "p", "value": ["cursor"] }] });
            let answer = bench.admin.post(&path, &body).await;
            // The other filter has its default all the while.
            assert_eq!(
                sql(&answer),
                format!("SELECT 1 FROM spend AS s WHERE {NOVEMBER} {expected}"),
                "{card_id}"
            );
            let unknown = json!({ "parameters": [{ "id": "team", "value": ["a"] }] });
            assert_eq!(bench.admin.post(&path, &unknown).await.0, 400);
        }
    }
}

#[tokio::test]
async fn an_export_has_all_rows_and_a_query_has_not() {
    let answers: Answers =
        Arc::new(|_| Ok((vec!["n".to_owned()], (0..2_500).map(|n| vec![json!(n)]).collect())));
    let bench = Bench::with(Options { answers: Some(answers), ..options() }).await;
    let database = bench.database().await;
    let card = bench.card(database).await;
    let run =
        async |format: &str| bench.admin.post(&format!("/api/card/{card}/query{format}"), &json!({})).await;
    let answer = run("").await.1;
    assert_eq!((&answer["row_count"], &answer["data"]["rows_truncated"]), (&json!(2_000), &json!(2_000)));
    assert_eq!(run("/json").await.1.as_array().map(Vec::len), Some(2_500));
    assert_eq!(run("/csv").await.1.as_str().map(|text| text.lines().count()), Some(2_501));
    assert!(run("/xlsx").await.1.as_str().is_some_and(|text| text.starts_with("PK")));
    assert_eq!(run("/png").await.0, 400);
}

#[tokio::test]
async fn sql_of_no_card_runs_as_well() {
    let bench = Bench::of(Version::V0_64).await;
    let database = bench.database().await;
    let answer = bench.admin.post("/api/dataset", &query(database, "SELECT 2", &json!({}))).await;
    assert_eq!(sql(&answer), "SELECT 2");
    let body =
        json!({ "query": { "type": "native", "database": database, "native": { "query": "SELECT 3" } } });
    assert_eq!(bench.admin.post("/api/dataset/json", &body).await.1, json!([{ "sql": "SELECT 3" }]));
}

#[tokio::test]
async fn a_dropdown_offers_its_list() {
    let bench = Bench::of(Version::V0_64).await;
    let parameter = json!({
        "id": "p", "name": "P", "slug": "p", "type": "string/=", "values_source_type": "static-list",
        "values_source_config": { "values": [["cursor", "Cursor"]] },
    });
    let board =
        bench.admin.make("/api/dashboard", &json!({ "name": "Board", "parameters": [parameter] })).await;
    let told = bench.admin.read(&format!("/api/dashboard/{}/params/p/values", board["id"])).await;
    assert_eq!(told, json!({ "values": [["cursor", "Cursor"]], "has_more_values": false }));
}
