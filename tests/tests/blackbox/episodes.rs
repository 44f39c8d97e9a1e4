//! Records of an administration, made into spells by a frame and read by the next.

use std::fmt::Write as _;

use helder_testkit::Platform;
use serde_json::{Value, json};

use crate::{
    journey::{self, People, id},
    support::HERE,
};

const FRAMES: &str = "/training/v1/frames";

/// How often three clients are there: one who came back, one there from before with no reason, one entered wrongly.
const TIMES: u64 = 60;

fn records() -> String {
    let mut text = "client,begin,einde,reden,huishouden\n".to_owned();
    for n in 0..TIMES {
        for line in [
            "a,2020-01-10,2020-02-09,huishouden,alleen",
            "a,2020-02-20,2020-06-30,werk,paar",
            "a,2021-01-01,,,alleen",
            "b,2019-05-01,2020-03-31,,alleen",
            "c,2020-05-05,2020-05-01,werk,alleen",
        ] {
            writeln!(text, "{n}{line}").unwrap();
        }
    }
    text
}

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
    std::fs::write(&path, records()).unwrap();
    let version = id(&journey::upload(&people.steward, &project, &path, contract()).await);
    let asked = asked(&project, &version);
    let frame = journey::run(&people.analyst, FRAMES, &asked).await;
    let outcome = &frame["outcome"];
    assert_eq!(
        outcome["episodes"],
        json!({
            "records": 5 * TIMES, "episodes": 3 * TIMES, "inEpisodes": 4 * TIMES,
            "setApart": {"ends_before_start": TIMES},
            "done": {"entered_late": TIMES, "joined": TIMES, "no_reason": TIMES, "runs": TIMES},
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

    // A frame is a table of the next one: a stayed 173 days and came back, b was seen from its 245th day on.
    let next = json!({
        "projectId": project, "name": "weg door werk", "unit": "periode",
        "tables": [{"alias": "p", "datasetVersionId": outcome["datasetVersionId"]}],
        "sql": "SELECT client, duration FROM p WHERE (reden = 'werk' AND duration = 173 AND huishouden = 'alleen')
            OR (NOT ended AND episode = 2 AND days_since_former = 184) OR (entry = 245 AND reden IS NULL AND ended)",
    });
    let next = journey::run(&people.analyst, FRAMES, &next).await;
    assert_eq!(next["outcome"]["rows"], 3 * TIMES, "{next}");
    assert!(next["outcome"]["episodes"].is_null());

    // A report on outflow from the second frame tells of the records behind the first.
    let spells = json!({
        "projectId": project, "name": "trajecten", "unit": "traject",
        "tables": [{"alias": "p", "datasetVersionId": outcome["datasetVersionId"]}],
        "sql": "SELECT client, duration, entry, ended, reden, huishouden FROM p",
    });
    let spells = journey::run(&people.analyst, FRAMES, &spells).await;
    let words = json!({"nl": "x", "en": "x"});
    let report = json!({"projectId": project, "frameId": id(&spells), "spec": {
        "title": words, "time": "duration", "entry": "entry", "person": "client",
        "ends": {"cause": "reden", "ended": "ended", "causes": [{"codes": ["werk"], "kind": "work"}]},
        "characteristics": [{"column": "huishouden", "kind": "category", "title": words}],
    }});
    let report = journey::run(&people.analyst, "/training/v1/outflow-reports", &report).await;
    let path = format!("/training/v1/outflow-reports/{}", id(&report));
    let told = people.analyst.get(&format!("{path}/analysis")).await.json();
    assert_eq!(told["quality"]["records"], outcome["episodes"]);
    let page = people.analyst.get(&format!("{path}/report")).await.text;
    assert!(page.contains(
        "De registratie had 300 regels. 240 daarvan vormen samen 180 trajecten. Niet meegeteld: 60."
    ));

    let mut wrong = asked.clone();
    wrong["episodes"]["end"] = json!("begin");
    wrong["episodes"]["late"] = json!("from-record");
    let refused = people.analyst.post(FRAMES, &wrong).await;
    refused.assert_problem(400);
    assert_eq!(refused.pointers(), ["/episodes/end", "/episodes/recorded"]);
    let mut wrong = asked;
    wrong["episodes"]["person"] = json!("naam");
    let job = journey::start(&people.analyst, FRAMES, &wrong).await;
    let ended = journey::ended(&people.analyst, &job).await;
    assert_eq!(
        ended["problem"]["errors"][0]["pointer"], "/episodes/person",
        "{ended}"
    );
}
