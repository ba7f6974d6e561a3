//! The records of the Claude Code report.

use crate::amount::Amount;
use crate::catalog::model;
use crate::dice::Dice;
use crate::facts::console::Setting;
use crate::facts::directory::{key, workspace};
use crate::facts::usage::Use;

/// Who a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Author {
    Person(u32),
    /// The report shows the key's name only.
    Key(u32),
}

/// What a record says about one model.
#[derive(Debug, Clone)]
pub struct ModelUse {
    pub model: u16,
    /// Input, output, cache read, cache creation; None where the member is missing.
    pub tokens: [Option<u64>; 4],
    /// Whole cents.
    pub cents: u64,
    /// Print the amount as a text.
    pub as_text: bool,
}

/// One record.
#[derive(Debug, Clone)]
pub struct CodeRecord {
    pub minute: u16,
    pub author: Author,
    /// `api` or `subscription`.
    pub customer: &'static str,
    /// `team`, `enterprise`, or the member is null or missing.
    pub subscription: Option<&'static str>,
    pub terminal: &'static str,
    /// None where the member is missing.
    pub remote: Option<bool>,
    pub sessions: u64,
    pub lines_added: u64,
    pub lines_removed: u64,
    pub commits: u64,
    pub pull_requests: u64,
    /// Accepted and rejected, for edit, multi-edit, write and notebook-edit; None where the member is missing.
    pub tools: [Option<(u64, u64)>; 4],
    pub models: Vec<ModelUse>,
}

const TERMINALS: [&str; 5] = ["vscode", "iTerm.app", "tmux", "cursor", "WarpTerminal"];

fn cents(amounts: impl Iterator<Item = Amount>) -> u64 {
    u64::try_from((amounts.sum::<Amount>().nano() + 5_000_000) / 10_000_000).unwrap_or(0)
}

fn record(author: Author, terminal: &'static str, dice: &mut Dice) -> CodeRecord {
    let mut tool = |limit| (!dice.chance(100)).then(|| (dice.below(limit), dice.below(limit / 6 + 1)));
    let tools = [tool(60), tool(20), tool(12), tool(3)];
    CodeRecord {
        minute: 30,
        author,
        customer: "api",
        subscription: None,
        terminal,
        remote: (!dice.chance(80)).then_some(false),
        sessions: dice.between(1, 9),
        lines_added: dice.between(0, 70),
        lines_removed: dice.between(0, 25),
        commits: dice.below(9),
        pull_requests: dice.below(3),
        tools,
        models: Vec::new(),
    }
}

fn model_use(made: &Use, dice: &mut Dice) -> ModelUse {
    let [uncached, output, read, short, long] = made.tokens;
    ModelUse {
        model: made.model,
        tokens: [Some(uncached), Some(output), Some(read), Some(short + long)],
        cents: cents(made.amounts.into_iter()),
        as_text: dice.chance(60),
    }
}

/// The records that go with a day's usage.
pub fn records(setting: Setting<'_>, uses: &[Use], dice: &mut Dice) -> Vec<CodeRecord> {
    let mut records: Vec<CodeRecord> = Vec::new();
    for (index, code_key) in setting.directory.code_keys.iter().enumerate() {
        let mut own = uses
            .iter()
            .filter(|made| made.workspace == Some(workspace::CLAUDE_CODE) && made.key == *code_key);
        let Some(first) = own.next().filter(|_| code_key.is_some()) else { continue };
        let author = Author::Person(index as u32);
        let start = dice.below(4) as usize;
        let terminal = |offset: usize| TERMINALS.get((start + offset) % 5).copied().unwrap_or("vscode");
        let mut main = record(author, terminal(0), dice);
        main.models.push(model_use(first, dice));
        main.models.extend(own.map(|made| model_use(made, dice)));
        records.push(main);
        if dice.chance(300) {
            // Another terminal, with counters and no model at all.
            let mut other = record(author, terminal(1), dice);
            if dice.chance(300) {
                other.tools = [None; 4];
            }
            records.push(other);
        }
        if dice.chance(200) {
            let mut remote = record(author, terminal(0), dice);
            remote.remote = Some(true);
            remote.models.push(ModelUse {
                model: model::SONNET_5,
                tokens: [Some(dice.below(20_000)), Some(dice.below(20_000)), None, Some(0)],
                cents: dice.below(90),
                as_text: false,
            });
            records.push(remote);
        }
    }
    for (index, person) in setting.people.iter().enumerate() {
        if person.subscriber && !person.idle && person.joined <= setting.day && dice.chance(700) {
            let mut made = record(Author::Person(index as u32), "vscode", dice);
            made.customer = "subscription";
            made.subscription = Some(if setting.config.enterprise { "enterprise" } else { "team" });
            made.remote = Some(dice.chance(300));
            made.models.push(ModelUse {
                model: model::SONNET_5,
                tokens: [
                    Some(dice.below(90_000)),
                    Some(dice.below(60_000)),
                    Some(dice.below(9_000_000)),
                    Some(dice.below(200_000)),
                ],
                cents: dice.below(900),
                as_text: false,
            });
            records.push(made);
        }
    }
    // Keys outside the workspace: one with a unique name, one whose name two keys share.
    for (index, chance) in [(key::CI_BOT, 1000), (key::NOTEBOOK_A, 400)] {
        let mut own =
            uses.iter().filter(|made| made.key == Some(index) && !made.amounts.iter().all(|a| a.is_zero()));
        if let Some(first) = own.next().filter(|_| dice.chance(chance)) {
            let mut made = record(Author::Key(index), "non-interactive", dice);
            made.tools = [None; 4];
            made.models.push(model_use(first, dice));
            records.push(made);
        }
    }
    records
}
