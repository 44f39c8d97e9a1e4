use actix_web::http::Method;
use helder_platform::content_digest;
use helder_types::{Digest, Role};

use super::support::{Registry, analyst, on_every_registry, owner, person};

/// A pickle of protocol 4, a zip, a tar, a joblib dump, an executable, a script: as files that claim to be JSON.
fn corpus() -> Vec<Vec<u8>> {
    let mut tar = vec![0; 512];
    tar[257..262].copy_from_slice(b"ustar");
    vec![
        b"\x80\x04\x95\x10\0\0\0\0\0\0\0\x8c\x05posix\x94.".to_vec(),
        b"\x80\x02cposix\nsystem\n.".to_vec(),
        b"cos\nsystem\n(S'id'\ntR.".to_vec(),
        b"PK\x03\x04../../etc/passwd".to_vec(),
        b"\x78\x9c\x4b\xcb".to_vec(),
        b"\x1f\x8b\x08\0".to_vec(),
        b"\x7fELF\x02\x01".to_vec(),
        b"MZ\x90\0".to_vec(),
        b"#!/bin/sh\n".to_vec(),
        b"\x89HDF\r\n\x1a\n".to_vec(),
        b"\x93NUMPY\x01\0".to_vec(),
        tar,
    ]
}

#[actix_web::test]
async fn code_and_archives_are_refused_by_content_and_leave_nothing() {
    on_every_registry(async |registry| {
        for bytes in corpus() {
            for media_type in ["application/json", "text/html"] {
                let answer = registry.upload(&analyst(), media_type, &bytes).await;
                assert_eq!(answer.problem(), (415, "unsupported-media-type".into()));
            }
            let digest = Digest::of(&bytes);
            assert_eq!(
                registry
                    .get(&analyst(), &format!("/artifacts/{digest}"))
                    .await
                    .status,
                404
            );
            assert!(
                !registry
                    .objects
                    .exists(&analyst().organisation, &digest)
                    .await
                    .unwrap()
            );
        }
        let answer = registry
            .upload(&analyst(), "application/octet-stream", b"{}")
            .await;
        assert_eq!(answer.status, 415);
        let packed = registry
            .ask(&analyst(), Method::POST, "/artifacts")
            .header("content-type", "application/json");
        assert_eq!(
            registry
                .send(packed.header("content-encoding", "gzip").bytes(b"{}"))
                .await
                .status,
            415
        );
    })
    .await;
}

#[actix_web::test]
async fn bytes_that_are_not_what_was_announced_are_refused() {
    on_every_registry(async |registry| {
        let ask = |announced: &str| {
            registry
                .ask(&analyst(), Method::POST, "/artifacts")
                .header("content-type", "application/json")
                .header("content-digest", announced)
                .bytes(br#"{"a":1}"#)
        };
        let answer = registry
            .send(ask(&content_digest::value(&Digest::of(b"other"))))
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.pointers()),
            (400, vec!["Content-Digest".to_owned()])
        );
        assert_eq!(registry.send(ask("sha-256=nonsense")).await.status, 400);
        let digest = Digest::of(br#"{"a":1}"#);
        assert_eq!(
            registry
                .get(&analyst(), &format!("/artifacts/{digest}"))
                .await
                .status,
            404
        );
        assert_eq!(
            registry
                .send(ask(&content_digest::value(&digest)))
                .await
                .status,
            201
        );
    })
    .await;
}

#[actix_web::test]
async fn hostile_json_is_refused_with_a_pointer_and_never_with_the_value() {
    on_every_registry(async |registry| {
        let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
        for bytes in [
            deep.as_str(),
            r#"{"bsn":249566758,"bsn":1}"#,
            r#"{"a":NaN}"#,
            r#"{"a":1e999}"#,
            "{\"a\":",
            "7",
        ] {
            let answer = registry
                .upload(&analyst(), "application/json", bytes.as_bytes())
                .await;
            assert_eq!(answer.status, 400, "{bytes:.30}");
            assert!(!answer.text().contains("249566758"));
        }
        let answer = registry
            .upload(&analyst(), "application/json", br#"{"a":{"b":1,"b":2}}"#)
            .await;
        assert_eq!(answer.pointers(), ["/a/b"]);
    })
    .await;
}

#[actix_web::test]
async fn more_than_32_mib_is_refused_with_and_without_length() {
    on_every_registry(async |registry| {
        let large = vec![b' '; (32 << 20) + 1];
        let answer = registry
            .upload(&analyst(), "application/json", &large)
            .await;
        assert_eq!(answer.problem(), (413, "too-large".into()));
        assert!(
            answer.json()["detail"]
                .as_str()
                .unwrap()
                .contains("33554432")
        );
        let claimed = registry
            .ask(&analyst(), Method::POST, "/artifacts")
            .header("content-type", "application/json")
            .header("content-length", "99999999999");
        assert_eq!(registry.send(claimed).await.status, 413);
    })
    .await;
}

#[actix_web::test]
async fn the_same_bytes_are_the_same_artifact_and_foreign_ones_are_as_absent() {
    on_every_registry(async |registry| {
        let first = registry.upload(&analyst(), "application/json", b"{}").await;
        let again = registry
            .upload(&owner(), "application/json; charset=utf-8", b"{}")
            .await;
        assert_eq!(first.json(), again.json());
        let path = format!("/artifacts/{}", first.json()["digest"].as_str().unwrap());
        assert_eq!(registry.get(&analyst(), &path).await.json(), first.json());
        let stranger = person("GM0363", "sam", Role::Analyst);
        let foreign = registry.get(&stranger, &path).await;
        let absent = registry
            .get(&stranger, &format!("/artifacts/{}", Digest::of(b"nothing")))
            .await;
        assert_eq!(
            (foreign.status.as_u16(), &foreign.bytes),
            (404, &absent.bytes)
        );
        for bad in [
            "/artifacts/..%2f..%2fetc%2fpasswd",
            "/artifacts/sha256:zz",
            "/artifacts/%252e%252e",
        ] {
            assert_eq!(registry.get(&analyst(), bad).await.status, 404, "{bad}");
        }
    })
    .await;
}

#[actix_web::test]
async fn without_the_permission_nothing_is_taken() {
    on_every_registry(async |registry| {
        let auditor = person("GM0772", "aad", Role::Auditor);
        assert_eq!(
            registry
                .upload(&auditor, "application/json", b"{}")
                .await
                .status,
            403
        );
        let nobody = Registry::anonymous(Method::POST, "/artifacts")
            .header("content-type", "application/json");
        assert_eq!(registry.send(nobody.bytes(b"{}")).await.status, 401);
    })
    .await;
}
