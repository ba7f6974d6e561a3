//! One machine's bus and stores: topics in memory that obey Pub/Sub's delivery rules, archive and parked messages in
//! folders.

mod archive;
mod bus;
mod files;
mod parked;

pub use archive::FolderArchive;
pub use bus::{MemoryBus, MemoryBusOptions};
pub use parked::FolderParked;
