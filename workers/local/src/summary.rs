//! What a run came to, on one screen or as JSON.

mod print;

use std::collections::BTreeMap;
use std::process::ExitCode;

use aispend_alerter::{End, Incident, Incidents, RunReport, SliceReport};
use aispend_model::{Feed, Money};
use aispend_tables::Cell;
use serde::Serialize;

use crate::failure::{Failure, INCOMPLETE};
use crate::run::Outcome;
use crate::screen::{Board, board, dollars};
use crate::site::Site;

/// Findings that have lines of their own.
const UNAVAILABLE: &str = "unavailable";
const VANISHED: &str = "vanished";
const REJECTED_KEPT: usize = 500;

/// A run's summary.
#[derive(Debug, Serialize)]
pub struct Summary {
    run_id: String,
    seconds: u64,
    warehouse: String,
    feeds: BTreeMap<String, FeedLine>,
    /// Changed by a context that came late: read again from the archive.
    read_again: u64,
    rejected_rows: u64,
    /// The first of them.
    rejected: Vec<RejectedLine>,
    /// Slices that lost more than half.
    vanished: Vec<VanishedLine>,
    not_to_be_had: Vec<NotToBeHad>,
    trouble: Vec<Trouble>,
    notes: Vec<Note>,
    findings: BTreeMap<String, u64>,
    /// The findings again, those that matter most first.
    #[serde(skip)]
    worth_knowing: BTreeMap<(Weight, String), u64>,
    /// Incidents that opened at the end of this run.
    alerts: Vec<AlertLine>,
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

/// An incident that opened.
#[derive(Debug, Serialize)]
struct AlertLine {
    id: String,
    rule: String,
    severity: String,
    summary: String,
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

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Warning,
    Info,
}

/// A record that a check refused.
#[derive(Debug, Serialize, PartialEq, Eq)]
struct RejectedLine {
    slice: String,
    place: String,
    column: String,
    reason: String,
    usd: String,
}

/// A slice that lost more than half of its rows or money.
#[derive(Debug, Serialize)]
struct VanishedLine {
    slice: String,
    rows_before: u64,
    rows_after: u64,
    usd_before: String,
    usd_after: String,
}

/// Days that no vendor tells any more.
#[derive(Debug, Serialize, PartialEq, Eq)]
struct NotToBeHad {
    feed: String,
    org_id: String,
    reason: String,
    days: Vec<String>,
}

/// Slices in the same trouble, or a key with which nothing could be read.
#[derive(Debug, Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct Trouble {
    /// A feed, or the setting of a key.
    subject: String,
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
}

impl Summary {
    /// Of a run that has ended.
    pub async fn of(outcome: &Outcome, site: &Site) -> Result<Self, Failure> {
        let mut feeds: BTreeMap<String, FeedLine> = BTreeMap::new();
        let mut findings: BTreeMap<String, u64> = BTreeMap::new();
        let mut worth_knowing: BTreeMap<(Weight, String), u64> = BTreeMap::new();
        let followed = &outcome.followed;
        let (runs, reports): (Vec<&RunReport>, _) = (followed.runs().collect(), followed.all());
        for slice in runs.iter().flat_map(|run| &run.slices) {
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
        for finding in reports.iter().flat_map(|report| &report.slices).flat_map(|slice| &slice.findings) {
            // Said on lines of their own.
            if matches!(finding.check.as_str(), UNAVAILABLE | VANISHED) {
                continue;
            }
            let text = format!("{}: {}", finding.check, finding.message);
            let weight = if finding.severity == "info" { Weight::Info } else { Weight::Warning };
            *worth_knowing.entry((weight, text.clone())).or_default() += finding.count.max(1);
            *findings.entry(text).or_default() += finding.count.max(1);
        }
        let (rejected_rows, rejected) = rejected(site, &reports).await?;
        Ok(Self {
            run_id: followed.first.run_id.clone(),
            seconds: outcome.took.as_secs(),
            warehouse: site.warehouse_name(),
            feeds,
            read_again: followed
                .agains
                .iter()
                .flat_map(|again| &again.slices)
                .filter(|slice| slice.end == End::Loaded)
                .count() as u64,
            rejected_rows,
            rejected,
            vanished: vanished(&reports),
            not_to_be_had: not_to_be_had(&runs),
            trouble: troubles(&reports),
            notes: reports
                .iter()
                .flat_map(|report| &report.notices)
                .filter(|notice| !notice.is_failure)
                .map(|notice| Note {
                    subject: notice.subject.clone(),
                    message: notice.message.clone(),
                    remedy: notice.remedy.clone(),
                })
                .chain(not_in_use(&runs))
                .collect(),
            findings,
            worth_knowing,
            alerts: alerts(site, &reports).await?,
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
            board: board(site).await?,
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
        self.trouble.is_empty() && !self.is_overdue
    }

    /// For a machine.
    pub fn print_json(&self) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(self).map_err(|error| Failure::world(error.to_string()))?;
        println!("{text}");
        Ok(())
    }
}

/// How many this run rejected, and the first of them. From the tables: what a continued run had loaded before counts too.
async fn rejected(site: &Site, reports: &[&RunReport]) -> Result<(u64, Vec<RejectedLine>), Failure> {
    let runs: Vec<String> =
        reports.iter().map(|report| format!("'{}'", report.run_id.replace('\'', "''"))).collect();
    let from = format!("FROM ai_usage_analytics.rejected_records WHERE run_id IN ({})", runs.join(", "));
    let lines = site
        .query(&format!(
            "SELECT slice_key, place, field, reason, money_usd, COUNT(*) OVER () AS all_of_them {from} \
             ORDER BY slice_key, LENGTH(place), place LIMIT {REJECTED_KEPT}"
        ))
        .await?;
    let text = |row: &[Cell], place: usize| row.get(place).map(ToString::to_string).unwrap_or_default();
    let all = lines.rows.first().and_then(|row| text(row, 5).parse().ok()).unwrap_or(0);
    let lines = lines
        .rows
        .iter()
        .map(|row| RejectedLine {
            slice: text(row, 0),
            place: text(row, 1),
            column: text(row, 2),
            reason: text(row, 3),
            usd: text(row, 4),
        })
        .collect();
    Ok((all, lines))
}

async fn alerts(site: &Site, reports: &[&RunReport]) -> Result<Vec<AlertLine>, Failure> {
    let current = Incidents::new(site.archive(), site.clock()).current().await;
    let current = current.map_err(|error| Failure::world(aispend_stage::error_chain(&error)))?;
    let of_run =
        current.into_iter().filter(|incident| reports.iter().any(|report| report.run_id == incident.run_id));
    let line = |incident: Incident| AlertLine {
        id: incident.id,
        rule: incident.breach.rule,
        severity: incident.severity,
        summary: incident.summary,
    };
    Ok(of_run.map(line).collect())
}

fn vanished(reports: &[&RunReport]) -> Vec<VanishedLine> {
    let usd = |nanos| dollars(Money::from_nanos(nanos));
    reports
        .iter()
        .flat_map(|report| &report.slices)
        .filter(|slice| slice.findings.iter().any(|finding| finding.check == VANISHED))
        .map(|slice| VanishedLine {
            slice: slice.slice.key(),
            rows_before: slice.superseded.rows(),
            rows_after: slice.loaded.rows(),
            usd_before: usd(slice.superseded.money()),
            usd_after: usd(slice.loaded.money()),
        })
        .collect()
}

fn not_to_be_had(runs: &[&RunReport]) -> Vec<NotToBeHad> {
    let mut grouped: BTreeMap<(Feed, &str, String), Vec<String>> = BTreeMap::new();
    for slice in runs.iter().flat_map(|run| &run.slices).filter(|slice| slice.end == End::Unavailable) {
        let reason = slice.findings.iter().find(|finding| finding.check == UNAVAILABLE);
        let reason = reason.map(|finding| finding.message.clone()).unwrap_or_default();
        let day = slice.slice.day.map_or_else(|| "all".to_owned(), |day| day.to_string());
        grouped.entry((slice.slice.feed, &slice.slice.org_id, reason)).or_default().push(day);
    }
    grouped
        .into_iter()
        .map(|((feed, org_id, reason), mut days)| {
            days.sort();
            NotToBeHad { feed: feed.as_str().to_owned(), org_id: org_id.to_owned(), reason, days }
        })
        .collect()
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
    let of_slices = grouped.into_iter().map(|((feed, state, reason, detail), (mut days, remedy))| {
        days.sort();
        Trouble { subject: feed.as_str().to_owned(), state, reason, detail, remedy, days }
    });
    let failures = reports.iter().flat_map(|report| &report.notices).filter(|notice| notice.is_failure);
    let of_runs = failures.map(|notice| Trouble {
        subject: notice.subject.clone(),
        state: "not read",
        reason: String::new(),
        detail: notice.message.clone(),
        remedy: notice.remedy.clone(),
        days: Vec::new(),
    });
    of_runs.chain(of_slices).collect()
}

fn not_in_use(runs: &[&RunReport]) -> Option<Note> {
    let names: Vec<&str> = runs
        .iter()
        .flat_map(|run| &run.slices)
        .filter(|slice| slice.end == End::NotInUse)
        .map(|slice| slice.slice.feed.as_str().rsplit('/').next().unwrap_or_default())
        .collect();
    (!names.is_empty()).then(|| Note {
        subject: "sheets".to_owned(),
        message: format!("not in use: {}", names.join(", ")),
        remedy: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use aispend_model::Slice;
    use aispend_proto::v1::Finding;

    use super::*;

    fn report(end: End, day: &str, findings: &[(&str, &str)]) -> SliceReport {
        SliceReport {
            slice: Slice::of_day(Feed::AnthropicCost, "org", day.parse().unwrap()),
            is_planned: true,
            end,
            loaded: aispend_proto::TableSums::default(),
            superseded: aispend_proto::TableSums::default(),
            rejected_rows: 0,
            reason: String::new(),
            detail: String::new(),
            remedy: String::new(),
            findings: findings
                .iter()
                .map(|(check, message)| Finding {
                    check: (*check).to_owned(),
                    message: (*message).to_owned(),
                    ..Finding::default()
                })
                .collect(),
        }
    }

    #[test]
    fn days_not_to_be_had_are_named_with_their_reason() {
        let why: &[(&str, &str)] = &[(UNAVAILABLE, "out of reach")];
        let run = RunReport {
            has_later: false,
            run_id: "r".to_owned(),
            trigger: "command".to_owned(),
            is_planned: true,
            planned_at: jiff::Timestamp::UNIX_EPOCH,
            notices: Vec::new(),
            slices: vec![
                report(End::Unavailable, "2025-12-31", why),
                report(End::Unavailable, "2025-12-30", why),
                report(End::Loaded, "2026-01-01", &[]),
            ],
        };
        let expected = NotToBeHad {
            feed: "anthropic/cost".to_owned(),
            org_id: "org".to_owned(),
            reason: "out of reach".to_owned(),
            days: vec!["2025-12-30".to_owned(), "2025-12-31".to_owned()],
        };
        assert_eq!(not_to_be_had(&[&run]), [expected]);
    }
}
