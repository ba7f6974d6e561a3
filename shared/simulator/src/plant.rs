//! Faults that no retry heals: answers that look well and say something wrong. The world, and so its truth, stays honest.

use std::str::FromStr;

use bytes::Bytes;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::faults::hollow;
use crate::http::{Request, Response};

/// What is wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Planted {
    /// Amounts a hundred times what they are.
    CentsAsDollars,
    /// Amounts a hundredth of what they are.
    DollarsAsCents,
    /// The rows of the last page are not there, and the counts say they are.
    DroppedPage,
    /// Each row stands there twice, and the counts do not say so.
    DoubledRows,
    /// A day with data comes without any.
    MissingDay,
    /// Nothing is there after a day.
    FrozenFeed,
    /// A member has another name.
    RenamedField(String),
    /// The first row's product is one that nobody knows.
    UnknownProduct,
    /// One key is another that no directory and no sheet knows.
    UnmappedKey,
}

/// A fault on an endpoint, always or on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plant {
    /// Which.
    pub planted: Planted,
    /// The path of the endpoint ends like this.
    pub endpoint: String,
    /// The day asked for; for [`Planted::FrozenFeed`] the last day with data. `None`: every day.
    pub day: Option<Date>,
}

/// How a plant is written, for the help of the program.
pub const HELP: &str = "KIND@ENDPOINT[@DAY]: plant a fault that no retry heals; the truth stays honest. KIND: \
    cents-as-dollars, dollars-as-cents, dropped-page, doubled-rows, missing-day, frozen-feed (nothing after DAY), \
    renamed-field:NAME, unknown-product, unmapped-key. ENDPOINT: the end of a path, such as cost_report. May be repeated";

impl FromStr for Plant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split('@');
        let (kind, endpoint) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let planted = match kind.split_once(':') {
            Some(("renamed-field", name)) if !name.is_empty() => Planted::RenamedField(name.to_owned()),
            Some(_) => return Err(format!("`{kind}` is no kind of fault")),
            None => match kind {
                "cents-as-dollars" => Planted::CentsAsDollars,
                "dollars-as-cents" => Planted::DollarsAsCents,
                "dropped-page" => Planted::DroppedPage,
                "doubled-rows" => Planted::DoubledRows,
                "missing-day" => Planted::MissingDay,
                "frozen-feed" => Planted::FrozenFeed,
                "unknown-product" => Planted::UnknownProduct,
                "unmapped-key" => Planted::UnmappedKey,
                _ => return Err(format!("`{kind}` is no kind of fault")),
            },
        };
        let read = |day: &str| day.parse::<Date>().map_err(|error| format!("`{day}` is no day: {error}"));
        let day = parts.next().map(read).transpose()?;
        if endpoint.is_empty() || parts.next().is_some() {
            return Err(format!("`{text}` is not KIND@ENDPOINT[@DAY]"));
        }
        let needs_day = matches!(planted, Planted::FrozenFeed | Planted::MissingDay);
        if needs_day && day.is_none() {
            return Err(format!("`{kind}` needs a day"));
        }
        Ok(Self { planted, endpoint: endpoint.to_owned(), day })
    }
}

impl Plant {
    fn suits(&self, request: &Request) -> bool {
        let is_of_day = match (self.day, day_of(request)) {
            (Some(last), Some(asked)) if self.planted == Planted::FrozenFeed => asked > last,
            (Some(day), asked) => asked == Some(day),
            (None, _) => true,
        };
        is_of_day && request.path.ends_with(&self.endpoint)
    }

    /// The answer with the fault in it.
    pub(crate) fn spoil(&self, request: &Request, answer: Response) -> Response {
        if !answer.is_success() || !self.suits(request) {
            return answer;
        }
        let text = || String::from_utf8_lossy(&answer.body).into_owned();
        let body = match &self.planted {
            Planted::CentsAsDollars => Bytes::from(scaled(text(), 2)),
            Planted::DollarsAsCents => Bytes::from(scaled(text(), -2)),
            Planted::DroppedPage => edited(&answer.body, dropped),
            Planted::DoubledRows => edited(&answer.body, doubled),
            Planted::MissingDay | Planted::FrozenFeed => hollow(&answer.body),
            Planted::RenamedField(name) => {
                Bytes::from(text().replace(&format!("\"{name}\":"), &format!("\"{name}Renamed\":")))
            }
            Planted::UnknownProduct => {
                let text = text();
                let known = value_of(&text, "product").map(|known| format!("\"product\":\"{known}\""));
                let changed = known.map(|known| text.replacen(&known, "\"product\":\"quantum_office\"", 1));
                Bytes::from(changed.unwrap_or(text))
            }
            Planted::UnmappedKey => {
                let text = text();
                let known = value_of(&text, "api_key_id").map(|known| format!("\"{known}\""));
                let changed = known.map(|known| text.replace(&known, "\"apikey_01NobodyKnowsThis\""));
                Bytes::from(changed.unwrap_or(text))
            }
        };
        Response { body, ..answer }
    }
}

/// The first day a request asks for.
fn day_of(request: &Request) -> Option<Date> {
    if let Some(start) = request.parameter("starting_at").or_else(|| request.parameter("date")) {
        return start.get(..10)?.parse().ok();
    }
    let body: Value = serde_json::from_slice(&request.body).ok()?;
    let start = Timestamp::from_millisecond(body.get("startDate")?.as_i64()?).ok()?;
    Some(start.to_zoned(TimeZone::UTC).date())
}

/// The first text of a member.
fn value_of<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = text.split_once(&format!("\"{name}\":\""))?;
    after.split('"').next()
}

/// Members that hold cents.
const AMOUNTS: [&str; 5] = ["amount", "list_amount", "chargedCents", "cursorTokenFee", "totalCents"];

/// Every amount with its point moved. Digit by digit: a float would change other digits as well.
fn scaled(text: String, places: i64) -> String {
    AMOUNTS.iter().fold(text, |text, name| {
        let mark = format!("\"{name}\":");
        let mut parts = text.split(&mark);
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let quote = if part.starts_with('"') { "\"" } else { "" };
            let rest = part.strip_prefix('"').unwrap_or(part);
            let is_digit = |letter: char| letter.is_ascii_digit() || matches!(letter, '.' | '-');
            let end = rest.find(|letter| !is_digit(letter)).unwrap_or(rest.len());
            let (number, after) = rest.split_at(end);
            out.push_str(&mark);
            out.push_str(quote);
            out.push_str(&moved_point(number, places));
            out.push_str(after);
        }
        out
    })
}

fn moved_point(number: &str, places: i64) -> String {
    let (sign, number) = number.strip_prefix('-').map_or(("", number), |number| ("-", number));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() {
        return format!("{sign}{number}");
    }
    let point = whole.len() as i64 + places;
    let mut digits = format!("{whole}{fraction}");
    if point < 1 {
        digits = "0".repeat((1 - point).unsigned_abs() as usize) + &digits;
    }
    let point = point.max(1) as usize;
    while digits.len() < point {
        digits.push('0');
    }
    let (whole, fraction) = digits.split_at(point);
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

fn edited(body: &Bytes, edit: fn(&mut Value)) -> Bytes {
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else { return body.clone() };
    edit(&mut value);
    serde_json::to_vec(&value).map_or_else(|_| body.clone(), Bytes::from)
}

/// The lists of rows in an answer: a list, or one in each bucket.
fn lists(value: &mut Value) -> Vec<&mut Vec<Value>> {
    let Some(object) = value.as_object_mut() else { return Vec::new() };
    let names = ["data", "usageEvents", "usageEventsDisplay"];
    let rows = object.iter_mut().filter(|(name, _)| names.contains(&name.as_str()));
    rows.filter_map(|(_, rows)| rows.as_array_mut())
        .flat_map(|rows| {
            if rows.iter().any(|row| row.get("results").is_some()) {
                rows.iter_mut().filter_map(|row| row.get_mut("results")?.as_array_mut()).collect()
            } else {
                vec![rows]
            }
        })
        .collect()
}

fn doubled(value: &mut Value) {
    for rows in lists(value) {
        *rows = rows.iter().flat_map(|row| [row.clone(), row.clone()]).collect();
    }
}

fn dropped(value: &mut Value) {
    let has_more = |value: &Value| {
        let pagination = value.get("pagination").and_then(|pagination| pagination.get("hasNextPage"));
        value.get("has_more").or(pagination).and_then(Value::as_bool) == Some(true)
    };
    if has_more(value) {
        return;
    }
    for rows in lists(value) {
        rows.clear();
    }
    // Where nothing is counted, what follows is announced and not there.
    if let Some(object) = value.as_object_mut()
        && object.contains_key("has_more")
    {
        object.insert("has_more".to_owned(), Value::Bool(true));
        object.insert("next_page".to_owned(), Value::Null);
        object.insert("last_id".to_owned(), Value::Null);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoiled(plant: &str, body: &str) -> String {
        let plant: Plant = plant.parse().unwrap();
        let request =
            Request::get("/v1/organizations/cost_report").with("starting_at", "2026-10-05T00:00:00Z");
        let answer = Response::json(200, Bytes::from(body.to_owned()));
        String::from_utf8(plant.spoil(&request, answer).body.to_vec()).unwrap()
    }

    #[test]
    fn a_plant_changes_its_endpoint_on_its_day_and_nothing_else() {
        let body = r#"{"data":[{"amount":"1.5"}],"has_more":false}"#;
        for (plant, expected) in [
            ("cents-as-dollars@cost_report", r#"{"data":[{"amount":"150"}],"has_more":false}"#),
            ("cents-as-dollars@cost_report@2026-10-05", r#"{"data":[{"amount":"150"}],"has_more":false}"#),
            ("cents-as-dollars@cost_report@2026-10-06", body),
            ("cents-as-dollars@usage", body),
            ("dollars-as-cents@cost_report", r#"{"data":[{"amount":"0.015"}],"has_more":false}"#),
            ("renamed-field:amount@cost_report", r#"{"data":[{"amountRenamed":"1.5"}],"has_more":false}"#),
            ("doubled-rows@cost_report", r#"{"data":[{"amount":"1.5"},{"amount":"1.5"}],"has_more":false}"#),
            ("dropped-page@cost_report", r#"{"data":[],"has_more":true,"last_id":null,"next_page":null}"#),
            ("missing-day@cost_report@2026-10-05", r#"{"data":[],"has_more":false}"#),
            ("frozen-feed@cost_report@2026-10-04", r#"{"data":[],"has_more":false}"#),
            ("frozen-feed@cost_report@2026-10-05", body),
        ] {
            assert_eq!(spoiled(plant, body), expected, "{plant}");
        }
        let keys = r#"{"data":[{"api_key_id":"a","product":"x"},{"api_key_id":"a","product":"x"},{"api_key_id":"b"}]}"#;
        let product = r#"{"data":[{"api_key_id":"a","product":"quantum_office"},{"api_key_id":"a","product":"x"},{"api_key_id":"b"}]}"#;
        assert_eq!(spoiled("unknown-product@cost_report", keys), product);
        let unmapped = keys.replace("\"a\"", "\"apikey_01NobodyKnowsThis\"");
        assert_eq!(spoiled("unmapped-key@cost_report", keys), unmapped);
    }

    #[test]
    fn a_plant_that_cannot_be_read_says_why() {
        for (text, why) in [
            ("leak@cost_report", "no kind"),
            ("renamed-field@cost_report", "no kind"),
            ("cents-as-dollars", "is not KIND@ENDPOINT"),
            ("missing-day@cost_report", "needs a day"),
            ("missing-day@cost_report@today", "`today` is no day"),
        ] {
            let error = text.parse::<Plant>().unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn a_point_moves_without_touching_digits() {
        for (number, up, down) in [
            ("40.16699999999999", "4016.699999999999", "0.4016699999999999"),
            ("7", "700", "0.07"),
            ("-0.05", "-5", "-0.0005"),
            ("1234", "123400", "12.34"),
            ("0", "0", "0.00"),
            ("", "", ""),
        ] {
            assert_eq!(
                (moved_point(number, 2), moved_point(number, -2)),
                (up.into(), down.into()),
                "{number}"
            );
        }
    }
}
