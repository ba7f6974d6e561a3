//! Collections, groups and who may see what.

use aispend_dashboards::BOARDS;
use aispend_warehouse::Filter;
use serde_json::{Value, json};

use super::{ENGINE, Item, Kind, Names};
use crate::sql::field;
use crate::value::{object, placeholder};
use crate::version::Edition;

/// The group that everybody is in, by its fixed id.
pub const EVERYONE: &str = "1";

/// The folder of everything, then one for each dashboard, then that of alert cards.
pub fn collections() -> Vec<Item> {
    let folder = |id: &str, name: &str, description: &str, parent: Value| Item {
        key: format!("collection/{id}"),
        kind: Kind::Collection,
        body: json!({"name": name, "description": description, "parent": parent, "archived": false}),
    };
    let root = placeholder("collection/root");
    let mut items = vec![folder(
        "root",
        "AI spend",
        "What Anthropic and Cursor cost, and what comes of it. Made and kept by aispend.",
        Value::Null,
    )];
    for board in &BOARDS {
        let about = format!("The cards of the dashboard {}.", board.title);
        items.push(folder(board.group, board.title, &about, json!(root)));
    }
    let about = "Rules that have rows only where there is a breach. aispend tells people; Metabase need not.";
    items.push(folder("alerts", "Alerts", about, json!(root)));
    items
}

/// Groups that are made where they are missing.
pub fn groups(names: &Names) -> [&str; 2] {
    [&names.finance, &names.managers]
}

/// What a group may see, by the folder: everybody the summary, finance the money, managers the work as well.
pub fn collection_graph(names: &Names) -> Value {
    let rights = |seen: &[&str]| {
        let folders = ["root", "exec", "alloc", "prod", "roi", "alerts"];
        object(folders.map(|folder| {
            let right = if seen.contains(&folder) { "read" } else { "none" };
            (placeholder(&format!("collection/{folder}")), json!(right))
        }))
    };
    let group = |name: &str| placeholder(&format!("group/{name}"));
    object([
        (EVERYONE.to_owned(), rights(&["root", "exec"])),
        (group(&names.finance), rights(&["root", "exec", "alloc", "roi", "alerts"])),
        (group(&names.managers), rights(&["root", "exec", "alloc", "prod", "roi", "alerts"])),
    ])
}

/// Nobody but administrators asks the database by hand: a query of one's own would go past the folders. Finance downloads,
/// and others do not, where the licence tells groups apart.
pub fn data_graph(names: &Names, edition: Edition) -> Value {
    let right = |download: &str| {
        let mut right = json!({"view-data": "unrestricted", "create-queries": "no"});
        if let (true, Some(right)) = (edition.limits_downloads, right.as_object_mut()) {
            right.insert("download".to_owned(), json!({"schemas": download}));
        }
        object([(placeholder("database"), right)])
    };
    let group = |name: &str| placeholder(&format!("group/{name}"));
    object([
        (EVERYONE.to_owned(), right("none")),
        (group(&names.finance), right("full")),
        (group(&names.managers), right("none")),
    ])
}

/// The connection, in the form that both sides are compared in: without the key, which nobody reads back.
pub fn database(names: &Names) -> Value {
    let mut details = json!({
        "dataset-filters-type": "inclusion",
        "dataset-filters-patterns": names.dataset,
        "use-jvm-timezone": false,
        // With it, every query would differ, and BigQuery's own cache would never be hit.
        "include-user-id-and-hash": false,
        "advanced-options": true,
        "let-user-control-scheduling": true,
    });
    if let (Some(project), Some(details)) = (&names.project, details.as_object_mut()) {
        details.insert("project-id".to_owned(), json!(project));
    }
    json!({"name": names.database, "engine": ENGINE, "details": details})
}

/// How long Metabase keeps an answer: six hours for a query of three seconds, and no longer (the server's own cap).
pub fn cache() -> Value {
    json!({"type": "ttl", "multiplier": 7200, "min_duration_ms": 200})
}

/// The columns behind filters, and how their values are offered.
pub fn fields() -> Vec<(String, Option<Value>)> {
    Filter::ALL
        .into_iter()
        .map(|filter| {
            let offered = match filter {
                Filter::Range => None,
                Filter::User => Some("search"),
                Filter::Team | Filter::Platform | Filter::Model => Some("list"),
            };
            let body = offered.map(|how| json!({"has_field_values": how, "semantic_type": "type/Category"}));
            (field(filter), body)
        })
        .collect()
}
