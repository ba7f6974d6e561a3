//! The tables as sums by the same dimensions as the truth.

use aispend_model::{Feed, Slice, day_from_number};
use aispend_proto::Table;
use aispend_proto::v1::{
    ApiUsageExpense, ClaudeCodeUsage, ClaudeExpense, ClaudeUsage, CursorExpense, CursorUsage,
    CursorUsageEvent, RecordSet,
};
use aispend_testkit::memory::MemoryWarehouse;
use aispend_testkit::truth::{Coarse, Sums, add, finish, said};
use jiff::civil::Date;

/// The tables that the truth is about.
const TABLES: [Table; 7] = [
    Table::ClaudeExpenses,
    Table::ApiUsageExpenses,
    Table::ClaudeCodeUsageStats,
    Table::ClaudeUsageStats,
    Table::CursorExpenses,
    Table::CursorUsageStats,
    Table::CursorUsageEvents,
];

/// Adds up what a warehouse holds of some days, both included.
pub fn sums(warehouse: &MemoryWarehouse, days: (Date, Date), coarse: &Coarse<'_>) -> Sums {
    let mut adding = Adding { sums: Sums::new(), days, coarse };
    for table in TABLES {
        for (slice, row) in warehouse.active_rows(table) {
            let mut set = RecordSet::default();
            row.add_to(&mut set);
            adding.add(&slice, &set);
        }
    }
    finish(adding.sums)
}

struct Adding<'a> {
    sums: Sums,
    days: (Date, Date),
    coarse: &'a Coarse<'a>,
}

impl Adding<'_> {
    fn add(&mut self, slice: &Slice, set: &RecordSet) {
        for row in &set.claude_expenses {
            self.expense(slice, row);
        }
        for row in &set.api_usage_expenses {
            self.api_usage(slice, row);
        }
        for row in &set.claude_code_usage_stats {
            self.code(slice, row);
        }
        for row in &set.claude_usage_stats {
            self.chat(slice, row);
        }
        for row in &set.cursor_expenses {
            self.cursor(slice, row);
        }
        for row in &set.cursor_usage_stats {
            self.cursor_usage(row);
        }
        for row in &set.cursor_usage_events {
            self.event(row);
        }
    }

    /// The day, where it is one of those asked for.
    fn day(&self, number: i32) -> Option<Date> {
        day_from_number(number).ok().filter(|day| *day >= self.days.0 && *day <= self.days.1)
    }

    fn seat(&mut self, day: Date, vendor: &str, plan: Option<&String>, email: Option<&String>, nano: i64) {
        let key = format!("subscription {day} {vendor} {} {}", said(plan), said(email));
        add(&mut self.sums, key, &[i128::from(nano)]);
    }

    fn expense(&mut self, slice: &Slice, row: &ClaudeExpense) {
        let Some(day) = self.day(row.expense_date) else { return };
        if slice.feed == Feed::SheetSeats {
            self.seat(
                day,
                "anthropic",
                row.subscription_plan.as_ref(),
                row.user_email.as_ref(),
                row.cost_usd,
            );
            return;
        }
        let key = if self.coarse.enterprise == Some(slice.org_id.as_str()) {
            format!(
                "claude_expenses {day} {} {} {} {} {}",
                slice.org_id,
                row.platform,
                said(row.model.as_ref()),
                said(row.product.as_ref()),
                said(row.user_email.as_ref()),
            )
        } else {
            format!(
                "claude_expenses {day} {} {} {} {} {} {} {} {} {} {} {} {}",
                slice.org_id,
                row.platform,
                said(row.workspace_id.as_ref()),
                said(row.model.as_ref()),
                row.cost_type.as_deref().unwrap_or_default(),
                said(row.token_type.as_ref()),
                said(row.service_tier.as_ref()),
                said(row.context_window.as_ref()),
                said(row.api_key_id.as_ref()),
                said(row.user_email.as_ref()),
                said(row.product.as_ref()),
                row.allocation,
            )
        };
        add(&mut self.sums, key, &[i128::from(row.cost_usd)]);
    }

    fn api_usage(&mut self, slice: &Slice, row: &ApiUsageExpense) {
        let Some(day) = self.day(row.expense_date) else { return };
        let cost = i128::from(row.cost_usd);
        if self.coarse.enterprise == Some(slice.org_id.as_str()) {
            add(&mut self.sums, format!("api_usage_expenses {day} {}", slice.org_id), &[cost]);
            return;
        }
        let key = format!(
            "api_usage_expenses {day} {} {} {} {} {} {}",
            slice.org_id,
            said(row.api_key_id.as_ref()),
            said(row.workspace_id.as_ref()),
            said(row.model.as_ref()),
            said(row.endpoint.as_ref()),
            said(row.service_tier.as_ref()),
        );
        if self.coarse.without_tokens == slice.org_id {
            add(&mut self.sums, key, &[cost]);
            return;
        }
        let tokens = [
            row.input_tokens,
            row.output_tokens,
            row.cache_read_tokens,
            row.cache_write_5m_tokens,
            row.cache_write_1h_tokens,
            row.cache_tokens,
        ];
        let tokens = tokens.map(|tokens| i128::from(tokens.unwrap_or(0)));
        add(&mut self.sums, key, &[&[cost], &tokens[..]].concat());
    }

    fn code(&mut self, slice: &Slice, row: &ClaudeCodeUsage) {
        let Some(day) = self.day(row.activity_date) else { return };
        let who = format!(
            "{day} {} {} {} {} {} {} {}",
            slice.org_id,
            said(row.user_email.as_ref()),
            said(row.actor_key_name.as_ref()),
            said(row.customer_type.as_ref()),
            said(row.subscription_type.as_ref()),
            said(row.terminal_type.as_ref()),
            said(row.is_remote),
        );
        let counters = [
            row.num_sessions,
            row.lines_added,
            row.lines_removed,
            row.commits_by_claude_code,
            row.pull_requests_by_claude_code,
            row.edit_tool_accepted,
            row.edit_tool_rejected,
            row.multi_edit_tool_accepted,
            row.multi_edit_tool_rejected,
            row.write_tool_accepted,
            row.write_tool_rejected,
            row.notebook_edit_tool_accepted,
            row.notebook_edit_tool_rejected,
        ];
        let counters = counters.map(|count| i128::from(count.unwrap_or(0)));
        add(&mut self.sums, format!("claude_code_usage_stats {who}"), &counters);
        if let Some(model) = &row.model {
            let figures = [
                row.input_tokens,
                row.output_tokens,
                row.cache_read_tokens,
                row.cache_creation_tokens,
                row.estimated_cost_usd,
            ];
            let figures = figures.map(|figure| i128::from(figure.unwrap_or(0)));
            add(&mut self.sums, format!("claude_code_usage_stats {who} model {model}"), &figures);
        }
    }

    fn chat(&mut self, slice: &Slice, row: &ClaudeUsage) {
        let Some(day) = self.day(row.activity_date) else { return };
        let key = format!("claude_usage_stats {day} {} {}", slice.org_id, said(row.user_email.as_ref()));
        let counts = [row.conversation_count, row.message_count, row.project_count, row.file_upload_count];
        // Not said is not zero.
        add(&mut self.sums, key, &counts.map(|count| count.map_or(-1, i128::from)));
    }

    fn cursor(&mut self, slice: &Slice, row: &CursorExpense) {
        let Some(day) = self.day(row.expense_date) else { return };
        if slice.feed == Feed::SheetSeats {
            let (plan, email) = (row.subscription_plan.as_ref(), row.user_email.as_ref());
            self.seat(day, "cursor", plan, email, row.estimated_cost_usd);
            return;
        }
        let key =
            format!("cursor_expenses {day} {} {}", said(row.user_email.as_ref()), said(row.model.as_ref()));
        let figures = [
            Some(row.estimated_cost_usd),
            row.included_value_usd,
            row.usage_based_reqs,
            row.subscription_included_reqs,
            row.not_charged_reqs,
        ];
        add(&mut self.sums, key, &figures.map(|figure| i128::from(figure.unwrap_or(0))));
    }

    fn cursor_usage(&mut self, row: &CursorUsage) {
        let Some(day) = self.day(row.activity_date) else { return };
        let key = format!(
            "cursor_usage_stats {day} {} {} {} {}",
            row.user_email,
            row.is_active.unwrap_or(false),
            said(row.most_used_model.as_ref()),
            said(row.client_version.as_ref()),
        );
        // In the order of the truth.
        let counters = [
            row.total_lines_added,
            row.total_lines_deleted,
            row.accepted_lines_added,
            row.accepted_lines_deleted,
            row.total_applies,
            row.total_accepts,
            row.total_rejects,
            row.total_tabs_shown,
            row.total_tabs_accepted,
            row.composer_requests,
            row.chat_requests,
            row.agent_requests,
            row.cmdk_usages,
            row.subscription_included_reqs,
            row.api_key_reqs,
            row.usage_based_reqs,
            row.bugbot_usages,
        ];
        let figures: Vec<i128> =
            std::iter::once(1).chain(counters.map(|count| i128::from(count.unwrap_or(0)))).collect();
        add(&mut self.sums, key, &figures);
    }

    fn event(&mut self, row: &CursorUsageEvent) {
        let Some(day) = self.day(row.event_date) else { return };
        let account = row.service_account_id.as_ref().map(|id| format!("sa:{id}"));
        let who = said(account.or_else(|| row.user_email.clone()));
        let value = if row.is_billed { i128::from(row.charged_value_usd.unwrap_or(0)) } else { 0 };
        let (billed, other) = (i128::from(row.is_billed), i128::from(!row.is_billed));
        add(
            &mut self.sums,
            format!("cursor_usage_events {day} {who} {}", said(row.model.as_ref())),
            &[value, billed, other],
        );
    }
}
