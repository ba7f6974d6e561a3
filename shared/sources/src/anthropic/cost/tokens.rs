//! Tokens and searches of a usage row.

use serde::Deserialize;

use super::super::drift::{self, Extra};
use super::super::wire::count;
use crate::Records;

/// What a usage row counts. What the vendor leaves out is unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tokens {
    pub uncached_input: Option<i64>,
    pub output: Option<i64>,
    pub cache_read: Option<i64>,
    pub cache_write_5m: Option<i64>,
    pub cache_write_1h: Option<i64>,
    pub web_searches: Option<i64>,
}

/// Tokens written to the cache, by how long they stay there.
#[derive(Default, Deserialize)]
pub(super) struct CacheCreation {
    #[serde(default, deserialize_with = "count")]
    ephemeral_5m_input_tokens: Option<i64>,
    #[serde(default, deserialize_with = "count")]
    ephemeral_1h_input_tokens: Option<i64>,
    #[serde(flatten)]
    extra: Extra,
}

/// Tools the vendor ran.
#[derive(Default, Deserialize)]
pub(super) struct ServerTools {
    #[serde(default, deserialize_with = "count")]
    web_search_requests: Option<i64>,
    #[serde(flatten)]
    extra: Extra,
}

impl Tokens {
    /// From the members of a row; the two objects may be missing or empty.
    pub(super) fn read(
        [uncached_input, output, cache_read]: [Option<i64>; 3],
        writes: Option<CacheCreation>,
        tools: Option<ServerTools>,
        records: &mut Records<'_>,
    ) -> Self {
        let (writes, tools) = (writes.unwrap_or_default(), tools.unwrap_or_default());
        drift::fields(records, "`cache_creation`", &writes.extra, &[]);
        drift::fields(records, "`server_tool_use`", &tools.extra, &["web_fetch_requests"]);
        Self {
            uncached_input,
            output,
            cache_read,
            cache_write_5m: writes.ephemeral_5m_input_tokens,
            cache_write_1h: writes.ephemeral_1h_input_tokens,
            web_searches: tools.web_search_requests,
        }
    }

    /// The sum, member by member.
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            uncached_input: sum([self.uncached_input, other.uncached_input]),
            output: sum([self.output, other.output]),
            cache_read: sum([self.cache_read, other.cache_read]),
            cache_write_5m: sum([self.cache_write_5m, other.cache_write_5m]),
            cache_write_1h: sum([self.cache_write_1h, other.cache_write_1h]),
            web_searches: sum([self.web_searches, other.web_searches]),
        }
    }

    /// Cache reads and writes together.
    pub(super) fn cache(&self) -> Option<i64> {
        sum([self.cache_read, self.cache_write_5m, self.cache_write_1h])
    }

    /// Notes tokens of a platform whose rows hold none.
    pub(super) fn state(&self, platform: &'static str, model: Option<&str>, records: &mut Records<'_>) {
        let counts =
            [self.uncached_input, self.cache_write_5m, self.cache_write_1h, self.cache_read, self.output];
        let Some(model) = model.filter(|_| counts.iter().any(Option::is_some)) else { return };
        let stated = records.tokens.entry((platform, model.to_owned())).or_default();
        for (sum, count) in stated.iter_mut().zip(counts) {
            *sum = sum.saturating_add(count.unwrap_or(0));
        }
    }

    /// The count that a token type's money is for.
    pub(super) fn of_type(&self, token_type: &str) -> Option<i64> {
        match token_type {
            "uncached_input_tokens" => self.uncached_input,
            "output_tokens" => self.output,
            "cache_read_input_tokens" => self.cache_read,
            "cache_creation.ephemeral_5m_input_tokens" => self.cache_write_5m,
            "cache_creation.ephemeral_1h_input_tokens" => self.cache_write_1h,
            _ => None,
        }
    }
}

/// What is known, added; unknown where nothing is.
fn sum<const N: usize>(parts: [Option<i64>; N]) -> Option<i64> {
    parts.into_iter().flatten().reduce(i64::saturating_add)
}
