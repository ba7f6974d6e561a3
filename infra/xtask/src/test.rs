//! `cargo xtask test`: everything CI runs, in parts, up to the first failure.

use std::{
    env, fs,
    process::{Command, ExitCode, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;

use crate::{
    deny::Rules,
    duckdb, emulators, snapshots,
    step::{Expect, Steps},
    web,
    workspace::{Profile, TargetDir, Workspace},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Format, lints, tests, doctests, docs, dependencies.
    Unit,
    /// The long deterministic simulation.
    Sim,
    /// The Google Cloud adapters and the pipeline over them, against emulators.
    Gcp,
    /// The dashboard, in a browser.
    Web,
    /// Terraform and containers.
    Infra,
}

/// What a run without `--only` consists of.
const DEFAULT: &[Part] = &[Part::Unit, Part::Sim, Part::Gcp, Part::Web, Part::Infra];

const SIMULATION_SEEDS: &str = "1000";

/// The tests' own build: a second one of all dependencies takes longer than a thousand seeds.
const SIMULATION_PROFILE: Profile = Profile::Dev;

/// The test binaries that need the emulators. Left out of a run like this they are not even counted as skipped.
const NEEDS_EMULATORS: &str = "binary(gcp) or binary(chaos)";
const NEEDS_NO_EMULATORS: &str = "not (binary(gcp) or binary(chaos))";

/// What every part is built by: the features of one call fit those of the next.
const ALL_TARGETS: [&str; 3] = ["build", "--workspace", "--all-targets"];

pub fn run(only: &[Part]) -> ExitCode {
    let parts = if only.is_empty() { DEFAULT } else { only };
    let started = Instant::now();
    let mut steps = Steps::default();
    let outcome = run_parts(parts, &mut steps);
    if let Err(error) = &outcome {
        eprintln!("\nerror: {error:#}");
        // Something was missing before any test could fail.
        steps.tally.failed = steps.tally.failed.max(1);
    }
    eprintln!("\ntook {:.1?}", started.elapsed());
    for part in &steps.skipped {
        eprintln!("SKIPPED {part}");
    }
    println!("{}", steps.tally);
    if outcome.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run_parts(parts: &[Part], steps: &mut Steps) -> Result<()> {
    let workspace = Workspace::open(TargetDir::Shared)?;
    for part in parts {
        match part {
            Part::Unit => unit(&workspace, steps)?,
            Part::Sim => sim(&workspace, steps)?,
            Part::Gcp => gcp(&workspace, steps)?,
            Part::Web => browser(&workspace, steps)?,
            Part::Infra => infra(&workspace, steps)?,
        }
    }
    Ok(())
}

fn unit(workspace: &Workspace, steps: &mut Steps) -> Result<()> {
    require_nextest(workspace)?;
    duckdb::prepare(workspace, &[Profile::Dev])?;

    steps.command("unit: format", Expect::Success, &mut cargo(workspace, &["fmt", "--all", "--check"]))?;

    steps.check("unit: dependencies", || {
        let rules = Rules::read(&workspace.root().join("deny.toml"))?;
        rules.check(&workspace.metadata(&["--all-features"])?)
    })?;

    let lint = ["clippy", "--workspace", "--all-targets"];
    steps.command("unit: lints", Expect::Success, locked(workspace, &lint).args(["--", "-D", "warnings"]))?;

    let references = workspace.target().join("snapshots-used");
    if references.exists() {
        fs::remove_file(&references).with_context(|| format!("could not remove {}", references.display()))?;
    }
    steps.command(
        "unit: tests",
        Expect::Tests,
        locked(workspace, &["nextest", "run", "--workspace", "-E", NEEDS_NO_EMULATORS])
            .env(snapshots::REFERENCES_VARIABLE, &references),
    )?;
    steps.check("unit: snapshots", || snapshots::check_all_used(workspace.root(), &references))?;

    steps.command(
        "unit: doctests",
        Expect::Success,
        &mut locked(workspace, &["test", "--workspace", "--doc"]),
    )?;

    steps.command(
        "unit: docs",
        Expect::Success,
        locked(workspace, &["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"),
    )
}

fn sim(workspace: &Workspace, steps: &mut Steps) -> Result<()> {
    let metadata = workspace.metadata(&["--no-deps"])?;
    ensure!(
        metadata.has_binary("aispend-tests", "simulate"),
        "there is no binary `simulate` in the package `aispend-tests`"
    );
    duckdb::prepare(workspace, &[SIMULATION_PROFILE])?;
    steps.command("sim: build", Expect::Success, &mut locked(workspace, &ALL_TARGETS))?;
    let mut simulate = Command::new(workspace.profile_dir(SIMULATION_PROFILE).join("simulate"));
    simulate.current_dir(workspace.root()).args(["--seeds", SIMULATION_SEEDS]);
    steps.command("sim: simulation", Expect::Tests, &mut simulate)
}

fn gcp(workspace: &Workspace, steps: &mut Steps) -> Result<()> {
    require_nextest(workspace)?;
    duckdb::prepare(workspace, &[Profile::Dev])?;
    // Tests and the pipeline's processes in one call: packages without tests of their own build no binary otherwise, and a
    // call for binaries alone would build the dependencies again, with other features.
    steps.command("gcp: build", Expect::Success, &mut locked(workspace, &ALL_TARGETS))?;
    if let Err(missing) = emulators::prepare(workspace).and_then(|_| emulators::check(workspace)) {
        if is_ci() {
            return Err(missing.context("gcp: the emulators cannot run"));
        }
        steps.skip("gcp", &missing);
        return Ok(());
    }
    let run =
        ["nextest", "run", "--workspace", "--profile", "gcp", "--run-ignored", "all", "-E", NEEDS_EMULATORS];
    steps.command("gcp: tests", Expect::Tests, &mut emulators::among(workspace, &locked(workspace, &run)))
}

fn browser(workspace: &Workspace, steps: &mut Steps) -> Result<()> {
    if let Err(missing) = web::check() {
        if is_ci() {
            return Err(missing.context("web: the browser cannot run"));
        }
        steps.skip("web", &missing);
        return Ok(());
    }
    duckdb::prepare(workspace, &[Profile::Dev])?;
    steps.command("web: build", Expect::Success, &mut locked(workspace, &ALL_TARGETS))?;
    steps.command("web: packages", Expect::Success, &mut web::packages(workspace))?;
    let mut site = None;
    steps.check("web: demo", || {
        site = Some(web::Site::start(workspace)?);
        Ok(())
    })?;
    let site = site.context("the demo is not served")?;
    steps.command("web: tests", Expect::Tests, &mut web::tests(workspace, &site))
}

/// Terraform, agreement with the code, policies, Metabase's backups. What it leaves out for want of a tool it says itself;
/// `.ci/run` installs what can be installed.
fn infra(workspace: &Workspace, steps: &mut Steps) -> Result<()> {
    let mut check = Command::new("infra/tools/check.sh");
    check.current_dir(workspace.root());
    steps.command("infra: checks", Expect::Tests, &mut check)
}

/// Cargo, at the root, without a terminal to ask at.
fn cargo(workspace: &Workspace, arguments: &[&str]) -> Command {
    let mut cargo = workspace.cargo();
    cargo.current_dir(workspace.root()).args(arguments).env_remove("INSTA_FORCE_PASS");
    cargo
}

/// Cargo, which on CI takes `Cargo.lock` as it is.
fn locked(workspace: &Workspace, arguments: &[&str]) -> Command {
    let mut cargo = cargo(workspace, arguments);
    if is_ci() {
        cargo.arg("--locked");
    }
    cargo
}

/// On CI nothing is skipped and nothing is resolved anew.
fn is_ci() -> bool {
    env::var_os("CI").is_some()
}

fn require_nextest(workspace: &Workspace) -> Result<()> {
    let answer = workspace
        .cargo()
        .args(["nextest", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .context("could not start cargo")?;
    ensure!(answer.success(), "there is no cargo-nextest: `cargo install --locked cargo-nextest`");
    Ok(())
}
