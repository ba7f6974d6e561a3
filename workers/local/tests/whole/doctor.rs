//! `aispend doctor`: good worlds on one screen, and each thing that goes wrong by key, feed, words and remedy.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use aispend_duckdb::{DuckDb, Options};
use aispend_model::{Feed, Generation, Order, Slice};
use aispend_ports::{SliceLoad, SliceOutcome, Warehouse as _};
use aispend_proto::TableSums;
use aispend_simulator::{FaultPlan, Quirks, World, WorldConfig};
use bytes::Bytes;
use jiff::ToSpan;

use crate::command::{Ended, Home};
use crate::vendors::{Vendors, now, today};
use crate::worlds::{Shape, config, days_ago, plain};

/// One screen, and nothing of a key on it.
#[track_caller]
fn screen(home: &Home, code: i32) -> Ended {
    let ended = home.aispend(&["doctor"]).exits(code);
    for (_, key) in keys(home) {
        assert!(!ended.stdout.contains(&key) && !ended.stderr.contains(&key), "a key is shown: {ended:?}");
    }
    let wide = ended.stdout.lines().skip(1).find(|line| line.chars().count() > 100);
    assert_eq!(wide, None, "wider than 100 columns");
    ended
}

fn keys(home: &Home) -> Vec<(String, String)> {
    home.variables()
        .filter(|(name, _)| name.ends_with("_KEY"))
        .map(|(name, key)| (name.into(), key.into()))
        .collect()
}

/// The line of a subject: what stands before it and after.
#[track_caller]
fn says(ended: &Ended, status: &str, subject: &str, texts: &[&str]) {
    let lines: Vec<&str> = ended.stdout.lines().collect();
    let is_it = |line: &&str| {
        let mut words = line.split_whitespace();
        words.next() == Some(status)
            && line.get(8..).is_some_and(|rest| rest.trim_start().starts_with(subject))
    };
    let start =
        lines.iter().position(is_it).unwrap_or_else(|| panic!("no `{status} {subject}`:\n{}", ended.stdout));
    let more = lines[start + 1..].iter().take_while(|line| line.starts_with("          "));
    let text = [&lines[start]].into_iter().chain(more).flat_map(|line| line.split_whitespace());
    let text = text.collect::<Vec<_>>().join(" ");
    for expected in texts {
        assert!(text.contains(expected), "`{expected}` is not in: {text}\n{}", ended.stdout);
    }
    if status == "FAIL" || status == "warn" {
        assert!(text.contains('→'), "no remedy: {text}");
    }
}

/// The screen without what differs from day to day: moments, and how much there is of something.
fn steady(ended: &Ended) -> String {
    let is_moment = |word: &str| {
        let digits = word.chars().filter(char::is_ascii_digit).count();
        digits >= 4 && word.chars().all(|letter| letter.is_ascii_digit() || "-:".contains(letter))
    };
    let is_number = |word: &str| word.chars().all(|letter| letter.is_ascii_digit() || letter == ',');
    let mut lines: Vec<String> = Vec::new();
    for line in ended.stdout.lines().skip(1) {
        let counts = line.contains(" rows") || line.contains(" budgets ") || line.contains(" free");
        let words = line.split(' ').map(|word| match word {
            "" => word,
            word if is_moment(word) || (counts && is_number(word)) => {
                if word.ends_with(',') {
                    "#,"
                } else {
                    "#"
                }
            }
            word => word,
        });
        lines.push(words.collect::<Vec<_>>().join(" "));
    }
    lines.join("\n")
}

/// A budget for this month, whatever day it is.
fn budget_now(home: &Home) {
    let month = today().first_of_month().strftime("%Y-%m");
    let text = format!("month,platform,team,budget_usd,approved_by\n{month},,,1000,cfo@example.com\n");
    std::fs::write(home.sheet("budgets"), text).unwrap();
}

#[test]
fn a_loaded_healthy_company_is_one_screen_without_a_warning() {
    let vendors = Vendors::open(plain(Shape::Enterprise, 120), FaultPlan::none());
    let home = Home::with_csv(&vendors);
    budget_now(&home);
    home.run(days_ago(11), days_ago(4)).exits(0);
    name_everybody(&home);
    let before = vendors.asked();
    let ended = screen(&home, 0);
    assert!(vendors.asked() - before <= 20, "{} calls", vendors.asked() - before);
    assert!(ended.stdout.lines().count() <= 40, "{}", ended.stdout);
    for word in ["warn", "FAIL"] {
        assert!(!ended.stdout.contains(word), "{}", ended.stdout);
    }
    says(&ended, "ok", "warehouse", &["real data, tables as this build needs them"]);
    says(&ended, "ok", "keys", &[]);
    says(&ended, "ok", "parked", &["nothing"]);
    says(&ended, "ok", "clock", &["agrees with the vendors' clocks"]);
}

/// A person for every key and a team for every person: what a healthy company's sheets hold.
fn name_everybody(home: &Home) {
    let keys = home.column(
        "SELECT DISTINCT api_key_id FROM ai_usage_analytics.fct_cost_daily
         WHERE attribution = 'none' AND api_key_id IS NOT NULL",
    );
    let file = home.data().join("keys.csv");
    std::fs::write(&file, sheet("api_key_id,user_email", &keys, "ada@example.com")).unwrap();
    home.aispend(&["import", "api-key-mapping", &file.display().to_string()]).exits(0);
    let people = home.column(
        "SELECT DISTINCT user_email FROM ai_usage_analytics.fct_cost_daily WHERE attribution <> 'none'",
    );
    std::fs::write(home.sheet("people"), sheet("user_email,team", &people, "Platform")).unwrap();
    home.aispend(&["run", "--feeds", "sheets/people"]).exits(0);
}

fn sheet(header: &str, names: &[String], of: &str) -> String {
    let mut lines = vec![header.to_owned()];
    lines.extend(names.iter().map(|name| format!("{name},{of}")));
    lines.join("\n")
}

#[test]
fn each_kind_of_company_is_told_by_its_organisations_and_its_cost_api() {
    for (shape, api, missing) in [
        (Shape::Analytics, "analytics API, which answers", Some("no analytics key")),
        (
            Shape::Legacy,
            "cost report (legacy), as the newer API does not answer (HTTP 404",
            Some("legacy cost report"),
        ),
        (Shape::Enterprise, "analytics API, which answers", None),
        (Shape::EnterpriseLegacy, "cost report (legacy)", Some("Enterprise cost reports")),
    ] {
        let vendors = Vendors::open(plain(shape, 121), FaultPlan::none());
        let ended = screen(&Home::with_google(&vendors), 0);
        // Two organisations whose answers need a remark each are the longest.
        assert!(ended.stdout.lines().count() <= 44, "{shape:?}: {}", ended.stdout);
        says(
            &ended,
            "ok",
            "ANTHROPIC_ADMIN_KEY",
            &["Console organisation", vendors.simulator().world.console_id()],
        );
        says(&ended, "ok", "anthropic/cost", &[api, "read again for"]);
        says(&ended, "ok", "cursor/usage-events", &["7 days"]);
        if matches!(shape, Shape::Enterprise | Shape::EnterpriseLegacy) {
            says(&ended, "ok", "ANTHROPIC_ANALYTICS_KEY", &["Enterprise organisation"]);
            says(&ended, "ok", "anthropic/claude-ai", &["answers"]);
        }
        if let Some(missing) = missing {
            says(&ended, "note", missing, &[]);
        }
        says(&ended, "note", "warehouse", &["none yet"]);
    }
}

#[test]
fn wrong_keys_and_a_broken_sheet_are_named_with_the_vendors_words_and_what_to_do() {
    let vendors = Vendors::open(plain(Shape::Analytics, 122), FaultPlan::none());
    let mut home = Home::with_csv(&vendors);
    home.set("ANTHROPIC_ADMIN_KEY", "sk-ant-api03-of-somebody");
    home.set("CURSOR_ADMIN_KEY", "crsr_of_a_member");
    std::fs::write(home.sheet("people"), "name,team\nAlice,Data\n").unwrap();
    std::fs::remove_file(home.sheet("claude-ai-usage")).unwrap();
    let ended = screen(&home, 1);
    says(
        &ended,
        "FAIL",
        "ANTHROPIC_ADMIN_KEY",
        &["HTTP 401, \"invalid x-api-key\"", "anthropic/cost", "an ordinary API key", "Admin API key"],
    );
    says(
        &ended,
        "FAIL",
        "CURSOR_ADMIN_KEY",
        &["HTTP 401, \"Unauthorized: Invalid API key\"", "admin:*", "cursor/spend"],
    );
    says(&ended, "FAIL", "people", &["row 1 has no header `user_email`", "name the columns in row 1"]);
    insta::assert_snapshot!(steady(&ended));
}

#[test]
fn a_key_without_the_scope_names_the_feeds_it_does_not_open() {
    let vendors = Vendors::open(plain(Shape::Enterprise, 123), FaultPlan::none());
    let mut home = Home::with_csv(&vendors);
    let scoped = vendors.simulator().world.keys.analytics.clone();
    home.set("ANTHROPIC_ADMIN_KEY", &scoped);
    home.unset("ANTHROPIC_ANALYTICS_KEY");
    let ended = screen(&home, 1);
    says(&ended, "warn", "ANTHROPIC_ADMIN_KEY", &["scoped key", "its own setting"]);
    let words = "HTTP 403, \"This API key does not have the required scopes. Key scopes: read:analytics.";
    says(&ended, "FAIL", "anthropic/directory", &[words, "Admin API keys"]);
    says(&ended, "FAIL", "anthropic/claude-code", &[words]);
}

#[test]
fn a_vendor_that_refuses_connections_is_told_within_half_a_minute() {
    let vendors = Vendors::open(plain(Shape::Enterprise, 124), FaultPlan::none());
    let mut home = Home::with_csv(&vendors);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for name in ["ANTHROPIC_BASE_URL", "CURSOR_BASE_URL"] {
        home.set(name, &format!("http://{closed}"));
    }
    let ended = screen(&home, 1);
    assert!(ended.took < Duration::from_secs(30), "{:?}", ended.took);
    for key in ["ANTHROPIC_ADMIN_KEY", "ANTHROPIC_ANALYTICS_KEY", "CURSOR_ADMIN_KEY"] {
        says(&ended, "FAIL", key, &["gave no answer", "refused", "base URL"]);
    }
    says(&ended, "note", "clock", &["not compared"]);
}

/// A server that says the same to everybody.
fn constant(status: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            // The request is short; what it says does not matter.
            let read = stream.read(&mut [0; 4096]).unwrap_or_default();
            assert!(read < 4096);
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
            );
            stream.write_all(format!("{head}{body}").as_bytes()).unwrap_or_default();
        }
    });
    base_url
}

#[test]
fn a_web_page_in_the_vendors_place_is_told_as_one() {
    let vendors = Vendors::open(plain(Shape::Analytics, 125), FaultPlan::none());
    let mut home = Home::with_csv(&vendors);
    home.set("ANTHROPIC_BASE_URL", &constant("502 Bad Gateway", "<html><title>Edge is down</title></html>"));
    home.set("CURSOR_BASE_URL", &constant("200 OK", "<!doctype html><html><title>Sign in</title></html>"));
    let ended = screen(&home, 1);
    says(&ended, "FAIL", "ANTHROPIC_ADMIN_KEY", &["HTTP 502, \"Edge is down\"", "status.anthropic.com"]);
    says(&ended, "FAIL", "CURSOR_ADMIN_KEY", &["HTTP 200, \"Sign in\"", "CURSOR_BASE_URL"]);
}

#[test]
fn a_clock_that_is_a_quarter_of_an_hour_off_is_a_failure() {
    let alone =
        WorldConfig { console: false, enterprise: false, quirks: Quirks::NONE, ..config(Shape::Legacy, 126) };
    let ahead = || now() + Duration::from_mins(15);
    let vendors = Vendors::open_at(World::generate(alone), FaultPlan::none(), ahead);
    let home = Home::with_csv(&vendors);
    let ended = screen(&home, 1);
    says(&ended, "FAIL", "clock", &["behind the vendors' clocks", "timedatectl", "parked"]);
    let seconds =
        home.aispend(&["doctor", "--json"]).exits(1).json()["clock_ahead_seconds"].as_i64().unwrap();
    assert!((-905..=-895).contains(&seconds), "{seconds}");
}

#[test]
fn without_keys_or_with_wrong_settings_it_ends_with_2() {
    let mut home = Home::empty();
    home.aispend(&["doctor"]).exits(2).says("ANTHROPIC_ADMIN_KEY").says("CURSOR_ADMIN_KEY");
    home.set("CURSOR_ADMIN_KEY", "crsr_x");
    home.set("AISPEND_COST_API", "newest");
    home.aispend(&["doctor", "--json"]).exits(2).says("AISPEND_COST_API");
}

#[test]
fn what_the_sheets_do_not_explain_is_told_with_its_money() {
    let vendors = Vendors::open(plain(Shape::Legacy, 127), FaultPlan::none());
    let home = Home::with_csv(&vendors);
    budget_now(&home);
    home.run(days_ago(11), days_ago(4)).exits(0);
    // The same, with a mapping sheet of one row and no teams; then a row that is refused, and a file that is gone.
    let header =
        |tab: &str| std::fs::read_to_string(home.sheet(tab)).unwrap().lines().next().unwrap().to_owned();
    for tab in ["api-key-mapping", "people"] {
        let first =
            if tab == "people" { "nobody@example.com,Nobody" } else { "apikey_none,nobody@example.com" };
        std::fs::write(home.sheet(tab), format!("{}\n{first}\n", header(tab))).unwrap();
    }
    home.aispend(&["run", "--feeds", "sheets/api-key-mapping,sheets/people"]).exits(0);
    std::fs::write(home.sheet("people"), format!("{}\n,Nobody\n", header("people"))).unwrap();
    std::fs::remove_file(home.sheet("seats")).unwrap();
    let ended = screen(&home, 1);
    says(
        &ended,
        "warn",
        "keys",
        &["USD of API keys nobody is named for", "apikey_", "sheet api-key-mapping"],
    );
    says(&ended, "warn", "people", &["1 refused", "row 2", "user_email"]);
    says(&ended, "FAIL", "seats", &["it is gone, and its rows are loaded", "aispend retire sheets/seats"]);
    assert!(ended.stdout.contains("USD of people without a team"), "{}", ended.stdout);
}

#[test]
fn a_warehouse_that_nobody_reads_any_more_is_told_with_its_feeds() {
    let vendors = Vendors::open(plain(Shape::Analytics, 128), FaultPlan::none());
    let home = Home::with_csv(&vendors);
    budget_now(&home);
    home.run(days_ago(11), days_ago(9)).exits(0);
    home.run(days_ago(6), days_ago(4)).exits(0);
    let ended = screen(&home, 0);
    says(&ended, "warn", "loads", &["days in between are missing", "anthropic/cost", "aispend run"]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let warehouse = DuckDb::open_writer_with(&home.data(), false, &Options::default()).unwrap();
        warehouse.load(vec![read_long_ago()]).await.unwrap();
        warehouse.publish().await.unwrap();
    });
    let ended = screen(&home, 0);
    says(&ended, "warn", "loads", &["not read for 48 hours: cursor/members", "aispend run"]);
}

/// The people of another team, as they were three days ago.
fn read_long_ago() -> SliceLoad {
    let observed = now() - 72.hours();
    SliceLoad {
        slice: Slice::all(Feed::CursorMembers, "another-team"),
        order: Order { generation: Generation(observed.as_microsecond()), revision: 0, reader_version: 1 },
        run_id: "long-ago".to_owned(),
        source: String::new(),
        outcome: SliceOutcome::Complete,
        outcome_reason: String::new(),
        frames: Bytes::new(),
        accepted: TableSums::default(),
        read: TableSums::default(),
        rejected: Vec::new(),
        documents: Vec::new(),
        context: Vec::new(),
        context_digest: String::new(),
        content_hash: Vec::new(),
        rounded_amounts: 0,
        rounded_lost_usd: "0".to_owned(),
        findings: Vec::new(),
        claude_code_tokens: None,
        loaded_at: observed,
    }
}

#[test]
fn the_same_as_json_has_every_key_feed_sheet_and_finding() {
    let vendors = Vendors::open(plain(Shape::Enterprise, 129), FaultPlan::none());
    let home = Home::with_google(&vendors);
    let ended = home.aispend(&["doctor", "--json"]).exits(0);
    for (_, key) in keys(&home) {
        assert!(!ended.stdout.contains(&key), "a key is shown: {}", ended.stdout);
    }
    let report = ended.json();
    assert_eq!((&report["status"], &report["engine"]), (&"ok".into(), &"local".into()));
    let kinds: Vec<_> = report["keys"].as_array().unwrap().iter().map(|key| &key["kind"]).collect();
    assert_eq!(kinds, ["console", "enterprise", "cursor_team"]);
    let cost = &report["keys"][0]["feeds"][0];
    assert_eq!(
        (&cost["subject"], &cost["status"], &cost["re_read_days"]),
        (&"anthropic/cost".into(), &"ok".into(), &30.into())
    );
    assert_eq!(report["keys"][0]["cost_api"], "analytics");
    assert_eq!(report["sheets"].as_array().unwrap().len(), 7);
    for list in ["warehouse", "machine", "missing"] {
        for check in report[list].as_array().unwrap() {
            for member in ["status", "subject", "says", "reason", "remedy"] {
                assert!(check[member].is_string(), "{list}: {check}");
            }
        }
    }
}

#[test]
fn a_demo_s_warehouse_is_not_for_real_keys() {
    let vendors = Vendors::open(plain(Shape::Analytics, 130), FaultPlan::none());
    let home = Home::with_csv(&vendors);
    home.aispend(&["demo", "--no-serve", "--people", "3", "--days", "3"]).exits(0);
    let ended = screen(&home.nested("demo"), 1);
    says(&ended, "FAIL", "warehouse", &["simulated data", "AISPEND_DATA_DIR"]);
}
