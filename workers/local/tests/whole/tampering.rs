//! The vendors with a hand in between that changes answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aispend_simulator::{Request, Simulator};
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::vendors::{Vendors, now};

/// Rewrites the body of an answer, or leaves it.
pub type Tamper = fn(&Request, String) -> String;

/// Changes answers as long as it is on. No faults happen on this way.
pub struct Tampering {
    /// Where to ask instead.
    pub base_url: String,
    is_on: Arc<AtomicBool>,
    _runtime: Runtime,
}

impl Tampering {
    /// Stands before some vendors, switched off.
    pub fn with(vendors: &Vendors, tamper: Tamper) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let is_on = Arc::new(AtomicBool::new(false));
        let (simulator, switch) = (vendors.shared(), Arc::clone(&is_on));
        let answer = move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let (simulator, is_on) = (Arc::clone(&simulator), switch.load(Ordering::SeqCst));
            async move {
                let mut simulator = simulator.lock().unwrap();
                reply(&mut simulator, &read(&method, &uri, &headers, body), tamper, is_on)
            }
        };
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer);
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { base_url, is_on, _runtime: runtime }
    }

    /// Begins or ends the tampering.
    pub fn switch(&self, is_on: bool) {
        self.is_on.store(is_on, Ordering::SeqCst);
    }
}

fn read(method: &Method, uri: &Uri, headers: &HeaderMap, body: Bytes) -> Request {
    let decoded = |text: &str| text.replace("%5B", "[").replace("%5D", "]").replace("%3A", ":");
    let pairs = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let query = pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    });
    let headers = headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
    Request {
        method: method.as_str().to_owned(),
        path: uri.path().to_owned(),
        query: query.collect(),
        headers: headers.collect(),
        body,
    }
}

fn reply(simulator: &mut Simulator, request: &Request, tamper: Tamper, is_on: bool) -> Response {
    let answer = simulator.handle(now(), request);
    let body = String::from_utf8(answer.body.to_vec()).unwrap();
    let body = if is_on && answer.status == 200 { tamper(request, body) } else { body };
    let mut response = (StatusCode::from_u16(answer.status).unwrap(), body).into_response();
    response.headers_mut().clear();
    for (name, value) in &answer.headers {
        let name = axum::http::HeaderName::from_bytes(name.as_bytes()).unwrap();
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}
