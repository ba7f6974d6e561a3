//! Finds rows of one identity that would share a day once everything is merged, and says which of them must not come in.

use std::collections::{BTreeMap, BTreeSet};

/// A row as it would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// First and last day.
    pub days: (i32, i32),
    /// Its place in the sheet that is there.
    pub kept: Option<usize>,
    /// The row of the import that adds or changes it.
    pub incoming: Option<usize>,
    /// What its days were before that row came.
    pub before: Option<(i32, i32)>,
}

/// A row of the import that is refused, and the row it would share days with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clash {
    pub incoming: usize,
    pub other: Span,
}

/// Every row of the import that must not come in. Rows that were there and clash among themselves are left alone.
pub(super) fn clashes(groups: BTreeMap<&[String], Vec<Span>>) -> Vec<Clash> {
    groups.into_values().flat_map(of_one).collect()
}

fn of_one(mut spans: Vec<Span>) -> Vec<Clash> {
    let mut found: Vec<Clash> = Vec::new();
    while let Some(round) = sweep(&spans) {
        let refused: BTreeSet<usize> = round.iter().map(|clash| clash.incoming).collect();
        let is_refused = |span: &Span| span.incoming.is_some_and(|row| refused.contains(&row));
        // A change that is refused leaves the row as it was; an addition leaves nothing.
        spans.retain(|span| !is_refused(span) || span.kept.is_some());
        for span in spans.iter_mut().filter(|span| is_refused(span)) {
            span.days = span.before.unwrap_or(span.days);
            span.incoming = None;
        }
        found.extend(round);
    }
    found
}

/// One walk from the first day to the last.
fn sweep(spans: &[Span]) -> Option<Vec<Clash>> {
    let mut sorted: Vec<&Span> = spans.iter().collect();
    sorted.sort_by_key(|span| (span.days, span.incoming));
    let mut found = Vec::new();
    let mut reaches_furthest: Option<&Span> = None;
    for span in sorted {
        let Some(other) = reaches_furthest.filter(|other| span.days.0 <= other.days.1) else {
            reaches_furthest = Some(span);
            continue;
        };
        let mut goes_on = if span.days.1 > other.days.1 { span } else { other };
        // Of two that came, the later row goes; beside one that was there, the one that came.
        match (span.incoming, other.incoming) {
            (Some(row), beside) if beside.is_none_or(|beside| beside < row) => {
                found.push(Clash { incoming: row, other: *other });
                goes_on = other;
            }
            (_, Some(row)) => {
                found.push(Clash { incoming: row, other: *span });
                goes_on = span;
            }
            (Some(_) | None, None) => {}
        }
        reaches_furthest = Some(goes_on);
    }
    (!found.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kept(place: usize, days: (i32, i32)) -> Span {
        Span { days, kept: Some(place), incoming: None, before: None }
    }

    fn added(row: usize, days: (i32, i32)) -> Span {
        Span { days, kept: None, incoming: Some(row), before: None }
    }

    fn changed(place: usize, row: usize, before: (i32, i32), days: (i32, i32)) -> Span {
        Span { days, kept: Some(place), incoming: Some(row), before: Some(before) }
    }

    fn refused(spans: Vec<Span>) -> Vec<usize> {
        let mut rows: Vec<usize> = of_one(spans).into_iter().map(|clash| clash.incoming).collect();
        rows.sort_unstable();
        rows
    }

    #[test]
    fn a_row_that_comes_gives_way_to_the_one_that_is_there() {
        assert_eq!(refused(vec![kept(0, (1, 10)), added(0, (11, 20))]), [] as [usize; 0]);
        assert_eq!(refused(vec![kept(0, (1, 10)), added(0, (10, 20))]), [0]);
        assert_eq!(refused(vec![kept(0, (5, i32::MAX)), added(3, (i32::MIN, 5))]), [3]);
        assert_eq!(refused(vec![added(2, (1, 5)), added(1, (1, 5)), added(0, (6, 9))]), [2]);
        assert_eq!(refused(vec![kept(0, (1, 10)), kept(1, (5, 6))]), [] as [usize; 0]);
    }

    #[test]
    fn the_end_of_one_row_makes_room_for_the_next_whatever_their_order() {
        let ended = changed(0, 1, (1, i32::MAX), (1, 30));
        assert_eq!(refused(vec![ended, added(0, (31, i32::MAX))]), [] as [usize; 0]);
        // Refused, the change leaves the row as it was: what came in its place has no room either.
        let clashing = changed(0, 1, (1, i32::MAX), (1, 60));
        assert_eq!(refused(vec![clashing, added(0, (31, i32::MAX))]), [0, 1]);
    }

    proptest! {
        #[test]
        fn nothing_that_came_in_shares_a_day(
            there in proptest::collection::vec((0_i32..40, 0_i32..6), 0..6),
            came in proptest::collection::vec((0_i32..40, 0_i32..6), 0..8),
        ) {
            let mut spans: Vec<Span> =
                there.iter().enumerate().map(|(place, (day, length))| kept(place, (*day, day + length))).collect();
            spans.extend(came.iter().enumerate().map(|(row, (day, length))| added(row, (*day, day + length))));
            let gone = refused(spans.clone());
            let stay: Vec<Span> =
                spans.into_iter().filter(|span| span.incoming.is_none_or(|row| !gone.contains(&row))).collect();
            for (place, left) in stay.iter().enumerate() {
                for right in &stay[place + 1..] {
                    let is_shared = left.days.0 <= right.days.1 && right.days.0 <= left.days.1;
                    prop_assert!(!is_shared || (left.incoming.is_none() && right.incoming.is_none()));
                }
            }
        }
    }
}
