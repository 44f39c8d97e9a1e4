//! The chain from file to prediction, step by step, as a municipality's people would do it over the API.

use std::{fs, path::Path, time::Duration};

use helder_testkit::Platform;
use helder_types::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Caller, answer, caller, eventually};

/// Longest wait for a job; a debug build on a busy machine needs some.
const JOB_WITHIN: Duration = Duration::from_mins(3);

/// Everybody who takes part, in one municipality.
pub(crate) struct People {
    pub(crate) steward: Caller,
    pub(crate) analyst: Caller,
    pub(crate) owner: Caller,
    pub(crate) officer: Caller,
    pub(crate) consumer: Caller,
    pub(crate) auditor: Caller,
}

impl People {
    pub(crate) fn of(platform: &Platform, gemeente: &str) -> Self {
        let of = |role| caller(platform, role, gemeente);
        Self {
            steward: of(Role::DataSteward),
            analyst: of(Role::Analyst),
            owner: of(Role::ModelOwner),
            officer: of(Role::PrivacyOfficer),
            consumer: of(Role::Consumer),
            auditor: of(Role::Auditor),
        }
    }
}

/// A project that allows everything.
pub(crate) async fn project(owner: &Caller) -> String {
    id(&owner.create("/registry/v1/projects", new_project()).await)
}

/// The body that makes it.
pub(crate) fn new_project() -> Value {
    json!({
        "name": "Vroeg helpen bij dreigende dakloosheid",
        "challenge": "Te veel mensen verliezen hun huis voordat iemand het ziet.",
        "question": "Wie loopt het komende jaar gevaar?",
        "doelbinding": "Vroegtijdig hulp aanbieden aan inwoners met schulden.",
        "grondslag": {"article": "Wet gemeentelijke schuldhulpverlening, artikel 3", "title": "Schuldhulpverlening"},
        "verwerkingsactiviteit": "https://register.example/verwerkingen/1",
        "bewaartermijn": "P5Y",
        "until": "2035-12-31",
        "phase": "pilot",
        "steps": ["ingest", "linkage", "training", "prediction"],
    })
}

/// Declares a dataset and uploads a file as its first version; gives the version.
pub(crate) async fn upload(steward: &Caller, project: &str, file: &Path, contract: Value) -> Value {
    let job = start_upload(steward, project, file, contract).await;
    let result = finished(steward, &job).await;
    let version = steward.get(&result).await;
    assert_eq!(version.status, 200, "{}", version.text);
    version.json()
}

/// The same, without waiting; gives the path of the job.
pub(crate) async fn start_upload(
    steward: &Caller,
    project: &str,
    file: &Path,
    contract: Value,
) -> String {
    let name = file.file_stem().unwrap().to_str().unwrap();
    let dataset = steward
        .create(
            "/ingest/v1/datasets",
            json!({"projectId": project, "name": name}),
        )
        .await;
    let contract = steward
        .create(
            "/ingest/v1/contracts",
            json!({"name": name, "contract": contract}),
        )
        .await;
    let path = format!(
        "/ingest/v1/datasets/{}/dataset-versions?contractId={}",
        id(&dataset),
        id(&contract)
    );
    let request = steward
        .request(Method::POST, &path)
        .header("content-type", "text/csv")
        .body(fs::read(file).unwrap());
    let reply = answer(request).await;
    assert_eq!(reply.status, 202, "{}", reply.text);
    reply.header("location").to_owned()
}

/// Waits for the job and gives the path of its result.
pub(crate) async fn finished(caller: &Caller, job: &str) -> String {
    let ended = ended(caller, job).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    ended["result"].as_str().unwrap().to_owned()
}

/// Waits until the job ends, well or not, and gives it.
pub(crate) async fn ended(caller: &Caller, job: &str) -> Value {
    eventually(JOB_WITHIN, || async {
        let job = caller.get(job).await;
        assert_eq!(job.status, 200, "{}", job.text);
        let job = job.json();
        let open = matches!(job["state"].as_str(), Some("queued" | "running"));
        (!open).then_some(job)
    })
    .await
}

/// No objection, with what was concluded from the fairness report: whatever it says of this data, it is made up.
pub(crate) fn approval() -> Value {
    json!({
        "verdict": "approve",
        "remarks": "Geen bezwaar.",
        "fairnessConclusion": {
            "text": "De gegevens zijn verzonnen; niemand ondervindt iets van dit model.",
            "acceptedRisks": ["Verschillen tussen groepen zeggen hier niets over mensen."],
        },
    })
}

/// The version that a training run registered.
pub(crate) fn model_version(training: &Value) -> String {
    let found = training["modelVersionId"]
        .as_str()
        .or(training["outcome"]["modelVersionId"].as_str());
    found
        .unwrap_or_else(|| panic!("no version in {training}"))
        .to_owned()
}

/// Approves the version that a training run registered and activates it; gives its address.
pub(crate) async fn serve(people: &People, training: &Value) -> String {
    let version = format!("/registry/v1/model-versions/{}", model_version(training));
    let reviews = format!("{version}/reviews");
    people.officer.create(&reviews, approval()).await;
    let activate = format!("{version}/_activate");
    people.owner.create(&activate, json!({})).await;
    version
}

/// Posts something that becomes a job, waits, and gives the result as JSON.
pub(crate) async fn run(caller: &Caller, path: &str, body: &Value) -> Value {
    let job = start(caller, path, body).await;
    let result = finished(caller, &job).await;
    caller.get(&result).await.json()
}

/// Posts something that becomes a job; gives the path of the job.
pub(crate) async fn start(caller: &Caller, path: &str, body: &Value) -> String {
    let reply = caller.post(path, body).await;
    assert_eq!(reply.status, 202, "POST {path}: {}", reply.text);
    reply.header("location").to_owned()
}

/// Member `id` of an answer.
#[track_caller]
pub(crate) fn id(value: &Value) -> String {
    value["id"]
        .as_str()
        .unwrap_or_else(|| panic!("no id in {value}"))
        .to_owned()
}

fn field(name: &str, semantic: &str) -> Value {
    json!({"name": name, "semanticType": semantic})
}

/// Contract of `persons.csv`.
pub(crate) fn persons_contract() -> Value {
    json!({"fields": [
        {"name": "bsn", "semanticType": "bsn", "constraints": {"required": true}},
        field("voornamen", "voornamen"), field("geslachtsnaam", "geslachtsnaam"),
        field("geboortedatum", "geboortedatum"), field("geslacht", "geslacht"),
        field("postcode", "postcode"), field("huisnummer", "huisnummer"),
        {"name": "leeftijd", "type": "integer", "constraints": {"minimum": 0, "maximum": 120}},
        {"name": "schuld", "type": "integer"},
        {"name": "uitkering", "type": "boolean"},
        {"name": "groep", "type": "string", "constraints": {"enum": ["A", "B"]}},
    ]})
}

/// Contract of `signals.csv`.
pub(crate) fn signals_contract() -> Value {
    json!({"fields": [
        {"name": "melding", "type": "string"},
        field("voornamen", "voornamen"), field("geslachtsnaam", "geslachtsnaam"),
        field("geboortedatum", "geboortedatum"), field("postcode", "postcode"), field("huisnummer", "huisnummer"),
        {"name": "bedrag", "type": "integer"},
    ]})
}

/// Contract of `outcomes.csv`.
pub(crate) fn outcomes_contract() -> Value {
    json!({"fields": [
        {"name": "bsn", "semanticType": "bsn", "constraints": {"required": true}},
        {"name": "uitkomst", "type": "integer", "constraints": {"enum": ["0", "1"]}},
    ]})
}

/// What was brought in of one file.
pub(crate) struct Framed {
    pub(crate) project: String,
    pub(crate) version: String,
    pub(crate) frame: String,
}

/// Brings in one file of people and makes a frame of all its columns.
pub(crate) async fn framed(
    platform: &Platform,
    people: &People,
    (name, rows): (&str, &str),
    contract: Value,
) -> Framed {
    let named = contract["fields"].as_array().unwrap().iter();
    let columns: Vec<String> = named
        .map(|field| {
            field["name"]
                .as_str()
                .unwrap()
                .replace("bsn", "bsn_pseudonym")
        })
        .collect();
    let file = platform.folder().join(format!("{name}.csv"));
    fs::write(&file, rows).unwrap();
    let project = project(&people.owner).await;
    let version = upload(&people.steward, &project, &file, contract).await;
    let frame = json!({
        "projectId": project, "name": name, "unit": "person",
        "tables": [{"alias": "people", "datasetVersionId": id(&version)}],
        "sql": format!("SELECT {} FROM people", columns.join(", ")),
    });
    let frame = run(&people.analyst, "/training/v1/frames", &frame).await;
    Framed {
        project,
        version: id(&version),
        frame: id(&frame),
    }
}

/// Links the small municipality and makes the frame of it; gives the run and the frame.
pub(crate) async fn linked_frame(people: &People, data: &Data) -> (Value, Value) {
    let linked = run(&people.steward, "/linkage/v1/linkage-runs", &linkage(data)).await;
    let frame = frame(data, &id(&linked));
    let frame = run(&people.analyst, "/training/v1/frames", &frame).await;
    (linked, frame)
}

/// The three versions of the small municipality.
pub(crate) struct Data {
    pub(crate) project: String,
    pub(crate) persons: Value,
    pub(crate) signals: Value,
    pub(crate) outcomes: Value,
}

/// Makes a project and brings the small municipality's files in.
pub(crate) async fn bring_in(platform: &Platform, people: &People) -> Data {
    crate::municipality::write(platform.folder());
    bring_in_files(platform, people).await
}

/// The same with the files that lie in the folder of the test.
pub(crate) async fn bring_in_files(platform: &Platform, people: &People) -> Data {
    let folder = platform.folder();
    let project = project(&people.owner).await;
    let file = |name: &str| folder.join(name);
    Data {
        persons: upload(
            &people.steward,
            &project,
            &file("persons.csv"),
            persons_contract(),
        )
        .await,
        signals: upload(
            &people.steward,
            &project,
            &file("signals.csv"),
            signals_contract(),
        )
        .await,
        outcomes: upload(
            &people.steward,
            &project,
            &file("outcomes.csv"),
            outcomes_contract(),
        )
        .await,
        project,
    }
}

/// The body of a linkage of signals to persons.
pub(crate) fn linkage(data: &Data) -> Value {
    json!({"projectId": data.project, "left": id(&data.persons), "right": id(&data.signals)})
}

/// The body of a frame: one row per person, with the signals that linkage found and the outcome.
pub(crate) fn frame(data: &Data, linkage_run: &str) -> Value {
    json!({
        "projectId": data.project, "name": "personen", "unit": "person",
        "tables": [
            {"alias": "persons", "datasetVersionId": id(&data.persons)},
            {"alias": "signals", "datasetVersionId": id(&data.signals)},
            {"alias": "links", "linkageRunId": linkage_run},
            {"alias": "outcomes", "datasetVersionId": id(&data.outcomes), "role": "outcome"},
        ],
        "sql": "SELECT p.bsn_pseudonym, p.leeftijd, p.schuld, p.uitkering, p.groep, \
                CASE WHEN l.right_row IS NULL THEN 0 ELSE 1 END AS melding, o.uitkomst \
                FROM persons p JOIN outcomes o ON o.bsn_pseudonym = p.bsn_pseudonym \
                LEFT JOIN links l ON l.left_row = p._row",
    })
}

/// The body of a training run on that frame.
pub(crate) fn training(data: &Data, frame: &str) -> Value {
    let feature = |name: &str, nl: &str, en: &str| json!({"name": name, "meaning": {"nl": nl, "en": en}, "justification": "Hangt volgens onderzoek samen met schulden."});
    json!({
        "projectId": data.project, "frameId": frame,
        "model": {
            "name": "dreigende-dakloosheid",
            "title": {"nl": "Dreigende dakloosheid", "en": "Risk of homelessness"},
            "meaning": {"nl": "kans om binnen een jaar dakloos te worden", "en": "probability of becoming homeless within a year"},
        },
        "algorithm": "logistic-regression",
        "target": "uitkomst",
        "features": [
            feature("leeftijd", "leeftijd", "age"),
            feature("schuld", "bedrag aan schulden", "debts"),
            feature("uitkering", "heeft een uitkering", "has welfare"),
            feature("melding", "melding van een betaalachterstand", "signal of arrears"),
        ],
        "sensitiveFeatures": ["groep"],
        "split": {"rule": "random", "testShare": 0.3},
        "capacity": 50,
        "seed": 7,
    })
}
