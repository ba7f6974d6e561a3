//! What a Metabase holds of ours: read, matched by marker, else by its exact name in our folder. Changes nothing.

mod board;
mod canonical;
mod rest;

pub use board::{dashcard_ids, request};
pub use rest::columns;

use board::grid;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::client::Client;
use crate::error::MetabaseError;
use crate::marker;
use crate::value::{Ids, id, items, placeholder, text};
use crate::version::Edition;
use crate::wanted::{ENGINE, Kind, Wanted, groups};

/// Something of ours that is there.
#[derive(Debug, Clone)]
pub struct FoundItem {
    /// Such as `card/exec/headline`.
    pub key: String,
    /// What it is.
    pub kind: Kind,
    /// The server's number.
    pub id: u64,
    /// What it says, in the form that both sides are compared in.
    pub body: Value,
    /// What its marker says we last wrote; none where it was known by its name.
    pub fingerprint: Option<String>,
    /// As the server gave it.
    pub raw: Value,
}

/// What is there.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// False for an instance that nobody set up.
    pub is_set_up: bool,
    /// What its licence allows.
    pub edition: Edition,
    /// The connection and what it says.
    pub database: Option<(u64, Value)>,
    /// Columns behind filters: number, and how values are offered.
    pub fields: BTreeMap<String, (u64, Value)>,
    /// Ours, by key.
    pub items: BTreeMap<String, FoundItem>,
    /// Ours, and no longer declared.
    pub surplus: Vec<FoundItem>,
    /// Rights of our groups on our folders.
    pub collection_graph: Value,
    /// Rights of our groups on the connection.
    pub data_graph: Value,
    /// How long answers are kept.
    pub cache: Option<Value>,
    /// Subscriptions of the summary, by name.
    pub pulses: BTreeMap<String, (u64, Value)>,
    /// Alerts on our cards, by card.
    pub notifications: BTreeMap<String, Value>,
    /// The key that bears our name.
    pub key: Option<u64>,
    /// Whether it can send e-mail; none where nobody asked.
    pub sends_email: Option<bool>,
    /// Numbers of what is there, by name in braces.
    pub ids: Ids,
}

/// Reads it all.
///
/// # Errors
/// It does not answer, or two things are one of ours.
pub async fn found(client: &Client, wanted: &Wanted, edition: Edition) -> Result<Found, MetabaseError> {
    let mut found = Found { is_set_up: true, edition, ..Found::default() };
    rest::database(client, wanted, &mut found).await?;
    for group in list(&client.get("/api/permissions/group").await?) {
        if let (Some(id), true) = (id(&group), groups(&wanted.names).contains(&text(&group, "name"))) {
            found.ids.insert(placeholder(&format!("group/{}", text(&group, "name"))), id.into());
        }
    }
    for (kind, living, gone) in [
        (Kind::Collection, "/api/collection?archived=false", "/api/collection?archived=true"),
        (Kind::Card, "/api/card?f=all", "/api/card?f=archived"),
        (Kind::Dashboard, "/api/dashboard?f=all", "/api/dashboard?f=archived"),
    ] {
        let mut all = list(&client.get(living).await?);
        // A server may count what is in the trash among the living.
        let known: Vec<u64> = all.iter().filter_map(id).collect();
        let archived = list(&client.get(gone).await?);
        all.extend(archived.into_iter().filter(|raw| id(raw).is_some_and(|id| !known.contains(&id))));
        match_items(kind, all, wanted, &mut found)?;
    }
    for item in found.items.values_mut().chain(&mut found.surplus) {
        if item.kind == Kind::Dashboard {
            item.raw = client.get(&format!("/api/dashboard/{}", item.id)).await?;
        }
    }
    found.compare(wanted);
    rest::access(client, wanted, &mut found).await?;
    rest::letters(client, wanted, &mut found).await?;
    Ok(found)
}

/// A bare list, or one under `data`.
fn list(answer: &Value) -> Vec<Value> {
    answer.as_array().map_or_else(|| items(answer, "data").to_vec(), Clone::clone)
}

/// Which of these are ours.
fn match_items(kind: Kind, all: Vec<Value>, wanted: &Wanted, found: &mut Found) -> Result<(), MetabaseError> {
    let mut unmarked = Vec::new();
    for raw in all {
        let Some(id) = id(&raw) else { continue };
        let (_, marked) = marker::read(text(&raw, "description"));
        let Some(marked) = marked.filter(|marked| marked.key.split('/').next() == Some(kind.as_str())) else {
            unmarked.push((id, raw));
            continue;
        };
        let fingerprint = Some(marked.fingerprint);
        let item = FoundItem { key: marked.key.clone(), kind, id, body: Value::Null, fingerprint, raw };
        if wanted.get(&marked.key).is_none() {
            found.surplus.push(item);
        } else if let Some(first) = found.items.insert(marked.key.clone(), item) {
            return Err(twice(marked.key, kind, first.id, id));
        }
    }
    for item in wanted.items.iter().filter(|item| item.kind == kind) {
        if !found.items.contains_key(&item.key) {
            let parent = item.body.get(if kind == Kind::Collection { "parent" } else { "collection" });
            let mut named = unmarked.iter().filter(|(_, raw)| {
                text(raw, "name") == text(&item.body, "name")
                    && raw.get("archived") != Some(&Value::Bool(true))
                    && stands_in(raw, kind, parent.unwrap_or(&Value::Null), &found.ids)
            });
            if let Some((id, raw)) = named.next() {
                if let Some((other, _)) = named.next() {
                    return Err(twice(item.key.clone(), kind, *id, *other));
                }
                let (key, raw) = (item.key.clone(), raw.clone());
                let adopted =
                    FoundItem { key: key.clone(), kind, id: *id, body: Value::Null, fingerprint: None, raw };
                found.items.insert(key, adopted);
            }
        }
        if let Some(known) = found.items.get(&item.key) {
            found.ids.insert(placeholder(&item.key), known.id.into());
        }
    }
    Ok(())
}

const fn twice(key: String, kind: Kind, first: u64, second: u64) -> MetabaseError {
    MetabaseError::Twice { key, kind: kind.as_str(), first, second }
}

/// True where a thing stands in the folder that it should.
fn stands_in(raw: &Value, kind: Kind, parent: &Value, ids: &Ids) -> bool {
    let parent = parent.as_str().map(|name| ids.get(name).cloned());
    match (kind, parent) {
        (_, Some(None)) => false,
        (Kind::Collection, parent) => {
            let here = canonical::parent(raw);
            parent.flatten().and_then(|id| id.as_u64()) == here
        }
        (_, Some(Some(parent))) => raw.get("collection_id") == Some(&parent),
        (_, None) => false,
    }
}

impl Found {
    /// What an instance that nobody set up holds.
    pub fn nothing(edition: Edition) -> Self {
        Self { edition, ..Self::default() }
    }

    /// Brings everything into the form that it is compared in: numbers have become names by now.
    fn compare(&mut self, wanted: &Wanted) {
        let names = canonical::names(&self.ids);
        let bodies: Vec<(String, Value)> = self
            .items
            .values()
            .map(|item| {
                let body = match item.kind {
                    Kind::Collection => canonical::collection(&item.raw, &names),
                    Kind::Card => canonical::card(&item.raw, &names),
                    Kind::Dashboard => {
                        let declared = wanted.get(&item.key).map(|item| &item.body);
                        board::canonical(&item.raw, declared.unwrap_or(&Value::Null), &names, &self.ids)
                    }
                };
                (item.key.clone(), body)
            })
            .collect();
        for (key, body) in bodies {
            if let Some(item) = self.items.get_mut(&key) {
                item.body = body;
            }
        }
        for item in self.items.values().filter(|item| item.kind == Kind::Dashboard) {
            let declared = wanted.get(&item.key).map_or(&Value::Null, |item| &item.body);
            for (id, dashcard) in grid(&item.raw, declared, &self.ids).ours {
                if let Some(number) = crate::value::id(dashcard) {
                    self.ids.insert(placeholder(&format!("dashcard/{id}")), number.into());
                }
            }
        }
    }

    /// True where it is a database of ours.
    fn is_ours(raw: &Value, wanted: &Wanted) -> bool {
        text(raw, "name") == wanted.names.database && text(raw, "engine") == ENGINE
    }
}
