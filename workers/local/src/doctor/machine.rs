//! The data folder and its disk.

use std::io;
use std::path::Path;

use aispend_fetcher::doctor::Check;

const SUBJECT: &str = "data folder";
const MEGABYTE: u64 = 1_000_000;

/// Whether the folder can be written, and whether there is room for another copy of what is in the warehouse.
pub fn checks(data_dir: &Path) -> Vec<Check> {
    // A folder that is not there yet is made in the first one that is.
    let Some(there) = data_dir.ancestors().map(shown).find(|folder| folder.exists()) else {
        return vec![unwritable(data_dir, &io::ErrorKind::NotFound.into())];
    };
    if let Err(error) = try_writing(there) {
        return vec![unwritable(data_dir, &error)];
    }
    let free = match rustix::fs::statvfs(there) {
        Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize),
        Err(error) => {
            let says = format!("can be written; its free space is not told: {error}");
            return vec![Check::note(SUBJECT, says)];
        }
    };
    let size = std::fs::metadata(data_dir.join("warehouse.duckdb")).map_or(0, |file| file.len());
    vec![room(free, size)]
}

/// `""` is the folder we are in.
fn shown(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

/// Loads go to a copy of the warehouse, and grow it.
fn room(free: u64, warehouse: u64) -> Check {
    let needed = warehouse.saturating_mul(2);
    let says = format!("can be written, {} free", size(free));
    let remedy = "make room on this disk, or move the data folder (AISPEND_DATA_DIR)";
    if free < needed {
        let says = format!("{says}; publishing the warehouse takes up to {}", size(needed));
        Check::fail(SUBJECT, "disk_full", says, remedy)
    } else if free < needed.saturating_mul(2).max(1_000 * MEGABYTE) {
        Check::warn(SUBJECT, "disk_low", says, remedy)
    } else {
        Check::ok(SUBJECT, says)
    }
}

fn size(bytes: u64) -> String {
    let megabytes = bytes / MEGABYTE;
    if megabytes < 10_000 { format!("{megabytes} MB") } else { format!("{} GB", megabytes / 1_000) }
}

fn try_writing(folder: &Path) -> io::Result<()> {
    let path = folder.join(format!(".aispend-doctor-{}", std::process::id()));
    let written = std::fs::write(&path, b"may be removed");
    written.and_then(|()| std::fs::remove_file(&path))
}

fn unwritable(data_dir: &Path, error: &io::Error) -> Check {
    Check::fail(
        SUBJECT,
        "not_writable",
        format!("{} cannot be written: {error}", data_dir.display()),
        "give this user the right to write there, or choose another folder (AISPEND_DATA_DIR)",
    )
}

#[cfg(test)]
mod tests {
    use aispend_fetcher::doctor::Status;

    use super::*;

    #[test]
    fn a_disk_without_room_for_another_copy_is_a_failure() {
        let status = |free: u64, size: u64| room(free * MEGABYTE, size * MEGABYTE).status;
        assert_eq!(status(5_000, 100), Status::Ok);
        assert_eq!(status(900, 0), Status::Warn);
        assert_eq!(status(9_000, 3_000), Status::Warn);
        assert_eq!(status(5_000, 3_000), Status::Fail);
    }

    #[test]
    fn a_folder_that_is_not_there_yet_is_judged_by_the_one_it_will_be_in() {
        let folder = tempfile::tempdir().unwrap();
        let checks = checks(&folder.path().join("not/yet"));
        assert_eq!(checks.len(), 1);
        assert_ne!(checks[0].reason, "not_writable", "{checks:?}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert_eq!(super::checks(&file)[0].reason, "not_writable");
    }
}
