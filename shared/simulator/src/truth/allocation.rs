//! Legacy money by key: the contract's method, written to be read rather than to be fast.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::anthropic::{Line, lines};
use crate::catalog::{CostType, Tier, TokenType};
use crate::facts::directory::workspace;
use crate::facts::usage::Use;
use crate::facts::{Day, World};

/// A line's share that one key takes, or nobody.
pub struct Share {
    pub line: Line,
    pub key: Option<u32>,
    pub nano: i128,
    pub allocation: &'static str,
}

/// How closely usage has to agree with a line.
#[derive(Clone, Copy)]
struct Agreement {
    window: bool,
    /// A standard line also takes flex usage, whatever it is called.
    flex: bool,
    name: &'static str,
}

const LADDER: [Agreement; 4] = [
    Agreement { window: true, flex: false, name: "exact" },
    Agreement { window: true, flex: true, name: "widened" },
    Agreement { window: false, flex: false, name: "widened" },
    Agreement { window: false, flex: true, name: "widened" },
];

/// Splits every line of a day over the keys that used what it charges.
pub fn shares(world: &World, day: &Day, now: Timestamp) -> Vec<Share> {
    let uses: Vec<&Use> = day.console_uses(now).collect();
    let mut shares = Vec::new();
    for (line, amount) in lines(day.console_charges(now)) {
        let nano = amount.nano();
        let found = LADDER.iter().find_map(|agreement| {
            let weights = weights(&line, &uses, *agreement);
            (!weights.is_empty()).then_some((weights, agreement.name))
        });
        let Some((weights, name)) = found else {
            shares.push(Share { line, key: None, nano, allocation: "unallocated" });
            continue;
        };
        for (key, nano) in split(world, nano, &weights) {
            let allocation = if key.is_none() { "no_key" } else { name };
            shares.push(Share { line, key, nano, allocation });
        }
    }
    shares
}

/// The matching tokens of each key, without those of none.
fn weights(line: &Line, uses: &[&Use], agreement: Agreement) -> BTreeMap<Option<u32>, i128> {
    let mut weights = BTreeMap::new();
    for made in uses {
        let own_workspace = made.workspace.filter(|index| *index != workspace::DEFAULT);
        if own_workspace != line.workspace {
            continue;
        }
        let weight = match (line.cost_type, line.token_type) {
            (Some(CostType::Tokens), Some(kind)) if matches(line, made, agreement) => tokens(made, kind),
            (Some(CostType::WebSearch), _) => made.searches,
            _ => 0,
        };
        if weight > 0 {
            *weights.entry(made.key).or_insert(0) += i128::from(weight);
        }
    }
    weights
}

fn tokens(made: &Use, kind: TokenType) -> u64 {
    TokenType::ALL.iter().zip(made.tokens).find(|(own, _)| **own == kind).map_or(0, |(_, tokens)| tokens)
}

fn matches(line: &Line, made: &Use, agreement: Agreement) -> bool {
    let never = matches!(made.tier, Some(Tier::Priority | Tier::PriorityOnDemand | Tier::Batch));
    let tier = made.tier == line.tier || (agreement.flex && line.tier == Some(Tier::Standard) && !never);
    let window = !agreement.window || Some(made.window) == line.window;
    Some(made.model) == line.model && tier && window
}

/// Largest remainder: the parts add up to the amount, to the nano-dollar.
fn split(world: &World, nano: i128, weights: &BTreeMap<Option<u32>, i128>) -> Vec<(Option<u32>, i128)> {
    let whole: i128 = weights.values().sum();
    let size = nano.abs();
    let mut parts: Vec<(Option<u32>, i128, i128)> =
        weights.iter().map(|(key, weight)| (*key, size * weight / whole, size * weight % whole)).collect();
    let missing = size - parts.iter().map(|(_, share, _)| share).sum::<i128>();
    // The largest remainders first; among equals by key id, and no key at all last.
    parts.sort_by_key(|(key, _, rest)| {
        let id = key.and_then(|index| world.directory.key_id(index));
        (-rest, id.is_none(), id.unwrap_or("").to_owned())
    });
    let sign = nano.signum();
    let extra = std::iter::repeat_n(1, usize::try_from(missing).unwrap_or(0)).chain(std::iter::repeat(0));
    parts.into_iter().zip(extra).map(|((key, share, _), extra)| (key, sign * (share + extra))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::amount::Amount;
    use crate::catalog::{Geo, MODELS, Speed, Window};
    use crate::config::{Quirks, WorldConfig};
    use crate::facts::directory::{Creator, Workspace};
    use crate::facts::usage::Charge;

    #[test]
    fn a_line_is_split_to_the_last_nano() {
        let world = World::generate(WorldConfig::small(1));
        let mut ids: Vec<u32> = vec![0, 1, 2];
        ids.sort_by_key(|index| world.directory.key_id(*index).map(str::to_owned));
        let check = |nano: i128, weights: &[(Option<u32>, i128)], expected: &[i128]| {
            let parts: BTreeMap<_, _> =
                split(&world, nano, &weights.iter().copied().collect()).into_iter().collect();
            let shares: Vec<i128> = weights.iter().map(|(key, _)| parts[key]).collect();
            assert_eq!(shares, expected);
        };
        let [a, b, c] = [Some(ids[0]), Some(ids[1]), Some(ids[2])];
        check(100_000_000, &[(a, 1), (b, 1), (c, 1)], &[33_333_334, 33_333_333, 33_333_333]);
        check(-100_000_000, &[(a, 1), (b, 1), (c, 1)], &[-33_333_334, -33_333_333, -33_333_333]);
        check(2, &[(a, 1), (b, 1), (None, 1)], &[1, 1, 0]);
        check(10, &[(a, 1), (b, 2)], &[3, 7]);
        check(0, &[(a, 5)], &[0]);
    }

    /// A world whose only facts are the usage and cost rows of the vendor's samples.
    fn sample_world() -> World {
        let config = WorldConfig {
            quirks: Quirks::NONE,
            last_day: jiff::civil::date(2026, 10, 6),
            ..WorldConfig::small(1)
        };
        let mut world = World::generate(config);
        let read = |text: &str| serde_json::from_str::<Vec<Value>>(text).unwrap();
        let usage = read(include_str!("../../tests/samples/figures_usage.json"));
        let cost = read(include_str!("../../tests/samples/figures_cost.json"));
        world.directory.keys.clear();
        world.directory.workspaces.truncate(1);
        for row in usage.iter().chain(&cost) {
            if let Some(id) = row["workspace_id"].as_str()
                && world.directory.workspaces.iter().all(|made| made.id != id)
            {
                world.directory.workspaces.push(Workspace { id: id.into(), name: "sample", archived: false });
            }
            if let Some(id) = row.get("api_key_id").and_then(Value::as_str)
                && world.directory.keys.iter().all(|key| key.id != id)
            {
                let index = world.directory.add(1, id.into(), 0, Creator::Nobody, "active");
                world.directory.keys[index as usize].id = id.into();
            }
        }
        for day in &mut world.days {
            day.console.clear();
            day.extras.clear();
            let date = crate::calendar::date_of(day.number).to_string();
            let number = |row: &Value, path: &str| row.pointer(path).and_then(Value::as_u64).unwrap();
            let place = |row: &Value| {
                let id = row["workspace_id"].as_str();
                id.map_or(0, |id| {
                    world.directory.workspaces.iter().position(|made| made.id == id).unwrap() as u16
                })
            };
            let model = |row: &Value| {
                MODELS.iter().position(|made| row["model"] == made.id).map(|index| index as u16)
            };
            for row in usage.iter().filter(|row| row["day"] == date.as_str()) {
                let key = row["api_key_id"].as_str();
                day.console.push(Use {
                    minute: 0,
                    actor: None,
                    key: key
                        .map(|id| world.directory.keys.iter().position(|key| key.id == id).unwrap() as u32),
                    workspace: Some(place(row)),
                    account: None,
                    model: model(row).unwrap(),
                    product: None,
                    tier: row["service_tier"].as_str().unwrap().parse().ok(),
                    window: row["context_window"].as_str().unwrap().parse::<Window>().unwrap(),
                    geo: Geo::Global,
                    speed: Speed::Standard,
                    tokens: [
                        number(row, "/uncached_input_tokens"),
                        number(row, "/output_tokens"),
                        number(row, "/cache_read_input_tokens"),
                        number(row, "/cache_creation/ephemeral_5m_input_tokens"),
                        number(row, "/cache_creation/ephemeral_1h_input_tokens"),
                    ],
                    searches: number(row, "/server_tool_use/web_search_requests"),
                    requests: 0,
                    amounts: [Amount::ZERO; 5],
                    search_amount: Amount::ZERO,
                    list_percent: 100,
                });
            }
            for row in cost.iter().filter(|row| row["day"] == date.as_str()) {
                let (whole, part) = row["amount"]
                    .as_str()
                    .unwrap()
                    .split_once('.')
                    .unwrap_or((row["amount"].as_str().unwrap(), ""));
                let nanos = format!("{whole}{part:0<7}").parse().unwrap();
                let kind = TokenType::ALL.into_iter().find(|kind| row["token_type"] == kind.name());
                let word = |name: &str| row[name].as_str().unwrap_or("").to_owned();
                day.extras.push(Charge {
                    minute: 0,
                    model: model(row),
                    tier: word("service_tier").parse().ok(),
                    window: word("context_window").parse().ok(),
                    token_type: kind,
                    ..Charge::plain(word("cost_type").parse().unwrap(), place(row), Amount::nanos(nanos))
                });
            }
        }
        world
    }

    #[test]
    fn the_published_figures_come_out() {
        let world = sample_world();
        let now = world.end();
        let mut found: BTreeMap<(usize, String), i128> = BTreeMap::new();
        for (place, day) in world.days.iter().enumerate() {
            for share in shares(&world, day, now) {
                let key =
                    share.key.and_then(|index| world.directory.key_id(index)).unwrap_or(share.allocation);
                *found.entry((place, key.to_owned())).or_default() += share.nano;
            }
        }
        let expected = [
            (0, "apikey_01Rj2N8SVvo6BePZj99NhmiT", 31_071_612_200),
            (0, "apikey_01NbTq5WcXr8LmKsPd3HvYgF", 18_100_098_000),
            (0, "apikey_01CiBx7QhVt2RnMpLw9KsDzG", 2_095_037_300),
            (0, "apikey_01ScRt4JkFm8WqYbNx6PzHvD", 96_038_000),
            (0, "no_key", 5_216_000),
            (0, "apikey_01AlCc6TnRv3XhQpWm8KyBsZ", 21_640_200_800),
            (0, "apikey_01BbCc2YwPz9LdGtHk5JxNqM", 11_394_378_500),
            (0, "unallocated", 125_000_000 + 42_222_222),
            (1, "apikey_01Rj2N8SVvo6BePZj99NhmiT", 13_390_088_400),
            (1, "apikey_01NbTq5WcXr8LmKsPd3HvYgF", 17_300_016_000),
            (1, "apikey_01ScRt4JkFm8WqYbNx6PzHvD", 338_000),
            (1, "apikey_01AlCc6TnRv3XhQpWm8KyBsZ", 15_700_305_200),
        ];
        let expected: BTreeMap<_, _> =
            expected.into_iter().map(|(day, key, nano)| ((day, key.to_owned()), nano)).collect();
        assert_eq!(found, expected);
    }
}
