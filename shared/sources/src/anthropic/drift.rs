//! What the vendor adds over time: kept, and reported.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::{Records, Severity};

/// The names of members that a shape does not name, for `#[serde(flatten)]`.
#[derive(Debug, Default)]
pub(super) struct Extra(Vec<String>);

impl<'de> Deserialize<'de> for Extra {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Names)
    }
}

struct Names;

impl<'de> Visitor<'de> for Names {
    type Value = Extra;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Extra, A::Error> {
        let mut names = Vec::new();
        while let Some((name, _)) = members.next_entry::<String, IgnoredAny>()? {
            names.push(name);
        }
        Ok(Extra(names))
    }
}

/// Reports members that we do not know. Known ones that no row needs stand in `unread`.
pub(super) fn fields(records: &mut Records<'_>, shape: &str, extra: &Extra, unread: &[&str]) {
    for name in extra.0.iter().filter(|name| !unread.contains(&name.as_str())) {
        let message = format!("`{}` in {shape} is not read", short(name));
        records.find("unknown_field", Severity::Info, message);
    }
}

/// Reports a value that is none of the known ones. The row keeps it.
pub(super) fn value(records: &mut Records<'_>, field: &str, value: Option<&str>, known: &[&str]) {
    if let Some(value) = value.filter(|value| !known.contains(value)) {
        let message = format!("`{field}` is `{}`", short(value));
        records.find("unknown_value", Severity::Warning, message);
    }
}

fn short(text: &str) -> String {
    text.chars().take(60).collect()
}
