//! The right to tell of something: an object that one alerter creates, and another may take over when its time is up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aispend_ports::{Archive, ArchiveError, Clock, Version};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::AlertError;
use crate::incidents::{INCIDENTS, encode};

/// For how long a claim holds. Telling takes less, whatever happens.
pub const LEASE: Duration = Duration::from_mins(10);

/// Tells the claims of one process apart.
static CLAIMS: AtomicU64 = AtomicU64::new(0);

#[derive(Debug, Serialize, Deserialize)]
struct Note {
    /// Unlike every other: the same holder's next claim is another object.
    holder: String,
    until: Timestamp,
}

/// The right to tell of one thing.
#[derive(Debug)]
pub struct Claim {
    name: String,
    holder: String,
    version: Version,
}

/// Takes and gives back rights.
#[derive(Clone)]
pub struct Claims {
    archive: Arc<dyn Archive>,
    clock: Arc<dyn Clock>,
}

impl Claims {
    /// In that archive.
    pub fn new(archive: Arc<dyn Archive>, clock: Arc<dyn Clock>) -> Self {
        Self { archive, clock }
    }

    /// Takes the right, unless another has it.
    ///
    /// # Errors
    /// When the archive does not answer, or holds something else.
    pub async fn take(&self, announcement: &str) -> Result<Option<Claim>, AlertError> {
        let name = format!("{INCIDENTS}/claims/{announcement}");
        let now = self.clock.now();
        let number = CLAIMS.fetch_add(1, Ordering::Relaxed);
        let holder = format!("{}-{}-{number}", std::process::id(), now.as_nanosecond());
        let until = now.saturating_add(LEASE).unwrap_or(Timestamp::MAX);
        let body = encode(&name, &Note { holder: holder.clone(), until })?;
        if self.archive.create(&name, body.clone()).await? {
            let there = self.archive.get_versioned(&name).await?;
            return Ok(there.filter(|(there, _)| *there == body).map(|(_, version)| Claim {
                name,
                holder,
                version,
            }));
        }
        let Some((there, seen)) = self.archive.get_versioned(&name).await? else { return Ok(None) };
        let note: Note = serde_json::from_slice(&there)
            .map_err(|error| ArchiveError::Damaged { name: name.clone(), detail: error.to_string() })?;
        if note.until > now {
            return Ok(None);
        }
        let version = self.archive.replace(&name, body, Some(seen)).await?;
        Ok(version.map(|version| Claim { name, holder, version }))
    }

    /// Gives the right back: the next who wants it has it at once. One that another took over stays theirs.
    ///
    /// # Errors
    /// When the archive does not answer; the right ends with its time.
    pub async fn give_back(&self, claim: Claim) -> Result<(), AlertError> {
        let ended = Note { holder: claim.holder, until: Timestamp::UNIX_EPOCH };
        let body = encode(&claim.name, &ended)?;
        self.archive.replace(&claim.name, body, Some(claim.version)).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aispend_testkit::memory::MemoryArchive;
    use aispend_testkit::sim::{SimClock, Timeline};

    use super::*;

    #[tokio::test]
    async fn one_has_the_right_until_it_is_given_back_or_its_time_is_up() {
        let timeline = Timeline::new(Timestamp::UNIX_EPOCH);
        let clock = Arc::new(SimClock::new(Arc::clone(&timeline)));
        let claims = Claims::new(Arc::new(MemoryArchive::default()), clock);
        let first = claims.take("a.open").await.unwrap().unwrap();
        assert!(claims.take("a.open").await.unwrap().is_none());
        assert!(claims.take("b.open").await.unwrap().is_some());
        timeline.advance(i64::try_from(LEASE.as_micros()).unwrap());
        let second = claims.take("a.open").await.unwrap().unwrap();
        // The first one comes back late: the right is no longer its own.
        claims.give_back(first).await.unwrap();
        assert!(claims.take("a.open").await.unwrap().is_none());
        claims.give_back(second).await.unwrap();
        assert!(claims.take("a.open").await.unwrap().is_some());
    }
}
