//! After a restatement the endpoints and the truth still tell the same story.

use aispend_simulator::{Generation, Restatement, Scope, Strand, Truth, World, WorldConfig};

use crate::client::{Client, DAY_MILLIS, MILLIS, nano};

fn legacy_total(client: &mut Client) -> i128 {
    let request = client
        .admin("cost_report")
        .with("starting_at", "2026-10-05T00:00:00Z")
        .with("ending_at", "2026-10-09T00:00:00Z")
        .with("group_by[]", "workspace_id")
        .with("group_by[]", "description");
    let buckets = client.tokens(&request);
    let rows = buckets.iter().flat_map(|bucket| bucket["results"].as_array().unwrap().clone());
    rows.map(|row| nano(row["amount"].as_str().unwrap())).sum()
}

#[test]
fn truth_follows_every_restatement() {
    for seed in 0..30 {
        let mut client = Client::new(World::generate(WorldConfig::small(seed)));
        let console = client.simulator.world.console_id().to_owned();
        for step in 0..8 {
            let restatement = client.simulator.world.restate_anything(seed * 100 + step);
            let scope = Scope { console: Generation::Legacy, ..client.simulator.world.scope(client.now) };
            let truth = client.simulator.world.truth(&scope);
            let own: i128 =
                truth.claude_expenses.iter().filter(|row| row.org_id == console).map(|row| row.nano).sum();
            assert_eq!(own, legacy_total(&mut client), "{restatement:?}");
            let events: u64 = truth
                .cursor_expenses
                .iter()
                .map(|row| row.billed_events + row.included_events + row.void_events)
                .sum();
            let pages = client.event_pages(DAY_MILLIS, DAY_MILLIS + 4 * MILLIS - 1, 1000);
            assert!(pages[0].contains(&format!("\"totalUsageEventsCount\":{events},")), "{restatement:?}");
        }
    }
}

#[test]
fn a_day_vanishes_and_comes_back() {
    let mut world = World::generate(WorldConfig::small(9));
    let day = "2026-10-06".parse().unwrap();
    let scope = world.scope(world.end());
    let before = world.truth(&scope);
    for strand in Strand::ALL {
        world.restate(&Restatement::Vanish { day, strand });
        world.restate(&Restatement::Vanish { day, strand });
    }
    let gone = world.truth(&scope);
    assert!(gone.claude_expenses.iter().all(|row| row.day != day));
    assert!(gone.cursor_expenses.iter().all(|row| row.day != day));
    assert!(gone.claude_code_usage_stats.iter().all(|row| row.day != day));
    assert!(Truth::total(&gone.claude_expenses) < Truth::total(&before.claude_expenses));
    for strand in Strand::ALL {
        world.restate(&Restatement::Return { day, strand });
    }
    assert_eq!(world.truth(&scope), before);
}

#[test]
fn a_second_key_of_the_same_name_changes_the_platform() {
    let config = WorldConfig { analytics: false, ..WorldConfig::small(2) };
    let mut world = World::generate(config);
    let scope = world.scope(world.end());
    let code = |truth: &Truth| Truth::total_by(&truth.claude_expenses, |row| row.platform)["claude_code"];
    let before = code(&world.truth(&scope));
    world.restate(&Restatement::AddKey { name: "ci-bot".into() });
    assert!(code(&world.truth(&scope)) < before);
}

#[test]
fn the_same_seed_makes_the_same_world() {
    let make = || World::generate(WorldConfig::small(4));
    let (left, right) = (make(), make());
    assert_eq!(left.truth(&left.scope(left.end())), right.truth(&right.scope(right.end())));
    let other = World::generate(WorldConfig::small(5));
    assert_ne!(left.truth(&left.scope(left.end())), other.truth(&other.scope(other.end())));
}
