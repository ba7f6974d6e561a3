//! A way to an emulator that can be interrupted.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use anyhow::{Context, Result};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{AbortHandle, spawn},
};

/// Passes connections on to one address, HTTP and gRPC alike, until it is told to cut them: an outage during which the
/// service forgets nothing. Ends when it is dropped.
pub struct Relay {
    address: String,
    open: watch::Sender<bool>,
    broken: Arc<AtomicU64>,
    accepting: AbortHandle,
}

impl Relay {
    /// Starts one to `target`, a `host:port`, on a port of its own.
    pub async fn start(target: impl Into<String>) -> Result<Self> {
        let target = target.into();
        let listener = TcpListener::bind("127.0.0.1:0").await.context("could not open a port")?;
        let address = listener.local_addr().context("the relay has no address")?.to_string();
        let (open, way) = watch::channel(true);
        let broken = Arc::<AtomicU64>::default();
        let counted = Arc::clone(&broken);
        let accepting = spawn(async move {
            // A connection that was gone before it was accepted is no reason to stop.
            loop {
                if let Ok((near, _)) = listener.accept().await {
                    spawn(pass_on(near, target.clone(), way.clone(), Arc::clone(&counted)));
                }
            }
        });
        Ok(Self { address, open, broken, accepting: accepting.abort_handle() })
    }

    /// Where it listens: `127.0.0.1:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Breaks every connection, and every new one at once, until [`Relay::restore`].
    pub fn cut(&self) {
        self.open.send_replace(false);
    }

    /// Connections that [`Relay::cut`] broke, new ones among them.
    pub fn broken(&self) -> u64 {
        self.broken.load(Relaxed)
    }

    /// Lets new connections through again.
    pub fn restore(&self) {
        self.open.send_replace(true);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // The connections end with `open`.
        self.accepting.abort();
    }
}

async fn pass_on(
    mut near: TcpStream,
    target: String,
    mut way: watch::Receiver<bool>,
    broken: Arc<AtomicU64>,
) {
    let connection = async {
        let mut far = TcpStream::connect(&target).await?;
        copy_bidirectional(&mut near, &mut far).await
    };
    tokio::select! {
        biased;
        // Also when the relay is gone.
        _ = way.wait_for(|open| !open) => {
            broken.fetch_add(1, Relaxed);
        }
        // Either side may break a connection; that is for them to see.
        _ = connection => {}
    }
}
