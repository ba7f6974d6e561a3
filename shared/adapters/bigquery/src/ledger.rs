//! The ledger: which reading of each slice is the newest.

use aispend_model::Feed;
use aispend_ports::LedgerLine;
use aispend_tables::{LineFields, Stored};

use crate::{
    BigQuery, BigQueryError, Fault,
    client::{Answer, Parameter, Question},
};

const READING: &str = "read the ledger";

const COLUMNS: &str = "slice_key, generation, revision, reader_version, run_id, source, outcome, totals, content_hash, \
                       documents, context, context_digest, UNIX_MICROS(loaded_at) AS loaded_at, rows_rejected, state";

impl BigQuery {
    /// Every line of these slices, without documents. `run`: who wants to know.
    pub(crate) async fn lines_of(
        &self,
        keys: &[String],
        run: Option<&str>,
    ) -> Result<Vec<Stored>, BigQueryError> {
        let columns = COLUMNS.replace("documents, context,", "'[]' AS documents, '[]' AS context,");
        let sql =
            format!("SELECT {columns} FROM {} WHERE slice_key IN UNNEST(@keys)", self.name("slice_loads"));
        let keys = Parameter::texts("keys", keys.iter().map(String::as_str));
        stored(self.ask(Question { run, ..Question::new(READING, sql) }.with([keys])).await?)
    }

    /// The newest reading of every slice; a note that a day cannot be had stands only where there is no reading.
    pub(crate) async fn newest(&self, feed: Option<Feed>) -> Result<Vec<LedgerLine>, BigQueryError> {
        let filter = if feed.is_some() { "WHERE feed = @feed" } else { "" };
        let sql = format!(
            "SELECT {COLUMNS} FROM (
                 SELECT *, ROW_NUMBER() OVER (
                     PARTITION BY slice_key
                     ORDER BY
                         CASE WHEN state = 'unavailable' THEN 1 ELSE 0 END,
                         generation DESC, revision DESC, reader_version DESC
                 ) AS place
                 FROM {} {filter}
             ) AS lines WHERE place = 1 ORDER BY slice_key",
            self.name("slice_loads")
        );
        let feed = feed.map(|feed| Parameter::new("feed", "STRING", Some(feed.as_str().to_owned())));
        let lines = stored(self.ask(Question::new(READING, sql).with(feed)).await?)?;
        Ok(lines.into_iter().map(|stored| stored.line).collect())
    }
}

fn stored(answer: Answer) -> Result<Vec<Stored>, BigQueryError> {
    answer
        .rows
        .into_iter()
        .map(|row| {
            let fields = fields(row).ok_or_else(|| {
                BigQueryError::new(READING, Fault::Service, "a line has values that are none of its columns'")
            })?;
            let slice_key = fields.slice_key.clone();
            fields.read().map_err(|detail| BigQueryError::Ledger { slice_key, detail })
        })
        .collect()
}

fn fields(row: Vec<Option<String>>) -> Option<LineFields> {
    let mut cells = row.into_iter();
    let mut text = || cells.next().flatten();
    Some(LineFields {
        slice_key: text()?,
        generation: text()?.parse().ok()?,
        revision: text()?.parse().ok()?,
        reader_version: text()?.parse().ok()?,
        run_id: text()?,
        source: text()?,
        outcome: text()?,
        totals: text()?,
        content_hash: text()?,
        documents: text()?,
        context: text()?,
        context_digest: text()?,
        loaded_at: text()?.parse().ok()?,
        rows_rejected: text()?.parse().ok()?,
        state: text()?,
    })
}
