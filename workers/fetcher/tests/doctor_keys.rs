//! Keys and vendors as they are on a bad day, played by a table of answers.
#![expect(clippy::unwrap_used, reason = "helpers of tests, outside of #[test] functions")]

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use aispend_fetcher::doctor::{Diagnosis, Doors, Kind, Status, examine};
use aispend_fetcher::{AnthropicKey, CostApi, CursorTeam, FetcherSettings, KeyKind, Sheets, Sittings};
use aispend_model::{Method, Request, Response, Vendor};
use aispend_ports::{Archive, Clock, Fetch, FetchError, SystemClock};
use aispend_testkit::memory::MemoryArchive;
use async_trait::async_trait;
use bytes::Bytes;
use tokio::time::Instant;

const ME: &str = r#"{"id":"org-1","type":"organization","name":"Example"}"#;
const NO_ROWS: &str = r#"{"data":[],"has_more":false,"next_page":null}"#;
const MEMBERS: &str =
    r#"{"teamMembers":[{"id":"user_1","name":"A","email":"a@example.com","role":"member"}]}"#;
const EVENTS: &str = r#"{"totalUsageEventsCount":0,"usageEvents":[]}"#;
const SPEND: &str = r#"{"teamMemberSpend":[],"totalMembers":0,"totalPages":0}"#;
const DAILY: &str = r#"{"data":[],"pagination":{"hasNextPage":false}}"#;

/// Key, end of the path, status, body; the first that fits answers, all else is good news.
type Script = Vec<(&'static str, &'static str, u16, String)>;

struct Played {
    script: Script,
    silent: Option<Vendor>,
    date: Option<&'static str>,
    asked: Mutex<Vec<Request>>,
}

fn good(request: &Request) -> String {
    let path = request.path.as_str();
    match path.rsplit('/').next().unwrap_or_default() {
        "me" => ME,
        "members" => MEMBERS,
        "filtered-usage-events" => EVENTS,
        "daily-usage-data" => DAILY,
        "spend" => SPEND,
        _ => NO_ROWS,
    }
    .to_owned()
}

#[async_trait]
impl Fetch for Played {
    async fn send(&self, request: &Request) -> Result<Response, FetchError> {
        self.asked.lock().unwrap().push(request.clone());
        if request.method == Method::File {
            return Ok(Response { status: 404, headers: Vec::new(), body: Vec::new() });
        }
        if self.silent == Some(request.vendor) {
            std::future::pending::<()>().await;
        }
        let fits = |(key, path, _, _): &&(&str, &str, u16, String)| {
            *key == request.org_id && request.path.ends_with(path)
        };
        let (status, body) = match self.script.iter().find(fits) {
            Some((_, _, status, body)) => (*status, body.clone()),
            None => (200, good(request)),
        };
        let headers = self.date.map(|date| ("date".to_owned(), date.to_owned())).into_iter().collect();
        Ok(Response { status, headers, body: body.into_bytes() })
    }
}

fn settings() -> FetcherSettings {
    let key = |slot: &str, kind, setting: &str| AnthropicKey {
        slot: slot.to_owned(),
        kind,
        setting: setting.to_owned(),
    };
    FetcherSettings {
        anthropic: vec![
            key("admin", KeyKind::Admin, "ANTHROPIC_ADMIN_KEY"),
            key("scoped", KeyKind::Analytics, "ANTHROPIC_ANALYTICS_KEY"),
        ],
        cursor: vec![CursorTeam { org_id: "cursor".to_owned() }],
        sheets: Sheets::Csv,
        tabs: BTreeMap::new(),
        start_date: None,
        cost_api: CostApi::Auto,
        claude_code_workspaces: Vec::new(),
        confirmed_orgs: Vec::new(),
        patience: Duration::ZERO,
        empty_pause: Duration::ZERO,
        unsettled_pause: Duration::ZERO,
        sittings: Sittings::default(),
    }
}

/// Two organisations and a team, where only what the script says is wrong.
fn played(script: Script) -> Played {
    let other = ("scoped", "/me", 200, ME.replace("org-1", "org-2"));
    let script = script.into_iter().chain([other]).collect();
    Played { script, silent: None, date: None, asked: Mutex::default() }
}

fn error(message: &str) -> String {
    format!(r#"{{"type":"error","error":{{"type":"x","message":"{message}"}}}}"#)
}

async fn diagnosed(played: &Played, settings: &FetcherSettings, archive: Option<&dyn Archive>) -> Diagnosis {
    let clock: &dyn Clock = &SystemClock::new(tokio::time::sleep);
    let doors = Doors {
        fetch: played,
        archive,
        clock,
        hint: &|_| None,
        cursor_setting: &|_| "CURSOR_ADMIN_KEY".to_owned(),
    };
    examine(settings, &doors).await
}

/// Every finding that is not as it should be: `subject: status reason`.
fn odd(diagnosis: &Diagnosis) -> Vec<String> {
    let feeds = diagnosis
        .keys
        .iter()
        .flat_map(|key| [&key.check].into_iter().chain(key.feeds.iter().map(|feed| &feed.check)));
    let all = feeds.chain(diagnosis.sheets.iter().map(|sheet| &sheet.check)).chain([&diagnosis.clock]);
    all.filter(|check| check.status >= Status::Warn)
        .inspect(|check| assert!(!check.remedy.is_empty(), "no remedy: {check:?}"))
        .map(|check| format!("{}: {:?} {}", check.subject, check.status, check.reason))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn good_keys_are_named_with_their_organisation_and_every_feed() {
    let played = played(Vec::new());
    let diagnosis = diagnosed(&played, &settings(), None).await;
    assert_eq!(odd(&diagnosis), Vec::<String>::new());
    let keys: Vec<_> = diagnosis
        .keys
        .iter()
        .map(|key| (key.org_id.as_str(), key.kind, key.cost_api, key.feeds.len()))
        .collect();
    assert_eq!(
        keys,
        [
            ("org-1", Kind::Console, Some("analytics"), 3),
            ("org-2", Kind::Enterprise, Some("analytics_enterprise"), 2),
            ("cursor", Kind::CursorTeam, None, 4),
        ]
    );
    assert!(diagnosis.keys[0].check.says.contains("\"Example\""), "{:?}", diagnosis.keys[0]);
}

#[tokio::test(start_paused = true)]
async fn a_team_of_cursor_is_named_with_the_plan_that_an_event_names() {
    let event = r#"{"totalUsageEventsCount":1,"usageEvents":[{"timestamp":"1760000000000","kind":"Included in Business"}]}"#;
    for (script, says) in [
        (Vec::new(), "its plan is in no answer"),
        (vec![("cursor", "filtered-usage-events", 200, event.to_owned())], "plan Business"),
    ] {
        let diagnosis = diagnosed(&played(script), &settings(), None).await;
        let team = diagnosis.keys.iter().find(|key| key.kind == Kind::CursorTeam).unwrap();
        assert!(team.check.says.contains(says), "{:?}", team.check);
    }
}

#[tokio::test(start_paused = true)]
async fn every_question_is_the_smallest_there_is_and_asked_once() {
    let played = played(Vec::new());
    diagnosed(&played, &settings(), None).await;
    let asked = played.asked.lock().unwrap();
    assert!(asked.len() <= 25, "{}", asked.len());
    for request in asked.iter().filter(|request| request.method != Method::File) {
        assert!(request.parameter("limit").is_none_or(|limit| limit == "1"), "{}", request.line());
        let body = request.body.as_deref().unwrap_or_default();
        assert!(body.is_empty() || body.contains("\"pageSize\":1}"), "{}", request.line());
    }
    let mut lines: Vec<String> =
        asked.iter().map(|request| format!("{} {}", request.org_id, request.line())).collect();
    let all = lines.len();
    lines.sort();
    lines.dedup();
    assert_eq!(lines.len(), all);
}

#[tokio::test(start_paused = true)]
async fn each_refusal_is_told_by_key_feed_reason_and_remedy() {
    let page = || "<html><title>Sign in</title></html>".to_owned();
    let cases: Vec<(Script, &[&str])> = vec![
        (vec![("admin", "/me", 401, error("invalid x-api-key"))], &["ANTHROPIC_ADMIN_KEY: Fail wrong_key"]),
        (vec![("admin", "/me", 403, error("API key expired"))], &["ANTHROPIC_ADMIN_KEY: Fail expired_key"]),
        (
            vec![("admin", "/me", 403, error("IP address is not allowed"))],
            &["ANTHROPIC_ADMIN_KEY: Fail ip_not_allowed"],
        ),
        (vec![("admin", "/me", 200, page())], &["ANTHROPIC_ADMIN_KEY: Fail not_the_api"]),
        (vec![("admin", "/me", 503, page())], &["ANTHROPIC_ADMIN_KEY: Fail vendor_broken"]),
        (vec![("admin", "/me", 429, error("slow down"))], &["ANTHROPIC_ADMIN_KEY: Warn rate_limit"]),
        (
            vec![("admin", "/api_keys", 403, error("Key scopes: a. Required scopes: b."))],
            &["anthropic/directory: Fail missing_scope"],
        ),
        (
            vec![("scoped", "/analytics/users", 403, error("Required scopes: read:analytics"))],
            &["anthropic/claude-ai: Fail missing_scope"],
        ),
        (vec![("scoped", "/analytics/users", 404, error("not found"))], &["anthropic/claude-ai: Warn plan"]),
        (vec![("admin", "/claude_code", 429, error("slow"))], &["anthropic/claude-code: Warn rate_limit"]),
        (vec![("admin", "/analytics/usage", 502, page())], &["anthropic/cost: Fail vendor_broken"]),
        (vec![("admin", "/analytics/cost", 500, error("no"))], &["anthropic/cost: Fail vendor_broken"]),
        (
            vec![(
                "cursor",
                "/members",
                401,
                r#"{"error":"Unauthorized","message":"Invalid API key"}"#.into(),
            )],
            &["CURSOR_ADMIN_KEY: Fail wrong_key"],
        ),
        (
            vec![("cursor", "/members", 403, r#"{"error":"Forbidden","message":"admin only"}"#.into())],
            &["CURSOR_ADMIN_KEY: Fail missing_scope"],
        ),
        (
            vec![("cursor", "/spend", 403, r#"{"error":"Enterprise access required"}"#.into())],
            &["cursor/spend: Warn plan"],
        ),
        (vec![("cursor", "/members", 200, "{}".into())], &["cursor/members: Fail unreadable"]),
    ];
    for (script, expected) in cases {
        let what = format!("{script:?}");
        let diagnosis = diagnosed(&played(script), &settings(), None).await;
        assert_eq!(odd(&diagnosis), expected, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_cost_api_is_named_with_its_reason() {
    let cost = async |script: Script, cost_api| {
        let settings = FetcherSettings { cost_api, ..settings() };
        let diagnosis = diagnosed(&played(script), &settings, None).await;
        let key = &diagnosis.keys[0];
        (key.cost_api, key.feeds[0].check.says.clone(), key.feeds[0].re_read_days)
    };
    let closed = || vec![("admin", "/analytics/cost", 404, error("no such beta"))];
    let (family, says, days) = cost(closed(), CostApi::Auto).await;
    assert_eq!((family, days), (Some("legacy"), Some(7)));
    assert!(says.contains("HTTP 404, \"no such beta\""), "{says}");
    let (family, says, days) = cost(Vec::new(), CostApi::Auto).await;
    assert_eq!((family, days), (Some("analytics"), Some(30)));
    assert!(says.contains("which answers"), "{says}");
    let (family, says, _) = cost(Vec::new(), CostApi::Legacy).await;
    assert_eq!(family, Some("legacy"));
    assert!(says.contains("AISPEND_COST_API"), "{says}");
}

#[tokio::test(start_paused = true)]
async fn a_vendor_that_never_answers_is_given_up_in_time_and_keeps_nobody_else_waiting() {
    let silent = Played { silent: Some(Vendor::Anthropic), ..played(Vec::new()) };
    let begun = Instant::now();
    let diagnosis = diagnosed(&silent, &settings(), None).await;
    assert!(begun.elapsed() <= Duration::from_secs(28), "{:?}", begun.elapsed());
    assert_eq!(
        odd(&diagnosis),
        ["ANTHROPIC_ADMIN_KEY: Fail no_answer", "ANTHROPIC_ANALYTICS_KEY: Fail no_answer"]
    );
    assert_eq!(diagnosis.keys[2].feeds.len(), 4);
    assert!(silent.asked.lock().unwrap().iter().filter(|one| one.vendor == Vendor::Anthropic).count() <= 2);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_off_is_a_failure() {
    let late = Played { date: Some("Mon, 01 Jun 2026 00:00:00 GMT"), ..played(Vec::new()) };
    let diagnosis = diagnosed(&late, &settings(), None).await;
    assert_eq!(odd(&diagnosis), ["clock: Fail clock"]);
    assert!(diagnosis.clock_ahead_seconds.is_some_and(|seconds| seconds.abs() > 600));
}

#[tokio::test(start_paused = true)]
async fn a_key_of_another_organisation_than_before_is_not_used_and_nothing_is_remembered() {
    let archive = MemoryArchive::default();
    diagnosed(&played(Vec::new()), &settings(), Some(&archive)).await;
    assert!(archive.get("identity/admin").await.is_err(), "a question stores nothing");
    archive.put("identity/admin", Bytes::from_static(b"org-0")).await.unwrap();
    let diagnosis = diagnosed(&played(Vec::new()), &settings(), Some(&archive)).await;
    assert_eq!(odd(&diagnosis), ["ANTHROPIC_ADMIN_KEY: Fail other_organisation"]);
    let confirmed = FetcherSettings { confirmed_orgs: vec!["org-1".to_owned()], ..settings() };
    let diagnosis = diagnosed(&played(Vec::new()), &confirmed, Some(&archive)).await;
    assert_eq!(odd(&diagnosis), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_will_be_missing_follows_from_the_keys() {
    let missing = async |change: fn(&mut FetcherSettings)| {
        let mut settings = settings();
        change(&mut settings);
        let diagnosis = diagnosed(&played(Vec::new()), &settings, None).await;
        diagnosis.missing.into_iter().map(|gap| gap.subject).collect::<Vec<_>>()
    };
    let has = |gaps: &[String], subject: &str| gaps.iter().any(|gap| gap == subject);
    let all = missing(|_| {}).await;
    assert!(!has(&all, "no analytics key") && !has(&all, "no Cursor key"), "{all:?}");
    let console = missing(|settings| settings.anthropic.truncate(1)).await;
    assert!(has(&console, "no analytics key"), "{console:?}");
    let cursor = missing(|settings| settings.anthropic.clear()).await;
    assert!(has(&cursor, "no admin key"), "{cursor:?}");
    let anthropic = missing(|settings| settings.cursor.clear()).await;
    assert!(has(&anthropic, "no Cursor key"), "{anthropic:?}");
    let legacy = missing(|settings| settings.cost_api = CostApi::Legacy).await;
    assert!(has(&legacy, "legacy cost report") && has(&legacy, "Enterprise cost reports"), "{legacy:?}");
}
