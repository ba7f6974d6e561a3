//! aispend and the bare loop: run, checked against the truth, measured.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use duckdb::{AccessMode, Config, Connection};
use jiff::civil::Date;
use serde::Deserialize;

use crate::{
    process::{self, Usage},
    vendors::Vendors,
};

/// Whole days, both included.
#[derive(Debug, Clone, Copy)]
pub struct Period {
    pub from: Date,
    pub to: Date,
}

impl Period {
    pub fn contains(self, day: Date) -> bool {
        (self.from..=self.to).contains(&day)
    }
}

/// What a contestant did.
#[derive(Debug, Clone)]
pub struct Run {
    /// Vendor rows: events or cost rows.
    pub rows: u64,
    pub usage: Usage,
    /// What the simulator used meanwhile.
    pub vendors_cpu_seconds: f64,
    /// Name and processor time of each stage.
    pub stages: Vec<Stage>,
}

/// A line of `stages` in the summary of `aispend run --json`.
#[derive(Debug, Clone, Deserialize)]
pub struct Stage {
    pub stage: String,
    pub cpu_milliseconds: f64,
}

#[derive(Deserialize)]
struct Summary {
    stages: Vec<Stage>,
}

/// Runs aispend.
pub struct Aispend<'a> {
    pub programs: &'a Path,
    pub vendors: &'a Vendors,
    pub folder: &'a Path,
}

impl Aispend<'_> {
    /// Cursor's events of a period, into a new warehouse.
    pub fn events(&self, name: &str, period: Period) -> Result<Run> {
        let mut done = self.run(name, period, &["cursor/usage-events"], "CURSOR_ADMIN_KEY")?;
        let found = ask(
            &self.warehouse(name),
            "SELECT (SELECT COUNT(*) FROM ai_usage_analytics.cursor_usage_events),
                    (SELECT CAST(SUM(estimated_cost_usd) AS VARCHAR) FROM ai_usage_analytics.cursor_expenses)",
        )?;
        done.rows = found.0;
        check("aispend", found, self.vendors.events(period))?;
        Ok(done)
    }

    /// Anthropic's cost rows of a period, and the directory they are attributed by.
    pub fn costs(&self, name: &str, period: Period) -> Result<Run> {
        let feeds = ["anthropic/cost", "anthropic/directory"];
        let mut done = self.run(name, period, &feeds, "ANTHROPIC_ADMIN_KEY")?;
        let found = ask(
            &self.warehouse(name),
            "SELECT COUNT(*), CAST(SUM(cost_usd) AS VARCHAR) FROM ai_usage_analytics.claude_expenses",
        )?;
        done.rows = found.0;
        check("aispend", found, self.vendors.costs(period))?;
        Ok(done)
    }

    fn warehouse(&self, name: &str) -> std::path::PathBuf {
        self.folder.join(name).join("warehouse.duckdb")
    }

    fn run(&self, name: &str, period: Period, feeds: &[&str], key: &str) -> Result<Run> {
        let mut command = Command::new(self.programs.join("aispend"));
        // Nobody's own settings, file or keys.
        for (variable, _) in std::env::vars_os() {
            let variable = variable.to_string_lossy();
            if ["AISPEND_", "ANTHROPIC_", "CURSOR_", "GOOGLE_"].iter().any(|own| variable.starts_with(own)) {
                command.env_remove(&*variable);
            }
        }
        for setting in ["ANTHROPIC_BASE_URL", "CURSOR_BASE_URL", key] {
            command.env(setting, self.vendors.setting(setting)?);
        }
        command
            .env("AISPEND_ANTHROPIC_ANALYTICS_REQUESTS_PER_MINUTE", "1000000")
            .env("AISPEND_CURSOR_REQUESTS_PER_MINUTE", "1000000")
            .env("AISPEND_CURSOR_EVENT_REQUESTS_PER_MINUTE", "1000000")
            .env("AISPEND_FETCH_EMPTY_PAUSE_SECONDS", "0")
            .current_dir(self.folder)
            .arg("--data-dir")
            .arg(self.folder.join(name))
            .args(["run", "--json", "--from", &period.from.to_string(), "--to", &period.to.to_string()])
            .args(["--feeds", &feeds.join(",")]);
        let before = self.vendors.cpu_seconds();
        let ended = process::run(&mut command)?;
        let vendors_cpu_seconds = self.vendors.cpu_seconds() - before;
        let summary: Summary = serde_json::from_str(&ended.stdout).context("read aispend's summary")?;
        Ok(Run { rows: 0, usage: ended.usage, vendors_cpu_seconds, stages: summary.stages })
    }
}

/// Runs the bare loop.
pub fn bare(programs: &Path, vendors: &Vendors, period: Period, folder: &Path) -> Result<Run> {
    let database = folder.join("bare.duckdb");
    let mut command = Command::new(programs.join("bare"));
    command
        .args([
            "--base-url",
            vendors.setting("CURSOR_BASE_URL")?,
            "--key",
            vendors.setting("CURSOR_ADMIN_KEY")?,
        ])
        .args(["--from", &period.from.to_string(), "--to", &period.to.to_string()])
        .arg("--database")
        .arg(&database);
    let before = vendors.cpu_seconds();
    let ended = process::run(&mut command)?;
    let vendors_cpu_seconds = vendors.cpu_seconds() - before;
    let found = ask(
        &database,
        "SELECT COUNT(*), CAST(SUM(charged_value_usd) FILTER (WHERE COALESCE(is_chargeable,
            kind IN ('Usage-based', 'USAGE_EVENT_KIND_USAGE_BASED'))) AS VARCHAR) FROM cursor_usage_events",
    )?;
    check("the bare loop", found, vendors.events(period))?;
    fs::remove_file(&database).context("remove the bare loop's database")?;
    Ok(Run { rows: found.0, usage: ended.usage, vendors_cpu_seconds, stages: Vec::new() })
}

/// Rows and nano-dollars out of a database.
fn ask(database: &Path, sql: &str) -> Result<(u64, i128)> {
    let config = Config::default().access_mode(AccessMode::ReadOnly)?;
    let connection = Connection::open_with_flags(database, config)
        .with_context(|| format!("open {}", database.display()))?;
    let (rows, usd): (u64, Option<String>) = connection
        .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .context("ask for rows and money")?;
    // Nine decimals: without the point it is nano-dollars.
    let nano = usd.map_or(Ok(0), |usd| usd.replace('.', "").parse()).context("read an amount")?;
    Ok((rows, nano))
}

fn check(who: &str, found: (u64, i128), truth: (u64, i128)) -> Result<()> {
    ensure!(
        found == truth,
        "{who} is wrong: {} rows and {} nano-dollars, the truth is {} and {}",
        found.0,
        found.1,
        truth.0,
        truth.1
    );
    Ok(())
}
