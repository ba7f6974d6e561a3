//! The least that puts Cursor's events into DuckDB: one thread that downloads a page, parses it and appends it. No
//! archive, no checks, no second try: what the pipeline is measured against.

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context, Result};
use clap::Parser;
use duckdb::{
    Config, Connection,
    arrow::{
        array::{
            ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Int64Builder, StringBuilder,
            TimestampMicrosecondBuilder,
        },
        datatypes::{DataType, Field, Schema, TimeUnit},
        record_batch::RecordBatch,
    },
};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::value::RawValue;

const TABLE: &str = "CREATE TABLE cursor_usage_events (
    event_date DATE NOT NULL, event_at TIMESTAMP NOT NULL, user_email VARCHAR, service_account_id VARCHAR,
    cloud_agent_id VARCHAR, conversation_id VARCHAR, model VARCHAR, kind VARCHAR, is_chargeable BOOLEAN,
    max_mode BOOLEAN, is_headless BOOLEAN, is_token_based_call BOOLEAN, requests_costs DECIMAL(38, 9),
    input_tokens BIGINT, output_tokens BIGINT, cache_write_tokens BIGINT, cache_read_tokens BIGINT,
    model_value_usd DECIMAL(38, 9), charged_value_usd DECIMAL(38, 9), token_fee_value_usd DECIMAL(38, 9))";
const PAGE_SIZE: usize = 1_000;
/// Rows handed to DuckDB at once: whole pages, about the size it works with best.
const APPEND_ROWS: usize = 8_000;
const DAY_MILLIS: i64 = 86_400_000;

/// Downloads, parses, appends.
#[derive(Parser)]
struct Arguments {
    #[arg(long)]
    base_url: String,
    #[arg(long)]
    key: String,
    /// First day.
    #[arg(long)]
    from: Date,
    /// Last day.
    #[arg(long)]
    to: Date,
    #[arg(long)]
    database: PathBuf,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow, rename = "usageEvents")]
    events: Vec<Event<'a>>,
    pagination: Pagination,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pagination {
    has_next_page: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    timestamp: &'a str,
    user_email: Option<&'a str>,
    service_account_id: Option<&'a str>,
    cloud_agent_id: Option<&'a str>,
    conversation_id: Option<&'a str>,
    model: Option<&'a str>,
    #[serde(alias = "kindLabel")]
    kind: Option<&'a str>,
    is_chargeable: Option<bool>,
    max_mode: Option<bool>,
    is_headless: Option<bool>,
    is_token_based_call: Option<bool>,
    #[serde(borrow)]
    requests_costs: Option<&'a RawValue>,
    #[serde(borrow)]
    token_usage: Option<TokenUsage<'a>>,
    #[serde(borrow)]
    charged_cents: Option<&'a RawValue>,
    #[serde(borrow)]
    cursor_token_fee: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenUsage<'a> {
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
    cache_write_tokens: Option<i64>,
    cache_read_tokens: Option<i64>,
    #[serde(borrow)]
    total_cents: Option<&'a RawValue>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(copy(&arguments))
}

async fn copy(arguments: &Arguments) -> Result<()> {
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::Client::builder().build()?;
    let url = format!("{}/teams/filtered-usage-events", arguments.base_url);
    let connection = Connection::open_with_flags(&arguments.database, Config::default().threads(1)?)?;
    connection.execute_batch(TABLE)?;
    let mut rows = Rows::new();
    let mut day = arguments.from;
    while day <= arguments.to {
        let epoch_day = day.since((jiff::Unit::Day, Date::constant(1970, 1, 1)))?.get_days();
        let start = i64::from(epoch_day) * DAY_MILLIS;
        for page in 1.. {
            let body = format!(
                r#"{{"startDate":{start},"endDate":{},"page":{page},"pageSize":{PAGE_SIZE}}}"#,
                start + DAY_MILLIS - 1
            );
            let answer = client
                .post(&url)
                .basic_auth(&arguments.key, Some(""))
                .header("content-type", "application/json")
                .body(body)
                .send()
                .await?
                .error_for_status()?
                .bytes()
                .await?;
            let page: Page = serde_json::from_slice(&answer)?;
            for event in &page.events {
                rows.push(event, epoch_day)?;
            }
            if rows.count >= APPEND_ROWS {
                rows.flush(&connection)?;
            }
            if !page.pagination.has_next_page {
                break;
            }
        }
        day = day.tomorrow()?;
    }
    rows.flush(&connection)?;
    connection.execute_batch("CHECKPOINT")?;
    Ok(())
}

/// One batch, column by column.
struct Rows {
    schema: Arc<Schema>,
    date: Date32Builder,
    at: TimestampMicrosecondBuilder,
    texts: [StringBuilder; 6],
    flags: [BooleanBuilder; 4],
    requests: Decimal128Builder,
    counts: [Int64Builder; 4],
    amounts: [Decimal128Builder; 3],
    count: usize,
}

impl Rows {
    fn new() -> Self {
        let kinds = [
            (1, DataType::Date32),
            (1, DataType::Timestamp(TimeUnit::Microsecond, None)),
            (6, DataType::Utf8),
            (4, DataType::Boolean),
            (1, DataType::Decimal128(38, 9)),
            (4, DataType::Int64),
            (3, DataType::Decimal128(38, 9)),
        ];
        let fields: Vec<Field> = kinds
            .iter()
            .flat_map(|(times, kind)| std::iter::repeat_n(kind, *times))
            .enumerate()
            .map(|(place, kind)| Field::new(format!("c{place}"), kind.clone(), true))
            .collect();
        Self {
            schema: Arc::new(Schema::new(fields)),
            date: Date32Builder::new(),
            at: TimestampMicrosecondBuilder::new(),
            texts: std::array::from_fn(|_| StringBuilder::new()),
            flags: std::array::from_fn(|_| BooleanBuilder::new()),
            requests: Decimal128Builder::new(),
            counts: std::array::from_fn(|_| Int64Builder::new()),
            amounts: std::array::from_fn(|_| Decimal128Builder::new()),
            count: 0,
        }
    }

    fn push(&mut self, event: &Event, epoch_day: i32) -> Result<()> {
        self.date.append_value(epoch_day);
        self.at.append_value(event.timestamp.parse::<i64>()? * 1_000);
        let texts = [
            event.user_email,
            event.service_account_id,
            event.cloud_agent_id,
            event.conversation_id,
            event.model,
            event.kind,
        ];
        for (column, value) in self.texts.iter_mut().zip(texts) {
            column.append_option(value);
        }
        let flags = [event.is_chargeable, event.max_mode, event.is_headless, event.is_token_based_call];
        for (column, value) in self.flags.iter_mut().zip(flags) {
            column.append_option(value);
        }
        self.requests.append_option(event.requests_costs.map(|raw| billionths(raw.get(), 9)).transpose()?);
        let usage = event.token_usage.as_ref();
        let counts = [
            usage.and_then(|usage| usage.input_tokens),
            usage.and_then(|usage| usage.output_tokens),
            usage.and_then(|usage| usage.cache_write_tokens),
            usage.and_then(|usage| usage.cache_read_tokens),
        ];
        for (column, value) in self.counts.iter_mut().zip(counts) {
            column.append_option(value);
        }
        let amounts =
            [usage.and_then(|usage| usage.total_cents), event.charged_cents, event.cursor_token_fee];
        for (column, value) in self.amounts.iter_mut().zip(amounts) {
            column.append_option(value.map(|raw| billionths(raw.get(), 7)).transpose()?);
        }
        self.count += 1;
        Ok(())
    }

    fn flush(&mut self, connection: &Connection) -> Result<()> {
        if self.count == 0 {
            return Ok(());
        }
        self.count = 0;
        let mut arrays: Vec<ArrayRef> = vec![Arc::new(self.date.finish()), Arc::new(self.at.finish())];
        arrays.extend(self.texts.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef));
        arrays.extend(self.flags.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef));
        arrays.push(Arc::new(self.requests.finish().with_precision_and_scale(38, 9)?));
        arrays.extend(self.counts.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef));
        for column in &mut self.amounts {
            arrays.push(Arc::new(column.finish().with_precision_and_scale(38, 9)?));
        }
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays)?;
        let mut appender = connection.appender("cursor_usage_events")?;
        appender.append_record_batch(batch)?;
        appender.flush()?;
        Ok(())
    }
}

/// A number by its digits, times ten to the power of `shift`, rounded.
fn billionths(text: &str, shift: usize) -> Result<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let (sign, whole) = whole.strip_prefix('-').map_or((1, whole), |rest| (-1, rest));
    let mut value: i128 = whole.parse().with_context(|| format!("`{text}` is no number"))?;
    let mut digits = fraction.bytes();
    for _ in 0..shift {
        value = value * 10 + i128::from(digits.next().map_or(0, |digit| digit - b'0'));
    }
    let up = digits.next().is_some_and(|digit| digit >= b'5');
    Ok(sign * (value + i128::from(up)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_become_billionths() {
        for (text, expected) in
            [("0", 0), ("12", 120_000_000), ("40.16699999999999", 401_670_000), ("-0.5", -5_000_000)]
        {
            assert_eq!(billionths(text, 7).unwrap(), expected, "{text}");
        }
    }
}
