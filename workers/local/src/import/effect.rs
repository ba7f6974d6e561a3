//! What an import does to money: the sheet's own, and billed money that changes hands.

use std::path::Path;
use std::sync::Arc;

use aispend_config::Settings;
use aispend_duckdb::DuckDb;
use aispend_fetcher::default_start;
use aispend_model::{Feed, Money};
use aispend_ports::{Clock, Warehouse as _};
use aispend_sources::sheets::import::{Sums, money, short_name};
use aispend_stage::error_chain;
use jiff::civil::Date;

use super::moves::{Moves, attributed, rehearse};
use super::trouble;
use crate::failure::Failure;
use crate::run::Outcome;

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

/// Works out what the sheet as it would be does to money.
pub async fn effect(
    settings: &Settings,
    data_dir: &Path,
    warehouse: Option<&DuckDb>,
    feed: Feed,
    there: Option<&[u8]>,
    file: &[u8],
    clock: &Arc<dyn Clock>,
) -> Result<Effect, Failure> {
    let today = clock.today();
    let since = first_day(settings, warehouse, today).await?;
    let sums = |file: Option<&[u8]>| {
        money(feed, file, today, since).map_err(|error| Failure::usage(error.to_string()))
    };
    let sheet = differences(&sums(there)?, &sums(Some(file))?);
    let moves_money = matches!(feed, Feed::SheetPeople | Feed::SheetApiKeyMapping);
    let moves = match warehouse {
        Some(warehouse) if moves_money => {
            // A run that was killed may have loaded more than it showed: what is compared is what is loaded.
            warehouse.publish().await?;
            let tab = settings.tabs.get(&feed).map_or_else(|| short_name(feed), String::as_str);
            let before = attributed(data_dir)?;
            let after = rehearse(settings, data_dir, feed, tab, file, clock).await?;
            Some(Moves { before, after })
        }
        _ => None,
    };
    Ok(Effect { sheet, is_nothing_loaded: moves_money && moves.is_none(), moves })
}

impl Effect {
    /// What was shown is what is there now, or it is said.
    pub fn check(&self, data_dir: &Path, outcome: &Outcome) -> Result<(), Failure> {
        if let Some(trouble) = trouble(&outcome.followed.first) {
            return Err(Failure::world(format!("the sheet is written and was not loaded\n{trouble}")));
        }
        match &self.moves {
            Some(moves) if attributed(data_dir)? != moves.after => Err(Failure::world(
                "what was loaded is not what was shown above: compare the summary, and report this",
            )),
            _ => Ok(()),
        }
    }
}

/// The first day of all data, as the fetcher finds it for seats without a first day.
async fn first_day(settings: &Settings, warehouse: Option<&DuckDb>, today: Date) -> Result<Date, Failure> {
    let start = settings.day("run.start_date").unwrap_or_else(|| default_start(today));
    let Some(warehouse) = warehouse else { return Ok(start) };
    let lines = warehouse.ledger(None).await.map_err(|error| Failure::world(error_chain(&error)))?;
    let first = lines.iter().filter_map(|line| line.slice.day).min();
    Ok(first.map_or(start, |first| first.min(start)))
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
