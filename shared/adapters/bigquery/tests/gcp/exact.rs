//! What the emulator gets wrong unless it is started as we start it, and values on their way there and back.

use aispend_model::{Feed, Generation, Order, Slice};
use aispend_ports::{SliceLoad, SliceOutcome, Warehouse};
use aispend_proto::v1::CursorUsageEvent;
use aispend_proto::{ContentHash, Message, Table, TableSums};
use aispend_testkit::warehouse::{Reading, full_row};
use bytes::Bytes;
use jiff::Timestamp;

use crate::place::{csv, ready};

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn a_bare_numeric_keeps_nine_decimals() {
    let (_kept, warehouse) = ready().await;
    let found = csv(
        &warehouse,
        "SELECT NUMERIC '1.123456789' AS a, CAST('0.000000001' AS NUMERIC) AS b, NUMERIC '-1.5' AS c, \
         TIMESTAMP '2026-10-05 01:02:03.000004+00' AS d, DATE '2026-10-05' AS e, TRUE AS f, CAST(NULL AS STRING) AS g, \
         'x,y' AS h, 7 AS i",
    );
    assert_eq!(
        found.await,
        "a,b,c,d,e,f,g,h,i\n1.123456789,0.000000001,-1.5,2026-10-05T01:02:03.000004Z,2026-10-05,true,,\"x,y\",7\n"
    );
}

/// More than one request on one stream: a large slice.
#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn many_requests_of_one_stream_arrive_once_and_in_full() {
    let (_kept, warehouse) = ready().await;
    let event = |number: i64| CursorUsageEvent {
        event_date: 20_731,
        event_at: number,
        is_billed: true,
        conversation_id: Some("x".repeat(400)),
        charged_value_usd: Some(1),
        ..CursorUsageEvent::default()
    };
    let day = aispend_model::parse_day("2026-10-05").unwrap();
    let slice = Slice::of_day(Feed::CursorUsageEvents, "cursor", day);
    let load = (0..20_000).fold(Reading::default(), |reading, number| reading.row(event(number)));
    warehouse.load(vec![load.of(slice, 10)]).await.unwrap();
    let found = csv(
        &warehouse,
        "SELECT COUNT(*) AS n, COUNT(DISTINCT event_at) AS distinct_events, SUM(charged_value_usd) AS usd \
         FROM ai_usage_analytics.cursor_usage_events",
    );
    assert_eq!(found.await, "n,distinct_events,usd\n20000,20000,0.00002\n");
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn every_column_of_every_table_comes_back_as_it_went_in() {
    let (_kept, warehouse) = ready().await;
    let mut loads = Vec::new();
    for (place, table) in Table::ALL.iter().enumerate() {
        let set = full_row(*table);
        let (mut sums, mut hash) = (TableSums::default(), ContentHash::default());
        set.visit(&mut sums);
        set.visit(&mut hash);
        loads.push(SliceLoad {
            // What a person may type into a setting must not leave its quotes.
            slice: Slice::all(Feed::SheetBudgets, format!("o'r\"g\\n{place}")),
            order: Order { generation: Generation(10), revision: 0, reader_version: 1 },
            run_id: "run '\"\\".into(),
            source: "test".into(),
            outcome: SliceOutcome::Complete,
            outcome_reason: String::new(),
            frames: Bytes::from(set.encode_length_delimited_to_vec()),
            accepted: sums.clone(),
            read: sums,
            rejected: Vec::new(),
            documents: Vec::new(),
            context: Vec::new(),
            context_digest: String::new(),
            content_hash: hash.to_bytes(),
            rounded_amounts: 0,
            rounded_lost_usd: "0".into(),
            findings: Vec::new(),
            claude_code_tokens: None,
            loaded_at: Timestamp::UNIX_EPOCH,
        });
    }
    warehouse.load(loads).await.unwrap();
    for table in Table::ALL {
        assert_eq!(warehouse.snapshot(*table).await.unwrap(), full_row(*table), "{}", table.name());
    }
    assert_eq!(warehouse.ledger(None).await.unwrap().len(), Table::ALL.len());
}
