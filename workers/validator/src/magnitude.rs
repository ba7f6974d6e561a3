//! Whether money is of the unit it should be: cents read as dollars are a hundred times their tokens' list price.
//!
//! Batches cost half, fast mode twice, long prompts up to five times the list price, and contracts have discounts: all that
//! stays far within the limit's factor.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aispend_model::{Feed, Money, Slice};
use aispend_proto::v1::{
    ApiUsageExpense, ClaudeCodeUsage, ClaudeExpense, CursorUsageEvent, RecordSet, StatedTokens,
};
use aispend_warehouse::{ListPrice, list_price};
use jiff::civil::Date;

use crate::{Limits, ValidateError};

/// Nano-dollars per million tokens, in the order of the price list.
type Prices = [i128; 5];
/// Tokens in the order of the price list: input, writes for 5 minutes, for an hour, reads, output.
type Tokens = [Option<i64>; 5];

/// A model that the price list does not know.
pub const UNPRICED_MODEL: &str = "unpriced_model";

const MILLION: i128 = 1_000_000;

/// Billed money beside what it should be about.
#[derive(Debug, Default, Clone, Copy)]
struct Pair {
    stated: i128,
    expected: i128,
}

/// A slice's money and tokens, model by model.
#[derive(Debug, Default)]
pub struct Magnitude {
    /// Feeds without a day or without tokens are not compared.
    day: Option<Date>,
    prices: HashMap<String, Option<Prices>>,
    models: BTreeMap<String, Pair>,
    /// Of Claude Code and claude.ai, whose tokens stand in no row.
    beside: BTreeMap<(String, String), Pair>,
    /// Claude Code: what the vendor estimates its tokens to cost.
    estimated: Pair,
    unpriced: BTreeSet<String>,
    /// Cursor: what was charged, and the vendor's own value of its tokens.
    charged: Pair,
}

impl Magnitude {
    /// Of a slice.
    pub fn of(slice: &Slice) -> Self {
        let is_compared =
            matches!(slice.feed, Feed::AnthropicCost | Feed::AnthropicClaudeCode | Feed::CursorUsageEvents);
        Self { day: slice.day.filter(|_| is_compared), ..Self::default() }
    }

    /// Adds what a set says.
    pub fn see(&mut self, set: &RecordSet) {
        let Some(day) = self.day else { return };
        for row in &set.claude_expenses {
            self.cost(row);
        }
        for row in &set.api_usage_expenses {
            self.usage(day, row);
        }
        for row in &set.cursor_usage_events {
            self.event(day, row);
        }
        for row in &set.claude_code_usage_stats {
            self.estimate(day, row);
        }
    }

    /// Adds what the documents state beside the rows.
    pub fn see_tokens(&mut self, tokens: &[StatedTokens]) {
        let Some(day) = self.day else { return };
        for stated in tokens {
            let counts = [
                stated.input_tokens,
                stated.cache_write_5m_tokens,
                stated.cache_write_1h_tokens,
                stated.cache_read_tokens,
                stated.output_tokens,
            ];
            let Some(prices) = self.prices(&stated.model, |model| list_price(model, day)) else {
                self.unpriced.insert(stated.model.clone());
                continue;
            };
            let expected = worth(prices, counts.map(Some));
            let place = (stated.platform.clone(), stated.model.clone());
            self.beside.entry(place).or_default().add(Pair { stated: 0, expected });
        }
    }

    fn estimate(&mut self, day: Date, row: &ClaudeCodeUsage) {
        let estimated = row.estimated_cost_usd.filter(|amount| *amount > 0).map(i128::from);
        let (Some(model), Some(stated)) = (row.model.as_deref(), estimated) else { return };
        // How long what is written to the cache stays there is not said.
        let tokens =
            [row.input_tokens, row.cache_creation_tokens, None, row.cache_read_tokens, row.output_tokens];
        let Some(prices) = self.prices(model, |model| list_price(model, day)) else { return };
        let expected = worth(prices, tokens);
        if expected > 0 {
            self.estimated.add(Pair { stated, expected });
        }
    }

    fn cost(&mut self, row: &ClaudeExpense) {
        let is_of_tokens = row.token_type.is_some() || row.cost_type.as_deref() == Some("tokens");
        // A credit is no price.
        let Some(model) = row.model.as_ref().filter(|_| is_of_tokens && row.cost_usd > 0) else { return };
        let stated = i128::from(row.cost_usd);
        if row.platform == "claude_api" {
            self.add(model, stated, 0);
        } else {
            let place = (row.platform.clone(), model.clone());
            self.beside.entry(place).or_default().add(Pair { stated, expected: 0 });
        }
    }

    fn usage(&mut self, day: Date, row: &ApiUsageExpense) {
        let Some(model) = row.model.as_deref().filter(|_| row.is_billed) else { return };
        let tokens = [
            row.input_tokens,
            row.cache_write_5m_tokens,
            row.cache_write_1h_tokens,
            row.cache_read_tokens,
            row.output_tokens,
        ];
        if tokens.iter().all(|tokens| tokens.unwrap_or(0) == 0) {
            return;
        }
        let Some(prices) = self.prices(model, |model| list_price(model, day)) else {
            self.unpriced.insert(model.to_owned());
            return;
        };
        let whole = worth(prices, tokens);
        let is_batch = row.service_tier.as_deref() == Some("batch");
        self.add(model, 0, if is_batch { whole / 2 } else { whole });
    }

    fn event(&mut self, day: Date, row: &CursorUsageEvent) {
        let of = |amount: Option<i64>| amount.filter(|amount| *amount > 0).map(i128::from);
        let (charged, value) = (of(row.charged_value_usd), of(row.model_value_usd));
        if let (Some(charged), Some(value)) = (charged, value) {
            self.charged.stated += charged;
            self.charged.expected += value + of(row.token_fee_value_usd).unwrap_or(0);
        }
        let (Some(model), Some(stated)) = (row.model.as_deref(), value.or(charged)) else { return };
        // Most names are not Claude's: the vendor's own value is all there is to compare them with.
        let Some(prices) = self.prices(model, |model| list_price(&claude_of(model)?, day)) else { return };
        let tokens =
            [row.input_tokens, row.cache_write_tokens, None, row.cache_read_tokens, row.output_tokens];
        let expected = worth(prices, tokens);
        if expected > 0 {
            self.add(model, stated, expected);
        }
    }

    fn add(&mut self, model: &str, stated: i128, expected: i128) {
        match self.models.get_mut(model) {
            Some(pair) => pair.add(Pair { stated, expected }),
            None => drop(self.models.insert(model.to_owned(), Pair { stated, expected })),
        }
    }

    fn prices(&mut self, model: &str, find: impl Fn(&str) -> Option<&'static ListPrice>) -> Option<Prices> {
        if let Some(known) = self.prices.get(model) {
            return *known;
        }
        let prices = find(model).and_then(in_nanos);
        self.prices.insert(model.to_owned(), prices);
        prices
    }

    /// Models with money and tokens, added up. A model with one of them alone says nothing about units.
    fn by_list_price(&self) -> Pair {
        sum_of(self.models.values())
    }

    /// The same of a platform whose tokens stand in no row.
    fn beside(&self, platform: &str) -> Pair {
        sum_of(self.beside.iter().filter(|((known, _), _)| known == platform).map(|(_, pair)| pair))
    }

    /// Parks a slice whose money is of another magnitude than its tokens.
    ///
    /// # Errors
    /// When it is.
    pub fn check(&self, slice: &Slice, limits: &Limits) -> Result<(), ValidateError> {
        let unpriced: Vec<&str> = self.unpriced.iter().map(String::as_str).collect();
        let is_odd = |pair: Pair| pair.is_odd(limits);
        // Seats cover tokens as well, which no money is charged for: only too much is odd.
        let is_too_much = |pair: Pair| pair.is_odd(limits) && pair.stated > pair.expected;
        let (code, chat) = (self.beside("claude_code"), self.beside("claude.ai"));
        for (pair, is_wrong, against) in [
            (self.by_list_price(), is_odd(self.by_list_price()), "their tokens at list price"),
            (self.charged, is_odd(self.charged), "the vendor's own value of their tokens"),
            (self.estimated, is_odd(self.estimated), "the tokens of Claude Code at list price"),
            (code, is_too_much(code), "the tokens of Claude Code at list price"),
            (chat, is_too_much(chat), "the tokens of claude.ai at list price"),
        ] {
            if is_wrong {
                return Err(ValidateError::Magnitude {
                    slice_key: slice.key(),
                    stated: Money::from_nanos(pair.stated),
                    expected: Money::from_nanos(pair.expected),
                    against,
                    left_out: if unpriced.is_empty() {
                        String::new()
                    } else {
                        format!(" (without a list price, left out: {})", unpriced.join(", "))
                    },
                });
            }
        }
        Ok(())
    }

    /// Check and message, and how often.
    pub fn findings(&self, limits: &Limits) -> Vec<((&'static str, String), u64)> {
        let mut findings: Vec<_> = self
            .unpriced
            .iter()
            .map(|model| ((UNPRICED_MODEL, format!("`{model}` has no list price: not compared")), 1))
            .collect();
        let mut whole = Pair::default();
        self.models.values().for_each(|pair| whole.add(*pair));
        if whole.stated == 0 && whole.expected >= limits.magnitude_least.nanos() {
            findings
                .push((("no_money", "tokens of the Claude API came without any billed money".to_owned()), 1));
        }
        findings
    }
}

/// Those with money and tokens, added up.
fn sum_of<'a>(pairs: impl Iterator<Item = &'a Pair>) -> Pair {
    let mut sum = Pair::default();
    pairs.filter(|pair| pair.stated > 0 && pair.expected > 0).for_each(|pair| sum.add(*pair));
    sum
}

impl Pair {
    const fn add(&mut self, more: Self) {
        self.stated += more.stated;
        self.expected += more.expected;
    }

    fn is_odd(self, limits: &Limits) -> bool {
        let factor = i128::from(limits.magnitude_factor);
        self.expected >= limits.magnitude_least.nanos()
            && (self.stated >= self.expected * factor || self.stated * factor <= self.expected)
            && self.stated > 0
    }
}

fn in_nanos(price: &ListPrice) -> Option<Prices> {
    let mut prices = [0; 5];
    for (nanos, usd) in prices.iter_mut().zip(price.usd_per_million) {
        *nanos = Money::from_dollars(usd).ok()?.money.nanos();
    }
    Some(prices)
}

fn worth(prices: Prices, tokens: Tokens) -> i128 {
    let of_each =
        prices.iter().zip(tokens).map(|(price, tokens)| price * i128::from(tokens.unwrap_or(0).max(0)));
    of_each.sum::<i128>() / MILLION
}

/// Anthropic's name of a model as Cursor calls it: `claude-opus-5-5-thinking-high`, `claude-4.5-sonnet`.
fn claude_of(name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase().replace('.', "-");
    let parts: Vec<&str> = name.strip_prefix("claude-")?.split('-').collect();
    let is_number = |part: &&&str| part.len() <= 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    let before: Vec<&str> = parts.iter().take_while(is_number).copied().collect();
    let family = *parts.get(before.len())?;
    let after = parts.iter().skip(before.len() + 1).take_while(is_number).copied();
    let numbers: Vec<&str> = before.iter().copied().chain(after).collect();
    Some(format!("claude-{family}-{}", numbers.join("-")))
}

#[cfg(test)]
mod tests;
