//! Rows that every warehouse begins with: the calendar, names of platforms, list prices, assumptions.

use jiff::civil::{Date, Weekday, date};

use crate::{
    DATASET, Engine,
    prices::{LIST_PRICES, TOKEN_TYPES},
    table::{double_quote, quote},
    template::render,
};

const FIRST_DAY: Date = date(2024, 1, 1);
const LAST_DAY: Date = date(2030, 12, 31);

/// Platform in the six tables, in `vw_*`, in `fct_*`, for people, vendor. In the order of every dashboard.
const PLATFORMS: &[[&str; 5]] = &[
    ["claude_code", "claude_code", "claude_code", "Claude Code", "anthropic"],
    ["claude.ai", "claude_ai", "claude_web", "Claude.ai", "anthropic"],
    ["claude_api", "claude_api", "claude_api", "Claude API", "anthropic"],
    ["cursor", "cursor", "cursor", "Cursor", "cursor"],
];

/// Name, value, unit, note.
pub const ASSUMPTIONS: &[[&str; 4]] = &[
    [
        "value_per_line_usd",
        "50",
        "USD per accepted line",
        "what requirement 003 values a line at; not measured",
    ],
    ["developer_hourly_usd", "50", "USD per hour", "what an hour of a developer is taken to cost"],
];

/// Statements that bring the seed rows up to date. Safe any number of times; assumptions that are there are kept.
pub fn seeds(engine: Engine) -> Vec<String> {
    let mut statements = Vec::new();
    for seed in [calendar(), platforms(), prices()] {
        statements.push(format!("DELETE FROM {DATASET}.{} WHERE TRUE", seed.table));
        statements.push(match engine {
            Engine::DuckDb => seed.insert_values(),
            Engine::BigQuery => seed.insert_split(),
        });
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

/// The rows of a table that every warehouse begins with.
struct Seed {
    table: &'static str,
    /// Name and type.
    columns: &'static [(&'static str, &'static str)],
    /// An empty cell is NULL.
    rows: Vec<Vec<String>>,
}

impl Seed {
    fn columns(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    fn insert_values(&self) -> String {
        let rows: Vec<String> = self.rows.iter().map(|row| format!("({})", self.literals(row))).collect();
        format!("INSERT INTO {DATASET}.{} ({}) VALUES\n{}", self.table, self.columns(), rows.join(",\n"))
    }

    fn literals(&self, row: &[String]) -> String {
        let literal = |(cell, (_, kind)): (&String, &(&str, &str))| match (cell.as_str(), *kind) {
            ("", _) => "NULL".to_owned(),
            (cell, "STRING") => quote(cell),
            (cell, "DATE") => format!("DATE '{cell}'"),
            (cell, _) => cell.to_owned(),
        };
        row.iter().zip(self.columns).map(literal).collect::<Vec<_>>().join(", ")
    }

    /// All rows as one text: BigQuery plans thousands of literals for a long time.
    fn insert_split(&self) -> String {
        let rows: Vec<String> = self.rows.iter().map(|row| row.join("|")).collect();
        let cell = |(place, (name, kind)): (usize, &(&str, &str))| {
            let kind = render(kind, Engine::BigQuery);
            format!("CAST(NULLIF(SPLIT(row_text, '|')[OFFSET({place})], '') AS {kind}) AS {name}")
        };
        let cells: Vec<String> = self.columns.iter().enumerate().map(cell).collect();
        format!(
            "INSERT INTO {DATASET}.{} ({})\nSELECT\n    {}\nFROM UNNEST(SPLIT({}, ';')) AS row_text",
            self.table,
            self.columns(),
            cells.join(",\n    "),
            double_quote(&rows.join(";")),
        )
    }
}

fn calendar() -> Seed {
    let days = FIRST_DAY.series(jiff::Span::new().days(1)).take_while(|day| *day <= LAST_DAY);
    Seed {
        table: "dim_calendar",
        columns: &[
            ("day", "DATE"),
            ("month", "DATE"),
            ("month_end", "DATE"),
            ("week", "DATE"),
            ("quarter", "DATE"),
            ("year", "INT64"),
            ("days_in_month", "INT64"),
            ("is_weekday", "BOOL"),
        ],
        rows: days.map(calendar_row).collect(),
    }
}

fn calendar_row(day: Date) -> Vec<String> {
    let monday = day.saturating_sub(jiff::Span::new().days(i64::from(day.weekday().to_monday_zero_offset())));
    let quarter = date(day.year(), (day.month() - 1) / 3 * 3 + 1, 1);
    let is_weekday = !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    vec![
        day.to_string(),
        day.first_of_month().to_string(),
        day.last_of_month().to_string(),
        monday.to_string(),
        quarter.to_string(),
        day.year().to_string(),
        day.days_in_month().to_string(),
        is_weekday.to_string(),
    ]
}

fn platforms() -> Seed {
    let row = |(place, names): (usize, &[&str; 5])| {
        names.iter().map(|name| (*name).to_owned()).chain([(place + 1).to_string()]).collect()
    };
    Seed {
        table: "dim_platform",
        columns: &[
            ("platform", "STRING"),
            ("view_name", "STRING"),
            ("fact_name", "STRING"),
            ("label", "STRING"),
            ("vendor", "STRING"),
            ("sort_order", "INT64"),
        ],
        rows: PLATFORMS.iter().enumerate().map(row).collect(),
    }
}

fn prices() -> Seed {
    let mut rows = Vec::new();
    for price in LIST_PRICES {
        for ((token_type, class), usd) in TOKEN_TYPES.iter().zip(price.usd_per_million) {
            rows.push(vec![
                price.model.to_owned(),
                (*token_type).to_owned(),
                (*class).to_owned(),
                price.max_prompt_tokens.map(|tokens| tokens.to_string()).unwrap_or_default(),
                usd.to_owned(),
                price.valid_from.to_string(),
                price.valid_to.map(|day| day.to_string()).unwrap_or_default(),
            ]);
        }
    }
    Seed {
        table: "dim_price",
        columns: &[
            ("model", "STRING"),
            ("token_type", "STRING"),
            ("token_class", "STRING"),
            ("max_prompt_tokens", "INT64"),
            ("usd_per_million", "{{numeric}}"),
            ("valid_from", "DATE"),
            ("valid_to", "DATE"),
        ],
        rows,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_knows_its_week_month_and_quarter() {
        for (day, row) in [
            (date(2026, 11, 22), "2026-11-22 2026-11-01 2026-11-30 2026-11-16 2026-10-01 2026 30 false"),
            (date(2024, 2, 29), "2024-02-29 2024-02-01 2024-02-29 2024-02-26 2024-01-01 2024 29 true"),
        ] {
            assert_eq!(calendar_row(day).join(" "), row);
        }
        assert_eq!(calendar().rows.len(), 2_557);
    }

    #[test]
    fn a_seed_has_the_columns_of_its_table_and_cells_that_can_be_parted() {
        for seed in [calendar(), platforms(), prices()] {
            let table = crate::tables().into_iter().find(|table| table.name == seed.table).unwrap();
            let declared: Vec<(&str, &str)> =
                table.columns.iter().map(|column| (column.name.as_str(), column.kind.as_str())).collect();
            assert_eq!(seed.columns, declared);
            for row in &seed.rows {
                assert_eq!(row.len(), seed.columns.len());
                assert!(row.iter().all(|cell| !cell.contains(['|', ';'])), "{row:?}");
            }
        }
    }

    #[test]
    fn every_engine_gets_the_rows_in_its_own_way() {
        let seed = Seed {
            table: "dim_t",
            columns: &[("name", "STRING"), ("day", "DATE"), ("usd", "{{numeric}}")],
            rows: vec![
                vec!["it's".into(), "2026-01-01".into(), "1.5".into()],
                vec!["b".into(), String::new(), "2".into()],
            ],
        };
        assert_eq!(
            seed.insert_values(),
            "INSERT INTO ai_usage_analytics.dim_t (name, day, usd) VALUES\n('it''s', DATE '2026-01-01', 1.5),\n('b', NULL, 2)"
        );
        assert_eq!(
            seed.insert_split(),
            "INSERT INTO ai_usage_analytics.dim_t (name, day, usd)\nSELECT\n    \
             CAST(NULLIF(SPLIT(row_text, '|')[OFFSET(0)], '') AS STRING) AS name,\n    \
             CAST(NULLIF(SPLIT(row_text, '|')[OFFSET(1)], '') AS DATE) AS day,\n    \
             CAST(NULLIF(SPLIT(row_text, '|')[OFFSET(2)], '') AS NUMERIC) AS usd\n\
             FROM UNNEST(SPLIT(\"it's|2026-01-01|1.5;b||2\", ';')) AS row_text"
        );
    }
}
