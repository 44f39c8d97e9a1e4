//! The service as a client sees it.

use std::sync::atomic::Ordering;

use helder_platform::testing::caller;
use helder_types::Permission;
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::house::{House, febrl};

pub(super) struct Http {
    pub(super) base: String,
    pub(super) token: String,
    pub(super) client: Client,
}

impl Http {
    pub(super) fn new(house: &House, base: String) -> Self {
        Self {
            base,
            token: house.token(&house.anna),
            client: Client::new(),
        }
    }

    pub(super) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        let request = self
            .client
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(&self.token);
        match body {
            Some(body) => request.json(&body),
            None => request,
        }
        .send()
        .await
        .unwrap()
    }

    pub(super) async fn get(&self, path: &str) -> (StatusCode, Value) {
        let response = self.send(Method::GET, path, None).await;
        (response.status(), response.json().await.unwrap())
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let response = self.send(Method::POST, path, Some(body)).await;
        (response.status(), response.json().await.unwrap())
    }

    /// Waits for a job; its last state.
    pub(super) async fn ended(&self, id: &str) -> Value {
        for _ in 0..6000 {
            let (_, job) = self.get(&format!("/jobs/{id}")).await;
            if !matches!(job["state"].as_str(), Some("queued" | "running")) {
                return job;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("the job does not end");
    }
}

#[expect(clippy::too_many_lines, reason = "one journey, step after step")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_analyst_suggests_counts_links_pages_explains_and_reads_the_report() {
    let house = House::new();
    let (service, base) = house.serve().await;
    let http = Http::new(&house, base);
    let project = Uuid::now_v7();
    let (left, _) = house.version(project, &febrl("a.csv").0).await;
    let (right, _) = house.version(project, &febrl("b.csv").0).await;

    let (status, spec) = http
        .post(
            "/linkage-specs/_suggest",
            json!({"left": left, "right": right}),
        )
        .await;
    assert_eq!(
        (status, spec["comparisons"][0]["type"].as_str()),
        (StatusCode::OK, Some("givenNames"))
    );
    let asked = json!({"projectId": project, "left": left, "right": right, "spec": spec});
    let (status, counts) = http.post("/linkage-specs/_count", asked.clone()).await;
    assert_eq!(status, StatusCode::OK, "{counts}");
    assert_eq!(counts["allPairs"], 25_000_000);
    assert!(counts["rules"][0]["pairs"].as_u64().unwrap() > 4000);
    let rules = counts["rules"].as_array().unwrap();
    let sum: u64 = rules
        .iter()
        .map(|rule| rule["newPairs"].as_u64().unwrap())
        .sum();
    assert_eq!(counts["candidatePairs"].as_u64(), Some(sum));
    assert_eq!(rules.last().unwrap()["cumulativePairs"].as_u64(), Some(sum));
    let declared = rules
        .iter()
        .filter(|rule| rule["isDeclared"] == true)
        .count();
    assert_eq!(declared, spec["blockingRules"].as_array().unwrap().len());
    assert!(declared < rules.len() && counts["isEstimated"] == false);

    let (status, job) = http.post("/linkage-runs", asked).await;
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
    let n_links = run["outcome"]["links"].as_u64().unwrap();
    assert!(
        n_links > 4900 && run["outcome"]["model"]["convergence"]["converged"] == true,
        "{n_links}"
    );
    assert_eq!(run["outcome"]["steps"][0]["step"], "probabilistic");
    // What was counted beforehand is what the run looked at.
    assert_eq!(
        run["outcome"]["steps"][0]["pairs"],
        counts["candidatePairs"]
    );
    for (counted, ran) in rules
        .iter()
        .zip(run["outcome"]["blockingRules"].as_array().unwrap())
    {
        assert_eq!(
            (&counted["rule"], &counted["newPairs"]),
            (&ran["rule"], &ran["newPairs"])
        );
    }
    let (_, list) = http.get("/linkage-runs?limit=1").await;
    assert_eq!(
        (list["items"][0]["id"].clone(), list["next"].clone()),
        (run["id"].clone(), Value::Null)
    );

    let first = http
        .send(Method::GET, &format!("{path}/links?limit=200"), None)
        .await;
    assert!(
        first.headers()["link"]
            .to_str()
            .unwrap()
            .contains("rel=\"next\"")
    );
    let first: Value = first.json().await.unwrap();
    let (_, second) = http
        .get(&format!(
            "{path}/links?limit=200&cursor={}",
            first["next"].as_str().unwrap()
        ))
        .await;
    let row = |page: &Value, i: usize| page["items"][i]["leftRow"].as_i64().unwrap();
    assert!(row(&first, 199) < row(&second, 0));
    let csv = http
        .client
        .get(format!("{}{path}/links", http.base))
        .bearer_auth(&http.token)
        .header("accept", "text/csv");
    let csv = csv.send().await.unwrap().text().await.unwrap();
    assert_eq!(csv.lines().count() as u64, n_links + 1);

    let link = &first["items"][3];
    let pair = json!({"leftRow": link["leftRow"], "rightRow": link["rightRow"]});
    let (status, shown) = http.post(&format!("{path}/waterfalls"), pair).await;
    assert_eq!(status, StatusCode::OK, "{shown}");
    let bars = shown["waterfall"]["bars"].as_array().unwrap();
    let sum: f64 = bars.iter().map(|bar| bar["weight"].as_f64().unwrap()).sum();
    assert_eq!(
        sum.to_bits(),
        link["matchWeight"].as_f64().unwrap().to_bits()
    );
    let page = http
        .client
        .post(format!("{}{path}/waterfalls", http.base))
        .bearer_auth(&http.token)
        .header("accept", "text/html")
        .json(&json!({"leftRow": link["leftRow"], "rightRow": link["rightRow"]}));
    let page = page.send().await.unwrap().text().await.unwrap();
    assert!(page.contains("<svg") && page.contains("Waterval"), "{page}");
    let report = http
        .send(Method::GET, &format!("{path}/report"), None)
        .await;
    assert!(
        report.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("style-src")
    );
    assert!(report.text().await.unwrap().contains("<svg"));
    service.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_or_not_allowed_is_refused_with_all_reasons() {
    let house = House::new();
    let (service, base) = house.serve().await;
    let http = Http::new(&house, base);
    let (project, other) = (Uuid::now_v7(), Uuid::now_v7());
    let names = |name| {
        [(
            name,
            Some(helder_types::SemanticType::Voornamen),
            vec!["Anna".to_owned(); 3],
        )]
    };
    let (left, _) = house.version(project, &names("voornamen")).await;
    let (elsewhere, _) = house.version(other, &names("voornamen")).await;
    let codes = |problem: &Value| -> Vec<String> {
        problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fault| {
                format!(
                    "{} {}",
                    fault["pointer"].as_str().unwrap(),
                    fault["code"].as_str().unwrap()
                )
            })
            .collect()
    };
    let (status, problem) = http
        .post(
            "/linkage-runs",
            json!({"projectId": project, "left": Uuid::now_v7(), "right": elsewhere}),
        )
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(
        codes(&problem),
        ["/left unknown-dataset-version", "/right other-project"]
    );
    let (status, problem) = http
        .post(
            "/linkage-runs",
            json!({"projectId": Uuid::nil(), "left": left, "right": left}),
        )
        .await;
    assert_eq!(
        (status, codes(&problem)[0].split(' ').next().unwrap()),
        (StatusCode::BAD_REQUEST, "/projectId")
    );
    let (status, _) = http
        .post(
            "/linkage-runs",
            json!({"projectId": project, "left": left, "right": left, "extra": 1}),
        )
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, problem) = http
        .post(
            "/linkage-runs",
            json!({"projectId": project, "left": left, "right": left, "threshold": 1}),
        )
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");

    house.neighbours.refusing.store(true, Ordering::SeqCst);
    let (status, problem) = http
        .post(
            "/linkage-runs",
            json!({"projectId": project, "left": left, "right": left}),
        )
        .await;
    assert_eq!(
        (status, problem["detail"].as_str()),
        (StatusCode::FORBIDDEN, Some("the project has ended"))
    );

    assert_eq!(
        http.get(&format!("/linkage-runs/{}", Uuid::now_v7()))
            .await
            .0,
        StatusCode::NOT_FOUND
    );
    let reader = caller("GM0772", "bert", &[Permission::LinkageRead]).unwrap();
    let reader = Http {
        token: house.token(&reader),
        base: http.base.clone(),
        client: Client::new(),
    };
    assert_eq!(
        reader.post("/linkage-runs", json!({})).await.0,
        StatusCode::FORBIDDEN
    );
    service.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_of_another_organisation_is_as_absent_as_one_that_never_was() {
    let house = House::new();
    let (service, base) = house.serve().await;
    let http = Http::new(&house, base);
    let project = Uuid::now_v7();
    let names = [(
        "voornamen",
        Some(helder_types::SemanticType::Voornamen),
        vec!["Anna".to_owned(), "Jan".to_owned()],
    )];
    let (left, _) = house.version(project, &names).await;
    let (_, job) = http
        .post(
            "/linkage-runs",
            json!({"projectId": project, "left": left, "right": left}),
        )
        .await;
    let job = http.ended(job["id"].as_str().unwrap()).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    let path = job["result"]
        .as_str()
        .unwrap()
        .strip_prefix("/linkage/v1")
        .unwrap()
        .to_owned();
    assert_eq!(http.get(&path).await.0, StatusCode::OK);
    let stranger = caller(
        "GM0758",
        "carl",
        &[Permission::LinkageRead, Permission::LinkageWrite],
    )
    .unwrap();
    let stranger = Http {
        token: house.token(&stranger),
        base: http.base.clone(),
        client: Client::new(),
    };
    for below in ["", "/links", "/report"] {
        assert_eq!(
            stranger.get(&format!("{path}{below}")).await.0,
            StatusCode::NOT_FOUND,
            "{below}"
        );
    }
    let pair = json!({"leftRow": 1, "rightRow": 1});
    assert_eq!(
        stranger.post(&format!("{path}/waterfalls"), pair).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(stranger.get("/linkage-runs").await.1["items"], json!([]));
    service.stop().await.unwrap();
}

#[test]
fn every_operation_asks_one_permission_and_has_a_summary() {
    let document = serde_json::to_value(crate::openapi()).unwrap();
    let mut operations = 0;
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item
            .as_object()
            .unwrap()
            .values()
            .filter(|operation| operation.get("operationId").is_some())
        {
            operations += 1;
            let scope = &operation["security"][0]["bearer"];
            let known = [
                "linkage:read",
                "linkage:write",
                "linkage:review",
                "linkage:audit",
            ];
            assert!(
                known.iter().any(|known| scope == &json!([known])),
                "{operation}"
            );
            assert!(operation["summary"].is_string(), "{operation}");
        }
    }
    assert!(operations > 10, "{operations}");
}
