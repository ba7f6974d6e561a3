//! A world under a seed's control: its time, its bus, its vendors, and what goes wrong at every door.

mod bus;
mod clock;
mod doors;
mod fetch;
mod weather;

pub use bus::{SimBus, Tally};
pub use clock::{SimClock, Timeline};
pub use doors::{RoughArchive, RoughBus, RoughFetch, RoughParked, RoughWarehouse, rough_delivery};
pub use fetch::{Address, SheetsFrom, SimFetch, SimFetchOptions};
pub use weather::Weather;
