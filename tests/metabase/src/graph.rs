//! Who may see which collection, and which data: the two graphs, as they are kept.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// Everybody is in it.
pub const ALL_USERS: i64 = 1;
/// May do everything, whatever the graphs say.
pub const ADMINISTRATORS: i64 = 2;

/// A group's rights on a collection; what is not in it is `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Nothing,
    Read,
    Write,
}

impl Level {
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "none" => Some(Self::Nothing),
            "read" => Some(Self::Read),
            "write" => Some(Self::Write),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// By group and collection. No collection is the root.
#[derive(Default)]
pub struct CollectionGraph {
    pub revision: i64,
    levels: BTreeMap<(i64, Option<i64>), Level>,
}

impl CollectionGraph {
    pub fn level(&self, group: i64, collection: Option<i64>) -> Level {
        // A new instance lets everybody into the root.
        let otherwise = match (group, collection) {
            (ADMINISTRATORS, _) | (ALL_USERS, None) => Level::Write,
            _ => Level::Nothing,
        };
        self.levels.get(&(group, collection)).copied().unwrap_or(otherwise)
    }

    pub fn set(&mut self, group: i64, collection: Option<i64>, level: Level) {
        self.levels.insert((group, collection), level);
    }

    /// A new collection starts with its parent's rights, and does not follow them later.
    pub fn inherit(&mut self, groups: &[i64], collection: i64, parent: Option<i64>) {
        for group in groups {
            self.set(*group, Some(collection), self.level(*group, parent));
        }
    }

    /// As the server tells it. Since 0.56 what is not allowed is not in it.
    pub fn tell(&self, groups: &[i64], collections: &BTreeSet<i64>, major: u32) -> Value {
        let places = || [None].into_iter().chain(collections.iter().copied().map(Some));
        let of_group = |group: i64| -> Map<String, Value> {
            let levels = places().map(|place| (place, self.level(group, place)));
            let told = levels.filter(|(_, level)| *level != Level::Nothing || major < 56);
            let key = |place: Option<i64>| place.map_or("root".to_owned(), |id| id.to_string());
            told.map(|(place, level)| (key(place), json!(level.name()))).collect()
        };
        let groups: Map<String, Value> =
            groups.iter().map(|group| (group.to_string(), Value::Object(of_group(*group)))).collect();
        json!({ "revision": self.revision, "groups": groups })
    }
}

/// What a group may do with a database, by group and database.
#[derive(Default)]
pub struct DataGraph {
    pub revision: i64,
    /// The groups and databases where somebody chose something else than the start gives.
    pub create_queries: BTreeMap<(i64, i64), Value>,
    /// The same for downloads, where they are told apart.
    pub downloads: BTreeMap<(i64, i64), Value>,
}

impl DataGraph {
    pub fn tell(&self, groups: &[i64], databases: &[i64]) -> Value {
        let of_group = |group: i64| -> Map<String, Value> {
            databases.iter().map(|database| (database.to_string(), self.rights(group, *database))).collect()
        };
        let groups: Map<String, Value> =
            groups.iter().map(|group| (group.to_string(), Value::Object(of_group(*group)))).collect();
        json!({ "revision": self.revision, "groups": groups })
    }

    /// One group's rights on one database. In open source everybody may view all data. What is not allowed to be downloaded
    /// is not in it.
    pub fn rights(&self, group: i64, database: i64) -> Value {
        let start = match group {
            ALL_USERS | ADMINISTRATORS => json!("query-builder-and-native"),
            _ => json!("no"),
        };
        let create = self.create_queries.get(&(group, database)).cloned().unwrap_or(start);
        let mut rights = json!({ "view-data": "unrestricted", "create-queries": create });
        let download = self.downloads.get(&(group, database)).cloned();
        let download = download.unwrap_or_else(|| json!({ "schemas": "full" }));
        if let (false, Some(rights)) = (download == json!({ "schemas": "none" }), rights.as_object_mut()) {
            rights.insert("download".to_owned(), download);
        }
        rights
    }
}
