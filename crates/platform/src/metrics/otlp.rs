//! Numbers to an OpenTelemetry collector: OTLP over HTTP, cumulative, from a thread of its own.

use std::{
    sync::mpsc::{self, RecvTimeoutError},
    thread::{self, JoinHandle},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value},
    metrics::v1::{
        AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint,
        ResourceMetrics, ScopeMetrics, Sum, metric, number_data_point,
    },
    resource::v1::Resource,
};
use prost::Message as _;

use super::{BOUNDS_S, Family, Labels, Points, collect};
use crate::telemetry;

/// Longest wait for a collector; a slow one costs numbers, never an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The same for the last numbers, when the process stops.
const LAST_PATIENCE: Duration = Duration::from_secs(1);

/// The thread that sends. Sends once more when dropped.
pub(crate) struct Sender {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sender {
    /// Starts the thread.
    ///
    /// * `endpoint` – base address of the collector
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(
        service: &str,
        endpoint: &str,
        interval: Duration,
    ) -> std::io::Result<Self> {
        let (stop, stopped) = mpsc::channel::<()>();
        let url = format!("{}/v1/metrics", endpoint.trim_end_matches('/'));
        let (service, start) = (format!("helder-{service}"), now_ns());
        let thread = thread::Builder::new()
            .name("metrics".to_owned())
            .spawn(move || {
                // Made here: the client must not be made on a thread of the async runtime.
                let client = match reqwest::blocking::Client::builder().build() {
                    Ok(client) => client,
                    Err(error) => return tracing::error!(%error, "no numbers will be sent"),
                };
                loop {
                    let waited = stopped.recv_timeout(interval);
                    let is_last = !matches!(waited, Err(RecvTimeoutError::Timeout));
                    let body = request(&service, start, &collect()).encode_to_vec();
                    let patience = if is_last { LAST_PATIENCE } else { PATIENCE };
                    let sent = client
                        .post(&url)
                        .timeout(patience)
                        .header("content-type", "application/x-protobuf")
                        .body(body)
                        .send()
                        .and_then(reqwest::blocking::Response::error_for_status);
                    if sent.is_err() {
                        telemetry::DROPPED_EXPORTS.add(1);
                    }
                    if is_last {
                        return;
                    }
                }
            })?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // It has sent the last numbers, or given up on them.
            let _ = thread.join();
        }
    }
}

fn now_ns() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos() as u64)
}

/// What is sent.
pub(crate) fn request(
    service: &str,
    start: u64,
    families: &[Family],
) -> ExportMetricsServiceRequest {
    let now = now_ns();
    let resource: Labels = vec![
        ("service.name", service.to_owned()),
        // Numbers of two replicas are two series.
        ("service.instance.id", telemetry::instance().to_owned()),
        ("service.version", env!("CARGO_PKG_VERSION").to_owned()),
    ];
    let metrics = families.iter().map(|family| Metric {
        name: family.name.to_owned(),
        description: family.help.to_owned(),
        unit: family.unit.to_owned(),
        data: Some(data(&family.points, start, now)),
        ..Metric::default()
    });
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(Resource {
                attributes: attributes(&resource),
                ..Resource::default()
            }),
            scope_metrics: vec![ScopeMetrics {
                scope: Some(InstrumentationScope {
                    name: "helder".to_owned(),
                    ..InstrumentationScope::default()
                }),
                metrics: metrics.collect(),
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }],
    }
}

fn data(points: &Points, start: u64, now: u64) -> metric::Data {
    let number = |labels: &Labels, value| NumberDataPoint {
        attributes: attributes(labels),
        start_time_unix_nano: start,
        time_unix_nano: now,
        value: Some(value),
        ..NumberDataPoint::default()
    };
    let cumulative = AggregationTemporality::Cumulative as i32;
    match points {
        Points::Counter(points) => {
            let points = points.iter().map(|(labels, value)| {
                number(labels, number_data_point::Value::AsInt(*value as i64))
            });
            metric::Data::Sum(Sum {
                data_points: points.collect(),
                aggregation_temporality: cumulative,
                is_monotonic: true,
            })
        }
        Points::Gauge(points) => {
            let points = points
                .iter()
                .map(|(labels, value)| number(labels, number_data_point::Value::AsDouble(*value)));
            metric::Data::Gauge(Gauge {
                data_points: points.collect(),
            })
        }
        Points::Histogram(points) => {
            let points = points.iter().map(|(labels, spread)| HistogramDataPoint {
                attributes: attributes(labels),
                start_time_unix_nano: start,
                time_unix_nano: now,
                count: spread.count(),
                sum: Some(spread.sum_s),
                bucket_counts: spread.buckets.clone(),
                explicit_bounds: BOUNDS_S.to_vec(),
                ..HistogramDataPoint::default()
            });
            metric::Data::Histogram(Histogram {
                data_points: points.collect(),
                aggregation_temporality: cumulative,
            })
        }
    }
}

fn attributes(labels: &Labels) -> Vec<KeyValue> {
    let attribute = |(key, value): &(&'static str, String)| KeyValue {
        key: (*key).to_owned(),
        value: Some(AnyValue {
            value: Some(any_value::Value::StringValue(value.clone())),
        }),
        ..KeyValue::default()
    };
    labels.iter().map(attribute).collect()
}
