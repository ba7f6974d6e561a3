//! Anthropic: who asks, and which endpoint answers.

mod analytics;
mod claude_code;
mod cost_report;
mod directory;
mod engagement;
mod errors;
mod grouping;
mod params;
mod usage_report;
mod user_reports;

use jiff::Timestamp;

pub use cost_report::{Line, lines};
pub use errors::error;
pub use grouping::{Group, Money, sum_by};

use crate::dice::mix_text;
use crate::facts::World;
use crate::http::{Request, Response};

/// The end of the answer of an endpoint: errors are answers as well.
type Answer = Result<Response, Box<Response>>;

/// Whose key it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    /// The Console organisation's admin key.
    Admin,
    /// The Enterprise organisation's key with `read:analytics`.
    Analytics,
}

/// What an endpoint needs to know.
#[derive(Clone, Copy)]
struct Context<'a> {
    world: &'a World,
    now: Timestamp,
    request: &'a Request,
    caller: Caller,
    organisation: &'a str,
    /// `2026-10-21` was asked for.
    newer: bool,
}

/// Answers one request.
pub fn answer(world: &World, now: Timestamp, request: &Request) -> Response {
    let caller = match request.header_value("x-api-key") {
        Some(key) if world.config().console && key == world.keys.admin => Caller::Admin,
        Some(key) if world.config().enterprise && key == world.keys.analytics => Caller::Analytics,
        _ => return with_id(error(401, "invalid x-api-key"), request, now),
    };
    let organisation = match caller {
        Caller::Admin => world.console_id(),
        Caller::Analytics => world.enterprise_id(),
    };
    let newer = match request.header_value("anthropic-version") {
        Some("2023-06-01") => false,
        Some("2026-10-21") => true,
        Some(other) => {
            let message = format!("anthropic-version: \"{other}\" is not a valid version");
            return with_id(error(400, &message), request, now);
        }
        None => return with_id(error(400, "anthropic-version: header is required"), request, now),
    };
    let context = Context { world, now, request, caller, organisation, newer };
    let response = route(context).unwrap_or_else(|problem| *problem);
    with_id(response, request, now).header("anthropic-organization-id", organisation)
}

fn with_id(response: Response, request: &Request, now: Timestamp) -> Response {
    let hash = mix_text(now.as_nanosecond() as u64, &request.path);
    // The moment of reset is in the past as often as not.
    let reset = crate::calendar::rfc3339(now.as_second() - 30);
    response
        .header("request-id", format!("req_011{}", crate::names::letters(hash, 21)))
        .header("anthropic-ratelimit-requests-limit", "60")
        .header("anthropic-ratelimit-requests-remaining", "59")
        .header("anthropic-ratelimit-requests-reset", reset)
}

fn forbidden(context: Context<'_>) -> Answer {
    let (has, needs) = match context.caller {
        Caller::Admin => ("org:admin", "read:analytics"),
        Caller::Analytics => ("read:analytics", "org:admin"),
    };
    Err(Box::new(error(
        403,
        &format!(
            "This API key does not have the required scopes. Key scopes: {has}. Required scopes: {needs}."
        ),
    )))
}

fn route(context: Context<'_>) -> Answer {
    let Some(path) = context.request.path.strip_prefix("/v1/organizations/") else {
        return Err(Box::new(errors::not_found()));
    };
    if context.request.method != "GET" {
        return Err(Box::new(error(405, "Method Not Allowed")));
    }
    if let Some(path) = path.strip_prefix("analytics/") {
        return route_analytics(context, path);
    }
    if path == "me" {
        if context.caller == Caller::Analytics && context.world.config().quirks.scoped_me_forbidden {
            return forbidden(context);
        }
        return Ok(directory::me(context));
    }
    if context.caller != Caller::Admin {
        return forbidden(context);
    }
    match path {
        "usage_report/messages" => usage_report::answer(context),
        "usage_report/claude_code" => claude_code::answer(context),
        "cost_report" => cost_report::answer(context),
        "api_keys" => directory::api_keys(context),
        "workspaces" => directory::workspaces(context),
        "users" => directory::users(context),
        "invites" => directory::invites(context),
        _ => match path.strip_prefix("workspaces/") {
            Some(id) => directory::workspace(context, id),
            None => Err(Box::new(errors::not_found())),
        },
    }
}

fn route_analytics(context: Context<'_>, path: &str) -> Answer {
    let open = match context.caller {
        Caller::Admin => context.world.config().analytics,
        Caller::Analytics => context.world.config().enterprise_analytics,
    };
    match path {
        "cost" if open => analytics::cost(context),
        "usage" if open => analytics::usage(context),
        // Everything else needs the Enterprise plan.
        _ if context.caller == Caller::Admin => Err(Box::new(errors::not_found())),
        "users" => engagement::users(context),
        "summaries" => engagement::summaries(context),
        "cost_report" => user_reports::cost_report(context),
        "usage_report" => user_reports::usage_report(context),
        "user_cost_report" => user_reports::user_cost_report(context),
        "user_usage_report" => user_reports::user_usage_report(context),
        _ => Err(Box::new(errors::not_found())),
    }
}
