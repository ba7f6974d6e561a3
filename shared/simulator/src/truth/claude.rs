//! Anthropic's money by platform, and what people did on claude.ai.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::rows::{ApiUsage, ClaudeExpense, ClaudeUsage};
use super::{Truth, allocation};
use crate::anthropic::{Group, Money, sum_by};
use crate::calendar::refreshed;
use crate::catalog::{CostType, Product, Tier, TokenType, Window, model_id};
use crate::facts::directory::{Key, workspace};
use crate::facts::usage::{Actor, Charge, Use};
use crate::facts::{Day, Strand, World, code::Author};

/// Everything of an expense but its amount.
type Expense = ClaudeExpense;

fn add(sums: &mut BTreeMap<Expense, i128>, expense: Expense) {
    let nano = expense.nano;
    *sums.entry(Expense { nano: 0, ..expense }).or_insert(0) += nano;
}

fn finish(sums: BTreeMap<Expense, i128>, truth: &mut Truth) {
    truth.claude_expenses.extend(sums.into_iter().map(|(expense, nano)| Expense { nano, ..expense }));
}

/// The rows of `api_usage_expenses` under construction: tokens and money meet here.
#[derive(Default)]
struct Usages(BTreeMap<ApiUsage, (i128, [u64; 5])>);

impl Usages {
    fn add(&mut self, row: ApiUsage, nano: i128, tokens: [u64; 5]) {
        let (sum, counts) = self.0.entry(row).or_default();
        *sum += nano;
        for (count, tokens) in counts.iter_mut().zip(tokens) {
            *count += tokens;
        }
    }

    fn finish(self, truth: &mut Truth) {
        truth.api_usage_expenses.extend(self.0.into_iter().map(|(row, (nano, tokens))| {
            let [input, output, read, short, long] = tokens;
            ApiUsage {
                nano,
                input_tokens: input,
                output_tokens: output,
                cache_read_tokens: read,
                cache_write_5m_tokens: short,
                cache_write_1h_tokens: long,
                ..row
            }
        }));
    }
}

fn blank_usage(day: &Day, org_id: &str) -> ApiUsage {
    ApiUsage {
        day: World::date(day.number),
        org_id: org_id.to_owned(),
        api_key_id: None,
        workspace_id: None,
        model: None,
        endpoint: None,
        service_tier: None,
        nano: 0,
        input_tokens: 0,
        output_tokens: 0,
        cache_read_tokens: 0,
        cache_write_5m_tokens: 0,
        cache_write_1h_tokens: 0,
    }
}

/// The platform of a product; None means that something else has to decide.
const fn platform_of(product: Option<Product>) -> Option<&'static str> {
    match product {
        Some(Product::ClaudeCode) => Some("claude_code"),
        Some(Product::Messages | Product::Batches | Product::ManagedAgents | Product::Console) => {
            Some("claude_api")
        }
        Some(
            Product::Chat
            | Product::ChatCowork
            | Product::Cowork
            | Product::Office
            | Product::Chrome
            | Product::Design
            | Product::Tag,
        ) => Some("claude.ai"),
        Some(Product::Other | Product::Autopatch) | None => None,
    }
}

const fn endpoint_of(product: Option<Product>) -> Option<&'static str> {
    match product {
        Some(Product::Messages) => Some("messages"),
        Some(Product::Batches) => Some("batch"),
        Some(Product::ManagedAgents) => Some("managed_agents"),
        Some(Product::Console) => Some("console"),
        Some(other) => Some(other.name()),
        None => None,
    }
}

fn console_platform(product: Option<Product>, place: Option<u16>) -> &'static str {
    let by_place = if place == Some(workspace::CLAUDE_CODE) { "claude_code" } else { "claude_api" };
    platform_of(product).unwrap_or(by_place)
}

const BY_KEY: [&str; 7] =
    ["api_key_id", "workspace_id", "product", "model", "service_tier", "cost_type", "token_type"];

/// The beta on the Console organisation, grouped as the contract says.
pub fn console_analytics(world: &World, day: &Day, now: Timestamp, truth: &mut Truth) {
    let now = refreshed(now);
    let org_id = world.console_id();
    let charges = day.console_charges(now).filter(|charge| charge.in_analytics);
    let keyed = charges.map(|charge| (Group::of_charge(&charge, &BY_KEY), charge));
    let mut sums = BTreeMap::new();
    let mut usages = Usages::default();
    for (group, money) in sum_by::<Group, Money, Charge>(keyed, Money::add) {
        let nano = money.amount.nano();
        let platform = console_platform(group.product, group.workspace);
        add(&mut sums, expense(world, day, org_id, platform, group, nano));
        if platform == "claude_api" {
            usages.add(usage_row(world, day, org_id, group), nano, [0; 5]);
        }
    }
    for made in day.console_uses(now) {
        let group = Group::of_use(made, &BY_KEY);
        if console_platform(group.product, group.workspace) == "claude_api" {
            usages.add(usage_row(world, day, org_id, group), 0, made.tokens);
        }
    }
    finish(sums, truth);
    usages.finish(truth);
}

fn usage_row(world: &World, day: &Day, org_id: &str, group: Group) -> ApiUsage {
    ApiUsage {
        api_key_id: group.key.and_then(|index| world.directory.key_id(index)).map(str::to_owned),
        workspace_id: group
            .workspace
            .and_then(|index| world.directory.workspace_id(index))
            .map(str::to_owned),
        model: group.model.map(model_id),
        endpoint: endpoint_of(group.product),
        service_tier: group.tier.map(Tier::name),
        ..blank_usage(day, org_id)
    }
}

fn expense(
    world: &World,
    day: &Day,
    org_id: &str,
    platform: &'static str,
    group: Group,
    nano: i128,
) -> ClaudeExpense {
    let person = match group.actor {
        Some(Actor::Person(index)) => world.people.get(index as usize),
        _ => None,
    };
    ClaudeExpense {
        day: World::date(day.number),
        org_id: org_id.to_owned(),
        platform,
        workspace_id: group
            .workspace
            .and_then(|index| world.directory.workspace_id(index))
            .map(str::to_owned),
        model: group.model.map(model_id),
        cost_type: group.cost_type.map_or("", CostType::name),
        token_type: group.token_type.map(TokenType::name),
        service_tier: group.tier.map(Tier::name),
        context_window: None,
        api_key_id: group.key.and_then(|index| world.directory.key_id(index)).map(str::to_owned),
        user_email: person.map(|person| person.email.clone()),
        product: group.product.map(Product::name),
        allocation: None,
        nano,
    }
}

const BY_PERSON: [&str; 7] =
    ["api_key_id", "workspace_id", "product", "model", "actor", "cost_type", "token_type"];

/// The beta on the Enterprise organisation, where the actor takes the place of the service tier.
pub fn enterprise_analytics(world: &World, day: &Day, now: Timestamp, truth: &mut Truth) {
    let now = refreshed(now);
    let org_id = world.enterprise_id();
    let keyed = day.enterprise_charges(now).map(|charge| (Group::of_charge(&charge, &BY_PERSON), charge));
    let mut sums = BTreeMap::new();
    let mut usages = Usages::default();
    for (group, money) in sum_by::<Group, Money, Charge>(keyed, Money::add) {
        let platform = platform_of(group.product).unwrap_or("claude.ai");
        add(&mut sums, expense(world, day, org_id, platform, group, money.amount.nano()));
        if platform == "claude_api" {
            usages.add(usage_row(world, day, org_id, group), money.amount.nano(), [0; 5]);
        }
    }
    finish(sums, truth);
    usages.finish(truth);
}

/// The older Enterprise reports: the bucketed total, split by person as far as persons are known.
pub fn enterprise_legacy(world: &World, day: &Day, now: Timestamp, truth: &mut Truth) {
    // The same charges; amounts on this organisation are whole nano-dollars, so grouping does not matter.
    enterprise_analytics(world, day, now, truth);
}

/// Which keys count as Claude Code on a day, though they are outside its workspace.
fn code_keys(world: &World, day: &Day, now: Timestamp) -> BTreeSet<u32> {
    let date = World::date(day.number);
    let mapped = world.mapping().iter().filter(|row| {
        let begun = row.valid_from.is_none_or(|from| from <= date);
        let lasts = row.valid_to.is_none_or(|to| to >= date);
        row.platform == "claude_code" && begun && lasts
    });
    let mut keys: BTreeSet<u32> = mapped.filter_map(|row| row.key).collect();
    for record in day.code_records(now) {
        let Author::Key(index) = record.author else { continue };
        let unique = |key: &Key| world.directory.keys_named(&key.name) == 1;
        if world.directory.keys.get(index as usize).is_some_and(unique) {
            keys.insert(index);
        }
    }
    keys
}

/// The legacy reports of the Console organisation, split over keys.
pub fn console_legacy(world: &World, day: &Day, now: Timestamp, truth: &mut Truth) {
    let org_id = world.console_id();
    let code = code_keys(world, day, now);
    let platform = |place: Option<u16>, key: Option<u32>| {
        let by_key = key.is_some_and(|key| code.contains(&key));
        if place == Some(workspace::CLAUDE_CODE) || by_key { "claude_code" } else { "claude_api" }
    };
    let workspace_id = |place: Option<u16>| place.and_then(|index| world.directory.workspace_id(index));
    let key_id = |key: Option<u32>| key.and_then(|index| world.directory.key_id(index));
    let endpoint = |tier: Option<Tier>| Some(if tier == Some(Tier::Batch) { "batch" } else { "messages" });
    let mut sums = BTreeMap::new();
    let mut usages = Usages::default();
    for share in allocation::shares(world, day, now) {
        let line = share.line;
        let platform = platform(line.workspace, share.key);
        add(
            &mut sums,
            ClaudeExpense {
                day: World::date(day.number),
                org_id: org_id.to_owned(),
                platform,
                workspace_id: workspace_id(line.workspace).map(str::to_owned),
                model: line.model.map(model_id),
                cost_type: line.cost_type.map_or("", CostType::name),
                token_type: line.token_type.map(TokenType::name),
                service_tier: line.tier.map(Tier::name),
                context_window: line.window.map(Window::name),
                api_key_id: key_id(share.key).map(str::to_owned),
                user_email: None,
                product: None,
                allocation: Some(share.allocation),
                nano: share.nano,
            },
        );
        if platform == "claude_api" {
            let row = ApiUsage {
                api_key_id: key_id(share.key).map(str::to_owned),
                workspace_id: workspace_id(line.workspace).map(str::to_owned),
                model: line.model.map(model_id),
                endpoint: endpoint(line.tier),
                service_tier: line.tier.map(Tier::name),
                ..blank_usage(day, org_id)
            };
            usages.add(row, share.nano, [0; 5]);
        }
    }
    for made in day.console_uses(now) {
        let made: &Use = made;
        let place = made.workspace.filter(|index| *index != workspace::DEFAULT);
        if platform(place, made.key) == "claude_api" {
            let row = ApiUsage {
                api_key_id: key_id(made.key).map(str::to_owned),
                workspace_id: workspace_id(place).map(str::to_owned),
                model: Some(model_id(made.model)),
                endpoint: endpoint(made.tier),
                service_tier: made.tier.map(Tier::name),
                ..blank_usage(day, org_id)
            };
            usages.add(row, 0, made.tokens);
        }
    }
    finish(sums, truth);
    usages.finish(truth);
}

/// What people did on claude.ai, by the endpoint or by the sheet.
pub fn activity(world: &World, day: &Day, now: Timestamp, rows: &mut Vec<ClaudeUsage>) {
    // Aggregated at 10:00 UTC on the day after.
    let ready = day.minutes(now) >= 34 * 60;
    if world.config().enterprise && ready && day.has(Strand::Activity) {
        for (index, person) in world.people.iter().enumerate() {
            if let Some(made) = world.activity(day.number, index as u32) {
                rows.push(ClaudeUsage {
                    day: World::date(day.number),
                    org_id: world.enterprise_id().to_owned(),
                    user_email: person.email.clone(),
                    conversation_count: made.conversations,
                    message_count: Some(made.messages),
                    project_count: Some(made.projects),
                    file_upload_count: made.files,
                });
            }
        }
    }
    for row in world.sheets.activity.iter().filter(|row| row.day == day.number) {
        let Some(person) = world.people.get(row.person as usize) else { continue };
        rows.push(ClaudeUsage {
            day: World::date(day.number),
            org_id: "sheets".to_owned(),
            user_email: person.email.clone(),
            conversation_count: row.conversations,
            message_count: row.messages,
            project_count: row.projects,
            file_upload_count: row.files,
        });
    }
}
