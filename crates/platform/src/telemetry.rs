//! Logs, and traces to an OpenTelemetry collector where one is configured.
//!
//! Lines and spans hold routes, identifiers and counts, never values that people typed or that stand in data. Libraries know
//! nothing of that promise: what they say below `info` may hold whole paths or queries, so it is said nowhere, whatever the
//! filter asks.

mod gathered;

use std::{
    fs::OpenOptions,
    io::{self, IsTerminal as _},
};

use opentelemetry::{KeyValue, trace::TracerProvider};
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{Sampler, SdkTracerProvider},
};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{FilterExt, filter_fn},
    fmt::{
        self, FmtContext, FormatEvent, FormatFields,
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

use self::gathered::{Gathered, Gatherer};
use crate::{config::TelemetrySettings, problem::REQUEST_ID};

/// Telemetry cannot start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `telemetry.filter` cannot be read.
    #[error(
        "configuration key telemetry.filter: expected levels such as info or warn,helder_ingest=debug"
    )]
    Filter,
    /// `telemetry.file` cannot be written.
    #[error("configuration key telemetry.file: cannot write it")]
    File(#[source] io::Error),
    /// The thread that writes the log cannot start.
    #[error("the log cannot start")]
    Thread(#[source] io::Error),
    /// `telemetry.otlp_endpoint` cannot be used.
    #[error("configuration key telemetry.otlp_endpoint: cannot use it")]
    Otlp(#[source] opentelemetry_otlp::ExporterBuildError),
    /// Telemetry was started before in this process.
    #[error("telemetry has already started")]
    Started,
}

/// Sends what is left when dropped.
#[must_use = "dropping it ends telemetry"]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
    // Last, so that it can still be told what went wrong.
    _log: Gatherer,
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(traces) = self.traces.take()
            && let Err(error) = traces.shutdown()
        {
            eprintln!("traces were not all sent: {error}");
        }
    }
}

/// Starts logs and, where configured, traces of this process. A collector that is slow or away never holds up an answer:
/// spans wait in a bounded queue and are dropped when it is full.
///
/// # Errors
/// [`TelemetryError`] names the key.
pub fn start(service: &str, settings: &TelemetrySettings) -> Result<Telemetry, TelemetryError> {
    let filter = EnvFilter::try_new(&settings.filter).map_err(|_| TelemetryError::Filter)?;
    let traces = settings
        .otlp_endpoint
        .as_deref()
        .map(|endpoint| provider(service, endpoint, settings))
        .transpose()?;
    let spans = traces.as_ref().map(|traces| {
        let layer = tracing_opentelemetry::layer().with_tracer(traces.tracer("helder"));
        layer.with_filter(filter_fn(|it| is_own(it) && *it.level() <= Level::INFO))
    });
    let (lines, log) = lines(settings)?;
    tracing_subscriber::registry()
        .with(lines.with_filter(filter.and(filter_fn(is_discreet))))
        .with(spans)
        .try_init()
        .map_err(|_| TelemetryError::Started)?;
    if traces.is_some() {
        crate::trace::exported_from_now_on();
    }
    Ok(Telemetry { traces, _log: log })
}

/// Whether this platform says it.
fn is_own(said: &Metadata<'_>) -> bool {
    let target = said.target();
    target.starts_with("helder") || target == "audit"
}

/// Whether it may be said: by us, or by a library that speaks to whoever runs the platform.
fn is_discreet(said: &Metadata<'_>) -> bool {
    is_own(said) || *said.level() <= Level::INFO
}

type Lines = Box<dyn Layer<Registry> + Send + Sync>;

fn lines(settings: &TelemetrySettings) -> Result<(Lines, Gatherer), TelemetryError> {
    let sink: Box<dyn io::Write + Send> = match &settings.file {
        None => Box::new(io::stderr()),
        Some(path) => {
            let file = OpenOptions::new().create(true).append(true).open(path);
            Box::new(file.map_err(TelemetryError::File)?)
        }
    };
    let (writer, log) = Gathered::to(sink).map_err(TelemetryError::Thread)?;
    let is_coloured = settings.file.is_none()
        && io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none();
    let layer = fmt::layer().with_ansi(is_coloured).with_writer(writer);
    if !settings.json && !is_coloured {
        return Ok((layer.event_format(Line).boxed(), log));
    }
    // These show the request in the spans around a line.
    crate::trace::written_from_now_on();
    let layer = if settings.json {
        layer.json().boxed()
    } else {
        layer.boxed()
    };
    Ok((layer, log))
}

/// A line of text: when, how bad, where, what, and which request.
struct Line;

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> std::fmt::Result {
        SystemTime.format_time(&mut writer)?;
        let metadata = event.metadata();
        write!(writer, " {:>5} {}: ", metadata.level(), metadata.target())?;
        context.format_fields(writer.by_ref(), event)?;
        if let Ok(id) = REQUEST_ID.try_with(|id| *id) {
            write!(writer, " id={id}")?;
        }
        writeln!(writer)
    }
}

fn provider(
    service: &str,
    endpoint: &str,
    settings: &TelemetrySettings,
) -> Result<SdkTracerProvider, TelemetryError> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .build()
        .map_err(TelemetryError::Otlp)?;
    let share = f64::from(settings.sample_percent.min(100)) / 100.0;
    let resource = Resource::builder()
        .with_service_name(format!("helder-{service}"))
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(
            share,
        ))))
        .with_resource(resource)
        .build())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use uuid::Uuid;

    use super::*;

    #[derive(Clone, Default)]
    struct Said(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Said {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn libraries_say_nothing_below_info_whatever_the_filter_asks() {
        let said = Said::default();
        let writer = said.clone();
        let lines = fmt::layer().with_writer(move || writer.clone());
        let filter = EnvFilter::try_new("trace")
            .unwrap()
            .and(filter_fn(is_discreet));
        let subscriber = tracing_subscriber::registry().with(lines.with_filter(filter));
        tracing::subscriber::with_default(subscriber, || {
            tracing::debug!(target: "actix_web::types::path", "a path of theirs");
            tracing::info!(target: "actix_server", "a start of theirs");
            tracing::trace!(target: "helder_ingest::upload", "a step of ours");
            tracing::debug!(target: "audit", "a line of ours");
        });
        let said = String::from_utf8(said.0.lock().unwrap().clone()).unwrap();
        assert!(!said.contains("a path of theirs"), "{said}");
        for line in ["a start of theirs", "a step of ours", "a line of ours"] {
            assert!(said.contains(line), "{line}: {said}");
        }
    }

    #[tokio::test]
    async fn a_line_names_the_request_it_is_about() {
        let kept = Said::default();
        let writer = kept.clone();
        let layer = fmt::layer()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .event_format(Line);
        let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
        let id = Uuid::from_u128(7);
        REQUEST_ID
            .scope(id, async { tracing::warn!(rows = 3, "inside") })
            .await;
        tracing::info!("outside");
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].contains(" WARN helder_platform::telemetry::tests: inside rows=3"));
        assert!(lines[0].ends_with(&format!(" id={id}")), "{text}");
        assert!(lines[1].ends_with(" INFO helder_platform::telemetry::tests: outside"));
    }
}
