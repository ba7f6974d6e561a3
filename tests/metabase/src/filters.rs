//! What stands in the SQL for a template tag and its value.

use jiff::civil::Date;
use serde_json::Value;

use crate::{
    dates,
    json::{Row, flag, list, text},
    sql::Filled,
};

/// A value for a tag, as a request gives it.
#[derive(Clone, Debug)]
pub struct Given {
    /// The type of the parameter, where the request says it.
    pub kind: Option<String>,
    pub value: Value,
}

/// What stands for a tag. `column` is what a field filter compares.
///
/// # Errors
/// In the server's words: a value or a type that does not fit.
pub fn fill(tag: &Row, given: Option<&Given>, column: &str, today: Date) -> Result<Filled, String> {
    let name = text(tag, "name").unwrap_or_default();
    let default = tag.get("default").map(values).unwrap_or_default();
    let sent = given.map(|given| values(&given.value));
    let values = match sent {
        None => default,
        // An empty choice is a choice, unless the tag insists.
        Some(sent) if sent.is_empty() && flag(tag, "required") => default,
        Some(sent) => sent,
    };
    let is_filter = text(tag, "type") == Some("dimension");
    if values.is_empty() {
        let label = text(tag, "display-name").unwrap_or(name).to_owned();
        let all = is_filter && !flag(tag, "required");
        return Ok(if all { Filled::Everything } else { Filled::Missing(label) });
    }
    let kind = given.and_then(|given| given.kind.as_deref());
    let own = if is_filter { text(tag, "widget-type") } else { text(tag, "type") };
    let own = own.unwrap_or_default();
    let kind = kind.unwrap_or(own);
    if !may_take(own, kind, is_filter) {
        return Err(format!(
            "Invalid parameter type :{kind} for parameter \"{name}\". Parameter type cannot be used with :{own}"
        ));
    }
    let written = if is_filter { condition(kind, column, &values, today) } else { variable(own, &values) };
    written
        .map(Filled::Text)
        .ok_or_else(|| format!("Error: `{values:?}` is no value of :{kind} for parameter \"{name}\""))
}

/// The values in a value: none, one, or a list of them.
fn values(value: &Value) -> Vec<Value> {
    let is_there = |value: &&Value| !value.is_null() && value.as_str() != Some("");
    match value {
        Value::Array(values) => values.iter().filter(is_there).cloned().collect(),
        value => Some(value).filter(is_there).cloned().into_iter().collect(),
    }
}

/// Whether a tag of one type takes a parameter of another.
fn may_take(own: &str, kind: &str, is_filter: bool) -> bool {
    let family = |kind: &str| match kind.split('/').next().unwrap_or_default() {
        "string" | "category" | "location" | "text" => "text",
        "number" | "id" => "number",
        "date" => "date",
        "boolean" => "boolean",
        _ => "",
    };
    match (own, is_filter) {
        // Text that came from a list of numbers is taken as well.
        _ if kind == "id" || kind == "category" => own != "boolean",
        // A variable holds one day. A range is for a filter.
        ("date", false) => matches!(kind, "date" | "date/single"),
        ("date/all-options", _) => family(kind) == "date",
        (own, _) if family(own) == "date" => own == kind || kind == "date/single" && own == "date",
        (own, _) => family(own) == family(kind),
    }
}

/// A variable as a literal, several with commas between.
fn variable(kind: &str, values: &[Value]) -> Option<String> {
    let literal = |value: &Value| match kind {
        "text" => Some(quoted(value)),
        "number" => number(value),
        "boolean" => truth(value),
        "date" => {
            let day = value.as_str()?.split('T').next()?.parse::<Date>().ok()?;
            Some(format!("DATE '{day}'"))
        }
        _ => None,
    };
    Some(values.iter().map(literal).collect::<Option<Vec<_>>>()?.join(", "))
}

/// A field filter as a condition.
fn condition(kind: &str, column: &str, values: &[Value], today: Date) -> Option<String> {
    let (family, operator) = kind.split_once('/').unwrap_or((kind, "="));
    let each = |between: &str, one: &dyn Fn(&Value) -> Option<String>| {
        let all = values.iter().map(one).collect::<Option<Vec<_>>>()?;
        Some(match all.as_slice() {
            [only] => only.clone(),
            _ => format!("({})", all.join(between)),
        })
    };
    let like = |value: &Value, before: &str, after: &str| {
        let text = plain(value).replace('\'', "''");
        format!("{column} LIKE '{before}{text}{after}'")
    };
    match (family, operator) {
        ("date", _) => match values {
            [Value::String(value)] => range(column, &dates::parse(value, today)?),
            _ => None,
        },
        ("string", "!=") => {
            each(" AND ", &|value| Some(format!("({column} <> {} OR {column} IS NULL)", quoted(value))))
        }
        ("string", "contains") => each(" OR ", &|value| Some(like(value, "%", "%"))),
        ("string", "does-not-contain") => {
            each(" AND ", &|value| Some(format!("NOT ({})", like(value, "%", "%"))))
        }
        ("string", "starts-with") => each(" OR ", &|value| Some(like(value, "", "%"))),
        ("string", "ends-with") => each(" OR ", &|value| Some(like(value, "%", ""))),
        ("string" | "category" | "location" | "text", _) => {
            each(" OR ", &|value| Some(format!("{column} = {}", quoted(value))))
        }
        ("number", "between") => match values {
            [low, high] => Some(format!("{column} BETWEEN {} AND {}", number(low)?, number(high)?)),
            _ => None,
        },
        ("number", "!=") => {
            each(" AND ", &|value| Some(format!("({column} <> {} OR {column} IS NULL)", number(value)?)))
        }
        ("number", ">=" | "<=") => {
            each(" AND ", &|value| Some(format!("{column} {operator} {}", number(value)?)))
        }
        ("number" | "id", _) => each(" OR ", &|value| Some(format!("{column} = {}", number(value)?))),
        ("boolean", _) => each(" OR ", &|value| Some(format!("{column} = {}", truth(value)?))),
        _ => None,
    }
}

fn range(column: &str, days: &dates::Days) -> Option<String> {
    let from = days.from.map(|day| format!("{column} >= DATE '{day}'"));
    let until = days.until.map(|day| format!("{column} < DATE '{day}'"));
    let both: Vec<String> = [from, until].into_iter().flatten().collect();
    (!both.is_empty()).then(|| format!("({})", both.join(" AND ")))
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn quoted(value: &Value) -> String {
    format!("'{}'", plain(value).replace('\'', "''"))
}

/// Digits only, so that nothing else gets in.
fn number(value: &Value) -> Option<String> {
    let text = plain(value);
    text.parse::<f64>().is_ok_and(f64::is_finite).then_some(text)
}

fn truth(value: &Value) -> Option<String> {
    match plain(value).as_str() {
        "true" => Some("TRUE".to_owned()),
        "false" => Some("FALSE".to_owned()),
        _ => None,
    }
}

/// The column that a tag filters, and whether the server finds it: the alias as it stands, or the field's full name.
pub fn column(tag: &Row, table: Option<&Row>, field: Option<&Row>, major: u32) -> Option<String> {
    let (table, field) = (table?, field?);
    let alias = text(tag, "alias").filter(|alias| major >= 56 && !alias.is_empty());
    let full =
        || Some(format!("`{}.{}`.`{}`", text(table, "schema")?, text(table, "name")?, text(field, "name")?));
    alias.map(str::to_owned).or_else(full)
}

/// The tag that a parameter is for, if its target has the form that this kind of tag answers to.
pub fn target(target: &Value) -> Option<(bool, String)> {
    let parts = target.as_array()?;
    let is_filter = match parts.first()?.as_str()? {
        "dimension" => true,
        "variable" => false,
        _ => return None,
    };
    let inner = parts.get(1)?.as_array()?;
    let name = (inner.first()? == "template-tag").then(|| inner.get(1)?.as_str())??;
    Some((is_filter, name.to_owned()))
}

/// Whether a tag is one that `dimension` targets.
pub fn is_dimension(tag: &Row) -> bool {
    matches!(text(tag, "type"), Some("dimension" | "temporal-unit")) && !list(tag, "dimension").is_empty()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::json;

    use super::*;

    fn filled(tag: &Value, given: Option<(&str, Value)>) -> Result<Filled, String> {
        let given = given.map(|(kind, value)| Given { kind: Some(kind.to_owned()), value });
        fill(&crate::json::row(tag.clone()), given.as_ref(), "s.c", date(2026, 11, 15))
    }

    fn check(tag: &Value, given: Option<(&str, Value)>, expected: &str) {
        assert_eq!(filled(tag, given), Ok(Filled::Text(expected.to_owned())), "{tag}");
    }

    fn filter(widget: &str) -> Value {
        json!({ "name": "p", "display-name": "P", "type": "dimension", "widget-type": widget })
    }

    #[test]
    fn a_field_filter_becomes_a_condition() {
        check(&filter("string/="), Some(("string/=", json!(["a"]))), "s.c = 'a'");
        check(
            &filter("string/="),
            Some(("string/=", json!(["a", "O'Brien"]))),
            "(s.c = 'a' OR s.c = 'O''Brien')",
        );
        check(&filter("string/!="), Some(("string/!=", json!("a"))), "(s.c <> 'a' OR s.c IS NULL)");
        check(&filter("string/contains"), Some(("string/contains", json!("a"))), "s.c LIKE '%a%'");
        check(&filter("number/between"), Some(("number/between", json!([1, 2.5]))), "s.c BETWEEN 1 AND 2.5");
        check(&filter("boolean/="), Some(("boolean/=", json!(true))), "s.c = TRUE");
        let day = "(s.c >= DATE '2026-03-01' AND s.c < DATE '2026-04-01')";
        check(&filter("date/all-options"), Some(("date/month-year", json!("2026-03"))), day);
    }

    #[test]
    fn a_variable_becomes_a_literal() {
        let variable = |kind: &str| json!({ "name": "p", "display-name": "P", "type": kind });
        check(&variable("text"), Some(("string/=", json!(["a", "b"]))), "'a', 'b'");
        check(&variable("number"), Some(("number/=", json!("12"))), "12");
        check(&variable("date"), Some(("date/single", json!("2026-03-01"))), "DATE '2026-03-01'");
        assert!(filled(&variable("date"), Some(("date/all-options", json!("past30days")))).is_err());
        assert!(filled(&variable("number"), Some(("number/=", json!("1; DROP")))).is_err());
        assert_eq!(filled(&variable("text"), None), Ok(Filled::Missing("P".to_owned())));
    }

    #[test]
    fn a_default_counts_where_nothing_is_sent_or_something_must_be() {
        let with = |required: bool| {
            let mut tag = crate::json::row(filter("string/="));
            tag.insert("default".to_owned(), json!(["d"]));
            tag.insert("required".to_owned(), json!(required));
            Value::Object(tag)
        };
        check(&with(false), None, "s.c = 'd'");
        check(&with(true), Some(("string/=", json!([]))), "s.c = 'd'");
        assert_eq!(filled(&with(false), Some(("string/=", json!(null)))), Ok(Filled::Everything));
    }
}
