//! Rows as a warehouse without columns keeps them: encoded, without their document.

use aispend_ports::{Frames, SliceLoad};
use aispend_proto::v1::RecordSet;
use aispend_proto::{Row, RowSink, RowVisitor, Table, TableSums};

/// The tables whose rows outlive the snapshot they came with.
pub const MERGED: [Table; 3] = [Table::KeySources, Table::UserSources, Table::DimWorkspaces];

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoredRow {
    /// Where it stands.
    pub table: Table,
    /// The row, encoded without its document.
    pub bytes: Vec<u8>,
}

impl StoredRow {
    /// Adds the row to a set.
    pub fn add_to(&self, set: &mut RecordSet) {
        macro_rules! tables {
            ($($table:ident => $field:ident),* $(,)?) => {
                match self.table {
                    $(Table::$table => set.$field.push(decode(&self.bytes)),)*
                }
            };
        }
        tables!(
            ClaudeExpenses => claude_expenses,
            ApiUsageExpenses => api_usage_expenses,
            ClaudeCodeUsageStats => claude_code_usage_stats,
            ClaudeUsageStats => claude_usage_stats,
            CursorUsageStats => cursor_usage_stats,
            CursorExpenses => cursor_expenses,
            CursorUsageEvents => cursor_usage_events,
            CursorSpendSnapshots => cursor_spend_snapshots,
            KeySources => key_sources,
            UserSources => user_sources,
            DimWorkspaces => dim_workspaces,
            DimApiKeyMapping => dim_api_key_mapping,
            DimSeats => dim_seats,
            DimBudget => dim_budget,
            Invoices => invoices,
        );
    }
}

fn decode<R: Row>(bytes: &[u8]) -> R {
    R::decode(bytes).expect("a stored row was encoded here")
}

/// A merged row and what identifies it within its slice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedRow {
    /// The first column: id of a key, a user or a workspace.
    pub key: String,
    /// The row.
    pub row: StoredRow,
}

/// What a load brings.
#[derive(Debug, Default)]
pub struct Brought {
    /// Rows of tables that a slice replaces whole.
    pub plain: Vec<StoredRow>,
    /// Rows of merged tables.
    pub merged: Vec<KeyedRow>,
    /// All of them, added up.
    pub sums: TableSums,
}

impl Brought {
    /// Reads the frames of a load.
    pub fn read(load: &SliceLoad) -> Result<Self, String> {
        let mut brought = Self::default();
        for frame in Frames::new(load.frames.clone()) {
            frame.map_err(|error| error.to_string())?.visit(&mut brought);
        }
        Ok(brought)
    }
}

impl RowVisitor for Brought {
    fn row<R: Row>(&mut self, row: &R) {
        self.sums.row(row);
        let mut bytes = row.encode_to_vec();
        // Field 1 comes first on the wire, and is left out when it is 0.
        if row.document() > 0 {
            let length = 1 + bytes.iter().skip(1).take_while(|byte| **byte >= 0x80).count() + 1;
            bytes.drain(..length);
        }
        let stored = StoredRow { table: R::TABLE, bytes };
        if MERGED.contains(&R::TABLE) {
            let mut key = FirstText::default();
            row.write(&mut key);
            self.merged.push(KeyedRow { key: key.0.unwrap_or_default(), row: stored });
        } else {
            self.plain.push(stored);
        }
    }
}

/// The first text of a row: merged tables begin with what identifies their rows.
#[derive(Default)]
struct FirstText(Option<String>);

impl RowSink for FirstText {
    fn date(&mut self, _value: Option<i32>) {}
    fn moment(&mut self, _value: Option<i64>) {}
    fn decimal(&mut self, _value: Option<i64>) {}
    fn integer(&mut self, _value: Option<i64>) {}
    fn flag(&mut self, _value: Option<bool>) {}
    fn text(&mut self, value: Option<&str>) {
        if self.0.is_none() {
            self.0 = Some(value.unwrap_or_default().to_owned());
        }
    }
}
