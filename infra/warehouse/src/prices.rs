//! What Claude's models cost by list, dated. Estimates and checks use it; billed money never does.

use jiff::civil::{Date, date};

/// The vendor's words for what a token is, and ours.
pub const TOKEN_TYPES: [(&str, &str); 5] = [
    ("uncached_input_tokens", "input"),
    ("cache_creation.ephemeral_5m_input_tokens", "cache_write"),
    ("cache_creation.ephemeral_1h_input_tokens", "cache_write"),
    ("cache_read_input_tokens", "cache_read"),
    ("output_tokens", "output"),
];

/// List prices of a model: US dollars per million tokens, in the order of `TOKEN_TYPES`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListPrice {
    /// The vendor's id, without a date at its end.
    pub model: &'static str,
    /// Up to which length of prompt; `None` for any, or any longer.
    pub max_prompt_tokens: Option<i64>,
    /// Decimal numbers.
    pub usd_per_million: [&'static str; 5],
    /// The first day.
    pub valid_from: Date,
    /// The last day; `None` while it lasts.
    pub valid_to: Option<Date>,
}

const LONG_AGO: Date = date(2024, 1, 1);

const fn price(model: &'static str, usd_per_million: [&'static str; 5]) -> ListPrice {
    ListPrice { model, max_prompt_tokens: None, usd_per_million, valid_from: LONG_AGO, valid_to: None }
}

/// Every list price there is, the one source of `dim_price` and of checks.
pub const LIST_PRICES: &[ListPrice] = &[
    price("claude-fable-5-1", ["10", "12.5", "20", "0.25", "50"]),
    price("claude-mythos-5-1", ["10", "12.5", "20", "0.25", "50"]),
    price("claude-fable-5", ["10", "12.5", "20", "1", "50"]),
    price("claude-mythos-5", ["10", "12.5", "20", "1", "50"]),
    ListPrice { valid_from: date(2026, 9, 22), ..price("claude-opus-5-5", ["4", "5", "8", "0.2", "20"]) },
    ListPrice { valid_from: date(2026, 7, 24), ..price("claude-opus-5", ["5", "6.25", "10", "0.5", "25"]) },
    price("claude-opus-4-8", ["5", "6.25", "10", "0.5", "25"]),
    price("claude-opus-4-7", ["5", "6.25", "10", "0.5", "25"]),
    price("claude-opus-4-6", ["5", "6.25", "10", "0.5", "25"]),
    price("claude-opus-4-5", ["5", "6.25", "10", "0.5", "25"]),
    price("claude-opus-4-1", ["15", "18.75", "30", "1.5", "75"]),
    price("claude-opus-4", ["15", "18.75", "30", "1.5", "75"]),
    ListPrice {
        valid_to: Some(date(2026, 10, 6)),
        ..price("claude-sonnet-5-5", ["2", "2.5", "4", "0.2", "10"])
    },
    ListPrice { valid_from: date(2026, 10, 7), ..price("claude-sonnet-5-5", ["2", "2.5", "4", "0.1", "10"]) },
    price("claude-sonnet-5", ["2", "2.5", "4", "0.2", "10"]),
    price("claude-sonnet-4-6", ["3", "3.75", "6", "0.3", "15"]),
    price("claude-sonnet-4-5", ["3", "3.75", "6", "0.3", "15"]),
    price("claude-sonnet-4", ["3", "3.75", "6", "0.3", "15"]),
    ListPrice {
        max_prompt_tokens: Some(100_000),
        valid_from: date(2026, 10, 7),
        ..price("claude-haiku-5-5", ["0.1", "0.125", "0.2", "0.01", "0.5"])
    },
    ListPrice {
        valid_from: date(2026, 10, 7),
        ..price("claude-haiku-5-5", ["0.5", "0.625", "1", "0.05", "2.5"])
    },
    price("claude-haiku-4-5", ["1", "1.25", "2", "0.1", "5"]),
    price("claude-haiku-3-5", ["0.8", "1", "1.6", "0.08", "4"]),
];

/// The list price of a model on a day, for the shortest prompts where it depends on their length. The model may be dated
/// (`claude-haiku-4-5-20251001`). `None` for a model whose price is not known.
pub fn list_price(model: &str, day: Date) -> Option<&'static ListPrice> {
    let model = without_date(model);
    LIST_PRICES
        .iter()
        .filter(|price| price.model == model && price.valid_from <= day)
        .filter(|price| price.valid_to.is_none_or(|last| day <= last))
        .min_by_key(|price| price.max_prompt_tokens.unwrap_or(i64::MAX))
}

/// An id without `-YYYYMMDD`.
fn without_date(model: &str) -> &str {
    match model.rsplit_once('-') {
        Some((name, end)) if end.len() == 8 && end.bytes().all(|digit| digit.is_ascii_digit()) => name,
        Some(_) | None => model,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_of_its_day_and_of_a_dated_model_as_well() {
        for (model, day, cache_read) in [
            ("claude-sonnet-5-5", date(2026, 10, 6), Some("0.2")),
            ("claude-sonnet-5-5", date(2026, 10, 7), Some("0.1")),
            ("claude-haiku-4-5-20251001", date(2026, 10, 7), Some("0.1")),
            ("claude-haiku-5-5", date(2026, 10, 7), Some("0.01")),
            ("claude-haiku-5-5", date(2026, 10, 6), None),
            ("claude-next-1", date(2026, 10, 7), None),
            ("", date(2026, 10, 7), None),
        ] {
            let price = list_price(model, day).map(|price| price.usd_per_million[3]);
            assert_eq!(price, cache_read, "{model} on {day}");
        }
    }

    #[test]
    fn the_prices_of_a_model_never_overlap() {
        for (place, one) in LIST_PRICES.iter().enumerate() {
            for other in LIST_PRICES.iter().skip(place + 1) {
                let same = one.model == other.model && one.max_prompt_tokens == other.max_prompt_tokens;
                let apart = |a: &ListPrice, b: &ListPrice| a.valid_to.is_some_and(|end| end < b.valid_from);
                assert!(!same || apart(one, other) || apart(other, one), "{}", one.model);
            }
        }
    }
}
