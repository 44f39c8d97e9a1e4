//! From a file to an explained prediction, as the software of a municipality would do it. Run by `scripts/clients`.

use std::{env, error::Error, sync::Arc, time::Duration};

use helder_generated_client::{
    ClientCredentials, Helder, Refused, finished, ingest, prediction, registry, taken, training,
};
use reqwest::header::LOCATION;
use serde_json::json;
use uuid::Uuid;

type Outcome<T> = Result<T, Box<dyn Error>>;

const MODEL: &str = "credit-rust";

/// The caller of a role, with the token that the environment holds.
fn caller(role: &str) -> Outcome<Helder> {
    let token = env::var(format!("HELDER_TOKEN_{role}"))?;
    Ok(Helder::new(
        &env::var("HELDER_GATEWAY")?,
        Some(Arc::new(token)),
        "text/csv",
    )?)
}

/// A key for what has to happen once.
fn key() -> String {
    Uuid::new_v4().to_string()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let project = project(&caller("MODEL_OWNER")?).await?;
    let steward = caller("DATA_STEWARD")?;
    faults(&steward).await?;
    let version = upload(&steward, project).await?;
    let model = train(&caller("ANALYST")?, project, version).await?;
    decide(&caller("MODEL_OWNER")?, &caller("PRIVACY_OFFICER")?, model).await?;
    let answer = ask().await?;

    assert!(answer.advice && answer.model_version_id == model);
    let prediction = &answer.predictions[0];
    let parts = prediction.contributions.iter();
    let parts: f64 = parts.map(|part| part.contribution).sum();
    assert!((prediction.base_score + parts - prediction.score).abs() < 1e-9);
    assert_eq!(prediction.contributions.len(), 4);
    let probability = prediction.probability.ok_or("no probability")?;

    // Everybody can read about the very file that answered, without a token.
    let everybody = Helder::new(&env::var("HELDER_GATEWAY")?, None, "text/csv")?;
    let digest = answer.model_digest.parse::<registry::types::Digest>()?;
    let entry = taken(everybody.registry.get_catalogue_entry(&digest).await)?;
    assert_eq!(entry.digest, digest);
    let reason = &prediction.contributions[0].reason.nl;
    println!("Rust: probability {probability:.3}; {}", reason.as_str());
    Ok(())
}

/// A project says why. A repeat with the same key makes no second one.
async fn project(owner: &Helder) -> Outcome<Uuid> {
    let new = |name: &str| {
        serde_json::from_value::<registry::types::NewProject>(json!({
            "name": name,
            "challenge": "Een kredietbank wil weten welke kredieten niet worden terugbetaald.",
            "question": "Welke kenmerken hangen samen met een slecht krediet?",
            "doelbinding": "Proef met open gegevens om de keten van bestand tot uitleg te tonen.",
            "grondslag": {"article": "AVG, artikel 6 lid 1 onder e", "title": "Taak van algemeen belang"},
            "verwerkingsactiviteit": "urn:helder:proef:rust",
            "bewaartermijn": "P1Y",
            "until": "2099-12-31",
            "phase": "pilot",
            "steps": ["ingest", "training", "prediction"],
        }))
    };
    let key = key();
    let first = new("Proef vanuit Rust")?;
    let made = owner.registry.create_project(Some(&key), &first).await;
    let made = made.map_err(Refused::from)?;
    let id = made.id;
    assert_eq!(
        made.headers()[LOCATION],
        format!("/registry/v1/projects/{id}")
    );
    let again = taken(owner.registry.create_project(Some(&key), &first).await)?;
    assert_eq!(again.id, id, "one key, one project");
    let other = new("Een andere")?;
    let other = taken(owner.registry.create_project(Some(&key), &other).await);
    assert_eq!(other.err().and_then(|refused| refused.status()), Some(409));
    // What does not fit the document does not even become a request.
    assert!(new("").is_err());
    Ok(id)
}

/// Faults of a request come with their places.
async fn faults(steward: &Helder) -> Outcome<()> {
    let new = ingest::types::NewDataset {
        project_id: Uuid::new_v4(),
        name: "nergens".parse()?,
        description: None,
        source_id: None,
    };
    match taken(steward.ingest.create_dataset(None, &new).await) {
        Err(Refused::Problem(problem)) => {
            assert_eq!(problem.status, 400);
            assert_eq!(problem.errors[0].pointer, "/projectId");
            Ok(())
        }
        other => Err(format!("not refused: {other:?}").into()),
    }
}

/// The file becomes a version in which every row is accounted for.
async fn upload(steward: &Helder, project_id: Uuid) -> Outcome<Uuid> {
    let new = ingest::types::NewDataset {
        project_id,
        name: "credit".parse()?,
        description: None,
        source_id: None,
    };
    let client = &steward.ingest;
    let dataset = taken(client.create_dataset(Some(&key()), &new).await)?;
    let file = tokio::fs::read(env::var("HELDER_CSV")?).await?;
    let uploaded = client
        .upload_dataset_version(&dataset.id, None, None, None, Some(&key()), file)
        .await;
    let job = taken(uploaded)?.id;
    let version = finished(|| async { taken(client.get_job(&job).await) }).await?;
    let made = taken(client.get_dataset_version(&version, None).await)?;
    assert_eq!(made.rows_in, 1000);
    assert_eq!(made.rows_accepted + made.rows_quarantined, made.rows_in);
    Ok(version)
}

/// One row per credit, then a model that can be explained.
async fn train(analyst: &Helder, project: Uuid, version: Uuid) -> Outcome<Uuid> {
    let client = &analyst.training;
    let frame: training::types::NewFrame = serde_json::from_value(json!({
        "projectId": project, "name": "credit", "unit": "credit",
        "tables": [{"alias": "credit", "datasetVersionId": version}],
        "sql": "SELECT c.*, CASE WHEN age < 26 THEN 'jonger dan 26' ELSE '26 en ouder' END AS age_group FROM credit c",
    }))?;
    let job = taken(client.create_frame(Some(&key()), &frame).await)?.id;
    let frame = finished(|| async { taken(client.get_job(&job).await) }).await?;
    let feature = |name: &str, nl: &str, en: &str| {
        json!({
            "name": name, "meaning": {"nl": nl, "en": en},
            "justification": "Staat in het oorspronkelijke scoreformulier; geen gevoelig kenmerk.",
        })
    };
    let run: training::types::NewTrainingRun = serde_json::from_value(json!({
        "projectId": project, "frameId": frame,
        "model": {
            "name": MODEL,
            "title": {"nl": "Slecht krediet", "en": "Bad credit"},
            "meaning": {"nl": "kans dat het krediet niet wordt terugbetaald", "en": "probability that the credit is not paid back"},
        },
        "algorithm": "logistic-regression",
        "target": "bad",
        "features": [
            feature("duration", "looptijd in maanden", "duration in months"),
            feature("amount", "bedrag van het krediet", "amount of the credit"),
            feature("status", "stand van de betaalrekening", "status of the current account"),
            feature("savings", "spaargeld", "savings"),
        ],
        "sensitiveFeatures": ["age_group"],
        "split": {"rule": "random", "testShare": 0.3},
        "capacity": 60,
        "seed": 1,
    }))?;
    let job = taken(client.create_training_run(Some(&key()), &run).await)?.id;
    let run = finished(|| async { taken(client.get_job(&job).await) }).await?;
    let run = taken(client.get_training_run(&run).await)?;
    Ok(run
        .outcome
        .ok_or("the run has no outcome")?
        .model_version_id)
}

/// One person reviews, another lets it answer, in that order.
async fn decide(owner: &Helder, officer: &Helder, version: Uuid) -> Outcome<()> {
    let early = taken(owner.registry.activate_model_version(&version, None).await);
    assert_eq!(early.err().and_then(|refused| refused.status()), Some(409));
    let review = registry::types::NewReview {
        verdict: registry::types::Verdict::Approve,
        remarks: "Proef met open gegevens.".parse()?,
        // No column was given to compare groups by: the fairness report has no verdict, and somebody answers for that.
        fairness_conclusion: Some(registry::types::FairnessConclusion {
            text: "Proef met open gegevens; niemand ondervindt iets van dit model.".parse()?,
            accepted_risks: vec!["Verschillen tussen groepen zijn niet gemeten.".to_owned()],
        }),
    };
    taken(
        officer
            .registry
            .review_model_version(&version, Some(&key()), &review)
            .await,
    )?;
    let active = taken(
        owner
            .registry
            .activate_model_version(&version, Some(&key()))
            .await,
    )?;
    assert_eq!(active.state, registry::types::VersionState::Active);
    Ok(())
}

/// The application of the municipality asks, with a token of its own issuer. A version answers within seconds.
async fn ask() -> Outcome<prediction::types::PredictionAnswer> {
    let tokens = ClientCredentials::new(
        env::var("OIDC_TOKEN_ADDRESS")?,
        env::var("OIDC_CLIENT_ID")?,
        env::var("OIDC_CLIENT_SECRET")?,
    );
    let application = Helder::new(
        &env::var("HELDER_GATEWAY")?,
        Some(Arc::new(tokens)),
        "text/csv",
    )?;
    let request: prediction::types::PredictionRequest = serde_json::from_value(json!({
        "subjects": [{"id": "aanvraag-1", "values": {"duration": 36, "amount": 5000, "status": "A11", "savings": "A61"}}],
    }))?;
    for _ in 0..100 {
        let key = key();
        let asked = application
            .prediction
            .predict(MODEL, Some(&key), None, &request);
        match taken(asked.await) {
            Err(refused) if matches!(refused.status(), Some(404 | 503)) => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            answer => return Ok(answer?),
        }
    }
    Err("the model does not answer".into())
}
