//! How long cards take: an invented company of any size, opened as `aispend serve` opens it, and every card asked with its
//! dashboard's own range and with three other selections.
//!
//! `cargo run --profile quick -p aispend-bench --bin cards -- --people 100 --days 730`

#![expect(clippy::float_arithmetic, reason = "milliseconds for people")]

mod company;
mod report;

use std::{
    fmt::Write as _,
    fs,
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use aispend_dashboards::{Answer, Asked, BOARDS, Cards, DataState, Filters, Snapshot};
use aispend_duckdb::open_cards;
use aispend_warehouse::{Card, cards};
use anyhow::{Context, Result};
use clap::Parser;
use jiff::{Timestamp, ToSpan, tz::TimeZone};

use crate::report::{Timing, resident_mebibytes};

/// Times every card over an invented company.
#[derive(Parser)]
struct Arguments {
    /// People.
    #[arg(long, default_value_t = 100)]
    people: u32,
    /// Days, up to yesterday.
    #[arg(long, default_value_t = 730)]
    days: u32,
    /// How often every card is asked.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Keep the company in this folder, and use it where it is there already.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Use the warehouse in `--folder`, whoever made it.
    #[arg(long, requires = "folder")]
    only_read: bool,
    /// Write every answer to this file: two builds that agree write the same bytes.
    #[arg(long)]
    answers: Option<PathBuf>,
}

/// What is asked, as an address says it. The first is each dashboard's own range.
const SELECTIONS: [(&str, &str); 4] = [
    ("default", ""),
    ("platform", "platform=cursor"),
    ("team", "team=Team+003"),
    ("12 months", "range=past12months~"),
];

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<()> {
    #[expect(clippy::disallowed_methods, reason = "the program is where the clock comes from")]
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let work = tempfile::tempdir().context("create a folder to work in")?;
    let folder = arguments.folder.clone().unwrap_or_else(|| work.path().to_owned());
    if !arguments.only_read {
        let yesterday = today.checked_sub(1.day())?;
        company::make(&folder, arguments.people, arguments.days, yesterday).await?;
    }

    let all = cards()?;
    let before = resident_mebibytes("VmRSS:");
    let started = Instant::now();
    let reader = open_cards(&folder, &all);
    let snapshot = reader.newest().await?;
    let opened = started.elapsed();
    let state = DataState::read(snapshot.as_ref()).await?;
    report::opening(opened, started.elapsed(), before);

    let mut timings = Vec::new();
    let mut answers = String::new();
    for round in 0..arguments.rounds.max(1) {
        for (selection, query) in SELECTIONS {
            for board in &BOARDS {
                let asked = Asked::of(board, Filters::read(query), today, &state);
                for card in all.iter().filter(|card| card.group == board.group) {
                    let Some((took, answer)) = ask(snapshot.as_ref(), card, &asked).await? else { continue };
                    timings.push(Timing { card: card.id.clone(), selection, took });
                    if round == 0 {
                        writeln!(answers, "{} {selection} {today}\n{answer:?}", card.id)?;
                    }
                }
            }
        }
    }
    if let Some(path) = &arguments.answers {
        fs::write(path, answers).with_context(|| format!("write {}", path.display()))?;
    }
    report::print(&timings);
    Ok(())
}

/// One card, as the page asks it; none for a card without a query.
async fn ask(snapshot: &dyn Snapshot, card: &Card, asked: &Asked) -> Result<Option<(Duration, Answer)>> {
    let started = Instant::now();
    let Some(sql) = asked.page_sql(card, snapshot.engine()) else { return Ok(None) };
    let result = snapshot.query(&sql).await.with_context(|| card.id.clone())?;
    let answer = Answer::of(card, result).map_err(anyhow::Error::msg).with_context(|| card.id.clone())?;
    Ok(Some((started.elapsed(), answer)))
}

#[cfg(test)]
mod tests {
    use aispend_duckdb::open_reader;
    use jiff::civil::date;

    use super::*;

    /// Ranges that begin and end within months, beside those that are measured.
    const MORE: [(&str, &str); 2] = [
        ("odd days", "range=2026-03-09~2026-05-17"),
        ("odd days of a team", "range=2026-02-11~2026-02-20&team=Team+002"),
    ];

    #[tokio::test]
    async fn a_card_says_of_the_copy_what_it_says_as_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        company::make(folder.path(), 9, 150, date(2026, 6, 17)).await.unwrap();
        let all = cards().unwrap();
        let snapshot = open_cards(folder.path(), &all).newest().await.unwrap();
        let state = DataState::read(snapshot.as_ref()).await.unwrap();
        let written = open_reader(folder.path()).unwrap();
        let mut with_rows = 0;
        for (place, (selection, query)) in SELECTIONS.into_iter().chain(MORE).enumerate() {
            for board in &BOARDS {
                let asked = Asked::of(board, Filters::read(query), date(2026, 6, 18), &state);
                let cards = all.iter().enumerate().filter(|(_, card)| card.group == board.group);
                for (at, card) in cards {
                    // The first of each; of the others, which are slow as they are written, one each in turn.
                    if place > 0 && at % (SELECTIONS.len() + MORE.len() - 1) != place - 1 {
                        continue;
                    }
                    let Some(sql) = asked.page_sql(card, snapshot.engine()) else { continue };
                    let kept = snapshot.query(&sql).await.unwrap();
                    let plain = written.query(&sql).unwrap();
                    assert_eq!(kept.rows, plain.rows, "{} of {selection}", card.id);
                    with_rows += usize::from(!plain.rows.is_empty());
                }
            }
        }
        assert!(with_rows > all.len(), "{with_rows} answers with rows prove too little");
    }
}
