//! P1: the BSN is nowhere.

use std::{collections::BTreeSet, time::Duration};

use helder_testkit::Platform;
use serde_json::json;

use crate::{
    journey::{self, People, id},
    made::{PREDICT, active, subject},
    municipality::{self, PEOPLE},
    support::{HERE, eventually},
};

#[tokio::test]
async fn no_bsn_is_stored_logged_or_answered() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let made = active(&platform, &people).await;
    let bsn = municipality::bsn(4);
    let mut said = String::new();

    // As a value where none belongs, as the name of a subject, in a path, in a broken file.
    let mut odd = subject();
    odd["subjects"][0]["id"] = json!(bsn);
    said += &eventually(Duration::from_secs(5), || async {
        let reply = people.consumer.post(PREDICT, &odd).await;
        (reply.status == 200).then(|| reply.text.replace(&format!("\"id\":\"{bsn}\""), ""))
    })
    .await;
    odd["subjects"][0]["values"]["schuld"] = json!(bsn);
    said += &people.consumer.post(PREDICT, &odd).await.text;
    odd["subjects"][0]["values"] = json!({bsn.as_str(): 1});
    said += &people.consumer.post(PREDICT, &odd).await.text;
    said += &people
        .steward
        .get(&format!("/ingest/v1/datasets/{bsn}"))
        .await
        .text;
    said += &people
        .owner
        .post(
            "/registry/v1/projects",
            &json!({"name": bsn, bsn.as_str(): bsn}),
        )
        .await
        .text;
    let broken = platform.folder().join("broken.csv");
    std::fs::write(
        &broken,
        format!("bsn;uitkomst\n{bsn};{bsn}\n{bsn}9;1\n{bsn};\"1\n"),
    )
    .unwrap();
    let job = journey::start_upload(
        &people.steward,
        &made.data.project,
        &broken,
        journey::outcomes_contract(),
    )
    .await;
    let job = journey::ended(&people.steward, &job).await;
    said += &job.to_string();
    if let Some(result) = job["result"].as_str() {
        for more in ["", "/quality-report", "/quarantined-rows"] {
            said += &people.steward.get(&format!("{result}{more}")).await.text;
        }
    }
    for path in [
        "/ingest/v1/dataset-versions/",
        "/linkage/v1/linkage-runs/",
        "/training/v1/training-runs/",
    ] {
        said += &people
            .analyst
            .get(&format!("{path}{}", id(&made.data.persons)))
            .await
            .text;
    }
    for list in ["/prediction/v1/processing-records", "/registry/v1/events"] {
        said += &people.auditor.get(list).await.text;
    }

    let every: Vec<_> = (0..PEOPLE).map(municipality::bsn).collect();
    for one in &every {
        assert!(
            !said.contains(one.as_str()),
            "an answer holds a BSN: {said}"
        );
    }
    let mut looked = 0;
    let mut open = vec![platform.data(), platform.folder().join("testkit.log")];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(
                std::fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
            continue;
        }
        let Ok(bytes) = std::fs::read(&path) else {
            continue;
        };
        looked += 1;
        let digits = runs_of_nine_digits(&bytes);
        let found = every.iter().find(|one| digits.contains(one.as_bytes()));
        assert!(found.is_none(), "{} holds a BSN", path.display());
    }
    assert!(looked > 10, "only {looked} files looked at");
}

/// All runs of exactly nine digits in the bytes.
fn runs_of_nine_digits(bytes: &[u8]) -> BTreeSet<&[u8]> {
    bytes
        .split(|byte| !byte.is_ascii_digit())
        .filter(|run| run.len() == 9)
        .collect()
}
