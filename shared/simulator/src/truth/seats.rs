//! Seats, a price per day, and the invoices that follow from everything billed.

use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::{Span, Unit};

use super::rows::{Invoice, Subscription};
use super::{Scope, Truth};
use crate::facts::World;
use crate::facts::sheets::Seat;

const PER_DOLLAR: i128 = 1_000_000_000;

/// The cycle of a seat that a day lies in: its first day, and the first day of the next.
fn cycle(seat: &Seat, day: Date) -> (Date, Date) {
    if seat.annual {
        let start = date(day.year(), 1, 1);
        return (start, date(day.year() + 1, 1, 1));
    }
    let cycle_day = i8::try_from(seat.cycle_day.unwrap_or(1).clamp(1, 28)).unwrap_or(1);
    let at = |month: Date| Date::new(month.year(), month.month(), cycle_day).unwrap_or(month);
    let this = at(day);
    if day >= this {
        let next = day.last_of_month().tomorrow().unwrap_or(day);
        (this, at(next))
    } else {
        let before = day.first_of_month().yesterday().unwrap_or(day);
        (at(before), this)
    }
}

fn days(from: Date, to: Date) -> i128 {
    to.since((Unit::Day, from)).map_or(1, |span| i128::from(span.get_days()))
}

/// The price of one day: equal parts of the cycle's price, the first days taking what is left over.
fn price(seat: &Seat, day: Date) -> i128 {
    let (start, next) = cycle(seat, day);
    let length = days(start, next);
    let whole = i128::from(seat.price) * PER_DOLLAR;
    whole / length + i128::from(days(start, day) < whole % length)
}

/// The rows of all seats up to the day before `now`. Both ends of a validity belong to it.
pub fn subscriptions(world: &World, scope: &Scope, rows: &mut Vec<Subscription>) {
    let today = scope.now.to_zoned(jiff::tz::TimeZone::UTC).date();
    for seat in &world.sheets.seats {
        let Some(person) = world.people.get(seat.person as usize) else { continue };
        let mut day = scope.from.max(seat.valid_from);
        let end = seat.valid_to.map_or(scope.to, |to| to.min(scope.to));
        while day <= end && day < today {
            rows.push(Subscription {
                day,
                vendor: seat.vendor,
                plan: seat.plan,
                user_email: person.email.clone(),
                nano: price(seat, day),
            });
            day = day.checked_add(Span::new().days(1)).unwrap_or(Date::MAX);
            if day == Date::MAX {
                break;
            }
        }
    }
}

/// One invoice per whole month, vendor and scope, as the facts stand now.
pub fn invoices(world: &World) -> Vec<Invoice> {
    let mut invoices = Vec::new();
    let mut month = world.config().first_day;
    if month.day() != 1 {
        month = month.last_of_month().tomorrow().unwrap_or(month);
    }
    while month.last_of_month() <= world.config().last_day {
        let (start, end) = (month, month.last_of_month());
        let now = Timestamp::MAX;
        let truth = world.truth(&Scope { from: start, to: end, now, ..world.scope(now) });
        let seats = |vendor: &str| -> i128 {
            truth.subscriptions.iter().filter(|row| row.vendor == vendor).map(|row| row.nano).sum()
        };
        let claude = |org_id: &str| -> i128 {
            truth.claude_expenses.iter().filter(|row| row.org_id == org_id).map(|row| row.nano).sum()
        };
        let amounts = [
            ("anthropic", world.console_id(), "usage", claude(world.console_id())),
            ("anthropic", world.enterprise_id(), "usage", claude(world.enterprise_id())),
            ("anthropic", world.enterprise_id(), "seats", seats("anthropic")),
            ("cursor", "cursor", "usage", Truth::total(&truth.cursor_expenses)),
            ("cursor", "cursor", "seats", seats("cursor")),
        ];
        for (vendor, org_id, scope, nano) in amounts {
            // An invoice is in whole cents.
            let nano = (nano + 5_000_000) / 10_000_000 * 10_000_000;
            if nano > 0 {
                invoices.push(Invoice { vendor, org_id: org_id.to_owned(), start, end, scope, nano });
            }
        }
        month = end.tomorrow().unwrap_or(Date::MAX);
    }
    invoices
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat(price: u32, cycle_day: Option<u8>) -> Seat {
        Seat {
            vendor: "cursor",
            plan: "standard",
            person: 0,
            price,
            annual: false,
            cycle_day,
            valid_from: date(2026, 1, 1),
            valid_to: None,
        }
    }

    #[test]
    fn the_days_of_a_cycle_add_up_to_the_price() {
        let check = |seat: &Seat, from: Date, days: i64, first: i128| {
            let prices: Vec<i128> = (0..days)
                .map(|offset| price(seat, from.checked_add(Span::new().days(offset)).unwrap()))
                .collect();
            assert_eq!(prices.first(), Some(&first));
            assert_eq!(prices.iter().sum::<i128>(), i128::from(seat.price) * PER_DOLLAR);
        };
        check(&seat(40, None), date(2026, 10, 1), 31, 1_290_322_581);
        check(&seat(40, Some(12)), date(2026, 9, 12), 30, 1_333_333_334);
        check(&seat(40, Some(28)), date(2026, 2, 28), 28, 1_428_571_429);
        check(&Seat { annual: true, ..seat(365, None) }, date(2026, 1, 1), 365, PER_DOLLAR);
    }
}
