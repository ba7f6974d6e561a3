//! The played vendors' answers, read and judged: honest ones raise nothing, wrong ones are caught by the check that is for
//! them, by name, and touch nothing else.
#![expect(clippy::unwrap_used, reason = "helpers of tests, outside of #[test] functions")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aispend_model::{Feed, Generation, Money, Slice};
use aispend_ports::{Fetch, Frames};
use aispend_proto::v1::RecordSet;
use aispend_proto::{SetWriter, TableSums};
use aispend_simulator::{FaultPlan, Quirks, Simulator, World, WorldConfig};
use aispend_sources::{Ask, Body, ContextBodies, Next, Progress, Reading, Records, source};
use aispend_stage::{Classify, Disposition};
use aispend_testkit::sim::{Address, SimClock, SimFetch, SimFetchOptions, Timeline};
use aispend_validator::{Limits, judge};
use futures::FutureExt;
use jiff::civil::{Date, date};

const CONSOLE: &str = "console";
const ENTERPRISE: &str = "enterprise";
const CURSOR: &str = "cursor";

/// Every feed of an API, with the generation of the cost API that a company has.
fn feeds(is_new: bool) -> Vec<(Feed, &'static str, &'static str)> {
    let (console, enterprise) =
        if is_new { ("analytics", "analytics_enterprise") } else { ("legacy", "enterprise_reports") };
    vec![
        (Feed::AnthropicCost, CONSOLE, console),
        (Feed::AnthropicCost, ENTERPRISE, enterprise),
        (Feed::AnthropicClaudeCode, CONSOLE, ""),
        (Feed::AnthropicClaudeAi, ENTERPRISE, ""),
        (Feed::CursorDailyUsage, CURSOR, ""),
        (Feed::CursorUsageEvents, CURSOR, ""),
    ]
}

/// The vendors, some days after the last one with facts.
struct Vendors {
    fetch: SimFetch,
    generation: Generation,
}

impl Vendors {
    fn of(config: WorldConfig, plants: &[&str]) -> Self {
        let world = World::generate(config);
        let timeline = Timeline::new(world.end() + jiff::SignedDuration::from_hours(24 * 10));
        let generation = Generation::next(timeline.now(), None);
        let plan = FaultPlan {
            plants: plants.iter().map(|plant| plant.parse().unwrap()).collect(),
            ..FaultPlan::none()
        };
        let accounts =
            [(CONSOLE, Address::Admin), (ENTERPRISE, Address::Analytics), (CURSOR, Address::Cursor)];
        let accounts: BTreeMap<_, _> =
            accounts.into_iter().map(|(name, address)| (name.to_owned(), Some(address))).collect();
        let options = SimFetchOptions { accounts, ..SimFetchOptions::default() };
        let simulator = Arc::new(Mutex::new(Simulator::new(world, plan)));
        Self { fetch: SimFetch::new(simulator, Arc::new(SimClock::new(timeline)), options), generation }
    }

    /// Every page of a slice, or why there is none. What a fetcher would try again is tried once.
    fn observe(&self, slice: &Slice, family: &str) -> Result<Vec<Body>, String> {
        let ask = Ask {
            slice: slice.clone(),
            source: family.to_owned(),
            generation: self.generation,
            spreadsheet_id: String::new(),
            tab: String::new(),
        };
        let source = source(slice.feed);
        let mut bodies = Vec::new();
        for first in source.requests(&ask) {
            let mut so_far = Progress::default();
            let mut waiting = vec![first];
            while let Some(request) = waiting.pop() {
                let response = self.fetch.send(&request).now_or_never().unwrap().unwrap();
                let followed = source
                    .follow(&ask, &request, &response, so_far)
                    .map_err(|error| format!("fails: {error}"))?;
                match followed.next {
                    Next::Done => {}
                    Next::Page(more) => waiting.extend(more.into_iter().rev()),
                    Next::Instead(other) => {
                        waiting.push(*other);
                        continue;
                    }
                    other => return Err(format!("fails: {other:?}")),
                }
                so_far.items += followed.items;
                so_far.announced = so_far.announced.or(followed.announced);
                bodies.push(Body {
                    role: request.role.clone(),
                    request: request.line(),
                    page: request.page,
                    bytes: response.body,
                });
            }
        }
        Ok(bodies)
    }

    /// What becomes of a slice: its findings, its money and its rows, or why it is not loaded.
    fn judged(&self, feed: Feed, org: &str, family: &str, day: Date) -> Result<Judged, String> {
        let slice = Slice::of_day(feed, org, day);
        let documents = self.observe(&slice, family)?;
        let context = [Slice::all(Feed::AnthropicDirectory, CONSOLE)]
            .iter()
            .filter(|_| feed == Feed::AnthropicCost)
            .map(|slice| ContextBodies { feed: slice.feed, documents: self.observe(slice, "").unwrap() })
            .collect();
        let reading = Reading {
            slice: slice.clone(),
            source: family.to_owned(),
            generation: self.generation,
            documents,
            context,
        };
        let (mut frames, mut writer) = (Vec::new(), SetWriter::default());
        let mut hand_on = |set: RecordSet| {
            set.visit(&mut writer);
            writer.end_set(&mut frames);
        };
        let mut records = Records::new(&mut hand_on);
        source(feed).records(&reading, &mut records).map_err(|error| format!("parks unread: {error}"))?;
        records.flush();
        let (stated, read, tokens) = (records.stated, records.read.clone(), records.stated_tokens());
        let mut findings: Vec<String> = records
            .findings
            .iter()
            .map(|finding| format!("{}: {}", finding.check, finding.message))
            .collect();
        drop(records);
        let judgement = judge(&slice, Frames::new(frames.clone().into()), &tokens, &Limits::default())
            .map_err(|error| match error.disposition() {
                Disposition::Park { reason } => format!("parks {reason}: {error}"),
                Disposition::Retry { .. } | Disposition::Bug => format!("{error}"),
            })?;
        assert_eq!(Money::from_nanos(read.money()), stated, "{slice}: money is conserved");
        assert_eq!(judgement.accepted, read, "{slice}: nothing is rejected");
        findings.extend(judgement.findings.iter().map(|(check, message, _)| format!("{check}: {message}")));
        Ok(Judged { findings, sums: read, frames })
    }
}

/// A slice that loads.
#[derive(Debug, PartialEq)]
struct Judged {
    findings: Vec<String>,
    sums: TableSums,
    frames: Vec<u8>,
}

fn config(seed: u64, quirks: Quirks, is_new: bool) -> WorldConfig {
    WorldConfig {
        analytics: is_new,
        enterprise_analytics: is_new,
        quirks,
        ..WorldConfig::company(seed, 6, date(2026, 10, 5), date(2026, 10, 11))
    }
}

fn days() -> impl Iterator<Item = Date> {
    date(2026, 10, 5).series(jiff::Span::new().days(1)).take(7)
}

#[test]
fn honest_answers_raise_nothing_but_the_oddities_that_are_there() {
    for seed in 0..12 {
        let quirks = if seed < 2 { Quirks::NONE } else { Quirks::random(seed) };
        let is_expected = |finding: &String| match finding.split(':').next().unwrap_or_default() {
            // Cursor counts lines in two ways, and some of its events contradict themselves.
            "accepted_above_total" | "contradiction" => true,
            "unknown_field" => quirks.extra_fields,
            "unknown_value" => quirks.unknown_values || quirks.odd_lines,
            "unpriced_model" => quirks.unknown_values && finding.contains("claude-next-1"),
            "duplicate_rows" => quirks.odd_lines,
            "other_tiers" => quirks.flex,
            _ => false,
        };
        for is_new in [true, false] {
            let vendors = Vendors::of(config(seed, quirks, is_new), &[]);
            let mut rows = 0;
            for (feed, org, family) in feeds(is_new) {
                for day in days() {
                    let what = format!("seed {seed}, {feed} {family} {day}");
                    let judged =
                        vendors.judged(feed, org, family, day).unwrap_or_else(|why| panic!("{what}: {why}"));
                    let odd: Vec<_> =
                        judged.findings.iter().filter(|finding| !is_expected(finding)).collect();
                    assert!(odd.is_empty(), "{what}: {odd:#?}");
                    rows += judged.sums.rows();
                }
            }
            assert!(rows > 500, "seed {seed}: {rows} rows prove little");
        }
    }
}

/// What a plant must come to.
enum Caught {
    /// Nothing is loaded, and this is said.
    Refused(&'static str),
    /// It loads with this finding; the money is what it was.
    Found(&'static str),
    /// It loads without its money, with this finding.
    Empty(&'static str),
}
use Caught::{Empty, Found, Refused};

/// Plants a fault on a day, and compares every slice with the honest world's.
fn check(plant: &str, is_new: bool, (feed, org): (Feed, &str), caught: &Caught) {
    // A Wednesday.
    let bad = date(2026, 10, 7);
    let what = format!("{plant}, {feed}");
    let config = config(7, Quirks::NONE, is_new);
    let honest = Vendors::of(config.clone(), &[]);
    let planted = Vendors::of(config, &[&format!("{plant}@{bad}")]);
    for (other_feed, other_org, family) in feeds(is_new) {
        for day in days() {
            let before = honest.judged(other_feed, other_org, family, day).unwrap();
            let after = planted.judged(other_feed, other_org, family, day);
            if (other_feed, other_org, day) != (feed, org, bad) {
                // An Enterprise organisation asks the same endpoints: it is spoiled as well, and not what is looked at.
                if other_org != ENTERPRISE {
                    assert_eq!(after, Ok(before), "{what}: another slice, {other_feed} {day}");
                }
                continue;
            }
            match (caught, after) {
                (Refused(why), Err(said)) => assert!(said.contains(why), "{what}: {said}"),
                (Found(finding) | Empty(finding), Ok(after)) => {
                    assert!(
                        after.findings.iter().any(|found| found == finding),
                        "{what}: {:?}",
                        after.findings
                    );
                    let is_same = after.sums.money() == before.sums.money();
                    assert_eq!(is_same, matches!(caught, Found(_)), "{what}: the money");
                }
                (_, after) => panic!("{what}: {:?}", after.map(|judged| judged.findings)),
            }
        }
    }
}

#[test]
fn wrong_answers_of_anthropic_are_caught_by_name() {
    let cost = (Feed::AnthropicCost, CONSOLE);
    let list_price = "at list price";
    let amount = "`amount` cannot be read exactly: it is missing";
    let no_money = "no_money: tokens of the Claude API came without any billed money";
    for (plant, is_new, caught) in [
        ("cents-as-dollars@analytics/cost", true, Refused("parks magnitude")),
        ("dollars-as-cents@analytics/cost", true, Refused(list_price)),
        ("cents-as-dollars@cost_report", false, Refused("parks magnitude")),
        ("dollars-as-cents@cost_report", false, Refused(list_price)),
        ("renamed-field:amount@analytics/cost", true, Refused(amount)),
        ("renamed-field:amount@cost_report", false, Refused(amount)),
        ("renamed-field:starting_at@analytics/cost", true, Refused("`starting_at` cannot be read")),
        ("renamed-field:has_more@analytics/cost", true, Refused("`has_more` is missing")),
        ("renamed-field:data@cost_report", false, Refused("missing field `data`")),
        (
            "renamed-field:list_amount@analytics/cost",
            true,
            Found("unknown_field: `list_amountRenamed` in `cost` is not read"),
        ),
        (
            "renamed-field:group@analytics/cost",
            true,
            Found("missing_field: `group` is missing in a cost row"),
        ),
        (
            "renamed-field:description@cost_report",
            false,
            Found("unknown_field: `descriptionRenamed` in a cost row is not read"),
        ),
        ("unknown-product@analytics/cost", true, Found("unknown_value: `product` is `quantum_office`")),
        ("dropped-page@analytics/cost", true, Refused("it says there is more, but not where")),
        ("doubled-rows@analytics/cost", true, Refused("rows stands there more than once")),
        ("doubled-rows@cost_report", false, Refused("rows stands there more than once")),
        ("missing-day@analytics/cost", true, Empty(no_money)),
        ("missing-day@cost_report", false, Empty(no_money)),
    ] {
        check(plant, is_new, cost, &caught);
    }
}

#[test]
fn wrong_money_of_claude_code_and_claude_ai_is_caught() {
    // A company without the API: nothing else in its answers could tell.
    let enterprise = (Feed::AnthropicCost, ENTERPRISE, "analytics_enterprise");
    let code = (Feed::AnthropicClaudeCode, CONSOLE, "");
    let day = date(2026, 10, 7);
    for (plant, (feed, org, family), expected) in [
        ("cents-as-dollars@analytics/cost", enterprise, "at list price"),
        ("cents-as-dollars@claude_code", code, "the tokens of Claude Code at list price"),
        ("dollars-as-cents@claude_code", code, "the tokens of Claude Code at list price"),
    ] {
        let said = Vendors::of(config(7, Quirks::NONE, true), &[plant]).judged(feed, org, family, day);
        let said = said.err().unwrap_or_else(|| panic!("{plant}, {feed}: it loads"));
        assert!(said.contains("parks magnitude") && said.contains(expected), "{plant}, {feed}: {said}");
    }
}

#[test]
fn wrong_answers_of_cursor_are_caught_by_name() {
    let events = (Feed::CursorUsageEvents, CURSOR);
    let daily = (Feed::CursorDailyUsage, CURSOR);
    let differs = "count_differs: not as many rows came as people were announced";
    for (plant, slice, caught) in [
        ("cents-as-dollars@filtered-usage-events", events, Refused("parks magnitude")),
        ("dollars-as-cents@filtered-usage-events", events, Refused("parks magnitude")),
        (
            "renamed-field:chargedCents@filtered-usage-events",
            events,
            Refused("`chargedCents` cannot be read"),
        ),
        ("renamed-field:timestamp@filtered-usage-events", events, Refused("`timestamp` cannot be read")),
        ("renamed-field:usageEvents@filtered-usage-events", events, Refused("neither `usageEvents`")),
        ("renamed-field:maxMode@filtered-usage-events", events, Found("unknown_field: `maxModeRenamed`")),
        (
            "renamed-field:totalUsageEventsCount@filtered-usage-events",
            events,
            Found("no_announced_count: no `totalUsageEventsCount`: that all events came cannot be checked"),
        ),
        ("dropped-page@filtered-usage-events", events, Refused("were announced")),
        ("doubled-rows@filtered-usage-events", events, Refused("were announced")),
        ("doubled-rows@daily-usage-data", daily, Refused("people were announced")),
        ("dropped-page@daily-usage-data", daily, Found(differs)),
        ("renamed-field:day@daily-usage-data", daily, Found("unknown_field: `dayRenamed`")),
    ] {
        check(plant, true, slice, &caught);
    }
}

#[test]
fn a_key_that_nobody_knows_keeps_its_money() {
    let (config, day) = (config(7, Quirks::NONE, true), date(2026, 10, 7));
    let money = |plants: &[&str]| {
        let judged = Vendors::of(config.clone(), plants)
            .judged(Feed::AnthropicCost, CONSOLE, "analytics", day)
            .unwrap();
        let mut of_nobody = 0;
        for set in Frames::new(judged.frames.into()) {
            let set = set.unwrap();
            let nobodys = set
                .claude_expenses
                .iter()
                .filter(|row| row.api_key_id.as_deref() == Some("apikey_01NobodyKnowsThis"));
            of_nobody += nobodys.map(|row| row.cost_usd).sum::<i64>();
        }
        (judged.sums.money(), of_nobody)
    };
    let ((honest, none), (planted, nobodys)) = (money(&[]), money(&["unmapped-key@analytics/cost"]));
    assert_eq!((honest, none), (planted, 0));
    assert!(nobodys > 0 && i128::from(nobodys) < planted);
}
