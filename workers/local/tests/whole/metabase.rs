//! `aispend metabase` as an admin types it, against a Metabase that behaves like the real one.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;

use aispend_dashboards::{Board, Filters};
use aispend_fake_metabase::{Column, FakeMetabase, Options, Table, Version};
use aispend_metabase::{Access, Client, query_as_metabase, shown};
use aispend_simulator::FaultPlan;
use aispend_tables::Cell;
use aispend_warehouse::{Engine, cards};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::command::Home;
use crate::vendors::{Vendors, today};
use crate::worlds::{Shape, days_ago, plain};

/// The requests of an apply to an empty instance: killed somewhere in its first half, it has a key and some cards.
const KILLED_AFTER: usize = 60;

fn metabase(version: Version) -> FakeMetabase {
    let table = |name: &str, base_type: &str, columns: &[&str]| {
        let column = |name: &&str| Column { name: (*name).to_owned(), base_type: base_type.to_owned() };
        let schema = "ai_usage_analytics".to_owned();
        Table { schema, name: name.to_owned(), columns: columns.iter().map(column).collect() }
    };
    let tables = vec![
        table("dim_calendar", "type/Date", &["day"]),
        table("vw_spend_daily", "type/Text", &["team", "user_email", "platform", "model"]),
    ];
    FakeMetabase::listen("127.0.0.1:0", Options { version, tables, sync_polls: 0, ..Options::default() })
        .unwrap()
}

fn home(server: &FakeMetabase) -> Home {
    let mut home = Home::empty();
    point(&mut home, server);
    home
}

/// Tells the commands of a home which Metabase they keep.
fn point(home: &mut Home, server: &FakeMetabase) {
    home.set("AISPEND_METABASE_URL", &server.url());
    home.set("AISPEND_METABASE_ADMIN_EMAIL", "admin@example.com");
    home.set("AISPEND_METABASE_ADMIN_PASSWORD", "a-long-enough-passw0rd");
    home.set("AISPEND_METABASE_SERVICE_ACCOUNT", r#"{"type":"service_account","project_id":"p"}"#);
}

/// One request of a person with the key that `apply` kept.
fn by_hand(server: &FakeMetabase, home: &Home, method: &str, path: &str, body: Option<&Value>) -> Value {
    let key = std::fs::read_to_string(home.data().join("metabase/api-key")).unwrap();
    let client = Client::new(&server.url(), Access::Key(SecretString::from(key)));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(client.send(&method.parse().unwrap(), path, body)).unwrap()
}

#[test]
fn an_apply_that_is_killed_goes_on_with_the_key_that_it_kept() {
    let server = metabase(Version::V0_64);
    let home = home(&server);
    home.aispend(&["metabase", "status"]).exits(1).says("nobody has set it up");
    server.die_after(KILLED_AFTER);
    home.aispend(&["metabase", "apply"]).exits(1).says("the API key is in");
    let kept = home.data().join("metabase/api-key");
    assert_eq!(kept.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    server.revive();
    home.aispend(&["metabase", "apply"]).exits(0).says("0 left alone, 0 not done");
    home.aispend(&["metabase", "status"]).exits(0).says("in step with the card files");
    let again = home.aispend(&["metabase", "apply"]).exits(0);
    again.says("0 done, 0 left alone, 0 not done");
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[test]
fn what_a_person_changed_is_put_back_only_when_asked_for() {
    let server = metabase(Version::V0_65);
    let home = home(&server);
    home.aispend(&["metabase", "apply"]).exits(0);
    let cards = by_hand(&server, &home, "GET", "/api/card", None);
    let is_total =
        |card: &&Value| card["description"].as_str().is_some_and(|text| text.contains("exec/total-spend"));
    let card = cards.as_array().unwrap().iter().find(is_total).unwrap();
    let path = format!("/api/card/{}", card["id"]);
    by_hand(&server, &home, "PUT", &path, Some(&json!({"name": "Ours now"})));
    home.aispend(&["metabase", "plan"]).exits(0).says("Ours now");
    home.aispend(&["metabase", "apply"]).exits(0).says("1 left alone");
    assert_eq!(by_hand(&server, &home, "GET", &path, None)["name"], "Ours now");
    home.aispend(&["metabase", "apply", "--restore"]).exits(0).says("1 done, 0 left alone");
    assert_eq!(by_hand(&server, &home, "GET", &path, None)["name"], card["name"]);
}

/// What a card of Metabase gives.
struct Given {
    id: i64,
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
}

impl Given {
    fn give(&self, server: &FakeMetabase) {
        server.answer_card(self.id, self.columns.clone(), self.rows.clone());
    }

    /// One row that says nothing but this.
    fn saying(&self, column: &str, amount: f64) -> Self {
        let is_it = |name: &String| if name == column { json!(amount) } else { Value::Null };
        let row = self.columns.iter().map(is_it).collect();
        Self { id: self.id, columns: self.columns.clone(), rows: vec![row] }
    }
}

/// What each card with a file gives over its dashboard's own range, asked of the warehouse as Metabase asks.
fn right_answers(server: &FakeMetabase, home: &Home) -> BTreeMap<String, Given> {
    let (cards, reader) = (cards().unwrap(), home.reader());
    let held = by_hand(server, home, "GET", "/api/card", None);
    // A chart and the table beside it ask the same.
    let mut asked = BTreeMap::new();
    let given = held.as_array().unwrap().iter().filter_map(|held| {
        let (_, marker) = held["description"].as_str()?.split_once("[managed:aispend/card/")?;
        let name = marker.split(' ').next()?.to_owned();
        let card = shown(&cards, &name)?;
        let selection = Filters::default().selection(Board::of_group(&card.group)?, today());
        let sql = query_as_metabase(card, Engine::DuckDb, &selection)?;
        let answer = asked.entry(card.id.clone()).or_insert_with(|| reader.query(&sql).unwrap());
        let value = |cell: &Cell| match cell {
            Cell::Null => Value::Null,
            Cell::Integer(_) | Cell::Decimal(_) | Cell::Float(_) => {
                serde_json::from_str(&cell.to_string()).unwrap()
            }
            Cell::Flag(is_so) => json!(is_so),
            Cell::Text(_) | Cell::Date(_) | Cell::Moment(_) => json!(cell.to_string()),
        };
        let columns = answer.columns.iter().map(|column| column.name.clone()).collect();
        let rows = answer.rows.iter().map(|row| row.iter().map(value).collect()).collect();
        Some((name, Given { id: held["id"].as_i64()?, columns, rows }))
    });
    given.collect()
}

#[test]
fn smoke_names_the_cards_whose_totals_are_not_the_warehouses_and_no_others() {
    let vendors = Vendors::open(plain(Shape::Enterprise, 64), FaultPlan::none());
    let server = metabase(Version::V0_65);
    let mut home = Home::with_csv(&vendors);
    point(&mut home, &server);
    home.run(days_ago(11), days_ago(4)).exits(0);
    home.aispend(&["metabase", "apply"]).exits(0);
    let right = right_answers(&server, &home);
    assert!(right.len() > 60, "{}", right.len());
    for given in right.values() {
        given.give(&server);
    }
    let told = home.aispend(&["metabase", "smoke", "--json"]).exits(0).json();
    assert_eq!(told["wrong"], 0, "{told}");

    // A figure, and the table beside a chart, which has no file of its own.
    right["exec/total-spend"].saying("total_usd", 7.25).give(&server);
    right["exec/platform-share-table"].saying("cost_usd", -0.5).give(&server);
    // Seats are known to the end of their month: what counts ends with the last day that was read.
    let billed = home.value(&format!(
        "SELECT ROUND(COALESCE(SUM(cost_usd), 0), 6) FROM ai_usage_analytics.fct_cost_daily
         WHERE cost_date BETWEEN '{}' AND '{}'",
        today().first_of_month(),
        days_ago(4)
    ));
    let ended = home.aispend(&["metabase", "smoke"]).exits(1);
    ended.says("cards, 2 wrong");
    for (card, column, there) in
        [("exec/total-spend", "total_usd", "7.25"), ("exec/platform-share-table", "cost_usd", "-0.5")]
    {
        ended.says(&format!(
            "WRONG {card}: 1 rows\n      `{column}` adds up to ${there} there and to ${billed} in the warehouse\n"
        ));
    }
    assert_eq!(ended.stdout.matches("WRONG").count(), 2, "{}", ended.stdout);
    assert_eq!(server.violations(), Vec::<String>::new());
}
