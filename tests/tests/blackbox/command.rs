//! The `helder` command as an analyst types it: each step by itself, whole plans, and the demo.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use helder_testkit::{Platform, helder};
use serde_json::{Value, json};

use crate::support::eventually;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn plan(name: &str) -> PathBuf {
    repository().join("plans").join(name)
}

fn run<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Output {
    Command::new(helder().unwrap())
        .args(arguments)
        .output()
        .unwrap()
}

/// What the command wrote, called with `--json`.
#[track_caller]
fn written(output: &Output) -> Value {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

#[track_caller]
fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[track_caller]
fn every_row_is_counted(source: &Value) {
    let count = |name: &str| source[name].as_u64().unwrap();
    assert!(count("rowsIn") > 0);
    assert_eq!(
        count("rowsIn"),
        count("rowsAccepted") + count("rowsQuarantined"),
        "{}",
        source["name"]
    );
}

#[track_caller]
fn contributions_sum_to_the_score(prediction: &Value) {
    let parts: f64 = prediction["contributions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| part["contribution"].as_f64().unwrap())
        .sum();
    let score = prediction["score"].as_f64().unwrap();
    assert!((prediction["baseScore"].as_f64().unwrap() + parts - score).abs() < 1e-9);
    let probability = prediction["probability"].as_f64().unwrap();
    assert!((1.0 / (1.0 + (-score).exp()) - probability).abs() < 1e-9);
}

/// The `helder` command on the data folder of a running platform.
struct Analyst<'a>(&'a Platform);

impl Analyst<'_> {
    fn try_to(&self, arguments: &[&str]) -> Output {
        let data = self.0.data();
        let place: [&OsStr; 3] = ["--json".as_ref(), "--data".as_ref(), data.as_os_str()];
        run(arguments.iter().map(OsStr::new).chain(place))
    }

    #[track_caller]
    fn does(&self, arguments: &[&str]) -> Value {
        written(&self.try_to(arguments))
    }

    /// A file of this test.
    fn file(&self, name: &str, content: &str) -> String {
        let path = self.0.folder().join(name);
        std::fs::write(&path, content).unwrap();
        path.into_os_string().into_string().unwrap()
    }
}

#[tokio::test]
async fn each_step_can_be_done_by_hand() {
    let platform = Platform::start().await.unwrap();
    let analyst = Analyst(&platform);
    let file = plan("german_credit.toml");
    let mut german: toml::Table = std::fs::read_to_string(&file).unwrap().parse().unwrap();

    let project = text(&analyst.does(&["project", "create", file.to_str().unwrap()])["id"]);
    let credits = repository().join("tests/data/german_credit/german_credit.csv");
    let credits = credits.to_str().unwrap();
    let uploaded = analyst.does(&["dataset", "upload", credits, "--project", &project]);
    every_row_is_counted(&uploaded);
    assert_eq!(uploaded["rowsAccepted"], 1000);
    let version = text(&uploaded["datasetVersionId"]);

    // Frame and training as in the plan, with the version in place of the name of a source.
    let mut frame = german["frames"][0].clone();
    let mut table = toml::Table::new();
    table.insert("alias".to_owned(), "credit".into());
    table.insert("datasetVersionId".to_owned(), version.clone().into());
    frame["tables"][0] = table.into();
    let mut training = german.remove("training").unwrap();
    training.as_table_mut().unwrap().remove("frame");
    let wanted = toml::Table::from_iter([
        ("frame".to_owned(), frame),
        ("training".to_owned(), training),
    ]);
    let wanted = analyst.file("train.toml", &wanted.to_string());
    let trained = analyst.does(&["train", &wanted, "--project", &project]);
    assert_eq!(trained["frame"]["rows"], 1000);
    let model = text(&trained["training"]["modelVersionId"]);
    let training_run = text(&trained["training"]["trainingRunId"]);

    let early = analyst.try_to(&["activate", &model]);
    assert!(!early.status.success(), "nobody reviewed it");
    let approve = ["review", &model, "--verdict", "approve", "--remarks", "Ja."];
    let bare = analyst.try_to(&approve);
    assert!(
        !bare.status.success(),
        "the fairness report is not within bound"
    );
    let conclusion = [
        "--fairness-conclusion",
        "Proef.",
        "--accepted-risk",
        "Geen.",
    ];
    let reviewed = analyst.does(&[approve.as_slice(), &conclusion].concat());
    assert_eq!(reviewed["state"], "approved");
    assert_eq!(analyst.does(&["activate", &model])["state"], "active");

    let subject = json!(german["predict"][0]);
    let subject = analyst.file("subject.json", &subject.to_string());
    let said = eventually(Duration::from_secs(10), async || {
        let output = analyst.try_to(&["predict", "german-credit", &subject]);
        output.status.success().then(|| written(&output))
    })
    .await;
    assert_eq!(said["modelVersionId"], model.as_str());
    contributions_sum_to_the_score(&said["predictions"][0]);

    for (kind, id) in [
        ("quality", &version),
        ("training", &training_run),
        ("card", &model),
    ] {
        let page = analyst.try_to(&["report", kind, id]).stdout;
        let page = String::from_utf8(page).unwrap();
        assert!(page.starts_with("<!doctype html>"), "{kind}: {page:.200}");
        assert!(page.contains("<svg"), "{kind} has no chart");
    }

    // The model in other forms: from the platform, and from its file without one.
    let export =
        |model: &str, form: &str| analyst.try_to(&["model", "export", model, "--form", form]);
    let statement = export(&model, "postgres");
    assert!(statement.status.success());
    let statement = String::from_utf8(statement.stdout).unwrap();
    assert!(statement.contains(" AS helder_probability"), "{statement}");
    let stored = repository().join("crates/model/tests/formats/1/homelessness-card.json");
    let sheet = run([
        OsStr::new("model"),
        "export".as_ref(),
        stored.as_os_str(),
        "--form".as_ref(),
        "sheet".as_ref(),
    ]);
    assert!(sheet.status.success() && sheet.stdout.starts_with(b"PK"));
    let nothing = export("niets", "points");
    assert!(!nothing.status.success() && nothing.stdout.is_empty());
}

#[test]
fn a_plan_with_a_scorecard_sends_only_what_the_card_asks() {
    let folder = tempfile::tempdir().unwrap();
    let data = repository().join("tests/data/german_credit");
    let german = std::fs::read_to_string(plan("german_credit.toml")).unwrap();
    let card = german
        .replace("\"logistic-regression\"", "\"scorecard\"")
        .replace("../tests/data/german_credit", data.to_str().unwrap());
    let file = folder.path().join("card.toml");
    std::fs::write(&file, card).unwrap();
    let result = written(&run([
        OsStr::new("run"),
        file.as_os_str(),
        "--json".as_ref(),
    ]));
    let evaluation = &result["training"]["run"]["outcome"]["evaluation"];
    let left = evaluation["scorecard"]["leftOut"].as_array().unwrap();
    assert!(!left.is_empty());
    let prediction = &result["prediction"]["predictions"][0];
    let parts = prediction["contributions"].as_array().unwrap();
    for left in left {
        assert!(parts.iter().all(|part| part["input"] != left["name"]));
    }
    let total: u64 = parts
        .iter()
        .map(|part| part["points"].as_u64().unwrap())
        .sum();
    assert_eq!(prediction["points"], total);
}

#[test]
fn every_plan_runs_to_its_end() {
    for (name, rows) in [
        ("german_credit.toml", 1000),
        ("adult.toml", 48_842),
        ("cbs_buurten.toml", 117),
    ] {
        let result = written(&run([
            OsStr::new("run"),
            plan(name).as_os_str(),
            "--json".as_ref(),
        ]));
        for source in result["sources"].as_array().unwrap() {
            every_row_is_counted(source);
        }
        assert_eq!(result["sources"][0]["rowsIn"], rows);
        assert_eq!(result["modelVersion"]["state"], "active", "{name}");
        let digest = &result["training"]["modelDigest"];
        assert_eq!(&result["prediction"]["modelDigest"], digest, "{name}");
        contributions_sum_to_the_score(&result["prediction"]["predictions"][0]);
        let auc = &result["training"]["run"]["outcome"]["evaluation"]["predictions"]["auc"];
        let auc = auc["value"].as_f64().unwrap();
        assert!((0.7..0.95).contains(&auc), "{name}: {auc}");
    }
}

#[test]
fn febrl4_is_linked_without_the_number_that_would_give_it_away() {
    let file = plan("febrl4.toml");
    let said = written(&run([
        OsStr::new("run"),
        file.as_os_str(),
        "--json".as_ref(),
    ]));
    // What the contract does not name is not kept, so it cannot be linked on.
    let plan: toml::Table = std::fs::read_to_string(&file).unwrap().parse().unwrap();
    for source in plan["sources"].as_array().unwrap() {
        let fields = source["contract"]["fields"].as_array().unwrap();
        let names: Vec<_> = fields
            .iter()
            .map(|field| field["name"].as_str().unwrap())
            .collect();
        assert!(names.len() > 5 && !names.contains(&"soc_sec_id") && !names.contains(&"rec_id"));
    }
    let score = &said["links"][0]["againstTruth"];
    assert_eq!(score["truePairs"], 5000);
    let share = |name: &str| score[name].as_f64().unwrap();
    println!(
        "precision {:.4}, recall {:.4}",
        share("precision"),
        share("recall")
    );
    assert!(share("precision") >= 0.995, "{score}");
    assert!(share("recall") >= 0.99, "{score}");
}

#[test]
fn the_demo_ends_with_an_explained_prediction_and_shows_the_injected_bias() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let arguments = [
        "demo",
        "--exit",
        "--json",
        "--inhabitants",
        "10000",
        "--listen",
        "127.0.0.1:0",
    ];
    let place = ["--data".as_ref(), data.as_os_str()];
    let said = written(&run(arguments.iter().map(OsStr::new).chain(place)));
    let sources = said["plan"]["sources"].as_array().unwrap();
    assert_eq!(sources.len(), 13);
    sources.iter().for_each(every_row_is_counted);
    let quarantined: u64 = sources
        .iter()
        .map(|s| s["rowsQuarantined"].as_u64().unwrap())
        .sum();
    assert!(quarantined > 0, "the dirt was not seen");
    for link in said["plan"]["links"].as_array().unwrap() {
        let share = |name: &str| link["againstTruth"][name].as_f64().unwrap();
        assert!(
            share("precision") > 0.99 && share("recall") > 0.95,
            "{}",
            link["name"]
        );
    }
    let prediction = &said["plan"]["prediction"];
    assert_eq!(
        prediction["modelDigest"],
        said["plan"]["training"]["modelDigest"]
    );
    contributions_sum_to_the_score(&prediction["predictions"][0]);

    let truth = &said["againstTruth"];
    let auc = |name: &str| truth[name]["value"].as_f64().unwrap();
    assert!(auc("modelOnTrue") > 0.55 && auc("modelOnTrue") < auc("bestOnTrue") + 0.05);
    // Of the true outcomes, the registers miss those of group B more often.
    let registered = |group: usize| {
        let share = &truth["allYears"][group]["registeredOfTrue"];
        share["count"].as_f64().unwrap() / share["total"].as_f64().unwrap()
    };
    assert!(
        registered(0) > registered(1) + 0.1,
        "{} {}",
        registered(0),
        registered(1)
    );
}
