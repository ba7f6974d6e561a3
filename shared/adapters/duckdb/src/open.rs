//! Opens the writer's file under the writer lock, and publishes it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use aispend_ports::WarehouseError;
use aispend_warehouse::{Assumption, Engine, SCHEMA_VERSION, assume};
use duckdb::{Config, Connection};

use crate::{
    DuckDbError,
    lock::WriterLock,
    publish::{Throttle, copy_whole, publish},
    schema,
    tables::Tables,
};

/// What a question may hold in memory: a rule joins months of views.
const ROOM: &str = "1GB";

/// How a writer works.
#[derive(Debug, Clone)]
pub struct Options {
    /// What DuckDB may hold in memory, as it writes sizes. More makes nothing faster: a load streams.
    pub memory_limit: String,
    /// How many threads DuckDB may use for itself. A second one costs a load more than it gives.
    pub threads: u8,
    /// How often readers get to see a load that goes on; never, if `None`: then `publish` is the caller's.
    pub publish_every: Option<Duration>,
    /// Called once where another command is writing.
    pub on_wait: fn(),
}

impl Default for Options {
    fn default() -> Self {
        Self {
            memory_limit: "96MB".to_owned(),
            threads: 1,
            publish_every: Some(Duration::from_secs(15)),
            on_wait: || {},
        }
    }
}

/// The warehouse, open for writing. Cheap to clone; the lock goes with the last clone.
#[derive(Clone)]
pub struct DuckDb {
    writer: Arc<Mutex<Writer>>,
}

/// The connection, and what goes with it.
pub(crate) struct Writer {
    pub connection: Connection,
    pub tables: Tables,
    throttle: Option<Throttle>,
    memory_limit: String,
    is_simulated: bool,
    private: PathBuf,
    published: PathBuf,
    // Last: the lock goes after the connection.
    _lock: WriterLock,
}

/// Where the published snapshot is.
pub(crate) fn published_path(data_dir: &Path) -> PathBuf {
    data_dir.join("warehouse.duckdb")
}

impl DuckDb {
    /// Opens the warehouse of a data folder for writing, waiting for another command that writes.
    ///
    /// # Errors
    /// `OtherKind` where a demo would meet real data or the other way round, `NewerSchema` for the file of a newer build.
    pub fn open_writer(data_dir: &Path, is_simulated: bool) -> Result<Self, DuckDbError> {
        Self::open_writer_with(data_dir, is_simulated, &Options::default())
    }

    /// The same, in another way.
    ///
    /// # Errors
    /// As `open_writer`.
    pub fn open_writer_with(
        data_dir: &Path,
        is_simulated: bool,
        options: &Options,
    ) -> Result<Self, DuckDbError> {
        let folder = data_dir.join(".writer");
        fs::create_dir_all(&folder).map_err(DuckDbError::file("create", &folder))?;
        let lock = WriterLock::take(&folder.join("lock"), options.on_wait)?;
        let (private, published) = (folder.join("warehouse.duckdb"), published_path(data_dir));
        if !exists(&private)? && exists(&published)? {
            // The data folder came from elsewhere without the hidden part.
            copy_whole(&published, &private)?;
        }
        let config = Config::default()
            .max_memory(&options.memory_limit)
            .and_then(|config| config.threads(i64::from(options.threads)))
            .and_then(|config| config.with("preserve_insertion_order", "false"))
            // Publishing checkpoints; in between, DuckDB would rewrite the last rows of a table again and again.
            .and_then(|config| config.with("wal_autocheckpoint", "256MB"))
            .and_then(|config| config.enable_autoload_extension(false))
            .map_err(DuckDbError::engine("set up the warehouse"))?;
        let connection = Connection::open_with_flags(&private, config)
            .map_err(DuckDbError::engine("open the warehouse"))?;
        if let Some(info) = schema::read_info(&connection)? {
            if info.is_simulated != is_simulated {
                return Err(DuckDbError::OtherKind { path: published, is_simulated: info.is_simulated });
            }
            if info.schema_version > SCHEMA_VERSION {
                return Err(DuckDbError::NewerSchema { found: info.schema_version, known: SCHEMA_VERSION });
            }
        }
        let writer = Writer {
            connection,
            tables: Tables::new(),
            throttle: options.publish_every.map(Throttle::new),
            memory_limit: options.memory_limit.clone(),
            is_simulated,
            private,
            published,
            _lock: lock,
        };
        Ok(Self { writer: Arc::new(Mutex::new(writer)) })
    }

    /// Creates or upgrades tables and views, and publishes them. True where there was anything to do.
    ///
    /// # Errors
    /// `NewerSchema` for the file of a newer build.
    pub async fn migrate(&self) -> Result<bool, DuckDbError> {
        self.blocking(|writer| {
            let is_changed = schema::migrate(&writer.connection, &writer.tables, writer.is_simulated)?;
            if is_changed || !exists(&writer.published)? {
                writer.publish()?;
            }
            Ok(is_changed)
        })
        .await
    }

    /// Sets what figures and checks rest on, and publishes it. True where that changed anything.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn assume(&self, assumptions: &[Assumption]) -> Result<bool, DuckDbError> {
        let statements = assume(assumptions, Engine::DuckDb);
        self.blocking(move |writer| {
            let mut changed = 0;
            for statement in &statements {
                changed += writer
                    .connection
                    .execute(statement, [])
                    .map_err(DuckDbError::engine("set the assumptions"))?;
            }
            if changed > 0 {
                writer.publish()?;
            }
            Ok(changed > 0)
        })
        .await
    }

    /// Shows readers everything that was loaded.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn publish(&self) -> Result<(), DuckDbError> {
        self.blocking(Writer::publish).await
    }

    /// Works with the connection on a thread that may wait.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T, DuckDbError> + Send + 'static,
    ) -> Result<T, DuckDbError> {
        let writer = Arc::clone(&self.writer);
        let done = aispend_telemetry::blocking(move || {
            let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
            writer.leave_broken_transaction();
            work(&mut writer)
        });
        match done.await {
            Ok(result) => result,
            // Ours: the caller's message boundary catches it.
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(DuckDbError::NotMigrated("the process is shutting down".to_owned())),
            },
        }
    }

    /// The same, for the port.
    pub(crate) async fn blocking_port<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T, WarehouseError> + Send + 'static,
    ) -> Result<T, WarehouseError> {
        self.blocking(|writer| match schema::read_info(&writer.connection)? {
            Some(info) if info.schema_version == SCHEMA_VERSION => Ok(work(writer)),
            Some(info) => {
                Err(DuckDbError::NotMigrated(format!("its schema version is {}", info.schema_version)))
            }
            None => Err(DuckDbError::NotMigrated("it has no tables".to_owned())),
        })
        .await?
    }
}

impl Writer {
    /// Does something that may need more memory than a load.
    pub fn with_room<T>(&self, work: impl FnOnce(&Connection) -> T) -> T {
        let limit = |limit: &str| self.connection.execute_batch(&format!("SET memory_limit = '{limit}'"));
        // Where the limit cannot be moved, the one that holds is enough or the answer says so.
        limit(ROOM).ok();
        let done = work(&self.connection);
        limit(&self.memory_limit).ok();
        done
    }

    /// Publishes now.
    pub fn publish(&mut self) -> Result<(), DuckDbError> {
        let started = Instant::now();
        publish(&self.connection, &self.private, &self.published)?;
        if let Some(throttle) = &mut self.throttle {
            throttle.published(started.elapsed());
        }
        Ok(())
    }

    /// Publishes where readers have waited long enough. A failure costs nothing that was loaded: the next one tries again.
    pub fn publish_if_due(&mut self) {
        if self.throttle.as_mut().is_some_and(Throttle::is_due)
            && let Err(error) = self.publish()
        {
            tracing::warn!(%error, "the warehouse could not be published");
        }
    }

    /// A panic may have left one.
    fn leave_broken_transaction(&self) {
        if !self.connection.is_autocommit() {
            schema::roll_back(&self.connection);
        }
    }
}

fn exists(path: &Path) -> Result<bool, DuckDbError> {
    path.try_exists().map_err(DuckDbError::file("look for", path))
}
