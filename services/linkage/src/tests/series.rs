//! Runs that follow one another: what changed is linked, the result is that of linking everything, and persons keep their numbers.

use std::collections::{BTreeMap, BTreeSet};

use helder_platform::testing::caller;
use helder_types::{Permission, SemanticType};
use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    house::{House, TestColumn, febrl},
    http::Http,
    outputs::{csv, linked},
};
use crate::follow::Term;

/// Records per file.
const ROWS: usize = 1200;

/// A file with a column `client` that names records.
#[derive(Clone)]
pub(super) struct File(pub(super) Vec<TestColumn>);

impl File {
    pub(super) fn read(name: &str, prefix: &str) -> Self {
        let (mut columns, persons) = febrl(name);
        let clients = persons.iter().map(|person| format!("{prefix}{person}"));
        columns.push((
            "client",
            Some(SemanticType::Persoonsnummer),
            clients.collect(),
        ));
        let mut order: Vec<usize> = (0..persons.len()).collect();
        order.sort_by_key(|row| persons[*row].parse::<u64>().unwrap());
        Self(columns).picked(&order[..ROWS])
    }

    pub(super) fn picked(&self, rows: &[usize]) -> Self {
        let columns = self.0.iter();
        let column = |(name, meaning, texts): &TestColumn| {
            let texts = rows.iter().map(|row| texts[*row].clone());
            (*name, *meaning, texts.collect())
        };
        Self(columns.map(column).collect())
    }

    fn with(&self, other: &Self) -> Self {
        let columns = self.0.iter().zip(&other.0);
        let column = |(own, other): (&TestColumn, &TestColumn)| {
            (own.0, own.1, [own.2.clone(), other.2.clone()].concat())
        };
        Self(columns.map(column).collect())
    }

    /// The same with some records that say nothing anybody else says.
    fn garbled(&self, rows: &[usize]) -> Self {
        let mut file = self.clone();
        let columns = file.0.iter_mut().filter(|(name, ..)| *name != "client");
        for (_, _, texts) in columns {
            for row in rows {
                texts[*row] = format!("q{row}");
            }
        }
        file
    }

    /// The next version: some records gone, some new, every 40th moved and spelled otherwise, the rest in another order.
    pub(super) fn next(&self) -> Self {
        let n = self.0[0].2.len();
        let stay: Vec<usize> = (20..n).rev().collect();
        let mut next = self.picked(&stay);
        for (name, _, texts) in &mut next.0 {
            for row in (0..texts.len()).step_by(40) {
                match *name {
                    "surname" => texts[row].push('x'),
                    "street_number" => texts[row] = "7".to_owned(),
                    _ => {}
                }
            }
        }
        next
    }
}

/// What two runs have in common when they found the same.
pub(super) fn found(run: &Value) -> [&Value; 5] {
    let outcome = &run["outcome"];
    [
        &outcome["linkedDataset"]["digest"],
        &outcome["scoredPairs"]["digest"],
        &outcome["unlinked"]["digest"],
        &outcome["continuation"]["entityRows"]["digest"],
        &outcome["continuation"]["changes"]["digest"],
    ]
}

/// Number by side and client, of the rows of a file as `House::version` stores them.
pub(super) async fn numbers(
    http: &Http,
    path: &str,
    files: [&File; 2],
) -> BTreeMap<(String, String), u64> {
    let rows = csv(http, &format!("{path}/entities")).await;
    assert_eq!(rows[0].join(","), "side,row,entity");
    let clients = files.map(|file| &file.0.last().unwrap().2);
    let rows = rows[1..].iter().map(|row| {
        let of = &clients[usize::from(row[0] == "right")];
        let place: usize = row[1].parse().unwrap();
        let place = if place > 1 { place - 2 } else { place - 1 };
        ((row[0].clone(), of[place].clone()), row[2].parse().unwrap())
    });
    rows.collect()
}

pub(super) struct Series {
    pub(super) house: House,
    pub(super) http: Http,
    project: Uuid,
    datasets: [Uuid; 2],
    _service: helder_platform::server::RunningService,
}

impl Series {
    pub(super) async fn new() -> Self {
        let house = House::new();
        let (service, base) = house.serve().await;
        Self {
            http: Http::new(&house, base),
            house,
            project: Uuid::now_v7(),
            datasets: [Uuid::now_v7(), Uuid::now_v7()],
            _service: service,
        }
    }

    pub(super) async fn version(&self, side: usize, number: i64, file: &File) -> Uuid {
        let of = (self.datasets[side], number);
        self.house.version_of(self.project, of, &file.0).await.0
    }

    pub(super) fn asked(&self, left: Uuid, right: Option<Uuid>, incremental: &Value) -> Value {
        json!({"projectId": self.project, "left": left, "right": right, "incremental": incremental})
    }

    async fn refused(&self, asked: Value) -> (StatusCode, Value) {
        let (status, problem) = self.http.post("/linkage-runs", asked).await;
        assert!(status.is_client_error(), "{problem}");
        (status, problem)
    }
}

pub(super) fn id(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

#[expect(clippy::too_many_lines, reason = "one journey, step after step")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_follows_another_finds_what_linking_everything_finds() {
    let series = Series::new().await;
    let http = &series.http;
    let (left, right) = (File::read("a.csv", "a"), File::read("b.csv", "b"));
    let (next_left, next_right) = (left.next(), right.next().garbled(&[200, 201, 202]));
    // At first ten people are in neither, and five on the right say nothing.
    let few: Vec<usize> = (0..ROWS - 10).collect();
    let (left, right) = (
        left.picked(&few),
        right.picked(&few).garbled(&[300, 301, 302, 303, 304]),
    );
    let versions = [
        series.version(0, 1, &left).await,
        series.version(1, 1, &right).await,
        series.version(0, 2, &next_left).await,
        series.version(1, 2, &next_right).await,
    ];
    let keys = json!({"recordKeys": {"left": "client"}});
    let asked = series.asked(versions[0], Some(versions[1]), &keys);
    let (first, run) = linked(http, &asked).await;
    let of = &run["outcome"]["continuation"];
    assert_eq!(of["created"], of["entities"]);
    assert!(of["state"]["sizeBytes"].as_u64().unwrap() > 10_000);
    let links = csv(http, &format!("{first}/links")).await.len() - 1;
    assert_eq!(
        of["entities"].as_u64().unwrap() as usize,
        2 * (ROWS - 10) - links
    );
    assert!(links > ROWS * 9 / 10, "{links}");

    // What changed, and everything again: one result, to the digest.
    let follows = |everything: bool| json!({"previous": id(&first), "everything": everything});
    let asked = series.asked(versions[2], Some(versions[3]), &follows(false));
    let (second, changed) = linked(http, &asked).await;
    let asked = series.asked(versions[2], Some(versions[3]), &follows(true));
    let (_, everything) = linked(http, &asked).await;
    assert_eq!(found(&changed), found(&everything));
    assert!(found(&changed).iter().all(|digest| digest.is_string()));
    let work = |run: &Value, of: &str| run["outcome"]["continuation"]["work"][of].as_u64().unwrap();
    assert_eq!(work(&changed, "removed"), 40);
    assert_eq!(work(&changed, "added"), 20);
    assert!(work(&changed, "changed") >= 60);
    assert!(work(&changed, "weighed") * 4 < work(&everything, "weighed"));
    assert!(work(&changed, "settledAgain") * 4 < work(&everything, "settledAgain"));
    assert_eq!(
        changed["outcome"]["blockingRules"],
        everything["outcome"]["blockingRules"]
    );
    assert_eq!(
        changed["outcome"]["prediction"],
        everything["outcome"]["prediction"]
    );

    // Numbers last, and what happened to them is told.
    let before = numbers(http, &first, [&left, &right]).await;
    let after = numbers(http, &second, [&next_left, &next_right]).await;
    assert_eq!(after.len(), 2 * (ROWS - 20));
    let kept = after
        .iter()
        .filter(|(who, id)| before.get(*who) == Some(*id))
        .count();
    assert!(kept * 100 >= after.len() * 97, "{kept} of {}", after.len());
    let (_, page) = http.get(&format!("{second}/changes?limit=200")).await;
    let changes = page["items"].as_array().unwrap();
    let told: BTreeSet<u64> = changes
        .iter()
        .flat_map(|change| ["from", "into"].map(|of| change[of].as_array().unwrap().clone()))
        .flatten()
        .map(|id| id.as_u64().unwrap())
        .collect();
    let ids = |of: &BTreeMap<_, u64>| of.values().copied().collect::<BTreeSet<u64>>();
    let silent: Vec<u64> = ids(&before)
        .symmetric_difference(&ids(&after))
        .filter(|id| !told.contains(id))
        .copied()
        .collect();
    assert!(silent.is_empty(), "{silent:?} came or went without a word");
    for kind in ["created", "merged", "split", "ended"] {
        let of_kind = changes.iter().filter(|change| change["kind"] == kind);
        let told = changed["outcome"]["continuation"][kind].as_u64();
        assert!(told.is_some_and(|n| n > 0), "{kind}");
        assert_eq!(told, Some(of_kind.count() as u64), "{kind}");
    }
    let mut merges = changes.iter().filter(|change| change["kind"] == "merged");
    let merged = merges.next().unwrap();
    assert!(merged["links"][0]["rightRow"].is_i64() && merged["leftRows"][0].is_i64());
    let lines = csv(http, &format!("{second}/changes")).await;
    assert_eq!(lines.len() - 1, changes.len());
    assert!(
        !page.to_string().contains("a1"),
        "a key of a record is shown"
    );

    // A pair of the run is explained as the run weighed it.
    let links = csv(http, &format!("{second}/links")).await;
    for link in links[1..].iter().step_by(150) {
        let rows: Vec<i64> = link[..2].iter().map(|row| row.parse().unwrap()).collect();
        let pair = json!({"leftRow": rows[0], "rightRow": rows[1]});
        let (_, shown) = http.post(&format!("{second}/waterfalls"), pair).await;
        let weight = shown["waterfall"]["matchWeight"].as_f64().unwrap();
        assert_eq!(weight.to_string(), link[2]);
    }

    // A third run goes on from the second; nothing changed, so nothing is told.
    let asked = series.asked(
        versions[2],
        Some(versions[3]),
        &json!({"previous": id(&second)}),
    );
    let (third, run) = linked(http, &asked).await;
    assert_eq!(found(&run)[..4], found(&changed)[..4]);
    let work = &run["outcome"]["continuation"]["work"];
    assert_eq!(
        (&work["weighed"], &work["settledAgain"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(csv(http, &format!("{third}/changes")).await.len(), 1);

    // Someone else's run is not there.
    let theirs = caller(
        "GM0363",
        "eve",
        &[Permission::LinkageRead, Permission::LinkageWrite],
    );
    let mut other = Http::new(&series.house, http.base.clone());
    other.token = series.house.token(&theirs.unwrap());
    for of in ["entities", "changes"] {
        let (status, _) = other.get(&format!("{second}/{of}")).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
    let (status, problem) = other.post("/linkage-runs", asked).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
    assert!(
        problem.to_string().contains("unknown-linkage-run"),
        "{problem}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_within_one_version_follow_too_and_without_keys() {
    let series = Series::new().await;
    let http = &series.http;
    let mut both = File::read("a.csv", "a").with(&File::read("b.csv", "b"));
    both.0.pop();
    let next = both.next();
    let (one, two) = (
        series.version(0, 1, &both).await,
        series.version(0, 2, &next).await,
    );
    let (first, run) = linked(http, &series.asked(one, None, &json!({}))).await;
    assert_eq!(
        run["outcome"]["clusters"]["clusters"],
        run["outcome"]["continuation"]["entities"]
    );
    let follows = |everything: bool| json!({"previous": id(&first), "everything": everything});
    let (path, changed) = linked(http, &series.asked(two, None, &follows(false))).await;
    let (_, everything) = linked(http, &series.asked(two, None, &follows(true))).await;
    assert_eq!(found(&changed), found(&everything));
    let groups = |run: &Value| run["outcome"]["clusters"].clone();
    assert_eq!(groups(&changed), groups(&everything));
    // Without keys a record that says something else is another one.
    let work = &changed["outcome"]["continuation"]["work"];
    assert_eq!(work["changed"], 0);
    assert_eq!(work["added"], json!(60));
    let rows = csv(http, &format!("{path}/clusters")).await;
    let numbers = csv(http, &format!("{path}/entities")).await;
    let of: BTreeMap<&str, &str> = numbers[1..]
        .iter()
        .map(|row| (row[1].as_str(), row[2].as_str()))
        .collect();
    assert!(rows.len() > ROWS);
    for row in &rows[1..] {
        assert_eq!(
            of[row[0].as_str()],
            of[row[1].as_str()],
            "a group is one person"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_previous_run_that_does_not_fit_is_refused_with_the_reason() {
    let series = Series::new().await;
    let http = &series.http;
    let (left, right) = (
        File::read("a.csv", "a").picked(&(0..200).collect::<Vec<_>>()),
        File::read("b.csv", "b").picked(&(0..200).collect::<Vec<_>>()),
    );
    let (a, b) = (
        series.version(0, 2, &left).await,
        series.version(1, 2, &right).await,
    );
    let older = series.version(0, 1, &left).await;
    let strange = series.house.version(series.project, &left.0).await.0;
    let (plain, _) = linked(
        http,
        &json!({"projectId": series.project, "left": a, "right": b}),
    )
    .await;
    let keys = json!({"recordKeys": {"left": "client"}});
    let (kept, _) = linked(http, &series.asked(a, Some(b), &keys)).await;
    let follows = json!({"previous": id(&kept)});
    let with = |key: &str, value: Value| {
        let mut asked = series.asked(a, Some(b), &follows);
        asked[key] = value;
        asked
    };
    let conflicts = [
        (
            series.asked(a, Some(b), &json!({"previous": id(&plain)})),
            "previous-without-state",
        ),
        (
            series.asked(strange, Some(b), &follows),
            "previous-other-sources",
        ),
        (series.asked(a, None, &follows), "previous-other-sources"),
        (series.asked(older, Some(b), &follows), "previous-is-newer"),
        (with("threshold", json!(0.9)), "previous-other-spec"),
        (
            with(
                "incremental",
                json!({"previous": id(&kept), "recordKeys": {"left": "surname"}}),
            ),
            "previous-other-keys",
        ),
    ];
    for (asked, code) in conflicts {
        let (status, problem) = series.refused(asked).await;
        assert_eq!(status, StatusCode::CONFLICT, "{problem}");
        assert!(
            problem["type"].as_str().unwrap().ends_with(code),
            "{problem}"
        );
    }
    let faults = [
        (json!({"previous": Uuid::now_v7()}), "/incremental/previous"),
        (json!({"everything": true}), "/incremental/everything"),
        (
            json!({"recordKeys": {"left": "client", "right": "nothing"}}),
            "/incremental/recordKeys/right",
        ),
    ];
    for (incremental, pointer) in faults {
        let (status, problem) = series.refused(series.asked(a, Some(b), &incremental)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
        assert!(problem.to_string().contains(pointer), "{problem}");
    }

    // Keys that are not keys: the job says so, with counts and without a value.
    let wrong = series.asked(a, Some(b), &json!({"recordKeys": {"left": "state"}}));
    let (_, job) = http.post("/linkage-runs", wrong).await;
    let job = http.ended(job["id"].as_str().unwrap()).await;
    assert_eq!(job["state"], "failed", "{job}");
    assert!(job.to_string().contains("record-keys"), "{job}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_goes_with_the_parts_it_was_made_of_and_not_before() {
    let series = Series::new().await;
    let http = &series.http;
    let few: Vec<usize> = (0..200).collect();
    let (left, right) = (File::read("a.csv", "a"), File::read("b.csv", "b"));
    let a = series.version(0, 1, &left.picked(&few)).await;
    let b = series.version(1, 1, &right.picked(&few)).await;
    let (kept, _) = linked(http, &series.asked(a, Some(b), &json!({}))).await;
    let term = Term {
        store: series.house.store.clone(),
        objects: series.house.objects.clone(),
        mint: series.house.mint.clone(),
    };
    assert!(term.run().await.unwrap().is_empty());
    let part = series.house.neighbours.versions.lock().unwrap()[&b]["parts"]["identity"]["digest"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let organisation = &series.house.anna.organisation;
    series
        .house
        .objects
        .delete(organisation, &part)
        .await
        .unwrap();
    let (_, run) = http.get(&kept).await;
    let state = run["outcome"]["continuation"]["state"]["digest"]
        .as_str()
        .unwrap();
    let state = state.parse().unwrap();
    assert!(
        series
            .house
            .objects
            .exists(organisation, &state)
            .await
            .unwrap()
    );
    let removed = term.run().await.unwrap();
    assert_eq!(
        removed.iter().map(Uuid::to_string).collect::<Vec<_>>(),
        [id(&kept)]
    );
    assert!(
        !series
            .house
            .objects
            .exists(organisation, &state)
            .await
            .unwrap()
    );
    let (status, problem) = series
        .refused(series.asked(a, Some(b), &json!({"previous": id(&kept)})))
        .await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(
        problem["type"]
            .as_str()
            .unwrap()
            .ends_with("previous-state-gone"),
        "{problem}"
    );
}
