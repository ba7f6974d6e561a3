//! What should be there, held against the card files.

use std::collections::BTreeSet;

use aispend_dashboards::BOARDS;
use aispend_warehouse::cards;
use serde_json::json;

use super::*;
use crate::value::{fingerprint, items, text};

fn all() -> Wanted {
    wanted(Names::default()).unwrap()
}

#[test]
fn every_card_is_there_with_its_title_and_every_chart_with_a_table() {
    let wanted = all();
    for card in cards().unwrap() {
        let item = wanted.get(&format!("card/{}", card.id));
        assert_eq!(item.is_none(), card.is_text(), "{}", card.id);
        if let Some(item) = item {
            assert_eq!(text(&item.body, "name"), card.title, "{}", card.id);
            assert!(text(&item.body, "description").starts_with(&card.question), "{}", card.id);
        }
        if card.display.is_chart() {
            let own = wanted.get(&format!("card/{}-table", card.id)).is_some();
            assert!(
                own || ["alloc/team-stack", "alloc/team-share", "roi/scatter"].contains(&card.id.as_str())
            );
        }
    }
    let count = |kind: Kind| wanted.items.iter().filter(|item| item.kind == kind).count();
    assert_eq!((count(Kind::Collection), count(Kind::Dashboard)), (6, 4));
    let keys: BTreeSet<&String> = wanted.items.iter().map(|item| &item.key).collect();
    assert_eq!(keys.len(), wanted.items.len(), "keys are not unique");
}

#[test]
fn cards_stand_on_their_places_and_no_two_overlap() {
    let wanted = all();
    for board in &BOARDS {
        let placed = wanted.placed(&format!("dashboard/{}", board.group));
        let mut taken = BTreeSet::new();
        for (id, place) in &placed {
            let number = |key: &str| place.get(key).and_then(Value::as_u64).unwrap();
            assert!(number("col") + number("size_x") <= 24, "{id}");
            for row in number("row")..number("row") + number("size_y") {
                for col in number("col")..number("col") + number("size_x") {
                    assert!(taken.insert((text(place, "tab"), row, col)), "{id} overlaps at {row}, {col}");
                }
            }
        }
        let own = cards().unwrap();
        for card in own.iter().filter(|card| card.group == board.group && card.place.is_some()) {
            let (_, found) = placed.iter().find(|(id, _)| **id == card.id).unwrap();
            let place = card.place.unwrap();
            assert_eq!(text(found, "tab"), card.tab);
            assert_eq!(
                json!([found["col"], found["row"], found["size_x"], found["size_y"]]),
                json!([place.col, place.row, place.width, place.height])
            );
        }
    }
}

#[test]
fn every_filter_of_a_dashboard_moves_a_card_and_every_tag_is_mapped() {
    let wanted = all();
    for board in &BOARDS {
        let item = wanted.get(&format!("dashboard/{}", board.group)).unwrap();
        let mut mapped = BTreeSet::new();
        for (id, place) in wanted.placed(&item.key) {
            let names: BTreeSet<&str> =
                items(place, "mappings").iter().map(|mapping| text(mapping, "parameter_id")).collect();
            let tags: BTreeSet<&str> = wanted
                .get(&format!("card/{id}"))
                .and_then(|card| card.body["tags"].as_object())
                .into_iter()
                .flatten()
                .map(|(name, _)| name.as_str())
                .collect();
            assert_eq!(names, tags, "{id}");
            mapped.extend(names);
        }
        let parameters: BTreeSet<&str> =
            items(&item.body, "parameters").iter().map(|parameter| text(parameter, "id")).collect();
        assert_eq!(parameters, mapped, "{}", board.group);
    }
}

#[test]
fn the_places_the_brief_names_for_tables_are_theirs() {
    let wanted = all();
    for (board, id, place) in [
        ("exec", "exec/monthly-trend-table", json!(["Tables", 0])),
        ("exec", "exec/what-changed-table", json!(["Tables", 35])),
        ("alloc", "alloc/team-trend-table", json!(["Teams", 23])),
        ("alloc", "alloc/token-types-table", json!(["Models and keys", 30])),
        ("prod", "prod/models-table", json!(["Tables", 63])),
        ("roi", "roi/savings-by-rule-table", json!(["Tables", 35])),
    ] {
        let placed = wanted.placed(&format!("dashboard/{board}"));
        let (_, found) = placed.iter().find(|(known, _)| *known == id).unwrap();
        assert_eq!(json!([found["tab"], found["row"]]), place, "{id}");
    }
    let tabs = &wanted.get("dashboard/roi").unwrap().body["tabs"];
    assert_eq!(
        *tabs,
        json!(["Overview", "People and platforms", "Recommendations", "Tables", "Assumptions"])
    );
}

#[test]
fn it_is_the_same_every_time_and_another_dataset_is_another_query() {
    let print = |wanted: &Wanted| -> Vec<String> {
        wanted.items.iter().map(|item| fingerprint(&item.body)).collect()
    };
    assert_eq!(print(&all()), print(&all()));
    let other = wanted(Names { dataset: "other".to_owned(), ..Names::default() }).unwrap();
    assert_ne!(print(&all()), print(&other));
    for item in other.items.iter().filter(|item| item.kind == Kind::Card) {
        assert!(!text(&item.body, "sql").contains("ai_usage_analytics"), "{}", item.key);
    }
}

#[test]
fn nobody_gets_an_email_unless_somebody_says_so() {
    assert!(pulses(&all()).iter().all(|(_, pulse)| pulse.is_none()));
    let names = Names { monthly_to: vec!["finance@example.com".to_owned()], ..Names::default() };
    let made = pulses(&wanted(names).unwrap());
    let monthly = made[0].1.as_ref().unwrap();
    assert_eq!(monthly["channels"][0]["recipients"], json!([{"email": "finance@example.com"}]));
    assert!(made[1].1.is_none());
}

#[test]
fn everybody_sees_the_summary_and_only_managers_the_work() {
    let graph = collection_graph(&Names::default());
    let right = |group: &str, folder: &str| graph[group][format!("{{collection/{folder}}}")].clone();
    assert_eq!(right("1", "exec"), "read");
    assert_eq!(right("1", "alloc"), "none");
    assert_eq!(right("{group/Finance}", "alloc"), "read");
    assert_eq!(right("{group/Finance}", "prod"), "none");
    assert_eq!(right("{group/Managers}", "prod"), "read");
}
