//! A figure with what makes it readable: what it is compared with, a word for the change, its base.

use aispend_tables::Cell;
use aispend_warehouse::{Card, ColumnType, Display};
use serde::Serialize;

use crate::{
    answer::{Answer, place},
    format::{self, NOT_AVAILABLE},
    number::Number,
    period::Period,
};

/// A figure.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Kpi {
    /// As people read it.
    pub value: String,
    /// `same days of September $4,580`.
    pub comparison: Option<String>,
    /// `up +6.3 % (Moderate Growth)`.
    pub word: Option<String>,
    /// `15 active people`.
    pub base: Option<String>,
    /// A line of up to 13 points, as a path in a box of 100 by 24.
    pub spark: Option<String>,
    /// Against a goal.
    pub progress: Option<Progress>,
}

/// A bar towards a goal, in percent of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Progress {
    /// How much of the goal is reached.
    pub value: f64,
    /// The goal.
    pub goal_words: String,
    /// In words.
    pub status: String,
    /// Marks on the bar.
    pub marks: Vec<Mark>,
}

/// A mark on the bar.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mark {
    /// In percent of the goal.
    pub at: f64,
    /// actual, forecast or goal.
    pub label: &'static str,
}

/// The figure of a card of one row; `None` where there is none.
pub fn kpi(card: &Card, answer: &Answer, period: &Period) -> Option<Kpi> {
    let row = answer.rows.first()?;
    let mut visible = card.columns.iter().enumerate().filter(|(_, column)| !column.hidden);
    let (at, column) = visible.next()?;
    let second = visible.next();
    let of = |name: &str| place(card, name).and_then(|at| row.get(at)).filter(|cell| **cell != Cell::Null);
    let text = |name: &str| of(name).map(ToString::to_string).filter(|text| !text.is_empty());
    let value = row.get(at).filter(|cell| **cell != Cell::Null)?;
    let is_change = matches!(column.kind, ColumnType::Percent)
        && matches!(column.name.as_str(), "cost_growth_rate" | "change");
    let shown = match format::number(value).filter(|_| is_change) {
        Some(change) => format::signed_percent(change),
        None => format::cell(value, column.kind),
    };
    let change = of("change").filter(|_| column.name != "change").and_then(format::number);
    let points = of("change_points").and_then(format::number);
    let moved = change.map(format::change).or_else(|| points.map(points_words));
    let moved = moved.or_else(|| {
        format::number(value).filter(|_| is_change).map(|number| {
            if format::change(number) == "unchanged" {
                "unchanged"
            } else if number.is_negative() {
                "down"
            } else {
                "up"
            }
            .to_owned()
        })
    });
    let level = text("word");
    let word = match (moved, level) {
        (Some(moved), Some(level)) => Some(format!("{moved} ({level})")),
        (moved, level) => moved.or(level),
    };
    let previous = of("previous").and_then(|cell| {
        let shown = format::cell(cell, column.kind);
        (shown != NOT_AVAILABLE).then(|| format!("{} {shown}", period.before_words()))
    });
    let progress = (card.display == Display::Progress).then(|| {
        let goal = of("goal").or_else(|| second.and_then(|(at, _)| row.get(at))).and_then(format::number)?;
        let forecast = of("forecast").or_else(|| of("forecast_usd")).and_then(format::number);
        progress(format::number(value)?, goal, forecast, text("status"), column.kind)
    });
    Some(Kpi {
        value: shown,
        comparison: previous.or_else(|| text("note")),
        word,
        base: text("base"),
        spark: text("spark").and_then(|points| spark(&points)),
        progress: progress.flatten(),
    })
}

/// A share moves by points, not by percent.
fn points_words(points: Number) -> String {
    let shown = points.times_ten_to(2).grouped(1);
    match (points.is_negative(), shown.as_str()) {
        (_, "0.0" | "-0.0") => "unchanged".to_owned(),
        (true, shown) => format!("down {shown} points"),
        (false, shown) => format!("up +{shown} points"),
    }
}

fn progress(
    value: Number,
    goal: Number,
    forecast: Option<Number>,
    status: Option<String>,
    kind: ColumnType,
) -> Option<Progress> {
    let percent = |number: Number| {
        let share = number.share_of(goal).map(|share| share.times_ten_to(2));
        share.map(|share| if share.is_negative() { Number::ZERO } else { share })
    };
    let reached = percent(value)?;
    let mut marks = vec![Mark { at: reached.rounded(1).for_drawing(), label: "actual" }];
    let mut goal_words = format!("of {}", format::figure(goal, kind));
    if let Some((forecast, at)) = forecast.and_then(|forecast| Some((forecast, percent(forecast)?))) {
        marks.push(Mark { at: at.rounded(1).for_drawing(), label: "forecast" });
        goal_words.push_str(&format!(", forecast {}", format::figure(forecast, kind)));
    }
    marks.push(Mark { at: 100.0, label: "goal" });
    let share = format!("{} %", reached.grouped(0));
    let status = status.map_or_else(|| share.clone(), |status| format!("{share}, {status}"));
    Some(Progress { value: reached.rounded(1).for_drawing(), goal_words, status, marks })
}

/// Points from oldest to newest, `-` for a month without a value.
fn spark(points: &str) -> Option<String> {
    let values: Vec<Option<Number>> = points.split_whitespace().map(Number::read).collect();
    let known = || values.iter().copied().flatten();
    let most = known().reduce(|most, next| if next > most { next } else { most })?;
    let last = i128::try_from(values.len().checked_sub(1)?).ok().filter(|last| *last > 0)?;
    let mut path = String::new();
    let mut is_drawing = false;
    for (place, value) in values.iter().enumerate() {
        let Some(share) = value.and_then(|value| value.share_of(most)) else {
            is_drawing = false;
            continue;
        };
        let x = i128::try_from(place).ok()? * 100 / last;
        // From the ground up: 23 is the bottom, 1 the top.
        let y = 23 - share.times_ten_to(2).to_whole().clamp(0, 100) * 22 / 100;
        path.push_str(&format!("{}{x},{y} ", if is_drawing { 'L' } else { 'M' }));
        is_drawing = true;
    }
    Some(path.trim_end().to_owned())
}
