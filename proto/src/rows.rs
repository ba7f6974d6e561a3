//! What a row tells a warehouse about itself.

use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};
use sha2::{Digest, Sha256};

use crate::v1::{RecordSet, Table};

/// A column of a table: its name in SQL, its type, and whether the vendor may leave it unsaid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// The column's name in SQL.
    pub name: &'static str,
    /// Its type on every engine.
    pub kind: ColumnKind,
    /// True where NULL means "not said".
    pub is_nullable: bool,
}

/// A column's type, the same on every engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Days since 1970-01-01: DATE.
    Date,
    /// Microseconds since 1970-01-01T00:00:00Z: TIMESTAMP.
    Moment,
    /// Billionths: NUMERIC, DECIMAL(38, 9).
    Decimal,
    /// INT64, BIGINT.
    Integer,
    /// BOOL.
    Flag,
    /// STRING, VARCHAR.
    Text,
}

/// Takes a row's values one by one, in column order.
pub trait RowSink {
    /// Days since 1970-01-01.
    fn date(&mut self, value: Option<i32>);
    /// Microseconds since 1970-01-01T00:00:00Z.
    fn moment(&mut self, value: Option<i64>);
    /// Billionths.
    fn decimal(&mut self, value: Option<i64>);
    /// A count.
    fn integer(&mut self, value: Option<i64>);
    /// A yes or no.
    fn flag(&mut self, value: Option<bool>);
    /// A text.
    fn text(&mut self, value: Option<&str>);
}

/// One typed row for one table.
pub trait Row: Message + Clone + Default {
    /// Where the row goes.
    const TABLE: Table;
    /// Its table's field in `RecordSet`.
    const FIELD: u32;
    /// The row's document: its place in the slice's list.
    fn document(&self) -> u32;
    /// Billed money in nano-dollars, where the table holds any.
    fn money(&self) -> Option<i64>;
    /// Hands its values to the sink, in the order of `Table::columns`.
    fn write(&self, sink: &mut impl RowSink);
    /// The rows of this type in a set.
    fn rows_of(set: &mut RecordSet) -> &mut Vec<Self>;
}

/// Sees every row of a set, whatever its table.
pub trait RowVisitor {
    /// Takes one row.
    fn row<R: Row>(&mut self, row: &R);
}

impl RecordSet {
    /// True without a row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a row to its table.
    pub fn push<R: Row>(&mut self, row: R) {
        R::rows_of(self).push(row);
    }
}

/// Rows and billed money per table. Sums are i128: no number of rows overflows them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableSums(Vec<(Table, u64, i128)>);

impl TableSums {
    /// Adds `rows` and `money` to a table.
    pub fn add(&mut self, table: Table, rows: u64, money: i128) {
        if let Some(entry) = self.0.iter_mut().find(|entry| entry.0 == table) {
            entry.1 += rows;
            entry.2 += money;
        } else {
            self.0.push((table, rows, money));
            self.0.sort_by_key(|entry| entry.0);
        }
    }

    /// Table, rows and money in nano-dollars, in table order.
    pub fn iter(&self) -> impl Iterator<Item = (Table, u64, i128)> + '_ {
        self.0.iter().copied()
    }

    /// Rows of all tables.
    pub fn rows(&self) -> u64 {
        self.0.iter().map(|entry| entry.1).sum()
    }

    /// Billed money, counted once: `api_usage_expenses` repeats a part of `claude_expenses`.
    pub fn money(&self) -> i128 {
        self.0.iter().filter(|entry| entry.0 != Table::ApiUsageExpenses).map(|entry| entry.2).sum()
    }

    /// Rows and money of one table.
    pub fn of(&self, table: Table) -> (u64, i128) {
        self.0.iter().find(|entry| entry.0 == table).map_or((0, 0), |entry| (entry.1, entry.2))
    }
}

impl RowVisitor for TableSums {
    fn row<R: Row>(&mut self, row: &R) {
        self.add(R::TABLE, 1, i128::from(row.money().unwrap_or(0)));
    }
}

/// A hash of a set of rows that does not depend on their order: two observations with the same content are equal,
/// whichever way the vendor sorted them. Which document a row came from is lineage, not content.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ContentHash {
    sum: [u64; 4],
    rows: u64,
}

impl ContentHash {
    /// 40 bytes: the sum of the rows' SHA-256 as four lanes, then their number.
    pub fn to_bytes(self) -> Vec<u8> {
        self.sum.iter().chain([&self.rows]).flat_map(|lane| lane.to_le_bytes()).collect()
    }
}

impl ContentHash {
    /// Adds a row by its encoding.
    fn add<R: Row>(&mut self, row: &R, encoded: &[u8]) {
        // Field 1 comes first on the wire, and is left out when it is 0.
        let document = match row.document() {
            0 => 0,
            place => prost::encoding::uint32::encoded_len(1, &place),
        };
        let content = encoded.get(document..).unwrap_or_default();
        let digest =
            Sha256::new().chain_update(R::TABLE.name()).chain_update([0]).chain_update(content).finalize();
        for (lane, chunk) in self.sum.iter_mut().zip(digest.chunks_exact(8)) {
            *lane = lane.wrapping_add(u64::from_le_bytes(chunk.try_into().expect("eight bytes")));
        }
        self.rows += 1;
    }
}

impl RowVisitor for ContentHash {
    fn row<R: Row>(&mut self, row: &R) {
        self.add(row, &row.encode_to_vec());
    }
}

/// Writes sets of rows and hashes them, encoding each row once.
#[derive(Debug, Default)]
pub struct SetWriter {
    hash: ContentHash,
    row: Vec<u8>,
    set: Vec<u8>,
}

impl SetWriter {
    /// Appends the rows seen since the last call to `frames`, as one length-delimited `RecordSet`.
    pub fn end_set(&mut self, frames: &mut Vec<u8>) {
        encode_varint(self.set.len() as u64, frames);
        frames.extend_from_slice(&self.set);
        self.set.clear();
    }

    /// The hash of all rows seen.
    pub const fn hash(&self) -> ContentHash {
        self.hash
    }
}

impl RowVisitor for SetWriter {
    fn row<R: Row>(&mut self, row: &R) {
        self.row.clear();
        row.encode_raw(&mut self.row);
        self.hash.add(row, &self.row);
        encode_key(R::FIELD, WireType::LengthDelimited, &mut self.set);
        encode_varint(self.row.len() as u64, &mut self.set);
        self.set.extend_from_slice(&self.row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1::{CursorExpense, CursorUsageEvent};

    #[test]
    fn a_set_is_written_as_prost_writes_it() {
        let mut set = RecordSet::default();
        for document in [0, 1, 300] {
            set.push(CursorUsageEvent {
                document,
                event_date: 20_731,
                kind: Some("k".into()),
                ..Default::default()
            });
            set.push(CursorExpense { document, estimated_cost_usd: -5, ..Default::default() });
        }
        let (mut frames, mut writer, mut hash) = (Vec::new(), SetWriter::default(), ContentHash::default());
        for set in [&set, &RecordSet::default(), &set] {
            set.visit(&mut writer);
            writer.end_set(&mut frames);
            set.visit(&mut hash);
        }
        let mut expected = set.encode_length_delimited_to_vec();
        expected.push(0);
        expected.extend(set.encode_length_delimited_to_vec());
        assert_eq!(frames, expected);
        assert_eq!(writer.hash(), hash);
    }
}
