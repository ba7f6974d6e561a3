//! A table's rows as messages again, in a stable order and without lineage.

use aispend_proto::{Column, ColumnKind, Message, Table, v1::RecordSet};
use aispend_warehouse::DATASET;
use duckdb::{Connection, Row};
use prost::encoding::{WireType, encode_key, encode_varint, int32, int64, sfixed64, sint64};

use crate::DuckDbError;

/// The field of a row's first column: `document` is field 1, and the columns follow in order.
const FIRST_FIELD: u32 = 2;

/// Reads all rows of a table.
pub fn read(connection: &Connection, table: Table) -> Result<RecordSet, DuckDbError> {
    let failed = || DuckDbError::engine("read a table");
    let columns = table.columns().iter().map(|column| selected(table, column)).collect::<Vec<_>>().join(", ");
    let sql = format!("SELECT {columns} FROM {DATASET}.{} ORDER BY ALL", table.name());
    let mut statement = connection.prepare(&sql).map_err(failed())?;
    let mut rows = statement.query([]).map_err(failed())?;
    let (mut set, mut message) = (Vec::new(), Vec::new());
    let field = Table::ALL.iter().position(|known| *known == table).map_or(1, |place| place as u32 + 1);
    while let Some(row) = rows.next().map_err(failed())? {
        message.clear();
        for (place, column) in table.columns().iter().enumerate() {
            write(&mut message, row, place, column).map_err(failed())?;
        }
        encode_key(field, WireType::LengthDelimited, &mut set);
        encode_varint(message.len() as u64, &mut set);
        set.extend_from_slice(&message);
    }
    Ok(RecordSet::decode(set.as_slice()).expect("fields are numbered in the order of columns"))
}

/// The column as a number where it is one.
fn selected(table: Table, column: &Column) -> String {
    let name = column.name;
    match column.kind {
        ColumnKind::Date => format!("CAST({name} - DATE '1970-01-01' AS INTEGER) AS {name}"),
        // The moment of observation stands where the row said none: lineage, not content.
        ColumnKind::Moment if table == Table::ClaudeUsageStats => {
            format!("epoch_us(NULLIF({name}, fetched_at)) AS {name}")
        }
        ColumnKind::Moment => format!("epoch_us({name}) AS {name}"),
        ColumnKind::Decimal => format!("CAST({name} * 1000000000 AS BIGINT) AS {name}"),
        ColumnKind::Integer | ColumnKind::Flag | ColumnKind::Text => name.to_owned(),
    }
}

fn write(message: &mut Vec<u8>, row: &Row, place: usize, column: &Column) -> duckdb::Result<()> {
    let field = FIRST_FIELD + place as u32;
    match column.kind {
        ColumnKind::Date => encode(row.get(place)?, |value| int32::encode(field, &value, message)),
        ColumnKind::Moment => encode(row.get(place)?, |value| sfixed64::encode(field, &value, message)),
        ColumnKind::Decimal => encode(row.get(place)?, |value| sint64::encode(field, &value, message)),
        ColumnKind::Integer => encode(row.get(place)?, |value| int64::encode(field, &value, message)),
        ColumnKind::Flag => encode(row.get(place)?, |value| prost::encoding::bool::encode(field, &value, message)),
        ColumnKind::Text => {
            encode(row.get(place)?, |value| prost::encoding::string::encode(field, &value, message));
        }
    }
    Ok(())
}

fn encode<T>(value: Option<T>, write: impl FnOnce(T)) {
    if let Some(value) = value {
        write(value);
    }
}
