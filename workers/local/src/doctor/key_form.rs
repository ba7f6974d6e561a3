//! What the form of a key tells. No part of a key is ever shown.

use aispend_config::Settings;
use secrecy::ExposeSecret;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Admin,
    Analytics,
    Cursor,
}

/// What is odd about the key of a setting, by its form.
pub fn hint(settings: &Settings, setting: &str) -> Option<String> {
    let anthropic = settings.anthropic.iter().find(|account| account.setting == setting);
    let (place, key) = if let Some(account) = anthropic {
        (if account.is_admin { Place::Admin } else { Place::Analytics }, &account.key)
    } else {
        let is_it = |org_id: &str| cursor_setting(settings, org_id) == setting;
        (Place::Cursor, &settings.cursor.iter().find(|team| is_it(&team.org_id))?.key)
    };
    odd(place, key.expose_secret()).map(str::to_owned)
}

/// The setting that holds a Cursor team's key.
pub fn cursor_setting(settings: &Settings, org_id: &str) -> String {
    let is_first = settings.cursor.first().is_some_and(|team| team.org_id == org_id);
    if is_first && settings.text("cursor.admin_key").is_some() {
        "CURSOR_ADMIN_KEY".to_owned()
    } else {
        format!("cursor.teams[{org_id}]")
    }
}

fn odd(place: Place, key: &str) -> Option<&'static str> {
    if key.starts_with("secret://") {
        return None;
    }
    if key.chars().any(|letter| letter.is_whitespace() || matches!(letter, '"' | '\'')) {
        return Some("the setting holds blanks or quotes around the key");
    }
    let is = |prefix: &str| key.starts_with(prefix);
    match place {
        Place::Admin | Place::Analytics if is("crsr_") => Some("the setting holds a key of Cursor"),
        Place::Admin | Place::Analytics if is("sk-ant-api03-") => {
            Some("the setting holds an ordinary API key (sk-ant-api03-…), which opens no report")
        }
        Place::Admin if is("sk-ant-api01-") => {
            Some("the setting holds a scoped key (sk-ant-api01-…); that is for ANTHROPIC_ANALYTICS_KEY")
        }
        Place::Analytics if is("sk-ant-admin01-") => {
            Some("the setting holds an Admin key (sk-ant-admin01-…); that is for ANTHROPIC_ADMIN_KEY")
        }
        Place::Cursor if is("sk-ant-") => Some("the setting holds a key of Anthropic"),
        Place::Admin | Place::Analytics | Place::Cursor => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_the_wrong_place_is_recognised_by_its_form() {
        for (place, key, expected) in [
            (Place::Admin, "sk-ant-admin01-x", None),
            (Place::Admin, "sk-ant-api03-x", Some("ordinary API key")),
            (Place::Admin, "sk-ant-api01-x", Some("ANTHROPIC_ANALYTICS_KEY")),
            (Place::Analytics, "sk-ant-api01-x", None),
            (Place::Analytics, "sk-ant-admin01-x", Some("ANTHROPIC_ADMIN_KEY")),
            (Place::Admin, "crsr_x", Some("of Cursor")),
            (Place::Cursor, "crsr_x", None),
            (Place::Cursor, "key_x", None),
            (Place::Cursor, "sk-ant-admin01-x", Some("of Anthropic")),
            (Place::Cursor, "\"crsr_x\"", Some("quotes")),
            (Place::Admin, "secret://name", None),
        ] {
            let odd = odd(place, key);
            match expected {
                Some(text) => assert!(odd.is_some_and(|odd| odd.contains(text)), "{place:?} {key}: {odd:?}"),
                None => assert_eq!(odd, None, "{place:?} {key}"),
            }
        }
    }
}
