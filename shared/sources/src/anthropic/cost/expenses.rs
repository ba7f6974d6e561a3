//! Writes charges: each once to `claude_expenses`, those of the API once more by key.

use aispend_model::{Money, day_number};
use aispend_proto::v1::ClaudeExpense;
use jiff::civil::Date;

use super::amount::Amount;
use super::api_usage::{ApiUsage, Combination, Endpoint};
use super::line::Terms;
use super::platform::Decision;
use super::tokens::Tokens;
use crate::{Records, SourceError};

/// How a charge came to its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Allocation {
    /// The vendor said so.
    Reported,
    /// Split over tokens of exactly these terms.
    Exact,
    /// Split over tokens of wider terms.
    Widened,
    /// The share of use without a key: Console, sign-in.
    NoKey,
    /// Nothing tells whose it is.
    Unallocated,
}

impl Allocation {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Exact => "exact",
            Self::Widened => "widened",
            Self::NoKey => "no_key",
            Self::Unallocated => "unallocated",
        }
    }
}

/// The day's rows in the making.
pub(super) struct Expenses<'a, 'r> {
    pub records: &'a mut Records<'r>,
    /// False where usage does not tell context windows apart: money and tokens by key then meet without it.
    pub has_window: bool,
    day: Date,
    api: ApiUsage,
}

impl<'a, 'r> Expenses<'a, 'r> {
    /// Nothing yet.
    pub(super) fn new(day: Date, records: &'a mut Records<'r>) -> Self {
        Self { records, has_window: true, day, api: ApiUsage::default() }
    }

    /// Writes a charge. `endpoint` is what the second table calls its product.
    pub(super) fn charge(
        &mut self,
        document: u32,
        terms: &Terms,
        amount: Amount,
        decision: Decision,
        allocation: Allocation,
        endpoint: Endpoint,
    ) -> Result<(), SourceError> {
        let fits = |field: &str, money: Money| {
            money.wire().map_err(|error| SourceError::Inexact {
                place: format!("the sum of cost lines with equal terms on {}", self.day),
                field: field.to_owned(),
                detail: error.to_string(),
            })
        };
        let row = ClaudeExpense {
            document,
            expense_date: day_number(self.day),
            platform: decision.platform.to_owned(),
            platform_rule: decision.rule.to_owned(),
            workspace_id: terms.workspace_id.clone(),
            model: terms.model.clone(),
            cost_usd: fits("amount", amount.billed)?,
            list_cost_usd: amount.list.map(|list| fits("list_amount", list)).transpose()?,
            cost_type: terms.cost_type.clone(),
            cost_class: terms.cost_class().to_owned(),
            token_type: terms.token_type.clone(),
            token_class: terms.token_class().map(str::to_owned),
            service_tier: terms.service_tier.clone(),
            context_window: terms.context_window.clone(),
            inference_geo: terms.inference_geo.clone(),
            description: terms.description.clone(),
            api_key_id: terms.api_key_id.clone(),
            user_email: terms.user_email.clone(),
            actor_id: terms.actor_id.clone(),
            product: terms.product.clone(),
            allocation: allocation.as_str().to_owned(),
            subscription_plan: None,
        };
        self.records.push(row);
        if decision.is_api() {
            let mut combination = Combination::of(terms, allocation, endpoint);
            combination.context_window = combination.context_window.filter(|_| self.has_window);
            self.api.charge(combination, document, amount.billed);
        }
        Ok(())
    }

    /// Adds the tokens of API use to the row of their combination, whether it cost anything or not.
    pub(super) fn usage(&mut self, document: u32, combination: Combination, tokens: Tokens) {
        self.api.usage(combination, document, tokens);
    }

    /// Writes the API's part by key.
    pub(super) fn finish(self) -> Result<(), SourceError> {
        self.api.push(self.day, self.records)
    }
}
