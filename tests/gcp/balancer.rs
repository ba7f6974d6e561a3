//! One address for all copies of a stage, as Cloud Run has: each connection goes to one that lives.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

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
                let copies = {
                    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
                    // Each in its turn; those that died refuse.
                    if !known.is_empty() {
                        known.rotate_left(1);
                    }
                    known.clone()
                };
                tokio::spawn(pass_on(near, copies));
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

async fn pass_on(mut near: TcpStream, copies: Vec<u16>) {
    for port in copies {
        if let Ok(mut far) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await {
            // Either side may break a connection; that is for them to see.
            copy_bidirectional(&mut near, &mut far).await.unwrap_or_default();
            return;
        }
    }
}
