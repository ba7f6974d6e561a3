//! What a Secret Manager that refuses or fails does to us. No emulator does these things on demand.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aispend_google::Google;
use aispend_secrets::{SecretError, Secrets, SecretsOptions};
use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use secrecy::ExposeSecret as _;

const OPTIONS: SecretsOptions = SecretsOptions {
    every: Duration::from_hours(1),
    at_most_every: Duration::from_mins(1),
    attempt: Duration::from_secs(1),
    total: Duration::from_secs(2),
};

async fn connect(endpoint: String, options: SecretsOptions) -> Secrets {
    let google =
        Google { project: "demo-project".to_owned(), secret_manager: Some(endpoint), ..Google::default() };
    Secrets::connect(&google, options).await.unwrap()
}

/// Answers the first, second … request so.
async fn service(
    options: SecretsOptions,
    answer: impl Fn(usize) -> (StatusCode, &'static str) + Clone + Send + Sync + 'static,
) -> (Secrets, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let router = Router::new().fallback(move || async move {
        let (status, body) = answer(counted.fetch_add(1, Ordering::SeqCst));
        (status, [("content-type", "application/json")], body).into_response()
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (connect(endpoint, options).await, calls)
}

const ONE: (StatusCode, &str) = (StatusCode::OK, r#"{"name":"a","payload":{"data":"c2stMQ=="}}"#);
const TWO: (StatusCode, &str) = (StatusCode::OK, r#"{"name":"a","payload":{"data":"c2stMg=="}}"#);
const BUSY: (StatusCode, &str) =
    (StatusCode::SERVICE_UNAVAILABLE, r#"{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}"#);

#[tokio::test]
async fn a_secret_that_is_refused_names_the_role() {
    let (secrets, calls) = service(OPTIONS, |_| {
        (StatusCode::FORBIDDEN, r#"{"error":{"code":403,"message":"no","status":"PERMISSION_DENIED"}}"#)
    })
    .await;
    let error = secrets.resolve("secret://api-key").await.unwrap_err();
    assert!(matches!(error, SecretError::Denied { .. }), "{error}");
    assert!(error.to_string().contains("roles/secretmanager.secretAccessor"), "{error}");
    assert!(error.to_string().contains("api-key"), "{error}");
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_busy_secret_manager_is_asked_again() {
    // Long: a machine with other work takes its time, and the client waits a while before it asks again.
    let options =
        SecretsOptions { attempt: Duration::from_secs(20), total: Duration::from_mins(1), ..OPTIONS };
    let (secrets, calls) = service(options, |call| if call == 0 { BUSY } else { ONE }).await;
    assert_eq!(secrets.resolve("secret://api-key").await.unwrap().expose_secret(), "sk-1");
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_value_stays_while_it_cannot_be_read_again() {
    let options = SecretsOptions { at_most_every: Duration::ZERO, ..OPTIONS };
    let refused = (StatusCode::FORBIDDEN, "{}");
    let (secrets, _) = service(options, move |call| if call == 0 { ONE } else { refused }).await;
    let key = secrets.key("secret://api-key").await.unwrap();
    assert_eq!(key.refreshed().await.expose_secret(), "sk-1");
}

#[tokio::test]
async fn many_refusals_at_once_read_it_once_and_then_not_for_a_while() {
    let half_a_second = Duration::from_millis(500);
    let options = SecretsOptions { at_most_every: half_a_second, ..OPTIONS };
    let (secrets, calls) = service(options, |call| if call == 0 { ONE } else { TWO }).await;
    let key = secrets.key("secret://api-key").await.unwrap();
    assert_eq!(key.refreshed().await.expose_secret(), "sk-1", "it was read a moment ago");
    tokio::time::sleep(half_a_second).await;
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let key = Arc::clone(&key);
            tokio::spawn(async move { key.refreshed().await.expose_secret().to_owned() })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), "sk-2");
    }
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn neither_errors_nor_debug_tell_a_value() {
    let unreadable = (StatusCode::OK, r#"{"payload":{"data":"sk-not-base64!"}}"#);
    let no_text = (StatusCode::OK, r#"{"payload":{"data":"/w=="}}"#);
    let empty = (StatusCode::OK, r#"{"payload":{"data":"Cg=="}}"#);
    for answer in [unreadable, no_text, empty] {
        let (secrets, _) = service(OPTIONS, move |_| answer).await;
        let error = secrets.resolve("secret://api-key").await.unwrap_err();
        assert!(matches!(error, SecretError::Unavailable { .. }), "{error}");
        assert!(!format!("{error} {error:?}").contains("sk-"), "{error}");
    }
    let (secrets, _) = service(OPTIONS, |_| ONE).await;
    assert!(!format!("{:?}", secrets.key("secret://api-key").await.unwrap()).contains("sk-"));
    assert!(!format!("{:?}", secrets.key("sk-plain").await.unwrap()).contains("sk-"));
    let error = secrets.resolve("secret://sk plain").await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("sk plain"), "{error}");
}

#[tokio::test]
async fn a_secret_manager_that_refuses_or_swallows_every_call_is_given_up_in_time() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    // Accepts connections (the system does), and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    for address in [closed, silent.local_addr().unwrap()] {
        let secrets = connect(format!("http://{address}"), OPTIONS).await;
        let begun = Instant::now();
        let error = secrets.resolve("secret://api-key").await.unwrap_err();
        assert!(matches!(error, SecretError::Unavailable { .. }), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{address}: {:?}", begun.elapsed());
    }
}
