//! The worker's web server: is it alive, is it ready, and in push mode the messages themselves.

use std::sync::Arc;

use aispend_ports::{Delivery, Topic};
use aispend_pubsub::push::parse;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::{get, post};
use futures::future::BoxFuture;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing::warn;

use crate::health::{Health, Phase};
use crate::oidc::{Gate, Refused};
use crate::push::{Inlet, Settled};

/// A message of 10 MB as base64, and what stands around it.
const LARGEST_BODY: usize = 15 * 1024 * 1024;

/// Takes pushed messages of one topic.
pub struct PushDoor {
    pub topic: Topic,
    pub gate: Gate,
    pub inlet: Inlet,
}

struct Served {
    health: Arc<Health>,
    door: Option<PushDoor>,
}

/// Serves until `stop` turns true, then until the last request is answered.
pub fn serve(
    listener: TcpListener,
    health: Arc<Health>,
    door: Option<PushDoor>,
    mut stop: watch::Receiver<bool>,
) -> BoxFuture<'static, std::io::Result<()>> {
    Box::pin(async move {
        let is_push = door.is_some();
        let served = Arc::new(Served { health, door });
        let mut router = Router::new().route("/healthz", get(healthz)).route("/readyz", get(readyz));
        if is_push {
            router = router.route("/", post(pushed)).route("/push", post(pushed));
        }
        let app = router.layer(DefaultBodyLimit::max(LARGEST_BODY)).with_state(served);
        let stopped = async move {
            // A sender that is gone means the same.
            drop(stop.wait_for(|stop| *stop).await);
        };
        axum::serve(listener, app).with_graceful_shutdown(stopped).await
    })
}

/// The process lives. Not a word about the world: a restart would not mend that.
async fn healthz() -> (StatusCode, &'static str) {
    (StatusCode::OK, "ok\n")
}

async fn readyz(State(served): State<Arc<Served>>) -> (StatusCode, &'static str) {
    match served.health.phase() {
        Phase::Ready => (StatusCode::OK, "ready\n"),
        Phase::Starting => (StatusCode::SERVICE_UNAVAILABLE, "starting\n"),
        Phase::Draining => (StatusCode::SERVICE_UNAVAILABLE, "draining\n"),
    }
}

/// One pushed message. 2xx acknowledges it; everything else makes Pub/Sub send it again.
async fn pushed(State(served): State<Arc<Served>>, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    let Some(door) = &served.door else { return (StatusCode::NOT_FOUND, String::new()) };
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if let Err(refused) = door.gate.check(authorization).await {
        warn!(detail = %refused, "a pushed message was turned away");
        let status = match refused {
            Refused::NoToken | Refused::Token(_) => StatusCode::UNAUTHORIZED,
            Refused::NoKeys(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        return (status, format!("{refused}\n"));
    }
    let pushed = match parse(&body) {
        Ok(pushed) => pushed,
        Err(error) => {
            warn!(detail = %error, "a pushed request holds no message");
            return (StatusCode::BAD_REQUEST, format!("{error}\n"));
        }
    };
    if pushed.topic != door.topic {
        let detail = format!(
            "this worker takes {}, the subscription is one of {}\n",
            door.topic.as_str(),
            pushed.topic.as_str()
        );
        warn!(detail = detail.trim(), "a pushed message of another topic");
        return (StatusCode::BAD_REQUEST, detail);
    }
    if served.health.phase() != Phase::Ready {
        return (StatusCode::SERVICE_UNAVAILABLE, "not ready\n".to_owned());
    }
    let handed = door.inlet.hand(|receipt| Delivery {
        message_id: pushed.message_id,
        data: pushed.data,
        attributes: pushed.attributes,
        attempt: pushed.attempt,
        published_at: pushed.published_at,
        receipt,
    });
    let why = match handed.await {
        Settled::Done => return (StatusCode::NO_CONTENT, String::new()),
        Settled::GivenBack => "given back\n",
        Settled::Busy => "all hands are busy\n",
        Settled::AtWork => "still at work\n",
    };
    (StatusCode::SERVICE_UNAVAILABLE, why.to_owned())
}
