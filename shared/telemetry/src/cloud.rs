//! Log lines as Cloud Logging reads them: one JSON object a line, its severities, its names for trace and span.

use std::fmt;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::registry::LookupSpan;

use crate::trace::LineTrace;

/// When a line was written: no stage decides by it.
#[allow(clippy::disallowed_methods)]
fn now() -> String {
    jiff::Timestamp::now().to_string()
}

/// Formats for the log of one project.
pub struct CloudFormat {
    /// The project's id: traces are named by it.
    pub project: String,
}

impl<S, N> FormatEvent<S, N> for CloudFormat
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = Line(Map::new());
        let metadata = event.metadata();
        line.text("severity", severity(*metadata.level()));
        line.text("time", &now());
        event.record(&mut line);
        line.text("target", metadata.target());
        let trace = context
            .event_scope()
            .into_iter()
            .flatten()
            .find_map(|span| span.extensions().get::<LineTrace>().cloned());
        if let Some(trace) = trace {
            line.text(
                "logging.googleapis.com/trace",
                &format!("projects/{}/traces/{}", self.project, trace.trace_id),
            );
            line.text("logging.googleapis.com/spanId", &trace.span_id);
            line.0.insert("logging.googleapis.com/trace_sampled".to_owned(), Value::Bool(true));
        }
        writeln!(writer, "{}", Value::Object(line.0))
    }
}

const fn severity(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARNING",
        Level::INFO => "INFO",
        Level::DEBUG | Level::TRACE => "DEBUG",
    }
}

struct Line(Map<String, Value>);

impl Line {
    fn text(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), Value::String(value.to_owned()));
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field.name(), value);
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), value.into());
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.insert(field.name().to_owned(), value.into());
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), value.into());
    }
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field.name(), &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::trace::TraceFields;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_has_cloud_loggings_names_and_the_trace_of_its_span() {
        let kept = Kept::default();
        let writer = kept.clone();
        let lines = tracing_subscriber::fmt::layer()
            .with_writer(move || writer.clone())
            .event_format(CloudFormat { project: "demo".to_owned() });
        let subscriber = tracing_subscriber::registry().with(TraceFields).with(lines);
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("handle", traceparent = tracing::field::Empty);
            crate::continue_trace(&span, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
            let _inside = span.enter();
            tracing::warn!(rows = 3, slice = "cursor/spend|cursor|all", "given back");
        });
        let line: Value = serde_json::from_slice(&kept.0.lock().unwrap()).unwrap();
        for (name, expected) in [
            ("severity", Value::from("WARNING")),
            ("message", Value::from("given back")),
            ("rows", Value::from(3)),
            (
                "logging.googleapis.com/trace",
                Value::from("projects/demo/traces/0af7651916cd43dd8448eb211c80319c"),
            ),
            ("logging.googleapis.com/spanId", Value::from("b7ad6b7169203331")),
        ] {
            assert_eq!(line.get(name), Some(&expected), "{line}");
        }
    }
}
