//! Counts tests by reading what the test runners say at their end.

use std::{fmt, ops::AddAssign};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
    pub skipped: u64,
}

impl Tally {
    pub const FAILED: Self = Self { passed: 0, failed: 1, skipped: 0 };

    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// Reads a summary line of nextest, of libtest, of the simulation, of infra/tools/check.sh or of Node.js. Any other line counts nothing.
    ///
    /// Only nextest's own is indented. What else is indented is a failed test's output as nextest shows it, libtest's
    /// summary among it: a test that passes when repeated would count as failed by that.
    pub fn read(line: &str) -> Self {
        let line = without_colours(line);
        let line = if line.trim_start().starts_with("Summary [") { line.trim_start() } else { &line };
        let mut tally = Self::default();
        // Node.js gives a line to each count: `# pass 12`, or `ℹ pass 12` for a person.
        if let Some(count) = line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ ")) {
            let mut words = count.split_whitespace();
            let (word, number) = (words.next(), words.next().and_then(|number| number.parse().ok()));
            match (word, number, words.next()) {
                (Some("pass"), Some(number), None) => tally.passed = number,
                (Some("fail" | "cancelled"), Some(number), None) => tally.failed = number,
                (Some("skipped" | "todo"), Some(number), None) => tally.skipped = number,
                _ => {}
            }
            return tally;
        }
        if !["Summary [", "test result:", "simulate:", "infra:"].iter().any(|start| line.starts_with(start)) {
            return tally;
        }
        // What is counted follows its number: `2 skipped`, and in nextest `2 exec failed` and `1 timed out`.
        let mut count = 0;
        for word in line.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
            match word {
                "passed" => tally.passed += count,
                "failed" | "exec" | "timed" => tally.failed += count,
                "skipped" | "ignored" => tally.skipped += count,
                _ => {}
            }
            count = word.parse().unwrap_or_default();
        }
        tally
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// Takes terminal colours (`ESC [ … m`) out of a line.
fn without_colours(line: &str) -> String {
    let mut pieces = line.split('\u{1b}');
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        plain.push_str(piece.split_once('m').map_or(piece, |(_, text)| text));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_runners_summary_is_read() {
        let check = |line: &str, passed, failed, skipped| {
            assert_eq!(Tally::read(line), Tally { passed, failed, skipped }, "{line}");
        };
        check("     Summary [   0.010s] 3 tests run: 3 passed, 0 skipped", 3, 0, 0);
        check(
            "Summary [ 71.2s] 9/12 tests run: 5 passed (2 slow), 2 failed, 1 exec failed, 1 timed out, 3 skipped",
            5,
            4,
            3,
        );
        check(
            "\u{1b}[32;1m     Summary\u{1b}[0m [   0.010s] \u{1b}[1m2\u{1b}[0m tests run: \u{1b}[1m2\u{1b}[0m \u{1b}[32;1mpassed\u{1b}[0m, \u{1b}[1m1\u{1b}[0m \u{1b}[33;1mskipped\u{1b}[0m",
            2,
            0,
            1,
        );
        check(
            "test result: ok. 4 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.30s",
            4,
            0,
            1,
        );
        check("    test result: FAILED. 0 passed; 1 failed; 0 ignored; finished in 46.17s", 0, 0, 0);
        check("simulate: 1000 passed, 0 failed", 1000, 0, 0);
        check("# pass 31", 31, 0, 0);
        check("ℹ fail 2", 0, 2, 0);
        check("# skipped 1", 0, 0, 1);
        check("# pass 31 of them", 0, 0, 0);
        check("# Subtest: pass 3", 0, 0, 0);
        check("7 passed by the house", 0, 0, 0);
        check("", 0, 0, 0);
    }
}
