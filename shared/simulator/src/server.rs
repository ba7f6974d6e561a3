//! The simulator on a socket: every vendor under one address.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::IntoResponse;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;
use tokio::net::TcpListener;

use crate::google::decode;
use crate::http::{Delivery, Request, Response};
use crate::simulator::Simulator;

/// What time it is for the vendors.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A simulator that a server and its test share.
pub type Shared = Arc<Mutex<Simulator>>;

/// A clock that always says the same.
pub fn clock_at(now: Timestamp) -> Clock {
    Arc::new(move || now)
}

#[derive(Clone)]
struct Desk {
    simulator: Shared,
    clock: Clock,
}

/// Serves until the future is dropped. Below `/_simulator/` are `truth`, `requests` and, by POST, `restate`.
///
/// # Errors
///
/// When the listener fails.
pub async fn serve(simulator: Shared, listener: TcpListener, clock: Clock) -> io::Result<()> {
    let router = Router::new().fallback(answer).with_state(Desk { simulator, clock });
    axum::serve(listener, router).await
}

/// Serves in the background on any free port, and says the base URL. Needs a tokio runtime.
///
/// # Errors
///
/// When no port is free.
pub async fn spawn(
    simulator: Shared,
    clock: Clock,
) -> io::Result<(String, tokio::task::JoinHandle<io::Result<()>>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?);
    Ok((base, tokio::spawn(serve(simulator, listener, clock))))
}

async fn answer(State(desk): State<Desk>, request: axum::extract::Request) -> axum::response::Response {
    let Some(request) = read(request).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let now = (desk.clock)();
    let response = {
        let mut simulator = desk.simulator.lock().unwrap_or_else(PoisonError::into_inner);
        if request.path.starts_with("/_simulator/") {
            control(&mut simulator, now, &request)
        } else {
            simulator.handle(now, &request)
        }
    };
    if let Delivery::Slow(delay) = response.delivery {
        tokio::time::sleep(delay).await;
    }
    deliver(response)
}

async fn read(request: axum::extract::Request) -> Option<Request> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.ok()?;
    let query = parts.uri.query().unwrap_or("");
    let query = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    });
    let headers = parts.headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    Some(Request {
        method: parts.method.as_str().to_owned(),
        path: decode(&parts.uri.path().replace('+', "%2B")),
        query: query.collect(),
        headers: headers.collect(),
        body,
    })
}

fn deliver(response: Response) -> axum::response::Response {
    let body = match response.delivery {
        Delivery::Whole | Delivery::Slow(_) => Body::from(response.body),
        Delivery::Cut(length) => broken(response.body.slice(..length.min(response.body.len()))),
        Delivery::Refused => broken(Bytes::new()),
    };
    let mut out = axum::response::Response::new(body);
    *out.status_mut() = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in response.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&value)) {
            out.headers_mut().append(name, value);
        }
    }
    out
}

/// A body that ends in the middle, and takes the connection with it.
fn broken(start: Bytes) -> Body {
    let closed = || io::Error::new(io::ErrorKind::ConnectionReset, "closed by the simulator");
    Body::from_stream(futures::stream::iter([Ok(start), Err(closed())]))
}

fn control(simulator: &mut Simulator, now: Timestamp, request: &Request) -> Response {
    let reply = |status, value: &serde_json::Value| Response::json(status, Bytes::from(value.to_string()));
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/_simulator/requests") => reply(200, &json!(simulator.requests())),
        ("GET", "/_simulator/truth") => {
            let truth = simulator.world.truth(&simulator.world.scope(now));
            match serde_json::to_vec(&truth) {
                Ok(body) => Response::json(200, Bytes::from(body)),
                Err(error) => reply(500, &json!({ "error": error.to_string() })),
            }
        }
        ("POST", "/_simulator/restate") => {
            let done = if request.body.is_empty() {
                let seed = request.parameter("seed").and_then(|seed| seed.parse().ok()).unwrap_or(1);
                Ok(simulator.world.restate_random(seed))
            } else {
                serde_json::from_slice(&request.body)
                    .inspect(|restatement| simulator.world.restate(restatement))
            };
            match done {
                Ok(restatement) => reply(200, &json!(restatement)),
                Err(error) => reply(400, &json!({ "error": format!("not a restatement: {error}") })),
            }
        }
        _ => reply(404, &json!({ "error": "no such control" })),
    }
}
