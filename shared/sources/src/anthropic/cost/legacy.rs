//! The legacy reports: money by workspace and description, tokens by key, brought together here.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;

use super::super::drift::{self, Extra};
use super::super::wire::{Place, count, parse_body, said};
use super::FEED;
use super::allocation::{Matched, Usage, UsageTable, split};
use super::amount::Amount;
use super::analytics::is_of;
use super::api_usage::{Combination, Endpoint, is_prepaid};
use super::expenses::{Allocation, Expenses};
use super::line::{Charge, SingleLines, TIERS, Terms};
use super::platform::Rules;
use super::report::{Buckets, CostRow};
use super::tokens::{CacheCreation, ServerTools, Tokens};
use crate::{Reading, Records, Severity, SourceError};

#[derive(Deserialize)]
struct UsageRow {
    api_key_id: Option<String>,
    workspace_id: Option<String>,
    model: Option<String>,
    service_tier: Option<String>,
    context_window: Option<String>,
    #[serde(default, deserialize_with = "count")]
    uncached_input_tokens: Option<i64>,
    #[serde(default, deserialize_with = "count")]
    output_tokens: Option<i64>,
    #[serde(default, deserialize_with = "count")]
    cache_read_input_tokens: Option<i64>,
    cache_creation: Option<CacheCreation>,
    server_tool_use: Option<ServerTools>,
    #[serde(flatten)]
    extra: Extra,
}

const ENVELOPE: &[&str] = &["has_more", "next_page"];

/// Dimensions that the cap on grouping leaves out.
const UNASKED: &[&str] = &["account_id", "service_account_id", "inference_geo", "speed"];

/// Reads a day of the two reports.
pub(super) fn read(
    reading: &Reading,
    day: Date,
    rules: &Rules<'_>,
    records: &mut Records<'_>,
) -> Result<(), SourceError> {
    let lines = costs(reading, day, records)?;
    let usage = usages(reading, day, records)?;
    let mut expenses = Expenses::new(day, records);
    expenses.has_window = usage.has_window;
    // Each line is split by itself; what one key and one way of allocation get of equal lines is one row.
    let mut shared: BTreeMap<(Terms, Allocation), Charge> = BTreeMap::new();
    for (terms, charge) in lines.lines {
        let (shares, matched) = split(&terms, charge.amount.billed, &usage);
        if matched == Matched::OtherTiers {
            let message = "money of the standard tier found no standard usage and went to the flex tiers";
            expenses.records.find("other_tiers", Severity::Info, message);
        }
        // The list price goes with the line where the line stays whole.
        let list = charge.amount.list.filter(|_| shares.len() == 1);
        for share in shares {
            let terms = Terms { api_key_id: share.api_key_id, ..terms.clone() };
            let amount = Amount { billed: share.money, list };
            shared
                .entry((terms, share.allocation))
                .and_modify(|known| known.amount = known.amount.plus(amount))
                .or_insert(Charge { document: charge.document, amount });
        }
    }
    for ((terms, allocation), Charge { document, amount }) in shared {
        let decision = rules.by_key(terms.workspace_id.as_deref(), terms.api_key_id.as_deref());
        let endpoint = Endpoint::of_tier(terms.service_tier.as_deref());
        expenses.charge(document, &terms, amount, decision, allocation, endpoint)?;
    }
    for row in usage.rows {
        let key = row.api_key_id.as_deref();
        let decision = rules.by_key(row.workspace_id.as_deref(), key);
        if decision.is_api() {
            let allocation = if key.is_some() { Allocation::Exact } else { Allocation::NoKey };
            let endpoint = Endpoint::of_tier(row.service_tier.as_deref());
            let (document, tokens) = (row.document, row.tokens);
            expenses.usage(document, Combination::of(&row.into_terms(), allocation, endpoint), tokens);
        } else if !is_prepaid(row.service_tier.as_deref()) {
            row.tokens.state(decision.platform, row.model.as_deref(), expenses.records);
        }
    }
    expenses.finish()
}

fn costs(reading: &Reading, day: Date, records: &mut Records<'_>) -> Result<SingleLines, SourceError> {
    let mut lines = SingleLines::default();
    for (document, body) in reading.of_role("cost") {
        let page: Buckets<CostRow> = parse_body(FEED, body)?;
        drift::fields(records, "the answer", &page.extra, ENVELOPE);
        let mut row = 0;
        for bucket in page.data {
            if !is_of(Place::row(body, row), day, bucket.starting_at.as_deref(), records)? {
                row += bucket.results.len();
                continue;
            }
            for cost_row in bucket.results {
                row += 1;
                let (terms, amount) = cost_row.read(Place::row(body, row), records)?;
                records.stated += amount.billed;
                lines.add(document, terms, amount, records);
            }
        }
    }
    Ok(lines)
}

fn usages(reading: &Reading, day: Date, records: &mut Records<'_>) -> Result<UsageTable, SourceError> {
    let mut rows: BTreeMap<Terms, Usage> = BTreeMap::new();
    let (mut has_tier, mut has_window) = (true, true);
    for (document, body) in reading.of_role("usage") {
        // A narrower question was answered: what it left out is unknown, not null.
        has_tier &= body.request.contains("group_by[]=service_tier");
        has_window &= body.request.contains("group_by[]=context_window");
        let page: Buckets<UsageRow> = parse_body(FEED, body)?;
        drift::fields(records, "the answer", &page.extra, ENVELOPE);
        for bucket in page.data {
            if !is_of(Place::row(body, 0), day, bucket.starting_at.as_deref(), records)? {
                continue;
            }
            for row in bucket.results {
                let usage = row.read(document, records);
                match rows.get_mut(&usage.clone().into_terms()) {
                    Some(known) => known.tokens = known.tokens.plus(usage.tokens),
                    None => {
                        rows.insert(usage.clone().into_terms(), usage);
                    }
                }
            }
        }
    }
    Ok(UsageTable { rows: rows.into_values().collect(), has_tier, has_window })
}

impl UsageRow {
    fn read(self, document: u32, records: &mut Records<'_>) -> Usage {
        drift::fields(records, "a usage row", &self.extra, UNASKED);
        drift::value(records, "service_tier", self.service_tier.as_deref(), TIERS);
        let counts = [self.uncached_input_tokens, self.output_tokens, self.cache_read_input_tokens];
        Usage {
            document,
            api_key_id: said(self.api_key_id),
            workspace_id: said(self.workspace_id),
            model: said(self.model),
            service_tier: said(self.service_tier),
            context_window: said(self.context_window),
            tokens: Tokens::read(counts, self.cache_creation, self.server_tool_use, records),
        }
    }
}
