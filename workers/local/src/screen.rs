//! Screens a person reads: where the money goes, settings, and what to do without keys.

use std::process::ExitCode;

use aispend_config::Settings;
use aispend_model::Money;
use aispend_tables::{Cell, QueryResult};

use crate::failure::Failure;
use crate::site::Site;

/// What `run` says without any key.
pub const NO_KEYS: &str = "aispend needs a key of at least one vendor:

  ANTHROPIC_ADMIN_KEY      Claude Console: Settings › Admin keys (sk-ant-admin01-…); Claude API and Claude Code
  ANTHROPIC_ANALYTICS_KEY  claude.ai Enterprise: Organization settings › API, scope read:analytics
  CURSOR_ADMIN_KEY         Cursor: Dashboard › API keys, made by a team admin

Set one, for example
  export CURSOR_ADMIN_KEY=crsr_…
and run again; `aispend config` shows every setting. To look around first, without a key: aispend demo";

/// The table twin of a board: who or what, and how much.
type Lines = Vec<(String, Money, String)>;

/// Where the money goes, from the published warehouse.
#[derive(Debug, Default)]
pub struct Board {
    period: String,
    total: Money,
    platforms: Lines,
    teams: Lines,
    people: Lines,
    unattributed: Money,
    checks: Vec<(String, String, String)>,
}

/// Reads the board.
pub async fn board(site: &Site) -> Result<Board, Failure> {
    let facts = "ai_usage_analytics.fct_cost_daily";
    let lines = async |by: &str, limit: u32| -> Result<Lines, Failure> {
        let sql = format!(
            "SELECT {by} AS who, SUM(cost_usd) AS cost, COUNT(DISTINCT user_email) AS people FROM {facts} \
             WHERE user_email <> 'unknown@unattributed.com' OR '{by}' = 'platform' OR ('{by}' = 'team' AND team IS NOT NULL) \
             GROUP BY 1 HAVING SUM(cost_usd) <> 0 ORDER BY 2 DESC, 1 LIMIT {limit}"
        );
        Ok(site
            .query(&sql)
            .await?
            .rows
            .iter()
            .map(|row| (text(row, 0), money(row, 1), text(row, 2)))
            .collect())
    };
    let overall = site
        .query(&format!(
            "SELECT MIN(cost_date) AS first_day, MAX(cost_date) AS last_day, SUM(cost_usd) AS cost, \
             SUM(CASE WHEN user_email = 'unknown@unattributed.com' THEN cost_usd ELSE 0 END) AS unattributed FROM {facts}"
        ))
        .await?;
    let first = overall.rows.first().cloned().unwrap_or_default();
    let checks = site
        .query(
            "SELECT check_name, status, detail, ROUND(measured_value, 2) AS measured, target \
             FROM ai_usage_analytics.vw_data_quality_dashboard ORDER BY check_name",
        )
        .await?;
    Ok(Board {
        period: format!("{} to {}", text(&first, 0), text(&first, 1)),
        total: money(&first, 2),
        unattributed: money(&first, 3),
        platforms: lines("platform", 10).await?,
        teams: lines("team", 8).await?,
        people: lines("user_email", 8).await?,
        checks: checks
            .rows
            .iter()
            .map(|row| {
                let measured = format!("{} {} (target {})", text(row, 3), text(row, 2), text(row, 4));
                (text(row, 0), text(row, 1), measured)
            })
            .collect(),
    })
}

impl Board {
    /// On standard output.
    pub fn print(&self) {
        if self.platforms.is_empty() {
            println!("Nothing is spent yet.\n");
            return;
        }
        println!("AI spend {}: {} USD\n", self.period, dollars(self.total));
        self.section("By platform", &self.platforms);
        self.section("By team", &self.teams);
        self.section("Top people", &self.people);
        println!(
            "Unattributed  {:>16} USD  ({})",
            dollars(self.unattributed),
            percent(self.unattributed, self.total)
        );
        println!();
        if !self.checks.is_empty() {
            let is_good = |status: &str| matches!(status, "ok" | "pass" | "info");
            let good = self.checks.iter().filter(|(_, status, _)| is_good(status)).count();
            println!("Checks        {good} of {} pass", self.checks.len());
            for (name, status, detail) in self.checks.iter().filter(|(_, status, _)| !is_good(status)) {
                println!("  {status:<8} {name:<28} {detail}");
            }
            println!();
        }
    }

    fn section(&self, title: &str, lines: &Lines) {
        if lines.is_empty() {
            return;
        }
        println!("{title}");
        for (who, cost, people) in lines {
            let who = if who.is_empty() { "(no team)" } else { who };
            let people = if title == "By team" { format!("{people} people") } else { String::new() };
            let line = format!(
                "  {who:<36}{:>16}  {:>6}  {}  {people}",
                dollars(*cost),
                percent(*cost, self.total),
                bar(*cost, self.total)
            );
            println!("{}", line.trim_end());
        }
        println!();
    }
}

/// A share as a bar of at most 20 marks.
fn bar(part: Money, whole: Money) -> String {
    if whole.nanos() <= 0 {
        return String::new();
    }
    let marks = (part.nanos() * 20 + whole.nanos() / 2) / whole.nanos();
    "█".repeat(usize::try_from(marks).unwrap_or(0).min(20))
}

fn percent(part: Money, whole: Money) -> String {
    if whole == Money::ZERO {
        return "–".to_owned();
    }
    let tenths = part.nanos() * 1_000 / whole.nanos();
    format!("{}.{} %", tenths / 10, (tenths % 10).abs())
}

/// An amount for a person: cents, thousands apart.
pub fn dollars(amount: Money) -> String {
    let cents = (amount.nanos().abs() + 5_000_000) / 10_000_000;
    let sign = if amount.nanos() < 0 && cents > 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", count(u64::try_from(cents / 100).unwrap_or(u64::MAX)), cents % 100)
}

/// A count for a person: thousands apart.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn text(row: &[Cell], place: usize) -> String {
    row.get(place).map(ToString::to_string).unwrap_or_default()
}

fn money(row: &[Cell], place: usize) -> Money {
    Money::from_dollars(&text(row, place)).map_or(Money::ZERO, |rounded| rounded.money)
}

/// `aispend config`.
pub fn config(settings: &Settings) -> ExitCode {
    for (name, variable, shown, origin, sentence) in settings.shown() {
        println!("{name} = {shown}");
        println!("    {sentence} {variable}, from {origin}.");
    }
    ExitCode::SUCCESS
}

/// An answer as columns.
pub fn table(result: &QueryResult) -> String {
    use std::fmt::Write as _;

    use aispend_duckdb::CellKind;
    let cells: Vec<Vec<String>> = result
        .rows
        .iter()
        .map(|row| {
            row.iter()
                .map(|cell| if *cell == Cell::Null { "–".to_owned() } else { cell.to_string() })
                .collect()
        })
        .collect();
    let widths: Vec<usize> = result
        .columns
        .iter()
        .enumerate()
        .map(|(place, column)| {
            let widest = cells.iter().filter_map(|row| row.get(place)).map(|cell| cell.chars().count()).max();
            column.name.chars().count().max(widest.unwrap_or(0))
        })
        .collect();
    let mut out = String::new();
    let mut line = |texts: Vec<&str>| {
        for ((text, width), column) in texts.iter().zip(&widths).zip(&result.columns) {
            let is_number = matches!(column.kind, CellKind::Integer | CellKind::Decimal | CellKind::Float);
            // Writing to a String cannot fail.
            if is_number { write!(out, "{text:>width$}  ") } else { write!(out, "{text:<width$}  ") }
                .unwrap_or_default();
        }
        out.truncate(out.trim_end_matches(' ').len());
        out.push('\n');
    };
    line(result.columns.iter().map(|column| column.name.as_str()).collect());
    for row in &cells {
        line(row.iter().map(String::as_str).collect());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_rounded_to_cents_and_grouped() {
        let shown = |nanos| dollars(Money::from_nanos(nanos));
        assert_eq!(shown(1_234_567_895_000_000), "1,234,567.90");
        assert_eq!(shown(-5_000_000), "-0.01");
        assert_eq!(shown(4_999_999), "0.00");
        assert_eq!(shown(-4_999_999), "0.00");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_000), "1,000");
    }
}
