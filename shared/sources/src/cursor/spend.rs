//! What each person has spent in the running billing cycle: a check, never a cost.

use std::collections::BTreeSet;

use aispend_model::{Feed, Request, Response, Vendor, day_number, normalize_email};
use aispend_proto::Table;
use aispend_proto::v1::CursorSpendSnapshot;

use super::answer::{PAGE_SIZE, Pages, day_of, envelope, find_unknown, pages, unreadable, whole};
use super::json::{Count, Digits, Text, object, owned, said};
use crate::{Ask, Followed, Next, Progress, Reading, Records, Severity, Source, SourceError};

const ROLE: &str = "spend";

/// `cursor/spend`.
pub struct CursorSpend;

object! {
    /// A page, counted.
    Counted {
        "teamMemberSpend" => members: Count,
        "totalMembers" => total_members: Digits<'a>,
        "totalPages" => total_pages: Digits<'a>,
    }
    leaves ["subscriptionCycleStart", "limitedUsersCount", "maxUserSpendCents"]
}

object! {
    /// A page of members.
    SpendPage {
        "teamMemberSpend" => members: Vec<Member<'a>>,
        "subscriptionCycleStart" => cycle_start: Digits<'a>,
        "totalMembers" => total_members: Digits<'a>,
    }
    leaves ["totalPages", "limitedUsersCount", "maxUserSpendCents"]
}

object! {
    /// One person's spend.
    Member {
        "userId" => user_id: Digits<'a>,
        "name" => name: Text<'a>,
        "email" => email: Text<'a>,
        "role" => role: Text<'a>,
        "spendCents" => spend_cents: Digits<'a>,
        "overallSpendCents" => overall_spend_cents: Digits<'a>,
        "fastPremiumRequests" => fast_premium_requests: Digits<'a>,
    }
    leaves ["hardLimitOverrideDollars", "monthlyLimitDollars", "effectivePerUserLimitDollars", "includedSpendCents",
        "billingTier", "profilePictureUrl"]
}

impl Source for CursorSpend {
    fn feed(&self) -> Feed {
        Feed::CursorSpend
    }

    fn tables(&self) -> &'static [Table] {
        &[Table::CursorSpendSnapshots]
    }

    fn requests(&self, ask: &Ask) -> Vec<Request> {
        vec![page_of(ask, 0)]
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
        let number = u64::from(request.page) + 1;
        let Some(Count(items)) = counted.members else {
            return Err(unreadable(self.feed(), &format!("page {number}"), "no `teamMemberSpend`"));
        };
        let count = whole(counted.total_pages);
        // Pages are what the vendor counts; its members only where it does not.
        let total = whole(counted.total_members).filter(|_| count.is_none());
        let next = match (Pages { total, has_next: None, count }).goes_on(request.page, items, so_far) {
            Err(why) => Next::Restart(why),
            Ok(false) => Next::Done,
            Ok(true) => Next::Page(vec![page_of(ask, request.page + 1)]),
        };
        Ok(Followed { items, announced: None, next })
    }

    fn records(&self, reading: &Reading, records: &mut Records) -> Result<(), SourceError> {
        let snapshot_date = day_number(day_of(&reading.slice)?);
        let mut seen = BTreeSet::new();
        let (mut members, mut announced) = (0_u64, None);
        for page in pages(reading, ROLE) {
            let page = page?;
            let spend: SpendPage = page.read()?;
            find_unknown(records, &spend.unknown);
            let cycle_start = cycle_start(&spend, &page.name)?;
            announced = whole(spend.total_members).or(announced);
            for (place, member) in spend.members.iter().flatten().enumerate() {
                members += 1;
                find_unknown(records, &member.unknown);
                let user_id = member.user_id.map(|id| id.text().to_owned()).filter(|id| !id.is_empty());
                if let Some(id) = &user_id
                    && !seen.insert(id.clone())
                {
                    // The list moved while its pages were read: the same row came twice.
                    records.find(
                        "duplicate_rows",
                        Severity::Warning,
                        "a person on two pages; the first counts",
                    );
                    continue;
                }
                let mut value = |field: &str, digits: Option<Digits>| -> Result<Option<i64>, SourceError> {
                    let Some(digits) = digits else { return Ok(None) };
                    let place = format!("{}, member {}", page.name, place + 1);
                    let inexact = |detail| SourceError::Inexact { place, field: field.to_owned(), detail };
                    let rounded = digits.cents().map_err(|error| inexact(error.to_string()))?;
                    Ok(records.amount(rounded).wire().ok())
                };
                let spend_value_usd = value("spendCents", member.spend_cents)?;
                let overall_spend_value_usd = value("overallSpendCents", member.overall_spend_cents)?;
                records.push(CursorSpendSnapshot {
                    document: page.document,
                    snapshot_date,
                    cycle_start,
                    user_id,
                    user_email: said(member.email.as_ref()).and_then(normalize_email),
                    name: owned(member.name.as_ref()),
                    role: owned(member.role.as_ref()),
                    spend_value_usd,
                    overall_spend_value_usd,
                    fast_premium_requests: member.fast_premium_requests.and_then(Digits::count),
                });
            }
        }
        if let Some(announced) = announced.filter(|announced| *announced != members) {
            let message = format!("{members} members came, {announced} were announced");
            records.find("count_differs", Severity::Warning, message);
        }
        Ok(())
    }
}

fn page_of(ask: &Ask, page: u32) -> Request {
    let body = format!(r#"{{"page":{},"pageSize":{PAGE_SIZE}}}"#, u64::from(page) + 1);
    Request { page, ..Request::post(Vendor::Cursor, &ask.slice.org_id, ROLE, "/teams/spend", body) }
}

fn cycle_start(spend: &SpendPage, page: &str) -> Result<i32, SourceError> {
    let stated = spend.cycle_start.map_or("it is absent", Digits::text);
    let micros = spend.cycle_start.and_then(Digits::moment);
    micros.and_then(|micros| i32::try_from(micros.div_euclid(86_400_000_000)).ok()).ok_or_else(|| {
        SourceError::Inexact {
            place: page.to_owned(),
            field: "subscriptionCycleStart".to_owned(),
            detail: stated.chars().take(40).collect(),
        }
    })
}
