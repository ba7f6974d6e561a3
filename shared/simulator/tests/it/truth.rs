//! The truth is what the endpoints hand out, added up by somebody else.

use std::collections::{BTreeMap, BTreeSet};

use aispend_simulator::{Generation, Quirks, Scope, Truth, World, WorldConfig};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::client::{Client, DAY_MILLIS, MILLIS, nano, small, sums, text, units};

const DAYS: i64 = 4;

fn each_world(check: impl Fn(&mut Client)) {
    for seed in 0..12 {
        let quirks = if seed == 0 { Quirks::default() } else { Quirks::random(seed) };
        check(&mut Client::new(small(seed, quirks)));
    }
    let config = WorldConfig::company(5, 40, "2026-10-05".parse().unwrap(), "2026-10-08".parse().unwrap());
    check(&mut Client::new(World::generate(config)));
}

fn scope(client: &Client, console: Generation) -> Scope {
    Scope { console, ..client.simulator.world.scope(client.now) }
}

fn range(request: aispend_simulator::Request) -> aispend_simulator::Request {
    request.with("starting_at", "2026-10-05T00:00:00Z").with("ending_at", "2026-10-09T00:00:00Z")
}

fn day_of(row: &Value) -> String {
    row["starting_at"].as_str().unwrap()[..10].to_owned()
}

#[test]
fn legacy_money_is_the_sum_of_the_cost_report() {
    each_world(|client| {
        let request = range(client.admin("cost_report"))
            .with("group_by[]", "workspace_id")
            .with("group_by[]", "description")
            .with("limit", "2");
        let mut lines = Vec::new();
        for bucket in client.tokens(&request) {
            for row in bucket["results"].as_array().unwrap() {
                assert_eq!(row["currency"], "USD");
                let key = (
                    day_of(&bucket),
                    text(&row["workspace_id"]),
                    text(&row["model"]),
                    text(&row["cost_type"]),
                    text(&row["token_type"]),
                    text(&row["service_tier"]),
                    text(&row["context_window"]),
                );
                lines.push((key, nano(row["amount"].as_str().unwrap())));
            }
        }
        let truth = client.simulator.world.truth(&scope(client, Generation::Legacy));
        let expected = Truth::total_by(&truth.claude_expenses, |row| {
            let own = |text: Option<&str>| text.map(str::to_owned);
            (
                row.day.to_string(),
                row.workspace_id.clone(),
                own(row.model),
                own(Some(row.cost_type)),
                own(row.token_type),
                own(row.service_tier),
                own(row.context_window),
            )
        });
        let console = client.simulator.world.console_id().to_owned();
        let enterprise: i128 =
            truth.claude_expenses.iter().filter(|row| row.org_id != console).map(|row| row.nano).sum();
        let handed = sums(lines);
        assert_eq!(expected.values().sum::<i128>() - enterprise, handed.values().sum::<i128>());
        for (key, amount) in handed {
            let others = truth
                .claude_expenses
                .iter()
                .filter(|row| row.org_id != console && row.day.to_string() == key.0 && key.1.is_none());
            let same = others.filter(|row| {
                row.model.map(str::to_owned) == key.2
                    && row.cost_type == key.3.clone().unwrap()
                    && row.token_type.map(str::to_owned) == key.4
                    && key.5.is_none()
                    && key.6.is_none()
            });
            let other: i128 = same.map(|row| row.nano).sum();
            assert_eq!(expected.get(&key).copied().unwrap_or(0) - other, amount, "{key:?}");
        }
    });
}

#[test]
fn legacy_shares_go_only_to_keys_that_used_something() {
    each_world(|client| {
        let mut request = range(client.admin("usage_report/messages")).with("limit", "31");
        for dimension in ["workspace_id", "api_key_id", "model", "service_tier", "context_window"] {
            request = request.with("group_by[]", dimension);
        }
        let mut used = BTreeSet::new();
        let mut tokens: BTreeMap<(String, Option<String>), u64> = BTreeMap::new();
        for bucket in client.tokens(&request) {
            for row in bucket["results"].as_array().unwrap() {
                used.insert((day_of(&bucket), text(&row["api_key_id"])));
                *tokens.entry((day_of(&bucket), text(&row["api_key_id"]))).or_default() +=
                    row["output_tokens"].as_u64().unwrap();
            }
        }
        let truth = client.simulator.world.truth(&scope(client, Generation::Legacy));
        let console = client.simulator.world.console_id();
        let mut kinds = BTreeSet::new();
        for row in truth.claude_expenses.iter().filter(|row| row.org_id == console) {
            kinds.insert(row.allocation.unwrap());
            if row.allocation != Some("unallocated") {
                assert!(used.contains(&(row.day.to_string(), row.api_key_id.clone())), "{row:?}");
            }
        }
        if client.simulator.world.config().quirks.odd_lines {
            assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["exact", "no_key", "unallocated", "widened"]);
        }
        // Tokens: what is not Claude Code is in the rows by key.
        let api: u64 = truth
            .api_usage_expenses
            .iter()
            .filter(|row| row.org_id == console)
            .map(|row| row.output_tokens)
            .sum();
        let all: u64 = tokens.values().sum();
        assert!(api > 0 && api < all);
    });
}

#[test]
fn api_money_is_the_api_part_of_claude_money() {
    each_world(|client| {
        for generation in [Generation::Analytics, Generation::Legacy] {
            let truth = client.simulator.world.truth(&scope(client, generation));
            let api = Truth::total_by(&truth.api_usage_expenses, |row| (row.day, row.api_key_id.clone()));
            let claude: Vec<_> =
                truth.claude_expenses.iter().filter(|row| row.platform == "claude_api").cloned().collect();
            assert_eq!(api, Truth::total_by(&claude, |row| (row.day, row.api_key_id.clone())));
        }
    });
}

#[test]
fn beta_money_and_tokens_are_the_sum_of_the_beta_endpoints() {
    each_world(|client| {
        let dimensions = ["api_key_id", "workspace_id", "product", "model", "service_tier"];
        let mut request = range(client.admin("analytics/usage")).with("time_bucket_width", "1d");
        for dimension in dimensions {
            request = request.with("group_by[]", dimension);
        }
        let usage = client.tokens(&request.clone().with("limit", "7"));
        request.path = "/v1/organizations/analytics/cost".into();
        let request = request
            .with("group_by[]", "cost_type")
            .with("group_by[]", "token_type")
            .with("order_by", "time")
            .with("order", "asc")
            .with("limit", "13");
        let cost = client.tokens(&request);
        let truth = client.simulator.world.truth(&scope(client, Generation::Analytics));
        let console = client.simulator.world.console_id().to_owned();
        let rows: Vec<_> =
            truth.claude_expenses.iter().filter(|row| row.org_id == console).cloned().collect();
        let expected = Truth::total_by(&rows, |row| {
            let own = |text: Option<&str>| text.map(str::to_owned);
            (
                row.day.to_string(),
                row.workspace_id.clone(),
                row.api_key_id.clone(),
                own(row.product),
                own(row.model),
                own(row.service_tier),
                (own(Some(row.cost_type)), own(row.token_type)),
            )
        });
        let handed = sums(cost.iter().map(|row| {
            let group = &row["group"];
            let key = (
                day_of(row),
                text(&group["workspace_id"]),
                text(&group["api_key_id"]),
                text(&group["product"]),
                text(&group["model"]),
                text(&group["service_tier"]),
                (text(&group["cost_type"]), text(&group["token_type"])),
            );
            (key, nano(row["cost"]["amount"].as_str().unwrap()))
        }));
        assert_eq!(expected, handed);

        let api = |row: &Value| {
            let product = row["group"]["product"].as_str().unwrap_or("");
            ["messages_api", "message_batches_api", "claude_console", "managed_agents_api"].contains(&product)
        };
        let tokens = |name: &str| -> u64 {
            usage.iter().filter(|row| api(row)).map(|row| row["usage"][name].as_u64().unwrap()).sum()
        };
        let rows: Vec<_> = truth.api_usage_expenses.iter().filter(|row| row.org_id == console).collect();
        assert_eq!(rows.iter().map(|row| row.input_tokens).sum::<u64>(), tokens("uncached_input_tokens"));
        assert_eq!(rows.iter().map(|row| row.output_tokens).sum::<u64>(), tokens("output_tokens"));
        assert_eq!(
            rows.iter().map(|row| row.cache_read_tokens).sum::<u64>(),
            tokens("cache_read_input_tokens")
        );
    });
}

#[test]
fn enterprise_money_is_the_sum_of_its_endpoints() {
    each_world(|client| {
        let mut request = range(client.analytics("cost")).with("time_bucket_width", "1d").with("limit", "9");
        for dimension in
            ["api_key_id", "workspace_id", "product", "model", "actor", "cost_type", "token_type"]
        {
            request = request.with("group_by[]", dimension);
        }
        let cost = client.tokens(&request);
        let truth = client.simulator.world.truth(&scope(client, Generation::Analytics));
        let org = client.simulator.world.enterprise_id().to_owned();
        let rows: Vec<_> = truth.claude_expenses.iter().filter(|row| row.org_id == org).cloned().collect();
        let expected = Truth::total_by(&rows, |row| {
            (row.day.to_string(), row.user_email.clone(), row.product.map(str::to_owned))
        });
        let handed = sums(cost.iter().map(|row| {
            let group = &row["group"];
            let key = (day_of(row), text(&group["actor"]["email_address"]), text(&group["product"]));
            (key, nano(row["cost"]["amount"].as_str().unwrap()))
        }));
        assert_eq!(expected, handed);

        let total: i128 = rows.iter().map(|row| row.nano).sum();
        let bucketed = client.tokens(&range(client.analytics("cost_report")).with("group_by[]", "product"));
        let results = bucketed.iter().flat_map(|bucket| bucket["results"].as_array().unwrap().clone());
        assert_eq!(total, results.map(|row| nano(row["amount"].as_str().unwrap())).sum::<i128>());
        let people = client.tokens(
            &range(client.analytics("user_cost_report"))
                .with("bucket_width", "1d")
                .with("group_by[]", "model"),
        );
        let known: i128 = people.iter().map(|row| nano(row["amount"].as_str().unwrap())).sum();
        assert!(known > 0 && known < total, "some spend belongs to nobody");
    });
}

#[test]
fn claude_code_truth_is_what_the_report_says() {
    each_world(|client| {
        let truth = client.simulator.world.truth(&scope(client, Generation::Analytics));
        let own: Vec<_> =
            truth.claude_code_usage_stats.iter().filter(|row| row.feed == "claude-code").collect();
        let (mut sessions, mut cents, mut records) = (0, 0, 0);
        for day in 5..=8 {
            let request = client
                .admin("usage_report/claude_code")
                .with("starting_at", format!("2026-10-{day:02}"))
                .with("limit", "2");
            for record in client.tokens(&request) {
                records += 1;
                sessions += record["core_metrics"]["num_sessions"].as_u64().unwrap();
                for used in record["model_breakdown"].as_array().unwrap() {
                    let amount = &used["estimated_cost"]["amount"];
                    cents += amount.as_u64().unwrap_or_else(|| amount.as_str().unwrap().parse().unwrap());
                }
            }
        }
        assert_eq!(own.len(), records);
        assert_eq!(own.iter().map(|row| row.sessions).sum::<u64>(), sessions);
        let estimated: i128 = own.iter().flat_map(|row| &row.models).map(|used| used.estimated_nano).sum();
        assert_eq!(estimated, i128::from(cents) * 10_000_000);
    });
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    total_usage_events_count: u64,
    #[serde(borrow, alias = "usageEventsDisplay")]
    usage_events: Vec<Event<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    timestamp: String,
    user_email: Option<String>,
    service_account_id: Option<String>,
    model: String,
    #[serde(alias = "kindLabel")]
    kind: String,
    is_chargeable: Option<bool>,
    #[serde(borrow)]
    charged_cents: &'a RawValue,
}

type Spent = (Option<String>, String);

#[test]
fn cursor_money_is_the_sum_of_the_events() {
    each_world(|client| {
        let truth = client.simulator.world.truth(&scope(client, Generation::Analytics));
        for day in 0..DAYS {
            let start = DAY_MILLIS + day * MILLIS;
            let mut billed: Vec<(Spent, i128)> = Vec::new();
            let mut included: Vec<(Spent, i128)> = Vec::new();
            let mut count = 0;
            for text in client.event_pages(start, start + MILLIS - 1, 7) {
                let page: Page<'_> = serde_json::from_str(&text).unwrap();
                for event in page.usage_events {
                    count += 1;
                    let millis = event.timestamp.parse().unwrap_or_else(|_| {
                        event.timestamp.parse::<jiff::Timestamp>().unwrap().as_millisecond()
                    });
                    assert!((start..start + MILLIS).contains(&millis));
                    let email = event.user_email.map(|email| email.trim().to_lowercase());
                    let who = event.service_account_id.map(|id| format!("sa:{id}")).or(email);
                    let usage_based =
                        event.kind == "Usage-based" || event.kind == "USAGE_EVENT_KIND_USAGE_BASED";
                    let void = event.kind.to_lowercase().contains("not")
                        && event.kind.to_lowercase().contains("charged");
                    let amount = nano(event.charged_cents.get());
                    if event.is_chargeable.unwrap_or(usage_based) {
                        billed.push(((who, event.model), amount));
                    } else if !void {
                        included.push(((who, event.model), amount));
                    }
                }
                assert!(page.total_usage_events_count > 0 || count == 0);
            }
            let date = format!("2026-10-{:02}", 5 + day);
            let rows: Vec<_> =
                truth.cursor_expenses.iter().filter(|row| row.day.to_string() == date).cloned().collect();
            let key = |row: &aispend_simulator::truth::CursorExpense| {
                (row.user_email.clone(), row.model.to_owned())
            };
            assert_eq!(Truth::total_by(&rows, key), sums(billed), "{date}");
            assert_eq!(sums(rows.iter().map(|row| (key(row), row.included_nano))), sums(included), "{date}");
            let counted: u64 =
                rows.iter().map(|row| row.billed_events + row.included_events + row.void_events).sum();
            assert_eq!(counted, count);
        }
    });
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Member<'a> {
    email: String,
    #[serde(borrow)]
    spend_cents: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spend<'a> {
    #[serde(borrow)]
    team_member_spend: Vec<Member<'a>>,
}

#[test]
fn spend_of_the_cycle_is_the_sum_of_its_events() {
    each_world(|client| {
        // The last day of facts lies in the cycle that began on 12 September.
        client.now = "2026-10-09T00:00:00Z".parse().unwrap();
        let truth = client.simulator.world.truth(&scope(client, Generation::Analytics));
        let mut handed = Vec::new();
        for page in 1.. {
            let request = client.cursor("/teams/spend", &json!({"page": page, "pageSize": 2}));
            let response = client.insist(&request);
            let answer: Value = serde_json::from_slice(&response.body).unwrap();
            let spend: Spend<'_> = serde_json::from_slice(&response.body).unwrap();
            handed.extend(
                spend
                    .team_member_spend
                    .iter()
                    .map(|member| (member.email.clone(), units(member.spend_cents.get()))),
            );
            if page >= answer["totalPages"].as_u64().unwrap() {
                break;
            }
        }
        let people: Vec<_> = truth
            .cursor_expenses
            .iter()
            .filter(|row| row.user_email.as_ref().is_some_and(|email| email.contains('@')))
            .cloned()
            .collect();
        let expected = Truth::total_by(&people, |row| row.user_email.clone().unwrap());
        for (email, units) in handed {
            let nano = expected.get(&email).copied().unwrap_or(0);
            // Events are rounded one by one, the vendor's sum is not.
            assert!((units - nano * 10_000_000).abs() < 10_000_000_000, "{email}");
        }
    });
}

#[test]
fn daily_activity_and_claude_usage_agree() {
    each_world(|client| {
        let truth = client.simulator.world.truth(&scope(client, Generation::Analytics));
        let mut rows = 0;
        let mut lines = 0;
        for page in 1.. {
            let body = json!({"startDate": DAY_MILLIS, "endDate": DAY_MILLIS + 3 * MILLIS, "page": page, "pageSize": 2});
            let answer = client.json(&client.cursor("/teams/daily-usage-data", &body));
            for row in answer["data"].as_array().unwrap() {
                rows += 1;
                lines += row["totalLinesAdded"].as_u64().unwrap();
            }
            if answer["pagination"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(truth.cursor_usage_stats.len(), rows);
        let expected: u64 = truth.cursor_usage_stats.iter().map(|row| row.counters[0].1).sum();
        assert_eq!(expected, lines);

        let mut messages = 0;
        for day in 5..=8 {
            let request =
                client.analytics("users").with("date", format!("2026-10-{day:02}")).with("limit", "2");
            for row in client.tokens(&request) {
                messages += row["chat_metrics"]["message_count"].as_u64().unwrap();
            }
        }
        assert_eq!(
            truth.claude_usage_stats.iter().filter_map(|row| row.message_count).sum::<u64>(),
            messages
        );
    });
}

#[test]
fn a_day_in_progress_shows_a_part() {
    let mut client = Client::new(World::generate(WorldConfig::company(
        3,
        25,
        "2026-10-05".parse().unwrap(),
        "2026-10-08".parse().unwrap(),
    )));
    let whole = client.simulator.world.truth(&client.simulator.world.scope(client.now));
    client.now = "2026-10-08T12:00:00Z".parse().unwrap();
    let part = client.simulator.world.truth(&client.simulator.world.scope(client.now));
    assert!(Truth::total(&part.cursor_expenses) < Truth::total(&whole.cursor_expenses));
    let start = DAY_MILLIS + 3 * MILLIS;
    let pages = client.event_pages(start, start + MILLIS - 1, 1000);
    let page: Page<'_> = serde_json::from_str(&pages[0]).unwrap();
    let today: u64 = part
        .cursor_expenses
        .iter()
        .filter(|row| row.day.to_string() == "2026-10-08")
        .map(|row| row.billed_events + row.included_events + row.void_events)
        .sum();
    assert_eq!(page.total_usage_events_count, today);
    assert!(today > 0);
}
