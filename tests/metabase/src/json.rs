//! Reading and writing JSON objects by key, where a missing key is as good as a null.

use serde_json::{Map, Value};

/// One thing the server holds, or one body.
pub type Row = Map<String, Value>;

pub fn text<'a>(row: &'a Row, key: &str) -> Option<&'a str> {
    row.get(key).and_then(Value::as_str)
}

pub fn int(row: &Row, key: &str) -> Option<i64> {
    row.get(key).and_then(Value::as_i64)
}

pub fn flag(row: &Row, key: &str) -> bool {
    row.get(key).and_then(Value::as_bool).unwrap_or(false)
}

pub fn list<'a>(row: &'a Row, key: &str) -> &'a [Value] {
    row.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub fn object<'a>(row: &'a Row, key: &str) -> Option<&'a Row> {
    row.get(key).and_then(Value::as_object)
}

/// A copy of what is there, or null.
pub fn copy(row: &Row, key: &str) -> Value {
    row.get(key).cloned().unwrap_or(Value::Null)
}

pub fn set(row: &mut Row, key: &str, value: impl Into<Value>) {
    row.insert(key.to_owned(), value.into());
}

/// An object as a row; anything else as an empty one.
pub fn row(value: Value) -> Row {
    match value {
        Value::Object(row) => row,
        _ => Row::new(),
    }
}

/// Takes over the keys that the body has, nulls included.
pub fn take_over(row: &mut Row, body: &Row, keys: &[&str]) {
    for key in keys {
        if let Some(value) = body.get(*key) {
            row.insert((*key).to_owned(), value.clone());
        }
    }
}
