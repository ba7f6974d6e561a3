//! A warehouse that answers two small rules, one archive, one mail server, and as many alerters as a test wants.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aispend_alerter::channels::{Channel, Mail, Mailboxes};
use aispend_alerter::{Rules, Watch, WatchDoors};
use aispend_ports::{Answer, Archive, Clock, Questions, WarehouseError};
use aispend_testkit::memory::{MemoryArchive, MemoryParked, MemoryWarehouse};
use aispend_testkit::next_turn;
use aispend_testkit::sim::{RoughArchive, Weather};
use aispend_warehouse::{Engine, Limits, Rule};
use async_trait::async_trait;
use jiff::Timestamp;

use crate::smtp::Smtp;

/// 22 November 2026, six in the morning.
const NOW: i64 = 1_795_327_200;

const DAILY: &str = r#"/*
title = "Day above the days before"
question = "Did a day cost far more than usual?"
definition = "A day's spend against the mean of the seven days before."
unit = "percent"
kind = "money"
severity = "warning"
schedule = "daily"
sentence = "Spend of {subject} on {period} was {amount}: {measured} of {baseline}."
remedy = "Ask who ran what."
changed = "2026-11-22"
explains_change = true
[limits]
percent = { default = "150", unit = "percent", text = "how far" }
*/
SELECT * FROM daily WHERE measured > {{limit:percent}} AND day < {{as_of}} AND day >= {{quiet_from}}"#;

const STALE: &str = r#"/*
title = "A feed that nobody read"
question = "Is every feed current?"
definition = "Hours since a feed was read."
unit = "hours"
kind = "ingestion"
severity = "critical"
schedule = "hourly"
sentence = "{subject} was last read {measured} hours ago."
remedy = "Run it."
changed = "2026-11-22"
*/
SELECT * FROM stale"#;

pub struct SetClock(AtomicI64);

impl SetClock {
    pub fn pass(&self, duration: Duration) {
        self.0.fetch_add(i64::try_from(duration.as_micros()).unwrap(), Relaxed);
    }
}

#[async_trait]
impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        // No two moments are the same.
        Timestamp::from_microsecond(self.0.fetch_add(1, Relaxed)).unwrap()
    }
    async fn sleep(&self, _: Duration) {
        next_turn().await;
    }
}

/// Subjects that each rule sees.
#[derive(Default)]
pub struct Plain {
    seen: Mutex<BTreeMap<&'static str, Vec<String>>>,
    asked: Mutex<Vec<String>>,
    is_down: std::sync::atomic::AtomicBool,
}

const COLUMNS: [&str; 15] = [
    "subject",
    "period",
    "measured",
    "limit_value",
    "amount",
    "baseline",
    "platform",
    "team",
    "now_from",
    "now_to",
    "base_from",
    "base_to",
    "since",
    "link",
    "note",
];
const CHANGE: [&str; 7] =
    ["platform", "user_email", "model", "now_usd", "base_usd", "now_tokens", "base_tokens"];

fn rows(columns: &[&str], rows: Vec<Vec<&str>>) -> Answer {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Answer {
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        rows: rows.into_iter().map(|row| row.into_iter().map(text).collect()).collect(),
    }
}

#[async_trait]
impl Questions for Plain {
    async fn ask(&self, sql: &str) -> Result<Answer, WarehouseError> {
        next_turn().await;
        if self.is_down.load(Relaxed) {
            return Err(WarehouseError::Unavailable("down".to_owned()));
        }
        self.asked.lock().unwrap().push(sql.to_owned());
        if sql.contains("slice_loads") && sql.contains("MIN(") {
            return Ok(rows(&["day"], vec![vec!["2026-01-01"]]));
        }
        if sql.contains("base_tokens") {
            let line = ["cursor", "ann@example.com", "m", "1800", "1000", "180", "100"];
            return Ok(rows(&CHANGE, vec![line.to_vec()]));
        }
        let rule = if sql.contains("FROM daily") { "daily" } else { "stale" };
        let seen = self.seen.lock().unwrap().get(rule).cloned().unwrap_or_default();
        let row = |subject: &'_ String| {
            let (measured, amount) = if rule == "daily" { ("180", "1800") } else { ("52", "") };
            [
                subject.as_str(),
                "2026-11-21",
                measured,
                "150",
                amount,
                "1000",
                "",
                "",
                "2026-11-21",
                "2026-11-21",
                "2026-11-14",
                "2026-11-20",
                "2026-11-21",
                "executive?range=2026-11-21~2026-11-21",
                "",
            ]
            .map(str::to_owned)
            .to_vec()
        };
        let found: Vec<Vec<String>> = seen.iter().map(row).collect();
        Ok(rows(&COLUMNS, found.iter().map(|row| row.iter().map(String::as_str).collect()).collect()))
    }
}

/// Letters through a server that these authorities vouch for.
pub fn mail_to(url: &str, authorities: Option<&str>) -> Arc<dyn Channel> {
    let list = |address: &str| vec![address.to_owned()];
    let (finance, on_call) = (list("finance@example.com"), list("on-call@example.com"));
    let mailboxes = Mailboxes::read(Some("aispend <alerts@example.com>"), &finance, &on_call).unwrap();
    Arc::new(Mail::new(url, authorities.map(str::as_bytes), mailboxes).unwrap())
}

pub struct Bed {
    pub clock: Arc<SetClock>,
    pub plain: Arc<Plain>,
    pub archive: Arc<MemoryArchive>,
    pub warehouse: Arc<MemoryWarehouse>,
    pub parked: Arc<MemoryParked>,
    pub smtp: Smtp,
}

impl Bed {
    pub async fn new() -> Self {
        Self {
            clock: Arc::new(SetClock(AtomicI64::new(NOW * 1_000_000))),
            plain: Arc::default(),
            archive: Arc::default(),
            warehouse: Arc::default(),
            parked: Arc::default(),
            smtp: Smtp::start().await,
        }
    }

    pub fn see(&self, rule: &'static str, subjects: &[&str]) {
        let subjects = subjects.iter().map(|subject| (*subject).to_owned()).collect();
        self.plain.seen.lock().unwrap().insert(rule, subjects);
    }

    pub fn set_down(&self, is_down: bool) {
        self.plain.is_down.store(is_down, Relaxed);
    }

    /// How often a rule was asked.
    pub fn asked(&self, rule: &str) -> usize {
        let from = format!("FROM {rule}");
        self.plain.asked.lock().unwrap().iter().filter(|sql| sql.contains(&from)).count()
    }

    pub fn mail(&self) -> Arc<dyn Channel> {
        mail_to(self.smtp.url(), None)
    }

    pub fn watch(&self) -> Watch {
        self.watch_over(Arc::clone(&self.archive) as Arc<dyn Archive>, vec![self.mail()])
    }

    /// Whose archive lets others go first, and may fail.
    pub fn rough_watch(&self, weather: &Arc<Weather>) -> Watch {
        let inner = Arc::clone(&self.archive) as Arc<dyn Archive>;
        self.watch_over(Arc::new(RoughArchive { inner, weather: Arc::clone(weather) }), vec![self.mail()])
    }

    pub fn watch_over(&self, archive: Arc<dyn Archive>, channels: Vec<Arc<dyn Channel>>) -> Watch {
        let doors = WatchDoors {
            questions: Arc::clone(&self.plain) as Arc<dyn Questions>,
            warehouse: Arc::clone(&self.warehouse) as Arc<dyn aispend_ports::Warehouse>,
            archive,
            parked: Arc::clone(&self.parked) as Arc<dyn aispend_ports::ParkedStore>,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
        };
        let rules = vec![Rule::parse("daily", DAILY).unwrap(), Rule::parse("stale", STALE).unwrap()];
        let rules = Rules::new(Engine::DuckDb, rules, Limits::new());
        Watch::new(rules, doors, channels, "https://spend.example.com")
    }

    /// The newest line of every incident: state, and whether everybody was told.
    pub fn lines(&self) -> BTreeMap<String, (String, bool)> {
        let mut newest = BTreeMap::new();
        let mut lines = self.warehouse.incidents();
        lines.sort_by_key(|line| line.changed_at);
        for line in lines {
            newest.insert(line.subject, (line.state, line.notified_at.is_some()));
        }
        newest
    }
}
