//! What an import would do.

use super::refuse::Refused;

/// What an import would do to a sheet, and the sheet as it would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// Which vendor's export the file is, if any.
    pub export: Option<&'static str>,
    /// New rows, in the order of the file.
    pub added: Vec<Added>,
    /// Rows that say something else now.
    pub changed: Vec<Changed>,
    /// Rows that are there already, word for word or in other words.
    pub unchanged: usize,
    /// Cells that the file leaves empty and the sheet does not: they stay.
    pub kept: Vec<Kept>,
    /// Rows that do not come in.
    pub refused: Vec<Refused>,
    /// Rows that begin with `#`.
    pub skipped: usize,
    /// Rows of the sheet as it is that a run refuses already.
    pub broken: Vec<Refused>,
    /// The whole sheet as it would be. Byte for byte as it is, where nothing is added or changed.
    pub file: Vec<u8>,
}

/// A new row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// Its row in the file.
    pub row: u32,
    /// What it says.
    pub shown: String,
}

/// A row that says something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Its row in the file.
    pub row: u32,
    /// Its row in the sheet.
    pub sheet_row: u32,
    /// Whose row it is.
    pub key: String,
    /// What is different.
    pub fields: Vec<FieldChange>,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// Which column.
    pub column: String,
    /// As it is.
    pub before: String,
    /// As it will be.
    pub after: String,
}

/// A cell that stays though the file has nothing there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its row in the file.
    pub row: u32,
    /// Which column.
    pub column: String,
    /// What stays.
    pub value: String,
}
