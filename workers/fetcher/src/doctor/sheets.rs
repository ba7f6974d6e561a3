//! The sheets: whether each can be reached, has its header, and which rows a check refuses.

use aispend_model::{Feed, Generation, Slice, Vendor};
use aispend_ports::Fetch;
use aispend_sources::{Ask, Body, Next, Progress, Reading, Records, source};

use super::Doors;
use super::question::{refused, silence};
use super::report::{Check, SheetReport};
use super::words::{one_line, trouble};
use crate::settings::{FetcherSettings, Sheets};

/// Questions that a question may turn into: a tab's name is tried with quotes and without.
const INSTEAD: u32 = 3;

/// Every sheet feed.
fn feeds() -> impl Iterator<Item = Feed> {
    Feed::ALL.into_iter().filter(|feed| feed.vendor() == Vendor::Sheets)
}

/// Every sheet. `has_enterprise`: an Enterprise organisation's own reports tell what two of them would.
pub async fn sheets(
    settings: &FetcherSettings,
    doors: &Doors<'_>,
    fetch: &dyn Fetch,
    has_enterprise: bool,
) -> Vec<SheetReport> {
    if settings.sheets == Sheets::WithoutKey {
        let check = Check::fail(
            "Google Sheets",
            "wrong_key",
            "AISPEND_SPREADSHEET_ID is set, GOOGLE_APPLICATION_CREDENTIALS is not: no sheet is read",
            "name the key file of a service account that may read the spreadsheet",
        );
        // One finding, whichever sheet stands for it.
        return vec![SheetReport { check, feed: Feed::SheetPeople, rows: None, rejected: 0 }];
    }
    let mut reports = Vec::new();
    for feed in feeds() {
        let tab = settings.tab(feed);
        let is_told = matches!(feed, Feed::SheetClaudeAiSpend | Feed::SheetClaudeAiUsage) && has_enterprise;
        reports.push(if is_told {
            let says = "not read: Enterprise reports tell the same";
            SheetReport { check: Check::note(&tab, says), feed, rows: None, rejected: 0 }
        } else {
            sheet(settings, doors, fetch, feed, tab).await
        });
    }
    reports
}

async fn sheet(
    settings: &FetcherSettings,
    doors: &Doors<'_>,
    fetch: &dyn Fetch,
    feed: Feed,
    tab: String,
) -> SheetReport {
    let (family, spreadsheet_id) = match &settings.sheets {
        Sheets::Google { spreadsheet_id } => ("google", spreadsheet_id.clone()),
        Sheets::Csv | Sheets::WithoutKey => ("csv", String::new()),
    };
    let ask = Ask {
        slice: Slice::all(feed, "sheets"),
        source: family.to_owned(),
        generation: Generation::next(doors.clock.now(), None),
        spreadsheet_id,
        tab: tab.clone(),
    };
    let not = |check: Check| SheetReport { check: check.about(&tab), feed, rows: None, rejected: 0 };
    let Some(mut request) = source(feed).requests(&ask).pop() else {
        return not(Check::note("", "nothing to ask"));
    };
    for _ in 0..INSTEAD {
        let response = match fetch.send(&request).await {
            Ok(response) => response,
            Err(error) => return not(silence(&error)),
        };
        if family == "google"
            && let Some(check) = trouble(Vendor::Sheets, &response)
        {
            return not(check);
        }
        let followed = match source(feed).follow(&ask, &request, &response, Progress::default()) {
            Ok(followed) => followed,
            Err(error) => {
                let remedy = "mend the file, or export it again as CSV (UTF-8)";
                return not(Check::fail("", "unreadable", one_line(&error.to_string()), remedy));
            }
        };
        match followed.next {
            Next::Instead(other) => request = *other,
            Next::Absent(_) => return not(Check::note("", "not in use")),
            Next::Refused(refusal) if refusal.reason == "bad_sheet" => {
                return not(Check::fail("", "bad_sheet", refusal.detail, refusal.remedy));
            }
            Next::Refused(refusal) => return not(refused(&response, &refusal)),
            Next::Unavailable(why) => return not(Check::note("", why)),
            Next::Done | Next::Page(_) | Next::Restart(_) => {
                let body = Body {
                    role: request.role.clone(),
                    request: request.line(),
                    page: 0,
                    bytes: response.body,
                };
                return read(&ask, body, followed.items);
            }
        }
    }
    not(Check::note("", "not in use"))
}

/// What the loader would make of it.
fn read(ask: &Ask, body: Body, rows: u64) -> SheetReport {
    let feed = ask.slice.feed;
    let report = |check, rejected| SheetReport { check, feed, rows: Some(rows), rejected };
    if rows == 0 {
        let check = Check::note(&ask.tab, "a header and no rows");
        return report(check, 0);
    }
    let reading = Reading {
        slice: ask.slice.clone(),
        source: ask.source.clone(),
        generation: ask.generation,
        documents: vec![body],
        context: Vec::new(),
    };
    let mut hand_on = |_| {};
    let mut records = Records::new(&mut hand_on);
    if let Err(error) = source(feed).records(&reading, &mut records) {
        let remedy = "mend what is named; the sheet is not read until then";
        return report(Check::fail(&ask.tab, "bad_sheet", one_line(&error.to_string()), remedy), 0);
    }
    let count = if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") };
    let rejected = records.rejected.len() as u64;
    let check = match records.rejected.first() {
        None => Check::ok(&ask.tab, count),
        Some(first) => Check::warn(
            &ask.tab,
            "rejected_rows",
            one_line(&format!(
                "{count}, {rejected} refused; the first: {}, column {}: {}",
                first.place, first.field, first.reason
            )),
            "mend the row; the others are read",
        ),
    };
    report(check, rejected)
}
