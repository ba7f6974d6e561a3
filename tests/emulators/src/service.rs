//! The services: how each is started, and how one knows that it runs.

use std::{path::Path, process::Command};

use anyhow::{Context, Result, bail, ensure};

use crate::{BIGQUERY, BIGQUERY_STORAGE, PUBSUB, SECRET_MANAGER, STORAGE, process::Ready, tools};

const BIGQUERY_LAUNCHER: &str = include_str!("../bigquery_emulator.py");
const PUBSUB_PATCH: &str = include_str!("../InternalStatus.java");

/// One of Google's services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// Forgets everything when it is restarted.
    PubSub,
    /// Forgets everything when it is restarted. Reads and writes the buckets of the Cloud Storage beside it.
    BigQuery,
    /// Keeps its buckets over a restart.
    Storage,
    /// Keeps its secrets over a restart.
    SecretManager,
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::PubSub, Self::BigQuery, Self::Storage, Self::SecretManager];

    /// The variables that say where it is, one for each port.
    pub const fn variables(self) -> &'static [&'static str] {
        match self {
            Self::PubSub => &[PUBSUB],
            Self::BigQuery => &[BIGQUERY, BIGQUERY_STORAGE],
            Self::Storage => &[STORAGE],
            Self::SecretManager => &[SECRET_MANAGER],
        }
    }

    /// Names its log file.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::PubSub => "pubsub",
            Self::BigQuery => "bigquery",
            Self::Storage => "storage",
            Self::SecretManager => "secret-manager",
        }
    }

    /// How to start it on these ports, where it is a program.
    pub(crate) fn program(self, folder: &Path, ports: &[u16]) -> Result<(Command, Ready)> {
        let (&first, last) = ports.first().zip(ports.last()).context("no port was chosen")?;
        // The bucket folder is the same for both, so that load jobs find their objects.
        let buckets = folder.join("buckets");
        std::fs::create_dir_all(&buckets)
            .with_context(|| format!("could not create {}", buckets.display()))?;
        Ok(match self {
            Self::PubSub => {
                let mut command = pubsub(folder)?;
                command.arg("--host=127.0.0.1").arg(format!("--port={first}"));
                let ready = Ready {
                    url: format!("http://127.0.0.1:{first}/"),
                    log: vec![format!("Server started, listening on {first}")],
                };
                (command, ready)
            }
            Self::BigQuery => {
                let launcher = folder.join("bigquery_emulator.py");
                write(&launcher, BIGQUERY_LAUNCHER)?;
                let mut command = Command::new(tools::python()?);
                command.arg(launcher).args(["start", "--log-level", "info"]);
                command.arg("--rest-port").arg(first.to_string()).arg("--grpc-port").arg(last.to_string());
                // Without this it tries to download a DuckDB extension.
                command.env("BQEMU_ENABLE_FORMAT_EXTENSIONS", "false");
                command.env("BQEMU_GCS_LOCAL_ROOT", buckets).env("PYTHONUNBUFFERED", "1");
                let ready = Ready {
                    url: format!("http://127.0.0.1:{first}/readyz"),
                    log: vec![
                        format!("Uvicorn running on http://127.0.0.1:{first} "),
                        format!(r#""port": {last}, "event": "grpc.listen""#),
                    ],
                };
                (command, ready)
            }
            Self::Storage => {
                let address = format!("127.0.0.1:{first}");
                let mut command = Command::new(tools::storage()?);
                command.args(["-scheme", "http", "-host", "127.0.0.1", "-port", &first.to_string()]);
                command.args(["-backend", "filesystem", "-filesystem-root"]).arg(buckets);
                command.args(["-external-url", &format!("http://{address}"), "-public-host", &address]);
                let ready = Ready {
                    url: format!("http://{address}/_internal/healthcheck"),
                    log: vec![format!("server started at http://{address}")],
                };
                (command, ready)
            }
            Self::SecretManager => bail!("the Secret Manager is no program"),
        })
    }
}

/// The emulator with its patch before its jar, where its start script has the jar alone.
fn pubsub(folder: &Path) -> Result<Command> {
    let tools::PubSub { jar, java, javac } = tools::pubsub()?;
    let (source, patch) = (folder.join("InternalStatus.java"), folder.join("pubsub-patch"));
    write(&source, PUBSUB_PATCH)?;
    let compiled = Command::new(javac).arg("-cp").arg(&jar).arg("-d").arg(&patch).arg(&source).output();
    let compiled = compiled.context("could not start javac")?;
    ensure!(
        compiled.status.success(),
        "the patch of {} does not compile: {}",
        jar.display(),
        String::from_utf8_lossy(&compiled.stderr)
    );
    let mut command = Command::new(java);
    let classes = std::env::join_paths([patch, jar]).context("a folder's name holds a colon")?;
    command.arg("-cp").arg(classes).arg("com.google.cloud.pubsub.testing.v1.Main");
    Ok(command)
}

fn write(file: &Path, text: &str) -> Result<()> {
    std::fs::write(file, text).with_context(|| format!("could not write {}", file.display()))
}
