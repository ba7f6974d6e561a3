//! Why there is no picture.

use std::time::Duration;

/// Why there is no picture. None of it is the reader's fault; CSV, XLSX and JSON of the card are not affected.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The engine, its scripts or its thread did not start.
    #[error("the script engine for pictures did not start: {0}; start the program again")]
    Start(String),
    /// A script threw.
    #[error("the chart's script failed: {0}")]
    Script(String),
    /// The script was stopped.
    #[error("the chart was not drawn within {} s: narrow the range or choose fewer filters", .0.as_secs())]
    TooSlow(Duration),
    /// The script asked for more memory than it may have.
    #[error("the chart needs more than {0} MiB to be drawn: narrow the range or choose fewer filters")]
    TooLarge(usize),
    /// What the script drew cannot be read.
    #[error("the drawing could not be read: {0}")]
    Drawing(String),
    /// The bytes could not be written.
    #[error("the picture could not be written: {0}")]
    Png(String),
    /// The thread with the engine has ended.
    #[error("the script engine for pictures has ended: start the program again")]
    Gone,
}
