//! Running a card, a card on a dashboard, or a query of no card.

use serde_json::{Value, json};

use crate::{
    cards, dashboards, exports,
    filters::{self, Given},
    json::{Row, copy, int, list, object, text},
    queries,
    reply::{self, Answer, Body, Reply},
    sql,
    state::{Kind, State},
    world::Call,
};

/// So many rows an answer to a query has at most. An export has all.
const ROWS: usize = 2_000;

/// What became of a query.
pub enum Outcome {
    Completed { columns: Vec<String>, rows: Vec<Vec<Value>>, sql: String },
    Failed { error: String, kind: &'static str, sql: Option<String> },
}

/// A value and the tag it is for.
struct Parameter {
    is_filter: bool,
    tag: String,
    given: Given,
}

pub fn card(state: &mut State, call: &Call) -> Answer {
    let (id, card) = cards::find(state, call)?;
    let query = crate::json::row(copy(&card, "dataset_query"));
    let mut parameters = Vec::new();
    for sent in list(&call.body, "parameters").iter().filter_map(Value::as_object) {
        let parameter = sent.get("target").and_then(|target| read(target, sent));
        let known = parameter
            .as_ref()
            .is_some_and(|one| queries::tags(&query).is_some_and(|tags| tags.contains_key(&one.tag)));
        if !known {
            state.violation(format!("POST /api/card/{id}/query: a parameter for no tag of the card"));
            return Err(reply::invalid(
                "parameters",
                format!("Card {id} does not have a template tag for this parameter."),
            ));
        }
        parameters.extend(parameter);
    }
    finish(call, run(state, Some(id), &query, &parameters), 1)
}

/// With the dashboard's own parameters: by their ids, along the mappings of this one card.
pub fn dashcard(state: &mut State, call: &Call) -> Answer {
    let (id, dashboard) = dashboards::find(state, call)?;
    let number = |index: usize| call.place(index).parse::<i64>().ok();
    let dashcard = list(&dashboard, "dashcards").iter().filter_map(Value::as_object);
    let dashcard =
        dashcard.into_iter().find(|one| int(one, "id") == number(1)).ok_or_else(reply::not_found)?;
    let series = list(dashcard, "series").iter().filter_map(|one| one.get("id")?.as_i64());
    let card =
        [int(dashcard, "card_id")].into_iter().flatten().chain(series).find(|one| Some(*one) == number(2));
    let card = card.ok_or_else(reply::not_found)?;
    let query = state.get(Kind::Card, card).map(|card| crate::json::row(copy(card, "dataset_query")));
    let query = query.ok_or_else(reply::not_found)?;

    let known: Vec<&Row> = list(&dashboard, "parameters").iter().filter_map(Value::as_object).collect();
    let sent: Vec<&Row> = list(&call.body, "parameters").iter().filter_map(Value::as_object).collect();
    for one in &sent {
        let name = text(one, "id").unwrap_or_default();
        if !known.iter().any(|parameter| text(parameter, "id") == Some(name)) {
            state.violation(format!("POST /api/dashboard/{id}/…/query: there is no parameter `{name}`"));
            let message = format!("Dashboard does not have a parameter with ID \"{name}\".");
            return Err(reply::invalid("parameters", message));
        }
    }
    let mut parameters = Vec::new();
    for mapping in list(dashcard, "parameter_mappings").iter().filter_map(Value::as_object) {
        // This is where a mapping without `card_id` gets lost.
        if int(mapping, "card_id") != Some(card) {
            continue;
        }
        let parameter = known.iter().find(|one| text(one, "id") == text(mapping, "parameter_id"));
        let Some(parameter) = parameter else { continue };
        let given = sent.iter().find(|one| text(one, "id") == text(parameter, "id"));
        let value = match given {
            Some(given) => copy(given, "value"),
            None => copy(parameter, "default"),
        };
        if given.is_none() && value.is_null() {
            continue;
        }
        let whole = crate::json::row(json!({ "type": copy(parameter, "type"), "value": value }));
        parameters.extend(mapping.get("target").and_then(|target| read(target, &whole)));
    }
    finish(call, run(state, Some(card), &query, &parameters), 3)
}

/// A query that is sent along.
pub fn dataset(state: &mut State, call: &Call) -> Answer {
    let (query, parameters) = match object(&call.body, "query") {
        Some(query) if !call.places.is_empty() => (query.clone(), copy(query, "parameters")),
        _ => (call.body.clone(), copy(&call.body, "parameters")),
    };
    let mut plain = query;
    plain.retain(|key, _| !["parameters", "constraints", "middleware", "info"].contains(&key.as_str()));
    let query = queries::read(&Value::Object(plain), state.major()).map_err(|what| {
        state.violation(format!("POST /api/dataset: {what:?}"));
        reply::broken("Invalid query")
    })?;
    let database = int(&query, "database").unwrap_or_default();
    state.get(Kind::Database, database).ok_or_else(reply::not_found)?;
    let caller = call.caller.as_ref().ok_or_else(reply::unauthenticated)?;
    let may = caller.groups.iter().any(|group| {
        state.data_graph.rights(*group, database).get("create-queries")
            == Some(&json!("query-builder-and-native"))
    });
    if !may {
        return Err(reply::forbidden());
    }
    let parameters = parameters.as_array().cloned().unwrap_or_default();
    let parameters =
        parameters.iter().filter_map(Value::as_object).filter_map(|one| read(one.get("target")?, one));
    let parameters: Vec<Parameter> = parameters.collect();
    finish(call, run(state, None, &query, &parameters), 0)
}

/// The values a dropdown of a dashboard offers.
pub fn parameter_values(state: &State, call: &Call) -> Answer {
    let (_, dashboard) = dashboards::find(state, call)?;
    let parameter = list(&dashboard, "parameters").iter().filter_map(Value::as_object);
    let parameter = parameter.into_iter().find(|one| text(one, "id") == Some(call.place(1)));
    Ok(reply::json(offered(parameter.ok_or_else(reply::not_found)?)))
}

/// The values a dropdown of a card offers.
pub fn card_parameter_values(state: &State, call: &Call) -> Answer {
    let (_, card) = cards::find(state, call)?;
    let parameter = list(&card, "parameters").iter().filter_map(Value::as_object);
    let parameter =
        parameter.into_iter().find(|one| [text(one, "id"), text(one, "slug")].contains(&Some(call.place(1))));
    Ok(reply::json(offered(parameter.ok_or_else(reply::not_found)?)))
}

fn offered(parameter: &Row) -> Value {
    let config = object(parameter, "values_source_config");
    let values = config.map(|config| list(config, "values")).unwrap_or_default();
    let as_pair = |value: &Value| if value.is_array() { value.clone() } else { json!([value]) };
    json!({ "values": values.iter().map(as_pair).collect::<Vec<_>>(), "has_more_values": false })
}

fn read(target: &Value, sent: &Row) -> Option<Parameter> {
    let (is_filter, tag) = filters::target(target)?;
    let given = Given { kind: text(sent, "type").map(str::to_owned), value: copy(sent, "value") };
    Some(Parameter { is_filter, tag, given })
}

fn run(state: &State, card: Option<i64>, query: &Row, parameters: &[Parameter]) -> Outcome {
    let failed = |error: String, kind| Outcome::Failed { error, kind, sql: None };
    let Some(template) = queries::sql(query) else {
        return failed("This query is empty, or not a native one.".to_owned(), "invalid-query");
    };
    let empty = Row::new();
    let tags = queries::tags(query).unwrap_or(&empty);
    let fill = |name: &str| {
        let tag = object(tags, name)
            .ok_or_else(|| format!("Unable to substitute parameters: no template tag `{name}`"))?;
        let kind = text(tag, "type").unwrap_or_default();
        if matches!(kind, "snippet" | "card" | "table" | "temporal-unit") {
            return Err(format!("a tag of type `{kind}` is more than this server plays"));
        }
        let is_filter = filters::is_dimension(tag);
        let given = parameters.iter().find(|one| one.tag == name && one.is_filter == is_filter);
        let field = queries::field(tag).and_then(|field| state.get(Kind::Field, field));
        let table =
            field.and_then(|field| int(field, "table_id")).and_then(|table| state.get(Kind::Table, table));
        let column = filters::column(tag, table, field, state.major());
        if is_filter && column.is_none() {
            return Err(format!("Can't find field with ID: {:?}", queries::field(tag)));
        }
        let given = given.map(|one| &one.given);
        filters::fill(tag, given, &column.unwrap_or_default(), state.options.today)
    };
    let sql = match sql::fill(template, fill) {
        Ok(sql) => sql,
        Err(error) if error.starts_with("You'll need") => return failed(error, "missing-required-parameter"),
        Err(error) => return failed(error, "invalid-parameter"),
    };
    let own = card.and_then(|card| state.card_answers.get(&card)).cloned();
    let answer = match (own, &state.options.answers) {
        (Some(own), _) => Ok(own),
        (None, Some(answers)) => answers(&sql),
        (None, None) => Ok((vec!["answer".to_owned()], vec![vec![json!(1)]])),
    };
    match answer {
        Ok((columns, rows)) => Outcome::Completed { columns, rows, sql },
        Err(error) => Outcome::Failed { error, kind: "invalid-query", sql: Some(sql) },
    }
}

/// As JSON, or as a file where the path asks for one.
fn finish(call: &Call, outcome: Outcome, format_at: usize) -> Answer {
    let format = call.places.get(format_at).map_or("api", String::as_str);
    match (outcome, format) {
        (outcome, "api") => Ok(Reply { status: 202, body: Body::Json(tell(outcome)) }),
        // A failure is JSON also where a file was asked for.
        (failed @ Outcome::Failed { .. }, _) => Ok(Reply { status: 202, body: Body::Json(tell(failed)) }),
        (Outcome::Completed { columns, rows, .. }, format) => exports::file(format, &columns, &rows),
    }
}

fn tell(outcome: Outcome) -> Value {
    match outcome {
        Outcome::Completed { columns, mut rows, sql } => {
            let cut = (rows.len() > ROWS).then_some(ROWS);
            rows.truncate(ROWS);
            let cols: Vec<Value> = columns.iter().enumerate().map(|(at, name)| {
                let base = rows.iter().filter_map(|row| row.get(at)).find(|value| !value.is_null()).map_or("type/*", base_type);
                json!({ "name": name, "display_name": name, "base_type": base, "effective_type": base, "source": "native" })
            }).collect();
            json!({
                "status": "completed", "row_count": rows.len(), "running_time": 12, "context": "question",
                "data": {
                    "rows": rows, "cols": cols, "native_form": { "query": sql, "params": null },
                    "results_timezone": "UTC", "rows_truncated": cut,
                },
            })
        }
        Outcome::Failed { error, kind, sql } => json!({
            "status": "failed", "error": error, "error_type": kind, "row_count": 0, "running_time": 0,
            "data": { "rows": [], "cols": [], "native_form": sql.map(|sql| json!({ "query": sql })) },
        }),
    }
}

fn base_type(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "type/Boolean",
        Value::Number(number) if number.is_i64() => "type/Integer",
        Value::Number(_) => "type/Float",
        Value::String(text) if text.parse::<jiff::civil::Date>().is_ok() && text.len() == 10 => "type/Date",
        Value::String(_) => "type/Text",
        _ => "type/*",
    }
}
