//! Numbers as text, for a scraper.

use std::fmt::Write as _;

use super::{BOUNDS_S, Family, Labels, Points};

/// Media type of [`text`].
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The exposition format, version 0.0.4.
///
/// # Source
/// Names as the OpenTelemetry specification says it of Prometheus and `OpenMetrics`: dots become `_`, the unit is
/// spelled out at the end, a counter ends in `_total`.
pub fn text(families: &[Family]) -> String {
    let mut out = String::new();
    for family in families {
        let name = name(family);
        let kind = match family.points {
            Points::Counter(_) => "counter",
            Points::Gauge(_) => "gauge",
            Points::Histogram(_) => "histogram",
        };
        // Writing into memory cannot fail.
        let _ = writeln!(out, "# HELP {name} {}\n# TYPE {name} {kind}", family.help);
        match &family.points {
            Points::Counter(points) => {
                for (labels, value) in points {
                    let _ = writeln!(out, "{name}{} {value}", in_braces(labels, None));
                }
            }
            Points::Gauge(points) => {
                for (labels, value) in points {
                    let _ = writeln!(out, "{name}{} {value}", in_braces(labels, None));
                }
            }
            Points::Histogram(points) => {
                for (labels, spread) in points {
                    let mut below = 0;
                    let bounds = BOUNDS_S.iter().map(ToString::to_string);
                    let bounds = bounds.chain(["+Inf".to_owned()]);
                    for (bound, count) in bounds.zip(&spread.buckets) {
                        below += count;
                        let labels = in_braces(labels, Some(&bound));
                        let _ = writeln!(out, "{name}_bucket{labels} {below}");
                    }
                    let labels = in_braces(labels, None);
                    let _ = writeln!(out, "{name}_sum{labels} {}", spread.sum_s);
                    let _ = writeln!(out, "{name}_count{labels} {below}");
                }
            }
        }
    }
    out
}

fn name(family: &Family) -> String {
    let mut name = family.name.replace('.', "_");
    match family.unit {
        "s" => name.push_str("_seconds"),
        "By" => name.push_str("_bytes"),
        _ => {}
    }
    if matches!(family.points, Points::Counter(_)) {
        name.push_str("_total");
    }
    name
}

fn in_braces(labels: &Labels, bound: Option<&str>) -> String {
    let mut parts: Vec<String> = labels
        .iter()
        .map(|(key, value)| {
            let value = value
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n");
            format!("{}=\"{value}\"", key.replace('.', "_"))
        })
        .collect();
    parts.extend(bound.map(|bound| format!("le=\"{bound}\"")));
    if parts.is_empty() {
        String::new()
    } else {
        format!("{{{}}}", parts.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Snapshot;
    use super::*;

    #[test]
    fn a_scraper_can_read_it() {
        let mut buckets = vec![0; BOUNDS_S.len() + 1];
        (buckets[0], buckets[17]) = (2, 1);
        let families = [
            Family {
                name: "helder.cache.lookups",
                help: "Looked.",
                unit: "{lookup}",
                points: Points::Counter(vec![(vec![("helder.cache", "a\"b\n".to_owned())], 7)]),
            },
            Family {
                name: "http.server.request.duration",
                help: "How long.",
                unit: "s",
                points: Points::Histogram(vec![(
                    Vec::new(),
                    Snapshot {
                        buckets,
                        sum_s: 11.5,
                    },
                )]),
            },
        ];
        let text = text(&families);
        for line in [
            "# TYPE helder_cache_lookups_total counter",
            "helder_cache_lookups_total{helder_cache=\"a\\\"b\\n\"} 7",
            "http_server_request_duration_seconds_bucket{le=\"0.0005\"} 2",
            "http_server_request_duration_seconds_bucket{le=\"10\"} 2",
            "http_server_request_duration_seconds_bucket{le=\"+Inf\"} 3",
            "http_server_request_duration_seconds_sum 11.5",
            "http_server_request_duration_seconds_count 3",
        ] {
            assert!(text.lines().any(|it| it == line), "{line}\n{text}");
        }
    }
}
