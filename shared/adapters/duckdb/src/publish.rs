//! The published snapshot: what readers open, while the writer works on a file of its own.

use std::{
    fs::{self, File},
    io,
    path::Path,
    time::{Duration, Instant},
};

use duckdb::Connection;

use crate::DuckDbError;

/// Publishing takes at most this share of a writer's time: one part in this many.
const SHARE: u32 = 10;

/// When to publish again.
pub struct Throttle {
    every: Duration,
    last: Option<(Instant, Duration)>,
}

impl Throttle {
    /// Not more often than this, and less often where publishing takes long.
    pub const fn new(every: Duration) -> Self {
        Self { every, last: None }
    }

    /// True where readers have waited long enough.
    pub fn is_due(&mut self) -> bool {
        let (since, took) = *self.last.get_or_insert((Instant::now(), Duration::ZERO));
        since.elapsed() >= self.every.max(took.saturating_mul(SHARE))
    }

    /// Notes a publication.
    pub fn published(&mut self, took: Duration) {
        self.last = Some((Instant::now(), took));
    }
}

/// Makes the writer's file what readers open next: checkpoint, copy, sync, rename. A reader that has the file before
/// open keeps it; one that opens now gets the whole of the old or the whole of the new.
pub fn publish(connection: &Connection, private: &Path, published: &Path) -> Result<(), DuckDbError> {
    connection.execute_batch("CHECKPOINT").map_err(DuckDbError::engine("write the warehouse to disk"))?;
    copy_whole(private, published)
}

/// Copies a file so that the target is whole or absent at any time.
pub fn copy_whole(from: &Path, to: &Path) -> Result<(), DuckDbError> {
    let fresh = to.with_extension("duckdb.new");
    // Closing the copied file drops DuckDB's own lock on it (POSIX locks go with any descriptor): the writer lock, which
    // is a file of its own, is what keeps writers apart.
    fs::copy(from, &fresh)
        .and_then(|_| File::open(&fresh)?.sync_all())
        .map_err(DuckDbError::file("write", &fresh))?;
    // What a person's own shell left beside the file before belongs to that file.
    remove_if_there(&to.with_extension("duckdb.wal"))?;
    fs::rename(&fresh, to).map_err(DuckDbError::file("write", to))?;
    sync_folder(to)
}

fn remove_if_there(path: &Path) -> Result<(), DuckDbError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(DuckDbError::file("remove", path)(error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

fn sync_folder(path: &Path) -> Result<(), DuckDbError> {
    let Some(folder) = path.parent() else { return Ok(()) };
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(DuckDbError::file("write", folder))
}
