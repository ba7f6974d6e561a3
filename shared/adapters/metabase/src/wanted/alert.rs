//! A rule as a card that has rows only where there is a breach. It tells nobody by itself: aispend does that.

use aispend_warehouse::{Engine, Rule, TODAY, in_dataset};
use serde_json::json;

use super::{Item, Kind, Names};
use crate::value::placeholder;

/// How far back a breach may have ended: a rule about the month before speaks all through this one.
const LOOKED_BACK_DAYS: u32 = 35;

/// Its key.
pub fn key(rule: &Rule) -> String {
    format!("card/alert/{}", rule.name)
}

/// Its card; none where no query answers it.
pub fn item(rule: &Rule, names: &Names) -> Option<Item> {
    let quiet_from = format!("CAST(DATE_ADD({TODAY}, INTERVAL (-{LOOKED_BACK_DAYS}) DAY) AS DATE)");
    let sql = rule.standing_sql(Engine::BigQuery, TODAY, &quiet_from, &names.limits)?;
    let body = json!({
        "name": rule.title,
        "description": format!("{} {} What to do: {}", rule.question, rule.definition, rule.remedy),
        "display": "table", "collection": placeholder("collection/alerts"),
        "sql": in_dataset(&sql, &names.dataset), "tags": {}, "parameters": [],
        "settings": {"table.row_index": false, "table.pagination": true}, "archived": false,
    });
    Some(Item { key: key(rule), kind: Kind::Card, body })
}
