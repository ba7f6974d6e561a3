//! The sheets, and the tokens for them.

use aispend_simulator::{Request, World, WorldConfig};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::client::Client;

fn client(enterprise: bool) -> Client {
    Client::new(World::generate(WorldConfig { enterprise, ..WorldConfig::small(7) }))
}

fn get(client: &Client, rest: &str) -> Request {
    Request::get(&format!("/v4/spreadsheets/{}/{rest}", client.simulator.world.keys.spreadsheet))
        .header("authorization", format!("Bearer {}", client.simulator.world.keys.google))
        .with("valueRenderOption", "UNFORMATTED_VALUE")
}

#[test]
fn tabs_are_served_as_untidy_as_they_are() {
    let mut client = client(false);
    let headers = [
        ("api-key-mapping", "api_key_id,user_email,team,platform,purpose,status,valid_from,valid_to"),
        ("seats", "vendor,plan,user_email,price_usd,billing,cycle_day,valid_from,valid_to"),
        ("people", "user_email,name,department,team,manager_email,valid_from,valid_to"),
        ("budgets", "month,platform,team,budget_usd,approved_by"),
        ("invoices", "vendor,org_id,invoice_id,period_start,period_end,scope,amount,currency,usd_amount"),
        (
            "claude-ai-usage",
            "user_email,activity_date,conversation_count,message_count,project_count,file_upload_count,upload_timestamp",
        ),
    ];
    for (tab, expected) in headers {
        let answer = client.json(&get(&client, &format!("values/'{tab}'!A1:Z1000")));
        let rows = answer["values"].as_array().unwrap();
        let header: Vec<String> = rows[0]
            .as_array()
            .unwrap()
            .iter()
            .map(|cell| cell.as_str().unwrap().trim().to_lowercase())
            .collect();
        assert!(header.join(",").starts_with(expected), "{header:?}");
        assert_ne!(rows.last().unwrap(), &json!([]), "empty rows at the end are left out");
        for row in rows {
            assert_ne!(row.as_array().unwrap().last(), Some(&json!("")), "{row}");
        }
    }
    let seats = client.json(&get(&client, "values/seats"));
    let cells = seats["values"].as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap());
    assert!(cells.clone().any(|cell| cell.as_u64().is_some_and(|day| day > 40_000)), "serial days");
    assert!(cells.clone().any(Value::is_string));
}

#[test]
fn several_ranges_and_missing_tabs() {
    let mut client = client(true);
    let answer =
        client.json(&get(&client, "values:batchGet").with("ranges", "people").with("ranges", "seats!A1:H"));
    assert_eq!(answer["valueRanges"].as_array().unwrap().len(), 2);
    for tab in ["nosuchtab", "claude-ai-usage"] {
        let request = get(&client, &format!("values/{tab}!A1:F"));
        let response = client.call(&request);
        assert_eq!(response.status, 400);
        assert!(String::from_utf8_lossy(&response.body).contains("Unable to parse range"));
    }
    let mut request = get(&client, "values/people");
    request.headers.clear();
    assert_eq!(client.call(&request).status, 401);
    let mut request = get(&client, "values/people");
    request.path = "/v4/spreadsheets/other/values/people".into();
    assert_eq!(client.call(&request).status, 404);
}

#[test]
fn tokens_are_for_those_who_ask_in_form() {
    let mut client = client(true);
    let now = client.now.as_second();
    let ask = |client: &mut Client, claims: Value, grant: &str| {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let jwt = format!("{}.{}.c2ln", part(&json!({"alg": "RS256", "typ": "JWT"})), part(&claims));
        let body = format!("grant_type={grant}&assertion={jwt}");
        client.call(&Request::post("/token", body))
    };
    let good = json!({
        "iss": "reader@example.com", "scope": "https://www.googleapis.com/auth/spreadsheets.readonly",
        "aud": "http://127.0.0.1/token", "iat": now, "exp": now + 3600,
    });
    let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
    let response = ask(&mut client, good.clone(), grant);
    assert_eq!(response.status, 200);
    assert!(String::from_utf8_lossy(&response.body).contains("ya29.simulated"));
    assert_eq!(ask(&mut client, good.clone(), "password").status, 400);
    for (name, value) in [("exp", json!(now + 7200)), ("exp", json!(now - 10)), ("scope", json!("email"))] {
        let mut bad = good.clone();
        bad[name] = value;
        assert_eq!(ask(&mut client, bad, grant).status, 400, "{name}");
    }
}

#[test]
fn csv_files_have_the_same_rows() {
    let world = World::generate(WorldConfig::company(
        3,
        25,
        "2026-09-01".parse().unwrap(),
        "2026-11-10".parse().unwrap(),
    ));
    let files = world.sheets_csv();
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["api-key-mapping", "seats", "people", "budgets", "invoices"]);
    let invoices = &files.last().unwrap().1;
    assert!(invoices.lines().filter(|line| line.contains("INV-")).count() >= 8, "{invoices}");
}
