//! How far a run is: a bar on a terminal, plain lines otherwise, always on standard error.

use std::fmt;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use aispend_alerter::{End, SliceReport};
use indicatif::{ProgressBar, ProgressStyle};

use crate::followed::Followed;

/// A line this often where nobody watches a bar, and the first as soon as the plan is known.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Shows a run.
pub enum Progress {
    /// On a terminal.
    Bar(ProgressBar),
    /// Elsewhere.
    Lines {
        /// When the last line was.
        last: Option<Instant>,
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
        Self::Lines { last: None }
    }

    /// The runs as they are now.
    pub fn show(&mut self, followed: &Followed) {
        let state = State::of(followed);
        match self {
            Self::Bar(bar) => {
                bar.set_length(state.planned as u64);
                bar.set_position(state.ended as u64);
                bar.set_message(state.to_string());
            }
            Self::Lines { last }
                if state.planned > 0 && last.is_none_or(|last| last.elapsed() >= LINE_EVERY) =>
            {
                *last = Some(Instant::now());
                eprintln!("{} of {} slices, {state}", state.ended, state.planned);
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

/// Slices and rows, second looks left out.
struct State {
    planned: usize,
    ended: usize,
    rows: u64,
    in_trouble: usize,
}

impl State {
    fn of(followed: &Followed) -> Self {
        let slices: Vec<&SliceReport> = followed.runs().flat_map(|run| &run.slices).collect();
        let count = |is_so: fn(&SliceReport) -> bool| slices.iter().filter(|slice| is_so(slice)).count();
        Self {
            planned: count(|slice| slice.is_planned),
            ended: count(|slice| slice.end != End::Pending),
            rows: slices.iter().map(|slice| slice.loaded.rows()).sum(),
            in_trouble: count(|slice| matches!(slice.end, End::Failed | End::Parked)),
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows", self.rows)?;
        if self.in_trouble > 0 { write!(f, ", {} in trouble", self.in_trouble) } else { Ok(()) }
    }
}
