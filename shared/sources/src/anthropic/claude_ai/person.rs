//! One person's activity as the vendor sends it.

use aispend_model::day_number;
use aispend_proto::v1::ClaudeCodeUsage;
use jiff::civil::Date;
use serde::Deserialize;

use super::super::drift::Extra;
use super::super::wire::count;

/// Members of products that no table is about.
pub(super) const UNREAD: &[&str] = &[
    "cowork_metrics",
    "design_metrics",
    "office_metrics",
    "science_metrics",
    "web_search_count",
    "last_activity_date",
];

/// Chat metrics that no table is about.
pub(super) const UNREAD_CHAT: &[&str] = &[
    "connectors_used_count",
    "distinct_artifacts_created_count",
    "distinct_connectors_used_count",
    "distinct_projects_used_count",
    "distinct_shared_artifacts_viewed_count",
    "distinct_skills_used_count",
    "shared_conversations_viewed_count",
    "thinking_message_count",
];

#[derive(Deserialize)]
pub(super) struct Page {
    pub data: Vec<Person>,
}

#[derive(Deserialize)]
pub(super) struct Person {
    pub user: Option<User>,
    pub chat_metrics: Option<ChatMetrics>,
    pub claude_code_metrics: Option<ClaudeCodeMetrics>,
    #[serde(flatten)]
    pub extra: Extra,
}

#[derive(Deserialize)]
pub(super) struct User {
    pub id: Option<String>,
    email_address: Option<String>,
    email: Option<String>,
}

#[allow(clippy::struct_field_names, reason = "the vendor's names")]
#[derive(Default, Deserialize)]
pub(super) struct ChatMetrics {
    #[serde(default, deserialize_with = "count")]
    pub message_count: Option<i64>,
    #[serde(default, deserialize_with = "count")]
    pub distinct_conversation_count: Option<i64>,
    #[serde(default, deserialize_with = "count")]
    pub distinct_projects_created_count: Option<i64>,
    #[serde(default, deserialize_with = "count")]
    pub distinct_files_uploaded_count: Option<i64>,
    #[serde(flatten)]
    pub extra: Extra,
}

#[derive(Deserialize)]
pub(super) struct ClaudeCodeMetrics {
    core_metrics: Option<CoreMetrics>,
    tool_actions: Option<Tools>,
    #[serde(flatten)]
    pub extra: Extra,
}

#[derive(Default, Deserialize)]
struct CoreMetrics {
    #[serde(default, deserialize_with = "count")]
    commit_count: Option<i64>,
    #[serde(default, deserialize_with = "count")]
    pull_request_count: Option<i64>,
    #[serde(default, deserialize_with = "count")]
    distinct_session_count: Option<i64>,
    lines_of_code: Option<Lines>,
}

#[derive(Default, Deserialize)]
struct Lines {
    #[serde(default, deserialize_with = "count")]
    added_count: Option<i64>,
    #[serde(default, deserialize_with = "count")]
    removed_count: Option<i64>,
}

#[allow(clippy::struct_field_names, reason = "the vendor's names")]
#[derive(Default, Deserialize)]
struct Tools {
    edit_tool: Option<Tool>,
    multi_edit_tool: Option<Tool>,
    write_tool: Option<Tool>,
    notebook_edit_tool: Option<Tool>,
}

#[derive(Default, Deserialize)]
struct Tool {
    #[serde(default, deserialize_with = "count")]
    accepted_count: Option<i64>,
    #[serde(default, deserialize_with = "count")]
    rejected_count: Option<i64>,
}

impl User {
    pub(super) fn email(&self) -> Option<&str> {
        [&self.email_address, &self.email]
            .into_iter()
            .flatten()
            .map(|email| email.trim())
            .find(|email| !email.is_empty())
    }
}

impl ClaudeCodeMetrics {
    /// A row without models, for people who did anything at all.
    pub(super) fn into_row(
        self,
        document: u32,
        day: Date,
        user_email: Option<String>,
    ) -> Option<ClaudeCodeUsage> {
        let core = self.core_metrics.unwrap_or_default();
        let lines = core.lines_of_code.unwrap_or_default();
        let tools = self.tool_actions.unwrap_or_default();
        let parts = |tool: Option<Tool>| {
            let tool = tool.unwrap_or_default();
            (tool.accepted_count, tool.rejected_count)
        };
        let (edit, multi_edit) = (parts(tools.edit_tool), parts(tools.multi_edit_tool));
        let (write, notebook) = (parts(tools.write_tool), parts(tools.notebook_edit_tool));
        let counters = [
            core.distinct_session_count,
            core.commit_count,
            core.pull_request_count,
            lines.added_count,
            lines.removed_count,
            edit.0,
            edit.1,
            multi_edit.0,
            multi_edit.1,
            write.0,
            write.1,
            notebook.0,
            notebook.1,
        ];
        if !counters.iter().flatten().any(|count| *count > 0) {
            return None;
        }
        Some(ClaudeCodeUsage {
            document,
            activity_date: day_number(day),
            user_email,
            actor_type: "user_actor".to_owned(),
            num_sessions: core.distinct_session_count,
            lines_added: lines.added_count,
            lines_removed: lines.removed_count,
            commits_by_claude_code: core.commit_count,
            pull_requests_by_claude_code: core.pull_request_count,
            edit_tool_accepted: edit.0,
            edit_tool_rejected: edit.1,
            multi_edit_tool_accepted: multi_edit.0,
            multi_edit_tool_rejected: multi_edit.1,
            write_tool_accepted: write.0,
            write_tool_rejected: write.1,
            notebook_edit_tool_accepted: notebook.0,
            notebook_edit_tool_rejected: notebook.1,
            model_rank: 1,
            ..ClaudeCodeUsage::default()
        })
    }
}

/// Adds what is known.
pub(super) fn add(sum: &mut Option<i64>, more: Option<i64>) {
    if let Some(more) = more {
        *sum = Some(sum.unwrap_or(0).saturating_add(more));
    }
}

/// Adds the counters of a second row of the same person.
pub(super) fn add_counters(row: &mut ClaudeCodeUsage, more: &ClaudeCodeUsage) {
    add(&mut row.num_sessions, more.num_sessions);
    add(&mut row.lines_added, more.lines_added);
    add(&mut row.lines_removed, more.lines_removed);
    add(&mut row.commits_by_claude_code, more.commits_by_claude_code);
    add(&mut row.pull_requests_by_claude_code, more.pull_requests_by_claude_code);
    add(&mut row.edit_tool_accepted, more.edit_tool_accepted);
    add(&mut row.edit_tool_rejected, more.edit_tool_rejected);
    add(&mut row.multi_edit_tool_accepted, more.multi_edit_tool_accepted);
    add(&mut row.multi_edit_tool_rejected, more.multi_edit_tool_rejected);
    add(&mut row.write_tool_accepted, more.write_tool_accepted);
    add(&mut row.write_tool_rejected, more.write_tool_rejected);
    add(&mut row.notebook_edit_tool_accepted, more.notebook_edit_tool_accepted);
    add(&mut row.notebook_edit_tool_rejected, more.notebook_edit_tool_rejected);
}
