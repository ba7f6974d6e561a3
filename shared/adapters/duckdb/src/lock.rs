//! One writer at a time, across processes: the others wait.

use std::{
    fs::{File, TryLockError},
    path::Path,
};

use crate::DuckDbError;

/// Held from the first to the last write of a command; the system releases it when the process ends, however it ends.
#[derive(Debug)]
pub struct WriterLock {
    _file: File,
}

impl WriterLock {
    /// Takes the lock, waiting for it where another command has it; `on_wait` is told once.
    pub fn take(path: &Path, on_wait: impl FnOnce()) -> Result<Self, DuckDbError> {
        let failed = |doing| DuckDbError::file(doing, path);
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(failed("open the lock"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                tracing::info!(path = %path.display(), "another aispend is writing, waiting for it");
                on_wait();
                file.lock().map_err(failed("lock"))?;
            }
            Err(TryLockError::Error(error)) => return Err(failed("lock")(error)),
        }
        Ok(Self { _file: file })
    }
}
