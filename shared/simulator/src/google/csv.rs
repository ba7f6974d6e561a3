//! The tabs as CSV files, for those who work without Google.

use super::tabs::{Cell, TABS, tab};
use crate::facts::World;

impl World {
    /// Every tab that exists, by name, as the text of a CSV file. Rows are as untidy as in the sheet.
    pub fn sheets_csv(&self) -> Vec<(&'static str, String)> {
        let tabs = TABS.into_iter().filter_map(|name| tab(self, name).map(|rows| (name, rows)));
        tabs.map(|(name, rows)| (name, rows.iter().map(|row| line(row)).collect())).collect()
    }
}

fn line(row: &[Cell]) -> String {
    let cells: Vec<String> = row.iter().map(|cell| quote(cell.csv())).collect();
    cells.join(",") + "\n"
}

fn quote(text: String) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}
