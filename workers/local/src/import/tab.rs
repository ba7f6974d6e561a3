//! A tab of a Google spreadsheet: what it says now beside what of it is loaded, and then loaded.

use std::process::ExitCode;

use aispend_config::Settings;
use aispend_ports::LedgerLine;
use aispend_sources::sheets::import::{Version, compare};

use super::effect::{self, Effect};
use super::moves::{self, attributed, document_of, rehearse};
use super::{Door, check_enterprise, check_loaded, ledger, load, print, sheet_job, tab_of, warehouse};
use crate::cli::ImportArguments;
use crate::failure::{Failure, INCOMPLETE};
use crate::pipeline::Place;
use crate::run::follow_at;
use crate::setup;
use crate::site::Site;
use crate::summary::Summary;

/// `aispend import SHEET`.
pub async fn import_tab(settings: &Settings, arguments: &ImportArguments) -> Result<ExitCode, Failure> {
    let feed = arguments.sheet;
    if arguments.from.is_some() {
        return Err(Failure::usage(
            "--from and --to are for a vendor's export; a tab names its days in its rows",
        ));
    }
    let clock = setup::clock();
    let site = Site::open(settings).await?;
    let writer = match &site {
        Site::Machine(data_dir) => warehouse(data_dir, arguments.dry_run).await?,
        Site::Cloud(_) => None,
    };
    let lines = match &site {
        Site::Machine(_) => ledger(writer.as_ref()).await?,
        Site::Cloud(_) => site.ledger(None).await?,
    };
    check_enterprise(&lines, feed)?;
    let google = Door::google(settings, &clock).await?;
    // What a killed run loaded and did not show is loaded: the copy is made from all of it.
    let copied = match (&site, &writer) {
        (Site::Machine(data_dir), Some(writer)) => {
            writer.publish().await?;
            Some(data_dir.as_path())
        }
        _ => None,
    };
    let before = document_of(&lines, feed, site.archive().as_ref()).await?;
    let rehearsed = rehearse(settings, copied, feed, &moves::From::Door(google.clone()), &clock).await?;
    let Some((read, bytes)) = &rehearsed.document else {
        return Err(Failure::world(format!(
            "tab \"{}\": nothing was read of it, and nothing was changed",
            tab_of(settings, feed)
        )));
    };
    let there = before.as_ref().map(|(document, bytes)| Version::archived(&document.request, bytes));
    let now = Version::archived(&read.request, bytes);
    let compared = compare(feed, there.as_ref(), &now).map_err(|error| Failure::usage(error.to_string()))?;
    if compared.is_emptied() {
        // A copy with nothing in it cannot know what the warehouse on Google Cloud has.
        return Err(Failure::world(format!(
            "tab \"{}\" has no row left: no run loads that, and what is loaded stays\n  → put its rows back, or `aispend retire {feed}`",
            tab_of(settings, feed)
        )));
    }
    print::compared(feed, tab_of(settings, feed), &compared);
    let moves = match copied.filter(|_| effect::moves_money(feed)) {
        Some(data_dir) => Some(attributed(data_dir)?).zip(rehearsed.attributed),
        None => None,
    };
    let days = (clock.today(), effect::first_day(settings, &lines, clock.today()));
    let mut effect = Effect::of(feed, there.as_ref(), &now, days, moves)?;
    if matches!(site, Site::Cloud(_)) && effect::moves_money(feed) {
        effect.is_nothing_loaded = false;
        print::money(&effect);
        println!(
            "\nWhose billed money changes hands is not rehearsed on BigQuery: compare Cost Allocation before and after."
        );
    } else {
        print::money(&effect);
    }
    let refused = if compared.refused.is_empty() { None } else { Some(ExitCode::from(INCOMPLETE)) };
    if arguments.dry_run {
        println!("\nNothing was changed (--dry-run).");
        return Ok(refused.unwrap_or(ExitCode::SUCCESS));
    }
    if !compared.has_news() {
        println!("\nNothing to change: what the tab says is what is loaded.");
        return Ok(refused.unwrap_or(ExitCode::SUCCESS));
    }
    println!();
    let outcome = match (&site, &writer) {
        (Site::Machine(data_dir), Some(writer)) => {
            load(settings, &Place::of(data_dir, writer), feed, google, &clock, false).await?
        }
        _ => follow_at(settings, &site, sheet_job(feed, google.source, &clock)).await?,
    };
    let summary = Summary::of(&outcome, &site).await?;
    summary.print(false);
    check_loaded(&outcome, "the tab was not loaded; what was loaded before stays")?;
    let lines: Vec<LedgerLine> = match &writer {
        Some(writer) => ledger(Some(writer)).await?,
        None => site.ledger(Some(feed)).await?,
    };
    let loaded = document_of(&lines, feed, site.archive().as_ref()).await?;
    if loaded.is_none_or(|(document, _)| document.sha256 != read.sha256) {
        println!("\nThe tab was edited after it was compared: what is loaded is what it says now.");
    } else if let Site::Machine(data_dir) = &site {
        effect.check(data_dir)?;
    }
    Ok(refused.unwrap_or_else(|| summary.exit_code()))
}
