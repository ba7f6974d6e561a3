//! What the server holds: rows of each kind by id, and the counters that give ids, names and times.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt::Write,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    Options,
    graph::{CollectionGraph, DataGraph},
    json::{Row, copy, set},
    search::Entry,
};

/// What a row is. Each kind counts its own ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    ApiKey,
    Card,
    Collection,
    Dashboard,
    Database,
    Field,
    Group,
    Membership,
    Notification,
    Pulse,
    Revision,
    Table,
    User,
    /// Parts of a dashboard.
    Dashcard,
    Tab,
    /// Parts of a subscription or an alert.
    Part,
}

impl Kind {
    /// The first id. They lie apart, so that an id of one kind in the place of another is no id at all.
    fn first_id(self) -> i64 {
        match self {
            Self::User
            | Self::ApiKey
            | Self::Revision
            | Self::Group
            | Self::Membership
            | Self::Collection => 1,
            Self::Database => 41,
            Self::Table => 1_001,
            Self::Field => 10_001,
            Self::Card => 2_001,
            Self::Dashboard => 401,
            Self::Dashcard => 50_001,
            Self::Tab => 6_001,
            Self::Pulse => 701,
            Self::Notification => 801,
            Self::Part => 90_001,
        }
    }

    /// The kinds that have an id of 21 characters.
    fn has_entity_id(self) -> bool {
        matches!(
            self,
            Self::Card | Self::Collection | Self::Dashboard | Self::Dashcard | Self::Tab | Self::Pulse
        )
    }
}

/// Everything the server remembers.
pub struct State {
    pub options: Options,
    rows: BTreeMap<Kind, BTreeMap<i64, Row>>,
    counters: BTreeMap<Kind, i64>,
    /// Each number once, for names and times.
    ticks: u64,
    /// The user of each session.
    pub sessions: BTreeMap<String, i64>,
    pub settings: BTreeMap<String, Value>,
    pub setup_token: Option<String>,
    pub collection_graph: CollectionGraph,
    pub data_graph: DataGraph,
    /// The strategy for the whole instance.
    pub cache: Option<Value>,
    /// What could be found after each write, the newest last.
    pub index: VecDeque<Vec<Entry>>,
    pub violations: Vec<String>,
    /// What single cards give: columns and rows.
    pub card_answers: BTreeMap<i64, (Vec<String>, Vec<Vec<Value>>)>,
}

impl State {
    pub fn new(options: Options) -> Self {
        let mut state = Self {
            rows: BTreeMap::new(),
            counters: BTreeMap::new(),
            ticks: 0,
            sessions: BTreeMap::new(),
            settings: options.fixed_settings.iter().cloned().collect(),
            setup_token: Some(options.setup_token.clone()),
            collection_graph: CollectionGraph::default(),
            data_graph: DataGraph::default(),
            cache: None,
            index: VecDeque::new(),
            violations: Vec::new(),
            card_answers: BTreeMap::new(),
            options,
        };
        for name in ["All Users", "Administrators"] {
            state.insert(Kind::Group, crate::json::row(json!({ "name": name })));
        }
        let trash =
            json!({ "name": "Trash", "slug": "trash", "type": "trash", "location": "/", "archived": false });
        state.insert(Kind::Collection, crate::json::row(trash));
        state
    }

    /// Keeps a row under the next id of its kind, and gives the id.
    pub fn insert(&mut self, kind: Kind, mut row: Row) -> i64 {
        let id = self.stamp(kind, &mut row);
        self.rows.entry(kind).or_default().insert(id, row);
        id
    }

    /// Gives a row its id and its times, without keeping it.
    pub fn stamp(&mut self, kind: Kind, row: &mut Row) -> i64 {
        let counter = self.counters.entry(kind).or_insert_with(|| kind.first_id());
        let id = *counter;
        *counter = id + 1;
        let now = self.now();
        set(row, "id", id);
        set(row, "created_at", now.clone());
        set(row, "updated_at", now);
        if kind.has_entity_id() && copy(row, "entity_id").is_null() {
            set(row, "entity_id", self.entity_id());
        }
        id
    }

    pub fn get(&self, kind: Kind, id: i64) -> Option<&Row> {
        self.rows.get(&kind)?.get(&id)
    }

    pub fn all(&self, kind: Kind) -> impl DoubleEndedIterator<Item = (i64, &Row)> {
        self.rows.get(&kind).into_iter().flatten().map(|(id, row)| (*id, row))
    }

    /// Puts a changed row in its place.
    pub fn replace(&mut self, kind: Kind, id: i64, mut row: Row) {
        set(&mut row, "updated_at", self.now());
        self.rows.entry(kind).or_default().insert(id, row);
    }

    /// Changes a row without a trace, as the server's own work does.
    pub fn change(&mut self, kind: Kind, id: i64, change: impl FnOnce(&mut Row)) {
        if let Some(row) = self.rows.get_mut(&kind).and_then(|rows| rows.get_mut(&id)) {
            change(row);
        }
    }

    pub fn remove(&mut self, kind: Kind, id: i64) -> Option<Row> {
        self.rows.get_mut(&kind)?.remove(&id)
    }

    /// The id that a path names: a number, or the 21 characters.
    pub fn resolve(&self, kind: Kind, name: &str) -> Option<i64> {
        match name.parse() {
            Ok(id) => self.get(kind, id).map(|_| id),
            Err(_) => self.by_entity_id(kind, name),
        }
    }

    pub fn by_entity_id(&self, kind: Kind, entity_id: &str) -> Option<i64> {
        let is_it = |row: &Row| crate::json::text(row, "entity_id") == Some(entity_id);
        self.all(kind).find(|(_, row)| is_it(row)).map(|(id, _)| id)
    }

    /// A second later each time, so that nothing here depends on a clock.
    pub fn now(&mut self) -> String {
        let second = self.tick();
        let (day, rest) = (1 + second / 86_400, second % 86_400);
        format!("2026-11-{day:02}T{:02}:{:02}:{:02}.000000Z", rest / 3_600, rest / 60 % 60, rest % 60)
    }

    /// 21 characters that were not given before.
    pub fn entity_id(&mut self) -> String {
        let mut text = URL_SAFE_NO_PAD.encode(self.fresh_bytes("entity"));
        text.truncate(21);
        text
    }

    pub fn uuid(&mut self) -> String {
        as_uuid(&self.fresh_bytes("uuid"))
    }

    /// Text that nobody guesses, for keys.
    pub fn secret(&mut self) -> String {
        URL_SAFE_NO_PAD.encode(self.fresh_bytes("secret"))
    }

    /// Notes something the client should not have done.
    pub fn violation(&mut self, what: impl Into<String>) {
        self.violations.push(what.into());
    }

    pub fn major(&self) -> u32 {
        self.options.version.major()
    }

    fn fresh_bytes(&mut self, purpose: &str) -> Vec<u8> {
        let tick = self.tick();
        Sha256::digest(format!("{purpose} {tick}")).to_vec()
    }

    fn tick(&mut self) -> u64 {
        self.ticks += 1;
        self.ticks
    }
}

/// The first 16 bytes in the form of a UUID.
pub fn as_uuid(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (at, byte) in bytes.iter().take(16).enumerate() {
        // Writing to a string never fails.
        write!(text, "{}{byte:02x}", if [4, 6, 8, 10].contains(&at) { "-" } else { "" }).unwrap_or_default();
    }
    text
}
