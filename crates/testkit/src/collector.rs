//! An OTLP/HTTP collector for tests: keeps the spans and numbers that it is sent, as bytes and taken apart.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use opentelemetry_proto::tonic::{
    collector::{metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{KeyValue, any_value::Value},
    metrics::v1::{metric, number_data_point},
};
use prost::Message as _;

/// Attributes by name.
pub type Attributes = BTreeMap<String, String>;

/// A span as it was received.
#[derive(Clone, Debug)]
pub struct CollectedSpan {
    /// 32 hex digits.
    pub trace_id: String,
    /// 16 hex digits.
    pub span_id: String,
    /// 16 hex digits; empty when it has none.
    pub parent_span_id: String,
    /// Name.
    pub name: String,
    /// `service.name` of the program.
    pub service: String,
    /// Its own attributes.
    pub attributes: Attributes,
}

/// A series as it was received last.
#[derive(Clone, Debug)]
pub struct CollectedPoint {
    /// What tells it from others.
    pub attributes: Attributes,
    /// The value; of a histogram how many it holds.
    pub value: f64,
}

/// Listens until the test ends.
#[derive(Clone)]
pub struct Collector {
    /// Where.
    pub address: SocketAddr,
    kept: Arc<Kept>,
}

#[derive(Default)]
struct Kept {
    all: Mutex<All>,
    is_silent: AtomicBool,
    requests: AtomicU64,
}

#[derive(Default)]
struct All {
    bytes: Vec<u8>,
    texts: Vec<String>,
    spans: Vec<CollectedSpan>,
    /// By name and process.
    metrics: BTreeMap<(String, String), Vec<CollectedPoint>>,
    faults: Vec<String>,
}

impl Collector {
    /// Starts listening on a free port.
    ///
    /// # Errors
    /// When there is none.
    pub fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let collector = Self {
            address: listener.local_addr()?,
            kept: Arc::default(),
        };
        let kept = Arc::clone(&collector.kept);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                thread::spawn(move || while kept.one(&stream).is_some() {});
            }
        });
        Ok(collector)
    }

    /// From now on it takes what it is sent and says nothing, as a process that was stopped; or answers again.
    pub fn silence(&self, is_silent: bool) {
        self.kept.is_silent.store(is_silent, Ordering::Release);
    }

    /// Everything received so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.all().bytes.clone()
    }

    /// Requests that came in.
    pub fn requests(&self) -> u64 {
        self.kept.requests.load(Ordering::Acquire)
    }

    /// Spans received so far.
    pub fn spans(&self) -> Vec<CollectedSpan> {
        self.all().spans.clone()
    }

    /// Every text in what was received: names, attributes, descriptions.
    pub fn texts(&self) -> Vec<String> {
        self.all().texts.clone()
    }

    /// The series of a name, of all processes; those of a process that ended stay as they were last.
    pub fn metric(&self, name: &str) -> Vec<CollectedPoint> {
        let all = self.all();
        let of_name = all.metrics.iter().filter(|((known, _), _)| known == name);
        of_name.flat_map(|(_, points)| points.clone()).collect()
    }

    /// Names of all numbers received.
    pub fn metric_names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.all().metrics.keys().map(|key| key.0.clone()).collect();
        names.dedup();
        names
    }

    /// What could not be read as OTLP.
    pub fn faults(&self) -> Vec<String> {
        self.all().faults.clone()
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.kept.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Reads and answers one request; none when the connection ends.
    fn one(&self, mut stream: &TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream);
        let (mut length, mut path) = (0, String::new());
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if let Some(rest) = line.strip_prefix("POST ") {
                rest.split(' ').next()?.clone_into(&mut path);
            }
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        self.requests.fetch_add(1, Ordering::AcqRel);
        while self.is_silent.load(Ordering::Acquire) {
            thread::sleep(Duration::from_millis(20));
        }
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.take(&path, &body);
        drop(all);
        stream
            .write_all(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n",
            )
            .ok()
    }
}

impl All {
    fn take(&mut self, path: &str, body: &[u8]) {
        self.bytes.extend_from_slice(body);
        let outcome = match path {
            "/v1/traces" => ExportTraceServiceRequest::decode(body).map(|it| self.traces(it)),
            "/v1/metrics" => ExportMetricsServiceRequest::decode(body).map(|it| self.metrics(it)),
            _ => return self.faults.push(format!("nobody is at {path}")),
        };
        if let Err(error) = outcome {
            self.faults.push(format!("{path}: {error}"));
        }
    }

    fn traces(&mut self, request: ExportTraceServiceRequest) {
        for of_resource in request.resource_spans {
            let resource = of_resource.resource.unwrap_or_default();
            let resource = self.attributes(&resource.attributes);
            let service = resource.get("service.name").cloned().unwrap_or_default();
            let spans = of_resource.scope_spans.into_iter();
            for span in spans.flat_map(|scope| scope.spans) {
                let attributes = self.attributes(&span.attributes);
                for event in &span.events {
                    self.texts.push(event.name.clone());
                    self.attributes(&event.attributes);
                }
                let status = span.status.unwrap_or_default();
                self.texts.extend([span.name.clone(), status.message]);
                self.spans.push(CollectedSpan {
                    trace_id: hex(&span.trace_id),
                    span_id: hex(&span.span_id),
                    parent_span_id: hex(&span.parent_span_id),
                    name: span.name,
                    service: service.clone(),
                    attributes,
                });
            }
        }
    }

    fn metrics(&mut self, request: ExportMetricsServiceRequest) {
        for of_resource in request.resource_metrics {
            let resource = of_resource.resource.unwrap_or_default();
            let resource = self.attributes(&resource.attributes);
            let of = |name| resource.get(name).map_or("", String::as_str);
            let process = format!("{} {}", of("service.name"), of("service.instance.id"));
            let metrics = of_resource.scope_metrics.into_iter();
            for metric in metrics.flat_map(|scope| scope.metrics) {
                self.texts.extend([metric.name.clone(), metric.description]);
                let points = match metric.data {
                    Some(metric::Data::Sum(sum)) => self.numbers(sum.data_points),
                    Some(metric::Data::Gauge(gauge)) => self.numbers(gauge.data_points),
                    Some(metric::Data::Histogram(histogram)) => {
                        let points = histogram.data_points.into_iter();
                        points
                            .map(|point| CollectedPoint {
                                attributes: self.attributes(&point.attributes),
                                value: point.count as f64,
                            })
                            .collect()
                    }
                    _ => Vec::new(),
                };
                self.metrics.insert((metric.name, process.clone()), points);
            }
        }
    }

    fn numbers(
        &mut self,
        points: Vec<opentelemetry_proto::tonic::metrics::v1::NumberDataPoint>,
    ) -> Vec<CollectedPoint> {
        let point =
            |point: opentelemetry_proto::tonic::metrics::v1::NumberDataPoint| CollectedPoint {
                attributes: self.attributes(&point.attributes),
                value: match point.value {
                    Some(number_data_point::Value::AsDouble(value)) => value,
                    Some(number_data_point::Value::AsInt(value)) => value as f64,
                    None => f64::NAN,
                },
            };
        points.into_iter().map(point).collect()
    }

    /// Attributes as texts, which are kept too.
    fn attributes(&mut self, attributes: &[KeyValue]) -> Attributes {
        let mut found = Attributes::new();
        for attribute in attributes {
            let value = attribute.value.as_ref().and_then(|it| it.value.as_ref());
            let text = match value {
                Some(Value::StringValue(text)) => text.clone(),
                Some(Value::IntValue(number)) => number.to_string(),
                Some(Value::DoubleValue(number)) => number.to_string(),
                Some(Value::BoolValue(flag)) => flag.to_string(),
                other => format!("{other:?}"),
            };
            self.texts.extend([attribute.key.clone(), text.clone()]);
            found.insert(attribute.key.clone(), text);
        }
        found
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into memory cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
