//! Rows of one table on their way into Arrow.

use std::sync::Arc;

use aispend_proto::{ColumnKind, RowSink};
use aispend_warehouse::ColumnDef;
use arrow::{
    array::{
        ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Int64Builder, StringBuilder,
        TimestampMicrosecondBuilder,
    },
    datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit},
    error::ArrowError,
    record_batch::RecordBatch,
};

/// How many digits an amount has, and how many of them behind the point.
const DECIMAL: (u8, i8) = (38, 9);

/// Roughly the bytes of a value that is no text.
const FIXED_BYTES: usize = 8;

/// The values of one column.
enum Values {
    Date(Date32Builder),
    Moment(TimestampMicrosecondBuilder),
    Decimal(Decimal128Builder),
    Integer(Int64Builder),
    Flag(BooleanBuilder),
    Text(StringBuilder),
}

/// Collects rows value by value, in the order of the table's columns.
pub struct Batch {
    schema: SchemaRef,
    columns: Vec<Values>,
    at: usize,
    rows: usize,
    /// Roughly what the rows take, in bytes.
    size: usize,
    /// Stands in for a moment the vendor did not say.
    missing_moment: Option<i64>,
    /// Ends every row.
    suffix: Vec<SuffixValue>,
}

/// A value that the rows of a load have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SuffixValue {
    /// A text.
    Text(String),
    /// A count.
    Integer(i64),
    /// Days since 1970-01-01.
    Date(i32),
}

impl Batch {
    /// For these columns; moments are said to be in a zone where the engine asks for one.
    pub fn new(columns: &[ColumnDef], zone: Option<&str>) -> Self {
        let kinds: Vec<ColumnKind> = columns.iter().map(|column| kind_of(&column.kind)).collect();
        let fields: Vec<Field> = columns
            .iter()
            .zip(&kinds)
            .map(|(column, kind)| Field::new(&column.name, arrow_type(*kind, zone), true))
            .collect();
        Self {
            schema: Arc::new(Schema::new(fields)),
            columns: kinds.into_iter().map(|kind| Values::new(kind, zone)).collect(),
            at: 0,
            rows: 0,
            size: 0,
            missing_moment: None,
            suffix: Vec::new(),
        }
    }

    /// Rows collected.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Roughly the bytes of the rows collected.
    pub const fn size_bytes(&self) -> usize {
        self.size
    }

    /// The columns, as Arrow.
    pub const fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// What every row ends with from now on, behind what its writer writes.
    pub fn end_rows_with(&mut self, suffix: Vec<SuffixValue>) {
        self.suffix = suffix;
    }

    /// What to write for a moment that is not there, until this is called again.
    pub const fn fill_moments_with(&mut self, moment: Option<i64>) {
        self.missing_moment = moment;
    }

    /// An amount too large for a row: a sum of rows.
    pub fn total(&mut self, nanos: i128) {
        match self.next() {
            Values::Decimal(values) => values.append_value(nanos),
            _ => refuse(),
        }
    }

    /// Ends a row.
    pub fn end_row(&mut self) {
        for place in 0..self.suffix.len() {
            match self.suffix.get(place).cloned() {
                Some(SuffixValue::Text(text)) => self.text(Some(&text)),
                Some(SuffixValue::Integer(count)) => self.integer(Some(count)),
                Some(SuffixValue::Date(day)) => self.date(Some(day)),
                None => {}
            }
        }
        assert_eq!(self.at, self.columns.len(), "a row has a value for every column");
        self.at = 0;
        self.rows += 1;
        self.size += FIXED_BYTES * self.columns.len();
    }

    /// The rows so far, as Arrow; the batch is empty afterwards.
    pub fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        self.rows = 0;
        self.at = 0;
        self.size = 0;
        let arrays = self.columns.iter_mut().map(Values::finish).collect::<Result<Vec<_>, _>>()?;
        RecordBatch::try_new(Arc::clone(&self.schema), arrays)
    }

    fn next(&mut self) -> &mut Values {
        let column =
            self.columns.get_mut(self.at).expect("a row has no more values than its table has columns");
        self.at += 1;
        column
    }
}

impl RowSink for Batch {
    fn date(&mut self, value: Option<i32>) {
        match self.next() {
            Values::Date(values) => values.append_option(value),
            _ => refuse(),
        }
    }

    fn moment(&mut self, value: Option<i64>) {
        let value = value.or(self.missing_moment);
        match self.next() {
            Values::Moment(values) => values.append_option(value),
            _ => refuse(),
        }
    }

    fn decimal(&mut self, value: Option<i64>) {
        match self.next() {
            Values::Decimal(values) => values.append_option(value.map(i128::from)),
            _ => refuse(),
        }
    }

    fn integer(&mut self, value: Option<i64>) {
        match self.next() {
            Values::Integer(values) => values.append_option(value),
            _ => refuse(),
        }
    }

    fn flag(&mut self, value: Option<bool>) {
        match self.next() {
            Values::Flag(values) => values.append_option(value),
            _ => refuse(),
        }
    }

    fn text(&mut self, value: Option<&str>) {
        self.size += value.map_or(0, str::len);
        match self.next() {
            Values::Text(values) => values.append_option(value),
            _ => refuse(),
        }
    }
}

impl Values {
    fn new(kind: ColumnKind, zone: Option<&str>) -> Self {
        match kind {
            ColumnKind::Date => Self::Date(Date32Builder::new()),
            ColumnKind::Moment => {
                Self::Moment(TimestampMicrosecondBuilder::new().with_data_type(arrow_type(kind, zone)))
            }
            ColumnKind::Decimal => Self::Decimal(Decimal128Builder::new()),
            ColumnKind::Integer => Self::Integer(Int64Builder::new()),
            ColumnKind::Flag => Self::Flag(BooleanBuilder::new()),
            ColumnKind::Text => Self::Text(StringBuilder::new()),
        }
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Self::Date(values) => Arc::new(values.finish()),
            Self::Moment(values) => Arc::new(values.finish()),
            Self::Decimal(values) => {
                Arc::new(values.finish().with_precision_and_scale(DECIMAL.0, DECIMAL.1)?)
            }
            Self::Integer(values) => Arc::new(values.finish()),
            Self::Flag(values) => Arc::new(values.finish()),
            Self::Text(values) => Arc::new(values.finish()),
        })
    }
}

/// A test compares every table's file with its rows, so no load gets here.
fn refuse() {
    unreachable!("a row's values have the kinds of its table's columns");
}

fn arrow_type(kind: ColumnKind, zone: Option<&str>) -> DataType {
    match kind {
        ColumnKind::Date => DataType::Date32,
        ColumnKind::Moment => DataType::Timestamp(TimeUnit::Microsecond, zone.map(Arc::from)),
        ColumnKind::Decimal => DataType::Decimal128(DECIMAL.0, DECIMAL.1),
        ColumnKind::Integer => DataType::Int64,
        ColumnKind::Flag => DataType::Boolean,
        ColumnKind::Text => DataType::Utf8,
    }
}

/// The kind that a table's file spells.
fn kind_of(spelled: &str) -> ColumnKind {
    match spelled {
        "DATE" => ColumnKind::Date,
        "TIMESTAMP" => ColumnKind::Moment,
        "{{numeric}}" => ColumnKind::Decimal,
        "INT64" => ColumnKind::Integer,
        "BOOL" => ColumnKind::Flag,
        _ => ColumnKind::Text,
    }
}
