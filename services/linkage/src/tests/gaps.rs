//! The gap of a link to its runner-up, from its column to the waterfalls that it can be worked out from.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    house::{House, febrl},
    http::Http,
    outputs::{csv, linked},
};

/// Weight of a pair without the bar of rivals, and the gap that its explanation shows.
async fn alone(http: &Http, path: &str, left: &str, right: &str) -> (f64, Option<f64>) {
    let [left, right] = [left, right].map(|row| row.parse::<i64>().unwrap());
    let pair = json!({"leftRow": left, "rightRow": right});
    let (status, shown) = http.post(&format!("{path}/waterfalls"), pair).await;
    assert_eq!(status, StatusCode::OK, "{shown}");
    let bars = shown["waterfall"]["bars"].as_array().unwrap().iter();
    let bars = bars.filter(|bar| bar["kind"] != "rivals");
    let sum = bars.map(|bar| bar["weight"].as_f64().unwrap()).sum();
    (sum, shown["runnerUpGap"].as_f64())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_link_tells_its_gap_to_the_best_candidate_that_it_left_behind() {
    let house = House::new();
    let (service, base) = house.serve().await;
    let http = Http::new(&house, base);
    let project = Uuid::now_v7();
    // Forty people are there twice, the second time with another street.
    let mut left = febrl("a.csv").0;
    for (name, _, texts) in &mut left {
        for i in 100..140 {
            let again = &texts[if *name == "address_1" { i + 200 } else { i }];
            texts.push(again.clone());
        }
    }
    let (left, _) = house.version(project, &left).await;
    let (right, _) = house.version(project, &febrl("b.csv").0).await;
    let asked = json!({"projectId": project, "left": left, "right": right, "oneToOne": true});
    let (path, run) = linked(&http, &asked).await;

    let links = csv(&http, &format!("{path}/links")).await;
    assert_eq!(links[0][5], "runner_up_gap");
    let gap = |link: &Vec<String>| link[5].parse::<f64>().ok();
    let with = links[1..].iter().filter(|link| gap(link).is_some()).count();
    assert!((40..1000).contains(&with), "{with}");
    let bins = run["outcome"]["runnerUpGaps"].as_array().unwrap();
    let counted: u64 = bins.iter().map(|bin| bin["links"].as_u64().unwrap()).sum();
    assert_eq!(counted, with as u64);

    // A row whose best candidate has another partner is a runner-up of that partner.
    let unlinked = csv(&http, &format!("{path}/unlinked")).await;
    let mut nearest = 0;
    let taken = unlinked[1..]
        .iter()
        .filter(|row| row[5] == "candidate-taken");
    for row in taken.take(6) {
        let (side, pair) = match row[0].as_str() {
            "left" => (1, [&row[1], &row[2]]),
            _ => (0, [&row[2], &row[1]]),
        };
        let link = links[1..].iter().find(|link| link[side] == row[2]).unwrap();
        let (own, shown) = alone(&http, &path, &link[0], &link[1]).await;
        let (other, none) = alone(&http, &path, pair[0], pair[1]).await;
        let gap = gap(link).unwrap();
        assert_eq!((shown, none), (Some(gap), None), "{link:?}");
        assert!(gap <= own - other + 1e-9, "{gap} {own} {other}");
        nearest += usize::from((gap - (own - other)).abs() < 1e-9);
    }
    assert!(nearest > 0, "no row was the runner-up itself");

    let report = http
        .send(Method::GET, &format!("{path}/report"), None)
        .await;
    let report: String = report.text().await.unwrap();
    assert!(report.contains("Voorsprong op de beste andere kandidaat"));
    let item = &http.get(&format!("{path}/links?limit=200")).await.1["items"];
    let shown = |item: &Value| item["runnerUpGap"].is_number();
    assert!(item.as_array().unwrap().iter().any(shown));
    service.stop().await.unwrap();
}
