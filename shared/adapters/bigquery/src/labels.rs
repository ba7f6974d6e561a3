//! Labels of a job: what a bill can be parted by.

/// How long a label's value may be.
const LONGEST: usize = 63;

/// A text as a label's value: lower case letters, digits, `_` and `-`.
pub fn value(text: &str) -> String {
    let letter = |letter: char| match letter.to_ascii_lowercase() {
        allowed @ ('a'..='z' | '0'..='9' | '_' | '-') => allowed,
        _ => '_',
    };
    text.chars().map(letter).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_lower_case_and_short() {
        assert_eq!(value("daily-2026-10-05.Again/x"), "daily-2026-10-05_again_x");
        assert_eq!(value(&"é".repeat(100)), "_".repeat(63));
        assert_eq!(value(""), "");
    }
}
