//! The end of a term: what goes, what stays, and what proves it.

use std::sync::Arc;

use helder_platform::{
    store::Store,
    testing::{TestDatabase, on_every_database},
};
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};
use uuid::Uuid;

use super::house::{House, Visitor};
use crate::retention::{Proof, Retention};

fn retention(house: &House, store: &Store, identity_days: u64) -> Retention {
    Retention {
        store: store.clone(),
        objects: house.objects.clone(),
        keyring: house.keyring.clone(),
        peers: house.peers.clone(),
        mint: Arc::clone(&house.mint),
        identity_days,
    }
}

fn contract() -> Value {
    json!({"fields": [
        {"name": "bsn", "semanticType": "bsn"},
        {"name": "achternaam", "semanticType": "geslachtsnaam"},
        {"name": "bedrag", "type": "integer"}]})
}

const EXTRACT: &str =
    "bsn;achternaam;bedrag\n249566758;Jansen;1\n10000008;De Vries;2\n10000008;De Vries;veel\n";

fn digests(version: &Value) -> Vec<helder_types::Digest> {
    let parts = version["parts"].as_object().unwrap();
    parts
        .values()
        .map(|part| part["digest"].as_str().unwrap().parse().unwrap())
        .collect()
}

#[actix_web::test]
async fn when_a_project_has_ended_its_data_goes_and_a_proof_stays() {
    on_every_database(ended).await.unwrap();
}

async fn ended(database: TestDatabase) {
    let house = House::on(database);
    let (service, anna) = house.serve().await;
    let store = house.database.open(&[crate::MIGRATIONS]).unwrap();
    let project = Uuid::now_v7();
    let dataset = anna.dataset(project).await;
    let agreed = anna.contract(contract()).await;
    let version = anna.version(&dataset, Some(&agreed), EXTRACT).await;
    let parts = digests(&version);
    assert_eq!(parts.len(), 4, "{version}");
    let now = Timestamp::now();
    let job = retention(&house, &store, 0);

    // The last day counts.
    let today = now.to_zoned(jiff::tz::TimeZone::get("Europe/Amsterdam").unwrap());
    *house.until.lock().unwrap() = today.date().to_string();
    assert!(job.run(now).await.unwrap().is_empty());
    *house.until.lock().unwrap() = today.date().yesterday().unwrap().to_string();
    let proofs = job.run(now).await.unwrap();
    let [proof] = &proofs[..] else {
        panic!("one proof: {proofs:?}");
    };
    assert_eq!((proof.rule.as_str(), proof.parts), ("project-ended", 4));
    let rows: u64 = version["parts"]
        .as_object()
        .unwrap()
        .values()
        .map(|part| part["rows"].as_u64().unwrap())
        .sum();
    assert_eq!(proof.part_rows, i64::try_from(rows).unwrap());
    assert_eq!(proof.project_id, project.to_string());

    for digest in &parts {
        let organisation = &house.anna.organisation;
        assert!(!house.objects.exists(organisation, digest).await.unwrap());
    }
    let said = format!("{proofs:?}");
    for personal in ["249566758", "Jansen", "De Vries", "anna"] {
        assert!(!said.contains(personal), "{said}");
    }
    // The version itself is on record, and nobody can make the pseudonyms again.
    let id = version["id"].as_str().unwrap();
    anna.read(&format!("/dataset-versions/{id}")).await;
    let refused = house
        .keyring
        .pseudonymiser(&house.anna.organisation, project)
        .await;
    assert_eq!(refused.err().unwrap().code(), "key-destroyed");
    assert!(job.run(now).await.unwrap().is_empty(), "once");
    proved(&anna, proof, &version).await;
    service.stop().await.unwrap();
}

/// What was proved is read by who may read logs: the proof, and which parts of which version it is about.
async fn proved(anna: &Visitor, proof: &Proof, version: &Value) {
    let told = anna.read("/retention-proofs").await;
    assert_eq!(
        told["items"],
        json!([{"id": proof.id, "projectId": proof.project_id, "rule": "project-ended", "parts": 4,
            "rows": proof.part_rows, "sizeBytes": proof.size_bytes, "at": proof.at}])
    );
    let path = format!("/retention-proofs/{}/removed-parts", proof.id);
    let (mut gone, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = anna.read(&format!("{path}?limit=3{cursor}")).await;
        gone.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let parts = version["parts"].as_object().unwrap();
    assert_eq!(gone.len(), parts.len());
    for part in &gone {
        assert_eq!(part["datasetVersionId"], version["id"]);
        let name = part["part"].as_str().unwrap();
        assert_eq!(part["digest"], parts[name]["digest"], "{name}");
    }
    let other = anna.get(&format!(
        "/retention-proofs/{}/removed-parts",
        Uuid::now_v7()
    ));
    assert_eq!(other.send().await.unwrap().status(), 404);
}

#[actix_web::test]
async fn identity_parts_go_after_their_own_term_and_the_rest_stays() {
    let house = House::new();
    let (service, anna) = house.serve().await;
    let store = house.database.open(&[crate::MIGRATIONS]).unwrap();
    let dataset = anna.dataset(Uuid::now_v7()).await;
    let agreed = anna.contract(contract()).await;
    let version = anna.version(&dataset, Some(&agreed), EXTRACT).await;
    let job = retention(&house, &store, 30);
    let after = |days: i64| Timestamp::now() + (days * 24).hours();
    assert!(job.run(after(29)).await.unwrap().is_empty());
    assert!(
        retention(&house, &store, 0)
            .run(after(500))
            .await
            .unwrap()
            .is_empty()
    );
    let proofs = job.run(after(31)).await.unwrap();
    assert_eq!(proofs.len(), 1);
    assert_eq!(
        (proofs[0].rule.as_str(), proofs[0].parts),
        ("identity-term", 2)
    );
    let there = async |part: &str| {
        let digest = version["parts"][part]["digest"].as_str().unwrap();
        let digest = digest.parse().unwrap();
        house
            .objects
            .exists(&house.anna.organisation, &digest)
            .await
            .unwrap()
    };
    assert!(!there("identity").await && !there("quarantinedRecords").await);
    assert!(there("analysis").await && there("quarantine").await);
    service.stop().await.unwrap();
}

#[actix_web::test]
async fn bytes_that_another_project_still_needs_stay_and_a_restored_backup_is_brought_to_term() {
    let house = House::new();
    let (service, anna) = house.serve().await;
    let store = house.database.open(&[crate::MIGRATIONS]).unwrap();
    let agreed = anna
        .contract(json!({"fields": [{"name": "bedrag", "type": "integer"}]}))
        .await;
    let mut versions = Vec::new();
    for _ in 0..2 {
        let dataset = anna.dataset(Uuid::now_v7()).await;
        versions.push(
            anna.version(&dataset, Some(&agreed), "bedrag\n1\n2\n")
                .await,
        );
    }
    let (first, second) = (digests(&versions[0]), digests(&versions[1]));
    assert_eq!(
        first[0], second[0],
        "equal files without a BSN are equal parts"
    );
    let backup = house
        .objects
        .get_bytes(&house.anna.organisation, &first[0], 1 << 20)
        .await
        .unwrap();

    // Both projects end; the object goes with the last of them, and each has its proof.
    *house.until.lock().unwrap() = "2020-01-01".to_owned();
    let job = retention(&house, &store, 0);
    assert_eq!(job.run(Timestamp::now()).await.unwrap().len(), 2);
    let organisation = &house.anna.organisation;
    assert!(!house.objects.exists(organisation, &first[0]).await.unwrap());

    // A backup from before the end is restored: bytes are back, and what was noted since is not.
    house.objects.put_bytes(organisation, backup).await.unwrap();
    crate::retention::forget_all(&store, organisation)
        .await
        .unwrap();
    assert_eq!(job.run(Timestamp::now()).await.unwrap().len(), 2);
    assert!(!house.objects.exists(organisation, &first[0]).await.unwrap());
    service.stop().await.unwrap();
}

#[actix_web::test]
async fn without_an_answer_of_the_registry_nothing_is_destroyed() {
    let house = House::new();
    let (service, anna) = house.serve().await;
    let store = house.database.open(&[crate::MIGRATIONS]).unwrap();
    let dataset = anna.dataset(Uuid::now_v7()).await;
    let agreed = anna.contract(contract()).await;
    anna.version(&dataset, Some(&agreed), EXTRACT).await;
    let before = house.stored_objects();
    *house.until.lock().unwrap() = "no date".to_owned();
    let job = retention(&house, &store, 1);
    let late = Timestamp::now() + (24 * 400).hours();
    assert!(job.run(late).await.unwrap().is_empty());
    assert_eq!(house.stored_objects(), before);
    service.stop().await.unwrap();
}
