//! `usage_report/messages`: tokens in buckets.

use std::collections::BTreeMap;

use super::errors::invalid;
use super::params::Params;
use super::{Answer, Context};
use crate::calendar::{day_of_second, rfc3339};
use crate::catalog::{Geo, Speed, Tier, Window, model_id};
use crate::facts::directory::workspace;
use crate::facts::usage::Use;
use crate::http::Response;
use crate::json::Json;

const DIMENSIONS: [&str; 9] = [
    "account_id",
    "api_key_id",
    "context_window",
    "inference_geo",
    "model",
    "service_account_id",
    "service_tier",
    "speed",
    "workspace_id",
];

const KNOWN: [&str; 14] = [
    "starting_at",
    "ending_at",
    "bucket_width",
    "limit",
    "page",
    "group_by[]",
    "account_ids[]",
    "api_key_ids[]",
    "service_account_ids[]",
    "workspace_ids[]",
    "models[]",
    "context_window[]",
    "inference_geos[]",
    "service_tiers[]",
];

/// A row's dimensions; what is not grouped by is None for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    workspace: Option<u16>,
    key: Option<u32>,
    model: Option<u16>,
    tier: Option<Tier>,
    window: Option<Window>,
    geo: Option<Geo>,
    speed: Option<Speed>,
    account: Option<u32>,
    service: bool,
}

/// A row's figures.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    tokens: [u64; 5],
    searches: u64,
}

pub(super) fn answer(context: Context<'_>) -> Answer {
    let params = Params::read(context.request, context.organisation, &KNOWN)?;
    let width = params.choice("bucket_width", &["1d", "1h", "1m"])?;
    let (seconds, default, most) = match width {
        "1h" => (3600, 24, 168),
        "1m" => (60, 60, 1440),
        _ => (86_400, 7, 31),
    };
    let start = params.required_moment("starting_at")?.div_euclid(seconds) * seconds;
    let end = params.moment("ending_at")?.unwrap_or_else(|| context.now.as_second());
    if end <= start {
        return Err(Box::new(super::errors::invalid_range()));
    }
    let limit = params.limit(default, most)?;
    let by = params.dimensions(&DIMENSIONS, &[])?;
    if by.contains(&"speed") {
        return Err(Box::new(invalid("group_by: `speed` requires the fast-mode beta header")));
    }
    let offset = params.offset()?;
    let buckets = usize::try_from((end - start) / seconds).unwrap_or(0);
    let shown = offset..buckets.min(offset + limit);
    let mut json = Json::with_room(4096);
    json.open().name("data").open_list();
    for bucket in shown.clone() {
        let from = start + bucket as i64 * seconds;
        json.open().field("starting_at", &rfc3339(from)).field("ending_at", &rfc3339(from + seconds));
        json.name("results").open_list();
        for (group, sum) in rows(context, params, &by, from, seconds) {
            write_row(&mut json, context, group, sum);
        }
        json.close_list().close();
    }
    json.close_list();
    super::grouping::finish_page(&mut json, context, params, shown.end, buckets);
    json.close();
    Ok(Response::json(200, json.finish()))
}

fn rows(
    context: Context<'_>,
    params: Params<'_>,
    by: &[&str],
    from: i64,
    seconds: i64,
) -> BTreeMap<Group, Sum> {
    let mut rows: BTreeMap<Group, Sum> = BTreeMap::new();
    let Some(day) = context.world.day(day_of_second(from)) else { return rows };
    let has = |name: &str| by.contains(&name);
    for made in day.console_uses(context.now) {
        let moment = crate::calendar::midnight(day.number) + i64::from(made.minute) * 60;
        if !(from..from + seconds).contains(&moment) || !wanted(context, params, made) {
            continue;
        }
        let group = Group {
            workspace: made.workspace.filter(|index| has("workspace_id") && *index != workspace::DEFAULT),
            key: made.key.filter(|_| has("api_key_id")),
            model: has("model").then_some(made.model),
            tier: made.tier.filter(|_| has("service_tier")),
            window: has("context_window").then_some(made.window),
            geo: has("inference_geo").then_some(made.geo),
            speed: None,
            account: made.account.filter(|_| has("account_id")),
            service: has("service_account_id") && made.actor == Some(crate::facts::usage::Actor::Service),
        };
        let sum = rows.entry(group).or_default();
        for (sum, tokens) in sum.tokens.iter_mut().zip(made.tokens) {
            *sum += tokens;
        }
        sum.searches += made.searches;
    }
    rows
}

fn wanted(context: Context<'_>, params: Params<'_>, made: &Use) -> bool {
    let directory = &context.world.directory;
    let among = |name, value: Option<&str>| {
        let values = params.list(name);
        values.is_empty() || value.is_some_and(|value| values.contains(&value))
    };
    among("api_key_ids[]", made.key.and_then(|index| directory.key_id(index)))
        && among("workspace_ids[]", made.workspace.and_then(|index| directory.workspace_id(index)))
        && among("models[]", Some(model_id(made.model)))
        && among("context_window[]", Some(made.window.name()))
        && among("inference_geos[]", Some(made.geo.name()))
        && among("service_tiers[]", made.tier.map(Tier::name))
        && among("account_ids[]", None)
        && among("service_account_ids[]", None)
}

fn write_row(json: &mut Json, context: Context<'_>, group: Group, sum: Sum) {
    let directory = &context.world.directory;
    let [uncached, output, read, short, long] = sum.tokens;
    let account = group.account.and_then(|index| context.world.people.get(index as usize));
    json.open();
    json.maybe("account_id", account.map(|person| person.user_id.as_str()));
    json.maybe("api_key_id", group.key.and_then(|index| directory.key_id(index)));
    json.name("cache_creation").open();
    json.count("ephemeral_1h_input_tokens", long).count("ephemeral_5m_input_tokens", short).close();
    json.count("cache_read_input_tokens", read);
    json.maybe("context_window", group.window.map(Window::name));
    json.maybe("inference_geo", group.geo.map(Geo::name));
    json.maybe("model", group.model.map(model_id));
    json.count("output_tokens", output);
    json.name("server_tool_use").open().count("web_search_requests", sum.searches);
    if context.world.config().quirks.extra_fields {
        json.count("web_fetch_requests", 3);
    }
    json.close();
    json.maybe("service_account_id", group.service.then_some(directory.service_account.as_str()));
    json.maybe("service_tier", group.tier.map(Tier::name));
    json.count("uncached_input_tokens", uncached);
    json.maybe("workspace_id", group.workspace.and_then(|index| directory.workspace_id(index)));
    if context.world.config().quirks.extra_fields {
        json.field("new_field_added_later", "ignored");
    }
    json.close();
}
