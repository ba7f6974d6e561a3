//! One request from end to end: faults, start-up, the contract, who asks, the endpoint.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::{
    Options, contract,
    faults::{Fate, Faults},
    json::Row,
    reply::{self, Answer, Reply},
    routes, search, session,
    state::State,
};

/// A request that arrived, and how it ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub method: String,
    /// Without what follows the question mark.
    pub path: String,
    /// What follows the question mark, as sent.
    pub query: String,
    /// None where there was none, or none that is JSON.
    pub body: Option<Value>,
    /// 0 where the connection was dropped instead.
    pub status: u16,
}

/// A request as it came in.
pub struct Incoming {
    pub method: String,
    pub path: String,
    pub query: String,
    pub key: Option<String>,
    pub session: Option<String>,
    pub content_type: Option<String>,
    pub body: Vec<u8>,
}

/// A request that fits its endpoint, and who sent it.
pub struct Call {
    pub method: String,
    pub template: String,
    /// What stands in the places of the path.
    pub places: Vec<String>,
    pub query: Vec<(String, String)>,
    /// Empty where there was none.
    pub body: Row,
    pub caller: Option<session::Caller>,
}

impl Call {
    pub fn place(&self, index: usize) -> &str {
        self.places.get(index).map_or("", String::as_str)
    }

    pub fn asked(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn asked_all(&self, name: &str) -> Vec<&str> {
        self.query.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }
}

/// The server without its socket.
pub struct World {
    pub state: State,
    pub faults: Faults,
    pub seen: Vec<Seen>,
    initializing: usize,
    resets: usize,
}

impl World {
    pub fn new(options: Options) -> Self {
        let (initializing, resets) = (options.initializing_calls, options.reset_window);
        let state = State::new(options);
        Self { state, faults: Faults::default(), seen: Vec::new(), initializing, resets }
    }

    /// The answer, or none where the connection is dropped without one.
    pub fn handle(&mut self, incoming: &Incoming) -> Option<Reply> {
        if self.faults.is_dead() {
            return None;
        }
        let fate = self.faults.next();
        let reply = match fate {
            Fate::Answered => self.answer(incoming),
            Fate::Unanswered => self.answer(incoming).filter(|_| false),
            Fate::Lost => None,
            Fate::Turned(status) => Some(reply::text(status, "Try again later.")),
        };
        self.seen.push(Seen {
            method: incoming.method.clone(),
            path: incoming.path.clone(),
            query: incoming.query.clone(),
            body: serde_json::from_slice(&incoming.body).ok(),
            status: reply.as_ref().map_or(0, |reply| reply.status),
        });
        reply
    }

    /// As [`handle`](Self::handle), of a server that is there.
    fn answer(&mut self, incoming: &Incoming) -> Option<Reply> {
        let path = incoming.path.as_str();
        if self.initializing > 0 {
            self.initializing -= usize::from(path == "/api/health");
            return Some(if path == "/api/health" { session::initializing() } else { session::sit_tight() });
        }
        if self.resets > 0 && path == "/api/session/properties" {
            self.resets -= 1;
            return None;
        }
        let answer = self.call(incoming);
        let changed = answer.is_ok() && incoming.method != "GET";
        if changed {
            search::remember(&mut self.state);
        }
        Some(answer.unwrap_or_else(|refusal| refusal))
    }

    fn call(&mut self, incoming: &Incoming) -> Answer {
        let name = format!("{} {}", incoming.method, incoming.path);
        let Some(found) = contract::find(&incoming.method, &incoming.path) else {
            self.state.violation(format!("{name}: no such endpoint"));
            return Err(reply::no_such_endpoint());
        };
        let operation = found.operation;
        let caller = session::caller(&self.state, incoming);
        if caller.is_none() && !session::is_open(&operation.method, &operation.template) {
            return Err(reply::unauthenticated());
        }
        let query = split_query(&incoming.query);
        let body = self.read_body(&name, incoming)?;
        let mut complaints = operation.check_places(&found.places);
        complaints.extend(operation.check_query(&query));
        complaints.extend(operation.check_body(&body));
        for unread in operation.unread_query(&query).into_iter().chain(operation.unread_body(&body)) {
            self.state.violation(format!("{name}: `{unread}` is not read here"));
        }
        if let Some((key, complaint)) = complaints.first() {
            let all: Vec<&str> = complaints.iter().map(|(_, complaint)| complaint.as_str()).collect();
            self.state.violation(format!("{name}: {}", all.join("; ")));
            return Err(reply::invalid(key, complaint));
        }
        let places =
            found.places.iter().map(|place| percent_decode_str(place).decode_utf8_lossy().into_owned());
        let call = Call {
            method: operation.method.clone(),
            template: operation.template.clone(),
            places: places.collect(),
            query,
            body: crate::json::row(body),
            caller,
        };
        routes::answer(&mut self.state, &call)
    }

    /// The body as JSON, an empty object where there is none.
    fn read_body(&mut self, name: &str, incoming: &Incoming) -> Result<Value, Reply> {
        if incoming.body.is_empty() {
            return Ok(Value::Object(Row::new()));
        }
        let is_json =
            incoming.content_type.as_deref().is_some_and(|kind| kind.starts_with("application/json"));
        let body = serde_json::from_slice::<Value>(&incoming.body).ok().filter(|_| is_json);
        body.filter(Value::is_object).ok_or_else(|| {
            self.state.violation(format!(
                "{name}: the body is no JSON object, or is not sent as `application/json`"
            ));
            reply::refused("Malformed JSON in request body.")
        })
    }
}

fn split_query(query: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}
