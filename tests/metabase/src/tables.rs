//! Tables and fields, as a sync found them.

use serde_json::{Value, json};

use crate::{
    access, databases,
    json::{Row, int, object, row, set, take_over, text},
    reply::{self, Answer, Reply},
    state::{Kind, State},
    world::Call,
};

/// Adds the tables of the warehouse that are not there yet, without their fields.
pub fn fill(state: &mut State, database: i64) {
    let details = state.get(Kind::Database, database).and_then(|row| object(row, "details")).cloned();
    let details = details.unwrap_or_default();
    for table in state.options.tables.clone() {
        let known = find_table(state, database, &table.schema, &table.name).is_some();
        if !known && databases::in_filter(&details, &table.schema) {
            let new = json!({
                "name": table.name, "display_name": table.name, "schema": table.schema, "db_id": database, "active": true,
                "description": null, "visibility_type": null,
            });
            state.insert(Kind::Table, row(new));
        }
    }
}

/// Adds the fields that are not there yet.
pub fn fill_fields(state: &mut State, database: i64) {
    for table in state.options.tables.clone() {
        let Some(id) = find_table(state, database, &table.schema, &table.name) else { continue };
        for (position, column) in table.columns.iter().enumerate() {
            let known = state.all(Kind::Field).any(|(_, field)| {
                int(field, "table_id") == Some(id) && text(field, "name") == Some(column.name.as_str())
            });
            if !known {
                let new = json!({
                    "name": column.name, "display_name": column.name, "base_type": column.base_type,
                    "effective_type": column.base_type, "semantic_type": null, "table_id": id, "description": null,
                    "has_field_values": "none", "position": position, "visibility_type": "normal", "active": true,
                });
                state.insert(Kind::Field, row(new));
            }
        }
    }
}

/// The tables of a database, with their fields if asked.
pub fn of(state: &State, database: i64, with_fields: bool) -> Vec<Value> {
    let tables = state.all(Kind::Table).filter(|(_, table)| int(table, "db_id") == Some(database));
    tables.map(|(id, table)| Value::Object(tell(state, id, table, with_fields))).collect()
}

/// Forgets the tables and fields of a database.
pub fn forget(state: &mut State, database: i64) {
    let tables: Vec<i64> = state
        .all(Kind::Table)
        .filter(|(_, table)| int(table, "db_id") == Some(database))
        .map(|(id, _)| id)
        .collect();
    let is_gone = |field: &Row| int(field, "table_id").is_some_and(|table| tables.contains(&table));
    let fields: Vec<i64> =
        state.all(Kind::Field).filter(|(_, field)| is_gone(field)).map(|(id, _)| id).collect();
    for (kind, gone) in [(Kind::Field, fields), (Kind::Table, tables)] {
        for id in gone {
            state.remove(kind, id);
        }
    }
}

pub fn show_table(state: &State, call: &Call) -> Answer {
    let (id, table) = find(state, Kind::Table, call)?;
    let with_fields = call.template.ends_with("/query_metadata");
    Ok(reply::json(Value::Object(tell(state, id, &table, with_fields))))
}

pub fn update_table(state: &mut State, call: &Call) -> Answer {
    access::need_admin(call)?;
    let (id, mut table) = find(state, Kind::Table, call)?;
    let keys =
        ["display_name", "description", "caveats", "points_of_interest", "visibility_type", "field_order"];
    take_over(&mut table, &call.body, &keys);
    state.replace(Kind::Table, id, table.clone());
    Ok(reply::json(Value::Object(table)))
}

pub fn show_field(state: &State, call: &Call) -> Answer {
    let (_, field) = find(state, Kind::Field, call)?;
    Ok(reply::json(Value::Object(field)))
}

pub fn update_field(state: &mut State, call: &Call) -> Answer {
    access::need_admin(call)?;
    let (id, mut field) = find(state, Kind::Field, call)?;
    let keys = [
        "display_name",
        "description",
        "semantic_type",
        "has_field_values",
        "visibility_type",
        "caveats",
        "settings",
        "fk_target_field_id",
        "points_of_interest",
        "coercion_strategy",
    ];
    take_over(&mut field, &call.body, &keys);
    state.replace(Kind::Field, id, field.clone());
    Ok(reply::json(Value::Object(field)))
}

/// All fields of a database, in one list.
pub fn fields(state: &State, call: &Call) -> Answer {
    let database: i64 = call.place(0).parse().map_err(|_| reply::not_found())?;
    let in_database = |field: &Row| {
        int(field, "table_id")
            .and_then(|table| state.get(Kind::Table, table))
            .and_then(|table| int(table, "db_id"))
            == Some(database)
    };
    let found = state.all(Kind::Field).filter(|(_, field)| in_database(field));
    Ok(reply::json(found.map(|(_, field)| Value::Object(field.clone())).collect::<Vec<_>>()))
}

fn find_table(state: &State, database: i64, schema: &str, name: &str) -> Option<i64> {
    let is_it = |table: &Row| {
        int(table, "db_id") == Some(database)
            && text(table, "schema") == Some(schema)
            && text(table, "name") == Some(name)
    };
    state.all(Kind::Table).find(|(_, table)| is_it(table)).map(|(id, _)| id)
}

fn find(state: &State, kind: Kind, call: &Call) -> Result<(i64, Row), Reply> {
    let id = call.place(0).parse().map_err(|_| reply::not_found())?;
    let found = state.get(kind, id).ok_or_else(reply::not_found)?;
    Ok((id, found.clone()))
}

fn tell(state: &State, id: i64, table: &Row, with_fields: bool) -> Row {
    let mut told = table.clone();
    if with_fields {
        let fields = state.all(Kind::Field).filter(|(_, field)| int(field, "table_id") == Some(id));
        set(&mut told, "fields", fields.map(|(_, field)| Value::Object(field.clone())).collect::<Vec<_>>());
    }
    told
}
