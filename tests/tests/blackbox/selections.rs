//! Algorithms compared before one is trained, from files to a proposal and the run that follows it.

use helder_testkit::Platform;
use serde_json::{Value, json};

use crate::{
    journey::{self, People, id},
    made,
    support::{ELSEWHERE, HERE},
};

fn selection(training: &Value) -> Value {
    let mut body = json!({
        "candidates": [
            {"algorithm": "logistic-regression", "settings": [{}, {"l2": 10.0}]},
            {"algorithm": "explainable-boosting", "settings": [{"interactions": 0}]},
        ],
        "folds": {"rule": "random", "outer": 2, "inner": 2},
        "simpleRule": "melding",
        "budget": {"fits": 40},
        "seed": 7,
    });
    for name in [
        "projectId",
        "frameId",
        "target",
        "features",
        "sensitiveFeatures",
        "split",
    ] {
        body[name] = training[name].clone();
    }
    body
}

#[tokio::test]
async fn algorithms_are_compared_and_what_is_proposed_can_be_trained() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let made = made::candidate(&platform, &people).await;
    let training = journey::training(&made.data, &id(&made.frame));
    let asked = selection(&training);
    let found = journey::run(&people.analyst, "/training/v1/selections", &asked).await;
    assert_eq!(found["state"], "succeeded");
    let comparison = &found["outcome"]["comparison"];
    let lines = comparison["lines"].as_array().unwrap();
    let roles: Vec<&str> = lines
        .iter()
        .map(|line| line["role"].as_str().unwrap())
        .collect();
    assert_eq!(
        roles,
        [
            "base-rate",
            "simple-rule",
            "candidate",
            "candidate",
            "ceiling"
        ]
    );
    assert_eq!(found["outcome"]["seconds"].as_array().unwrap().len(), 5);
    // 2 + 2 + 2 for the first settings and the black box; 2 + 4 + 4 for the second setting.
    assert_eq!(comparison["budget"]["fitsDone"], 16, "{comparison}");
    let auc = |line: &Value| line["auc"]["mean"].as_f64().unwrap();
    assert!((auc(&lines[0]) - 0.5).abs() < 1e-12);
    assert!(auc(&lines[2]) > 0.6, "{comparison}");
    // The black box is not named as an algorithm, and nobody can ask for it.
    assert!(lines[4].get("algorithm").is_none());
    let mut wrong = training.clone();
    wrong["algorithm"] = json!("gradient-boosting");
    let refused = people
        .analyst
        .post("/training/v1/training-runs", &wrong)
        .await;
    refused.assert_problem(400);

    let page = format!("/training/v1/selections/{}/report", id(&found));
    let html = people.analyst.get(&page).await;
    assert_eq!(html.status, 200);
    assert!(html.text.contains("De vergelijking"), "{}", html.text);
    assert!(html.text.contains("The comparison"), "{}", html.text);

    // Asked again it says the same.
    let again = journey::run(&people.analyst, "/training/v1/selections", &asked).await;
    assert_eq!(&again["outcome"]["comparison"], comparison);
    let all = people.analyst.get("/training/v1/selections?limit=1").await;
    assert_eq!(all.json()["items"][0]["id"], again["id"]);

    // Somebody else's is not there.
    let others = People::of(&platform, ELSEWHERE);
    let own = format!("/training/v1/selections/{}", id(&found));
    for path in [&own, &page] {
        others.analyst.get(path).await.assert_problem(404);
    }

    // What is proposed is a training run with a project, a frame and a model.
    let mut proposed = training.clone();
    for name in ["algorithm", "hyperparameters"] {
        proposed[name] = found["outcome"]["proposed"][name].clone();
    }
    let run = journey::run(&people.analyst, "/training/v1/training-runs", &proposed).await;
    assert!(run["outcome"]["modelVersionId"].is_string(), "{run}");
}

#[tokio::test]
async fn a_comparison_is_refused_with_all_its_faults() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let made = made::candidate(&platform, &people).await;
    let training = journey::training(&made.data, &id(&made.frame));
    let mut asked = selection(&training);
    asked["candidates"][0]["settings"][1] = json!({"l2": -1});
    asked["candidates"][1]["algorithm"] = json!("k-means");
    asked["capacityShare"] = json!(0);
    let refused = people.analyst.post("/training/v1/selections", &asked).await;
    refused.assert_problem(400);
    let pointers: Vec<String> = refused.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["pointer"].as_str().unwrap().to_owned())
        .collect();
    for pointer in [
        "/candidates/0/settings/1/l2",
        "/candidates/1/algorithm",
        "/capacityShare",
    ] {
        assert!(
            pointers.iter().any(|known| known == pointer),
            "{pointers:?}"
        );
    }
    // What only the frame can tell is the job's answer.
    let mut asked = selection(&training);
    asked["simpleRule"] = json!("nergens");
    let job = journey::start(&people.analyst, "/training/v1/selections", &asked).await;
    let ended = journey::ended(&people.analyst, &job).await;
    assert_eq!(ended["state"], "failed", "{ended}");
    assert_eq!(ended["problem"]["errors"][0]["pointer"], "/simpleRule");
}
