//! The prebuilt DuckDB library: building it from source takes most of an hour on two cores.
//!
//! It is kept in the cache. The checkout links to it as `.duckdb`, where `.cargo/config.toml` tells the linker to look,
//! and every profile's folder gets its own, beside the binaries, where their rpath tells them to look.

use std::{
    env,
    env::consts::{ARCH, DLL_EXTENSION, OS},
    fs::{self, File},
    io,
    os::unix::fs::{MetadataExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

use crate::workspace::{Profile, Workspace, rpath_replaced_by};

/// What `duckdb` in the root `Cargo.toml` was generated for. Its smoke test is in `shared/adapters/duckdb`.
pub const VERSION: &str = "1.5.6";

/// A library of our own choosing, on any platform: the folder it is in.
const OWN_LIBRARY: &str = "AISPEND_DUCKDB_LIB_DIR";

/// An npm package that contains the library, pinned to the byte.
struct Prebuilt {
    platform: (&'static str, &'static str),
    package: &'static str,
    archive_sha256: &'static str,
    library_sha256: &'static str,
}

const PREBUILT: &[Prebuilt] = &[Prebuilt {
    platform: ("linux", "x86_64"),
    package: "@duckdb/node-bindings-linux-x64@1.5.6-r.1",
    archive_sha256: "1b9f82478539bb9a1d1df44bd103121a12ae52142c07158dc52b97d2ec1d69ff",
    library_sha256: "3f4962cdd266eab2b479a5b5a4a6d063d279b2954ae814ed00385d553b747633",
}];

/// Makes the library ready for whatever cargo builds next with these profiles, and says where it is.
pub fn prepare(workspace: &Workspace, profiles: &[Profile]) -> Result<PathBuf> {
    if let Some(variable) = rpath_replaced_by() {
        eprintln!(
            "warning: `{variable}` replaces the rustflags of `.cargo/config.toml`: binaries find the DuckDB library \
             under cargo, not when started by themselves"
        );
    }
    let folder = library_folder(workspace)?;
    link_checkout(&workspace.root().join(".duckdb"), &folder)?;
    let library = folder.join(library_name());
    for profile in profiles {
        place(&library, &workspace.profile_dir(*profile))?;
    }
    Ok(library)
}

fn library_name() -> String {
    format!("libduckdb.{DLL_EXTENSION}")
}

fn library_folder(workspace: &Workspace) -> Result<PathBuf> {
    if let Some(folder) = env::var_os(OWN_LIBRARY) {
        let folder =
            std::path::absolute(&folder).with_context(|| format!("`{OWN_LIBRARY}` is not a path"))?;
        let library = folder.join(library_name());
        ensure!(library.is_file(), "`{OWN_LIBRARY}` is set, but there is no {}", library.display());
        return Ok(folder);
    }
    let Some(prebuilt) = PREBUILT.iter().find(|prebuilt| prebuilt.platform == (OS, ARCH)) else {
        bail!(
            "no DuckDB library is pinned for {OS} on {ARCH}: unpack libduckdb {VERSION} for it from DuckDB's release \
             page, and set `{OWN_LIBRARY}` to the folder that holds {}",
            library_name()
        );
    };
    let folder = workspace.cache().join(format!("duckdb-{VERSION}"));
    let library = folder.join(library_name());
    if !library.is_file() || sha256(&library)? != prebuilt.library_sha256 {
        download(prebuilt, workspace.cache(), &library).with_context(|| {
            format!("could not fetch DuckDB {VERSION} (without npm: set `{OWN_LIBRARY}` to a folder that holds it)")
        })?;
    }
    Ok(folder)
}

fn download(prebuilt: &Prebuilt, cache: &Path, library: &Path) -> Result<()> {
    eprintln!("fetching DuckDB {VERSION} ({})", prebuilt.package);
    fs::create_dir_all(cache).with_context(|| format!("could not create {}", cache.display()))?;
    let work = tempfile::tempdir_in(cache).context("could not create a folder for the download")?;
    run(
        Command::new("npm").args(["pack", "--silent", prebuilt.package]).current_dir(work.path()),
        "Node.js",
    )?;

    let archive = fs::read_dir(work.path())?.next().context("npm left no file")??.path();
    verify(&archive, prebuilt.archive_sha256)?;
    let member = format!("package/{}", library_name());
    run(Command::new("tar").arg("-xzf").arg(&archive).arg(&member).current_dir(work.path()), "tar")?;

    let unpacked = work.path().join(member);
    verify(&unpacked, prebuilt.library_sha256)?;
    fs::create_dir_all(library.parent().context("the library has no folder")?)?;
    // A rename is whole or absent, also when two of us fetch at once.
    fs::rename(&unpacked, library).with_context(|| format!("could not write {}", library.display()))
}

/// Runs a tool, and names what to install where it is missing.
fn run(command: &mut Command, provider: &str) -> Result<()> {
    let tool = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("could not start `{tool}`: install {provider}"))?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`{tool}` failed: {}", complaint.trim());
    Ok(())
}

fn verify(file: &Path, expected: &str) -> Result<()> {
    let actual = sha256(file)?;
    ensure!(
        actual == expected,
        "{} is not the file we pinned: its sha256 is {actual}, not {expected}",
        file.display()
    );
    Ok(())
}

fn sha256(file: &Path) -> Result<String> {
    let mut hasher = Sha256::new();
    let mut reader = File::open(file).with_context(|| format!("could not open {}", file.display()))?;
    io::copy(&mut reader, &mut hasher).with_context(|| format!("could not read {}", file.display()))?;
    Ok(format!("{:x}", hasher.finalize()))
}

/// Points the checkout's `.duckdb` to the library's folder.
fn link_checkout(link: &Path, folder: &Path) -> Result<()> {
    if fs::read_link(link).is_ok_and(|target| target == folder) {
        return Ok(());
    }
    ensure!(
        link.is_symlink() || !link.exists(),
        "{} is in the way: it should be a link that `cargo xtask fetch` makes; remove it",
        link.display()
    );
    let fresh = link.with_extension(format!("new-{}", std::process::id()));
    symlink(folder, &fresh).with_context(|| format!("could not create {}", fresh.display()))?;
    fs::rename(&fresh, link).with_context(|| format!("could not create {}", link.display()))
}

/// Puts the library into a folder: a hard link where the filesystem allows it, otherwise a copy.
fn place(library: &Path, folder: &Path) -> Result<()> {
    let placed = folder.join(library_name());
    let wanted = fs::metadata(library).with_context(|| format!("could not read {}", library.display()))?;
    if fs::metadata(&placed).is_ok_and(|present| same_file(&present, &wanted)) {
        return Ok(());
    }
    let fresh = folder.join(format!(".{}.{}", library_name(), std::process::id()));
    fs::create_dir_all(folder)
        .and_then(|()| fs::hard_link(library, &fresh).or_else(|_| copy(library, &fresh, &wanted)))
        .and_then(|()| fs::rename(&fresh, &placed))
        .with_context(|| format!("could not put the DuckDB library into {}", folder.display()))
}

/// Copies with the time of the original, by which a copy is known to be current.
fn copy(from: &Path, to: &Path, original: &fs::Metadata) -> io::Result<()> {
    fs::copy(from, to)?;
    File::options().write(true).open(to)?.set_modified(original.modified()?)
}

fn same_file(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    let identity = |file: &fs::Metadata| (file.dev(), file.ino());
    let stamp = |file: &fs::Metadata| (file.size(), file.mtime(), file.mtime_nsec());
    identity(one) == identity(other) || stamp(one) == stamp(other)
}
