//! The rows of a query as a file.

use rust_xlsxwriter::Workbook;
use serde_json::{Map, Value};

use crate::reply::{self, Answer, Body, Reply};

/// The file in one of the formats.
pub fn file(format: &str, columns: &[String], rows: &[Vec<Value>]) -> Answer {
    let (kind, bytes) = match format {
        "csv" => ("text/csv;charset=utf-8", csv(columns, rows)),
        "xlsx" => ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", xlsx(columns, rows)),
        _ => ("application/json;charset=utf-8", Some(json(columns, rows))),
    };
    let bytes = bytes.ok_or_else(|| reply::broken("the file could not be written"))?;
    Ok(Reply { status: 200, body: Body::Bytes { kind, bytes } })
}

fn csv(columns: &[String], rows: &[Vec<Value>]) -> Option<Vec<u8>> {
    let mut file = csv::Writer::from_writer(Vec::new());
    file.write_record(columns).ok()?;
    for row in rows {
        file.write_record(row.iter().map(plain)).ok()?;
    }
    file.into_inner().ok()
}

fn xlsx(columns: &[String], rows: &[Vec<Value>]) -> Option<Vec<u8>> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (at, name) in (0..).zip(columns) {
        sheet.write(0, at, name).ok()?;
    }
    for (line, row) in (1..).zip(rows) {
        for (at, value) in (0..).zip(row) {
            match value.as_f64() {
                Some(number) => sheet.write(line, at, number).ok()?,
                None => sheet.write(line, at, plain(value)).ok()?,
            };
        }
    }
    book.save_to_buffer().ok()
}

/// An array of objects, with the names of the columns as keys.
fn json(columns: &[String], rows: &[Vec<Value>]) -> Vec<u8> {
    let object = |row: &Vec<Value>| columns.iter().cloned().zip(row.iter().cloned()).collect::<Map<_, _>>();
    let rows: Value = rows.iter().map(object).map(Value::Object).collect();
    rows.to_string().into_bytes()
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
