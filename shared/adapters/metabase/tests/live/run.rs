//! What `aispend metabase` does, without its screen.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use aispend_fake_metabase::{Column, FakeMetabase, Options, Seen, Table, Version};
use aispend_metabase::{
    Access, Applied, Choices, Client, Found, Host, Keys, MetabaseError, Names, Outcome, Patience, Plan,
    SignedIn, Step, Wanted, apply, found, plan, secrets, sign_in, sign_out, wanted,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

pub const VERSIONS: [Version; 2] = [Version::V0_64, Version::V0_65];
pub const EMAIL: &str = "admin@example.com";
pub const PASSWORD: &str = "a-long-enough-passw0rd";

/// A server that finds the columns behind the filters in its warehouse.
pub async fn server(version: Version) -> FakeMetabase {
    FakeMetabase::start_with(options(version)).await
}

pub fn options(version: Version) -> Options {
    let table = |name: &str, columns: &[(&str, &str)]| Table {
        schema: "ai_usage_analytics".to_owned(),
        name: name.to_owned(),
        columns: columns
            .iter()
            .map(|(name, base_type)| Column { name: (*name).to_owned(), base_type: (*base_type).to_owned() })
            .collect(),
    };
    let text = "type/Text";
    let tables = vec![
        table("dim_calendar", &[("day", "type/Date")]),
        table("vw_spend_daily", &[("team", text), ("user_email", text), ("platform", text), ("model", text)]),
    ];
    Options { version, tables, ..Options::default() }
}

pub fn keys() -> Keys {
    Keys {
        api_key: None,
        email: Some(EMAIL.to_owned()),
        password: Some(SecretString::from(PASSWORD)),
        service_account: Some(SecretString::from(r#"{"type":"service_account","project_id":"p"}"#)),
        setup_token: None,
    }
}

pub fn everything() -> Wanted {
    wanted(Names::default()).unwrap()
}

/// One of each kind: every request is one of these, and a stop after each of them takes seconds.
pub fn small() -> Wanted {
    let mut wanted = everything();
    let kept = [
        "card/exec/total-spend",
        "card/exec/monthly-trend",
        "card/exec/monthly-trend-table",
        "card/alloc/people",
        "card/alert/stale",
        "dashboard/exec",
        "dashboard/alloc",
    ];
    wanted.items.retain(|item| item.key.starts_with("collection/") || kept.contains(&item.key.as_str()));
    for item in wanted.items.iter_mut().filter(|item| item.key.starts_with("dashboard/")) {
        let cards = item.body["cards"].as_object_mut().unwrap();
        cards.retain(|id, card| card["card"].is_null() || kept.contains(&format!("card/{id}").as_str()));
        for card in cards.values_mut() {
            // Leads to a dashboard that is not among these.
            card["settings"].as_object_mut().unwrap().remove("click_behavior");
            card["settings"].as_object_mut().unwrap().remove("column_settings");
        }
    }
    wanted.schedules.retain(|(key, _)| key == "card/alert/stale");
    wanted
}

/// What a run came to.
#[derive(Debug)]
pub struct Ran {
    pub plan: Plan,
    pub outcomes: Vec<Outcome>,
    pub key: Option<SecretString>,
}

/// Somebody who agrees to everything or to nothing.
struct Hands {
    restore: bool,
    key: Mutex<Option<SecretString>>,
}

impl Host for Hands {
    fn agrees(&self, _: &Step) -> bool {
        self.restore
    }

    fn says(&self, _: &Step, _: &Outcome) {}

    fn keeps(&self, key: &SecretString) -> Result<(), String> {
        *self.key.lock().unwrap() = Some(key.clone());
        Ok(())
    }

    fn waits(&self, _: &str) {}
}

fn client(server: &FakeMetabase) -> Client {
    Client::new(&server.url(), Access::Nobody).pausing(Duration::from_millis(1))
}

async fn look(
    server: &FakeMetabase,
    wanted: &Wanted,
    keys: &Keys,
) -> Result<(SignedIn, Found, Plan), MetabaseError> {
    let signed_in = sign_in(&client(server), keys).await?;
    let found = if signed_in.is_set_up {
        found(&signed_in.client, wanted, signed_in.edition).await?
    } else {
        Found::nothing(signed_in.edition)
    };
    let has_key = signed_in.is_set_up && !signed_in.has_session;
    let plan = plan(wanted, &found, Choices { has_key, new_key: false });
    Ok((signed_in, found, plan))
}

/// Plans alone. Nothing is changed.
pub async fn planned(server: &FakeMetabase, wanted: &Wanted) -> Result<Plan, MetabaseError> {
    let watch = Watch::begin(server);
    let (signed_in, _, plan) = look(server, wanted, &keys()).await?;
    sign_out(&signed_in).await?;
    assert_eq!(watch.changes(), []);
    watch.assert_nothing_wrong();
    Ok(plan)
}

/// Plans and applies.
pub async fn run(server: &FakeMetabase, wanted: &Wanted, restore: bool) -> Result<Ran, MetabaseError> {
    run_as(server, wanted, restore, &keys()).await
}

/// The same as somebody. Whatever came of it, every request that changed something was announced, and none was wrong.
pub async fn run_as(
    server: &FakeMetabase,
    wanted: &Wanted,
    restore: bool,
    keys: &Keys,
) -> Result<Ran, MetabaseError> {
    let watch = Watch::begin(server);
    let (signed_in, found, plan) = look(server, wanted, keys).await.inspect_err(|_| {
        assert_eq!(watch.changes(), []);
        watch.assert_nothing_wrong();
    })?;
    let hands = Hands { restore, key: Mutex::default() };
    let outcomes = act(&signed_in, found, wanted, &plan, keys, &hands).await;
    watch.assert_announced(&plan, keys);
    watch.assert_nothing_wrong();
    Ok(Ran { plan, outcomes: outcomes?, key: hands.key.into_inner().unwrap() })
}

async fn act(
    signed_in: &SignedIn,
    found: Found,
    wanted: &Wanted,
    plan: &Plan,
    keys: &Keys,
    hands: &Hands,
) -> Result<Vec<Outcome>, MetabaseError> {
    let mut ids = found.ids;
    ids.extend(secrets(&signed_in.client, keys, signed_in.is_set_up).await?);
    let patience = Patience { pause: Duration::from_millis(1), looks: 20 };
    let Applied { outcomes, client, has_session } =
        apply(&signed_in.client, wanted, plan, ids, patience, hands).await?;
    let has_session = has_session || signed_in.has_session;
    sign_out(&SignedIn { client, has_session, ..signed_in.clone() }).await?;
    Ok(outcomes)
}

/// What a server is asked from now on.
struct Watch<'a> {
    server: &'a FakeMetabase,
    requests: usize,
    violations: usize,
}

impl<'a> Watch<'a> {
    fn begin(server: &'a FakeMetabase) -> Self {
        Self { server, requests: server.requests().len(), violations: server.violations().len() }
    }

    /// Requests that change something; a session does not.
    fn changes(&self) -> Vec<Seen> {
        let mut seen = self.server.requests().split_off(self.requests);
        seen.retain(|seen| seen.method != "GET" && seen.path != "/api/session");
        seen
    }

    fn assert_nothing_wrong(&self) {
        assert_eq!(self.server.violations().split_off(self.violations), Vec::<String>::new());
    }

    /// Each was announced with its path and its whole body, in this order and once; what needs consent may be left out.
    fn assert_announced(&self, plan: &Plan, keys: &Keys) {
        let mut ids = ids(&self.server.state());
        let reveal =
            |secret: &Option<SecretString>| secret.as_ref().map(|text| text.expose_secret().to_owned());
        for (name, secret) in [
            ("setup-token", Some(self.server.setup_token())),
            ("admin-email", keys.email.clone()),
            ("admin-password", reveal(&keys.password)),
            ("service-account", reveal(&keys.service_account)),
        ] {
            ids.insert(format!("{{secret/{name}}}"), json!(secret));
        }
        let mut announced = plan.calls().map(|call| {
            (
                call.method.to_string(),
                resolved_path(&call.path, &ids),
                call.body.as_ref().map(|body| resolved(body, &ids)),
            )
        });
        for seen in self.changes() {
            let is_it = |(method, path, body): &(String, String, Option<Value>)| {
                let mut body = body.clone();
                // Read right before, so no plan knows it.
                if let (Some(Value::Object(body)), Some(read)) =
                    (&mut body, seen.body.as_ref().and_then(|body| body.get("revision")))
                {
                    assert!(read.is_number(), "{read} is no revision");
                    body.insert("revision".to_owned(), read.clone());
                }
                *method == seen.method && *path == seen.path && body == seen.body
            };
            let name = format!("{} {}", seen.method, seen.path);
            assert!(
                announced.any(|call| is_it(&call)),
                "{name} was not announced like this: {:?}",
                seen.body
            );
        }
    }
}

/// The numbers of what a server holds of ours, by name in braces.
pub fn ids(state: &Value) -> BTreeMap<String, Value> {
    let rows = |list: &str| state[list].as_array().unwrap().clone();
    let mut ids = BTreeMap::new();
    for row in ["collections", "cards", "dashboards"].into_iter().flat_map(rows) {
        if let Some(key) = key_of(&row) {
            ids.insert(format!("{{{key}}}"), row["id"].clone());
        }
    }
    for group in rows("groups") {
        ids.insert(format!("{{group/{}}}", group["name"].as_str().unwrap()), group["id"].clone());
    }
    for database in rows("databases") {
        ids.insert("{database}".to_owned(), database["id"].clone());
    }
    for field in rows("fields") {
        let table = rows("tables").into_iter().find(|table| table["id"] == field["table_id"]).unwrap();
        let name = format!("{}.{}", table["name"].as_str().unwrap(), field["name"].as_str().unwrap());
        ids.insert(format!("{{field/{name}}}"), field["id"].clone());
    }
    for dashcard in rows("dashboards").iter().flat_map(|board| board["dashcards"].as_array().unwrap()) {
        if let Some(name) = dashcard["visualization_settings"]["aispend.id"].as_str() {
            ids.insert(format!("{{dashcard/{name}}}"), dashcard["id"].clone());
        }
    }
    ids
}

/// What the marker of a thing says it is.
pub fn key_of(row: &Value) -> Option<String> {
    let (_, rest) = row["description"].as_str()?.split_once("[managed:aispend/")?;
    Some(rest.split(' ').next()?.to_owned())
}

/// A value with numbers for names.
pub fn resolved(value: &Value, ids: &BTreeMap<String, Value>) -> Value {
    match value {
        Value::String(text) => ids.get(text).unwrap_or(value).clone(),
        Value::Array(items) => items.iter().map(|item| resolved(item, ids)).collect(),
        Value::Object(map) => {
            let key = |key: &String| ids.get(key).map_or_else(|| key.clone(), ToString::to_string);
            Value::Object(map.iter().map(|(name, value)| (key(name), resolved(value, ids))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn resolved_path(path: &str, ids: &BTreeMap<String, Value>) -> String {
    let Some((before, rest)) = path.split_once('{') else { return path.to_owned() };
    let (name, after) = rest.split_once('}').unwrap();
    let id = ids.get(&format!("{{{name}}}")).map_or_else(|| name.to_owned(), ToString::to_string);
    format!("{before}{id}{}", resolved_path(after, ids))
}

/// A person at the keyboard.
pub async fn person(server: &FakeMetabase) -> Client {
    let body = json!({"username": EMAIL, "password": PASSWORD});
    let nobody = client(server);
    let answer = nobody.send(&reqwest::Method::POST, "/api/session", Some(&body)).await.unwrap();
    nobody.as_somebody(Access::Session(SecretString::from(answer["id"].as_str().unwrap().to_owned())))
}

/// A card as the server has it, by its name.
pub async fn card_named(person: &Client, name: &str) -> Value {
    let all = person.get("/api/card?f=all").await.unwrap();
    let found = all.as_array().unwrap().iter().find(|card| card["name"] == name);
    found.unwrap_or_else(|| panic!("there is no card {name}")).clone()
}

/// A dashboard as the server has it, whole, by its name.
pub async fn board_named(person: &Client, name: &str) -> Value {
    let all = person.get("/api/dashboard?f=all").await.unwrap();
    let found = all.as_array().unwrap().iter().find(|board| board["name"] == name);
    let id = found.unwrap_or_else(|| panic!("there is no dashboard {name}"))["id"].as_u64().unwrap();
    person.get(&format!("/api/dashboard/{id}")).await.unwrap()
}

/// What two servers hold alike: without numbers and times.
pub fn essence(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.iter()
                .filter(|(key, _)| {
                    let is_number =
                        *key == "id" || key.ends_with("_id") || *key == "targetId" || *key == "location";
                    let is_time = key.ends_with("_at") || *key == "timestamp" || *key == "date_joined";
                    !(is_number
                        || is_time
                        || key.ends_with("uuid")
                        || *key == "revisions"
                        || *key == "object")
                })
                .map(|(key, value)| (key.clone(), essence(value)))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(essence).collect()),
        // Made up by the server for every key.
        Value::String(text) if text.starts_with("api-key-user-") => Value::Null,
        other => other.clone(),
    }
}
