//! How much one person can do in a day. More is a finding, never a rejection.

use std::collections::HashMap;

use aispend_proto::v1::RecordSet;

use crate::Limits;

/// What a person did on the slice's day.
#[derive(Debug, Default)]
struct Done {
    lines: i64,
    tokens: i64,
    money: i128,
}

/// Everybody a slice names.
#[derive(Debug, Default)]
pub struct People(HashMap<String, Done>);

impl People {
    /// Adds what a set says. A row without a person counts for nobody: whose key it is, views find out.
    pub fn see(&mut self, set: &RecordSet) {
        for row in &set.claude_code_usage_stats {
            // `cache_tokens` repeats its parts.
            let tokens =
                [row.input_tokens, row.output_tokens, row.cache_read_tokens, row.cache_creation_tokens];
            let lines = sum([row.lines_added, row.lines_removed]);
            let person = row.user_email.as_deref().or(row.actor_key_name.as_deref());
            self.add(person, Done { lines, tokens: sum(tokens), money: 0 });
        }
        for row in &set.cursor_usage_stats {
            // The vendor counts all lines and accepted ones apart: neither is a part of the other.
            let added = row.total_lines_added.max(row.accepted_lines_added);
            let deleted = row.total_lines_deleted.max(row.accepted_lines_deleted);
            self.add(Some(&row.user_email), Done { lines: sum([added, deleted]), ..Done::default() });
        }
        for row in &set.cursor_usage_events {
            let tokens = [row.input_tokens, row.output_tokens, row.cache_write_tokens, row.cache_read_tokens];
            self.add(row.user_email.as_deref(), Done { tokens: sum(tokens), ..Done::default() });
        }
        let claude = set.claude_expenses.iter().map(|row| (row.user_email.as_deref(), row.cost_usd));
        let cursor =
            set.cursor_expenses.iter().map(|row| (row.user_email.as_deref(), row.estimated_cost_usd));
        for (person, money) in claude.chain(cursor) {
            self.add(person, Done { money: i128::from(money), ..Done::default() });
        }
    }

    fn add(&mut self, person: Option<&str>, more: Done) {
        let Some(person) = person.filter(|person| !person.is_empty()) else { return };
        match self.0.get_mut(person) {
            Some(done) => {
                done.lines = done.lines.saturating_add(more.lines);
                done.tokens = done.tokens.saturating_add(more.tokens);
                done.money += more.money;
            }
            None => drop(self.0.insert(person.to_owned(), more)),
        }
    }

    /// Check and message, and how many people.
    pub fn findings(&self, limits: &Limits) -> Vec<((&'static str, String), u64)> {
        let above = |is_over: &dyn Fn(&Done) -> bool| self.0.values().filter(|done| is_over(done)).count();
        let money = limits.money_per_day;
        [
            (above(&|done| done.lines > limits.lines_per_day), format!("{} lines", limits.lines_per_day)),
            (above(&|done| done.tokens > limits.tokens_per_day), format!("{} tokens", limits.tokens_per_day)),
            (above(&|done| done.money > money.nanos()), format!("{money} USD")),
        ]
        .into_iter()
        .filter(|(people, _)| *people > 0)
        .map(|(people, limit)| {
            (("plausibility", format!("a person with more than {limit} in a day")), people as u64)
        })
        .collect()
    }
}

fn sum<const N: usize>(counts: [Option<i64>; N]) -> i64 {
    counts.into_iter().flatten().fold(0, i64::saturating_add)
}

#[cfg(test)]
mod tests {
    use aispend_model::Money;
    use aispend_proto::v1::{ClaudeCodeUsage, ClaudeExpense, CursorExpense, CursorUsage, CursorUsageEvent};

    use super::*;

    const LIMITS: [&str; 3] = ["10 lines", "10 tokens", "10 USD"];

    /// Judges a set where more than ten of anything is too much, and says what was too much.
    fn check(what: &str, set: &RecordSet, expected: &[&str]) {
        let limits = Limits {
            lines_per_day: 10,
            tokens_per_day: 10,
            money_per_day: Money::from_dollars("10").unwrap().money,
            ..Limits::default()
        };
        let mut people = People::default();
        people.see(set);
        let found = people.findings(&limits);
        let messages: Vec<&str> = found.iter().map(|((_, message), _)| message.as_str()).collect();
        let expected: Vec<String> =
            expected.iter().map(|limit| format!("a person with more than {limit} in a day")).collect();
        assert_eq!(messages, expected, "{what}");
        assert!(found.iter().all(|((check, _), people)| (*check, *people) == ("plausibility", 1)), "{what}");
    }

    #[test]
    fn lines_tokens_and_money_are_summed_by_person_and_both_sides_of_each_limit_hold() {
        let person = || Some("a@example.com".to_owned());
        for (more, expected) in [(0, &[][..]), (1, &LIMITS[..])] {
            let half = ClaudeCodeUsage {
                user_email: person(),
                lines_added: Some(5),
                output_tokens: Some(5),
                cache_tokens: Some(900),
                ..ClaudeCodeUsage::default()
            };
            let other = ClaudeCodeUsage {
                lines_removed: Some(5 + more),
                lines_added: None,
                cache_read_tokens: Some(5 + more),
                output_tokens: None,
                ..half.clone()
            };
            let cost = ClaudeExpense {
                user_email: person(),
                cost_usd: 10_000_000_000 + more,
                ..ClaudeExpense::default()
            };
            let nobodys = ClaudeExpense { user_email: None, cost_usd: 90_000_000_000, ..cost.clone() };
            let set = RecordSet {
                claude_code_usage_stats: vec![half, other],
                claude_expenses: vec![cost, nobodys],
                ..RecordSet::default()
            };
            check("anthropic", &set, expected);
            let usage = CursorUsage {
                user_email: "a@example.com".to_owned(),
                total_lines_added: Some(4),
                accepted_lines_added: Some(10 + more),
                ..CursorUsage::default()
            };
            let event = CursorUsageEvent {
                user_email: person(),
                input_tokens: Some(5),
                ..CursorUsageEvent::default()
            };
            let last = CursorUsageEvent { input_tokens: Some(5 + more), ..event.clone() };
            let cost = CursorExpense {
                user_email: person(),
                estimated_cost_usd: 10_000_000_000 + more,
                ..CursorExpense::default()
            };
            let set = RecordSet {
                cursor_usage_stats: vec![usage],
                cursor_usage_events: vec![event, last],
                cursor_expenses: vec![cost],
                ..RecordSet::default()
            };
            check("cursor", &set, expected);
        }
    }
}
