//! The directory: organisation, keys, workspaces, users.

use super::errors::{invalid, not_found};
use super::params::Params;
use super::{Answer, Context};
use crate::facts::directory::{Creator, Key, Workspace, workspace};
use crate::facts::people::Person;
use crate::http::Response;
use crate::json::Json;

pub(super) fn me(context: Context<'_>) -> Response {
    let directory = &context.world.directory;
    let name = match context.caller {
        super::Caller::Admin => directory.organisation_name,
        super::Caller::Analytics => directory.enterprise_name,
    };
    let mut json = Json::new();
    json.open().field("id", context.organisation).field("name", name).field("type", "organization").close();
    Response::json(200, json.finish())
}

/// Writes one page of a list whose cursor is an id.
fn page<T>(
    params: Params<'_>,
    items: &[T],
    id: impl Fn(&T) -> &str,
    write: impl Fn(&mut Json, &T),
) -> Answer {
    let limit = params.limit(20, 1000)?;
    let place = |wanted: &str| items.iter().position(|item| id(item) == wanted);
    let start = match params.one("after_id") {
        None => 0,
        Some(after) => place(after).ok_or_else(|| Box::new(invalid("after_id: unknown id")))? + 1,
    };
    let mut json = Json::with_room(2048);
    json.open().name("data").open_list();
    let shown = items.iter().skip(start).take(limit);
    for item in shown.clone() {
        write(&mut json, item);
    }
    json.close_list();
    json.maybe("first_id", shown.clone().next().map(&id));
    json.flag("has_more", start + limit < items.len());
    json.maybe("last_id", shown.last().map(&id)).close();
    Ok(Response::json(200, json.finish()))
}

pub(super) fn api_keys(context: Context<'_>) -> Answer {
    let known = ["limit", "after_id", "before_id", "status", "workspace_id", "created_by_user_id"];
    let params = Params::read(context.request, context.organisation, &known)?;
    let directory = &context.world.directory;
    let creator = |key: &Key| match key.creator {
        Creator::Person(index) => context.world.people.get(index as usize),
        Creator::Nobody => None,
    };
    let wanted = |key: &&Key| {
        params.one("status").is_none_or(|status| status == key.status)
            && params.one("workspace_id").is_none_or(|id| directory.workspace_id(key.workspace) == Some(id))
            && params
                .one("created_by_user_id")
                .is_none_or(|id| creator(key).is_some_and(|one| one.user_id == id))
    };
    let keys: Vec<&Key> = directory.keys.iter().filter(wanted).collect();
    page(
        params,
        &keys,
        |key| &key.id,
        |json, key| {
            json.open().field("id", &key.id).field("created_at", "2026-02-11T09:14:02.118233Z");
            match creator(key) {
                Some(person) => {
                    json.name("created_by").open().field("id", &person.user_id).field("type", "user").close()
                }
                None => json.null("created_by"),
            };
            json.null("expires_at").field("name", &key.name);
            json.maybe("partial_key_hint", creator(key).map(|_| "sk-ant-api03-R2D...igAA"));
            if key.service {
                json.name("principal").open().field("id", &directory.service_account);
                json.field("type", "service_account").close();
            } else {
                json.null("principal");
            }
            json.field("status", key.status).field("type", "api_key");
            let id = directory.workspace_id(key.workspace);
            if context.newer {
                json.name("scope").open().field("type", "workspace").maybe("workspace_id", id).close();
            } else {
                json.maybe("workspace_id", id.filter(|_| key.workspace != workspace::DEFAULT));
            }
            if context.world.config().quirks.extra_fields {
                json.field("new_field_added_later", "ignored");
            }
            json.close();
        },
    )
}

fn write_workspace(json: &mut Json, context: Context<'_>, made: &Workspace) {
    json.open().field("id", &made.id);
    json.maybe("archived_at", made.archived.then_some("2026-06-30T00:00:00.000000Z"));
    json.field("compartment_id", &crate::names::uuid(context.world.config().seed, "compartment"));
    json.field("created_at", "2026-01-07T10:00:00.000000Z").name("data_residency").open();
    json.name("allowed_inference_geos");
    if made.name == "Production API" {
        json.open_list().text("us").text("global").close_list();
    } else {
        json.text("unrestricted");
    }
    json.field("default_inference_geo", "global").field("workspace_geo", "us").close();
    json.field("display_color", "#6C5BB9").null("external_key_id").field("name", made.name);
    json.name("tags").open().close().field("type", "workspace").close();
}

pub(super) fn workspaces(context: Context<'_>) -> Answer {
    let mut known = vec!["limit", "after_id", "before_id", "include_archived"];
    if context.newer {
        known.extend(["include_default", "ids[]"]);
    }
    let params = Params::read(context.request, context.organisation, &known)?;
    let archived = params.one("include_archived") == Some("true");
    let default = params.one("include_default") == Some("true");
    let all = &context.world.directory.workspaces;
    let wanted = all.iter().enumerate().filter(|(index, made)| {
        (archived || !made.archived) && (default || *index != usize::from(workspace::DEFAULT))
    });
    let list: Vec<&Workspace> = wanted.map(|(_, made)| made).collect();
    page(params, &list, |made| &made.id, |json, made| write_workspace(json, context, made))
}

pub(super) fn workspace(context: Context<'_>, id: &str) -> Answer {
    let found = context.world.directory.workspaces.iter().find(|made| made.id == id);
    let made = found.ok_or_else(|| Box::new(not_found()))?;
    let mut json = Json::new();
    write_workspace(&mut json, context, made);
    Ok(Response::json(200, json.finish()))
}

pub(super) fn users(context: Context<'_>) -> Answer {
    let known = ["limit", "after_id", "before_id", "email", "roles[]"];
    let params = Params::read(context.request, context.organisation, &known)?;
    let wanted = |person: &&Person| {
        person.listed && params.one("email").is_none_or(|email| email.eq_ignore_ascii_case(&person.email))
    };
    let people: Vec<&Person> = context.world.people.iter().filter(wanted).collect();
    page(
        params,
        &people,
        |person| &person.user_id,
        |json, person| {
            json.open().field("id", &person.user_id).field("added_at", "2026-01-07T10:02:11.001002Z");
            json.field("email", &person.email).field("name", &person.name());
            let role = if person.code_key { "claude_code_user" } else { "developer" };
            json.field("role", role).field("type", "user").close();
        },
    )
}

pub(super) fn invites(context: Context<'_>) -> Answer {
    let known = ["limit", "after_id", "before_id"];
    let params = Params::read(context.request, context.organisation, &known)?;
    page(params, &[] as &[String], |id| id, |_, _| {})
}
