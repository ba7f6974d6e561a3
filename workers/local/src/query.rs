//! `aispend query`.

use std::process::ExitCode;

use aispend_config::Settings;
use aispend_tables::{Cell, QueryResult};
use serde_json::{Map, Value};

use crate::cli::{QueryArguments, QueryFormat};
use crate::failure::Failure;
use crate::screen::table;
use crate::site::Site;

/// Asks the published warehouse.
pub async fn query(settings: &Settings, arguments: &QueryArguments) -> Result<ExitCode, Failure> {
    let result = Site::open(settings).await?.query(&arguments.sql).await.map_err(Failure::into_usage)?;
    match arguments.format {
        QueryFormat::Table => print!("{}", table(&result)),
        QueryFormat::Csv => print!("{}", result.to_csv()),
        QueryFormat::Json => print_json(&result)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// An array of objects.
pub fn print_json(result: &QueryResult) -> Result<(), Failure> {
    let text =
        serde_json::to_string_pretty(&json(result)).map_err(|error| Failure::world(error.to_string()))?;
    println!("{text}");
    Ok(())
}

fn json(result: &QueryResult) -> Value {
    let row = |cells: &Vec<Cell>| {
        let pairs = result.columns.iter().zip(cells).map(|(column, cell)| (column.name.clone(), value(cell)));
        Value::Object(pairs.collect::<Map<String, Value>>())
    };
    Value::Array(result.rows.iter().map(row).collect())
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Flag(flag) => Value::Bool(*flag),
        Cell::Integer(number) => {
            i64::try_from(*number).map_or_else(|_| Value::String(number.to_string()), Value::from)
        }
        Cell::Float(number) => serde_json::Number::from_f64(*number).map_or(Value::Null, Value::Number),
        Cell::Decimal(_) | Cell::Text(_) | Cell::Date(_) | Cell::Moment(_) => Value::String(cell.to_string()),
    }
}
