//! Parked messages: `parked/<id>.json`, one page each.

use aispend_ports::{Parked, ParkedError, ParkedStore};
use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt, stream};
use tracing::error;

use crate::bucket::{Bucket, Fault};

const FOLDER: &str = "parked/";
/// Pages read at a time.
const AT_ONCE: usize = 16;

/// Parked messages in a bucket; `CloudArchive::parked` makes one.
#[derive(Clone)]
pub struct CloudParked {
    bucket: Bucket,
}

impl CloudParked {
    pub(crate) fn new(bucket: Bucket) -> Self {
        Self { bucket }
    }

    /// `None` where it was taken out meanwhile, or cannot be read: the others can still be replayed.
    async fn read(&self, name: String) -> Result<Option<Parked>, ParkedError> {
        let damaged = |detail: String| {
            error!(object = name, detail, "parked message cannot be read");
            None
        };
        match self.bucket.read(&name).await {
            Ok((page, _)) => match Parked::from_page(&page) {
                Ok(parked) => Ok(Some(parked)),
                Err(error) => Ok(damaged(error.to_string())),
            },
            Err(Fault::Missing) => Ok(None),
            Err(Fault::Damaged(detail)) => Ok(damaged(detail)),
            Err(fault) => Err(unavailable(&name, fault)),
        }
    }
}

fn unavailable(name: &str, fault: Fault) -> ParkedError {
    ParkedError::Unavailable(match fault {
        Fault::Missing => format!("`{name}` is not there"),
        Fault::Changed => format!("`{name}` changed meanwhile"),
        Fault::Damaged(detail) | Fault::Unavailable(detail) => format!("`{name}`: {detail}"),
    })
}

fn object_name(id: &str) -> Result<String, ParkedError> {
    if Parked::is_id(id) {
        Ok(format!("{FOLDER}{id}.json"))
    } else {
        Err(ParkedError::Missing(id.to_owned()))
    }
}

#[async_trait]
impl ParkedStore for CloudParked {
    async fn park(&self, message: Parked) -> Result<(), ParkedError> {
        let name = object_name(&message.id)?;
        let page = message.to_page().map_err(|error| ParkedError::Unavailable(error.to_string()))?;
        match self.bucket.write(&name, page.into(), Some(0)).await {
            Ok(_) | Err(Fault::Changed) => Ok(()),
            Err(fault) => Err(unavailable(&name, fault)),
        }
    }

    async fn list(&self) -> Result<Vec<Parked>, ParkedError> {
        let names = self.bucket.list(FOLDER).await.map_err(|fault| unavailable(FOLDER, fault))?;
        let pages =
            names.into_iter().filter(|name| name.strip_suffix(".json").is_some()).map(|name| self.read(name));
        let all: Vec<Option<Parked>> = stream::iter(pages).buffer_unordered(AT_ONCE).try_collect().await?;
        let mut all: Vec<Parked> = all.into_iter().flatten().collect();
        all.sort_by(|left, right| (left.parked_at, &left.id).cmp(&(right.parked_at, &right.id)));
        Ok(all)
    }

    async fn remove(&self, id: &str) -> Result<(), ParkedError> {
        let name = object_name(id)?;
        match self.bucket.remove(&name).await {
            Ok(()) => Ok(()),
            Err(Fault::Missing) => Err(ParkedError::Missing(id.to_owned())),
            Err(fault) => Err(unavailable(&name, fault)),
        }
    }
}
