//! The words of the vendors: models with their list prices, tiers, products, cost types.

use serde::Serialize;

use crate::amount::Amount;
use crate::calendar::number_of;

/// The kinds of tokens a usage row counts, in the order of [`TokenType::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum TokenType {
    Uncached,
    Output,
    CacheRead,
    Write5m,
    Write1h,
}

impl TokenType {
    /// Every kind; a usage fact holds one number for each, in this order.
    pub const ALL: [Self; 5] = [Self::Uncached, Self::Output, Self::CacheRead, Self::Write5m, Self::Write1h];

    /// The vendor's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uncached => "uncached_input_tokens",
            Self::Output => "output_tokens",
            Self::CacheRead => "cache_read_input_tokens",
            Self::Write5m => "cache_creation.ephemeral_5m_input_tokens",
            Self::Write1h => "cache_creation.ephemeral_1h_input_tokens",
        }
    }

    /// How a description ends.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Uncached => "Input Tokens",
            Self::Output => "Output Tokens",
            Self::CacheRead => "Input Tokens, Cache Read",
            Self::Write5m => "Input Tokens, 5 Minute Cache Write",
            Self::Write1h => "Input Tokens, 1 Hour Cache Write",
        }
    }
}

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub enum $name { $($variant),+ }

        impl $name {
            /// The vendor's word.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = ();
            fn from_str(word: &str) -> Result<Self, ()> {
                match word { $($word => Ok(Self::$variant),)+ _ => Err(()) }
            }
        }
    };
}

words! {
    /// How a request was served.
    Tier {
        Batch = "batch", Flex = "flex", FlexDiscount = "flex_discount", Priority = "priority",
        PriorityOnDemand = "priority_on_demand", Standard = "standard",
    }
}

words! {
    /// How long the prompt was.
    Window { Short = "0-200k", Long = "200k-1M", Longer = "1M-2M" }
}

words! {
    /// Where a request ran.
    Geo { Global = "global", Us = "us", NotAvailable = "not_available" }
}

words! {
    /// How fast it ran.
    Speed { Standard = "standard", Fast = "fast" }
}

words! {
    /// What a charge is for.
    CostType {
        Tokens = "tokens", WebSearch = "web_search", CodeExecution = "code_execution",
        SessionUsage = "session_usage", SomeNew = "some_new_cost_type",
    }
}

words! {
    /// What part of the vendor's offer was used.
    Product {
        Chat = "chat", ChatCowork = "chat_cowork_unified", ClaudeCode = "claude_code", Console = "claude_console",
        Design = "claude_design", Chrome = "claude_in_chrome", Tag = "claude_tag", Cowork = "cowork",
        ManagedAgents = "managed_agents_api", Batches = "message_batches_api", Messages = "messages_api",
        Office = "office_agent", Other = "other", Autopatch = "cc_security_autopatch",
    }
}

impl Product {
    /// Whether the vendor takes the value as a filter.
    pub const fn is_filter(self) -> bool {
        !matches!(self, Self::Other | Self::Autopatch)
    }
}

/// A model with its list prices in thousandths of a dollar per million tokens.
#[derive(Debug)]
pub struct Model {
    pub id: &'static str,
    pub display: &'static str,
    /// In the order of [`TokenType::ALL`].
    prices: [i128; 5],
}

/// The models, by index.
pub const MODELS: &[Model] = &[
    Model { id: "claude-opus-5-5", display: "Claude Opus 5.5", prices: [4000, 20_000, 200, 5000, 8000] },
    Model { id: "claude-sonnet-5", display: "Claude Sonnet 5", prices: [2000, 10_000, 200, 2500, 4000] },
    Model {
        id: "claude-haiku-4-5-20251001",
        display: "Claude Haiku 4.5",
        prices: [1000, 5000, 100, 1250, 2000],
    },
    Model { id: "claude-sonnet-5-5", display: "Claude Sonnet 5.5", prices: [2000, 10_000, 100, 2500, 4000] },
    Model { id: "claude-haiku-5-5", display: "Claude Haiku 5.5", prices: [100, 500, 10, 125, 200] },
    Model { id: "claude-opus-4-8", display: "Claude Opus 4.8", prices: [5000, 25_000, 500, 6250, 10_000] },
    Model { id: "claude-opus-5", display: "Claude Opus 5", prices: [5000, 25_000, 500, 6250, 10_000] },
    Model {
        id: "claude-fable-5-1",
        display: "Claude Fable 5.1",
        prices: [10_000, 50_000, 250, 12_500, 20_000],
    },
    Model { id: "claude-next-1", display: "Claude Next", prices: [3000, 15_000, 300, 3750, 6000] },
];

/// Indices into [`MODELS`].
pub mod model {
    pub const OPUS_5_5: u16 = 0;
    pub const SONNET_5: u16 = 1;
    pub const HAIKU_4_5: u16 = 2;
    pub const SONNET_5_5: u16 = 3;
    pub const HAIKU_5_5: u16 = 4;
    pub const OPUS_4_8: u16 = 5;
    pub const OPUS_5: u16 = 6;
    pub const FABLE_5_1: u16 = 7;
    pub const NEXT_1: u16 = 8;
}

/// The vendor's id of a model.
pub fn model_id(index: u16) -> &'static str {
    MODELS.get(usize::from(index)).map_or("", |model| model.id)
}

/// The Opus of a day: 5.5 came on 2026-09-22.
pub fn opus_on(day: i32) -> u16 {
    if day < number_of(jiff::civil::date(2026, 9, 22)) { model::OPUS_5 } else { model::OPUS_5_5 }
}

/// The Haiku of a day: 5.5 came on 2026-10-07.
pub fn haiku_on(day: i32) -> u16 {
    if day < number_of(jiff::civil::date(2026, 10, 7)) { model::HAIKU_4_5 } else { model::HAIKU_5_5 }
}

/// What one token costs on a day, before batch, fast and regional factors.
pub fn price(index: u16, token_type: TokenType, day: i32) -> Amount {
    if index == model::SONNET_5_5
        && token_type == TokenType::CacheRead
        && day < number_of(jiff::civil::date(2026, 10, 7))
    {
        return Amount::nanos(200);
    }
    // A thousandth of a dollar per million tokens is a nano-dollar per token.
    let prices = MODELS.get(usize::from(index)).map(|model| &model.prices);
    let milli = prices.and_then(|prices| prices.get(token_type as usize)).copied().unwrap_or(0);
    Amount::nanos(milli)
}

/// What one web search costs: ten dollars a thousand.
pub const SEARCH_PRICE: Amount = Amount::cents(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_tokens_cost_the_list_price() {
        let day = number_of(jiff::civil::date(2026, 10, 8));
        let million = |model, token_type| Amount(price(model, token_type, day).0 * 1_000_000);
        assert_eq!(million(model::OPUS_5_5, TokenType::Uncached), Amount::cents(400));
        assert_eq!(million(model::HAIKU_5_5, TokenType::CacheRead), Amount::cents(1));
    }
}
