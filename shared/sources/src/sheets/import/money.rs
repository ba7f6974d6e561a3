//! What a sheet says in money: the pipeline's own reader, run over the file as it is and as it would be.

use std::collections::BTreeMap;

use aispend_model::{Feed, Money, day_from_number};
use aispend_proto::v1::RecordSet;
use jiff::civil::Date;

use super::super::sheet::Reader;
use super::{ImportError, Version, sheet_of};
use crate::Records;

/// Money by what it is for (platform, vendor and scope, or the budget's level) and month (`2026-10`). Dollars, unless the
/// name says otherwise. Empty for sheets that hold none.
pub type Sums = BTreeMap<(String, String), Money>;

/// Reads a sheet's money as a run on that day would. `since`: the first day of all data, for seats that began before.
///
/// # Errors
/// When it is no sheet.
pub fn money(
    feed: Feed,
    version: Option<&Version<'_>>,
    today: Date,
    since: Date,
) -> Result<Sums, ImportError> {
    let mut sums = Sums::new();
    let (Some(version), Some(sheet)) = (version.filter(|version| !version.is_empty()), sheet_of(feed)) else {
        return Ok(sums);
    };
    let table = version.table(sheet)?;
    let mut take = |set: RecordSet| add(&mut sums, &set);
    let mut records = Records::new(&mut take);
    let mut reader = Reader {
        table: &table,
        today,
        since: Some(since),
        document: 0,
        records: &mut records,
        refused: Vec::new(),
    };
    (sheet.read)(&mut reader);
    records.flush();
    Ok(sums)
}

fn add(sums: &mut Sums, set: &RecordSet) {
    let mut one = |of: String, day: i32, nanos: i64| {
        let month =
            day_from_number(day).map_or_else(|_| String::new(), |day| day.strftime("%Y-%m").to_string());
        *sums.entry((of, month)).or_default() += Money::from_nanos(i128::from(nanos));
    };
    for row in &set.claude_expenses {
        one(row.platform.clone(), row.expense_date, row.cost_usd);
    }
    for row in &set.cursor_expenses {
        one("cursor".to_owned(), row.expense_date, row.estimated_cost_usd);
    }
    for row in &set.dim_budget {
        let level = match (&row.platform, &row.team) {
            (None, None) => "all".to_owned(),
            (Some(platform), None) => platform.clone(),
            (None, Some(team)) => format!("team {team}"),
            (Some(platform), Some(team)) => format!("{platform}, team {team}"),
        };
        one(level, row.month, row.budget_usd);
    }
    for row in &set.invoices {
        let of = format!("{} {}", row.vendor, row.scope);
        match row.usd_amount {
            Some(usd) => one(of, row.period_start, usd),
            // Not dollars, and nobody said how many: its own line, in its own currency.
            None => one(format!("{of} in {}", row.currency), row.period_start, row.amount),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn sums(feed: Feed, text: &str) -> Vec<String> {
        let sums =
            money(feed, Some(&Version::file(text.as_bytes())), date(2026, 11, 3), date(2026, 10, 1)).unwrap();
        sums.into_iter().map(|((of, month), money)| format!("{of} {month} {money}")).collect()
    }

    #[test]
    fn seats_cost_by_platform_and_month_up_to_yesterday() {
        let text = "vendor,user_email,price_usd,valid_from\ncursor,a@example.com,31,2026-10-01\nClaude,b@example.com,30,\n";
        assert_eq!(
            sums(Feed::SheetSeats, text),
            [
                "claude.ai 2026-10 30",
                "claude.ai 2026-11 2",
                "cursor 2026-10 31",
                "cursor 2026-11 2.066666668"
            ]
        );
    }

    #[test]
    fn other_sheets_say_their_money_by_level_scope_or_product() {
        let text = "user_email,product,total_net_spend_usd,period_start,period_end\na@example.com,Chat,3,2026-10-31,2026-11-02\n";
        assert_eq!(sums(Feed::SheetClaudeAiSpend, text), ["claude.ai 2026-10 1", "claude.ai 2026-11 2"]);
        let text = "month,platform,team,budget_usd\n2026-10,,,9\n2026-10,Cursor,,2\n2026-11,,Platform,3\n";
        assert_eq!(
            sums(Feed::SheetBudgets, text),
            ["all 2026-10 9", "cursor 2026-10 2", "team Platform 2026-11 3"]
        );
        let text = "vendor,invoice_id,period_start,period_end,scope,amount,currency,usd_amount\ncursor,1,2026-10-01,2026-10-31,seats,5,EUR,\ncursor,2,2026-10-01,2026-10-31,seats,5,EUR,6\n";
        assert_eq!(
            sums(Feed::SheetInvoices, text),
            ["cursor seats 2026-10 6", "cursor seats in EUR 2026-10 5"]
        );
        assert_eq!(sums(Feed::SheetPeople, "user_email\na@example.com\n"), [] as [&str; 0]);
        assert!(money(Feed::SheetSeats, None, date(2026, 1, 1), date(2026, 1, 1)).unwrap().is_empty());
    }
}
