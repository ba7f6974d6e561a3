//! What was measured, ready for `docs/performance.md`.

use std::{collections::BTreeMap, fs, time::Duration};

/// One question.
pub struct Timing {
    /// `group/name`.
    pub card: String,
    /// Which selection.
    pub selection: &'static str,
    /// From the address to typed rows.
    pub took: Duration,
}

/// The targets for small and large companies, ms.
const LIMITS: [f64; 2] = [100.0, 1000.0];

/// Slowest cards that are named.
const SLOWEST: usize = 10;

/// The first time: views worked out, then the lists that pages offer.
pub fn opening(opened: Duration, ready: Duration, before: u64) {
    println!(
        "Opened in {:.1} s, ready in {:.1} s; load {}; {} MiB of memory, {} before, {} at most\n",
        opened.as_secs_f64(),
        ready.as_secs_f64(),
        load(),
        resident_mebibytes("VmRSS:"),
        before,
        resident_mebibytes("VmHWM:"),
    );
}

/// Every group and selection, then the slowest cards.
pub fn print(timings: &[Timing]) {
    println!("| what | questions | p50 ms | p95 ms | most ms |\n| --- | --: | --: | --: | --: |");
    let mut groups: BTreeMap<String, Vec<Duration>> = BTreeMap::new();
    for timing in timings {
        let group = timing.card.split('/').next().unwrap_or_default();
        for name in [format!("1 {}", timing.selection), format!("2 {group}"), "3 all".to_owned()] {
            groups.entry(name).or_default().push(timing.took);
        }
    }
    for (name, mut times) in groups {
        times.sort_unstable();
        let name = name.split_once(' ').map_or(name.as_str(), |(_, name)| name);
        println!(
            "| {name} | {} | {:.0} | {:.0} | {:.0} |",
            times.len(),
            quantile(&times, 50),
            quantile(&times, 95),
            quantile(&times, 100)
        );
    }

    let mut cards: BTreeMap<(&str, &str), Vec<Duration>> = BTreeMap::new();
    for timing in timings {
        cards.entry((&timing.card, timing.selection)).or_default().push(timing.took);
    }
    let mut slowest: Vec<(f64, f64, &str, &str)> = cards
        .into_iter()
        .map(|((card, selection), mut times)| {
            times.sort_unstable();
            (quantile(&times, 95), quantile(&times, 50), card, selection)
        })
        .collect();
    slowest.sort_by(|a, b| b.0.total_cmp(&a.0));
    for limit in LIMITS {
        let above = slowest.iter().filter(|(p95, ..)| *p95 > limit).count();
        println!("\n{above} of {} cards and selections have a p95 above {limit:.0} ms", slowest.len());
    }
    println!("\n| slowest | selection | p50 ms | p95 ms |\n| --- | --- | --: | --: |");
    for (p95, median, card, selection) in slowest.into_iter().take(SLOWEST) {
        println!("| {card} | {selection} | {median:.0} | {p95:.0} |");
    }
    println!("\nPeak memory {} MiB; load {}", resident_mebibytes("VmHWM:"), load());
}

/// Milliseconds below which this percentage of sorted times lie.
fn quantile(sorted: &[Duration], percent: usize) -> f64 {
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(place).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

/// A figure of this process from Linux's account of it.
pub fn resident_mebibytes(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap_or(0) >> 10
}

/// Processes that wanted a core during the last minute.
fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_time_that_was_measured() {
        let times: Vec<Duration> = (1..=20).map(Duration::from_millis).collect();
        let check = |percent, milliseconds: f64| {
            assert!((quantile(&times, percent) - milliseconds).abs() < 1e-9, "{percent}");
        };
        check(50, 10.0);
        check(95, 19.0);
        check(100, 20.0);
        assert!(quantile(&[], 95).abs() < 1e-9);
    }
}
