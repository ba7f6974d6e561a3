//! Parked messages in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aispend_ports::{Parked, ParkedError, ParkedStore};
use async_trait::async_trait;

/// Parked messages by id.
#[derive(Debug, Default)]
pub struct MemoryParked {
    messages: Mutex<BTreeMap<String, Parked>>,
}

impl MemoryParked {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Parked>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All of them, by id.
    pub fn all(&self) -> Vec<Parked> {
        self.lock().values().cloned().collect()
    }

    /// Takes one out.
    pub fn take(&self, id: &str) -> Option<Parked> {
        self.lock().remove(id)
    }
}

#[async_trait]
impl ParkedStore for MemoryParked {
    async fn park(&self, message: Parked) -> Result<(), ParkedError> {
        self.lock().entry(message.id.clone()).or_insert(message);
        Ok(())
    }

    async fn list(&self) -> Result<Vec<Parked>, ParkedError> {
        let mut all = self.all();
        all.sort_by(|left, right| (left.parked_at, &left.id).cmp(&(right.parked_at, &right.id)));
        Ok(all)
    }

    async fn remove(&self, id: &str) -> Result<(), ParkedError> {
        self.take(id).map(|_| ()).ok_or_else(|| ParkedError::Missing(id.to_owned()))
    }
}
