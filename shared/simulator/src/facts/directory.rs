//! The Console organisation's workspaces and API keys.

use crate::config::WorldConfig;
use crate::dice::mix;
use crate::facts::people::Person;
use crate::names;

/// Indices into [`Directory::workspaces`].
pub mod workspace {
    pub const DEFAULT: u16 = 0;
    pub const PRODUCTION: u16 = 1;
    pub const CLAUDE_CODE: u16 = 2;
    pub const RESEARCH: u16 = 3;
    pub const OLD: u16 = 4;
}

/// Indices into [`Directory::keys`]: the keys that every world has.
pub mod key {
    pub const BACKEND: u32 = 0;
    pub const BATCH: u32 = 1;
    pub const CI_BOT: u32 = 2;
    pub const SCRATCH: u32 = 3;
    pub const NOTEBOOK_A: u32 = 4;
    pub const NOTEBOOK_B: u32 = 5;
    pub const UNMAPPED: u32 = 6;
    pub const ARCHIVED: u32 = 7;
    pub const AGENT: u32 = 8;
    /// The first of the others.
    pub const OTHERS: u32 = 9;
}

/// A workspace.
#[derive(Debug, Clone)]
pub struct Workspace {
    pub id: String,
    pub name: &'static str,
    pub archived: bool,
}

/// Who made a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Creator {
    Person(u32),
    Nobody,
}

/// An API key.
#[derive(Debug, Clone)]
pub struct Key {
    pub id: String,
    pub name: String,
    pub workspace: u16,
    pub creator: Creator,
    /// `active`, `inactive`, `archived`, `expired`.
    pub status: &'static str,
    /// Belongs to a service account.
    pub service: bool,
}

/// Workspaces, keys and service accounts.
#[derive(Debug, Clone)]
pub struct Directory {
    pub organisation: String,
    pub organisation_name: &'static str,
    pub enterprise: String,
    pub enterprise_name: &'static str,
    pub workspaces: Vec<Workspace>,
    pub keys: Vec<Key>,
    pub service_account: String,
    /// For each person the index of the own Claude Code key.
    pub code_keys: Vec<Option<u32>>,
    /// Indices of the keys that only a benchmark has.
    pub bulk: std::ops::Range<u32>,
}

impl Directory {
    /// Invents the directory.
    pub fn invent(config: &WorldConfig, people: &[Person], bulk: u32) -> Self {
        let seed = config.seed;
        let names = ["Default", "Production API", "Claude Code", "Research", "Old project"];
        let workspaces = names.iter().enumerate().map(|(index, name)| Workspace {
            id: names::anthropic_id("wrkspc", seed, index as u64),
            name,
            archived: index == usize::from(workspace::OLD),
        });
        let mut directory = Self {
            organisation: names::uuid(seed, "console"),
            organisation_name: "Example Org",
            enterprise: names::uuid(seed, "enterprise"),
            enterprise_name: "Example Enterprise",
            workspaces: workspaces.collect(),
            keys: Vec::new(),
            service_account: names::anthropic_id("svac", seed, 0),
            code_keys: Vec::new(),
            bulk: 0..0,
        };
        let last = people.len().saturating_sub(1) as u32;
        let person = |index: u32| Creator::Person(index.min(last));
        let fixed = [
            ("prod-backend", workspace::PRODUCTION, person(0), "active"),
            ("nightly-batch", workspace::PRODUCTION, person(0), "active"),
            ("ci-bot", workspace::PRODUCTION, Creator::Nobody, "active"),
            ("scratch", workspace::DEFAULT, person(1), "active"),
            ("notebook", workspace::PRODUCTION, person(1), "active"),
            ("notebook", workspace::RESEARCH, person(2), "inactive"),
            ("experiment", workspace::RESEARCH, Creator::Nobody, "active"),
            ("old-import", workspace::OLD, person(1), "archived"),
            ("agent-runner", workspace::RESEARCH, person(2), "active"),
        ];
        for (name, workspace, creator, status) in fixed {
            directory.add(seed, name.to_owned(), workspace, creator, status);
        }
        for team in names::TEAMS.iter().take(people.len() / 6) {
            directory.add(
                seed,
                format!("team-{}", team.0.to_lowercase()),
                workspace::PRODUCTION,
                person(3),
                "active",
            );
        }
        for (index, person) in people.iter().enumerate() {
            let key = person.code_key.then(|| {
                let tail = names::letters(mix(seed, 900 + index as u64), 4);
                let name = format!("claude_code_key_{}_{tail}", person.first.to_lowercase());
                directory.add(seed, name, workspace::CLAUDE_CODE, Creator::Person(index as u32), "active")
            });
            directory.code_keys.push(key);
        }
        let start = directory.keys.len() as u32;
        for index in 0..bulk {
            let workspace = if index % 2 == 0 { workspace::PRODUCTION } else { workspace::RESEARCH };
            directory.add(seed, format!("service-{index:04}"), workspace, person(index), "active");
        }
        directory.bulk = start..directory.keys.len() as u32;
        directory
    }

    /// Adds a key and says its index.
    pub fn add(
        &mut self,
        seed: u64,
        name: String,
        workspace: u16,
        creator: Creator,
        status: &'static str,
    ) -> u32 {
        let index = self.keys.len() as u32;
        let id = names::anthropic_id("apikey", seed, u64::from(index));
        self.keys.push(Key { id, name, workspace, creator, status, service: index == key::BATCH });
        index
    }

    /// A key's id.
    pub fn key_id(&self, index: u32) -> Option<&str> {
        self.keys.get(index as usize).map(|key| key.id.as_str())
    }

    /// A workspace's id.
    pub fn workspace_id(&self, index: u16) -> Option<&str> {
        self.workspaces.get(usize::from(index)).map(|workspace| workspace.id.as_str())
    }

    /// How many keys have this name, archived ones included.
    pub fn keys_named(&self, name: &str) -> usize {
        self.keys.iter().filter(|key| key.name == name).count()
    }
}
