//! Damaged, oversized and hostile uploads: the stated answer, nothing kept, and the service goes on.

use std::io::Write;

use helder_platform::{config::Limits, content_digest};
use helder_types::{Bsn, Digest};
use reqwest::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::house::{House, json_of, refusal};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[actix_web::test]
async fn every_refused_upload_leaves_nothing() {
    let house = House::new();
    let limits = Limits {
        upload_bytes: 1 << 20,
        expanded_bytes: 8 << 20,
        ..Limits::default()
    };
    let (service, anna) = house.serve_with(limits).await;
    let dataset = anna.dataset(Uuid::now_v7()).await;
    let csv = |body: Vec<u8>| anna.upload(&dataset, None).body(body);
    let typed = |media: &str, body: &[u8]| {
        anna.post(&format!("/datasets/{dataset}/dataset-versions"))
            .header("content-type", media)
            .body(body.to_vec())
    };
    let bomb = gzip(&vec![b'0'; 100 << 20]);
    let endless =
        futures_util::stream::iter((0..64).map(|_| Ok::<_, std::io::Error>(vec![b'a'; 64 << 10])));
    let xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    for (what, request, status, code) in [
        (
            "too long, length given",
            csv(vec![b'a'; 2 << 20]),
            413,
            "too-large",
        ),
        (
            "too long, length not given",
            anna.upload(&dataset, None)
                .body(reqwest::Body::wrap_stream(endless)),
            413,
            "too-large",
        ),
        (
            "bomb",
            csv(bomb).header("content-encoding", "gzip"),
            413,
            "too-large",
        ),
        (
            "packed twice",
            csv(gzip(&gzip(b"a,b\n1,2\n"))).header("content-encoding", "gzip, gzip"),
            415,
            "unsupported-media-type",
        ),
        (
            "unknown packing",
            csv(b"a".to_vec()).header("content-encoding", "br"),
            415,
            "unsupported-media-type",
        ),
        (
            "cut gzip",
            csv(gzip(&vec![b'x'; 90_000])[..40].to_vec()).header("content-encoding", "gzip"),
            400,
            "invalid-input",
        ),
        (
            "no gzip at all",
            csv(b"a,b\n1,2\n".to_vec()).header("content-encoding", "gzip"),
            400,
            "invalid-input",
        ),
        (
            "gzip undeclared",
            csv(gzip(b"a,b\n1,2\n")),
            400,
            "invalid-input",
        ),
        (
            "other digest",
            csv(b"a,b\n1,2\n".to_vec())
                .header("content-digest", content_digest::value(&Digest::of(b"x"))),
            400,
            "invalid-input",
        ),
        (
            "digest unreadable",
            csv(b"a,b\n1,2\n".to_vec()).header("content-digest", "sha-256=x"),
            400,
            "invalid-input",
        ),
        (
            "NUL bytes",
            csv(b"a,b\n1,\x002\n".to_vec()),
            400,
            "invalid-input",
        ),
        ("empty", csv(Vec::new()), 400, "invalid-input"),
        (
            "no media type of ours",
            typed("application/json", b"{}"),
            415,
            "unsupported-media-type",
        ),
        (
            "spreadsheet said to be CSV",
            csv(b"PK\x03\x04rest".to_vec()),
            415,
            "unsupported-media-type",
        ),
        (
            "CSV said to be a spreadsheet",
            typed(xlsx, b"a,b\n1,2\n"),
            415,
            "unsupported-media-type",
        ),
        (
            "pickle",
            csv(b"\x80\x04\x95more".to_vec()),
            400,
            "invalid-input",
        ),
        (
            "no such contract",
            anna.upload(&dataset, Some(&Uuid::nil().to_string()))
                .body("a,b\n"),
            400,
            "invalid-input",
        ),
        (
            "contract no UUID",
            anna.upload(&dataset, Some("x")).body("a,b\n"),
            400,
            "invalid-input",
        ),
    ] {
        let response = request
            .send()
            .await
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        let (found, faults) = refusal(response, status).await;
        assert_eq!(found, code, "{what}");
        if what == "NUL bytes" {
            assert_eq!(faults, [("/line/2".to_owned(), "nul-byte".to_owned())]);
        }
    }
    assert_eq!(house.stored_objects(), 0, "nothing was kept");
    assert_eq!(
        anna.read(&format!("/datasets/{dataset}/dataset-versions"))
            .await["items"],
        json!([])
    );
    let version = anna.version(&dataset, None, "a,b\n1,2\n").await;
    assert_eq!(
        version["number"], 1,
        "the service goes on, and no number was lost"
    );
    service.stop().await.unwrap();
}

#[actix_web::test]
async fn a_body_that_is_cut_off_leaves_nothing() {
    use tokio::io::AsyncWriteExt;
    let house = House::new();
    let (service, anna) = house.serve().await;
    let dataset = anna.dataset(Uuid::now_v7()).await;
    let address = anna.base.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /ingest/v1/datasets/{dataset}/dataset-versions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: text/csv\r\n\
         Content-Length: 100000\r\n\r\na,b\n1,2\n",
        anna.token
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    drop(stream);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(house.stored_objects(), 0);
    service.stop().await.unwrap();
}

#[actix_web::test]
async fn a_file_that_cannot_be_used_fails_its_job_with_all_reasons_and_makes_no_version() {
    let house = House::new();
    let (service, anna) = house.serve().await;
    let dataset = anna.dataset(Uuid::now_v7()).await;
    let agreed = anna
        .contract(json!({"fields": [{"name": "a"}, {"name": "x"}, {"name": "y"}]}))
        .await;
    let wide = format!(
        "{}\n",
        (0..10_000)
            .map(|n| format!("c{n}"))
            .collect::<Vec<_>>()
            .join(",")
    );
    let disguised: String = std::iter::once("kenmerk,n\n".to_owned())
        .chain(
            (100_000_000_u32..)
                .filter(|n| Bsn::parse(n.to_string().as_bytes()).is_ok())
                .take(60)
                .map(|n| format!("{n},1\n")),
        )
        .collect();
    let plain = anna
        .contract(json!({"fields": [{"name": "kenmerk"}]}))
        .await;
    for (contract, body, codes) in [
        (
            Some(&agreed),
            "a,b\n1,2\n".to_owned(),
            vec!["missing-column", "missing-column"],
        ),
        (None, wide, vec!["too-many-columns"]),
        (None, "a,b,a\nx,1,z\n".to_owned(), vec!["duplicate-header"]),
        (
            None,
            "naam,x249566758y\nJan,1\n".to_owned(),
            vec!["looks-like-bsn"],
        ),
        (Some(&plain), disguised, vec!["bsn-without-meaning"]),
    ] {
        let job = anna
            .upload(&dataset, contract.map(String::as_str))
            .body(body)
            .send()
            .await
            .unwrap();
        let job = anna.ended(&json_of(job, StatusCode::ACCEPTED).await).await;
        assert_eq!(job["state"], "failed", "{job}");
        let found: Vec<_> = job["problem"]["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fault| fault["code"].as_str().unwrap())
            .collect();
        assert_eq!(found, codes);
    }
    assert_eq!(house.stored_objects(), 0, "the uploads are gone too");
    assert_eq!(
        anna.read(&format!("/datasets/{dataset}")).await["lastNumber"],
        0
    );
    service.stop().await.unwrap();
}

#[actix_web::test]
async fn no_bsn_is_in_any_answer_whatever_is_wrong_with_the_file() {
    let house = House::new();
    let (service, anna) = house.serve().await;
    let dataset = anna.dataset(Uuid::now_v7()).await;
    let bsns: Vec<String> = (300_000_000_u32..)
        .filter(|n| Bsn::parse(n.to_string().as_bytes()).is_ok())
        .take(500)
        .map(|n| n.to_string())
        .collect();
    let mut csv = String::from("bsn,naam,postcode,n\n");
    for (at, bsn) in bsns.iter().enumerate() {
        let line = [
            "#,Jansen,5611AB,1",
            "#,#,5611AB,1",
            "#,Jansen,#,1",
            "#,Jansen,5611AB,#x",
            "\"#,Jansen",
            "#,Jansen,5611AB,1,#",
        ];
        csv.extend([line[at % 6].replace('#', bsn).as_str(), "\n"]);
    }
    let agreed = anna
        .contract(json!({"fields": [{"name": "bsn", "semanticType": "bsn"}, {"name": "naam", "semanticType": "geslachtsnaam"},
            {"name": "postcode", "semanticType": "postcode"}, {"name": "n", "type": "integer"}]}))
        .await;
    let version = anna.version(&dataset, Some(&agreed), csv.clone()).await;
    let id = version["id"].as_str().unwrap().to_owned();
    let mut answers = version.to_string();
    for (path, accept) in [
        (
            format!("/dataset-versions/{id}/quality-report"),
            "application/json",
        ),
        (
            format!("/dataset-versions/{id}/quality-report"),
            "text/html",
        ),
        (
            format!("/dataset-versions/{id}/quarantined-rows?limit=200"),
            "application/json",
        ),
        (
            format!("/dataset-versions/{id}/quarantined-rows"),
            "text/csv",
        ),
        ("/datasets".to_owned(), "application/json"),
    ] {
        answers.push_str(
            &anna
                .get(&path)
                .header("accept", accept)
                .send()
                .await
                .unwrap()
                .text()
                .await
                .unwrap(),
        );
    }
    let header_is_data = csv
        .lines()
        .skip(1)
        .step_by(6)
        .collect::<Vec<_>>()
        .join("\n");
    let suggested = anna
        .post("/contracts/_suggest")
        .header("content-type", "text/csv")
        .body(header_is_data)
        .send()
        .await
        .unwrap();
    answers.push_str(&suggested.text().await.unwrap());
    let unknown = anna
        .post("/datasets")
        .json(&json!({"projectId": Uuid::now_v7(), "name": "x", bsns[0].as_str(): bsns[1]}))
        .send()
        .await
        .unwrap();
    let _ = refusal(unknown, 400).await;
    assert!(answers.len() > 10_000);
    let stored = house.everything_stored();
    for bsn in &bsns {
        assert!(!answers.contains(bsn.as_str()));
        assert!(!stored.windows(9).any(|window| window == bsn.as_bytes()));
    }
    service.stop().await.unwrap();
}
