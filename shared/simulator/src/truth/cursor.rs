//! Cursor's money and activity.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::rows::{CursorExpense, CursorUsage};
use crate::cursor::{SERVICES, counters};
use crate::facts::cursor::{MODELS, Who};
use crate::facts::{Day, Strand, World};

/// Sums of one person and model.
#[derive(Default)]
struct Sum {
    billed: i128,
    included: i128,
    counts: [u64; 3],
}

/// Billed and included amounts of a day, by person and model.
pub fn expenses(world: &World, day: &Day, now: Timestamp, rows: &mut Vec<CursorExpense>) {
    // Ordered by person, service account, nobody.
    let mut sums: BTreeMap<(u8, u32, u8), Sum> = BTreeMap::new();
    for index in 0..day.events_seen(now) {
        let event = world.event(day, index);
        let (kind, number) = match event.who {
            Who::Person(person, _) => (0, person),
            Who::Service(service, _) => (1, u32::from(service)),
            Who::Nobody => (2, 0),
        };
        let sum = sums.entry((kind, number, event.model)).or_default();
        let nano = event.charged.nano();
        let [billed, included, void] = &mut sum.counts;
        if event.is_billed() {
            sum.billed += nano;
            *billed += 1;
        } else if event.is_included() {
            sum.included += nano;
            *included += 1;
        } else {
            *void += 1;
        }
    }
    for ((kind, number, model), sum) in sums {
        let user_email = match kind {
            0 => world.people.get(number as usize).map(|person| person.email.clone()),
            1 => SERVICES.get(number as usize).map(|(id, _)| format!("sa:{id}")),
            _ => None,
        };
        let [billed_events, included_events, void_events] = sum.counts;
        rows.push(CursorExpense {
            day: World::date(day.number),
            user_email,
            model: MODELS.get(usize::from(model)).copied().unwrap_or(""),
            nano: sum.billed,
            included_nano: sum.included,
            billed_events,
            included_events,
            void_events,
        });
    }
}

/// Daily activity of every member.
pub fn usage(world: &World, day: &Day, now: Timestamp, rows: &mut Vec<CursorUsage>) {
    let begun = day.minutes(now) >= 60;
    if !world.config().cursor || !begun || !day.has(Strand::Daily) {
        return;
    }
    for (index, person) in world.members() {
        let made = world.daily(day, index);
        let user_email =
            if made.no_email { format!("cursor:{}", person.cursor_number) } else { person.email.clone() };
        rows.push(CursorUsage {
            day: World::date(day.number),
            user_email,
            is_active: made.active,
            counters: counters(&made),
            most_used_model: made.model.and_then(|model| MODELS.get(usize::from(model)).copied()),
            client_version: made.version,
        });
    }
}
