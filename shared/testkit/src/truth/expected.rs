//! The ground truth as sums by dimension: what the tables must add up to.

use std::collections::BTreeMap;

use aispend_simulator::truth::{ApiUsage, ClaudeExpense, CodeRecord, CursorUsage, Key, Mapping};
use aispend_simulator::{Generation, Scope, Truth};
use jiff::civil::Date;

/// Sums by a line of text that names table and dimensions.
pub type Sums = BTreeMap<String, Vec<i128>>;

/// Adds figures to a line.
pub fn add(sums: &mut Sums, key: String, figures: &[i128]) {
    let known = sums.entry(key).or_insert_with(|| vec![0; figures.len()]);
    assert_eq!(known.len(), figures.len());
    for (sum, figure) in known.iter_mut().zip(figures) {
        *sum += figure;
    }
}

/// Leaves out what comes to nothing.
pub fn finish(mut sums: Sums) -> Sums {
    sums.retain(|_, figures| figures.iter().any(|figure| *figure != 0));
    sums
}

/// What is not said.
pub fn said<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// Which organisations' money is told in fewer dimensions than usual.
#[derive(Debug, Clone, Copy)]
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
        // Not said is not zero.
        add(&mut sums, key, &counts.map(|count| count.map_or(-1, i128::from)));
    }
    for row in &truth.cursor_expenses {
        let who = said(row.user_email.as_ref());
        let counts = [row.billed_events, row.included_events, row.void_events].map(i128::from);
        let [billed, included, void] = counts;
        let key = format!("cursor_expenses {} {who} {}", row.day, row.model);
        add(&mut sums, key, &[row.nano, row.included_nano, billed, included, void]);
        let key = format!("cursor_usage_events {} {who} {}", row.day, row.model);
        add(&mut sums, key, &[row.nano, billed, included + void]);
    }
    for row in &truth.cursor_usage_stats {
        cursor_usage(&mut sums, row);
    }
    for row in &truth.subscriptions {
        let key = format!("subscription {} {} {} {}", row.day, row.vendor, row.plan, row.user_email);
        add(&mut sums, key, &[row.nano]);
    }
    finish(sums)
}

fn expense(row: &ClaudeExpense, coarse: &Coarse<'_>) -> String {
    if coarse.enterprise == Some(row.org_id.as_str()) {
        return format!(
            "claude_expenses {} {} {} {} {} {}",
            row.day,
            row.org_id,
            row.platform,
            said(row.model),
            said(row.product),
            said(row.user_email.as_ref()),
        );
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
    add(sums, key, &[row.nano, input, output, read, short, long, read + short + long]);
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
        add(sums, format!("claude_code_usage_stats {who} model {}", used.model), &figures);
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

const NOBODY: &str = "unknown@unattributed.com";

/// All billed money by day, platform, person, team and the way the person was found.
pub fn attributed(truth: &Truth) -> Sums {
    let mut sums = Sums::new();
    let team = |email: &str, day: Date| {
        truth
            .people
            .iter()
            .find(|person| person.user_email == email && person.valid_from <= day)
            .map(|person| person.team)
    };
    let mut bill =
        |day: Date, platform: &str, email: Option<&str>, team: Option<&str>, way: &str, nano: i128| {
            let email = email.unwrap_or(NOBODY);
            add(&mut sums, format!("fct_cost_daily {day} {platform} {email} {} {way}", said(team)), &[nano]);
        };
    let platform = |platform: &'static str| if platform == "claude.ai" { "claude_web" } else { platform };
    for row in &truth.claude_expenses {
        if let Some(email) = row.user_email.as_deref() {
            bill(row.day, platform(row.platform), Some(email), team(email, row.day), "direct", row.nano);
            continue;
        }
        let key = truth.keys.iter().find(|key| Some(&key.api_key_id) == row.api_key_id.as_ref());
        let (email, way) = owner(key, row.day);
        // Who a key is mapped to is in a team also before joining: the mapping sheet says so itself.
        let known = truth.people.iter().find(|person| Some(person.user_email.as_str()) == email);
        let mapped = known.filter(|_| way == "mapping").map(|person| person.team);
        let team = email.and_then(|email| team(email, row.day)).or(mapped);
        bill(row.day, platform(row.platform), email, team, way, row.nano);
    }
    for row in &truth.cursor_expenses {
        match row.user_email.as_deref().filter(|email| !email.starts_with("sa:")) {
            Some(email) => bill(row.day, "cursor", Some(email), team(email, row.day), "direct", row.nano),
            None => bill(row.day, "cursor", None, None, "none", row.nano),
        }
    }
    for row in &truth.subscriptions {
        let platform = if row.vendor == "cursor" { "cursor" } else { "claude_web" };
        bill(row.day, platform, Some(&row.user_email), team(&row.user_email, row.day), "direct", row.nano);
    }
    finish(sums)
}

fn owner(key: Option<&Key>, day: Date) -> (Option<&str>, &'static str) {
    let holds = |row: &&Mapping| {
        row.valid_from.is_none_or(|from| from <= day) && row.valid_to.is_none_or(|to| to >= day)
    };
    let Some(key) = key else { return (None, "none") };
    if let Some(row) = key.mappings.iter().find(holds) {
        return (Some(&row.user_email), "mapping");
    }
    match &key.creator_email {
        Some(email) => (Some(email), "creator"),
        None => (None, "none"),
    }
}
