//! The documents, readable without a token and without asking anything of the outside world.

use crate::world::World;

#[actix_web::test]
async fn every_service_document_is_open_to_all_from_everywhere() {
    let world = World::start();
    for service in ["ingest", "linkage", "training", "registry", "prediction"] {
        let path = format!("/{service}/v1/openapi.json");
        let reply = world
            .send("GET", &path, "Origin: https://elders.example\r\n", b"")
            .await;
        assert_eq!(
            (reply.status, reply.header("access-control-allow-origin")),
            (200, "*"),
            "{service}"
        );
        assert_eq!(reply.header("content-type"), "application/json");
        let file = format!("{}/../openapi/{service}.json", env!("CARGO_MANIFEST_DIR"));
        assert_eq!(reply.body, std::fs::read(file).unwrap());
        let document: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        world.send("POST", &path, "", b"").await.assert_problem(405);
    }
    assert_eq!(world.stub.hits(), 0);
}

#[actix_web::test]
async fn other_answers_allow_no_other_origin() {
    let world = World::start();
    let origin = "Origin: https://elders.example\r\n";
    let reply = world
        .as_role(
            helder_types::Role::DataSteward,
            "GET",
            "/ingest/v1/datasets",
            origin,
            b"",
        )
        .await;
    assert_eq!(reply.header("access-control-allow-origin"), "");
    let asked = format!("{origin}Access-Control-Request-Method: GET\r\n");
    let reply = world
        .send("OPTIONS", "/ingest/v1/datasets", &asked, b"")
        .await;
    reply.assert_problem(405);
    assert_eq!(reply.header("access-control-allow-origin"), "");
}

#[actix_web::test]
async fn the_docs_page_loads_only_from_here() {
    let world = World::start();
    let redirect = world.send("GET", "/docs", "", b"").await;
    assert_eq!(
        (redirect.status, redirect.header("location")),
        (308, "/docs/")
    );
    let page = world.send("GET", "/docs/", "", b"").await;
    assert_eq!(page.status, 200);
    assert!(
        page.header("content-type").starts_with("text/html"),
        "{page:?}"
    );
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("script-src 'self'") && !policy.contains("https:"),
        "{policy}"
    );
    assert!(
        !page.text().contains("<script>"),
        "no inline script, the policy would stop it"
    );
    let assets: Vec<String> = page
        .text()
        .split(['"', '\''])
        .filter(|text| {
            std::path::Path::new(text)
                .extension()
                .is_some_and(|kind| kind == "js" || kind == "css")
        })
        .map(str::to_owned)
        .collect();
    assert!(assets.len() >= 3, "{assets:?}");
    for asset in assets {
        assert!(!asset.contains("://"), "{asset}");
        let reply = world
            .send(
                "GET",
                &format!("/docs/{}", asset.trim_start_matches("./")),
                "",
                b"",
            )
            .await;
        assert_eq!(reply.status, 200, "{asset}");
        assert!(!reply.body.is_empty());
    }
    let start = world
        .send("GET", "/docs/swagger-initializer.js", "", b"")
        .await
        .text();
    for service in ["ingest", "linkage", "training", "registry", "prediction"] {
        assert!(
            start.contains(&format!("/{service}/v1/openapi.json")),
            "{service} not in {start}"
        );
    }
    assert!(start.contains("/oip/openapi.json"), "{start}");
    assert!(!start.contains("https://"), "{start}");
}

#[actix_web::test]
async fn every_fixed_path_refuses_other_methods_with_those_that_it_knows() {
    let world = World::start();
    let services = ["ingest", "linkage", "training", "registry", "prediction"];
    let mut paths: Vec<_> = services
        .map(|it| (format!("/{it}/v1/openapi.json"), "GET, HEAD"))
        .into();
    paths.push(("/oip/openapi.json".to_owned(), "GET, HEAD"));
    for page in [
        "/docs",
        "/docs/",
        "/docs/index.html",
        "/docs/swagger-ui.css",
        "/health/live",
        "/health/ready",
    ] {
        paths.push((page.to_owned(), "GET"));
    }
    for (path, allow) in &paths {
        assert_ne!(world.send("GET", path, "", b"").await.status, 404, "{path}");
        for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
            let reply = world.send(method, path, "", b"").await;
            assert_eq!(reply.status, 405, "{method} {path}");
            reply.assert_problem(405);
            assert_eq!(reply.header("allow"), *allow, "{method} {path}");
        }
    }
    for path in ["/docs/nothing", "/docs/nothing/at/all"] {
        for method in ["GET", "POST", "DELETE"] {
            world.send(method, path, "", b"").await.assert_problem(404);
        }
    }
}
