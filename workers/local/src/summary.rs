//! What a run came to, on one screen or as JSON.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aispend_alerter::{End, RunReport, SliceReport};
use aispend_duckdb::open_reader;
use aispend_model::{Feed, Money};
use serde::Serialize;

use crate::failure::{Failure, INCOMPLETE};
use crate::run::Outcome;
use crate::screen::{Board, board, count, dollars};

/// A run's summary.
#[derive(Debug, Serialize)]
pub struct Summary {
    run_id: String,
    seconds: u64,
    warehouse: PathBuf,
    feeds: BTreeMap<String, FeedLine>,
    /// Changed by a context that came late: read again from the archive.
    read_again: u64,
    rejected_rows: u64,
    trouble: Vec<Trouble>,
    notes: Vec<Note>,
    findings: BTreeMap<String, u64>,
    is_overdue: bool,
    stages: Vec<StageLine>,
    #[serde(skip)]
    board: Board,
}

/// What a stage did: nothing in minus out is unexplained.
#[derive(Debug, Serialize)]
struct StageLine {
    stage: &'static str,
    received: u64,
    settled: u64,
    published: u64,
    given_back: u64,
    parked: u64,
    /// Time in its handlers, waiting included, over all that ran at once.
    cpu_milliseconds: u128,
}

/// What became of a feed's slices.
#[derive(Debug, Default, Serialize)]
struct FeedLine {
    loaded: u64,
    unchanged: u64,
    skipped: u64,
    failed: u64,
    parked: u64,
    rows: u64,
    usd: String,
    #[serde(skip)]
    money: Money,
}

/// Slices in the same trouble.
#[derive(Debug, Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct Trouble {
    feed: String,
    state: &'static str,
    reason: String,
    detail: String,
    remedy: String,
    days: Vec<String>,
}

/// Something about the run as a whole.
#[derive(Debug, Serialize)]
struct Note {
    subject: String,
    message: String,
    remedy: String,
    is_failure: bool,
}

impl Summary {
    /// Of a run that has ended.
    pub fn of(outcome: &Outcome, data_dir: &Path) -> Result<Self, Failure> {
        let mut feeds: BTreeMap<String, FeedLine> = BTreeMap::new();
        let mut findings: BTreeMap<String, u64> = BTreeMap::new();
        let mut rejected_rows = 0;
        let reports = [&outcome.report, &outcome.again];
        for slice in &outcome.report.slices {
            let line = feeds.entry(slice.slice.feed.as_str().to_owned()).or_default();
            match slice.end {
                End::Loaded => line.loaded += 1,
                End::Unchanged => line.unchanged += 1,
                End::Superseded | End::Unavailable | End::NotInUse | End::NotYet => line.skipped += 1,
                End::Failed | End::Pending => line.failed += 1,
                End::Parked => line.parked += 1,
            }
            line.rows += slice.loaded.rows();
            line.money += Money::from_nanos(slice.loaded.money());
        }
        for line in feeds.values_mut() {
            line.usd = line.money.to_string();
        }
        for slice in reports.iter().flat_map(|report| &report.slices) {
            rejected_rows += slice.rejected_rows;
            for finding in &slice.findings {
                *findings.entry(format!("{}: {}", finding.check, finding.message)).or_default() +=
                    finding.count.max(1);
            }
        }
        let warehouse = data_dir.join("warehouse.duckdb");
        let reader = open_reader(data_dir)?;
        Ok(Self {
            run_id: outcome.report.run_id.clone(),
            seconds: outcome.took.as_secs(),
            warehouse,
            feeds,
            read_again: outcome.again.slices.iter().filter(|slice| slice.end == End::Loaded).count() as u64,
            rejected_rows,
            trouble: troubles(&reports),
            notes: reports
                .iter()
                .flat_map(|report| &report.notices)
                .map(|notice| Note {
                    subject: notice.subject.clone(),
                    message: notice.message.clone(),
                    remedy: notice.remedy.clone(),
                    is_failure: notice.is_failure,
                })
                .chain(not_in_use(&outcome.report))
                .collect(),
            findings,
            is_overdue: outcome.is_overdue,
            stages: outcome
                .counts
                .iter()
                .map(|(stage, counts)| StageLine {
                    stage,
                    received: counts.received,
                    settled: counts.settled,
                    published: counts.published,
                    given_back: counts.given_back,
                    parked: counts.parked,
                    cpu_milliseconds: counts.processor.as_millis(),
                })
                .collect(),
            board: board(&reader)?,
        })
    }

    /// 0 when everything is loaded.
    pub fn exit_code(&self) -> ExitCode {
        if self.is_complete() && self.rejected_rows == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(INCOMPLETE)
        }
    }

    /// The demo's sheets hold a bad row on purpose: showing what becomes of it is no failure.
    pub fn demo_exit_code(&self) -> ExitCode {
        if self.is_complete() { ExitCode::SUCCESS } else { ExitCode::from(INCOMPLETE) }
    }

    fn is_complete(&self) -> bool {
        self.trouble.is_empty() && !self.is_overdue && self.notes.iter().all(|note| !note.is_failure)
    }

    /// For a machine.
    pub fn print_json(&self) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(self).map_err(|error| Failure::world(error.to_string()))?;
        println!("{text}");
        Ok(())
    }

    /// For a person.
    pub fn print(&self, is_simulated: bool) {
        if is_simulated {
            println!("SIMULATED DATA: an invented company, no vendor was asked\n");
        }
        self.board.print();
        println!("This run ({} s)", self.seconds);
        println!(
            "  {:<24}{:>8}{:>11}{:>9}{:>8}{:>12}{:>16}",
            "feed", "loaded", "unchanged", "skipped", "failed", "rows", "USD"
        );
        for (feed, line) in &self.feeds {
            if line.loaded + line.unchanged + line.failed + line.parked == 0 {
                continue;
            }
            println!(
                "  {feed:<24}{:>8}{:>11}{:>9}{:>8}{:>12}{:>16}",
                line.loaded,
                line.unchanged,
                line.skipped,
                line.failed + line.parked,
                count(line.rows),
                if line.money == Money::ZERO { String::new() } else { dollars(line.money) }
            );
        }
        if self.read_again > 0 {
            println!(
                "  {} slices were read again: keys, workspaces or the mapping sheet decide them differently now",
                self.read_again
            );
        }
        self.print_trouble();
        self.print_notes();
        println!("\nWarehouse: {}", self.warehouse.display());
    }

    fn print_trouble(&self) {
        if self.rejected_rows > 0 {
            println!(
                "\n{} records were rejected: aispend query \"SELECT place, field, reason FROM ai_usage_analytics.rejected_records\"",
                self.rejected_rows
            );
        }
        if self.is_overdue {
            println!("\nThe run's deadline ended it; what is missing stays due.");
        }
        for trouble in &self.trouble {
            println!("\n{} {}: {}", trouble.feed, trouble.state, days(&trouble.days));
            println!("  {}", trouble.detail);
            if !trouble.remedy.is_empty() {
                println!("  → {}", trouble.remedy);
            }
        }
    }

    fn print_notes(&self) {
        for note in &self.notes {
            let mark = if note.is_failure { "MISSING " } else { "" };
            println!("\n{mark}{}: {}", note.subject, note.message);
            if !note.remedy.is_empty() {
                println!("  → {}", note.remedy);
            }
        }
        if !self.findings.is_empty() {
            println!("\nWorth knowing");
            for (text, times) in self.findings.iter().take(8) {
                println!("  {text} ({times}×)");
            }
            if self.findings.len() > 8 {
                println!(
                    "  … and {} more: aispend query \"SELECT slice_key, findings FROM ai_usage_analytics.slice_loads\"",
                    self.findings.len() - 8
                );
            }
        }
    }
}

/// Feed, state, reason, detail: slices that agree in these are one line.
type TroubleKey = (Feed, &'static str, String, String);
type DaysAndRemedy = (Vec<String>, String);

fn troubles(reports: &[&RunReport]) -> Vec<Trouble> {
    let mut grouped: BTreeMap<TroubleKey, DaysAndRemedy> = BTreeMap::new();
    let in_trouble = |slice: &&SliceReport| matches!(slice.end, End::Failed | End::Parked | End::Pending);
    for slice in reports.iter().flat_map(|report| &report.slices).filter(in_trouble) {
        let state = match slice.end {
            End::Parked => "parked",
            End::Pending => "not read in time",
            _ => "failed",
        };
        let key = (slice.slice.feed, state, slice.reason.clone(), slice.detail.clone());
        let entry = grouped.entry(key).or_default();
        entry.0.push(slice.slice.day.map_or_else(|| "all".to_owned(), |day| day.to_string()));
        entry.1.clone_from(&slice.remedy);
    }
    grouped
        .into_iter()
        .map(|((feed, state, reason, detail), (mut days, remedy))| {
            days.sort();
            Trouble { feed: feed.as_str().to_owned(), state, reason, detail, remedy, days }
        })
        .collect()
}

fn not_in_use(report: &RunReport) -> Option<Note> {
    let names: Vec<&str> = report
        .slices
        .iter()
        .filter(|slice| slice.end == End::NotInUse)
        .map(|slice| slice.slice.feed.as_str().rsplit('/').next().unwrap_or_default())
        .collect();
    (!names.is_empty()).then(|| Note {
        subject: "sheets".to_owned(),
        message: format!("not in use: {}", names.join(", ")),
        remedy: String::new(),
        is_failure: false,
    })
}

fn days(days: &[String]) -> String {
    match days {
        [] => String::new(),
        [one] => one.clone(),
        [first, .., last] => format!("{} days, {first} to {last}", days.len()),
    }
}
