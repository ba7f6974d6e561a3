//! Who may change this Metabase: the key, the administrator, or, on an empty instance, whoever holds the set-up token.

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::client::{Access, Client};
use crate::error::MetabaseError;
use crate::value::{Ids, placeholder, text};
use crate::version::{Edition, Version};

/// The name of the key that is made.
pub const KEY_NAME: &str = "aispend";

/// What somebody gave us to sign in with.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    /// An API key of an administrator.
    pub api_key: Option<SecretString>,
    /// The administrator's address.
    pub email: Option<String>,
    /// And password.
    pub password: Option<SecretString>,
    /// The key file of the account that reads BigQuery, whole.
    pub service_account: Option<SecretString>,
    /// Of an empty instance; not given: the one it shows.
    pub setup_token: Option<SecretString>,
}

/// How a command came in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The client, as somebody who may.
    pub client: Client,
    /// The server's version.
    pub version: Version,
    /// What its licence allows.
    pub edition: Edition,
    /// False for an empty instance: nobody can sign in yet.
    pub is_set_up: bool,
    /// True where a password was used: the session is to be ended.
    pub has_session: bool,
}

/// Looks whether it answers and which version it is, then signs in. Asks an empty instance for nothing else.
///
/// # Errors
/// It does not answer or is starting, its version is unknown, or nobody may sign in.
pub async fn sign_in(client: &Client, keys: &Keys) -> Result<SignedIn, MetabaseError> {
    let properties = properties(client).await?;
    let tag = properties.get("version").map(|version| text(version, "tag")).unwrap_or_default();
    let version = Version::read(tag)?;
    let edition = Edition::read(&properties);
    let is_set_up = properties.get("has-user-setup").and_then(Value::as_bool).unwrap_or(true);
    if !is_set_up {
        return Ok(SignedIn { client: client.clone(), version, edition, is_set_up, has_session: false });
    }
    if let Some(key) = &keys.api_key {
        let client = client.as_somebody(Access::Key(key.clone()));
        match client.get("/api/user/current").await {
            Ok(user) if user.get("is_superuser").and_then(Value::as_bool) == Some(false) => {
                return Err(MetabaseError::Access(
                    "metabase.api_key is the key of a group that is not Administrators: make one there"
                        .to_owned(),
                ));
            }
            Ok(_) => return Ok(SignedIn { client, version, edition, is_set_up, has_session: false }),
            Err(error) if error.status() == Some(401) && keys.password.is_some() => {}
            Err(error) if error.status() == Some(401) => {
                return Err(MetabaseError::Access(
                    "Metabase refuses metabase.api_key: make a new one (Admin, Authentication, API keys), or set \
                     metabase.admin_email and metabase.admin_password"
                        .to_owned(),
                ));
            }
            Err(error) => return Err(error),
        }
    }
    let client = session(client, keys).await?;
    Ok(SignedIn { client, version, edition, is_set_up, has_session: true })
}

/// Health first, then the properties: health is green a little before the rest answers.
async fn properties(client: &Client) -> Result<Value, MetabaseError> {
    let starting = |error: MetabaseError| match error.status() {
        Some(503) => MetabaseError::Starting(client.url().to_owned()),
        _ => error,
    };
    client.get("/api/health").await.map_err(starting)?;
    client.get("/api/session/properties").await.map_err(starting)
}

async fn session(client: &Client, keys: &Keys) -> Result<Client, MetabaseError> {
    let (Some(email), Some(password)) = (&keys.email, &keys.password) else {
        return Err(MetabaseError::Access(
            "nobody may sign in: set metabase.api_key, or metabase.admin_email and metabase.admin_password"
                .to_owned(),
        ));
    };
    let body = json!({"username": email, "password": password.expose_secret()});
    let answer =
        client.send(&Method::POST, "/api/session", Some(&body)).await.map_err(|error| {
            match error.status() {
                Some(400 | 401) => {
                    MetabaseError::Access("Metabase refuses metabase.admin_email and its password".to_owned())
                }
                _ => error,
            }
        })?;
    Ok(of_session(client, &answer))
}

/// The client of a session that was just opened.
pub fn of_session(client: &Client, answer: &Value) -> Client {
    client.as_somebody(Access::Session(SecretString::from(text(answer, "id").to_owned())))
}

/// Ends a session that a password opened.
///
/// # Errors
/// It does not answer.
pub async fn sign_out(signed_in: &SignedIn) -> Result<(), MetabaseError> {
    if signed_in.has_session {
        signed_in.client.send(&Method::DELETE, "/api/session", None).await?;
    }
    Ok(())
}

/// What stands for the secrets that requests need; they are never part of a plan.
///
/// # Errors
/// It does not answer.
pub async fn secrets(client: &Client, keys: &Keys, is_set_up: bool) -> Result<Ids, MetabaseError> {
    let mut secrets = Ids::new();
    let mut add = |name: &str, secret: Option<&str>| {
        if let Some(secret) = secret {
            secrets.insert(placeholder(&format!("secret/{name}")), json!(secret));
        }
    };
    add("admin-email", keys.email.as_deref());
    add("admin-password", keys.password.as_ref().map(ExposeSecret::expose_secret));
    add("service-account", keys.service_account.as_ref().map(ExposeSecret::expose_secret));
    if !is_set_up {
        let shown = text(&properties(client).await?, "setup-token").to_owned();
        add("setup-token", Some(keys.setup_token.as_ref().map_or(&shown, |token| token.expose_secret())));
    }
    Ok(secrets)
}
