//! SQL as text: where its words, its brackets and its quoted texts are.

use std::ops::Range;

/// A statement, and the same bytes with everything blank that is quoted or a comment: what people typed is never taken
/// for SQL.
pub struct Text<'a> {
    /// As it is asked.
    pub sql: &'a str,
    mask: String,
}

impl<'a> Text<'a> {
    /// Reads a statement.
    pub fn of(sql: &'a str) -> Self {
        let mut mask = String::with_capacity(sql.len());
        let mut within: Option<u8> = None;
        let mut before = 0;
        for (place, byte) in sql.bytes().enumerate() {
            let next = sql.as_bytes().get(place + 1).copied();
            match within {
                Some(end) => {
                    // Brackets of quotes stay, so that `DATE '` can be told from `DATE x`.
                    mask.push(if byte == end && end != b'\n' { char::from(byte) } else { ' ' });
                    if byte == end {
                        within = None;
                    }
                }
                None if byte == b'-' && (next == Some(b'-') || before == b'-') => {
                    within = (before == b'-').then_some(b'\n');
                    mask.push(' ');
                }
                None if byte == b'\'' || byte == b'"' => {
                    within = Some(byte);
                    mask.push(char::from(byte));
                }
                None => mask.push(if byte.is_ascii() { char::from(byte) } else { ' ' }),
            }
            before = byte;
        }
        Self { sql, mask }
    }

    /// What stands at a place, quoted texts blank.
    pub fn masked(&self, range: Range<usize>) -> &str {
        self.mask.get(range).unwrap_or_default()
    }

    /// What stands at a place.
    pub fn at(&self, range: Range<usize>) -> &'a str {
        self.sql.get(range).unwrap_or_default()
    }

    /// From a place to the end, as it is asked.
    pub fn from(&self, place: usize) -> &'a str {
        self.at(place..self.sql.len())
    }

    /// Where a word stands, or words: nothing longer that contains them.
    pub fn find(&self, words: &str) -> Vec<usize> {
        let is_free = |place: usize| {
            let before = self.masked(0..place).bytes().next_back();
            let after = self.masked(place + words.len()..self.mask.len()).bytes().next();
            !before.is_some_and(|byte| is_name(byte) || byte == b'.') && !after.is_some_and(is_name)
        };
        self.mask.match_indices(words).map(|(place, _)| place).filter(|place| is_free(*place)).collect()
    }

    /// The inside of the innermost brackets around a place; the whole statement where there are none.
    pub fn around(&self, place: usize) -> Range<usize> {
        let mut depth = 0_usize;
        for (open, byte) in self.masked(0..place).bytes().enumerate().rev() {
            match byte {
                b')' => depth += 1,
                b'(' if depth == 0 => return open + 1..self.close(open + 1),
                b'(' => depth -= 1,
                _ => {}
            }
        }
        0..self.sql.len()
    }

    /// The question around a place: the inside of its brackets, or one of those that are joined there by `UNION ALL`.
    pub fn question_around(&self, place: usize) -> Range<usize> {
        const UNION: &str = "UNION ALL";
        let around = self.around(place);
        let unions = self.masked(around.clone()).match_indices(UNION).map(|(at, _)| around.start + at);
        let mut question = around.clone();
        for union in unions.filter(|union| self.around(*union) == around) {
            if union < place {
                question.start = union + UNION.len();
            } else {
                question.end = question.end.min(union);
            }
        }
        question
    }

    /// Where the brackets close whose inside begins here.
    pub fn close(&self, start: usize) -> usize {
        let mut depth = 0_usize;
        for (place, byte) in self.masked(start..self.mask.len()).bytes().enumerate() {
            match byte {
                b'(' => depth += 1,
                b')' if depth == 0 => return start + place,
                b')' => depth -= 1,
                _ => {}
            }
        }
        self.sql.len()
    }

    /// The name that ends at a place, with its schema.
    pub fn name_before(&self, end: usize) -> &'a str {
        let before = self.masked(0..end);
        let length = before.bytes().rev().take_while(|byte| is_name(*byte) || *byte == b'.').count();
        self.at(end - length..end)
    }
}

/// The quoted texts of a statement, as they are written there.
pub fn quoted(sql: &str) -> Vec<String> {
    let text = Text::of(sql);
    let mut quotes = text.mask.match_indices('\'').map(|(place, _)| place);
    let mut found = Vec::new();
    while let (Some(start), Some(end)) = (quotes.next(), quotes.next()) {
        found.push(text.at(start + 1..end).to_owned());
    }
    found
}

/// True for a byte of a name.
pub const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// A statement with other words at some places; places do not overlap.
pub fn replaced(sql: &str, mut changes: Vec<(Range<usize>, String)>) -> String {
    changes.sort_by_key(|(range, _)| range.start);
    let mut text = String::with_capacity(sql.len());
    let mut done = 0;
    for (range, words) in changes {
        text.push_str(sql.get(done..range.start).unwrap_or_default());
        text.push_str(&words);
        done = range.end;
    }
    text.push_str(sql.get(done..).unwrap_or_default());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_texts_and_comments_hold_no_words() {
        let sql = "SELECT 'é p.day ''(' AS a -- p.day, it's (\n, p.day, xp.day, p.days FROM \"p.day\" AS p";
        let text = Text::of(sql);
        let found: Vec<&str> =
            text.find("p.day").into_iter().map(|place| text.at(place - 2..place + 6)).collect();
        assert_eq!(found, [", p.day,"]);
        assert_eq!(text.around(sql.len()), 0..sql.len());
    }

    #[test]
    fn quoted_texts_are_found() {
        assert_eq!(quoted("SELECT 'a b', \"c\", -- it's\n''"), ["a b", ""]);
    }

    #[test]
    fn brackets_are_found_from_inside() {
        let text = Text::of("a (b (c) ')' d) e");
        let inside = |place| text.at(text.around(place));
        assert_eq!(
            (inside(3), inside(6), inside(13), inside(0)),
            ("b (c) ')' d", "c", "b (c) ')' d", text.sql)
        );
        assert_eq!(text.name_before(9 + 5), "d");
    }

    #[test]
    fn questions_of_a_union_are_told_apart() {
        let sql = "WITH a AS (b UNION ALL c) d UNION ALL e (f) UNION ALL g";
        let text = Text::of(sql);
        let check = |word: &str, expected: &str| {
            let place = sql.find(word).unwrap();
            assert_eq!(text.at(text.question_around(place)).trim(), expected, "{word}");
        };
        check("b", "b");
        check("c)", "c");
        check("d", "WITH a AS (b UNION ALL c) d");
        check("e", "e (f)");
        check("f", "f");
        check("g", "g");
    }

    #[test]
    fn places_change_from_the_front_to_the_back() {
        assert_eq!(replaced("a b c", vec![(4..5, "C".into()), (0..1, "A".into())]), "A b C");
    }
}
