//! What an address selects, and the address of a selection.

use aispend_warehouse::{Filter, Selection};
use jiff::civil::Date;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::{board::Board, format, period::Range};

/// What stays readable in an address.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Values of one filter in one address.
const MOST_VALUES: usize = 50;

/// Letters of one value.
const MOST_LETTERS: usize = 200;

/// Chosen filters, and what could not be understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters {
    /// The chosen range; none: the dashboard's own.
    pub range: Option<Range>,
    /// Values by filter, in the order of `Filter::ALL` without the range.
    values: [Vec<String>; 4],
    /// What is wrong, in words, by filter. What is wrong counts as not chosen.
    pub errors: Vec<(Filter, String)>,
}

const fn slot(filter: Filter) -> Option<usize> {
    match filter {
        Filter::Range => None,
        Filter::Team => Some(0),
        Filter::User => Some(1),
        Filter::Platform => Some(2),
        Filter::Model => Some(3),
    }
}

impl Filters {
    /// Reads a query string. Words it does not know are left alone: an address may carry more than filters.
    pub fn read(query: &str) -> Self {
        let mut filters = Self::default();
        let (mut range, mut from, mut to) = (None, None, None);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = value.replace('+', " ");
            let value = percent_decode_str(&value).decode_utf8().map(|text| text.trim().to_owned());
            match (name, value) {
                ("range", Ok(value)) => range = Some(value),
                ("from", Ok(value)) => from = Some(value),
                ("to", Ok(value)) => to = Some(value),
                (name, value) => {
                    if let Some(filter) = Filter::ALL.into_iter().find(|filter| filter.slug() == name) {
                        filters.add(filter, value.ok());
                    }
                }
            }
        }
        // A form without script sends the two days in fields of their own.
        if range.as_deref() == Some("custom") {
            range = Some(format!("{}~{}", from.unwrap_or_default(), to.unwrap_or_default()));
        }
        match range.as_deref().filter(|text| !text.is_empty()).map(Range::read) {
            Some(Ok(range)) => filters.range = Some(range),
            Some(Err(error)) => filters.errors.push((Filter::Range, error.to_string())),
            None => {}
        }
        filters
    }

    fn add(&mut self, filter: Filter, value: Option<String>) {
        match self.checked(filter, value) {
            Ok(Some(value)) => {
                if let Some(values) = slot(filter).and_then(|slot| self.values.get_mut(slot))
                    && !values.contains(&value)
                {
                    values.push(value);
                }
            }
            Ok(None) => {}
            Err(problem) => {
                if !self.errors.iter().any(|(known, _)| *known == filter) {
                    self.errors.push((filter, problem.to_owned()));
                }
            }
        }
    }

    fn checked(&self, filter: Filter, value: Option<String>) -> Result<Option<String>, &'static str> {
        let value = value.ok_or("a value cannot be read: it is not UTF-8 text")?;
        if value.is_empty() {
            return Ok(None);
        }
        if value.chars().count() > MOST_LETTERS || value.chars().any(char::is_control) {
            return Err("a value is too long, or holds letters that no name has");
        }
        if self.values(filter).len() >= MOST_VALUES {
            return Err("more than 50 values are chosen: choose fewer, or none for all");
        }
        if filter == Filter::Platform && !format::PLATFORMS.iter().any(|(key, _)| *key == value) {
            return Err(
                "there is no such platform: claude_code, claude_ai, claude_api, cursor or unattributed",
            );
        }
        Ok(Some(value))
    }

    /// Chosen values of a filter.
    pub fn values(&self, filter: Filter) -> &[String] {
        slot(filter).and_then(|slot| self.values.get(slot)).map_or(&[], Vec::as_slice)
    }

    /// The same with other values of a filter.
    #[must_use]
    pub fn with(mut self, filter: Filter, values: Vec<String>) -> Self {
        if let Some(chosen) = slot(filter).and_then(|slot| self.values.get_mut(slot)) {
            *chosen = values;
        }
        self
    }

    /// The same with another range.
    #[must_use]
    pub fn with_range(mut self, range: Range) -> Self {
        self.range = Some(range);
        self
    }

    /// The range of a dashboard: the chosen one, or its own.
    pub fn range_of(&self, board: &Board) -> Range {
        self.range
            .clone()
            .or_else(|| Range::read(board.default_range).ok())
            .unwrap_or(Range::Word("thismonth"))
    }

    /// What a dashboard selects.
    pub fn selection(&self, board: &Board, today: Date) -> Selection {
        let (first, last) = self.range_of(board).days(today);
        let all = Selection {
            team: self.values(Filter::Team).to_vec(),
            user: self.values(Filter::User).to_vec(),
            platform: self.values(Filter::Platform).to_vec(),
            model: self.values(Filter::Model).to_vec(),
            ..Selection::of_days(first, last, today)
        };
        all.keeping(board.filters)
    }

    /// The query string of a dashboard, the range always in it, so that an address means the same tomorrow or says so.
    pub fn query(&self, board: &Board) -> String {
        let mut pairs = vec![format!("range={}", encode(&self.range_of(board).text()))];
        for filter in board.filters {
            let values = self.values(*filter).iter();
            pairs.extend(values.map(|value| format!("{}={}", filter.slug(), encode(value))));
        }
        pairs.join("&")
    }

    /// What is filtered, in words: `Cursor, team Platform`.
    pub fn words(&self, followed: &[Filter]) -> String {
        let mut parts = Vec::new();
        let shown = |values: &[String]| values.join(", ");
        for filter in followed {
            let values = self.values(*filter);
            match filter {
                Filter::Platform if values.is_empty() => parts.push("all platforms".to_owned()),
                Filter::Platform => {
                    let labels: Vec<&str> = values.iter().map(|key| format::platform(key)).collect();
                    parts.push(labels.join(", "));
                }
                Filter::Team if values.is_empty() => parts.push("all teams".to_owned()),
                Filter::Team => parts.push(format!("team {}", shown(values))),
                Filter::User if !values.is_empty() => parts.push(format!("person {}", shown(values))),
                Filter::Model if !values.is_empty() => parts.push(format!("model {}", shown(values))),
                Filter::Range | Filter::User | Filter::Model => {}
            }
        }
        if parts.is_empty() {
            return "No filters".to_owned();
        }
        let text = parts.join(", ");
        let mut letters = text.chars();
        letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
    }
}

/// A value as an address spells it.
pub fn encode(value: &str) -> String {
    utf8_percent_encode(value, KEPT).to_string()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn board(group: &str) -> &'static Board {
        Board::of_group(group).unwrap()
    }

    #[test]
    fn an_address_says_what_is_selected_and_comes_back_the_same() {
        let filters = Filters::read(
            "range=lastmonth&team=R%26D+Lab&platform=cursor&platform=claude_ai&user=ana%40example.com&x=1",
        );
        assert_eq!(filters.errors, []);
        assert_eq!(filters.values(Filter::Team), ["R&D Lab"]);
        let query = filters.query(board("alloc"));
        assert_eq!(
            query,
            "range=lastmonth&team=R%26D%20Lab&user=ana%40example.com&platform=cursor&platform=claude_ai"
        );
        assert_eq!(Filters::read(&query), filters);
        let selection = filters.selection(board("exec"), date(2026, 11, 22));
        assert_eq!((selection.first_day, selection.user.len()), (date(2026, 10, 1), 0));
    }

    #[test]
    fn a_form_without_script_sends_two_days() {
        let filters = Filters::read("range=custom&from=2026-10-01&to=2026-10-15&team=");
        assert_eq!(filters.range, Some(Range::Days(date(2026, 10, 1), date(2026, 10, 15))));
        assert_eq!(filters.errors, []);
    }

    #[test]
    fn what_cannot_be_meant_is_said_and_left_out() {
        let check = |query: &str, filter: Filter, words: &str| {
            let filters = Filters::read(query);
            assert!(
                matches!(filters.errors.as_slice(), [(at, text)] if *at == filter && text.contains(words)),
                "{query}: {:?}",
                filters.errors
            );
            assert_eq!(filters.values(filter).len().min(MOST_VALUES), filters.values(filter).len());
        };
        check("range=2026-02-30~2026-03-01", Filter::Range, "no date range");
        check("range=custom&from=&to=", Filter::Range, "no date range");
        check("platform=openai", Filter::Platform, "no such platform");
        check("team=%FF%FE", Filter::Team, "UTF-8");
        check("user=a%00b", Filter::User, "letters");
        check(&format!("team={}", "x".repeat(5_000)), Filter::Team, "too long");
        let many: Vec<String> = (0..200).map(|n| format!("team=t{n}")).collect();
        check(&many.join("&"), Filter::Team, "more than 50");
        assert_eq!(Filters::read("&&=&%=%&team").errors, []);
    }

    #[test]
    fn filters_are_repeated_in_words() {
        let filters = Filters::read("platform=cursor&team=Platform");
        assert_eq!(filters.words(board("exec").filters), "Team Platform, Cursor");
        assert_eq!(Filters::default().words(board("alloc").filters), "All teams, all platforms");
        assert_eq!(Filters::default().words(&[]), "No filters");
    }
}
