//! A cost line: everything the vendor says about a charge.

use std::collections::{BTreeMap, BTreeSet};

use super::super::drift;
use super::amount::Amount;
use super::platform::is_known_product;
use crate::{Records, Severity};

/// The terms of a charge, each as stated. Together they are the line's key.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Terms {
    pub workspace_id: Option<String>,
    pub model: Option<String>,
    pub cost_type: Option<String>,
    pub token_type: Option<String>,
    pub service_tier: Option<String>,
    pub context_window: Option<String>,
    pub inference_geo: Option<String>,
    pub description: Option<String>,
    pub product: Option<String>,
    pub api_key_id: Option<String>,
    pub user_email: Option<String>,
    pub actor_id: Option<String>,
}

/// A charge and the document it first stood in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Charge {
    pub document: u32,
    pub amount: Amount,
}

/// Lines by their whole key: what stands twice is summed, never overwritten.
#[derive(Debug, Default)]
pub(super) struct Lines(BTreeMap<Terms, Charge>);

/// Lines as they stand, each by itself: what is split over keys is split line by line.
#[derive(Debug, Default)]
pub(super) struct SingleLines {
    pub lines: Vec<(Terms, Charge)>,
    known: BTreeSet<Terms>,
}

impl SingleLines {
    /// Adds a line.
    pub(super) fn add(&mut self, document: u32, terms: Terms, amount: Amount, records: &mut Records<'_>) {
        report_drift(&terms, records);
        if !self.known.insert(terms.clone()) {
            records.find("duplicate_rows", Severity::Warning, EQUAL_TERMS);
        }
        self.lines.push((terms, Charge { document, amount }));
    }
}

const EQUAL_TERMS: &str = "cost lines with equal terms are summed";

impl Lines {
    /// Adds a line.
    pub(super) fn add(&mut self, document: u32, terms: Terms, amount: Amount, records: &mut Records<'_>) {
        report_drift(&terms, records);
        match self.0.get_mut(&terms) {
            Some(charge) => {
                charge.amount = charge.amount.plus(amount);
                records.find("duplicate_rows", Severity::Warning, EQUAL_TERMS);
            }
            None => {
                self.0.insert(terms, Charge { document, amount });
            }
        }
    }
}

impl IntoIterator for Lines {
    type Item = (Terms, Charge);
    type IntoIter = std::collections::btree_map::IntoIter<Terms, Charge>;

    /// In the order of the terms, whichever way the vendor sorted them.
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Terms {
    /// The vendor's token types in the words of the requirements.
    pub(super) fn token_class(&self) -> Option<&'static str> {
        match self.token_type.as_deref()? {
            "uncached_input_tokens" => Some("input"),
            "output_tokens" => Some("output"),
            "cache_read_input_tokens" => Some("cache_read"),
            other if other.starts_with("cache_creation.") => Some("cache_write"),
            _ => None,
        }
    }

    /// Every metered charge is usage; what says nothing of what was metered is not.
    pub(super) const fn cost_class(&self) -> &'static str {
        match (&self.cost_type, &self.token_type, &self.product) {
            (None, None, None) => "other",
            _ => "usage",
        }
    }
}

const COST_TYPES: &[&str] = &["tokens", "web_search", "code_execution", "session_usage"];
const TOKEN_TYPES: &[&str] = &[
    "uncached_input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation.ephemeral_5m_input_tokens",
    "cache_creation.ephemeral_1h_input_tokens",
];
pub(super) const TIERS: &[&str] =
    &["standard", "batch", "flex", "flex_discount", "priority", "priority_on_demand"];

fn report_drift(terms: &Terms, records: &mut Records<'_>) {
    drift::value(records, "cost_type", terms.cost_type.as_deref(), COST_TYPES);
    drift::value(records, "token_type", terms.token_type.as_deref(), TOKEN_TYPES);
    drift::value(records, "service_tier", terms.service_tier.as_deref(), TIERS);
    drift::value(records, "context_window", terms.context_window.as_deref(), &["0-200k", "200k-1M"]);
    drift::value(
        records,
        "inference_geo",
        terms.inference_geo.as_deref(),
        &["global", "us", "not_available"],
    );
    if !is_known_product(terms.product.as_deref()) {
        drift::value(records, "product", terms.product.as_deref(), &[]);
    }
}
