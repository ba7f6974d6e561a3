//! Splits a cost line of the legacy report over the keys that used the matching tokens.
//!
//! Every share is a whole number of nano-dollars and the shares add up to the line, whatever happens: what finds no
//! usage stays whole, without a key.

use std::collections::BTreeMap;

use aispend_model::{Money, allocate};

use super::api_usage::is_prepaid;
use super::expenses::Allocation;
use super::line::Terms;
use super::tokens::Tokens;

/// What a key used, on the dimensions that the report was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Usage {
    pub document: u32,
    pub api_key_id: Option<String>,
    pub workspace_id: Option<String>,
    pub model: Option<String>,
    pub service_tier: Option<String>,
    pub context_window: Option<String>,
    pub tokens: Tokens,
}

impl Usage {
    /// Its dimensions as terms of a charge.
    pub(super) fn into_terms(self) -> Terms {
        Terms {
            api_key_id: self.api_key_id,
            workspace_id: self.workspace_id,
            model: self.model,
            service_tier: self.service_tier,
            context_window: self.context_window,
            ..Terms::default()
        }
    }
}

/// The day's usage, and whether it tells tiers and windows apart.
#[derive(Debug, Default)]
pub(super) struct UsageTable {
    pub rows: Vec<Usage>,
    pub has_tier: bool,
    pub has_window: bool,
}

/// One key's part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Share {
    pub api_key_id: Option<String>,
    pub money: Money,
    pub allocation: Allocation,
}

/// What a line's usage was found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Matched {
    /// All of the line's terms.
    Exactly,
    /// The flex tiers in place of the standard tier.
    OtherTiers,
    /// Any context window.
    AnyWindow,
    /// Nothing.
    Nothing,
}

#[derive(Clone, Copy)]
struct Within {
    flex_tiers: bool,
    any_window: bool,
}

/// Splits a line: over exactly matching usage, else over the flex tiers, else over any window, else not at all.
pub(super) fn split(line: &Terms, money: Money, usage: &UsageTable) -> (Vec<Share>, Matched) {
    let attempts = [
        (Within { flex_tiers: false, any_window: false }, Matched::Exactly),
        (Within { flex_tiers: true, any_window: false }, Matched::OtherTiers),
        (Within { flex_tiers: false, any_window: true }, Matched::AnyWindow),
        (Within { flex_tiers: true, any_window: true }, Matched::OtherTiers),
    ];
    for (within, matched) in attempts {
        if within.flex_tiers && !(usage.has_tier && line.service_tier.as_deref() == Some("standard")) {
            continue;
        }
        // Keys in ascending order, no key last: missing units go to the earlier of equals.
        let (weights, without_key) = weights(line, usage, within);
        let (mut keys, mut parts): (Vec<Option<String>>, Vec<u64>) =
            weights.into_iter().map(|(key, weight)| (Some(key.to_owned()), weight)).unzip();
        if without_key > 0 {
            keys.push(None);
            parts.push(without_key);
        }
        let Ok(shares) = allocate(money, &parts) else { continue };
        let by_key = if matched == Matched::Exactly && is_told_apart(line, usage) {
            Allocation::Exact
        } else {
            Allocation::Widened
        };
        let shares = keys.into_iter().zip(shares).map(|(api_key_id, money)| Share {
            allocation: if api_key_id.is_some() { by_key } else { Allocation::NoKey },
            api_key_id,
            money,
        });
        return (shares.collect(), matched);
    }
    let whole = Share { api_key_id: None, money, allocation: Allocation::Unallocated };
    (vec![whole], Matched::Nothing)
}

/// True where usage has every dimension that the line states.
fn is_told_apart(line: &Terms, usage: &UsageTable) -> bool {
    (usage.has_tier || line.service_tier.is_none()) && (usage.has_window || line.context_window.is_none())
}

/// Weights above zero by key, and that of use without a key.
fn weights<'a>(line: &Terms, usage: &'a UsageTable, within: Within) -> (BTreeMap<&'a str, u64>, u64) {
    let mut by_key = BTreeMap::new();
    let mut without_key: u64 = 0;
    for row in &usage.rows {
        let weight = weight(line, row, usage, within);
        if weight == 0 {
            continue;
        }
        let sum = match &row.api_key_id {
            Some(key) => by_key.entry(key.as_str()).or_insert(0),
            None => &mut without_key,
        };
        *sum = sum.saturating_add(weight);
    }
    (by_key, without_key)
}

/// What a usage row counts for a line; zero where it does not match.
fn weight(line: &Terms, row: &Usage, usage: &UsageTable, within: Within) -> u64 {
    if row.workspace_id != line.workspace_id {
        return 0;
    }
    let count = match (line.cost_type.as_deref(), line.token_type.as_deref()) {
        (Some("tokens"), Some(token_type)) if matches_tokens(line, row, usage, within) => {
            row.tokens.of_type(token_type)
        }
        // Searches are billed by workspace, those of prepaid tiers as well: the line names a model only where the
        // vendor does.
        (Some("web_search"), _) if line.model.is_none() || line.model == row.model => row.tokens.web_searches,
        _ => None,
    };
    count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0)
}

fn matches_tokens(line: &Terms, row: &Usage, usage: &UsageTable, within: Within) -> bool {
    let tier = if within.flex_tiers {
        row.service_tier.as_deref() != Some("batch")
    } else {
        !usage.has_tier || row.service_tier == line.service_tier
    };
    let window = within.any_window || !usage.has_window || row.context_window == line.context_window;
    row.model == line.model && tier && window && !is_prepaid(row.service_tier.as_deref())
}
