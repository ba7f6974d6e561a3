//! Signed pushes, and what a worker says of its health.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aispend_memory::{MemoryBus, MemoryBusOptions};
use aispend_ports::{Bus, Clock, SystemClock, Topic};
use aispend_simulator::google_credentials;
use aispend_testkit::memory::MemoryParked;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::health::{Health, Phase};
use crate::oidc::Gate;
use crate::process::gate;
use crate::push::PushBus;
use crate::server::{PushDoor, serve};
use crate::tests::{after, settings};

const AUDIENCE: &str = "https://normalizer.example.com";
const PUSHER: &str = "pusher@example.com";
const BODY: &str = r#"{"subscription":"projects/demo/subscriptions/raw-slices.normalizer",
    "message":{"data":"aGk=","messageId":"1","publishTime":"2026-11-22T00:01:48Z"}}"#;

/// Google, with one key.
struct Google {
    key: EncodingKey,
    url: String,
    asked: Arc<AtomicUsize>,
    /// The id under which the key is published; none: Google is out of order.
    kid: Arc<watch::Sender<Option<&'static str>>>,
}

impl Google {
    async fn start() -> Self {
        let file: Value = serde_json::from_str(&google_credentials("http://localhost")).unwrap();
        let key = EncodingKey::from_rsa_pem(file["private_key"].as_str().unwrap().as_bytes()).unwrap();
        let published =
            serde_json::to_value(Jwk::from_encoding_key(&key, Algorithm::RS256).unwrap()).unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let kid = Arc::new(watch::Sender::new(Some("k1")));
        let (counted, named) = (Arc::clone(&asked), Arc::clone(&kid));
        let keys = move || {
            counted.fetch_add(1, Ordering::SeqCst);
            let answer = named.borrow().map(|kid| {
                let mut key = published.clone();
                key["kid"] = json!(kid);
                json!({"keys": [key]}).to_string()
            });
            async move { answer.ok_or(StatusCode::INTERNAL_SERVER_ERROR) }
        };
        let url = spawn(Router::new().route("/certs", get(keys))).await;
        Self { key, url: format!("{url}/certs"), asked, kid }
    }

    fn gate(&self) -> Gate {
        Gate::oidc(AUDIENCE, PUSHER, Some(&self.url))
    }

    fn token(&self, kid: &str, claims: &Value) -> String {
        let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::RS256) };
        encode(&header, claims, &self.key).unwrap()
    }

    fn good(&self) -> String {
        self.token("k1", &claims(|_| ()))
    }
}

async fn spawn(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

fn now() -> i64 {
    SystemClock::new(tokio::time::sleep).now().as_second()
}

fn claims(change: impl FnOnce(&mut Value)) -> Value {
    let mut claims = json!({
        "iss": "https://accounts.google.com", "aud": AUDIENCE, "sub": "1", "iat": now(), "exp": now() + 3_000,
        "email": PUSHER, "email_verified": true,
    });
    change(&mut claims);
    claims
}

/// A worker in push mode, whose stage settles whatever it gets.
struct Pushed {
    url: String,
    health: Arc<Health>,
    taken: Arc<AtomicUsize>,
    client: reqwest::Client,
    _stop: watch::Sender<bool>,
}

impl Pushed {
    async fn start(gate: Gate, phase: Phase) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new(tokio::time::sleep));
        let memory = MemoryBus::new(MemoryBusOptions::default(), clock, Arc::<MemoryParked>::default());
        let (bus, inlet) = PushBus::new(Arc::new(memory), 100);
        let taken = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&taken);
        tokio::spawn(async move {
            let mut pushed = bus.subscribe(Topic::RawSlices).await.unwrap();
            while let Some(delivery) = pushed.next().await {
                counted.fetch_add(1, Ordering::SeqCst);
                delivery.unwrap().receipt.ack().await.unwrap();
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let health = Arc::new(Health::default());
        health.enter(phase);
        let stop = watch::Sender::new(false);
        let door = PushDoor { topic: Topic::RawSlices, gate, inlet };
        tokio::spawn(serve(listener, Arc::clone(&health), Some(door), stop.subscribe()));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { url, health, taken, client, _stop: stop }
    }

    async fn push(&self, authorization: Option<&str>) -> (u16, String) {
        let mut request = self.client.post(format!("{}/push", self.url)).body(BODY);
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        read(request.send().await.unwrap()).await
    }

    async fn bearer(&self, token: &str) -> (u16, String) {
        self.push(Some(&format!("Bearer {token}"))).await
    }

    async fn get(&self, path: &str) -> (u16, String) {
        read(self.client.get(format!("{}{path}", self.url)).send().await.unwrap()).await
    }

    fn taken(&self) -> usize {
        self.taken.load(Ordering::SeqCst)
    }
}

async fn read(answer: reqwest::Response) -> (u16, String) {
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn a_push_of_our_subscription_is_taken_however_many_come_at_once() {
    let google = Google::start().await;
    let worker = Arc::new(Pushed::start(google.gate(), Phase::Ready).await);
    // None waits for keys in vain while another reads them: a refusal would cost the message an attempt.
    let pushes: Vec<_> = (0..20)
        .map(|_| {
            let (worker, token) = (Arc::clone(&worker), google.good());
            tokio::spawn(async move { worker.bearer(&token).await.0 })
        })
        .collect();
    for push in pushes {
        assert_eq!(push.await.unwrap(), 204);
    }
    assert_eq!((worker.taken(), google.asked.load(Ordering::SeqCst)), (20, 1));
}

#[tokio::test]
async fn every_other_push_is_turned_away_with_the_reason_and_reaches_no_stage() {
    let google = Google::start().await;
    let worker = Pushed::start(google.gate(), Phase::Ready).await;
    let signed = |change: fn(&mut Value)| format!("Bearer {}", google.token("k1", &claims(change)));
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let unsigned =
        format!("Bearer {}.{}.", part(&json!({"alg": "none", "kid": "k1"})), part(&claims(|_| ())));
    // Anybody has the public key: it is no password.
    let shared = Header { kid: Some("k1".to_owned()), ..Header::new(Algorithm::HS256) };
    let shared = encode(&shared, &claims(|_| ()), &EncodingKey::from_secret(b"public")).unwrap();
    let good = google.good();
    let [head, _, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let tampered =
        format!("Bearer {head}.{}.{signature}", part(&claims(|claims| claims["sub"] = json!("2"))));
    for (authorization, reason) in [
        (None, "no bearer token"),
        (Some("Basic cHVzaGVyOng=".to_owned()), "no bearer token"),
        (Some("Bearer ".to_owned()), "no bearer token"),
        (Some("Bearer a.b.c".to_owned()), "not taken"),
        (Some(unsigned), "not taken"),
        (Some(format!("Bearer {shared}")), "HS256"),
        (Some(tampered), "InvalidSignature"),
        (Some(format!("Bearer {}", google.token("k2", &claims(|_| ())))), "not published"),
        (Some(signed(|claims| claims["aud"] = json!("https://loader.example.com"))), "AISPEND_PUSH_AUDIENCE"),
        (Some(signed(|claims| claims["iss"] = json!("https://accounts.example.com"))), "did not issue"),
        (Some(signed(|claims| claims["exp"] = json!(now() - 60))), "too old"),
        (Some(signed(|claims| drop(claims.as_object_mut().unwrap().remove("exp")))), "exp"),
        (Some(signed(|claims| claims["email"] = json!("other@example.com"))), "AISPEND_PUSH_SERVICE_ACCOUNT"),
        (
            Some(signed(|claims| drop(claims.as_object_mut().unwrap().remove("email")))),
            "AISPEND_PUSH_SERVICE_ACCOUNT",
        ),
        (Some(signed(|claims| claims["email_verified"] = json!(false))), "not verified"),
        (
            Some(signed(|claims| drop(claims.as_object_mut().unwrap().remove("email_verified")))),
            "not verified",
        ),
    ] {
        let (status, said) = worker.push(authorization.as_deref()).await;
        assert_eq!(status, 401, "{reason}: {said}");
        assert!(said.contains(reason), "{said} should say {reason}");
    }
    assert_eq!(worker.taken(), 0);
    assert_eq!(worker.bearer(&good).await.0, 204);
}

#[tokio::test]
async fn without_keys_a_push_comes_again_and_keys_once_read_outlast_an_outage() {
    let google = Google::start().await;
    google.kid.send_replace(None);
    let worker = Pushed::start(google.gate(), Phase::Ready).await;
    let (status, said) = worker.bearer(&google.good()).await;
    assert_eq!((status, worker.taken()), (503, 0));
    assert!(said.contains("keys cannot be read") && said.contains("500"), "{said}");

    google.kid.send_replace(Some("k1"));
    after(Duration::from_secs(2)).await;
    assert_eq!(worker.bearer(&google.good()).await.0, 204);

    google.kid.send_replace(None);
    after(Duration::from_hours(2)).await;
    assert_eq!(worker.bearer(&google.good()).await.0, 204);
    assert_eq!(google.asked.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_new_key_is_found_and_a_strangers_makes_us_ask_no_more_than_twice_a_minute() {
    let google = Google::start().await;
    let worker = Pushed::start(google.gate(), Phase::Ready).await;
    assert_eq!(worker.bearer(&google.good()).await.0, 204);
    google.kid.send_replace(Some("k2"));
    let new = google.token("k2", &claims(|_| ()));
    for _ in 0..5 {
        assert_eq!(worker.bearer(&new).await.0, 401);
    }
    assert_eq!(google.asked.load(Ordering::SeqCst), 1);
    after(Duration::from_secs(31)).await;
    assert_eq!(worker.bearer(&new).await.0, 204);
    assert_eq!(google.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_worker_says_whether_it_lives_and_whether_it_takes_messages() {
    let google = Google::start().await;
    let worker = Pushed::start(google.gate(), Phase::Starting).await;
    let token = google.good();
    for (phase, ready, said, push) in [
        (Phase::Starting, 503, "starting\n", 503),
        (Phase::Ready, 200, "ready\n", 204),
        (Phase::Draining, 503, "draining\n", 503),
    ] {
        worker.health.enter(phase);
        assert_eq!(worker.get("/healthz").await, (200, "ok\n".to_owned()), "{phase:?}");
        assert_eq!(worker.get("/readyz").await, (ready, said.to_owned()), "{phase:?}");
        assert_eq!(worker.bearer(&token).await.0, push, "{phase:?}");
    }
    assert_eq!(worker.taken(), 1);
}

#[test]
fn a_worker_in_push_mode_does_not_start_unguarded() {
    let check = |pairs: &[(&'static str, &str)], is_emulated: bool| {
        gate(&settings(pairs), is_emulated).map_err(|error| error.to_string())
    };
    let refused =
        |pairs: &[(&'static str, &str)], is_emulated: bool| check(pairs, is_emulated).err().unwrap();
    assert!(refused(&[], true).starts_with("AISPEND_PUSH_AUDIENCE: not set"));
    let audience = ("google.push_audience", AUDIENCE);
    assert!(refused(&[audience], false).starts_with("AISPEND_PUSH_SERVICE_ACCOUNT: not set"));
    assert!(
        refused(&[("google.push_auth", "none")], false)
            .starts_with("AISPEND_PUSH_AUTH: none is for emulators")
    );
    assert!(matches!(check(&[("google.push_auth", "none")], true), Ok(Gate::Open)));
    assert!(matches!(check(&[audience, ("google.push_service_account", PUSHER)], false), Ok(Gate::Oidc(_))));
}
