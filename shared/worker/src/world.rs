//! Everything a worker stands on, opened from its settings.

use std::sync::Arc;

use aispend_bigquery::{BigQuery, BigQueryOptions};
use aispend_config::{Problems, Settings};
use aispend_google::{Google, GoogleError};
use aispend_ports::{Archive, Clock, ParkedStore, SystemClock, Warehouse};
use aispend_storage::{CloudArchive, StorageOptions};
use tokio::sync::OnceCell;

/// Why a process does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Settings that are missing or wrong.
    #[error("{0}")]
    Settings(#[from] Problems),
    /// One setting.
    #[error("{setting}: {detail}")]
    Setting {
        /// Which.
        setting: &'static str,
        /// What is wrong, and what to do.
        detail: String,
    },
    /// Google Cloud.
    #[error(transparent)]
    Google(#[from] GoogleError),
    /// A door does not open.
    #[error("{door} does not open: {detail}")]
    Door {
        /// Which.
        door: &'static str,
        /// What it said.
        detail: String,
    },
}

impl StartError {
    /// For errors of any door.
    pub fn door<E: std::error::Error>(door: &'static str) -> impl Fn(E) -> Self {
        move |error| Self::Door { door, detail: aispend_stage::error_chain(&error) }
    }

    /// True where a person has to change a setting.
    pub const fn is_usage(&self) -> bool {
        matches!(self, Self::Settings(_) | Self::Setting { .. } | Self::Google(_))
    }
}

/// Settings, time, and the stores of one project.
pub struct World {
    /// As read and checked.
    pub settings: Settings,
    /// Which project, and where its services are.
    pub google: Google,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Documents, plans, batches, the state of runs.
    pub archive: Arc<dyn Archive>,
    /// Messages set aside.
    pub parked: Arc<dyn ParkedStore>,
    warehouse: OnceCell<Arc<BigQuery>>,
}

impl World {
    /// Opens archive and parked store; the warehouse when it is asked for.
    ///
    /// # Errors
    /// When a setting is missing, or there are no credentials.
    pub async fn open(settings: Settings) -> Result<Self, StartError> {
        let google = Google::read(&|name| settings.of_variable(name).map(str::to_owned))?;
        let Some(bucket) = settings.text("google.bucket") else {
            return Err(StartError::Setting {
                setting: "AISPEND_BUCKET",
                detail: "not set; it is the bucket of archive and parked messages".to_owned(),
            });
        };
        let archive = CloudArchive::connect(&google, StorageOptions::new(bucket)).await;
        let archive = archive.map_err(StartError::door("Cloud Storage"))?;
        Ok(Self {
            settings,
            google,
            clock: Arc::new(SystemClock::new(tokio::time::sleep)),
            parked: Arc::new(archive.parked()),
            archive: Arc::new(archive),
            warehouse: OnceCell::new(),
        })
    }

    /// The warehouse, opened once. `stage` labels its jobs.
    ///
    /// # Errors
    /// Without credentials, or with an address that is none.
    pub async fn bigquery(&self, stage: &'static str) -> Result<Arc<BigQuery>, StartError> {
        let text = |name: &str| self.settings.text(name).unwrap_or_default().to_owned();
        let options = BigQueryOptions {
            dataset: text("google.dataset"),
            location: text("google.location"),
            stage: stage.to_owned(),
            ..BigQueryOptions::default()
        };
        let open = async || {
            let opened = BigQuery::connect(&self.google, options).await;
            opened.map(Arc::new).map_err(StartError::door("BigQuery"))
        };
        self.warehouse.get_or_try_init(open).await.cloned()
    }

    /// The same, as stages know it.
    ///
    /// # Errors
    /// As `bigquery`.
    pub async fn warehouse(&self, stage: &'static str) -> Result<Arc<dyn Warehouse>, StartError> {
        Ok(self.bigquery(stage).await?)
    }
}
