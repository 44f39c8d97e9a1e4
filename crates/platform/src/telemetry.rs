//! Logs, and traces to an OpenTelemetry collector where one is configured.
//!
//! Lines and spans hold routes, identifiers and counts, never values that people typed or that stand in data. Libraries know
//! nothing of that promise: what they say below `info` may hold whole paths or queries, so it is said nowhere, whatever the
//! filter asks.

mod escaped;
mod fields;
mod gathered;
#[cfg(test)]
mod said;
mod spans;

use std::{
    fmt::Write as _,
    fs::OpenOptions,
    io::{self, IsTerminal as _},
    sync::OnceLock,
    time::Duration,
};

use opentelemetry::trace::{TraceContextExt as _, TracerProvider};
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{FilterExt, LevelFilter, filter_fn},
    fmt::{
        self, FmtContext, FormatEvent, FormatFields,
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};
use uuid::Uuid;

use self::{
    fields::Fields,
    gathered::{Gathered, Gatherer},
};
use crate::{
    config::TelemetrySettings,
    metrics::{Counter, Family, Points, otlp},
    problem::REQUEST_ID,
    trace::{Inbound, TraceParent},
};

/// Sendings of numbers that failed.
pub(crate) static DROPPED_EXPORTS: Counter = Counter::new();

/// Which process this is, among the replicas of a program: `service.instance.id`, drawn at the start.
pub(crate) fn instance() -> &'static str {
    static DRAWN: OnceLock<String> = OnceLock::new();
    DRAWN.get_or_init(|| Uuid::new_v4().to_string())
}

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
    numbers: Option<otlp::Sender>,
    // Last, so that it can still be told what went wrong.
    _log: Gatherer,
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        self.numbers.take();
        if let Some(traces) = self.traces.take()
            && let Err(error) = traces.shutdown_with_timeout(Duration::from_secs(2))
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
        .map(|endpoint| spans::provider(service, endpoint, settings))
        .transpose()
        .map_err(TelemetryError::Otlp)?;
    let spans = traces.as_ref().map(|traces| {
        let layer = tracing_opentelemetry::layer().with_tracer(traces.tracer("helder"));
        layer.with_filter(filter_fn(|it| is_own(it) && *it.level() <= Level::INFO))
    });
    let (lines, log) = lines(settings)?;
    // Without a hint from both, every event that libraries trace is looked at, though nobody wants it.
    let discreet = filter_fn(is_discreet).with_max_level_hint(LevelFilter::TRACE);
    tracing_subscriber::registry()
        .with(lines.with_filter(filter.and(discreet)))
        .with(spans)
        .try_init()
        .map_err(|_| TelemetryError::Started)?;
    if traces.is_some() {
        crate::trace::exported_from_now_on();
    }
    let interval = Duration::from_secs(settings.metrics_interval_s.max(1));
    let numbers = settings.otlp_endpoint.as_deref();
    let numbers = numbers.map(|endpoint| otlp::Sender::start(service, endpoint, interval));
    Ok(Telemetry {
        traces,
        numbers: numbers.transpose().map_err(TelemetryError::Thread)?,
        _log: log,
    })
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
        let layer = layer.event_format(Line).fmt_fields(Fields);
        return Ok((layer.boxed(), log));
    }
    // These show the request in the spans around a line.
    crate::trace::written_from_now_on();
    let layer = if settings.json {
        let form = fmt::format().json();
        let fields = fmt::format::JsonFields::new();
        layer.event_format(Json(form)).fmt_fields(fields).boxed()
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
        if let Some((trace, span)) = whereabouts() {
            write!(writer, " trace_id={trace}")?;
            if let Some(span) = span {
                write!(writer, " span_id={span}")?;
            }
        }
        writeln!(writer)
    }
}

/// A line of JSON that names its trace and span, too.
struct Json(fmt::format::Format<fmt::format::Json>);

impl<S, N> FormatEvent<S, N> for Json
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
        let Some((trace, span)) = whereabouts() else {
            return self.0.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.0
            .format_event(context, Writer::new(&mut line), event)?;
        let mut at = format!("{{\"trace_id\":\"{trace}\",");
        if let Some(span) = span {
            write!(at, "\"span_id\":\"{span}\",")?;
        }
        // Both are hex digits and need no escapes.
        write!(writer, "{at}{}", line.strip_prefix('{').unwrap_or(&line))
    }
}

/// Trace and span of what this task does: of the span that is exported; else the trace that the request came with.
fn whereabouts() -> Option<(String, Option<String>)> {
    let exported = opentelemetry::Context::map_current(|context| {
        let span = context.span();
        let span = span.span_context();
        let names = || {
            (
                span.trace_id().to_string(),
                Some(span.span_id().to_string()),
            )
        };
        span.is_valid().then(names)
    });
    exported.or_else(|| {
        let parent = Inbound::current().traceparent?;
        Some((TraceParent::parse(&parent)?.trace.to_owned(), None))
    })
}

/// What telemetry itself had to drop.
pub(crate) fn dropped() -> Family {
    let of = |signal: &str, counter: &Counter| {
        let labels = vec![("helder.signal", signal.to_owned())];
        (labels, counter.get())
    };
    Family {
        name: "helder.telemetry.dropped",
        help: "Spans that did not fit the queue or that no collector took, sendings of numbers that failed, lines of the log that could not be written.",
        unit: "{item}",
        points: Points::Counter(vec![
            of("traces", &spans::DROPPED),
            of("metrics", &DROPPED_EXPORTS),
            of("logs", &gathered::DROPPED),
        ]),
    }
}

#[cfg(test)]
mod tests {
    use super::{said::Said, *};

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
        let said = said.text();
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
            .event_format(Line)
            .fmt_fields(Fields);
        let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
        let id = Uuid::from_u128(7);
        REQUEST_ID
            .scope(id, async { tracing::warn!(rows = 3, "inside") })
            .await;
        tracing::info!("outside");
        let text = kept.text();
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].contains(" WARN helder_platform::telemetry::tests: inside rows=3"));
        assert!(lines[0].ends_with(&format!(" id={id}")), "{text}");
        assert!(lines[1].ends_with(" INFO helder_platform::telemetry::tests: outside"));
    }
}
