//! Settings that name secrets, over a stand-in for Secret Manager.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aispend_config::Settings;
use axum::Router;
use axum::http::{StatusCode, Uri};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret as _;
use serde_json::json;
use tokio::net::TcpListener;

use crate::secrets::{all_revealed, followed};
use crate::tests::{after, settings};

/// Secrets by name, and what was asked for.
#[derive(Clone, Default)]
struct Vault {
    secrets: Arc<Mutex<BTreeMap<&'static str, &'static str>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Vault {
    fn keep(&self, name: &'static str, text: &'static str) {
        self.secrets.lock().unwrap().insert(name, text);
    }

    fn answer(&self, uri: &Uri) -> (StatusCode, String) {
        let name = uri.path().split('/').nth(5).unwrap_or_default().to_owned();
        let known = self.secrets.lock().unwrap().get(name.as_str()).copied();
        self.asked.lock().unwrap().push(name);
        if let Some(text) = known {
            return (StatusCode::OK, json!({"payload": {"data": STANDARD.encode(text)}}).to_string());
        }
        let error = json!({"error": {"code": 404, "message": "none", "status": "NOT_FOUND"}});
        (StatusCode::NOT_FOUND, error.to_string())
    }

    async fn settings(&self, pairs: &[(&'static str, &str)]) -> Settings {
        let vault = self.clone();
        let app = Router::new().fallback(move |uri: Uri| async move {
            let (status, body) = vault.answer(&uri);
            (status, [("content-type", "application/json")], body)
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, app).await });
        let here = [("google.project", "demo"), ("google.secret_manager_emulator", host.as_str())];
        settings(&[pairs, &here].concat())
    }
}

#[tokio::test]
async fn any_text_of_a_workers_settings_may_be_a_secret_and_no_others_is_asked_for() {
    let vault = Vault::default();
    vault.keep("dataset", "spend");
    vault.keep("collector", "http://collector.example.com:4318");
    let named = vault
        .settings(&[
            ("google.dataset", "secret://dataset"),
            ("telemetry.otlp_endpoint", "secret://collector"),
            ("google.bucket", "plain"),
            ("metabase.api_key", "secret://of-another"),
            ("cursor.admin_key", "secret://followed-by-the-client"),
        ])
        .await;
    let told = all_revealed(&named, &["google.", "telemetry.", "cursor."]).await.unwrap();
    assert_eq!(told.text("google.dataset"), Some("spend"));
    assert_eq!(told.text("telemetry.otlp_endpoint"), Some("http://collector.example.com:4318"));
    assert_eq!(told.text("google.bucket"), Some("plain"));
    assert_eq!(*vault.asked.lock().unwrap(), ["dataset", "collector"]);
}

#[tokio::test]
async fn a_secret_that_cannot_be_read_or_used_names_its_setting_and_the_remedy() {
    let vault = Vault::default();
    vault.keep("collector", "hunter2");
    for (name, reference, expected) in [
        ("google.dataset", "secret://none", ["AISPEND_DATASET", "gcloud secrets versions access"]),
        ("google.dataset", "secret://a b", ["AISPEND_DATASET", "secret://NAME"]),
        (
            "telemetry.otlp_endpoint",
            "secret://collector",
            ["OTEL_EXPORTER_OTLP_ENDPOINT", "no value of this"],
        ),
    ] {
        let named = vault.settings(&[(name, reference)]).await;
        let error = all_revealed(&named, &["google.", "telemetry."]).await.err().unwrap().to_string();
        assert!(expected.iter().all(|text| error.contains(text)), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn a_followed_secret_is_read_again_every_hour() {
    const NAME: &str = "alerts.smtp_url";
    let vault = Vault::default();
    vault.keep("smtp", "smtps://one.example.com");
    let named = vault.settings(&[(NAME, "secret://smtp"), ("alerts.folder", "here")]).await;
    let keys = followed(&named, &[NAME, "alerts.webhook_url"]).await.unwrap();
    assert_eq!(keys.keys().collect::<Vec<_>>(), [&NAME]);
    let key = &keys[NAME];
    assert_eq!(key.current().expose_secret(), "smtps://one.example.com");
    vault.keep("smtp", "smtps://two.example.com");
    after(Duration::from_secs(3_601)).await;
    while key.current().expose_secret() != "smtps://two.example.com" {
        tokio::task::yield_now().await;
    }
    assert!(!format!("{key:?}").contains("two"));
}
