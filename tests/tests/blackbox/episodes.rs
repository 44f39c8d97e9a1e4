//! Records of an administration, made into spells by a frame and read by the next.

use helder_testkit::Platform;
use serde_json::{Value, json};

use crate::{
    journey::{self, People, id},
    support::HERE,
};

const FRAMES: &str = "/training/v1/frames";

const RECORDS: &str = "client,begin,einde,reden,huishouden
k1,2020-01-10,2020-02-09,huishouden,alleen
k1,2020-02-20,2020-06-30,werk,paar
k1,2021-01-01,,,alleen
k2,2019-05-01,2020-03-31,,alleen
k3,2020-05-05,2020-05-01,werk,alleen
";

fn contract() -> Value {
    let field = |name: &str, kind: &str| json!({"name": name, "type": kind});
    json!({"fields": [
        field("client", "string"), field("begin", "date"), field("einde", "date"),
        field("reden", "string"), field("huishouden", "string"),
    ]})
}

fn asked(project: &str, version: &str) -> Value {
    json!({
        "projectId": project, "name": "perioden", "unit": "periode",
        "tables": [{"alias": "t", "datasetVersionId": version}],
        "sql": "SELECT client, begin, einde, reden, huishouden FROM t",
        "episodes": {
            "person": "client", "start": "begin", "end": "einde", "reason": "reden",
            "observed": {"from": "2020-01-01", "until": "2021-12-31"},
            "mostDaysBetween": 31,
        },
    })
}

#[tokio::test]
async fn records_become_spells_and_none_is_lost() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let project = journey::project(&people.owner).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dossiers.csv");
    std::fs::write(&path, RECORDS).unwrap();
    let version = id(&journey::upload(&people.steward, &project, &path, contract()).await);
    let asked = asked(&project, &version);
    let frame = journey::run(&people.analyst, FRAMES, &asked).await;
    let outcome = &frame["outcome"];
    assert_eq!(
        outcome["episodes"],
        json!({
            "records": 5, "episodes": 3, "inEpisodes": 4,
            "setApart": {"ends_before_start": 1},
            "done": {"entered_late": 1, "joined": 1, "no_reason": 1, "runs": 1},
        })
    );
    let columns: Vec<&Value> = outcome["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| &column["name"])
        .collect();
    assert_eq!(
        columns,
        [
            "client",
            "begin",
            "reden",
            "huishouden",
            "entry",
            "duration",
            "ended",
            "episode",
            "days_since_former",
            "records",
            "made_by"
        ]
    );

    // A frame is a table of the next one: k1 stayed 173 days and came back, k2 was seen from its 245th day on.
    let next = json!({
        "projectId": project, "name": "weg door werk", "unit": "periode",
        "tables": [{"alias": "p", "datasetVersionId": outcome["datasetVersionId"]}],
        "sql": "SELECT client, duration FROM p WHERE (reden = 'werk' AND duration = 173 AND huishouden = 'alleen')
            OR (NOT ended AND episode = 2 AND days_since_former = 184) OR (entry = 245 AND reden IS NULL AND ended)",
    });
    let next = journey::run(&people.analyst, FRAMES, &next).await;
    assert_eq!(next["outcome"]["rows"], 3, "{next}");
    assert!(next["outcome"]["episodes"].is_null());

    let mut wrong = asked.clone();
    wrong["episodes"]["end"] = json!("begin");
    wrong["episodes"]["late"] = json!("from-record");
    let refused = people.analyst.post(FRAMES, &wrong).await;
    refused.assert_problem(400);
    let pointers: Vec<Value> = refused.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["pointer"].clone())
        .collect();
    assert_eq!(pointers, ["/episodes/end", "/episodes/recorded"]);
    let mut wrong = asked;
    wrong["episodes"]["person"] = json!("naam");
    let job = journey::start(&people.analyst, FRAMES, &wrong).await;
    let ended = journey::ended(&people.analyst, &job).await;
    assert_eq!(
        ended["problem"]["errors"][0]["pointer"], "/episodes/person",
        "{ended}"
    );
}
