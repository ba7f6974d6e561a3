//! Finds rows that claim the same thing for the same day.

use std::collections::BTreeMap;

use super::cells::{Fault, Validity};

/// What earlier rows have claimed, and for which days.
pub(super) struct Overlaps<K>(BTreeMap<K, Vec<(Validity, u32)>>);

impl<K: Ord> Overlaps<K> {
    pub(super) fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Claims a thing for some days; a clash names the row that claimed it before.
    pub(super) fn take(
        &mut self,
        column: &'static str,
        what: &str,
        key: K,
        validity: Validity,
        row: u32,
    ) -> Result<(), Fault> {
        let taken = self.0.entry(key).or_default();
        if let Some((_, other)) = taken.iter().find(|(other, _)| other.overlaps(validity)) {
            return Err(Fault::new(column, format!("row {other} has the same {what}")));
        }
        taken.push((validity, row));
        Ok(())
    }
}
