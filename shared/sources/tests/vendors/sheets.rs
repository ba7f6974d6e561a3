//! Sheets as people keep them, from Google and from CSV files.

use crate::harness::{ask, assert_shown, fixture, fixtures, play, read, response, shown};
use aispend_model::{Feed, Slice};
use aispend_sources::{Ask, Next, Progress, source};

const FEEDS: [Feed; 7] = [
    Feed::SheetApiKeyMapping,
    Feed::SheetPeople,
    Feed::SheetSeats,
    Feed::SheetBudgets,
    Feed::SheetInvoices,
    Feed::SheetClaudeAiUsage,
    Feed::SheetClaudeAiSpend,
];

fn sheet(feed: Feed, form: &str) -> Ask {
    let tab = feed.as_str().trim_start_matches("sheets/");
    ask(Slice::all(feed, "sheets"), form, tab)
}

#[test]
fn every_fixture_reads_as_its_snapshot_says() {
    for feed in FEEDS {
        let folder = fixtures().join(feed.as_str());
        for file in folder.read_dir().unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            let form = match name.rsplit_once('.') {
                Some((_, "json")) => "google",
                Some((_, "csv")) => "csv",
                _ => continue,
            };
            let text = shown(&sheet(feed, form), vec![fixture(&format!("{feed}/{name}"))]);
            assert_shown!(feed.as_str(), name.replace('.', "-"), text);
        }
    }
}

fn next(ask: &Ask, status: u16, body: &[u8]) -> Result<Next, String> {
    let source = source(ask.slice.feed);
    let request = source.requests(ask).remove(0);
    let answer = source.follow(ask, &request, &response(status, body.to_vec()), Progress::default());
    answer.map(|followed| followed.next).map_err(|error| error.to_string())
}

#[test]
fn refusals_say_what_to_do() {
    let mut text = String::new();
    let google = sheet(Feed::SheetPeople, "google");
    for file in [
        "400-unable-to-parse-range",
        "401-unauthenticated",
        "403-permission-denied",
        "404-gspread-recorded",
        "429-quota",
    ] {
        let status = file[..3].parse().unwrap();
        let next = next(&google, status, &fixture(&format!("sheets/errors/{file}.json")));
        text += &format!("{file}: {next:?}\n");
    }
    text += &format!("500 html: {:?}\n", next(&google, 500, b"<html>"));
    text += &format!("200 html: {:?}\n", next(&google, 200, b"<html>"));
    text += &format!("no file: {:?}\n", next(&sheet(Feed::SheetPeople, "csv"), 404, b""));
    assert_shown!("sheets/errors", "refusals", text);
}

#[test]
fn a_tab_is_quoted_and_read_back_from_the_request() {
    let mut asked = sheet(Feed::SheetPeople, "google");
    asked.tab = "it's a 'tab'? a/b".into();
    let request = source(Feed::SheetPeople).requests(&asked).remove(0);
    assert_eq!(request.path, "/v4/spreadsheets/1AbC/values/'it''s a ''tab''? a/b'!A1:Z");
    let bodies = play(&asked, vec![br#"{"values":[["user_email"],["nobody"]]}"#.to_vec()]).unwrap().bodies;
    let place = &read(&asked, bodies).unwrap().rejected[0].place;
    assert_eq!(place, "sheet \"it's a 'tab'? a/b\", row 2");
}

#[test]
fn a_tab_is_absent_only_where_both_forms_of_its_name_are_refused() {
    let refused = fixture("sheets/errors/400-unable-to-parse-range.json");
    for (tab, forms) in [("seats", ["seats", "'seats'"]), ("API keys", ["'API keys'", "API keys"])] {
        let mut asked = sheet(Feed::SheetSeats, "google");
        asked.tab = tab.into();
        let source = source(Feed::SheetSeats);
        let first = source.requests(&asked).remove(0);
        let follow = |request| {
            let answer = response(400, refused.clone());
            source.follow(&asked, request, &answer, Progress::default()).unwrap().next
        };
        let Next::Instead(second) = follow(&first) else { panic!("{tab}: not asked in the other form") };
        for (request, form) in [&first, &second].into_iter().zip(forms) {
            assert_eq!(request.path, format!("/v4/spreadsheets/1AbC/values/{form}!A1:Z"));
        }
        assert!(matches!(follow(&second), Next::Absent(_)), "{tab}");
    }
}

#[test]
fn a_seat_counts_whoever_sits_on_it() {
    let asked = sheet(Feed::SheetSeats, "csv");
    let rows = "vendor,user_email,price_usd,billing,valid_from\nClaude AI,open seat,365,yearly,2026-10-06\n";
    let read = read(&asked, play(&asked, vec![rows.into()]).unwrap().bodies).unwrap();
    assert_eq!((read.set.dim_seats[0].user_email.as_deref(), read.stated.to_string().as_str()), (None, "1"));
    let said = &read.findings[0];
    assert!(said.message.contains("sheet \"seats\", row 2: user_email `open seat`"), "{}", said.message);
}

#[test]
fn a_seat_without_a_first_day_costs_from_the_first_day_of_all_data() {
    let asked = sheet(Feed::SheetSeats, "csv");
    let rows = "vendor,price_usd\ncursor,31\n";
    let mut bodies = play(&asked, vec![rows.into()]).unwrap().bodies;
    let since =
        aispend_sources::Body { role: "setting".into(), bytes: b"2026-10-04".into(), ..bodies[0].clone() };
    bodies.push(since);
    let read = read(&asked, bodies).unwrap();
    assert_eq!((read.set.cursor_expenses.len(), read.set.dim_seats[0].valid_from), (3, None));
}

#[test]
fn a_key_is_not_mapped_to_what_is_no_address() {
    let asked = sheet(Feed::SheetApiKeyMapping, "csv");
    let rows = "api_key_id,user_email\nk1,Dana Doe\nk2,sa:svac_1\nk3,\n";
    let read = read(&asked, play(&asked, vec![rows.into()]).unwrap().bodies).unwrap();
    assert_eq!(read.set.dim_api_key_mapping.len(), 2);
    let row = &read.rejected[0];
    assert_eq!((row.place.as_str(), row.field.as_str()), ("sheet \"api-key-mapping\", row 2", "user_email"));
}

#[test]
fn a_sheet_with_a_header_alone_is_an_observation_of_nothing() {
    for feed in FEEDS {
        let header = "vendor,price_usd,user_email,api_key_id,month,budget_usd,activity_date,total_net_spend_usd,\
            period_start,period_end,invoice_id,scope,amount,currency\n";
        let asked = sheet(feed, "csv");
        assert_eq!(next(&asked, 200, header.as_bytes()), Ok(Next::Done), "{feed}");
        let bodies = play(&asked, vec![header.as_bytes().to_vec()]).unwrap().bodies;
        assert_eq!(read(&asked, bodies).unwrap().sums.rows(), 0, "{feed}");
    }
}

#[test]
fn hostile_files_are_refused_with_a_reason() {
    let mut text = String::new();
    let asked = sheet(Feed::SheetPeople, "csv");
    let files: [(&str, &[u8]); 8] = [
        ("empty", b""),
        ("byte order mark alone", b"\xef\xbb\xbf"),
        ("blanks alone", b" , ,\n\n"),
        ("Latin 1", b"user_email,name\nj@example.com,Jos\xe9\n"),
        ("UTF-16", b"\xff\xfeu\0s\0"),
        ("a workbook", b"PK\x03\x04\x14\0\x06\0"),
        ("semicolons", b"user_email;name\na@example.com;A\n"),
        ("duplicate headers", b"user_email,name,User Email\n"),
    ];
    for (name, bytes) in files {
        text += &format!("{name}: {:?}\n", next(&asked, 200, bytes));
    }
    assert_shown!("sheets/errors", "hostile-files", text);
}

#[test]
fn hostile_rows_are_refused_one_by_one() {
    let asked = sheet(Feed::SheetSeats, "csv");
    let huge = "x".repeat(60_000);
    let rows = format!(
        "vendor,plan,price_usd,valid_from\n\
         cursor,{huge},40,2026-10-06\n\
         \"=HYPERLINK(\"\"http://x\"\")\",a,40,2026-10-06\n\
         cursor,a,=1+1,2026-10-06\n\
         cursor,a,40,46300\n\
         cursor,a,40,1900-01-01\n\
         cursor,a,40,2026-10-06\n"
    );
    let bodies = play(&asked, vec![rows.into_bytes()]).unwrap().bodies;
    let read = read(&asked, bodies).unwrap();
    let rejected: Vec<_> = read.rejected.iter().map(|row| (row.place.as_str(), row.field.as_str())).collect();
    let expected = [
        ("sheet \"seats\", row 2", "plan"),
        ("sheet \"seats\", row 3", "vendor"),
        ("sheet \"seats\", row 4", "price_usd"),
        ("sheet \"seats\", row 5", "valid_from"),
        ("sheet \"seats\", row 6", "valid_from"),
    ];
    assert_eq!(rejected, expected);
    assert_eq!((read.set.dim_seats.len(), read.set.cursor_expenses.len()), (1, 1));
    assert!(read.rejected.iter().all(|row| row.record.len() <= 8_000));
}

#[test]
fn the_same_table_gives_the_same_records_from_google_and_from_a_file() {
    for feed in [Feed::SheetPeople, Feed::SheetSeats, Feed::SheetBudgets, Feed::SheetInvoices] {
        let bytes = fixture(&format!("{feed}/by-hand.csv"));
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&*bytes);
        let rows: Vec<Vec<String>> = reader.deserialize().collect::<Result<_, _>>().unwrap();
        let google = serde_json::to_vec(&std::collections::BTreeMap::from([("values", rows)])).unwrap();
        let without_question =
            |form, bytes| shown(&sheet(feed, form), vec![bytes]).split_once('\n').unwrap().1.to_owned();
        assert_eq!(without_question("google", google), without_question("csv", bytes), "{feed}");
    }
}
