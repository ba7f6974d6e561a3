//! Subscriptions, alerts, caching and search.

use aispend_fake_metabase::{Options, Version};
use serde_json::{Value, json};

use crate::client::{Bench, dashcard, id, options};

fn channel(schedule: &Value) -> Value {
    let mut channel = json!({ "channel_type": "email", "enabled": true, "recipients": [{ "email": "fin@example.com" }], "details": {} });
    for (key, value) in schedule.as_object().expect("a schedule") {
        channel[key] = value.clone();
    }
    channel
}

fn monthly() -> Value {
    channel(
        &json!({ "schedule_type": "monthly", "schedule_frame": "first", "schedule_day": "mon", "schedule_hour": 8 }),
    )
}

/// A card on a dashboard, and the ids of both and of its place.
async fn placed(bench: &Bench) -> (i64, i64, i64) {
    let database = bench.database().await;
    let card = bench.card(database).await;
    let dashboard = id(&bench.admin.make("/api/dashboard", &json!({ "name": "Board" })).await);
    let body = json!({ "tabs": [], "dashcards": [dashcard(-1, Some(card), None, 0)] });
    let (_, made) = bench.admin.put(&format!("/api/dashboard/{dashboard}"), &body).await;
    (dashboard, card, id(&made["dashcards"][0]))
}

#[tokio::test]
async fn a_put_resets_what_a_subscription_does_not_send() {
    let bench = Bench::of(Version::V0_64).await;
    let (dashboard, card, place) = placed(&bench).await;
    let cards =
        json!([{ "id": card, "dashboard_card_id": place, "include_csv": false, "include_xls": true }]);
    let body = json!({
        "name": "Monthly", "dashboard_id": dashboard, "skip_if_empty": true, "parameters": [], "cards": cards,
        "channels": [monthly()],
    });
    let made = bench.admin.make("/api/pulse", &body).await;
    assert_eq!(bench.server.violations(), [""; 0]);
    let path = format!("/api/pulse/{}", made["id"]);
    let (_, told) = bench.admin.put(&path, &json!({ "name": "Renamed", "archived": false })).await;
    assert_eq!((&told["skip_if_empty"], &told["cards"]), (&json!(false), &cards));
    assert_eq!(bench.violations("`skip_if_empty` it becomes false"), 1);
    let list = format!("/api/pulse?dashboard_id={dashboard}");
    assert_eq!(bench.admin.read(&list).await.as_array().map(Vec::len), Some(1));
    bench.admin.put(&path, &json!({ "archived": true, "skip_if_empty": false })).await;
    assert_eq!(bench.admin.read(&list).await, json!([]));
}

#[tokio::test]
async fn a_subscription_that_cannot_be_sent_is_refused() {
    let bench = Bench::of(Version::V0_64).await;
    let (dashboard, card, place) = placed(&bench).await;
    let schedule = |schedule: Value| vec![channel(&schedule)];
    let mut unsure = monthly();
    unsure["enabled"] = json!("yes");
    let at = |card: i64, place: i64| json!([{ "id": card, "dashboard_card_id": place }]);
    let cases = [
        (vec![unsure], at(card, place), 500),
        (schedule(json!({ "schedule_type": "daily" })), at(card, place), 400),
        (schedule(json!({ "schedule_type": "weekly", "schedule_hour": 8 })), at(card, place), 400),
        (
            schedule(
                json!({ "schedule_type": "monthly", "schedule_frame": "mid", "schedule_hour": 8, "schedule_day": "mon" }),
            ),
            at(card, place),
            400,
        ),
        // The two ids turned round.
        (vec![monthly()], at(place, card), 400),
        (vec![monthly()], at(card, card), 400),
    ];
    for (channels, cards, expected) in cases {
        let body = json!({ "name": "M", "dashboard_id": dashboard, "cards": cards, "channels": channels });
        assert_eq!(bench.admin.post("/api/pulse", &body).await.0, expected, "{body}");
    }
    assert_eq!(bench.admin.read("/api/pulse").await, json!([]));
}

fn alert(card: i64) -> Value {
    json!({
        "payload_type": "notification/card",
        "payload": { "card_id": card, "send_condition": "has_result", "send_once": false },
        "subscriptions": [{ "type": "notification-subscription/cron", "cron_schedule": "0 0 8 * * ? *", "ui_display_type": "cron/raw" }],
        "handlers": [{ "channel_type": "channel/email", "recipients": [
            { "type": "notification-recipient/raw-value", "details": { "value": "fin@example.com" } },
        ]}],
    })
}

#[tokio::test]
async fn an_alert_keeps_the_parts_whose_ids_come_back() {
    let bench = Bench::of(Version::V0_65).await;
    let (_, card, _) = placed(&bench).await;
    let made = bench.admin.make("/api/notification", &alert(card)).await;
    assert_eq!(bench.server.violations(), [""; 0]);
    let path = format!("/api/notification/{}", made["id"]);
    let part = |told: &Value| {
        [
            told["payload"]["id"].clone(),
            told["subscriptions"][0]["id"].clone(),
            told["handlers"][0]["id"].clone(),
        ]
    };
    let (_, whole) = bench.admin.put(&path, &made).await;
    assert_eq!(part(&whole), part(&made));
    let mut foreign = made.clone();
    foreign["handlers"][0]["id"] = json!(7);
    let (_, mended) = bench.admin.put(&path, &foreign).await;
    assert_ne!(mended["handlers"][0]["id"], 7, "an id of nothing is no id");
    let mut off = alert(card);
    off["active"] = json!(false);
    let (_, anew) = bench.admin.put(&path, &off).await;
    assert!(part(&anew).iter().zip(part(&made)).all(|(new, old)| *new != old), "{anew}");
    assert_eq!(bench.violations("made anew"), 1);

    let count = async |query: &str| {
        bench.admin.read(&format!("/api/notification?{query}")).await.as_array().map(Vec::len)
    };
    assert_eq!(count(&format!("card_id={card}")).await, Some(0));
    assert_eq!(count(&format!("card_id={card}&include_inactive=true")).await, Some(1));
    assert_eq!(count("").await, Some(1), "the server's own");
}

#[tokio::test]
async fn an_alert_that_never_comes_is_told() {
    let bench = Bench::of(Version::V0_64).await;
    let (_, card, _) = placed(&bench).await;
    for cron in ["0 8 * * *", "0 0 8 * * * *", "0 0 8 ? * ? *"] {
        let mut body = alert(card);
        body["subscriptions"][0]["cron_schedule"] = json!(cron);
        assert_eq!(bench.admin.post("/api/notification", &body).await.0, 400, "{cron}");
    }
    let mut body = alert(card);
    body["payload"]["send_condition"] = json!("goal_above");
    bench.admin.make("/api/notification", &body).await;
    assert_eq!(bench.violations("no goal"), 1);
}

#[tokio::test]
async fn caching_is_for_the_whole_instance() {
    let bench = Bench::of(Version::V0_64).await;
    let ttl = json!({ "type": "ttl", "multiplier": 7200, "min_duration_ms": 200 });
    let duration =
        json!({ "type": "duration", "duration": 6, "unit": "hours", "refresh_automatically": false });
    let put = async |model: &str, id: i64, strategy: &Value| {
        bench
            .admin
            .put("/api/cache", &json!({ "model": model, "model_id": id, "strategy": strategy }))
            .await
            .0
    };
    assert_eq!(put("root", 0, &ttl).await, 200);
    assert_eq!(put("root", 0, &duration).await, 400);
    assert_eq!(put("dashboard", 4, &ttl).await, 402);
    assert_eq!(bench.admin.post("/api/cache/invalidate", &json!({})).await.0, 402);
    assert_eq!(bench.admin.read("/api/cache?model=root").await["data"][0]["strategy"], ttl);
}

#[tokio::test]
async fn search_is_a_write_behind() {
    let bench = Bench::with(Options { search_lag: 1, ..options() }).await;
    let found = async |name: &str| {
        bench.admin.read(&format!("/api/search?q={name}&models=collection")).await["total"].clone()
    };
    bench.admin.make("/api/collection", &json!({ "name": "First" })).await;
    assert_eq!(found("first").await, 0);
    bench.admin.make("/api/collection", &json!({ "name": "Second" })).await;
    assert_eq!((found("first").await, found("second").await), (json!(1), json!(0)));
    bench.admin.send("POST", "/api/search/force-reindex", None).await;
    assert_eq!(found("second").await, 1);
}
