//! A Claude Code record as the vendor sends it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::drift::Extra;
use super::super::wire::count;

#[derive(Deserialize)]
pub(super) struct Page {
    pub data: Vec<Record>,
}

/// One actor's day at one kind of terminal.
#[derive(Deserialize)]
pub(super) struct Record {
    pub date: Option<String>,
    pub actor: Option<Actor>,
    pub organization_id: Option<String>,
    pub customer_type: Option<String>,
    pub subscription_type: Option<String>,
    pub terminal_type: Option<String>,
    pub is_remote: Option<bool>,
    pub core_metrics: Option<CoreMetrics>,
    pub tool_actions: Option<BTreeMap<String, Option<ToolActions>>>,
    pub model_breakdown: Option<Vec<ModelUse>>,
    #[serde(flatten)]
    pub extra: Extra,
}

#[derive(Deserialize)]
pub(super) struct Actor {
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub email_address: Option<String>,
    pub api_key_name: Option<String>,
    #[serde(flatten)]
    pub extra: Extra,
}

#[derive(Deserialize)]
pub(super) struct CoreMetrics {
    #[serde(default, deserialize_with = "count")]
    pub num_sessions: Option<i64>,
    pub lines_of_code: Option<LinesOfCode>,
    #[serde(default, deserialize_with = "count")]
    pub commits_by_claude_code: Option<i64>,
    #[serde(default, deserialize_with = "count")]
    pub pull_requests_by_claude_code: Option<i64>,
    #[serde(flatten)]
    pub extra: Extra,
}

#[derive(Deserialize)]
pub(super) struct LinesOfCode {
    #[serde(default, deserialize_with = "count")]
    pub added: Option<i64>,
    #[serde(default, deserialize_with = "count")]
    pub removed: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct ToolActions {
    #[serde(default, deserialize_with = "count")]
    pub accepted: Option<i64>,
    #[serde(default, deserialize_with = "count")]
    pub rejected: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct ModelUse {
    pub model: Option<String>,
    pub tokens: Option<Tokens>,
    pub estimated_cost: Option<EstimatedCost>,
    #[serde(flatten)]
    pub extra: Extra,
}

#[derive(Deserialize)]
pub(super) struct Tokens {
    #[serde(default, deserialize_with = "count")]
    pub input: Option<i64>,
    #[serde(default, deserialize_with = "count")]
    pub output: Option<i64>,
    #[serde(default, deserialize_with = "count")]
    pub cache_read: Option<i64>,
    #[serde(default, deserialize_with = "count")]
    pub cache_creation: Option<i64>,
    #[serde(flatten)]
    pub extra: Extra,
}

#[derive(Deserialize)]
pub(super) struct EstimatedCost {
    pub amount: Option<Box<RawValue>>,
    pub currency: Option<String>,
}
