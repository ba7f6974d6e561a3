//! `aispend export`: every format opens, holds what the card says, and says of a demo that it is one.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use serde_json::Value;
use zip::ZipArchive;

use crate::command::Home;

/// A file made with `--out FILE`, or what `--out -` printed.
fn exported(home: &Home, what: &str, format: &str) -> Vec<u8> {
    let path = home.data().join(format!("{}.{format}", what.replace('/', "_")));
    let file = path.display().to_string();
    home.aispend(&["export", what, "--format", format, "--range", "past30days~", "--out", &file]).exits(0);
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    bytes
}

fn parts(bytes: Vec<u8>) -> BTreeMap<String, Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..archive.len())
        .map(|at| {
            let mut part = archive.by_index(at).unwrap();
            let mut bytes = Vec::new();
            part.read_to_end(&mut bytes).unwrap();
            (part.name().unwrap().into_owned(), bytes)
        })
        .collect()
}

/// Rows of a CSV; no field of these has a line break in it.
fn rows_of(csv: &[u8]) -> Vec<Vec<String>> {
    let text = std::str::from_utf8(csv).unwrap();
    text.split_terminator("\r\n")
        .map(|line| {
            let (mut fields, mut is_quoted) = (vec![String::new()], false);
            for letter in line.chars() {
                match letter {
                    '"' => is_quoted = !is_quoted,
                    ',' if !is_quoted => fields.push(String::new()),
                    letter => fields.last_mut().unwrap().push(letter),
                }
            }
            fields
        })
        .collect()
}

/// A card's rows as texts, nothing for what is not there.
fn rows_of_card(card: &Value) -> Vec<Vec<String>> {
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let rows = card["rows"].as_array().unwrap().iter();
    rows.map(|row| row.as_array().unwrap().iter().map(text).collect()).collect()
}

/// The numbers of a sheet, row by row from the second on.
fn numbers_of(sheet: &[u8]) -> Vec<Vec<f64>> {
    let text = String::from_utf8(sheet.to_vec()).unwrap();
    let row = |row: &str| {
        let cells = row.split("<c ").skip(1).filter(|cell| !cell.split('>').next().unwrap().contains("t=\""));
        cells.filter_map(|cell| cell.split("<v>").nth(1)?.split("</v>").next()?.parse().ok()).collect()
    };
    text.split("<row ").skip(2).map(row).collect()
}

/// Places of a card's figures.
fn figures(card: &Value) -> Vec<usize> {
    let kinds = ["usd", "usd_unit", "percent", "integer", "number", "month", "week", "day"];
    let columns = card["columns"].as_array().unwrap().iter().enumerate();
    columns
        .filter(|(_, column)| kinds.contains(&column["type"].as_str().unwrap()))
        .map(|(at, _)| at)
        .collect()
}

fn assert_csv(csv: &[u8], card: &Value) {
    let mut rows = rows_of(csv);
    let id = card["id"].as_str().unwrap();
    for (at, row) in rows.iter_mut().enumerate() {
        let label = if at == 0 { "simulated_data" } else { "yes" };
        assert_eq!(row.pop().as_deref(), Some(label), "{id}, row {at}");
    }
    let heads: Vec<&str> =
        card["columns"].as_array().unwrap().iter().map(|column| column["name"].as_str().unwrap()).collect();
    assert_eq!(rows.remove(0), heads, "{id}");
    // An apostrophe stands before what a spreadsheet would run.
    let plain = |field: &String| field.strip_prefix('\'').unwrap_or(field).to_owned();
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(plain).collect()).collect();
    assert_eq!(rows, rows_of_card(card), "{id}");
}

#[expect(clippy::float_arithmetic, reason = "a spreadsheet has nothing but floats")]
fn assert_sheet(sheet: &[u8], card: &Value) {
    let (found, id) = (numbers_of(sheet), card["id"].as_str().unwrap());
    let days = |text: &str| text.parse::<jiff::civil::Date>().ok();
    let epoch = jiff::civil::date(1899, 12, 30);
    for (at, row) in rows_of_card(card).iter().enumerate() {
        let wanted: Vec<f64> = figures(card)
            .into_iter()
            .filter(|place| !row[*place].is_empty())
            .map(|place| match days(&row[place]) {
                Some(day) => f64::from(epoch.until(day).unwrap().get_days()),
                None => row[place].parse().unwrap(),
            })
            .collect();
        // A row without any figure may be left out.
        let found = found.get(at).map(Vec::as_slice).unwrap_or_default();
        assert_eq!(found.len(), wanted.len(), "{id}, row {at}");
        for (found, wanted) in found.iter().zip(wanted) {
            assert!(
                (found - wanted).abs() <= 1e-9 * wanted.abs().max(1.0),
                "{id}, row {at}: {found} for {wanted}"
            );
        }
    }
}

fn assert_picture(bytes: &[u8], title: &str) {
    assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"), "{title}");
    assert_eq!(bytes[16..20], 1920_u32.to_be_bytes(), "{title}");
    let said = String::from_utf8_lossy(bytes);
    assert!(said.contains(title) && said.contains("Simulated data."), "{title}");
}

#[test]
fn every_format_opens_agrees_with_the_card_and_is_labelled() {
    let home = Home::empty();
    home.aispend(&["demo", "--no-serve", "--people", "3", "--days", "40"]).exits(0);
    let demo = home.nested("demo");
    for id in ["exec/platform-share", "alloc/people", "prod/lines-trend"] {
        let card: Value = serde_json::from_slice(&exported(&demo, id, "json")).unwrap();
        assert_eq!(card["simulated"], true);
        assert!(!card["rows"].as_array().unwrap().is_empty(), "{id} has no rows");
        assert_csv(&exported(&demo, id, "csv"), &card);
        let book = parts(exported(&demo, id, "xlsx"));
        assert_sheet(&book["xl/worksheets/sheet2.xml"], &card);
        let words = String::from_utf8_lossy(&book["xl/sharedStrings.xml"]).into_owned();
        assert!(words.contains("Simulated data") && words.contains("no amount was ever billed"), "{id}");
    }
    let title = "Where the money goes";
    assert_picture(&exported(&demo, "exec/platform-share", "png"), title);
    // What is printed has no name: the label is in it.
    let print = |what: &str, format: &str| {
        demo.aispend(&["export", what, "--format", format, "--range", "past30days~", "--out", "-"]).exits(0)
    };
    let printed = print("exec/platform-share", "csv").stdout;
    assert!(printed.starts_with("platform,cost_usd,share_pct,simulated_data\r\n"), "{printed}");
    assert_eq!(print("exec/platform-share", "json").json()["simulated"], true);
    // A whole dashboard: every card once, as a zip of CSVs, a zip of pictures, a workbook, a JSON.
    let whole: Value = serde_json::from_slice(&exported(&demo, "exec", "json")).unwrap();
    assert_eq!(whole["simulated"], true);
    let cards = whole["cards"].as_array().unwrap();
    let files = parts(exported(&demo, "exec", "csv"));
    assert!(files["about.txt"].starts_with(b"Simulated data"), "{:?}", files.keys());
    let book = parts(exported(&demo, "exec", "xlsx"));
    let pictures = parts(exported(&demo, "exec", "png"));
    assert!(pictures["about.txt"].starts_with(b"Simulated data"));
    let mut drawn = 0;
    for (place, card) in cards.iter().enumerate() {
        let id = card["id"].as_str().unwrap();
        let named = |ending: &'static str| {
            let start = format!("ai-usage_simulated_{}_", id.replace('/', "_"));
            move |(name, _): &(&String, &Vec<u8>)| name.starts_with(&start) && name.ends_with(ending)
        };
        assert_csv(files.iter().find(named(".csv")).unwrap().1, card);
        assert_sheet(&book[&format!("xl/worksheets/sheet{}.xml", place + 2)], card);
        if let Some((_, picture)) = pictures.iter().find(named(".png")) {
            assert_picture(picture, card["title"].as_str().unwrap());
            drawn += 1;
        }
    }
    assert_eq!((files.len(), pictures.len()), (cards.len() + 1, drawn + 1));
    assert!(drawn > 4, "{drawn} pictures");
}
