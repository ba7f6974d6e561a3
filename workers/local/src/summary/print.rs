//! The summary on one screen.

use aispend_model::Money;

use super::{RejectedLine, Summary, Weight};
use crate::screen::{count, dollars};

/// Rejected records a person sees, and a machine.
const REJECTED_SHOWN: usize = 10;

impl Summary {
    /// For a person.
    pub fn print(&self, is_simulated: bool) {
        if is_simulated {
            println!("SIMULATED DATA: an invented company, no vendor was asked\n");
        }
        self.board.print();
        println!("This run ({} s)", self.seconds);
        println!(
            "  {:<24}{:>8}{:>11}{:>9}{:>8}{:>12}{:>16}",
            "feed", "loaded", "unchanged", "skipped", "failed", "rows", "USD"
        );
        for (feed, line) in &self.feeds {
            if line.loaded + line.unchanged + line.failed + line.parked == 0 {
                continue;
            }
            let shown = format!(
                "  {feed:<24}{:>8}{:>11}{:>9}{:>8}{:>12}{:>16}",
                line.loaded,
                line.unchanged,
                line.skipped,
                line.failed + line.parked,
                count(line.rows),
                if line.money == Money::ZERO { String::new() } else { dollars(line.money) }
            );
            println!("{}", shown.trim_end());
        }
        if self.read_again > 0 {
            println!(
                "  {} slices were read again: keys, workspaces or the mapping sheet decide them differently now",
                self.read_again
            );
        }
        for alert in &self.alerts {
            println!("\nALERT {} {}: {}", alert.severity, alert.id, alert.summary);
        }
        self.print_trouble();
        self.print_notes();
        println!("\nWarehouse: {}", self.warehouse);
    }

    fn print_trouble(&self) {
        for line in &self.vanished {
            println!(
                "\nVANISHED more than half of {}: {} rows ({} USD) became {} rows ({} USD)",
                line.slice,
                count(line.rows_before),
                line.usd_before,
                count(line.rows_after),
                line.usd_after
            );
        }
        if self.rejected_rows > 0 {
            println!("\n{} records were rejected", self.rejected_rows);
            for line in self.rejected.iter().take(REJECTED_SHOWN) {
                println!("  {}", line.shown());
            }
            if self.rejected_rows > REJECTED_SHOWN as u64 {
                println!(
                    "  … all: aispend query \"SELECT place, field, reason FROM ai_usage_analytics.rejected_records\""
                );
            }
        }
        for lost in &self.not_to_be_had {
            println!("\nNot to be had: {} of {}, {}", lost.feed, lost.org_id, days(&lost.days));
            if !lost.reason.is_empty() {
                println!("  {}", lost.reason);
            }
        }
        if self.is_overdue {
            println!("\nThe run's deadline ended it; what is missing stays due.");
        }
        for trouble in &self.trouble {
            let of =
                if trouble.days.is_empty() { String::new() } else { format!(": {}", days(&trouble.days)) };
            println!("\n{} {}{of}", trouble.subject, trouble.state);
            println!("  {}", trouble.detail);
            if !trouble.remedy.is_empty() {
                println!("  → {}", trouble.remedy);
            }
        }
    }

    fn print_notes(&self) {
        for note in &self.notes {
            println!("\n{}: {}", note.subject, note.message);
            if !note.remedy.is_empty() {
                println!("  → {}", note.remedy);
            }
        }
        if !self.worth_knowing.is_empty() {
            println!("\nWorth knowing");
            let warnings = self.worth_knowing.keys().filter(|(weight, _)| *weight == Weight::Warning).count();
            let shown = warnings.clamp(8, 30);
            for ((_, text), times) in self.worth_knowing.iter().take(shown) {
                println!("  {text} ({times}×)");
            }
            if self.worth_knowing.len() > shown {
                println!(
                    "  … and {} more: aispend query \"SELECT slice_key, findings FROM ai_usage_analytics.slice_loads\"",
                    self.worth_knowing.len() - shown
                );
            }
        }
    }
}

impl RejectedLine {
    fn shown(&self) -> String {
        if self.place.starts_with("sheet") {
            format!("{}, column {}: {}", self.place, self.column, self.reason)
        } else {
            format!("{}, {}, {}: {}", self.slice, self.place, self.column, self.reason)
        }
    }
}

fn days(days: &[String]) -> String {
    match days {
        [] => String::new(),
        [one] => one.clone(),
        [first, .., last] => format!("{} days, {first} to {last}", days.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejected_row_says_sheet_row_column_and_reason() {
        let line = RejectedLine {
            slice: "sheets/api-key-mapping|sheets|all".to_owned(),
            place: "sheet \"API keys\", row 14".to_owned(),
            column: "api_key_id".to_owned(),
            reason: "api_key_id is empty".to_owned(),
            usd: "0".to_owned(),
        };
        assert_eq!(line.shown(), "sheet \"API keys\", row 14, column api_key_id: api_key_id is empty");
    }
}
