//! What the emulators of Google's services need: a Python environment, kept in the cache, and programs that the machine
//! has to have. The emulators themselves are started by the package `aispend-emulators`.

use std::{
    ffi::OsString,
    fs::{self, File},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::workspace::{Profile, TargetDir, Workspace};

const REQUIREMENTS: &str = "tests/emulators/requirements.txt";
const PACKAGE: &str = "aispend-emulators";

/// Written last: an environment cannot be built elsewhere and moved, because its scripts name its place.
const STAMP: &str = "complete";

/// Makes the Python environment, if there is none of these requirements yet, and says where it is.
pub fn prepare(workspace: &Workspace) -> Result<PathBuf> {
    let requirements = workspace.root().join(REQUIREMENTS);
    let text =
        fs::read(&requirements).with_context(|| format!("could not read {}", requirements.display()))?;
    // The same rule is in `aispend-emulators`, which we do not link.
    let mut hash = format!("{:x}", Sha256::digest(text));
    hash.truncate(8);
    let folder = workspace.cache().join(format!("emulators-{hash}"));

    fs::create_dir_all(workspace.cache())
        .with_context(|| format!("could not create {}", workspace.cache().display()))?;
    let lock = folder.with_extension("lock");
    let guard = File::create(&lock).with_context(|| format!("could not create {}", lock.display()))?;
    // Another run may be building it just now.
    guard.lock().with_context(|| format!("could not lock {}", lock.display()))?;
    if !folder.join(STAMP).is_file() || !runs(&folder.join("bin/python")) {
        build(&folder, &requirements)?;
    }
    Ok(folder)
}

fn build(folder: &Path, requirements: &Path) -> Result<()> {
    let started = Instant::now();
    eprintln!("fetching the emulators of BigQuery and Cloud Storage into {}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("could not remove {}", folder.display()))?;
    }
    let is_new_enough =
        "import sys; sys.exit('Python 3.11 or newer is needed' if sys.version_info < (3, 11) else 0)";
    run(Command::new("python3").args(["-c", is_new_enough]), "install Python 3.11 or newer")?;
    run(
        Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder),
        "it needs Python's `venv` and `pip` (Debian: `apt-get install python3-venv`)",
    )?;
    run(
        Command::new(folder.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"])
            .args(["--only-binary", ":all:", "--requirement"])
            .arg(requirements),
        "it needs PyPI, or a mirror that pip is configured for",
    )?;
    File::create(folder.join(STAMP)).context("could not finish the environment")?;
    eprintln!("fetched them in {:.0?}", started.elapsed());
    Ok(())
}

/// Runs a program, and says what it needs where it fails.
fn run(command: &mut Command, remedy: &str) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("could not start `{program}`: {remedy}"))?;
    // `venv` complains on its standard output.
    let said = [output.stdout, output.stderr]
        .map(|text| String::from_utf8_lossy(&text).trim().to_owned())
        .join("\n");
    ensure!(output.status.success(), "`{program}` failed: {}\n{remedy}", said.trim());
    Ok(())
}

fn runs(python: &Path) -> bool {
    Command::new(python).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Builds the command `emulators` and becomes it, passing every argument on.
pub fn become_command(arguments: &[OsString]) -> Result<ExitCode> {
    let workspace = Workspace::open(TargetDir::Shared)?;
    prepare(&workspace)?;
    let status = workspace
        .cargo()
        .args(["build", "--quiet", "--profile", Profile::Dev.name(), "--package", PACKAGE, "--bins"])
        .status()
        .context("could not start cargo")?;
    if !status.success() {
        return Ok(crate::workspace::exit_code(status));
    }
    // Not through `cargo run`: a command such as `cargo test` would find the build folder locked.
    let error = Command::new(program(&workspace)).args(arguments).exec();
    Err(error).context("could not start the emulators")
}

/// Fails where a program is missing that the emulators need. The command `emulators` has to be built.
pub fn check(workspace: &Workspace) -> Result<()> {
    let output = Command::new(program(workspace)).arg("check").output();
    let output = output.context("could not start the emulators")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}

/// The same command, run among the emulators.
pub fn among(workspace: &Workspace, command: &Command) -> Command {
    let mut among = Command::new(program(workspace));
    among.arg("exec").arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => among.env(name, value),
            None => among.env_remove(name),
        };
    }
    among.current_dir(command.get_current_dir().unwrap_or(workspace.root()));
    among
}

/// Where cargo puts the command `emulators`.
fn program(workspace: &Workspace) -> PathBuf {
    workspace.profile_dir(Profile::Dev).join("emulators")
}
