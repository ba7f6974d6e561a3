//! The ground truth as sums by dimension: what the tables must add up to.

use std::collections::BTreeMap;

use aispend_simulator::truth::{ApiUsage, ClaudeExpense, CodeRecord, CursorUsage};
use aispend_simulator::{Generation, Scope, Truth};

/// Sums by a line of text that names table and dimensions.
pub type Sums = BTreeMap<String, Vec<i128>>;

/// Adds figures to a line.
pub fn add(sums: &mut Sums, key: String, figures: &[i128]) {
    let known = sums.entry(key).or_insert_with(|| vec![0; figures.len()]);
    for (sum, figure) in known.iter_mut().zip(figures) {
        *sum += figure;
    }
}

/// What the vendor did not say.
pub fn said<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// A figure that may be unsaid: unsaid is not zero.
pub fn figure(value: Option<impl Into<i128>>) -> i128 {
    value.map_or(-1, Into::into)
}

/// Which organisations' money has fewer dimensions than usual.
pub struct Coarse<'a> {
    /// The Enterprise organisation, where its older reports are read.
    pub enterprise: Option<&'a str>,
    /// The Enterprise organisation's truth tells no tokens.
    pub without_tokens: &'a str,
}

impl<'a> Coarse<'a> {
    /// Of a scope.
    pub fn of(scope: &Scope, enterprise: &'a str) -> Self {
        let is_coarse = scope.enterprise == Generation::Legacy;
        Self { enterprise: is_coarse.then_some(enterprise), without_tokens: enterprise }
    }
}

/// Everything that is true, added up.
pub fn sums(truth: &Truth, coarse: &Coarse<'_>) -> Sums {
    let mut sums = Sums::new();
    for row in &truth.claude_expenses {
        add(&mut sums, expense(row, coarse), &[row.nano]);
    }
    for row in &truth.api_usage_expenses {
        api_usage(&mut sums, row, coarse);
    }
    for row in &truth.claude_code_usage_stats {
        code(&mut sums, row);
    }
    for row in &truth.claude_usage_stats {
        let key = format!("claude_usage_stats {} {} {}", row.day, row.org_id, row.user_email);
        let counts = [row.conversation_count, row.message_count, row.project_count, row.file_upload_count];
        add(&mut sums, key, &counts.map(figure));
    }
    for row in &truth.cursor_expenses {
        let key = format!("cursor_expenses {} {} {}", row.day, said(row.user_email.as_ref()), row.model);
        let events = [row.billed_events, row.included_events, row.void_events].map(i128::from);
        let [billed, included, void] = events;
        add(&mut sums, key, &[row.nano, row.included_nano, billed, included, void]);
        let key = format!("cursor_usage_events {} {}", row.day, row.model);
        add(&mut sums, key, &[billed + included + void]);
    }
    for row in &truth.cursor_usage_stats {
        cursor_usage(&mut sums, row);
    }
    for row in &truth.subscriptions {
        let key = format!("subscription {} {} {} {}", row.day, row.vendor, row.plan, row.user_email);
        add(&mut sums, key, &[row.nano]);
    }
    sums.retain(|_, figures| figures.iter().any(|figure| *figure != 0));
    sums
}

fn expense(row: &ClaudeExpense, coarse: &Coarse<'_>) -> String {
    if coarse.enterprise == Some(row.org_id.as_str()) {
        return format!("claude_expenses {} {} {}", row.day, row.org_id, row.platform);
    }
    format!(
        "claude_expenses {} {} {} {} {} {} {} {} {} {} {} {} {}",
        row.day,
        row.org_id,
        row.platform,
        said(row.workspace_id.as_ref()),
        said(row.model),
        row.cost_type,
        said(row.token_type),
        said(row.service_tier),
        said(row.context_window),
        said(row.api_key_id.as_ref()),
        said(row.user_email.as_ref()),
        said(row.product),
        row.allocation.unwrap_or("reported"),
    )
}

fn api_usage(sums: &mut Sums, row: &ApiUsage, coarse: &Coarse<'_>) {
    if coarse.enterprise == Some(row.org_id.as_str()) {
        add(sums, format!("api_usage_expenses {} {}", row.day, row.org_id), &[row.nano]);
        return;
    }
    let key = format!(
        "api_usage_expenses {} {} {} {} {} {} {}",
        row.day,
        row.org_id,
        said(row.api_key_id.as_ref()),
        said(row.workspace_id.as_ref()),
        said(row.model),
        said(row.endpoint),
        said(row.service_tier),
    );
    if coarse.without_tokens == row.org_id {
        add(sums, key, &[row.nano]);
        return;
    }
    let tokens = [
        row.input_tokens,
        row.output_tokens,
        row.cache_read_tokens,
        row.cache_write_5m_tokens,
        row.cache_write_1h_tokens,
    ];
    let [input, output, read, short, long] = tokens.map(i128::from);
    add(sums, key, &[row.nano, input, output, read, short, long]);
}

fn code(sums: &mut Sums, row: &CodeRecord) {
    let who = format!(
        "{} {} {} {} {} {} {} {}",
        row.day,
        row.org_id,
        said(row.user_email.as_ref()),
        said(row.key_name.as_ref()),
        said(row.customer_type),
        said(row.subscription_type),
        said(row.terminal_type),
        said(row.is_remote),
    );
    let tools = row.tools.into_iter().flat_map(|tool| {
        let (accepted, rejected) = tool.unwrap_or((0, 0));
        [accepted, rejected]
    });
    let counters = [row.sessions, row.lines_added, row.lines_removed, row.commits, row.pull_requests];
    let figures: Vec<i128> = counters.into_iter().chain(tools).map(i128::from).collect();
    add(sums, format!("claude_code_usage_stats {who}"), &figures);
    for used in &row.models {
        let tokens =
            [used.input_tokens, used.output_tokens, used.cache_read_tokens, used.cache_creation_tokens];
        let [input, output, read, creation] = tokens.map(|tokens| i128::from(tokens.unwrap_or(0)));
        let figures = [input, output, read, creation, used.estimated_nano];
        add(sums, format!("claude_code_usage_stats {who} {}", used.model), &figures);
    }
}

fn cursor_usage(sums: &mut Sums, row: &CursorUsage) {
    let key = format!(
        "cursor_usage_stats {} {} {} {} {}",
        row.day,
        row.user_email,
        row.is_active,
        said(row.most_used_model),
        said(row.client_version),
    );
    // The first figure says that there is a row, also where all counters are zero.
    let figures: Vec<i128> =
        std::iter::once(1).chain(row.counters.iter().map(|(_, count)| i128::from(*count))).collect();
    add(sums, key, &figures);
}
