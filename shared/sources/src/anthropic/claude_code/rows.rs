//! Claude Code records as rows: one per record and model, the record's counters on its first model alone.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use aispend_model::{Money, day_number, normalize_email};
use aispend_proto::v1::ClaudeCodeUsage;
use jiff::civil::Date;

use super::super::drift;
use super::super::wire::{Place, cents, dollars_only};
use super::record::{Actor, ModelUse, Record};
use crate::{Records, Severity, SourceError};

/// What makes two records one: every part is needed.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    actor_type: String,
    user_email: Option<String>,
    actor_key_name: Option<String>,
    organization_id: Option<String>,
    customer_type: Option<String>,
    subscription_type: Option<String>,
    terminal_type: Option<String>,
    is_remote: Option<bool>,
}

/// Counters of a record; a member that the vendor left out stays unknown.
#[derive(Default)]
struct Counters {
    sessions: Option<i64>,
    lines_added: Option<i64>,
    lines_removed: Option<i64>,
    commits: Option<i64>,
    pull_requests: Option<i64>,
    edit: Tool,
    multi_edit: Tool,
    write: Tool,
    notebook_edit: Tool,
    other: Tool,
}

#[derive(Default)]
struct Tool {
    accepted: Option<i64>,
    rejected: Option<i64>,
}

#[derive(Default)]
struct Model {
    estimated: Option<Money>,
    input: Option<i64>,
    output: Option<i64>,
    cache_read: Option<i64>,
    cache_creation: Option<i64>,
}

#[derive(Default)]
struct Entry {
    document: u32,
    counters: Counters,
    models: BTreeMap<Option<String>, Model>,
}

/// The records of a day by their whole key.
#[derive(Default)]
pub(super) struct Rows(BTreeMap<Key, Entry>);

fn add(sum: &mut Option<i64>, more: Option<i64>) {
    if let Some(more) = more {
        *sum = Some(sum.unwrap_or(0).saturating_add(more));
    }
}

impl Rows {
    /// Adds a record; records of one key are summed.
    pub(super) fn add(
        &mut self,
        document: u32,
        place: Place<'_>,
        record: Record,
        records: &mut Records<'_>,
    ) -> Result<(), SourceError> {
        report_drift(&record, records);
        let Record { actor, core_metrics, tool_actions, model_breakdown, .. } = record;
        let (actor_type, user_email, actor_key_name) = identity(actor);
        let key = Key {
            actor_type,
            user_email,
            actor_key_name,
            organization_id: record.organization_id,
            customer_type: record.customer_type,
            subscription_type: record.subscription_type,
            terminal_type: record.terminal_type,
            is_remote: record.is_remote,
        };
        if self.0.contains_key(&key) {
            records.find(
                "duplicate_rows",
                Severity::Info,
                "records of the same actor and terminal are summed",
            );
        }
        let entry = self.0.entry(key).or_insert_with(|| Entry { document, ..Entry::default() });
        if let Some(core) = core_metrics {
            drift::fields(records, "`core_metrics`", &core.extra, &[]);
            let counters = &mut entry.counters;
            add(&mut counters.sessions, core.num_sessions);
            add(&mut counters.commits, core.commits_by_claude_code);
            add(&mut counters.pull_requests, core.pull_requests_by_claude_code);
            if let Some(lines) = core.lines_of_code {
                add(&mut counters.lines_added, lines.added);
                add(&mut counters.lines_removed, lines.removed);
            }
        }
        for (name, actions) in tool_actions.unwrap_or_default() {
            let Some(actions) = actions else { continue };
            let tool = entry.counters.tool(&name, records);
            add(&mut tool.accepted, actions.accepted);
            add(&mut tool.rejected, actions.rejected);
        }
        for usage in model_breakdown.unwrap_or_default() {
            entry.model(place, usage, records)?;
        }
        Ok(())
    }

    /// Hands on every row, sorted by key.
    pub(super) fn push(self, day: Date, records: &mut Records<'_>) -> Result<(), SourceError> {
        for (key, entry) in self.0 {
            let mut models: Vec<(Option<String>, Model)> = entry.models.into_iter().collect();
            // The most expensive first; names are in order already, and the sort is stable.
            models.sort_by_key(|(_, model)| Reverse(model.estimated));
            if models.is_empty() {
                models.push((None, Model::default()));
            }
            let mut counters = Some(entry.counters);
            for (rank, (name, model)) in (1_i64..).zip(models) {
                let estimated =
                    model.estimated.map(Money::wire).transpose().map_err(|error| SourceError::Inexact {
                        place: format!("the sum of a record's models on {day}"),
                        field: "estimated_cost".to_owned(),
                        detail: error.to_string(),
                    })?;
                let mut row = ClaudeCodeUsage {
                    document: entry.document,
                    activity_date: day_number(day),
                    user_email: key.user_email.clone(),
                    actor_type: key.actor_type.clone(),
                    actor_key_name: key.actor_key_name.clone(),
                    customer_type: key.customer_type.clone(),
                    subscription_type: key.subscription_type.clone(),
                    terminal_type: key.terminal_type.clone(),
                    is_remote: key.is_remote,
                    model: name,
                    model_rank: rank,
                    estimated_cost_usd: estimated,
                    input_tokens: model.input,
                    output_tokens: model.output,
                    cache_read_tokens: model.cache_read,
                    cache_creation_tokens: model.cache_creation,
                    ..ClaudeCodeUsage::default()
                };
                add(&mut row.cache_tokens, model.cache_read);
                add(&mut row.cache_tokens, model.cache_creation);
                if let Some(counters) = counters.take() {
                    counters.stand_on(&mut row);
                }
                records.push(row);
            }
        }
        Ok(())
    }
}

impl Entry {
    fn model(
        &mut self,
        place: Place<'_>,
        usage: ModelUse,
        records: &mut Records<'_>,
    ) -> Result<(), SourceError> {
        drift::fields(records, "`model_breakdown`", &usage.extra, &[]);
        let model = self.models.entry(usage.model).or_default();
        if let Some(tokens) = usage.tokens {
            drift::fields(records, "`tokens`", &tokens.extra, &[]);
            add(&mut model.input, tokens.input);
            add(&mut model.output, tokens.output);
            add(&mut model.cache_read, tokens.cache_read);
            add(&mut model.cache_creation, tokens.cache_creation);
        }
        let Some(cost) = usage.estimated_cost else { return Ok(()) };
        let Some(amount) = cost.amount else { return Ok(()) };
        dollars_only(place, cost.currency.as_deref().or(Some("USD")))?;
        let money = cents(place, "estimated_cost.amount", &amount)?.money;
        model.estimated = Some(model.estimated.unwrap_or_default() + money);
        Ok(())
    }
}

impl Counters {
    fn tool(&mut self, name: &str, records: &mut Records<'_>) -> &mut Tool {
        match name {
            "edit_tool" => &mut self.edit,
            "multi_edit_tool" => &mut self.multi_edit,
            "write_tool" => &mut self.write,
            "notebook_edit_tool" => &mut self.notebook_edit,
            other => {
                drift::value(records, "tool_actions", Some(other), &[]);
                &mut self.other
            }
        }
    }

    fn stand_on(self, row: &mut ClaudeCodeUsage) {
        row.num_sessions = self.sessions;
        row.lines_added = self.lines_added;
        row.lines_removed = self.lines_removed;
        row.commits_by_claude_code = self.commits;
        row.pull_requests_by_claude_code = self.pull_requests;
        (row.edit_tool_accepted, row.edit_tool_rejected) = self.edit.parts();
        (row.multi_edit_tool_accepted, row.multi_edit_tool_rejected) = self.multi_edit.parts();
        (row.write_tool_accepted, row.write_tool_rejected) = self.write.parts();
        (row.notebook_edit_tool_accepted, row.notebook_edit_tool_rejected) = self.notebook_edit.parts();
        (row.other_tool_accepted, row.other_tool_rejected) = self.other.parts();
    }
}

impl Tool {
    const fn parts(self) -> (Option<i64>, Option<i64>) {
        (self.accepted, self.rejected)
    }
}

/// Kind of actor, e-mail, key name: a key is known by its name alone, which need not be unique.
fn identity(actor: Option<Actor>) -> (String, Option<String>, Option<String>) {
    let Some(actor) = actor else { return ("unknown".to_owned(), None, None) };
    let email = actor.email_address.as_deref().and_then(normalize_email);
    (actor.kind.unwrap_or_else(|| "unknown".to_owned()), email, actor.api_key_name)
}

fn report_drift(record: &Record, records: &mut Records<'_>) {
    drift::fields(records, "a Claude Code record", &record.extra, &[]);
    if let Some(actor) = &record.actor {
        drift::fields(records, "`actor`", &actor.extra, &[]);
    }
    let kind = record.actor.as_ref().and_then(|actor| actor.kind.as_deref());
    drift::value(records, "actor.type", kind.or(Some("none")), &["user_actor", "api_actor"]);
    drift::value(records, "customer_type", record.customer_type.as_deref(), &["api", "subscription"]);
    drift::value(records, "subscription_type", record.subscription_type.as_deref(), &["team", "enterprise"]);
}
