//! One of the binaries, as a process.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

/// Longer than any start of a binary takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// How messages reach a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Pull,
    Push,
}

impl Mode {
    fn as_str(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
        }
    }
}

/// A running worker; killed when dropped.
pub struct Worker {
    pub stage: &'static str,
    pub port: u16,
    child: Child,
    log: PathBuf,
}

/// Where cargo put the binaries: beside the folder of this test.
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap();
    let binary = folder.join(name);
    assert!(binary.is_file(), "there is no {}: cargo build --workspace --bins", binary.display());
    binary
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Worker {
    /// Starts a stage and waits until it is ready.
    pub async fn start(
        stage: &'static str,
        program: &Path,
        mode: Mode,
        port: u16,
        variables: &[(String, String)],
        log: PathBuf,
    ) -> Self {
        let mut worker = Self::spawn(stage, program, mode, port, variables, log);
        let begun = Instant::now();
        while !worker.is_ready().await {
            if let Some(status) = worker.child.try_wait().unwrap() {
                panic!("the {stage} ended with {status}:\n{}", worker.log());
            }
            assert!(begun.elapsed() < PATIENCE, "the {stage} is not ready:\n{}", worker.log());
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        worker
    }

    /// Starts a stage, whatever becomes of it.
    pub fn spawn(
        stage: &'static str,
        program: &Path,
        mode: Mode,
        port: u16,
        variables: &[(String, String)],
        log: PathBuf,
    ) -> Self {
        let file = File::create(&log).unwrap();
        let kept = ["PATH", "HOME", "LD_LIBRARY_PATH", "RUST_LOG"];
        let child = Command::new(program)
            .args(["--mode", mode.as_str(), "--port", &port.to_string()])
            .env_clear()
            .envs(std::env::vars().filter(|(name, _)| kept.contains(&name.as_str())))
            .envs(variables.iter().cloned())
            .stderr(file)
            .spawn()
            .unwrap();
        Self { stage, port, child, log }
    }

    /// False once it has ended.
    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    async fn is_ready(&self) -> bool {
        let url = format!("http://127.0.0.1:{}/readyz", self.port);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client.get(url).send().await.is_ok_and(|answer| answer.status().is_success())
    }

    /// What is its own of the memory, in KiB.
    pub fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and how it ended.
    pub async fn end(mut self) -> ExitStatus {
        let sent = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(sent.success());
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "the {} does not end:\n{}", self.stage, self.log());
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Where it logs.
    pub fn log_path(&self) -> PathBuf {
        self.log.clone()
    }

    /// What it logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // One that has ended cannot be killed.
        self.child.kill().unwrap_or_default();
        drop(self.child.wait());
    }
}
