//! Rows that every warehouse begins with: the calendar, names of platforms, list prices, assumptions.

use std::fmt::Write as _;

use jiff::civil::{Date, Weekday, date};

use crate::{DATASET, table::quote};

const FIRST_DAY: Date = date(2024, 1, 1);
const LAST_DAY: Date = date(2030, 12, 31);

/// Platform in the six tables, in `vw_*`, in `fct_*`, for people, vendor. In the order of every dashboard.
const PLATFORMS: &[[&str; 5]] = &[
    ["claude_code", "claude_code", "claude_code", "Claude Code", "anthropic"],
    ["claude.ai", "claude_ai", "claude_web", "Claude.ai", "anthropic"],
    ["claude_api", "claude_api", "claude_api", "Claude API", "anthropic"],
    ["cursor", "cursor", "cursor", "Cursor", "cursor"],
];

/// The vendor's words for what a token is, and ours.
const TOKEN_TYPES: [(&str, &str); 5] = [
    ("uncached_input_tokens", "input"),
    ("cache_creation.ephemeral_5m_input_tokens", "cache_write"),
    ("cache_creation.ephemeral_1h_input_tokens", "cache_write"),
    ("cache_read_input_tokens", "cache_read"),
    ("output_tokens", "output"),
];

/// List prices of a model: US dollars per million tokens, in the order of `TOKEN_TYPES`.
struct Price {
    model: &'static str,
    /// Up to which length of prompt; `None` for any, or any longer.
    max_prompt_tokens: Option<i64>,
    usd_per_million: [&'static str; 5],
    valid_from: Date,
    valid_to: Option<Date>,
}

const LONG_AGO: Date = date(2024, 1, 1);

const fn price(model: &'static str, usd_per_million: [&'static str; 5]) -> Price {
    Price { model, max_prompt_tokens: None, usd_per_million, valid_from: LONG_AGO, valid_to: None }
}

const PRICES: &[Price] = &[
    price("claude-fable-5-1", ["10", "12.5", "20", "0.25", "50"]),
    price("claude-mythos-5-1", ["10", "12.5", "20", "0.25", "50"]),
    price("claude-fable-5", ["10", "12.5", "20", "1", "50"]),
    price("claude-mythos-5", ["10", "12.5", "20", "1", "50"]),
    Price { valid_from: date(2026, 9, 22), ..price("claude-opus-5-5", ["4", "5", "8", "0.2", "20"]) },
    Price { valid_from: date(2026, 7, 24), ..price("claude-opus-5", ["5", "6.25", "10", "0.5", "25"]) },
    price("claude-opus-4-8", ["5", "6.25", "10", "0.5", "25"]),
    price("claude-opus-4-7", ["5", "6.25", "10", "0.5", "25"]),
    price("claude-opus-4-6", ["5", "6.25", "10", "0.5", "25"]),
    price("claude-opus-4-5", ["5", "6.25", "10", "0.5", "25"]),
    price("claude-opus-4-1", ["15", "18.75", "30", "1.5", "75"]),
    price("claude-opus-4", ["15", "18.75", "30", "1.5", "75"]),
    Price { valid_to: Some(date(2026, 10, 6)), ..price("claude-sonnet-5-5", ["2", "2.5", "4", "0.2", "10"]) },
    Price { valid_from: date(2026, 10, 7), ..price("claude-sonnet-5-5", ["2", "2.5", "4", "0.1", "10"]) },
    price("claude-sonnet-5", ["2", "2.5", "4", "0.2", "10"]),
    price("claude-sonnet-4-6", ["3", "3.75", "6", "0.3", "15"]),
    price("claude-sonnet-4-5", ["3", "3.75", "6", "0.3", "15"]),
    price("claude-sonnet-4", ["3", "3.75", "6", "0.3", "15"]),
    Price {
        max_prompt_tokens: Some(100_000),
        valid_from: date(2026, 10, 7),
        ..price("claude-haiku-5-5", ["0.1", "0.125", "0.2", "0.01", "0.5"])
    },
    Price {
        valid_from: date(2026, 10, 7),
        ..price("claude-haiku-5-5", ["0.5", "0.625", "1", "0.05", "2.5"])
    },
    price("claude-haiku-4-5", ["1", "1.25", "2", "0.1", "5"]),
    price("claude-haiku-3-5", ["0.8", "1", "1.6", "0.08", "4"]),
];

/// Name, value, unit, note.
const ASSUMPTIONS: &[[&str; 4]] = &[
    [
        "value_per_line_usd",
        "50",
        "USD per accepted line",
        "what requirement 003 values a line at; not measured",
    ],
    ["developer_hourly_usd", "50", "USD per hour", "what an hour of a developer is taken to cost"],
];

/// Statements that bring the seed rows up to date. Safe any number of times; assumptions that are there are kept.
pub fn seeds() -> Vec<String> {
    let mut statements = Vec::new();
    for (table, columns, rows) in [
        (
            "dim_calendar",
            "day, month, month_end, week, quarter, year, days_in_month, is_weekday",
            calendar_rows(),
        ),
        ("dim_platform", "platform, view_name, fact_name, label, vendor, sort_order", platform_rows()),
        (
            "dim_price",
            "model, token_type, token_class, max_prompt_tokens, usd_per_million, valid_from, valid_to",
            price_rows(),
        ),
    ] {
        statements.push(format!("DELETE FROM {DATASET}.{table} WHERE TRUE"));
        statements.push(format!("INSERT INTO {DATASET}.{table} ({columns}) VALUES\n{}", rows.join(",\n")));
    }
    for [name, value, unit, note] in ASSUMPTIONS {
        statements.push(format!(
            "INSERT INTO {DATASET}.dim_assumption (name, value, unit, note)\nSELECT known.name, {value}, {unit}, {note}\n\
             FROM (SELECT {name} AS name) AS known\nWHERE NOT EXISTS (\n    SELECT 1 FROM {DATASET}.dim_assumption AS a WHERE a.name = \
             known.name\n)",
            name = quote(name),
            unit = quote(unit),
            note = quote(note),
        ));
    }
    statements
}

fn calendar_rows() -> Vec<String> {
    FIRST_DAY.series(jiff::Span::new().days(1)).take_while(|day| *day <= LAST_DAY).map(calendar_row).collect()
}

fn calendar_row(day: Date) -> String {
    let monday = day.saturating_sub(jiff::Span::new().days(i64::from(day.weekday().to_monday_zero_offset())));
    let quarter = date(day.year(), (day.month() - 1) / 3 * 3 + 1, 1);
    let is_weekday = !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    format!(
        "(DATE '{day}', DATE '{}', DATE '{}', DATE '{monday}', DATE '{quarter}', {}, {}, {is_weekday})",
        day.first_of_month(),
        day.last_of_month(),
        day.year(),
        day.days_in_month(),
    )
}

fn platform_rows() -> Vec<String> {
    let mut rows = Vec::new();
    for (place, names) in PLATFORMS.iter().enumerate() {
        let names = names.iter().map(|name| quote(name)).collect::<Vec<_>>().join(", ");
        rows.push(format!("({names}, {})", place + 1));
    }
    rows
}

fn price_rows() -> Vec<String> {
    let mut rows = Vec::new();
    for price in PRICES {
        for ((token_type, class), usd) in TOKEN_TYPES.iter().zip(price.usd_per_million) {
            let max_prompt = price.max_prompt_tokens.map_or("NULL".to_owned(), |tokens| tokens.to_string());
            let mut row =
                format!("({}, {}, {}, {max_prompt}, ", quote(price.model), quote(token_type), quote(class));
            write!(row, "{usd}, DATE '{}', ", price.valid_from).expect("a String grows");
            match price.valid_to {
                Some(day) => write!(row, "DATE '{day}')").expect("a String grows"),
                None => row.push_str("NULL)"),
            }
            rows.push(row);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_knows_its_week_month_and_quarter() {
        for (day, row) in [
            (
                date(2026, 11, 22),
                "(DATE '2026-11-22', DATE '2026-11-01', DATE '2026-11-30', DATE '2026-11-16', DATE '2026-10-01', 2026, 30, false)",
            ),
            (
                date(2024, 2, 29),
                "(DATE '2024-02-29', DATE '2024-02-01', DATE '2024-02-29', DATE '2024-02-26', DATE '2024-01-01', 2024, 29, true)",
            ),
        ] {
            assert_eq!(calendar_row(day), row);
        }
        assert_eq!(calendar_rows().len(), 2_557);
    }

    #[test]
    fn the_prices_of_a_model_never_overlap() {
        for (place, one) in PRICES.iter().enumerate() {
            for other in PRICES.iter().skip(place + 1) {
                let same = one.model == other.model && one.max_prompt_tokens == other.max_prompt_tokens;
                let apart = |a: &Price, b: &Price| a.valid_to.is_some_and(|end| end < b.valid_from);
                assert!(!same || apart(one, other) || apart(other, one), "{}", one.model);
            }
        }
    }
}
