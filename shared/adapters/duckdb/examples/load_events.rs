//! How fast rows get into the file, and what memory that takes:
//! `cargo run --profile quick -p aispend-duckdb --example load_events -- 1000000`
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a test by another name

use std::time::{Duration, Instant};

use aispend_duckdb::{DuckDb, open_reader};
use aispend_model::{Feed, Slice, day_from_number};
use aispend_ports::Warehouse;
use aispend_proto::v1::CursorUsageEvent;
use aispend_testkit::warehouse::Reading;

const FIRST_DAY: i32 = 20_000;

fn event(day: i32, number: i64) -> CursorUsageEvent {
    CursorUsageEvent {
        document: 0,
        event_date: day,
        event_at: i64::from(day) * 86_400_000_000 + number * 2_873_101,
        user_email: Some(format!("person{:03}@example.com", number * 7 % 400)),
        conversation_id: Some(format!("{:016x}-{number:08x}", number.wrapping_mul(0x1e37_79b9_7f4a_7c15))),
        model: Some(
            ["claude-opus-5-5", "claude-sonnet-5-5", "gpt-6", "composer-2"][number as usize % 4].into(),
        ),
        kind: Some(["Usage-based", "Included in Business"][number as usize % 2].into()),
        is_chargeable: Some(number % 2 == 0),
        is_billed: number % 2 == 0,
        max_mode: Some(number % 9 == 0),
        is_headless: Some(false),
        is_token_based_call: Some(true),
        requests_costs: Some(1_000_000_000),
        input_tokens: Some(number * 31 % 20_000),
        output_tokens: Some(number * 17 % 3_000),
        cache_write_tokens: Some(number * 13 % 9_000),
        cache_read_tokens: Some(number * 97 % 90_000),
        model_value_usd: Some(number * 7_919 % 900_000_000),
        charged_value_usd: Some(number * 7_907 % 900_000_000),
        token_fee_value_usd: Some(number * 101 % 9_000_000),
        ..CursorUsageEvent::default()
    }
}

fn status(name: &str) -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned()
}

#[tokio::main]
async fn main() {
    let rows: i64 = std::env::args().nth(1).and_then(|rows| rows.parse().ok()).unwrap_or(1_000_000);
    let rows_a_day: i64 = std::env::args().nth(2).and_then(|rows| rows.parse().ok()).unwrap_or(30_000);
    let folder = tempfile::tempdir().unwrap();
    let warehouse = DuckDb::open_writer(folder.path(), true).unwrap();
    let started = Instant::now();
    warehouse.migrate().await.unwrap();
    println!("migrate {:?}; {}", started.elapsed(), status("VmHWM"));

    let mut loading = Duration::ZERO;
    let mut done = 0;
    let mut slice = 0;
    while done < rows {
        let day = FIRST_DAY + slice;
        let count = rows_a_day.min(rows - done);
        let reading = (0..count).fold(Reading::default(), |reading, number| reading.row(event(day, number)));
        let load =
            reading.of(Slice::of_day(Feed::CursorUsageEvents, "cursor", day_from_number(day).unwrap()), 10);
        let started = Instant::now();
        warehouse.load(vec![load]).await.unwrap();
        loading += started.elapsed();
        done += count;
        slice += 1;
    }
    let per_second = u128::from(rows as u64) * 1_000 / loading.as_millis().max(1);
    println!("{rows} rows in {loading:?}: {per_second} rows/s; {}", status("VmHWM"));
    let started = Instant::now();
    warehouse.publish().await.unwrap();
    let size = std::fs::metadata(folder.path().join("warehouse.duckdb")).unwrap().len();
    println!("publish {:?}, {size} bytes; {}", started.elapsed(), status("VmHWM"));
    let reader = open_reader(folder.path()).unwrap();
    let started = Instant::now();
    let found =
        reader.query("SELECT COUNT(*) AS events FROM ai_usage_analytics.cursor_usage_events").unwrap();
    println!("{:?} in {:?}; {}", found.rows, started.elapsed(), status("VmHWM"));
}
