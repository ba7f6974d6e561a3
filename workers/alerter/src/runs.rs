//! Where the state of runs is kept: one object a run, changed by whoever sees an event, compared before it is replaced.
//! Any number of alerters may follow one run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aispend_ports::{Archive, ArchiveError, Clock, Version, compress, decode};
use aispend_proto::Message as _;
use aispend_proto::v1::{Envelope, RunEvents};
use bytes::Bytes;

use crate::error::AlertError;
use crate::run_state::{RunReport, RunState};

/// The folder of the archive.
pub const RUNS: &str = "runs";

/// How often others may be faster before an alerter gives its events back.
const TRIES: u32 = 30;

/// A run's state, and which version of its object holds it.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    pub state: RunState,
    version: Option<Version>,
}

/// A run as the archive has it; `None` where nothing is known of it.
///
/// # Errors
/// When the archive does not answer, or holds something else.
pub async fn read_run(archive: &dyn Archive, run_id: &str) -> Result<Option<RunReport>, ArchiveError> {
    let kept = read(archive, run_id).await?;
    Ok(kept.version.map(|_| kept.state.report(run_id)))
}

async fn read(archive: &dyn Archive, run_id: &str) -> Result<Kept, ArchiveError> {
    let name = object_of(run_id);
    let Some((body, version)) = archive.get_versioned(&name).await? else { return Ok(Kept::default()) };
    let damaged = |detail: String| ArchiveError::Damaged { name: name.clone(), detail };
    let plain = decode(&body).map_err(|error| damaged(error.to_string()))?;
    let events = RunEvents::decode(plain.as_slice()).map_err(|error| damaged(error.to_string()))?;
    let state = RunState::from_events(&events).map_err(|error| damaged(error.to_string()))?;
    Ok(Kept { state, version: Some(version) })
}

fn object_of(run_id: &str) -> String {
    format!("{RUNS}/{run_id}")
}

/// The runs that this process follows.
pub struct Runs {
    archive: Arc<dyn Archive>,
    clock: Arc<dyn Clock>,
    /// As last seen here: spares a reading, nothing depends on it.
    known: Mutex<HashMap<String, Kept>>,
}

impl Runs {
    pub fn new(archive: Arc<dyn Archive>, clock: Arc<dyn Clock>) -> Self {
        Self { archive, clock, known: Mutex::default() }
    }

    /// A run as this process last saw it.
    pub fn known(&self, run_id: &str) -> Kept {
        self.lock().get(run_id).cloned().unwrap_or_default()
    }

    /// A run as it is now.
    pub async fn refresh(&self, run_id: &str) -> Result<Kept, ArchiveError> {
        let kept = read(self.archive.as_ref(), run_id).await?;
        self.lock().insert(run_id.to_owned(), kept.clone());
        Ok(kept)
    }

    /// Takes events of one run in; they are kept when this answers.
    pub async fn take(&self, run_id: &str, events: &[&Envelope]) -> Result<Kept, AlertError> {
        let mut kept = self.known(run_id);
        if kept.version.is_none() {
            kept = self.refresh(run_id).await?;
        }
        for attempt in 0..TRIES {
            let mut is_news = false;
            for event in events {
                is_news |= kept.state.take(event)?;
            }
            if !is_news {
                return Ok(kept);
            }
            let name = object_of(run_id);
            let body = compress(&kept.state.to_events().encode_to_vec(), 1).map_err(|error| {
                ArchiveError::Unavailable { name: name.clone(), detail: error.to_string() }
            })?;
            if let Some(version) = self.archive.replace(&name, Bytes::from(body), kept.version).await? {
                kept.version = Some(version);
                self.lock().insert(run_id.to_owned(), kept.clone());
                return Ok(kept);
            }
            // Somebody else was first: what is there now, and these events once more.
            self.clock.sleep(Duration::from_millis(u64::from(20 * attempt.min(10)))).await;
            kept = self.refresh(run_id).await?;
        }
        Err(AlertError::Crowded { run_id: run_id.to_owned() })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Kept>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// True where nobody changed the run in between.
    pub fn is_as(&self, other: &Self) -> bool {
        self.version == other.version
    }
}
