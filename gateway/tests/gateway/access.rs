//! Z1, Z2, Z8, Z9: route × method × role × tenant, from the committed documents and from a table known by heart.

use std::collections::BTreeSet;

use helder_gateway::{BodyKind, Operation};
use helder_types::{Caller, Permission, Role};
use serde_json::Value;

use crate::{
    issuer,
    world::{JSON, World, bearer, operations},
};

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const TENANTS: [&str; 3] = ["GM0772", "GM0796", "GM0034"];

/// A path of the operation, its parameters filled in.
fn path_of(operation: &Operation) -> String {
    let segments = operation.path.split('/');
    let filled = segments.map(|segment| {
        if segment.starts_with('{') {
            "0198c0de-0000-7000-8000-000000000000"
        } else {
            segment
        }
    });
    filled.collect::<Vec<_>>().join("/")
}

fn head_of(operation: &Operation) -> (&'static str, &'static [u8]) {
    match operation.body {
        BodyKind::Json => (JSON, b"{}"),
        BodyKind::Upload => ("Content-Type: text/csv\r\n", b"a;b\n"),
        BodyKind::None => ("", b""),
    }
}

/// What a service must have been told by the gateway.
fn told(world: &World) -> Caller {
    let seen = world.stub.last();
    let token = seen
        .header("authorization")
        .unwrap()
        .strip_prefix("Bearer ")
        .unwrap()
        .to_owned();
    (*world.verifier.verify(&token).unwrap()).clone()
}

/// Every cell of the grid; returns how many there were.
async fn walk(operations: Vec<Operation>) -> usize {
    let mut cells = 0;
    let world = World::over(operations.clone(), |config| {
        config.burst = 1_000_000;
    });
    let existing: BTreeSet<_> = operations
        .iter()
        .map(|one| (path_of(one), one.method.to_string()))
        .collect();
    let reachable = |operation: &Operation| operation.service != "linkage";
    for operation in &operations {
        let (path, method) = (path_of(operation), operation.method.as_str());
        let (lines, body) = head_of(operation);
        let before = world.stub.hits();
        let bare = world.send(method, &path, lines, body).await;
        match operation.permission {
            Some(_) => drop(bare.assert_problem(401)),
            None => assert_eq!(
                bare.status,
                if reachable(operation) { 200 } else { 503 },
                "{operation:?}"
            ),
        }
        assert_eq!(
            world.stub.hits() - before,
            usize::from(operation.permission.is_none() && reachable(operation))
        );
        for role in Role::ALL {
            for tenant in TENANTS {
                cells += 1;
                let before = world.stub.hits();
                let lines = format!("{}{lines}", bearer(&issuer::token(*role, tenant)));
                let reply = world.send(method, &path, &lines, body).await;
                let hits = world.stub.hits() - before;
                let allowed = operation
                    .permission
                    .is_none_or(|asked| role.permissions().contains(&asked));
                if !allowed {
                    reply.assert_problem(403);
                    assert_eq!(hits, 0, "{operation:?} {role:?}");
                } else if reachable(operation) {
                    assert_eq!((reply.status, hits), (200, 1), "{operation:?} {role:?}");
                    if operation.permission.is_some() {
                        let caller = told(&world);
                        assert_eq!(caller.organisation.as_str(), tenant);
                        assert_eq!(caller.gemeentecode.as_ref().unwrap().as_str(), tenant);
                        assert_eq!(caller.subject, format!("{}@{tenant}", role.as_str()));
                        let mut permissions = role.permissions().to_vec();
                        permissions.sort_unstable();
                        assert_eq!(caller.permissions, permissions);
                    } else {
                        assert_eq!(
                            world.stub.last().header("authorization"),
                            None,
                            "open to all needs no identity"
                        );
                    }
                } else {
                    reply.assert_problem(503);
                }
            }
        }
        for other in METHODS
            .into_iter()
            .filter(|other| !existing.contains(&(path.clone(), (*other).to_owned())))
        {
            cells += 1;
            let before = world.stub.hits();
            let reply = world
                .as_role(Role::DataSteward, other, &path, "", b"")
                .await;
            assert_eq!(reply.status, 405, "{other} {path}");
            assert!(
                reply
                    .header("allow")
                    .split(", ")
                    .any(|known| known == method),
                "{other} {path}: {:?}",
                reply.headers
            );
            assert_eq!(world.stub.hits(), before);
        }
    }
    cells
}

#[actix_web::test]
async fn z1_z2_every_cell_of_the_committed_documents() {
    let operations = helder_gateway::operations().unwrap();
    let expected: usize = operations.len() * Role::ALL.len() * TENANTS.len();
    let cells = walk(operations).await;
    println!("{cells} cells");
    assert!(cells >= expected && cells > 0);
}

#[actix_web::test]
async fn z1_z2_every_cell_of_a_table_with_every_kind_of_operation() {
    let quiet = |one: &Operation| {
        !["/slow", "/large", "/broken"]
            .iter()
            .any(|end| one.path.ends_with(end))
    };
    assert!(walk(operations().into_iter().filter(quiet).collect()).await > 10 * 8 * 3);
}

#[test]
fn z8_the_table_is_what_the_documents_say() {
    let mut documented = BTreeSet::new();
    let services = ["ingest", "linkage", "training", "registry", "prediction"];
    let mut bases: Vec<_> = services.map(|it| (it, format!("/{it}/v1"))).into();
    bases.push(("oip", "/oip".to_owned()));
    for (name, base) in bases {
        let file = format!("{}/../openapi/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let document: Value =
            serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                if matches!(
                    method.as_str(),
                    "parameters" | "summary" | "description" | "servers"
                ) {
                    continue;
                }
                let scope = operation["security"][0]["bearer"][0]
                    .as_str()
                    .map(str::to_owned);
                documented.insert((method.to_uppercase(), format!("{base}{path}"), scope));
            }
        }
    }
    let table: BTreeSet<_> = helder_gateway::operations()
        .unwrap()
        .into_iter()
        .map(|one| {
            (
                one.method.to_string(),
                one.path,
                one.permission.map(|asked| asked.to_string()),
            )
        })
        .collect();
    assert_eq!(table, documented);
}

#[actix_web::test]
async fn z8_what_no_document_names_does_not_exist() {
    let world = World::start();
    for path in [
        "/",
        "/ingest",
        "/ingest/v1",
        "/ingest/v1/",
        "/ingest/v1/datasets/",
        "/ingest/v1/datasets/a/b",
        "/ingest/v1/dataset",
        "/ingest/v1/Datasets",
        "/INGEST/v1/datasets",
        "/ingest/v2/datasets",
        "/registry/v1/datasets",
        "/health",
        "/health/ready/x",
        "/metrics",
        "/openapi.json",
        "/ingest/openapi.json",
        "/admin",
        "/oip/v2/models",
    ] {
        for method in METHODS {
            let reply = world
                .as_role(Role::DataSteward, method, path, "", b"")
                .await;
            assert_eq!(reply.status, 404, "{method} {path}");
            if method != "HEAD" {
                reply.assert_problem(404);
            }
        }
    }
    assert_eq!(world.stub.hits(), 0);
}

#[actix_web::test]
async fn what_only_services_may_do_nobody_may_do_here() {
    let world = World::start();
    for role in Role::ALL {
        world
            .as_role(*role, "POST", "/ingest/v1/derived-versions", JSON, b"{}")
            .await
            .assert_problem(403);
    }
    assert_eq!(world.stub.hits(), 0);
}

#[actix_web::test]
async fn z9_the_service_is_told_by_a_token_it_can_verify_and_not_by_the_clients() {
    let world = World::start();
    let outside = issuer::token(Role::DataSteward, "GM0772");
    assert_eq!(
        world.get_with("/ingest/v1/datasets", &outside).await.status,
        200
    );
    let seen = world.stub.last();
    let inside = seen
        .header("authorization")
        .unwrap()
        .strip_prefix("Bearer ")
        .unwrap();
    assert_ne!(inside, outside);
    assert!(
        world.verifier.verify(&outside).is_err(),
        "a service does not accept the outside token"
    );
    assert!(
        world
            .verifier
            .verify(inside)
            .unwrap()
            .may(Permission::IngestRead)
    );
    assert!(
        !seen
            .headers
            .iter()
            .any(|(_, value)| value.contains(&outside))
    );
}
