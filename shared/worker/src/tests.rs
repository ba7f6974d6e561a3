//! The worker from outside: pushes over HTTP as Pub/Sub signs them, secrets, its end, and what it says of itself.

mod documented;
mod end;
mod secrets;
mod signed;

use std::time::Duration;

use aispend_config::{Settings, Sources};

fn settings(pairs: &[(&'static str, &str)]) -> Settings {
    let flags = pairs.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
    Settings::read(&Sources { flags, variable: &|_| None, file: None }).unwrap()
}

/// Hours pass; sockets do not notice.
async fn after(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}
