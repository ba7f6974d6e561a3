//! A Secret Manager: the two calls that a reader of secrets makes, and one of our own to set them.
//!
//! | Request | |
//! | --- | --- |
//! | `GET /v1/projects/P/secrets/S/versions/latest:access` | the value, in base64; a number in place of `latest` as well |
//! | `GET /v1/projects/P/secrets/S/versions` | the versions, newest first |
//! | `PUT /v1/projects/P/secrets/S` | ours: the body becomes the next version |

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, put},
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    task::{AbortHandle, spawn},
};

use crate::Relay;

type Versions = BTreeMap<(String, String), Vec<Vec<u8>>>;

/// The stub, behind a relay so that it can be taken away.
pub struct SecretManager {
    secrets: Secrets,
    relay: Relay,
    serving: AbortHandle,
}

impl SecretManager {
    pub async fn start() -> Result<Self> {
        let secrets = Secrets::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.context("could not open a port")?;
        let relay = Relay::start(listener.local_addr()?.to_string()).await?;
        let serving = spawn(axum::serve(listener, secrets.router()).into_future()).abort_handle();
        Ok(Self { secrets, relay, serving })
    }

    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    pub fn relay(&self) -> &Relay {
        &self.relay
    }
}

impl Drop for SecretManager {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The secrets of one stub, which its clones share.
#[derive(Clone, Default)]
pub struct Secrets(Arc<Mutex<Versions>>);

impl Secrets {
    /// Adds a version to a secret, or the first one, and gives its number.
    pub fn put(&self, project: &str, secret: &str, value: &[u8]) -> usize {
        self.with(project, secret, |versions| {
            versions.push(value.to_vec());
            versions.len()
        })
    }

    /// The value of a version, `latest` or its number, and that number.
    fn version(&self, project: &str, secret: &str, version: &str) -> Option<(usize, Vec<u8>)> {
        self.with(project, secret, |versions| {
            let number = if version == "latest" { versions.len() } else { version.parse().ok()? };
            Some((number, versions.get(number.checked_sub(1)?)?.clone()))
        })
    }

    fn count(&self, project: &str, secret: &str) -> usize {
        self.with(project, secret, |versions| versions.len())
    }

    fn with<T>(&self, project: &str, secret: &str, work: impl FnOnce(&mut Vec<Vec<u8>>) -> T) -> T {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work(all.entry((project.to_owned(), secret.to_owned())).or_default())
    }

    fn router(&self) -> Router {
        Router::new()
            .route("/v1/projects/{project}/secrets/{secret}", put(add))
            .route("/v1/projects/{project}/secrets/{secret}/versions", get(list))
            .route("/v1/projects/{project}/secrets/{secret}/versions/{version}", get(access))
            .with_state(self.clone())
    }
}

async fn add(
    State(secrets): State<Secrets>,
    Path((project, secret)): Path<(String, String)>,
    value: Bytes,
) -> Json<Value> {
    let number = secrets.put(&project, &secret, &value);
    Json(json!({ "name": name(&project, &secret, number) }))
}

async fn list(State(secrets): State<Secrets>, Path((project, secret)): Path<(String, String)>) -> Response {
    let count = secrets.count(&project, &secret);
    if count == 0 {
        return not_found(&format!("Secret [projects/{project}/secrets/{secret}] not found."));
    }
    let versions: Vec<Value> = (1..=count)
        .rev()
        .map(|number| json!({ "name": name(&project, &secret, number), "state": "ENABLED" }))
        .collect();
    Json(json!({ "versions": versions, "totalSize": count })).into_response()
}

async fn access(
    State(secrets): State<Secrets>,
    Path((project, secret, version)): Path<(String, String, String)>,
) -> Response {
    let found =
        version.strip_suffix(":access").and_then(|version| secrets.version(&project, &secret, version));
    let Some((number, value)) = found else {
        return not_found(&format!(
            "Secret Version [projects/{project}/secrets/{secret}/versions/{version}] not found."
        ));
    };
    Json(json!({ "name": name(&project, &secret, number), "payload": { "data": BASE64.encode(value) } }))
        .into_response()
}

fn name(project: &str, secret: &str, number: usize) -> String {
    format!("projects/{project}/secrets/{secret}/versions/{number}")
}

/// An error in the shape of Google's APIs.
fn not_found(message: &str) -> Response {
    let error = json!({ "error": { "code": 404, "message": message, "status": "NOT_FOUND" } });
    (StatusCode::NOT_FOUND, Json(error)).into_response()
}
