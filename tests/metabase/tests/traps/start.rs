//! Start-up, set-up, keys.

use aispend_fake_metabase::{FakeMetabase, Options, Version};
use serde_json::{Value, json};

use crate::client::{Bench, Client, Who, options, set_up};

#[tokio::test]
async fn it_initializes_then_breaks_off_then_answers() {
    let options = Options { initializing_calls: 2, reset_window: 1, ..options() };
    let server = FakeMetabase::start_with(options).await;
    let nobody = Client::new(&server, Who::Nobody);
    for _ in 0..2 {
        let (status, body) = nobody.get("/api/collection").await;
        assert_eq!((status, body.as_str().is_some_and(|text| text.contains("sit tight"))), (503, true));
        assert_eq!(nobody.get("/api/health").await.1["status"], "initializing");
    }
    assert_eq!(nobody.get("/api/health").await, (200, json!({ "status": "ok" })));
    // Green, and not there yet.
    assert_eq!(nobody.send("GET", "/api/session/properties", None).await, None);
    assert_eq!(nobody.get("/api/session/properties").await.0, 200);
}

#[tokio::test]
async fn each_version_says_its_tag() {
    let cases = [
        (Version::V0_64, "v0.64."),
        (Version::V0_65, "v0.65."),
        (Version::Tag("v0.62.3.1".to_owned()), "v0.62.3.1"),
    ];
    for (version, tag) in cases {
        let server = FakeMetabase::start(version).await;
        let properties = Client::new(&server, Who::Nobody).read("/api/session/properties").await;
        assert!(
            properties["version"]["tag"].as_str().is_some_and(|found| found.starts_with(tag)),
            "{properties}"
        );
    }
}

#[tokio::test]
async fn it_is_set_up_once() {
    let server = FakeMetabase::start(Version::V0_64).await;
    let nobody = Client::new(&server, Who::Nobody);
    let properties = nobody.read("/api/session/properties").await;
    assert_eq!(
        (&properties["has-user-setup"], &properties["setup-token"]),
        (&json!(false), &json!(server.setup_token()))
    );
    assert_eq!(nobody.post("/api/setup", &set_up("wrong")).await.0, 400);
    let mut weak = set_up(&server.setup_token());
    weak["user"]["password"] = json!("short");
    assert_eq!(nobody.post("/api/setup", &weak).await.0, 400);

    nobody.make("/api/setup", &set_up(&server.setup_token())).await;
    let properties = nobody.read("/api/session/properties").await;
    assert_eq!((&properties["has-user-setup"], &properties["setup-token"]), (&json!(true), &Value::Null));
    assert_eq!(nobody.post("/api/setup", &set_up(&server.setup_token())).await.0, 403);
}

#[tokio::test]
async fn what_set_up_ignores_is_a_violation() {
    let server = FakeMetabase::start(Version::V0_64).await;
    let mut body = set_up(&server.setup_token());
    body["database"] = json!({ "engine": "bigquery-cloud-sdk" });
    Client::new(&server, Who::Nobody).make("/api/setup", &body).await;
    assert!(
        server.violations().iter().any(|violation| violation.contains("database")),
        "{:?}",
        server.violations()
    );
}

#[tokio::test]
async fn sessions_open_and_close() {
    let bench = Bench::of(Version::V0_64).await;
    let nobody = Client::new(&bench.server, Who::Nobody);
    let login = |password: &str| json!({ "username": "admin@example.com", "password": password });
    let (status, body) = nobody.post("/api/session", &login("wrong")).await;
    assert_eq!((status, body["errors"].is_object()), (400, true));
    let session =
        nobody.make("/api/session", &login("secret-1")).await["id"].as_str().expect("an id").to_owned();
    let person = Client::new(&bench.server, Who::Session(session));
    assert_eq!(person.read("/api/user/current").await["email"], "admin@example.com");
    assert_eq!(person.send("DELETE", "/api/session", None).await.expect("an answer").0, 204);
    assert_eq!(person.get("/api/user/current").await, (401, json!("Unauthenticated")));
}

#[tokio::test]
async fn a_key_is_shown_once() {
    let bench = Bench::of(Version::V0_64).await;
    let wanted = json!({ "name": "provisioner", "group_id": 2 });
    let made = bench.admin.make("/api/api-key", &wanted).await;
    let key = made["unmasked_key"].as_str().expect("a key").to_owned();
    assert!(key.starts_with("mb_"));
    let listed = bench.admin.read("/api/api-key").await;
    assert!(listed[0].get("unmasked_key").is_none() && !listed.to_string().contains(&key), "{listed}");
    assert!(!bench.server.state().to_string().contains(&key));

    let (status, body) = bench.admin.post("/api/api-key", &wanted).await;
    assert_eq!((status, body["errors"]["name"].is_string()), (400, true));

    let by_key = Client::new(&bench.server, Who::Key(key));
    let user = by_key.read("/api/user/current").await;
    assert!(user["email"].as_str().is_some_and(|email| email.ends_with("@api-key.invalid")), "{user}");
    let path = format!("/api/api-key/{}/regenerate", made["id"]);
    let again = bench.admin.send("PUT", &path, None).await.expect("an answer").1;
    assert_eq!(by_key.get("/api/user/current").await, (401, json!("Unauthenticated")));
    let again =
        Client::new(&bench.server, Who::Key(again["unmasked_key"].as_str().expect("a key").to_owned()));
    assert_eq!(again.get("/api/user/current").await.0, 200);
}

#[tokio::test]
async fn what_the_environment_sets_stays() {
    let fixed = vec![("site-name".to_owned(), json!("Fixed"))];
    let bench = Bench::with(Options { fixed_settings: fixed, ..options() }).await;
    assert_eq!(bench.admin.put("/api/setting/site-name", &json!({ "value": "Mine" })).await.0, 500);
    assert_eq!(bench.admin.read("/api/setting/site-name").await, json!("Fixed"));
    assert_eq!(
        bench.admin.put("/api/setting/admin-email", &json!({ "value": "a@example.com" })).await.0,
        204
    );
    assert_eq!(bench.admin.read("/api/setting/admin-email").await, json!("a@example.com"));
}

#[tokio::test]
async fn mail_is_configured_or_not() {
    let bench = Bench::of(Version::V0_64).await;
    let configured = "/api/setting/email-configured%3F";
    assert_eq!(bench.admin.read(configured).await, json!(false));
    assert_eq!(bench.admin.send("POST", "/api/email/test", None).await.expect("an answer").0, 400);
    let server = json!({ "email-smtp-host": "smtp.example.com", "email-smtp-password": "hush-1" });
    assert_eq!(bench.admin.put("/api/email", &server).await.0, 200);
    let told = [bench.admin.read("/api/setting").await.to_string(), bench.server.state().to_string()];
    assert!(told.iter().all(|told| told.contains("smtp.example.com") && !told.contains("hush-1")));
    assert_eq!(bench.admin.read(configured).await, json!(true));
}
