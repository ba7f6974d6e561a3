//! Steps worked out without a server.

use serde_json::json;

use super::*;
use crate::found::FoundItem;
use crate::marker::BEGUN;
use crate::value::{fingerprint, placeholder};
use crate::version::Edition;
use crate::wanted::{Kind, Names, wanted};

fn with_card(change: impl Fn(&mut Value), written: Option<&str>) -> (Wanted, Found) {
    let wanted = wanted(Names::default()).unwrap();
    let item = wanted.get("card/exec/total-spend").unwrap();
    let mut body = item.body.clone();
    change(&mut body);
    let mut found = Found { is_set_up: true, ..Found::default() };
    found.ids.insert(placeholder(&item.key), json!(31));
    let fingerprint = written.map(str::to_owned).or_else(|| Some(fingerprint(&item.body)));
    let key = item.key.clone();
    let raw = Value::Null;
    found.items.insert(key.clone(), FoundItem { key, kind: Kind::Card, id: 31, body, fingerprint, raw });
    (wanted, found)
}

fn verb_of(key: &str, wanted: &Wanted, found: &Found) -> Option<Verb> {
    let plan = plan(wanted, found, Choices::default());
    plan.steps.iter().find(|step| step.key.as_deref() == Some(key)).map(|step| step.verb)
}

#[test]
fn a_thing_is_left_changed_or_put_back_by_who_wrote_it_last() {
    let key = "card/exec/total-spend";
    let (wanted, found) = with_card(|_| {}, None);
    assert_eq!(verb_of(key, &wanted, &found), None);
    let rename = |body: &mut Value| body["name"] = json!("Money");
    // The marker is of what we want: the name is somebody's.
    let (wanted, found) = with_card(rename, None);
    assert_eq!(verb_of(key, &wanted, &found), Some(Verb::Restore));
    // The marker is of what is there: an earlier build of ours called it so.
    let mut earlier = wanted.get(key).unwrap().body.clone();
    rename(&mut earlier);
    let (wanted, found) = with_card(rename, Some(&fingerprint(&earlier)));
    assert_eq!(verb_of(key, &wanted, &found), Some(Verb::Change));
    let (wanted, found) = with_card(rename, Some(BEGUN));
    assert_eq!(verb_of(key, &wanted, &found), Some(Verb::Change));
    // Nothing but the marker is missing: nobody needs to agree to that.
    let (wanted, found) = with_card(|_| {}, Some("other"));
    assert_eq!(verb_of(key, &wanted, &found), Some(Verb::Change));
}

#[test]
fn an_empty_instance_gets_everything_and_rights_before_cards() {
    let wanted = wanted(Names::default()).unwrap();
    let plan = plan(&wanted, &Found::nothing(Edition::default()), Choices::default());
    let at = |start: &str| plan.steps.iter().position(|step| step.what.starts_with(start)).unwrap();
    let order =
        ["this empty", "the API key", "connection", "group", "collection", "who sees", "card", "dashboard"];
    let places: Vec<usize> = order.iter().map(|start| at(start)).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!(plan.steps.iter().all(|step| !step.needs_consent()));
    assert_eq!(
        plan.calls().filter(|call| call.path == "/api/card").count(),
        wanted.items.iter().filter(|item| item.kind == Kind::Card).count()
    );
    assert_eq!(plan, super::plan(&wanted, &Found::nothing(Edition::default()), Choices::default()));
}

#[test]
fn no_secret_is_part_of_a_plan_and_none_of_its_texts() {
    let wanted = wanted(Names::default()).unwrap();
    let plan = plan(&wanted, &Found::nothing(Edition::default()), Choices::default());
    let database = plan.calls().find(|call| call.path == "/api/database").unwrap();
    let details = &database.body.as_ref().unwrap()["details"];
    assert_eq!(details["service-account-json"], "{secret/service-account}");
    assert!(!plan.to_string().contains("secret/") && !plan.to_json().to_string().contains("secret/"));
}
