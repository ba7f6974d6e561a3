//! Productivity by person and day.

use std::collections::{BTreeMap, HashMap};

use aispend_model::{Feed, Request, Response, day_number, normalize_email, parse_day};
use aispend_proto::Table;
use aispend_proto::v1::CursorUsage;

use super::answer::{
    Pages, Pagination, day_of, envelope, find_unknown, page_of_day, pages, unreadable, whole,
};
use super::json::{Count, Digits, Flag, Text, flag, object, owned, said};
use crate::{Ask, Followed, Next, Progress, Reading, Records, Severity, Source, SourceError};

const ROLE: &str = "daily_usage";
const PATH: &str = "/teams/daily-usage-data";
const UNKNOWN: &str = "cursor:unknown";

/// `cursor/daily-usage`.
pub struct CursorDailyUsage;

object! {
    /// A page, counted.
    Counted {
        "data" => data: Count,
        "pagination" => pagination: Pagination<'a>,
    }
    leaves ["period"]
}

object! {
    /// A page, read.
    Days {
        "data" => data: Vec<PersonDay<'a>>,
        "pagination" => pagination: Pagination<'a>,
    }
    leaves ["period"]
}

object! {
    /// One person's day.
    PersonDay {
        "userId" => user_id: Digits<'a>,
        "day" => day: Text<'a>,
        "date" => date: Digits<'a>,
        "email" => email: Text<'a>,
        "isActive" => is_active: Flag,
        "totalLinesAdded" => total_lines_added: Digits<'a>,
        "totalLinesDeleted" => total_lines_deleted: Digits<'a>,
        "acceptedLinesAdded" => accepted_lines_added: Digits<'a>,
        "acceptedLinesDeleted" => accepted_lines_deleted: Digits<'a>,
        "totalApplies" => total_applies: Digits<'a>,
        "totalAccepts" => total_accepts: Digits<'a>,
        "totalRejects" => total_rejects: Digits<'a>,
        "totalTabsShown" => total_tabs_shown: Digits<'a>,
        "totalTabsAccepted" => total_tabs_accepted: Digits<'a>,
        "composerRequests" => composer_requests: Digits<'a>,
        "chatRequests" => chat_requests: Digits<'a>,
        "agentRequests" => agent_requests: Digits<'a>,
        "cmdkUsages" => cmdk_usages: Digits<'a>,
        "bugbotUsages" => bugbot_usages: Digits<'a>,
        "subscriptionIncludedReqs" => subscription_included_reqs: Digits<'a>,
        "usageBasedReqs" => usage_based_reqs: Digits<'a>,
        "apiKeyReqs" => api_key_reqs: Digits<'a>,
        "mostUsedModel" => most_used_model: Text<'a>,
        "clientVersion" => client_version: Text<'a>,
    }
    leaves ["applyMostUsedExtension", "tabMostUsedExtension"]
}

impl Source for CursorDailyUsage {
    fn feed(&self) -> Feed {
        Feed::CursorDailyUsage
    }

    fn tables(&self) -> &'static [Table] {
        &[Table::CursorUsageStats]
    }

    fn requests(&self, ask: &Ask) -> Vec<Request> {
        page_of_day(ask, ROLE, PATH, 0).into_iter().collect()
    }

    fn follow(
        &self,
        ask: &Ask,
        request: &Request,
        response: &Response,
        so_far: Progress,
    ) -> Result<Followed, SourceError> {
        let counted: Counted = match envelope(self.feed(), request, response)? {
            Ok(counted) => counted,
            Err(refused) => return Ok(refused),
        };
        let place = format!("page {}", u64::from(request.page) + 1);
        let Some(Count(items)) = counted.data else {
            return Err(unreadable(self.feed(), &place, "no `data`"));
        };
        let pagination = counted.pagination.as_ref();
        // The vendor counts people; that one without a row is no contradiction, that their number changes is.
        let announced = pagination.and_then(|pagination| whole(pagination.users));
        let next = match Pages::of(pagination, None).goes_on(request.page, items, so_far) {
            _ if so_far.announced.zip(announced).is_some_and(|(first, now)| first != now) => {
                Next::Restart(format!("{place} is of another number of people than the first page"))
            }
            // Without paging the vendor answers all who were active, whichever page is asked for.
            Err(_) if pagination.is_none() && so_far.is_repeated => Next::Done,
            Err(why) => Next::Restart(why),
            Ok(false) => Next::Done,
            Ok(true) => Next::Page(page_of_day(ask, ROLE, PATH, request.page + 1).into_iter().collect()),
        };
        Ok(Followed { items, announced, next })
    }

    fn records(&self, reading: &Reading, records: &mut Records) -> Result<(), SourceError> {
        let day = day_number(day_of(&reading.slice)?);
        let mut people: BTreeMap<String, CursorUsage> = BTreeMap::new();
        // A row that comes again on a later page as it was: the list moved while its pages were read.
        let mut seen: HashMap<String, Vec<CursorUsage>> = HashMap::new();
        let (mut came, mut announced) = (0_u64, None);
        for page in pages(reading, ROLE) {
            let page = page?;
            let Days { data, pagination, unknown } = page.read()?;
            find_unknown(records, &unknown);
            announced = announced.or(pagination.as_ref().and_then(|pagination| whole(pagination.users)));
            for (place, person) in data.iter().flatten().enumerate() {
                let place = format!("{}, row {}", page.name, place + 1);
                find_unknown(records, &person.unknown);
                if day_of_row(person, &place)? != day {
                    continue;
                }
                came += 1;
                let row =
                    CursorUsage { document: page.document, activity_date: day, ..usage(person, records) };
                let rows = seen.entry(row.user_email.clone()).or_default();
                let is_again = |known: &CursorUsage| {
                    known.document != row.document
                        && *known == CursorUsage { document: known.document, ..row.clone() }
                };
                if row.user_email != UNKNOWN && rows.iter().any(is_again) {
                    let message = "a person on two pages; the first counts";
                    records.find("duplicate_rows", Severity::Warning, message);
                    continue;
                }
                rows.push(row.clone());
                match people.get_mut(&row.user_email) {
                    None => drop(people.insert(row.user_email.clone(), row)),
                    Some(known) => add(known, row),
                }
            }
        }
        if let Some(people) = announced.filter(|people| *people != came) {
            // A person may have two rows, not all of them.
            if people > 1 && came >= 2 * people {
                let detail = format!("{came} rows of the day came, {people} people were announced");
                return Err(unreadable(self.feed(), "all pages", detail));
            }
            let message = "not as many rows came as people were announced";
            records.find("count_differs", Severity::Warning, message);
        }
        for row in people.into_values() {
            records.push(row);
        }
        Ok(())
    }
}

fn day_of_row(person: &PersonDay, place: &str) -> Result<i32, SourceError> {
    let inexact = |field: &str, detail: String| SourceError::Inexact {
        place: place.to_owned(),
        field: field.to_owned(),
        detail,
    };
    if let Some(day) = said(person.day.as_ref()) {
        return parse_day(day).map(day_number).map_err(|error| inexact("day", error.to_string()));
    }
    let millis = person.date.ok_or_else(|| inexact("day", "neither `day` nor `date`".to_owned()))?;
    let micros = millis.moment().ok_or_else(|| inexact("date", millis.text().chars().take(40).collect()))?;
    i32::try_from(micros.div_euclid(86_400_000_000)).map_err(|error| inexact("date", error.to_string()))
}

fn usage(person: &PersonDay, records: &mut Records) -> CursorUsage {
    let user_id = person.user_id.map(|id| id.text().to_owned()).filter(|id| !id.is_empty());
    let user_email = match (said(person.email.as_ref()).and_then(normalize_email), &user_id) {
        (Some(email), _) => email,
        (None, Some(id)) => format!("cursor:{id}"),
        (None, None) => UNKNOWN.to_owned(),
    };
    let mut count = |field: &'static str, digits: Option<Digits>| {
        let digits = digits?;
        let count = digits.count();
        if count.is_none() {
            records.find("unreadable_value", Severity::Warning, field);
        }
        count
    };
    CursorUsage {
        document: 0,
        activity_date: 0,
        user_email,
        user_id,
        is_active: flag(person.is_active),
        total_lines_added: count("totalLinesAdded", person.total_lines_added),
        total_lines_deleted: count("totalLinesDeleted", person.total_lines_deleted),
        accepted_lines_added: count("acceptedLinesAdded", person.accepted_lines_added),
        accepted_lines_deleted: count("acceptedLinesDeleted", person.accepted_lines_deleted),
        total_applies: count("totalApplies", person.total_applies),
        total_accepts: count("totalAccepts", person.total_accepts),
        total_rejects: count("totalRejects", person.total_rejects),
        total_tabs_shown: count("totalTabsShown", person.total_tabs_shown),
        total_tabs_accepted: count("totalTabsAccepted", person.total_tabs_accepted),
        composer_requests: count("composerRequests", person.composer_requests),
        chat_requests: count("chatRequests", person.chat_requests),
        agent_requests: count("agentRequests", person.agent_requests),
        cmdk_usages: count("cmdkUsages", person.cmdk_usages),
        bugbot_usages: count("bugbotUsages", person.bugbot_usages),
        subscription_included_reqs: count("subscriptionIncludedReqs", person.subscription_included_reqs),
        usage_based_reqs: count("usageBasedReqs", person.usage_based_reqs),
        api_key_reqs: count("apiKeyReqs", person.api_key_reqs),
        most_used_model: owned(person.most_used_model.as_ref()),
        client_version: owned(person.client_version.as_ref()),
    }
}

/// Adds a second row of the same person and day.
fn add(known: &mut CursorUsage, more: CursorUsage) {
    let sum = |known: &mut Option<i64>, more: Option<i64>| {
        if let Some(more) = more {
            *known = Some(known.unwrap_or(0).saturating_add(more));
        }
    };
    sum(&mut known.total_lines_added, more.total_lines_added);
    sum(&mut known.total_lines_deleted, more.total_lines_deleted);
    sum(&mut known.accepted_lines_added, more.accepted_lines_added);
    sum(&mut known.accepted_lines_deleted, more.accepted_lines_deleted);
    sum(&mut known.total_applies, more.total_applies);
    sum(&mut known.total_accepts, more.total_accepts);
    sum(&mut known.total_rejects, more.total_rejects);
    sum(&mut known.total_tabs_shown, more.total_tabs_shown);
    sum(&mut known.total_tabs_accepted, more.total_tabs_accepted);
    sum(&mut known.composer_requests, more.composer_requests);
    sum(&mut known.chat_requests, more.chat_requests);
    sum(&mut known.agent_requests, more.agent_requests);
    sum(&mut known.cmdk_usages, more.cmdk_usages);
    sum(&mut known.bugbot_usages, more.bugbot_usages);
    sum(&mut known.subscription_included_reqs, more.subscription_included_reqs);
    sum(&mut known.usage_based_reqs, more.usage_based_reqs);
    sum(&mut known.api_key_reqs, more.api_key_reqs);
    known.is_active = known.is_active.max(more.is_active);
    known.most_used_model = known.most_used_model.take().or(more.most_used_model);
    known.client_version = known.client_version.take().or(more.client_version);
}
