use aispend_warehouse::{Engine, Part, cards};
use jiff::civil::date;

use super::*;
use crate::{board::Board, filters::Filters, state::DataState};

fn asked(group: &str, query: &str) -> Asked {
    let state = DataState {
        version: String::new(),
        is_simulated: false,
        as_of: None,
        complete_through: Some(date(2026, 10, 17)),
        first_day: None,
        feeds: Vec::new(),
        teams: Vec::new(),
        people: Vec::new(),
        models: Vec::new(),
    };
    Asked::of(Board::of_group(group).unwrap(), Filters::read(query), date(2026, 10, 18), &state)
}

fn card(id: &str) -> Card {
    cards().unwrap().into_iter().find(|card| card.id == id).unwrap()
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn usd(amount: &str) -> Cell {
    Cell::Decimal(amount.to_owned())
}

/// The address of a cell, and the question that it asks.
fn followed(id: &str, column: &str, rows: &[Vec<Cell>], at: usize, query: &str) -> (String, String) {
    let card = card(id);
    let column = card.columns.iter().find(|known| known.name == column).unwrap();
    let address = of_cell(&card, column, &rows[at], rows, &asked(&card.group, query)).unwrap();
    let (_, query) = address.split_once('?').unwrap();
    let (asked, narrowed) = (asked(&card.group, query), Narrowed::read(query).unwrap());
    let case = narrowed.case.clone();
    let part: &Part = &super::recipe(column, case.as_deref()).unwrap().parts[0];
    let question = Question::of(part, Some(column), &asked, &narrowed, Engine::DuckDb).unwrap();
    (address.clone(), question.sum())
}

#[test]
fn the_rest_is_explained_by_everything_but_what_the_other_rows_name() {
    let rows = [
        vec![text("claude-opus-4-1"), usd("900"), text("claude-opus-4-1")],
        vec![text("Cursor seats"), usd("80"), Cell::Null],
        vec![text("Claude.ai (no model)"), usd("20"), Cell::Null],
        vec![text("Other models"), usd("7.5"), Cell::Null],
    ];
    let filters = "range=2026-10-01~2026-10-31&team=Data&platform=cursor&model=x";
    let (address, sql) = followed("alloc/models", "cost_usd", &rows, 3, filters);
    for pair in [
        "team=Data",
        "platform=cursor",
        "model=x",
        "rest=model",
        "but=claude-opus-4-1",
        "nor=Cursor%20seats",
        "nor=Claude.ai%20%28no%20model%29",
    ] {
        assert!(address.contains(pair), "{pair}: {address}");
    }
    assert!(!address.contains("without=") && !address.contains("but=Other"), "{address}");
    for condition in [
        "f.model IN ('x')",
        "COALESCE(f.model NOT IN ('claude-opus-4-1'), TRUE)",
        "ELSE f.platform END IN ('cursor') AND f.cost_class IN ('seat'), FALSE)",
        "ELSE f.platform END IN ('claude_ai') AND f.cost_class IN ('usage', 'other'), FALSE)",
    ] {
        assert!(sql.contains(condition), "{condition}: {sql}");
    }
    assert_eq!(sql.matches("NOT COALESCE(f.model IS NULL AND ").count(), 2, "{sql}");
    // A named row is explained as before.
    let (address, sql) = followed("alloc/models", "cost_usd", &rows, 1, filters);
    assert!(address.contains("without=model") && !address.contains("but="), "{address}");
    assert!(sql.contains("f.cost_class IN ('seat')") && !sql.contains("COALESCE(f.model NOT IN"), "{sql}");
}

#[test]
fn a_rest_of_one_month_leaves_out_what_any_month_names() {
    let (september, october) = (Cell::Date(date(2026, 9, 1)), Cell::Date(date(2026, 10, 1)));
    let rows = [
        vec![september, text("Data"), usd("3")],
        vec![october.clone(), text("Platform"), usd("5")],
        vec![october, text("Other teams"), usd("1.25")],
    ];
    let (address, sql) = followed("alloc/team-trend", "cost_usd", &rows, 2, "range=2026-10-01~2026-10-31");
    assert!(address.contains("range=2026-10-01~2026-10-17") && !address.contains("team="), "{address}");
    assert!(sql.contains("ELSE 'No team' END NOT IN ('Data', 'Platform'), TRUE)"), "{sql}");
    assert!(sql.contains("BETWEEN DATE '2026-10-01' AND DATE '2026-10-17'"), "{sql}");
}

#[test]
fn a_rest_of_what_nobody_can_name_is_not_explained() {
    let card = card("alloc/models");
    let rows = [
        vec![text("Someone's seats"), usd("80"), Cell::Null],
        vec![text("Other models"), usd("7.5"), Cell::Null],
    ];
    let column = &card.columns[1];
    assert_eq!(of_cell(&card, column, &rows[1], &rows, &asked("alloc", "")), None);
    // Nor is an address that somebody wrote by hand.
    let part = &super::recipe(column, None).unwrap().parts[0];
    for (query, problem) in
        [("rest=mood&but=good", "`mood`"), ("rest=model&nor=Someone%27s%20seats", "Someone's seats")]
    {
        let narrowed = Narrowed::read(query).unwrap();
        let question = Question::of(part, Some(column), &asked("alloc", query), &narrowed, Engine::BigQuery);
        assert!(question.unwrap_err().contains(problem), "{query}");
    }
}

#[test]
fn a_budget_and_a_forecast_lead_to_what_they_are_made_of() {
    let card = card("exec/budget-vs-actual");
    let row =
        vec![Cell::Date(date(2026, 10, 1)), usd("10"), usd("500"), Cell::Null, usd("-490"), usd("-0.98")];
    let asked = asked("exec", "range=2026-10-01~2026-10-31&team=Data");
    let address = |name: &str| {
        let column = card.columns.iter().find(|column| column.name == name).unwrap();
        of_cell(&card, column, &row, std::slice::from_ref(&row), &asked)
    };
    let budget = "/explain/exec/budget-vs-actual?column=budget_usd&range=2026-10-01~2026-10-17";
    assert_eq!(address("budget_usd").as_deref(), Some(budget));
    assert_eq!(address("forecast_usd"), None, "there is none");
}
