//! How far a run is: a bar on a terminal, plain lines otherwise, always on standard error.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use aispend_alerter::{End, SliceReport};
use indicatif::{ProgressBar, ProgressStyle};

use crate::followed::Followed;

/// A line this often where nobody watches a bar.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Shows a run.
pub enum Progress {
    /// On a terminal.
    Bar(ProgressBar),
    /// Elsewhere.
    Lines {
        /// When the last line was.
        last: Instant,
    },
    /// Not at all.
    Quiet,
}

impl Progress {
    /// As it suits where standard error goes.
    pub fn start(is_quiet: bool) -> Self {
        if is_quiet {
            return Self::Quiet;
        }
        if std::io::stderr().is_terminal() {
            let bar = ProgressBar::new(0);
            let style = ProgressStyle::with_template("{bar:32} {pos}/{len} slices  {msg}  {elapsed}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_millis(200));
            return Self::Bar(bar);
        }
        Self::Lines { last: Instant::now() }
    }

    /// The runs as they are now.
    pub fn show(&mut self, followed: &Followed) {
        let slices: Vec<&SliceReport> = followed.runs().flat_map(|run| &run.slices).collect();
        let planned = slices.iter().filter(|slice| slice.is_planned).count();
        let ended = slices.iter().filter(|slice| slice.end != End::Pending).count();
        match self {
            Self::Bar(bar) => {
                bar.set_length(planned as u64);
                bar.set_position(ended as u64);
                bar.set_message(message(&slices));
            }
            Self::Lines { last } if last.elapsed() >= LINE_EVERY => {
                *last = Instant::now();
                eprintln!("{ended} of {planned} slices, {}", message(&slices));
            }
            Self::Lines { .. } | Self::Quiet => {}
        }
    }

    /// Makes room for the summary.
    pub fn end(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn message(slices: &[&SliceReport]) -> String {
    let failed = slices.iter().filter(|slice| matches!(slice.end, End::Failed | End::Parked)).count();
    let rows: u64 = slices.iter().map(|slice| slice.loaded.rows()).sum();
    if failed == 0 { format!("{rows} rows") } else { format!("{rows} rows, {failed} in trouble") }
}
