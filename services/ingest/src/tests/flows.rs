//! What the service is for.

use std::{fmt::Write as _, io::Write as _};

use helder_platform::content_digest;
use helder_types::Digest;
use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::house::{EVERYTHING, House, json_of, refusal};
use helder_platform::testing::caller;

fn contract() -> Value {
    json!({"fields": [
        {"name": "bsn", "semanticType": "bsn"},
        {"name": "achternaam", "semanticType": "geslachtsnaam"},
        {"name": "geboortedatum", "semanticType": "geboortedatum"},
        {"name": "bedrag", "semanticType": "bedrag"},
        {"name": "soort", "semanticType": "code", "constraints": {"enum": ["PW", "IOAW"]}}]})
}

fn extract(rows: usize) -> String {
    let mut text = String::from("bsn;achternaam;geboortedatum;bedrag;soort;opmerking\n");
    for row in 0..rows {
        let (bsn, name) = if row % 2 == 0 {
            ("249566758", "Jansen")
        } else {
            ("10000008", "De Vries")
        };
        let kind = if row % 50 == 49 { "XX" } else { "PW" };
        let (day, year, amount) = (1 + row % 28, 50 + row % 40, row % 1000);
        let _ = writeln!(
            text,
            "{bsn};{name};{day:02}-07-19{year:02};1.{amount:03},50;{kind};vrij"
        );
    }
    text
}

#[actix_web::test]
async fn an_extract_becomes_a_version_with_parts_report_and_reasons() {
    let house = House::new();
    let (service, anna) = house.serve().await;
    let (project, bytes) = (Uuid::now_v7(), extract(500));
    let dataset = anna.dataset(project).await;
    let agreed = anna.contract(contract()).await;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes.as_bytes()).unwrap();
    let packed = gzip.finish().unwrap();
    let request = anna
        .upload(&dataset, Some(&agreed))
        .header("content-encoding", "gzip")
        .header(
            "content-digest",
            content_digest::value(&Digest::of(&packed)),
        );
    let response = request.body(packed).send().await.unwrap();
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let job = json_of(response, StatusCode::ACCEPTED).await;
    assert_eq!(
        location,
        format!("/ingest/v1/jobs/{}", job["id"].as_str().unwrap())
    );
    let job = anna.ended(&job).await;
    assert_eq!(job["state"], "succeeded", "{job}");
    let version = anna.read(job["result"].as_str().unwrap()).await;
    assert_eq!(
        version["sourceDigest"],
        json!(Digest::of(bytes.as_bytes())),
        "the file itself, not its packing"
    );
    assert_eq!(
        (
            &version["rowsIn"],
            &version["rowsAccepted"],
            &version["rowsQuarantined"]
        ),
        (&json!(500), &json!(490), &json!(10))
    );
    assert_eq!(
        (&version["number"], &version["state"], &version["parents"]),
        (&json!(1), &json!("ready"), &json!([]))
    );
    assert_eq!(version["projectId"], json!(project));
    assert_eq!(version["ignoredColumns"], json!(["opmerking"]));
    let detected = &version["detected"];
    assert_eq!(
        (
            &detected["format"],
            &detected["delimiter"],
            &detected["encoding"]
        ),
        (&json!("csv"), &json!(";"), &json!("UTF-8"))
    );
    assert_eq!(
        (&detected["decimal"], &detected["thousands"]),
        (&json!(","), &json!("."))
    );
    assert_eq!(
        version["contract"]["fields"][2]["format"], "%d-%m-%Y",
        "what was found completes the contract"
    );
    let parts = &version["parts"];
    assert_eq!(
        (
            &parts["analysis"]["rows"],
            &parts["identity"]["rows"],
            &parts["quarantine"]["rows"]
        ),
        (&json!(490), &json!(490), &json!(10))
    );

    let analysis: Digest = serde_json::from_value(parts["analysis"]["digest"].clone()).unwrap();
    let file = house
        .objects
        .get_to_file(&house.anna.organisation, &analysis)
        .await
        .unwrap();
    let (schema, _) = helder_dataset::write::read_part_batches(file.open().unwrap(), 100).unwrap();
    let names: Vec<_> = schema
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    assert_eq!(
        names,
        [
            "_row",
            "bsn_pseudonym",
            "geboortedatum_year",
            "bedrag",
            "soort"
        ]
    );

    let id = version["id"].as_str().unwrap();
    let report = anna
        .read(&format!("/dataset-versions/{id}/quality-report"))
        .await;
    assert_eq!(
        report["columns"][4]["rules"],
        json!([{"rule": "enum", "reason": "not in the code list", "count": 10}])
    );
    assert_eq!(report["columns"][0].get("distribution"), None);
    let html = anna
        .get(&format!("/dataset-versions/{id}/quality-report"))
        .header("accept", "text/html")
        .send()
        .await
        .unwrap();
    assert!(html.headers().contains_key("content-security-policy"));
    let html = html.text().await.unwrap();
    assert!(html.contains("<svg") && html.contains("geboortedatum") && !html.contains("Jansen"));

    let page = anna
        .read(&format!("/dataset-versions/{id}/quarantined-rows?limit=4"))
        .await;
    assert_eq!(
        page["items"][0],
        json!({"row": 50, "line": 51, "column": "soort", "rule": "enum", "reason": "not in the code list"})
    );
    let next = page["next"].as_str().unwrap();
    let rest = anna
        .read(&format!(
            "/dataset-versions/{id}/quarantined-rows?limit=50&cursor={next}"
        ))
        .await;
    assert_eq!(rest["items"].as_array().unwrap().len(), 6);
    let csv = anna
        .get(&format!("/dataset-versions/{id}/quarantined-rows"))
        .header("accept", "text/csv")
        .send()
        .await
        .unwrap();
    assert_eq!(csv.text().await.unwrap().lines().count(), 11);

    // The next version is compared with this one.
    let second = anna.version(&dataset, Some(&agreed), extract(500)).await;
    assert_eq!(second["number"], 2);
    let report = anna
        .read(&format!(
            "/dataset-versions/{}/quality-report",
            second["id"].as_str().unwrap()
        ))
        .await;
    assert_eq!(report["comparedWith"], 1);
    assert!(report["columns"][3]["drift"]["psi"].as_f64().unwrap() < 0.1);
    let list = anna
        .read(&format!("/datasets/{dataset}/dataset-versions?limit=1"))
        .await;
    assert_eq!(
        (&list["items"][0]["number"], &list["next"]),
        (&json!(2), &json!("2"))
    );

    // Nothing of the uploads is left, and no BSN anywhere.
    crate::staging::sweep(
        &house.database.open(&[crate::MIGRATIONS]).unwrap(),
        &house.objects,
    )
    .await
    .unwrap();
    let stored = house.everything_stored();
    for secret in ["249566758", "Jansen", "De Vries"] {
        assert!(
            !stored
                .windows(secret.len())
                .any(|window| window == secret.as_bytes()),
            "{secret}"
        );
    }
    service.stop().await.unwrap();
}

#[actix_web::test]
async fn without_a_contract_the_suggested_one_is_used() {
    let house = House::new();
    let (service, anna) = house.serve().await;
    let sample = anna
        .post("/contracts/_suggest")
        .header("content-type", "text/csv")
        .body(extract(100))
        .send()
        .await
        .unwrap();
    let suggested = json_of(sample, StatusCode::OK).await;
    assert_eq!(suggested["contract"]["fields"][0]["semanticType"], "bsn");
    assert!(
        !suggested.to_string().contains("249566758") && !suggested.to_string().contains("Jansen")
    );
    let dataset = anna.dataset(Uuid::now_v7()).await;
    let version = anna.version(&dataset, None, extract(100)).await;
    assert_eq!(version["contract"], suggested["contract"]);
    assert_eq!(version["rowsQuarantined"], 0);
    service.stop().await.unwrap();
}

#[actix_web::test]
async fn a_recipe_makes_the_next_version_and_says_what_it_touched() {
    let house = House::new();
    let (service, anna) = house.serve().await;
    let dataset = anna.dataset(Uuid::now_v7()).await;
    let agreed = anna.contract(contract()).await;
    let version = anna.version(&dataset, Some(&agreed), extract(200)).await;
    let id = version["id"].as_str().unwrap();
    let recipe = anna
        .make(
            "/recipes",
            json!({"name": "opschonen", "recipe": {"steps": [
                {"kind": "unify-case", "columns": ["achternaam"], "to": "upper"},
                {"kind": "derive", "name": "hoog", "type": "boolean", "expression": "bedrag > 110000"},
                {"kind": "filter", "keep": "hoog", "reason": "=alleen hoge bedragen"}]}}),
        )
        .await;
    let run = |recipe: &Value| {
        anna.post(&format!("/dataset-versions/{id}/recipe-runs"))
            .json(&json!({"recipeId": recipe["id"]}))
    };
    let job = anna
        .ended(&json_of(run(&recipe).send().await.unwrap(), StatusCode::ACCEPTED).await)
        .await;
    assert_eq!(job["state"], "succeeded", "{job}");
    let cleaned = anna.read(job["result"].as_str().unwrap()).await;
    assert_eq!(
        (&cleaned["number"], &cleaned["parents"]),
        (&json!(2), &json!([id]))
    );
    assert_eq!(cleaned["recipeId"], recipe["id"]);
    assert_eq!(cleaned["recipeSteps"][0]["rowsTouched"], 196);
    let kept = cleaned["rowsAccepted"].as_u64().unwrap();
    assert!(kept > 0 && kept + cleaned["rowsQuarantined"].as_u64().unwrap() == 196);
    assert_eq!(cleaned["contract"]["fields"][5]["name"], "hoog");
    assert!(cleaned["parts"]["identity"]["digest"].is_string());
    let path = format!(
        "/dataset-versions/{}/quarantined-rows",
        cleaned["id"].as_str().unwrap()
    );
    let csv = anna
        .get(&path)
        .header("accept", "text/csv")
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        csv.contains(",'=alleen hoge bedragen"),
        "a formula cell is escaped"
    );

    let bad = anna
        .make("/recipes", json!({"name": "fout", "recipe": {"steps": [
            {"kind": "trim", "columns": ["bestaat_niet"]}, {"kind": "filter", "keep": "ook_niet = 1", "reason": "x"}]}}))
        .await;
    let (_, faults) = refusal(run(&bad).send().await.unwrap(), 400).await;
    assert_eq!(faults.len(), 2, "all at once");
    service.stop().await.unwrap();
}

#[actix_web::test]
async fn a_derived_table_is_registered_by_services_only() {
    let house = House::new();
    let (service, anna) = house.serve().await;
    let project = Uuid::now_v7();
    let dataset = anna.dataset(project).await;
    let parent = anna.version(&dataset, None, "a;b\n1;2\n3;4\n").await;
    let part = &parent["parts"]["analysis"];
    let request = json!({"projectId": project, "name": "frame", "digest": part["digest"], "sizeBytes": part["sizeBytes"], "rows": 2,
        "columns": [{"name": "a", "type": "integer"}], "parents": [parent["id"]]});
    let training = house.service_visitor(&anna.base);
    let made = training.make("/derived-versions", request.clone()).await;
    assert_eq!(
        (&made["number"], &made["parents"]),
        (&json!(1), &json!([parent["id"]]))
    );
    assert_eq!(
        training.make("/derived-versions", request.clone()).await["number"],
        2
    );
    let mut wrong = request.clone();
    wrong["rows"] = json!(3);
    wrong["columns"] = json!([{"name": "zoek"}]);
    let (_, faults) = refusal(
        training
            .post("/derived-versions")
            .json(&wrong)
            .send()
            .await
            .unwrap(),
        400,
    )
    .await;
    assert_eq!(faults.len(), 2);
    refusal(
        anna.post("/derived-versions")
            .json(&request)
            .send()
            .await
            .unwrap(),
        403,
    )
    .await;
    service.stop().await.unwrap();
}

#[actix_web::test]
async fn nothing_is_seen_or_done_across_organisations_or_without_purpose() {
    let house = House::new();
    let (service, anna) = house.serve().await;
    let dataset = anna.dataset(Uuid::now_v7()).await;
    let agreed = anna.contract(contract()).await;
    let version = anna.version(&dataset, Some(&agreed), extract(20)).await;
    let id = version["id"].as_str().unwrap();
    let other = house.visitor(&anna.base, &caller("GM0796", "carla", EVERYTHING).unwrap());
    for path in [
        format!("/datasets/{dataset}"),
        format!("/datasets/{dataset}/dataset-versions"),
        format!("/dataset-versions/{id}"),
        format!("/dataset-versions/{id}/quality-report"),
        format!("/dataset-versions/{id}/quarantined-rows"),
        format!("/contracts/{agreed}"),
    ] {
        refusal(other.get(&path).send().await.unwrap(), 404).await;
    }
    refusal(
        other
            .upload(&dataset, None)
            .body("a,b\n1,2\n")
            .send()
            .await
            .unwrap(),
        404,
    )
    .await;
    assert_eq!(other.read("/datasets").await["items"], json!([]));
    let foreign = other.dataset(Uuid::now_v7()).await;
    let (_, faults) = refusal(
        other
            .upload(&foreign, Some(&agreed))
            .body("a,b\n1,2\n")
            .send()
            .await
            .unwrap(),
        400,
    )
    .await;
    assert_eq!(faults[0].0, "?contractId");

    house
        .refusing
        .store(true, std::sync::atomic::Ordering::SeqCst);
    let (code, _) = refusal(
        anna.upload(&dataset, None)
            .body("a,b\n1,2\n")
            .send()
            .await
            .unwrap(),
        403,
    )
    .await;
    assert_eq!(code, "project-refuses");
    let new = json!({"projectId": Uuid::now_v7(), "name": "x"});
    refusal(anna.post("/datasets").json(&new).send().await.unwrap(), 403).await;
    let (_, faults) = refusal(
        anna.post("/datasets")
            .json(&json!({"projectId": Uuid::nil(), "name": "x"}))
            .send()
            .await
            .unwrap(),
        400,
    )
    .await;
    assert_eq!(faults[0].0, "/projectId");
    service.stop().await.unwrap();
}
