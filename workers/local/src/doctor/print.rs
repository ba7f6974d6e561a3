//! The report on one screen, 100 columns wide.

use std::io::IsTerminal as _;

use aispend_fetcher::doctor::{Check, SheetReport, Status};

use super::Report;

const WIDTH: usize = 100;
/// Status and subject stand before this column.
const INDENT: usize = 32;

/// Whether status words are coloured. They are words all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colours(bool);

impl Colours {
    /// On a terminal, unless NO_COLOR is set.
    pub fn of_stdout() -> Self {
        Self(std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none())
    }

    fn paint(self, status: Status) -> String {
        let word = format!("{:<5}", word(status));
        if !self.0 {
            return word;
        }
        let code = match status {
            Status::Fail => "1;31",
            Status::Warn => "33",
            Status::Ok => "32",
            Status::Note => "2",
        };
        format!("\u{1b}[{code}m{word}\u{1b}[0m")
    }
}

const fn word(status: Status) -> &'static str {
    match status {
        Status::Fail => "FAIL",
        Status::Warn => "warn",
        Status::Ok => "ok",
        Status::Note => "note",
    }
}

/// The whole screen.
pub fn screen(report: &Report, colours: Colours) -> String {
    let mut screen = Screen { text: String::new(), colours };
    let at = report.diagnosis.checked_at.strftime("%Y-%m-%d %H:%M UTC");
    screen.line(&format!("aispend doctor, {at}, engine {}, warehouse {}", report.engine, report.place));
    screen.title("Keys");
    for key in &report.diagnosis.keys {
        screen.check(&key.check, "");
        for feed in &key.feeds {
            screen.check(&feed.check, "  ");
        }
    }
    screen.title("Sheets");
    for check in sheets(&report.diagnosis.sheets) {
        screen.check(&check, "");
    }
    screen.title("Warehouse");
    for check in &report.warehouse {
        screen.check(check, "");
    }
    if !report.cloud.is_empty() {
        screen.title("Google Cloud");
        for check in &report.cloud {
            screen.check(check, "");
        }
    }
    screen.title("Machine");
    for check in report.machine.iter().chain([&report.diagnosis.clock]) {
        screen.check(check, "");
    }
    if !report.diagnosis.missing.is_empty() {
        screen.title("What will be missing");
        for check in &report.diagnosis.missing {
            screen.check(check, "");
        }
    }
    screen.title(&result(report));
    screen.text
}

/// Sheets as they should be on one line; the others by what is said of them.
fn sheets(sheets: &[SheetReport]) -> Vec<Check> {
    let mut checks = Vec::new();
    let good: Vec<String> = sheets
        .iter()
        .filter(|sheet| sheet.check.status == Status::Ok)
        .map(|sheet| format!("{} {}", sheet.check.subject, sheet.rows.unwrap_or_default()))
        .collect();
    if !good.is_empty() {
        checks.push(Check::ok("read", format!("{} rows", good.join(", "))));
    }
    let mut others: Vec<(&Check, Vec<&str>)> = Vec::new();
    for check in sheets.iter().map(|sheet| &sheet.check).filter(|check| check.status != Status::Ok) {
        let is_same = |known: &Check| known.says == check.says && known.remedy == check.remedy;
        match others.iter_mut().find(|(known, _)| is_same(known)) {
            Some((_, tabs)) => tabs.push(&check.subject),
            None => others.push((check, vec![&check.subject])),
        }
    }
    others.sort_by_key(|(check, _)| check.status);
    checks.extend(others.into_iter().map(|(check, tabs)| {
        if check.status == Status::Note {
            let (subject, reason) = check.says.split_once(": ").unwrap_or((&check.says, ""));
            let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
            Check::note(subject, format!("{}{reason}", tabs.join(", ")))
        } else if tabs.len() == 1 {
            check.clone()
        } else {
            let says = format!("{}: {}", tabs.join(", "), check.says);
            Check { says, ..check.clone().about(format!("{} sheets", tabs.len())) }
        }
    }));
    checks
}

/// The last line.
fn result(report: &Report) -> String {
    let diagnosis = &report.diagnosis;
    let keys = diagnosis
        .keys
        .iter()
        .flat_map(|key| [&key.check].into_iter().chain(key.feeds.iter().map(|feed| &feed.check)));
    let sheets = diagnosis.sheets.iter().map(|sheet| &sheet.check);
    let rest = report.warehouse.iter().chain(&report.machine).chain([&diagnosis.clock]);
    let all: Vec<Status> = keys.chain(sheets).chain(rest).map(|check| check.status).collect();
    let count = |wanted| all.iter().filter(|status| **status == wanted).count();
    let plural = |number: usize| if number == 1 { "" } else { "s" };
    match (count(Status::Fail), count(Status::Warn)) {
        (0, 0) => "Result: ok".to_owned(),
        (0, warnings) => format!("Result: ok, {warnings} warning{}", plural(warnings)),
        (failed, 0) => format!("Result: {failed} failed"),
        (failed, warnings) => format!("Result: {failed} failed, {warnings} warning{}", plural(warnings)),
    }
}

struct Screen {
    text: String,
    colours: Colours,
}

impl Screen {
    fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    fn title(&mut self, text: &str) {
        self.line("");
        self.line(text);
    }

    fn check(&mut self, check: &Check, before: &str) {
        const ROOM: usize = INDENT - 8;
        let subject = format!("{before}{}", check.subject);
        let mut lines = wrapped(&check.says).into_iter();
        // A long subject, such as a setting of the file, has a line of its own.
        let is_long = subject.chars().count() >= ROOM;
        let first = if is_long { String::new() } else { lines.next().unwrap_or_default() };
        let status = self.colours.paint(check.status);
        self.line(&format!("  {status} {subject:<ROOM$}{first}"));
        let remedy =
            if check.remedy.is_empty() { Vec::new() } else { wrapped(&format!("→ {}", check.remedy)) };
        for line in lines.chain(remedy) {
            self.line(&format!("{:INDENT$}{line}", ""));
        }
    }
}

/// Lines no wider than what is left beside status and subject; a longer word stays whole.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let length = word.chars().count();
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + length <= WIDTH - INDENT => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_the_hundredth_column_and_lose_no_word() {
        let text = "word ".repeat(60);
        let lines = wrapped(&text);
        assert!(lines.len() > 1);
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH - INDENT), "{lines:?}");
        assert_eq!(lines.join(" "), text.trim());
        assert_eq!(wrapped(&"x".repeat(200)).len(), 1);
    }

    #[test]
    fn a_status_is_a_word_with_and_without_colour() {
        assert_eq!(Colours(false).paint(Status::Fail), "FAIL ");
        assert_eq!(Colours(true).paint(Status::Fail), "\u{1b}[1;31mFAIL \u{1b}[0m");
    }
}
