//! Which part of the server answers which endpoint.

use crate::{
    access, cache, cards, collections, dashboards, data_graph, databases, groups, items, keys, notifications,
    pulses,
    reply::{self, Answer},
    revisions, run, search, session, settings,
    state::State,
    tables, translate, users,
    world::Call,
};

/// Answers a request that fits its endpoint.
pub fn answer(state: &mut State, call: &Call) -> Answer {
    let (method, template) = (call.method.as_str(), call.template.as_str());
    if is_for_admins(method, template) {
        access::need_admin(call)?;
    }
    let part = template.trim_start_matches("/api/").split('/').next().unwrap_or_default();
    match part {
        "api-key" | "email" | "health" | "session" | "setting" | "setup" | "user" => {
            of_the_server(state, call)
        }
        "database" | "field" | "table" => of_the_data(state, call),
        "collection" | "permissions" => of_the_rights(state, call),
        "card" | "dashboard" | "dataset" => of_the_content(state, call),
        _ => of_the_rest(state, call),
    }
}

/// What a group's rights have no say in.
fn is_for_admins(method: &str, template: &str) -> bool {
    let parts = ["/api/api-key", "/api/permissions", "/api/email", "/api/collection/graph"];
    parts.iter().any(|part| template.starts_with(part))
        || template.starts_with("/api/setting")
        || template.starts_with("/api/user") && method != "GET"
}

fn of_the_server(state: &mut State, call: &Call) -> Answer {
    match (call.method.as_str(), call.template.as_str()) {
        ("GET", "/api/health") => session::health(),
        ("GET", "/api/session/properties") => session::properties(state),
        ("POST", "/api/setup") => session::set_up(state, call),
        ("POST", "/api/session") => session::log_in(state, call),
        ("DELETE", "/api/session") => session::log_out(state, call),
        ("GET", "/api/user/current") => session::current(state, call),
        ("GET", "/api/user") => users::list_all(state, call),
        ("POST", "/api/user") => users::invite(state, call),
        ("GET", "/api/user/{id}") => users::show(state, call),
        ("PUT", "/api/user/{id}") => users::update(state, call),
        ("DELETE", "/api/user/{id}") => users::deactivate(state, call),
        ("GET", "/api/api-key") => keys::list(state),
        ("GET", "/api/api-key/count") => keys::count(state),
        ("POST", "/api/api-key") => keys::create(state, call),
        ("PUT", "/api/api-key/{id}") => keys::update(state, call),
        ("PUT", "/api/api-key/{id}/regenerate") => keys::regenerate(state, call),
        ("DELETE", "/api/api-key/{id}") => keys::delete(state, call),
        ("GET", "/api/setting") => settings::list(state),
        ("PUT", "/api/setting") => settings::put_all(state, call),
        ("GET", "/api/setting/{key}") => settings::get(state, call),
        ("PUT", "/api/setting/{key}") => settings::put(state, call),
        ("PUT", "/api/email") => settings::put_email(state, call),
        ("DELETE", "/api/email") => settings::delete_email(state),
        ("POST", "/api/email/test") => settings::test_email(state),
        _ => not_played(state, call),
    }
}

fn of_the_data(state: &mut State, call: &Call) -> Answer {
    match (call.method.as_str(), call.template.as_str()) {
        ("GET", "/api/database") => databases::list(state, call),
        ("POST", "/api/database") => databases::create(state, call),
        ("POST", "/api/database/validate") => databases::validate(state, call),
        ("GET", "/api/database/{id}") => databases::show(state, call),
        ("PUT", "/api/database/{id}") => databases::update(state, call),
        ("DELETE", "/api/database/{id}") => databases::delete(state, call),
        ("GET", "/api/database/{id}/metadata") => databases::metadata(state, call),
        ("GET", "/api/database/{id}/fields") => tables::fields(state, call),
        ("POST", "/api/database/{id}/sync_schema") => databases::sync(state, call),
        ("POST", "/api/database/{id}/rescan_values") => databases::rescan(state, call),
        ("GET", "/api/table/{id}" | "/api/table/{id}/query_metadata") => tables::show_table(state, call),
        ("PUT", "/api/table/{id}") => tables::update_table(state, call),
        ("GET", "/api/field/{id}") => tables::show_field(state, call),
        ("PUT", "/api/field/{id}") => tables::update_field(state, call),
        _ => not_played(state, call),
    }
}

fn of_the_rights(state: &mut State, call: &Call) -> Answer {
    match (call.method.as_str(), call.template.as_str()) {
        ("GET", "/api/collection") => collections::list(state, call),
        ("POST", "/api/collection") => collections::create(state, call),
        ("GET", "/api/collection/tree") => collections::tree(state, call),
        ("GET", "/api/collection/root") => collections::show_root(state, call),
        ("GET", "/api/collection/trash") => collections::show_trash(state),
        ("GET", "/api/collection/graph") => access::get_graph(state),
        ("PUT", "/api/collection/graph") => access::put_graph(state, call),
        ("GET", "/api/collection/{id}") => collections::show(state, call),
        ("PUT", "/api/collection/{id}") => collections::update(state, call),
        ("DELETE", "/api/collection/{id}") => collections::delete(state, call),
        ("GET", "/api/collection/{id}/items" | "/api/collection/root/items") => items::list(state, call),
        ("GET", "/api/permissions/graph") => data_graph::get(state),
        ("PUT", "/api/permissions/graph") => data_graph::put(state, call),
        ("GET", "/api/permissions/graph/db/{db-id}") => data_graph::of_database(state, call),
        ("GET", "/api/permissions/graph/group/{group-id}") => data_graph::of_group(state, call),
        ("GET", "/api/permissions/group") => groups::list(state),
        ("POST", "/api/permissions/group") => groups::create(state, call),
        ("GET", "/api/permissions/group/{id}") => groups::show(state, call),
        ("PUT", "/api/permissions/group/{group-id}") => groups::rename(state, call),
        ("DELETE", "/api/permissions/group/{group-id}") => groups::delete(state, call),
        ("GET", "/api/permissions/membership") => groups::memberships(state),
        ("POST", "/api/permissions/membership") => groups::join(state, call),
        ("DELETE", "/api/permissions/membership/{id}") => groups::leave(state, call),
        ("PUT", "/api/permissions/membership/{group-id}/clear") => groups::empty(state, call),
        _ => not_played(state, call),
    }
}

fn of_the_content(state: &mut State, call: &Call) -> Answer {
    const ON_DASHBOARD: &str = "/api/dashboard/{dashboard-id}/dashcard/{dashcard-id}/card/{card-id}/query";
    match (call.method.as_str(), call.template.as_str()) {
        ("GET", "/api/card") => cards::list(state, call),
        ("POST", "/api/card") => cards::create(state, call),
        ("GET", "/api/card/{id}") => cards::show(state, call),
        ("PUT", "/api/card/{id}") => cards::update(state, call),
        ("DELETE", "/api/card/{id}") => cards::delete(state, call),
        ("POST", "/api/card/{card-id}/query" | "/api/card/{card-id}/query/{export-format}") => {
            run::card(state, call)
        }
        ("GET", "/api/card/{card-id}/params/{param-key}/values") => run::card_parameter_values(state, call),
        ("GET", "/api/dashboard") => dashboards::list_all(state, call),
        ("POST", "/api/dashboard") => dashboards::create(state, call),
        ("GET", "/api/dashboard/{id}") => dashboards::show(state, call),
        ("PUT", "/api/dashboard/{id}") => dashboards::update(state, call),
        ("DELETE", "/api/dashboard/{id}") => dashboards::delete(state, call),
        ("GET", "/api/dashboard/{id}/items") => dashboards::items(state, call),
        ("GET", "/api/dashboard/{id}/params/{param-key}/values") => run::parameter_values(state, call),
        ("POST", template) if template.starts_with(ON_DASHBOARD) => run::dashcard(state, call),
        ("POST", "/api/dataset" | "/api/dataset/{export-format}") => run::dataset(state, call),
        _ => not_played(state, call),
    }
}

fn of_the_rest(state: &mut State, call: &Call) -> Answer {
    match (call.method.as_str(), call.template.as_str()) {
        ("GET", "/api/pulse") => pulses::list_all(state, call),
        ("POST", "/api/pulse") => pulses::create(state, call),
        ("GET", "/api/pulse/{id}") => pulses::show(state, call),
        ("PUT", "/api/pulse/{id}") => pulses::update(state, call),
        ("POST", "/api/pulse/test") => pulses::test(state, call),
        ("GET", "/api/notification") => notifications::list_all(state, call),
        ("POST", "/api/notification") => notifications::create(state, call),
        ("GET", "/api/notification/{id}") => notifications::show(state, call),
        ("PUT", "/api/notification/{id}") => notifications::update(state, call),
        ("POST", "/api/notification/{id}/send") => notifications::send(state, call),
        ("GET", "/api/cache") => cache::get(state, call),
        ("PUT", "/api/cache") => cache::put(state, call),
        ("DELETE", "/api/cache") => cache::delete(state, call),
        ("POST", "/api/cache/invalidate") => cache::invalidate(),
        ("GET", "/api/search") => search::find(state, call),
        ("POST", "/api/search/force-reindex") => search::reindex(state, call),
        ("GET", "/api/revision" | "/api/revision/{entity}/{id}") => revisions::list(state, call),
        ("POST", "/api/revision/revert") => revisions::revert(state, call),
        ("POST", "/api/eid-translation/translate") => translate::entity_ids(state, call),
        _ => not_played(state, call),
    }
}

/// The document has it and this server does not: better to say so than to guess.
fn not_played(state: &mut State, call: &Call) -> Answer {
    let what = format!("{} {} is not played by this server", call.method, call.template);
    state.violation(what.clone());
    Err(reply::text(501, &what))
}
