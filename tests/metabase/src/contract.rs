//! The OpenAPI document: which endpoints there are, and what each takes.

use std::{
    fs,
    sync::{Arc, LazyLock, OnceLock},
};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::relax::relaxed;

/// Where the document lies. It is read when a test runs, so that it is part of no binary.
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/metabase-openapi.json");

static CONTRACT: LazyLock<Contract> = LazyLock::new(Contract::read);

/// All endpoints.
pub struct Contract {
    operations: Vec<Operation>,
}

/// One method of one path.
pub struct Operation {
    pub method: String,
    pub template: String,
    parameters: Vec<Parameter>,
    body: Option<Shape>,
    /// The keys that the body may have, where the document lists them.
    known: Vec<String>,
}

struct Parameter {
    place: String,
    name: String,
    required: bool,
    shape: Shape,
}

/// A schema, compiled when something is first held against it.
struct Shape {
    schema: Value,
    components: Arc<Value>,
    compiled: OnceLock<Option<Validator>>,
}

/// A path as the document knows it.
pub struct Found {
    pub operation: &'static Operation,
    /// What stands in the places of the path, in their order.
    pub places: Vec<String>,
}

/// What a part of a request is not, as the server says it: the key, and the complaint.
pub type Complaint = (String, String);

/// The endpoint of a request, and what stands in its places. None where the document has none.
pub fn find(method: &str, path: &str) -> Option<Found> {
    let matching = CONTRACT.operations.iter().filter(|operation| operation.method == method);
    let found = matching.filter_map(|operation| Some((operation, places(&operation.template, path)?)));
    // `/api/card/public` is an endpoint, and not the card of that name.
    let (operation, places) = found.min_by_key(|(_, places)| places.len())?;
    Some(Found { operation, places })
}

fn places(template: &str, path: &str) -> Option<Vec<String>> {
    let (wanted, given): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    if wanted.len() != given.len() {
        return None;
    }
    let mut places = Vec::new();
    for (wanted, given) in wanted.iter().zip(&given) {
        match wanted.starts_with('{') {
            true if !given.is_empty() => places.push((*given).to_owned()),
            false if wanted == given => {}
            _ => return None,
        }
    }
    Some(places)
}

impl Operation {
    /// What is wrong with the values in the path.
    pub fn check_places(&self, places: &[String]) -> Vec<Complaint> {
        let wanted = self.template.split('/').filter(|part| part.starts_with('{'));
        let wrong = wanted.zip(places).filter_map(|(name, given)| {
            let name = name.trim_matches(['{', '}']);
            let parameter = self.parameters.iter().find(|one| one.place == "path" && one.name == name)?;
            parameter
                .shape
                .refuses_all(&readings(&[given]))
                .then(|| (name.to_owned(), format!("received: `{given}`")))
        });
        wrong.collect()
    }

    /// What is wrong with the part behind the question mark.
    pub fn check_query(&self, query: &[(String, String)]) -> Vec<Complaint> {
        let wrong = self.parameters.iter().filter(|one| one.place == "query").filter_map(|parameter| {
            let given =
                query.iter().filter(|(name, _)| *name == parameter.name).map(|(_, value)| value.as_str());
            let given: Vec<&str> = given.collect();
            if given.is_empty() {
                parameter.required.then(|| (parameter.name.clone(), "missing required key".to_owned()))
            } else {
                parameter
                    .shape
                    .refuses_all(&readings(&given))
                    .then(|| (parameter.name.clone(), format!("received: {given:?}")))
            }
        });
        wrong.collect()
    }

    /// The names behind the question mark that this endpoint does not read.
    pub fn unread_query(&self, query: &[(String, String)]) -> Vec<String> {
        // Paging is the same everywhere; the values of a dropdown are narrowed by the other filters, whatever their names.
        let everywhere = ["limit", "offset"];
        let open = self.template.contains("/params/");
        let known = |name: &str| {
            open || everywhere.contains(&name) || self.parameters.iter().any(|one| one.name == name)
        };
        query.iter().map(|(name, _)| name.clone()).filter(|name| !known(name)).collect()
    }

    /// What is wrong with the body.
    pub fn check_body(&self, body: &Value) -> Vec<Complaint> {
        let Some(validator) = self.body.as_ref().and_then(Shape::compiled) else { return Vec::new() };
        let complaint = |error: jsonschema::ValidationError<'_>| {
            let path = error.instance_path().to_string();
            let key = path.trim_start_matches('/').split('/').next().unwrap_or_default();
            (key.to_owned(), format!("{path}: {error}"))
        };
        validator.iter_errors(body).map(complaint).collect()
    }

    /// The keys of the body that this endpoint does not read, though it takes them.
    pub fn unread_body(&self, body: &Value) -> Vec<String> {
        let also = also_read(&self.method, &self.template);
        let (Some(body), false) = (body.as_object(), self.known.is_empty() || also == ["*"]) else {
            return Vec::new();
        };
        let known = |key: &&String| self.known.contains(key) || also.contains(&key.as_str());
        body.keys().filter(|key| !known(key)).cloned().collect()
    }
}

/// What an endpoint reads besides what the document lists. The document describes a body by its checked keys only.
fn also_read(method: &str, template: &str) -> &'static [&'static str] {
    match (method, template) {
        ("POST", "/api/setup") => &["invite"],
        ("POST", "/api/dataset" | "/api/dataset/native" | "/api/dataset/pivot") => &["*"],
        ("POST", "/api/card/{card-id}/query" | "/api/card/pivot/{card-id}/query") => &["parameters"],
        ("PUT", "/api/database/{id}") => &["is_full_sync", "is_on_demand"],
        ("POST", template)
            if template.ends_with("/query") || template.ends_with("/query/{export-format}") =>
        {
            &["parameters", "format_rows", "pivot_results"]
        }
        _ => &[],
    }
}

impl Shape {
    fn new(schema: &Value, components: &Arc<Value>) -> Self {
        Self { schema: relaxed(schema), components: Arc::clone(components), compiled: OnceLock::new() }
    }

    fn compiled(&self) -> Option<&Validator> {
        let compile = || {
            let mut schema = self.schema.as_object().cloned().unwrap_or_default();
            schema.insert("components".to_owned(), self.components.as_ref().clone());
            jsonschema::options()
                .with_draft(jsonschema::Draft::Draft202012)
                .build(&Value::Object(schema))
                .ok()
        };
        self.compiled.get_or_init(compile).as_ref()
    }

    /// Whether none of these ways to read a value fits.
    fn refuses_all(&self, readings: &[Value]) -> bool {
        self.compiled().is_some_and(|validator| !readings.iter().any(|value| validator.is_valid(value)))
    }
}

/// What text in an address may mean.
fn readings(given: &[&str]) -> Vec<Value> {
    let one = |text: &str| {
        let typed =
            serde_json::from_str::<Value>(text).ok().filter(|value| value.is_boolean() || value.is_i64());
        typed.into_iter().chain([json!(text)]).collect::<Vec<_>>()
    };
    let each: Vec<Vec<Value>> = given.iter().map(|text| one(text)).collect();
    let typed: Vec<Value> = each.iter().filter_map(|readings| readings.first().cloned()).collect();
    let mut all = vec![Value::Array(typed), json!(given)];
    if let ([_], Some(alone)) = (given, each.first()) {
        all.extend(alone.iter().cloned());
    }
    all
}

impl Contract {
    #[expect(clippy::expect_used, reason = "a test fixture that is not there stops the test")]
    fn read() -> Self {
        let text = fs::read_to_string(DOCUMENT).expect("`metabase-openapi.json` lies beside this crate");
        let document: Value = serde_json::from_str(&text).expect("`metabase-openapi.json` is JSON");
        let components = Arc::new(relaxed(document.get("components").unwrap_or(&Value::Null)));
        let paths = document.get("paths").and_then(Value::as_object).cloned().unwrap_or_default();
        let operations = paths.iter().flat_map(|(template, methods)| {
            let methods = methods.as_object().into_iter().flat_map(Map::iter);
            methods
                .map(|(method, operation)| Operation::read(method, template, operation, &components))
                .collect::<Vec<_>>()
        });
        Self { operations: operations.collect() }
    }
}

impl Operation {
    fn read(method: &str, template: &str, operation: &Value, components: &Arc<Value>) -> Self {
        let parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
        let parameters = parameters.filter_map(|parameter| {
            let schema = parameter.get("schema")?;
            let text = |key: &str| parameter.get(key).and_then(Value::as_str).map(str::to_owned);
            let required = parameter.get("required").and_then(Value::as_bool).unwrap_or(false);
            Some(Parameter {
                place: text("in")?,
                name: text("name")?,
                required: required && schema.get("default").is_none(),
                shape: Shape::new(schema, components),
            })
        });
        let schema = operation.pointer("/requestBody/content/application~1json/schema");
        let known = schema.and_then(|schema| schema.get("properties")).and_then(Value::as_object);
        Self {
            method: method.to_uppercase(),
            template: template.to_owned(),
            parameters: parameters.collect(),
            known: known.into_iter().flat_map(Map::keys).cloned().collect(),
            body: schema.map(|schema| Shape::new(schema, components)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(method: &str, path: &str, body: &Value) -> Vec<Complaint> {
        find(method, path).expect("the document has it").operation.check_body(body)
    }

    #[test]
    fn every_schema_of_the_document_compiles() {
        for operation in &CONTRACT.operations {
            let shapes = operation.parameters.iter().map(|one| &one.shape).chain(&operation.body);
            for shape in shapes {
                assert!(shape.compiled().is_some(), "{} {}", operation.method, operation.template);
            }
        }
    }

    #[test]
    fn a_literal_path_comes_before_a_place() {
        let template = |path: &str| find("GET", path).map(|found| found.operation.template.clone());
        assert_eq!(template("/api/card/public").as_deref(), Some("/api/card/public"));
        assert_eq!(template("/api/card/31").as_deref(), Some("/api/card/{id}"));
        assert_eq!(template("/api/card/31/"), None);
        assert_eq!(template("/api/cards"), None);
    }

    #[test]
    fn a_body_is_held_against_its_schema() {
        assert!(
            complaints("POST", "/api/collection", &json!({ "name": "Spend", "parent_id": null })).is_empty()
        );
        assert_eq!(complaints("POST", "/api/collection", &json!({ "name": "" }))[0].0, "name");
        assert!(!complaints("POST", "/api/collection", &json!({})).is_empty());
        let update = json!({ "dashcards": [{ "id": -1, "row": 0, "col": 0, "size_x": 0, "size_y": 1 }] });
        assert_eq!(complaints("PUT", "/api/dashboard/4", &update)[0].0, "dashcards");
    }

    #[test]
    fn a_query_is_held_against_its_schema() {
        let check = |query: &[(&str, &str)]| {
            let query: Vec<_> =
                query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let found = find("GET", "/api/collection/12/items").expect("the document has it");
            (found.operation.check_query(&query).len(), found.operation.unread_query(&query).len())
        };
        assert_eq!(check(&[("models", "card"), ("models", "dashboard"), ("limit", "500")]), (0, 0));
        assert_eq!(check(&[("models", "cards")]), (1, 0));
        assert_eq!(check(&[("archived", "yes")]), (1, 0));
        assert_eq!(check(&[("model", "card")]), (0, 1));
    }
}
