//! The real `aispend` in a data folder of its own.

use std::cell::Cell;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::rc::Rc;
use std::time::{Duration, Instant};

use aispend_duckdb::{Reader, open_reader};
use aispend_simulator::{World, google_credentials};
use jiff::civil::Date;
use serde_json::Value;
use tempfile::TempDir;

use crate::vendors::Vendors;

/// Longer than any command of a test takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(150);

/// What comes from the machine.
const INHERITED: [&str; 3] = ["PATH", "HOME", "LD_LIBRARY_PATH"];

/// A folder with a data folder in it, and the environment its commands get. It stays where a test fails.
pub struct Home {
    folder: Option<Rc<TempDir>>,
    data: PathBuf,
    variables: Vec<(String, String)>,
    commands: Rc<Cell<u32>>,
}

impl Drop for Home {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Some(folder) = self.folder.take().and_then(Rc::into_inner)
        {
            eprintln!("the data folder stays: {}", folder.keep().join("data").display());
        }
    }
}

impl Home {
    /// A folder whose commands have no settings at all.
    pub fn empty() -> Self {
        let folder = TempDir::new().unwrap();
        let data = folder.path().join("data");
        Self { folder: Some(Rc::new(folder)), data, variables: Vec::new(), commands: Rc::default() }
    }

    /// The same keys and vendors for a data folder inside this one.
    pub fn nested(&self, name: &str) -> Self {
        Self {
            folder: self.folder.clone(),
            data: self.data.join(name),
            variables: self.variables.clone(),
            commands: Rc::clone(&self.commands),
        }
    }

    /// A folder whose commands have the keys of a world, and find its vendors.
    pub fn new(vendors: &Vendors) -> Self {
        let mut home = Self::empty();
        home.set("AISPEND_ANTHROPIC_ANALYTICS_REQUESTS_PER_MINUTE", "1000000");
        home.set("AISPEND_CURSOR_REQUESTS_PER_MINUTE", "1000000");
        home.set("AISPEND_CURSOR_EVENT_REQUESTS_PER_MINUTE", "1000000");
        home.set("AISPEND_FETCH_EMPTY_PAUSE_SECONDS", "0");
        home.set("AISPEND_RUN_DEADLINE_SECONDS", "120");
        for name in ["ANTHROPIC_BASE_URL", "CURSOR_BASE_URL", "GOOGLE_SHEETS_BASE_URL"] {
            home.set(name, &vendors.base_url);
        }
        let simulator = vendors.simulator();
        let (keys, config) = (&simulator.world.keys, simulator.world.config());
        for (is_there, name, key) in [
            (config.console, "ANTHROPIC_ADMIN_KEY", &keys.admin),
            (config.enterprise, "ANTHROPIC_ANALYTICS_KEY", &keys.analytics),
            (config.cursor, "CURSOR_ADMIN_KEY", &keys.cursor),
        ] {
            if is_there {
                home.set(name, key);
            }
        }
        home
    }

    /// As [`Home::new`], with the world's sheets as CSV files.
    pub fn with_csv(vendors: &Vendors) -> Self {
        let home = Self::new(vendors);
        home.write_sheets(&vendors.simulator().world);
        home
    }

    /// As [`Home::new`], with the world's sheets at Google.
    pub fn with_google(vendors: &Vendors) -> Self {
        let mut home = Self::new(vendors);
        let path = home.path().join("service-account.json");
        std::fs::write(&path, google_credentials(&vendors.base_url)).unwrap();
        home.set("GOOGLE_APPLICATION_CREDENTIALS", &path.display().to_string());
        home.set("AISPEND_SPREADSHEET_ID", &vendors.simulator().world.keys.spreadsheet);
        home
    }

    /// Sets a variable for the commands that follow.
    pub fn set(&mut self, name: &str, value: &str) {
        self.unset(name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Takes a variable away.
    pub fn unset(&mut self, name: &str) {
        self.variables.retain(|(known, _)| known != name);
    }

    /// What the commands that follow get.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn path(&self) -> &Path {
        self.folder.as_ref().unwrap().path()
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.data.clone()
    }

    /// A sheet's file.
    pub fn sheet(&self, tab: &str) -> PathBuf {
        self.data().join("sheets").join(format!("{tab}.csv"))
    }

    /// Writes every tab of a world as a CSV file, and removes those it has no more.
    pub fn write_sheets(&self, world: &World) {
        let folder = self.data().join("sheets");
        if folder.exists() {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        std::fs::create_dir_all(&folder).unwrap();
        for (tab, text) in world.sheets_csv() {
            std::fs::write(folder.join(format!("{tab}.csv")), text).unwrap();
        }
    }

    /// Starts a command on the data folder.
    pub fn start(&self, arguments: &[&str]) -> Running {
        let place = self.commands.get();
        self.commands.set(place + 1);
        let stdout = self.path().join(format!("{place}.stdout"));
        let stderr = self.path().join(format!("{place}.stderr"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_aispend"));
        command.env_clear().current_dir(self.path());
        for name in INHERITED {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.arg("--data-dir").arg(self.data()).args(arguments);
        command.stdin(std::process::Stdio::null());
        command.stdout(File::create(&stdout).unwrap()).stderr(File::create(&stderr).unwrap());
        Running { child: command.spawn().unwrap(), stdout, stderr, line: arguments.join(" ") }
    }

    /// Runs a command to its end.
    pub fn aispend(&self, arguments: &[&str]) -> Ended {
        self.start(arguments).wait()
    }

    /// `aispend run` over a period, with the summary as JSON.
    pub fn run(&self, from: Date, to: Date) -> Ended {
        self.aispend(&["run", "--from", &from.to_string(), "--to", &to.to_string(), "--json"])
    }

    /// The published warehouse.
    pub fn reader(&self) -> Reader {
        open_reader(&self.data()).unwrap()
    }

    /// One column of an answer, as texts.
    pub fn column(&self, sql: &str) -> Vec<String> {
        let answer = self.reader().query(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        answer.rows.iter().map(|row| row.first().map(ToString::to_string).unwrap_or_default()).collect()
    }

    /// The only value of an answer, as a text.
    pub fn value(&self, sql: &str) -> String {
        let values = self.column(sql);
        assert_eq!(values.len(), 1, "{sql}: {values:?}");
        values.into_iter().next().unwrap_or_default()
    }
}

/// A command at work.
pub struct Running {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
    line: String,
}

impl Running {
    /// True once it ended.
    pub fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// What it said on standard error so far.
    pub fn stderr(&self) -> String {
        std::fs::read_to_string(&self.stderr).unwrap()
    }

    /// SIGKILL, and no last words.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for the end.
    pub fn wait(mut self) -> Ended {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if begun.elapsed() > PATIENCE {
                self.child.kill().unwrap();
                panic!("`aispend {}` does not end; it said: {}", self.line, self.stderr());
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let stderr = self.stderr();
        let code = status.code().unwrap_or_else(|| panic!("`aispend {}` {status}: {stderr}", self.line));
        Ended { code, stdout: std::fs::read_to_string(&self.stdout).unwrap(), stderr, took: begun.elapsed() }
    }
}

/// What a command came to.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code.
    pub code: i32,
    /// What it said on standard output.
    pub stdout: String,
    /// What it said on standard error.
    pub stderr: String,
    /// How long it took.
    pub took: Duration,
}

impl Ended {
    /// Asserts the exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// Asserts that standard output or standard error says something.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(
            self.stdout.contains(text) || self.stderr.contains(text),
            "nobody said `{text}`\nstdout: {}\nstderr: {}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}\nstdout: {}\nstderr: {}", self.stdout, self.stderr))
    }
}
