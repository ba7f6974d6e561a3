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
    use aispend_testkit::warehouse::full_row;
    use bytes::Bytes;
    use jiff::Timestamp;

    use super::*;
    use crate::{load::load, schema::migrate, tables::Tables};

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
                claude_code_tokens: None,
                loaded_at: Timestamp::UNIX_EPOCH,
            };
            load(&connection, &tables, &[slice]).unwrap();
            assert_eq!(read(&connection, *table).unwrap(), set, "{}", table.name());
        }
    }
}
