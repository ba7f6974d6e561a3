//! A row that says everything its table can hold.

use aispend_proto::v1::RecordSet;
use aispend_proto::{ColumnKind, Message as _, Table};
use prost::encoding::{WireType, encode_key, encode_varint, int32, int64, sfixed64, sint64};

/// The field of a row's first column.
const FIRST_FIELD: u32 = 2;

/// A row with every column said, and extreme where that can hurt.
pub fn full_row(table: Table) -> RecordSet {
    let mut row = Vec::new();
    for (place, column) in table.columns().iter().enumerate() {
        let field = FIRST_FIELD + place as u32;
        match column.kind {
            ColumnKind::Date => int32::encode(field, &(-1_000 - place as i32), &mut row),
            ColumnKind::Moment => sfixed64::encode(field, &-1_234_567_890_123_456, &mut row),
            ColumnKind::Decimal => sint64::encode(field, &(i64::MIN + place as i64), &mut row),
            ColumnKind::Integer => int64::encode(field, &(i64::MAX - place as i64), &mut row),
            ColumnKind::Flag => prost::encoding::bool::encode(field, &true, &mut row),
            ColumnKind::Text => {
                prost::encoding::string::encode(field, &format!("'{place}'\n\"ä\\,"), &mut row);
            }
        }
    }
    let field = Table::ALL.iter().position(|known| *known == table).unwrap() as u32 + 1;
    let mut set = Vec::new();
    encode_key(field, WireType::LengthDelimited, &mut set);
    encode_varint(row.len() as u64, &mut set);
    set.extend_from_slice(&row);
    RecordSet::decode(set.as_slice()).unwrap()
}
