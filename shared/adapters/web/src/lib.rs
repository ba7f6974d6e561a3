//! The dashboards over HTTP: pages that are whole without script, their figures as JSON and files.
//!
//! Reads and never writes. What is shown is decided in `aispend-dashboards`; how it looks, in `templates/` and `assets/`.

mod api;
mod app;
mod assets;
mod data;
mod document;
mod explain;
mod files;
mod gate;
mod pictures;
mod problem;
mod serve;
mod session;
#[cfg(test)]
mod tests;

pub use app::{Options, router};
pub use gate::{Gate, Proxy, Turned};
pub use serve::{ServeError, loopback_names, serve};
