//! One address for all copies of a stage, as Cloud Run has: each request goes to one that lives, and has an answer of HTTP
//! whatever becomes of the copy.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use bytes::Bytes;
use tokio::net::TcpListener;

/// How long a request waits for a copy that lives, as Cloud Run lets it wait for one that starts.
const QUEUED: Duration = Duration::from_secs(8);

/// Passes requests on until it is dropped.
pub struct Balancer {
    pub port: u16,
    copies: Copies,
    serving: tokio::task::JoinHandle<()>,
}

#[derive(Clone)]
struct Copies {
    ports: Arc<Mutex<Vec<u16>>>,
    /// Requests that came, and that have ended.
    counted: Arc<(AtomicU64, AtomicU64)>,
    client: reqwest::Client,
}

impl Balancer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let copies = Copies { ports: Arc::default(), counted: Arc::default(), client };
        let router = Router::new().fallback(pass_on).with_state(copies.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { port, copies, serving }
    }

    /// How many requests came, and how many of them have ended, so far.
    pub fn counted(&self) -> (u64, u64) {
        let (came, ended) = &*self.copies.counted;
        (came.load(Ordering::Relaxed), ended.load(Ordering::Relaxed))
    }

    /// One more copy.
    pub fn add(&self, port: u16) {
        self.copies.ports.lock().unwrap_or_else(PoisonError::into_inner).push(port);
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn pass_on(State(copies): State<Copies>, uri: Uri, headers: HeaderMap, body: Bytes) -> StatusCode {
    let _asked = Asked::count(&copies.counted);
    ask_one(&copies, uri, headers, body).await
}

/// A request under way; it ends also where who asked no longer waits.
struct Asked(Arc<(AtomicU64, AtomicU64)>);

impl Asked {
    fn count(counted: &Arc<(AtomicU64, AtomicU64)>) -> Self {
        counted.0.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(counted))
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.0.1.fetch_add(1, Ordering::Relaxed);
    }
}

/// A copy that refuses the connection has not seen the request: the next is asked. One that dies later has, maybe.
async fn ask_one(copies: &Copies, uri: Uri, headers: HeaderMap, body: Bytes) -> StatusCode {
    let begun = Instant::now();
    while begun.elapsed() < QUEUED {
        // Each in its turn; those that died refuse.
        let in_turn = {
            let mut known = copies.ports.lock().unwrap_or_else(PoisonError::into_inner);
            if !known.is_empty() {
                known.rotate_left(1);
            }
            known.clone()
        };
        for port in in_turn {
            let request = copies.client.post(format!("http://127.0.0.1:{port}{uri}"));
            match request.headers(headers.clone()).body(body.clone()).send().await {
                Ok(answer) => return answer.status(),
                Err(error) if error.is_connect() => {}
                Err(_) => return StatusCode::BAD_GATEWAY,
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    StatusCode::SERVICE_UNAVAILABLE
}
