//! Every adapter of one machine tells the stories of its port.

use std::sync::Arc;
use std::time::Duration;

use aispend_memory::{FolderArchive, FolderParked, MemoryBus, MemoryBusOptions};
use aispend_ports::{ParkedStore, Topic};
use aispend_testkit::archive::ArchiveOnTrial;
use aispend_testkit::bus::BusOnTrial;
use aispend_testkit::memory::{MemoryArchive, MemoryParked, MemoryWarehouse};
use aispend_testkit::sim::{SimClock, Timeline};
use jiff::Timestamp;
use tempfile::TempDir;

async fn memory_bus() -> BusOnTrial<()> {
    let options = MemoryBusOptions {
        ack_deadline: Duration::from_mins(1),
        min_backoff: Duration::from_secs(1),
        max_backoff: Duration::from_mins(1),
        ..MemoryBusOptions::default()
    };
    let dead_letters: Arc<dyn ParkedStore> = Arc::<MemoryParked>::default();
    let clock = Arc::new(SimClock::new(Timeline::new(Timestamp::UNIX_EPOCH)));
    let bus = MemoryBus::new(options.clone(), clock, Arc::clone(&dead_letters));
    BusOnTrial {
        kept: (),
        bus: Arc::new(bus),
        dead_letters,
        ack_deadline: options.ack_deadline,
        max_backoff: options.max_backoff,
        max_attempts: Topic::RawSlices.max_attempts(),
    }
}

async fn folder_archive() -> ArchiveOnTrial<TempDir> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_owned();
    let damage = move |sha256: &str| {
        let prefix: String = sha256.chars().take(2).collect();
        std::fs::write(root.join("raw").join(prefix).join(format!("{sha256}.zst")), b"rust").unwrap();
    };
    ArchiveOnTrial {
        archive: Arc::new(FolderArchive::new(folder.path())),
        kept: folder,
        damage: Box::new(damage),
    }
}

async fn memory_archive() -> ArchiveOnTrial<()> {
    let archive = Arc::<MemoryArchive>::default();
    let damaged = Arc::clone(&archive);
    ArchiveOnTrial { kept: (), archive, damage: Box::new(move |sha256| damaged.damage(sha256, b"rust")) }
}

async fn folder_parked() -> (TempDir, Arc<dyn ParkedStore>) {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(FolderParked::new(folder.path().join("dead-letters")));
    (folder, store)
}

async fn memory_parked() -> ((), Arc<dyn ParkedStore>) {
    ((), Arc::<MemoryParked>::default())
}

async fn memory_warehouse() -> ((), MemoryWarehouse) {
    ((), MemoryWarehouse::default())
}

mod bus_in_memory {
    aispend_testkit::bus_conformance!(super::memory_bus);
}
mod archive_in_a_folder {
    aispend_testkit::archive_conformance!(super::folder_archive);
}
mod archive_in_memory {
    aispend_testkit::archive_conformance!(super::memory_archive);
}
mod parked_in_a_folder {
    aispend_testkit::parked_conformance!(super::folder_parked);
}
mod parked_in_memory {
    aispend_testkit::parked_conformance!(super::memory_parked);
}
mod warehouse_in_memory {
    aispend_testkit::warehouse_conformance!(super::memory_warehouse);
}
