//! The vendor's bodies, played page by page.

use crate::harness::{ask, assert_shown, fixture, play, read, response, shown};
use aispend_model::{Feed, Money, Slice, parse_day};
use aispend_sources::{Ask, Body, Next, Progress, source};

fn day(feed: Feed, day: &str) -> Ask {
    ask(Slice::of_day(feed, "cursor", parse_day(day).unwrap()), "", "")
}

fn check(ask: &Ask, name: &str, files: &[&str]) {
    let folder = ask.slice.feed.as_str();
    let bodies = files.iter().map(|file| fixture(&format!("{folder}/{file}.json"))).collect();
    assert_shown!(folder, name, shown(ask, bodies));
}

#[test]
fn usage_events_become_events_and_money() {
    let of = |text| day(Feed::CursorUsageEvents, text);
    check(&of("2026-10-05"), "two-pages", &["page-1", "page-2"]);
    check(&of("2026-10-05"), "empty", &["empty"]);
    check(&of("2025-06-26"), "form-of-2025", &["form-of-2025"]);
}

#[test]
fn daily_usage_becomes_a_row_a_person() {
    let of = |text| day(Feed::CursorDailyUsage, text);
    check(&of("2026-10-05"), "two-pages", &["page-1", "page-2"]);
    check(&of("2026-10-06"), "active-only", &["active-only"]);
    check(&of("2024-03-18"), "no-user-id", &["no-user-id"]);
}

#[test]
fn members_and_spend_become_snapshots() {
    let members = ask(Slice::all(Feed::CursorMembers, "cursor"), "", "");
    check(&members, "members", &["members"]);
    check(&members, "no-ids", &["no-ids"]);
    check(&day(Feed::CursorSpend, "2026-10-07"), "two-pages", &["page-1", "page-2"]);
}

#[test]
fn the_figures_of_the_samples_hold() {
    let events = |text| {
        let ask = day(Feed::CursorUsageEvents, text);
        let pages = ["page-1", "page-2"].map(|page| fixture(&format!("cursor/usage-events/{page}.json")));
        let bodies = play(&ask, pages.to_vec()).unwrap().bodies;
        read(&ask, bodies).unwrap()
    };
    let read = events("2026-10-05");
    let of = |user: &str, charge: &str| {
        let rows: Vec<_> = read
            .set
            .cursor_expenses
            .iter()
            .filter(|row| row.user_email.as_deref() == Some(user) && row.cost_type == charge)
            .collect();
        let sum = |values: Vec<i64>| Money::from_nanos(values.into_iter().map(i128::from).sum()).to_string();
        let billed = sum(rows.iter().map(|row| row.estimated_cost_usd).collect());
        (billed, sum(rows.iter().filter_map(|row| row.included_value_usd).collect()))
    };
    let pair = |billed: &str, included: &str| (billed.to_owned(), included.to_owned());
    assert_eq!(of("alice@example.com", "usage_based"), pair("0.5869232", "0"));
    assert_eq!(of("alice@example.com", "not_charged"), pair("0", "0"));
    assert_eq!(of("bob@example.com", "included_usage"), pair("0", "0.062"));
    assert_eq!(of("carol@example.com", "included_usage"), pair("0", "0.08"));
    assert_eq!(read.stated.to_string(), "0.5869232");
    // Two identical events are two events, and the one exactly at midnight is the next day's.
    assert_eq!(read.set.cursor_usage_events.len(), 6);
    let next = events("2026-10-06");
    assert_eq!(next.stated.to_string(), "0.027465");
    assert_eq!(next.set.cursor_expenses[0].user_email.as_deref(), Some("sa:sa_abc123"));
    assert_eq!(next.set.cursor_usage_events[0].user_email.as_deref(), Some("agent-runner@example.com"));
}

fn next(ask: &Ask, page: u32, status: u16, body: &str, so_far: Progress) -> Result<Next, String> {
    let source = source(ask.slice.feed);
    let mut request = source.requests(ask).remove(0);
    request.page = page;
    let answer = source.follow(ask, &request, &response(status, body.as_bytes().to_vec()), so_far);
    answer.map(|followed| followed.next).map_err(|error| error.to_string())
}

#[test]
fn events_that_moved_while_they_were_read_are_asked_for_again() {
    let ask = day(Feed::CursorUsageEvents, "2026-10-05");
    let so_far = Progress { items: 1_000, announced: Some(1_001), is_repeated: false };
    let page = |total: u64, items: usize, more: &str| {
        format!(
            r#"{{"totalUsageEventsCount":{total},"usageEventsDisplay":[{}]{more}}}"#,
            vec!["{}"; items].join(",")
        )
    };
    let follow = |page_number, body: String, so_far| next(&ask, page_number, 200, &body, so_far).unwrap();
    assert_eq!(follow(1, page(1_001, 1, ""), so_far), Next::Done);
    assert!(matches!(follow(1, page(1_002, 1, ""), so_far), Next::Restart(_)));
    assert!(matches!(follow(1, page(1_001, 2, ""), so_far), Next::Restart(_)));
    assert!(matches!(follow(0, page(2_000, 1_000, ""), Progress::default()), Next::Page(_)));
    let more = r#","pagination":{"hasNextPage":true}"#;
    assert!(matches!(follow(1, page(1_001, 0, more), so_far), Next::Restart(_)));
    assert!(next(&ask, 0, 200, "{}", Progress::default()).unwrap_err().contains("neither `usageEvents`"));
}

#[test]
fn refusals_say_what_to_do_and_html_is_no_surprise() {
    let mut text = String::new();
    for feed in [Feed::CursorUsageEvents, Feed::CursorSpend] {
        for file in [
            "400-bad-request.json",
            "401-unauthorized.json",
            "403-enterprise-required.json",
            "429-rate-limited.json",
            "502-proxy.html",
        ] {
            let body = String::from_utf8(fixture(&format!("cursor/errors/{file}"))).unwrap();
            let status = file[..3].parse().unwrap();
            let next = next(&day(feed, "2026-10-05"), 0, status, &body, Progress::default());
            text += &format!("{feed} {file}: {next:?}\n");
        }
    }
    assert_shown!("cursor/errors", "refusals", text);
}

fn one_event(event: &str) -> Result<crate::harness::Read, String> {
    one_answer(&format!(r#"{{"totalUsageEventsCount":1,"usageEvents":[{event}]}}"#))
}

fn one_answer(answer: &str) -> Result<crate::harness::Read, String> {
    let ask = day(Feed::CursorUsageEvents, "2026-10-05");
    let bytes = answer.to_owned().into_bytes();
    let body =
        Body { role: "events".into(), request: "POST /teams/filtered-usage-events".into(), page: 0, bytes };
    read(&ask, vec![body]).map_err(|error| error.to_string())
}

#[test]
fn an_amount_or_a_day_in_doubt_parks_the_slice() {
    let error = |event: &str| one_event(event).err().unwrap();
    let at = r#""timestamp":"1791194400123""#;
    assert_eq!(
        error(&format!(r#"{{{at},"chargedCents":"twelve"}}"#)),
        "page 1, event 1: `chargedCents` cannot be read exactly: `twelve` is not a decimal number"
    );
    assert!(error(r#"{"chargedCents":1}"#).contains("`timestamp` cannot be read exactly: it is absent"));
    assert!(error(r#"{"timestamp":"yesterday"}"#).contains("yesterday"));
    assert!(error(&format!(r#"{{{at},"chargedCents":1e30}}"#)).contains("more digits"));
}

#[test]
fn a_renamed_amount_parks_and_a_renamed_count_is_noted() {
    let error = |event: &str| one_event(&format!(r#"{{"timestamp":"1791194400123",{event}}}"#)).err();
    let charge = "page 1, event 1: `chargedCents` cannot be read exactly: a billed event does not state it";
    assert_eq!(error(r#""kind":"Usage-based","isChargeable":true,"cents":5"#).as_deref(), Some(charge));
    assert_eq!(error(r#""kind":"Usage-based","isChargeable":false,"cents":5"#), None);
    assert_eq!(error(r#""kindLabel":"Usage-based","cents":5"#), None, "the form of 2025");
    let neither = error(r#""sort":"Usage-based","billable":true,"chargedCents":5"#).unwrap();
    assert!(neither.contains("neither it nor `kind`"), "{neither}");
    assert_eq!(error(r#""sort":"Usage-based","chargedCents":0"#), None);

    let found = |answer: &str| -> Vec<String> {
        let findings = one_answer(answer).unwrap().findings;
        findings.iter().map(|finding| format!("{}: {}", finding.check, finding.message)).collect()
    };
    assert_eq!(
        found(r#"{"count":0,"usageEvents":[]}"#),
        [
            "no_announced_count: no `totalUsageEventsCount`: that all events came cannot be checked",
            "unknown_field: `count`"
        ]
    );
}

#[test]
fn rows_are_counted_against_the_people_announced() {
    let ask = day(Feed::CursorDailyUsage, "2026-10-05");
    let row = |id: u32| format!(r#"{{"email":"a{id}@example.com","userId":{id},"day":"2026-10-05"}}"#);
    let answer = |rows: u32, people: u32| {
        let rows: Vec<String> = (0..rows).map(row).collect();
        format!(
            r#"{{"data":[{}],"pagination":{{"totalUsers":{people},"hasNextPage":false}}}}"#,
            rows.join(",")
        )
    };
    for (rows, people, is_doubled, differs) in [
        (4, 4, false, false),
        (3, 4, false, true),
        (7, 4, false, true),
        (8, 4, true, true),
        (0, 0, false, false),
    ] {
        let text = answer(rows, people);
        let body = Body { role: "daily_usage".into(), request: String::new(), page: 0, bytes: text.into() };
        match read(&ask, vec![body]) {
            Err(error) => {
                assert!(is_doubled && error.to_string().contains("8 rows of the day came"), "{error}");
            }
            Ok(read) => {
                let found = read.findings.iter().any(|finding| finding.check == "count_differs");
                assert_eq!(
                    (found, false),
                    (differs, is_doubled),
                    "{rows} rows of {people}: {:?}",
                    read.findings
                );
            }
        }
    }
}

#[test]
fn surprises_are_kept_and_noted() {
    let read = one_event(
        r#"{"timestamp":"2026-10-05T23:59:59.999Z","userEmail":" Bob@Example.com ","kind":"Gift","isChargeable":true,
            "chargedCents":0.00000005,"mood":"good","tokenUsage":{"inputTokens":1.5,"colour":1},"requestsCosts":1.4}"#,
    )
    .unwrap();
    let findings: Vec<_> =
        read.findings.iter().map(|finding| (finding.check, finding.message.as_str())).collect();
    let expected = [
        ("unknown_field", "`mood`"),
        ("unknown_field", "`tokenUsage.colour`"),
        ("unknown_value", "kind `Gift`"),
        ("unreadable_value", "inputTokens"),
    ];
    assert_eq!(findings, expected);
    assert_eq!((read.rounded.0, read.rounded.1.to_string()), (1, "0.0000000005".into()));
    let row = &read.set.cursor_usage_events[0];
    assert_eq!(
        (row.user_email.as_deref(), row.input_tokens, row.requests_costs),
        (Some("bob@example.com"), None, Some(1_400_000_000))
    );
    assert_eq!(read.set.cursor_expenses[0].user_email, row.user_email);
}

#[test]
fn a_contradiction_follows_is_chargeable() {
    let read = one_event(
        r#"{"timestamp":1791194400123,"kind":"Included in Pro","isChargeable":true,"chargedCents":5}"#,
    )
    .unwrap();
    assert_eq!((read.stated.to_string(), read.findings[0].check), ("0.05".into(), "contradiction"));
}

#[test]
fn two_rows_of_a_person_are_summed_within_an_answer_and_taken_once_across_pages() {
    let ask = day(Feed::CursorDailyUsage, "2026-10-05");
    let page = |page, rows: &str| Body {
        role: "daily_usage".into(),
        request: String::new(),
        page,
        bytes: format!(r#"{{"data":[{rows}]}}"#).into_bytes(),
    };
    let row = r#"{"email":"A@x.com","userId":"7","date":"1791158400000","agentRequests":2,"isActive":false}"#;
    let read = read(&ask, vec![page(0, &format!("{row},{row}")), page(1, row)]).unwrap();
    let rows = &read.set.cursor_usage_stats;
    assert_eq!((rows.len(), rows[0].agent_requests, rows[0].chat_requests), (1, Some(4), None));
    assert_eq!((rows[0].user_email.as_str(), rows[0].user_id.as_deref()), ("a@x.com", Some("7")));
    assert_eq!(read.findings[0].check, "duplicate_rows");
    // The same address by another user id is no repetition, wherever it stands.
    let read =
        crate::harness::read(&ask, vec![page(0, row), page(1, &row.replace("\"7\"", "\"8\""))]).unwrap();
    assert_eq!(read.set.cursor_usage_stats[0].agent_requests, Some(4));
    assert!(read.findings.is_empty());
}

#[test]
fn pages_of_people_are_followed_without_being_announced_and_past_an_empty_one() {
    let follow = |ask: &Ask, page, body: &str, so_far| next(ask, page, 200, body, so_far).unwrap();
    let ask = day(Feed::CursorDailyUsage, "2026-10-05");
    let first = Progress::default();
    let pages = |more: &str| format!(r#"{{"data":[],"pagination":{{"page":1,"totalPages":2{more}}}}}"#);
    assert!(matches!(follow(&ask, 0, &pages(""), first), Next::Page(_)));
    assert_eq!(follow(&ask, 1, &pages(""), first), Next::Done);
    assert!(matches!(follow(&ask, 0, &pages(r#","hasNextPage":true"#), first), Next::Page(_)));
    let known = Progress { announced: Some(3), ..first };
    assert!(matches!(follow(&ask, 1, &pages(r#","totalUsers":4"#), known), Next::Restart(_)));
    // All who were active, in one answer that knows no pages.
    let all = format!(r#"{{"data":[{}]}}"#, vec!["{}"; 100].join(","));
    assert!(matches!(follow(&ask, 0, &all, first), Next::Page(_)));
    let again = Progress { items: 100, is_repeated: true, ..first };
    assert_eq!(follow(&ask, 1, &all, again), Next::Done);

    let ask = day(Feed::CursorSpend, "2026-10-05");
    let spend = |more: &str| format!(r#"{{"teamMemberSpend":[]{more}}}"#);
    assert!(matches!(follow(&ask, 0, &spend(r#","totalPages":2"#), first), Next::Page(_)));
    assert!(matches!(follow(&ask, 0, &spend(r#","totalMembers":2"#), first), Next::Restart(_)));
    assert_eq!(follow(&ask, 0, &spend(""), first), Next::Done);
}

#[test]
fn both_names_of_the_list_of_events_may_stand_in_one_answer() {
    let event = r#"{"timestamp":"1791194400123","isChargeable":"true","chargedCents":5,"chargedCents":7}"#;
    for (one, other) in [(event, ""), ("", event), (event, event)] {
        let bytes =
            format!(r#"{{"usageEvents":[{one}],"usageEventsDisplay":[{other}],"usageEventsDisplay":null}}"#);
        let ask = day(Feed::CursorUsageEvents, "2026-10-05");
        let played = play(&ask, vec![bytes.into_bytes()]).unwrap();
        assert_eq!(played.followed[0].items, 1);
        assert_eq!(read(&ask, played.bodies).unwrap().stated.to_string(), "0.07");
    }
}

/// A measure rather than a test: `cargo nextest run --cargo-profile quick --run-ignored only --no-capture`.
#[test]
#[ignore = "prints how fast events are read; worth something in an optimised build only"]
fn events_are_read_quickly() {
    const PAGES: u32 = 200;
    let ask = day(Feed::CursorUsageEvents, "2026-10-05");
    let event = |place: u32| {
        format!(
            r#"{{"timestamp":"{}","userEmail":"person-{}@example.com","conversationId":"8f2e4a1b-6c3d-4e5f-9a7b-2d1c8e6f4a3b",
            "model":"model-{}","kind":"Usage-based","maxMode":false,"requestsCosts":5,"isTokenBasedCall":true,"isChargeable":true,
            "isHeadless":false,"tokenUsage":{{"inputTokens":126,"outputTokens":450,"cacheWriteTokens":6112,"cacheReadTokens":11964,
            "totalCents":20.18232}},"chargedCents":21.36232,"cursorTokenFee":1.18}}"#,
            1_791_158_400_000_u64 + u64::from(place),
            place % 500,
            place % 12
        )
    };
    let page = |page: u32| {
        let events: Vec<_> = (0..1_000).map(|place| event(page * 1_000 + place)).collect();
        let bytes = format!(r#"{{"totalUsageEventsCount":200000,"usageEvents":[{}]}}"#, events.join(","));
        Body { role: "events".into(), request: String::new(), page, bytes: bytes.into_bytes() }
    };
    let documents: Vec<_> = (0..PAGES).map(page).collect();
    let request = source(ask.slice.feed).requests(&ask).remove(0);
    let start = std::time::Instant::now();
    for body in &documents {
        let answer = response(200, body.bytes.clone());
        source(ask.slice.feed).follow(&ask, &request, &answer, Progress::default()).unwrap();
    }
    let followed = start.elapsed();
    let reading = aispend_sources::Reading {
        slice: ask.slice.clone(),
        source: String::new(),
        generation: ask.generation,
        documents,
        context: Vec::new(),
    };
    let start = std::time::Instant::now();
    let mut rows = 0;
    let mut count = |set: aispend_proto::v1::RecordSet| rows += set.len();
    let mut records = aispend_sources::Records::new(&mut count);
    source(ask.slice.feed).records(&reading, &mut records).unwrap();
    records.flush();
    println!("{} events: follow {followed:?}, records {:?}, {rows} rows", PAGES * 1_000, start.elapsed());
}
