//! A chart in one sentence, from its own rows: what it says to people who do not see it.

use aispend_tables::Cell;
use aispend_warehouse::{Card, Chart, Column, ColumnType, Display};

use crate::{
    answer::{Answer, place},
    format::{self, cell, figure, number},
    number::Number,
    period::Period,
    twin,
};

/// The sentence; empty for cards that are no chart.
pub fn sentence(card: &Card, answer: &Answer, period: &Period) -> String {
    let (Some(chart), false) = (&card.chart, answer.rows.is_empty()) else { return String::new() };
    match card.display {
        Display::Waterfall => waterfall(card, chart, answer),
        Display::Scatter => scatter(card, chart, answer),
        Display::Row | Display::Pie => parts(card, chart, answer),
        Display::Line | Display::Bar | Display::Combo => {
            let is_time = place(card, &chart.x)
                .and_then(|at| card.columns.get(at))
                .is_some_and(|column| column.kind.is_day());
            if is_time { over_time(card, chart, answer, period) } else { parts(card, chart, answer) }
        }
        Display::Table | Display::Scalar | Display::Progress | Display::Text => None,
    }
    .unwrap_or_default()
}

/// One line of a chart: its name, and a value for each category, if any.
struct Series {
    name: String,
    values: Vec<Option<Number>>,
}

/// Categories in order, and the series over them. A series with the key `total` is the sum, not one more.
fn series(card: &Card, chart: &Chart, answer: &Answer) -> Option<(Vec<Cell>, Vec<Series>)> {
    let x = place(card, &chart.x)?;
    let mut categories: Vec<Cell> = Vec::new();
    for row in &answer.rows {
        let category = row.get(x)?;
        if !categories.contains(category) {
            categories.push(category.clone());
        }
    }
    let mut lines: Vec<Series> = Vec::new();
    for name in &chart.y {
        let y = place(card, name)?;
        for row in &answer.rows {
            let label = match chart.series.as_deref().and_then(|name| place(card, name)) {
                Some(at) => twin::series_label(&cell(row.get(at)?, card.columns.get(at)?.kind)),
                None => card.columns.get(y)?.label.clone(),
            };
            let at = categories.iter().position(|category| Some(category) == row.get(x))?;
            let known = lines.iter().position(|line| line.name == label);
            let line = known.unwrap_or_else(|| {
                lines.push(Series { name: label, values: vec![None; categories.len()] });
                lines.len() - 1
            });
            if let Some(slot) = lines.get_mut(line).and_then(|line| line.values.get_mut(at)) {
                *slot = row.get(y).and_then(number);
            }
        }
    }
    Some((categories, lines))
}

/// True where values of different series add up to something.
fn is_additive(chart: &Chart, column: &Column) -> bool {
    chart.series.is_some()
        && (column.kind == ColumnType::Usd || (chart.stack && column.kind == ColumnType::Integer))
}

fn over_time(card: &Card, chart: &Chart, answer: &Answer, period: &Period) -> Option<String> {
    let (categories, lines) = series(card, chart, answer)?;
    let x = card.columns.get(place(card, &chart.x)?)?;
    let y = card.columns.get(place(card, chart.y.first()?)?)?;
    let when = |at: usize| categories.get(at).map(|day| cell(day, x.kind)).unwrap_or_default();
    let within = |at: usize| match x.kind {
        ColumnType::Month => format!("in {}", when(at)),
        ColumnType::Week => format!("in the week of {}", when(at)),
        _ => format!("on {}", when(at)),
    };
    let is_running = |at: usize| matches!(categories.get(at), Some(Cell::Date(day)) if twin::is_running(*day, x.kind, period));
    let total = lines.iter().find(|line| line.name == twin::TOTAL).map(|line| line.values.clone());
    let total = total.or_else(|| is_additive(chart, y).then(|| sums(&lines, categories.len())));
    let lines: Vec<Series> = lines.into_iter().filter(|line| line.name != twin::TOTAL).collect();
    let mut text = Vec::new();
    let mut course = |name: &str, values: &[Option<Number>]| {
        let known: Vec<usize> =
            (0..values.len()).filter(|at| values.get(*at).is_some_and(Option::is_some)).collect();
        let value = |at: usize| values.get(at).copied().flatten().unwrap_or(Number::ZERO);
        let shown = |at: usize| figure(value(at), y.kind);
        let whole: Vec<usize> = known.iter().copied().filter(|at| !is_running(*at)).collect();
        let running = known.last().filter(|at| is_running(**at));
        let so_far = running.map(|at| format!("; {} so far {}", when(*at), shown(*at))).unwrap_or_default();
        match (whole.first(), whole.last()) {
            (Some(first), Some(last)) if first != last => {
                let verb = match value(*last).partial_cmp(&value(*first)) {
                    Some(std::cmp::Ordering::Greater) => "rose",
                    Some(std::cmp::Ordering::Less) => "fell",
                    _ => "stayed",
                };
                let from = if verb == "stayed" {
                    format!("at {}", shown(*first))
                } else {
                    format!("from {}", shown(*first))
                };
                text.push(format!(
                    "{name} {verb} {from} {} to {} {}{so_far}.",
                    within(*first),
                    shown(*last),
                    within(*last)
                ));
            }
            (Some(only), _) => text.push(format!("{name}: {} {}{so_far}.", shown(*only), within(*only))),
            (None, _) => {
                if let Some(at) = running {
                    text.push(format!("{name}: {} so far {}.", when(*at), shown(*at)));
                }
            }
        }
    };
    match &total {
        Some(total) => course("Total", total),
        None => lines.iter().take(3).for_each(|line| course(&line.name, &line.values)),
    }
    let points = || {
        lines.iter().flat_map(|line| {
            line.values.iter().enumerate().filter_map(move |(at, value)| value.map(|value| (line, at, value)))
        })
    };
    let highest = points().reduce(|best, next| if next.2 > best.2 { next } else { best });
    if let Some((line, at, value)) = highest {
        text.push(format!("Highest: {}, {} {}.", line.name, figure(value, y.kind), within(at)));
    }
    let kind = match x.kind {
        ColumnType::Month => "month",
        ColumnType::Week => "week",
        _ => "day",
    };
    let count = categories.len();
    let gaps = lines.iter().flat_map(|line| &line.values).filter(|value| value.is_none()).count();
    let gaps = match gaps {
        0 => String::new(),
        1 => ", 1 point without a value".to_owned(),
        many => format!(", {many} points without a value"),
    };
    text.push(format!("{count} {kind}{}{gaps}.", if count == 1 { "" } else { "s" }));
    Some(text.join(" "))
}

fn sums(lines: &[Series], count: usize) -> Vec<Option<Number>> {
    let at = |place: usize| {
        let mut known = lines.iter().filter_map(|line| line.values.get(place).copied().flatten()).peekable();
        known.peek()?;
        known.try_fold(Number::ZERO, Number::plus)
    };
    (0..count).map(at).collect()
}

/// Bars and slices: the largest of how many, and its share where they add up.
fn parts(card: &Card, chart: &Chart, answer: &Answer) -> Option<String> {
    let (categories, lines) = series(card, chart, answer)?;
    let x = card.columns.get(place(card, &chart.x)?)?;
    let y = card.columns.get(place(card, chart.y.first()?)?)?;
    let first = lines.first()?;
    let is_sum = is_additive(chart, y);
    let values = if is_sum { sums(&lines, categories.len()) } else { first.values.clone() };
    let known = || values.iter().enumerate().filter_map(|(at, value)| value.map(|value| (at, value)));
    let (at, most) = known().reduce(|best, next| if next.1 > best.1 { next } else { best })?;
    let name = cell(categories.get(at)?, x.kind);
    let adds_up = matches!(y.kind, ColumnType::Usd | ColumnType::Integer) && (is_sum || lines.len() == 1);
    // The first few of many are no whole.
    let is_whole = chart.more.get("partial").is_none_or(|flag| flag.as_bool() != Some(true));
    let total = known().try_fold(Number::ZERO, |sum, (_, value)| sum.plus(value))?;
    let mut text = format!("Highest: {name}, {}", figure(most, y.kind));
    if let (true, Some(share)) = (adds_up && is_whole, most.share_of(total)) {
        text.push_str(&format!(" ({} of {})", format::percent(share), figure(total, y.kind)));
    }
    text.push('.');
    if let (false, Some((low, least))) =
        (adds_up, known().reduce(|best, next| if next.1 < best.1 { next } else { best }))
        && low != at
    {
        text.push_str(&format!(
            " Lowest: {}, {}.",
            cell(categories.get(low)?, x.kind),
            figure(least, y.kind)
        ));
    }
    text.push_str(&format!(
        " {} {}.",
        categories.len(),
        if categories.len() == 1 { "entry" } else { "entries" }
    ));
    Some(text)
}

fn waterfall(card: &Card, chart: &Chart, answer: &Answer) -> Option<String> {
    let (x, y) = (place(card, &chart.x)?, place(card, chart.y.first()?)?);
    let value = |row: &Vec<Cell>| row.get(y).and_then(number);
    let (start, steps) = answer.rows.split_first()?;
    let (end, steps) = steps.split_last()?;
    let (before, after) = (value(start)?, value(end)?);
    let change = after.minus(before)?;
    let word = if change.is_negative() { "down" } else { "up" };
    let mut text = format!(
        "From {} to {}, {word} {}.",
        format::usd(before),
        format::usd(after),
        format::usd(change.abs())
    );
    let largest = steps
        .iter()
        .filter_map(|row| Some((row.get(x)?, value(row)?)))
        .reduce(|best, next| if next.1.abs() > best.1.abs() { next } else { best });
    if let Some((name, delta)) = largest {
        let sign = if delta.is_negative() { "" } else { "+" };
        text.push_str(&format!(" Largest: {name}, {sign}{}.", format::usd(delta)));
    }
    Some(text)
}

fn scatter(card: &Card, chart: &Chart, answer: &Answer) -> Option<String> {
    let mut text = format!("{} points.", answer.rows.len());
    let label = chart.more.get("label").and_then(|label| label.as_str()).and_then(|label| place(card, label));
    for name in std::iter::once(&chart.x).chain(&chart.y) {
        let at = place(card, name)?;
        let column = card.columns.get(at)?;
        let most = answer
            .rows
            .iter()
            .filter_map(|row| Some((row, row.get(at).and_then(number)?)))
            .reduce(|best, next| if next.1 > best.1 { next } else { best });
        if let Some((row, value)) = most {
            let who = label.and_then(|at| row.get(at)).map(|who| format!(" ({who})")).unwrap_or_default();
            text.push_str(&format!(
                " Highest {}: {}{who}.",
                column.label.to_lowercase(),
                figure(value, column.kind)
            ));
        }
    }
    Some(text)
}
