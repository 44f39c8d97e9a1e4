//! M1, M2, M4: files that are code or hold other files. They are refused by what they are, and nothing is ever unpacked.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use helder_testkit::Platform;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    journey::{self, People, id},
    made::active,
    packed::{spreadsheet, tar, zip},
    support::{HERE, answer},
};

/// Where an unpacking program would write, by the name of the mark.
fn ways_out(mark: &str) -> Vec<String> {
    vec![
        format!("../../../../../../../../tmp/{mark}"),
        format!("/tmp/{mark}"),
        format!("..\\..\\..\\..\\tmp\\{mark}"),
        format!("xl/../../../{mark}"),
        format!("./{mark}"),
        mark.to_owned(),
    ]
}

/// Files that are code, or archives, with what they are.
fn corpus(mark: &str) -> Vec<(String, Vec<u8>)> {
    let call = b"cposix\nsystem\n(S'touch /tmp/x'\ntR.";
    let mut found: Vec<(String, Vec<u8>)> = vec![
        ("pickle 0".into(), call.to_vec()),
        (
            "pickle 0 with a mark".into(),
            b"(dp0\nS'a'\np1\nI1\ns.".to_vec(),
        ),
        ("pickle 1".into(), b"]q\x00(K\x01K\x02e.".to_vec()),
    ];
    for protocol in 2..=5_u8 {
        let bytes = [&[0x80, protocol][..], call].concat();
        found.push((format!("pickle {protocol}"), bytes));
        let framed = [
            &[0x80, protocol, 0x95, 0x10, 0, 0, 0, 0, 0, 0, 0][..],
            b"\x8c\x05posix\x94.",
        ]
        .concat();
        found.push((format!("framed pickle {protocol}"), framed));
    }
    let starts: [(&str, &[u8]); 20] = [
        (
            "joblib, zlib",
            b"\x78\x9c\x4b\xcb\xcf\x07\0\x02\x82\x01\x45",
        ),
        ("joblib, zlib 1", b"\x78\x01more"),
        ("joblib, zlib 9", b"\x78\xdamore"),
        ("joblib, gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\x03"),
        ("joblib, bz2", b"BZh91AY&SY"),
        ("joblib, xz", b"\xfd7zXZ\0\0\x04"),
        ("joblib, lzma", b"\x5d\0\0\x80\0\xff\xff"),
        ("joblib, lz4", b"\x04\x22\x4d\x18\x64\x40"),
        ("joblib, old", b"ZF0x00000000000000"),
        ("zstd", b"\x28\xb5\x2f\xfd\x04\0"),
        ("7z", b"7z\xbc\xaf\x27\x1c\0\x04"),
        ("rar", b"Rar!\x1a\x07\x01\0"),
        ("HDF5, as of Keras", b"\x89HDF\r\n\x1a\n"),
        ("NumPy", b"\x93NUMPY\x01\0v\0"),
        ("program", b"\x7fELF\x02\x01\x01\0"),
        ("program of Windows", b"MZ\x90\0\x03\0"),
        ("bytecode of Java", b"\xca\xfe\xba\xbe\0\0\0\x34"),
        ("WebAssembly", b"\0asm\x01\0\0\0"),
        ("script", b"#!/bin/sh\ntouch /tmp/x\n"),
        ("tensors", b"GGUF\x03\0\0\0"),
    ];
    found.extend(starts.map(|(name, bytes)| (name.to_owned(), bytes.to_vec())));
    for way in ways_out(mark) {
        found.push((
            format!("zip with {way}"),
            zip(&[(way.as_str(), b"written", 0)]),
        ));
        found.push((
            format!("tar with {way}"),
            tar(&[(way.as_str(), b'0', "", b"written")]),
        ));
    }
    let link = [
        ("uit", b'2', "/tmp", &b""[..]),
        ("uit/x", b'0', "", &b"written"[..]),
    ];
    found.push(("tar with a symbolic link out".into(), tar(&link)));
    let link = [("uit", b'1', "/etc/passwd", &b""[..])];
    found.push(("tar with a hard link out".into(), tar(&link)));
    found.push((
        "zip with a symbolic link".into(),
        zip(&[("uit", b"/etc/passwd", 0o120_777)]),
    ));
    assert!(found.len() >= 40, "{}", found.len());
    found
}

/// All files below `folder` and beside it whose name has the mark.
fn marked(folder: &Path, mark: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    let tops = [
        std::env::temp_dir(),
        "/tmp".into(),
        "/".into(),
        std::env::current_dir().unwrap(),
    ];
    for top in tops {
        let entries = fs::read_dir(top).into_iter().flatten().flatten();
        found.extend(
            entries
                .map(|entry| entry.path())
                .filter(|path| has(path, mark)),
        );
    }
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if has(&path, mark) {
                found.push(path.clone());
            }
            if path.is_dir() {
                open.push(path);
            }
        }
    }
    found
}

fn has(path: &Path, mark: &str) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().contains(mark))
}

#[tokio::test]
async fn code_and_archives_become_neither_a_model_nor_a_dataset() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let project = journey::project(&people.owner).await;
    let dataset = json!({"projectId": project, "name": "x"});
    let dataset = id(&people.steward.create("/ingest/v1/datasets", dataset).await);
    let upload = format!("/ingest/v1/datasets/{dataset}/dataset-versions");
    let mark = format!("helder-unpacked-{}", std::process::id());
    let mut refused = BTreeSet::new();
    for (what, bytes) in corpus(&mark) {
        for media in ["application/json", "text/html"] {
            let request = people
                .analyst
                .request(Method::POST, "/registry/v1/artifacts");
            let reply = answer(request.header("content-type", media).body(bytes.clone())).await;
            assert!(
                matches!(reply.status, 400 | 415),
                "{what} as {media}: {}",
                reply.text
            );
            reply.assert_problem(reply.status);
        }
        for media in [
            "text/csv",
            "application/x-ndjson",
            "application/vnd.apache.parquet",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ] {
            for path in [upload.as_str(), "/ingest/v1/contracts/_suggest"] {
                let request = people.steward.request(Method::POST, path);
                let reply = answer(request.header("content-type", media).body(bytes.clone())).await;
                match reply.status {
                    400 | 415 => reply.assert_problem(reply.status),
                    // Text, as far as a first look goes: then it is a table of text. A zip may be a spreadsheet: its job says no.
                    202 => {
                        let job = journey::ended(&people.steward, reply.header("location")).await;
                        let is_text = matches!(media, "text/csv" | "application/x-ndjson");
                        assert!(
                            job["state"] == "failed" || is_text,
                            "{what} as {media}: {job}"
                        );
                        assert_ne!(job["problem"]["status"], 500, "{what} as {media}: {job}");
                    }
                    200 => assert_eq!(media, "text/csv", "{what}: {}", reply.text),
                    other => panic!("{what} as {media}: {other} {}", reply.text),
                }
            }
        }
        refused.insert(what);
    }
    println!("{} files", refused.len());
    assert_eq!(marked(platform.folder(), &mark), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_spreadsheet_with_files_beside_its_sheets_is_read_and_not_unpacked() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let project = journey::project(&people.owner).await;
    let dataset = json!({"projectId": project, "name": "x"});
    let dataset = id(&people.steward.create("/ingest/v1/datasets", dataset).await);
    let mark = format!("helder-sheet-{}", std::process::id());
    for way in ways_out(&mark) {
        let bytes = spreadsheet(
            &[["naam", "getal"], ["Jan", "1"], ["Piet", "2"]],
            &[(&way, b"written")],
        );
        let path = format!("/ingest/v1/datasets/{dataset}/dataset-versions");
        let request = people.steward.request(Method::POST, &path).header(
            "content-type",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        );
        let reply = answer(request.body(bytes)).await;
        assert_eq!(reply.status, 202, "{way}: {}", reply.text);
        let job = journey::ended(&people.steward, reply.header("location")).await;
        assert_eq!(job["state"], "succeeded", "{way}: {job}");
        let version = people
            .steward
            .get(job["result"].as_str().unwrap())
            .await
            .json();
        assert_eq!(version["rowsIn"], 2, "{version}");
    }
    assert_eq!(marked(platform.folder(), &mark), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn other_bytes_under_an_existing_version_are_a_conflict_and_the_old_bytes_stay() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let made = active(&platform, &people).await;
    let path = format!("/registry/v1/model-versions/{}", made.version);
    let version = people.owner.get(&path).await.json();
    let bytes = people
        .owner
        .get(&format!("{path}/files/model.json"))
        .await
        .text;
    let lineage = people.owner.get(&format!("{path}/lineage")).await.text;

    // The same version with one number of the model changed.
    let changed = bytes.replacen("0.", "1.", 1);
    assert_ne!(changed, bytes);
    let request = people
        .analyst
        .request(Method::POST, "/registry/v1/artifacts");
    let artifact = answer(
        request
            .header("content-type", "application/json")
            .body(changed),
    )
    .await;
    assert_eq!(artifact.status, 201, "{}", artifact.text);
    let digest = artifact.json()["digest"].as_str().unwrap().to_owned();
    let mut files = version["files"].clone();
    let mut old = String::new();
    for file in files.as_array_mut().unwrap() {
        if file["name"] == "model.json" {
            file["digest"].as_str().unwrap().clone_into(&mut old);
            file["digest"] = json!(digest);
        }
        let kept: serde_json::Map<_, _> = ["name", "digest", "mediaType"]
            .map(|key| (key.to_owned(), file[key].clone()))
            .into_iter()
            .collect();
        *file = kept.into();
    }
    let list = format!(
        "/registry/v1/models/{}/model-versions",
        version["modelId"].as_str().unwrap()
    );
    // Everything else agrees with the other bytes.
    let lineage: Value = serde_json::from_str(&lineage.replace(&old, &digest)).unwrap();
    let other = json!({"number": version["number"], "files": files, "lineage": lineage});
    people.analyst.post(&list, &other).await.assert_problem(409);
    let still = people.owner.get(&format!("{path}/files/model.json")).await;
    assert_eq!((still.status, still.text), (200, bytes));
    assert_eq!(
        people.owner.get(&path).await.json()["files"],
        version["files"]
    );
}
