//! Whose API key is whose, by the day.

use std::collections::BTreeSet;

use aispend_model::{Feed, Money};
use aispend_proto::Table as Target;
use aispend_proto::v1::ApiKeyMapping;
use jiff::civil::Date;

use super::cells::{Cells, Fault, Validity};
use super::overlap::Overlaps;
use super::sheet::{Reader, Row, Sheet};
use super::table::{Column, Table};
use crate::{Body, SourceError};

pub(super) const SHEET: Sheet = Sheet {
    feed: Feed::SheetApiKeyMapping,
    tables: &[Target::DimApiKeyMapping],
    columns: &[
        Column::required("api_key_id"),
        Column::required("user_email"),
        Column::optional("team").or(&["team_name"]),
        Column::optional("platform"),
        Column::optional("purpose"),
        Column::optional("status"),
        Column::optional("valid_from"),
        Column::optional("valid_to"),
    ],
    read,
};

const CLAUDE_CODE: &str = "claude_code";
const PLATFORMS: &[&str] = &[CLAUDE_CODE, "claude_api", "claude.ai", "claude_ai", "cursor"];

/// The keys that the mapping sheet gives to Claude Code on that day.
///
/// # Errors
/// When a document is no mapping sheet.
pub fn claude_code_keys(documents: &[Body], day: Date) -> Result<BTreeSet<String>, SourceError> {
    let mut keys = BTreeSet::new();
    for body in documents {
        let table = SHEET.table(body)?;
        for (_, row) in mappings(&table) {
            if let Ok((mapping, validity)) = row
                && mapping.platform.as_deref() == Some(CLAUDE_CODE)
                && validity.holds_on(day)
            {
                keys.insert(mapping.api_key_id);
            }
        }
    }
    Ok(keys)
}

fn read(reader: &mut Reader) {
    for (line, row) in mappings(reader.table) {
        match row {
            Ok((mapping, _)) => {
                reader.check_word("platform", mapping.platform.as_deref(), PLATFORMS);
                reader.records.push(ApiKeyMapping { document: reader.document, ..mapping });
            }
            Err(fault) => reader.reject(Target::DimApiKeyMapping, line, &fault, Money::ZERO),
        }
    }
}

/// Every row, read or refused; of two that claim a key for the same day, the later is refused.
fn mappings(table: &Table) -> Vec<Row<'_, (ApiKeyMapping, Validity)>> {
    let mut taken = Overlaps::new();
    Reader::rows(table)
        .map(|(line, cells)| {
            let row = cells.and_then(mapping).and_then(|(mapping, validity)| {
                taken.take(
                    "api_key_id",
                    "api_key_id for some of these days",
                    mapping.api_key_id.clone(),
                    validity,
                    line.number,
                )?;
                Ok((mapping, validity))
            });
            (line, row)
        })
        .collect()
}

fn mapping(cells: Cells) -> Result<(ApiKeyMapping, Validity), Fault> {
    let api_key_id = cells.needed("api_key_id")?;
    let validity = cells.validity()?;
    let mapping = ApiKeyMapping {
        document: 0,
        api_key_id,
        user_email: cells.account("user_email")?,
        team: cells.text("team"),
        platform: cells.word("platform"),
        purpose: cells.text("purpose"),
        status: cells.text("status"),
        valid_from: validity.first_day(),
        valid_to: validity.last_day(),
    };
    Ok((mapping, validity))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn keys(rows: &str, day: Date) -> Vec<String> {
        let bytes = format!("api_key_id,user_email,platform,valid_from,valid_to\n{rows}").into_bytes();
        let body = Body { role: "sheet".into(), request: "FILE api-key-mapping.csv".into(), page: 0, bytes };
        claude_code_keys(&[body], day).unwrap().into_iter().collect()
    }

    #[test]
    fn a_key_is_of_claude_code_on_the_days_the_sheet_says_so() {
        let rows = "k1,,claude_code,2026-10-01,2026-10-05\nk1,,claude_api,2026-10-06,\nk2,,Claude Code,,\nk3,,,,\n,,claude_code,,";
        assert_eq!(keys(rows, date(2026, 10, 5)), ["k1", "k2"]);
        assert_eq!(keys(rows, date(2026, 10, 6)), ["k2"]);
        assert_eq!(claude_code_keys(&[], date(2026, 10, 5)).unwrap().len(), 0);
    }

    #[test]
    fn of_two_rows_that_claim_a_key_the_earlier_decides() {
        let rows = "k1,,claude_api,,2026-10-31\nk1,,claude_code,2026-10-05,\n";
        assert_eq!(keys(rows, date(2026, 10, 5)), Vec::<String>::new());
    }
}
