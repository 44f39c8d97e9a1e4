//! Compares what clients were told with what the platform says afterwards.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    journey::{self, People, id},
    kills::ROWS,
    ledger::{Kind, Ledger},
    made::Made,
    support::{Caller, activities, every},
};

/// Who asks for what.
pub(crate) fn who(people: &People, kind: Kind) -> Caller {
    match kind {
        Kind::Project => &people.owner,
        Kind::Source | Kind::Dataset | Kind::Upload | Kind::Linkage => &people.steward,
        Kind::Frame | Kind::Batch => &people.analyst,
        Kind::Prediction => &people.consumer,
    }
    .clone()
}

/// What was there before the first kill.
pub(crate) struct Before {
    linkages: usize,
    batches: usize,
    events: u64,
}

impl Before {
    pub(crate) async fn of(people: &People) -> Self {
        let events = verified(people).await;
        Self {
            linkages: every(&people.steward, "/linkage/v1/linkage-runs")
                .await
                .len(),
            batches: every(&people.analyst, "/prediction/v1/batches").await.len(),
            events: events["events"].as_u64().unwrap(),
        }
    }
}

/// Of one that is written out.
const UUID_LENGTH: usize = 36;

async fn verified(people: &People) -> Value {
    let path = "/registry/v1/events/_verify";
    let found = people.auditor.post(path, &json!({})).await.json();
    assert_eq!(found["valid"], true, "{found}");
    found
}

/// How often each name is in a list.
fn names(items: &[Value], kind: Kind) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let names = items.iter().filter_map(|item| item["name"].as_str());
    for name in names.filter(|name| name.starts_with(&format!("{kind:?} "))) {
        *counts.entry(name.to_owned()).or_default() += 1;
    }
    counts
}

/// Rows that are there at once: each exactly once, whole, and with one line in the event log.
pub(crate) async fn check_rows(people: &People, ledger: &Ledger, before: &Before) {
    for (kind, list) in [
        (Kind::Project, "/registry/v1/projects"),
        (Kind::Source, "/ingest/v1/sources"),
        (Kind::Dataset, "/ingest/v1/datasets"),
        (Kind::Frame, "/training/v1/frames"),
    ] {
        let told = ledger.acknowledged(kind);
        let found = names(&every(&who(people, kind), list).await, kind);
        let once = told
            .keys()
            .map(|name| (name.clone(), 1))
            .collect::<BTreeMap<_, _>>();
        println!("{kind:?}: {} acknowledged", told.len());
        assert!(!told.is_empty());
        assert_eq!(found, once, "{kind:?}");
    }
    let projects = ledger.acknowledged(Kind::Project);
    for told in projects.values().step_by(1 + projects.len() / 50) {
        let path = format!("/registry/v1/projects/{}", id(told));
        assert_eq!(people.owner.get(&path).await.json(), *told);
    }
    let events = verified(people).await["events"].as_u64().unwrap();
    assert!(events >= before.events + projects.len() as u64);
    let log = every(&people.auditor, "/registry/v1/events").await;
    assert_eq!(log.len() as u64, events);
    let objects = log.iter().filter_map(|event| event["object"].as_str());
    let mut lines = BTreeMap::<&str, usize>::new();
    for object in objects {
        let words = object.split(|at: char| !at.is_ascii_hexdigit() && at != '-');
        for id in words.filter(|word| word.len() == UUID_LENGTH) {
            *lines.entry(id).or_default() += 1;
        }
    }
    for told in projects.values() {
        let count = lines.get(id(told).as_str());
        assert_eq!(count, Some(&1), "one line for {told}");
    }
}

/// Jobs: each ends well, and has done its work once.
pub(crate) async fn check_jobs(people: &People, ledger: &Ledger, before: &Before, made: &Made) {
    let mut digests = BTreeMap::<Kind, BTreeSet<String>>::new();
    let mut results = BTreeSet::new();
    for (kind, folder, outcome) in [
        (Kind::Upload, "/ingest/v1/jobs/", "/parts/analysis/digest"),
        (Kind::Frame, "/training/v1/jobs/", "/outcome/digest"),
        (
            Kind::Linkage,
            "/linkage/v1/jobs/",
            "/outcome/linkedDataset/digest",
        ),
        (Kind::Batch, "/prediction/v1/jobs/", "/outcome/resultDigest"),
    ] {
        let (caller, told) = (who(people, kind), ledger.acknowledged(kind));
        println!("{kind:?}: {} acknowledged", told.len());
        assert!(!told.is_empty(), "{kind:?}");
        for answer in told.values() {
            // The answer is the job, or names it.
            let job = answer["job"]
                .as_str()
                .or(answer["jobId"].as_str())
                .or(answer["id"].as_str());
            let job = job.unwrap().rsplit('/').next().unwrap().to_owned();
            let result = journey::finished(&caller, &format!("{folder}{job}")).await;
            let made = caller.get(&result).await;
            assert_eq!(made.status, 200, "{result}: {}", made.text);
            let made = made.json();
            let digest = made.pointer(outcome).and_then(Value::as_str);
            let digest = digest.unwrap_or_else(|| panic!("{made}")).to_owned();
            if kind == Kind::Upload {
                assert_eq!(
                    (&made["number"], &made["rowsIn"]),
                    (&json!(1), &json!(ROWS)),
                    "{made}"
                );
                let versions = format!(
                    "/ingest/v1/datasets/{}/dataset-versions",
                    made["datasetId"].as_str().unwrap()
                );
                assert_eq!(every(&caller, &versions).await.len(), 1, "one version");
            } else {
                digests.entry(kind).or_default().insert(digest);
            }
            assert!(results.insert(result), "two jobs with one result");
        }
    }
    // The same question has one answer, whoever was killed while finding it.
    for (kind, digests) in digests {
        assert_eq!(digests.len(), 1, "{kind:?}");
    }
    let linkages = every(&people.steward, "/linkage/v1/linkage-runs")
        .await
        .len();
    assert_eq!(
        linkages,
        before.linkages + ledger.acknowledged(Kind::Linkage).len()
    );
    let batches = every(&people.analyst, "/prediction/v1/batches").await;
    assert_eq!(
        batches.len(),
        before.batches + ledger.acknowledged(Kind::Batch).len()
    );
    let rows = made.frame["outcome"]["rows"].as_u64().unwrap();
    for batch in batches {
        assert_eq!(batch["outcome"]["rowsIn"], rows, "{batch}");
    }
}

/// The processing log: one line for each prediction that was answered, at most one for each that was not, and one for each
/// person of each batch.
pub(crate) async fn check_log(people: &People, ledger: &Ledger, before: &Before) {
    let mut lines = BTreeMap::<String, usize>::new();
    for line in every(&people.auditor, "/prediction/v1/processing-records").await {
        let record = &line["record"];
        for member in ["trace_id", "span_id", "start_time", "end_time", "resource"] {
            assert!(!record[member].is_null(), "half a record: {line}");
        }
        *lines
            .entry(record["trace_id"].as_str().unwrap().to_owned())
            .or_default() += 1;
    }
    let (answered, unanswered) = ledger.traces(Kind::Prediction);
    println!(
        "Prediction: {} acknowledged, {} unknown",
        answered.len(),
        unanswered.len()
    );
    assert!(answered.len() > 20, "{}", answered.len());
    for trace in &answered {
        assert_eq!(lines.get(trace), Some(&1), "{trace}");
    }
    for trace in &unanswered {
        assert!(lines.get(trace).is_none_or(|count| *count == 1), "{trace}");
    }
    let batches = every(&people.analyst, "/prediction/v1/batches").await;
    assert!(batches.len() > before.batches);
    let activity = journey::new_project()["verwerkingsactiviteit"].clone();
    let query = json!({"dpl.core.processing_activity_id": activity});
    let records = activities(&people.auditor, "prediction", &query).await;
    // All score the same people; some have several rows.
    let results = format!("/prediction/v1/batches/{}/results", id(&batches[0]));
    let known: BTreeSet<String> = every(&people.analyst, &results)
        .await
        .iter()
        .map(|row| row["pseudonym"].to_string())
        .collect();
    assert!(known.len() > 100);
    for batch in batches {
        let of_batch = records.iter().filter(|record| {
            let facts = &record["resource"]["attributes"];
            facts["helder.batch_id"] == batch["id"] && facts["helder.job_id"].is_string()
        });
        let done: Vec<_> = of_batch.filter(|it| it["status"] == "Ok").collect();
        let (each, whole): (Vec<_>, Vec<_>) = done.into_iter().partition(|record| {
            let subject = &record["attributes"]["dpl.core.data_subject_id"];
            subject.is_string()
        });
        assert_eq!(whole.len(), 1, "on record once: {batch}");
        assert_eq!(each.len(), known.len(), "a record for each person: {batch}");
        assert!(
            each.iter()
                .all(|record| record["parentSpanId"] == whole[0]["spanId"])
        );
    }
}
