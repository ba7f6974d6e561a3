//! Every door to the outside, as a trait: bus, archive, parked store, vendors and their keys, warehouse, clock.
//!
//! Stages see only these; adapters implement them. No trait names a product.

mod archive;
mod bus;
mod clock;
mod fetch;
mod frames;
mod key;
mod page;
mod parked;
mod questions;
mod warehouse;

pub use archive::{Archive, ArchiveError, Version};
pub use bus::{Bus, BusError, Delivery, Outgoing, REFERENCED_BYTES, Receipt, Subscription, Topic};
pub use clock::{Clock, SystemClock};
pub use fetch::{Fetch, FetchError};
pub use frames::{FRAME_ROWS, FrameError, Frames, FramesWriter, compress, decode};
pub use key::Key;
pub use page::PageError;
pub use parked::{Parked, ParkedError, ParkedStore};
pub use questions::{Answer, Questions};
pub use warehouse::{
    ContextRef, Decision, DocumentRef, IncidentLine, LedgerLine, LoadState, Rejected, RunLine, SliceLoad,
    SliceOutcome, Verdict, Warehouse, WarehouseError, decide, vanished,
};
