//! The API's part of the money by key, with its tokens.

use std::collections::BTreeMap;

use aispend_model::{Money, day_number};
use aispend_proto::v1::ApiUsageExpense;
use jiff::civil::Date;

use super::expenses::Allocation;
use super::line::Terms;
use super::tokens::Tokens;
use crate::{Records, SourceError};

/// Which part of the API was used, and whether the vendor said so.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Endpoint {
    name: Option<String>,
    is_derived: bool,
}

impl Endpoint {
    /// From the product that the vendor states.
    pub(super) fn of_product(product: Option<&str>) -> Self {
        let name = product.map(|product| match product {
            "messages_api" => "messages",
            "message_batches_api" => "batch",
            "managed_agents_api" => "managed_agents",
            "claude_console" => "console",
            other => other,
        });
        Self { name: name.map(str::to_owned), is_derived: false }
    }

    /// The legacy reports name no endpoint; only batches show, by their tier.
    pub(super) fn of_tier(service_tier: Option<&str>) -> Self {
        let name = if service_tier == Some("batch") { "batch" } else { "messages" };
        Self { name: Some(name.to_owned()), is_derived: true }
    }
}

/// What one row is about. Cost types and token types are added up in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Combination {
    pub api_key_id: Option<String>,
    pub workspace_id: Option<String>,
    pub model: Option<String>,
    pub endpoint: Endpoint,
    pub service_tier: Option<String>,
    pub context_window: Option<String>,
    pub user_email: Option<String>,
    pub actor_id: Option<String>,
    pub allocation: Allocation,
}

impl Combination {
    /// Of a charge or a usage row with these terms.
    pub(super) fn of(terms: &Terms, allocation: Allocation, endpoint: Endpoint) -> Self {
        Self {
            api_key_id: terms.api_key_id.clone(),
            workspace_id: terms.workspace_id.clone(),
            model: terms.model.clone(),
            endpoint,
            service_tier: terms.service_tier.clone(),
            context_window: terms.context_window.clone(),
            user_email: terms.user_email.clone(),
            actor_id: terms.actor_id.clone(),
            allocation,
        }
    }

    /// Bought ahead: such a tier shows in usage, never in the cost reports.
    fn is_prepaid(&self) -> bool {
        is_prepaid(self.service_tier.as_deref())
    }
}

/// True for tiers that never receive metered cost.
pub(super) fn is_prepaid(service_tier: Option<&str>) -> bool {
    matches!(service_tier, Some("priority" | "priority_on_demand"))
}

#[derive(Debug)]
struct Sums {
    document: u32,
    cost: Money,
    tokens: Option<Tokens>,
}

/// Money and tokens by combination.
#[derive(Debug, Default)]
pub(super) struct ApiUsage(BTreeMap<Combination, Sums>);

impl ApiUsage {
    /// Adds money.
    pub(super) fn charge(&mut self, combination: Combination, document: u32, money: Money) {
        self.sums(combination, document).cost += money;
    }

    /// Adds tokens. Split money of these terms may stand as widened alone; the tokens then stand there.
    pub(super) fn usage(&mut self, mut combination: Combination, document: u32, tokens: Tokens) {
        if combination.allocation == Allocation::Exact && !self.0.contains_key(&combination) {
            combination.allocation = Allocation::Widened;
            if !self.0.contains_key(&combination) {
                combination.allocation = Allocation::Exact;
            }
        }
        let sums = self.sums(combination, document);
        sums.tokens = Some(sums.tokens.unwrap_or_default().plus(tokens));
    }

    fn sums(&mut self, combination: Combination, document: u32) -> &mut Sums {
        self.0.entry(combination).or_insert(Sums { document, cost: Money::ZERO, tokens: None })
    }

    /// Hands on every row.
    pub(super) fn push(self, day: Date, records: &mut Records<'_>) -> Result<(), SourceError> {
        for (combination, sums) in self.0 {
            let cost_usd = sums.cost.wire().map_err(|error| SourceError::Inexact {
                place: format!("the sum of a key's cost lines on {day}"),
                field: "amount".to_owned(),
                detail: error.to_string(),
            })?;
            let is_billed = !combination.is_prepaid() || cost_usd != 0;
            let tokens = sums.tokens.unwrap_or_default();
            records.push(ApiUsageExpense {
                document: sums.document,
                expense_date: day_number(day),
                api_key_id: combination.api_key_id,
                workspace_id: combination.workspace_id,
                model: combination.model,
                endpoint: combination.endpoint.name,
                endpoint_is_derived: combination.endpoint.is_derived,
                service_tier: combination.service_tier,
                context_window: combination.context_window,
                user_email: combination.user_email,
                actor_id: combination.actor_id,
                cost_usd,
                input_tokens: tokens.uncached_input,
                output_tokens: tokens.output,
                cache_tokens: tokens.cache(),
                cache_read_tokens: tokens.cache_read,
                cache_write_5m_tokens: tokens.cache_write_5m,
                cache_write_1h_tokens: tokens.cache_write_1h,
                web_search_requests: tokens.web_searches,
                allocation: combination.allocation.as_str().to_owned(),
                is_billed,
            });
        }
        Ok(())
    }
}
