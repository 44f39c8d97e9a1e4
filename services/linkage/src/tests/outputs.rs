//! What a run gives besides links: error by threshold and group, unlinked rows, groups within one version, labels, derived versions.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    house::{House, TestColumn, febrl},
    http::Http,
};

/// FEBRL4 with the person, a ward and a small ward beside it.
fn labelled(file: &str) -> (Vec<TestColumn>, Vec<String>) {
    let (mut columns, persons) = febrl(file);
    let ward = |i: usize| {
        let name = if i.is_multiple_of(1000) {
            "klein"
        } else {
            ["noord", "zuid"][i % 2]
        };
        name.to_owned()
    };
    columns.push(("person", None, persons.clone()));
    columns.push(("ward", None, (0..persons.len()).map(ward).collect()));
    (columns, persons)
}

/// The suggestion for `versions` without the columns that only judge.
async fn spec(http: &Http, versions: &Value) -> Value {
    let (status, mut spec) = http.post("/linkage-specs/_suggest", versions.clone()).await;
    assert_eq!(status, StatusCode::OK, "{spec}");
    let judging = |name: &Value| name == "person" || name == "ward";
    let comparisons = spec["comparisons"].as_array_mut().unwrap();
    comparisons.retain(|comparison| !judging(&comparison["name"]));
    let rules = spec["blockingRules"].as_array_mut().unwrap();
    rules.retain(|rule| {
        !rule["keys"]
            .as_array()
            .unwrap()
            .iter()
            .any(|key| judging(&key["comparison"]))
    });
    spec
}

/// Runs what is asked; its path and what it shows.
pub(super) async fn linked(http: &Http, asked: &Value) -> (String, Value) {
    let (status, job) = http.post("/linkage-runs", asked.clone()).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    let job = http.ended(job["id"].as_str().unwrap()).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    let path = job["result"]
        .as_str()
        .unwrap()
        .strip_prefix("/linkage/v1")
        .unwrap()
        .to_owned();
    let (_, run) = http.get(&path).await;
    (path, run)
}

pub(super) async fn csv(http: &Http, path: &str) -> Vec<Vec<String>> {
    let request = http
        .client
        .get(format!("{}{path}", http.base))
        .bearer_auth(&http.token);
    let text = request
        .header("accept", "text/csv")
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let mut lines = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    lines
        .records()
        .map(|line| line.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

/// Place of a row number in the test's files, which skip the second.
fn place(row: &str) -> usize {
    let row: usize = row.parse().unwrap();
    if row > 1 { row - 2 } else { row - 1 }
}

#[expect(clippy::too_many_lines, reason = "one journey, step after step")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_says_how_good_it_is_for_whom_and_what_is_left_over() {
    let house = House::new();
    let (service, base) = house.serve().await;
    let http = Http::new(&house, base);
    let project = Uuid::now_v7();
    let ((left, left_persons), (right, right_persons)) = (labelled("a.csv"), labelled("b.csv"));
    let (left, _) = house.version(project, &left).await;
    let (right, _) = house.version(project, &right).await;
    let spec = spec(&http, &json!({"left": left, "right": right})).await;
    let (path, run) = linked(
        &http,
        &json!({
            "projectId": project, "left": left, "right": right, "spec": spec, "groupBy": ["ward"],
            "truth": {"by": "columns", "left": "person", "right": "person"}, "datasetName": "febrl gekoppeld"
        }),
    )
    .await;
    let outcome = &run["outcome"];

    // Foretold and measured agree, and the measured figures are those of the truth counted by hand.
    let links = csv(&http, &format!("{path}/links")).await;
    let right_ones = links[1..]
        .iter()
        .filter(|link| left_persons[place(&link[0])] == right_persons[place(&link[1])])
        .count();
    let measured = &outcome["measured"]["thresholds"][0];
    assert_eq!(
        measured["precision"]["count"].as_u64(),
        Some(right_ones as u64)
    );
    assert_eq!(
        measured["precision"]["total"].as_u64(),
        Some(links.len() as u64 - 1)
    );
    assert_eq!(measured["recall"]["total"], 5000);
    let value = |share: &Value| share["value"].as_f64().unwrap();
    let [low, high] = ["low", "high"].map(|end| measured["recall"][end].as_f64().unwrap());
    assert!(
        low < value(&measured["recall"]) && value(&measured["recall"]) < high && high - low < 0.02
    );
    let at = outcome["prediction"]["thresholds"].as_array().unwrap();
    let at = at.iter().find(|at| at["threshold"] == 0.5).unwrap();
    assert!(
        (at["precision"].as_f64().unwrap() - value(&measured["precision"])).abs() < 0.01,
        "{at}"
    );
    assert!(
        (at["recall"].as_f64().unwrap() - value(&measured["recall"])).abs() < 0.01,
        "{at}"
    );
    let recall = outcome["prediction"]["ruleRecall"].as_array().unwrap();
    assert_eq!(
        recall.len(),
        outcome["blockingRules"].as_array().unwrap().len()
    );
    assert!(
        recall
            .windows(2)
            .all(|two| two[0].as_f64() <= two[1].as_f64())
    );
    assert!(recall.last().unwrap().as_f64().unwrap() > 0.99);

    // Groups: everybody, and movers; values of the column, the small one and the next hidden.
    let groups = outcome["groups"].as_array().unwrap();
    assert_eq!(groups[0]["group"], "all");
    assert_eq!(
        groups[0]["recall"]["count"].as_u64(),
        Some(right_ones as u64)
    );
    assert_eq!(groups[0]["leftLinked"]["total"], 5000);
    assert!(groups.iter().any(
        |group| group["group"] == "movers" && group["recall"]["total"].as_u64().unwrap() > 500
    ));
    let wards = outcome["columns"][0]["values"].as_array().unwrap();
    let hidden: Vec<&Value> = wards
        .iter()
        .filter(|ward| ward["isHidden"] == true)
        .collect();
    assert_eq!(wards.len(), 3);
    assert!(hidden.len() == 2 && hidden.iter().all(|ward| ward.get("links").is_none()));
    assert!(wards[2]["isRest"] == true && wards[2]["isHidden"] == true);
    assert!(!run.to_string().contains("klein"), "{wards:?}");

    // Every row without a link is listed once, with a candidate or the reason why there is none.
    let unlinked = csv(&http, &format!("{path}/unlinked")).await;
    assert_eq!(
        unlinked[0].join(","),
        "side,row,best_row,match_weight,match_probability,why"
    );
    assert_eq!(unlinked.len() - 1, 2 * (5000 - (links.len() - 1)));
    let (_, page) = http.get(&format!("{path}/unlinked?limit=3")).await;
    assert_eq!(page["items"][0]["row"].to_string(), unlinked[1][1]);
    for row in &unlinked[1..] {
        assert_eq!(row[2].is_empty(), row[5] == "no-candidate", "{row:?}");
    }
    for empty in ["clusters", "conflicts"] {
        let (status, page) = http.get(&format!("{path}/{empty}")).await;
        assert_eq!((status, &page["items"]), (StatusCode::OK, &json!([])));
        assert_eq!(csv(&http, &format!("{path}/{empty}")).await.len(), 1);
    }

    // The linked dataset is a version of a derived dataset too.
    assert_eq!(outcome["datasetVersionId"], json!(Uuid::from_u128(77)));
    let derived = house.neighbours.derived.lock().unwrap().remove(0);
    assert_eq!(
        (&derived["digest"], &derived["parents"]),
        (&outcome["linkedDataset"]["digest"], &json!([left, right]))
    );

    let report = http
        .send(Method::GET, &format!("{path}/report"), None)
        .await
        .text()
        .await
        .unwrap();
    for told in [
        "Verwachte fouten",
        "Gemeten fouten",
        "Wie wordt slechter gekoppeld",
        "Naar ward",
        "te klein om te tonen",
        "Samen",
    ] {
        assert!(report.contains(told), "{told}");
    }
    assert!(!report.contains("michaela"));
    assert!(!report.contains("vooral welk paar eerder klopt"));
    if let Some(file) = std::env::var_os("HELDER_KEEP_REPORT") {
        std::fs::write(file, report).unwrap();
    }
    service.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_who_are_more_than_once_in_one_version_are_grouped() {
    let house = House::new();
    let (service, base) = house.serve().await;
    let http = Http::new(&house, base);
    let project = Uuid::now_v7();
    // Every second person of both files in one: 2,500 people twice, 2,500 once.
    let ((left, mut persons), (right, others)) = (febrl("a.csv"), febrl("b.csv"));
    let mut columns: Vec<TestColumn> = left;
    for ((_, _, texts), (_, _, more)) in columns.iter_mut().zip(&right) {
        texts.extend(
            more.iter()
                .zip(&others)
                .filter(|(_, id)| is_even(id))
                .map(|(text, _)| text.clone()),
        );
    }
    persons.extend(others.into_iter().filter(|id| is_even(id)));
    columns.push(("person", None, persons.clone()));
    let (version, _) = house.version(project, &columns).await;
    let spec = spec(&http, &json!({"left": version, "right": version})).await;
    let counted = json!({"projectId": project, "left": version, "spec": spec});
    let (status, counts) = http.post("/linkage-specs/_count", counted).await;
    assert_eq!(status, StatusCode::OK, "{counts}");
    assert_eq!(counts["allPairs"], 7500 * 7499 / 2);
    let truth = json!({"by": "columns", "left": "person", "right": "person"});
    let asked = json!({"projectId": project, "left": version, "spec": spec, "truth": truth});
    let (path, run) = linked(&http, &asked).await;
    let outcome = &run["outcome"];
    assert_eq!(
        (&run["left"], outcome["steps"][0]["pairs"].as_u64()),
        (&run["right"], counts["candidatePairs"].as_u64())
    );
    let measured = &outcome["measured"]["thresholds"][0];
    assert_eq!(measured["recall"]["total"], 2500);
    assert!(
        measured["recall"]["value"].as_f64().unwrap() > 0.97,
        "{measured}"
    );
    let clusters = &outcome["clusters"];
    let found = clusters["clusters"].as_u64().unwrap();
    assert!(
        found.abs_diff(5000) < 60 && clusters["connectedComponents"].as_u64().unwrap() <= found,
        "{clusters}"
    );

    let rows = csv(&http, &format!("{path}/clusters")).await;
    assert_eq!(rows[0].join(","), "cluster,row,size");
    let right_ones = rows[1..]
        .iter()
        .filter(|row| persons[place(&row[0])] == persons[place(&row[1])])
        .count();
    assert!(
        right_ones * 100 >= (rows.len() - 1) * 98,
        "{right_ones} of {}",
        rows.len()
    );
    let (_, first) = http.get(&format!("{path}/clusters?limit=2")).await;
    assert_eq!(first["items"][0]["cluster"], first["items"][1]["cluster"]);
    assert_eq!(
        http.get(&format!("{path}/conflicts")).await.0,
        StatusCode::OK
    );
    let unlinked = csv(&http, &format!("{path}/unlinked")).await;
    assert!(unlinked[1..].iter().all(|row| row[0] == "left"));

    // A pair may be asked from either end, and sums to its weight.
    let (_, links) = http.get(&format!("{path}/links?limit=1")).await;
    let link = &links["items"][0];
    let turned = json!({"leftRow": link["rightRow"], "rightRow": link["leftRow"]});
    let (status, shown) = http.post(&format!("{path}/waterfalls"), turned).await;
    assert_eq!(
        (status, &shown["waterfall"]["matchWeight"]),
        (StatusCode::OK, &link["matchWeight"]),
        "{shown}"
    );
    let same = json!({"leftRow": link["leftRow"], "rightRow": link["leftRow"]});
    assert_eq!(
        http.post(&format!("{path}/waterfalls"), same).await.0,
        StatusCode::BAD_REQUEST
    );
    let report = http
        .send(Method::GET, &format!("{path}/report"), None)
        .await
        .text()
        .await
        .unwrap();
    assert!(report.contains("Personen naar aantal regels"));
    assert!(report.contains("vooral welk paar eerder klopt"));
    service.stop().await.unwrap();
}

fn is_even(id: &str) -> bool {
    id.parse::<u32>().unwrap().is_multiple_of(2)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_are_suggested_for_a_wanted_recall_and_reach_it() {
    let house = House::new();
    let (service, base) = house.serve().await;
    let http = Http::new(&house, base);
    let project = Uuid::now_v7();
    let (left, _) = house.version(project, &febrl("a.csv").0).await;
    let (right, _) = house.version(project, &febrl("b.csv").0).await;
    let mut pairs = Vec::new();
    for recall in [0.9, 0.99] {
        let asked = json!({"projectId": project, "left": left, "right": right, "recall": recall});
        let (status, said) = http.post("/linkage-specs/_suggest-rules", asked).await;
        assert_eq!(
            (status, &said["isReached"]),
            (StatusCode::OK, &json!(true)),
            "{said}"
        );
        assert!(said["expectedRecall"].as_f64().unwrap() >= recall);
        let counted =
            json!({"projectId": project, "left": left, "right": right, "spec": said["spec"]});
        let (_, counts) = http.post("/linkage-specs/_count", counted).await;
        let rules = counts["rules"].as_array().unwrap();
        assert_eq!(
            rules.len(),
            said["rules"].as_array().unwrap().len(),
            "{counts}"
        );
        pairs.push(counts["candidatePairs"].as_u64().unwrap());
        let asked =
            json!({"projectId": project, "left": left, "right": right, "spec": said["spec"]});
        let (_, run) = linked(&http, &asked).await;
        assert!(
            run["outcome"]["links"].as_f64().unwrap() >= (recall - 0.01) * 5000.0,
            "{recall}"
        );
    }
    // More recall costs more, and either far less than the suggested rules with what is added to them.
    assert!(pairs[0] < pairs[1] && pairs[1] < 300_000, "{pairs:?}");
    let asked = json!({"projectId": project, "left": left, "right": right, "recall": 1.0});
    let (status, _) = http.post("/linkage-specs/_suggest-rules", asked).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    service.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn labelled_pairs_judge_the_pairs_they_name() {
    let house = House::new();
    let (service, base) = house.serve().await;
    let http = Http::new(&house, base);
    let project = Uuid::now_v7();
    let ((left, left_persons), (right, right_persons)) = (febrl("a.csv"), febrl("b.csv"));
    let (left, _) = house.version(project, &left).await;
    let (right, _) = house.version(project, &right).await;
    // 50 true pairs, 30 wrong ones, and one of a row that was not accepted.
    let row = |place: usize| if place == 0 { 1 } else { place + 2 };
    let partner = |place: usize| {
        right_persons
            .iter()
            .position(|id| *id == left_persons[place])
            .unwrap()
    };
    let true_pairs = (0..50).map(|place| (row(place), row(partner(place)), "ja"));
    let wrong = (0..30).map(|place| (row(place), row(partner(place + 1)), "nee"));
    let labels: Vec<(usize, usize, &str)> = true_pairs.chain(wrong).chain([(2, 1, "ja")]).collect();
    let column =
        |of: &dyn Fn(&(usize, usize, &str)) -> String| labels.iter().map(of).collect::<Vec<_>>();
    let (truth, _) = house
        .version(
            project,
            &[
                ("l", None, column(&|label| label.0.to_string())),
                ("r", None, column(&|label| label.1.to_string())),
                ("zelfde", None, column(&|label| label.2.to_owned())),
            ],
        )
        .await;
    let truth =
        json!({"by": "pairs", "version": truth, "left": "l", "right": "r", "same": "zelfde"});
    let asked = json!({"projectId": project, "left": left, "right": right, "truth": truth});
    let (_, run) = linked(&http, &asked).await;
    let measured = &run["outcome"]["measured"];
    let at = &measured["thresholds"][0];
    assert_eq!(
        (&measured["truePairs"], &at["recall"]["total"]),
        (&json!(50), &json!(50)),
        "{measured}"
    );
    assert!(
        at["recall"]["count"].as_u64().unwrap() >= 48
            && measured["judgedLinks"].as_u64().unwrap() <= 52,
        "{measured}"
    );
    service.stop().await.unwrap();
}
