//! One trace from the scheduler's message to the rows: W3C context, read from messages and written into them.

use std::fmt::Write as _;

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use sha2::{Digest, Sha256};
use tracing::Span;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::Layer;
use tracing_subscriber::layer;
use tracing_subscriber::registry::LookupSpan;

/// The context a run begins with where nobody gave it one: the same for every delivery of its first message.
pub fn root_of(run_id: &str) -> String {
    let hash = Sha256::digest(run_id.as_bytes());
    let mut text = "00-".to_owned();
    for (place, byte) in hash.iter().take(24).enumerate() {
        if place == 16 {
            text.push('-');
        }
        // Writing to a String cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
    }
    text.push_str("-01");
    text
}

/// Makes a span the child of a W3C context, and notes the context for log lines.
pub fn continue_trace(span: &Span, traceparent: &str) {
    if let Some(parent) = parse(traceparent) {
        // Without a subscriber for spans there is nothing to continue.
        span.set_parent(Context::new().with_remote_span_context(parent)).unwrap_or_default();
    }
    span.record("traceparent", traceparent_of(span).as_deref().unwrap_or(traceparent));
}

/// A span's own W3C context; `None` where spans are not collected.
pub fn traceparent_of(span: &Span) -> Option<String> {
    let context = span.context();
    let span = context.span();
    let own = span.span_context();
    own.is_valid()
        .then(|| format!("00-{}-{}-{:02x}", own.trace_id(), own.span_id(), own.trace_flags().to_u8()))
}

fn parse(traceparent: &str) -> Option<SpanContext> {
    let mut parts = traceparent.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if version.len() != 2 || trace.len() != 32 || span.len() != 16 || flags.len() != 2 {
        return None;
    }
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(u8::from_str_radix(flags, 16).ok()?),
        true,
        TraceState::default(),
    );
    context.is_valid().then_some(context)
}

/// Trace and span of a log line's nearest span that knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineTrace {
    pub trace_id: String,
    pub span_id: String,
}

/// Notes each span's `traceparent`, for log lines inside it.
pub struct TraceFields;

impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> Layer<S> for TraceFields {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: layer::Context<'_, S>) {
        note(&context, id, |reader| attributes.record(reader));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: layer::Context<'_, S>) {
        note(&context, id, |reader| values.record(reader));
    }
}

fn note<S: tracing::Subscriber + for<'a> LookupSpan<'a>>(
    context: &layer::Context<'_, S>,
    id: &Id,
    read: impl FnOnce(&mut Reader),
) {
    let mut reader = Reader(None);
    read(&mut reader);
    if let (Some(trace), Some(span)) = (reader.0, context.span(id)) {
        span.extensions_mut().replace(trace);
    }
}

struct Reader(Option<LineTrace>);

impl Visit for Reader {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "traceparent"
            && let Some(parsed) = parse(value)
        {
            self.0 = Some(LineTrace {
                trace_id: parsed.trace_id().to_string(),
                span_id: parsed.span_id().to_string(),
            });
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_has_one_root_and_two_runs_have_two() {
        let root = root_of("daily-2026-10-05");
        assert_eq!(root, root_of("daily-2026-10-05"));
        assert_ne!(root, root_of("daily-2026-10-06"));
        assert_eq!((root.len(), parse(&root).is_some()), (55, true));
    }

    #[test]
    fn what_is_no_context_is_none() {
        for text in
            ["", "00", "00-a-b-01", &format!("00-{}-{}-01", "0".repeat(32), "1".repeat(16)), "é-é-é-é"]
        {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
