//! Reports on outflow, from a file of spells to a page.

use std::fmt::Write as _;

use helder_testkit::Platform;
use serde_json::{Value, json};

use crate::{
    journey::{self, People, id},
    support::{ELSEWHERE, HERE},
};

const REPORTS: &str = "/training/v1/outflow-reports";

/// 600 made spells; the trained leave sooner, and three leave for a rare reason.
fn file(folder: &std::path::Path) -> std::path::PathBuf {
    let mut text = "dagen,reden,leeftijd,opgeleid,cursus\n".to_owned();
    for i in 0..600_u32 {
        let draw = (i * 7_919 + 13) % 997;
        let trained = i % 3 == 0;
        let days = 1 + draw * if trained { 1 } else { 2 } / 2 + i % 11;
        let reason = match i {
            0..3 => "studie",
            _ if draw % 4 == 0 => "",
            _ if draw % 4 == 1 => "verhuisd",
            _ => "werk",
        };
        let course = if i % 5 == 0 {
            (days / 2).to_string()
        } else {
            String::new()
        };
        let (age, trained) = (18 + draw % 47, if trained { "ja" } else { "nee" });
        writeln!(text, "{days},{reason},{age},{trained},{course}").unwrap();
    }
    let path = folder.join("trajecten.csv");
    std::fs::write(&path, text).unwrap();
    path
}

fn contract() -> Value {
    let field = |name: &str, kind: &str| json!({"name": name, "type": kind});
    json!({"fields": [
        field("dagen", "integer"), field("reden", "string"), field("leeftijd", "integer"),
        field("opgeleid", "string"), field("cursus", "integer"),
    ]})
}

fn asked(project: &str, frame: &str) -> Value {
    let words = |text: &str| json!({"nl": text, "en": text});
    json!({"projectId": project, "frameId": frame, "spec": {
        "title": words("Uitstroom"),
        "time": "dagen",
        "ends": {"cause": "reden", "causes": [
            {"codes": ["werk"], "kind": "work"},
            {"codes": ["verhuisd"], "kind": "moved"},
            {"codes": ["studie"], "kind": "study"},
        ]},
        "characteristics": [
            {"column": "leeftijd", "kind": "number", "title": words("leeftijd"), "per": 10},
            {"column": "opgeleid", "kind": "category", "title": words("opgeleid")},
        ],
        "provisions": [{"column": "cursus", "title": words("cursus")}],
        "horizons": [3, 12],
    }})
}

#[tokio::test]
async fn a_file_of_spells_becomes_a_report_on_outflow() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let project = journey::project(&people.owner).await;
    let folder = tempfile::tempdir().unwrap();
    let version =
        journey::upload(&people.steward, &project, &file(folder.path()), contract()).await;
    let frame = json!({
        "projectId": project, "name": "trajecten", "unit": "traject",
        "tables": [{"alias": "t", "datasetVersionId": id(&version)}],
        "sql": "SELECT * FROM t",
    });
    let frame = journey::run(&people.analyst, "/training/v1/frames", &frame).await;
    let asked = asked(&project, &id(&frame));
    let found = journey::run(&people.analyst, REPORTS, &asked).await;
    assert_eq!(found["state"], "succeeded");
    assert_eq!(found["outcome"]["used"], 600, "{found}");

    let own = format!("{REPORTS}/{}", id(&found));
    let analysis = people.analyst.get(&format!("{own}/analysis")).await;
    assert_eq!(analysis.status, 200);
    let known = helder_types::Digest::of(analysis.text.as_bytes());
    assert_eq!(found["outcome"]["analysisDigest"], known.to_string());
    let told = analysis.json();
    assert_eq!(told["format"], "helder-outflow/1");
    let causes = told["causes"].as_array().unwrap();
    assert!(
        causes
            .iter()
            .all(|cause| cause["ended"].as_u64().unwrap() >= 10),
        "{causes:?}"
    );
    let html = people.analyst.get(&format!("{own}/report")).await;
    assert_eq!(html.status, 200);
    for words in ["Hoe lang blijven cliënten?", "How long do clients stay?"] {
        assert!(html.text.contains(words));
    }

    // Asked again it says the same, to the byte.
    let again = journey::run(&people.analyst, REPORTS, &asked).await;
    assert_eq!(again["outcome"], found["outcome"]);
    let all = people.analyst.get(&format!("{REPORTS}?limit=1")).await;
    assert_eq!(all.json()["items"][0]["id"], again["id"]);

    // Somebody else's is not there.
    let others = People::of(&platform, ELSEWHERE);
    for path in [&own, &format!("{own}/report"), &format!("{own}/analysis")] {
        others.analyst.get(path).await.assert_problem(404);
    }

    // What is wrong with the spec is the answer at once; what only the frame can tell is the job's.
    let mut wrong = asked.clone();
    wrong["spec"]["horizons"] = json!([12, 3]);
    wrong["spec"]["time"] = json!("reden");
    let refused = people.analyst.post(REPORTS, &wrong).await;
    refused.assert_problem(400);
    assert_eq!(refused.pointers(), ["/spec/ends/cause", "/spec/horizons"]);
    let mut wrong = asked;
    wrong["spec"]["time"] = json!("weg");
    let job = journey::start(&people.analyst, REPORTS, &wrong).await;
    let ended = journey::ended(&people.analyst, &job).await;
    assert_eq!(
        ended["problem"]["errors"][0]["pointer"], "/spec/time",
        "{ended}"
    );
}
