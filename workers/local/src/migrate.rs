//! `aispend migrate`: tables and views of either engine; with `--create-bus` what the workers stand on.

use std::process::ExitCode;

use aispend_config::Settings;
use aispend_ports::Topic;
use aispend_pubsub::{BusAdmin, BusOptions, PushOptions, names};
use aispend_stage::error_chain;
use aispend_storage::{CloudArchive, StorageOptions};

use crate::cli::MigrateArguments;
use crate::failure::Failure;
use crate::setup;
use crate::site::{Site, bigquery};

/// Subscriptions as this project needs them.
fn bus_options(settings: &Settings, arguments: &MigrateArguments) -> BusOptions {
    let push = arguments.push_to.as_ref().map(|address| PushOptions {
        endpoints: Topic::ALL
            .map(|topic| (topic, address.replace("{stage}", names::stage(topic))))
            .into_iter()
            .collect(),
        service_account: settings.text("google.push_service_account").map(str::to_owned),
    });
    BusOptions { push, ..BusOptions::default() }
}

/// Creates what is missing, upgrades what is old; safe any number of times.
pub async fn migrate(settings: &Settings, arguments: &MigrateArguments) -> Result<ExitCode, Failure> {
    let assumptions = setup::assumptions(settings)?;
    let site = Site::open(settings).await?;
    match &site {
        Site::Machine(_) if arguments.create_bus => {
            return Err(Failure::usage(
                "--create-bus goes with AISPEND_ENGINE=gcp: on one machine there is no bus to create",
            ));
        }
        Site::Machine(data_dir) => {
            setup::warehouse(data_dir, false).await?.assume(&assumptions).await?;
        }
        Site::Cloud(world) => {
            let location = settings.text("google.location").unwrap_or("US");
            if arguments.create_bus {
                let failed = |error: &dyn std::error::Error| Failure::world(error_chain(error));
                let bucket = settings.text("google.bucket").unwrap_or_default();
                let archive = CloudArchive::connect(&world.google, StorageOptions::new(bucket)).await;
                let archive = archive.map_err(|error| failed(&error))?;
                archive.create_bucket(location).await.map_err(|error| failed(&error))?;
                println!("bucket {bucket} is ready");
                let admin = BusAdmin::connect(&world.google, bus_options(settings, arguments)).await;
                admin.map_err(|error| failed(&error))?.create().await.map_err(|error| failed(&error))?;
                println!("topics, subscriptions and dead letters of {} are ready", world.google.project);
            }
            eprintln!("tables and views of {} …", site.warehouse_name());
            let warehouse = bigquery(world).await?;
            warehouse.migrate(false).await?;
            warehouse.assume(&assumptions).await?;
        }
    }
    println!("{} is ready", site.warehouse_name());
    Ok(ExitCode::SUCCESS)
}
