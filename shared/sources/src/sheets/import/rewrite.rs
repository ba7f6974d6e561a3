//! The sheet as it would be: rows that stay are the bytes they were, in the order they were in.

use std::collections::BTreeMap;

use super::lines::{Line, row_text};
use super::merge::{Fate, Merging};
use super::outcome::FieldChange;
use super::sides::without_mark;

impl Merging<'_> {
    /// The sheet as it would be: rows that stay are the bytes they were, in the order they were in.
    pub(super) fn file(&self, fates: &[(usize, Fate)]) -> Vec<u8> {
        let there = &self.there.document;
        let has_news = fates.iter().any(|(_, fate)| !matches!(fate, Fate::Same));
        if !has_news {
            return self.there.text.clone().into_bytes();
        }
        let names = self.columns(fates);
        let body = without_mark(&self.there.text);
        let end = if body.contains("\r\n") { "\r\n" } else { "\n" };
        let mut file = self.there.text.strip_suffix(body).unwrap_or_default().to_owned();
        let header_end = there.lines.first().map_or(body.len(), |line| line.raw.start);
        if names.len() > there.names.len() {
            let more = names.iter().skip(there.names.len()).map(String::as_str);
            file.push_str(&row_text(there.header.iter().map(String::as_str).chain(more)));
            // Line ends and blank lines below the header stay.
            let header = body.get(..header_end).unwrap_or_default();
            file.push_str(header.get(header.trim_end_matches(['\r', '\n']).len()..).unwrap_or_default());
        } else {
            file.push_str(body.get(..header_end).unwrap_or_default());
        }
        let changes: BTreeMap<usize, (usize, &[FieldChange])> = fates
            .iter()
            .filter_map(|(place, fate)| match fate {
                Fate::Change(at, fields) => Some((*at, (*place, fields.as_slice()))),
                Fate::Add | Fate::Same => None,
            })
            .collect();
        for (at, line) in there.lines.iter().enumerate() {
            match changes.get(&at) {
                None => file.push_str(body.get(line.raw.clone()).unwrap_or_default()),
                Some((_, fields)) => file.push_str(&changed_row(line, fields, &names)),
            }
            let next = there.lines.get(at + 1).map_or(body.len(), |next| next.raw.start);
            file.push_str(body.get(line.raw.end..next).unwrap_or_default());
        }
        if !file.ends_with(['\n', '\r']) {
            file.push_str(end);
        }
        for (place, _) in fates.iter().filter(|(_, fate)| matches!(fate, Fate::Add)) {
            if let Some(line) = self.comes.document.lines.get(*place) {
                file.push_str(&row_text(names.iter().map(|name| match name.as_str() {
                    "" => "",
                    name => self.comes.document.cell(line, name),
                })));
                file.push_str(end);
            }
        }
        file.into_bytes()
    }

    /// The columns of the sheet, and those of the file that it has not and that hold something.
    fn columns(&self, fates: &[(usize, Fate)]) -> Vec<String> {
        let mut names = self.there.document.names.clone();
        let news: Vec<&Line> = fates
            .iter()
            .filter(|(_, fate)| !matches!(fate, Fate::Same))
            .filter_map(|(place, _)| self.comes.document.lines.get(*place))
            .collect();
        let is_new = |name: &&String| {
            !name.is_empty()
                && !self.there.document.names.contains(name)
                && news.iter().any(|line| !self.comes.document.cell(line, name).is_empty())
        };
        let new: Vec<String> = self.comes.document.names.iter().filter(is_new).cloned().collect();
        if !new.is_empty() {
            // Cells beyond the header stay under no header.
            let width = self.there.document.lines.iter().map(|line| line.cells.len()).max().unwrap_or(0);
            names.resize(width.max(names.len()), String::new());
        }
        names.extend(new);
        names
    }
}

fn changed_row(line: &Line, fields: &[FieldChange], names: &[String]) -> String {
    let mut cells: Vec<&str> = line.cells.iter().map(String::as_str).collect();
    for field in fields {
        let Some(place) = names.iter().position(|name| *name == field.column) else { continue };
        if cells.len() <= place {
            cells.resize(place + 1, "");
        }
        if let Some(cell) = cells.get_mut(place) {
            *cell = &field.after;
        }
    }
    row_text(cells)
}
