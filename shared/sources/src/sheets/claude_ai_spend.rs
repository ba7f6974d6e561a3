//! Usage credits of Team plans: the vendor's CSV, with the period it was exported for.

use aispend_model::{Feed, Money, Rounded, allocate, day_number};
use aispend_proto::Table as Target;
use aispend_proto::v1::ClaudeExpense;
use jiff::civil::Date;

use super::cells::{Cells, Fault, Validity};
use super::overlap::Overlaps;
use super::sheet::{Reader, Sheet};
use super::table::Column;

pub(super) const SHEET: Sheet = Sheet {
    feed: Feed::SheetClaudeAiSpend,
    tables: &[Target::ClaudeExpenses],
    columns: &[
        Column::required("user_email"),
        Column::optional("account_uuid"),
        Column::optional("product"),
        Column::optional("model"),
        Column::optional("model_family"),
        Column::optional("total_requests"),
        Column::optional("total_prompt_tokens"),
        Column::optional("total_completion_tokens"),
        Column::required("total_net_spend_usd"),
        Column::optional("total_gross_spend_usd"),
        Column::required("period_start"),
        Column::required("period_end"),
    ],
    read,
};

/// The vendor exports at most 90 days; a year is a typing mistake.
const LONGEST_DAYS: i32 = 366;

fn read(reader: &mut Reader) {
    let mut taken = Overlaps::new();
    for (line, cells) in Reader::rows(reader.table) {
        let row = cells.and_then(spend).and_then(|spend| {
            let key = (spend.row.user_email.clone(), spend.row.product.clone(), spend.row.model.clone());
            let period = Validity { from: Some(spend.start), to: Some(spend.end) };
            taken.take(
                "period_start",
                "person, product and model for some of these days",
                key,
                period,
                line.number,
            )?;
            let days = spend.days()?;
            Ok((spend, days))
        });
        match row {
            Ok((spend, days)) => {
                let net = reader.records.amount(spend.net);
                reader.records.stated += net;
                if let Some(gross) = spend.gross {
                    reader.records.amount(gross);
                }
                for day in days {
                    reader.records.push(ClaudeExpense { document: reader.document, ..day });
                }
            }
            Err(fault) => {
                let cells = Cells { table: reader.table, line };
                let net =
                    cells.money("total_net_spend_usd").ok().flatten().map_or(Money::ZERO, |net| net.money);
                reader.reject(Target::ClaudeExpenses, line, &fault, net);
            }
        }
    }
}

/// One line of the export.
struct Spend {
    /// What every day of it has in common.
    row: ClaudeExpense,
    net: Rounded,
    gross: Option<Rounded>,
    start: Date,
    end: Date,
}

fn spend(cells: Cells) -> Result<Spend, Fault> {
    let net = cells.needed_money("total_net_spend_usd")?;
    let gross = cells.money("total_gross_spend_usd")?;
    let (start, end) = (cells.needed_day("period_start")?, cells.needed_day("period_end")?);
    if end < start {
        return Err(Fault::new("period_end", format!("period_end {end} is before period_start {start}")));
    }
    if day_number(end) - day_number(start) >= LONGEST_DAYS {
        return Err(Fault::new("period_end", format!("{start} to {end} is longer than a year")));
    }
    let product = cells.text("product");
    let row = ClaudeExpense {
        platform: platform(product.as_deref()).to_owned(),
        platform_rule: "product".to_owned(),
        model: cells.text("model"),
        cost_type: Some("usage_credits".to_owned()),
        cost_class: "usage".to_owned(),
        user_email: cells.email("user_email"),
        product,
        allocation: "reported".to_owned(),
        ..ClaudeExpense::default()
    };
    Ok(Spend { row, net, gross, start, end })
}

impl Spend {
    /// A row a day, by largest remainder: the days add up to the line.
    fn days(&self) -> Result<Vec<ClaudeExpense>, Fault> {
        let first = day_number(self.start);
        let weights: Vec<u64> = (first..=day_number(self.end)).map(|_| 1).collect();
        let split = |column, amount: Money| -> Result<Vec<i64>, Fault> {
            let parts = allocate(amount, &weights).map_err(|error| Fault::new(column, error.to_string()))?;
            parts
                .into_iter()
                .map(|part| part.wire().map_err(|error| Fault::new(column, error.to_string())))
                .collect()
        };
        let net = split("total_net_spend_usd", self.net.money)?;
        let gross = self.gross.map(|gross| split("total_gross_spend_usd", gross.money)).transpose()?;
        let mut gross = gross.into_iter().flatten();
        let days = (first..).zip(net).map(|(day, cost)| ClaudeExpense {
            expense_date: day,
            cost_usd: cost,
            list_cost_usd: gross.next(),
            ..self.row.clone()
        });
        Ok(days.collect())
    }
}

fn platform(product: Option<&str>) -> &'static str {
    let letters: String = product.unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).collect();
    if letters.eq_ignore_ascii_case("claudecode") { "claude_code" } else { "claude.ai" }
}

#[cfg(test)]
mod tests {
    use aispend_model::day_from_number;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_claude_code_is_claude_code() {
        for (product, expected) in [
            (Some("Claude Code"), "claude_code"),
            (Some("claude_code"), "claude_code"),
            (Some("Chat"), "claude.ai"),
            (Some("Claude Code Review"), "claude.ai"),
            (None, "claude.ai"),
        ] {
            assert_eq!(platform(product), expected, "{product:?}");
        }
    }

    proptest! {
        #[test]
        fn the_days_add_up_to_the_line(nanos in any::<i64>(), length in 0_i32..366) {
            let rounded = Money::from_dollars(&Money::from_nanos(i128::from(nanos)).to_string()).unwrap();
            let (start, end) = (day_from_number(20_000).unwrap(), day_from_number(20_000 + length).unwrap());
            let spend = Spend { row: ClaudeExpense::default(), net: rounded, gross: Some(rounded), start, end };
            let days = spend.days().unwrap();
            prop_assert_eq!(days.len() as i32, length + 1);
            prop_assert_eq!(days.iter().map(|day| i128::from(day.cost_usd)).sum::<i128>(), i128::from(nanos));
            prop_assert_eq!(days.iter().filter_map(|day| day.list_cost_usd).map(i128::from).sum::<i128>(), i128::from(nanos));
        }
    }
}
