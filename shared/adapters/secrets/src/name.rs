//! How settings name secrets.

use std::fmt;

use crate::SecretError;

const LATEST: &str = "latest";

/// One version of a secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretName {
    pub project: String,
    pub name: String,
    pub version: String,
}

/// What stands behind `secret://`.
pub fn reference(value: &str) -> Option<&str> {
    value.trim().strip_prefix("secret://")
}

impl SecretName {
    /// Reads what stands behind `secret://`. Without a project it is ours, without a version the latest.
    pub fn parse(reference: &str, our_project: &str) -> Result<Self, SecretError> {
        let parts: Vec<&str> = reference.split('/').collect();
        let (project, name, version) = match parts.as_slice() {
            [name] => (our_project, *name, LATEST),
            [name, "versions", version] => (our_project, *name, *version),
            ["projects", project, "secrets", name] => (*project, *name, LATEST),
            ["projects", project, "secrets", name, "versions", version] => (*project, *name, *version),
            _ => return Err(SecretError::Name),
        };
        let is_plain = |text: &str, others: &str| {
            !text.is_empty()
                && text.chars().all(|letter| letter.is_ascii_alphanumeric() || others.contains(letter))
        };
        // A project of an organisation with a domain: `example.com:project`.
        if is_plain(project, "-.:") && is_plain(name, "-_") && is_plain(version, "-_") {
            let [project, name, version] = [project, name, version].map(str::to_owned);
            return Ok(Self { project, name, version });
        }
        Err(SecretError::Name)
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "projects/{}/secrets/{}/versions/{}", self.project, self.name, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_be_short_or_whole() {
        for (text, expected) in [
            ("key", "projects/ours/secrets/key/versions/latest"),
            ("key/versions/3", "projects/ours/secrets/key/versions/3"),
            ("projects/p-1/secrets/a_b", "projects/p-1/secrets/a_b/versions/latest"),
            ("projects/p-1/secrets/a_b/versions/12", "projects/p-1/secrets/a_b/versions/12"),
        ] {
            assert_eq!(SecretName::parse(text, "ours").unwrap().to_string(), expected);
        }
        for text in ["", "a b", "a/b", "key/versions/", "projects/p", "../x", "projects//secrets/x", "a?b"] {
            assert!(matches!(SecretName::parse(text, "ours"), Err(SecretError::Name)), "{text}");
        }
    }

    #[test]
    fn only_a_reference_is_one() {
        assert_eq!(reference(" secret://key"), Some("key"));
        assert_eq!(reference("sk-ant-1"), None);
        assert_eq!(reference("https://secret"), None);
    }
}
