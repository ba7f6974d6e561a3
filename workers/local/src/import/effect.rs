//! What an import does to money: the sheet's own, and billed money that changes hands.

use std::path::Path;

use aispend_config::Settings;
use aispend_fetcher::default_start;
use aispend_model::{Feed, Money};
use aispend_ports::LedgerLine;
use aispend_sources::sheets::import::{Sums, Version, money};
use jiff::civil::Date;

use super::moves::{Attributed, Moves, attributed};
use crate::failure::Failure;

/// An amount as it is, and as it will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// As it is.
    pub before: Money,
    /// As it will be.
    pub after: Money,
}

/// What of an import is money.
#[derive(Debug, Default)]
pub struct Effect {
    /// The sheet's money: what it is for, the month, and how much.
    pub sheet: Vec<(String, String, Difference)>,
    /// Billed money by person, team and platform as it would be; `None` where the sheet moves none.
    pub moves: Option<Moves>,
    /// True where nothing is loaded yet that could move.
    pub is_nothing_loaded: bool,
}

/// True for a sheet that says whose money is whose.
pub const fn moves_money(feed: Feed) -> bool {
    matches!(feed, Feed::SheetPeople | Feed::SheetApiKeyMapping)
}

/// The first day of all data, as the fetcher finds it for seats without a first day.
pub fn first_day(settings: &Settings, lines: &[LedgerLine], today: Date) -> Date {
    let start = settings.day("run.start_date").unwrap_or_else(|| default_start(today));
    let first = lines.iter().filter_map(|line| line.slice.day).min();
    first.map_or(start, |first| first.min(start))
}

impl Effect {
    /// What a sheet as it would be does to money. `days`: today, and the first of all data. `moves`: billed money as it is
    /// and as it would be.
    pub fn of(
        feed: Feed,
        before: Option<&Version<'_>>,
        after: &Version<'_>,
        (today, since): (Date, Date),
        moves: Option<(Attributed, Attributed)>,
    ) -> Result<Self, Failure> {
        let sums = |version: Option<&Version<'_>>| {
            money(feed, version, today, since).map_err(|error| Failure::usage(error.to_string()))
        };
        Ok(Self {
            sheet: differences(&sums(before)?, &sums(Some(after))?),
            is_nothing_loaded: moves_money(feed) && moves.is_none(),
            moves: moves.map(|(before, after)| Moves { before, after }),
        })
    }

    /// What was shown is what is there now, or it is said.
    pub fn check(&self, data_dir: &Path) -> Result<(), Failure> {
        match &self.moves {
            Some(moves) if attributed(data_dir)? != moves.after => Err(Failure::world(
                "what was loaded is not what was shown above: compare the summary, and report this",
            )),
            _ => Ok(()),
        }
    }
}

fn differences(before: &Sums, after: &Sums) -> Vec<(String, String, Difference)> {
    let mut all: Vec<&(String, String)> = before.keys().chain(after.keys()).collect();
    all.sort();
    all.dedup();
    let amount = |sums: &Sums, key| sums.get(key).copied().unwrap_or(Money::ZERO);
    let lines = all.into_iter().map(|key| {
        let difference = Difference { before: amount(before, key), after: amount(after, key) };
        (key.0.clone(), key.1.clone(), difference)
    });
    lines.filter(|(_, _, difference)| difference.before != difference.after).collect()
}
