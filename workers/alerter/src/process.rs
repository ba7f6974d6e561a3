//! The alerter as a process. Beside its events it moves what Pub/Sub gave up on to the parked messages.

use std::sync::Arc;

use aispend_stage::{RunnerOptions, Stage};
use aispend_warehouse::Engine;
use aispend_worker::{Built, StartError, World, drain_dead_letters};

use crate::{Alerter, Watch, WatchDoors, settings};

/// Events taken in together: each batch is one change of a run's state.
const EVENTS: usize = 200;

/// Settings that this worker reads beside those of every worker.
pub const SETTINGS: &[&str] = &[settings::SETTINGS];

/// The stage over a world.
///
/// # Errors
/// Without credentials, or where the settings of alerts are wrong.
pub async fn build(world: &World) -> Result<Built<Alerter>, StartError> {
    let warehouse = world.warehouse(Alerter::NAME).await?;
    let stage = Alerter::new(warehouse, Arc::clone(&world.archive), Arc::clone(&world.clock))
        .with_watch(watch(world).await?);
    let options = RunnerOptions { concurrency: 1, batch: EVENTS, ..RunnerOptions::default() };
    let beside = drain_dead_letters(world).await?;
    Ok(Built { options, beside: Some(beside), ..Built::of(stage, world) })
}

/// The rules over a world, and whoever its settings say is told.
///
/// # Errors
/// Without credentials, or where the settings of alerts are wrong.
pub async fn watch(world: &World) -> Result<Watch, StartError> {
    let wrong = |error: settings::AlertSettingsError| StartError::Setting {
        setting: "[alerts]",
        detail: aispend_stage::error_chain(&error),
    };
    let bigquery = world.bigquery(Alerter::NAME).await?;
    let doors = WatchDoors {
        questions: Arc::clone(&bigquery) as Arc<dyn aispend_ports::Questions>,
        warehouse: bigquery,
        archive: Arc::clone(&world.archive),
        parked: Arc::clone(&world.parked),
        clock: Arc::clone(&world.clock),
    };
    let rules = settings::rules(&world.settings, Engine::BigQuery).map_err(wrong)?;
    let keys = aispend_worker::followed(&world.settings, settings::SECRETS).await?;
    let channels = settings::channels_by(&world.settings, |name| keys.get(name).cloned()).map_err(wrong)?;
    Ok(Watch::new(rules, doors, channels, settings::base_url(&world.settings)))
}
