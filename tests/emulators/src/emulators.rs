//! A set of emulators, and their addresses.

use std::{
    collections::BTreeMap,
    env,
    net::TcpListener,
    path::{Path, PathBuf},
    thread,
};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::{Secrets, Service, process::Process, secrets::SecretManager, tools};

/// Each variable that says where an emulator is, with its `127.0.0.1:port`.
pub type Addresses = BTreeMap<&'static str, String>;

/// Another program may take a port between our choosing it and the emulator's opening it.
const ATTEMPTS: usize = 3;

/// Where the emulators of `emulators exec` are.
///
/// # Panics
/// When this process was not started by it.
pub fn from_env() -> Addresses {
    let address = |variable: &&'static str| {
        let address = env::var(variable).unwrap_or_else(|_| {
            panic!(
                "`{variable}` is not set: this test needs the emulators, so run `cargo xtask test --only gcp`, or \
                 `cargo xtask emulators exec COMMAND…` with the command you just gave"
            )
        });
        (*variable, address)
    };
    Service::ALL.iter().flat_map(|service| service.variables()).map(address).collect()
}

/// Emulators that run until this is dropped.
pub struct Emulators {
    programs: BTreeMap<Service, Program>,
    secret_manager: Option<SecretManager>,
    /// The logs and the buckets.
    folder: TempDir,
}

/// An emulator that is a program, whether it runs just now or not.
struct Program {
    ports: Vec<u16>,
    process: Option<Process>,
}

impl Emulators {
    /// Starts these services side by side, each on free ports.
    ///
    /// # Errors
    /// When something is not installed, with what installs it, or an emulator does not start, with the end of its log.
    pub async fn start(services: &[Service]) -> Result<Self> {
        let missing = tools::missing(services);
        ensure!(missing.is_empty(), "{}", missing.join("\n"));
        let folder = tempfile::Builder::new().prefix("aispend-emulators-").tempdir();
        let folder = folder.context("could not create a folder for the emulators")?;

        let mut starting = JoinSet::new();
        let programs = services.iter().copied().filter(|service| *service != Service::SecretManager);
        for service in programs {
            let folder = folder.path().to_path_buf();
            starting.spawn(async move { Ok((service, Program::start(service, folder).await?)) });
        }
        let secret_manager = if services.contains(&Service::SecretManager) {
            Some(SecretManager::start().await?)
        } else {
            None
        };
        let programs = starting.join_all().await.into_iter().collect::<Result<_>>()?;
        Ok(Self { programs, secret_manager, folder })
    }

    /// Where they are.
    pub fn addresses(&self) -> Addresses {
        let programs = self.programs.iter().flat_map(|(service, program)| {
            let addresses = program.ports.iter().map(|port| format!("127.0.0.1:{port}"));
            service.variables().iter().copied().zip(addresses)
        });
        let secret_manager =
            self.secret_manager.iter().map(|stub| (crate::SECRET_MANAGER, stub.relay().address().to_owned()));
        programs.chain(secret_manager).collect()
    }

    /// Takes one away at once, as a power cut would. Its address answers no more.
    pub fn kill(&mut self, service: Service) {
        match (service, &self.secret_manager) {
            (Service::SecretManager, Some(stub)) => stub.relay().cut(),
            _ => drop(self.programs.get_mut(&service).and_then(|program| program.process.take())),
        }
    }

    /// Starts one again, where it was. What it still knows, [`Service`] says.
    ///
    /// # Errors
    /// When it was never started, or does not start now.
    pub async fn restart(&mut self, service: Service) -> Result<()> {
        self.kill(service);
        if let (Service::SecretManager, Some(stub)) = (service, &self.secret_manager) {
            stub.relay().restore();
            return Ok(());
        }
        let program =
            self.programs.get_mut(&service).with_context(|| format!("{service:?} was never started"))?;
        program.process = Some(run(service, self.folder.path(), &program.ports).await?);
        Ok(())
    }

    /// The secrets, where the Secret Manager was started.
    pub fn secrets(&self) -> Option<&Secrets> {
        self.secret_manager.as_ref().map(SecretManager::secrets)
    }

    /// Leaves the logs and buckets on the disk when this is dropped, and says where.
    pub fn keep_logs(&mut self) -> &Path {
        self.folder.disable_cleanup(true);
        self.folder.path()
    }
}

impl Drop for Emulators {
    fn drop(&mut self) {
        // They write until they end.
        self.programs.clear();
        if thread::panicking() {
            eprintln!("the emulators' logs are in {}", self.keep_logs().display());
        }
    }
}

impl Program {
    async fn start(service: Service, folder: PathBuf) -> Result<Self> {
        let mut attempt = 1;
        loop {
            let ports = free_ports(service.variables().len())?;
            match run(service, &folder, &ports).await {
                Ok(process) => return Ok(Self { ports, process: Some(process) }),
                Err(error) if attempt == ATTEMPTS => return Err(error),
                Err(_) => attempt += 1,
            }
        }
    }
}

async fn run(service: Service, folder: &Path, ports: &[u16]) -> Result<Process> {
    let (command, ready) = service.program(folder, ports)?;
    let log = folder.join(format!("{}.log", service.name()));
    Process::start(command, folder, log, &ready).await
}

fn free_ports(count: usize) -> Result<Vec<u16>> {
    // All are held until all are chosen, so that they differ.
    let listeners = (0..count).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<std::io::Result<Vec<_>>>();
    let listeners = listeners.context("could not open a port")?;
    listeners.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}
