//! Every port, with weather in front of it: others go first, calls fail, and a failed call may have taken effect.

use std::sync::Arc;
use std::time::Duration;

use aispend_model::{Feed, Request, Response};
use aispend_ports::{
    Archive, ArchiveError, Bus, BusError, Delivery, Fetch, FetchError, IncidentLine, LedgerLine, Outgoing,
    Parked, ParkedError, ParkedStore, Receipt, RunLine, SliceLoad, Subscription, Topic, Verdict, Version,
    Warehouse, WarehouseError,
};
use aispend_proto::Table;
use aispend_proto::v1::RecordSet;
use async_trait::async_trait;
use bytes::Bytes;

use super::weather::Weather;

const DETAIL: &str = "the weather is bad";

/// A bus in bad weather.
pub struct RoughBus {
    /// The bus itself.
    pub inner: Arc<dyn Bus>,
    /// What goes wrong.
    pub weather: Arc<Weather>,
}

fn bus_fails() -> BusError {
    BusError::Unavailable(DETAIL.to_owned())
}

#[async_trait]
impl Bus for RoughBus {
    async fn publish(&self, message: Outgoing) -> Result<(), BusError> {
        if self.weather.fails().await {
            return Err(bus_fails());
        }
        self.inner.publish(message).await?;
        if self.weather.fails().await { Err(bus_fails()) } else { Ok(()) }
    }

    async fn subscribe(&self, topic: Topic) -> Result<Box<dyn Subscription>, BusError> {
        self.inner.subscribe(topic).await
    }
}

/// A delivery whose settling meets the weather.
pub fn rough_delivery(delivery: Delivery, weather: &Arc<Weather>) -> Delivery {
    let receipt = Box::new(RoughReceipt { inner: delivery.receipt, weather: Arc::clone(weather) });
    Delivery { receipt, ..delivery }
}

struct RoughReceipt {
    inner: Box<dyn Receipt>,
    weather: Arc<Weather>,
}

#[async_trait]
impl Receipt for RoughReceipt {
    async fn ack(self: Box<Self>) -> Result<(), BusError> {
        if self.weather.fails().await {
            return Err(bus_fails());
        }
        self.inner.ack().await?;
        if self.weather.fails().await { Err(bus_fails()) } else { Ok(()) }
    }

    async fn give_back(self: Box<Self>, after: Option<Duration>) {
        // Where the call is lost, the message comes again by its deadline.
        if !self.weather.fails().await {
            self.inner.give_back(after).await;
        }
    }
}

/// An archive in bad weather.
pub struct RoughArchive {
    /// The archive itself.
    pub inner: Arc<dyn Archive>,
    /// What goes wrong.
    pub weather: Arc<Weather>,
}

fn archive_fails(name: &str) -> ArchiveError {
    ArchiveError::Unavailable { name: name.to_owned(), detail: DETAIL.to_owned() }
}

impl RoughArchive {
    async fn meets<T>(
        &self,
        name: &str,
        call: impl Future<Output = Result<T, ArchiveError>> + Send,
    ) -> Result<T, ArchiveError> {
        if self.weather.fails().await {
            return Err(archive_fails(name));
        }
        let answer = call.await?;
        if self.weather.fails().await { Err(archive_fails(name)) } else { Ok(answer) }
    }
}

#[async_trait]
impl Archive for RoughArchive {
    async fn put_document(&self, body: &[u8]) -> Result<String, ArchiveError> {
        self.meets("a document", self.inner.put_document(body)).await
    }
    async fn document(&self, sha256: &str) -> Result<Bytes, ArchiveError> {
        self.meets(sha256, self.inner.document(sha256)).await
    }
    async fn put(&self, name: &str, body: Bytes) -> Result<(), ArchiveError> {
        self.meets(name, self.inner.put(name, body)).await
    }
    async fn create(&self, name: &str, body: Bytes) -> Result<bool, ArchiveError> {
        self.meets(name, self.inner.create(name, body)).await
    }
    async fn get_versioned(&self, name: &str) -> Result<Option<(Bytes, Version)>, ArchiveError> {
        self.meets(name, self.inner.get_versioned(name)).await
    }
    async fn replace(
        &self,
        name: &str,
        body: Bytes,
        seen: Option<Version>,
    ) -> Result<Option<Version>, ArchiveError> {
        self.meets(name, self.inner.replace(name, body, seen)).await
    }
    async fn get(&self, name: &str) -> Result<Bytes, ArchiveError> {
        self.meets(name, self.inner.get(name)).await
    }
    async fn remove(&self, name: &str) -> Result<(), ArchiveError> {
        self.meets(name, self.inner.remove(name)).await
    }
    async fn persist(&self) -> Result<(), ArchiveError> {
        self.meets("all", self.inner.persist()).await
    }
}

/// A parked store in bad weather.
pub struct RoughParked {
    /// The store itself.
    pub inner: Arc<dyn ParkedStore>,
    /// What goes wrong.
    pub weather: Arc<Weather>,
}

fn parked_fails() -> ParkedError {
    ParkedError::Unavailable(DETAIL.to_owned())
}

#[async_trait]
impl ParkedStore for RoughParked {
    async fn park(&self, message: Parked) -> Result<(), ParkedError> {
        if self.weather.fails().await {
            return Err(parked_fails());
        }
        self.inner.park(message).await?;
        if self.weather.fails().await { Err(parked_fails()) } else { Ok(()) }
    }
    async fn list(&self) -> Result<Vec<Parked>, ParkedError> {
        self.inner.list().await
    }
    async fn remove(&self, id: &str) -> Result<(), ParkedError> {
        self.inner.remove(id).await
    }
}

/// A warehouse in bad weather.
pub struct RoughWarehouse {
    /// The warehouse itself.
    pub inner: Arc<dyn Warehouse>,
    /// What goes wrong.
    pub weather: Arc<Weather>,
}

impl RoughWarehouse {
    async fn meets<T>(
        &self,
        call: impl Future<Output = Result<T, WarehouseError>> + Send,
    ) -> Result<T, WarehouseError> {
        let failed = || WarehouseError::Unavailable(DETAIL.to_owned());
        if self.weather.fails().await {
            return Err(failed());
        }
        let answer = call.await?;
        if self.weather.fails().await { Err(failed()) } else { Ok(answer) }
    }
}

#[async_trait]
impl Warehouse for RoughWarehouse {
    async fn load(&self, slices: Vec<SliceLoad>) -> Result<Vec<Verdict>, WarehouseError> {
        self.meets(self.inner.load(slices)).await
    }
    async fn ledger(&self, feed: Option<Feed>) -> Result<Vec<LedgerLine>, WarehouseError> {
        self.meets(self.inner.ledger(feed)).await
    }
    async fn record_run(&self, run: RunLine) -> Result<(), WarehouseError> {
        self.meets(self.inner.record_run(run)).await
    }
    async fn record_incident(&self, incident: IncidentLine) -> Result<(), WarehouseError> {
        self.meets(self.inner.record_incident(incident)).await
    }
    async fn snapshot(&self, table: Table) -> Result<RecordSet, WarehouseError> {
        self.inner.snapshot(table).await
    }
}

/// Vendors in bad weather. Their own faults are the simulator's: here a process may only die around a call.
pub struct RoughFetch {
    /// The vendors.
    pub inner: Arc<dyn Fetch>,
    /// What goes wrong.
    pub weather: Arc<Weather>,
}

#[async_trait]
impl Fetch for RoughFetch {
    async fn send(&self, request: &Request) -> Result<Response, FetchError> {
        let failed = || FetchError::Unavailable {
            vendor: request.vendor,
            detail: DETAIL.to_owned(),
            retry_after: None,
        };
        if self.weather.fails().await {
            return Err(failed());
        }
        let answer = self.inner.send(request).await?;
        if self.weather.fails().await { Err(failed()) } else { Ok(answer) }
    }
}
