//! `aispend`: all five stages in one process over memory and DuckDB, and the command line.

mod alerts;
mod cli;
mod dead_letters;
mod demo;
mod doctor;
mod export;
mod failure;
mod followed;
mod import;
mod metabase;
mod migrate;
mod pipeline;
mod progress;
mod query;
mod run;
mod screen;
mod serve;
mod setup;
mod sheets;
mod site;
mod summary;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};
use failure::Failure;

/// The warehouse works on a thread of its own: the stages leave a core to it.
fn stage_threads() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).clamp(1, 4))
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    aispend_telemetry::start(&cli.log_format.into(), cli.log_level());
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = match builder.worker_threads(stage_threads()).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::usage(format!("the runtime does not start: {error}")).report(),
    };
    let outcome = runtime.block_on(dispatch(cli));
    // A vendor's late answer must not hold up the end.
    runtime.shutdown_background();
    match outcome {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

async fn dispatch(cli: Cli) -> Result<ExitCode, Failure> {
    let settings = setup::settings(&cli)?;
    // These two look at the settings themselves, and the demo asks nobody.
    let looks_at_them = matches!(&cli.command, Command::Config | Command::Doctor(_) | Command::Demo(_));
    let settings = if looks_at_them { settings } else { setup::revealed(&settings).await? };
    match &cli.command {
        Command::Doctor(arguments) => doctor::doctor(&settings, arguments).await,
        Command::Run(arguments) => run::run(&settings, arguments).await,
        Command::Reprocess(arguments) => run::reprocess(&settings, arguments).await,
        Command::Retire(arguments) => run::retire(&settings, arguments).await,
        Command::Demo(arguments) => demo::demo(&settings, arguments).await,
        Command::Serve(arguments) => serve::serve_command(&settings, arguments).await,
        Command::Export(arguments) => export::export(&settings, arguments).await,
        Command::Query(arguments) => query::query(&settings, arguments).await,
        Command::Config => Ok(screen::config(&settings)),
        Command::Migrate(arguments) => migrate::migrate(&settings, arguments).await,
        Command::Alerts(arguments) => alerts::alerts(&settings, arguments).await,
        Command::Import(arguments) => import::import(&settings, arguments).await,
        Command::Sheets(arguments) => sheets::sheets(&settings, arguments),
        Command::Metabase(arguments) => metabase::metabase(&settings, arguments).await,
        Command::DeadLetters(arguments) => dead_letters::dead_letters(&settings, arguments).await,
    }
}
