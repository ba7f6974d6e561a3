//! The credentials a world accepts.

use serde::{Deserialize, Serialize};

/// Keys to use. They can be replaced at any time, as a rotation would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// The Console organisation's admin key.
    pub admin: String,
    /// The Enterprise organisation's key with `read:analytics`.
    pub analytics: String,
    /// The Cursor team's key.
    pub cursor: String,
    /// The bearer token of the sheets.
    pub google: String,
    /// The spreadsheet that holds all tabs.
    pub spreadsheet: String,
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            admin: "sk-ant-admin01-simulated".into(),
            analytics: "sk-ant-api01-simulated".into(),
            cursor: "crsr_simulated".into(),
            google: "ya29.simulated".into(),
            spreadsheet: "simulated-spreadsheet".into(),
        }
    }
}
