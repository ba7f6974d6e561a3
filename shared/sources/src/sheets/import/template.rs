//! An empty sheet to begin with.

use aispend_model::Feed;

use super::lines::row_text;
use super::sheet_of;

/// The header of a sheet, and an example row that begins with `#`: an import skips it until the mark is taken away.
pub fn template(feed: Feed) -> Option<String> {
    let sheet = sheet_of(feed)?;
    let header = row_text(sheet.columns.iter().map(|column| column.name));
    let cells = sheet.columns.iter().map(|column| example(feed, column.name)).collect::<Vec<_>>();
    Some(format!("{header}\n# {}\n", row_text(cells)))
}

fn example(feed: Feed, column: &str) -> &'static str {
    match (feed, column) {
        (_, "user_email") => "ana@example.com",
        (_, "name") => "Ana Example",
        (_, "department") => "Engineering",
        (Feed::SheetBudgets, "team") => "",
        (_, "team") => "Platform",
        (_, "manager_email" | "approved_by") => "lee@example.com",
        (_, "api_key_id") => "apikey_EXAMPLE",
        (_, "platform") => "claude_api",
        (_, "purpose") => "nightly tests",
        (_, "status") => "active",
        (Feed::SheetInvoices, "vendor") => "anthropic",
        (_, "vendor") => "cursor",
        (Feed::SheetClaudeAiSpend, "product") => "Claude Code",
        (Feed::SheetClaudeAiSpend, "model") => "claude-example",
        (_, "plan") => "Teams Standard",
        (_, "price_usd") => "40.00",
        (_, "billing") => "monthly",
        (_, "cycle_day") => "1",
        (_, "valid_from" | "period_start") => "2026-01-01",
        (_, "period_end") => "2026-01-31",
        (_, "month") => "2026-01",
        (_, "budget_usd") => "9000.00",
        (_, "invoice_id") => "EXAMPLE-1",
        (_, "scope") => "usage",
        (_, "currency") => "USD",
        (_, "amount" | "total_net_spend_usd") => "12.34",
        (_, "activity_date") => "2026-01-15",
        (_, "conversation_count") => "3",
        (_, "message_count") => "17",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Incoming, all, merge};
    use super::*;

    #[test]
    fn a_template_is_imported_as_nothing_and_its_example_as_a_row_without_fault() {
        for feed in all() {
            let text = template(feed).unwrap();
            let imported = |text: &str| {
                let incoming = Incoming { name: "t.csv", bytes: text.as_bytes(), period: None };
                merge(feed, None, &incoming).unwrap()
            };
            let merged = imported(&text);
            assert_eq!((merged.added.len(), merged.refused.len(), merged.skipped), (0, 0, 1), "{feed}");
            let merged = imported(&text.replace("\n# ", "\n"));
            assert_eq!(merged.refused, [], "{feed}");
            assert_eq!(merged.added.len(), 1, "{feed}");
        }
    }
}
