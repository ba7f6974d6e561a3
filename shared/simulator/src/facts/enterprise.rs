//! A day on the Enterprise organisation: usage credits per person and product, and what people did.

use crate::amount::Amount;
use crate::calendar;
use crate::catalog::{CostType, Geo, Product, Speed, Window, model, opus_on};
use crate::dice::{Dice, mix};
use crate::facts::console::Setting;
use crate::facts::people::Person;
use crate::facts::usage::{Actor, Charge, Use};

/// Usage spend per person, product and model.
pub fn uses(setting: Setting<'_>, dice: &mut Dice) -> Vec<Use> {
    let mut uses = Vec::new();
    for (index, person) in setting.people.iter().enumerate() {
        let active = person.claude_seat && !person.idle && person.joined <= setting.day;
        if !active || !dice.chance(600) {
            continue;
        }
        let actor = if dice.chance(30) { Actor::Deleted(index as u32) } else { Actor::Person(index as u32) };
        let product = dice.pick(&[
            Product::Chat,
            Product::ClaudeCode,
            Product::Cowork,
            Product::Office,
            Product::Chrome,
            Product::ChatCowork,
            Product::Other,
        ]);
        uses.push(invent(setting, person, Some(actor), product, dice));
        if dice.chance(400) {
            uses.push(invent(setting, person, Some(actor), Some(Product::ClaudeCode), dice));
        }
    }
    if let Some(person) = setting.people.first() {
        // Not attributable to a seat.
        uses.push(invent(setting, person, None, Some(Product::Tag), dice));
        uses.push(invent(setting, person, Some(Actor::Person(0)), None, dice));
    }
    uses
}

fn invent(
    setting: Setting<'_>,
    person: &Person,
    actor: Option<Actor>,
    product: Option<Product>,
    dice: &mut Dice,
) -> Use {
    let scale = setting.volume * person.intensity;
    let mut amount = |low, high| scale * dice.between(low, high) / 10_000 + 1;
    let tokens = [amount(8000, 90_000), amount(3000, 40_000), amount(0, 900_000), amount(0, 40_000), 0];
    let mut made = Use {
        minute: dice.between(5, 1400) as u16,
        actor,
        key: None,
        workspace: None,
        account: None,
        model: if dice.chance(500) { opus_on(setting.day) } else { model::SONNET_5 },
        product,
        tier: None,
        window: Window::Short,
        geo: Geo::Global,
        speed: Speed::Standard,
        tokens,
        searches: dice.below(3),
        requests: dice.between(1, 60),
        amounts: [Amount::ZERO; 5],
        search_amount: Amount::ZERO,
        list_percent: 125,
    };
    made.charge(setting.day);
    made
}

/// Charges that do not follow from usage.
pub fn extras(setting: Setting<'_>, dice: &mut Dice) -> Vec<Charge> {
    if !setting.config.quirks.odd_lines || !dice.chance(500) {
        return Vec::new();
    }
    let amount = Amount::nanos(i128::from(dice.between(1, 90_000_000)));
    vec![Charge { workspace: None, ..Charge::plain(CostType::CodeExecution, 0, amount) }]
}

/// What one person did on claude.ai on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    /// None where the vendor reports null.
    pub conversations: Option<u64>,
    pub messages: u64,
    pub projects: u64,
    pub files: Option<u64>,
    pub searches: u64,
    pub thinking: u64,
    pub sessions: u64,
    pub lines_added: u64,
    pub lines_removed: u64,
    pub commits: u64,
    pub pull_requests: u64,
    /// Accepted and rejected, for edit, multi-edit, write and notebook-edit.
    pub tools: [(u64, u64); 4],
}

/// A person's day, a function of the seeds; None when there was no activity.
pub fn activity(seed: u64, salt: u32, person: &Person, index: u32, day: i32) -> Option<Activity> {
    if !person.claude_seat || person.idle || person.joined > day {
        return None;
    }
    let mut dice = Dice::new(mix(mix(seed ^ 0xAC71, u64::from(index)), mix(day as u64, u64::from(salt))));
    if !dice.chance(if calendar::is_weekend(day) { 180 } else { 780 }) {
        return None;
    }
    let conversations = dice.between(1, 3 + person.intensity / 15);
    let coder = person.subscriber && dice.chance(700);
    let mut code = |limit: u64| if coder { dice.below(limit + 1) } else { 0 };
    let (lines_added, lines_removed, commits, pull_requests) = (code(900), code(300), code(6), code(2));
    let tools = [(code(40), code(5)), (code(12), code(2)), (code(9), code(2)), (code(2), 0)];
    let sessions = if coder { 1 + dice.below(5) } else { 0 };
    Some(Activity {
        conversations: (!dice.chance(60)).then_some(conversations),
        messages: conversations * dice.between(2, 9),
        projects: dice.below(3),
        files: (!dice.chance(60)).then_some(dice.below(5)),
        searches: dice.below(6),
        thinking: dice.below(9),
        sessions,
        lines_added,
        lines_removed,
        commits,
        pull_requests,
        tools,
    })
}
