//! Files that are whole or not there: written beside, then renamed.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

static TEMPORARY: AtomicU64 = AtomicU64::new(0);

/// Writes a file so that a reader, or a crash, sees the old one or the new one. `is_durable`: survive a loss of power.
pub fn write_whole(path: &Path, body: &[u8], is_durable: bool) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let number = TEMPORARY.fetch_add(1, Ordering::Relaxed);
    let temporary = folder.join(format!(".{}-{number}.tmp", std::process::id()));
    let mut file = File::create(&temporary)?;
    file.write_all(body)?;
    if is_durable {
        file.sync_all()?;
    }
    drop(file);
    fs::rename(&temporary, path)?;
    if is_durable {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Like `write_whole`, unless the file is there: true when it was ours.
pub fn create_whole(path: &Path, body: &[u8]) -> io::Result<bool> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let number = TEMPORARY.fetch_add(1, Ordering::Relaxed);
    let temporary = folder.join(format!(".{}-{number}.tmp", std::process::id()));
    let mut file = File::create(&temporary)?;
    file.write_all(body)?;
    file.sync_all()?;
    drop(file);
    // A hard link fails where the name is taken: the one atomic create-if-absent with a body.
    let linked = fs::hard_link(&temporary, path);
    fs::remove_file(&temporary)?;
    match linked {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Bytes as lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
    }
    text
}
