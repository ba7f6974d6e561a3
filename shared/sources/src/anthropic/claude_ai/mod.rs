//! Activity of a Claude Enterprise organisation: chats, and Claude Code where nothing better tells.

mod person;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use aispend_model::{Feed, Request, Response, Slice, day_number, normalize_email};
use aispend_proto::Table;
use aispend_proto::v1::{ClaudeCodeUsage, ClaudeUsage};
use jiff::civil::Date;

use self::person::{Person, add};
use super::asking::get;
use super::claude_code::has_records;
use super::drift;
use super::paging::until_no_token;
use super::refusal::{not_yet, nothing, out_of_reach, refused, words};
use super::wire::{parse_body, said, slice_day};
use crate::{Ask, ContextBodies, Followed, Next, Progress, Reading, Records, Severity, Source, SourceError};

const FEED: Feed = Feed::AnthropicClaudeAi;
const ROLE: &str = "users";

/// What people of an Enterprise organisation did on one UTC day.
#[derive(Debug, Clone, Copy)]
pub struct AnthropicClaudeAi;

impl Source for AnthropicClaudeAi {
    fn feed(&self) -> Feed {
        FEED
    }

    fn tables(&self) -> &'static [Table] {
        &[Table::ClaudeUsageStats, Table::ClaudeCodeUsageStats]
    }

    fn requests(&self, ask: &Ask) -> Vec<Request> {
        let Some(day) = ask.slice.day else { return Vec::new() };
        let request = get(&ask.slice.org_id, ROLE, "/v1/organizations/analytics/users");
        vec![request.with("date", day).with("limit", 1000)]
    }

    fn follow(
        &self,
        ask: &Ask,
        request: &Request,
        response: &Response,
        _so_far: Progress,
    ) -> Result<Followed, SourceError> {
        match response.status {
            200..=299 => until_no_token(FEED, request, response),
            // A scope that is missing can be given; a plan without the route cannot.
            403 if words(response).contains("scope") => refused(FEED, request, response),
            403 | 404 => {
                let why = format!("not on this plan, or not for this key: {}", words(response));
                Ok(nothing(Next::Unavailable(why)))
            }
            400 => match out_of_reach(ask) {
                Some(why) => Ok(nothing(Next::Unavailable(why))),
                None => match not_yet(ask, response) {
                    Some(refusal) => Ok(nothing(Next::Refused(refusal))),
                    None => refused(FEED, request, response),
                },
            },
            _ => refused(FEED, request, response),
        }
    }

    fn records(&self, reading: &Reading, records: &mut Records<'_>) -> Result<(), SourceError> {
        let day = slice_day(&reading.slice)?;
        let with_claude_code = !claude_code_answers(&reading.context)?;
        // A person whom two pages repeat as they were is one row; what differs is added.
        let mut people: BTreeMap<Identity, Rows> = BTreeMap::new();
        for (document, body) in reading.of_role(ROLE) {
            for person in parse_body::<person::Page>(FEED, body)?.data {
                drift::fields(records, "a person's activity", &person.extra, person::UNREAD);
                if let Some(chat) = &person.chat_metrics {
                    drift::fields(records, "`chat_metrics`", &chat.extra, person::UNREAD_CHAT);
                }
                if let Some(code) = &person.claude_code_metrics {
                    drift::fields(records, "`claude_code_metrics`", &code.extra, &[]);
                }
                let user = person.user.as_ref();
                let email = user.and_then(|user| user.email()).and_then(normalize_email);
                let id = said(user.and_then(|user| user.id.clone()));
                // Rows that name nobody stay apart.
                let apart = if email.is_none() && id.is_none() { people.len() } else { 0 };
                let rows = Rows::of(person, day, email.clone(), with_claude_code);
                match people.entry(Identity { email, id, apart }) {
                    Entry::Vacant(entry) => drop(entry.insert(Rows { document, ..rows })),
                    Entry::Occupied(mut known) => {
                        records.find("duplicate_rows", Severity::Warning, "a person is named twice");
                        known.get_mut().merge(rows);
                    }
                }
            }
        }
        for Rows { document, chat, code, .. } in people.into_values() {
            records.push(ClaudeUsage { document, ..chat });
            if let Some(row) = code {
                records.push(ClaudeCodeUsage { document, ..row });
            }
        }
        records.flush();
        Ok(())
    }

    fn context(&self) -> &'static [Feed] {
        &[Feed::AnthropicClaudeCode]
    }

    fn context_digest(&self, _slice: &Slice, context: &[ContextBodies]) -> Result<String, SourceError> {
        let answers = claude_code_answers(context)?;
        Ok(if answers { "claude-code answers" } else { "claude-code is silent" }.to_owned())
    }
}

/// A person's rows, as first read: what equals them again is no news.
struct Rows {
    document: u32,
    chat: ClaudeUsage,
    code: Option<ClaudeCodeUsage>,
    seen: Vec<(ClaudeUsage, Option<ClaudeCodeUsage>)>,
}

impl Rows {
    fn of(person: Person, day: Date, user_email: Option<String>, with_claude_code: bool) -> Self {
        let metrics = person.chat_metrics.unwrap_or_default();
        let chat = ClaudeUsage {
            document: 0,
            activity_date: day_number(day),
            user_email: user_email.clone(),
            conversation_count: metrics.distinct_conversation_count,
            message_count: metrics.message_count,
            project_count: metrics.distinct_projects_created_count,
            file_upload_count: metrics.distinct_files_uploaded_count,
            upload_timestamp: None,
        };
        let code = person.claude_code_metrics.filter(|_| with_claude_code);
        let code = code.and_then(|code| code.into_row(0, day, user_email));
        Self { document: 0, seen: vec![(chat.clone(), code.clone())], chat, code }
    }

    fn merge(&mut self, more: Self) {
        if more.seen.iter().all(|rows| self.seen.contains(rows)) {
            return;
        }
        self.seen.extend(more.seen);
        let chat = &mut self.chat;
        add(&mut chat.conversation_count, more.chat.conversation_count);
        add(&mut chat.message_count, more.chat.message_count);
        add(&mut chat.project_count, more.chat.project_count);
        add(&mut chat.file_upload_count, more.chat.file_upload_count);
        match (&mut self.code, more.code) {
            (Some(code), Some(more)) => person::add_counters(code, &more),
            (code @ None, more) => *code = more,
            (Some(_), None) => {}
        }
    }
}

/// Who a row is about.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Identity {
    email: Option<String>,
    id: Option<String>,
    apart: usize,
}

/// True where the Claude Code report has that day; then it alone writes the day's Claude Code rows.
fn claude_code_answers(context: &[ContextBodies]) -> Result<bool, SourceError> {
    for slice in context.iter().filter(|slice| slice.feed == Feed::AnthropicClaudeCode) {
        if has_records(&slice.documents)? {
            return Ok(true);
        }
    }
    Ok(false)
}
