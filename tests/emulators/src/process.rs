//! One emulator as a child process that cannot outlive its owner.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use tokio::time::{Instant, sleep};

/// How long a start may take. Python reads half a gigabyte the first time, on a machine that builds beside it.
const PATIENCE: Duration = Duration::from_mins(2);

/// How one knows that an emulator runs.
pub struct Ready {
    /// Answers with success.
    pub url: String,
    /// Stands in its log: where another process has the port, the health check alone would be answered by that one.
    pub log: Vec<String>,
}

pub struct Process {
    child: Child,
    guardian: Child,
}

impl Process {
    /// Starts it in `folder`, with its output added to `log`, and waits until it is ready.
    pub async fn start(mut command: Command, folder: &Path, log: PathBuf, ready: &Ready) -> Result<Self> {
        let output = File::options().create(true).append(true).open(&log);
        let output = output.with_context(|| format!("could not open {}", log.display()))?;
        let log = Log { begin: output.metadata()?.len(), file: log };
        let program = command.get_program().to_string_lossy().into_owned();
        // A group of its own: Ctrl-C in a terminal is for the owner, who then stops this.
        command.current_dir(folder).process_group(0);
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let mut child = command.spawn().with_context(|| format!("could not start {program}"))?;
        let guardian = match guard(child.id()) {
            Ok(guardian) => guardian,
            Err(error) => {
                end(&mut child);
                return Err(error);
            }
        };
        let mut process = Self { child, guardian };
        process.wait_until(ready, &log).await.with_context(|| format!("while starting {program}"))?;
        Ok(process)
    }

    async fn wait_until(&mut self, ready: &Ready, log: &Log) -> Result<()> {
        let client = client()?;
        let give_up = Instant::now() + PATIENCE;
        while Instant::now() < give_up {
            // Its own word first, then that it answers, then that it did not end meanwhile.
            let is_ready =
                ready.log.iter().all(|line| log.text().contains(line)) && answers(&client, &ready.url).await;
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended with {status}; {log}", log = log.end());
            }
            if is_ready {
                return Ok(());
            }
            sleep(Duration::from_millis(50)).await;
        }
        bail!("it was not ready within {PATIENCE:?}; {log}", log = log.end())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The guardian last: should we die between the two, it still does its work.
        end(&mut self.child);
        end(&mut self.guardian);
    }
}

/// A shell that ends the process when we end, however we end: then its input closes. Works on every Unix, and unlike
/// the parent-death signal of Linux it does not fire when only the thread that started the process ends.
fn guard(process: u32) -> Result<Child> {
    Command::new("sh")
        .args(["-c", "read -r _; kill -KILL \"$0\"", &process.to_string()])
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("could not start a shell")
}

fn end(child: &mut Child) {
    // Both fail only when it has ended already.
    drop(child.kill());
    drop(child.wait());
}

async fn answers(client: &reqwest::Client, url: &str) -> bool {
    client.get(url).send().await.is_ok_and(|answer| answer.status().is_success())
}

fn client() -> Result<reqwest::Client> {
    // A second caller in this process finds the first one's provider: that is the same one.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build();
    client.context("could not make an HTTP client")
}

/// What one run of an emulator wrote.
struct Log {
    file: PathBuf,
    begin: u64,
}

impl Log {
    fn text(&self) -> String {
        let mut text = Vec::new();
        let read = File::open(&self.file).and_then(|mut file| {
            file.seek(SeekFrom::Start(self.begin))?;
            file.read_to_end(&mut text)
        });
        match read {
            Ok(_) => String::from_utf8_lossy(&text).into_owned(),
            Err(error) => format!("(could not be read: {error})"),
        }
    }

    fn end(&self) -> String {
        let text = self.text();
        let lines: Vec<&str> = text.lines().collect();
        let end = lines.get(lines.len().saturating_sub(20)..).unwrap_or_default();
        format!("the end of {}:\n  {}", self.file.display(), end.join("\n  "))
    }
}
