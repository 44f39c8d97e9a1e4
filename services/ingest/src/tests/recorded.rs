//! What is on record of people whose number is not there.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use super::house::{House, Visitor};

async fn records(anna: &Visitor, activity: &str, name: &str) -> Vec<Value> {
    let body = json!({"dpl.core.processing_activity_id": activity});
    let answer = anna.post("/processing-activities?limit=200").json(&body);
    let answer = answer.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let page: Value = answer.json().await.unwrap();
    let all = page["processingActivities"].as_array().unwrap();
    all.iter()
        .filter(|it| it["name"] == name)
        .cloned()
        .collect()
}

fn subjects(records: &[Value], kind: &str) -> BTreeSet<String> {
    let of_kind = |it: &&Value| it["attributes"]["dpl.core.data_subject_id_type"] == kind;
    records
        .iter()
        .filter(of_kind)
        .map(|it| {
            it["attributes"]["dpl.core.data_subject_id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect()
}

#[actix_web::test]
async fn a_sample_about_people_is_on_record_by_row_and_one_about_nobody_is_not() {
    const SUGGESTING: &str = "urn:helder:activity:contract-voorstellen";
    const NAME: &str = "contract suggested for a sample";
    let house = House::new();
    let (service, anna) = house.serve().await;
    let suggest = async |sample: &'static str| {
        let request = anna
            .post("/contracts/_suggest")
            .header("content-type", "text/csv");
        request.body(sample).send().await.unwrap().status()
    };
    assert_eq!(suggest("wijk;aantal\n1;10\n2;20\n").await, 200);
    assert!(records(&anna, SUGGESTING, NAME).await.is_empty());
    assert_eq!(
        suggest("bsn;achternaam\n249566758;Jansen\n10000008;De Vries\n").await,
        200
    );
    let found = records(&anna, SUGGESTING, NAME).await;
    let rows = subjects(&found, "table-row");
    assert_eq!((found.len(), rows.len()), (3, 2), "{found:?}");
    assert!(rows.iter().all(|row| row.starts_with("sha256:")));
    // What cannot be read was asked as well.
    assert_eq!(suggest("a\u{0}b;c\n1;2\n").await, 400);
    let found = records(&anna, SUGGESTING, NAME).await;
    assert_eq!(found.len(), 4);
    assert_eq!(found[3]["status"], "Unset");
    let said = format!("{found:?}");
    assert!(!said.contains("249566758") && !said.contains("Jansen"));
    service.stop().await.unwrap();
}

#[actix_web::test]
async fn records_set_apart_are_on_record_by_number_or_else_by_row_and_so_is_who_saw_them() {
    let house = House::new();
    let (service, anna) = house.serve().await;
    let project = Uuid::now_v7();
    let dataset = anna.dataset(project).await;
    let contract = json!({"fields": [
        {"name": "bsn", "semanticType": "bsn", "constraints": {"required": true}},
        {"name": "bedrag", "type": "integer"}]});
    let agreed = anna.contract(contract).await;
    // Read and good; read and set apart for its amount; a wrong number; no number; too many cells.
    let file = "bsn;bedrag\n249566758;1\n10000008;veel\n249566759;3\n;4\n249566758;5;6\n";
    let version = anna.version(&dataset, Some(&agreed), file).await;
    assert_eq!(version["rowsQuarantined"], 4, "{version}");
    let activity = format!("urn:uuid:{project}");
    let found = records(&anna, &activity, "dataset version from an upload").await;
    assert_eq!(subjects(&found, "BSN").len(), 2, "{found:?}");
    let part = version["parts"]["quarantine"]["digest"].as_str().unwrap();
    let row = |n: u8| format!("{part}/{n}");
    assert_eq!(
        subjects(&found, "table-row"),
        BTreeSet::from([row(3), row(4), row(5)])
    );

    let id = version["id"].as_str().unwrap();
    let path = format!("/dataset-versions/{id}/quarantined-rows");
    let page = anna.read(&format!("{path}?limit=2")).await;
    let told = page["items"].as_array().unwrap().iter();
    let told: BTreeSet<_> = told.map(|it| format!("{part}/{}", it["row"])).collect();
    let shown = records(&anna, &activity, "records set apart shown").await;
    assert_eq!(subjects(&shown, "table-row"), told);
    let all = anna
        .get(&path)
        .header("accept", "text/csv")
        .send()
        .await
        .unwrap();
    assert_eq!(all.status(), 200);
    let shown = records(&anna, &activity, "records set apart shown").await;
    assert_eq!(subjects(&shown, "table-row").len(), 4);
    service.stop().await.unwrap();
}
