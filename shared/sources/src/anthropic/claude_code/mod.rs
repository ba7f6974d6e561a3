//! Claude Code productivity: what was done, by whom, with which model.

mod record;
mod rows;

use std::collections::BTreeSet;

use aispend_model::{Feed, Request, Response};
use aispend_proto::Table;
use serde::Deserialize;
use serde_json::Value;

use super::asking::get;
use super::paging::{Layout, by_token};
use super::refusal::refused;
use super::wire::{Place, day_of, parse_body, slice_day};
use crate::{Ask, Body, Followed, Progress, Reading, Records, Severity, Source, SourceError};

const FEED: Feed = Feed::AnthropicClaudeCode;
const ROLE: &str = "claude_code";

/// Claude Code records of one UTC day.
#[derive(Debug, Clone, Copy)]
pub struct AnthropicClaudeCode;

impl Source for AnthropicClaudeCode {
    fn feed(&self) -> Feed {
        FEED
    }

    fn tables(&self) -> &'static [Table] {
        &[Table::ClaudeCodeUsageStats]
    }

    fn requests(&self, ask: &Ask) -> Vec<Request> {
        // The day as YYYY-MM-DD, and no end: the report is of exactly one day.
        let Some(day) = ask.slice.day else { return Vec::new() };
        let request = get(&ask.slice.org_id, ROLE, "/v1/organizations/usage_report/claude_code");
        vec![request.with("starting_at", day).with("limit", 1000)]
    }

    fn follow(
        &self,
        _ask: &Ask,
        request: &Request,
        response: &Response,
        _so_far: Progress,
    ) -> Result<Followed, SourceError> {
        if response.is_success() {
            by_token(FEED, request, response, Layout::Rows)
        } else {
            refused(FEED, request, response)
        }
    }

    fn records(&self, reading: &Reading, records: &mut Records<'_>) -> Result<(), SourceError> {
        let day = slice_day(&reading.slice)?;
        let mut rows = rows::Rows::default();
        for (document, body) in reading.of_role(ROLE) {
            let page: record::Page = parse_body(FEED, body)?;
            for (row, record) in (1_usize..).zip(page.data) {
                let place = Place::row(body, row);
                if day_of(place, "date", record.date.as_deref())? == day {
                    rows.add(document, place, record, records)?;
                } else {
                    records.find("outside_slice", Severity::Warning, "a record of another day is left out");
                }
            }
        }
        rows.push(day, records)?;
        records.flush();
        Ok(())
    }
}

/// The names of the API keys that Claude Code ran with, as documents of this feed state them.
///
/// # Errors
/// When a document cannot be read.
pub fn api_actor_names(documents: &[Body]) -> Result<BTreeSet<String>, SourceError> {
    let mut names = BTreeSet::new();
    for body in documents {
        let list: List = parse_body(FEED, body)?;
        let name = |record: &Value| Some(record.get("actor")?.get("api_key_name")?.as_str()?.to_owned());
        names.extend(list.data.iter().filter_map(name));
    }
    Ok(names)
}

/// What another feed reads of a record: as little as it needs, whatever else is odd.
#[derive(Deserialize)]
struct List {
    data: Vec<Value>,
}

/// True where documents of this feed hold any record.
pub(super) fn has_records(documents: &[Body]) -> Result<bool, SourceError> {
    for body in documents {
        let list: List = parse_body(FEED, body)?;
        if !list.data.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}
