//! XLSX: typed cells, frozen heads, number formats, and a first sheet that says what it is.

use aispend_tables::Cell;
use aispend_warehouse::{Card, ColumnType};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use crate::{
    answer::{Answer, Asked},
    export::{ExportError, about, with_rows},
    format::number,
    state::DataState,
    table::totals,
};

impl From<XlsxError> for ExportError {
    fn from(error: XlsxError) -> Self {
        Self(error.to_string())
    }
}

/// One sheet for each card, after one about all of them.
///
/// # Errors
/// When the file cannot be written.
pub fn xlsx(cards: &[(&Card, &Answer)], asked: &Asked, state: &DataState) -> Result<Vec<u8>, ExportError> {
    let mut book = Workbook::new();
    write_about(book.add_worksheet(), cards, asked, state)?;
    let mut names: Vec<String> = vec!["about".to_owned()];
    for (card, answer) in with_rows(cards) {
        let sheet = book.add_worksheet();
        // A name has at most 31 letters, and is there once.
        let mut name: String = card.name.chars().take(31).collect();
        while names.contains(&name) {
            name = format!("{}{}", name.chars().take(28).collect::<String>(), names.len());
        }
        sheet.set_name(&name)?;
        names.push(name);
        write_card(sheet, card, answer)?;
    }
    Ok(book.save_to_buffer()?)
}

fn write_about(
    sheet: &mut Worksheet,
    cards: &[(&Card, &Answer)],
    asked: &Asked,
    state: &DataState,
) -> Result<(), ExportError> {
    sheet.set_name("About")?;
    let bold = Format::new().set_bold();
    let wrapped = Format::new().set_text_wrap();
    sheet.set_column_width(0, 26)?;
    sheet.set_column_width(1, 90)?;
    let mut line = 0;
    for (term, text) in about(asked, state) {
        sheet.write_string_with_format(line, 0, term, &bold)?;
        sheet.write_string_with_format(line, 1, text, &wrapped)?;
        line += 1;
    }
    for (card, _) in with_rows(cards) {
        line += 1;
        sheet.write_string_with_format(line, 0, &card.title, &bold)?;
        let filters = asked.words_of(card);
        let notes = card.notes.join(" ");
        let text = format!("{}\n{filters}\n{notes}", card.definition);
        sheet.write_string_with_format(line, 1, text.trim(), &wrapped)?;
    }
    Ok(())
}

fn write_card(sheet: &mut Worksheet, card: &Card, answer: &Answer) -> Result<(), ExportError> {
    let head = Format::new().set_bold();
    sheet.set_freeze_panes(1, 0)?;
    for (place, column) in card.columns.iter().enumerate() {
        let at = place as u16;
        sheet.write_string_with_format(0, at, &column.label, &head)?;
        sheet.set_column_width(at, if column.kind.is_number() { 14 } else { 24 })?;
        let shape = shape(column.kind);
        for (line, row) in answer.rows.iter().enumerate() {
            if let Some(cell) = row.get(place) {
                write_cell(sheet, line as u32 + 1, at, cell, column.kind, &shape)?;
            }
        }
    }
    let Some(sums) = totals(card, answer) else { return Ok(()) };
    let line = answer.rows.len() as u32 + 1;
    sheet.write_string_with_format(line, 0, "Total", &head)?;
    for (name, sum) in sums {
        if let Some((place, column)) = card.columns.iter().enumerate().find(|(_, column)| column.name == name)
        {
            let shape = shape(column.kind).set_bold();
            sheet.write_number_with_format(line, place as u16, sum.for_drawing(), &shape)?;
        }
    }
    Ok(())
}

fn shape(kind: ColumnType) -> Format {
    match kind {
        ColumnType::Usd => Format::new().set_num_format("$#,##0.00"),
        ColumnType::UsdUnit => Format::new().set_num_format("$#,##0.000"),
        ColumnType::Percent => Format::new().set_num_format("0.0%"),
        ColumnType::Integer => Format::new().set_num_format("#,##0"),
        ColumnType::Number => Format::new().set_num_format("#,##0.0"),
        kind if kind.is_day() => Format::new().set_num_format("yyyy-mm-dd"),
        _ => Format::new(),
    }
}

fn write_cell(
    sheet: &mut Worksheet,
    line: u32,
    at: u16,
    cell: &Cell,
    kind: ColumnType,
    shape: &Format,
) -> Result<(), ExportError> {
    match cell {
        Cell::Null => {}
        Cell::Flag(flag) => {
            sheet.write_boolean(line, at, *flag)?;
        }
        Cell::Date(day) => {
            let day = ExcelDateTime::from_ymd(day.year().unsigned_abs(), day.month() as u8, day.day() as u8)?;
            sheet.write_datetime_with_format(line, at, day, shape)?;
        }
        Cell::Integer(_) | Cell::Decimal(_) | Cell::Float(_) if kind.is_number() => {
            // A spreadsheet knows floats alone; CSV and JSON are exact.
            let value = number(cell).map_or(0.0, crate::Number::for_drawing);
            sheet.write_number_with_format(line, at, value, shape)?;
        }
        // A text is a text, whatever it begins with.
        Cell::Integer(_) | Cell::Decimal(_) | Cell::Float(_) | Cell::Text(_) | Cell::Moment(_) => {
            sheet.write_string(line, at, cell.to_string())?;
        }
    }
    Ok(())
}
