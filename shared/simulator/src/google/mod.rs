//! Google Sheets, and the endpoint that hands out tokens.

mod credentials;
mod csv;
mod spend;
mod tabs;
mod token;

use crate::amount::write_integer;
use crate::calendar::{DAY_SECONDS, date_of, number_of};
use crate::facts::World;
use crate::http::{Request, Response};
use crate::json::Json;
use tabs::{Cell, tab};

pub use credentials::google_credentials;
pub use token::{answer as token, decode};

/// An error as the vendor words it.
pub fn error(code: u16, message: &str) -> Response {
    let status = match code {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        _ => "INTERNAL",
    };
    let mut json = Json::new();
    json.open().name("error").open().count("code", u64::from(code));
    json.field("message", message).field("status", status).close().close();
    Response::json(code, json.finish())
}

/// How numbers and days are shown.
#[derive(Clone, Copy)]
struct Rendering {
    formatted: bool,
    serial: bool,
    by_column: bool,
}

/// Answers one request under `/v4/spreadsheets/`.
pub fn answer(world: &World, request: &Request) -> Response {
    let bearer = request.header_value("authorization").and_then(|value| value.strip_prefix("Bearer "));
    if bearer != Some(world.keys.google.as_str()) {
        return error(
            401,
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.",
        );
    }
    if request.method != "GET" {
        return error(403, "The caller does not have permission");
    }
    let Some(rest) = request.path.strip_prefix("/v4/spreadsheets/") else {
        return error(404, "Requested entity was not found.");
    };
    let Some((id, rest)) = rest.split_once("/values") else {
        return error(404, "Requested entity was not found.");
    };
    if id != world.keys.spreadsheet || !world.config().sheets {
        return error(404, "Requested entity was not found.");
    }
    let rendering = match rendering(request) {
        Ok(rendering) => rendering,
        Err(problem) => return *problem,
    };
    let mut json = Json::with_room(4096);
    let ranges: Vec<&str> = request.parameters("ranges").collect();
    let result = if rest == ":batchGet" {
        json.open().field("spreadsheetId", id).name("valueRanges").open_list();
        let result = ranges.iter().try_for_each(|range| write_range(&mut json, world, range, rendering));
        json.close_list().close();
        result
    } else if let Some(range) = rest.strip_prefix('/') {
        write_range(&mut json, world, range, rendering)
    } else {
        return error(404, "Requested entity was not found.");
    };
    match result {
        Ok(()) => Response::json(200, json.finish()),
        Err(problem) => *problem,
    }
}

fn rendering(request: &Request) -> Result<Rendering, Box<Response>> {
    let choice = |name: &str, [usual, other]: [&str; 2]| match request.parameter(name) {
        None => Ok(true),
        Some(word) if word == usual => Ok(true),
        Some(word) if word == other => Ok(false),
        Some(word) => Err(Box::new(error(400, &format!("Invalid value at '{name}': \"{word}\"")))),
    };
    Ok(Rendering {
        formatted: choice("valueRenderOption", ["FORMATTED_VALUE", "UNFORMATTED_VALUE"])?,
        serial: choice("dateTimeRenderOption", ["SERIAL_NUMBER", "FORMATTED_STRING"])?,
        by_column: !choice("majorDimension", ["ROWS", "COLUMNS"])?,
    })
}

fn write_range(
    json: &mut Json,
    world: &World,
    range: &str,
    rendering: Rendering,
) -> Result<(), Box<Response>> {
    let (name, cells) = range.split_once('!').unwrap_or((range, ""));
    let quoted = name.strip_prefix('\'').and_then(|name| name.strip_suffix('\''));
    // Without quotes, a name with blanks is no range.
    let name = quoted.or_else(|| (!name.contains(' ')).then_some(name));
    let found = name.and_then(|name| Some((name, tab(world, name)?)));
    let Some((name, mut rows)) = found else {
        return Err(Box::new(error(400, &format!("Unable to parse range: {range}"))));
    };
    if rendering.by_column {
        rows = turned(&rows);
    }
    // Empty cells and rows at the end are not shown.
    for row in &mut rows {
        while row.last() == Some(&Cell::Empty) {
            row.pop();
        }
    }
    while rows.last().is_some_and(Vec::is_empty) {
        rows.pop();
    }
    let shown = if cells.is_empty() { "A1:Z1000" } else { cells };
    json.open().field("range", &format!("'{name}'!{shown}"));
    json.field("majorDimension", if rendering.by_column { "COLUMNS" } else { "ROWS" });
    if !rows.is_empty() {
        json.name("values").open_list();
        for row in &rows {
            json.open_list();
            for cell in row {
                write_cell(json, cell, rendering);
            }
            json.close_list();
        }
        json.close_list();
    }
    json.close();
    Ok(())
}

fn turned(rows: &[Vec<Cell>]) -> Vec<Vec<Cell>> {
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    let column =
        |place: usize| rows.iter().map(|row| row.get(place).cloned().unwrap_or(Cell::Empty)).collect();
    (0..width).map(column).collect()
}

fn write_cell(json: &mut Json, cell: &Cell, rendering: Rendering) {
    match cell {
        Cell::Empty => {
            json.text("");
        }
        Cell::Text(text) => {
            json.text(text);
        }
        Cell::Number(digits) if rendering.formatted => {
            json.text(digits);
        }
        Cell::Number(digits) => {
            json.raw(digits);
        }
        Cell::Day(day) if rendering.formatted || !rendering.serial => {
            json.text(&date_of(*day).to_string());
        }
        Cell::Day(day) => {
            json.number(serial(*day));
        }
        Cell::Moment(second) if rendering.formatted || !rendering.serial => {
            json.text(&crate::calendar::rfc3339(*second).replace('T', " ").replace('Z', ""));
        }
        Cell::Moment(second) => {
            let day = second.div_euclid(DAY_SECONDS) as i32;
            let quarter = second.rem_euclid(DAY_SECONDS) * 100 / DAY_SECONDS;
            let mut digits = Vec::new();
            write_integer(&mut digits, serial(day));
            let whole: String = digits.into_iter().map(char::from).collect();
            json.raw(&format!("{whole}.{quarter:02}"));
        }
    }
}

/// Days since 1899-12-30.
fn serial(day: i32) -> u64 {
    let start = number_of(jiff::civil::date(1899, 12, 30));
    u64::try_from(day - start).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_count_from_1899() {
        assert_eq!(serial(number_of(jiff::civil::date(2026, 10, 5))), 46_300);
    }
}
