//! The dashboards' pages of a home, in this process: one copy of its warehouse answers all of them.

use std::sync::Arc;

use aispend_duckdb::open_cards;
use aispend_memory::FolderArchive;
use aispend_ports::{Clock, SystemClock};
use aispend_warehouse::cards;
use aispend_web::{Options, router};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

use crate::command::Home;
/// The pages of a data folder, asked in this process.
pub struct Pages {
    routes: Router,
    runtime: Runtime,
}

impl Pages {
    /// Those of a home's published warehouse.
    pub fn of(home: &Home, is_team_only: bool) -> Self {
        let cards = cards().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new(tokio::time::sleep));
        let routes = router(Options {
            data: Arc::new(open_cards(&home.data(), &cards)),
            cards,
            clock,
            archive: None,
            documents: Some(Arc::new(FolderArchive::new(home.data()))),
            is_team_only,
            hosts: Vec::new(),
            gate: None,
        });
        Self { routes, runtime: Runtime::new().unwrap() }
    }

    /// Whatever there is at an address.
    pub fn get(&self, address: &str) -> (StatusCode, HeaderMap, Bytes) {
        let request = Request::get(address).body(Body::empty()).unwrap();
        self.runtime.block_on(async {
            let (parts, body) = self.routes.clone().oneshot(request).await.unwrap().into_parts();
            (parts.status, parts.headers, to_bytes(body, usize::MAX).await.unwrap())
        })
    }

    /// The text of a page that is there.
    pub fn page(&self, address: &str) -> String {
        let (status, _, body) = self.get(address);
        let body = plain(&String::from_utf8_lossy(&body));
        assert_eq!(status, StatusCode::OK, "{address}: {body}");
        body
    }
}

/// HTML as its author wrote it.
pub fn plain(html: &str) -> String {
    let signs =
        [("&#x2f;", "/"), ("&quot;", "\""), ("&#x27;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")];
    signs.iter().fold(html.to_owned(), |text, (from, to)| text.replace(from, to))
}
