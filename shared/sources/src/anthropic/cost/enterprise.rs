//! Enterprise's reports: the total of each group, its split by person, and what is left to nobody.

use std::collections::{BTreeMap, BTreeSet};

use aispend_model::Money;
use jiff::civil::Date;

use super::super::drift;
use super::super::wire::{Place, parse_body};
use super::FEED;
use super::amount::Amount;
use super::analytics::{ENVELOPE, is_of, report_freshness};
use super::api_usage::Endpoint;
use super::ask::{MOST_GROUPS, WHOLE};
use super::expenses::{Allocation, Expenses};
use super::line::{Charge, Lines, Terms};
use super::platform::Rules;
use super::report::{Buckets, CostRow, Rows};
use crate::{Reading, Records, Severity, SourceError};

#[derive(Default)]
struct Totals {
    lines: Lines,
    /// The vendor may have left groups out.
    is_cut: bool,
    /// What the groups come to, and the whole day, where that was asked for.
    grouped: Money,
    whole: Option<Charge>,
}

/// Reads a day of the two reports.
pub(super) fn read(
    reading: &Reading,
    day: Date,
    rules: &Rules<'_>,
    records: &mut Records<'_>,
) -> Result<(), SourceError> {
    let totals = totals(reading, day, records)?;
    let users = users(reading, day, records)?;
    let mut expenses = Expenses::new(day, records);
    // What is left of each group once its people's charges are taken off.
    let mut rest: BTreeMap<Terms, Charge> = totals.lines.into_iter().collect();
    let mut split = BTreeSet::new();
    let mut grouped = totals.grouped;
    for (terms, charge) in users {
        let group = group_of(&terms);
        split.insert(group.clone());
        match rest.get_mut(&group) {
            Some(left) => left.amount = left.amount.minus(charge.amount),
            // The total does not know this group because it was cut, so the people's charges are all there is.
            None if totals.is_cut => {
                expenses.records.stated += charge.amount.billed;
                grouped += charge.amount.billed;
            }
            // It should: a revision in between. The total stays the total.
            None => {
                let left = Amount { list: Some(Money::ZERO), ..Amount::default() };
                rest.insert(group, Charge { document: charge.document, amount: left.minus(charge.amount) });
            }
        }
        write(&mut expenses, rules, &terms, charge, Allocation::Reported)?;
    }
    if let Some(whole) = totals.whole.filter(|whole| totals.is_cut && whole.amount.billed != grouped) {
        let beyond = whole.amount.billed - grouped;
        expenses.records.stated += beyond;
        let amount = Amount { billed: beyond, list: None };
        write(&mut expenses, rules, &Terms::default(), Charge { amount, ..whole }, Allocation::Unallocated)?;
    }
    for (terms, charge) in rest {
        if charge.amount.billed < Money::ZERO && split.contains(&terms) {
            let message = "people's charges exceed their group's total: the reports are of different moments";
            expenses.records.find("contradiction", Severity::Warning, message);
        }
        if !charge.amount.is_zero() {
            write(&mut expenses, rules, &terms, charge, Allocation::Unallocated)?;
        }
    }
    expenses.finish()
}

fn write(
    expenses: &mut Expenses<'_, '_>,
    rules: &Rules<'_>,
    terms: &Terms,
    charge: Charge,
    allocation: Allocation,
) -> Result<(), SourceError> {
    let decision = rules.by_product(terms.product.as_deref(), None);
    let endpoint = Endpoint::of_product(terms.product.as_deref());
    expenses.charge(charge.document, terms, charge.amount, decision, allocation, endpoint)
}

/// The dimensions that both reports are grouped by.
fn group_of(terms: &Terms) -> Terms {
    Terms {
        product: terms.product.clone(),
        model: terms.model.clone(),
        cost_type: terms.cost_type.clone(),
        token_type: terms.token_type.clone(),
        ..Terms::default()
    }
}

fn totals(reading: &Reading, day: Date, records: &mut Records<'_>) -> Result<Totals, SourceError> {
    let mut totals = Totals::default();
    for (document, body) in reading.of_role(WHOLE) {
        let page: Buckets<CostRow> = parse_body(FEED, body)?;
        for bucket in page.data {
            if !is_of(Place::row(body, 0), day, bucket.starting_at.as_deref(), records)? {
                continue;
            }
            for (row, cost_row) in (1_usize..).zip(bucket.results) {
                let (_, amount) = cost_row.read(Place::row(body, row), records)?;
                let whole = totals.whole.get_or_insert(Charge { document, amount: Amount::default() });
                whole.amount = whole.amount.plus(amount);
            }
        }
    }
    for (document, body) in reading.of_role("total") {
        let page: Buckets<CostRow> = parse_body(FEED, body)?;
        drift::fields(records, "the answer", &page.extra, ENVELOPE);
        report_freshness(records, day, page.data_refreshed_at.as_deref());
        let mut row = 0;
        for bucket in page.data {
            if !is_of(Place::row(body, row), day, bucket.starting_at.as_deref(), records)? {
                row += bucket.results.len();
                continue;
            }
            if bucket.results.len() >= MOST_GROUPS {
                totals.is_cut = true;
                let message = if totals.whole.is_some() {
                    "the vendor's total names 100 groups, its most: money of further groups is nobody's"
                } else {
                    "the vendor's total names 100 groups, its most: money of further groups may be missing"
                };
                records.find("cut_total", Severity::Warning, message);
            }
            for cost_row in bucket.results {
                row += 1;
                let (terms, amount) = cost_row.read(Place::row(body, row), records)?;
                records.stated += amount.billed;
                totals.grouped += amount.billed;
                totals.lines.add(document, group_of(&terms), amount, records);
            }
        }
    }
    Ok(totals)
}

fn users(reading: &Reading, day: Date, records: &mut Records<'_>) -> Result<Lines, SourceError> {
    let mut lines = Lines::default();
    for (document, body) in reading.of_role("users") {
        let page: Rows = parse_body(FEED, body)?;
        drift::fields(records, "the answer", &page.extra, ENVELOPE);
        report_freshness(records, day, page.data_refreshed_at.as_deref());
        for (row, cost_row) in (1_usize..).zip(page.data) {
            let place = Place::row(body, row);
            if is_of(place, day, cost_row.starting_at.as_deref(), records)? {
                let (terms, amount) = cost_row.read(place, records)?;
                lines.add(document, terms, amount, records);
            }
        }
    }
    Ok(lines)
}
