//! Answers to SQL, from DuckDB's values.

use aispend_model::{day_from_number, moment_from_micros};
use aispend_tables::{Cell, CellKind, QueryColumn, QueryResult, without_zeros};
use duckdb::{
    Connection,
    arrow::datatypes::DataType,
    types::{TimeUnit, ValueRef},
};

use crate::DuckDbError;

/// Asks a connection.
pub fn query(connection: &Connection, sql: &str) -> Result<QueryResult, DuckDbError> {
    run(connection, sql).map_err(DuckDbError::engine("answer the query"))
}

fn run(connection: &Connection, sql: &str) -> duckdb::Result<QueryResult> {
    let mut statement = connection.prepare(sql)?;
    let mut found = statement.query([])?;
    let schema = found.as_ref().map(duckdb::Statement::schema);
    let columns: Vec<QueryColumn> = schema
        .iter()
        .flat_map(|schema| schema.fields())
        .map(|field| QueryColumn { name: field.name().clone(), kind: kind(field.data_type()) })
        .collect();
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let cells = (0..columns.len()).map(|place| row.get_ref(place).map(cell));
        rows.push(cells.collect::<duckdb::Result<_>>()?);
    }
    Ok(QueryResult { columns, rows })
}

fn kind(arrow: &DataType) -> CellKind {
    match arrow {
        DataType::Boolean => CellKind::Flag,
        // DuckDB's 128-bit integers arrive as decimals without a fraction.
        DataType::Decimal128(_, 0) => CellKind::Integer,
        integer if integer.is_integer() => CellKind::Integer,
        DataType::Decimal128(..) => CellKind::Decimal,
        DataType::Float32 | DataType::Float64 => CellKind::Float,
        DataType::Date32 => CellKind::Date,
        DataType::Timestamp(..) => CellKind::Moment,
        _ => CellKind::Text,
    }
}

fn cell(value: ValueRef) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Boolean(value) => Cell::Flag(value),
        ValueRef::TinyInt(value) => Cell::Integer(value.into()),
        ValueRef::SmallInt(value) => Cell::Integer(value.into()),
        ValueRef::Int(value) => Cell::Integer(value.into()),
        ValueRef::BigInt(value) => Cell::Integer(value.into()),
        ValueRef::HugeInt(value) => Cell::Integer(value),
        ValueRef::UTinyInt(value) => Cell::Integer(value.into()),
        ValueRef::USmallInt(value) => Cell::Integer(value.into()),
        ValueRef::UInt(value) => Cell::Integer(value.into()),
        ValueRef::UBigInt(value) => Cell::Integer(value.into()),
        ValueRef::Float(value) => Cell::Float(value.into()),
        ValueRef::Double(value) => Cell::Float(value),
        ValueRef::Decimal(value) => Cell::Decimal(without_zeros(&value.to_string()).to_owned()),
        ValueRef::Text(value) => Cell::Text(String::from_utf8_lossy(value).into_owned()),
        ValueRef::Enum(..) => value.as_str().map_or(Cell::Null, |text| Cell::Text(text.to_owned())),
        ValueRef::Date32(value) => {
            day_from_number(value).map_or_else(|error| Cell::Text(error.to_string()), Cell::Date)
        }
        ValueRef::Timestamp(unit, value) => moment(unit, value),
        other => Cell::Text(format!("{:?}", other.to_owned())),
    }
}

fn moment(unit: TimeUnit, value: i64) -> Cell {
    moment_from_micros(unit.to_micros(value))
        .map_or_else(|error| Cell::Text(error.to_string()), |(_, moment)| Cell::Moment(moment))
}
