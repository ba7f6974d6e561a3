//! What the tables will lack with these keys and sheets, and what would fill it.

use aispend_model::Feed;

use super::report::{Check, Diagnosis, KeyReport, Kind, SheetReport, Status};
use crate::settings::{CostApi, FetcherSettings, KeyKind};

/// The gaps, most money first.
pub fn gaps(settings: &FetcherSettings, keys: &[KeyReport], sheets: &[SheetReport]) -> Vec<Check> {
    let has_kind = |kind| settings.anthropic.iter().any(|key| key.kind == kind);
    let in_use = |feed| sheets.iter().any(|sheet| sheet.feed == feed && sheet.rows.is_some());
    let has_family = |family| keys.iter().any(|key| key.cost_api == Some(family));
    let mut gaps = Vec::new();
    let mut gap = |subject: &str, says: &str| gaps.push(Check::note(subject, says));
    if !has_kind(KeyKind::Admin) {
        gap(
            "no admin key",
            "no money of the Claude API, none of Claude Code with a Console account, no keys and workspaces",
        );
    }
    if !has_kind(KeyKind::Analytics) {
        gap(
            "no analytics key",
            if in_use(Feed::SheetClaudeAiUsage) || in_use(Feed::SheetClaudeAiSpend) {
                "claude.ai comes from the sheets alone; Claude Code on a claude.ai seat has no money in the reports"
            } else {
                "no claude.ai use (a Team plan has no API: keep the sheets claude-ai-usage and claude-ai-spend); \
                 Claude Code on a claude.ai seat has no money in the reports"
            },
        );
    }
    if settings.cursor.is_empty() {
        gap("no Cursor key", "nothing of Cursor");
    }
    if has_family("legacy") {
        gap(
            "legacy cost report",
            "it names no API key: money is split over the keys of a workspace by their tokens; the total is exact",
        );
    }
    if has_family("enterprise_reports") {
        gap("Enterprise cost reports", "what they give no person stays unattributed; the total is exact");
    }
    let analytics = has_family("analytics_enterprise") || has_family("enterprise_reports");
    if analytics || (has_family("analytics") && settings.cost_api == CostApi::Analytics) {
        gap("before 2026", "the analytics API has no day before 2026-01-01");
    }
    let closed = |feed: Feed| {
        keys.iter()
            .flat_map(|key| &key.feeds)
            .any(|report| report.check.subject == feed.as_str() && report.check.status >= Status::Warn)
    };
    if closed(Feed::AnthropicClaudeAi) {
        gap("claude.ai", "no chats and projects by person: the Enterprise analytics do not answer");
    }
    if !in_use(Feed::SheetSeats) && !sheets.is_empty() {
        gap("no seats", "seat fees of claude.ai and Cursor are in no API and so in no total");
    }
    if !in_use(Feed::SheetApiKeyMapping) && keys.iter().any(|key| key.kind == Kind::Console) {
        gap("no api-key-mapping", "money of an API key goes to whoever made the key");
    }
    gaps
}

impl Diagnosis {
    /// The worst of all findings.
    pub fn status(&self) -> Status {
        let feeds = self.keys.iter().flat_map(|key| key.feeds.iter().map(|feed| feed.check.status));
        let keys = self.keys.iter().map(|key| key.check.status);
        let sheets = self.sheets.iter().map(|sheet| sheet.check.status);
        let all = feeds.chain(keys).chain(sheets).chain([self.clock.status]);
        all.max().unwrap_or(Status::Ok)
    }
}
