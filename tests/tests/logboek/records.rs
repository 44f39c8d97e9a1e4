//! Demands on records themselves, however they were obtained.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use jsonschema::Validator;
use serde_json::{Value, json};

/// Prefixes of attributes that may stand in `attributes`: the core's, and those of extensions that the installation calls set.
const CORE: &str = "dpl.core.";

/// The schemas that records follow: ours, and the published one where it is here.
pub(crate) struct Schemas(Vec<(&'static str, Validator)>);

impl Schemas {
    pub(crate) fn load() -> Self {
        let own: Value = serde_json::from_str(include_str!("record.schema.json")).unwrap();
        let mut all = vec![("own schema", jsonschema::validator_for(&own).unwrap())];
        match std::env::var("HELDER_REFERENCE_DATA") {
            Ok(folder) if !folder.is_empty() => {
                let schema = published(Path::new(&folder));
                all.push((
                    "published schema",
                    jsonschema::validator_for(&schema).unwrap(),
                ));
            }
            _ => helder_testkit::not_run(
                "records against the published schema; HELDER_REFERENCE_DATA names no folder",
            ),
        }
        Self(all)
    }
}

/// The published description as one JSON Schema.
fn published(folder: &Path) -> Value {
    let read = |name: &str| -> Value {
        let path = folder.join("standards/logboek-dataverwerkingen").join(name);
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    };
    let mut schemas = read("lezen.openapi.json")["components"]["schemas"].take();
    schemas["Attributes"] = read("attributes.schema.json");
    // A reference to another site, and no part of a record.
    schemas.as_object_mut().unwrap().remove("Nlgovproblem");
    json!({"$ref": "#/components/schemas/ProcessingActivity", "components": {"schemas": schemas}})
}

/// Every demand that some record does not meet, as `id: what`. All records of the traces in them must be there.
pub(crate) fn faults(records: &[Value], schemas: &Schemas, set: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    for record in records {
        for (name, schema) in &schemas.0 {
            for fault in schema.iter_errors(record) {
                let place = fault.instance_path().to_string();
                // The value could be somebody's number; the place is enough.
                faults.push(format!("L6: {place} does not follow the {name}"));
            }
        }
        faults.extend(alone(record, set));
    }
    faults.extend(together(records));
    faults
}

/// Demands on one record.
fn alone(record: &Value, set: &[String]) -> Vec<String> {
    let text = |key: &str| record[key].as_str().unwrap_or_default();
    let attribute = |key: &str| record["attributes"][key].as_str();
    let mut faults = Vec::new();
    let mut demand = |is_met: bool, what: &str| {
        if !is_met {
            faults.push(what.to_owned());
        }
    };
    let is_zero = |id: &str| id.bytes().all(|byte| matches!(byte, b'0' | b'-'));
    demand(!is_zero(text("spanId")), "C1: a span of zeros");
    demand(!is_zero(text("traceId")), "C1: a trace of zeros");
    let person = attribute("dpl.core.data_subject_id");
    let kind = attribute("dpl.core.data_subject_id_type");
    demand(
        person.is_some() == kind.is_some(),
        "C2: a person without kind, or a kind without person",
    );
    demand(
        !record["attributes"]["dpl.core.data_subject_id"].is_array(),
        "C2: several people in one record",
    );
    demand(
        person.is_none_or(|person| !is_bsn(person)),
        "C4: a burgerservicenummer in the clear",
    );
    let (start, end) = (record["startTime"].as_u64(), record["endTime"].as_u64());
    demand(start <= end, "C5: it ended before it started");
    demand(!text("name").trim().is_empty(), "C5: no name");
    let activity = attribute("dpl.core.processing_activity_id").unwrap_or_default();
    demand(activity.contains(':'), "C3: the activity is no URI");
    for key in record["attributes"]
        .as_object()
        .into_iter()
        .flat_map(|it| it.keys())
    {
        let is_set = key.starts_with(CORE) || set.iter().any(|prefix| key.starts_with(prefix));
        demand(is_set, "C7: an attribute of an extension that is not set");
    }
    faults
}

/// Demands on records of the same traces.
fn together(records: &[Value]) -> Vec<String> {
    let mut spans: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut faults = Vec::new();
    for record in records {
        let (trace, span) = (
            record["traceId"].as_str().unwrap_or_default(),
            record["spanId"].as_str().unwrap_or_default(),
        );
        if !spans.entry(trace).or_default().insert(span) {
            faults.push("C1: a span that two records have".to_owned());
        }
    }
    for record in records {
        let Some(parent) = record["parentSpanId"].as_str() else {
            continue;
        };
        let trace = record["traceId"].as_str().unwrap_or_default();
        let is_here = spans.get(trace).is_some_and(|spans| spans.contains(parent));
        let other = record["attributes"]["dpl.core.foreign_operation.processor"].is_string();
        if !is_here && !other {
            faults.push("C6: a parent that is not on record, and no other application".to_owned());
        }
    }
    faults
}

/// Nine digits that pass the eleven-test.
fn is_bsn(text: &str) -> bool {
    let digits: Vec<i32> = text
        .chars()
        .filter_map(|c| c.to_digit(10).map(|digit| digit as i32))
        .collect();
    if digits.len() != 9 || text.len() != 9 {
        return false;
    }
    let sum: i32 = digits
        .iter()
        .zip([9, 8, 7, 6, 5, 4, 3, 2, -1])
        .map(|(digit, weight)| digit * weight)
        .sum();
    sum % 11 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Vec<Value> {
        let record = |span: &str, parent: Option<&str>, person: Option<&str>| {
            let mut record = json!({
                "traceId": "4bf92f35-77b3-4da6-a3ce-929d0e0e4736", "spanId": span, "status": "Ok", "name": "x",
                "startTime": 1, "endTime": 2,
                "attributes": {"dpl.core.processing_activity_id": "https://register.example.nl/1"},
                "resource": {"attributes": {"service.name": "x"}},
            });
            if let Some(parent) = parent {
                record["parentSpanId"] = json!(parent);
            }
            if let Some(person) = person {
                record["attributes"]["dpl.core.data_subject_id"] = json!(person);
                record["attributes"]["dpl.core.data_subject_id_type"] = json!("BSN");
            }
            record
        };
        vec![
            record("00000000000000aa", None, None),
            record("00000000000000ab", Some("00000000000000aa"), Some("f00d")),
            record("00000000000000ac", Some("00000000000000aa"), Some("cafe")),
        ]
    }

    #[test]
    fn good_records_have_no_faults() {
        assert_eq!(faults(&good(), &Schemas::load(), &[]), Vec::<String>::new());
    }

    #[test]
    fn every_demand_is_missed_by_something() {
        let schemas = Schemas::load();
        let attributes = "/1/attributes";
        let cases: [(&str, String, Value); 14] = [
            (
                "L6",
                "/1/traceId".into(),
                json!("4bf92f3577b34da6a3ce929d0e0e4736"),
            ),
            ("L6", "/1/spanId".into(), json!("xyz")),
            ("L6", "/1/status".into(), json!("OK")),
            ("L6", "/1/extra".into(), json!(1)),
            ("L6", "/1/startTime".into(), json!("2026-01-01")),
            ("C1", "/1/spanId".into(), json!("00000000000000ac")),
            ("C1", "/1/spanId".into(), json!("0000000000000000")),
            (
                "C2",
                format!("{attributes}/dpl.core.data_subject_id"),
                json!(["a", "b"]),
            ),
            (
                "C3",
                format!("{attributes}/dpl.core.processing_activity_id"),
                json!("12"),
            ),
            (
                "C4",
                format!("{attributes}/dpl.core.data_subject_id"),
                json!("123456782"),
            ),
            ("C5", "/1/endTime".into(), json!(0)),
            ("C5", "/1/name".into(), json!(" ")),
            ("C6", "/1/parentSpanId".into(), json!("00000000000000ff")),
            (
                "C7",
                format!("{attributes}/dpl.objects.algorithm_id"),
                json!("https://x.example"),
            ),
        ];
        for (id, pointer, value) in cases {
            let mut records = json!(good());
            let (place, key) = pointer.rsplit_once('/').unwrap();
            records.pointer_mut(place).unwrap()[key] = value;
            let found = faults(records.as_array().unwrap(), &schemas, &[]);
            assert!(
                found.iter().any(|it| it.starts_with(id)),
                "{id} {pointer}: {found:?}"
            );
            assert!(
                !found.join(" ").contains("123456782"),
                "a fault names no value"
            );
        }
        let mut records = good();
        records[1]["attributes"]["dpl.objects.x"] = json!("y");
        assert_eq!(
            faults(&records, &schemas, &["dpl.objects.".to_owned()]),
            Vec::<String>::new()
        );
    }
}
