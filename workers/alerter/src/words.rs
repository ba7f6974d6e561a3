//! Numbers and sentences as people read them. Exact numbers in, rounded text out.

use aispend_model::Money;
use aispend_warehouse::{Rule, Unit};

use crate::breach::Breach;

/// A measured value or a limit, with its unit.
pub fn quantity(unit: Unit, number: &str) -> String {
    let Ok(read) = Money::from_dollars(number) else { return number.to_owned() };
    let nanos = read.money.nanos();
    match unit {
        Unit::Usd => usd(read.money),
        Unit::Percent => format!("{} %", short(nanos)),
        Unit::Count => short(nanos),
        Unit::Hours => format!("{} hours", short(nanos)),
    }
}

/// The same where a sentence says the hours itself.
fn in_sentence(unit: Unit, number: &str) -> String {
    quantity(if unit == Unit::Hours { Unit::Count } else { unit }, number)
}

/// Dollars and cents.
pub fn usd(money: Money) -> String {
    let text = fixed(money.nanos(), 2);
    match text.strip_prefix('-') {
        Some(text) => format!("-${text}"),
        None => format!("${text}"),
    }
}

/// The same with its sign always said.
pub fn signed_usd(money: Money) -> String {
    let text = usd(money);
    if money.nanos() > 0 { format!("+{text}") } else { text }
}

/// One decimal at most.
fn short(nanos: i128) -> String {
    let text = fixed(nanos, 1);
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// With so many decimals, half away from zero, commas between thousands.
fn fixed(nanos: i128, places: u32) -> String {
    let unit = 10_u128.pow(9 - places.min(9));
    let scaled = nanos.unsigned_abs().saturating_add(unit / 2) / unit;
    let digits = format!("{scaled:0>width$}", width = places as usize + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places as usize);
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if nanos < 0 && scaled > 0 { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{grouped}") } else { format!("{sign}{grouped}.{fraction}") }
}

/// A rule's sentence about a breach, on one line.
pub fn sentence(rule: &Rule, breach: &Breach) -> String {
    let dollars = |text: &Option<String>| {
        let read = text.as_deref().and_then(|text| Money::from_dollars(text).ok());
        read.map(|read| usd(read.money)).unwrap_or_default()
    };
    let mut text = String::new();
    let mut rest = rule.sentence.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        let Some((word, tail)) = after.split_once('}') else { break };
        text.push_str(before);
        text.push_str(&match word {
            "subject" => breach.subject.clone(),
            "period" => breach.period.clone(),
            "measured" => in_sentence(rule.unit, &breach.measured),
            "limit" => in_sentence(rule.unit, &breach.limit_value),
            "amount" => dollars(&breach.amount),
            "baseline" => dollars(&breach.baseline),
            "since" => breach.since.map(|day| day.to_string()).unwrap_or_default(),
            "note" => breach.note.clone().unwrap_or_default(),
            _ => String::new(),
        });
        rest = tail;
    }
    text.push_str(rest);
    // A name from a vendor may hold anything.
    let text: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::tests::breach;

    #[test]
    fn numbers_are_rounded_and_have_their_unit() {
        for (unit, number, expected) in [
            (Unit::Usd, "1234567.891", "$1,234,567.89"),
            (Unit::Usd, "-0.005", "-$0.01"),
            (Unit::Usd, "-0.004", "$0.00"),
            (Unit::Usd, "999.995", "$1,000.00"),
            (Unit::Percent, "24.456", "24.5 %"),
            (Unit::Percent, "20", "20 %"),
            (Unit::Count, "1200", "1,200"),
            (Unit::Hours, "51.96", "52 hours"),
            (Unit::Hours, "many", "many"),
        ] {
            assert_eq!(quantity(unit, number), expected, "{number}");
        }
        assert_eq!(signed_usd(Money::from_nanos(1_500_000_000)), "+$1.50");
    }

    #[test]
    fn a_sentence_is_one_line_with_its_words_in_place() {
        let rule = Rule::without_query(
            "daily",
            r#"
            title = "t"
            question = "q"
            definition = "d"
            unit = "percent"
            kind = "money"
            severity = "warning"
            schedule = "daily"
            sentence = "{subject} cost {amount} on {period}: {measured} of {baseline}, limit {limit}.{note}"
            remedy = "r"
            changed = "2026-11-22"
            "#,
        )
        .unwrap();
        let seen = breach("team\nred");
        assert_eq!(
            sentence(&rule, &seen),
            "team red cost $1,234.50 on 2026-11-21: 180 % of $685.83, limit 150 %."
        );
    }
}
