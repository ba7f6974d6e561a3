//! Adding charges and uses up by the dimensions a request asks for.

use crate::amount::Amount;
use crate::catalog::{CostType, Geo, Product, Speed, Tier, TokenType, Window, model_id};
use crate::dice::mix_text;
use crate::facts::World;
use crate::facts::usage::{Actor, Charge, Use};
use crate::json::Json;

use super::Context;
use super::params::Params;

/// The dimensions of one row; what is not grouped by is None in every row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Group {
    pub actor: Option<Actor>,
    pub key: Option<u32>,
    pub workspace: Option<u16>,
    pub product: Option<Product>,
    pub model: Option<u16>,
    pub tier: Option<Tier>,
    pub window: Option<Window>,
    pub geo: Option<Geo>,
    pub speed: Option<Speed>,
    pub cost_type: Option<CostType>,
    pub token_type: Option<TokenType>,
}

impl Group {
    /// The dimensions of a charge that are in `by`.
    pub fn of_charge(charge: &Charge, by: &[&str]) -> Self {
        let has = |name: &str| by.contains(&name);
        Self {
            actor: charge.actor.filter(|_| has("actor")),
            key: charge.key.filter(|_| has("api_key_id")),
            workspace: charge.workspace.filter(|_| has("workspace_id")),
            product: charge.product.filter(|_| has("product")),
            model: charge.model.filter(|_| has("model")),
            tier: charge.tier.filter(|_| has("service_tier")),
            window: charge.window.filter(|_| has("context_window")),
            geo: charge.geo.filter(|_| has("inference_geo")),
            speed: charge.speed.filter(|_| has("speed")),
            cost_type: has("cost_type").then_some(charge.cost_type),
            token_type: charge.token_type.filter(|_| has("token_type")),
        }
    }

    /// The dimensions of a use that are in `by`.
    pub fn of_use(made: &Use, by: &[&str]) -> Self {
        let has = |name: &str| by.contains(&name);
        Self {
            actor: made.actor.filter(|_| has("actor")),
            key: made.key.filter(|_| has("api_key_id")),
            workspace: made.workspace.filter(|_| has("workspace_id")),
            product: made.product.filter(|_| has("product")),
            model: has("model").then_some(made.model),
            tier: made.tier.filter(|_| has("service_tier")),
            window: has("context_window").then_some(made.window),
            geo: has("inference_geo").then_some(made.geo),
            speed: has("speed").then_some(made.speed),
            cost_type: None,
            token_type: None,
        }
    }

    /// The group without the two dimensions that fan a row out.
    pub const fn base(self) -> Self {
        Self { cost_type: None, token_type: None, ..self }
    }
}

/// The money of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Money {
    pub amount: Amount,
    pub list: Amount,
    pub requests: u64,
}

/// The tokens of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tokens {
    pub counts: [u64; 5],
    pub searches: u64,
    pub requests: u64,
}

impl Money {
    /// Adds a charge.
    pub fn add(&mut self, charge: &Charge) {
        self.amount += charge.amount;
        self.list += charge.list;
        self.requests += charge.requests;
    }
}

impl Tokens {
    /// Adds a use.
    pub fn add(&mut self, made: &Use) {
        for (sum, tokens) in self.counts.iter_mut().zip(made.tokens) {
            *sum += tokens;
        }
        self.searches += made.searches;
        self.requests += made.requests;
    }

    /// Writes the members of a usage row.
    pub fn write(&self, json: &mut Json) {
        let [uncached, output, read, short, long] = self.counts;
        json.count("uncached_input_tokens", uncached).name("cache_creation").open();
        json.count("ephemeral_5m_input_tokens", short).count("ephemeral_1h_input_tokens", long).close();
        json.count("cache_read_input_tokens", read).count("output_tokens", output);
        json.count("total_tokens", self.counts.iter().sum()).count("requests", self.requests);
        json.name("server_tool_use").open().count("web_search_requests", self.searches).close();
    }
}

/// Adds up by group, in the order of the groups.
pub fn sum_by<K: Ord + Copy, V: Default, I>(
    items: impl Iterator<Item = (K, I)>,
    add: impl Fn(&mut V, &I),
) -> Vec<(K, V)> {
    let mut items: Vec<(K, I)> = items.collect();
    items.sort_by_key(|(key, _)| *key);
    let mut sums: Vec<(K, V)> = Vec::with_capacity(items.len());
    for (key, item) in items {
        match sums.last_mut() {
            Some((last, sum)) if *last == key => add(sum, &item),
            _ => {
                let mut sum = V::default();
                add(&mut sum, &item);
                sums.push((key, sum));
            }
        }
    }
    sums
}

/// Writes the member `actor`.
pub fn write_actor(json: &mut Json, world: &World, actor: Option<Actor>, address: &str) {
    let Some(actor) = actor else {
        json.null("actor");
        return;
    };
    json.name("actor").open();
    match actor {
        Actor::Person(index) | Actor::Deleted(index) => {
            let deleted = matches!(actor, Actor::Deleted(_));
            let person = world.people.get(index as usize);
            let name = person.map(crate::facts::people::Person::name);
            json.field("type", "user_actor");
            if deleted {
                json.field("user_id", &crate::names::anthropic_id("user", world.config().seed, 1 << 40));
                json.null(address).field("name", "Deleted User");
            } else {
                json.maybe("user_id", person.map(|person| person.user_id.as_str()));
                json.maybe(address, person.map(|person| person.email.as_str()));
                json.maybe("name", name.as_deref().filter(|_| index % 5 != 4));
            }
            json.flag("deleted", deleted);
        }
        Actor::Service => {
            json.field("type", "service_account_actor");
            json.field("service_account_id", &world.directory.service_account);
        }
        Actor::Federated => {
            json.field("type", "federated_actor").field("provider", "oidc").field("subject", "build");
        }
        Actor::Key(index) => {
            json.field("type", "api_actor").maybe("api_key_id", world.directory.key_id(index));
        }
    }
    json.close();
}

/// Writes the member `group` of the beta endpoints.
pub fn write_group(json: &mut Json, context: Context<'_>, group: Group, by: &[&str], with_cost: bool) {
    let world = context.world;
    json.name("group").open();
    write_actor(json, world, group.actor, "email_address");
    json.null("actor_type").null("agent_id");
    json.maybe("api_key_id", group.key.and_then(|index| world.directory.key_id(index)));
    json.null("claude_tag_category").null("claude_tag_user_id");
    json.maybe("context_window", group.window.map(Window::name));
    if with_cost {
        json.maybe("cost_type", group.cost_type.map(CostType::name));
    }
    json.null("deployment_id").null("environment_id");
    json.maybe("inference_geo", group.geo.map(Geo::name));
    json.maybe("model", group.model.map(model_id));
    json.maybe("organization_id", by.contains(&"organization_id").then_some(context.organisation));
    json.maybe("product", group.product.map(Product::name));
    json.null("rbac_group_id");
    json.maybe("service_tier", group.tier.map(Tier::name));
    json.null("session_id").null("slack_channel_id");
    json.maybe("speed", group.speed.map(Speed::name));
    if with_cost {
        json.maybe("token_type", group.token_type.map(TokenType::name));
    }
    json.null("user_profile_id");
    json.maybe("workspace_id", group.workspace.and_then(|index| world.directory.workspace_id(index)));
    json.close();
}

/// Writes `has_more` and `next_page`, with a stray token on the last page where the oddity is on.
pub fn finish_page(json: &mut Json, context: Context<'_>, params: Params<'_>, next: usize, all: usize) {
    let more = next < all;
    let stray = context.world.config().quirks.stray_tokens
        && mix_text(context.world.config().seed, context.request.parameter("starting_at").unwrap_or(""))
            .is_multiple_of(3);
    json.flag("has_more", more);
    if more {
        json.field("next_page", &params.token(next));
    } else if stray {
        json.field("next_page", "page_c3RyYXk=");
    } else {
        json.null("next_page");
    }
}
