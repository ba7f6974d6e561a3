//! Which product a charge belongs to, and which rule said so.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use aispend_model::Feed;
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::super::claude_code::api_actor_names;
use super::super::directory;
use crate::sheets::claude_code_keys;
use crate::{ContextBodies, SourceError};

/// The platform whose money is told once more by key.
pub(super) const CLAUDE_API: &str = "claude_api";
const CLAUDE_CODE: &str = "claude_code";
const CLAUDE_AI: &str = "claude.ai";

/// Products the vendor names that say nothing about the platform.
const UNDECIDED_PRODUCTS: &[&str] = &["other"];

/// A platform and the rule that chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Decision {
    pub platform: &'static str,
    pub rule: &'static str,
}

impl Decision {
    /// True for money that `api_usage_expenses` repeats.
    pub(super) fn is_api(self) -> bool {
        self.platform == CLAUDE_API
    }
}

/// What other feeds tell about a day's platforms. What was never observed decides nothing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Deciding {
    claude_code_workspaces: BTreeSet<String>,
    mapped_keys: BTreeSet<String>,
    named_keys: BTreeSet<String>,
    /// Why context could not be read. It then decides nothing; money is not parked for it.
    pub unread: Vec<SourceError>,
}

impl Deciding {
    /// Reads the context of a day.
    pub(super) fn read(context: &[ContextBodies], day: Date) -> Self {
        let mut unread = Vec::new();
        let directory = directory::known(context).unwrap_or_else(|error| {
            unread.push(error);
            directory::Known::default()
        });
        let mut running = BTreeSet::new();
        for slice in of(context, Feed::AnthropicClaudeCode) {
            match api_actor_names(&slice.documents) {
                Ok(names) => running.extend(names),
                Err(error) => unread.push(error),
            }
        }
        let mut mapped_keys = BTreeSet::new();
        for slice in of(context, Feed::SheetApiKeyMapping) {
            match claude_code_keys(&slice.documents, day) {
                Ok(keys) => mapped_keys.extend(keys),
                Err(error) => unread.push(error),
            }
        }
        // A name that two keys share names neither.
        let named_keys = directory
            .keys_by_name
            .into_iter()
            .filter(|(name, ids)| ids.len() == 1 && running.contains(name))
            .flat_map(|(_, ids)| ids)
            .collect();
        let claude_code_workspaces = directory.claude_code_workspaces.into_iter().collect();
        Self { claude_code_workspaces, mapped_keys, named_keys, unread }
    }

    /// All that the context decides, as SHA-256: equal digests, equal platforms.
    pub(super) fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for (name, ids) in [
            ("workspaces", &self.claude_code_workspaces),
            ("mapped", &self.mapped_keys),
            ("named", &self.named_keys),
        ] {
            hash.update(format!("{name} {}\n", ids.len()));
            for id in ids {
                hash.update(format!("{} {id}\n", id.len()));
            }
        }
        hash.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a String cannot fail.
            write!(text, "{byte:02x}").unwrap_or_default();
            text
        })
    }

    /// The rules of a Console organisation.
    pub(super) fn on_console(&self) -> Rules<'_> {
        Rules { deciding: self, otherwise: CLAUDE_API }
    }

    /// The rules of an Enterprise organisation.
    pub(super) fn on_enterprise(&self) -> Rules<'_> {
        Rules { deciding: self, otherwise: CLAUDE_AI }
    }
}

fn of(context: &[ContextBodies], feed: Feed) -> impl Iterator<Item = &ContextBodies> {
    context.iter().filter(move |slice| slice.feed == feed)
}

/// The rules, first to last: product, Claude Code's workspace, the mapped key, the key's name, the rest.
#[derive(Clone, Copy)]
pub(super) struct Rules<'a> {
    deciding: &'a Deciding,
    otherwise: &'static str,
}

impl Rules<'_> {
    /// For a charge whose product the vendor states. A product that says nothing leaves it to the workspace.
    pub(super) fn by_product(&self, product: Option<&str>, workspace_id: Option<&str>) -> Decision {
        match product.and_then(platform_of) {
            Some(platform) => Decision { platform, rule: "product" },
            None => self.by_workspace(workspace_id).unwrap_or_else(|| self.default()),
        }
    }

    /// For a charge of the legacy reports, after it went to a key.
    pub(super) fn by_key(&self, workspace_id: Option<&str>, api_key_id: Option<&str>) -> Decision {
        let known = |keys: &BTreeSet<String>| api_key_id.is_some_and(|id| keys.contains(id));
        if let Some(decision) = self.by_workspace(workspace_id) {
            decision
        } else if known(&self.deciding.mapped_keys) {
            Decision { platform: CLAUDE_CODE, rule: "key_mapping" }
        } else if known(&self.deciding.named_keys) {
            Decision { platform: CLAUDE_CODE, rule: "key_name" }
        } else {
            self.default()
        }
    }

    fn by_workspace(&self, workspace_id: Option<&str>) -> Option<Decision> {
        let is_claude_code = workspace_id.is_some_and(|id| self.deciding.claude_code_workspaces.contains(id));
        is_claude_code.then_some(Decision { platform: CLAUDE_CODE, rule: "workspace" })
    }

    const fn default(&self) -> Decision {
        Decision { platform: self.otherwise, rule: "default" }
    }
}

fn platform_of(product: &str) -> Option<&'static str> {
    match product {
        "claude_code" => Some(CLAUDE_CODE),
        "messages_api" | "message_batches_api" | "managed_agents_api" | "claude_console" => Some(CLAUDE_API),
        "chat" | "chat_cowork_unified" | "cowork" | "office_agent" | "claude_in_chrome" | "claude_design"
        // Claude in Slack, by the name of each version of the API.
        | "claude_tag" | "claude-tag" | "claude-in-slack" => Some(CLAUDE_AI),
        _ => None,
    }
}

/// True for a product that the vendor names, or leaves out.
pub(super) fn is_known_product(product: Option<&str>) -> bool {
    product.is_none_or(|product| platform_of(product).is_some() || UNDECIDED_PRODUCTS.contains(&product))
}
