//! A day on the Console organisation: who used which key for what, and the odd lines every real report has.

use crate::amount::Amount;
use crate::catalog::{CostType, Geo, Product, Speed, Tier, TokenType, Window, haiku_on, model, opus_on};
use crate::config::WorldConfig;
use crate::dice::Dice;
use crate::facts::directory::{Creator, Directory, key, workspace};
use crate::facts::people::Person;
use crate::facts::usage::{Actor, Charge, Note, Use};

/// Everything a day's facts are made from.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    pub config: &'a WorldConfig,
    pub people: &'a [Person],
    pub directory: &'a Directory,
    /// The day's number.
    pub day: i32,
    /// How much is used on this day, in percent of an ordinary one.
    pub volume: u64,
    /// Somebody let a batch job run away.
    pub runaway: bool,
}

/// The habits of one key with one model.
#[derive(Clone, Copy)]
struct Habit {
    key: Option<u32>,
    workspace: u16,
    model: u16,
    product: Product,
    tier: Tier,
    window: Window,
    /// Thousands of tokens on an ordinary day at share 10, in the order of [`TokenType::ALL`].
    kilo_tokens: [u64; 5],
    searches: u64,
}

const PLAIN: Habit = Habit {
    key: None,
    workspace: workspace::PRODUCTION,
    model: model::SONNET_5,
    product: Product::Messages,
    tier: Tier::Standard,
    window: Window::Short,
    kilo_tokens: [0; 5],
    searches: 0,
};

fn habits(day: i32) -> [Habit; 13] {
    let opus = opus_on(day);
    let haiku = haiku_on(day);
    let research = Habit { workspace: workspace::RESEARCH, model: model::SONNET_5_5, ..PLAIN };
    [
        Habit {
            key: Some(key::BACKEND),
            model: opus,
            kilo_tokens: [1284, 391, 5120, 240, 0],
            searches: 7,
            ..PLAIN
        },
        Habit {
            key: Some(key::BACKEND),
            model: opus,
            tier: if day % 3 == 0 { Tier::PriorityOnDemand } else { Tier::Priority },
            kilo_tokens: [88, 12, 0, 0, 0],
            ..PLAIN
        },
        Habit { key: Some(key::BACKEND), kilo_tokens: [3922, 731, 900, 0, 120], ..PLAIN },
        Habit { key: Some(key::BACKEND), window: Window::Long, kilo_tokens: [612, 20, 0, 0, 0], ..PLAIN },
        Habit {
            key: Some(key::BATCH),
            product: Product::Batches,
            tier: Tier::Batch,
            kilo_tokens: [9100, 1800, 0, 0, 0],
            ..PLAIN
        },
        Habit {
            key: Some(key::CI_BOT),
            product: Product::ClaudeCode,
            kilo_tokens: [410, 61, 2200, 90, 0],
            ..PLAIN
        },
        Habit {
            key: Some(key::SCRATCH),
            workspace: workspace::DEFAULT,
            model: haiku,
            kilo_tokens: [51, 9, 0, 0, 0],
            ..PLAIN
        },
        Habit {
            key: None,
            workspace: workspace::DEFAULT,
            model: haiku,
            product: Product::Console,
            kilo_tokens: [1, 1, 0, 0, 0],
            searches: 1,
            ..PLAIN
        },
        Habit { key: Some(key::NOTEBOOK_A), kilo_tokens: [300, 40, 100, 0, 20], ..PLAIN },
        Habit { key: Some(key::NOTEBOOK_B), kilo_tokens: [120, 22, 60, 0, 0], ..research },
        Habit {
            key: Some(key::UNMAPPED),
            model: model::FABLE_5_1,
            kilo_tokens: [25, 8, 0, 4, 0],
            searches: 2,
            ..research
        },
        Habit {
            key: Some(key::AGENT),
            product: Product::ClaudeCode,
            kilo_tokens: [200, 60, 3000, 150, 10],
            ..research
        },
        Habit { key: None, kilo_tokens: [10, 2, 0, 0, 0], ..research },
    ]
}

fn invent(setting: Setting<'_>, habit: Habit, share: u64, dice: &mut Dice) -> Use {
    let mut tokens = [0; 5];
    for (tokens, kilo) in tokens.iter_mut().zip(habit.kilo_tokens) {
        if kilo > 0 {
            *tokens = kilo * setting.volume * share * dice.between(60, 140) / 100 + dice.below(1000);
        }
    }
    let actor = match habit.key {
        Some(key::BATCH) => Some(Actor::Service),
        Some(index) => {
            match setting.directory.keys.get(index as usize).map(|key| (key.workspace, key.creator)) {
                Some((workspace::CLAUDE_CODE, Creator::Person(person))) => Some(Actor::Person(person)),
                _ => Some(Actor::Key(index)),
            }
        }
        None if habit.workspace == workspace::RESEARCH => Some(Actor::Federated),
        None => None,
    };
    let unknown_geo = habit.model == model::HAIKU_4_5;
    let fine = setting.config.quirks.finer_amounts;
    let mut made = Use {
        minute: dice.between(20, 1410) as u16,
        actor,
        key: habit.key,
        workspace: Some(habit.workspace),
        account: None,
        model: habit.model,
        product: Some(habit.product),
        tier: Some(habit.tier),
        window: habit.window,
        geo: if unknown_geo { Geo::NotAvailable } else { Geo::Global },
        speed: Speed::Standard,
        requests: tokens.iter().sum::<u64>() / 12_000 + 1,
        tokens,
        searches: if habit.searches > 0 { dice.below(habit.searches * 2 + 1) } else { 0 },
        amounts: [Amount::ZERO; 5],
        search_amount: Amount::ZERO,
        list_percent: 100,
    };
    made.charge(setting.day);
    if fine {
        for amount in made.amounts.iter_mut().filter(|amount| !amount.is_zero()) {
            // Half a nano-dollar exactly is the case that tells one way of rounding from another.
            let below = if dice.chance(300) { 5_000_000 } else { dice.below(10_000) * 1000 };
            amount.0 += i128::from(below);
        }
    }
    made
}

/// What was used on the Console organisation on one day.
pub fn uses(setting: Setting<'_>, dice: &mut Dice) -> Vec<Use> {
    let mut uses = Vec::with_capacity(24);
    for habit in habits(setting.day) {
        if dice.chance(900) {
            let share = if setting.runaway && habit.key == Some(key::BATCH) { 90 } else { 10 };
            uses.push(invent(setting, habit, share, dice));
        }
    }
    odd_uses(setting, dice, &mut uses);
    for index in key::OTHERS..setting.directory.keys.len() as u32 {
        if setting.directory.bulk.contains(&index) {
            break;
        }
        let Some(made) = setting.directory.keys.get(index as usize) else { break };
        if made.workspace == workspace::PRODUCTION && dice.chance(800) {
            let habit = Habit { key: Some(index), kilo_tokens: [700, 150, 900, 60, 0], searches: 1, ..PLAIN };
            uses.push(invent(setting, habit, 10, dice));
        }
    }
    for (person, code_key) in setting.people.iter().zip(&setting.directory.code_keys) {
        let busy = person.joined <= setting.day && !person.idle && code_key.is_some();
        if busy && dice.chance(850) {
            code_uses(setting, person, *code_key, dice, &mut uses);
        }
    }
    bulk_uses(setting, dice, &mut uses);
    uses
}

fn code_uses(setting: Setting<'_>, person: &Person, key: Option<u32>, dice: &mut Dice, uses: &mut Vec<Use>) {
    let opus = Habit {
        key,
        workspace: workspace::CLAUDE_CODE,
        model: opus_on(setting.day),
        product: Product::ClaudeCode,
        kilo_tokens: [60, 80, 9500, 350, 4],
        ..PLAIN
    };
    let sonnet = Habit { model: model::SONNET_5, kilo_tokens: [40, 52, 3100, 120, 0], ..opus };
    uses.push(invent(setting, opus, person.intensity / 10, dice));
    if dice.chance(500) {
        uses.push(invent(setting, sonnet, person.intensity / 10, dice));
    }
}

fn odd_uses(setting: Setting<'_>, dice: &mut Dice, uses: &mut Vec<Use>) {
    let quirks = setting.config.quirks;
    if !quirks.odd_lines {
        return;
    }
    // Fast mode and regional inference: lines that differ in the description, or in a dimension usage does not show.
    let fast = Habit {
        key: Some(key::BACKEND),
        model: opus_on(setting.day),
        kilo_tokens: [90, 40, 0, 0, 0],
        ..PLAIN
    };
    let mut made = invent(setting, fast, 5, dice);
    made.speed = Speed::Fast;
    made.charge(setting.day);
    uses.push(made);
    let regional = Habit { key: Some(key::NOTEBOOK_A), model: opus_on(setting.day), ..fast };
    let mut made = invent(setting, regional, 5, dice);
    made.geo = Geo::Us;
    made.charge(setting.day);
    uses.push(made);
    // Blocked requests: tokens without a charge.
    let mut made = invent(
        setting,
        Habit { key: Some(key::NOTEBOOK_A), kilo_tokens: [2, 0, 0, 0, 0], ..PLAIN },
        10,
        dice,
    );
    made.amounts = [Amount::ZERO; 5];
    uses.push(made);
    // An OAuth request has a person and no key.
    let mut made = invent(setting, Habit { kilo_tokens: [4, 1, 0, 0, 0], ..PLAIN }, 10, dice);
    made.account = Some(0);
    made.actor = Some(Actor::Person(0));
    uses.push(made);
    if setting.day < crate::calendar::number_of(setting.config.first_day) + 3 {
        let old = Habit {
            key: Some(key::ARCHIVED),
            workspace: workspace::OLD,
            model: model::OPUS_4_8,
            kilo_tokens: [30, 6, 0, 0, 0],
            ..PLAIN
        };
        uses.push(invent(setting, old, 10, dice));
    }
    if quirks.flex {
        let flex = Habit {
            key: Some(key::AGENT),
            workspace: workspace::DEFAULT,
            model: model::SONNET_5_5,
            tier: if setting.day % 2 == 0 { Tier::Flex } else { Tier::FlexDiscount },
            kilo_tokens: [70, 9, 0, 0, 0],
            ..PLAIN
        };
        uses.push(invent(setting, flex, 10, dice));
    }
    if quirks.unknown_values {
        let next = Habit {
            key: Some(key::BACKEND),
            model: model::NEXT_1,
            window: Window::Longer,
            kilo_tokens: [15, 5, 0, 0, 0],
            ..PLAIN
        };
        uses.push(invent(setting, next, 10, dice));
    }
}

fn bulk_uses(setting: Setting<'_>, dice: &mut Dice, uses: &mut Vec<Use>) {
    // Five kinds of tokens make five cost rows.
    let rows = setting.config.anthropic_rows / setting.config.days() / 5;
    let models = [model::SONNET_5, model::OPUS_5, model::SONNET_5_5, model::HAIKU_4_5];
    for (row, model) in (0..rows).zip(models.into_iter().cycle()) {
        let keys = setting.directory.bulk.end - setting.directory.bulk.start;
        let index = setting.directory.bulk.start + (row / models.len() as u32) % keys.max(1);
        let Some(key) = setting.directory.keys.get(index as usize) else { continue };
        let habit = Habit {
            key: Some(index),
            workspace: key.workspace,
            model,
            kilo_tokens: [30, 10, 100, 5, 2],
            ..PLAIN
        };
        uses.push(invent(setting, habit, 1, dice));
    }
}

/// Charges that do not follow from usage.
pub fn extras(setting: Setting<'_>, dice: &mut Dice) -> Vec<Charge> {
    let mut extras = Vec::new();
    let quirks = setting.config.quirks;
    if !quirks.odd_lines {
        return extras;
    }
    // Code execution: never matched with usage; the product is null in the beta.
    let seconds = i128::from(dice.between(60, 9000));
    let mut execution =
        Charge::plain(CostType::CodeExecution, workspace::PRODUCTION, Amount::nanos(seconds * 13_889));
    extras.push(execution.clone());
    if quirks.duplicate_lines {
        execution.line = 1;
        extras.push(execution);
    }
    // Managed agents: running time with all seven decimals, unknown to the beta.
    let mut session = Charge::plain(
        CostType::SessionUsage,
        workspace::DEFAULT,
        Amount::nanos(i128::from(dice.between(1, 99_999_999))),
    );
    session.product = Some(Product::ManagedAgents);
    session.in_analytics = dice.chance(500);
    extras.push(session);
    // A line whose usage lies in another window: found again when the window is ignored.
    let mut widened = Charge {
        actor: Some(Actor::Key(key::AGENT)),
        key: Some(key::AGENT),
        model: Some(model::SONNET_5_5),
        product: Some(Product::ClaudeCode),
        tier: Some(Tier::Standard),
        window: Some(Window::Long),
        geo: Some(Geo::Global),
        speed: Some(Speed::Standard),
        token_type: Some(TokenType::Output),
        ..Charge::plain(
            CostType::Tokens,
            workspace::RESEARCH,
            Amount::nanos(i128::from(dice.between(1000, 90_000_000))),
        )
    };
    widened.minute = 700;
    extras.push(widened.clone());
    // A line without any usage, of a product nobody expects.
    extras.push(Charge {
        model: Some(model::OPUS_4_8),
        window: Some(Window::Short),
        key: None,
        actor: None,
        product: Some(Product::Autopatch),
        ..widened.clone()
    });
    // A credit: a negative line beside the ordinary one.
    if dice.chance(600) {
        extras.push(Charge {
            key: Some(key::BACKEND),
            actor: Some(Actor::Key(key::BACKEND)),
            workspace: Some(workspace::PRODUCTION),
            model: Some(opus_on(setting.day)),
            product: Some(Product::Messages),
            window: Some(Window::Short),
            note: Note::Credit,
            amount: Amount::nanos(-i128::from(dice.between(1, 9_000_000))),
            list: Amount::ZERO,
            ..widened.clone()
        });
    }
    if quirks.duplicate_lines {
        // Two identical token lines of a workspace, each to be split over its keys.
        for line in 1..=2 {
            extras.push(Charge {
                window: Some(Window::Short),
                model: Some(model::SONNET_5_5),
                amount: Amount::nanos(12_345_677),
                line,
                ..widened.clone()
            });
        }
    }
    if dice.chance(300) {
        extras.push(Charge {
            note: Note::Credit,
            ..Charge::plain(
                CostType::CodeExecution,
                workspace::RESEARCH,
                Amount::nanos(-i128::from(dice.between(1, 5000))),
            )
        });
    }
    if quirks.unknown_values {
        extras.push(Charge::plain(CostType::SomeNew, workspace::DEFAULT, Amount::nanos(1)));
    }
    extras
}
