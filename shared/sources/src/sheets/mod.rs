//! Feeds that people keep by hand: Google Sheets, or CSV files of the same header.

mod api_key_mapping;
mod budgets;
mod cells;
mod claude_ai_spend;
mod claude_ai_usage;
mod csv_rows;
pub mod import;
mod invoices;
mod overlap;
mod people;
mod seats;
mod sheet;
mod table;

use crate::Source;

pub use api_key_mapping::claude_code_keys;
pub use sheet::ROLE as SHEET;

/// One line a feed.
pub const SOURCES: &[&dyn Source] = &[
    &api_key_mapping::SHEET,
    &people::SHEET,
    &seats::SHEET,
    &budgets::SHEET,
    &invoices::SHEET,
    &claude_ai_usage::SHEET,
    &claude_ai_spend::SHEET,
];
