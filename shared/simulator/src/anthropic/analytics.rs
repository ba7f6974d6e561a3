//! `analytics/cost` and `analytics/usage`: the beta, exact by key and product.

use super::errors::invalid;
use super::grouping::{Group, Money, Tokens, finish_page, sum_by, write_group};
use super::params::Params;
use super::{Answer, Caller, Context};
use crate::calendar::{DAY_SECONDS, day_of_second, midnight, number_of, refreshed, rfc3339};
use crate::catalog::{Product, Tier, model_id};
use crate::facts::Day;
use crate::facts::usage::{Charge, Use};
use crate::http::Response;
use crate::json::Json;

/// The value of the required beta header.
pub const BETA: &str = "analytics-usage-cost-2026-08-24";

const DIMENSIONS: [&str; 22] = [
    "actor",
    "actor_type",
    "agent_id",
    "api_key_id",
    "claude_tag_category",
    "claude_tag_user_id",
    "context_window",
    "cost_type",
    "deployment_id",
    "environment_id",
    "inference_geo",
    "model",
    "organization_id",
    "product",
    "rbac_group_id",
    "service_tier",
    "session_id",
    "slack_channel_id",
    "speed",
    "token_type",
    "user_profile_id",
    "workspace_id",
];

const KNOWN: [&str; 17] = [
    "starting_at",
    "ending_at",
    "time_bucket_width",
    "group_by[]",
    "limit",
    "order",
    "order_by",
    "page",
    "exclude_deleted_users",
    "api_key_ids[]",
    "models[]",
    "products[]",
    "workspace_ids[]",
    "service_tiers[]",
    "context_windows[]",
    "inference_geos[]",
    "speeds[]",
];

/// What both endpoints read from a request.
struct Query<'a> {
    params: Params<'a>,
    start: i64,
    end: i64,
    /// Seconds of a bucket; None is the whole range.
    width: Option<i64>,
    by: Vec<&'a str>,
    limit: usize,
    ascending: bool,
    order_by: &'static str,
    offset: usize,
}

fn read<'a>(
    context: Context<'a>,
    orders: &[&'static str],
    free: &[&str],
) -> Result<Query<'a>, Box<crate::http::Response>> {
    let beta = context.request.headers.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("anthropic-beta") && value.split(',').any(|one| one.trim() == BETA)
    });
    if !beta {
        return Err(Box::new(invalid(&format!(
            "anthropic-beta: this endpoint requires the beta header `{BETA}`"
        ))));
    }
    let params = Params::read(context.request, context.organisation, &KNOWN)?;
    let start = params.required_moment("starting_at")?;
    let width = match params.one("time_bucket_width") {
        None => None,
        Some("1d") => Some(DAY_SECONDS),
        Some("1h") => Some(3600),
        Some("1m") => Some(60),
        Some(_) => return Err(Box::new(invalid("time_bucket_width: Input should be 1d, 1h or 1m"))),
    };
    let now = context.now.as_second();
    let end = match params.moment("ending_at")? {
        Some(end) => end,
        None if width.is_some() => {
            return Err(Box::new(invalid("ending_at: required with time_bucket_width")));
        }
        None => now.min(start + 31 * DAY_SECONDS),
    };
    if end <= start {
        return Err(Box::new(super::errors::invalid_range()));
    }
    if end - start > 31 * DAY_SECONDS || (width == Some(60) && end - start > DAY_SECONDS) {
        return Err(Box::new(invalid("ending_at: the range must not exceed 31 days")));
    }
    if start < midnight(number_of(jiff::civil::date(2026, 1, 1))) || start < now - 365 * DAY_SECONDS {
        return Err(Box::new(invalid("starting_at: no data before 2026-01-01 or more than 365 days ago")));
    }
    let by = params.dimensions(&DIMENSIONS, free)?;
    for product in params.list("products[]") {
        if !product.parse::<Product>().is_ok_and(Product::is_filter) {
            return Err(Box::new(invalid(&format!("products: unknown value `{product}`"))));
        }
    }
    Ok(Query {
        params,
        start,
        end,
        width,
        by,
        limit: params.limit(20, 1000)?,
        ascending: params.choice("order", &["desc", "asc"])? == "asc",
        order_by: params.choice("order_by", orders)?,
        offset: params.offset()?,
    })
}

fn days<'a>(context: Context<'a>, query: &Query<'_>) -> impl Iterator<Item = &'a Day> + use<'a> {
    context.world.days_between(day_of_second(query.start), day_of_second(query.end - 1) + 1)
}

fn bucket(query: &Query<'_>, day: i32, minute: u16) -> Option<i64> {
    let moment = midnight(day) + i64::from(minute) * 60;
    let inside = (query.start..query.end).contains(&moment);
    inside.then(|| {
        query.width.map_or(query.start, |width| query.start + (moment - query.start) / width * width)
    })
}

fn keeps(
    context: Context<'_>,
    query: &Query<'_>,
    key: Option<u32>,
    workspace: Option<u16>,
    product: Option<Product>,
    model: Option<u16>,
    tier: Option<Tier>,
) -> bool {
    let among = |name, value: Option<&str>| {
        let values = query.params.list(name);
        // An empty entry selects rows without the dimension.
        values.is_empty() || values.contains(&value.unwrap_or(""))
    };
    let directory = &context.world.directory;
    among("api_key_ids[]", key.and_then(|index| directory.key_id(index)))
        && among("workspace_ids[]", workspace.and_then(|index| directory.workspace_id(index)))
        && among("products[]", product.map(Product::name))
        && among("models[]", model.map(model_id))
        && among("service_tiers[]", tier.map(Tier::name))
}

pub(super) fn cost(context: Context<'_>) -> Answer {
    let query = read(context, &["amount", "list_amount", "time"], &["cost_type", "token_type"])?;
    let until = refreshed(context.now);
    // Grouped by token type alone, the other components have no row.
    let tokens_only = query.by.contains(&"token_type") && !query.by.contains(&"cost_type");
    let mut charges: Vec<((i64, Group), Charge)> = Vec::new();
    for day in days(context, &query) {
        let mut add = |charge: Charge| {
            let wanted = charge.in_analytics
                && !(tokens_only && charge.token_type.is_none())
                && keeps(
                    context,
                    &query,
                    charge.key,
                    charge.workspace,
                    charge.product,
                    charge.model,
                    charge.tier,
                );
            if let Some(bucket) = bucket(&query, day.number, charge.minute).filter(|_| wanted) {
                charges.push(((bucket, Group::of_charge(&charge, &query.by)), charge));
            }
        };
        match context.caller {
            Caller::Admin => day.console_charges(until).for_each(&mut add),
            Caller::Analytics => day.enterprise_charges(until).for_each(&mut add),
        }
    }
    let rows: Vec<((i64, Group), Money)> = sum_by(charges.into_iter(), Money::add);
    let pages = order(rows, &query, |money| match query.order_by {
        "list_amount" => money.list.0,
        _ => money.amount.0,
    });
    let fanned = query.by.contains(&"cost_type") || query.by.contains(&"token_type");
    let decimals = 6;
    Ok(render(context, &query, &pages, true, |json, money| {
        json.name("cost").open();
        json.amount("amount", money.amount, decimals).amount("list_amount", money.list, decimals);
        json.field("currency", "USD").maybe_count("requests", (!fanned).then_some(money.requests)).close();
    }))
}

pub(super) fn usage(context: Context<'_>) -> Answer {
    let orders = ["total_tokens", "output_tokens", "uncached_input_tokens", "requests", "time"];
    let query = read(context, &orders, &[])?;
    if query.by.contains(&"cost_type") || query.by.contains(&"token_type") {
        return Err(Box::new(invalid("group_by: cost_type and token_type apply to cost only")));
    }
    let until = refreshed(context.now);
    let mut uses: Vec<((i64, Group), &Use)> = Vec::new();
    for day in days(context, &query) {
        let mut add = |made| {
            let made: &Use = made;
            let wanted =
                keeps(context, &query, made.key, made.workspace, made.product, Some(made.model), made.tier);
            if let Some(bucket) = bucket(&query, day.number, made.minute).filter(|_| wanted) {
                uses.push(((bucket, Group::of_use(made, &query.by)), made));
            }
        };
        match context.caller {
            Caller::Admin => day.console_uses(until).for_each(&mut add),
            Caller::Analytics => day.enterprise_uses(until).for_each(&mut add),
        }
    }
    let rows: Vec<((i64, Group), Tokens)> = sum_by(uses.into_iter(), |sum: &mut Tokens, made| sum.add(made));
    let pages = order(rows, &query, |sum| {
        let [uncached, output, ..] = sum.counts;
        i128::from(match query.order_by {
            "output_tokens" => output,
            "uncached_input_tokens" => uncached,
            "requests" => sum.requests,
            _ => sum.counts.iter().sum(),
        })
    });
    Ok(render(context, &query, &pages, false, |json, sum| {
        json.name("usage").open();
        sum.write(json);
        json.close();
    }))
}

/// The rows of one base group: what counts as one row for paging.
type Fan<V> = Vec<((i64, Group), V)>;

fn order<V>(rows: Vec<((i64, Group), V)>, query: &Query<'_>, size: impl Fn(&V) -> i128) -> Vec<Fan<V>> {
    let mut rows = rows;
    rows.sort_by_key(|((bucket, group), _)| (*bucket, group.base(), *group));
    let mut fans: Vec<Fan<V>> = Vec::new();
    for row in rows {
        let key = (row.0.0, row.0.1.base());
        match fans.last_mut() {
            Some(fan) if fan.first().is_some_and(|((bucket, group), _)| (*bucket, group.base()) == key) => {
                fan.push(row);
            }
            _ => fans.push(vec![row]),
        }
    }
    let measure = |fan: &Fan<V>| -> i128 {
        if query.order_by == "time" {
            fan.first().map_or(0, |((bucket, _), _)| i128::from(*bucket))
        } else {
            fan.iter().map(|(_, value)| size(value)).sum()
        }
    };
    fans.sort_by_cached_key(|fan| if query.ascending { measure(fan) } else { -measure(fan) });
    fans
}

fn render<V>(
    context: Context<'_>,
    query: &Query<'_>,
    fans: &[Fan<V>],
    with_cost: bool,
    write: impl Fn(&mut Json, &V),
) -> Response {
    let mut json = Json::with_room(query.limit * 1024);
    json.open().name("data").open_list();
    let (mut shown, mut starting, mut ending) = (None, String::new(), String::new());
    for ((bucket, group), value) in fans.iter().skip(query.offset).take(query.limit).flatten() {
        if shown != Some(*bucket) {
            shown = Some(*bucket);
            starting = rfc3339(*bucket);
            ending = rfc3339(query.width.map_or(query.end, |width| (bucket + width).min(query.end)));
        }
        json.open().field("starting_at", &starting).field("ending_at", &ending);
        write_group(&mut json, context, *group, &query.by, with_cost);
        write(&mut json, value);
        if context.world.config().quirks.extra_fields {
            json.field("new_field_added_later", "ignored");
        }
        json.close();
    }
    json.close_list().field("data_refreshed_at", &rfc3339(refreshed(context.now).as_second()));
    let next = (query.offset + query.limit).min(fans.len());
    finish_page(&mut json, context, query.params, next, fans.len());
    json.field("organization_id", context.organisation).close();
    Response::json(200, json.finish())
}
