//! The simulator as a program: serves an invented company on one port until it is stopped.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use aispend_simulator::server::{self, Clock};
use aispend_simulator::{
    FaultLevel, FaultPlan, PLANT_HELP, Plant, Simulator, World, WorldConfig, google_credentials,
};
use anyhow::Context;
use clap::{Parser, ValueEnum};
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;

/// Plays Anthropic, Cursor and Google Sheets for an invented company.
#[derive(Parser)]
#[command(name = "simulator", version)]
struct Arguments {
    /// Port to listen on; 0 takes any free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The same seed makes the same company.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// People in the company.
    #[arg(long, default_value_t = 25)]
    people: u32,
    /// First day with facts.
    #[arg(long, default_value_t = date(2026, 8, 1))]
    from: Date,
    /// Last day with facts.
    #[arg(long, default_value_t = date(2026, 11, 21))]
    to: Date,
    /// The Console organisation has no beta endpoints.
    #[arg(long)]
    legacy: bool,
    /// There is a claude.ai Enterprise organisation.
    #[arg(long)]
    enterprise: bool,
    /// How much goes wrong.
    #[arg(long, value_enum, default_value_t = Level::None)]
    faults: Level,
    #[arg(long, help = PLANT_HELP)]
    plant: Vec<Plant>,
    /// Pretend that the program starts at 14:00 UTC on this day.
    #[arg(long)]
    today: Option<Date>,
    /// Exactly this many Cursor events, for measuring.
    #[arg(long)]
    events: Option<u64>,
    /// About this many additional Anthropic cost rows, for measuring.
    #[arg(long, default_value_t = 0)]
    anthropic_rows: u32,
    /// Write the ground truth to this file.
    #[arg(long)]
    truth: Option<PathBuf>,
    /// Write the sheets as CSV files into this folder.
    #[arg(long)]
    sheets: Option<PathBuf>,
    /// Write a service account's key file for the sheets.
    #[arg(long)]
    google_credentials: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Level {
    None,
    Light,
    Heavy,
}

#[expect(clippy::disallowed_methods, reason = "the program is where the clock comes from")]
fn clock(today: Option<Date>) -> Clock {
    let Some(today) = today else { return Arc::new(Timestamp::now) };
    let start = today
        .at(14, 0, 0, 0)
        .to_zoned(jiff::tz::TimeZone::UTC)
        .map_or(Timestamp::UNIX_EPOCH, |at| at.timestamp());
    let began = std::time::Instant::now();
    Arc::new(move || start + SignedDuration::try_from(began.elapsed()).unwrap_or(SignedDuration::ZERO))
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    anyhow::ensure!(arguments.from <= arguments.to, "`--from` is after `--to`");
    let config = WorldConfig {
        enterprise: arguments.enterprise,
        analytics: !arguments.legacy,
        cursor_events: arguments.events,
        anthropic_rows: arguments.anthropic_rows,
        ..WorldConfig::company(arguments.seed, arguments.people, arguments.from, arguments.to)
    };
    let world = World::generate(config);
    let clock = clock(arguments.today);
    if let Some(path) = &arguments.truth {
        let truth = world.truth(&world.scope(clock()));
        fs::write(path, serde_json::to_vec(&truth)?).with_context(|| format!("write {}", path.display()))?;
    }
    if let Some(folder) = &arguments.sheets {
        fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
        for (name, text) in world.sheets_csv() {
            let path = folder.join(format!("{name}.csv"));
            fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
        }
    }
    let level = match arguments.faults {
        Level::None => FaultLevel::None,
        Level::Light => FaultLevel::Light,
        Level::Heavy => FaultLevel::Heavy,
    };
    let plan = FaultPlan { retry_after: 1, plants: arguments.plant, ..FaultPlan::new(arguments.seed, level) };
    let keys = world.keys.clone();
    let simulator = Arc::new(Mutex::new(Simulator::new(world, plan)));
    tokio::runtime::Runtime::new()?.block_on(async move {
        let listener = TcpListener::bind(("127.0.0.1", arguments.port)).await.context("listen")?;
        let base = format!("http://{}", listener.local_addr()?);
        println!("serving {base}");
        for name in ["ANTHROPIC_BASE_URL", "CURSOR_BASE_URL", "GOOGLE_SHEETS_BASE_URL"] {
            println!("export {name}={base}");
        }
        println!("export ANTHROPIC_ADMIN_KEY={}", keys.admin);
        if arguments.enterprise {
            println!("export ANTHROPIC_ANALYTICS_KEY={}", keys.analytics);
        }
        println!("export CURSOR_ADMIN_KEY={}", keys.cursor);
        println!("export AISPEND_SPREADSHEET_ID={}", keys.spreadsheet);
        if let Some(path) = &arguments.google_credentials {
            fs::write(path, google_credentials(&base))
                .with_context(|| format!("write {}", path.display()))?;
            println!("export GOOGLE_APPLICATION_CREDENTIALS={}", path.display());
        }
        server::serve(simulator, listener, clock).await?;
        Ok(())
    })
}
