//! Listens: on this machine alone, or wider where everybody is asked who they are.

use std::{io, net::SocketAddr};

use axum::Router;
use tokio::net::TcpListener;

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Not on this machine alone.
    #[error(
        "`{0}` can be reached from other machines, and nobody would be asked who they are: listen on 127.0.0.1 (an SSH tunnel \
         brings people to it), or put a proxy in front that signs who came and set AISPEND_IAP_AUDIENCE (Google's IAP), or \
         AISPEND_OIDC_ISSUER and AISPEND_OIDC_AUDIENCE"
    )]
    NotLoopback(SocketAddr),
    /// Somebody else has it.
    #[error("port {} is taken: stop what uses it, or choose another with --listen 127.0.0.1:{}", .0.port(), .0.port().saturating_add(1))]
    PortTaken(SocketAddr),
    /// The operating system said no.
    #[error("could not listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What it said.
        source: io::Error,
    },
}

/// A socket on a loopback address, or any where visitors are asked who they are; port 0 takes any free one.
///
/// # Errors
/// Where others could reach it unasked, or it is taken.
async fn bind(address: SocketAddr, is_guarded: bool) -> Result<TcpListener, ServeError> {
    if !is_guarded && !address.ip().is_loopback() {
        return Err(ServeError::NotLoopback(address));
    }
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => ServeError::PortTaken(address),
        _ => ServeError::Listen { address, source },
    })
}

/// Serves until `until`; `ready` is told the address first. `is_guarded`: the router has a gate.
///
/// # Errors
/// Where it cannot listen.
pub async fn serve(
    router: Router,
    address: SocketAddr,
    is_guarded: bool,
    ready: impl FnOnce(SocketAddr),
    until: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let listener = bind(address, is_guarded).await?;
    let failed = |source| ServeError::Listen { address, source };
    ready(listener.local_addr().map_err(failed)?);
    axum::serve(listener, router).with_graceful_shutdown(until).await.map_err(failed)
}

/// The names of this machine for itself.
pub fn loopback_names() -> Vec<String> {
    ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_listens_on_this_machine_alone_and_names_the_remedy() {
        let refused = bind("0.0.0.0:0".parse().unwrap(), false).await.unwrap_err().to_string();
        assert!(refused.contains("127.0.0.1") && refused.contains("IAP"), "{refused}");
        bind("0.0.0.0:0".parse().unwrap(), true).await.unwrap();
        let taken = bind("127.0.0.1:0".parse().unwrap(), false).await.unwrap();
        let error = bind(taken.local_addr().unwrap(), false).await.unwrap_err().to_string();
        assert!(error.contains("is taken") && error.contains("--listen"), "{error}");
    }
}
