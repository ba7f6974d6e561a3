//! What the settings say about alerts.

use std::sync::Arc;

use aispend_config::Settings;
use aispend_ports::Key;
use aispend_warehouse::{Engine, RuleError, alerts, limits};

use secrecy::SecretString;

use crate::channels::{Channel, ChannelError, Folder, Following, Mail, MailError, Mailboxes, Webhook};
use crate::rules::{Rules, parked_rule};

/// Which settings they are.
pub const SETTINGS: &str = "alerts.";

/// Those which may name a secret.
pub const SECRETS: &[&str] = &["alerts.smtp_url", "alerts.webhook_url"];

/// Why alerts cannot be sent as the settings say.
#[derive(Debug, thiserror::Error)]
pub enum AlertSettingsError {
    /// A rule's file, or a limit.
    #[error("alerts.limits: {0}")]
    Rule(#[from] RuleError),
    /// Several limits.
    #[error("alerts.limits: {0}")]
    Limits(String),
    /// The mail server and addresses.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// The webhook.
    #[error("alerts.webhook_url: {0}")]
    Webhook(#[from] ChannelError),
}

/// The rules of this build with the limits of the settings.
///
/// # Errors
/// Limits that no rule has.
pub fn rules(settings: &Settings, engine: Engine) -> Result<Rules, AlertSettingsError> {
    let rules = alerts()?;
    let set = limits(&settings.list("alerts.limits"), &rules).map_err(|errors| {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        AlertSettingsError::Limits(errors.join("; "))
    })?;
    // Read here, so that a mistake in its head is no silence.
    parked_rule()?;
    Ok(Rules::new(engine, rules, set))
}

/// Every way that the settings name.
///
/// # Errors
/// Addresses that are none.
pub fn channels(settings: &Settings) -> Result<Vec<Arc<dyn Channel>>, AlertSettingsError> {
    channels_by(settings, |name| {
        let text = settings.text(name)?;
        Some(Arc::new(SecretString::from(text)))
    })
}

/// The same with the texts of `SECRETS` from elsewhere: a way goes where its key says at the time.
///
/// # Errors
/// Addresses that are none.
pub fn channels_by(
    settings: &Settings,
    key: impl Fn(&'static str) -> Option<Arc<dyn Key>>,
) -> Result<Vec<Arc<dyn Channel>>, AlertSettingsError> {
    let read = || {
        Mailboxes::read(
            settings.text("alerts.from"),
            &settings.list("alerts.finance"),
            &settings.list("alerts.on_call"),
        )
    };
    let mut channels: Vec<Arc<dyn Channel>> = Vec::new();
    if let Some(server) = key("alerts.smtp_url") {
        let authorities = settings.text("alerts.smtp_ca_file").map(|path| {
            std::fs::read(path).map_err(|error| MailError::Authority(format!("`{path}`: {error}")))
        });
        let (authorities, mailboxes) = (authorities.transpose()?, read()?);
        let mail = move |url: &str| -> Result<Arc<dyn Channel>, AlertSettingsError> {
            Ok(Arc::new(Mail::new(url, authorities.as_deref(), mailboxes.clone())?))
        };
        channels.push(Arc::new(Following::new("mail", server, mail)?));
    }
    if let Some(address) = key("alerts.webhook_url") {
        let webhook =
            |url: &str| -> Result<Arc<dyn Channel>, AlertSettingsError> { Ok(Arc::new(Webhook::new(url)?)) };
        channels.push(Arc::new(Following::new("webhook", address, webhook)?));
    }
    if let Some(folder) = settings.text("alerts.folder") {
        // Files need no addressee.
        let mailboxes = match read() {
            Err(MailError::Missing(_)) => Mailboxes::of_nobody(),
            read => Some(read?),
        };
        if let Some(mailboxes) = mailboxes {
            channels.push(Arc::new(Folder::new(folder, mailboxes)));
        }
    }
    Ok(channels)
}

/// Where the dashboards are.
pub fn base_url(settings: &Settings) -> String {
    settings.text("alerts.base_url").unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use aispend_config::Sources;

    use super::*;

    fn settings(pairs: &[(&'static str, &str)]) -> Settings {
        let flags = pairs.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
        Settings::read(&Sources { flags, variable: &|_| None, file: None }).unwrap()
    }

    #[test]
    fn nothing_set_tells_nobody_and_every_way_has_its_name() {
        assert!(channels(&settings(&[])).unwrap().is_empty());
        let all = channels(&settings(&[
            ("alerts.smtp_url", "smtp://127.0.0.1:25"),
            ("alerts.from", "aispend <alerts@example.com>"),
            ("alerts.finance", "ann@example.com, bob@example.com"),
            ("alerts.webhook_url", "http://127.0.0.1:1/hook"),
            ("alerts.folder", "/tmp/x"),
        ]))
        .unwrap();
        let names: Vec<&str> = all.iter().map(|channel| channel.name()).collect();
        assert_eq!(names, ["mail", "webhook", "folder"]);
    }

    #[test]
    fn a_mistake_names_its_setting() {
        let wrong = |pairs| channels(&settings(pairs)).err().unwrap().to_string();
        assert!(wrong(&[("alerts.smtp_url", "smtp://127.0.0.1")]).contains("alerts.from"));
        assert!(wrong(&[("alerts.folder", "x"), ("alerts.from", "nobody")]).contains("`nobody`"));
        let mail = [("alerts.smtp_url", "smtps://mail.example.com"), ("alerts.smtp_ca_file", "/no/such.pem")];
        assert!(wrong(&mail).contains("alerts.smtp_ca_file: `/no/such.pem`"));
        let error = rules(&settings(&[("alerts.limits", "no-rule.percent=1")]), Engine::DuckDb).unwrap_err();
        assert!(error.to_string().contains("no-rule.percent"), "{error}");
    }
}
