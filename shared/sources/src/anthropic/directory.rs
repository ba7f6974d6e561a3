//! Keys, workspaces and people of an organisation.

use std::collections::BTreeMap;

use aispend_model::{Feed, Request, Response, normalize_email, parse_moment};
use aispend_proto::Table;
use aispend_proto::v1::{KeySource, UserSource, Workspace};
use serde::Deserialize;
use serde_json::Value;

use super::asking::get;
use super::drift::{self, Extra};
use super::paging::by_id;
use super::refusal::{nothing, refused, words};
use super::wire::{parse, parse_body, said};
use crate::{
    Ask, Body, ContextBodies, Followed, Next, Progress, Reading, Records, SETTING, Severity, Source,
    SourceError,
};

const FEED: Feed = Feed::AnthropicDirectory;

/// The workspace Claude Code makes when somebody first signs in to it with a Console account.
pub const CLAUDE_CODE_WORKSPACE: &str = "Claude Code";

/// The directory of an Anthropic organisation.
#[derive(Debug, Clone, Copy)]
pub struct AnthropicDirectory;

impl Source for AnthropicDirectory {
    fn feed(&self) -> Feed {
        FEED
    }

    fn tables(&self) -> &'static [Table] {
        &[Table::KeySources, Table::DimWorkspaces, Table::UserSources]
    }

    fn requests(&self, ask: &Ask) -> Vec<Request> {
        let org_id = &ask.slice.org_id;
        let list = |role: &str| get(org_id, role, &format!("/v1/organizations/{role}")).with("limit", 1000);
        vec![
            get(org_id, "me", "/v1/organizations/me"),
            // Without a status: an archived key still explains history.
            list("api_keys"),
            list("workspaces").with("include_archived", true),
            list("users"),
        ]
    }

    fn follow(
        &self,
        ask: &Ask,
        request: &Request,
        response: &Response,
        _so_far: Progress,
    ) -> Result<Followed, SourceError> {
        match (request.role.as_str(), response.status) {
            ("me", 200..=299) => {
                let _me: Named = parse(FEED, &request.role, request.page, &response.body)?;
                Ok(Followed { items: 1, announced: None, next: Next::Done })
            }
            // A scoped key may not ask this; nothing below needs it.
            ("me", 403 | 404) => Ok(nothing(Next::Done)),
            (_, 200..=299) => by_id(FEED, request, response),
            (role, 403 | 404) if ask.source == "enterprise" => {
                let why = format!("`{role}` is closed to an analytics key: {}", words(response));
                Ok(nothing(Next::Unavailable(why)))
            }
            _ => refused(FEED, request, response),
        }
    }

    fn records(&self, reading: &Reading, records: &mut Records<'_>) -> Result<(), SourceError> {
        for row in keys(reading, records)?.into_values() {
            records.push(row);
        }
        for row in workspaces(reading, records)?.into_values() {
            records.push(row);
        }
        for row in users(reading, records)?.into_values() {
            records.push(row);
        }
        records.flush();
        Ok(())
    }
}

#[derive(Deserialize)]
struct List<T> {
    data: Vec<T>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(rename = "id")]
    _id: String,
}

#[derive(Deserialize)]
struct Reference {
    id: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// Newer API versions state a scope in place of the workspace.
#[derive(Deserialize)]
struct Scope {
    workspace_id: Option<String>,
}

#[derive(Deserialize)]
struct ApiKey {
    id: String,
    name: Option<String>,
    status: Option<String>,
    workspace_id: Option<String>,
    scope: Option<Scope>,
    created_by: Option<Reference>,
    principal: Option<Reference>,
    created_at: Option<String>,
    expires_at: Option<String>,
    #[serde(flatten)]
    extra: Extra,
}

#[derive(Deserialize)]
struct WorkspaceObject {
    id: String,
    name: Option<String>,
    archived_at: Option<String>,
    #[serde(flatten)]
    extra: Extra,
}

#[derive(Deserialize)]
struct User {
    id: String,
    email: Option<String>,
    name: Option<String>,
    role: Option<String>,
    #[serde(flatten)]
    extra: Extra,
}

/// The rows of a list by id. An object that two pages repeat is one object.
type ById<T> = BTreeMap<String, T>;

fn keep<T>(rows: &mut ById<T>, records: &mut Records<'_>, role: &str, id: String, row: T) {
    if rows.insert(id, row).is_some() {
        records.find("duplicate_rows", Severity::Info, format!("`{role}` names an object twice"));
    }
}

fn keys(reading: &Reading, records: &mut Records<'_>) -> Result<ById<KeySource>, SourceError> {
    let mut rows = ById::new();
    for (document, body) in reading.of_role("api_keys") {
        for key in parse_body::<List<ApiKey>>(FEED, body)?.data {
            drift::fields(records, "an API key", &key.extra, &["type", "partial_key_hint"]);
            drift::value(
                records,
                "status",
                key.status.as_deref(),
                &["active", "inactive", "archived", "expired"],
            );
            let (created_by_id, created_by_type) = parts(key.created_by);
            let (principal_id, principal_type) = parts(key.principal);
            let row = KeySource {
                document,
                api_key_id: key.id.clone(),
                api_key_name: said(key.name),
                status: key.status,
                workspace_id: said(key.workspace_id).or_else(|| said(key.scope?.workspace_id)),
                created_by_id,
                created_by_type,
                principal_id,
                principal_type,
                created_at: moment(records, "created_at", key.created_at.as_deref()),
                expires_at: moment(records, "expires_at", key.expires_at.as_deref()),
            };
            keep(&mut rows, records, "api_keys", key.id, row);
        }
    }
    Ok(rows)
}

fn workspaces(reading: &Reading, records: &mut Records<'_>) -> Result<ById<Workspace>, SourceError> {
    const UNREAD: &[&str] = &[
        "type",
        "created_at",
        "display_color",
        "compartment_id",
        "external_key_id",
        "tags",
        "data_residency",
    ];
    let mut rows = ById::new();
    for (document, body) in reading.of_role("workspaces") {
        for workspace in parse_body::<List<WorkspaceObject>>(FEED, body)?.data {
            drift::fields(records, "a workspace", &workspace.extra, UNREAD);
            let row = Workspace {
                document,
                workspace_id: workspace.id.clone(),
                is_claude_code: workspace.name.as_deref() == Some(CLAUDE_CODE_WORKSPACE),
                name: workspace.name,
                is_archived: Some(workspace.archived_at.is_some()),
            };
            keep(&mut rows, records, "workspaces", workspace.id, row);
        }
    }
    Ok(rows)
}

fn users(reading: &Reading, records: &mut Records<'_>) -> Result<ById<UserSource>, SourceError> {
    let mut rows = ById::new();
    for (document, body) in reading.of_role("users") {
        for user in parse_body::<List<User>>(FEED, body)?.data {
            drift::fields(records, "a user", &user.extra, &["type", "added_at"]);
            let row = UserSource {
                document,
                user_key: user.id.clone(),
                user_email: user.email.as_deref().and_then(normalize_email),
                user_id: Some(user.id.clone()),
                name: user.name,
                role: user.role,
                ..UserSource::default()
            };
            keep(&mut rows, records, "users", user.id, row);
        }
    }
    Ok(rows)
}

fn parts(reference: Option<Reference>) -> (Option<String>, Option<String>) {
    reference.map_or((None, None), |reference| (said(reference.id), said(reference.kind)))
}

fn moment(records: &mut Records<'_>, field: &str, text: Option<&str>) -> Option<i64> {
    let text = text?;
    let read = parse_moment(text).ok();
    if read.is_none() {
        records.find("unknown_value", Severity::Warning, format!("`{field}` of an API key is no moment"));
    }
    read
}

/// What the directory's documents tell other feeds.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Ids of the Claude Code workspaces.
    pub claude_code_workspaces: Vec<String>,
    /// Key ids by name; names are not unique.
    pub keys_by_name: BTreeMap<String, Vec<String>>,
}

/// Reads the directory as context. Nothing observed is nothing known.
pub(super) fn known(context: &[ContextBodies]) -> Result<Known, SourceError> {
    let mut known = Known::default();
    let documents: Vec<&Body> =
        context.iter().filter(|slice| slice.feed == FEED).flat_map(|slice| &slice.documents).collect();
    let setting = documents.iter().find(|body| body.role == SETTING);
    let setting = setting.map(|body| String::from_utf8_lossy(&body.bytes).into_owned());
    let called: Vec<&str> = setting.as_deref().unwrap_or(CLAUDE_CODE_WORKSPACE).lines().collect();
    for body in documents {
        if !matches!(body.role.as_str(), "workspaces" | "api_keys") {
            continue;
        }
        // As little as is needed, whatever else is odd about an object.
        for object in parse_body::<List<Value>>(FEED, body)?.data {
            let text = |member: &str| object.get(member).and_then(Value::as_str);
            let (Some(id), Some(name)) = (text("id"), text("name")) else { continue };
            if body.role == "api_keys" {
                let ids = known.keys_by_name.entry(name.to_owned()).or_default();
                if !ids.iter().any(|known| known == id) {
                    ids.push(id.to_owned());
                }
            } else if called.contains(&id) || called.contains(&name) {
                known.claude_code_workspaces.push(id.to_owned());
            }
        }
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_says_by_name_or_id_which_workspaces_are_claude_codes() {
        let body = |role: &str, text: &str| Body {
            role: role.to_owned(),
            request: String::new(),
            page: 0,
            bytes: text.as_bytes().to_vec(),
        };
        let list = r#"{"data":[{"id":"w1","name":"Claude Code"},{"id":"w2","name":"Agents"},{"id":"w3","name":"Apps"}],
            "has_more":false,"first_id":"w1","last_id":"w3"}"#;
        let of_setting = |setting: Option<&str>| {
            let documents = [Some(body("workspaces", list)), setting.map(|text| body(SETTING, text))];
            let documents = documents.into_iter().flatten().collect();
            known(&[ContextBodies { feed: FEED, documents }]).unwrap().claude_code_workspaces
        };
        assert_eq!(of_setting(None), ["w1"]);
        assert_eq!(of_setting(Some("Agents\nw3")), ["w2", "w3"]);
    }
}
