//! A sheet as it was read once, from whichever of the two places it is kept in.

use super::super::sheet::{Sheet, asked_for};
use super::super::table::{Form, Table, TableError};
use super::{ImportError, short_name};

/// A sheet's whole text, and how it is to be read.
#[derive(Debug, Clone)]
pub struct Version<'a> {
    tab: Option<String>,
    form: Form,
    bytes: &'a [u8],
}

impl<'a> Version<'a> {
    /// A CSV file.
    pub const fn file(bytes: &'a [u8]) -> Self {
        Self { tab: None, form: Form::Csv, bytes }
    }

    /// An archived answer. The question (`DocumentRef::request`) tells whether it is a file or a tab, and which.
    pub fn archived(request: &str, bytes: &'a [u8]) -> Self {
        let (form, tab) = asked_for(request);
        Self { tab: Some(tab), form, bytes }
    }

    /// True where nothing is written in it, not even a header.
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn name(&self, sheet: &Sheet) -> String {
        self.tab.clone().unwrap_or_else(|| short_name(sheet.feed).to_owned())
    }

    pub(super) fn table(&self, sheet: &'static Sheet) -> Result<Table, ImportError> {
        let name = self.name(sheet);
        Table::read(&name, self.form, self.bytes, sheet.columns).map_err(|error| {
            let (TableError::Bad { detail, .. } | TableError::Unreadable(detail)) = error;
            ImportError::Sheet {
                place: format!("sheet \"{name}\""),
                reason: detail,
                remedy: "mend it and import again".to_owned(),
            }
        })
    }
}
