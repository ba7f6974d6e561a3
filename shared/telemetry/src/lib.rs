//! Logs (text for people, JSON for machines, always to standard error), traces and metrics (OTLP, where an endpoint is set),
//! and what each stage costs. No payload, no secret and no address of a person passes through here.

mod cloud;
mod cpu;
mod metrics;
mod start;
mod trace;

pub use cpu::{Meter, blocking};
pub use metrics::{given_back, handled, loaded, oldest_unsettled, parked, published, received, settled};
pub use start::{LogFormat, Telemetry, start};
pub use trace::{continue_trace, root_of, traceparent_of};
