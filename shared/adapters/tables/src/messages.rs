//! A table's rows as messages again, without lineage.

use aispend_proto::{ColumnKind, Message, Table, v1::RecordSet};
use prost::encoding::{WireType, encode_key, encode_varint, int32, int64, sfixed64, sint64};

/// The field of a row's first column: `document` is field 1, and the columns follow in order.
const FIRST_FIELD: u32 = 2;

/// A value as a row's message holds it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Days, microseconds, billionths or a count, as the column says.
    Integer(i64),
    /// A yes or no.
    Flag(bool),
    /// A text.
    Text(String),
}

/// Collects rows of one table.
pub struct SetBuilder {
    table: Table,
    set: Vec<u8>,
    row: Vec<u8>,
}

impl SetBuilder {
    /// Without a row.
    pub const fn new(table: Table) -> Self {
        Self { table, set: Vec::new(), row: Vec::new() }
    }

    /// Adds a row: a value per column of the table, `None` for NULL.
    pub fn push(&mut self, values: impl IntoIterator<Item = Option<Value>>) {
        self.row.clear();
        for ((column, field), value) in self.table.columns().iter().zip(FIRST_FIELD..).zip(values) {
            if let Some(value) = value {
                write(&mut self.row, field, column.kind, &value);
            }
        }
        encode_key(field_of(self.table), WireType::LengthDelimited, &mut self.set);
        encode_varint(self.row.len() as u64, &mut self.set);
        self.set.extend_from_slice(&self.row);
    }

    /// The rows, in the order in which they came.
    pub fn finish(self) -> RecordSet {
        RecordSet::decode(self.set.as_slice()).expect("fields are numbered in the order of columns")
    }
}

/// A table's field in `RecordSet`.
fn field_of(table: Table) -> u32 {
    Table::ALL.iter().position(|known| *known == table).map_or(1, |place| place as u32 + 1)
}

fn write(row: &mut Vec<u8>, field: u32, kind: ColumnKind, value: &Value) {
    match (kind, value) {
        (ColumnKind::Date, Value::Integer(days)) => {
            int32::encode(field, &i32::try_from(*days).expect("a DATE fits"), row);
        }
        (ColumnKind::Moment, Value::Integer(micros)) => sfixed64::encode(field, micros, row),
        (ColumnKind::Decimal, Value::Integer(nanos)) => sint64::encode(field, nanos, row),
        (ColumnKind::Integer, Value::Integer(count)) => int64::encode(field, count, row),
        (ColumnKind::Flag, Value::Flag(flag)) => prost::encoding::bool::encode(field, flag, row),
        (ColumnKind::Text, Value::Text(text)) => prost::encoding::string::encode(field, text, row),
        _ => unreachable!("a value has the kind of its column"),
    }
}
