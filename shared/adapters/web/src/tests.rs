//! Every route, called in-process: what people send by mistake or on purpose, and what every answer must carry.

mod explain;

use std::sync::Arc;

use aispend_dashboards::{Cards, ReadError, Snapshot};
use aispend_ports::SystemClock;
use aispend_tables::{Cell, CellKind, QueryColumn, QueryResult};
use aispend_warehouse::{Card, Engine};
use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
    response::Response,
};
use jiff::civil::{Date, date};
use tower::ServiceExt as _;

use crate::{Gate, Options, Proxy, loopback_names, router};

const CHART: &str = r#"/*
title = "Spend by <platform>"
question = "Where?"
definition = "Billed money."
display = "row"
tab = "Overview"
place = [0, 0, 12, 7]
unit = "USD"
changed = "2026-11-22"
[chart]
x = "platform"
y = ["cost_usd"]
[[columns]]
name = "platform"
label = "Platform"
type = "platform"
link = "alloc?platform={platform}"
[[columns]]
name = "cost_usd"
label = "Spend"
type = "usd"
*/
SELECT s.platform AS platform, SUM(s.cost_usd) AS cost_usd FROM {{spend}} AS s GROUP BY s.platform ORDER BY platform
"#;

fn broken() -> String {
    CHART
        .replace("Spend by <platform>", "Broken")
        .replace("[0, 0, 12, 7]", "[12, 0, 12, 7]")
        .replace("{{spend}}", "broken")
}

fn list() -> String {
    let (head, rest) = CHART.split_once("[chart]").unwrap();
    let (_, columns) = rest.split_once("[[columns]]").unwrap();
    format!("{head}[[columns]]{columns}")
        .replace("display = \"row\"", "display = \"table\"")
        .replace("[0, 0, 12, 7]", "[0, 7, 12, 7]")
}

/// Answers every card with two rows, and notes the questions.
#[derive(Default)]
struct Told {
    asked: std::sync::Mutex<Vec<String>>,
}

struct Source(Arc<Told>);

#[async_trait]
impl Cards for Source {
    async fn newest(&self) -> Result<Arc<dyn Snapshot>, ReadError> {
        Ok(Arc::clone(&self.0) as Arc<dyn Snapshot>)
    }
}

#[async_trait]
impl Snapshot for Told {
    fn version(&self) -> &'static str {
        "v1"
    }

    fn engine(&self) -> Engine {
        Engine::DuckDb
    }

    fn is_simulated(&self) -> bool {
        true
    }

    async fn query(&self, sql: &str) -> Result<QueryResult, ReadError> {
        self.asked.lock().unwrap().push(sql.to_owned());
        if sql.contains("broken") {
            return Err(ReadError::Failed("no such table".to_owned()));
        }
        if !sql.contains("SUM(s.cost_usd)") {
            return Ok(QueryResult { columns: Vec::new(), rows: Vec::new() });
        }
        let column = |name: &str, kind| QueryColumn { name: name.to_owned(), kind };
        let row = |name: &str, usd: &str| vec![Cell::Text(name.to_owned()), Cell::Decimal(usd.to_owned())];
        Ok(QueryResult {
            columns: vec![column("platform", CellKind::Text), column("cost_usd", CellKind::Decimal)],
            rows: vec![row("cursor", "1310.55"), row("</script><b>", "84.1")],
        })
    }
}

/// A feed as the warehouse tells of it: its name, through which day, and its state.
type Feed = (&'static str, Option<Date>, &'static str);

/// A warehouse whose feeds, first day and rows are what a test says.
struct Loaded {
    feeds: Vec<Feed>,
    first_day: Option<Date>,
    has_rows: bool,
}

#[async_trait]
impl Cards for Loaded {
    async fn newest(&self) -> Result<Arc<dyn Snapshot>, ReadError> {
        let Self { feeds, first_day, has_rows } = self;
        Ok(Arc::new(Self { feeds: feeds.clone(), first_day: *first_day, has_rows: *has_rows }))
    }
}

#[async_trait]
impl Snapshot for Loaded {
    fn version(&self) -> &'static str {
        "v1"
    }

    fn engine(&self) -> Engine {
        Engine::DuckDb
    }

    fn is_simulated(&self) -> bool {
        false
    }

    async fn query(&self, sql: &str) -> Result<QueryResult, ReadError> {
        let day = |day: Option<Date>| day.map_or(Cell::Null, Cell::Date);
        let text = |text: &str| Cell::Text(text.to_owned());
        let rows = if sql.contains("f.observed_at AS observed_at") {
            let read = "2025-11-02T06:00:00Z".parse().unwrap();
            let row = |(feed, through, state): &Feed| {
                vec![text(feed), text("automatic"), day(*through), Cell::Moment(read), text(state)]
            };
            self.feeds.iter().map(row).collect()
        } else if sql.starts_with("SELECT MIN(s.spend_date)") {
            vec![vec![day(self.first_day)]]
        } else if sql.contains("SUM(s.cost_usd)") {
            if sql.contains("broken") {
                return Err(ReadError::Failed("no such table".to_owned()));
            }
            let columns = [("platform", CellKind::Text), ("cost_usd", CellKind::Decimal)];
            let columns = columns.map(|(name, kind)| QueryColumn { name: name.to_owned(), kind }).to_vec();
            let rows = if self.has_rows {
                vec![vec![text("cursor"), Cell::Decimal("7".to_owned())]]
            } else {
                Vec::new()
            };
            return Ok(QueryResult { columns, rows });
        } else {
            Vec::new()
        };
        Ok(QueryResult { columns: Vec::new(), rows })
    }
}

struct Empty;

#[async_trait]
impl Cards for Empty {
    async fn newest(&self) -> Result<Arc<dyn Snapshot>, ReadError> {
        Err(ReadError::NoData("there is no warehouse yet".to_owned()))
    }
}

fn routes(data: Arc<dyn Cards>) -> Router {
    routes_for(data, false)
}

fn routes_for(data: Arc<dyn Cards>, is_team_only: bool) -> Router {
    guarded_routes(data, is_team_only, None)
}

fn guarded_routes(data: Arc<dyn Cards>, is_team_only: bool, gate: Option<Gate>) -> Router {
    let personal = CHART.replace("changed =", "person = true\nchanged =");
    let cards = vec![
        Card::parse("exec", "share", CHART).unwrap(),
        Card::parse("exec", "broken", &broken()).unwrap(),
        Card::parse("exec", "list", &list()).unwrap(),
        Card::parse("prod", "people", &personal).unwrap(),
    ];
    router(Options {
        data,
        cards,
        clock: Arc::new(SystemClock::new(tokio::time::sleep)),
        archive: None,
        documents: None,
        is_team_only,
        hosts: if gate.is_some() { Vec::new() } else { loopback_names() },
        gate,
    })
}

fn app() -> Router {
    routes(Arc::new(Source(Arc::default())))
}

async fn get(app: Router, path: &str) -> (Response<()>, String) {
    let request = Request::get(path).header(header::HOST, "127.0.0.1:8080").body(Body::empty()).unwrap();
    let (parts, body) = app.oneshot(request).await.unwrap().into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    (Response::from_parts(parts, ()), String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn every_route_answers_and_every_answer_carries_the_headers() {
    let asset = format!("/assets/{}/app.css", crate::assets::digest());
    for (path, status) in [
        ("/", StatusCode::TEMPORARY_REDIRECT),
        ("/executive", StatusCode::OK),
        ("/allocation", StatusCode::OK),
        ("/productivity", StatusCode::OK),
        ("/roi?range=thisyear", StatusCode::OK),
        ("/health", StatusCode::OK),
        ("/favicon.ico", StatusCode::OK),
        (asset.as_str(), StatusCode::OK),
        ("/api/v1/cards/exec/share", StatusCode::OK),
        ("/export/exec/share.csv", StatusCode::OK),
        ("/export/exec/share.xlsx", StatusCode::OK),
        ("/export/exec/share.json", StatusCode::OK),
        ("/export/exec/share.png", StatusCode::OK),
        ("/export/exec/list.png", StatusCode::NOT_FOUND),
        ("/export/exec/broken.png", StatusCode::INTERNAL_SERVER_ERROR),
        ("/export/exec/share.exe", StatusCode::NOT_FOUND),
        ("/export/alloc.zip", StatusCode::OK),
        ("/export/alloc.xlsx", StatusCode::OK),
        ("/export/none.zip", StatusCode::NOT_FOUND),
        ("/api/v1/cards/exec/none", StatusCode::NOT_FOUND),
        ("/api/v1/cards/exec/broken", StatusCode::INTERNAL_SERVER_ERROR),
        ("/assets/x/..%2f..%2fCargo.toml", StatusCode::NOT_FOUND),
        ("/nowhere", StatusCode::NOT_FOUND),
    ] {
        let (response, body) = get(app(), path).await;
        assert_eq!(response.status(), status, "{path}: {body}");
        let policy = response.headers().get(header::CONTENT_SECURITY_POLICY).unwrap().to_str().unwrap();
        assert!(policy.starts_with("default-src 'self';") && !policy.contains("unsafe"), "{path}");
        for name in
            ["x-content-type-options", "referrer-policy", "cache-control", "cross-origin-resource-policy"]
        {
            assert!(response.headers().contains_key(name), "{path}: {name}");
        }
    }
}

#[tokio::test]
async fn behind_a_gate_only_the_sign_of_life_is_for_everybody() {
    let proxy = Proxy::Iap { audience: "/projects/1/global/backendServices/2".to_owned() };
    let gate = || Some(Gate::new(proxy.clone(), Some("http://127.0.0.1:1/".to_owned()), Vec::new()));
    let asset = format!("/assets/{}/app.css", crate::assets::digest());
    for (path, status) in [
        ("/health", StatusCode::OK),
        ("/", StatusCode::UNAUTHORIZED),
        ("/executive", StatusCode::UNAUTHORIZED),
        (asset.as_str(), StatusCode::UNAUTHORIZED),
        ("/api/v1/cards/exec/share", StatusCode::UNAUTHORIZED),
        ("/export/exec/share.csv", StatusCode::UNAUTHORIZED),
        ("/explain/exec/share", StatusCode::UNAUTHORIZED),
        ("/document/0/file", StatusCode::UNAUTHORIZED),
        ("/nowhere", StatusCode::UNAUTHORIZED),
    ] {
        let (response, body) =
            get(guarded_routes(Arc::new(Source(Arc::default())), false, gate()), path).await;
        assert_eq!(response.status(), status, "{path}: {body}");
        assert!(path == "/health" || !body.contains("Claude"), "{path} tells something: {body}");
        assert!(response.headers().contains_key(header::CONTENT_SECURITY_POLICY), "{path}");
    }
}

#[tokio::test]
async fn a_page_is_whole_without_script_and_nothing_breaks_out_of_it() {
    let (_, body) = get(app(), "/executive?range=2026-10-01~2026-10-31").await;
    assert!(body.contains("Spend by &lt;platform&gt;") && body.contains("$1,311"), "{body}");
    assert!(!body.contains("</script><b>") && body.contains("\\u003c/script\\u003e"), "{body}");
    assert!(body.contains("October 2026") && body.contains("Simulated data"));
    // One card failed; it says so, and the other stands.
    assert!(body.contains("could not be read") && !body.contains("no such table"));
}

/// What is said above and in the cards, by what is loaded.
#[tokio::test]
async fn each_state_of_the_data_is_seen_on_the_page() {
    let october = "/executive?range=2025-10-01~2025-10-31";
    let last = date(2025, 10, 31);
    let whole: Vec<Feed> =
        vec![("anthropic/cost", Some(last), "fresh"), ("cursor/usage-events", Some(last), "fresh")];
    let page = async |feeds: Vec<Feed>, first_day: Option<Date>, has_rows: bool| {
        let data = Loaded { feeds, first_day, has_rows };
        let (response, body) = get(routes(Arc::new(data)), october).await;
        assert_eq!(response.status(), StatusCode::OK);
        body
    };
    let spoken =
        ["is stale", "Figures of this range", "No spend in this range", "no complete day yet", "Nothing in"];
    let says = |body: &str| spoken.into_iter().filter(|words| body.contains(words)).collect::<Vec<_>>();
    let begun = Some(date(2025, 1, 5));
    // All is well: no bar, a figure, and the one card that always fails beside it.
    let well = page(whole.clone(), begun, true).await;
    assert_eq!(says(&well), Vec::<&str>::new(), "{well}");
    assert!(!well.contains("class=\"state ") && well.contains("$7.00"), "{well}");
    // Error: said in the card with a reference, without the cause; the others stand.
    assert_eq!(well.matches("This card could not be read").count(), 1);
    assert!(
        well.contains("Reference <code>") && well.contains("data-retry") && !well.contains("no such table")
    );
    // Empty: in the card, and above where data begins later.
    let empty = page(whole.clone(), begun, false).await;
    assert_eq!(says(&empty), ["Nothing in"]);
    let early = page(whole.clone(), Some(date(2025, 11, 1)), false).await;
    assert_eq!(says(&early), ["No spend in this range", "Nothing in"]);
    assert!(early.contains("Data begins 1 Nov 2025") && early.contains("class=\"state partial\""), "{early}");
    // Partial: the range is over, and one source is not that far.
    let mut late = whole.clone();
    late[1].1 = Some(date(2025, 10, 15));
    let partial = page(late, begun, true).await;
    assert_eq!(says(&partial), ["Figures of this range"]);
    assert!(
        partial.contains("reach to 15 Oct 2025 only") && partial.contains("class=\"state partial\""),
        "{partial}"
    );
    // Nothing of it yet.
    let mut none = whole.clone();
    for feed in &mut none {
        feed.1 = Some(date(2025, 9, 30));
    }
    assert_eq!(says(&page(none, begun, false).await), ["no complete day yet", "Nothing in"]);
    // Stale: which source, when it was read, how far it reaches.
    let mut stale = whole.clone();
    stale[0].2 = "stale";
    let stale = page(stale, begun, true).await;
    assert_eq!(says(&stale), ["is stale"]);
    let words = "cost is stale, last read 2 Nov 2025 06:00 UTC; figures through 31 Oct 2025.";
    assert!(stale.contains(words) && stale.contains("class=\"state stale\""), "{stale}");
}

#[tokio::test]
async fn what_is_sent_by_mistake_or_on_purpose_is_refused_in_words() {
    let told = Arc::new(Told::default());
    for query in [
        "range=2026-02-30~2026-03-01",
        "range=%27%3B+DROP+TABLE+t",
        "platform=openai",
        "team=%00",
        "user=%FF",
        "range=2026-10-31~2026-10-01",
    ] {
        let (response, body) = get(app(), &format!("/api/v1/cards/exec/share?{query}")).await;
        let is_followed = !query.starts_with("user");
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{query} {is_followed}");
        assert!(body.contains("remedy"), "{body}");
        let (response, body) = get(app(), &format!("/executive?{query}")).await;
        assert_eq!(response.status(), StatusCode::OK, "{query}");
        assert!(!body.contains("DROP TABLE t;"), "{query}");
    }
    let app = routes(Arc::new(Source(Arc::clone(&told))));
    let (response, _) = get(app, "/api/v1/cards/exec/share?team=x%27%29+OR+1%3D1+--&platform=cursor").await;
    assert_eq!(response.status(), StatusCode::OK);
    let asked = told.asked.lock().unwrap().join("\n");
    assert!(asked.contains("v.team IN ('x'') OR 1=1 --') AND v.platform IN ('cursor')"), "{asked}");
}

#[tokio::test]
async fn amounts_stay_exact_and_a_known_answer_is_not_sent_again() {
    let app = app();
    let (response, body) = get(app.clone(), "/api/v1/cards/exec/share?range=lastmonth").await;
    assert!(body.contains("[\"cursor\",\"1310.55\"]") && body.contains("\"simulated\":true"), "{body}");
    let tag = response.headers().get(header::ETAG).unwrap().clone();
    let again = Request::get("/api/v1/cards/exec/share?range=lastmonth")
        .header(header::HOST, "localhost:8080")
        .header(header::IF_NONE_MATCH, tag)
        .body(Body::empty())
        .unwrap();
    assert_eq!(app.oneshot(again).await.unwrap().status(), StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn a_download_is_named_for_what_it_holds_and_texts_are_guarded() {
    let (response, body) = get(app(), "/export/exec/share.csv?range=2026-10-01~2026-10-31").await;
    let name = response.headers().get(header::CONTENT_DISPOSITION).unwrap().to_str().unwrap();
    assert_eq!(name, "attachment; filename=\"ai-usage_simulated_exec_share_2026-10-01_2026-10-31.csv\"");
    assert_eq!(body, "platform,cost_usd,simulated_data\r\ncursor,1310.55,yes\r\n</script><b>,84.1,yes\r\n");
}

#[tokio::test]
async fn a_picture_is_a_png_of_its_own_card_and_its_link_needs_no_script() {
    let request = Request::get("/export/exec/share.png?range=2026-10-01~2026-10-31&platform=cursor")
        .header(header::HOST, "localhost:8080")
        .body(Body::empty())
        .unwrap();
    let response = app().oneshot(request).await.unwrap();
    assert_eq!(response.headers()[header::CONTENT_TYPE], "image/png");
    let name = "attachment; filename=\"ai-usage_simulated_exec_share_2026-10-01_2026-10-31.png\"";
    assert_eq!(response.headers()[header::CONTENT_DISPOSITION], name);
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n") && bytes.len() > 10_000, "{} bytes", bytes.len());
    // Width, then what is said to whoever cannot see it.
    assert_eq!(bytes[16..20], 1920_u32.to_be_bytes());
    let said = String::from_utf8_lossy(&bytes).into_owned();
    for words in ["Spend by <platform>\nOctober 2026", "Cursor", "Data through", "Simulated data."] {
        assert!(said.contains(words), "{words}");
    }
    let (_, page) = get(app(), "/executive").await;
    let page = page.replace("&#x2f;", "/");
    let link = page.split("<li").find(|item| item.contains("/export/exec/share.png")).unwrap();
    assert!(!link.starts_with(" class=\"scripted\""), "{link}");
}

#[tokio::test]
async fn another_method_another_name_and_no_data_are_told_what_to_do() {
    let post = Request::post("/executive").header(header::HOST, "localhost").body(Body::empty()).unwrap();
    assert_eq!(app().oneshot(post).await.unwrap().status(), StatusCode::METHOD_NOT_ALLOWED);
    let rebound =
        Request::get("/executive").header(header::HOST, "evil.example").body(Body::empty()).unwrap();
    assert_eq!(app().oneshot(rebound).await.unwrap().status(), StatusCode::MISDIRECTED_REQUEST);
    let (response, body) = get(routes(Arc::new(Empty)), "/executive").await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(body.contains("aispend demo"), "{body}");
    let (response, _) = get(routes(Arc::new(Empty)), "/health").await;
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn where_only_teams_may_be_seen_nobody_is_asked_for_by_name() {
    let told = Arc::new(Told::default());
    let app = || routes_for(Arc::new(Source(Arc::clone(&told))), true);
    assert_eq!(get(app(), "/api/v1/cards/prod/people").await.0.status(), StatusCode::NOT_FOUND);
    let (response, body) = get(app(), "/productivity?user=ana%40example.com").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(!body.contains("name=\"user\"") && !body.contains("prod-people"), "{body}");
    let asked = told.asked.lock().unwrap().join("\n");
    assert!(!asked.contains("ana@example.com"), "{asked}");
    assert_eq!(get(self::app(), "/api/v1/cards/prod/people").await.0.status(), StatusCode::OK);
}
