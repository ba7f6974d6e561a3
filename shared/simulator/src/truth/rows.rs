//! The rows of the truth. What the vendor does not say is None.

use jiff::civil::Date;
use serde::Serialize;

/// A row with an amount that is billed.
pub trait Billed {
    /// The amount in nano-dollars.
    fn nano(&self) -> i128;
}

macro_rules! billed {
    ($($row:ty),+) => { $(impl Billed for $row { fn nano(&self) -> i128 { self.nano } })+ };
}

billed!(ClaudeExpense, ApiUsage, CursorExpense, Subscription, Invoice, UsageCredit);

/// A row of `claude_expenses`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ClaudeExpense {
    pub day: Date,
    pub org_id: String,
    /// `claude.ai`, `claude_code` or `claude_api`.
    pub platform: &'static str,
    /// None is the default workspace in the legacy reports, and an Enterprise organisation.
    pub workspace_id: Option<String>,
    pub model: Option<&'static str>,
    pub cost_type: &'static str,
    pub token_type: Option<&'static str>,
    pub service_tier: Option<&'static str>,
    /// Known to the legacy reports only.
    pub context_window: Option<&'static str>,
    pub api_key_id: Option<String>,
    /// Only where the vendor names a person.
    pub user_email: Option<String>,
    pub product: Option<&'static str>,
    /// `exact`, `widened`, `no_key`, `unallocated`; None where the vendor names the key.
    pub allocation: Option<&'static str>,
    pub nano: i128,
}

/// A row of `api_usage_expenses`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ApiUsage {
    pub day: Date,
    pub org_id: String,
    pub api_key_id: Option<String>,
    pub workspace_id: Option<String>,
    pub model: Option<&'static str>,
    /// `messages`, `batch`, `managed_agents`, `console`, else the product itself.
    pub endpoint: Option<&'static str>,
    pub service_tier: Option<&'static str>,
    pub nano: i128,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cache_read_tokens: u64,
    pub cache_write_5m_tokens: u64,
    pub cache_write_1h_tokens: u64,
}

/// A record of `claude_code_usage_stats`. Its counters count once, however many models it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CodeRecord {
    pub day: Date,
    pub org_id: String,
    /// `claude-code` for the report, `claude-ai` for an Enterprise organisation's activity.
    pub feed: &'static str,
    pub user_email: Option<String>,
    pub key_name: Option<String>,
    pub customer_type: Option<&'static str>,
    pub subscription_type: Option<&'static str>,
    pub terminal_type: Option<&'static str>,
    pub is_remote: Option<bool>,
    pub sessions: u64,
    pub lines_added: u64,
    pub lines_removed: u64,
    pub commits: u64,
    pub pull_requests: u64,
    /// Accepted and rejected, for edit, multi-edit, write and notebook-edit.
    pub tools: [Option<(u64, u64)>; 4],
    pub models: Vec<CodeModel>,
}

/// What a record says about a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CodeModel {
    pub model: &'static str,
    pub input_tokens: Option<u64>,
    pub output_tokens: Option<u64>,
    pub cache_read_tokens: Option<u64>,
    pub cache_creation_tokens: Option<u64>,
    /// An estimate, never billed.
    pub estimated_nano: i128,
}

/// A row of `claude_usage_stats`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ClaudeUsage {
    pub day: Date,
    /// The Enterprise organisation, or `sheets`.
    pub org_id: String,
    pub user_email: String,
    pub conversation_count: Option<u64>,
    pub message_count: Option<u64>,
    pub project_count: Option<u64>,
    pub file_upload_count: Option<u64>,
}

/// What a person, a service account or nobody spent with one model in Cursor on one day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct CursorExpense {
    pub day: Date,
    /// A trimmed address in lower case, `sa:<id>`, or None where the event names nobody.
    pub user_email: Option<String>,
    pub model: &'static str,
    /// Billed, on demand.
    pub nano: i128,
    /// The nominal value of what the plan covers.
    pub included_nano: i128,
    pub billed_events: u64,
    pub included_events: u64,
    /// Errored or aborted, and not charged.
    pub void_events: u64,
}

/// A row of `cursor_usage_stats`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct CursorUsage {
    pub day: Date,
    /// A trimmed address in lower case, or `cursor:<userId>`.
    pub user_email: String,
    pub is_active: bool,
    /// The vendor's counters under the vendor's names.
    pub counters: [(&'static str, u64); 17],
    pub most_used_model: Option<&'static str>,
    pub client_version: Option<&'static str>,
}

/// A seat's share of one day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Subscription {
    pub day: Date,
    /// `anthropic` or `cursor`.
    pub vendor: &'static str,
    pub plan: &'static str,
    pub user_email: String,
    pub nano: i128,
}

/// An invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Invoice {
    pub vendor: &'static str,
    pub org_id: String,
    pub start: Date,
    pub end: Date,
    /// `usage` or `seats`.
    pub scope: &'static str,
    pub nano: i128,
}

/// A person, as the people sheet has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Person {
    pub user_email: String,
    pub name: String,
    pub department: &'static str,
    pub team: &'static str,
    pub valid_from: Date,
    /// Whether the Anthropic directory lists the person.
    pub in_anthropic_directory: bool,
    /// Whether Cursor's member list has the person, removed ones included.
    pub in_cursor_team: bool,
}

/// An API key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Key {
    pub api_key_id: String,
    pub name: String,
    /// The real id, also for the default workspace.
    pub workspace_id: Option<String>,
    pub status: &'static str,
    /// The rows of the mapping sheet about this key.
    pub mappings: Vec<Mapping>,
    /// The person who made the key, if the directory still knows them.
    pub creator_email: Option<String>,
}

/// A row of the mapping sheet. Both ends of a validity belong to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mapping {
    pub user_email: String,
    pub platform: &'static str,
    pub valid_from: Option<Date>,
    pub valid_to: Option<Date>,
}

/// What a person spent beyond the seat on one day, as far as a period's sum tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct UsageCredit {
    pub day: Date,
    pub user_email: String,
    /// The report's own word, such as `Claude Code`.
    pub product: &'static str,
    pub model: &'static str,
    pub nano: i128,
}
