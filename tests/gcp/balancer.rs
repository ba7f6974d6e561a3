//! One address for all copies of a stage, as Cloud Run has: each connection goes to one that lives.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

/// How long a request waits for a copy that lives, as Cloud Run lets it wait for one that starts.
const QUEUED: Duration = Duration::from_secs(8);

/// Passes connections on until it is dropped.
pub struct Balancer {
    pub port: u16,
    copies: Arc<Mutex<Vec<u16>>>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Balancer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let copies: Arc<Mutex<Vec<u16>>> = Arc::default();
        let known = Arc::clone(&copies);
        let accepting = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(pass_on(near, Arc::clone(&known)));
            }
        });
        Self { port, copies, accepting }
    }

    /// One more copy.
    pub fn add(&self, port: u16) {
        self.copies.lock().unwrap_or_else(PoisonError::into_inner).push(port);
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn pass_on(mut near: TcpStream, copies: Arc<Mutex<Vec<u16>>>) {
    let begun = Instant::now();
    while begun.elapsed() < QUEUED {
        // Each in its turn; those that died refuse.
        let in_turn = {
            let mut known = copies.lock().unwrap_or_else(PoisonError::into_inner);
            if !known.is_empty() {
                known.rotate_left(1);
            }
            known.clone()
        };
        for port in in_turn {
            if let Ok(mut far) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await {
                // Either side may break a connection; that is for them to see.
                copy_bidirectional(&mut near, &mut far).await.unwrap_or_default();
                return;
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
