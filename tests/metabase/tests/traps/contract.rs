//! Requests that the document does not have.

use aispend_fake_metabase::Version;
use serde_json::json;

use crate::client::{Bench, Client, Who, dashcard, id};

#[tokio::test]
async fn an_unknown_endpoint_is_not_an_unknown_thing() {
    let bench = Bench::of(Version::V0_64).await;
    for path in ["/api/cards", "/api/card/", "/api/pulse/preview_card_png/1", "/nowhere"] {
        assert_eq!(bench.admin.get(path).await, (404, json!("API endpoint does not exist.")), "{path}");
    }
    assert_eq!(bench.violations("no such endpoint"), 4);
    assert_eq!(bench.admin.get("/api/card/999").await, (404, json!("Not found.")));
    assert_eq!(bench.server.violations().len(), 4);
}

#[tokio::test]
async fn a_body_that_breaks_its_schema_is_refused_and_told() {
    let bench = Bench::of(Version::V0_65).await;
    let collection = id(&bench.admin.make("/api/collection", &json!({ "name": "Spend" })).await);
    let dashboard = id(&bench.admin.make("/api/dashboard", &json!({ "name": "Board" })).await);
    assert_eq!(bench.server.violations(), [""; 0]);
    let mut flat = dashcard(-1, None, None, 0);
    flat["size_y"] = json!(0);
    let cases = [
        ("POST", "/api/collection".to_owned(), json!({ "name": "" }), "name"),
        ("POST", "/api/collection".to_owned(), json!({ "name": "Spend", "parent_id": "root" }), "parent_id"),
        ("PUT", format!("/api/collection/{collection}"), json!({ "archived": "yes" }), "archived"),
        (
            "POST",
            "/api/card".to_owned(),
            json!({ "name": "Card", "display": "bar", "dataset_query": {} }),
            "",
        ),
        ("PUT", format!("/api/dashboard/{dashboard}"), json!({ "width": "wide" }), "width"),
        ("PUT", format!("/api/dashboard/{dashboard}"), json!({ "dashcards": [flat] }), "dashcards"),
        (
            "PUT",
            format!("/api/dashboard/{dashboard}"),
            json!({ "parameters": [{ "id": "p", "type": "words" }] }),
            "parameters",
        ),
        (
            "PUT",
            "/api/cache".to_owned(),
            json!({ "model": "root", "model_id": 0, "strategy": { "type": "ttl" } }),
            "strategy",
        ),
    ];
    for (at, (method, path, body, key)) in cases.into_iter().enumerate() {
        let (status, answer) = bench.admin.send(method, &path, Some(&body)).await.expect("an answer");
        assert_eq!((status, answer["errors"].get(key).is_some()), (400, true), "{path} {body}: {answer}");
        assert_eq!(bench.server.violations().len(), at + 1, "{path} {body}");
    }
}

#[tokio::test]
async fn what_an_endpoint_does_not_read_is_told() {
    let bench = Bench::of(Version::V0_64).await;
    bench.admin.make("/api/collection", &json!({ "name": "Spend", "colour": "#fff" })).await;
    bench.admin.read("/api/collection/root/items?model=card").await;
    assert_eq!((bench.violations("`colour` is not read"), bench.violations("`model` is not read")), (1, 1));
    assert_eq!(bench.admin.get("/api/collection/root/items?models=cards").await.0, 400);
    assert_eq!(bench.admin.get("/api/card/none").await.0, 400);
}

#[tokio::test]
async fn a_part_that_is_not_played_says_so() {
    let bench = Bench::of(Version::V0_64).await;
    assert_eq!(bench.admin.get("/api/timeline").await.0, 501);
    assert_eq!(bench.violations("not played"), 1);
}

#[tokio::test]
async fn nobody_gets_in_without_a_key() {
    let bench = Bench::of(Version::V0_64).await;
    for who in [Who::Nobody, Who::Key("mb_wrong".to_owned()), Who::Session("wrong".to_owned())] {
        let client = Client::new(&bench.server, who);
        assert_eq!(client.get("/api/collection").await, (401, json!("Unauthenticated")));
        assert_eq!(client.get("/api/health").await.0, 200);
    }
}
