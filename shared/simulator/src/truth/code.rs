//! The Claude Code records.

use jiff::Timestamp;

use super::rows::{CodeModel, CodeRecord};
use crate::catalog::model_id;
use crate::facts::code::Author;
use crate::facts::{Day, World};

/// The records of a day: those of the report, and those of an Enterprise organisation's activity.
pub fn records(world: &World, day: &Day, now: Timestamp, rows: &mut Vec<CodeRecord>) {
    for record in day.code_records(now) {
        let (user_email, key_name) = match record.author {
            Author::Person(index) => {
                (world.people.get(index as usize).map(|person| person.email.clone()), None)
            }
            Author::Key(index) => {
                (None, world.directory.keys.get(index as usize).map(|key| key.name.clone()))
            }
        };
        rows.push(CodeRecord {
            day: World::date(day.number),
            org_id: world.console_id().to_owned(),
            feed: "claude-code",
            user_email,
            key_name,
            customer_type: Some(record.customer),
            subscription_type: record.subscription,
            terminal_type: Some(record.terminal),
            is_remote: record.remote,
            sessions: record.sessions,
            lines_added: record.lines_added,
            lines_removed: record.lines_removed,
            commits: record.commits,
            pull_requests: record.pull_requests,
            tools: record.tools,
            models: record
                .models
                .iter()
                .map(|used| {
                    let [input, output, read, creation] = used.tokens;
                    CodeModel {
                        model: model_id(used.model),
                        input_tokens: input,
                        output_tokens: output,
                        cache_read_tokens: read,
                        cache_creation_tokens: creation,
                        estimated_nano: i128::from(used.cents) * 10_000_000,
                    }
                })
                .collect(),
        });
    }
    if !world.config().enterprise || day.minutes(now) < 34 * 60 {
        return;
    }
    for (index, person) in world.people.iter().enumerate() {
        let Some(made) = world.activity(day.number, index as u32).filter(|made| made.sessions > 0) else {
            continue;
        };
        rows.push(CodeRecord {
            day: World::date(day.number),
            org_id: world.enterprise_id().to_owned(),
            feed: "claude-ai",
            user_email: Some(person.email.clone()),
            key_name: None,
            customer_type: None,
            subscription_type: None,
            terminal_type: None,
            is_remote: None,
            sessions: made.sessions,
            lines_added: made.lines_added,
            lines_removed: made.lines_removed,
            commits: made.commits,
            pull_requests: made.pull_requests,
            tools: made.tools.map(Some),
            models: Vec::new(),
        });
    }
}
