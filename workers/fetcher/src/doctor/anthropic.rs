//! Anthropic's keys: whose each is, which cost API its organisation has, which feeds answer it.

use std::collections::BTreeMap;

use aispend_model::{Feed, Request, Vendor};
use aispend_ports::{ArchiveError, Fetch};
use aispend_sources::anthropic::{Probe, me_answer, me_request, probe_answer, probe_request};
use jiff::ToSpan;

use super::Doors;
use super::question::{DAYS_BACK, Outcome, question, refused, silence};
use super::report::{Check, FeedReport, KeyReport, Kind, Status};
use super::words::{said, trouble, where_keys_are_made};
use crate::accounts::{Organisation, Told, feeds_of, identity_name, told_by_reports};
use crate::settings::{AnthropicKey, CostApi, FetcherSettings, KeyKind, re_read_days};

/// A key and whose it is.
struct Identified<'a> {
    key: &'a AnthropicKey,
    org_id: String,
    /// A second key of the same kind for one organisation is not used.
    is_used: bool,
}

/// Which cost API an organisation has.
pub struct CostChoice {
    /// The endpoint family, `None` where nothing can be read.
    pub family: Option<&'static str>,
    /// Why that one; where there is none, what is wrong.
    pub check: Check,
}

/// Every key, in the order of the settings.
pub async fn keys(settings: &FetcherSettings, doors: &Doors<'_>, fetch: &dyn Fetch) -> Vec<KeyReport> {
    let mut organisations: BTreeMap<String, Organisation> = BTreeMap::new();
    let mut identified: Vec<Result<Identified<'_>, KeyReport>> = Vec::new();
    for key in &settings.anthropic {
        identified.push(match identify(settings, doors, fetch, key).await {
            Ok((org_id, name)) => {
                let organisation = organisations.entry(org_id.clone()).or_default();
                organisation.org_id.clone_from(&org_id);
                if !name.is_empty() {
                    organisation.name = name;
                }
                let place = match key.kind {
                    KeyKind::Admin => &mut organisation.admin,
                    KeyKind::Analytics => &mut organisation.analytics,
                };
                let is_used = place.is_none();
                place.get_or_insert_with(|| key.slot.clone());
                Ok(Identified { key, org_id, is_used })
            }
            Err(check) => Err(unusable(key, *check)),
        });
    }
    let mut reports = Vec::new();
    for key in identified {
        reports.push(match key {
            Err(report) => report,
            Ok(key) => match organisations.get(&key.org_id) {
                Some(organisation) => examined(settings, doors, fetch, &key, organisation).await,
                None => continue,
            },
        });
    }
    reports
}

/// Id and name of a key's organisation, or why the key is not used.
async fn identify(
    settings: &FetcherSettings,
    doors: &Doors<'_>,
    fetch: &dyn Fetch,
    key: &AnthropicKey,
) -> Result<(String, String), Box<Check>> {
    let response = match fetch.send(&me_request(&key.slot)).await {
        Ok(response) => response,
        Err(error) => return Err(Box::new(silence(&error))),
    };
    if let Some(check) = trouble(Vendor::Anthropic, &response) {
        return Err(Box::new(check));
    }
    let told = match me_answer(&response) {
        Err(refusal) => {
            let mut check = refused(&response, &refusal);
            if let Some(hint) = (doors.hint)(&key.setting) {
                check.remedy = format!("{hint}. {}", check.remedy);
            }
            return Err(Box::new(check));
        }
        Ok(Some((org_id, name))) if response.is_success() || matches!(response.status, 403 | 404) => {
            Told::Organisation(org_id, name)
        }
        Ok(_) if matches!(response.status, 403 | 404) => {
            match told_by_reports(fetch, &key.slot, doors.clock.today()).await {
                Ok(told) => told,
                Err(error) => return Err(Box::new(silence(&error))),
            }
        }
        Ok(_) => Told::Unclear(response.status),
    };
    match told {
        Told::Organisation(org_id, name) => {
            confirmed(settings, doors, key, &org_id).await?;
            Ok((org_id, name))
        }
        // As the fetcher does: its rows stand under the key's own name.
        Told::NoName => Ok((key.slot.clone(), String::new())),
        Told::Closed => Err(Box::new(Check {
            http_status: Some(response.status),
            ..Check::fail(
                "",
                "wrong_key",
                format!("it opens neither the organisation nor its reports: {}", said(&response)),
                format!(
                    "use an Admin key, or a key with the scope read:analytics ({})",
                    where_keys_are_made(Vendor::Anthropic)
                ),
            )
        })),
        Told::Refused(refusal) => Err(Box::new(refused(&response, &refusal))),
        Told::Unclear(status) => Err(Box::new(Check {
            http_status: Some(status),
            ..Check::fail(
                "",
                "unreadable",
                format!("no clear answer whose key this is: {}", said(&response)),
                "run it again later; if it stays, check ANTHROPIC_BASE_URL",
            )
        })),
    }
}

/// Refuses a key that answered for another organisation before: `aispend run` would not use it.
async fn confirmed(
    settings: &FetcherSettings,
    doors: &Doors<'_>,
    key: &AnthropicKey,
    org_id: &str,
) -> Result<(), Box<Check>> {
    let Some(archive) = doors.archive else { return Ok(()) };
    let known = match archive.get(&identity_name(&key.slot)).await {
        Ok(known) => String::from_utf8_lossy(&known).into_owned(),
        Err(ArchiveError::Missing { .. }) => return Ok(()),
        Err(error) => {
            let remedy = "check that the data folder can be read";
            return Err(Box::new(Check::fail("", "archive", error.to_string(), remedy)));
        }
    };
    if known == org_id || settings.confirmed_orgs.iter().any(|confirmed| confirmed == org_id) {
        return Ok(());
    }
    Err(Box::new(Check::fail(
        "",
        "other_organisation",
        format!("it now belongs to organisation {org_id}; it was {known} before"),
        format!("if that is right, set AISPEND_CONFIRMED_ORGS={org_id}; otherwise restore the key"),
    )))
}

fn unusable(key: &AnthropicKey, check: Check) -> KeyReport {
    let says = format!("{}. Not read: {}", check.says, feeds_of(key.kind));
    KeyReport {
        check: Check { says, ..check.about(&key.setting) },
        vendor: Vendor::Anthropic,
        kind: Kind::Unknown,
        org_id: String::new(),
        org_name: String::new(),
        cost_api: None,
        feeds: Vec::new(),
    }
}

async fn examined(
    settings: &FetcherSettings,
    doors: &Doors<'_>,
    fetch: &dyn Fetch,
    key: &Identified<'_>,
    organisation: &Organisation,
) -> KeyReport {
    let kind = if organisation.is_enterprise() { Kind::Enterprise } else { Kind::Console };
    let setting = &key.key.setting;
    let mut report = KeyReport {
        check: Check::ok(setting, described(kind, organisation)),
        vendor: Vendor::Anthropic,
        kind,
        org_id: organisation.org_id.clone(),
        org_name: organisation.name.clone(),
        cost_api: None,
        feeds: Vec::new(),
    };
    if !key.is_used {
        let says = format!("{}: another key opens it already, this one is not used", report.check.says);
        report.check = Check::warn(setting, "duplicate", says, "remove one of the two");
        return report;
    }
    if let Some(hint) = (doors.hint)(setting) {
        let says = format!("{}; but {hint}", report.check.says);
        let remedy = "put each key into its own setting: what a key is taken for decides what it is asked";
        report.check = Check::warn(setting, "wrong_kind", says, remedy);
    }
    let reads_cost = key.key.kind == KeyKind::Admin || organisation.is_enterprise();
    if reads_cost {
        let choice = choose(settings, doors, fetch, organisation).await;
        report.cost_api = choice.family;
        report.feeds.push(cost(doors, fetch, organisation, choice).await);
    }
    let others: &[Feed] = match key.key.kind {
        KeyKind::Admin => &[Feed::AnthropicClaudeCode, Feed::AnthropicDirectory],
        KeyKind::Analytics => &[Feed::AnthropicClaudeAi],
    };
    for feed in others {
        report.feeds.push(feed_of(doors, fetch, organisation, *feed).await);
    }
    report
}

/// `Console organisation "Example" (7c1d2f9e)`.
fn described(kind: Kind, organisation: &Organisation) -> String {
    let what = if kind == Kind::Enterprise { "Enterprise organisation" } else { "Console organisation" };
    let name =
        if organisation.name.is_empty() { String::new() } else { format!(" \"{}\"", organisation.name) };
    format!("{what}{name} ({})", organisation.org_id)
}

fn slot(organisation: &Organisation, request: &Request) -> String {
    organisation.slot(request).unwrap_or(&organisation.org_id).to_owned()
}

/// Which cost API will be used: by setting, or by the answer to a probe.
async fn choose(
    settings: &FetcherSettings,
    doors: &Doors<'_>,
    fetch: &dyn Fetch,
    organisation: &Organisation,
) -> CostChoice {
    let (analytics, legacy) = if organisation.is_enterprise() {
        ("analytics_enterprise", "enterprise_reports")
    } else {
        ("analytics", "legacy")
    };
    let by = |family: &'static str, why: &str| CostChoice {
        family: Some(family),
        check: Check::ok("", format!("{}, {why}", api(family))),
    };
    let none = |check: Check| CostChoice { family: None, check };
    match settings.cost_api {
        CostApi::Analytics => return by(analytics, "as AISPEND_COST_API says"),
        CostApi::Legacy => return by(legacy, "as AISPEND_COST_API says"),
        CostApi::Auto => {}
    }
    let day = doors.clock.today().saturating_sub(DAYS_BACK.days());
    let request = probe_request(&organisation.org_id, day);
    let response = match fetch.send(&Request { org_id: slot(organisation, &request), ..request }).await {
        Ok(response) => response,
        Err(error) => return none(silence(&error)),
    };
    // A page or an allow-list in between says nothing about the API.
    let stands_between = trouble(Vendor::Anthropic, &response).filter(|check| check.reason != "plan");
    if let Some(check) = stands_between {
        return none(check);
    }
    match probe_answer(&response) {
        Probe::Analytics => by(analytics, "which answers"),
        Probe::NotAvailable(_) => {
            by(legacy, &format!("as the newer API does not answer ({})", said(&response)))
        }
        Probe::Refused(refusal) => none(refused(&response, &refusal)),
        Probe::Unclear(_) => none(Check {
            http_status: Some(response.status),
            ..Check::fail(
                "",
                "unclear",
                format!("no clear answer which cost API there is: {}", said(&response)),
                "run it again later, or set AISPEND_COST_API=analytics or legacy",
            )
        }),
    }
}

/// What a person calls an endpoint family.
const fn api(family: &str) -> &str {
    match family.as_bytes() {
        b"legacy" => "cost report (legacy)",
        b"enterprise_reports" => "Enterprise cost reports",
        _ => "analytics API",
    }
}

async fn cost(
    doors: &Doors<'_>,
    fetch: &dyn Fetch,
    organisation: &Organisation,
    choice: CostChoice,
) -> FeedReport {
    let feed = Feed::AnthropicCost;
    let Some(family) = choice.family else {
        return FeedReport { check: choice.check.about(feed.as_str()), re_read_days: None };
    };
    let days = re_read_days(feed, family);
    let of = |request: &Request| slot(organisation, request);
    let check = match question(fetch, doors.clock, feed, &organisation.org_id, family, &of).await {
        Outcome::Answers(_) => {
            let says = format!("{}; read again for {days} days", choice.check.says);
            Check { says, ..choice.check.about(feed.as_str()) }
        }
        Outcome::Not(mut check) => {
            // A day's money is read whole or not at all.
            check.status =
                check.status.max(if check.reason == "rate_limit" { Status::Warn } else { Status::Fail });
            check.says = format!("{} answers {}", api(family), check.says);
            check
        }
    };
    FeedReport { check, re_read_days: Some(days) }
}

async fn feed_of(
    doors: &Doors<'_>,
    fetch: &dyn Fetch,
    organisation: &Organisation,
    feed: Feed,
) -> FeedReport {
    let of = |request: &Request| slot(organisation, request);
    let (re_read_days, reads) = super::reads(feed);
    let check = match question(fetch, doors.clock, feed, &organisation.org_id, "", &of).await {
        Outcome::Answers(_) => Check::ok(feed.as_str(), format!("answers; {reads}")),
        Outcome::Not(check) => check,
    };
    FeedReport { check, re_read_days }
}
