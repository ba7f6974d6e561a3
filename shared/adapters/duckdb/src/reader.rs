//! Reads the published snapshot, and follows it when a new one is published.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use aispend_ports::LedgerLine;
use aispend_warehouse::DATASET;
use duckdb::{AccessMode, Config, Connection};

use crate::{DuckDbError, QueryResult, ledger, open::published_path, query::query, schema};

/// What a reader may hold in memory.
const MEMORY_LIMIT: &str = "1GB";

/// The published snapshot of a data folder. Every question is asked of the newest one.
pub struct Reader {
    path: PathBuf,
    open: Mutex<Option<Open>>,
}

struct Open {
    identity: Identity,
    connection: Connection,
}

/// A file: a publication replaces it by another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
    modified: (i64, i64),
}

/// Opens the published snapshot of a data folder, read-only.
///
/// # Errors
/// `Missing` where nothing was published yet.
pub fn open_reader(data_dir: &Path) -> Result<Reader, DuckDbError> {
    let reader = Reader { path: published_path(data_dir), open: Mutex::new(None) };
    reader.with(|_| Ok(()))?;
    Ok(reader)
}

impl Reader {
    /// Asks the newest snapshot. Blocks: call it where that is allowed.
    ///
    /// # Errors
    /// When DuckDB refuses the SQL.
    pub fn query(&self, sql: &str) -> Result<QueryResult, DuckDbError> {
        self.with(|connection| query(connection, sql))
    }

    /// True for a demo's warehouse.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn is_simulated(&self) -> Result<bool, DuckDbError> {
        let info = self.with(schema::read_info)?;
        info.map(|info| info.is_simulated)
            .ok_or_else(|| DuckDbError::NotMigrated("it has no tables".to_owned()))
    }

    /// The newest reading of every slice.
    ///
    /// # Errors
    /// When the file cannot be read, or is of an older build.
    pub fn ledger(&self) -> Result<Vec<LedgerLine>, DuckDbError> {
        self.with(|connection| ledger::newest(connection, None))
    }

    /// All columns of a table or view as CSV, lineage included, rows sorted: two warehouses with the same content give
    /// the same bytes.
    ///
    /// # Errors
    /// When there is no such table.
    pub fn export_sorted(&self, table: &str) -> Result<String, DuckDbError> {
        let name = table.replace('"', "\"\"");
        let result = self.query(&format!("SELECT * FROM {DATASET}.\"{name}\" ORDER BY ALL"))?;
        Ok(result.to_csv())
    }

    fn with<T>(&self, ask: impl FnOnce(&Connection) -> Result<T, DuckDbError>) -> Result<T, DuckDbError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let identity = Identity::of(&self.path)?;
        let current = match open.take() {
            Some(current) if current.identity == identity => current,
            Some(_) | None => Open { identity, connection: connect(&self.path)? },
        };
        ask(&open.insert(current).connection)
    }
}

fn connect(path: &Path) -> Result<Connection, DuckDbError> {
    let config = Config::default()
        .access_mode(AccessMode::ReadOnly)
        .and_then(|config| config.max_memory(MEMORY_LIMIT))
        .and_then(|config| config.enable_autoload_extension(false))
        // A question about the warehouse reads the warehouse, and no other file.
        .and_then(|config| config.enable_external_access(false))
        .map_err(DuckDbError::engine("set up the reader"))?;
    Connection::open_with_flags(path, config).map_err(DuckDbError::engine("open the published warehouse"))
}

impl Identity {
    pub(crate) fn of(path: &Path) -> Result<Self, DuckDbError> {
        match fs::metadata(path) {
            Ok(file) => Ok(Self {
                device: file.dev(),
                inode: file.ino(),
                modified: (file.mtime(), file.mtime_nsec()),
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(DuckDbError::Missing { path: path.to_owned() })
            }
            Err(error) => Err(DuckDbError::file("look for", path)(error)),
        }
    }

    /// As a version.
    pub(crate) fn text(&self) -> String {
        format!("{:x}-{:x}-{:x}", self.inode, self.modified.0, self.modified.1)
    }
}
