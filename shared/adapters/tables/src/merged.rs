//! Merged tables: rows outlive the snapshot they came with.
//!
//! Per slice and key the row of the newest reading that has it stays, and it is active where that reading is the newest
//! of the slice. That is a maximum, so the result is the same whichever reading arrives first, and how often.

use aispend_model::Feed;
use aispend_ports::SliceLoad;
use aispend_proto::Table;

/// Tables whose rows outlive the snapshot they came with.
pub fn merged() -> impl Iterator<Item = Table> {
    Table::ALL.iter().copied().filter(|table| is_merged(*table))
}

/// True where a newer snapshot does not remove rows. Asked for every row.
pub const fn is_merged(table: Table) -> bool {
    matches!(table, Table::KeySources | Table::UserSources | Table::DimWorkspaces)
}

/// True for slices that merge: by their feed, so that an empty snapshot counts, or by what they bring.
pub fn merges(load: &SliceLoad) -> bool {
    matches!(load.slice.feed, Feed::AnthropicDirectory | Feed::CursorMembers | Feed::SheetPeople)
        || load.accepted.iter().any(|(table, rows, _)| rows > 0 && is_merged(table))
}

/// What identifies a row of a merged table within its slice.
pub const fn identity(table: Table) -> &'static str {
    match table {
        Table::KeySources => "api_key_id",
        Table::DimWorkspaces => "workspace_id",
        // Only the merged tables get here.
        _ => "user_key",
    }
}
