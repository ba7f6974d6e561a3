//! How something of ours is known again: a marker at the end of its description, with a fingerprint of what we wrote.

use serde_json::Value;

use crate::value::fingerprint;

/// What every marker begins with.
const START: &str = "[managed:aispend/";

/// The fingerprint of something begun and not yet filled.
pub const BEGUN: &str = "begun";

/// What a description says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    /// Such as `card/exec/headline`.
    pub key: String,
    /// Of what we last wrote.
    pub fingerprint: String,
}

/// A description with its marker.
pub fn with_marker(description: &str, key: &str, fingerprint: &str) -> String {
    format!("{description} {START}{key} {fingerprint}]").trim_start().to_owned()
}

/// The description of a value, marked with the value's own fingerprint.
pub fn marked(body: &Value, key: &str) -> String {
    let description = body.get("description").and_then(Value::as_str).unwrap_or_default();
    with_marker(description, key, &fingerprint(body))
}

/// Takes a description apart.
pub fn read(description: &str) -> (String, Option<Marked>) {
    let Some((before, rest)) = description.split_once(START) else {
        return (description.to_owned(), None);
    };
    let Some((inside, after)) = rest.split_once(']') else { return (description.to_owned(), None) };
    let (key, fingerprint) = inside.split_once(' ').unwrap_or((inside, ""));
    let marked = Marked { key: key.to_owned(), fingerprint: fingerprint.to_owned() };
    // Words that somebody wrote behind the marker are words of the description.
    (format!("{}{after}", before.trim_end()), Some(marked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_read_back_and_words_around_it_stay() {
        let text = with_marker("What it is.", "card/exec/headline", "0123456789ab");
        assert_eq!(text, "What it is. [managed:aispend/card/exec/headline 0123456789ab]");
        let marked = Marked { key: "card/exec/headline".into(), fingerprint: "0123456789ab".into() };
        assert_eq!(read(&text), ("What it is.".to_owned(), Some(marked.clone())));
        assert_eq!(read(&format!("{text} Ours.")), ("What it is. Ours.".to_owned(), Some(marked)));
        assert_eq!(read("plain"), ("plain".to_owned(), None));
        assert_eq!(read("[managed:aispend/card"), ("[managed:aispend/card".to_owned(), None));
        assert_eq!(with_marker("", "k", "f"), "[managed:aispend/k f]");
    }
}
