//! The pages of the demo, served by the real binary, in a real browser: `tests/web`.

use std::{
    env,
    fs::{self, File},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};

use crate::workspace::{Profile, Workspace};

/// Longer than it takes to open the demo's warehouse, also on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// What the tests need of this machine; says what is missing and how to get it.
pub fn check() -> Result<()> {
    let browser = env::var_os("CHROMIUM").map_or_else(|| PathBuf::from("/usr/bin/chromium"), PathBuf::from);
    ensure!(
        browser.is_file(),
        "there is no {}: install Debian's package chromium, or set CHROMIUM",
        browser.display()
    );
    for tool in ["node", "npm"] {
        let is_there = Command::new(tool).arg("--version").stdout(Stdio::null()).status();
        ensure!(is_there.is_ok_and(|status| status.success()), "there is no `{tool}` on the PATH");
    }
    Ok(())
}

/// Brings the tests' own packages, as `package-lock.json` has them.
pub fn packages(workspace: &Workspace) -> Command {
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(folder(workspace));
    npm
}

/// The tests, looking at an address.
pub fn tests(workspace: &Workspace, site: &Site) -> Command {
    let mut npm = Command::new("npm");
    npm.args(["test", "--silent"])
        .current_dir(folder(workspace))
        .env("AISPEND_WEB_URL", &site.address)
        .env("AISPEND_SCREENSHOTS", workspace.target().join("screenshots"));
    npm
}

fn folder(workspace: &Workspace) -> PathBuf {
    workspace.root().join("tests").join("web")
}

/// Served dashboards; ended when dropped.
pub struct Site {
    pub address: String,
    server: Child,
}

impl Site {
    /// Makes the demo's company and serves it.
    pub fn start(workspace: &Workspace) -> Result<Self> {
        let data = workspace.target().join("web-data");
        if data.exists() {
            fs::remove_dir_all(&data).with_context(|| format!("could not remove {}", data.display()))?;
        }
        fs::create_dir_all(&data).with_context(|| format!("could not make {}", data.display()))?;
        let aispend = |data: &Path| {
            let mut command = Command::new(workspace.profile_dir(Profile::Dev).join("aispend"));
            command.current_dir(data).arg("--data-dir").arg(data).stdin(Stdio::null());
            command
        };
        let log = |name: &str| {
            let path = data.join(name);
            File::create(&path).with_context(|| format!("could not make {}", path.display()))
        };
        let made = aispend(&data)
            .args(["demo", "--no-serve"])
            .stdout(log("demo.out")?)
            .stderr(log("demo.err")?)
            .status()
            .context("could not start `aispend demo`")?;
        ensure!(made.success(), "`aispend demo` ended with {made}; what it said is in {}", data.display());
        let mut server = aispend(&data.join("demo"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(log("serve.err")?)
            .spawn()
            .context("could not start `aispend serve`")?;
        let said = server.stdout.take().context("`aispend serve` has no output")?;
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(said).lines().map_while(Result::ok) {
                let address = line.split_whitespace().find(|word| word.starts_with("http://"));
                if let Some(address) = address {
                    // Nobody listens any more once one was told.
                    tell.send(address.trim_end_matches('/').to_owned()).unwrap_or_default();
                }
            }
        });
        let Ok(address) = told.recv_timeout(PATIENCE) else {
            server.kill().ok();
            bail!("`aispend serve` said no address; its errors are in {}", data.display());
        };
        Ok(Self { address, server })
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // One that has ended cannot be killed.
        self.server.kill().ok();
        self.server.wait().ok();
    }
}
