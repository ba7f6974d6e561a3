//! Which Metabase this is, and whether it is one we know.

use std::fmt;

use serde_json::Value;

use crate::error::MetabaseError;

/// The majors that were read up on and tested against; others are refused.
pub const KNOWN: [u32; 2] = [64, 65];

/// A version by its tag, such as `v0.64.6.1`: licence, major, point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// As the server says it.
    pub tag: String,
    /// 64 for `v0.64.6.1`.
    pub major: u32,
}

impl Version {
    /// Reads a tag.
    ///
    /// # Errors
    /// Says which versions are known, where this is none of them.
    pub fn read(tag: &str) -> Result<Self, MetabaseError> {
        let refused = |why: String| MetabaseError::Version { tag: tag.to_owned(), why };
        let mut parts = tag.strip_prefix('v').unwrap_or_default().split('.');
        let licence = parts.next().unwrap_or_default();
        let major = parts.next().and_then(|part| part.parse::<u32>().ok());
        let has_point = parts.next().is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        let Some(major) = major.filter(|_| has_point && matches!(licence, "0" | "1")) else {
            return Err(refused("is no release that can be recognised".to_owned()));
        };
        match major {
            _ if KNOWN.contains(&major) => Ok(Self { tag: tag.to_owned(), major }),
            58..=63 => Err(refused(
                "is older than what this build was tested with: how it keeps template tags and dashboards differs"
                    .to_owned(),
            )),
            ..=57 => Err(refused("is too old: its queries and permissions have another form".to_owned())),
            _ => Err(refused("is newer than this build knows".to_owned())),
        }
    }
}

/// What the licence of an instance allows beyond the free one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Edition {
    /// Downloads may be allowed to one group and not to another.
    pub limits_downloads: bool,
}

impl Edition {
    /// Reads it from what an instance tells everybody.
    pub fn read(properties: &Value) -> Self {
        let feature =
            |name: &str| properties.pointer(&format!("/token-features/{name}")) == Some(&Value::Bool(true));
        Self { limits_downloads: feature("advanced_permissions") }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_paid_for_is_said_and_nothing_is_guessed() {
        let edition = |features: Value| Edition::read(&serde_json::json!({"token-features": features}));
        assert!(edition(serde_json::json!({"advanced_permissions": true})).limits_downloads);
        for features in
            [serde_json::json!({"advanced_permissions": false}), serde_json::json!({}), Value::Null]
        {
            assert_eq!(edition(features), Edition::default());
        }
    }

    #[test]
    fn known_versions_are_taken_and_others_refused_with_a_reason() {
        for (tag, major) in [("v0.64.6.1", 64), ("v0.65.4", 65), ("v1.64.0.2", 64)] {
            assert_eq!(Version::read(tag).unwrap().major, major);
        }
        for (tag, why) in [
            ("v0.63.9", "older than what"),
            ("v0.58.39", "older than what"),
            ("v0.50.1", "too old"),
            ("v0.66.0", "newer than"),
            ("vUNKNOWN", "recognised"),
            ("v2.64.1", "recognised"),
            ("v0.64.x", "recognised"),
            ("", "recognised"),
        ] {
            let error = Version::read(tag).unwrap_err().to_string();
            assert!(
                error.contains(why) && error.contains("0.64") && error.contains("0.65"),
                "{tag}: {error}"
            );
        }
    }
}
