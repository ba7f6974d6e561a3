//! What the numbers were measured on.

use std::{fs, thread};

/// Processor, cores, memory.
pub fn facts() -> String {
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let model = line_of("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let memory = line_of("/proc/meminfo", "MemTotal")
        .and_then(|text| text.strip_suffix("kB")?.trim().parse::<u64>().ok())
        .map_or(0, |kibibytes| kibibytes >> 20);
    format!("{cores} cores of {model}, {memory} GiB")
}

/// Processes that wanted a core during the last minute: what else was going on.
pub fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}

fn line_of(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
