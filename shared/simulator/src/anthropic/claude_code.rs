//! `usage_report/claude_code`: what Claude Code did, one UTC day at a time.

use super::grouping::finish_page;
use super::params::Params;
use super::{Answer, Context};
use crate::calendar::{midnight, number_of, rfc3339};
use crate::catalog::model_id;
use crate::facts::code::{Author, CodeRecord};
use crate::http::Response;
use crate::json::Json;

/// The vendor's names of the tools, in the order of the facts.
pub const TOOLS: [&str; 4] = ["edit_tool", "multi_edit_tool", "write_tool", "notebook_edit_tool"];

pub(super) fn answer(context: Context<'_>) -> Answer {
    let params = Params::read(context.request, context.organisation, &["starting_at", "limit", "page"])?;
    let Some(day) = params.day("starting_at")? else {
        return Err(Box::new(super::errors::invalid("starting_at: Field required")));
    };
    let limit = params.limit(20, 1000)?;
    let offset = params.offset()?;
    let number = number_of(day);
    let records: Vec<&CodeRecord> = match context.world.day(number) {
        Some(day) => day.code_records(context.now).collect(),
        None => Vec::new(),
    };
    let date = rfc3339(midnight(number));
    let mut json = Json::with_room(4096);
    json.open().name("data").open_list();
    for record in records.iter().skip(offset).take(limit) {
        write_record(&mut json, context, record, &date);
    }
    json.close_list();
    finish_page(&mut json, context, params, (offset + limit).min(records.len()), records.len());
    json.close();
    Ok(Response::json(200, json.finish()))
}

fn write_record(json: &mut Json, context: Context<'_>, record: &CodeRecord, date: &str) {
    let world = context.world;
    json.open().field("date", date).name("actor").open();
    match record.author {
        Author::Person(index) => {
            let email = world.people.get(index as usize).map(|person| person.email.as_str());
            json.field("type", "user_actor").maybe("email_address", email);
        }
        Author::Key(index) => {
            let name = world.directory.keys.get(index as usize).map(|key| key.name.as_str());
            json.field("type", "api_actor").maybe("api_key_name", name);
        }
    }
    json.close().field("organization_id", context.organisation).field("customer_type", record.customer);
    json.field("terminal_type", record.terminal);
    if let Some(remote) = record.remote {
        json.flag("is_remote", remote);
    }
    json.name("core_metrics").open().count("num_sessions", record.sessions).name("lines_of_code").open();
    json.count("added", record.lines_added).count("removed", record.lines_removed).close();
    json.count("commits_by_claude_code", record.commits);
    json.count("pull_requests_by_claude_code", record.pull_requests).close();
    json.name("tool_actions").open();
    for (name, tool) in TOOLS.into_iter().zip(record.tools) {
        if let Some((accepted, rejected)) = tool {
            json.name(name).open().count("accepted", accepted).count("rejected", rejected).close();
        }
    }
    json.close().name("model_breakdown").open_list();
    for used in &record.models {
        json.open().field("model", model_id(used.model)).name("tokens").open();
        for (name, tokens) in ["input", "output", "cache_read", "cache_creation"].into_iter().zip(used.tokens)
        {
            if let Some(tokens) = tokens {
                json.count(name, tokens);
            }
        }
        json.close().name("estimated_cost").open().field("currency", "USD");
        if used.as_text {
            json.field("amount", &used.cents.to_string());
        } else {
            json.count("amount", used.cents);
        }
        json.close().close();
    }
    json.close_list();
    match record.subscription {
        Some(plan) => {
            json.field("subscription_type", plan);
        }
        None if record.minute.is_multiple_of(2) && record.sessions.is_multiple_of(2) => {
            json.null("subscription_type");
        }
        None => {}
    }
    if world.config().quirks.extra_fields {
        json.field("new_field_added_later", "ignored");
    }
    json.close();
}
