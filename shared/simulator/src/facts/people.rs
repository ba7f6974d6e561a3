//! The people of the company, and what each of them uses.

use crate::config::WorldConfig;
use crate::dice::{Dice, mix};
use crate::names;

/// One person.
#[derive(Debug, Clone)]
pub struct Person {
    pub first: &'static str,
    pub last: &'static str,
    /// Lower case, at example.com.
    pub email: String,
    pub team: &'static str,
    pub department: &'static str,
    /// Anthropic's id, `user_…`.
    pub user_id: String,
    /// Cursor's id, `user_…`.
    pub cursor_id: String,
    /// Cursor's other id, a number.
    pub cursor_number: u64,
    /// The first day at the company.
    pub joined: i32,
    /// How much this person uses, in percent.
    pub intensity: u64,
    /// Has an own key in the workspace *Claude Code*.
    pub code_key: bool,
    /// Signs in to Claude Code with a claude.ai seat.
    pub subscriber: bool,
    /// Has a claude.ai seat.
    pub claude_seat: bool,
    /// Has a Cursor seat.
    pub cursor_seat: bool,
    /// Has seats and never uses them.
    pub idle: bool,
    /// Left the Cursor team.
    pub removed: bool,
    /// Is still in the Anthropic directory.
    pub listed: bool,
}

impl Person {
    /// The full name.
    pub fn name(&self) -> String {
        format!("{} {}", self.first, self.last)
    }
}

/// Invents the people. Those who joined earlier come first.
pub fn invent(config: &WorldConfig, first: i32, last: i32) -> Vec<Person> {
    (0..config.people).map(|index| invent_one(config, u64::from(index), first, last)).collect()
}

fn invent_one(config: &WorldConfig, index: u64, first_day: i32, last_day: i32) -> Person {
    let mut dice = Dice::new(mix(config.seed, index + 1));
    let count = names::FIRST.len() as u64;
    let round = index / count;
    let first = names::FIRST.get((index % count) as usize).copied().unwrap_or("Alice");
    let last =
        names::LAST.get(((index + round * 7) % names::LAST.len() as u64) as usize).copied().unwrap_or("Ng");
    let number = if round < names::LAST.len() as u64 { String::new() } else { round.to_string() };
    let email = format!("{}.{}{number}@example.com", first.to_lowercase(), last.to_lowercase());
    let (team, department, share) = match index {
        0 => ("Platform", "Engineering", 160),
        1 => ("Data", "Engineering", 130),
        _ => dice.pick(names::TEAMS).unwrap_or(("Platform", "Engineering", 100)),
    };
    let engineer = department == "Engineering";
    // Three in four were there from the start; the others joined within the first three quarters.
    let joined = if index * 4 < u64::from(config.people) * 3 + 4 {
        first_day
    } else {
        first_day + dice.below((last_day - first_day) as u64 * 3 / 4 + 1) as i32
    };
    let idle = index > 3 && index % 11 == 8;
    let removed = index > 3 && index % 13 == 9;
    Person {
        first,
        last,
        email,
        team,
        department,
        user_id: names::anthropic_id("user", config.seed, index),
        cursor_id: names::cursor_id(config.seed, index),
        cursor_number: 12_345 + index,
        joined,
        intensity: share * dice.between(40, 180) / 100,
        code_key: index < 2 || (engineer && dice.chance(750)),
        subscriber: index == 2 || dice.chance(350),
        claude_seat: index < 3 || dice.chance(if engineer { 650 } else { 850 }),
        cursor_seat: index < 3 || dice.chance(if engineer { 850 } else { 200 }),
        idle,
        removed,
        listed: index < 4 || index % 17 != 12,
    }
}
