//! Cursor's teams: which feeds answer each key.

use aispend_model::{Feed, Request, Vendor};
use aispend_ports::Fetch;
use aispend_sources::cursor::plan_named;

use super::Doors;
use super::question::{Outcome, question};
use super::report::{Check, FeedReport, KeyReport, Kind, Status};
use super::words::where_keys_are_made;
use crate::settings::CursorTeam;

/// The first one tells whether the key is good.
const FEEDS: [Feed; 4] =
    [Feed::CursorMembers, Feed::CursorDailyUsage, Feed::CursorUsageEvents, Feed::CursorSpend];

/// One team.
pub async fn team(doors: &Doors<'_>, fetch: &dyn Fetch, team: &CursorTeam) -> KeyReport {
    let setting = (doors.cursor_setting)(&team.org_id);
    let slot = |_: &Request| team.org_id.clone();
    let mut report = KeyReport {
        check: Check::ok(&setting, format!("Cursor team, called `{}` in the tables", team.org_id)),
        vendor: Vendor::Cursor,
        kind: Kind::CursorTeam,
        org_id: team.org_id.clone(),
        org_name: String::new(),
        cost_api: None,
        feeds: Vec::new(),
    };
    let mut plan = None;
    for feed in FEEDS {
        let (re_read_days, reads) = super::reads(feed);
        let check = match question(fetch, doors.clock, feed, &team.org_id, "", &slot).await {
            Outcome::Answers(body) => {
                plan = plan.or_else(|| plan_named(&body));
                Check::ok(feed.as_str(), format!("answers; {reads}"))
            }
            Outcome::Not(check) if report.feeds.is_empty() && is_of_the_key(&check) => {
                return unusable(report, doors, check);
            }
            Outcome::Not(check) => check,
        };
        report.feeds.push(FeedReport { check, re_read_days });
    }
    let plan = plan.map_or_else(
        || "its plan is in no answer".to_owned(),
        |plan| format!("plan {plan}, as its newest use says"),
    );
    report.check.says = format!("{}; {plan}", report.check.says);
    report
}

/// True for what the other feeds would answer as well.
fn is_of_the_key(check: &Check) -> bool {
    matches!(
        check.reason,
        "wrong_key" | "expired_key" | "ip_not_allowed" | "no_answer" | "not_the_api" | "billing"
    ) || (check.reason == "missing_scope" && check.http_status == Some(403))
}

fn unusable(report: KeyReport, doors: &Doors<'_>, check: Check) -> KeyReport {
    let setting = report.check.subject;
    let names = FEEDS.map(Feed::as_str).join(", ");
    let hint = if matches!(check.reason, "wrong_key") { (doors.hint)(&setting) } else { None };
    let remedy = match (check.reason, hint) {
        ("wrong_key" | "missing_scope", hint) => format!(
            "{}set a key with the scope admin:*, made by a team admin ({})",
            hint.map(|hint| format!("{hint}; ")).unwrap_or_default(),
            where_keys_are_made(Vendor::Cursor)
        ),
        _ => check.remedy,
    };
    KeyReport {
        check: Check {
            status: check.status.max(Status::Warn),
            says: format!("{}. Not read: {names}", check.says),
            subject: setting,
            remedy,
            ..check
        },
        kind: Kind::Unknown,
        ..report
    }
}
