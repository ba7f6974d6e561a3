//! `aispend demo`: an invented company through the whole pipeline, kept apart from real data.

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use aispend_config::Settings;
use aispend_duckdb::open_reader;
use aispend_model::{Feed, day_number};
use aispend_ports::Fetch;
use aispend_proto::v1::FetchRequested;
use aispend_simulator::{FaultPlan, Restatement, Simulator, Strand, World, WorldConfig, server};
use aispend_worker::Pace;
use jiff::ToSpan;
use jiff::civil::Date;

use crate::cli::DemoArguments;
use crate::failure::Failure;
use crate::run::{follow, job, new_run_id};
use crate::serve::{self, Pages};
use crate::setup;
use crate::site::Site;
use crate::summary::Summary;

/// Simulates, loads, shows.
pub async fn demo(settings: &Settings, arguments: &DemoArguments) -> Result<ExitCode, Failure> {
    let data_dir = settings.data_dir().join("demo");
    clear(&data_dir)?;
    let clock = setup::clock();
    let yesterday = clock.today().saturating_sub(1.days());
    let days = i64::from(arguments.days.clamp(1, 800));
    let first_day = yesterday.saturating_sub((days - 1).days());
    // A Console organisation and a Team plan: use of Claude.ai comes by sheet.
    let people = arguments.people.clamp(1, 5_000);
    let world = World::generate(WorldConfig {
        enterprise: false,
        ..WorldConfig::company(arguments.seed, people, first_day, yesterday)
    });
    let sheets = data_dir.join("sheets");
    world_sheets(&world, &sheets)?;
    let keys = world.keys.clone();
    let simulator = Arc::new(Mutex::new(Simulator::new(world, FaultPlan::none())));
    let now = clock.now();
    let (base_url, server) = server::spawn(Arc::clone(&simulator), server::clock_at(now))
        .await
        .map_err(|error| Failure::world(format!("the simulated vendors do not start: {error}")))?;
    let settings = simulated(settings, &data_dir.display().to_string(), &base_url, &keys, first_day)?;
    let pace = Pace { is_limited: false };
    let fetch = Arc::new(setup::http(&settings, pace, Arc::clone(&clock)).await?);
    let warehouse = setup::warehouse(&data_dir, true).await?;
    let request = FetchRequested { trigger: "command".to_owned(), ..FetchRequested::default() };
    let run_id = new_run_id(clock.as_ref());
    let outcome = follow(
        &settings,
        &warehouse,
        Arc::clone(&fetch) as Arc<dyn Fetch>,
        pace,
        Arc::clone(&clock),
        job(&run_id, request),
        false,
    )
    .await?;
    restate(&simulator, yesterday);
    let run_id = new_run_id(clock.as_ref());
    let again = read_again(yesterday);
    follow(&settings, &warehouse, fetch, pace, clock, job(&run_id, again), true).await?;
    server.abort();
    let summary = Summary::of(&outcome, &Site::Machine(data_dir.clone())).await?;
    summary.print(true);
    // The writer's lock and threads go before readers come.
    drop(warehouse);
    if arguments.no_serve {
        println!("Dashboards: aispend --data-dir {} serve", data_dir.display());
    } else {
        let pages = Pages { listen: arguments.listen, is_opened: false, is_team_only: false, gate: None };
        serve::follow(&Site::Machine(data_dir), pages).await?;
    }
    Ok(summary.demo_exit_code())
}

/// A vendor changes its mind about a day that was read: the ledger keeps both readings.
fn restate(simulator: &Mutex<Simulator>, yesterday: Date) {
    let day = restated_day(yesterday);
    let mut simulator = simulator.lock().unwrap_or_else(PoisonError::into_inner);
    simulator.world.restate(&Restatement::Scale { day, strand: Strand::Console, percent: 108 });
}

fn read_again(yesterday: Date) -> FetchRequested {
    let day = Some(day_number(restated_day(yesterday)));
    let feeds = vec![Feed::AnthropicCost.as_str().to_owned()];
    FetchRequested { trigger: "command".to_owned(), feeds, from: day, to: day, ..FetchRequested::default() }
}

fn restated_day(yesterday: Date) -> Date {
    yesterday.saturating_sub(5.days())
}

/// A demo begins anew each time; anything that is no demo is refused.
fn clear(data_dir: &std::path::Path) -> Result<(), Failure> {
    let is_ours = match open_reader(data_dir) {
        Ok(reader) => reader.is_simulated()?,
        Err(aispend_duckdb::DuckDbError::Missing { .. }) => {
            // Nothing published: a demo that was stopped early, or an empty folder. Anything else stays.
            !data_dir.exists() || data_dir.join(".simulated").exists()
        }
        Err(error) => return Err(error.into()),
    };
    if !is_ours {
        return Err(Failure::usage(format!(
            "{} holds no simulated data: choose another --data-dir",
            data_dir.display()
        )));
    }
    let failed = |error: std::io::Error| Failure::world(format!("{}: {error}", data_dir.display()));
    if data_dir.exists() {
        std::fs::remove_dir_all(data_dir).map_err(failed)?;
    }
    std::fs::create_dir_all(data_dir).map_err(failed)?;
    std::fs::write(data_dir.join(".simulated"), "an invented company; aispend demo makes it anew each time\n")
        .map_err(failed)
}

fn world_sheets(world: &World, folder: &std::path::Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::world(format!("{}: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(failed)?;
    for (tab, csv) in world.sheets_csv() {
        std::fs::write(folder.join(format!("{tab}.csv")), csv).map_err(failed)?;
    }
    Ok(())
}

/// The demo's own settings: its keys, its vendors, nothing of the person's.
fn simulated(
    settings: &Settings,
    data_dir: &str,
    base_url: &str,
    keys: &aispend_simulator::Keys,
    first_day: jiff::civil::Date,
) -> Result<Settings, Failure> {
    let flags = vec![
        ("data_dir", data_dir.to_owned()),
        ("anthropic.admin_key", keys.admin.clone()),
        ("cursor.admin_key", keys.cursor.clone()),
        ("anthropic.base_url", base_url.to_owned()),
        ("cursor.base_url", base_url.to_owned()),
        ("run.start_date", first_day.to_string()),
        ("run.deadline_seconds", settings.text("run.deadline_seconds").unwrap_or_default().to_owned()),
    ];
    let sources = aispend_config::Sources { flags, variable: &|_| None, file: None };
    Settings::read(&sources).map_err(|problems| Failure::usage(problems.to_string()))
}
