//! Paid seats, and what each costs a day.

use aispend_model::{AllocateError, Feed, Money, Rounded, allocate, day_from_number, day_number};
use aispend_proto::Table as Target;
use aispend_proto::v1::{ClaudeExpense, CursorExpense, Seat};
use jiff::civil::{Date, date};

use super::cells::{Cells, Fault, short};
use super::sheet::{Reader, Sheet};
use super::table::Column;
use crate::Severity;

pub(super) const SHEET: Sheet = Sheet {
    feed: Feed::SheetSeats,
    tables: &[Target::DimSeats, Target::ClaudeExpenses, Target::CursorExpenses],
    columns: &[
        Column::required("vendor"),
        Column::optional("plan"),
        Column::optional("user_email"),
        Column::required("price_usd"),
        Column::optional("billing"),
        Column::optional("cycle_day"),
        Column::optional("valid_from"),
        Column::optional("valid_to"),
    ],
    read,
};

const CURSOR: &str = "cursor";
const CLAUDE_AI: &str = "claude.ai";
const VENDORS: [&str; 4] = ["anthropic", CLAUDE_AI, "claude", CURSOR];

/// A vendor as people write it: `Claude AI`, `claude_ai` and `claude.ai` are one.
pub(super) fn vendor(text: &str) -> Option<&'static str> {
    let letters: String = text.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    match letters.as_str() {
        "anthropic" => Some("anthropic"),
        "claude" => Some("claude"),
        "claudeai" | "claudeteam" | "claudeenterprise" => Some(CLAUDE_AI),
        "cursor" | "cursorai" | "cursorcom" | "anysphere" => Some(CURSOR),
        _ => None,
    }
}

fn read(reader: &mut Reader) {
    for (line, cells) in Reader::rows(reader.table) {
        let row = cells.and_then(|cells| paid(cells, reader.today, reader.since));
        let paid = match row {
            Ok(paid) => paid,
            Err(fault) => {
                let cells = Cells { table: reader.table, line };
                let is_cursor = cells.text("vendor").as_deref().and_then(vendor) == Some(CURSOR);
                let target = if is_cursor { Target::CursorExpenses } else { Target::ClaudeExpenses };
                let price = cells.money("price_usd").ok().flatten().map_or(Money::ZERO, |price| price.money);
                reader.reject(target, line, &fault, price);
                continue;
            }
        };
        reader.records.amount(paid.price);
        if let Some(fault) = &paid.nobody {
            let message = format!(
                "sheet \"{}\", row {}: {}; the seat counts, without a person",
                reader.table.tab, line.number, fault.reason
            );
            reader.records.find("unreadable_email", Severity::Warning, message);
        }
        let seat = Seat { document: reader.document, ..paid.seat };
        for (day, cost) in paid.days {
            reader.records.stated += Money::from_nanos(i128::from(cost));
            push_day(reader, &seat, day, cost);
        }
        reader.records.push(seat);
    }
}

/// A seat, and its cost for every day up to yesterday.
struct Paid {
    seat: Seat,
    price: Rounded,
    days: Vec<(Date, i64)>,
    /// Why no person could be read. The seat is paid for all the same.
    nobody: Option<Fault>,
}

fn paid(cells: Cells, today: Date, since: Option<Date>) -> Result<Paid, Fault> {
    let written = cells.needed("vendor")?;
    let Some(vendor) = vendor(&written) else {
        let reason = format!("vendor `{}` is none of {}", short(&written.to_lowercase()), VENDORS.join(", "));
        return Err(Fault::new("vendor", reason));
    };
    let price = cells.needed_money("price_usd")?;
    let billing = cells.word("billing").unwrap_or_else(|| "monthly".to_owned());
    let cycle_day = cells.count("cycle_day")?.unwrap_or(1);
    let Some(day_of_month) = i8::try_from(cycle_day).ok().filter(|day| (1..=31).contains(day)) else {
        return Err(Fault::new("cycle_day", format!("cycle_day {cycle_day} is no day of a month (1 to 31)")));
    };
    let (billing, cycle) = match billing.as_str() {
        "monthly" | "month" | "per_month" => ("monthly", Cycle::Monthly(day_of_month)),
        "annual" | "annually" | "yearly" | "year" | "per_year" => ("annual", Cycle::Annual),
        other => {
            return Err(Fault::new(
                "billing",
                format!("billing `{}` is neither monthly nor annual", short(other)),
            ));
        }
    };
    let validity = cells.validity()?;
    // Empty means always; the data's first day is the first that it can cost.
    let Some(from) = validity.from.or(since) else {
        // Money cannot start on no day.
        return Err(Fault::new("valid_from", "valid_from is empty"));
    };
    let yesterday = today.yesterday().unwrap_or(today);
    let to = validity.to.map_or(yesterday, |to| to.min(yesterday));
    let days = cycle.costs(price.money, from, to).map_err(|reason| Fault::new("price_usd", reason))?;
    let (user_email, nobody) = match cells.account("user_email") {
        Ok(email) => (email, None),
        Err(fault) => (None, Some(fault)),
    };
    let seat = Seat {
        document: 0,
        vendor: vendor.to_owned(),
        plan: cells.text("plan"),
        user_email,
        price_usd: price.money.wire().map_err(|error| Fault::new("price_usd", error.to_string()))?,
        billing: billing.to_owned(),
        cycle_day,
        valid_from: validity.first_day(),
        valid_to: validity.last_day(),
    };
    Ok(Paid { seat, price, days, nobody })
}

fn push_day(reader: &mut Reader, seat: &Seat, day: Date, cost: i64) {
    let subscription = "subscription".to_owned();
    if seat.vendor == CURSOR {
        reader.records.push(CursorExpense {
            document: seat.document,
            expense_date: day_number(day),
            user_email: seat.user_email.clone(),
            cost_type: subscription,
            cost_class: "seat".to_owned(),
            estimated_cost_usd: cost,
            subscription_plan: seat.plan.clone(),
            ..CursorExpense::default()
        });
    } else {
        reader.records.push(ClaudeExpense {
            document: seat.document,
            expense_date: day_number(day),
            platform: "claude.ai".to_owned(),
            platform_rule: "seat".to_owned(),
            cost_usd: cost,
            cost_type: Some(subscription),
            cost_class: "seat".to_owned(),
            user_email: seat.user_email.clone(),
            allocation: "reported".to_owned(),
            subscription_plan: seat.plan.clone(),
            ..ClaudeExpense::default()
        });
    }
}

/// The days that one price pays for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cycle {
    /// From this day of the month to the day before the next one; a month that is too short uses its last day.
    Monthly(i8),
    /// The calendar year.
    Annual,
}

impl Cycle {
    /// The first day of the cycle a day is in, and of the next one.
    fn around(self, day: Date) -> Option<(Date, Date)> {
        match self {
            Self::Annual => Some((date(day.year(), 1, 1), date(day.year().checked_add(1)?, 1, 1))),
            Self::Monthly(cycle_day) => {
                let this = day.first_of_month();
                let next = this.last_of_month().tomorrow().ok()?;
                let starts = begin(this, cycle_day)?;
                if starts <= day {
                    return Some((starts, begin(next, cycle_day)?));
                }
                let before = this.yesterday().ok()?.first_of_month();
                Some((begin(before, cycle_day)?, starts))
            }
        }
    }

    /// What each day from `from` to `to` costs. Days outside are cut off; the others cost what they cost anyway.
    fn costs(self, price: Money, from: Date, to: Date) -> Result<Vec<(Date, i64)>, String> {
        let mut costs = Vec::new();
        let mut day = from;
        while day <= to {
            let (start, next) = self.around(day).ok_or("the cycle leaves the calendar")?;
            let length =
                usize::try_from(day_number(next) - day_number(start)).map_err(|error| error.to_string())?;
            let parts =
                allocate(price, &vec![1; length]).map_err(|error: AllocateError| error.to_string())?;
            for (part, offset) in parts.into_iter().zip(0_i32..) {
                let on = day_from_number(day_number(start) + offset).map_err(|error| error.to_string())?;
                if (day..=to).contains(&on) {
                    costs.push((on, part.wire().map_err(|error| error.to_string())?));
                }
            }
            day = next;
        }
        Ok(costs)
    }
}

fn begin(month: Date, cycle_day: i8) -> Option<Date> {
    Date::new(month.year(), month.month(), cycle_day.min(month.days_in_month())).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cycle(cycle: Cycle, day: Date) -> String {
        let (start, next) = cycle.around(day).unwrap();
        format!("{start} {next}")
    }

    #[test]
    fn a_vendor_is_read_as_people_write_it() {
        for text in ["claude.ai", "claude_ai", "Claude AI", "Claude Team"] {
            assert_eq!(vendor(text), Some(CLAUDE_AI), "{text}");
        }
        for (text, expected) in
            [("Claude", Some("claude")), ("Cursor", Some(CURSOR)), ("openai", None), ("", None)]
        {
            assert_eq!(vendor(text), expected, "{text}");
        }
    }

    #[test]
    fn a_cycle_runs_from_its_day_to_the_day_before_the_next() {
        assert_eq!(cycle(Cycle::Monthly(1), date(2026, 10, 5)), "2026-10-01 2026-11-01");
        assert_eq!(cycle(Cycle::Monthly(15), date(2026, 10, 5)), "2026-09-15 2026-10-15");
        assert_eq!(cycle(Cycle::Monthly(15), date(2026, 10, 15)), "2026-10-15 2026-11-15");
        assert_eq!(cycle(Cycle::Annual, date(2024, 2, 29)), "2024-01-01 2025-01-01");
    }

    #[test]
    fn a_cycle_day_beyond_the_month_is_its_last_day() {
        assert_eq!(cycle(Cycle::Monthly(31), date(2026, 2, 27)), "2026-01-31 2026-02-28");
        assert_eq!(cycle(Cycle::Monthly(31), date(2026, 2, 28)), "2026-02-28 2026-03-31");
        assert_eq!(cycle(Cycle::Monthly(30), date(2024, 3, 1)), "2024-02-29 2024-03-30");
    }

    #[test]
    fn the_first_days_of_a_cycle_get_the_missing_units() {
        let costs =
            Cycle::Monthly(1).costs(Money::from_nanos(100), date(2026, 10, 1), date(2026, 10, 31)).unwrap();
        let costs: Vec<i64> = costs.into_iter().map(|(_, cost)| cost).collect();
        assert_eq!(costs[..8], [4, 4, 4, 4, 4, 4, 4, 3]);
        assert_eq!(costs.iter().sum::<i64>(), 100);
    }

    proptest! {
        #[test]
        fn every_whole_cycle_sums_to_the_price(nanos in any::<i64>(), cycle_day in 1_i8..=31, offset in 0_i32..3_000) {
            let day = day_from_number(18_000 + offset).unwrap();
            for cycle in [Cycle::Monthly(cycle_day), Cycle::Annual] {
                let (start, next) = cycle.around(day).unwrap();
                prop_assert!(start <= day && day < next);
                let costs = cycle.costs(Money::from_nanos(i128::from(nanos)), start, next.yesterday().unwrap()).unwrap();
                prop_assert_eq!(costs.iter().map(|(_, cost)| i128::from(*cost)).sum::<i128>(), i128::from(nanos));
                prop_assert_eq!(cycle.around(next).unwrap().0, next);
            }
        }

        #[test]
        fn cutting_days_off_does_not_change_the_others(cycle_day in 1_i8..=31, from in 0_i32..400, length in 0_i32..90) {
            let day = |number| day_from_number(20_000 + number).unwrap();
            let cycle = Cycle::Monthly(cycle_day);
            let price = Money::from_nanos(40_000_000_000);
            let whole = cycle.costs(price, day(0), day(500)).unwrap();
            for (on, cost) in cycle.costs(price, day(from), day(from + length)).unwrap() {
                prop_assert!(whole.contains(&(on, cost)));
            }
        }
    }
}
