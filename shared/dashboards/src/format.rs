//! Figures, days and names as people read them.

use aispend_tables::Cell;
use aispend_warehouse::ColumnType;
use jiff::civil::Date;

use crate::number::Number;

/// What is said for a value that is not there.
pub const NOT_AVAILABLE: &str = "n/a";

/// Platform keys and their names, in the order that holds everywhere.
pub const PLATFORMS: [(&str, &str); 5] = [
    ("claude_code", "Claude Code"),
    ("claude_ai", "Claude.ai"),
    ("claude_api", "Claude API"),
    ("cursor", "Cursor"),
    ("unattributed", "Unattributed"),
];

/// The bucket of money and use without a person.
pub const UNATTRIBUTED: &str = "Unattributed";

/// A platform's name; what we do not know keeps its own.
pub fn platform(key: &str) -> &str {
    PLATFORMS.iter().find(|(known, _)| *known == key).map_or(key, |(_, label)| label)
}

/// Where a platform stands among the others.
pub fn platform_place(key: &str) -> usize {
    PLATFORMS.iter().position(|(known, label)| *known == key || *label == key).unwrap_or(PLATFORMS.len())
}

/// `$8,412` from $100, `$84.12` below.
pub fn usd(amount: Number) -> String {
    let is_large = amount.abs() >= Number::whole(100);
    let places = if is_large || amount.is_zero() { 0 } else { 2 };
    with_sign(amount, &format!("${}", amount.abs().grouped(places)))
}

/// `$0.187`: a price of one thing.
pub fn usd_unit(amount: Number) -> String {
    with_sign(amount, &format!("${}", amount.abs().grouped(3)))
}

/// `6.3 %` of a fraction.
pub fn percent(fraction: Number) -> String {
    format!("{} %", fraction.times_ten_to(2).grouped(1))
}

/// `+6.3 %`: a change always has its sign.
pub fn signed_percent(fraction: Number) -> String {
    let text = percent(fraction);
    if fraction.is_negative() || text == "0.0 %" { text } else { format!("+{text}") }
}

/// `up +6.3 %`.
pub fn change(fraction: Number) -> String {
    let text = signed_percent(fraction);
    if text == "0.0 %" {
        return "unchanged".to_owned();
    }
    format!("{} {text}", if fraction.is_negative() { "down" } else { "up" })
}

/// `17 Oct 2026`.
pub fn day(day: Date) -> String {
    day.strftime("%-d %b %Y").to_string()
}

/// `17 Oct`.
pub fn short_day(day: Date) -> String {
    day.strftime("%-d %b").to_string()
}

/// `October 2026`.
pub fn month(day: Date) -> String {
    day.strftime("%B %Y").to_string()
}

/// A value as its column says.
pub fn cell(value: &Cell, kind: ColumnType) -> String {
    match (value, kind) {
        (Cell::Null, _) => NOT_AVAILABLE.to_owned(),
        (Cell::Date(date), ColumnType::Month) => date.strftime("%b %Y").to_string(),
        (Cell::Date(date), _) => day(*date),
        (Cell::Moment(moment), _) => moment.strftime("%-d %b %Y %H:%M UTC").to_string(),
        (Cell::Flag(true), _) => "yes".to_owned(),
        (Cell::Flag(false), _) => "no".to_owned(),
        (Cell::Text(text), ColumnType::Platform) => platform(text).to_owned(),
        (_, kind) if kind.is_number() => {
            number(value).map_or_else(|| value.to_string(), |number| figure(number, kind))
        }
        (_, _) => value.to_string(),
    }
}

/// A figure as its column says.
pub fn figure(number: Number, kind: ColumnType) -> String {
    match kind {
        ColumnType::Usd => usd(number),
        ColumnType::UsdUnit => usd_unit(number),
        ColumnType::Percent => percent(number),
        ColumnType::Number => {
            let is_small = number.abs() < Number::whole(100) && number.rounded(0) != number;
            number.grouped(u32::from(is_small))
        }
        _ => number.grouped(0),
    }
}

/// The number in a cell; a float by the digits it prints.
pub fn number(value: &Cell) -> Option<Number> {
    match value {
        Cell::Integer(count) => Some(Number::whole(*count)),
        Cell::Decimal(text) | Cell::Text(text) => Number::read(text),
        Cell::Float(float) => Number::read(&float.to_string()),
        Cell::Null | Cell::Flag(_) | Cell::Date(_) | Cell::Moment(_) => None,
    }
}

fn with_sign(amount: Number, shown: &str) -> String {
    // What rounds to nothing has no sign.
    let is_nothing = !shown.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    if amount.is_negative() && !is_nothing { format!("-{shown}") } else { shown.to_owned() }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn read(text: &str) -> Number {
        Number::read(text).unwrap()
    }

    #[test]
    fn money_is_rounded_by_its_size() {
        for (amount, shown) in [
            ("8412.37", "$8,412"),
            ("100", "$100"),
            ("99.996", "$100.00"),
            ("84.12", "$84.12"),
            ("0", "$0"),
            ("-290.4", "-$290"),
            ("-0.001", "$0.00"),
        ] {
            assert_eq!(usd(read(amount)), shown);
        }
        assert_eq!(usd_unit(read("0.1874")), "$0.187");
    }

    #[test]
    fn a_change_has_a_word_a_sign_and_a_number() {
        assert_eq!(change(read("0.0633")), "up +6.3 %");
        assert_eq!(change(read("-0.2")), "down -20.0 %");
        assert_eq!(change(read("0.0001")), "unchanged");
    }

    #[test]
    fn a_value_is_shown_as_its_column_says() {
        let shown = |value: Cell, kind| cell(&value, kind);
        assert_eq!(shown(Cell::Null, ColumnType::Usd), "n/a");
        assert_eq!(shown(Cell::Date(date(2026, 10, 17)), ColumnType::Day), "17 Oct 2026");
        assert_eq!(shown(Cell::Date(date(2026, 10, 1)), ColumnType::Month), "Oct 2026");
        assert_eq!(shown(Cell::Text("claude_ai".into()), ColumnType::Platform), "Claude.ai");
        assert_eq!(shown(Cell::Float(0.063), ColumnType::Percent), "6.3 %");
        assert_eq!(shown(Cell::Integer(48_200), ColumnType::Integer), "48,200");
        assert_eq!(shown(Cell::Text("=1+1".into()), ColumnType::Text), "=1+1");
    }
}
