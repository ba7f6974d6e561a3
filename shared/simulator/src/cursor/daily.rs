//! `POST /teams/daily-usage-data`.

use jiff::Timestamp;

use super::{Answer, Body, bad};
use crate::calendar::{DAY_MILLIS, date_of};
use crate::facts::cursor::{Daily, MODELS};
use crate::facts::people::Person;
use crate::facts::{Day, Strand, World};
use crate::http::{Request, Response};
use crate::json::Json;

pub(super) fn answer(world: &World, now: Timestamp, request: &Request) -> Answer {
    let body = Body::read(request)?;
    if body.number("startDate")?.is_none() || body.number("endDate")?.is_none() {
        return bad("startDate and endDate are required");
    }
    let (start, end) = body.period(now)?;
    let paging = body.page()?.zip(body.page_size()?);
    // Usage data is aggregated hourly.
    let until = now.as_millisecond().div_euclid(3_600_000) * 3_600_000;
    let days: Vec<&Day> = world
        .days_between(start.div_euclid(DAY_MILLIS) as i32, end.div_euclid(DAY_MILLIS) as i32 + 1)
        .filter(|day| i64::from(day.number) * DAY_MILLIS < until && day.has(Strand::Daily))
        .collect();
    let members: Vec<(u32, &Person)> = world.members().collect();
    let shown = match paging {
        Some((page, size)) => members.iter().skip((page - 1) * size).take(size).collect::<Vec<_>>(),
        None => members.iter().collect(),
    };
    let mut json = Json::with_room(shown.len() * days.len() * 512);
    json.open().name("data").open_list();
    for (index, person) in shown {
        for day in &days {
            let made = world.daily(day, *index);
            if paging.is_some() || made.active {
                write_row(&mut json, world, *index, person, day, &made);
            }
        }
    }
    json.close_list().name("period").open();
    json.count("startDate", start.unsigned_abs()).count("endDate", end.unsigned_abs()).close();
    if let Some((page, size)) = paging {
        let pages = members.len().div_ceil(size);
        json.name("pagination").open().count("page", page as u64).count("pageSize", size as u64);
        json.count("totalUsers", members.len() as u64).count("totalPages", pages as u64);
        json.flag("hasNextPage", page < pages).flag("hasPreviousPage", page > 1).close();
    }
    json.close();
    Ok(Response::json(200, json.finish()))
}

fn write_row(json: &mut Json, world: &World, index: u32, person: &Person, day: &Day, made: &Daily) {
    json.open();
    if !made.no_number {
        json.count("userId", person.cursor_number);
    }
    json.field("day", &date_of(day.number).to_string());
    json.count("date", (i64::from(day.number) * DAY_MILLIS).unsigned_abs()).flag("isActive", made.active);
    for (name, count) in counters(made) {
        json.count(name, count);
    }
    json.maybe("mostUsedModel", made.model.and_then(|model| MODELS.get(usize::from(model)).copied()));
    json.maybe("applyMostUsedExtension", made.apply_extension);
    json.maybe("tabMostUsedExtension", made.tab_extension);
    json.maybe("clientVersion", made.version);
    if !made.no_email {
        if index % 6 == 5 {
            json.field("email", &format!(" {} ", person.email.to_uppercase()));
        } else {
            json.field("email", &person.email);
        }
    }
    if world.config().quirks.extra_fields {
        json.field("newFieldAddedLater", "ignored");
    }
    json.close();
}

/// The counters under the vendor's names.
pub const fn counters(made: &Daily) -> [(&'static str, u64); 17] {
    [
        ("totalLinesAdded", made.lines_added),
        ("totalLinesDeleted", made.lines_deleted),
        ("acceptedLinesAdded", made.accepted_added),
        ("acceptedLinesDeleted", made.accepted_deleted),
        ("totalApplies", made.applies),
        ("totalAccepts", made.accepts),
        ("totalRejects", made.rejects),
        ("totalTabsShown", made.tabs_shown),
        ("totalTabsAccepted", made.tabs_accepted),
        ("composerRequests", made.composer),
        ("chatRequests", made.chat),
        ("agentRequests", made.agent),
        ("cmdkUsages", made.cmdk),
        ("subscriptionIncludedReqs", made.included),
        ("apiKeyReqs", made.api_key),
        ("usageBasedReqs", made.usage_based),
        ("bugbotUsages", made.bugbot),
    ]
}
