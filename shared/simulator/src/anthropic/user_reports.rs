//! The Enterprise reports: buckets of the top groups, and flat rows per person.

use super::errors::invalid;
use super::grouping::{Group, Money, Tokens, finish_page, sum_by, write_actor};
use super::params::Params;
use super::{Answer, Context};
use crate::calendar::{DAY_SECONDS, day_of_second, midnight, number_of, refreshed, rfc3339};
use crate::catalog::{CostType, Geo, Product, Speed, TokenType, Window, model_id};
use crate::facts::usage::Actor;
use crate::http::Response;
use crate::json::Json;

const DIMENSIONS: [&str; 9] = [
    "product",
    "model",
    "context_window",
    "inference_geo",
    "speed",
    "cost_type",
    "token_type",
    "rbac_group_id",
    "slack_channel_id",
];

const KNOWN: [&str; 9] = [
    "starting_at",
    "ending_at",
    "bucket_width",
    "group_by[]",
    "limit",
    "page",
    "products[]",
    "models[]",
    "user_ids[]",
];

/// A bucket shows no more groups than this, and no remainder.
const TOP: usize = 100;

struct Query<'a> {
    params: Params<'a>,
    start: i64,
    end: i64,
    width: Option<i64>,
    by: Vec<&'a str>,
    offset: usize,
}

fn read(context: Context<'_>, bucketed: bool) -> Result<Query<'_>, Box<Response>> {
    let params = Params::read(context.request, context.organisation, &KNOWN)?;
    let start = params.required_moment("starting_at")?;
    let width = match params.one("bucket_width") {
        None if bucketed => Some(DAY_SECONDS),
        None => None,
        Some("1d") => Some(DAY_SECONDS),
        Some("1h") => Some(3600),
        Some("1m") => Some(60),
        Some(_) => return Err(Box::new(invalid("bucket_width: Input should be 1d, 1h or 1m"))),
    };
    let now = context.now.as_second();
    let end = match params.moment("ending_at")? {
        Some(end) => end,
        None if width.is_some() && !bucketed => {
            return Err(Box::new(invalid("ending_at: required with bucket_width")));
        }
        None => now.min(start + 31 * DAY_SECONDS),
    };
    if end <= start {
        return Err(Box::new(super::errors::invalid_range()));
    }
    if end - start > 31 * DAY_SECONDS {
        return Err(Box::new(invalid("ending_at: the range must not exceed 31 days")));
    }
    if start < midnight(number_of(jiff::civil::date(2026, 1, 1))) || start < now - 365 * DAY_SECONDS {
        return Err(Box::new(invalid("starting_at: no data before 2026-01-01 or more than 365 days ago")));
    }
    let start = width.map_or(start, |width| start.div_euclid(width) * width);
    let by = params.dimensions(&DIMENSIONS, &["cost_type", "token_type"])?;
    Ok(Query { params, start, end, width, by, offset: params.offset()? })
}

fn limits(query: &Query<'_>) -> Result<usize, Box<Response>> {
    match query.width {
        Some(3600) => query.params.limit(24, 168),
        Some(60) => query.params.limit(60, 256),
        _ => query.params.limit(7, 31),
    }
}

/// One reported row: bucket, person, dimensions.
type Key = (i64, Option<Actor>, Group);

fn wanted(
    query: &Query<'_>,
    context: Context<'_>,
    actor: Option<Actor>,
    product: Option<Product>,
    model: Option<u16>,
) -> bool {
    let among = |name, value: Option<&str>| {
        let values = query.params.list(name);
        values.is_empty() || value.is_some_and(|value| values.contains(&value))
    };
    let user = match actor {
        Some(Actor::Person(index)) => {
            context.world.people.get(index as usize).map(|person| person.user_id.as_str())
        }
        _ => None,
    };
    among("products[]", product.map(Product::name))
        && among("models[]", model.map(model_id))
        && among("user_ids[]", user)
}

fn bucket(query: &Query<'_>, day: i32, minute: u16) -> Option<i64> {
    let moment = midnight(day) + i64::from(minute) * 60;
    let inside = (query.start..query.end).contains(&moment);
    inside.then(|| {
        query.width.map_or(query.start, |width| query.start + (moment - query.start) / width * width)
    })
}

fn costs(context: Context<'_>, query: &Query<'_>, per_user: bool) -> Vec<(Key, Money)> {
    let tokens_only = query.by.contains(&"token_type") && !query.by.contains(&"cost_type");
    let days = context.world.days_between(day_of_second(query.start), day_of_second(query.end - 1) + 1);
    let charges = days.flat_map(|day| {
        day.enterprise_charges(refreshed(context.now)).filter_map(move |charge| {
            let person = charge.actor.filter(|_| per_user);
            if (per_user && person.is_none()) || (tokens_only && charge.token_type.is_none()) {
                return None;
            }
            let keep = wanted(query, context, charge.actor, charge.product, charge.model);
            let bucket = bucket(query, day.number, charge.minute).filter(|_| keep)?;
            Some(((bucket, person, Group::of_charge(&charge, &query.by)), charge))
        })
    });
    sum_by(charges, Money::add)
}

fn uses(context: Context<'_>, query: &Query<'_>, per_user: bool) -> Vec<(Key, Tokens)> {
    let days = context.world.days_between(day_of_second(query.start), day_of_second(query.end - 1) + 1);
    let uses = days.flat_map(|day| {
        day.enterprise_uses(refreshed(context.now)).filter_map(move |made| {
            let person = made.actor.filter(|_| per_user);
            if per_user && person.is_none() {
                return None;
            }
            let keep = wanted(query, context, made.actor, made.product, Some(made.model));
            let bucket = bucket(query, day.number, made.minute).filter(|_| keep)?;
            Some(((bucket, person, Group::of_use(made, &query.by)), made))
        })
    });
    sum_by(uses, |sum: &mut Tokens, made| sum.add(made))
}

fn write_dimensions(json: &mut Json, group: Group) {
    json.maybe("context_window", group.window.map(Window::name));
    json.maybe("inference_geo", group.geo.map(Geo::name)).maybe("model", group.model.map(model_id));
    json.maybe("product", group.product.map(Product::name)).null("rbac_group_id").null("slack_channel_id");
    json.maybe("speed", group.speed.map(Speed::name));
}

fn write_money(json: &mut Json, group: Group, money: &Money, fanned: bool) {
    json.amount("amount", money.amount, 6).amount("list_amount", money.list, 6).field("currency", "USD");
    json.maybe("cost_type", group.cost_type.map(CostType::name));
    json.maybe("token_type", group.token_type.map(TokenType::name));
    json.maybe_count("requests", (!fanned).then_some(money.requests));
}

fn finish(context: Context<'_>, query: &Query<'_>, mut json: Json, next: usize, all: usize) -> Response {
    json.close_list();
    json.field("data_refreshed_at", &rfc3339(refreshed(context.now).as_second()));
    finish_page(&mut json, context, query.params, next, all);
    json.field("organization_id", context.organisation).close();
    Response::json(200, json.finish())
}

fn bucketed<V>(
    context: Context<'_>,
    query: &Query<'_>,
    rows: &[(Key, V)],
    size: impl Fn(&V) -> i128,
    write: impl Fn(&mut Json, Group, &V),
) -> Answer {
    let limit = limits(query)?;
    let width = query.width.unwrap_or(DAY_SECONDS);
    let buckets = usize::try_from((query.end - query.start + width - 1) / width).unwrap_or(0);
    let shown = query.offset..buckets.min(query.offset + limit);
    let mut json = Json::with_room(4096);
    json.open().name("data").open_list();
    for place in shown.clone() {
        let from = query.start + place as i64 * width;
        json.open().field("starting_at", &rfc3339(from)).field("ending_at", &rfc3339(from + width));
        json.name("results").open_list();
        let mut own: Vec<_> = rows.iter().filter(|((bucket, _, _), _)| *bucket == from).collect();
        own.sort_by_key(|(_, value)| -size(value));
        for ((_, _, group), value) in own.into_iter().take(TOP) {
            json.open();
            write_dimensions(&mut json, *group);
            write(&mut json, *group, value);
            json.close();
        }
        json.close_list().close();
    }
    Ok(finish(context, query, json, shown.end, buckets))
}

fn flat<V>(
    context: Context<'_>,
    query: &Query<'_>,
    rows: &[(Key, V)],
    write: impl Fn(&mut Json, Group, &V),
) -> Answer {
    let limit = query.params.limit(20, 1000)?;
    let address = if context.newer { "email_address" } else { "email" };
    let mut json = Json::with_room(4096);
    json.open().name("data").open_list();
    for ((bucket, actor, group), value) in rows.iter().skip(query.offset).take(limit) {
        json.open();
        write_actor(&mut json, context.world, *actor, address);
        if let Some(width) = query.width {
            json.field("starting_at", &rfc3339(*bucket)).field("ending_at", &rfc3339(bucket + width));
        }
        write_dimensions(&mut json, *group);
        write(&mut json, *group, value);
        json.close();
    }
    Ok(finish(context, query, json, (query.offset + limit).min(rows.len()), rows.len()))
}

pub(super) fn cost_report(context: Context<'_>) -> Answer {
    let query = read(context, true)?;
    let fanned = query.by.contains(&"cost_type") || query.by.contains(&"token_type");
    let rows = costs(context, &query, false);
    bucketed(
        context,
        &query,
        &rows,
        |money| money.amount.0,
        |json, group, money| {
            write_money(json, group, money, fanned);
        },
    )
}

pub(super) fn user_cost_report(context: Context<'_>) -> Answer {
    let query = read(context, false)?;
    let fanned = query.by.contains(&"cost_type") || query.by.contains(&"token_type");
    let rows = costs(context, &query, true);
    flat(context, &query, &rows, |json, group, money| write_money(json, group, money, fanned))
}

pub(super) fn usage_report(context: Context<'_>) -> Answer {
    let query = read(context, true)?;
    let rows = uses(context, &query, false);
    let size = |sum: &Tokens| i128::from(sum.counts.iter().sum::<u64>());
    bucketed(context, &query, &rows, size, |json, _, sum| sum.write(json))
}

pub(super) fn user_usage_report(context: Context<'_>) -> Answer {
    let query = read(context, false)?;
    let rows = uses(context, &query, true);
    flat(context, &query, &rows, |json, _, sum| sum.write(json))
}
