//! The tabs of a dashboard, replaced as a whole with its grid.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    json::{Row, int, list, set},
    reply::{self, Reply},
    state::{Kind, State},
};

/// The tabs after a `PUT`, and the id that each id in the request now means.
pub struct Tabs {
    pub tabs: Vec<Value>,
    pub ids: BTreeMap<i64, i64>,
}

/// Tabs that are not sent are gone, also where none is sent at all.
pub fn replace(state: &mut State, dashboard: &Row, body: &Row) -> Result<Tabs, Reply> {
    let old = |id: i64| {
        list(dashboard, "tabs").iter().filter_map(Value::as_object).find(|tab| int(tab, "id") == Some(id))
    };
    let mut tabs = Vec::new();
    let mut ids = BTreeMap::new();
    for (position, sent) in list(body, "tabs").iter().filter_map(Value::as_object).enumerate() {
        let sent_id = int(sent, "id").unwrap_or_default();
        let mut tab = match (sent_id < 0, old(sent_id)) {
            (true, _) => crate::json::row(json!({})),
            (false, Some(tab)) => tab.clone(),
            (false, None) => return Err(reply::invalid("tabs", format!("there is no tab {sent_id} here."))),
        };
        set(&mut tab, "name", sent.get("name").cloned().unwrap_or_default());
        set(&mut tab, "position", position);
        let id = if sent_id < 0 { state.stamp(Kind::Tab, &mut tab) } else { sent_id };
        set(&mut tab, "dashboard_id", int(dashboard, "id"));
        if ids.insert(sent_id, id).is_some() {
            return Err(reply::invalid("tabs", "the ids of tabs must be unique."));
        }
        tabs.push(Value::Object(tab));
    }
    Ok(Tabs { tabs, ids })
}
