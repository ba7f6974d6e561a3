//! The tables as sums by the same dimensions as the truth, asked of the published warehouse in SQL.

use aispend_tables::{Cell, QueryResult};
use jiff::civil::Date;

use super::expected::{Coarse, Sums, add, finish};

/// Answers SQL about a warehouse, whichever it is.
pub type Ask<'a> = dyn Fn(&str) -> QueryResult + 'a;

/// Everything that is loaded of some days, both included, added up.
pub fn sums(ask: &Ask<'_>, days: (Date, Date), coarse: &Coarse<'_>) -> Sums {
    let mut asking = Asking { answer: ask, days, sums: Sums::new() };
    let fine = coarse.enterprise.unwrap_or_default();
    asking.ask(
        "claude_expenses",
        "expense_date",
        &[
            "org_id",
            "platform",
            "workspace_id",
            "model",
            "cost_type",
            "token_type",
            "service_tier",
            "context_window",
            "api_key_id",
            "user_email",
            "product",
            "allocation",
        ],
        &["cost_usd"],
        &format!("cost_type <> 'subscription' AND org_id <> '{fine}'"),
    );
    asking.ask(
        "claude_expenses",
        "expense_date",
        &["org_id", "platform", "model", "product", "user_email"],
        &["cost_usd"],
        &format!("cost_type <> 'subscription' AND org_id = '{fine}'"),
    );
    let tokens = [
        "cost_usd",
        "input_tokens",
        "output_tokens",
        "cache_read_tokens",
        "cache_write_5m_tokens",
        "cache_write_1h_tokens",
        "cache_tokens",
    ];
    let keys = ["org_id", "api_key_id", "workspace_id", "model", "endpoint", "service_tier"];
    let blind = coarse.without_tokens;
    asking.ask("api_usage_expenses", "expense_date", &keys, &tokens, &format!("org_id <> '{blind}'"));
    asking.ask(
        "api_usage_expenses",
        "expense_date",
        &keys,
        &["cost_usd"],
        &format!("org_id = '{blind}' AND org_id <> '{fine}'"),
    );
    asking.ask(
        "api_usage_expenses",
        "expense_date",
        &["org_id"],
        &["cost_usd"],
        &format!("org_id = '{fine}'"),
    );
    asking.code();
    asking.ask(
        "claude_usage_stats",
        "activity_date",
        &["org_id", "user_email"],
        &["conversation_count", "message_count", "project_count", "file_upload_count"]
            .map(|count| format!("COALESCE({count}, -1)"))
            .each_ref()
            .map(String::as_str),
        "TRUE",
    );
    asking.ask(
        "cursor_expenses",
        "expense_date",
        &["user_email", "model"],
        &[
            "estimated_cost_usd",
            "included_value_usd",
            "usage_based_reqs",
            "subscription_included_reqs",
            "not_charged_reqs",
        ],
        "cost_type <> 'subscription'",
    );
    asking.ask(
        "cursor_usage_events",
        "event_date",
        &[
            "CASE WHEN service_account_id IS NULL THEN user_email ELSE 'sa:' || service_account_id END",
            "model",
        ],
        &[
            "CASE WHEN is_billed THEN charged_value_usd ELSE 0 END",
            "CASE WHEN is_billed THEN 1 ELSE 0 END",
            "CASE WHEN is_billed THEN 0 ELSE 1 END",
        ],
        "TRUE",
    );
    asking.cursor_usage();
    asking.seats();
    finish(asking.sums)
}

/// All billed money by day, platform, person, team and the way the person was found.
pub fn attributed(ask: &Ask<'_>, days: (Date, Date)) -> Sums {
    let mut asking = Asking { answer: ask, days, sums: Sums::new() };
    let keys = ["platform", "user_email", "team", "attribution"];
    asking.ask("fct_cost_daily", "cost_date", &keys, &["cost_usd"], "TRUE");
    finish(asking.sums)
}

struct Asking<'a> {
    answer: &'a Ask<'a>,
    days: (Date, Date),
    sums: Sums,
}

impl Asking<'_> {
    fn ask(&mut self, table: &str, day: &str, keys: &[&str], figures: &[&str], but: &str) {
        self.ask_as(table, table, day, keys, figures, but);
    }

    /// Adds up figures by day and keys, under a name.
    fn ask_as(&mut self, name: &str, table: &str, day: &str, keys: &[&str], figures: &[&str], but: &str) {
        let named = |parts: Vec<String>, letter: char| -> String {
            let named = parts.iter().enumerate().map(|(place, part)| format!("{part} AS {letter}{place}"));
            named.collect::<Vec<_>>().join(", ")
        };
        let dimensions = named([&[day], keys].concat().into_iter().map(str::to_owned).collect(), 'k');
        let added = named(figures.iter().map(|figure| format!("SUM({figure})")).collect(), 'f');
        let (from, to) = self.days;
        let sql = format!(
            "SELECT {dimensions}, {added} FROM ai_usage_analytics.{table} WHERE {day} BETWEEN DATE '{from}' AND DATE '{to}' \
             AND ({but}) GROUP BY ALL"
        );
        let answer = (self.answer)(&sql);
        for row in &answer.rows {
            let (keys, sums) = row.split_at(keys.len() + 1);
            let keys: Vec<String> = keys.iter().map(shown).collect();
            let figures: Vec<i128> =
                sums.iter().zip(figures).map(|(sum, figure)| number(sum, figure)).collect();
            add(&mut self.sums, format!("{name} {}", keys.join(" ")), &figures);
        }
    }

    fn code(&mut self) {
        let table = "claude_code_usage_stats";
        let who = [
            "org_id",
            "user_email",
            "actor_key_name",
            "customer_type",
            "subscription_type",
            "terminal_type",
            "is_remote",
        ];
        let counters = [
            "num_sessions",
            "lines_added",
            "lines_removed",
            "commits_by_claude_code",
            "pull_requests_by_claude_code",
            "edit_tool_accepted",
            "edit_tool_rejected",
            "multi_edit_tool_accepted",
            "multi_edit_tool_rejected",
            "write_tool_accepted",
            "write_tool_rejected",
            "notebook_edit_tool_accepted",
            "notebook_edit_tool_rejected",
        ];
        // Plain sums over all rows: a record with several models carries its counters once.
        self.ask(table, "activity_date", &who, &counters, "TRUE");
        let by_model = [&who[..], &["'model'", "model"]].concat();
        let tokens = [
            "input_tokens",
            "output_tokens",
            "cache_read_tokens",
            "cache_creation_tokens",
            "estimated_cost_usd",
        ];
        self.ask(table, "activity_date", &by_model, &tokens, "model IS NOT NULL");
    }

    fn cursor_usage(&mut self) {
        // In the order of the truth.
        let counters = [
            "1",
            "total_lines_added",
            "total_lines_deleted",
            "accepted_lines_added",
            "accepted_lines_deleted",
            "total_applies",
            "total_accepts",
            "total_rejects",
            "total_tabs_shown",
            "total_tabs_accepted",
            "composer_requests",
            "chat_requests",
            "agent_requests",
            "cmdk_usages",
            "subscription_included_reqs",
            "api_key_reqs",
            "usage_based_reqs",
            "bugbot_usages",
        ];
        let keys = ["user_email", "is_active", "most_used_model", "client_version"];
        self.ask("cursor_usage_stats", "activity_date", &keys, &counters, "TRUE");
    }

    fn seats(&mut self) {
        let but = "cost_type = 'subscription'";
        let keys = ["'anthropic'", "subscription_plan", "user_email"];
        self.ask_as("subscription", "claude_expenses", "expense_date", &keys, &["cost_usd"], but);
        let keys = ["'cursor'", "subscription_plan", "user_email"];
        self.ask_as("subscription", "cursor_expenses", "expense_date", &keys, &["estimated_cost_usd"], but);
    }
}

fn shown(cell: &Cell) -> String {
    if *cell == Cell::Null { "-".to_owned() } else { cell.to_string() }
}

/// A count, or an amount in nano-dollars. A sum over nothing but NULL is nothing.
fn number(cell: &Cell, figure: &str) -> i128 {
    match cell {
        Cell::Null => 0,
        Cell::Integer(count) if !figure.contains("_usd") => *count,
        Cell::Integer(dollars) => dollars * 1_000_000_000,
        Cell::Decimal(text) => nanos(text),
        other => panic!("{figure}: {other:?} is no number"),
    }
}

fn nanos(text: &str) -> i128 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    assert!(fraction.len() <= 9, "`{text}` is finer than a nano-dollar");
    format!("{whole}{fraction:0<9}").parse().unwrap_or_else(|_| panic!("`{text}` is no amount"))
}
