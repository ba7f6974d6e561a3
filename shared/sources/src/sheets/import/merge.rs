//! Merges a file into a sheet by key: what is new is added, what says otherwise is changed, nothing is taken away.

use std::collections::{BTreeMap, BTreeSet};

use aispend_model::Feed;

use super::super::sheet::Sheet;
use super::document::trim;
use super::keys::{self, Claim, Key};
use super::lines::Line;
use super::outcome::{Added, Changed, FieldChange, Kept, Merge};
use super::overlaps::{Clash, Span, clashes};
use super::refuse::{self, Refused};
use super::sides::{Comes, There};
use super::{ImportError, Incoming, is_same, judge, sheet_of, short_name};

/// Merges a file into a sheet.
///
/// # Errors
/// When the file or the sheet as it is cannot be read as a whole. A single row that cannot is refused, and the others come in.
pub fn merge(feed: Feed, there: Option<&[u8]>, incoming: &Incoming) -> Result<Merge, ImportError> {
    let sheet = sheet_of(feed).ok_or_else(|| ImportError::Export {
        place: incoming.name.to_owned(),
        reason: format!("{feed} is no sheet"),
        remedy: "name one of the sheets".to_owned(),
    })?;
    let comes = Comes::read(sheet, incoming)?;
    let there = There::read(sheet, there.filter(|bytes| !bytes.is_empty()))?;
    let merged = Merging { sheet, name: incoming.name, comes, there }.merged();
    still_reads(sheet, &merged)?;
    Ok(merged)
}

/// What becomes of a row that comes.
pub(super) enum Fate {
    Add,
    /// Its place among the rows that are there, and what is different.
    Change(usize, Vec<FieldChange>),
    Same,
}

pub(super) struct Merging<'a> {
    pub sheet: &'static Sheet,
    pub name: &'a str,
    pub comes: Comes,
    pub there: There,
}

impl Merging<'_> {
    fn merged(self) -> Merge {
        let index = self.index();
        let mut fates: Vec<(usize, Fate)> = Vec::new();
        let mut kept = Vec::new();
        let mut refused = self.comes.refused.clone();
        let mut seen: BTreeMap<Key, u32> = BTreeMap::new();
        for (place, line) in self.comes.document.lines.iter().enumerate() {
            let Some(claim) = self.comes.claims.get(&line.number) else { continue };
            let Some(key) = free_key(claim, &seen) else {
                let first = seen.get(&claim.key(0)).copied().unwrap_or_default();
                refused.push(self.twice(line.number, first));
                continue;
            };
            if let Some(shrunk) = self.shrinks(line, claim, &index) {
                refused.push(shrunk);
                continue;
            }
            let fate = match index.get(&key).and_then(|at| Some((*at, self.there.document.lines.get(*at)?))) {
                None => Fate::Add,
                Some((at, old)) => {
                    let (fields, stay) = self.differences(line, old);
                    kept.extend(stay);
                    if fields.is_empty() { Fate::Same } else { Fate::Change(at, fields) }
                }
            };
            seen.insert(key, line.number);
            fates.push((place, fate));
        }
        let clashes = clashes(self.spans(&fates));
        let gone: BTreeSet<usize> = clashes.iter().map(|clash| clash.incoming).collect();
        refused.extend(clashes.iter().map(|clash| self.clash(clash)));
        fates.retain(|(place, _)| !gone.contains(place));
        refused.sort_by_key(|refused| refused.row);
        let unchanged = fates.iter().filter(|(_, fate)| matches!(fate, Fate::Same)).count();
        let file = self.file(&fates);
        let (mut added, mut changed) = (Vec::new(), Vec::new());
        for (place, fate) in fates {
            let Some(line) = self.comes.document.lines.get(place) else { continue };
            match fate {
                Fate::Same => {}
                Fate::Add => added.push(Added { row: line.number, shown: shown(line) }),
                Fate::Change(at, fields) => changed.push(Changed {
                    row: line.number,
                    sheet_row: self.there.document.lines.get(at).map_or(0, |old| old.number),
                    key: self.key_shown(line),
                    fields,
                }),
            }
        }
        Merge {
            export: self.comes.export,
            added,
            changed,
            unchanged,
            kept,
            refused,
            skipped: self.comes.skipped,
            broken: self.there.broken,
            file,
        }
    }

    /// An export of fewer days than the one that is there would take the other days' money away.
    fn shrinks(&self, line: &Line, claim: &Claim, index: &BTreeMap<Key, usize>) -> Option<Refused> {
        let old = self.there.document.lines.get(*index.get(&claim.key(0))?)?;
        let before = self.there.claims.get(&old.number)?;
        (self.sheet.feed == Feed::SheetClaudeAiSpend && claim.days.1 < before.days.1).then(|| Refused {
            file: self.name.to_owned(),
            row: line.number,
            column: "period_end".to_owned(),
            reason: format!(
                "row {} of the sheet \"{}\" covers more days ({})",
                old.number,
                short_name(self.sheet.feed),
                refuse::days(before.days)
            ),
            remedy: "export those days, or more, again; or take the row out of the sheet first".to_owned(),
        })
    }

    /// Where each key stands. A row that a run refuses is mended by one that comes, unless a good one has its key.
    fn index(&self) -> BTreeMap<Key, usize> {
        let broken: BTreeSet<u32> = self.there.broken.iter().map(|refused| refused.row).collect();
        let mut index = BTreeMap::new();
        for is_broken in [false, true] {
            for (place, line) in self.there.document.lines.iter().enumerate() {
                let Some(claim) = self.there.claims.get(&line.number) else { continue };
                if broken.contains(&line.number) != is_broken {
                    continue;
                }
                let mut repeat = 0;
                while claim.may_repeat && index.contains_key(&claim.key(repeat)) {
                    repeat += 1;
                }
                index.entry(claim.key(repeat)).or_insert(place);
            }
        }
        index
    }

    /// What is different, and what the file leaves empty.
    fn differences(&self, line: &Line, old: &Line) -> (Vec<FieldChange>, Vec<Kept>) {
        let (mut fields, mut kept) = (Vec::new(), Vec::new());
        for (name, cell) in self.comes.document.names.iter().zip(&line.cells) {
            let (before, after) = (self.there.document.cell(old, name), trim(cell));
            if name.is_empty() || is_same(name, before, after) {
                continue;
            }
            if after.is_empty() {
                kept.push(Kept { row: line.number, column: name.clone(), value: before.to_owned() });
            } else {
                fields.push(FieldChange {
                    column: name.clone(),
                    before: before.to_owned(),
                    after: after.to_owned(),
                });
            }
        }
        (fields, kept)
    }

    /// The days of every identity, as they would be.
    fn spans(&self, fates: &[(usize, Fate)]) -> BTreeMap<&[String], Vec<Span>> {
        let mut groups: BTreeMap<&[String], Vec<Span>> = BTreeMap::new();
        let mut changed: BTreeMap<usize, usize> = BTreeMap::new();
        for (place, fate) in fates {
            match fate {
                Fate::Same => {}
                Fate::Change(at, _) => drop(changed.insert(*at, *place)),
                Fate::Add => {
                    let claim = self.comes.document.lines.get(*place);
                    let claim = claim.and_then(|line| self.comes.claims.get(&line.number));
                    if let Some(claim) = claim.filter(|claim| claim.is_exclusive) {
                        let span =
                            Span { days: claim.days, kept: None, incoming: Some(*place), before: None };
                        groups.entry(&claim.identity).or_default().push(span);
                    }
                }
            }
        }
        let broken: BTreeSet<u32> = self.there.broken.iter().map(|refused| refused.row).collect();
        for (at, line) in self.there.document.lines.iter().enumerate() {
            let Some(claim) = self.there.claims.get(&line.number).filter(|claim| claim.is_exclusive) else {
                continue;
            };
            let incoming = changed.get(&at).copied();
            if incoming.is_none() && broken.contains(&line.number) {
                continue;
            }
            let days = incoming.and_then(|place| self.days_after(claim, place)).unwrap_or(claim.days);
            let span = Span { days, kept: Some(at), incoming, before: Some(claim.days) };
            groups.entry(&claim.identity).or_default().push(span);
        }
        groups
    }

    /// The days of a row that is changed: an end that the file leaves empty stays as it was.
    fn days_after(&self, before: &Claim, place: usize) -> Option<(i32, i32)> {
        let line = self.comes.document.lines.get(place)?;
        let claim = self.comes.claims.get(&line.number)?;
        let to = if claim.days.1 == i32::MAX { before.days.1 } else { claim.days.1 };
        Some((claim.days.0, to))
    }

    fn clash(&self, clash: &Clash) -> Refused {
        let line = self.comes.document.lines.get(clash.incoming);
        let row = line.map_or(0, |line| line.number);
        let beside = match (clash.other.kept, clash.other.incoming) {
            (Some(at), _) => {
                let number = self.there.document.lines.get(at).map_or(0, |line| line.number);
                format!("row {number} of the sheet \"{}\"", short_name(self.sheet.feed))
            }
            (None, at) => {
                let line = at.and_then(|at| self.comes.document.lines.get(at));
                format!("row {} of this file", line.map_or(0, |line| line.number))
            }
        };
        let from = keys::from_column(self.sheet.feed);
        let to = if from == "period_start" { "period_end" } else { "valid_to" };
        Refused {
            file: self.name.to_owned(),
            row,
            column: from.to_owned(),
            reason: format!(
                "{beside} has the same {} for some of these days ({})",
                keys::what(self.sheet.feed),
                refuse::days(clash.other.days)
            ),
            remedy: format!(
                "import that row as well, same {from}, with a {to} before this one begins; or give this row other days"
            ),
        }
    }

    fn twice(&self, row: u32, first: u32) -> Refused {
        Refused {
            file: self.name.to_owned(),
            row,
            column: keys::from_column(self.sheet.feed).to_owned(),
            reason: format!(
                "row {first} of this file has the same {} from the same day",
                keys::what(self.sheet.feed)
            ),
            remedy: "leave one of the two rows; amounts of both belong into one".to_owned(),
        }
    }

    fn key_shown(&self, line: &Line) -> String {
        self.comes.claims.get(&line.number).map_or_else(String::new, |claim| keys::shown(&claim.identity))
    }
}

fn shown(line: &Line) -> String {
    let cells = line.cells.iter().map(|cell| trim(cell)).filter(|cell| !cell.is_empty());
    cells.collect::<Vec<_>>().join(", ").chars().take(160).collect()
}

/// The key of a row that comes; `None` where an earlier row of the file has it.
fn free_key(claim: &Claim, seen: &BTreeMap<Key, u32>) -> Option<Key> {
    let mut repeat = 0;
    while seen.contains_key(&claim.key(repeat)) {
        if !claim.may_repeat {
            return None;
        }
        repeat += 1;
    }
    Some(claim.key(repeat))
}

/// The last word: a sheet that would read worse than before is not written.
fn still_reads(sheet: &'static Sheet, merged: &Merge) -> Result<(), ImportError> {
    let place = format!("sheet \"{}\"", short_name(sheet.feed));
    let wrong = |reason: String| ImportError::Sheet {
        place: place.clone(),
        reason,
        remedy: "nothing was changed; report this, with the first rows of both files".to_owned(),
    };
    let text = std::str::from_utf8(&merged.file).map_err(|error| wrong(error.to_string()))?;
    let judged = judge(sheet, text).map_err(|error| wrong(format!("{error:?}")))?;
    let known: BTreeSet<u32> = merged.broken.iter().map(|refused| refused.row).collect();
    match judged.refused.iter().find(|(row, _)| !known.contains(row)) {
        None => Ok(()),
        Some((row, fault)) => {
            Err(wrong(format!("row {row} would be refused after the import: {}", fault.reason)))
        }
    }
}
