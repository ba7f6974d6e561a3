//! The tables, ready for `docs/performance.md`.

use jiff::Timestamp;

use crate::{contest::Run, machine};

/// Targets of the project.
const TIMES_DLT: f64 = 10.0;
const OF_BARE: f64 = 0.75;
const PEAK_MEBIBYTES: f64 = 256.0;
/// How much more memory a range four times as long may take and still be called flat.
const FLAT: f64 = 1.15;

/// The fastest run of every contestant.
pub struct Report {
    at: Timestamp,
    load: String,
    asked: u64,
    bare: Option<Run>,
    quarter: Option<Run>,
    events: Option<Run>,
    costs: Option<Run>,
    dlt: Option<Run>,
}

impl Report {
    /// Before the first run.
    pub fn new(at: Timestamp, asked: u64) -> Self {
        Self {
            at,
            load: machine::load(),
            asked,
            bare: None,
            quarter: None,
            events: None,
            costs: None,
            dlt: None,
        }
    }

    /// The bare loop.
    pub fn bare(&mut self, run: Run) {
        keep(&mut self.bare, run);
    }

    /// aispend over a quarter of the days.
    pub fn quarter(&mut self, run: Run) {
        keep(&mut self.quarter, run);
    }

    /// aispend over all days.
    pub fn events(&mut self, run: Run) {
        keep(&mut self.events, run);
    }

    /// aispend, Anthropic's costs.
    pub fn costs(&mut self, run: Run) {
        keep(&mut self.costs, run);
    }

    /// dlt.
    pub fn dlt(&mut self, run: Run) {
        keep(&mut self.dlt, run);
    }

    /// Prints everything.
    pub fn print(&self) {
        let day = self.at.strftime("%Y-%m-%d");
        println!("Machine: {}; {day}; load before: {}\n", machine::facts(), self.load);
        println!(
            "| program | rows | seconds | rows/s | processor seconds | simulator's | peak memory | against aispend |"
        );
        println!("| --- | --: | --: | --: | --: | --: | --: | --: |");
        let events = self.events.as_ref().map_or(0.0, rate);
        line("aispend, Cursor events", self.events.as_ref(), events);
        line("aispend, a quarter of the days", self.quarter.as_ref(), events);
        line("bare loop, Cursor events", self.bare.as_ref(), events);
        line("dlt, Cursor events", self.dlt.as_ref(), events);
        line("aispend, Anthropic costs", self.costs.as_ref(), 0.0);
        if let Some(run) = self.dlt.as_ref().filter(|run| run.rows < self.asked) {
            println!("\ndlt read {} of the events: its speed is compared, without Python's start.", run.rows);
        }
        self.print_targets(events);
        self.print_stages();
    }

    fn print_targets(&self, events: f64) {
        println!("\n| target | wanted | measured | |");
        println!("| --- | --: | --: | --- |");
        if let Some(dlt) = &self.dlt {
            let times = events / rate(dlt);
            target(
                "speed against dlt",
                &format!("≥ {TIMES_DLT}"),
                &format!("{times:.1}"),
                times >= TIMES_DLT,
            );
        }
        if let Some(bare) = &self.bare {
            let share = events / rate(bare);
            target(
                "speed against the bare loop",
                &format!("≥ {OF_BARE}"),
                &format!("{share:.2}"),
                share >= OF_BARE,
            );
        }
        let (Some(all), Some(quarter)) = (&self.events, &self.quarter) else { return };
        let (peak, less) = (all.usage.peak_mebibytes, quarter.usage.peak_mebibytes);
        target(
            "peak memory",
            &format!("< {PEAK_MEBIBYTES} MiB"),
            &format!("{peak:.0} MiB"),
            peak < PEAK_MEBIBYTES,
        );
        let growth = peak / less;
        target(
            "peak memory, four times the days",
            &format!("≤ {FLAT}×"),
            &format!("{growth:.2}×"),
            growth <= FLAT,
        );
    }

    fn print_stages(&self) {
        let Some(run) = &self.events else { return };
        let all = run.usage.cpu_seconds;
        let line = |name: &str, seconds: f64| {
            println!("| {name} | {seconds:.1} | {:.0} % |", 100.0 * seconds / all.max(0.001));
        };
        println!("\n| stage | processor seconds | share |");
        println!("| --- | --: | --: |");
        let mut rest = all;
        for stage in &run.stages {
            let seconds = stage.cpu_milliseconds / 1000.0;
            rest -= seconds;
            line(&stage.stage, seconds);
        }
        line("around them: connections, bus, start, publishing", rest);
    }
}

/// The fastest turn's speed and the largest turn's memory: neither is to flatter.
fn keep(best: &mut Option<Run>, mut run: Run) {
    if let Some(known) = best {
        let peak = known.usage.peak_mebibytes.max(run.usage.peak_mebibytes);
        if rate(known) >= rate(&run) {
            known.usage.peak_mebibytes = peak;
            return;
        }
        run.usage.peak_mebibytes = peak;
    }
    *best = Some(run);
}

fn rate(run: &Run) -> f64 {
    run.rows as f64 / run.usage.wall_seconds.max(0.001)
}

fn line(name: &str, run: Option<&Run>, events: f64) {
    let Some(run) = run else { return };
    let against = if events > 0.0 { format!("{:.2}", rate(run) / events) } else { String::new() };
    let usage = &run.usage;
    println!(
        "| {name} | {} | {:.1} | {:.0} | {:.1} | {:.1} | {:.0} MiB | {against} |",
        run.rows,
        usage.wall_seconds,
        rate(run),
        usage.cpu_seconds,
        run.vendors_cpu_seconds,
        usage.peak_mebibytes,
    );
}

fn target(name: &str, wanted: &str, measured: &str, is_met: bool) {
    println!("| {name} | {wanted} | {measured} | {} |", if is_met { "met" } else { "MISSED" });
}
