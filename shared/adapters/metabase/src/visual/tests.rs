//! Colours, titles and formats, held against what declares them: the assets of the web page, and the card files.

use aispend_dashboards::{Number, format};
use aispend_warehouse::{Card, Column, ColumnType, Display, cards};
use serde_json::{Value, json};

use super::palette;
use super::{settings, twin_settings};

fn asset(name: &str) -> String {
    std::fs::read_to_string(format!("{}/../web/assets/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// A colour of the page, on white.
fn token(name: &str) -> String {
    let css = asset("tokens.css");
    let (_, rest) = css.split_once(&format!("--{name}: light-dark(")).unwrap_or_else(|| panic!("no {name}"));
    rest.split(',').next().unwrap().to_owned()
}

/// The colours that a line of the page's light theme names, by name where they have one.
fn drawn(name: &str) -> Vec<(String, String)> {
    let script = asset("palette.js");
    let (_, light) = script.split_once("light: {").unwrap();
    let light = light.split_once("dark: {").unwrap().0;
    let (_, rest) = light.split_once(&format!("{name}: ")).unwrap_or_else(|| panic!("no {name}"));
    let inside = rest.split(['}', ']', '\n']).next().unwrap();
    let colors = inside.split(',').filter(|part| part.contains('#')).map(|part| {
        let (name, color) = part.rsplit_once(':').unwrap_or(("", part));
        let word = |text: &str| text.trim().trim_matches(['{', '[', '"', ' ']).to_owned();
        (word(name), word(color))
    });
    colors.collect()
}

fn colors(name: &str) -> Vec<String> {
    drawn(name).into_iter().map(|(_, color)| color).collect()
}

fn all() -> Vec<Card> {
    cards().unwrap().into_iter().filter(|card| !card.is_text()).collect()
}

/// A card's chart, its settings and what its series are.
fn series_of(card: &Card) -> (Option<&str>, Value) {
    (card.chart.as_ref().and_then(|chart| chart.series.as_deref()), settings(card)["series_settings"].clone())
}

#[test]
fn every_colour_is_the_one_of_the_web_page() {
    let platforms = drawn("platform");
    assert_eq!(platforms.len(), palette::PLATFORMS.len());
    for (key, color, _) in palette::PLATFORMS {
        assert_eq!(color, token(&key.replace('_', "-")), "{key}");
        assert!(platforms.contains(&(key.to_owned(), color.to_owned())), "{key}");
    }
    let classes: Vec<(String, String)> = palette::COST_CLASSES
        .iter()
        .map(|(key, _, color)| ((*key).to_owned(), (*color).to_owned()))
        .collect();
    assert_eq!(classes, drawn("cost_class"));
    assert_eq!(palette::SERIES.to_vec(), colors("series"));
    assert_eq!(palette::CHANGE.to_vec(), colors("change"));
    assert_eq!(
        [palette::SINGLE, palette::BUDGET].to_vec(),
        [colors("single"), colors("budget")].map(|found| found[0].clone())
    );
    assert_eq!((palette::INK.to_owned(), palette::OTHER.to_owned()), (token("ink"), token("unattributed")));
    assert_eq!(palette::FORECAST, token("claude-api"));
    assert_eq!(palette::GROWTH.to_vec(), ["good", "unattributed", "bad"].map(token));
    assert_eq!(palette::HEAT.to_vec(), ["surface", "cool-4"].map(token));
    assert_eq!(palette::COST_HEAT.to_vec(), ["cool-4", "surface", "warm-3"].map(token));
    assert_eq!(palette::TINTS.to_vec(), ["cool-2", "warm-2"].map(token));
}

/// So many digits behind the point.
fn places(shown: &str) -> usize {
    let number = shown.trim_end_matches(" %");
    number.rsplit_once('.').map_or(0, |(_, digits)| digits.len())
}

/// How a column is to be written, by its file alone. Decimals are those of the web page; money, which has as many there as
/// its size asks for, has cents in tables and whole dollars elsewhere.
fn expected(column: &Column, is_table: bool) -> Value {
    let number = |text: &str| Number::read(text).unwrap();
    let cents = is_table || column.name.starts_with("cost_per_");
    let mut expected = match column.kind {
        ColumnType::Usd | ColumnType::UsdUnit => {
            let shown = match column.kind {
                ColumnType::UsdUnit => format::usd_unit(number("0.1874")),
                _ => format::usd(number(if cents { "84.12" } else { "8412.37" })),
            };
            json!({
                "number_style": "currency", "currency": "USD", "currency_style": "symbol", "currency_in_header": false,
                "decimals": places(&shown),
            })
        }
        // A fraction: Metabase multiplies it by a hundred, and nothing else may.
        ColumnType::Percent => {
            json!({"number_style": "percent", "decimals": places(&format::percent(number("0.0633")))})
        }
        ColumnType::Integer | ColumnType::Number => {
            let shown = format::figure(number("4.25"), column.kind);
            json!({"number_style": "decimal", "decimals": places(&shown)})
        }
        ColumnType::Day | ColumnType::Week => {
            json!({"date_style": "D MMMM, YYYY", "date_abbreviate": true, "time_enabled": null})
        }
        ColumnType::Month => {
            json!({"date_style": "MMMM, YYYY", "date_abbreviate": true, "time_enabled": null})
        }
        ColumnType::Headline => json!({"text_wrapping": true}),
        _ => json!({}),
    };
    expected["column_title"] = json!(column.label);
    if column.kind.is_number() {
        expected["number_separators"] = json!(".,");
    }
    if column.mini && is_table {
        expected["show_mini_bar"] = json!(true);
    }
    expected
}

#[test]
fn every_column_is_titled_and_written_as_its_file_says() {
    for card in all() {
        let (own, twin) = (settings(&card), twin_settings(&card));
        for (settings, is_table) in [(&own, card.display == Display::Table), (&twin, true)] {
            let written = settings["column_settings"].as_object().unwrap();
            assert_eq!(written.len(), card.columns.len(), "{}", card.id);
            for column in &card.columns {
                let key = json!(["name", column.name]).to_string();
                assert_eq!(written[&key], expected(column, is_table), "{} {}", card.id, column.name);
            }
        }
        for settings in [&own, &twin] {
            let shown = settings["table.columns"].as_array().into_iter().flatten();
            let hidden: Vec<&Value> =
                shown.filter(|column| column["enabled"] == false).map(|column| &column["name"]).collect();
            let declared: Vec<&String> =
                card.columns.iter().filter(|column| column.hidden).map(|column| &column.name).collect();
            assert!(settings["table.columns"].is_null() || hidden == declared, "{}: {hidden:?}", card.id);
        }
    }
}

#[test]
fn axes_say_what_is_measured_and_in_which_unit() {
    for card in all() {
        let (Some(chart), drawn) = (&card.chart, settings(&card)) else { continue };
        if drawn["graph.metrics"].is_null() {
            continue;
        }
        let label =
            |name: &String| card.columns.iter().find(|column| column.name == *name).unwrap().label.clone();
        assert_eq!(drawn["graph.metrics"], json!(chart.y), "{}", card.id);
        if card.display == Display::Scatter {
            let titles = json!([drawn["graph.x_axis.title_text"], drawn["graph.y_axis.title_text"]]);
            assert_eq!(titles, json!([format!("{} (USD)", label(&chart.x)), label(&chart.y[0])]));
            continue;
        }
        assert_eq!(drawn["graph.x_axis.title_text"], json!(label(&chart.x)), "{}", card.id);
        let title = drawn["graph.y_axis.title_text"].as_str().unwrap();
        assert!(chart.y.iter().all(|measure| title.contains(&label(measure))), "{}: {title}", card.id);
        let is_said = title.to_lowercase().contains(&card.unit.to_lowercase());
        assert_eq!(is_said, card.unit != "text", "{}: {title}", card.id);
    }
    let title = |id: &str| {
        settings(all().iter().find(|card| card.id == id).unwrap())["graph.y_axis.title_text"].clone()
    };
    assert_eq!(title("prod/commits-trend"), "Commits, Pull requests");
    assert_eq!(title("exec/budget-vs-actual"), "Actual, Budget, Forecast (USD)");
}

#[test]
fn platforms_have_their_own_colours_and_words_wherever_they_are_series() {
    let mut seen = 0;
    for card in all().iter().filter(|card| series_of(card).0 == Some("platform")) {
        let looks = series_of(card).1;
        for (key, words) in format::PLATFORMS {
            let color = token(&key.replace('_', "-"));
            assert_eq!(
                json!([looks[key]["color"], looks[key]["title"]]),
                json!([color, words]),
                "{}",
                card.id
            );
            if card.display == Display::Line {
                let dash = palette::PLATFORMS.iter().find(|(known, _, _)| *known == key).unwrap().2;
                assert_eq!(looks[key]["line.style"], dash, "{}", card.id);
            }
        }
        seen += 1;
    }
    assert!(seen >= 7, "{seen}");
    let share = settings(all().iter().find(|card| card.id == "exec/platform-share").unwrap());
    for (place, (key, words)) in format::PLATFORMS.into_iter().enumerate() {
        let color = token(&key.replace('_', "-"));
        assert_eq!(share["pie.colors"][key], color);
        let row = &share["pie.rows"][place];
        assert_eq!(json!([row["key"], row["name"], row["color"]]), json!([key, words, color]));
    }
}

#[test]
fn other_series_have_the_colours_of_their_kind_in_their_order() {
    let looks = |id: &str| series_of(all().iter().find(|card| card.id == id).unwrap()).1;
    let color = |id: &str, keys: &[&str]| -> Vec<Value> {
        let looks = looks(id);
        keys.iter().map(|key| looks[*key]["color"].clone()).collect()
    };
    let series = colors("series");
    for (id, keys) in [
        ("alloc/token-types", &["input", "output", "cache_read", "cache_write"][..]),
        ("prod/request-mix", &["composer", "chat", "agent", "inline edit"]),
        ("prod/included-vs-overage", &["included", "overage"]),
        ("prod/active-trend", &["dau", "wau"]),
    ] {
        assert_eq!(color(id, keys), series[..keys.len()], "{id}");
    }
    for id in ["exec/seat-vs-usage", "alloc/team-share"] {
        assert_eq!(color(id, &["seat", "usage", "other"]), colors("cost_class"), "{id}");
        assert_eq!(looks(id)["seat"]["title"], "Seats", "{id}");
    }
    let [single, budget] = ["single", "budget"].map(|name| colors(name)[0].clone());
    assert_eq!(color("exec/budget-vs-actual", &["actual_usd", "budget_usd"]), [&*single, &*budget]);
    assert_eq!(color("alloc/models", &["cost_usd"]), [&*single]);
    assert_eq!(color("exec/monthly-trend", &["total"]), [token("ink")]);
    assert_eq!(color("alloc/team-trend", &["Other teams"]), [token("unattributed")]);
}
