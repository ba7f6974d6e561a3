//! The simulated vendors, as a process of their own, and their truth.

use std::{
    collections::HashMap,
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use jiff::civil::Date;
use serde::Deserialize;

use crate::{contest::Period, process};

const PEOPLE: &str = "200";

/// The simulator, until it is dropped.
pub struct Vendors {
    child: Child,
    settings: HashMap<String, String>,
    truth: Truth,
}

/// What the tables must add up to.
#[derive(Deserialize)]
struct Truth {
    cursor_expenses: Vec<Events>,
    claude_expenses: Vec<Cost>,
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "named as the simulator's truth names them")]
struct Events {
    day: Date,
    nano: i128,
    billed_events: u64,
    included_events: u64,
    void_events: u64,
}

#[derive(Deserialize)]
struct Cost {
    day: Date,
    nano: i128,
}

impl Vendors {
    /// Starts the simulator, without faults, on any port.
    pub fn start(programs: &Path, events: u64, cost_rows: u32, period: Period, work: &Path) -> Result<Self> {
        let truth = work.join("truth.json");
        let mut child = Command::new(programs.join("simulator"))
            .args(["--people", PEOPLE, "--events", &events.to_string()])
            .args(["--anthropic-rows", &cost_rows.to_string()])
            .args(["--from", &period.from.to_string(), "--to", &period.to.to_string()])
            .arg("--truth")
            .arg(&truth)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("could not start the simulator")?;
        let stdout = child.stdout.take().context("a child has the output that it was given")?;
        let mut vendors = Self {
            child,
            settings: HashMap::new(),
            truth: Truth { cursor_expenses: vec![], claude_expenses: vec![] },
        };
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            if let Some((name, value)) = line.strip_prefix("export ").and_then(|pair| pair.split_once('=')) {
                vendors.settings.insert(name.to_owned(), value.to_owned());
                // The last line it prints.
                if name == "AISPEND_SPREADSHEET_ID" {
                    break;
                }
            }
        }
        ensure!(
            vendors.settings.contains_key("CURSOR_BASE_URL"),
            "the simulator did not say where it serves"
        );
        let file = BufReader::new(File::open(&truth).context("open the simulator's truth")?);
        vendors.truth = serde_json::from_reader(file).context("read the simulator's truth")?;
        std::fs::remove_file(&truth).context("remove the simulator's truth")?;
        Ok(vendors)
    }

    /// A setting that the simulator gave out.
    pub fn setting(&self, name: &str) -> Result<&str> {
        self.settings.get(name).map(String::as_str).with_context(|| format!("the simulator gave no `{name}`"))
    }

    /// Processor time of the simulator so far.
    pub fn cpu_seconds(&self) -> f64 {
        process::times(self.child.id()).map_or(0.0, |(_, seconds)| seconds)
    }

    /// How many events the days have, and what was billed for them, in nano-dollars.
    pub fn events(&self, period: Period) -> (u64, i128) {
        let of_period = self.truth.cursor_expenses.iter().filter(|row| period.contains(row.day));
        of_period.fold((0, 0), |(events, nano), row| {
            (events + row.billed_events + row.included_events + row.void_events, nano + row.nano)
        })
    }

    /// How many rows of usage the days have, and what Anthropic billed for them, in nano-dollars.
    pub fn costs(&self, period: Period) -> (u64, i128) {
        let of_period = self.truth.claude_expenses.iter().filter(|row| period.contains(row.day));
        of_period.fold((0, 0), |(rows, nano), row| (rows + 1, nano + row.nano))
    }
}

impl Drop for Vendors {
    fn drop(&mut self) {
        // It holds nothing that needs a proper end.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
