//! Adapters that hold everything in memory: what a simulated machine of its own would keep on disk.

mod archive;
mod parked;
mod rows;
mod transaction;
mod warehouse;

pub use archive::MemoryArchive;
pub use parked::MemoryParked;
pub use rows::StoredRow;
pub use warehouse::{Account, MemoryWarehouse, Rule, WarehouseSwitches};
