//! The routes, and what every answer has in common.

use std::{panic::AssertUnwindSafe, sync::Arc};

use aispend_dashboards::{Asked, Board, Cards, Filters};
use aispend_ports::{Archive, Clock};
use aispend_warehouse::Card;
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use futures::FutureExt;
use minijinja::Environment;
use serde_json::{Value, json};

use crate::{
    api, assets,
    data::{Data, Held},
    document, explain, files,
    gate::Gate,
    pictures::Pictures,
    problem::Problem,
    session,
};

/// What a server is made of.
pub struct Options {
    /// Where figures come from.
    pub data: Arc<dyn Cards>,
    /// Every card.
    pub cards: Vec<Card>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where the raw documents are, for people who follow a figure to the end.
    pub archive: Option<String>,
    /// The documents themselves; none: they are named, and not opened.
    pub documents: Option<Arc<dyn Archive>>,
    /// Figures of single people's work are left out.
    pub is_team_only: bool,
    /// Names under which the page may be asked for; none: any.
    pub hosts: Vec<String>,
    /// Who may look; none: whoever reaches this machine.
    pub gate: Option<Gate>,
}

/// The state of a server.
pub struct App {
    pub data: Data,
    pub cards: Vec<Card>,
    pub clock: Arc<dyn Clock>,
    pub archive: Option<String>,
    pub documents: Option<Arc<dyn Archive>>,
    pub hosts: Vec<String>,
    gate: Option<Gate>,
    pub pictures: Pictures,
    pub is_team_only: bool,
    pub asset_base: String,
    pub build: String,
    templates: Environment<'static>,
}

/// `default-src 'self'`: nothing inline, nothing from elsewhere, in nobody's frame.
const POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

/// Makes the routes.
pub fn router(options: Options) -> Router {
    let mut templates = Environment::new();
    for (name, source) in assets::TEMPLATES {
        templates.add_template(name, source).expect("templates are compiled in and tested");
    }
    let build = assets::digest();
    let shown = |card: Card| if options.is_team_only { card.for_teams() } else { Some(card) };
    let app = Arc::new(App {
        data: Data::new(options.data),
        cards: options.cards.into_iter().filter_map(shown).collect(),
        clock: options.clock,
        archive: options.archive,
        documents: options.documents,
        hosts: options.hosts,
        gate: options.gate,
        pictures: Pictures::default(),
        is_team_only: options.is_team_only,
        asset_base: format!("/assets/{build}"),
        build,
        templates,
    });
    let mut router = Router::new()
        .route("/", get(async || Redirect::temporary("/executive")))
        .route("/health", get(session::health))
        .route("/favicon.ico", get(session::icon))
        .route("/favicon.svg", get(session::icon))
        .route("/assets/{build}/{*name}", get(session::asset))
        .route("/api/v1/cards/{group}/{card}", get(api::card))
        .route("/export/{group}/{file}", get(files::card))
        .route("/export/{file}", get(files::dashboard))
        .route("/explain/{group}/{card}", get(explain::card))
        .route("/document/{sha256}", get(document::page))
        .route("/document/{sha256}/file", get(document::file));
    for board in &aispend_dashboards::BOARDS {
        router = router.route(board.path, get(session::page));
    }
    router
        .fallback(async || Problem::not_found("There is no page at this address."))
        .method_not_allowed_fallback(async || Problem::method())
        .layer(from_fn_with_state(Arc::clone(&app), common))
        .with_state(app)
}

/// Looks who asks, catches what goes wrong, and adds the headers that every answer has.
async fn common(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let path = request.uri().path().to_owned();
    let mut response = match app.admit(&path, request.headers()).await {
        Ok(()) => match AssertUnwindSafe(next.run(request)).catch_unwind().await {
            Ok(response) => response,
            Err(_) => Problem::ours(&format!("the page {path} panicked")).into_response(),
        },
        Err(problem) => problem.into_response(),
    };
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        response = if is_api { problem.as_json() } else { app.problem_page(&problem) };
    }
    let headers = response.headers_mut();
    // A file of somebody else's brings a stricter policy.
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    response
}

impl App {
    /// Whether this request is for us, and of somebody who may look. The sign of life says nothing of anybody's money.
    async fn admit(&self, path: &str, headers: &HeaderMap) -> Result<(), Problem> {
        if !self.is_asked_for(headers) {
            return Err(Problem::host());
        }
        match &self.gate {
            Some(gate) if path != "/health" => {
                gate.admit(headers).await.map_err(|turned| Problem::turned(&turned))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// A page of another site may point a name at this machine; a question for such a name is not for us.
    fn is_asked_for(&self, headers: &HeaderMap) -> bool {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
        let name = name.map_or(host, |(name, _)| name);
        self.hosts.is_empty() || self.hosts.iter().any(|known| known.eq_ignore_ascii_case(name))
    }

    /// A card by group and name.
    pub fn card(&self, group: &str, name: &str) -> Result<&Card, Problem> {
        let found = self.cards.iter().find(|card| card.group == group && card.name == name);
        found.ok_or_else(|| Problem::not_found("There is no such card."))
    }

    /// A dashboard's address, today, against the newest snapshot.
    pub async fn ask(&self, board: &'static Board, query: &str) -> Result<(Arc<Held>, Asked), Problem> {
        let held = self.data.newest().await?;
        let board = if self.is_team_only { board.for_teams() } else { board };
        let asked = Asked::of(board, Filters::read(query), self.clock.today(), &held.state);
        Ok((held, asked))
    }

    /// The same where a wrong filter must not be passed over: figures and files are read without their page.
    pub async fn ask_exactly(&self, group: &str, query: &str) -> Result<(Arc<Held>, Asked), Problem> {
        let board =
            Board::of_group(group).ok_or_else(|| Problem::not_found("There is no such dashboard."))?;
        let (held, asked) = self.ask(board, query).await?;
        match asked.filters.errors.first() {
            Some((filter, text)) => Err(Problem::filter(&format!("{}: {text}", filter.slug()))),
            None => Ok((held, asked)),
        }
    }

    /// True where the vendors' answers may be looked at: they tell of single people's work.
    pub const fn opens_documents(&self) -> bool {
        self.documents.is_some() && !self.is_team_only
    }

    /// A template, filled.
    pub fn render(&self, template: &str, context: &Value) -> Result<Response, Problem> {
        let context = minijinja::value::Serde(context);
        let rendered = self.templates.get_template(template).and_then(|template| template.render(context));
        match rendered {
            Ok(html) => Ok(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()),
            Err(error) => Err(Problem::ours(&format!("{template}: {error:#}"))),
        }
    }

    fn problem_page(&self, problem: &Problem) -> Response {
        let context = json!({
            "status": problem.status.as_u16(),
            "title": problem.title,
            "text": problem.text,
            "remedy": problem.remedy,
            "reference": problem.reference,
            "page": {"title": problem.title},
            "dashboards": aispend_dashboards::page::boards(None, None),
            "assets": {"base": self.asset_base},
        });
        let mut response = self.render("error.html", &context).unwrap_or_else(|_| problem.as_text());
        *response.status_mut() = problem.status;
        response
    }
}

/// True where the browser has this answer already.
pub fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    known.is_some_and(|known| known.split(',').any(|known| known.trim().trim_start_matches("W/") == tag))
}

/// Nothing new.
pub fn not_modified(tag: &str) -> Response {
    (StatusCode::NOT_MODIFIED, [(header::ETAG, tag.to_owned())]).into_response()
}
