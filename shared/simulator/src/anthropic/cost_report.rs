//! `cost_report`: money in daily buckets, by workspace and description only.

use super::grouping::{finish_page, sum_by};
use super::params::Params;
use super::{Answer, Context};
use crate::amount::Amount;
use crate::calendar::{DAY_SECONDS, day_of_second, rfc3339};
use crate::catalog::{CostType, Geo, MODELS, Speed, Tier, TokenType, Window, model_id};
use crate::dice::mix;
use crate::facts::directory::workspace;
use crate::facts::usage::{Charge, Note};
use crate::http::Response;
use crate::json::Json;

/// What makes a line a line: the workspace, the description, and everything parsed from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// None is the default workspace.
    pub workspace: Option<u16>,
    /// None unless grouped by description.
    pub cost_type: Option<CostType>,
    pub model: Option<u16>,
    pub tier: Option<Tier>,
    pub window: Option<Window>,
    pub token_type: Option<TokenType>,
    pub geo: Option<Geo>,
    speed: Option<Speed>,
    note: Option<Note>,
    number: u16,
}

impl Line {
    /// The line a charge belongs to when the report is grouped by workspace and description.
    pub fn of(charge: &Charge) -> Self {
        Self::grouped(charge, true, true)
    }

    fn grouped(charge: &Charge, by_workspace: bool, by_description: bool) -> Self {
        let tokens = charge.cost_type == CostType::Tokens;
        let tier = match charge.tier {
            Some(Tier::Batch) => Some(Tier::Batch),
            Some(_) => Some(Tier::Standard),
            None => None,
        };
        let parsed = by_description && tokens;
        Self {
            workspace: charge.workspace.filter(|index| by_workspace && *index != workspace::DEFAULT),
            cost_type: by_description.then_some(charge.cost_type),
            model: charge.model.filter(|_| parsed),
            tier: tier.filter(|_| parsed),
            window: charge.window.filter(|_| parsed),
            token_type: charge.token_type.filter(|_| parsed),
            geo: charge.geo.filter(|_| parsed),
            speed: charge.speed.filter(|_| parsed),
            note: by_description.then_some(charge.note),
            number: if by_description { charge.line } else { 0 },
        }
    }

    fn description(&self) -> Option<String> {
        let credit = if self.note == Some(Note::Credit) { ", Adjustment" } else { "" };
        let text = match self.cost_type? {
            CostType::Tokens => {
                let model = self.model.and_then(|index| MODELS.get(usize::from(index)));
                let batch = if self.tier == Some(Tier::Batch) { " (Batch)" } else { "" };
                let fast = if self.speed == Some(Speed::Fast) { " (Fast Mode)" } else { "" };
                let kind = self.token_type.map_or("", TokenType::phrase);
                format!("{} Usage{batch}{fast} - {kind}", model.map_or("", |model| model.display))
            }
            CostType::WebSearch => "Web Search Usage".to_owned(),
            CostType::CodeExecution => "Code Execution Usage".to_owned(),
            CostType::SessionUsage => "Session Usage".to_owned(),
            CostType::SomeNew => "Some New Service".to_owned(),
        };
        Some(text + credit)
    }
}

/// The lines of a set of charges, with their amounts.
pub fn lines(charges: impl Iterator<Item = Charge>) -> Vec<(Line, Amount)> {
    sum_by(charges.map(|charge| (Line::of(&charge), charge)), |sum: &mut Amount, charge: &Charge| {
        *sum += charge.amount;
    })
}

pub(super) fn answer(context: Context<'_>) -> Answer {
    let known = ["starting_at", "ending_at", "bucket_width", "group_by[]", "limit", "page"];
    let params = Params::read(context.request, context.organisation, &known)?;
    params.choice("bucket_width", &["1d"])?;
    let start = params.required_moment("starting_at")?.div_euclid(DAY_SECONDS) * DAY_SECONDS;
    let end = params.moment("ending_at")?.unwrap_or_else(|| context.now.as_second());
    if end - start < DAY_SECONDS {
        return Err(Box::new(super::errors::invalid_range()));
    }
    let limit = params.limit(7, 31)?;
    let by = params.dimensions(&["workspace_id", "description"], &[])?;
    let (by_workspace, by_description) = (by.contains(&"workspace_id"), by.contains(&"description"));
    let offset = params.offset()?;
    let buckets = usize::try_from((end - start) / DAY_SECONDS).unwrap_or(0);
    let shown = offset..buckets.min(offset + limit);
    let mut json = Json::with_room(8192);
    json.open().name("data").open_list();
    for bucket in shown.clone() {
        let from = start + bucket as i64 * DAY_SECONDS;
        json.open().field("starting_at", &rfc3339(from)).field("ending_at", &rfc3339(from + DAY_SECONDS));
        json.name("results").open_list();
        if let Some(day) = context.world.day(day_of_second(from)) {
            let charges = day.console_charges(context.now);
            let keyed = charges.map(|charge| (Line::grouped(&charge, by_workspace, by_description), charge));
            let rows = sum_by(keyed, |sum: &mut Amount, charge: &Charge| *sum += charge.amount);
            for (place, (line, amount)) in rows.into_iter().enumerate() {
                // Some lines carry zeros that say nothing.
                let zeros = if mix(day.number as u64, place as u64).is_multiple_of(5) { 6 } else { 0 };
                write_line(&mut json, context, line, amount, zeros);
            }
        }
        json.close_list().close();
    }
    json.close_list();
    finish_page(&mut json, context, params, shown.end, buckets);
    json.close();
    Ok(Response::json(200, json.finish()))
}

fn write_line(json: &mut Json, context: Context<'_>, line: Line, amount: Amount, zeros: usize) {
    json.open().amount("amount", amount, zeros);
    json.maybe("context_window", line.window.map(Window::name));
    json.maybe("cost_type", line.cost_type.map(CostType::name));
    json.field("currency", "USD");
    json.maybe("description", line.description().as_deref());
    json.maybe("inference_geo", line.geo.map(Geo::name));
    json.maybe("model", line.model.map(model_id));
    json.maybe("service_tier", line.tier.map(Tier::name));
    json.maybe("token_type", line.token_type.map(TokenType::name));
    json.maybe("workspace_id", line.workspace.and_then(|index| context.world.directory.workspace_id(index)));
    if context.world.config().quirks.extra_fields {
        json.field("new_field_added_later", "ignored");
    }
    json.close();
}
