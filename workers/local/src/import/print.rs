//! What an import would do, for a person: rows first, then money.

use aispend_model::{Feed, Money};
use aispend_sources::sheets::import::{Changed, Compared, Merge, short_name};

use super::Sheet;
use super::effect::{Difference, Effect};
use super::moves::Moves;
use crate::screen::count;

/// Rows of one kind that are shown; the rest is counted.
const SHOWN: usize = 20;

/// The rows that come, change, stay and are refused.
pub fn rows(feed: Feed, merge: &Merge) {
    if let Some(export) = merge.export {
        println!("This is {export}.");
    }
    println!(
        "{}: {} added, {} changed, {} unchanged, {} refused",
        short_name(feed),
        count(merge.added.len() as u64),
        count(merge.changed.len() as u64),
        count(merge.unchanged as u64),
        count(merge.refused.len() as u64)
    );
    if merge.skipped > 0 {
        println!("  {} rows begin with # and were skipped", merge.skipped);
    }
    some(merge.added.iter().map(|added| format!("  + row {}: {}", added.row, added.shown)));
    some(merge.changed.iter().map(|one| {
        let place = format!("row {} (row {} of the sheet)", one.row, one.sheet_row);
        changed(&place, one)
    }));
    some(merge.kept.iter().map(|kept| {
        format!(
            "  = row {}: {} stays `{}`; an empty cell takes nothing away",
            kept.row, kept.column, kept.value
        )
    }));
    some(merge.refused.iter().map(|refused| format!("  ! {refused}")));
    some(merge.broken.iter().map(|broken| format!("  ? refused at every run already: {broken}")));
}

/// The rows of a tab that come, change, go, stay and are refused.
pub fn compared(feed: Feed, tab: &str, compared: &Compared) {
    println!(
        "{}, tab \"{tab}\": {} added, {} changed, {} removed, {} unchanged, {} refused",
        short_name(feed),
        count(compared.added.len() as u64),
        count(compared.changed.len() as u64),
        count(compared.removed.len() as u64),
        count(compared.unchanged as u64),
        count(compared.refused.len() as u64)
    );
    some(compared.added.iter().map(|added| format!("  + row {}: {}", added.row, added.shown)));
    some(compared.changed.iter().map(|one| changed(&format!("row {}", one.row), one)));
    some(compared.removed.iter().map(|gone| format!("  - was row {}: {}", gone.row, gone.shown)));
    some(compared.refused.iter().map(|refused| format!("  ! {refused}")));
}

fn changed(place: &str, changed: &Changed) -> String {
    let shown = |text: &str| if text.is_empty() { "(empty)".to_owned() } else { text.to_owned() };
    let fields = changed
        .fields
        .iter()
        .map(|field| format!("{} {} → {}", field.column, shown(&field.before), shown(&field.after)));
    format!("  ~ {place}, {}: {}", changed.key, fields.collect::<Vec<_>>().join("; "))
}

fn some(lines: impl ExactSizeIterator<Item = String>) {
    let all = lines.len();
    for line in lines.take(SHOWN) {
        println!("{line}");
    }
    if all > SHOWN {
        println!("    … and {} more", count((all - SHOWN) as u64));
    }
}

/// The sheet's own money, and billed money that moves.
pub fn money(effect: &Effect) {
    if !effect.sheet.is_empty() {
        println!("\nMoney of this sheet, USD");
        header("month");
        for (of, month, difference) in &effect.sheet {
            line(of, month, *difference);
        }
        // Amounts of other currencies are not dollars: no sum has them.
        let dollars = || effect.sheet.iter().filter(|(of, _, _)| !of.contains(" in "));
        let sum = |of: fn(&Difference) -> Money| dollars().map(|(_, _, difference)| of(difference)).sum();
        line(
            "these lines together",
            "",
            Difference { before: sum(|one| one.before), after: sum(|one| one.after) },
        );
    }
    if effect.is_nothing_loaded {
        println!("\nNothing is loaded yet: no billed money changes hands.");
    }
    if let Some(moves) = &effect.moves {
        moved(moves);
    }
}

fn moved(moves: &Moves) {
    let mut keys: Vec<_> = moves.before.keys().chain(moves.after.keys()).collect();
    keys.sort();
    keys.dedup();
    let amount = |of: &super::moves::Attributed, key| of.get(key).copied().unwrap_or(Money::ZERO);
    let differences = keys.into_iter().map(|key| {
        (key, Difference { before: amount(&moves.before, key), after: amount(&moves.after, key) })
    });
    let differences: Vec<_> =
        differences.filter(|(_, difference)| difference.before != difference.after).collect();
    if differences.is_empty() {
        println!("\nNo billed money changes hands.");
        return;
    }
    println!("\nBilled money that changes hands, all loaded days, USD");
    header("");
    for ((level, who), difference) in differences {
        line(who, level, difference);
    }
}

fn header(second: &str) {
    println!("  {:<36}{second:<10}{:>22}{:>22}{:>22}", "", "before", "after", "difference");
}

/// Exact amounts: what is shown can be added up.
fn line(of: &str, second: &str, difference: Difference) {
    let gain = difference.after - difference.before;
    let sign = if gain.nanos() > 0 { "+" } else { "" };
    println!(
        "  {of:<36}{second:<10}{:>22}{:>22}{:>22}",
        difference.before.to_string(),
        difference.after.to_string(),
        format!("{sign}{gain}")
    );
}

/// How to go back.
pub fn undo(feed: Feed, sheet: &Sheet, was_there: bool) {
    let (path, before) = (sheet.path.display(), sheet.before.display());
    if was_there {
        println!("\nTo undo: mv {before} {path} && aispend run --feeds {feed}");
    } else {
        println!("\nTo undo: rm {path} && aispend retire {feed}");
    }
}
