//! Rows on their way to the staging tables: one pending stream a table, visible at once when all of it is there.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use aispend_model::day_number;
use aispend_ports::{Frames, LoadState, SliceLoad, SliceOutcome};
use aispend_proto::{Table, TableSums};
use aispend_tables::{
    Batch, RowWriter, Sinks, SuffixValue, Which, write_document, write_line, write_rejected,
};
use aispend_warehouse::staging_name;
use arrow::{
    array::RecordBatch,
    datatypes::Schema,
    error::ArrowError,
    ipc::writer::{CompressionContext, DictionaryTracker, IpcDataGenerator, IpcWriteOptions, write_message},
};
use futures::future::try_join_all;
use google_cloud_bigquery::{
    error::AppendError,
    model::{ArrowRecordBatch, ArrowSchema},
    write::{AppendFuture, PendingWriter, format::Arrow},
};
use google_cloud_gax::error::rpc::Code;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use tokio::time::timeout;

use crate::{BigQuery, BigQueryError, Fault, plan::Need};

const STAGING: &str = "stage rows";

/// A batch of about so many bytes is handed over.
const BATCH_BYTES: usize = 2 << 20;

/// No request is larger: the limit is 10 MiB, the schema included.
const REQUEST_BYTES: usize = 9 << 20;

/// Requests of a stream that may wait for their answers.
const WAITING: usize = 3;

/// Why slices could not be staged.
pub enum StagingError {
    /// One slice's fault.
    Refused { place: usize, detail: String },
    /// BigQuery's.
    Engine(BigQueryError),
}

impl From<BigQueryError> for StagingError {
    fn from(error: BigQueryError) -> Self {
        Self::Engine(error)
    }
}

/// What is in the staging tables for a load.
pub struct Staged {
    /// Marks its rows.
    pub load_id: String,
    /// The partition its rows are in.
    pub day: Date,
    /// How many rows there are, by table.
    pub rows: BTreeMap<&'static str, i64>,
    /// What is there of each slice.
    pub slices: BTreeMap<usize, Need>,
}

impl Staged {
    /// True where nothing is missing.
    pub fn covers(&self, needs: &BTreeMap<usize, Need>) -> bool {
        needs.iter().all(|(place, need)| need.is_met_by(self.slices.get(place).copied().unwrap_or_default()))
    }
}

impl BigQuery {
    /// Stages what the slices need, under a load id of its own.
    pub(crate) async fn stage(
        &self,
        slices: &[SliceLoad],
        needs: BTreeMap<usize, Need>,
    ) -> Result<Staged, StagingError> {
        let load_id = format!("{:032x}", rand::random::<u128>());
        let day = today();
        let mut streams = Streams { bigquery: self, tables: Vec::new(), suffix: Vec::new() };
        for (place, need) in &needs {
            let Some(load) = slices.get(*place) else { continue };
            streams.begin_slice(&load_id, *place, day);
            if let Some(which) = need.rows {
                streams.write_rows(*place, load, which).await?;
            }
            if need.line {
                streams.write_beside(load);
            }
            streams.flush_all(*place).await?;
        }
        let rows = streams.commit().await?;
        Ok(Staged { load_id, day, rows, slices: needs })
    }

    fn call_timeout(&self) -> Duration {
        self.inner.options.call_timeout
    }

    async fn open_stream(&self, table: &str, schema: &Schema) -> Result<PendingWriter<Arrow>, BigQueryError> {
        let (project, dataset) = (&self.inner.project, self.dataset());
        let path = format!("projects/{project}/datasets/{dataset}/tables/{}", staging_name(table));
        let schema = ArrowSchema::new()
            .set_serialized_schema(encode_schema(schema).map_err(|error| encoding(&error))?);
        timeout(self.call_timeout(), self.inner.write.create_stream(path).build_arrow(schema))
            .await
            .map_err(|_| BigQueryError::late(STAGING))?
            .map_err(BigQueryError::builder(STAGING))
    }
}

/// One stream a table, opened when there is something for it.
struct Streams<'a> {
    bigquery: &'a BigQuery,
    tables: Vec<Stream<'a>>,
    suffix: Vec<SuffixValue>,
}

struct Stream<'a> {
    bigquery: &'a BigQuery,
    table: &'static str,
    batch: Batch,
    writer: Option<PendingWriter<Arrow>>,
    rows: i64,
    /// Appends without an answer, and whose rows they carry.
    waiting: VecDeque<(usize, AppendFuture)>,
}

impl Sinks for Streams<'_> {
    fn of(&mut self, table: Table) -> &mut Batch {
        self.batch(table.name())
    }
}

impl Streams<'_> {
    fn begin_slice(&mut self, load_id: &str, place: usize, day: Date) {
        self.suffix = vec![
            SuffixValue::Text(load_id.to_owned()),
            SuffixValue::Integer(place as i64),
            SuffixValue::Date(day_number(day)),
        ];
        for stream in &mut self.tables {
            stream.batch.end_rows_with(self.suffix.clone());
        }
    }

    fn batch(&mut self, table: &'static str) -> &mut Batch {
        let place = self.tables.iter().position(|stream| stream.table == table).unwrap_or_else(|| {
            let mut batch = self.bigquery.staging_batch(table);
            batch.end_rows_with(self.suffix.clone());
            let bigquery = self.bigquery;
            self.tables.push(Stream {
                bigquery,
                table,
                batch,
                writer: None,
                rows: 0,
                waiting: VecDeque::new(),
            });
            self.tables.len() - 1
        });
        &mut self.tables.get_mut(place).expect("it was found or added").batch
    }

    async fn write_rows(&mut self, place: usize, load: &SliceLoad, which: Which) -> Result<(), StagingError> {
        let refused = |detail| StagingError::Refused { place, detail };
        let mut writer = RowWriter::new(load, which);
        for frame in Frames::new(load.frames.clone()) {
            writer.frame(&frame.map_err(|error| refused(error.to_string()))?, self);
            for stream in self.tables.iter_mut().filter(|stream| stream.batch.size_bytes() > BATCH_BYTES) {
                stream.flush(place).await?;
            }
        }
        writer.finish().map_err(refused)
    }

    /// The ledger's line, rejected records and documents. What the line says was superseded, the script knows.
    fn write_beside(&mut self, load: &SliceLoad) {
        let state = match load.outcome {
            SliceOutcome::Unavailable => LoadState::Unavailable,
            SliceOutcome::Complete | SliceOutcome::Retired => LoadState::Loaded,
        };
        write_line(self.batch("slice_loads"), load, state, &TableSums::default());
        if !load.rejected.is_empty() {
            write_rejected(self.batch("rejected_records"), load);
        }
        let key = load.slice.key();
        for document in &load.documents {
            write_document(self.batch("raw_documents"), load, &key, document);
        }
    }

    async fn flush_all(&mut self, place: usize) -> Result<(), StagingError> {
        try_join_all(self.tables.iter_mut().map(|stream| stream.flush(place))).await.map(drop)
    }

    async fn commit(self) -> Result<BTreeMap<&'static str, i64>, StagingError> {
        try_join_all(self.tables.into_iter().map(Stream::commit)).await.map(BTreeMap::from_iter)
    }
}

impl Stream<'_> {
    /// Hands over the rows so far, which are one slice's.
    async fn flush(&mut self, place: usize) -> Result<(), StagingError> {
        if self.batch.rows() == 0 {
            return Ok(());
        }
        let rows = self.batch.take().expect("every column has a value per row");
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => self.bigquery.open_stream(self.table, self.batch.schema()).await?,
        };
        let requests = encode(&rows).map_err(|error| match error {
            EncodeError::TooLarge(bytes) => StagingError::Refused {
                place,
                detail: format!(
                    "a row of `{}` takes {bytes} bytes, and {REQUEST_BYTES} can be sent",
                    self.table
                ),
            },
            EncodeError::Arrow(error) => encoding(&error).into(),
        })?;
        for (count, request) in requests {
            while self.waiting.len() >= WAITING {
                self.settle_one().await?;
            }
            self.waiting.push_back((place, writer.append(request).set_offset(self.rows).send()));
            self.rows += count;
        }
        self.writer = Some(writer);
        Ok(())
    }

    async fn settle_one(&mut self) -> Result<(), StagingError> {
        let Some((place, append)) = self.waiting.pop_front() else { return Ok(()) };
        let answer = timeout(self.bigquery.call_timeout(), append).await;
        match answer.map_err(|_| BigQueryError::late(STAGING))? {
            Ok(_) => Ok(()),
            // A request that was sent twice has arrived once.
            Err(AppendError::Rpc { source, .. })
                if source.status().is_some_and(|status| status.code == Code::AlreadyExists) =>
            {
                Ok(())
            }
            Err(AppendError::RowErrors { row_errors, .. }) => {
                let first = row_errors.first();
                let detail =
                    first.map_or_else(String::new, |row| format!(": row {}: {}", row.index, row.message));
                Err(StagingError::Refused { place, detail: format!("rows of `{}`{detail}", self.table) })
            }
            Err(error) => Err(BigQueryError::append(STAGING, &error).into()),
        }
    }

    /// Makes all rows visible, or none.
    async fn commit(mut self) -> Result<(&'static str, i64), StagingError> {
        while !self.waiting.is_empty() {
            self.settle_one().await?;
        }
        let Some(writer) = self.writer else { return Ok((self.table, 0)) };
        let limit = self.bigquery.call_timeout();
        let late = |_| BigQueryError::late(STAGING);
        let end = timeout(limit, writer.finalize()).await.map_err(late)?;
        let end = end.map_err(|error| BigQueryError::call(STAGING, &error))?;
        if end.row_count != self.rows {
            let detail = format!("{} rows of `{}` arrived, not {}", end.row_count, self.table, self.rows);
            return Err(BigQueryError::new(STAGING, Fault::Service, detail).into());
        }
        timeout(limit, writer.commit()).await.map_err(late)?.map_err(BigQueryError::commit(STAGING))?;
        Ok((self.table, self.rows))
    }
}

#[expect(clippy::disallowed_methods, reason = "BigQuery's own clock says when a partition expires")]
fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

enum EncodeError {
    TooLarge(usize),
    Arrow(ArrowError),
}

impl From<ArrowError> for EncodeError {
    fn from(error: ArrowError) -> Self {
        Self::Arrow(error)
    }
}

fn encoding(error: &ArrowError) -> BigQueryError {
    BigQueryError::new(STAGING, Fault::Service, error.to_string())
}

fn encode_schema(schema: &Schema) -> Result<Vec<u8>, ArrowError> {
    let options = IpcWriteOptions::default();
    let mut dictionaries = DictionaryTracker::new(false);
    let encoded = IpcDataGenerator::default().schema_to_bytes_with_dictionary_tracker(
        schema,
        &mut dictionaries,
        &options,
    );
    let mut bytes = Vec::new();
    write_message(&mut bytes, encoded, &options)?;
    Ok(bytes)
}

/// Rows as requests of a size that is taken, with the number of rows in each.
fn encode(rows: &RecordBatch) -> Result<Vec<(i64, ArrowRecordBatch)>, EncodeError> {
    let options = IpcWriteOptions::default();
    let mut dictionaries = DictionaryTracker::new(false);
    let (_, encoded) = IpcDataGenerator::default().encode(
        rows,
        &mut dictionaries,
        &options,
        &mut CompressionContext::default(),
    )?;
    let mut bytes = Vec::new();
    write_message(&mut bytes, encoded, &options)?;
    let count = rows.num_rows();
    if bytes.len() <= REQUEST_BYTES {
        return Ok(vec![(count as i64, ArrowRecordBatch::new().set_serialized_record_batch(bytes))]);
    }
    if count < 2 {
        return Err(EncodeError::TooLarge(bytes.len()));
    }
    let half = count / 2;
    let mut requests = encode(&rows.slice(0, half))?;
    requests.extend(encode(&rows.slice(half, count - half))?);
    Ok(requests)
}
