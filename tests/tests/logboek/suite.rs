//! The demands on a reading interface, and on an application that can be told to process something.

use reqwest::{Client, Method};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::records::{Schemas, faults};

/// What is tested.
#[derive(Clone, Debug, Default)]
pub(crate) struct Subject {
    /// Base of the reading interface.
    pub(crate) url: String,
    /// Token for it.
    pub(crate) token: Option<String>,
    /// How to have something processed.
    pub(crate) acts: Vec<Act>,
    /// A trace that is on record.
    pub(crate) known: Option<String>,
    /// Prefixes of extensions that are set there, `dpl.objects.`.
    pub(crate) set_extensions: Vec<String>,
}

/// A way to have something processed.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Act {
    pub(crate) kind: Kind,
    #[serde(default = "one")]
    pub(crate) subjects: usize,
    pub(crate) method: String,
    pub(crate) url: String,
    #[serde(default)]
    pub(crate) token: Option<String>,
    #[serde(default)]
    pub(crate) headers: Map<String, Value>,
    pub(crate) body: Value,
    #[serde(default)]
    pub(crate) processing_activity_id: Option<String>,
}

/// What an act is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    One,
    Several,
    Refused,
}

const fn one() -> usize {
    1
}

/// The span under which acts are asked.
const CALLER: &str = "00f067aa0ba902b7";

/// Runs every demand; gives those that are not met, as `id: what`, and how many were looked at.
pub(crate) async fn run(subject: &Subject) -> (Vec<String>, usize) {
    let mut suite = Suite {
        client: Client::new(),
        subject,
        schemas: Schemas::load(),
        faults: Vec::new(),
        looked_at: 0,
    };
    suite.refusals().await;
    let mut traces: Vec<_> = subject.known.iter().cloned().collect();
    for (number, act) in subject.acts.iter().enumerate() {
        let trace = suite.act(act, number).await;
        if act.kind == Kind::One {
            traces.insert(0, trace);
        }
    }
    if let Some(trace) = traces.first() {
        suite.keys(trace).await;
    }
    (suite.faults, suite.looked_at)
}

struct Suite<'a> {
    client: Client,
    subject: &'a Subject,
    schemas: Schemas,
    faults: Vec<String>,
    looked_at: usize,
}

impl Suite<'_> {
    fn demand(&mut self, is_met: bool, what: &str) {
        self.looked_at += 1;
        if !is_met {
            self.faults.push(what.to_owned());
        }
    }

    async fn ask(&self, query: &Value, token: Option<&String>) -> (u16, Value) {
        let url = format!(
            "{}/processing-activities",
            self.subject.url.trim_end_matches('/')
        );
        let mut request = self.client.post(url).json(query);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or_default())
    }

    /// Records that fit a query.
    async fn records(&mut self, query: Value) -> Vec<Value> {
        let (status, mut answer) = self.ask(&query, self.subject.token.as_ref()).await;
        let list = answer["processingActivities"].take();
        let is_list = status == 200 && list.is_array();
        self.demand(is_list, &format!("L4: {status} instead of a list"));
        list.as_array().cloned().unwrap_or_default()
    }

    /// L1 to L4.
    async fn refusals(&mut self) {
        let token = self.subject.token.clone();
        for query in [
            json!({}),
            json!({"startTime": 1}),
            json!({"traceId": "no trace"}),
        ] {
            let (status, problem) = self.ask(&query, token.as_ref()).await;
            self.demand(status == 400, &format!("L1: {status} for {query}"));
            let is_problem = problem["status"] == 400
                && problem["title"].is_string()
                && problem["detail"].is_string();
            self.demand(is_problem, "L2: a refusal without status, title and detail");
        }
        if token.is_some() {
            let query = json!({"traceId": "4bf92f35-77b3-4da6-a3ce-929d0e0e4736"});
            let (status, _) = self.ask(&query, None).await;
            self.demand(status == 401, &format!("L3: {status} without a token"));
        }
        let nowhere = uuid(u128::from(u64::MAX) << 8);
        let found = self.records(json!({"traceId": nowhere})).await;
        self.demand(found.is_empty(), "L4: records of a trace that never was");
    }

    /// W1 to W5: asks for an act, looks at once whether it is on record, and gives its trace.
    async fn act(&mut self, act: &Act, number: usize) -> String {
        let seed = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap();
        let trace = (seed.as_nanos() << 16) | (number as u128 + 1);
        let method: Method = act.method.parse().unwrap();
        let mut request = self
            .client
            .request(method, &act.url)
            // Not sampled: the log is complete all the same.
            .header("traceparent", format!("00-{trace:032x}-{CALLER}-00"))
            .json(&act.body);
        for (name, value) in &act.headers {
            request = request.header(name, value.as_str().unwrap_or_default());
        }
        if let Some(token) = &act.token {
            request = request.bearer_auth(token);
        }
        let status = request.send().await.unwrap().status();
        let is_refused = act.kind == Kind::Refused;
        let is_as_said =
            status.is_client_error() == is_refused && status.is_success() != is_refused;
        self.demand(
            is_as_said,
            &format!("{:?}: the application answered {status}", act.kind),
        );
        let trace = uuid(trace);
        let records = self.records(json!({"traceId": trace})).await;
        self.demand(
            !records.is_empty(),
            "W1: answered, and not on record (W2: sampled=0 was sent)",
        );
        let found = faults(&records, &self.schemas, &self.subject.set_extensions);
        self.looked_at += records.len();
        self.faults.extend(found);
        let is_in_trace = |it: &Value| it["traceId"].as_str() == Some(trace.as_str());
        self.demand(
            records.iter().all(is_in_trace),
            "L5: records of another trace",
        );
        let top: Vec<_> = records
            .iter()
            .filter(|it| it["parentSpanId"] == CALLER)
            .cloned()
            .collect();
        self.demand(
            top.len() == 1,
            "W1: not one record under the span that asked",
        );
        let names_caller = top
            .iter()
            .all(|it| it["attributes"]["dpl.core.foreign_operation.processor"].is_string());
        self.demand(names_caller, "W5: who called is not said");
        self.people(act, &records, &top);
        trace
    }

    fn people(&mut self, act: &Act, records: &[Value], top: &[Value]) {
        let person = |it: &Value| it["attributes"]["dpl.core.data_subject_id"].is_string();
        let people: Vec<_> = records.iter().filter(|it| person(it)).collect();
        match act.kind {
            Kind::One => {
                self.demand(people.len() == 1, "W3: not one record of one person");
            }
            Kind::Several => {
                self.demand(
                    people.len() == act.subjects,
                    "W3: not one record for each person",
                );
                let parent = top.first().map(|it| it["spanId"].clone());
                let are_below = people
                    .iter()
                    .all(|it| Some(&it["parentSpanId"]) == parent.as_ref());
                self.demand(are_below, "W3: people not under one act of the application");
            }
            Kind::Refused => {}
        }
        let expected: &[&str] = match act.kind {
            Kind::Refused => &["Unset"],
            Kind::One | Kind::Several => &["Unset", "Ok"],
        };
        let are_so = records.iter().all(|it| {
            it["status"]
                .as_str()
                .is_some_and(|it| expected.contains(&it))
        });
        self.demand(are_so, &format!("W4: a status other than {expected:?}"));
        if let Some(activity) = &act.processing_activity_id {
            let is_activity = |it: &Value| {
                it["attributes"]["dpl.core.processing_activity_id"].as_str() == Some(activity)
            };
            self.demand(records.iter().all(is_activity), "C3: another activity");
        }
    }

    /// L5: the same record by every key.
    async fn keys(&mut self, trace: &str) {
        let records = self.records(json!({"traceId": trace})).await;
        let with_person = records
            .iter()
            .find(|it| it["attributes"]["dpl.core.data_subject_id"].is_string());
        let Some(record) = with_person.cloned() else {
            self.demand(false, "L5: no record of a person in the trace");
            return;
        };
        let attributes = &record["attributes"];
        let mut query = Map::new();
        for key in [
            "dpl.core.data_subject_id",
            "dpl.core.processing_activity_id",
        ] {
            query.insert(key.to_owned(), attributes[key].clone());
        }
        query.insert("startTime".to_owned(), record["startTime"].clone());
        query.insert("endTime".to_owned(), record["endTime"].clone());
        let found = self.records(Value::Object(query.clone())).await;
        self.demand(
            found.contains(&record),
            "L5: not found by person, activity and time",
        );
        for (key, value) in [
            (
                "dpl.core.data_subject_id",
                json!("ffffffffffffffffffffffffffffffff"),
            ),
            (
                "dpl.core.processing_activity_id",
                json!("https://example.org/none"),
            ),
            (
                "endTime",
                json!(record["endTime"].as_u64().unwrap_or(1) - 1),
            ),
            (
                "startTime",
                json!(record["startTime"].as_u64().unwrap_or(0) + 86_400_000),
            ),
        ] {
            let mut other = query.clone();
            other.insert(key.to_owned(), value);
            let found = self.records(Value::Object(other)).await;
            let is_out = !found.contains(&record);
            self.demand(is_out, &format!("L5: {key} does not narrow"));
        }
        for key in [
            "dpl.core.data_subject_id",
            "dpl.core.processing_activity_id",
        ] {
            let found = self.records(json!({key: attributes[key]})).await;
            let fits = |it: &Value| it["attributes"][key] == attributes[key];
            let are_of_it = !found.is_empty() && found.iter().all(fits);
            self.demand(are_of_it, &format!("L5: records by {key}"));
        }
    }
}

fn uuid(bytes: u128) -> String {
    let hex = format!("{bytes:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}
