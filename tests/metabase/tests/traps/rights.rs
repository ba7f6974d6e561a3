//! Who may see what, and the two graphs that say so.

use aispend_fake_metabase::{Options, Version};
use serde_json::{Value, json};

use crate::client::{Bench, Client, Who, card_of, id, options, query};

/// A client with only the rights of a new group, and the group.
async fn member(bench: &Bench, name: &str) -> (Client, i64) {
    let group = id(&bench.admin.make("/api/permissions/group", &json!({ "name": name })).await);
    let key = bench.admin.make("/api/api-key", &json!({ "name": name, "group_id": group })).await;
    let key = key["unmasked_key"].as_str().expect("a key").to_owned();
    (Client::new(&bench.server, Who::Key(key)), group)
}

async fn collection(bench: &Bench, name: &str, parent: Option<i64>) -> i64 {
    id(&bench.admin.make("/api/collection", &json!({ "name": name, "parent_id": parent })).await)
}

#[tokio::test]
async fn what_is_not_allowed_is_not_in_the_graph() {
    for (version, says_none) in
        [(Version::V0_64, false), (Version::V0_65, false), (Version::Tag("v0.55.1".to_owned()), true)]
    {
        let bench = Bench::of(version).await;
        let place = collection(&bench, "Spend", None).await;
        let graph = bench.admin.read("/api/collection/graph").await;
        assert_eq!(graph["groups"]["1"][place.to_string()], "write", "as its parent");
        let body = json!({ "revision": graph["revision"], "groups": { "1": { place.to_string(): "none" } } });
        let (status, graph) = bench.admin.put("/api/collection/graph", &body).await;
        assert_eq!(status, 200);
        assert_eq!(graph["groups"]["1"].get(place.to_string()).is_some(), says_none, "{graph}");
        assert_eq!(bench.admin.put("/api/collection/graph", &body).await.0, 409);
        assert_eq!(bench.admin.put("/api/collection/graph?force=true&skip-graph=true", &body).await.0, 200);
    }
}

#[tokio::test]
async fn rights_are_inherited_once() {
    let bench = Bench::of(Version::V0_64).await;
    let parent = collection(&bench, "Parent", None).await;
    let child = collection(&bench, "Child", Some(parent)).await;
    let close = json!({ "revision": 0, "groups": { "1": { parent.to_string(): "none" } } });
    bench.admin.put("/api/collection/graph", &close).await;
    let later = collection(&bench, "Later", Some(parent)).await;
    let all = bench.admin.read("/api/collection/graph").await["groups"]["1"].clone();
    assert_eq!((&all[child.to_string()], all.get(later.to_string())), (&json!("write"), None));
}

#[tokio::test]
async fn rights_add_up_over_groups() {
    let bench = Bench::of(Version::V0_64).await;
    let (person, group) = member(&bench, "Finance").await;
    let place = collection(&bench, "Spend", None).await;
    let path = format!("/api/collection/{place}");
    let grant = async |group: i64, level: &str| {
        let revision = bench.admin.read("/api/collection/graph").await["revision"].clone();
        let body =
            json!({ "revision": revision, "groups": { group.to_string(): { place.to_string(): level } } });
        assert_eq!(bench.admin.put("/api/collection/graph", &body).await.0, 200);
    };
    grant(group, "read").await;
    assert_eq!(person.put(&path, &json!({ "name": "Mine" })).await.0, 200, "everybody still may write");
    grant(1, "none").await;
    assert_eq!(person.put(&path, &json!({ "name": "Mine again" })).await.0, 403);
    assert_eq!(person.get(&path).await.0, 200);
    grant(group, "none").await;
    assert_eq!(person.get(&path).await, (403, json!("You don't have permissions to do that.")));
    assert!(!person.read("/api/collection").await.to_string().contains("Mine"));
    assert_eq!(bench.admin.get(&path).await.0, 200);
}

#[tokio::test]
async fn the_data_graph_refuses_what_is_stale_and_what_is_paid() {
    let bench = Bench::of(Version::V0_64).await;
    let database = bench.database().await;
    let (person, _) = member(&bench, "Finance").await;
    let graph = bench.admin.read("/api/permissions/graph").await;
    let change = |rights: Value| json!({ "revision": graph["revision"], "groups": { "1": { database.to_string(): rights } } });
    let put = async |body: &Value| bench.admin.put("/api/permissions/graph", body).await.0;
    let sql = query(database, "SELECT 1", &json!({}));
    assert_eq!(person.post("/api/dataset", &sql).await.0, 202);

    assert_eq!(put(&change(json!({ "view-data": "blocked" }))).await, 402);
    assert_eq!(put(&change(json!({ "download": { "schemas": "none" } }))).await, 402);
    assert_eq!(put(&change(json!({ "create-queries": "some" }))).await, 400);
    let closed = change(json!({ "view-data": "unrestricted", "create-queries": "no" }));
    assert_eq!([put(&closed).await, put(&closed).await], [200, 409]);
    assert_eq!(person.post("/api/dataset", &sql).await.0, 403);
    // Seeing a card is enough to run it, whatever the data graph says.
    let card = id(&bench.admin.make("/api/card", &card_of(&sql)).await);
    assert_eq!(person.post(&format!("/api/card/{card}/query"), &json!({})).await.0, 202);
}

#[tokio::test]
async fn downloads_are_told_apart_by_group_only_where_that_is_paid_for() {
    for (advanced_permissions, status) in [(false, 402), (true, 200)] {
        let bench = Bench::with(Options { advanced_permissions, ..options() }).await;
        let properties = bench.admin.read("/api/session/properties").await;
        assert_eq!(properties["token-features"]["advanced_permissions"], advanced_permissions);
        let database = bench.database().await.to_string();
        let put = async |download: &str| {
            let rights = json!({ &database: { "download": { "schemas": download } } });
            let body = json!({ "revision": 0, "groups": { "1": rights } });
            bench.admin.put("/api/permissions/graph?force=true", &body).await
        };
        assert_eq!(put("none").await.0, status);
        let rights = bench.admin.read("/api/permissions/graph").await["groups"]["1"][&database].clone();
        // What is not allowed is not in the graph.
        assert_eq!(rights.get("download").is_none(), advanced_permissions, "{rights}");
        if advanced_permissions {
            assert_eq!(put("some").await.0, 400);
            let (status, graph) = put("full").await;
            assert_eq!(
                (status, &graph["groups"]["1"][&database]["download"]),
                (200, &json!({ "schemas": "full" }))
            );
        }
    }
}

#[tokio::test]
async fn only_administrators_administrate() {
    let bench = Bench::of(Version::V0_64).await;
    let (person, _) = member(&bench, "Finance").await;
    for path in ["/api/api-key", "/api/permissions/graph", "/api/collection/graph", "/api/cache"] {
        assert_eq!(person.get(path).await.0, 403, "{path}");
    }
    assert_eq!(person.put("/api/setting/site-name", &json!({ "value": "Mine" })).await.0, 403);
}

#[tokio::test]
async fn two_groups_never_share_a_name() {
    let bench = Bench::of(Version::V0_64).await;
    bench.admin.make("/api/permissions/group", &json!({ "name": "Finance" })).await;
    assert_eq!(bench.admin.post("/api/permissions/group", &json!({ "name": "finance" })).await.0, 400);
    let listed = bench.admin.read("/api/permissions/group").await;
    let names: Vec<_> =
        listed.as_array().expect("groups").iter().map(|group| group["name"].clone()).collect();
    assert_eq!(names, [json!("All Users"), json!("Administrators"), json!("Finance")]);
}

#[tokio::test]
async fn people_are_in_all_users() {
    let bench = Bench::of(Version::V0_64).await;
    let invite = |groups: Value| json!({ "email": "fin@example.com", "first_name": "Fin", "user_group_memberships": groups });
    assert_eq!(bench.admin.post("/api/user", &invite(json!([{ "id": 2 }]))).await.0, 400);
    let user = bench.admin.make("/api/user", &invite(json!([{ "id": 1 }, { "id": 2 }]))).await;
    assert_eq!(bench.admin.read("/api/user?query=fin").await["total"], 1);
    assert_eq!(bench.admin.post("/api/user", &invite(json!([{ "id": 1 }]))).await.0, 400);
    let path = format!("/api/user/{}", user["id"]);
    assert_eq!(bench.admin.send("DELETE", &path, None).await.expect("an answer").0, 200);
    assert_eq!(bench.admin.read("/api/user?query=fin").await["total"], 0);
}

#[tokio::test]
async fn items_come_page_by_page_and_by_name() {
    let bench = Bench::of(Version::V0_64).await;
    let place = collection(&bench, "Spend", None).await;
    for name in ["C", "a", "B"] {
        bench.admin.make("/api/dashboard", &json!({ "name": name, "collection_id": place })).await;
    }
    collection(&bench, "Below", Some(place)).await;
    let page = async |query: &str| {
        let page = bench.admin.read(&format!("/api/collection/{place}/items?{query}")).await;
        let names: Vec<_> =
            page["data"].as_array().expect("items").iter().map(|item| item["name"].clone()).collect();
        (page["total"].as_u64(), names)
    };
    assert_eq!(page("models=dashboard&limit=2").await, (Some(3), vec![json!("a"), json!("B")]));
    assert_eq!(page("models=dashboard&limit=2&offset=2").await, (Some(3), vec![json!("C")]));
    assert_eq!(page("models=card&models=collection").await, (Some(1), vec![json!("Below")]));
    assert_eq!(page("").await.0, Some(4));
}

#[tokio::test]
async fn a_collection_takes_what_is_in_it_to_the_trash() {
    let bench = Bench::of(Version::V0_64).await;
    let place = collection(&bench, "Spend", None).await;
    let board = bench.admin.make("/api/dashboard", &json!({ "name": "Board", "collection_id": place })).await;
    let path = format!("/api/collection/{place}");
    let archived =
        async || bench.admin.read(&format!("/api/dashboard/{}", board["id"])).await["archived"].clone();
    assert_eq!(bench.admin.send("DELETE", &path, None).await.expect("an answer").0, 400);
    bench.admin.put(&path, &json!({ "archived": true })).await;
    assert_eq!(archived().await, true);
    assert_eq!(
        bench.admin.post("/api/dashboard", &json!({ "name": "B", "collection_id": place })).await.0,
        400
    );
    bench.admin.put(&path, &json!({ "archived": false })).await;
    assert_eq!(archived().await, false);
    assert_eq!(bench.admin.put(&path, &json!({ "parent_id": place })).await.0, 400);
    assert_eq!(
        bench.admin.post("/api/collection", &json!({ "name": "O", "authority_level": "official" })).await.0,
        402
    );
}
