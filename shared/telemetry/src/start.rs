//! Starts and ends what is told about a process.

use std::io::IsTerminal as _;
use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{KeyValue, global};
use opentelemetry_otlp::{MetricExporter, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry};

use crate::cloud::CloudFormat;
use crate::trace::TraceFields;

/// How log lines look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For a person.
    #[default]
    Text,
    /// For a machine.
    Json,
    /// For Cloud Logging: its field names, and each line with its trace in that project.
    Cloud {
        /// The project's id.
        project: String,
    },
}

/// Metrics leave this often.
const EVERY: Duration = Duration::from_secs(30);

/// Starts logging alone. `RUST_LOG` chooses what; otherwise `default_level` of our own crates and warnings of the others.
pub fn start(format: &LogFormat, default_level: &str) {
    begin(format, default_level, None);
}

fn begin(format: &LogFormat, default_level: &str, tracer: Option<&SdkTracerProvider>) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| {
        let ours = [
            "fetcher",
            "normalizer",
            "validator",
            "loader",
            "alerter",
            "stage",
            "http",
            "duckdb",
            "local",
            "worker",
            "pubsub",
            "bigquery",
            "storage",
            "secrets",
        ];
        let ours = ours.map(|name| format!("aispend_{name}={default_level}"));
        EnvFilter::new(format!("warn,{}", ours.join(",")))
    });
    let is_seen = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(is_seen);
    let lines = match format {
        LogFormat::Text => lines.with_target(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
        LogFormat::Cloud { project } => lines.event_format(CloudFormat { project: project.clone() }).boxed(),
    };
    let spans = tracer.map(|tracer| tracing_opentelemetry::layer().with_tracer(tracer.tracer("aispend")));
    // A second start in one process keeps the first: tests do that.
    drop(Registry::default().with(filter).with(spans).with(TraceFields).with(lines).try_init());
}

/// What a process tells; ended with it.
pub struct Telemetry(Option<(SdkTracerProvider, SdkMeterProvider)>);

impl Telemetry {
    /// Starts logs, and traces and metrics where there is somebody to send them to (OTLP over HTTP).
    ///
    /// # Errors
    /// When the endpoint is none.
    pub fn start(
        service: &'static str,
        format: &LogFormat,
        default_level: &str,
        otlp_endpoint: Option<&str>,
    ) -> Result<Self, String> {
        let Some(endpoint) = otlp_endpoint else {
            begin(format, default_level, None);
            return Ok(Self(None));
        };
        drop(rustls::crypto::ring::default_provider().install_default());
        let base = endpoint.trim_end_matches('/');
        let spans = SpanExporter::builder()
            .with_http()
            .with_endpoint(format!("{base}/v1/traces"))
            .build()
            .map_err(|error| error.to_string())?;
        let numbers = MetricExporter::builder()
            .with_http()
            .with_endpoint(format!("{base}/v1/metrics"))
            .build()
            .map_err(|error| error.to_string())?;
        let resource = Resource::builder()
            .with_service_name(service)
            .with_attributes([
                KeyValue::new("service.namespace", "aispend"),
                KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
                KeyValue::new("service.instance.id", format!("{service}-{}", std::process::id())),
            ])
            .build();
        let tracer =
            SdkTracerProvider::builder().with_batch_exporter(spans).with_resource(resource.clone()).build();
        let reader =
            opentelemetry_sdk::metrics::PeriodicReader::builder(numbers).with_interval(EVERY).build();
        let meter = SdkMeterProvider::builder().with_reader(reader).with_resource(resource).build();
        global::set_meter_provider(meter.clone());
        begin(format, default_level, Some(&tracer));
        Ok(Self(Some((tracer, meter))))
    }

    /// Sends what is left, for no longer than this.
    pub async fn end(self, within: Duration) {
        let Some((tracer, meter)) = self.0 else { return };
        // The exporters wait on threads of their own; a collector that is gone must not hold up the process.
        let traces = tokio::task::spawn_blocking(move || drop(tracer.shutdown_with_timeout(within)));
        let numbers = tokio::task::spawn_blocking(move || drop(meter.shutdown_with_timeout(within)));
        let both = async { (traces.await, numbers.await) };
        drop(tokio::time::timeout(within, both).await);
    }
}
