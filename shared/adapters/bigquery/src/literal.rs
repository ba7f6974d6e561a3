//! Values as BigQuery's SQL spells them: a script of several statements takes no parameters.

use std::fmt::Write as _;

use aispend_model::Money;
use aispend_warehouse::double_quote;

/// A text, whatever is in it.
pub fn text(value: &str) -> String {
    let quoted = double_quote(value);
    let mut spelled = String::with_capacity(quoted.len());
    for letter in quoted.chars() {
        match letter {
            '\n' => spelled.push_str("\\n"),
            '\r' => spelled.push_str("\\r"),
            control if control.is_control() => {
                write!(spelled, "\\u{:04x}", u32::from(control)).expect("a String grows");
            }
            letter => spelled.push(letter),
        }
    }
    spelled
}

/// Texts, with commas between.
pub fn texts<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    values.into_iter().map(text).collect::<Vec<_>>().join(", ")
}

/// Numbers, with commas between.
pub fn numbers(values: impl IntoIterator<Item = usize>) -> String {
    values.into_iter().map(|value| value.to_string()).collect::<Vec<_>>().join(", ")
}

/// A moment, by its microseconds.
pub fn micros(value: i64) -> String {
    format!("TIMESTAMP_MICROS({value})")
}

/// An amount.
pub fn money(nanos: i128) -> String {
    format!("NUMERIC '{}'", Money::from_nanos(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_its_quotes() {
        assert_eq!(text(r#"a"b\c'd"#), r#""a\"b\\c'd""#);
        assert_eq!(text("a\nb\u{1}ü"), "\"a\\nb\\u0001ü\"");
        assert_eq!(texts(["a", "b\""]), r#""a", "b\"""#);
        assert_eq!(money(-1_500_000_001), "NUMERIC '-1.500000001'");
    }
}
