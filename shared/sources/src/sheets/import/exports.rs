//! The vendors' own CSV exports: recognised by their headers, and turned into our columns or refused with the reason.

use aispend_model::Feed;
use jiff::civil::Date;

use super::document::Document;
use super::{ImportError, short_name};

/// What claude.ai's analytics page exports: a row for each person, product and model over a period that it does not name.
const SPEND_REPORT: &str = "the spend report of claude.ai";

/// Knows an export by its header.
fn recognise(names: &[String]) -> Option<&'static str> {
    let has = |name: &str| names.iter().any(|known| known == name);
    if has("total_net_spend_usd") && has("user_email") {
        Some(SPEND_REPORT)
    } else if has("usage_date_utc") && has("cost_usd") {
        Some("the cost export of the Claude Console")
    } else if has("usage_date_utc") && has("usage_output_tokens") {
        Some("the usage export of the Claude Console")
    } else {
        None
    }
}

/// Gives an export the columns of the sheet. The name of the export, where the file is one.
///
/// # Errors
/// Where the sheet has no place for it, or its days are not known.
pub(super) fn adapt(
    name: &str,
    feed: Feed,
    document: &mut Document,
    period: Option<(Date, Date)>,
) -> Result<Option<&'static str>, ImportError> {
    let wrong =
        |reason: String, remedy: String| Err(ImportError::Export { place: name.to_owned(), reason, remedy });
    let export = recognise(&document.names);
    match export {
        Some(SPEND_REPORT) if feed == Feed::SheetClaudeAiSpend => {}
        Some(SPEND_REPORT) => {
            let sheet = short_name(Feed::SheetClaudeAiSpend);
            return wrong(
                format!("this is {SPEND_REPORT}, not the sheet {}", short_name(feed)),
                format!("aispend import {sheet} {name} --from YYYY-MM-DD --to YYYY-MM-DD"),
            );
        }
        Some(export) => {
            return wrong(
                format!("this is {export}: `aispend run` reads the same figures, exactly and by key, from the API"),
                "set ANTHROPIC_ADMIN_KEY and run `aispend run`; to check an invoice, import its total into invoices".to_owned(),
            );
        }
        None => {}
    }
    if feed != Feed::SheetClaudeAiSpend {
        return match period {
            None => Ok(export),
            Some(_) => wrong(
                format!(
                    "--from and --to say which days an export of claude-ai-spend covers, and this is {}",
                    short_name(feed)
                ),
                "leave --from and --to out".to_owned(),
            ),
        };
    }
    let has_period =
        ["period_start", "period_end"].map(|column| document.names.iter().any(|name| name == column));
    match (has_period, period) {
        ([true, true], None) => {}
        ([false, false], Some((from, to))) => state_period(document, from, to),
        ([false, false], None) => {
            return wrong(
                "the export does not name the days that it covers".to_owned(),
                "say them as they were chosen at the export, both included: --from YYYY-MM-DD --to YYYY-MM-DD".to_owned(),
            );
        }
        (_, Some(_)) => {
            return wrong(
                "the file names its own days, and --from and --to name days as well".to_owned(),
                "leave --from and --to out, or take period_start and period_end out of the file".to_owned(),
            );
        }
        (_, None) => {
            return wrong(
                "the file has one of the columns period_start and period_end".to_owned(),
                "give each row both".to_owned(),
            );
        }
    }
    Ok(export)
}

fn state_period(document: &mut Document, from: Date, to: Date) {
    let width =
        document.lines.iter().map(|line| line.cells.len()).max().unwrap_or(0).max(document.names.len());
    for (column, day) in [("period_start", from), ("period_end", to)] {
        let place = if column == "period_start" { width } else { width + 1 };
        document.names.resize(place, String::new());
        document.header.resize(place, String::new());
        document.names.push(column.to_owned());
        document.header.push(column.to_owned());
        // A row without anything stays blank.
        for line in
            document.lines.iter_mut().filter(|line| line.cells.iter().any(|cell| !cell.trim().is_empty()))
        {
            line.cells.resize(place, String::new());
            line.cells.push(day.to_string());
        }
    }
}
