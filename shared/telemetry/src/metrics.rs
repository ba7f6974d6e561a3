//! What a stage counts: names and units as they are charted. Without a collector each call is a lookup and no more.

use std::sync::LazyLock;
use std::time::Duration;

use opentelemetry::metrics::{Counter, Gauge, Histogram};
use opentelemetry::{KeyValue, global};

struct Instruments {
    received: Counter<u64>,
    settled: Counter<u64>,
    published: Counter<u64>,
    given_back: Counter<u64>,
    parked: Counter<u64>,
    handle: Histogram<f64>,
    age: Histogram<f64>,
    oldest: Gauge<f64>,
    rows: Counter<u64>,
    money: Counter<u64>,
}

static INSTRUMENTS: LazyLock<Instruments> = LazyLock::new(|| {
    let meter = global::meter("aispend");
    let count = |name: &'static str, what: &'static str| {
        meter.u64_counter(name).with_unit("{message}").with_description(what).build()
    };
    let seconds = |name: &'static str, what: &'static str| {
        meter
            .f64_histogram(name)
            .with_unit("s")
            .with_description(what)
            .with_boundaries(vec![0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 600.0, 3600.0, 21600.0])
            .build()
    };
    Instruments {
        received: count("aispend.messages.received", "Deliveries taken."),
        settled: count("aispend.messages.settled", "Acknowledged after what follows was stored."),
        published: count("aispend.messages.published", "Messages that followed."),
        given_back: count("aispend.messages.retried", "Deliveries given back, to come again."),
        parked: count("aispend.messages.parked", "Messages set aside for a person, by reason."),
        handle: seconds("aispend.handle.duration", "Time in the stage's handler, a batch."),
        age: seconds("aispend.message.age", "From publishing to settling."),
        oldest: meter
            .f64_gauge("aispend.messages.oldest_unsettled_age")
            .with_unit("s")
            .with_description("Age of the oldest message that this process holds.")
            .build(),
        rows: meter
            .u64_counter("aispend.rows.loaded")
            .with_unit("{row}")
            .with_description("Rows loaded, by feed.")
            .build(),
        money: meter
            .u64_counter("aispend.money.loaded")
            .with_unit("{cent}")
            .with_description(
                "Billed money loaded, US cents, by feed, credits as their amount. The tables are exact.",
            )
            .build(),
    }
});

fn of(stage: &'static str) -> [KeyValue; 1] {
    [KeyValue::new("stage", stage)]
}

/// A delivery was taken.
pub fn received(stage: &'static str) {
    INSTRUMENTS.received.add(1, &of(stage));
}

/// A batch was in the stage's handler for so long.
pub fn handled(stage: &'static str, took: Duration) {
    INSTRUMENTS.handle.record(took.as_secs_f64(), &of(stage));
}

/// A message of that age was acknowledged.
pub fn settled(stage: &'static str, age: Duration) {
    INSTRUMENTS.settled.add(1, &of(stage));
    INSTRUMENTS.age.record(age.as_secs_f64(), &of(stage));
}

/// A message went out.
pub fn published(stage: &'static str) {
    INSTRUMENTS.published.add(1, &of(stage));
}

/// A delivery was given back.
pub fn given_back(stage: &'static str) {
    INSTRUMENTS.given_back.add(1, &of(stage));
}

/// A message was set aside.
pub fn parked(stage: &'static str, reason: &'static str) {
    INSTRUMENTS.parked.add(1, &[KeyValue::new("stage", stage), KeyValue::new("reason", reason)]);
}

/// The age of the oldest message at work; zero where there is none.
pub fn oldest_unsettled(stage: &'static str, age: Duration) {
    INSTRUMENTS.oldest.record(age.as_secs_f64(), &of(stage));
}

/// A slice was loaded.
pub fn loaded(feed: &'static str, rows: u64, money_nanos: i128) {
    let labels = [KeyValue::new("feed", feed)];
    INSTRUMENTS.rows.add(rows, &labels);
    INSTRUMENTS
        .money
        .add(u64::try_from(money_nanos.unsigned_abs() / 10_000_000).unwrap_or(u64::MAX), &labels);
}
