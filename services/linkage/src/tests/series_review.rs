//! Decisions of people in a series: the runs that follow obey them, and find what linking everything under them finds.

use std::collections::BTreeSet;

use helder_platform::testing::caller;
use helder_types::Permission;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{
    http::Http,
    outputs::{csv, linked},
    series::{File, Series, found, id, numbers},
};

/// Rows of a pair by the clients they are of, as `House::version` numbers them.
fn clients(files: [&File; 2], rows: (i64, i64)) -> [String; 2] {
    let of = |file: &File, row: i64| {
        let place = if row > 1 { row - 2 } else { row - 1 };
        file.0.last().unwrap().2[place as usize].clone()
    };
    [of(files[0], rows.0), of(files[1], rows.1)]
}

/// Links of a run by client, with the step that found them.
async fn links(http: &Http, run: &str, files: [&File; 2]) -> BTreeSet<([String; 2], String)> {
    let lines = csv(http, &format!("{run}/links")).await;
    let links = lines[1..].iter().map(|cells| {
        let row = |at: usize| cells[at].parse().unwrap();
        (clients(files, (row(0), row(1))), cells[4].clone())
    });
    links.collect()
}

/// Posts to `_relink`, waits, and gives the run.
async fn relinked(http: &Http, review: &str, body: Value) -> (String, Value) {
    let (status, job) = http.post(&format!("{review}/_relink"), body).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    let job = http.ended(job["id"].as_str().unwrap()).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    let path = job["result"].as_str().unwrap();
    let path = path.strip_prefix("/linkage/v1").unwrap().to_owned();
    let (_, run) = http.get(&path).await;
    (path, run)
}

/// Decides about every pair of a review by the truth, but for one pair of one person that is said to be two.
async fn decided(
    reviewer: &Http,
    review: &str,
    files: [&File; 2],
) -> (Vec<([String; 2], bool)>, [String; 2]) {
    let (mut all, mut contrary) = (Vec::new(), None);
    loop {
        let (status, pair) = reviewer.post(&format!("{review}/_next"), json!({})).await;
        if status == StatusCode::NOT_FOUND {
            return (all, contrary.unwrap());
        }
        let row = |name: &str| pair["explanation"][name].as_i64().unwrap();
        let clients = clients(files, (row("leftRow"), row("rightRow")));
        let is_one = clients[0][1..] == clients[1][1..];
        let is_contrary = is_one && contrary.is_none();
        let is_match = is_one && !is_contrary;
        if is_contrary {
            contrary = Some(clients.clone());
        }
        let verdict = if is_match { "match" } else { "noMatch" };
        let body = json!({"pairId": pair["pairId"], "verdict": verdict});
        let (status, kept) = reviewer.post(&format!("{review}/decisions"), body).await;
        assert_eq!(status, StatusCode::CREATED, "{kept}");
        all.push((clients, is_match));
    }
}

#[expect(clippy::too_many_lines, reason = "one journey, step after step")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_series_obeys_what_people_decide_and_finds_what_linking_everything_finds() {
    let series = Series::new().await;
    let http = &series.http;
    let (left, right) = (File::read("a.csv", "a"), File::read("b.csv", "b"));
    let versions = [
        series.version(0, 1, &left).await,
        series.version(1, 1, &right).await,
        series.version(0, 2, &left.next()).await,
        series.version(1, 2, &right.next()).await,
    ];
    let keys = json!({"recordKeys": {"left": "client"}});
    let asked = series.asked(versions[0], Some(versions[1]), &keys);
    let (first, run) = linked(http, &asked).await;
    let all = [
        Permission::LinkageRead,
        Permission::LinkageWrite,
        Permission::LinkageReview,
    ];
    let anna = Http {
        token: series.house.token(&caller("GM0772", "anna", &all).unwrap()),
        ..Http::new(&series.house, http.base.clone())
    };
    let wanted = json!({"linkageRunId": run["id"], "size": 24, "randomShare": 0.5, "secondShare": 0, "seed": 5});
    let (status, job) = anna.post("/linkage-reviews", wanted).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    let job = anna.ended(job["id"].as_str().unwrap()).await;
    let review = job["result"]
        .as_str()
        .unwrap()
        .strip_prefix("/linkage/v1")
        .unwrap()
        .to_owned();
    let (decisions, contrary) = decided(&anna, &review, [&left, &right]).await;
    assert_eq!(decisions.len(), 24);

    // The same versions once more, in the series: decisions hold, numbers stay, and the split is told with its reason.
    let follows = |previous: &str, everything: bool| json!({"previous": id(previous), "everything": everything});
    let body = |everything| json!({"incremental": follows(&first, everything)});
    let (second, obeyed) = relinked(&anna, &review, body(false)).await;
    let (_, everything) = relinked(&anna, &review, body(true)).await;
    assert_eq!(found(&obeyed), found(&everything));
    let held = &obeyed["review"]["labels"]["held"];
    assert_eq!((&held["held"], &held["changed"]), (&json!(24), &json!(0)));
    let holds = |links: &BTreeSet<([String; 2], String)>, pair: &[String; 2], is_match: bool| {
        let mut of_pair = links.iter().filter(|(clients, _)| clients == pair);
        let step = of_pair.next().map(|(_, step)| step.as_str());
        assert_eq!(step, is_match.then_some("reviewed"), "{pair:?}");
    };
    let after = links(http, &second, [&left, &right]).await;
    for (pair, is_match) in &decisions {
        holds(&after, pair, *is_match);
    }
    let (_, page) = http.get(&format!("{second}/changes?limit=200")).await;
    let changes = page["items"].as_array().unwrap();
    let split = changes.iter().find(|change| change["kind"] == "split");
    assert_eq!(split.unwrap()["reasons"], json!(["reviewed"]), "{page}");
    let before = numbers(http, &first, [&left, &right]).await;
    let now = numbers(http, &second, [&left, &right]).await;
    let moved = now.iter().filter(|(who, id)| before.get(*who) != Some(*id));
    let told: BTreeSet<u64> = changes
        .iter()
        .flat_map(|change| ["from", "into"].map(|of| change[of].as_array().unwrap().clone()))
        .flatten()
        .map(|id| id.as_u64().unwrap())
        .collect();
    assert!(moved.map(|(_, id)| id).all(|id| told.contains(id)));
    let work = |run: &Value| {
        run["outcome"]["continuation"]["work"]["weighed"]
            .as_u64()
            .unwrap()
    };
    assert!(work(&obeyed) * 4 < work(&everything));

    // The next versions: whoever is unchanged is still decided about, without anybody asking.
    let later = [&left.next(), &right.next()];
    let next = |everything| {
        series.asked(
            versions[2],
            Some(versions[3]),
            &follows(&second, everything),
        )
    };
    let (third, changed) = linked(http, &next(false)).await;
    let (_, whole) = linked(http, &next(true)).await;
    assert_eq!(found(&changed), found(&whole));
    let labels = &changed["review"]["labels"];
    assert_eq!(labels["given"], 24, "{labels}");
    let held = labels["held"]["held"].as_u64().unwrap();
    assert!((16..=24).contains(&held), "{labels}");
    let links_now = links(http, &third, later).await;
    let reviewed = links_now
        .iter()
        .filter(|(_, step)| step == "reviewed")
        .count();
    let matches = decisions.iter().filter(|(_, is_match)| *is_match).count();
    assert!(reviewed > 0 && reviewed <= matches, "{reviewed} {matches}");
    let (unchanged, _): (Vec<_>, Vec<_>) = decisions.iter().partition(|(pair, is_match)| {
        *is_match && links_now.contains(&(pair.clone(), "reviewed".to_owned()))
    });
    assert_eq!(unchanged.len(), reviewed);
    assert_eq!(
        changed["outcome"]["prediction"],
        whole["outcome"]["prediction"]
    );

    // Without a re-link in between: the run that follows the reviewed one obeys too.
    let straight = series.asked(versions[0], Some(versions[1]), &follows(&first, false));
    let (path, straight) = linked(http, &straight).await;
    assert_eq!(straight["review"]["labels"]["held"]["held"], 24);
    holds(&links(http, &path, [&left, &right]).await, &contrary, false);
    assert_eq!(found(&straight)[..3], found(&obeyed)[..3]);

    // A new series learns from the decisions and obeys them from its first run on.
    let anew = json!({"incremental": {"recordKeys": {"left": "client"}}});
    let (path, anew) = relinked(&anna, &review, anew).await;
    assert_eq!(anew["outcome"]["continuation"]["previous"], Value::Null);
    for (pair, is_match) in &decisions {
        holds(&links(http, &path, [&left, &right]).await, pair, *is_match);
    }
    assert_ne!(anew["outcome"]["model"], run["outcome"]["model"]);
}
