//! What may be spent, by month.

use std::collections::BTreeSet;

use aispend_model::{Feed, Money, Rounded, day_number};
use aispend_proto::Table as Target;
use aispend_proto::v1::Budget;

use super::cells::{Cells, Fault};
use super::sheet::{Reader, Sheet};
use super::table::Column;
use crate::Severity;

pub(super) const SHEET: Sheet = Sheet {
    feed: Feed::SheetBudgets,
    tables: &[Target::DimBudget],
    columns: &[
        Column::required("month"),
        Column::optional("platform"),
        Column::optional("team").or(&["team_name"]),
        Column::required("budget_usd"),
        Column::optional("approved_by"),
    ],
    read,
};

fn read(reader: &mut Reader) {
    let mut seen = BTreeSet::new();
    for (line, cells) in Reader::rows(reader.table) {
        match cells.and_then(budget) {
            Ok((budget, amount)) => {
                if !seen.insert((budget.month, budget.platform.clone(), budget.team.clone())) {
                    let message = "two budgets for one month, platform and team; both count";
                    reader.records.find("duplicate_rows", Severity::Warning, message);
                }
                reader.records.amount(amount);
                reader.records.push(Budget { document: reader.document, ..budget });
            }
            // A budget is no billed money: a refused one takes nothing from any total.
            Err(fault) => reader.reject(Target::DimBudget, line, &fault, Money::ZERO),
        }
    }
}

fn budget(cells: Cells) -> Result<(Budget, Rounded), Fault> {
    let amount = cells.needed_money("budget_usd")?;
    let budget = Budget {
        document: 0,
        month: day_number(cells.needed_month("month")?),
        platform: cells.word("platform"),
        team: cells.text("team"),
        budget_usd: amount.money.wire().map_err(|error| Fault::new("budget_usd", error.to_string()))?,
        approved_by: cells.text("approved_by"),
    };
    Ok((budget, amount))
}
