//! Chat usage of Team plans, uploaded by hand: requirement 001's seven columns.

use aispend_model::{Feed, Money, day_number};
use aispend_proto::Table as Target;
use aispend_proto::v1::ClaudeUsage;

use super::cells::{Cells, Fault, Validity};
use super::overlap::Overlaps;
use super::sheet::{Reader, Sheet};
use super::table::Column;

pub(super) const SHEET: Sheet = Sheet {
    feed: Feed::SheetClaudeAiUsage,
    tables: &[Target::ClaudeUsageStats],
    columns: &[
        Column::required("user_email"),
        Column::required("activity_date"),
        Column::optional("conversation_count"),
        Column::optional("message_count"),
        Column::optional("project_count"),
        Column::optional("file_upload_count"),
        Column::optional("upload_timestamp"),
    ],
    read,
};

fn read(reader: &mut Reader) {
    let mut taken = Overlaps::new();
    for (line, cells) in Reader::rows(reader.table) {
        let row = cells.and_then(usage).and_then(|(usage, day)| {
            taken.take(
                "user_email",
                "person and day",
                (usage.user_email.clone(), usage.activity_date),
                day,
                line.number,
            )?;
            Ok(usage)
        });
        match row {
            Ok(usage) => reader.records.push(ClaudeUsage { document: reader.document, ..usage }),
            Err(fault) => reader.reject(Target::ClaudeUsageStats, line, &fault, Money::ZERO),
        }
    }
}

fn usage(cells: Cells) -> Result<(ClaudeUsage, Validity), Fault> {
    let email = cells.needed_email("user_email")?;
    let day = cells.needed_day("activity_date")?;
    let usage = ClaudeUsage {
        document: 0,
        activity_date: day_number(day),
        user_email: Some(email),
        conversation_count: cells.count("conversation_count")?,
        message_count: cells.count("message_count")?,
        project_count: cells.count("project_count")?,
        file_upload_count: cells.count("file_upload_count")?,
        upload_timestamp: cells.moment("upload_timestamp")?,
    };
    Ok((usage, Validity { from: Some(day), to: Some(day) }))
}
