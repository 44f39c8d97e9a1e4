//! Clerical review as reviewers see it.

use std::collections::{BTreeMap, BTreeSet};

use helder_platform::testing::caller;
use helder_types::Permission;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    house::{House, TestColumn, febrl},
    http::Http,
};

/// FEBRL4 with the people below a number only.
fn people(file: &str, below: u32) -> (Vec<TestColumn>, Vec<String>) {
    let (columns, persons) = febrl(file);
    let kept: Vec<usize> = (0..persons.len())
        .filter(|i| persons[*i].parse::<u32>().unwrap() < below)
        .collect();
    let of = |texts: &[String]| kept.iter().map(|i| texts[*i].clone()).collect::<Vec<_>>();
    let persons = of(&persons);
    let columns = columns.into_iter();
    (
        columns
            .map(|(name, meaning, texts)| (name, meaning, of(&texts)))
            .collect(),
        persons,
    )
}

/// Row numbers as [`House::version`] gives them.
fn place(row: &Value) -> usize {
    let row = row.as_u64().unwrap() as usize;
    if row > 1 { row - 2 } else { row - 1 }
}

struct Desk {
    house: House,
    base: String,
}

impl Desk {
    fn reviewer(&self, gemeente: &str, name: &str, permissions: &[Permission]) -> Http {
        let who = caller(gemeente, name, permissions).unwrap();
        Http {
            base: self.base.clone(),
            token: self.house.token(&who),
            client: Client::new(),
        }
    }

    /// Posts what becomes a job, and gives its result.
    async fn made(&self, http: &Http, path: &str, body: Value) -> (String, Value) {
        let (status, job) = http.post(path, body).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{job}");
        let job = http.ended(job["id"].as_str().unwrap()).await;
        assert_eq!(job["state"], "succeeded", "{job}");
        let path = job["result"].as_str().unwrap();
        let path = path.strip_prefix("/linkage/v1").unwrap().to_owned();
        let (_, made) = http.get(&path).await;
        (path, made)
    }
}

/// Lines of a table of a run, without the header.
async fn lines(http: &Http, path: &str) -> Vec<Vec<String>> {
    let csv = http
        .client
        .get(format!("{}{path}", http.base))
        .bearer_auth(&http.token)
        .header("accept", "text/csv");
    let csv = csv.send().await.unwrap().text().await.unwrap();
    let cells = |line: &str| line.trim().split(',').map(str::to_owned).collect();
    csv.lines().skip(1).map(cells).collect()
}

async fn links(http: &Http, run: &str) -> BTreeSet<(i64, i64, String)> {
    let lines = lines(http, &format!("{run}/links")).await;
    let row = |cell: &String| cell.parse().unwrap();
    let links = lines.iter();
    links
        .map(|cells| (row(&cells[0]), row(&cells[1]), cells[4].clone()))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn two_people_decide_blindly_a_third_settles_it_and_the_next_run_obeys() {
    let house = House::new();
    let (service, base) = house.serve().await;
    let desk = Desk { house, base };
    let all = [
        Permission::LinkageRead,
        Permission::LinkageWrite,
        Permission::LinkageReview,
    ];
    let [anna, bob, carol] =
        ["anna", "bob", "carol"].map(|name| desk.reviewer("GM0772", name, &all));
    let project = Uuid::now_v7();
    let (left_columns, left_people) = people("a.csv", 700);
    let (right_columns, right_people) = people("b.csv", 700);
    let (left, _) = desk.house.version(project, &left_columns).await;
    let (right, _) = desk.house.version(project, &right_columns).await;
    let asked = json!({"projectId": project, "left": left, "right": right, "oneToOne": true});
    let (run_path, run) = desk.made(&anna, "/linkage-runs", asked).await;
    assert_eq!(run["review"], Value::Null);

    let (status, refused) = anna
        .post(
            "/linkage-reviews",
            json!({"linkageRunId": run["id"], "size": 0, "randomShare": 2, "leaseSeconds": 0}),
        )
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(refused["errors"].as_array().unwrap().len(), 3, "{refused}");
    let wanted = json!({"linkageRunId": run["id"], "size": 40, "randomShare": 0.5, "secondShare": 0.5, "seed": 3});
    let (path, review) = desk.made(&anna, "/linkage-reviews", wanted.clone()).await;
    assert_eq!(review["progress"]["pairs"], 40, "{review}");

    // Who may look.
    let next = format!("{path}/_next");
    let reader = desk.reviewer("GM0772", "dirk", &all[..2]);
    assert_eq!(reader.post(&next, json!({})).await.0, StatusCode::FORBIDDEN);
    let stranger = desk.reviewer("GM0796", "els", &all);
    for (method, path) in [
        (Method::POST, next.clone()),
        (Method::GET, path.clone()),
        (Method::GET, format!("{path}/labels")),
    ] {
        let reply = stranger.send(method, &path, None).await;
        assert_eq!(reply.status(), StatusCode::NOT_FOUND, "{path}");
    }

    // One pair is one person's at a time.
    let (status, mine) = anna.post(&next, json!({})).await;
    assert_eq!(status, StatusCode::OK, "{mine}");
    let (_, again) = anna.post(&next, json!({})).await;
    assert_eq!(mine["pairId"], again["pairId"]);
    let (_, other) = bob.post(&next, json!({})).await;
    assert_ne!(mine["pairId"], other["pairId"]);
    let surname = |side: &str| {
        let fields = mine["fields"].as_array().unwrap().iter();
        let mut of = fields.filter(|field| field[format!("{side}Column")] == "surname");
        of.next().unwrap()[side].clone()
    };
    let texts = |columns: &[TestColumn]| {
        let column = columns.iter().find(|(name, ..)| *name == "surname");
        column.unwrap().2.clone()
    };
    let shown = |row: &str, columns| texts(columns)[place(&mine["explanation"][row])].clone();
    assert_eq!(
        surname("left").as_str().unwrap_or_default(),
        shown("leftRow", &left_columns)
    );
    assert_eq!(
        surname("right").as_str().unwrap_or_default(),
        shown("rightRow", &right_columns)
    );
    assert!(mine["explanation"]["waterfall"]["bars"].is_array());
    let decisions = format!("{path}/decisions");
    let decided = json!({"pairId": mine["pairId"], "verdict": "match"});
    let (status, refused) = bob.post(&decisions, decided).await;
    assert_eq!(
        (
            status,
            refused["type"].as_str().unwrap().contains("not-leased")
        ),
        (StatusCode::CONFLICT, true),
        "{refused}"
    );

    // Anna decides what she gets, Bob the rest: the truth, but one link that Bob calls no match against Anna, and one both do.
    let truth = |pair: &Value| {
        let row = |name: &str| place(&pair["explanation"][name]);
        left_people[row("leftRow")] == right_people[row("rightRow")]
    };
    let rows = |pair: &Value| {
        let row = |name: &str| pair["explanation"][name].as_i64().unwrap();
        (row("leftRow"), row("rightRow"))
    };
    let decide = async |http: &Http, pair: &Value, is_match: bool| {
        let verdict = if is_match { "match" } else { "noMatch" };
        let body = json!({"pairId": pair["pairId"], "verdict": verdict, "reason": "typingError"});
        let (status, kept) = http.post(&decisions, body).await;
        assert_eq!(status, StatusCode::CREATED, "{kept}");
        kept
    };
    decide(&bob, &other, truth(&other)).await;
    let mut by_anna = Vec::new();
    loop {
        let (status, pair) = anna.post(&next, json!({})).await;
        if status == StatusCode::NOT_FOUND {
            break;
        }
        decide(&anna, &pair, truth(&pair)).await;
        by_anna.push(pair);
    }
    let (_, half) = anna.get(&path).await;
    let open = 40 - half["progress"]["settled"].as_u64().unwrap();
    // Blind: what waits for a second person is in no list, and nothing about it is told.
    let (_, listed) = anna.get(&format!("{path}/labels?limit=200")).await;
    let listed: BTreeSet<&str> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|label| label["pairId"].as_str().unwrap())
        .collect();
    assert!((15..=21).contains(&open), "{half}");
    assert_eq!(listed.len() as u64, 40 - open);
    let mut contrary = None;
    loop {
        let (status, pair) = bob.post(&next, json!({})).await;
        if status == StatusCode::NOT_FOUND {
            break;
        }
        assert!(pair.get("verdict").is_none() && !pair.to_string().contains("decided"));
        assert!(by_anna.iter().any(|seen| seen["pairId"] == pair["pairId"]));
        let is_contrary = contrary.is_none() && truth(&pair);
        decide(&bob, &pair, truth(&pair) != is_contrary).await;
        if is_contrary {
            contrary = Some(pair);
        }
    }
    let contrary = contrary.unwrap();
    let (status, third) = carol.post(&next, json!({})).await;
    assert_eq!(
        (status, &third["pairId"]),
        (StatusCode::OK, &contrary["pairId"])
    );
    decide(&carol, &third, false).await;
    assert_eq!(carol.post(&next, json!({})).await.0, StatusCode::NOT_FOUND);

    // Anna changes her mind about a link nobody else looked at: a new row, the former stays.
    let before = links(&anna, &run_path).await;
    let (_, listed) = anna.get(&format!("{path}/labels?limit=200")).await;
    let once = |pair: &Value| {
        let all = listed["items"].as_array().unwrap().iter();
        all.filter(|label| label["pairId"] == pair["pairId"])
            .count()
            == 1
    };
    let is_linked = |pair: &Value| before.iter().any(|(l, r, _)| (*l, *r) == rows(pair));
    let changed = by_anna
        .iter()
        .find(|pair| is_linked(pair) && once(pair))
        .unwrap();
    let kept = decide(&anna, changed, false).await;
    assert!(kept["supersedes"].is_string(), "{kept}");
    let (_, now) = anna.get(&format!("{path}/labels?limit=200")).await;
    assert_eq!(
        now["items"].as_array().unwrap().len(),
        listed["items"].as_array().unwrap().len() + 1
    );

    let (_, review) = anna.get(&path).await;
    assert_eq!(review["progress"]["settled"], 40);
    assert_eq!(review["agreement"]["pairs"], 20, "{review}");
    assert_eq!(review["agreement"]["agreed"], 19);
    let kappa = &review["agreement"]["kappa"];
    assert!(kappa["low"].as_f64().unwrap() < kappa["estimate"].as_f64().unwrap());
    let precision = &review["estimates"]["precision"];
    assert!(precision["low"].as_f64().unwrap() > 0.3 && precision["high"].as_f64().unwrap() <= 1.0);
    let (_, run) = anna.get(&run_path).await;
    assert_eq!(run["review"]["estimates"], review["estimates"]);

    // Again: decisions stand, also against the model.
    let relink = format!("{path}/_relink");
    let (again_path, again) = desk.made(&anna, &relink, json!({})).await;
    let labels = &again["review"]["labels"];
    assert_eq!(
        (&labels["held"]["held"], &labels["held"]["changed"]),
        (&json!(40), &json!(0)),
        "{labels}"
    );
    let after = links(&anna, &again_path).await;
    let step = |pair: &Value| {
        let mut found = after.iter().filter(|(l, r, _)| (*l, *r) == rows(pair));
        found.next().map(|(.., step)| step.clone())
    };
    assert_eq!((step(changed), step(&contrary)), (None, None));
    for pair in by_anna
        .iter()
        .filter(|pair| pair["pairId"] != changed["pairId"] && pair["pairId"] != contrary["pairId"])
    {
        assert_eq!(step(pair), truth(pair).then(|| "reviewed".to_owned()));
    }
    // What was decided is not asked again.
    let more = json!({"linkageRunId": again["id"], "size": 40, "seed": 3});
    let (second, _) = desk.made(&anna, "/linkage-reviews", more).await;
    let (_, pair) = anna.post(&format!("{second}/_next"), json!({})).await;
    assert!(!by_anna.iter().any(|seen| rows(seen) == rows(&pair)));

    // A later version: other rows, one record changed. Its decisions fall, the others hold.
    let mut later = right_columns;
    let fallen = place(&json!(rows(changed).1));
    let fallen_pairs: BTreeSet<&str> = by_anna
        .iter()
        .chain([&other])
        .filter(|pair| rows(pair).1 == rows(changed).1)
        .map(|pair| pair["pairId"].as_str().unwrap())
        .collect();
    let n_fallen = fallen_pairs.len();
    for (name, _, texts) in &mut later {
        if *name == "suburb" {
            texts[fallen] = "elders".to_owned();
        }
        texts.reverse();
    }
    let (later, _) = desk.house.version(project, &later).await;
    let (_, kept) = desk.made(&anna, &relink, json!({"right": later})).await;
    let labels = &kept["review"]["labels"];
    assert_eq!(
        labels["held"]["changed"].as_u64(),
        Some(n_fallen as u64),
        "{labels}"
    );
    assert_eq!(labels["held"]["held"].as_u64(), Some(40 - n_fallen as u64));

    // A lease that runs out goes back; who had it is too late.
    let quick = json!({"linkageRunId": run["id"], "size": 1, "leaseSeconds": 1, "seed": 9});
    let (path, _) = desk.made(&anna, "/linkage-reviews", quick).await;
    let next = format!("{path}/_next");
    let (_, mine) = anna.post(&next, json!({})).await;
    let mut status = StatusCode::NOT_FOUND;
    for _ in 0..400 {
        status = bob.post(&next, json!({})).await.0;
        if status == StatusCode::OK {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    assert_eq!(status, StatusCode::OK);
    let late = json!({"pairId": mine["pairId"], "verdict": "match"});
    assert_eq!(
        anna.post(&format!("{path}/decisions"), late).await.0,
        StatusCode::CONFLICT
    );
    let within = json!({"left": left, "right": left});
    let (status, refused) = anna.post(&relink, within).await;
    let kind = refused["type"].as_str().unwrap();
    assert!(
        status == StatusCode::CONFLICT && kind.ends_with("other-question"),
        "{refused}"
    );
    service.stop().await.unwrap();
}

/// Groups of a run within one version, by row.
async fn groups(http: &Http, run: &str) -> BTreeMap<i64, i64> {
    let lines = lines(http, &format!("{run}/clusters")).await;
    let number = |cell: &String| cell.parse().unwrap();
    let groups = lines.iter();
    groups
        .map(|cells| (number(&cells[1]), number(&cells[0])))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn decisions_about_people_who_are_twice_in_one_version_hold_too() {
    let house = House::new();
    let (service, base) = house.serve().await;
    let desk = Desk { house, base };
    let all = [
        Permission::LinkageRead,
        Permission::LinkageWrite,
        Permission::LinkageReview,
    ];
    let anna = desk.reviewer("GM0772", "anna", &all);
    let project = Uuid::now_v7();
    let (mut columns, mut persons) = people("a.csv", 500);
    let (more, twice) = people("b.csv", 500);
    for ((.., texts), (.., more)) in columns.iter_mut().zip(more) {
        texts.extend(more);
    }
    persons.extend(twice);
    let (version, _) = desk.house.version(project, &columns).await;
    let asked = json!({"projectId": project, "left": version});
    let (run_path, run) = desk.made(&anna, "/linkage-runs", asked).await;
    let wanted = json!({"linkageRunId": run["id"], "size": 30, "randomShare": 0.5, "secondShare": 0, "seed": 5});
    let (path, review) = desk.made(&anna, "/linkage-reviews", wanted).await;
    assert_eq!(review["progress"]["pairs"], 30, "{review}");
    // Who is there once stands in no group.
    let together = |groups: &BTreeMap<i64, i64>, (a, b): (i64, i64)| {
        let group = groups.get(&a);
        group.is_some() && group == groups.get(&b)
    };
    let before = groups(&anna, &run_path).await;
    let (mut decided, mut is_said) = (Vec::new(), false);
    loop {
        let (status, pair) = anna.post(&format!("{path}/_next"), json!({})).await;
        if status == StatusCode::NOT_FOUND {
            break;
        }
        let row = |name: &str| pair["explanation"][name].as_i64().unwrap();
        let rows = (row("leftRow"), row("rightRow"));
        assert!(rows.0 < rows.1, "{pair}");
        let [left, right] = [rows.0, rows.1].map(|row| &persons[place(&json!(row))]);
        // The truth, but for one pair that is one person and is said to be two.
        let is_contrary = !is_said && left == right && together(&before, rows);
        let is_match = (left == right) != is_contrary;
        is_said |= is_contrary;
        let verdict = if is_match { "match" } else { "noMatch" };
        let body = json!({"pairId": pair["pairId"], "verdict": verdict});
        let (status, kept) = anna.post(&format!("{path}/decisions"), body).await;
        assert_eq!(status, StatusCode::CREATED, "{kept}");
        decided.push((rows, is_match));
    }
    assert_eq!(decided.len(), 30);
    assert!(is_said);
    let (again_path, again) = desk
        .made(&anna, &format!("{path}/_relink"), json!({}))
        .await;
    assert_eq!(again["review"]["labels"]["held"]["held"], 30, "{again}");
    let (after, linked) = (
        groups(&anna, &again_path).await,
        links(&anna, &again_path).await,
    );
    for (rows, is_match) in &decided {
        assert_eq!(together(&after, *rows), *is_match, "{rows:?}");
        let link = (rows.0, rows.1, "reviewed".to_owned());
        assert_eq!(linked.contains(&link), *is_match);
    }
    // On a later version of the file, in another order.
    for (.., texts) in &mut columns {
        texts.reverse();
    }
    let (later, _) = desk.house.version(project, &columns).await;
    let (_, kept) = desk
        .made(&anna, &format!("{path}/_relink"), json!({"left": later}))
        .await;
    assert_eq!(kept["review"]["labels"]["held"]["held"], 30, "{kept}");
    service.stop().await.unwrap();
}
