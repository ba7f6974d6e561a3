//! `POST /teams/spend`: the current billing cycle, per member.

use jiff::Timestamp;

use super::members::role;
use super::{Answer, Body, bad};
use crate::amount::Amount;
use crate::calendar::DAY_MILLIS;
use crate::facts::World;
use crate::facts::cursor::Who;
use crate::facts::people::Person;
use crate::http::{Request, Response};
use crate::json::Json;

pub(super) fn answer(world: &World, now: Timestamp, request: &Request) -> Answer {
    let body = Body::read(request)?;
    let page = body.page()?.unwrap_or(1);
    let size = body.page_size()?.unwrap_or(100);
    if body.text("sortBy").is_some_and(|by| !["amount", "date", "user"].contains(&by)) {
        return bad("Unknown sortBy");
    }
    let start = world.cycle_start(now);
    let mut sums = vec![(Amount::ZERO, Amount::ZERO); world.people.len()];
    let today = now.as_millisecond().div_euclid(DAY_MILLIS) as i32;
    for day in world.days_between(start.div_euclid(DAY_MILLIS) as i32, today + 1) {
        for index in 0..day.events_seen(now) {
            let event = world.event(day, index);
            let Who::Person(person, _) = event.who else { continue };
            let Some((billed, included)) = sums.get_mut(person as usize) else { continue };
            if event.is_billed() {
                *billed += event.charged;
            } else if event.is_included() {
                *included += event.charged;
            }
        }
    }
    let term = body.text("searchTerm").unwrap_or("").to_lowercase();
    let members: Vec<(u32, &Person)> =
        world.members().filter(|(_, person)| person.cursor_seat && person.email.contains(&term)).collect();
    let mut json = Json::with_room(4096);
    json.open().name("teamMemberSpend").open_list();
    for (index, person) in members.iter().skip((page - 1) * size).take(size) {
        let (billed, included) = sums.get(*index as usize).copied().unwrap_or_default();
        json.open().field("userId", &person.cursor_id).amount_number("spendCents", billed);
        json.amount_number("overallSpendCents", billed + included).count("fastPremiumRequests", 0);
        json.field("name", &person.name()).field("email", &person.email).field("role", role(*index, person));
        json.count("hardLimitOverrideDollars", 0);
        json.maybe_count("monthlyLimitDollars", (index % 3 == 0).then_some(200));
        json.count("effectivePerUserLimitDollars", 50).close();
    }
    json.close_list().count("subscriptionCycleStart", start.unsigned_abs());
    json.count("totalMembers", members.len() as u64).count("totalPages", members.len().div_ceil(size) as u64);
    json.close();
    Ok(Response::json(200, json.finish()))
}
