//! Where incidents are kept: one object each, compared before it is replaced, and one that names those not yet done with.
//! Any number of alerters, and of people with a command line, may change them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aispend_ports::{Archive, ArchiveError, Clock, Version};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::AlertError;
use crate::incident::{Incident, State};

/// The folder of the archive.
pub const INCIDENTS: &str = "incidents";

/// The object that names the incidents which are not done with.
const CURRENT: &str = "incidents/current";

/// How often others may be faster.
const TRIES: u32 = 60;

/// Every incident there is.
#[derive(Clone)]
pub struct Incidents {
    archive: Arc<dyn Archive>,
    clock: Arc<dyn Clock>,
}

impl Incidents {
    /// In that archive.
    pub fn new(archive: Arc<dyn Archive>, clock: Arc<dyn Clock>) -> Self {
        Self { archive, clock }
    }

    /// One by its id.
    ///
    /// # Errors
    /// When the archive does not answer, or holds something else.
    pub async fn read(&self, id: &str) -> Result<Option<Incident>, AlertError> {
        Ok(self.object(&object_of(id)).await?.0)
    }

    /// Those not done with: open, acknowledged and snoozed ones, and what the warehouse has yet to hear of.
    ///
    /// # Errors
    /// When the archive does not answer, or holds something else.
    pub async fn current(&self) -> Result<Vec<Incident>, AlertError> {
        let (ids, _) = self.object::<BTreeSet<String>>(CURRENT).await?;
        let mut incidents = Vec::new();
        for id in ids.unwrap_or_default() {
            // One named and not there: whoever named it stopped before storing it, and the rule will see it again.
            incidents.extend(self.read(&id).await?);
        }
        incidents.sort_by(|left, right| (left.opened_at, &left.id).cmp(&(right.opened_at, &right.id)));
        Ok(incidents)
    }

    /// Changes an incident: `change` sees what is there and gives what shall be, or `None` to leave it. It may be called
    /// again where somebody else was faster. What is there afterwards, and whether this call changed it.
    ///
    /// # Errors
    /// When the archive does not answer, or others were faster every time.
    pub async fn change(
        &self,
        id: &str,
        change: impl Fn(Option<Incident>) -> Option<Incident> + Send + Sync,
    ) -> Result<(Option<Incident>, bool), AlertError> {
        // Named first: what is stored is never forgotten.
        let keep = |there: Option<Incident>| match change(there.clone()) {
            Some(next) if Some(&next) != there.as_ref() => Some(next),
            Some(_) | None => None,
        };
        let (there, _) = self.object::<Incident>(&object_of(id)).await?;
        if keep(there.clone()).is_none() {
            return Ok((there, false));
        }
        self.name(id, true).await?;
        let changed = self.swap(&object_of(id), keep).await?;
        // Somebody may have taken the name out between.
        if changed.1 && changed.0.as_ref().is_some_and(|incident| !is_done(incident)) {
            self.name(id, true).await?;
        }
        Ok(changed)
    }

    /// Takes an incident that is done with out of the current ones.
    ///
    /// # Errors
    /// As `change`.
    pub async fn put_away(&self, id: &str) -> Result<(), AlertError> {
        self.name(id, false).await?;
        // Where it opened again meanwhile, it is current.
        let is_current = |incident: &Incident| incident.state == State::Open;
        if self.read(id).await?.is_some_and(|incident| is_current(&incident)) {
            self.name(id, true).await?;
        }
        Ok(())
    }

    async fn name(&self, id: &str, is_current: bool) -> Result<(), AlertError> {
        let change = |ids: Option<BTreeSet<String>>| {
            let mut ids = ids.unwrap_or_default();
            let is_news = if is_current { ids.insert(id.to_owned()) } else { ids.remove(id) };
            is_news.then_some(ids)
        };
        self.swap(CURRENT, change).await.map(drop)
    }

    async fn swap<T: Serialize + DeserializeOwned + Clone>(
        &self,
        name: &str,
        change: impl Fn(Option<T>) -> Option<T>,
    ) -> Result<(Option<T>, bool), AlertError> {
        for attempt in 0..TRIES {
            let (there, seen) = self.object::<T>(name).await?;
            let Some(next) = change(there.clone()) else { return Ok((there, false)) };
            if self.archive.replace(name, encode(name, &next)?, seen).await?.is_some() {
                return Ok((Some(next), true));
            }
            self.clock.sleep(Duration::from_millis(u64::from(20 * attempt.min(10)))).await;
        }
        Err(AlertError::CrowdedIncident { name: name.to_owned() })
    }

    async fn object<T: DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<(Option<T>, Option<Version>), AlertError> {
        let Some((body, version)) = self.archive.get_versioned(name).await? else { return Ok((None, None)) };
        let value = serde_json::from_slice(&body)
            .map_err(|error| ArchiveError::Damaged { name: name.to_owned(), detail: error.to_string() })?;
        Ok((Some(value), Some(version)))
    }
}

/// True for an incident that nobody needs to look at any more.
pub const fn is_done(incident: &Incident) -> bool {
    matches!(incident.state, State::Resolved) && incident.recorded == incident.revision
}

fn object_of(id: &str) -> String {
    format!("{INCIDENTS}/by-id/{id}")
}

/// As JSON: a person with the store open can read it.
pub fn encode<T: Serialize>(name: &str, value: &T) -> Result<Bytes, ArchiveError> {
    let body = serde_json::to_vec_pretty(value)
        .map_err(|error| ArchiveError::Unavailable { name: name.to_owned(), detail: error.to_string() })?;
    Ok(Bytes::from(body))
}
