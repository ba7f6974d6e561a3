//! The tabs, as untidy as people leave them.

use jiff::civil::Date;

use crate::amount::Amount;
use crate::calendar::{DAY_SECONDS, midnight, number_of};
use crate::facts::World;

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    Empty,
    Text(String),
    /// A number, by its digits.
    Number(String),
    /// A day, by its number.
    Day(i32),
    /// A moment, in seconds.
    Moment(i64),
}

impl Cell {
    /// What a CSV file shows.
    pub fn csv(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) | Self::Number(text) => text.clone(),
            Self::Day(day) => crate::calendar::date_of(*day).to_string(),
            Self::Moment(second) => crate::calendar::rfc3339(*second),
        }
    }
}

/// The names of the tabs.
pub const TABS: [&str; 6] = ["api-key-mapping", "claude-ai-usage", "seats", "people", "budgets", "invoices"];

fn text(text: &str) -> Cell {
    if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) }
}

fn number(number: impl std::fmt::Display) -> Cell {
    Cell::Number(number.to_string())
}

fn maybe<T: std::fmt::Display>(value: Option<T>) -> Cell {
    value.map_or(Cell::Empty, number)
}

fn day(day: Date) -> Cell {
    Cell::Day(number_of(day))
}

fn maybe_day(value: Option<Date>) -> Cell {
    value.map_or(Cell::Empty, day)
}

fn header(names: &[&str]) -> Vec<Cell> {
    names.iter().map(|name| text(name)).collect()
}

/// The rows of a tab, header first; None when there is no such tab.
pub fn tab(world: &World, name: &str) -> Option<Vec<Vec<Cell>>> {
    if world.sheets.missing.iter().any(|missing| missing == name) {
        return None;
    }
    let mut rows = match name {
        "api-key-mapping" => mapping(world),
        "claude-ai-usage" if !world.config().enterprise => activity(world),
        "seats" => seats(world),
        "people" => people(world),
        "budgets" => budgets(world),
        "invoices" => invoices(world),
        _ => return None,
    };
    if world.config().quirks.untidy_sheets {
        untidy(name, &mut rows);
    }
    Some(rows)
}

fn mapping(world: &World) -> Vec<Vec<Cell>> {
    let names =
        ["api_key_id", "user_email", "team", "platform", "purpose", "status", "valid_from", "valid_to"];
    let mut rows = vec![header(&names)];
    for row in &world.sheets.mapping {
        let key = row.key.and_then(|index| world.directory.key_id(index));
        rows.push(vec![
            text(key.unwrap_or("")),
            text(&row.email),
            text(row.team),
            text(row.platform),
            text(row.purpose),
            text("active"),
            maybe_day(row.valid_from),
            maybe_day(row.valid_to),
        ]);
    }
    rows
}

fn seats(world: &World) -> Vec<Vec<Cell>> {
    let names =
        ["vendor", "plan", "user_email", "price_usd", "billing", "cycle_day", "valid_from", "valid_to"];
    let mut rows = vec![header(&names)];
    for seat in &world.sheets.seats {
        let Some(person) = world.people.get(seat.person as usize) else { continue };
        rows.push(vec![
            text(seat.vendor),
            text(seat.plan),
            text(&person.email),
            number(seat.price),
            text(if seat.annual { "annual" } else { "monthly" }),
            maybe(seat.cycle_day),
            day(seat.valid_from),
            maybe_day(seat.valid_to),
        ]);
    }
    rows
}

fn people(world: &World) -> Vec<Vec<Cell>> {
    let names = ["user_email", "name", "department", "team", "manager_email", "valid_from", "valid_to"];
    let mut rows = vec![header(&names)];
    let boss = world.people.first().map(|person| person.email.as_str()).unwrap_or_default();
    for (index, person) in world.people.iter().enumerate() {
        rows.push(vec![
            text(&person.email),
            text(&person.name()),
            text(person.department),
            text(person.team),
            text(if index == 0 { "" } else { boss }),
            Cell::Day(person.joined),
            Cell::Empty,
        ]);
    }
    rows
}

fn budgets(world: &World) -> Vec<Vec<Cell>> {
    let mut rows = vec![header(&["month", "platform", "team", "budget_usd", "approved_by"])];
    let boss = world.people.first().map(|person| person.email.as_str()).unwrap_or_default();
    for budget in &world.sheets.budgets {
        rows.push(vec![
            day(budget.month),
            text(budget.platform),
            text(budget.team),
            number(budget.dollars),
            text(boss),
        ]);
    }
    rows
}

fn invoices(world: &World) -> Vec<Vec<Cell>> {
    let names = [
        "vendor",
        "org_id",
        "invoice_id",
        "period_start",
        "period_end",
        "scope",
        "amount",
        "currency",
        "usd_amount",
    ];
    let mut rows = vec![header(&names)];
    for (place, invoice) in world.invoices().into_iter().enumerate() {
        let amount = Amount::nanos(invoice.nano).dollars();
        rows.push(vec![
            text(invoice.vendor),
            text(&invoice.org_id),
            text(&format!("INV-{:04}", place + 1)),
            day(invoice.start),
            day(invoice.end),
            text(invoice.scope),
            number(&amount),
            text("USD"),
            number(&amount),
        ]);
    }
    rows
}

fn activity(world: &World) -> Vec<Vec<Cell>> {
    let names = [
        "user_email",
        "activity_date",
        "conversation_count",
        "message_count",
        "project_count",
        "file_upload_count",
        "upload_timestamp",
    ];
    let mut rows = vec![header(&names)];
    for row in &world.sheets.activity {
        let Some(person) = world.people.get(row.person as usize) else { continue };
        rows.push(vec![
            text(&person.email),
            Cell::Day(row.day),
            maybe(row.conversations),
            maybe(row.messages),
            maybe(row.projects),
            maybe(row.files),
            Cell::Moment(midnight(row.day + 1) + DAY_SECONDS / 2),
        ]);
    }
    rows
}

/// Leaves a tab the way people do: padded, in capitals, with numbers as text, blank rows and notes at the side.
fn untidy(name: &str, rows: &mut Vec<Vec<Cell>>) {
    if let Some(head) = rows.first_mut() {
        for (place, cell) in head.iter_mut().enumerate() {
            if let Cell::Text(text) = cell {
                match place % 3 {
                    1 => *text = text.to_uppercase(),
                    2 => *text = format!(" {text} "),
                    _ => {}
                }
            }
        }
        head.push(text("Notes (free text)"));
    }
    for (place, row) in rows.iter_mut().enumerate().skip(1) {
        for (column, cell) in row.iter_mut().enumerate() {
            match (cell.clone(), (place + column) % 7) {
                (Cell::Text(text), 3) if text.contains('@') => {
                    *cell = Cell::Text(format!(" {} ", text.to_uppercase()));
                }
                (Cell::Text(text), 5) if column == 0 => *cell = Cell::Text(format!("{text} ")),
                (Cell::Number(digits), 2) => *cell = Cell::Text(format!(" {digits}")),
                (Cell::Day(_), 4) => *cell = Cell::Text(cell.csv()),
                _ => {}
            }
        }
        if place % 5 == 0 {
            row.push(text("ask again in spring"));
        }
    }
    if rows.len() > 3 {
        rows.insert(3, Vec::new());
        rows.insert(rows.len() / 2 + 1, vec![Cell::Empty, Cell::Text("  ".to_owned())]);
    }
    if name == "api-key-mapping" {
        rows.push(vec![Cell::Empty, text("orphan@example.com"), Cell::Empty, text("claude_api")]);
    }
    rows.push(Vec::new());
}
