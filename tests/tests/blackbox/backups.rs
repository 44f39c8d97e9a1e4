//! A backup of a platform in use, put in another place: the same versions, the same log, the same predictions.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use diesel::{
    Connection as _, PgConnection, connection::SimpleConnection as _, sqlite::SqliteConnection,
};
use helder_testkit::{Place, Platform};
use serde_json::{Value, json};

use crate::{
    journey::{People, id},
    made::{PREDICT, active, predicted, subject},
    support::{Caller, HERE, eventually, every},
};

/// What the command wrote.
#[track_caller]
fn written(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn backup(platform: &Platform, folder: &Path, keys: &Path) -> Output {
    let mut command = platform.command().unwrap();
    command.args(["backup", "--json", "--out"]).arg(folder);
    // Who serves sees no rows without saying whose; a backup wants a role that row-level security does not hold back.
    if let Some(all) = platform.database() {
        command.args(["--store", all]);
    }
    command.arg("--keys").arg(keys);
    with(&mut command, &platform.settings());
    command.output().unwrap()
}

/// The settings of separate programs, which say themselves where everything is; nothing where there are none.
fn with(command: &mut Command, settings: &[PathBuf]) {
    if !settings.is_empty() {
        command.env_remove("HELDER_DATA").env_remove("HELDER_STORE");
        command.args(settings);
    }
}

/// Tables are made by their owner.
fn as_owner(place: &Place<'_>) -> Vec<String> {
    let owner = place.owner().map(|owner| ["--store".to_owned(), owner]);
    owner.into_iter().flatten().collect()
}

/// Everything that can be compared, as the API tells it.
async fn everything(people: &People) -> Vec<Value> {
    let mut found = Vec::new();
    for (caller, list) in [
        (&people.steward, "/ingest/v1/datasets"),
        (&people.steward, "/linkage/v1/linkage-runs"),
        (&people.analyst, "/training/v1/training-runs"),
        (&people.owner, "/registry/v1/projects"),
        (&people.owner, "/registry/v1/models"),
    ] {
        found.extend(every(caller, list).await);
    }
    for dataset in every(&people.steward, "/ingest/v1/datasets").await {
        let versions = format!("/ingest/v1/datasets/{}/dataset-versions", id(&dataset));
        found.extend(every(&people.steward, &versions).await);
    }
    found
}

async fn verified(auditor: &Caller) -> Value {
    let found = auditor
        .post("/registry/v1/events/_verify", &json!({}))
        .await;
    assert_eq!(found.status, 200, "{}", found.text);
    found.json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_platform_in_use_gives_the_same_platform_elsewhere() {
    let first = Platform::start().await.unwrap();
    let people = People::of(&first, HERE);
    active(&first, &people).await;
    let before = predicted(&people.consumer).await;

    // People go on while it is made.
    let busy = {
        let consumer = people.consumer.clone();
        tokio::spawn(async move {
            loop {
                let answer = consumer.post(PREDICT, &subject()).await;
                assert_eq!(answer.status, 200, "{}", answer.text);
            }
        })
    };
    let (folder, keys) = (first.folder().join("backup"), first.folder().join("kept"));
    let manifest = written(&backup(&first, &folder, &keys));
    busy.abort();
    assert!(manifest["objects"].as_u64().unwrap() > 5, "{manifest}");
    let again = backup(&first, &folder, &keys);
    assert!(!again.status.success(), "a folder holds one backup");
    let (events, all) = (verified(&people.auditor).await, everything(&people).await);
    assert_eq!(events["valid"], true);

    let second = Platform::start_after(|place| {
        let settings = place.settings()?;
        let mut restore = place.command()?;
        restore.args(["restore", "--json", "--from"]).arg(&folder);
        restore.args(as_owner(place)).arg("--keys").arg(&keys);
        with(&mut restore, &settings);
        let restored = written(&restore.output()?);
        assert_eq!(restored["objects"], manifest["objects"]);
        // What is there is not written over.
        let mut restore = place.command()?;
        restore.args(["restore", "--from"]).arg(&folder);
        restore.args(as_owner(place));
        with(&mut restore, &settings);
        assert!(!restore.output()?.status.success());
        Ok(())
    })
    .await
    .unwrap();
    // Signed by the issuer of the copy, whose key came along.
    let people = People::of(&second, HERE);
    assert_eq!(everything(&people).await, all);
    assert_eq!(verified(&people.auditor).await, events);
    let after = predicted(&people.consumer).await;
    for member in ["modelVersionId", "modelDigest", "predictions"] {
        assert_eq!(after[member], before[member], "{member}");
    }
    let mut doctor = second.command().unwrap();
    with(doctor.arg("doctor"), &second.settings());
    let doctor = doctor.output().unwrap();
    assert!(doctor.status.success(), "{doctor:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_was_touched_is_refused_and_says_where() {
    let mut first = Platform::start().await.unwrap();
    let people = People::of(&first, HERE);
    crate::journey::bring_in(&first, &people).await;
    let (folder, keys) = (first.folder().join("backup"), first.folder().join("kept"));
    written(&backup(&first, &folder, &keys));
    assert!(first.stop(Duration::from_secs(20)).await.unwrap());

    let store = fs::read_dir(folder.join("stores"))
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.file_stem().is_some_and(|name| name == "ingest"))
        .unwrap();
    let object = fs::read_dir(folder.join("objects").join(HERE))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    for (file, word) in [
        (store, "ingest"),
        (folder.join("objects.txt"), "objects.txt"),
        (object, "damaged"),
        (folder.join("backup.json"), "backup"),
    ] {
        let bytes = fs::read(&file).unwrap();
        let mut changed = bytes.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        fs::remove_file(&file).unwrap();
        fs::write(&file, &changed).unwrap();
        let refused = Platform::start_after(|place| {
            let mut restore = place.command()?;
            restore.args(["restore", "--from"]).arg(&folder);
            restore.args(as_owner(place));
            with(&mut restore, &place.settings()?);
            let output = restore.output()?;
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(
                !output.status.success() && said.contains(word),
                "{file:?}: {said}"
            );
            Err(std::io::Error::other("as it must").into())
        })
        .await;
        assert!(refused.is_err());
        fs::write(&file, bytes).unwrap();
    }
}

/// Changes the rows of a service behind its back.
fn behind_its_back(platform: &Platform, service: &str, sql: &str) {
    if let Some(url) = platform.database() {
        let mut conn = PgConnection::establish(url).unwrap();
        let sql = format!("SET search_path = {service}; {sql}");
        return conn.batch_execute(&sql).unwrap();
    }
    let file = platform.data().join(format!("stores/{service}.sqlite"));
    let mut conn = SqliteConnection::establish(&file.to_string_lossy()).unwrap();
    conn.batch_execute(sql).unwrap();
}

/// What `helder backup list` or `verify` says of a folder.
fn told(platform: &Platform, what: &str, folder: &Path) -> Output {
    let mut command = platform.command().unwrap();
    command.args(["backup", what, "--json"]).arg(folder);
    if let Some(all) = platform.database() {
        command.args(["--store", all]);
    }
    with(&mut command, &platform.settings());
    command.output().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_backups_that_still_hold_what_retention_removed_are_named() {
    let mut platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    crate::journey::bring_in(&platform, &people).await;
    let (shelf, keys) = (
        platform.folder().join("shelf"),
        platform.folder().join("kept"),
    );
    fs::create_dir(&shelf).unwrap();
    assert!(
        !told(&platform, "list", &shelf).status.success(),
        "no backup, no answer"
    );
    written(&backup(&platform, &shelf.join("before"), &keys));
    let before = written(&told(&platform, "verify", &shelf));
    assert_eq!(before["backups"].as_array().unwrap().len(), 1);
    assert_eq!(before["backups"][0]["destroy"], false, "{before}");

    // The project ended long ago, and so did what was done in linkage.
    assert!(platform.stop(Duration::from_secs(20)).await.unwrap());
    behind_its_back(
        &platform,
        "registry",
        "UPDATE projects SET retention_until = '2021-01-01'",
    );
    behind_its_back(
        &platform,
        "ingest",
        "UPDATE processing_subjects SET act_id = '01600000' || substr(act_id, 9);
         UPDATE processing_acts SET id = '01600000' || substr(id, 9), end_ms = 1511828488192",
    );
    let settings = platform.data().join("helder.toml");
    let told_before = fs::read_to_string(&settings).unwrap_or_default();
    fs::write(
        &settings,
        format!("{told_before}\n[limits]\nretention_s = 1\n"),
    )
    .unwrap();
    platform.restart().await.unwrap();
    eventually(Duration::from_secs(30), async || {
        let data = every(&people.officer, "/ingest/v1/retention-proofs").await;
        let logs = every(&people.officer, "/ingest/v1/log-removals").await;
        (!data.is_empty() && !logs.is_empty()).then_some(())
    })
    .await;
    written(&backup(&platform, &shelf.join("after"), &keys));
    let found = written(&told(&platform, "list", &shelf));
    let [old, new] = &found["backups"].as_array().unwrap()[..] else {
        panic!("two backups: {found}");
    };
    assert!(
        old["folder"].as_str().unwrap().ends_with("before"),
        "{found}"
    );
    assert_eq!(
        (&old["destroy"], &new["destroy"]),
        (&json!(true), &json!(false)),
        "{found}"
    );
    assert!(old["removedParts"].as_u64().unwrap() >= 4, "{found}");
    assert!(old["removedRecords"].as_i64().unwrap() >= 3, "{found}");
    assert_eq!(
        old["rules"],
        json!(["project-ended", "term of the log processing-activities"])
    );
    // One backup can be named, too; and a byte that changed is found.
    assert_eq!(
        written(&told(&platform, "verify", &shelf.join("after")))["backups"][0],
        *new
    );
    let objects = shelf.join("before/objects").join(HERE);
    let object = fs::read_dir(objects)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let mut bytes = fs::read(&object).unwrap();
    bytes[0] ^= 1;
    fs::remove_file(&object).unwrap();
    fs::write(&object, bytes).unwrap();
    let refused = told(&platform, "verify", &shelf);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && said.contains("damaged"),
        "{said}"
    );
}
