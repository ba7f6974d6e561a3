//! `analytics/users` and `analytics/summaries`: what people did on claude.ai.

use jiff::civil::Date;

use super::claude_code::TOOLS;
use super::errors::invalid;
use super::params::Params;
use super::{Answer, Context};
use crate::calendar::{DAY_SECONDS, date_of, day_of_second, midnight, number_of, rfc3339};
use crate::facts::enterprise::Activity;
use crate::facts::people::Person;
use crate::http::Response;
use crate::json::Json;

/// The latest day whose aggregation has run: at 10:00 UTC on the day after.
fn latest(context: Context<'_>) -> i32 {
    day_of_second(context.now.as_second() - 10 * 3600) - 1
}

fn available(context: Context<'_>, day: Date) -> Result<i32, Box<Response>> {
    let number = number_of(day);
    if number > latest(context) {
        let last = date_of(latest(context));
        let message = format!("date not yet available: {day}. The latest available date is {last}.");
        return Err(Box::new(invalid(&message)));
    }
    if day < jiff::civil::date(2026, 1, 1) {
        return Err(Box::new(invalid("date: no data before 2026-01-01")));
    }
    Ok(number)
}

pub(super) fn users(context: Context<'_>) -> Answer {
    let known = [
        "date",
        "starting_date",
        "ending_date",
        "limit",
        "page",
        "order",
        "order_by",
        "group_by[]",
        "filter[]",
    ];
    let params = Params::read(context.request, context.organisation, &known)?;
    let limit = params.limit(100, 1000)?;
    let offset = params.offset()?;
    let (first, until) = match (params.day("date")?, params.day("starting_date")?) {
        (Some(day), None) => {
            let number = available(context, day)?;
            (number, number + 1)
        }
        (None, Some(start)) => {
            let first = available(context, start)?;
            let end = params.day("ending_date")?.map_or(latest(context) + 1, number_of);
            if end <= first || end - first > 366 {
                return Err(Box::new(invalid(
                    "ending_date: must be after starting_date and within 366 days",
                )));
            }
            (first, end)
        }
        _ => return Err(Box::new(invalid("date: either date or starting_date is required"))),
    };
    let mut rows: Vec<(&Person, Activity, i32)> = Vec::new();
    for (index, person) in context.world.people.iter().enumerate() {
        let mut sum: Option<(Activity, i32)> = None;
        for day in first..until {
            if let Some(made) = context.world.activity(day, index as u32) {
                sum = Some((sum.map_or(made, |(sum, _)| add(sum, made)), day));
            }
        }
        if let Some((activity, day)) = sum {
            rows.push((person, activity, day));
        }
    }
    let mut json = Json::with_room(4096);
    json.open().name("data").open_list();
    for (person, activity, day) in rows.iter().skip(offset).take(limit) {
        write_row(&mut json, context, person, activity, *day);
    }
    json.close_list();
    let next = offset + limit;
    let token = (next < rows.len()).then(|| params.token(next));
    json.maybe("next_page", token.as_deref()).close();
    Ok(Response::json(200, json.finish()))
}

fn add(left: Activity, right: Activity) -> Activity {
    let both = |left: Option<u64>, right: Option<u64>| match (left, right) {
        (None, None) => None,
        _ => Some(left.unwrap_or(0) + right.unwrap_or(0)),
    };
    let mut tools = left.tools;
    for (tool, more) in tools.iter_mut().zip(right.tools) {
        *tool = (tool.0 + more.0, tool.1 + more.1);
    }
    Activity {
        conversations: both(left.conversations, right.conversations),
        messages: left.messages + right.messages,
        projects: left.projects + right.projects,
        files: both(left.files, right.files),
        searches: left.searches + right.searches,
        thinking: left.thinking + right.thinking,
        sessions: left.sessions + right.sessions,
        lines_added: left.lines_added + right.lines_added,
        lines_removed: left.lines_removed + right.lines_removed,
        commits: left.commits + right.commits,
        pull_requests: left.pull_requests + right.pull_requests,
        tools,
    }
}

fn write_row(json: &mut Json, context: Context<'_>, person: &Person, made: &Activity, day: i32) {
    json.open().name("chat_metrics").open();
    json.count("connectors_used_count", 0).count("distinct_artifacts_created_count", made.projects / 2);
    json.null("distinct_connectors_used_count");
    json.maybe_count("distinct_conversation_count", made.conversations);
    json.maybe_count("distinct_files_uploaded_count", made.files);
    json.count("distinct_projects_created_count", made.projects);
    json.maybe_count("distinct_projects_used_count", made.conversations.map(|_| made.projects));
    json.count("distinct_shared_artifacts_viewed_count", 0).count("distinct_skills_used_count", 0);
    json.count("message_count", made.messages).count("shared_conversations_viewed_count", 0);
    json.count("thinking_message_count", made.thinking).close();
    json.name("claude_code_metrics").open().name("core_metrics").open().count("commit_count", made.commits);
    json.count("distinct_session_count", made.sessions).name("lines_of_code").open();
    json.count("added_count", made.lines_added).count("removed_count", made.lines_removed).close();
    json.count("pull_request_count", made.pull_requests).close().name("tool_actions").open();
    for (name, (accepted, rejected)) in TOOLS.into_iter().zip(made.tools) {
        json.name(name).open().count("accepted_count", accepted).count("rejected_count", rejected).close();
    }
    json.close().close();
    json.name("cowork_metrics").open();
    for name in
        ["action_count", "connectors_used_count", "dispatch_turn_count", "distinct_connectors_used_count"]
    {
        json.count(name, 0);
    }
    json.count("distinct_session_count", 0).count("message_count", 0).null("file_edit_count").close();
    json.name("design_metrics").open().count("distinct_session_count", 0).count("message_count", 0).close();
    json.name("office_metrics").open();
    for name in ["excel", "outlook", "powerpoint", "word"] {
        json.name(name).open().count("distinct_session_count", 0).count("message_count", 0).close();
    }
    json.close().name("science_metrics").open().count("distinct_session_count", 0);
    json.count("message_count", 0).close();
    json.count("web_search_count", made.searches);
    json.field("last_activity_date", &date_of(day).to_string());
    json.name("user").open().field("id", &person.user_id).field("email_address", &person.email);
    json.field("type", "user").close().close();
    assert!(context.now.as_second() >= midnight(day), "a day is told after it began");
}

pub(super) fn summaries(context: Context<'_>) -> Answer {
    let params = Params::read(context.request, context.organisation, &["starting_date", "ending_date"])?;
    let Some(start) = params.day("starting_date")? else {
        return Err(Box::new(invalid("starting_date: Field required")));
    };
    let first = available(context, start)?;
    let until = params.day("ending_date")?.map_or(latest(context) + 1, number_of).min(latest(context) + 1);
    if until <= first || until - first > 31 {
        return Err(Box::new(invalid("ending_date: must be after starting_date and within 31 days")));
    }
    let active = |from: i32, until: i32| {
        let used =
            |index: &usize| (from..until).any(|day| context.world.activity(day, *index as u32).is_some());
        (0..context.world.people.len()).filter(used).count() as u64
    };
    let mut json = Json::new();
    json.open().name("summaries").open_list();
    for day in first..until {
        let seats =
            context.world.people.iter().filter(|person| person.claude_seat && person.joined <= day).count();
        let start = midnight(day);
        json.open().field("starting_at", &rfc3339(start)).field("ending_at", &rfc3339(start + DAY_SECONDS));
        json.count("assigned_seat_count", seats as u64).count("pending_invite_count", 1);
        json.count("daily_active_user_count", active(day, day + 1));
        json.count("weekly_active_user_count", active(day - 6, day + 1));
        json.count("monthly_active_user_count", active(day - 29, day + 1));
        json.name("daily_adoption_rate")
            .raw("73.3")
            .count("chat_daily_active_user_count", active(day, day + 1));
        json.count("cowork_daily_active_user_count", 0).close();
    }
    json.close_list().close();
    Ok(Response::json(200, json.finish()))
}
