//! Secrets on the Secret Manager stub of the emulators.
#![allow(clippy::unwrap_used)]

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use aispend_google::Google;
use aispend_secrets::{SecretError, Secrets, SecretsOptions};
use secrecy::ExposeSecret as _;

/// A project of its own, and whom to ask.
fn fresh() -> Google {
    let random = RandomState::new().hash_one(0);
    Google::read(&|name| match name {
        "GOOGLE_CLOUD_PROJECT" => Some(format!("demo-{random:016x}")),
        aispend_emulators::SECRET_MANAGER => aispend_emulators::from_env().get(name).cloned(),
        _ => None,
    })
    .unwrap()
}

/// Adds a version.
async fn put(google: &Google, name: &str, value: &'static str) {
    let endpoint = google.secret_manager.as_deref().unwrap();
    let url = format!("{endpoint}/v1/projects/{}/secrets/{name}", google.project);
    reqwest::Client::new().put(url).body(value).send().await.unwrap().error_for_status().unwrap();
}

async fn connect(google: &Google) -> Secrets {
    let options = SecretsOptions { at_most_every: Duration::ZERO, ..SecretsOptions::default() };
    Secrets::connect(google, options).await.unwrap()
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn a_reference_is_its_value_and_anything_else_is_itself() {
    let google = fresh();
    let secrets = connect(&google).await;
    put(&google, "api-key", "sk-1\n").await;
    put(&google, "api-key", "sk-2").await;
    let whole = format!("secret://projects/{}/secrets/api-key", google.project);
    for (value, expected) in [
        ("secret://api-key", "sk-2"),
        ("secret://api-key/versions/1", "sk-1"),
        (whole.as_str(), "sk-2"),
        ("sk-plain", "sk-plain"),
    ] {
        assert_eq!(secrets.resolve(value).await.unwrap().expose_secret(), expected, "{value}");
        assert_eq!(Secrets::is_reference(value), value != "sk-plain");
    }
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn a_new_version_is_seen_when_asked_for() {
    let google = fresh();
    let secrets = connect(&google).await;
    put(&google, "api-key", "sk-1").await;
    let key = secrets.key("secret://api-key").await.unwrap();
    let pinned = secrets.key("secret://api-key/versions/1").await.unwrap();
    put(&google, "api-key", "sk-2").await;
    assert_eq!(key.current().expose_secret(), "sk-1", "it is remembered");
    assert_eq!(secrets.resolve("secret://api-key").await.unwrap().expose_secret(), "sk-1");
    assert_eq!(key.refreshed().await.expose_secret(), "sk-2");
    assert_eq!(secrets.resolve("secret://api-key").await.unwrap().expose_secret(), "sk-2");
    put(&google, "api-key", "sk-3").await;
    secrets.refresh().await;
    assert_eq!(key.current().expose_secret(), "sk-3");
    assert_eq!(pinned.current().expose_secret(), "sk-1");
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn secrets_are_read_again_by_themselves() {
    let google = fresh();
    let options = SecretsOptions { every: Duration::from_millis(50), ..SecretsOptions::default() };
    let secrets = Secrets::connect(&google, options).await.unwrap();
    put(&google, "api-key", "sk-1").await;
    let key = secrets.key("secret://api-key").await.unwrap();
    put(&google, "api-key", "sk-2").await;
    // The limit for refused keys has not passed: it is the other way that brings it.
    assert_eq!(key.refreshed().await.expose_secret(), "sk-1");
    let seen = async {
        while key.current().expose_secret() != "sk-2" {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), seen).await.unwrap();
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn a_missing_secret_is_named_with_what_shows_it() {
    let google = fresh();
    let secrets = connect(&google).await;
    put(&google, "api-key", "sk-1").await;
    for reference in ["secret://none", "secret://api-key/versions/7"] {
        let error = secrets.resolve(reference).await.unwrap_err();
        assert!(matches!(error, SecretError::Missing { .. }), "{error}");
        assert!(error.to_string().contains("gcloud secrets versions access"), "{error}");
    }
}
