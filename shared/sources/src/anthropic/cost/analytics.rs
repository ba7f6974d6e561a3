//! The beta analytics: flat rows by key or person, exact as they stand.

use aispend_model::{day_number, normalize_email, parse_moment};
use jiff::civil::Date;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::super::drift::{self, Extra};
use super::super::wire::{Place, count, day_of, parse_body, said};
use super::FEED;
use super::amount::Amount;
use super::api_usage::{Combination, Endpoint, is_prepaid};
use super::expenses::{Allocation, Expenses};
use super::line::{Lines, Terms};
use super::platform::Rules;
use super::tokens::{CacheCreation, ServerTools, Tokens};
use crate::{Reading, Records, Severity, SourceError};

#[derive(Deserialize)]
struct Page<T> {
    data: Vec<T>,
    data_refreshed_at: Option<String>,
    #[serde(flatten)]
    extra: Extra,
}

#[derive(Deserialize)]
struct CostRow {
    starting_at: Option<String>,
    #[serde(rename = "ending_at")]
    _ending_at: Option<IgnoredAny>,
    group: Option<Group>,
    cost: Option<Cost>,
    #[serde(flatten)]
    extra: Extra,
}

#[derive(Deserialize)]
struct Cost {
    amount: Option<Box<RawValue>>,
    list_amount: Option<Box<RawValue>>,
    currency: Option<String>,
    #[serde(flatten)]
    extra: Extra,
}

#[derive(Deserialize)]
struct UsageRow {
    starting_at: Option<String>,
    #[serde(rename = "ending_at")]
    _ending_at: Option<IgnoredAny>,
    group: Option<Group>,
    usage: Option<Usage>,
    #[serde(flatten)]
    extra: Extra,
}

#[derive(Default, Deserialize)]
struct Usage {
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

/// Every dimension is a member, null unless asked for.
#[derive(Default, Deserialize)]
struct Group {
    api_key_id: Option<String>,
    workspace_id: Option<String>,
    product: Option<String>,
    model: Option<String>,
    service_tier: Option<String>,
    context_window: Option<String>,
    inference_geo: Option<String>,
    cost_type: Option<String>,
    token_type: Option<String>,
    actor: Option<Actor>,
    #[serde(flatten)]
    extra: Extra,
}

/// Dimensions that are never asked for.
const UNASKED: &[&str] = &[
    "actor_type",
    "agent_id",
    "claude_tag_category",
    "claude_tag_user_id",
    "deployment_id",
    "environment_id",
    "organization_id",
    "rbac_group_id",
    "session_id",
    "slack_channel_id",
    "speed",
    "user_profile_id",
];

/// Who spent: a person, a service account, a federated identity, a key.
#[derive(Deserialize)]
pub(super) struct Actor {
    #[serde(rename = "type")]
    kind: Option<String>,
    user_id: Option<String>,
    email_address: Option<String>,
    /// Its name before version 2026-10-21.
    email: Option<String>,
    service_account_id: Option<String>,
    api_key_id: Option<String>,
    provider: Option<String>,
    subject: Option<String>,
    #[serde(flatten)]
    extra: Extra,
}

const ACTORS: &[&str] = &["user_actor", "service_account_actor", "federated_actor", "api_actor"];

impl Actor {
    /// E-mail and id, as far as the vendor states them.
    pub(super) fn identity(self, records: &mut Records<'_>) -> (Option<String>, Option<String>) {
        drift::fields(records, "`actor`", &self.extra, &["name", "deleted"]);
        drift::value(records, "actor.type", self.kind.as_deref().or(Some("none")), ACTORS);
        let federated = || {
            let subject = said(self.subject)?;
            Some(self.provider.map_or_else(|| subject.clone(), |provider| format!("{provider}:{subject}")))
        };
        let id = said(self.user_id)
            .or_else(|| said(self.service_account_id))
            .or_else(federated)
            .or_else(|| said(self.api_key_id));
        let email =
            said(self.email_address).or_else(|| said(self.email)).as_deref().and_then(normalize_email);
        (email, id)
    }
}

impl Group {
    fn terms(self, records: &mut Records<'_>) -> Terms {
        drift::fields(records, "`group`", &self.extra, UNASKED);
        let (user_email, actor_id) = self.actor.map_or((None, None), |actor| actor.identity(records));
        Terms {
            workspace_id: said(self.workspace_id),
            model: said(self.model),
            cost_type: said(self.cost_type),
            token_type: said(self.token_type),
            service_tier: said(self.service_tier),
            context_window: said(self.context_window),
            inference_geo: said(self.inference_geo),
            description: None,
            product: said(self.product),
            api_key_id: said(self.api_key_id),
            user_email,
            actor_id,
        }
    }
}

/// Money without its dimensions is money all the same, and nobody's.
fn terms_of(group: Option<Group>, shape: &str, records: &mut Records<'_>) -> Terms {
    if group.is_none() {
        records.find("missing_field", Severity::Warning, format!("`group` is missing in {shape}"));
    }
    group.unwrap_or_default().terms(records)
}

/// Reads a day of the beta.
pub(super) fn read(
    reading: &Reading,
    day: Date,
    rules: &Rules<'_>,
    records: &mut Records<'_>,
) -> Result<(), SourceError> {
    let lines = costs(reading, day, records)?;
    let mut expenses = Expenses::new(day, records);
    for (terms, charge) in lines {
        let decision = rules.by_product(terms.product.as_deref(), terms.workspace_id.as_deref());
        let endpoint = Endpoint::of_product(terms.product.as_deref());
        expenses.charge(charge.document, &terms, charge.amount, decision, Allocation::Reported, endpoint)?;
    }
    usages(reading, day, rules, &mut expenses)?;
    expenses.finish()
}

fn costs(reading: &Reading, day: Date, records: &mut Records<'_>) -> Result<Lines, SourceError> {
    let mut lines = Lines::default();
    for (document, body) in reading.of_role("cost") {
        let page: Page<CostRow> = parse_body(FEED, body)?;
        drift::fields(records, "the answer", &page.extra, ENVELOPE);
        report_freshness(records, day, page.data_refreshed_at.as_deref());
        for (row, cost_row) in (1_usize..).zip(page.data) {
            let place = Place::row(body, row);
            if !is_of(place, day, cost_row.starting_at.as_deref(), records)? {
                continue;
            }
            drift::fields(records, "a cost row", &cost_row.extra, &[]);
            let cost = cost_row.cost.ok_or_else(|| place.inexact("cost", "it is missing"))?;
            drift::fields(records, "`cost`", &cost.extra, &["requests"]);
            let amount = Amount::read(
                place,
                cost.amount.as_deref(),
                cost.list_amount.as_deref(),
                cost.currency.as_deref(),
                records,
            )?;
            records.stated += amount.billed;
            let terms = terms_of(cost_row.group, "a cost row", records);
            lines.add(document, terms, amount, records);
        }
    }
    Ok(lines)
}

fn usages(
    reading: &Reading,
    day: Date,
    rules: &Rules<'_>,
    expenses: &mut Expenses<'_, '_>,
) -> Result<(), SourceError> {
    for (document, body) in reading.of_role("usage") {
        let page: Page<UsageRow> = parse_body(FEED, body)?;
        for (row, usage_row) in (1_usize..).zip(page.data) {
            let place = Place::row(body, row);
            let records = &mut *expenses.records;
            if !is_of(place, day, usage_row.starting_at.as_deref(), records)? {
                continue;
            }
            drift::fields(records, "a usage row", &usage_row.extra, &[]);
            if usage_row.usage.is_none() {
                records.find("missing_field", Severity::Warning, "`usage` is missing in a usage row");
            }
            let usage = usage_row.usage.unwrap_or_default();
            drift::fields(records, "`usage`", &usage.extra, &["total_tokens", "requests"]);
            let counts = [usage.uncached_input_tokens, usage.output_tokens, usage.cache_read_input_tokens];
            let tokens = Tokens::read(counts, usage.cache_creation, usage.server_tool_use, records);
            let terms = terms_of(usage_row.group, "a usage row", records);
            let decision = rules.by_product(terms.product.as_deref(), terms.workspace_id.as_deref());
            if decision.is_api() {
                let endpoint = Endpoint::of_product(terms.product.as_deref());
                expenses.usage(document, Combination::of(&terms, Allocation::Reported, endpoint), tokens);
            } else if !is_prepaid(terms.service_tier.as_deref()) {
                tokens.state(decision.platform, terms.model.as_deref(), expenses.records);
            }
        }
    }
    Ok(())
}

/// Members of the answer beside its rows.
pub(super) const ENVELOPE: &[&str] = &["has_more", "next_page", "organization_id"];

/// True for a row of the slice's day. Another day's row belongs to another slice.
pub(super) fn is_of(
    place: Place<'_>,
    day: Date,
    starting_at: Option<&str>,
    records: &mut Records<'_>,
) -> Result<bool, SourceError> {
    let is_of_day = day_of(place, "starting_at", starting_at)? == day;
    if !is_of_day {
        records.find("outside_slice", Severity::Warning, "a row of another day is left out");
    }
    Ok(is_of_day)
}

/// The vendor's watermark: what lies after it is incomplete.
pub(super) fn report_freshness(records: &mut Records<'_>, day: Date, refreshed_at: Option<&str>) {
    const MICROS_OF_A_DAY: i64 = 86_400_000_000;
    let end = (i64::from(day_number(day)) + 1) * MICROS_OF_A_DAY;
    if refreshed_at.and_then(|text| parse_moment(text).ok()).is_some_and(|refreshed| refreshed < end) {
        records.find("incomplete_day", Severity::Info, "the vendor's data does not cover the whole day yet");
    }
}
