//! From an empty instance to everything, for both versions; and what is refused.

use std::collections::BTreeMap;

use aispend_dashboards::{BOARDS, Board};
use aispend_fake_metabase::Version;
use aispend_metabase::{Choices, Kind, MetabaseError, Outcome, question, sign_in, slug, twin_question};
use aispend_warehouse::{Display, Engine, alerts, cards};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::run::{
    VERSIONS, board_named, card_named, everything, ids, key_of, keys, person, planned, resolved, run, run_as,
    server,
};

#[tokio::test]
async fn an_empty_one_is_set_up_as_announced_and_the_second_plan_is_empty() {
    for version in VERSIONS {
        let server = server(version.clone()).await;
        let wanted = everything();
        let ran = run(&server, &wanted, false).await.unwrap();
        assert!(
            ran.outcomes.iter().all(|outcome| *outcome == Outcome::Done),
            "{version:?}: {:?}",
            ran.outcomes
        );
        let again = planned(&server, &wanted).await.unwrap();
        assert!(again.is_empty(), "{version:?}: {again}");
    }
}

#[tokio::test]
async fn every_card_is_on_its_place_in_its_tab_with_its_filters_mapped() {
    for version in VERSIONS {
        let server = server(version).await;
        run(&server, &everything(), false).await.unwrap();
        let person = person(&server).await;
        for card in cards().unwrap() {
            let group = Board::of_group(&card.group).unwrap();
            let board = board_named(&person, group.title).await;
            let placed: Vec<&Value> = board["dashcards"].as_array().unwrap().iter().collect();
            let place = card.place.unwrap();
            let is_here = |dashcard: &&&Value| {
                let tab = board["tabs"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .find(|tab| tab["id"] == dashcard["dashboard_tab_id"]);
                tab.unwrap()["name"] == card.tab
                    && dashcard["row"] == place.row
                    && dashcard["col"] == place.col
            };
            let here =
                placed.iter().find(is_here).unwrap_or_else(|| panic!("{} is not on its place", card.id));
            assert_eq!(
                (&here["size_x"], &here["size_y"]),
                (&place.width.into(), &place.height.into()),
                "{}",
                card.id
            );
            let Some(question) = question(&card, Engine::BigQuery, "ai_usage_analytics") else {
                assert!(here["card_id"].is_null() && here["visualization_settings"]["text"].is_string());
                continue;
            };
            let held = person.get(&format!("/api/card/{}", here["card_id"])).await.unwrap();
            assert_eq!(held["name"], card.title);
            assert_eq!(held["dataset_query"]["stages"][0]["native"], question.sql, "{}", card.id);
            for filter in &question.filters {
                let slug = slug(*filter);
                let mapping =
                    here["parameter_mappings"].as_array().unwrap().iter().find(|mapping| {
                        mapping["parameter_id"] == slug && mapping["card_id"] == here["card_id"]
                    });
                let mapping = mapping.unwrap_or_else(|| panic!("{}: {slug} is not mapped", card.id));
                assert_eq!(mapping["target"][1][1], slug, "{}", card.id);
            }
            assert_eq!(
                here["parameter_mappings"].as_array().unwrap().len(),
                question.filters.len(),
                "{}",
                card.id
            );
        }
    }
}

/// A dashboard's card by the name we wrote into it.
fn placed<'a>(board: &'a Value, name: &str) -> Option<&'a Value> {
    let dashcards = board["dashcards"].as_array().unwrap();
    dashcards.iter().find(|dashcard| dashcard["visualization_settings"]["aispend.id"] == name)
}

fn tab_of<'a>(board: &'a Value, dashcard: &Value) -> &'a Value {
    let tabs = board["tabs"].as_array().unwrap();
    &tabs.iter().find(|tab| tab["id"] == dashcard["dashboard_tab_id"]).unwrap()["name"]
}

#[tokio::test]
async fn every_item_is_held_as_wanted_the_tables_of_charts_and_the_alert_cards_too() {
    for version in VERSIONS {
        let server = server(version).await;
        let wanted = everything();
        run(&server, &wanted, false).await.unwrap();
        let ids = ids(&server.state());
        let person = person(&server).await;
        let mut held: BTreeMap<String, Value> = BTreeMap::new();
        for list in ["/api/collection", "/api/card?f=all", "/api/dashboard?f=all"] {
            for row in person.get(list).await.unwrap().as_array().unwrap() {
                held.extend(key_of(row).map(|key| (key, row.clone())));
            }
        }
        assert_eq!(held.len(), wanted.items.len());
        for item in &wanted.items {
            let (here, key) = (&held[&item.key], &item.key);
            assert_eq!(here["name"], item.body["name"], "{key}");
            let declared = |name: &str| resolved(&item.body[name], &ids);
            match item.kind {
                Kind::Collection => {}
                Kind::Card => {
                    assert_eq!(here["collection_id"], declared("collection"), "{key}");
                    assert_eq!(here["display"], declared("display"), "{key}");
                    assert_eq!(here["visualization_settings"], declared("settings"), "{key}");
                    assert_eq!(here["parameters"], declared("parameters"), "{key}");
                    let stage = &here["dataset_query"]["stages"][0];
                    assert_eq!(stage["native"], declared("sql"), "{key}");
                    let tags: BTreeMap<&str, &Value> = stage["template-tags"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|tag| (tag["name"].as_str().unwrap(), tag))
                        .collect();
                    let declared = declared("tags");
                    assert_eq!(tags.len(), declared.as_object().unwrap().len(), "{key}");
                    for (name, tag) in declared.as_object().unwrap() {
                        for part in ["id", "type", "widget-type", "alias"] {
                            assert_eq!(tags[name.as_str()][part], tag[part], "{key} {name} {part}");
                        }
                        assert_eq!(tags[name.as_str()]["dimension"][2], tag["dimension"][2], "{key} {name}");
                    }
                }
                Kind::Dashboard => {
                    let board = person.get(&format!("/api/dashboard/{}", here["id"])).await.unwrap();
                    let declared = item.body["cards"].as_object().unwrap();
                    assert_eq!(board["dashcards"].as_array().unwrap().len(), declared.len(), "{key}");
                    for (name, place) in declared {
                        let dashcard = placed(&board, name).unwrap_or_else(|| panic!("{name} is not placed"));
                        assert_eq!(*tab_of(&board, dashcard), place["tab"], "{name}");
                        for at in ["row", "col", "size_x", "size_y"] {
                            assert_eq!(dashcard[at], place[at], "{name} {at}");
                        }
                        assert_eq!(dashcard["card_id"], resolved(&place["card"], &ids), "{name}");
                        let mapped = dashcard["parameter_mappings"].as_array().unwrap();
                        assert!(
                            mapped.iter().all(|mapping| mapping["card_id"] == dashcard["card_id"]),
                            "{name}"
                        );
                        assert_eq!(mapped.len(), place["mappings"].as_array().unwrap().len(), "{name}");
                    }
                }
            }
        }
        // The same from the files alone: what stands beside charts, and what speaks on a breach.
        let mut tables = 0;
        for card in cards().unwrap().iter().filter(|card| card.display.is_chart()) {
            let Some(table) = held.get(&format!("card/{}-table", card.id)) else { continue };
            let question = twin_question(card, Engine::BigQuery, "ai_usage_analytics").unwrap();
            if cards().unwrap().iter().all(|other| other.id != format!("{}-table", card.id)) {
                assert_eq!(table["dataset_query"]["stages"][0]["native"], question.sql, "{}", card.id);
                assert_eq!(table["name"], format!("{}, figures", card.title));
            }
            assert_eq!(table["display"], "table", "{}", card.id);
            tables += 1;
        }
        assert!(tables >= 20, "{tables}");
        let rules = alerts().unwrap();
        for rule in &rules {
            let Some(card) = held.get(&format!("card/alert/{}", rule.name)) else { continue };
            assert_eq!(
                (&card["name"], &card["collection_id"]),
                (&json!(rule.title), &ids["{collection/alerts}"])
            );
            assert_eq!(card["parameters"], json!([]), "{}: an alert follows no filter", rule.name);
            assert!(card["description"].as_str().unwrap().contains(&rule.remedy), "{}", rule.name);
        }
        let spoken = held.keys().filter(|key| key.starts_with("card/alert/")).count();
        assert!(spoken > 0 && spoken <= rules.len(), "{spoken} of {}", rules.len());
    }
}

#[tokio::test]
async fn every_link_of_the_card_files_leads_to_its_dashboard_and_sets_filters_that_are_there() {
    for version in VERSIONS {
        let server = server(version).await;
        run(&server, &everything(), false).await.unwrap();
        let person = person(&server).await;
        let mut boards: BTreeMap<&str, Value> = BTreeMap::new();
        for board in &BOARDS {
            boards.insert(board.group, board_named(&person, board.title).await);
        }
        let mut clicks = 0;
        for card in cards().unwrap() {
            let Some(here) = placed(&boards[card.group.as_str()], &card.id) else { continue };
            let settings = &here["visualization_settings"];
            let links =
                card.columns.iter().filter_map(|column| Some((&column.name, column.link.as_deref()?)));
            let behaviors: Vec<(&str, &Value)> = if card.display == Display::Table {
                let behavior = |name: &str| &settings["column_settings"][json!(["name", name]).to_string()]["click_behavior"];
                links.map(|(name, link)| (link, behavior(name))).collect()
            } else {
                // Only a table has a click for each column.
                assert!(settings["column_settings"].is_null(), "{}", card.id);
                links.take(1).map(|(_, link)| (link, &settings["click_behavior"])).collect()
            };
            for (link, behavior) in behaviors {
                let link = link.split('#').next().unwrap();
                let (group, query) = link.split_once('?').unwrap_or((link, ""));
                let target = &boards[group];
                assert_eq!(
                    json!([behavior["type"], behavior["linkType"], behavior["targetId"]]),
                    json!(["link", "dashboard", target["id"]]),
                    "{}: {link}",
                    card.id
                );
                let mapping = behavior["parameterMapping"].as_object().unwrap();
                let mut expected = 0;
                for (filter, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
                    let column = value.strip_prefix('{').and_then(|value| value.strip_suffix('}'));
                    // A month would choose its first day alone, and Metabase hands on no fixed value.
                    let (Some(column), true) = (column, filter != "range") else { continue };
                    assert!(card.columns.iter().any(|known| known.name == column), "{}: {column}", card.id);
                    assert_eq!(
                        mapping[filter],
                        json!({
                            "id": filter, "source": {"type": "column", "id": column, "name": column},
                            "target": {"type": "parameter", "id": filter},
                        }),
                        "{}: {link}",
                        card.id
                    );
                    let has = |list: &str, key: &str| {
                        target[list].as_array().unwrap().iter().any(|one| one[key] == filter)
                    };
                    assert!(has("parameters", "id"), "{}: {group} has no {filter}", card.id);
                    let is_heard = target["dashcards"].as_array().unwrap().iter().any(|dashcard| {
                        let mappings = dashcard["parameter_mappings"].as_array().unwrap();
                        mappings.iter().any(|mapping| mapping["parameter_id"] == filter)
                    });
                    assert!(is_heard, "{}: no card of {group} follows {filter}", card.id);
                    expected += 1;
                }
                assert_eq!(mapping.len(), expected, "{}: {link}", card.id);
                clicks += 1;
            }
        }
        assert!(clicks >= 20, "{clicks}");
        let all: usize = boards
            .values()
            .map(|board| board["dashcards"].to_string().matches("\"click_behavior\"").count())
            .sum();
        assert_eq!(all, clicks, "a click that no file declares");
    }
}

#[tokio::test]
async fn the_key_it_makes_opens_the_door_and_no_second_one_is_made() {
    let server = server(Version::V0_65).await;
    let wanted = everything();
    let key = run(&server, &wanted, false).await.unwrap().key.unwrap();
    assert!(key.expose_secret().starts_with("mb_"));
    let with_key = aispend_metabase::Keys { api_key: Some(key), email: None, password: None, ..keys() };
    server.forget_requests();
    let ran = run_as(&server, &wanted, false, &with_key).await.unwrap();
    assert!(ran.plan.is_empty() && !ran.plan.to_string().contains("--new-key"), "{}", ran.plan);
    assert!(server.requests().iter().all(|seen| seen.method == "GET"), "a key needs no session");
    // Somebody without it is told.
    let told = planned(&server, &wanted).await.unwrap();
    assert!(told.is_empty() && told.notes[0].contains("--new-key"), "{told}");
}

#[tokio::test]
async fn nobody_comes_in_without_a_key_or_with_a_wrong_one() {
    let server = server(Version::V0_64).await;
    run(&server, &crate::run::small(), false).await.unwrap();
    let wrong = |api_key: Option<&str>| aispend_metabase::Keys {
        api_key: api_key.map(Into::into),
        email: None,
        password: None,
        ..keys()
    };
    for (keys, expected) in
        [(wrong(None), "set metabase.api_key"), (wrong(Some("mb_wrong")), "refuses metabase.api_key")]
    {
        let error = run_as(&server, &crate::run::small(), false, &keys).await.unwrap_err();
        assert!(matches!(&error, MetabaseError::Access(text) if text.contains(expected)), "{error}");
    }
}

#[tokio::test]
async fn a_version_nobody_knows_is_refused_before_anything_is_sent() {
    for tag in ["v0.66.1.2", "v0.63.4", "v0.58.39", "vLOCAL_DEV"] {
        let server = server(Version::Tag(tag.to_owned())).await;
        let client = aispend_metabase::Client::new(&server.url(), aispend_metabase::Access::Nobody);
        let error = sign_in(&client, &keys()).await.unwrap_err();
        assert!(matches!(error, MetabaseError::Version { .. }), "{tag}: {error}");
        assert!(server.requests().iter().all(|seen| seen.method == "GET"));
    }
}

#[tokio::test]
async fn it_waits_for_a_server_that_is_starting() {
    let mut options = crate::run::options(Version::V0_64);
    options.initializing_calls = 1;
    options.reset_window = 1;
    let server = aispend_fake_metabase::FakeMetabase::start_with(options).await;
    run(&server, &crate::run::small(), false).await.unwrap();
    let person = person(&server).await;
    card_named(&person, "Spend to date").await;
}

#[test]
fn choices_are_off_unless_somebody_chooses() {
    let Choices { has_key, new_key } = Choices::default();
    assert!(!has_key && !new_key);
}
