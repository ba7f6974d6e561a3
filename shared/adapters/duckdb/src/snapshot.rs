//! A table's rows as messages again, in a stable order and without lineage.

use aispend_proto::{Column, ColumnKind, Table, v1::RecordSet};
use aispend_tables::{SetBuilder, Value};
use aispend_warehouse::DATASET;
use duckdb::{Connection, Row};

use crate::DuckDbError;

/// Reads all rows of a table.
pub fn read(connection: &Connection, table: Table) -> Result<RecordSet, DuckDbError> {
    let failed = || DuckDbError::engine("read a table");
    let columns = table.columns().iter().map(|column| selected(table, column)).collect::<Vec<_>>().join(", ");
    let sql = format!("SELECT {columns} FROM {DATASET}.{} ORDER BY ALL", table.name());
    let mut statement = connection.prepare(&sql).map_err(failed())?;
    let mut rows = statement.query([]).map_err(failed())?;
    let mut set = SetBuilder::new(table);
    while let Some(row) = rows.next().map_err(failed())? {
        let values = table.columns().iter().enumerate().map(|(place, column)| value(row, place, column));
        set.push(values.collect::<duckdb::Result<Vec<_>>>().map_err(failed())?);
    }
    Ok(set.finish())
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

fn value(row: &Row, place: usize, column: &Column) -> duckdb::Result<Option<Value>> {
    Ok(match column.kind {
        ColumnKind::Date | ColumnKind::Moment | ColumnKind::Decimal | ColumnKind::Integer => {
            row.get::<_, Option<i64>>(place)?.map(Value::Integer)
        }
        ColumnKind::Flag => row.get::<_, Option<bool>>(place)?.map(Value::Flag),
        ColumnKind::Text => row.get::<_, Option<String>>(place)?.map(Value::Text),
    })
}

#[cfg(test)]
mod tests {
    use aispend_model::{Feed, Generation, Order, Slice};
    use aispend_ports::{SliceLoad, SliceOutcome};
    use aispend_proto::{ContentHash, Message, TableSums};
    use bytes::Bytes;
    use jiff::Timestamp;
    use prost::encoding::{WireType, encode_key, encode_varint, int32, int64, sfixed64, sint64};

    use super::*;
    use crate::{load::load, schema::migrate, tables::Tables};

    /// The field of a row's first column.
    const FIRST_FIELD: u32 = 2;

    /// A row with every column said, and extreme where that can hurt.
    fn full_row(table: Table) -> RecordSet {
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

    #[test]
    fn every_column_of_every_table_comes_back_as_it_went_in() {
        let connection = Connection::open_in_memory().unwrap();
        let tables = Tables::new();
        migrate(&connection, &tables, true).unwrap();
        for (place, table) in Table::ALL.iter().enumerate() {
            let set = full_row(*table);
            let (mut sums, mut hash) = (TableSums::default(), ContentHash::default());
            set.visit(&mut sums);
            set.visit(&mut hash);
            let slice = SliceLoad {
                slice: Slice::all(Feed::SheetBudgets, place.to_string()),
                order: Order { generation: Generation(10), revision: 0, reader_version: 1 },
                run_id: "run".into(),
                source: "test".into(),
                outcome: SliceOutcome::Complete,
                outcome_reason: String::new(),
                frames: Bytes::from(set.encode_length_delimited_to_vec()),
                accepted: sums.clone(),
                read: sums,
                rejected: Vec::new(),
                documents: Vec::new(),
                context: Vec::new(),
                context_digest: String::new(),
                content_hash: hash.to_bytes(),
                rounded_amounts: 0,
                rounded_lost_usd: "0".into(),
                findings: Vec::new(),
                loaded_at: Timestamp::UNIX_EPOCH,
            };
            load(&connection, &tables, &[slice]).unwrap();
            assert_eq!(read(&connection, *table).unwrap(), set, "{}", table.name());
        }
    }
}
