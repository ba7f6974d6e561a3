//! A server that dies, or loses an answer.

use aispend_fake_metabase::Version;
use serde_json::json;

use crate::client::Bench;

/// How often a collection of this name is there.
async fn count(bench: &Bench, name: &str) -> usize {
    let listed = bench.admin.read("/api/collection").await;
    listed.as_array().map_or(0, |all| all.iter().filter(|one| one["name"] == name).count())
}

#[tokio::test]
async fn a_lost_answer_is_no_lost_request() {
    let bench = Bench::of(Version::V0_64).await;
    let body = json!({ "name": "Spend" });
    bench.server.drop_answer(1);
    assert_eq!(bench.admin.send("POST", "/api/collection", Some(&body)).await, None);
    // Whoever does not look makes a second one: names are not unique.
    assert_eq!(count(&bench, "Spend").await, 1);
    bench.admin.make("/api/collection", &body).await;
    assert_eq!(count(&bench, "Spend").await, 2);
}

#[tokio::test]
async fn it_dies_after_a_request_or_before_one() {
    for (after, there) in [(true, 1), (false, 0)] {
        let bench = Bench::of(Version::V0_65).await;
        let body = json!({ "name": "Spend" });
        bench.server.forget_requests();
        if after {
            bench.server.die_after(2);
        } else {
            bench.server.die_before(2);
        }
        bench.admin.read("/api/collection").await;
        assert_eq!(bench.admin.send("POST", "/api/collection", Some(&body)).await, None);
        for _ in 0..2 {
            assert_eq!(bench.admin.send("GET", "/api/health", None).await, None, "it is gone");
        }
        let seen = bench.server.requests();
        let told: Vec<_> =
            seen.iter().map(|seen| (seen.method.as_str(), seen.path.as_str(), seen.status)).collect();
        assert_eq!(told, [("GET", "/api/collection", 200), ("POST", "/api/collection", 0)]);
        assert_eq!(seen[1].body, Some(body));
        bench.server.revive();
        assert_eq!(count(&bench, "Spend").await, there);
    }
}

#[tokio::test]
async fn a_request_that_is_turned_away_is_not_handled() {
    let bench = Bench::of(Version::V0_64).await;
    let body = json!({ "name": "Spend" });
    bench.server.turn_away(503, 1);
    assert_eq!(bench.admin.post("/api/collection", &body).await.0, 503);
    assert_eq!(count(&bench, "Spend").await, 0);
    assert_eq!(bench.admin.post("/api/collection", &body).await.0, 200);
}

#[tokio::test]
async fn the_same_contents_are_the_same_state() {
    let (one, other) = (Bench::of(Version::V0_64).await, Bench::of(Version::V0_64).await);
    other.admin.make("/api/permissions/group", &json!({ "name": "Gone" })).await;
    other.admin.send("DELETE", "/api/permissions/group/3", None).await;
    for (bench, names) in [(&one, ["A", "B"]), (&other, ["B", "A"])] {
        for name in names {
            bench.admin.make("/api/collection", &json!({ "name": name })).await;
            bench.admin.make("/api/permissions/group", &json!({ "name": name })).await;
        }
    }
    assert_eq!(without_ids(one.server.state()), without_ids(other.server.state()));
    one.admin.make("/api/collection", &json!({ "name": "C" })).await;
    assert_ne!(without_ids(one.server.state()), without_ids(other.server.state()));
}

fn without_ids(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    let is_id = |key: &str| key == "id" || key.ends_with("_id") || key.ends_with("_at");
    match value {
        Value::Object(all) => all
            .into_iter()
            .filter(|(key, _)| !is_id(key))
            .map(|(key, value)| (key, without_ids(value)))
            .collect(),
        Value::Array(all) => all.into_iter().map(without_ids).collect(),
        other => other,
    }
}
