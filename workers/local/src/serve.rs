//! `aispend serve`: the dashboards of the published warehouse, on this machine.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use aispend_config::Settings;
use aispend_dashboards::Cards;
use aispend_duckdb::{open_cards, open_reader};
use aispend_warehouse::Card;
use aispend_web::{Options, loopback_names, router, serve};

use crate::cli::ServeArguments;
use crate::failure::Failure;
use crate::setup;

/// Serves until Ctrl-C.
pub async fn serve_command(settings: &Settings, arguments: &ServeArguments) -> Result<ExitCode, Failure> {
    if settings.text("engine") == Some("gcp") {
        return Err(Failure::usage(
            "the dashboards read the warehouse file of this machine: unset AISPEND_ENGINE, or use Metabase on BigQuery",
        ));
    }
    let data_dir = settings.data_dir();
    // Says at once where there is nothing to show.
    drop(open_reader(&data_dir)?);
    follow(&data_dir, arguments.listen, arguments.open, arguments.teams_only).await?;
    Ok(ExitCode::SUCCESS)
}

/// Every card of this build.
pub fn cards() -> Result<Vec<Card>, Failure> {
    aispend_warehouse::cards().map_err(|error| Failure::world(error.to_string()))
}

/// Serves a data folder and says where.
pub async fn follow(
    data_dir: &Path,
    listen: SocketAddr,
    is_opened: bool,
    is_team_only: bool,
) -> Result<(), Failure> {
    let cards = cards()?;
    let reader = Arc::new(open_cards(data_dir, &cards));
    // Ready before the first person asks; what goes wrong is said on the page as well.
    let first = Arc::clone(&reader);
    tokio::spawn(async move { first.newest().await.map(|_| ()) });
    let router = router(Options {
        data: reader,
        cards,
        clock: setup::clock(),
        archive: Some(data_dir.join("raw").display().to_string()),
        is_team_only,
        hosts: loopback_names(),
    });
    let ready = move |address: SocketAddr| {
        println!("Dashboards: http://{address}/   (Ctrl-C ends)");
        if is_opened {
            open_browser(&format!("http://{address}/"));
        }
    };
    let until = async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::warn!(%error, "Ctrl-C cannot be waited for");
            std::future::pending::<()>().await;
        }
    };
    serve(router, listen, ready, until).await.map_err(|error| match &error {
        aispend_web::ServeError::NotLoopback(_) | aispend_web::ServeError::PortTaken(_) => {
            Failure::usage(error.to_string())
        }
        aispend_web::ServeError::Listen { .. } => Failure::world(aispend_stage::error_chain(&error)),
    })
}

/// As good as it goes: the address is on the screen as well.
fn open_browser(address: &str) {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    if let Err(error) = std::process::Command::new(opener).arg(address).spawn() {
        eprintln!("no browser was opened: {opener}: {error}");
    }
}
