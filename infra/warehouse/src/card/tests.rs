use jiff::civil::date;

use super::*;

const TREND: &str = r#"/*
title = "Spend by month and platform"
question = "Is spend growing, and where?"
definition = "Billed money by calendar month."
display = "line"
tab = "Overview"
place = [0, 6, 16, 7]
unit = "USD"
ignores = ["user", "date_range"]
changed = "2026-11-22"
[chart]
x = "month"
y = ["cost_usd"]
series = "platform"
colors = "platform"
goal = 0.5
[[columns]]
name = "month"
label = "Month"
type = "month"
[[columns]]
name = "platform"
label = "Platform"
type = "platform"
link = "alloc?platform={platform}"
[[columns]]
name = "cost_usd"
label = "Spend"
type = "usd"
*/
SELECT c.month AS month, s.platform AS platform, SUM(s.cost_usd) AS cost_usd
FROM {{spend}} AS s
JOIN ai_usage_analytics.dim_calendar AS c ON c.day = s.spend_date
GROUP BY c.month, s.platform
ORDER BY c.month, s.platform;
"#;

#[test]
fn a_file_is_read_whole() {
    let card = Card::parse("exec", "monthly-trend", TREND).unwrap();
    assert_eq!((card.id.as_str(), card.display), ("exec/monthly-trend", Display::Line));
    assert_eq!(card.ignores, [Filter::User, Filter::Range]);
    assert_eq!(card.place, Some(Place { col: 0, row: 6, width: 16, height: 7 }));
    assert_eq!(card.chart.as_ref().unwrap().more["goal"], toml::Value::Float(0.5));
    assert_eq!(card.views(), ["dim_calendar"]);
    assert_eq!(card.sources(), ["claude_expenses", "cursor_expenses", "dim_calendar"]);
    let selection = Selection::of_days(date(2026, 10, 1), date(2026, 10, 31), date(2026, 10, 18));
    let sql = card.sql(Engine::DuckDb, &selection).unwrap();
    assert!(sql.contains("FROM (SELECT v.* FROM ai_usage_analytics.vw_spend_daily AS v) AS s"), "{sql}");
    assert!(!sql.ends_with(';') && !sql.contains("{{"), "{sql}");
}

#[test]
fn a_wrong_file_names_itself_and_its_key() {
    let check = |from: &str, to: &str, expected: &str| {
        let error = Card::parse("exec", "x", &TREND.replace(from, to)).unwrap_err().to_string();
        assert!(error.starts_with("cards/exec/x.sql: ") && error.contains(expected), "{error}");
    };
    check("/*", "", "block comment");
    check("unit = ", "units = ", "units");
    check("title = ", "# ", "title");
    check("display = \"line\"", "display = \"gauge\"", "gauge");
    check("display = \"line\"", "display = \"table\"", "`chart`");
    check("[0, 6, 16, 7]", "[12, 6, 16, 7]", "`place`");
    check("y = [\"cost_usd\"]", "y = [\"cost\"]", "no column `cost`");
    check("{{spend}}", "{{spending}}", "{{spending}}");
    check("2026-11-22", "22 Nov", "`changed`");
}

#[test]
fn a_page_asks_a_long_table_for_its_first_rows_and_every_other_card_for_all() {
    let selection = Selection::of_days(date(2026, 10, 1), date(2026, 10, 31), date(2026, 10, 18));
    let mut long = Vec::new();
    for card in cards().unwrap() {
        for engine in [Engine::DuckDb, Engine::BigQuery] {
            let (all, first) = (card.sql(engine, &selection), card.page_sql(engine, &selection, 300));
            if all != first {
                let (all, first) = (all.unwrap(), first.unwrap());
                assert!(!all.contains(OF_ALL) && !card.sql_with(engine, |_| None).unwrap().contains(OF_ALL));
                let counted = first.strip_suffix("\nLIMIT 300").unwrap();
                assert_eq!(counted.replace(",\n    COUNT(*) OVER () AS of_all\n", "\n"), all);
                long.push(card.id.clone());
            }
        }
    }
    assert_eq!(long, ["alloc/ledger"; 2]);
    let file = TREND.replace("AS cost_usd\nFROM", "AS cost_usd{{of_all}}\nFROM");
    let error = Card::parse("exec", "x", &file).unwrap_err().to_string();
    assert!(error.contains("`{{of_all}}` is for tables"), "{error}");
}

#[test]
fn every_card_can_be_read_and_stands_alone_on_its_place() {
    let cards = cards().unwrap();
    for (at, card) in cards.iter().enumerate() {
        for other in cards.iter().skip(at + 1) {
            assert_ne!(card.id, other.id);
            let (Some(a), Some(b)) = (card.place, other.place) else { continue };
            let is_apart = card.group != other.group
                || card.tab != other.tab
                || a.col + a.width <= b.col
                || b.col + b.width <= a.col
                || a.row + a.height <= b.row
                || b.row + b.height <= a.row;
            assert!(is_apart, "{} lies over {}", card.id, other.id);
        }
    }
}

#[test]
fn every_card_says_what_it_answers_and_every_filter_is_followed() {
    let cards = cards().unwrap();
    for card in cards.iter().filter(|card| !card.is_text()) {
        let id = &card.id;
        assert!(card.question.ends_with('?'), "{id} asks nothing: {}", card.question);
        assert!(card.definition.ends_with('.'), "{id} has no definition in sentences: {}", card.definition);
        assert!(!card.title.is_empty() && !card.columns.is_empty(), "{id} has no title or no columns");
        assert!(
            card.columns.iter().all(|column| !column.label.is_empty()),
            "{id} has a column without a name"
        );
        // A drawing stands on what its table can show: a label and at least one number.
        let numbers = card.columns.iter().filter(|column| column.kind.is_number() && !column.hidden).count();
        assert!(
            !card.display.is_chart() || numbers > 0 && card.columns.len() > numbers,
            "{id} has no table of its own"
        );
        if let Some(place) = card.place {
            assert!(place.width > 0 && place.col + place.width <= 24, "{id} leaves the page");
        }
    }
    for group in ["exec", "alloc", "prod", "roi"] {
        for filter in Filter::ALL {
            let follows =
                |card: &&Card| card.group == group && !card.is_text() && !card.ignores.contains(&filter);
            assert!(
                cards.iter().any(|card| follows(&card)),
                "no card of {group} follows `{}`",
                filter.slug()
            );
        }
    }
}

#[test]
fn where_only_teams_are_seen_no_card_names_people_beside_their_work() {
    let all = super::cards().unwrap();
    let (work, money): (Vec<_>, Vec<_>) = all
        .iter()
        .filter(|card| card.is_personal)
        .partition(|card| matches!(card.group.as_str(), "prod" | "roi"));
    assert!(!work.is_empty() && !money.is_empty());
    // Whatever a card about people's work tells beside their names and their money.
    let is_work = |column: &Column| {
        matches!(column.kind, ColumnType::Integer | ColumnType::UsdUnit | ColumnType::Level)
            && !column.name.ends_with("_tokens")
            && column.name != "growth_category"
    };
    for card in money {
        let shown = card.clone().for_teams().unwrap();
        let left: Vec<&str> = shown
            .columns
            .iter()
            .filter(|column| is_work(column))
            .map(|column| column.name.as_str())
            .collect();
        assert_eq!(left, Vec::<&str>::new(), "{}: declare them `work`", card.id);
        assert_eq!(shown.columns.len() + shown.left_out.len(), card.columns.len(), "{}", card.id);
        assert!(
            !shown
                .columns
                .iter()
                .any(|column| column.link.as_ref().is_some_and(|link| link.contains("user=")))
        );
    }
    let people = all.iter().find(|card| card.id == "alloc/people").unwrap();
    assert!(people.columns.iter().any(|column| column.name == "lines_accepted"));
    let shown = people.clone().for_teams().unwrap();
    assert!(shown.columns.iter().any(|column| column.name == "cost_usd"));
    assert_eq!(work.iter().filter(|card| card.left_out.is_empty()).count(), work.len());
    assert!(work.into_iter().all(|card| card.clone().for_teams().is_none()));
}

#[test]
fn what_figures_are_made_of_is_asked_by_the_filters_that_choose_it() {
    let chosen = Selection {
        team: vec!["R'n'D".to_owned()],
        platform: vec!["cursor".to_owned()],
        ..Selection::of_days(date(2026, 10, 1), date(2026, 10, 31), date(2026, 10, 18))
    };
    let mut asked = Vec::new();
    for card in cards().unwrap() {
        for (column, inputs) in
            card.columns.iter().filter_map(|column| Some((column, column.inputs.as_ref()?)))
        {
            let place = format!("{} {}", card.id, column.name);
            for engine in [Engine::DuckDb, Engine::BigQuery] {
                let sql = inputs.sql(engine, &chosen);
                assert!(
                    !sql.contains("{{") && sql.contains(&format!(" AS {}", inputs.amount)),
                    "{place}: {sql}"
                );
                assert_eq!(
                    sql.contains("'R''n''D'") || sql.contains("\"R'n'D\""),
                    inputs.by.contains(&Filter::Team)
                );
                assert_eq!(sql.contains("platform IN ("), inputs.by.contains(&Filter::Platform), "{place}");
            }
            assert!(inputs.text.ends_with('.') && inputs.column.contains('.'), "{place}");
            asked.push(place);
        }
    }
    assert!(asked.contains(&"exec/budget-vs-actual forecast_usd".to_owned()), "{asked:?}");
    let forecast = inputs_of("exec/budget-used", "forecast_usd");
    // The view's own words, not somebody's copy of them.
    assert!(
        forecast.starts_with("WITH moments AS (")
            && forecast.contains("measured AS (\n    SELECT\n        p.*,")
    );
}

fn inputs_of(id: &str, column: &str) -> String {
    let cards = cards().unwrap();
    let card = cards.iter().find(|card| card.id == id).unwrap();
    let column = card.columns.iter().find(|known| known.name == column).unwrap();
    let selection = Selection::of_days(date(2026, 10, 1), date(2026, 10, 31), date(2026, 10, 18));
    column.inputs.as_ref().unwrap().sql(Engine::DuckDb, &selection)
}

#[test]
fn inputs_that_nobody_knows_are_named() {
    for (inputs, named) in [("budgets", "`budgets`"), ("budget range", "`range`"), ("budget mood", "`mood`")]
    {
        let file = TREND.replace("type = \"usd\"", &format!("type = \"usd\"\ninputs = \"{inputs}\""));
        let error = Card::parse("exec", "x", &file).unwrap_err().to_string();
        assert!(error.contains(named), "{error}");
    }
}

#[test]
fn a_count_of_people_lists_them_by_what_its_row_says() {
    let cards = cards().unwrap();
    let card = cards.iter().find(|card| card.id == "roi/tier-counts").unwrap();
    let members = card.columns.iter().find_map(|column| column.members.as_ref()).unwrap();
    let selection = Selection::of_days(date(2026, 10, 1), date(2026, 10, 31), date(2026, 10, 18));
    let asked = |row: &[(&str, &str)]| {
        let row: Vec<(String, String)> =
            row.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        card.members(members, &row, Engine::DuckDb, &selection)
    };
    let sql = asked(&[("efficiency_tier", "{{spend}}'"), ("platform", "cursor")]).unwrap();
    assert!(
        sql.contains(
            "FROM named AS m\nWHERE m.efficiency_tier IN ('{{spend}}''') AND m.platform IN ('cursor')"
        ),
        "{sql}"
    );
    assert!(!sql.contains("counted AS ("), "{sql}");
    // A sum over several rows.
    let of_both = [("efficiency_tier", "Good"), ("platform", "claude_code"), ("platform", "cursor")];
    let sql = asked(&of_both).unwrap();
    assert!(sql.contains("m.platform IN ('claude_code', 'cursor')"), "{sql}");
    assert_eq!(asked(&[("platform", "cursor")]).unwrap_err(), "row: it does not say which `efficiency_tier`");
    // Where only teams may be seen nobody is listed, and the count stays.
    let teams = card.clone().for_teams().unwrap();
    assert!(teams.columns.iter().all(|column| column.members.is_none()));
}

#[test]
fn what_a_figure_was_worked_out_from_may_be_a_view_that_its_card_does_not_read() {
    let cards = cards().unwrap();
    let card = cards.iter().find(|card| card.id == "exec/data-quality").unwrap();
    let members = card.columns.iter().find_map(|column| column.members.as_ref()).unwrap();
    let selection = Selection::of_days(date(2026, 10, 1), date(2026, 10, 31), date(2026, 10, 18));
    let row = [("check_name".to_owned(), "drift".to_owned())];
    let sql = card.members(members, &row, Engine::DuckDb, &selection).unwrap();
    assert!(sql.starts_with("SELECT m.what AS what, "), "{sql}");
    let rest = "FROM ai_usage_analytics.vw_data_quality_evidence AS m\nWHERE m.check_name IN ('drift')\nORDER BY day DESC, what";
    assert!(sql.contains(rest), "{sql}");
    assert!(
        !card.views().contains(&"vw_data_quality_evidence"),
        "it is asked for where it is explained alone"
    );
}

#[test]
fn members_of_no_part_are_named() {
    let members = "type = \"usd\"\nmembers = { text = \"x\", of = \"nobody\", show = [\"user_email\"] }";
    let error = Card::parse("exec", "x", &TREND.replace("type = \"usd\"", members)).unwrap_err().to_string();
    assert!(error.contains("the query has no part `nobody`"), "{error}");
}
