//! A row of a cost report: the legacy one, and Enterprise's two.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::super::drift::{self, Extra};
use super::super::wire::{Place, said};
use super::amount::Amount;
use super::analytics::Actor;
use super::line::Terms;
use crate::{Records, SourceError};

/// One answer of a bucketed report.
#[derive(Deserialize)]
pub(super) struct Buckets<T> {
    pub data: Vec<Bucket<T>>,
    pub data_refreshed_at: Option<String>,
    #[serde(flatten)]
    pub extra: Extra,
}

/// One day of it.
#[derive(Deserialize)]
pub(super) struct Bucket<T> {
    pub starting_at: Option<String>,
    pub results: Vec<T>,
}

/// One answer of a flat report.
#[derive(Deserialize)]
pub(super) struct Rows {
    pub data: Vec<CostRow>,
    pub data_refreshed_at: Option<String>,
    #[serde(flatten)]
    pub extra: Extra,
}

/// What each report says of a charge; members that it has not are missing.
#[derive(Deserialize)]
pub(super) struct CostRow {
    pub starting_at: Option<String>,
    #[serde(rename = "ending_at")]
    _ending_at: Option<IgnoredAny>,
    amount: Option<Box<RawValue>>,
    list_amount: Option<Box<RawValue>>,
    currency: Option<String>,
    workspace_id: Option<String>,
    description: Option<String>,
    cost_type: Option<String>,
    token_type: Option<String>,
    model: Option<String>,
    service_tier: Option<String>,
    context_window: Option<String>,
    inference_geo: Option<String>,
    product: Option<String>,
    actor: Option<Actor>,
    #[serde(flatten)]
    extra: Extra,
}

/// Members that are never asked for.
const UNREAD: &[&str] = &["requests", "rbac_group_id", "slack_channel_id", "speed"];

impl CostRow {
    /// Terms and amount of the charge.
    pub(super) fn read(
        self,
        place: Place<'_>,
        records: &mut Records<'_>,
    ) -> Result<(Terms, Amount), SourceError> {
        drift::fields(records, "a cost row", &self.extra, UNREAD);
        let amount = Amount::read(
            place,
            self.amount.as_deref(),
            self.list_amount.as_deref(),
            self.currency.as_deref(),
            records,
        )?;
        let (user_email, actor_id) = self.actor.map_or((None, None), |actor| actor.identity(records));
        let terms = Terms {
            workspace_id: said(self.workspace_id),
            model: said(self.model),
            cost_type: said(self.cost_type),
            token_type: said(self.token_type),
            service_tier: said(self.service_tier),
            context_window: said(self.context_window),
            inference_geo: said(self.inference_geo),
            description: said(self.description),
            product: said(self.product),
            api_key_id: None,
            user_email,
            actor_id,
        };
        Ok((terms, amount))
    }
}
