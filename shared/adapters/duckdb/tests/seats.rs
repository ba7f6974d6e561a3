//! Seats, seen as what is due and as what it pays for: both come to the same over whole cycles.
#![allow(clippy::unwrap_used)]

mod common;

use aispend_duckdb::Reader;
use aispend_model::{Feed, Slice, day_number};
use aispend_proto::v1::{ClaudeExpense, CursorExpense, Seat};
use aispend_testkit::warehouse::{Reading, expense};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use tempfile::TempDir;

use common::answer;

const DOLLAR: i64 = 1_000_000_000;

/// The last day that seats were accrued.
const LAST: Date = date(2026, 12, 31);

/// A line of the sheet, with nanos of a dollar, and the days on which its cycles begin.
struct Line {
    vendor: &'static str,
    plan: &'static str,
    user_email: Option<&'static str>,
    price: i64,
    billing: &'static str,
    cycle_day: u32,
    from: Date,
    to: Option<Date>,
}

impl Line {
    const fn monthly(
        vendor: &'static str,
        plan: &'static str,
        price: i64,
        cycle_day: u32,
        from: Date,
    ) -> Self {
        let user_email = Some("ann@example.com");
        Self { vendor, plan, user_email, price, billing: "monthly", cycle_day, from, to: None }
    }

    const fn annual(vendor: &'static str, plan: &'static str, price: i64, from: Date) -> Self {
        Self { billing: "annual", ..Self::monthly(vendor, plan, price, 1, from) }
    }

    const fn until(self, to: Date) -> Self {
        Self { to: Some(to), ..self }
    }

    /// Where the cycle of a day begins, and where the next one does.
    fn cycle(&self, day: Date) -> (Date, Date) {
        if self.billing == "annual" {
            return (date(day.year(), 1, 1), date(day.year() + 1, 1, 1));
        }
        let start = |month: Date| {
            let last = month.last_of_month();
            let cycle_day = i8::try_from(self.cycle_day).unwrap().min(last.day());
            date(month.year(), month.month(), cycle_day)
        };
        let this = day.first_of_month();
        let (before, next) = (this.saturating_sub(1.months()), this.saturating_add(1.months()));
        if day < start(this) { (start(before), start(this)) } else { (start(this), start(next)) }
    }

    /// What a day costs: its part of the price, the first days of a cycle one nano more.
    fn days(&self) -> Vec<(Date, i64)> {
        let mut days = Vec::new();
        let mut day = self.from;
        while day <= self.to.unwrap_or(LAST).min(LAST) {
            let (start, next) = self.cycle(day);
            let length = i64::from(day_number(next) - day_number(start));
            let place = i64::from(day_number(day) - day_number(start));
            days.push((day, self.price / length + i64::from(place < self.price % length)));
            day = day.tomorrow().unwrap();
        }
        days
    }

    fn seat(&self) -> Seat {
        Seat {
            vendor: self.vendor.into(),
            plan: Some(self.plan.into()),
            user_email: self.user_email.map(Into::into),
            price_usd: self.price,
            billing: self.billing.into(),
            cycle_day: self.cycle_day.into(),
            valid_from: Some(day_number(self.from)),
            valid_to: self.to.map(day_number),
            ..Seat::default()
        }
    }

    fn accrued(&self, reading: Reading) -> Reading {
        let (plan, user_email) = (Some(self.plan.to_owned()), self.user_email.map(str::to_owned));
        self.days().into_iter().fold(reading, |reading, (day, nanos)| match self.vendor {
            "cursor" => reading.row(CursorExpense {
                expense_date: day_number(day),
                estimated_cost_usd: nanos,
                cost_type: "subscription".into(),
                cost_class: "seat".into(),
                subscription_plan: plan.clone(),
                user_email: user_email.clone(),
                ..CursorExpense::default()
            }),
            _ => reading.row(ClaudeExpense {
                expense_date: day_number(day),
                platform: "claude.ai".into(),
                cost_type: Some("subscription".into()),
                cost_class: "seat".into(),
                subscription_plan: plan.clone(),
                user_email: user_email.clone(),
                ..expense(nanos)
            }),
        })
    }
}

/// Both vendors, monthly and annual, from the first day of a cycle and from the middle of one.
fn company() -> Vec<Line> {
    let nobodys = Line::monthly("claude_ai", "nobody's", 25 * DOLLAR, 1, date(2026, 10, 1));
    vec![
        Line::monthly("claude_ai", "whole", 30 * DOLLAR, 1, date(2026, 1, 1)),
        Line::monthly("claude_ai", "middle", 30 * DOLLAR, 15, date(2026, 1, 20)).until(date(2026, 12, 14)),
        Line::annual("claude_ai", "year", 299_990_000_000, date(2026, 1, 1)),
        Line { user_email: None, ..nobodys },
        Line::monthly("cursor", "whole", 40 * DOLLAR, 1, date(2026, 3, 1)).until(date(2026, 9, 30)),
        Line::monthly("cursor", "middle", 40 * DOLLAR, 31, date(2026, 2, 10)).until(date(2026, 12, 30)),
        Line::annual("cursor", "year", 384 * DOLLAR, date(2025, 7, 1)).until(date(2026, 6, 30)),
    ]
}

async fn published(lines: &[Line], spoil: impl Fn(Seat) -> Seat) -> (TempDir, Reader) {
    let mut reading = Reading::default();
    for line in lines {
        reading = line.accrued(reading.row(spoil(line.seat())));
    }
    common::published(vec![reading.of(Slice::all(Feed::SheetSeats, "sheets"), 10)]).await
}

const CHECK: &str =
    "SELECT CAST(measured_value AS INTEGER) AS n, status FROM ai_usage_analytics.vw_data_quality
    WHERE check_name = 'seat_cash_equals_accrual'";

#[tokio::test]
async fn what_is_due_is_what_is_accrued_to_the_cent_over_whole_cycles() {
    let (_folder, reader) = published(&company(), |seat| seat).await;
    let sums = "SELECT vendor, plan, CAST(ROUND(SUM(cash_usd) * 100) AS BIGINT) AS cash, CAST(ROUND(SUM(accrual_usd) * 100) AS BIGINT) AS accrual
        FROM ai_usage_analytics.vw_seat_spend GROUP BY vendor, plan ORDER BY 1, 2";
    assert_eq!(
        answer(&reader, sums),
        [
            // 26 of 31 days of the first cycle, then ten of them.
            "anthropic middle 32516 32516",
            "anthropic nobody's 7500 7500",
            "anthropic whole 36000 36000",
            "anthropic year 29999 29999",
            // 18 of the 28 days from 31 January to 27 February, then ten cycles.
            "cursor middle 42571 42571",
            "cursor whole 28000 28000",
            "cursor year 38400 38400",
        ]
    );
    assert_eq!(answer(&reader, CHECK), ["0 ok"]);
}

#[tokio::test]
async fn cash_is_due_on_the_first_day_and_accrual_runs_with_the_days() {
    let (_folder, reader) = published(&company(), |seat| seat).await;
    let months = |vendor: &str, plan: &str, from: &str| {
        let sql = format!(
            "SELECT SUBSTR(CAST(month AS VARCHAR), 1, 7) AS month, CAST(ROUND(SUM(cash_usd) * 100) AS BIGINT) AS cash, CAST(ROUND(SUM(accrual_usd) * 100) AS BIGINT) AS accrual
             FROM ai_usage_analytics.vw_seat_spend WHERE vendor = '{vendor}' AND plan = '{plan}' AND month >= DATE '{from}'
             GROUP BY month ORDER BY month LIMIT 2"
        );
        answer(&reader, &sql)
    };
    // Twelve days of January; February has 14 more of that cycle and 14 of a cycle of 28.
    assert_eq!(months("anthropic", "middle", "2026-01-01"), ["2026-01 2516 1161", "2026-02 3000 2855"]);
    // A cycle of the last days of months begins on 28 February.
    assert_eq!(months("cursor", "middle", "2026-02-01"), ["2026-02 6571 2700", "2026-03 4000 4004"]);
    assert_eq!(months("cursor", "year", "2025-07-01"), ["2025-07 38400 3261", "2025-08 0 3261"]);
    assert_eq!(months("anthropic", "year", "2026-01-01"), ["2026-01 29999 2548", "2026-02 0 2301"]);
}

#[tokio::test]
async fn a_cycle_whose_days_are_not_what_was_due_is_told() {
    let dearer = |seat: Seat| {
        if seat.vendor == "cursor" && seat.plan.as_deref() == Some("whole") {
            return Seat { price_usd: seat.price_usd + 1, ..seat };
        }
        seat
    };
    let (_folder, reader) = published(&company(), dearer).await;
    // Seven months, each a nano short.
    assert_eq!(answer(&reader, CHECK), ["7 alert"]);
}
