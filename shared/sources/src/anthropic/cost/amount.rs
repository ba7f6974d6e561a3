//! Billed money and its list price, side by side.

use aispend_model::Money;
use serde_json::value::RawValue;

use super::super::wire::{Place, cents, dollars_only};
use crate::{Records, Severity, SourceError};

/// What was billed and, where the vendor says, what it would have cost without a discount.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Amount {
    pub billed: Money,
    pub list: Option<Money>,
}

impl Amount {
    /// Reads a charge. Nothing about it may be in doubt.
    pub(super) fn read(
        place: Place<'_>,
        billed: Option<&RawValue>,
        list: Option<&RawValue>,
        currency: Option<&str>,
        records: &mut Records<'_>,
    ) -> Result<Self, SourceError> {
        let currency = currency.filter(|currency| !currency.trim().is_empty());
        dollars_only(place, currency)?;
        if currency.is_none() {
            records.find(
                "currency_missing",
                Severity::Warning,
                "an amount without a currency is taken as US dollars",
            );
        }
        let billed = billed.ok_or_else(|| place.inexact("amount", "it is missing"))?;
        let billed = records.amount(cents(place, "amount", billed)?);
        let list = list.map(|list| cents(place, "list_amount", list)).transpose()?.map(|list| list.money);
        Ok(Self { billed, list })
    }

    /// The sum; its list price is known where both are.
    pub(super) fn plus(self, other: Self) -> Self {
        let list = self.list.zip(other.list).map(|(one, two)| one + two);
        Self { billed: self.billed + other.billed, list }
    }

    /// The difference; its list price is known where both are.
    pub(super) fn minus(self, other: Self) -> Self {
        let list = self.list.zip(other.list).map(|(one, two)| one - two);
        Self { billed: self.billed - other.billed, list }
    }

    /// True where nothing is left.
    pub(super) fn is_zero(self) -> bool {
        self.billed == Money::ZERO && self.list.unwrap_or_default() == Money::ZERO
    }
}
