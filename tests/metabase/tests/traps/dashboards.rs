//! The one `PUT` of a dashboard, which replaces everything.

use aispend_fake_metabase::Version;
use serde_json::{Value, json};

use crate::client::{Bench, dashcard, id};

/// A dashboard with two tabs: a card on the first, words on the second.
struct Board {
    bench: Bench,
    path: String,
    card: i64,
    tabs: Vec<i64>,
    dashcards: Vec<i64>,
}

fn ids(list: &Value) -> Vec<i64> {
    list.as_array().expect("a list").iter().map(id).collect()
}

impl Board {
    async fn of(version: Version) -> Self {
        let bench = Bench::of(version).await;
        let database = bench.database().await;
        let card = bench.card(database).await;
        let dashboard = id(&bench.admin.make("/api/dashboard", &json!({ "name": "Board" })).await);
        let path = format!("/api/dashboard/{dashboard}");
        let body = json!({
            "tabs": [{ "id": -1, "name": "One" }, { "id": -2, "name": "Two" }],
            "dashcards": [dashcard(-1, Some(card), Some(-1), 0), dashcard(-2, None, Some(-2), 0)],
        });
        let (status, made) = bench.admin.put(&path, &body).await;
        assert_eq!(status, 200, "{made}");
        assert_eq!(bench.server.violations(), [""; 0]);
        let (tabs, dashcards) = (ids(&made["tabs"]), ids(&made["dashcards"]));
        assert!(tabs.iter().chain(&dashcards).all(|id| *id > 0));
        Self { bench, path, card, tabs, dashcards }
    }

    fn kept_tabs(&self) -> Value {
        json!([{ "id": self.tabs[0], "name": "One" }, { "id": self.tabs[1], "name": "Two" }])
    }

    async fn put(&self, body: Value) -> (u16, Value) {
        self.bench.admin.put(&self.path, &body).await
    }

    async fn grid(&self) -> (usize, usize) {
        let found = self.bench.admin.read(&self.path).await;
        (ids(&found["tabs"]).len(), ids(&found["dashcards"]).len())
    }
}

#[tokio::test]
async fn dashcards_are_the_whole_set() {
    for version in [Version::V0_64, Version::V0_65] {
        let board = Board::of(version).await;
        let kept = dashcard(board.dashcards[1], None, Some(board.tabs[1]), 3);
        let new = dashcard(-7, Some(board.card), Some(board.tabs[1]), 9);
        let (status, made) = board.put(json!({ "tabs": board.kept_tabs(), "dashcards": [kept, new] })).await;
        assert_eq!(status, 200, "{made}");
        let now = ids(&made["dashcards"]);
        assert_eq!((now[0], now.contains(&board.dashcards[0])), (board.dashcards[1], false));
        assert_eq!((made["dashcards"][0]["row"].as_i64(), ids(&made["tabs"])), (Some(3), board.tabs.clone()));
        assert_eq!(made["dashcards"][1]["card"]["id"], board.card);
    }
}

#[tokio::test]
async fn tabs_left_out_are_deleted_with_their_cards() {
    let board = Board::of(Version::V0_64).await;
    let one = dashcard(board.dashcards[0], Some(board.card), Some(board.tabs[0]), 0);
    assert_eq!(board.put(json!({ "dashcards": [one] })).await.0, 200);
    assert_eq!(board.grid().await, (0, 0));
    assert_eq!(board.bench.violations("without `tabs`"), 1);
}

#[tokio::test]
async fn without_dashcards_the_grid_stays() {
    let board = Board::of(Version::V0_64).await;
    assert_eq!(board.put(json!({ "name": "Renamed" })).await.0, 200);
    assert_eq!((board.grid().await, board.bench.server.violations().len()), ((2, 2), 0));
    assert_eq!(board.put(json!({ "tabs": [] })).await.0, 200);
    assert_eq!((board.grid().await, board.bench.violations("`tabs` does nothing")), ((2, 2), 1));
}

#[tokio::test]
async fn a_card_joins_the_only_tab_and_is_refused_among_many() {
    let board = Board::of(Version::V0_65).await;
    let stray = || dashcard(-1, Some(board.card), None, 0);
    assert_eq!(board.put(json!({ "tabs": board.kept_tabs(), "dashcards": [stray()] })).await.0, 400);
    assert_eq!(board.grid().await, (2, 2));
    let only = json!([{ "id": board.tabs[1], "name": "Two" }]);
    let (_, made) = board.put(json!({ "tabs": only, "dashcards": [stray()] })).await;
    assert_eq!(made["dashcards"][0]["dashboard_tab_id"], board.tabs[1]);
}

#[tokio::test]
async fn tabs_keep_their_order_and_their_ids() {
    let board = Board::of(Version::V0_64).await;
    let turned = json!([{ "id": board.tabs[1], "name": "Two" }, { "id": -3, "name": "Three" }]);
    let (_, made) =
        board.put(json!({ "tabs": turned, "dashcards": [dashcard(-1, None, Some(-3), 0)] })).await;
    let names: Vec<&str> =
        made["tabs"].as_array().expect("tabs").iter().filter_map(|tab| tab["name"].as_str()).collect();
    assert_eq!((names, made["tabs"][0]["id"].as_i64()), (vec!["Two", "Three"], Some(board.tabs[1])));
    assert_eq!(made["dashcards"][0]["dashboard_tab_id"], made["tabs"][1]["id"]);
}

#[tokio::test]
async fn what_cannot_be_placed_is_refused_and_changes_nothing() {
    let board = Board::of(Version::V0_64).await;
    let tab = Some(board.tabs[0]);
    let card = |id: i64, card: i64| dashcard(id, Some(card), tab, 20);
    let cases = [
        (vec![card(-1, 99)], 404),
        (vec![card(-1, board.card), card(-1, board.card)], 400),
        (vec![card(12_345, board.card)], 400),
        (vec![dashcard(-1, Some(board.card), Some(99), 0)], 400),
    ];
    for (dashcards, expected) in cases {
        let body = json!({ "name": "Half", "tabs": board.kept_tabs(), "dashcards": dashcards });
        assert_eq!(board.put(body.clone()).await.0, expected, "{body}");
    }
    assert_eq!(board.bench.admin.read(&board.path).await["name"], "Board");

    board.bench.admin.put(&format!("/api/card/{}", board.card), &json!({ "archived": true })).await;
    assert_eq!(board.grid().await, (2, 1), "a card in the trash is not shown");
    let body = json!({ "tabs": board.kept_tabs(), "dashcards": [card(-1, board.card)] });
    assert_eq!(board.put(body).await.0, 400);
}

#[tokio::test]
async fn a_card_of_another_dashboard_is_refused() {
    let board = Board::of(Version::V0_64).await;
    let other = id(&board.bench.admin.make("/api/dashboard", &json!({ "name": "Other" })).await);
    board.bench.admin.put(&format!("/api/card/{}", board.card), &json!({ "dashboard_id": other })).await;
    let one = dashcard(-1, Some(board.card), Some(board.tabs[0]), 0);
    assert_eq!(board.put(json!({ "tabs": board.kept_tabs(), "dashcards": [one] })).await.0, 400);
}

#[tokio::test]
async fn what_the_server_keeps_in_silence_is_a_violation() {
    let board = Board::of(Version::V0_64).await;
    let tab = Some(board.tabs[0]);
    let with = |key: &str, value: Value| {
        let mut one = dashcard(-1, Some(board.card), tab, 0);
        one[key] = value;
        vec![one]
    };
    let mapping = |parameter: &str, card: Option<i64>, target: Value| {
        let mut mapping = json!({ "parameter_id": parameter, "target": target });
        if let Some(card) = card {
            mapping["card_id"] = json!(card);
        }
        with("parameter_mappings", json!([mapping]))
    };
    let day = || json!(["dimension", ["template-tag", "day"]]);
    let mut bare = dashcard(-1, None, tab, 0);
    bare.as_object_mut().expect("a dashcard").remove("card_id");
    let mut empty = dashcard(-1, None, tab, 0);
    empty["visualization_settings"] = json!({});
    let cases = [
        (with("col", json!(20)), "beyond the grid"),
        (vec![dashcard(-1, None, tab, 0), dashcard(-2, None, tab, 3)], "lies over another"),
        (vec![bare], "without `card_id`"),
        (vec![empty], "neither a card"),
        (mapping("p", None, day()), "does nothing without"),
        (mapping("q", Some(board.card), day()), "unknown parameter `q`"),
        (mapping("p", Some(board.card), json!(["variable", ["template-tag", "day"]])), "for no tag"),
        (mapping("p", Some(board.card), json!(["dimension", ["template-tag", "team"]])), "for no tag"),
    ];
    let parameters = json!([{ "id": "p", "name": "P", "slug": "p", "type": "date/all-options" }]);
    for (dashcards, violation) in cases {
        let before = board.bench.violations(violation);
        let body = json!({ "parameters": parameters, "tabs": board.kept_tabs(), "dashcards": dashcards });
        let (status, answer) = board.put(body).await;
        assert_eq!((status, board.bench.violations(violation)), (200, before + 1), "{violation}: {answer}");
    }
    let clean = board.bench.server.violations().len();
    let body = json!({ "parameters": parameters, "tabs": board.kept_tabs(), "dashcards": mapping("p", Some(board.card), day()) });
    board.put(body).await;
    assert_eq!(board.bench.server.violations().len(), clean);
}

#[tokio::test]
async fn a_removed_parameter_ends_the_subscription_that_uses_it() {
    let board = Board::of(Version::V0_64).await;
    let parameter = |id: &str| json!({ "id": id, "name": id, "slug": id, "type": "string/=" });
    board.put(json!({ "parameters": [parameter("p"), parameter("q")] })).await;
    let dashboard = board.path.rsplit('/').next().and_then(|id| id.parse::<i64>().ok());
    let subscribe = async |parameters: Value| {
        let body = json!({
            "name": "Monthly", "dashboard_id": dashboard, "cards": [], "channels": [], "parameters": parameters,
        });
        id(&board.bench.admin.make("/api/pulse", &body).await)
    };
    let (with, without) =
        (subscribe(json!([{ "id": "p", "value": ["a"] }])).await, subscribe(json!([])).await);
    assert_eq!(board.bench.violations("paid"), 1);
    let archived =
        async |id: i64| board.bench.admin.read(&format!("/api/pulse/{id}")).await["archived"].clone();
    board.put(json!({ "parameters": [parameter("p")] })).await;
    assert_eq!((archived(with).await, archived(without).await), (json!(false), json!(false)));
    board.put(json!({ "parameters": [parameter("q")] })).await;
    assert_eq!((archived(with).await, archived(without).await), (json!(true), json!(false)));
}

#[tokio::test]
async fn parameters_do_not_share_an_id() {
    let board = Board::of(Version::V0_64).await;
    let parameter = json!({ "id": "p", "name": "P", "slug": "p", "type": "string/=" });
    assert_eq!(board.put(json!({ "parameters": [parameter, parameter] })).await.0, 400);
}
