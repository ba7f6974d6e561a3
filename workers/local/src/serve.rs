//! `aispend serve`: the dashboards, on this machine or behind a proxy that signs who came.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use aispend_config::Settings;
use aispend_dashboards::Cards;
use aispend_warehouse::Card;
use aispend_web::{Gate, Options, Proxy, loopback_names, router, serve};

use crate::cli::ServeArguments;
use crate::failure::Failure;
use crate::setup;
use crate::site::Site;

/// Where and for whom the pages are.
pub struct Pages {
    /// Address and port.
    pub listen: SocketAddr,
    /// Open a browser.
    pub is_opened: bool,
    /// Figures of single people's work are left out.
    pub is_team_only: bool,
    /// Who may look; none: whoever uses this machine.
    pub gate: Option<Gate>,
}

/// Serves until Ctrl-C.
pub async fn serve_command(settings: &Settings, arguments: &ServeArguments) -> Result<ExitCode, Failure> {
    let pages = Pages {
        listen: arguments.listen,
        is_opened: arguments.open,
        is_team_only: arguments.teams_only,
        gate: gate(settings)?,
    };
    follow(&Site::open(settings).await?, pages).await?;
    Ok(ExitCode::SUCCESS)
}

/// Every card of this build.
pub fn cards() -> Result<Vec<Card>, Failure> {
    aispend_warehouse::cards().map_err(|error| Failure::world(error.to_string()))
}

/// Who may look, as the settings say.
fn gate(settings: &Settings) -> Result<Option<Gate>, Failure> {
    let text = |name: &str| settings.text(name).map(str::to_owned);
    let proxy = match (text("serve.iap_audience"), text("serve.oidc_issuer"), text("serve.oidc_audience")) {
        (None, None, None) => return Ok(None),
        (Some(audience), None, None) => Proxy::Iap { audience },
        (None, Some(issuer), Some(audience)) => Proxy::Oidc { issuer, audience },
        (Some(_), _, _) => {
            return Err(Failure::usage(
                "AISPEND_IAP_AUDIENCE and AISPEND_OIDC_… are two ways to ask who comes: set one of them",
            ));
        }
        (None, _, _) => {
            return Err(Failure::usage(
                "AISPEND_OIDC_ISSUER and AISPEND_OIDC_AUDIENCE belong together: set both",
            ));
        }
    };
    Ok(Some(Gate::new(proxy, text("serve.keys_url"), settings.list("serve.allowed"))))
}

/// Serves what a site has and says where.
pub async fn follow(site: &Site, pages: Pages) -> Result<(), Failure> {
    let cards = cards()?;
    let reader = site.cards(&cards).await?;
    // Ready before the first person asks; what goes wrong is said on the page as well.
    let first: Arc<dyn Cards> = Arc::clone(&reader);
    tokio::spawn(async move { first.newest().await.map(|_| ()) });
    let is_guarded = pages.gate.is_some();
    let router = router(Options {
        data: reader,
        cards,
        clock: setup::clock(),
        archive: Some(site.archive_name()),
        documents: Some(site.archive()),
        is_team_only: pages.is_team_only,
        // A proxy has a name of its own, and whoever did not come through it is turned away.
        hosts: if is_guarded { Vec::new() } else { loopback_names() },
        gate: pages.gate,
    });
    let is_opened = pages.is_opened;
    let ready = move |address: SocketAddr| {
        println!("Dashboards: http://{address}/   (Ctrl-C ends)");
        if is_opened {
            open_browser(&format!("http://{address}/"));
        }
    };
    serve(router, pages.listen, is_guarded, ready, asked_to_end()).await.map_err(|error| match &error {
        aispend_web::ServeError::NotLoopback(_) | aispend_web::ServeError::PortTaken(_) => {
            Failure::usage(error.to_string())
        }
        aispend_web::ServeError::Listen { .. } => Failure::world(aispend_stage::error_chain(&error)),
    })
}

/// Ctrl-C, or what Cloud Run and systemd send.
async fn asked_to_end() {
    let interrupted = async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::warn!(%error, "Ctrl-C cannot be waited for");
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = interrupted => {}
        () = terminated => {}
    }
}

/// As good as it goes: the address is on the screen as well.
fn open_browser(address: &str) {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    if let Err(error) = std::process::Command::new(opener).arg(address).spawn() {
        eprintln!("no browser was opened: {opener}: {error}");
    }
}
