//! The checkout, its folders, and cargo as we call it.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, ExitCode, ExitStatus},
};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

/// A cargo profile, and the folder that cargo names after it.
#[derive(Clone, Copy)]
pub enum Profile {
    Dev,
    Quick,
    Release,
}

impl Profile {
    pub const ALL: [Self; 3] = [Self::Dev, Self::Quick, Self::Release];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Quick => "quick",
            Self::Release => "release",
        }
    }

    const fn folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Quick => "quick",
            Self::Release => "release",
        }
    }
}

/// Where to build when the environment does not say.
#[derive(Clone, Copy)]
pub enum TargetDir {
    /// Where cargo itself would.
    Cargos,
    /// In the cache, so that every clone on this machine shares what is built.
    Shared,
}

pub struct Workspace {
    root: PathBuf,
    cache: PathBuf,
    target: PathBuf,
    /// Set only where it differs from what cargo would choose.
    target_override: Option<PathBuf>,
}

impl Workspace {
    pub fn open(target_dir: TargetDir) -> Result<Self> {
        let manifest_dir = env::var_os("CARGO_MANIFEST_DIR").context("start this through `cargo xtask`")?;
        let root = Path::new(&manifest_dir)
            .ancestors()
            .nth(2)
            .context("infra/xtask is not two folders below the root")?
            .to_path_buf();
        let cache = cache_dir()?;
        let target_override = match target_dir {
            TargetDir::Shared if env::var_os("CARGO_TARGET_DIR").is_none() => Some(cache.join("target")),
            TargetDir::Shared | TargetDir::Cargos => None,
        };
        let mut workspace = Self { root, cache, target: PathBuf::new(), target_override };
        workspace.target = workspace.metadata(&["--no-deps"])?.target_directory;
        Ok(workspace)
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where downloads live: outside the checkout, so that every clone on this machine shares them.
    pub fn cache(&self) -> &Path {
        &self.cache
    }

    pub fn target(&self) -> &Path {
        &self.target
    }

    pub fn profile_dir(&self, profile: Profile) -> PathBuf {
        self.target.join(profile.folder())
    }

    /// Cargo, in the caller's folder.
    pub fn cargo(&self) -> Command {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // What the outer cargo told us about our own package would make build scripts run again: a plain `cargo build`
        // does not have it.
        for (name, _) in env::vars_os().filter(|(name, _)| describes_xtask(name)) {
            cargo.env_remove(name);
        }
        if let Some(target) = &self.target_override {
            cargo.env("CARGO_TARGET_DIR", target);
        }
        cargo
    }

    pub fn metadata(&self, arguments: &[&str]) -> Result<Metadata> {
        let output = self
            .cargo()
            .current_dir(&self.root)
            .args(["metadata", "--format-version", "1"])
            .args(arguments)
            .output()
            .context("could not start cargo")?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "`cargo metadata` failed: {}", complaint.trim());
        serde_json::from_slice(&output.stdout).context("`cargo metadata` answered in an unknown shape")
    }
}

/// Fails where the environment takes the rpath of `.cargo/config.toml` away, and what we build would not start.
pub fn require_rpath() -> Result<()> {
    match rpath_replaced_by() {
        Some(variable) => bail!(
            "`{variable}` replaces the rustflags of `.cargo/config.toml`, without which the binaries do not find the \
             DuckDB library beside them: unset it, or add `-C link-arg=-Wl,-rpath,$ORIGIN:$ORIGIN/..` to it"
        ),
        None => Ok(()),
    }
}

/// The variable that replaces our rustflags without the rpath in them. Cargo's own runners still find the library.
pub fn rpath_replaced_by() -> Option<&'static str> {
    ["CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS"]
        .into_iter()
        .find(|variable| env::var(variable).is_ok_and(|flags| !flags.contains("-rpath")))
}

pub fn exit_code(status: ExitStatus) -> ExitCode {
    status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}

fn describes_xtask(name: &OsString) -> bool {
    let Some(name) = name.to_str() else { return false };
    ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| name.starts_with(prefix))
        || ["CARGO_BIN_NAME", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE"].contains(&name)
}

fn cache_dir() -> Result<PathBuf> {
    if let Some(cache) = env::var_os("AISPEND_CACHE_DIR") {
        return std::path::absolute(&cache).context("`AISPEND_CACHE_DIR` is not a path");
    }
    let home = env::home_dir().context("there is no home folder: set `AISPEND_CACHE_DIR`")?;
    Ok(home.join(".cache/aispend"))
}

/// The part of cargo's answer that we read.
#[derive(Deserialize)]
pub struct Metadata {
    pub packages: Vec<Package>,
    target_directory: PathBuf,
}

impl Metadata {
    pub fn has_binary(&self, package: &str, binary: &str) -> bool {
        self.packages
            .iter()
            .filter(|candidate| candidate.name == package)
            .flat_map(|candidate| &candidate.targets)
            .any(|target| target.name == binary && target.kind.iter().any(|kind| kind == "bin"))
    }
}

#[derive(Deserialize)]
pub struct Package {
    pub name: String,
    pub version: String,
    pub license: Option<String>,
    /// Absent for a crate of this workspace.
    pub source: Option<String>,
    pub targets: Vec<Target>,
}

#[derive(Deserialize)]
pub struct Target {
    pub name: String,
    pub kind: Vec<String>,
}
