//! Logboek Dataverwerkingen: every act on personal data of a whole run is on record, per person, and can be read.

#[path = "../logboek/records.rs"]
mod records;
#[path = "../logboek/suite.rs"]
mod suite;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
    process::Stdio,
    time::Duration,
};

use helder_testkit::Platform;
use helder_types::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    journey::{self, People, id},
    made::{PREDICT, active, predicted, subject},
    municipality::PEOPLE,
    support::{HERE, activities, answer, every},
};
use suite::{Act, Kind, Subject};

fn by_activity() -> Value {
    let activity = journey::new_project()["verwerkingsactiviteit"].clone();
    json!({"dpl.core.processing_activity_id": activity})
}

fn person(record: &Value) -> Option<&str> {
    record["attributes"]["dpl.core.data_subject_id"].as_str()
}

/// Records by what was done.
fn by_name(records: &[Value]) -> BTreeMap<&str, Vec<&Value>> {
    let mut names: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for record in records {
        let name = record["name"].as_str().unwrap();
        names.entry(name).or_default().push(record);
    }
    names
}

#[tokio::test]
async fn helder_conforms_to_the_logboek_and_every_act_is_on_record() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let made = active(&platform, &people).await;
    predicted(&people.consumer).await;
    conforms(&platform).await;

    // A batch, its results, the links and a pair of them, as people look at them.
    let frame = &made.frame["outcome"]["datasetVersionId"];
    let batch = json!({"model": "dreigende-dakloosheid", "datasetVersionId": frame});
    let batch = journey::run(&people.analyst, "/prediction/v1/batches", &batch).await;
    let results = format!("/prediction/v1/batches/{}/results?limit=5", id(&batch));
    assert_eq!(people.analyst.get(&results).await.status, 200);
    let run = format!("/linkage/v1/linkage-runs/{}", id(&made.linkage));
    let links = people.steward.get(&format!("{run}/links?limit=3")).await;
    let pair = links.json()["items"][0].clone();
    let pair = json!({"leftRow": pair["leftRow"], "rightRow": pair["rightRow"]});
    people
        .steward
        .create(&format!("{run}/waterfalls"), pair)
        .await;

    let schemas = records::Schemas::load();
    let mut all = BTreeMap::new();
    for service in ["ingest", "linkage", "training", "prediction"] {
        let found = activities(&people.auditor, service, &by_activity()).await;
        let faults: BTreeSet<_> = records::faults(&found, &schemas, &[]).into_iter().collect();
        assert!(faults.is_empty(), "{service}: {faults:?}");
        println!("{service}: {} records", found.len());
        all.insert(service, found);
    }
    let each = |service: &str, name: &str| -> Vec<Value> {
        let names = by_name(&all[service]);
        let found = names
            .get(name)
            .unwrap_or_else(|| panic!("{service}: no {name}: {:?}", names.keys()));
        found
            .iter()
            .filter(|it| person(it).is_some())
            .map(|it| (*it).clone())
            .collect()
    };
    let uploads = each("ingest", "dataset version from an upload");
    let parents: BTreeSet<_> = uploads
        .iter()
        .map(|it| it["parentSpanId"].to_string())
        .collect();
    assert_eq!(parents.len(), 3, "three files");
    assert!(
        uploads.len() >= 2 * PEOPLE,
        "{} people in uploads",
        uploads.len()
    );
    assert!(each("linkage", "linkage run").len() >= PEOPLE);
    assert_eq!(each("linkage", "links shown").len(), 3);
    assert_eq!(each("linkage", "explanation of a pair").len(), 2);
    // The frame has several rows for some.
    let results = format!("/prediction/v1/batches/{}/results", id(&batch));
    let rows = every(&people.analyst, &results).await;
    let known: BTreeSet<_> = rows
        .iter()
        .map(|row| row["pseudonym"].as_str().unwrap())
        .collect();
    let names = |found: &[Value]| -> BTreeSet<String> {
        let names = found.iter().filter_map(person);
        names.map(str::to_owned).collect()
    };
    let scored = each("prediction", "prediction batch dreigende-dakloosheid");
    assert_eq!(scored.len(), known.len());
    assert_eq!(names(&scored).len(), known.len());
    assert!(known.len() > PEOPLE / 2 && rows.len() > known.len());
    for name in ["frame", "training run"] {
        let found = names(&each("training", name));
        assert!(found.is_superset(&names(&scored)), "{name}");
    }
    // Five rows, of at most five people.
    assert!((2..=5).contains(&each("prediction", "batch results shown").len()));
    one_person(&people, &all["ingest"]).await;
    the_model_is_named(&all["prediction"]);
}

/// A person is found in all services, by pseudonym.
async fn one_person(people: &People, ingest: &[Value]) {
    let of_bsn = |it: &&Value| it["attributes"]["dpl.core.data_subject_id_type"] == "BSN";
    let somebody = ingest.iter().find(of_bsn).and_then(person).unwrap();
    let query = json!({"dpl.core.data_subject_id": somebody});
    for (service, least) in [("ingest", 2), ("linkage", 1), ("training", 1)] {
        let found = activities(&people.auditor, service, &query).await;
        assert!(found.len() >= least, "{service}: {found:?}");
        assert!(found.iter().all(|it| person(it) == Some(somebody)));
    }
    // That it was read is on record, with the person and in the audit trail.
    let reading = json!({"dpl.core.processing_activity_id": "urn:helder:activity:logboek-lezen",
        "dpl.core.data_subject_id": somebody});
    assert!(
        !activities(&people.auditor, "ingest", &reading)
            .await
            .is_empty()
    );
    // Who may not read it, does not.
    for caller in [&people.analyst, &people.steward, &people.consumer] {
        let reply = caller
            .post("/ingest/v1/processing-activities", &query)
            .await;
        reply.assert_problem(403);
    }
}

/// The model stands in `resource`, not among the attributes of the core.
fn the_model_is_named(prediction: &[Value]) {
    let of_model = prediction.iter().filter(|it| {
        let facts = &it["resource"]["attributes"];
        facts["helder.model_digest"].is_string() && facts["helder.model_version_id"].is_string()
    });
    assert!(of_model.count() > 3);
}

/// The suite that anybody can run, against the predictions of Helder.
async fn conforms(platform: &Platform) {
    let token = |role| platform.token(role, HERE).unwrap();
    let several: Vec<Value> = (1..=3)
        .map(|number| {
            let mut one = subject()["subjects"][0].clone();
            one["id"] = json!(format!("client-{number}"));
            one
        })
        .collect();
    let act = |kind, subjects, body| Act {
        kind,
        subjects,
        method: "POST".to_owned(),
        url: format!("{}{PREDICT}", platform.url()),
        token: Some(token(Role::Consumer)),
        headers: serde_json::Map::new(),
        body,
        processing_activity_id: journey::new_project()["verwerkingsactiviteit"]
            .as_str()
            .map(str::to_owned),
    };
    let subject = Subject {
        url: format!("{}/prediction/v1", platform.url()),
        token: Some(token(Role::Auditor)),
        acts: vec![
            act(Kind::One, 1, subject()),
            act(Kind::Several, 3, json!({"subjects": several})),
            act(
                Kind::Refused,
                0,
                json!({"subjects": [{"values": {"leeftijd": "x"}}]}),
            ),
        ],
        ..Subject::default()
    };
    let (faults, looked_at) = suite::run(&subject).await;
    println!("the suite: {looked_at} demands looked at");
    assert!(
        faults.is_empty(),
        "{} not met:\n{}",
        faults.len(),
        faults.join("\n")
    );
    assert!(looked_at > 40, "{looked_at}");
}

#[tokio::test]
async fn a_person_is_found_by_number_without_leaving_it_anywhere() {
    let mut platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    active(&platform, &people).await;
    predicted(&people.consumer).await;
    let bsn = "249566758";
    let mut body = subject();
    body["subjects"][0]["id"] = json!(bsn);
    people.consumer.create(PREDICT, body).await;
    let query = json!({"dpl.core.data_subject_id": bsn, "dpl.core.data_subject_id_type": "BSN"});
    let path = "/prediction/v1/processing-activities?limit=1";
    let reply = answer(people.officer.request(Method::POST, path).json(&query)).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let found = reply.json()["processingActivities"].clone();
    assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
    assert!(!reply.text.contains(bsn));
    // Elsewhere nobody of that number is known, and another municipality sees nothing of this one's.
    let other = People::of(&platform, crate::support::ELSEWHERE);
    let pseudonym = found[0]["attributes"]["dpl.core.data_subject_id"].clone();
    for query in [
        query,
        json!({"dpl.core.data_subject_id": pseudonym}),
        by_activity(),
    ] {
        let found = activities(&other.auditor, "prediction", &query).await;
        assert_eq!(found, Vec::<Value>::new());
    }
    let lines = every(&people.auditor, "/prediction/v1/processing-records").await;
    assert!(
        lines
            .iter()
            .any(|it| it["record"]["attributes"]["dpl.core.data_subject_id"] == pseudonym)
    );
    by_one_question(&platform, bsn, pseudonym.as_str().unwrap());
    nothing_was_removed(&platform);
    assert!(platform.stop(Duration::from_secs(20)).await.unwrap());
}

/// What the command says, as a privacy officer; `told` is its standard input.
fn said(platform: &Platform, arguments: &[&str], told: &str) -> Value {
    let token = platform.token(Role::PrivacyOfficer, HERE).unwrap();
    let mut child = platform
        .command()
        .unwrap()
        .args(arguments)
        .args(["--json", "--gateway", &platform.url()])
        .env("HELDER_TOKEN", token)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(told.as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let fault = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{fault}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// One command asks all services, by number and by activity.
fn by_one_question(platform: &Platform, bsn: &str, pseudonym: &str) {
    let found = said(platform, &["records", "--person"], bsn);
    let found = found["processingActivities"].as_array().unwrap();
    // The prediction, and that its record was read above and is read now.
    let names: Vec<_> = found
        .iter()
        .map(|it| (&it["service"], &it["name"]))
        .collect();
    assert!(found.len() >= 2, "{names:?}");
    assert!(found.iter().all(|it| person(it) == Some(pseudonym)));
    assert!(found.iter().all(|it| it["service"] == "prediction"));
    let activity = journey::new_project()["verwerkingsactiviteit"].clone();
    let found = said(
        platform,
        &["records", "--activity", activity.as_str().unwrap()],
        "",
    );
    let found = found["processingActivities"].as_array().unwrap();
    let services: BTreeSet<_> = found
        .iter()
        .filter_map(|it| it["service"].as_str())
        .collect();
    assert_eq!(services.len(), 4, "{services:?}");
    let times: Vec<_> = found.iter().map(|it| it["startTime"].as_i64()).collect();
    assert!(times.is_sorted(), "in the order of time");
}

/// Nothing is at its end here; every service was asked.
fn nothing_was_removed(platform: &Platform) {
    let proofs = said(platform, &["proofs"], "");
    assert_eq!(proofs, json!({"datasetParts": [], "logs": []}));
}
