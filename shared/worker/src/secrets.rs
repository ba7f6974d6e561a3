//! Settings that name secrets: `secret://NAME` of Secret Manager in place of a text.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use aispend_config::{DECLARED, Settings};
use aispend_google::Google;
use aispend_ports::Key;
use aispend_secrets::{Secrets, SecretsOptions};
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::OnceCell;

use crate::world::StartError;

/// Whoever uses these reads them, and again while the process lives.
const FOLLOWED: [&str; 5] = [
    "anthropic.admin_key",
    "anthropic.analytics_key",
    "cursor.admin_key",
    "alerts.smtp_url",
    "alerts.webhook_url",
];

/// The settings of a worker with every secret read that one of them names, but those that are followed. `prefixes`: which
/// settings are the worker's; it may have no right to another's secrets.
pub(crate) async fn all_revealed(settings: &Settings, prefixes: &[&str]) -> Result<Settings, StartError> {
    let is_ours = |name: &&'static str| {
        prefixes.iter().any(|prefix| name.starts_with(prefix)) && !FOLLOWED.contains(name)
    };
    let names: Vec<&'static str> = settings.naming_secrets().into_iter().filter(is_ours).collect();
    revealed(settings, &names).await
}

/// The settings with these ones read from Secret Manager, where they name a secret.
///
/// # Errors
/// When a secret cannot be read, or is no value of its setting.
pub async fn revealed(settings: &Settings, names: &[&'static str]) -> Result<Settings, StartError> {
    let keys = Keys::of(settings);
    let mut revealed = settings.clone();
    for name in names.iter().copied() {
        let text = settings.text(name).unwrap_or_default();
        if Secrets::is_reference(text) {
            let secret = keys.key(variable_of(name), &SecretString::from(text)).await?;
            revealed = revealed.with_secret(name, &secret.current())?;
        }
    }
    Ok(revealed)
}

/// The texts of these settings, where they are set. One that names a secret follows it: it is read again every hour, and
/// when its user asks for the newest.
///
/// # Errors
/// When a secret cannot be read.
pub async fn followed(
    settings: &Settings,
    names: &[&'static str],
) -> Result<BTreeMap<&'static str, Arc<dyn Key>>, StartError> {
    let keys = Keys::of(settings);
    let mut followed = BTreeMap::new();
    for name in names.iter().copied() {
        if let Some(text) = settings.text(name) {
            followed.insert(name, keys.key(variable_of(name), &SecretString::from(text)).await?);
        }
    }
    Ok(followed)
}

/// A setting that names a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRead {
    /// Which setting; a Cursor team by its name in the tables.
    pub setting: String,
    /// Why its secret cannot be read.
    pub refused: Option<String>,
}

/// Reads every secret that the settings name, the vendors' keys and these, and keeps none.
///
/// # Errors
/// When Secret Manager cannot be asked at all.
pub async fn secrets_read(
    settings: &Settings,
    names: &[&'static str],
) -> Result<Vec<SecretRead>, StartError> {
    let anthropic =
        settings.anthropic.iter().map(|account| (account.setting.as_str(), account.key.expose_secret()));
    let teams = settings.cursor.iter().map(|account| (account.org_id.as_str(), account.key.expose_secret()));
    let others = names.iter().map(|name| (*name, settings.text(name).unwrap_or_default()));
    let keys = Keys::of(settings);
    let mut read = Vec::new();
    for (setting, value) in anthropic.chain(teams).chain(others) {
        if Secrets::is_reference(value) {
            let refused = keys.secrets().await?.resolve(value).await.err();
            let refused = refused.map(|error| aispend_stage::error_chain(&error));
            read.push(SecretRead { setting: setting.to_owned(), refused });
        }
    }
    Ok(read)
}

/// Where keys come from: the settings themselves, and Secret Manager where they name a secret.
pub struct Keys<'a> {
    settings: &'a Settings,
    secrets: OnceCell<Secrets>,
}

impl<'a> Keys<'a> {
    /// Secret Manager is opened for the first that names a secret.
    pub fn of(settings: &'a Settings) -> Self {
        Self { settings, secrets: OnceCell::new() }
    }

    /// `setting`: what a person knows the key by.
    pub async fn key(&self, setting: &str, text: &SecretString) -> Result<Arc<dyn Key>, StartError> {
        if !Secrets::is_reference(text.expose_secret()) {
            return Ok(Arc::new(text.clone()));
        }
        let secrets = self.secrets().await?.clone();
        match secrets.key(text.expose_secret()).await {
            Ok(key) => Ok(Arc::new(Followed { key, _secrets: secrets })),
            Err(error) => Err(StartError::Door {
                door: "Secret Manager",
                detail: format!("{setting}: {}", aispend_stage::error_chain(&error)),
            }),
        }
    }

    async fn secrets(&self) -> Result<&Secrets, StartError> {
        let connect = async || {
            let google = Google::read(&|name| self.settings.of_variable(name).map(str::to_owned))?;
            let secrets = Secrets::connect(&google, SecretsOptions::default()).await;
            secrets.map_err(StartError::door("Secret Manager"))
        };
        self.secrets.get_or_try_init(connect).await
    }
}

/// A key whose secret is read again as long as somebody has it: that ends with the last clone of `Secrets`.
struct Followed {
    key: Arc<dyn Key>,
    _secrets: Secrets,
}

impl fmt::Debug for Followed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key.fmt(out)
    }
}

#[async_trait]
impl Key for Followed {
    fn current(&self) -> SecretString {
        self.key.current()
    }

    async fn refreshed(&self) -> SecretString {
        self.key.refreshed().await
    }
}

fn variable_of(name: &'static str) -> &'static str {
    DECLARED.iter().find(|declared| declared.name == name).map_or(name, |declared| declared.variable)
}
