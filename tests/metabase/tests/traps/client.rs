//! A client that says exactly what a test wants, and a server with something in it.

use std::sync::Arc;

use aispend_fake_metabase::{Answers, Column, FakeMetabase, Options, Table, Version};
use reqwest::{Client as Http, Method};
use serde_json::{Value, json};

/// Who a client is.
#[derive(Clone)]
pub enum Who {
    Nobody,
    Key(String),
    Session(String),
}

/// A server with an administrator, and a client of theirs.
pub struct Bench {
    pub server: FakeMetabase,
    pub admin: Client,
}

#[derive(Clone)]
pub struct Client {
    http: Http,
    url: String,
    who: Who,
}

/// A status, and a body: JSON where it is, else text.
pub type Answer = (u16, Value);

impl Client {
    pub fn new(server: &FakeMetabase, who: Who) -> Self {
        // Another test may have come first.
        drop(rustls::crypto::ring::default_provider().install_default());
        Self { http: Http::new(), url: server.url(), who }
    }

    /// None where the connection broke.
    pub async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Option<Answer> {
        let method = method.parse::<Method>().expect("a method");
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        request = match &self.who {
            Who::Nobody => request,
            Who::Key(key) => request.header("x-api-key", key),
            Who::Session(session) => request.header("x-metabase-session", session),
        };
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        let text = answer.text().await.ok()?;
        Some((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None).await.expect("an answer")
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, Some(body)).await.expect("an answer")
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, Some(body)).await.expect("an answer")
    }

    /// What a `POST` made, where it must succeed.
    pub async fn make(&self, path: &str, body: &Value) -> Value {
        let (status, made) = self.post(path, body).await;
        assert_eq!(status, 200, "{path}: {made}");
        made
    }

    /// What is there, where it must be.
    pub async fn read(&self, path: &str) -> Value {
        let (status, found) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {found}");
        found
    }
}

pub fn id(value: &Value) -> i64 {
    value["id"].as_i64().expect("an id")
}

impl Bench {
    pub async fn of(version: Version) -> Self {
        Self::with(Options { version, ..options() }).await
    }

    pub async fn with(options: Options) -> Self {
        let server = FakeMetabase::start_with(options).await;
        let nobody = Client::new(&server, Who::Nobody);
        let set_up = nobody.make("/api/setup", &set_up(&server.setup_token())).await;
        let session = set_up["id"].as_str().expect("a session").to_owned();
        let admin = Client::new(&server, Who::Session(session));
        Self { server, admin }
    }

    /// A database with its fields found, and its id.
    pub async fn database(&self) -> i64 {
        let database = id(&self.admin.make("/api/database", &database()).await);
        for _ in 0..5 {
            self.admin.read(&format!("/api/database/{database}/metadata")).await;
        }
        database
    }

    /// The id of a field of the one table.
    pub async fn field(&self, database: i64, name: &str) -> i64 {
        let metadata = self.admin.read(&format!("/api/database/{database}/metadata")).await;
        let fields = metadata["tables"][0]["fields"].as_array().expect("fields").clone();
        id(fields.iter().find(|field| field["name"] == name).expect("the field"))
    }

    /// A card with a date filter and a platform filter, in the root.
    pub async fn card(&self, database: i64) -> i64 {
        let (day, platform) = (self.field(database, "day").await, self.field(database, "platform").await);
        id(&self.admin.make("/api/card", &card(database, day, platform)).await)
    }

    /// The violations with this in them.
    pub fn violations(&self, part: &str) -> usize {
        self.server.violations().iter().filter(|violation| violation.contains(part)).count()
    }
}

pub fn options() -> Options {
    let column =
        |name: &str, base_type: &str| Column { name: name.to_owned(), base_type: base_type.to_owned() };
    let columns = vec![column("day", "type/Date"), column("platform", "type/Text")];
    let table = Table { schema: "usage".to_owned(), name: "spend".to_owned(), columns };
    // A query answers with its own text.
    let answers: Answers = Arc::new(|sql| Ok((vec!["sql".to_owned()], vec![vec![json!(sql)]])));
    Options { tables: vec![table], answers: Some(answers), ..Options::default() }
}

pub fn set_up(token: &str) -> Value {
    json!({
        "token": token,
        "user": { "email": "admin@example.com", "password": "secret-1", "first_name": "Ada", "last_name": "Min" },
        "prefs": { "site_name": "Usage", "site_locale": "en" },
    })
}

pub fn database() -> Value {
    json!({
        "name": "Usage", "engine": "bigquery-cloud-sdk",
        "details": {
            "service-account-json": "{\"type\":\"service_account\"}", "dataset-filters-type": "inclusion",
            "dataset-filters-patterns": "us*", "let-user-control-scheduling": true,
        },
    })
}

pub fn tag(name: &str, widget: &str, dimension: &Value) -> Value {
    json!({
        "id": format!("id-{name}"), "name": name, "display-name": name, "type": "dimension", "widget-type": widget,
        "dimension": dimension, "alias": format!("s.{name}"),
    })
}

/// A query in the new envelope.
pub fn query(database: i64, sql: &str, tags: &Value) -> Value {
    let stage = json!({ "lib/type": "mbql.stage/native", "native": sql, "template-tags": tags });
    json!({ "lib/type": "mbql/query", "database": database, "stages": [stage] })
}

pub fn card(database: i64, day: i64, platform: i64) -> Value {
    let tags = json!({
        "day": tag("day", "date/all-options", &json!(["field", {}, day])),
        "platform": tag("platform", "string/=", &json!(["field", {}, platform])),
    });
    card_of(&query(database, "SELECT 1 FROM spend AS s WHERE {{day}} [[AND {{platform}}]]", &tags))
}

pub fn card_of(query: &Value) -> Value {
    json!({ "name": "Spend", "display": "bar", "visualization_settings": {}, "dataset_query": query })
}

/// A card on a grid.
pub fn dashcard(id: i64, card: Option<i64>, tab: Option<i64>, row: i64) -> Value {
    let settings = match card {
        Some(_) => json!({}),
        None => json!({ "virtual_card": { "display": "text" }, "text": "Words" }),
    };
    json!({
        "id": id, "card_id": card, "dashboard_tab_id": tab, "row": row, "col": 0, "size_x": 12, "size_y": 4, "series": [],
        "parameter_mappings": [], "visualization_settings": settings,
    })
}
