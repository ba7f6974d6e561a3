//! Activity of a Claude Enterprise organisation: chats, and Claude Code where nothing better tells.

mod person;

use std::collections::BTreeMap;

use aispend_model::{Feed, Request, Response, Slice, day_number, normalize_email};
use aispend_proto::Table;
use aispend_proto::v1::ClaudeUsage;

use self::person::Person;
use super::asking::get;
use super::claude_code::has_records;
use super::drift;
use super::paging::until_no_token;
use super::refusal::{nothing, out_of_reach, refused, words};
use super::wire::{parse_body, slice_day};
use crate::{
    Ask, ContextBodies, Followed, Next, Progress, Reading, Records, Refusal, Severity, Source, SourceError,
};

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
            403 | 404 => {
                let why = format!("not on this plan, or not for this key: {}", words(response));
                Ok(nothing(Next::Unavailable(why)))
            }
            400 if is_not_yet(&words(response)) => Ok(nothing(Next::Refused(Refusal {
                reason: "not_yet",
                detail: words(response),
                remedy: "Nothing to do: activity of a day is ready at 10:00 UTC on the next, and is asked for again."
                    .to_owned(),
            }))),
            400 => match out_of_reach(ask) {
                Some(why) => Ok(nothing(Next::Unavailable(why))),
                None => refused(FEED, request, response),
            },
            _ => refused(FEED, request, response),
        }
    }

    fn records(&self, reading: &Reading, records: &mut Records<'_>) -> Result<(), SourceError> {
        let day = slice_day(&reading.slice)?;
        let with_claude_code = !claude_code_answers(&reading.context)?;
        // A person whom two pages repeat is one person: the later page tells.
        let mut people: BTreeMap<Identity, (u32, Person)> = BTreeMap::new();
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
                let id = user.and_then(|user| user.id.clone());
                // Rows that name nobody stay apart.
                let apart = if email.is_none() && id.is_none() { people.len() } else { 0 };
                let identity = Identity { email, id, apart };
                if people.insert(identity, (document, person)).is_some() {
                    records.find("duplicate_rows", Severity::Warning, "a person is named twice");
                }
            }
        }
        for (Identity { email: user_email, .. }, (document, person)) in people {
            let chat = person.chat_metrics.unwrap_or_default();
            records.push(ClaudeUsage {
                document,
                activity_date: day_number(day),
                user_email: user_email.clone(),
                conversation_count: chat.distinct_conversation_count,
                message_count: chat.message_count,
                project_count: chat.distinct_projects_created_count,
                file_upload_count: chat.distinct_files_uploaded_count,
                upload_timestamp: None,
            });
            let code = person.claude_code_metrics.filter(|_| with_claude_code);
            if let Some(row) = code.and_then(|code| code.into_row(document, day, user_email)) {
                records.push(row);
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

/// A day that is too recent is refused with the latest one there is.
fn is_not_yet(message: &str) -> bool {
    let message = message.to_lowercase();
    ["not yet available", "latest available", "most recent available"]
        .iter()
        .any(|words| message.contains(words))
}
