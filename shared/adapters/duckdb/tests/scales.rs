//! Every scale of words, wherever it stands in views and cards, at both sides of each of its limits.

use aispend_warehouse::{Engine, cards, views};
use duckdb::Connection;

/// Words of a scale by which its `CASE` is known, and what it says of which measure. `None`: NULL.
struct Scale {
    name: &'static str,
    known_by: &'static [&'static str],
    says: &'static [(Option<&'static str>, Option<&'static str>)],
    /// How many places have it at least: one that is not found proves nothing.
    places: usize,
}

const SCALES: [Scale; 8] = [
    Scale {
        name: "efficiency tier",
        known_by: &["'Average'", "'Low'"],
        says: &[
            (None, Some("No output data")),
            (Some("0"), Some("High")),
            (Some("0.10"), Some("High")),
            (Some("0.100000001"), Some("Good")),
            (Some("0.25"), Some("Good")),
            (Some("0.250000001"), Some("Average")),
            (Some("0.50"), Some("Average")),
            (Some("0.500000001"), Some("Low")),
        ],
        places: 4,
    },
    Scale {
        name: "ROI category",
        known_by: &["'Poor'", "'Excellent'"],
        says: &[
            (None, Some("No output data")),
            (Some("0"), Some("Excellent")),
            (Some("0.15"), Some("Excellent")),
            (Some("0.150000001"), Some("Good")),
            (Some("0.30"), Some("Good")),
            (Some("0.300000001"), Some("Acceptable")),
            (Some("0.50"), Some("Acceptable")),
            (Some("0.500000001"), Some("Poor")),
        ],
        places: 4,
    },
    Scale {
        name: "performance tier",
        known_by: &["'Needs Support'", "'Top Performer'"],
        says: &[
            (None, Some("Too little data")),
            (Some("0"), Some("Needs Support")),
            (Some("0.249999999"), Some("Needs Support")),
            (Some("0.25"), Some("Below Average")),
            (Some("0.499999999"), Some("Below Average")),
            (Some("0.5"), Some("Above Average")),
            (Some("0.749999999"), Some("Above Average")),
            (Some("0.75"), Some("Top Performer")),
            (Some("1"), Some("Top Performer")),
        ],
        places: 2,
    },
    Scale {
        name: "engagement",
        known_by: &["'Low Activity'", "'Highly Active'"],
        says: &[
            (None, None),
            (Some("0"), Some("Low Activity")),
            (Some("0.199999999"), Some("Low Activity")),
            (Some("0.2"), Some("Occasional")),
            (Some("0.499999999"), Some("Occasional")),
            (Some("0.5"), Some("Moderately Active")),
            (Some("0.799999999"), Some("Moderately Active")),
            (Some("0.8"), Some("Highly Active")),
            (Some("1"), Some("Highly Active")),
        ],
        places: 2,
    },
    Scale {
        name: "user category",
        known_by: &["'Cost Only'", "'Power'"],
        says: &[
            (None, Some("Cost Only")),
            (Some("0"), Some("Cost Only")),
            (Some("0.5"), Some("Light")),
            (Some("4.999999999"), Some("Light")),
            (Some("5"), Some("Occasional")),
            (Some("19"), Some("Occasional")),
            (Some("20"), Some("Regular")),
            (Some("49"), Some("Regular")),
            (Some("50"), Some("Power")),
        ],
        places: 2,
    },
    Scale {
        name: "growth",
        known_by: &["'Significant Decline'", "'High Growth'"],
        says: &[
            (None, None),
            (Some("0.200000001"), Some("High Growth")),
            (Some("0.2"), Some("Moderate Growth")),
            (Some("0.050000001"), Some("Moderate Growth")),
            (Some("0.05"), Some("Stable")),
            (Some("0"), Some("Stable")),
            (Some("-0.05"), Some("Stable")),
            (Some("-0.050000001"), Some("Moderate Decline")),
            (Some("-0.2"), Some("Moderate Decline")),
            (Some("-0.200000001"), Some("Significant Decline")),
        ],
        places: 4,
    },
    Scale {
        name: "data quality",
        known_by: &["'Needs Attention'", "'Excellent'"],
        says: &[
            (None, None),
            (Some("1"), Some("Excellent")),
            (Some("0.95"), Some("Excellent")),
            (Some("0.949999999"), Some("Good")),
            (Some("0.85"), Some("Good")),
            (Some("0.849999999"), Some("Acceptable")),
            (Some("0.7"), Some("Acceptable")),
            (Some("0.699999999"), Some("Needs Attention")),
            (Some("0"), Some("Needs Attention")),
        ],
        places: 2,
    },
    Scale {
        name: "platform preference",
        known_by: &["'Cursor Heavy'", "'Anthropic Heavy'"],
        says: &[
            (None, None),
            (Some("0"), Some("Anthropic Heavy")),
            (Some("0.299999999"), Some("Anthropic Heavy")),
            (Some("0.3"), Some("Balanced")),
            (Some("0.7"), Some("Balanced")),
            (Some("0.700000001"), Some("Cursor Heavy")),
            (Some("1"), Some("Cursor Heavy")),
        ],
        places: 3,
    },
];

/// Every `CASE` of one line a branch, without another inside.
fn cases(sql: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Option<String> = None;
    for line in sql.lines().map(str::trim) {
        if line.ends_with("CASE") {
            open = Some("CASE".to_owned());
        } else if let Some(case) = &mut open {
            if line.starts_with("END") {
                found.push(format!("{case} END"));
                open = None;
            } else if line.starts_with("WHEN ") || line.starts_with("ELSE ") {
                case.push(' ');
                case.push_str(line);
            } else {
                open = None;
            }
        }
    }
    found
}

/// The `CASE` over one value `v`, whatever column it judges where it stands.
fn over_v(case: &str) -> String {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '.';
    let mut measures: Vec<&str> = case
        .split(|letter| !is_name(letter))
        .filter(|word| {
            word.split_once('.').is_some_and(|(table, column)| {
                table.len() == 1
                    && table.chars().all(|letter| letter.is_ascii_lowercase())
                    && !column.is_empty()
            })
        })
        .collect();
    measures.sort_unstable();
    measures.dedup();
    let (people, values): (Vec<&str>, Vec<&str>) =
        measures.iter().partition(|name| name.ends_with(".user_email"));
    let [value] = values.as_slice() else { panic!("{values:?} are not one measure: {case}") };
    let mut over = case.replace(*value, "v");
    for person in people {
        over = over.replace(person, "'somebody'");
    }
    over
}

#[test]
fn every_limit_of_every_scale_belongs_where_it_should() {
    let mut sources: Vec<(String, String)> =
        views().map(|view| (view.name.to_owned(), view.create(Engine::DuckDb).join("\n"))).collect();
    sources.extend(cards().unwrap().into_iter().map(|card| (card.id.clone(), card.template().to_owned())));
    let connection = Connection::open_in_memory().unwrap();
    for scale in SCALES {
        let mut places = 0;
        for (place, sql) in &sources {
            let is_it = |case: &&String| scale.known_by.iter().all(|word| case.contains(word));
            for case in cases(sql).iter().filter(is_it) {
                places += 1;
                let over = over_v(case);
                for (value, word) in scale.says {
                    let value = value.unwrap_or("NULL");
                    let asked = format!("SELECT {over} FROM (SELECT CAST({value} AS DECIMAL(38, 9)) AS v)");
                    let said: Option<String> = connection.query_row(&asked, [], |row| row.get(0)).unwrap();
                    assert_eq!(said.as_deref(), *word, "{} of {value} in {place}", scale.name);
                }
            }
        }
        assert!(places >= scale.places, "{} was found in {places} places", scale.name);
    }
}
