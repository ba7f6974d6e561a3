//! Brings a file of a person or a vendor into a sheet: read, compared row by row, merged by key. Nothing is ever wiped.
//! A tab of a spreadsheet is the sheet itself: what it says now is compared with what of it is loaded.

mod compare;
mod document;
mod error;
mod exports;
mod keys;
mod lines;
mod merge;
mod money;
mod outcome;
mod overlaps;
mod refuse;
mod rewrite;
mod sides;
mod template;
mod text;
mod version;

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod stories;

use aispend_model::{Feed, Money, Vendor};
use jiff::civil::{Date, date};

use super::cells::Fault;
use super::sheet::{Reader, Sheet};
use super::table::{Form, Table, TableError};
use super::{api_key_mapping, budgets, claude_ai_spend, claude_ai_usage, invoices, people, seats};
use crate::Records;

pub use compare::{Compared, compare};
pub use error::ImportError;
pub use merge::merge;
pub use money::{Sums, money};
pub use outcome::{Added, Changed, FieldChange, Kept, Merge};
pub use refuse::Refused;
pub use template::template;
pub use version::Version;

/// A file that is to be imported.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// What a person calls it.
    pub name: &'a str,
    /// As it is on disk.
    pub bytes: &'a [u8],
    /// The period of a vendor's export that names none itself; both days included.
    pub period: Option<(Date, Date)>,
}

/// The sheet that a person means: `people`, or `sheets/people`.
pub fn sheet_named(name: &str) -> Option<Feed> {
    let name = name.trim().to_lowercase();
    all().find(|feed| feed.as_str() == name || short_name(*feed) == name)
}

/// Every sheet.
pub fn all() -> impl Iterator<Item = Feed> {
    Feed::ALL.into_iter().filter(|feed| feed.vendor() == Vendor::Sheets)
}

/// `people` of `sheets/people`: what its file and its tab are called.
pub fn short_name(feed: Feed) -> &'static str {
    feed.as_str().split_once('/').map_or("", |(_, name)| name)
}

fn sheet_of(feed: Feed) -> Option<&'static Sheet> {
    const ALL: [&Sheet; 7] = [
        &api_key_mapping::SHEET,
        &people::SHEET,
        &seats::SHEET,
        &budgets::SHEET,
        &invoices::SHEET,
        &claude_ai_usage::SHEET,
        &claude_ai_spend::SHEET,
    ];
    ALL.into_iter().find(|sheet| sheet.feed == feed)
}

/// A seat costs something up to the day before: on the first day of all, nothing. Rows are judged, not priced.
const NO_DAYS_YET: Date = date(2000, 1, 1);

/// A sheet as the pipeline would read it, and the rows it would refuse.
struct Judged {
    table: Table,
    refused: Vec<(u32, Fault)>,
}

fn judge(sheet: &'static Sheet, text: &str) -> Result<Judged, TableError> {
    Ok(judge_table(sheet, Table::read(short_name(sheet.feed), Form::Csv, text.as_bytes(), sheet.columns)?))
}

fn judge_table(sheet: &'static Sheet, table: Table) -> Judged {
    let mut forget = |_| {};
    let mut records = Records::new(&mut forget);
    let mut reader = Reader {
        table: &table,
        today: NO_DAYS_YET,
        since: Some(NO_DAYS_YET),
        document: 0,
        records: &mut records,
        refused: Vec::new(),
    };
    (sheet.read)(&mut reader);
    let refused = reader.refused;
    Judged { table, refused }
}

/// True where two texts of a column mean the same.
fn is_same(column: &str, left: &str, right: &str) -> bool {
    let plain = |text: &str| text.trim().to_lowercase().replace([' ', '-'], "_");
    let amount = |text: &str| Money::from_dollars(text).ok().map(|rounded| rounded.money);
    left == right
        || match column {
            "user_email" | "manager_email" | "approved_by" | "platform" | "billing" | "scope" | "vendor"
            | "currency" | "status" => plain(left) == plain(right),
            "price_usd"
            | "budget_usd"
            | "amount"
            | "usd_amount"
            | "total_net_spend_usd"
            | "total_gross_spend_usd" => amount(left).is_some() && amount(left) == amount(right),
            // Any day of a month is the month.
            "month" => left.get(..7).is_some() && left.get(..7) == right.get(..7),
            _ => false,
        }
}
