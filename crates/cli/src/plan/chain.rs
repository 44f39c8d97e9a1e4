//! The chain, step by step, each by the role that may.

use anyhow::{Context as _, Result};
use helder_types::Role;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Plan, compare, decided, figures, json_table, links, model,
    names::Names,
    outflow,
    report::{BatchResult, Page, PlanResult, TrainingResult},
    sources, subjects, text_of,
    truth::Files,
};
use crate::{
    screen::{Screen, count},
    session::Session,
};

/// How long an activated version may take to answer.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(15);

/// Runs a plan. What it comes to is told on the way and given back whole.
///
/// # Errors
/// At the first step that the platform refuses, with what it said.
pub(crate) async fn run(plan: &Plan, session: &Session, screen: Screen) -> Result<PlanResult> {
    let mut result = PlanResult {
        plan: plan.name.clone(),
        gateway: session.address().to_owned(),
        ..PlanResult::default()
    };
    let mut names = Names::default();
    result.project_id = project(plan, session).await?;
    bring_in(plan, session, screen, &mut result, &mut names).await?;
    link(plan, session, screen, &mut result, &mut names).await?;
    frames(plan, session, screen, &mut result, &mut names).await?;
    if let Some(selection) = &plan.selection {
        let frame = text_of(selection, "frame").and_then(|name| names.frames.get(name));
        let (frame, _) = *frame.context("the frame of [selection] was not built")?;
        let client = session.acting_as(Role::Analyst)?;
        let found = compare(&client, screen, result.project_id, frame, selection).await?;
        if let Some(id) = found["id"].as_str() {
            let path = format!("/training/v1/selections/{id}/report");
            result
                .pages
                .push(page("comparison of algorithms", path, true));
        }
        result.selection = Some(found);
    }
    if let Some(asked) = &plan.outflow {
        let frame = text_of(asked, "frame").and_then(|name| names.frames.get(name));
        let (frame, _) = *frame.context("the frame of [outflow] was not built")?;
        let client = session.acting_as(Role::Analyst)?;
        let found = outflow(&client, screen, result.project_id, frame, asked).await?;
        if let Some(id) = found["id"].as_str() {
            let path = format!("/training/v1/outflow-reports/{id}/report");
            result.pages.push(page("outflow", path, true));
        }
        result.outflow = Some(found);
    }
    if let Some(training) = &plan.training {
        let training = &decided(training, result.selection.as_ref());
        let frame = text_of(training, "frame").and_then(|name| names.frames.get(name));
        let (frame, _) = *frame.context("the frame of [training] was not built")?;
        let client = session.acting_as(Role::Analyst)?;
        let trained = model::train(&client, screen, result.project_id, frame, training).await?;
        screen.heading("Model");
        screen.line(&format!(
            "version {}, digest {}",
            trained.model_version_id, trained.model_digest
        ));
        figures::show(screen, &trained.run);
        let version = trained.model_version_id;
        result.pages.push(page(
            "training report",
            format!(
                "/training/v1/training-runs/{}/report",
                trained.training_run_id
            ),
            true,
        ));
        result.pages.push(page(
            "model card",
            format!("/registry/v1/model-versions/{version}/card"),
            true,
        ));
        let files = trained.run["outcome"]["files"].as_array();
        for (what, file) in [
            ("evaluation report", "evaluation.html"),
            ("fairness report", "fairness.html"),
        ] {
            if files.is_some_and(|files| files.iter().any(|entry| entry["name"] == file)) {
                let path = format!("/registry/v1/model-versions/{version}/files/{file}");
                result.pages.push(page(what, path, true));
            }
        }
        result.pages.push(page(
            "catalogue entry, for everybody",
            format!("/registry/v1/catalogue-entries/{}", trained.model_digest),
            false,
        ));
        decide(plan, session, screen, version, &mut result).await?;
        answer(plan, session, screen, (&trained, &names), &mut result).await?;
        result.training = Some(trained);
    }
    Ok(result)
}

async fn project(plan: &Plan, session: &Session) -> Result<Uuid> {
    #[derive(Deserialize)]
    struct Made {
        id: Uuid,
    }
    let client = session.acting_as(Role::ModelOwner)?;
    let body = json_table(&plan.project);
    let made: Made = client
        .post("/registry/v1/projects", &body)
        .await
        .context("the project")?
        .body;
    Ok(made.id)
}

async fn bring_in(
    plan: &Plan,
    session: &Session,
    screen: Screen,
    result: &mut PlanResult,
    names: &mut Names,
) -> Result<()> {
    let client = session.acting_as(Role::DataSteward)?;
    for source in &plan.sources {
        let file = plan.path(&source.file);
        let made = sources::bring_in(&client, screen, result.project_id, source, &file).await?;
        names
            .sources
            .insert(source.name.clone(), made.dataset_version_id);
        let report = format!(
            "/ingest/v1/dataset-versions/{}/quality-report",
            made.dataset_version_id
        );
        result
            .pages
            .push(page(&format!("quality of {}", source.name), report, true));
        result.sources.push(made);
    }
    if !result.sources.is_empty() {
        screen.heading("Files: rows in = accepted + set apart");
        let rows: Vec<_> = result
            .sources
            .iter()
            .map(|s| {
                vec![
                    s.name.clone(),
                    count(s.rows_in),
                    count(s.rows_accepted),
                    count(s.rows_quarantined),
                ]
            })
            .collect();
        screen.table(&["file", "in", "accepted", "set apart"], &rows);
    }
    Ok(())
}

async fn link(
    plan: &Plan,
    session: &Session,
    screen: Screen,
    result: &mut PlanResult,
    names: &mut Names,
) -> Result<()> {
    let client = session.acting_as(Role::DataSteward)?;
    for link in &plan.links {
        let (left, right) = (names.source(&link.left)?, names.source(&link.right)?);
        let body = links::body(result.project_id, link, left, right);
        let mut made = links::link(&client, screen, &link.name, &body)
            .await
            .with_context(|| format!("link {:?}", link.name))?;
        if let Some(truth) = &link.truth {
            let file = |name: &str| {
                plan.sources
                    .iter()
                    .find(|s| s.name == name)
                    .map(|s| plan.path(&s.file))
                    .unwrap_or_default()
            };
            let (left, right) = (file(&link.left), file(&link.right));
            let files = Files {
                folder: &plan.folder,
                left: &left,
                right: &right,
            };
            links::judge(&client, &mut made, truth, files).await?;
        }
        names.links.insert(link.name.clone(), made.linkage_run_id);
        let report = format!("/linkage/v1/linkage-runs/{}/report", made.linkage_run_id);
        result
            .pages
            .push(page(&format!("linkage {}", link.name), report, true));
        result.links.push(made);
    }
    if !result.links.is_empty() {
        screen.heading("Links");
        let share = |value: Option<f64>| value.map_or_else(String::new, |v| format!("{v:.4}"));
        let rows: Vec<_> = result
            .links
            .iter()
            .map(|l| {
                let score = l.against_truth;
                vec![
                    l.name.clone(),
                    count(l.links),
                    score.map_or_else(String::new, |s| count(s.true_pairs)),
                    share(score.map(|s| s.precision)),
                    share(score.map(|s| s.recall)),
                    share(l.outcome["expectedError"]["precision"].as_f64()),
                    share(l.outcome["expectedError"]["recall"].as_f64()),
                ]
            })
            .collect();
        screen.table(
            &[
                "link",
                "links",
                "true pairs",
                "precision",
                "recall",
                "expected precision",
                "expected recall",
            ],
            &rows,
        );
        for link in &result.links {
            screen.heading(&format!("How good is the link {}?", link.name));
            crate::figures::linkage(screen, &link.outcome);
        }
    }
    Ok(())
}

async fn frames(
    plan: &Plan,
    session: &Session,
    screen: Screen,
    result: &mut PlanResult,
    names: &mut Names,
) -> Result<()> {
    let client = session.acting_as(Role::Analyst)?;
    for frame in &plan.frames {
        let made = model::build_frame(
            &client,
            screen,
            result.project_id,
            frame,
            (names, &plan.folder),
        )
        .await
        .with_context(|| format!("frame {:?}", frame.name))?;
        names
            .frames
            .insert(frame.name.clone(), (made.frame_id, made.dataset_version_id));
        result.frames.push(made);
    }
    if !result.frames.is_empty() {
        screen.heading("Frames");
        let rows: Vec<_> = result
            .frames
            .iter()
            .map(|f| {
                vec![
                    f.name.clone(),
                    count(f.rows),
                    f.columns.as_array().map_or(0, Vec::len).to_string(),
                ]
            })
            .collect();
        screen.table(&["frame", "rows", "columns"], &rows);
        for frame in &result.frames {
            super::episodes::show(screen, frame);
        }
    }
    Ok(())
}

/// One person reviews, another lets it answer.
async fn decide(
    plan: &Plan,
    session: &Session,
    screen: Screen,
    version: Uuid,
    result: &mut PlanResult,
) -> Result<()> {
    let Some(review) = &plan.review else {
        return Ok(());
    };
    let officer = session.acting_as(Role::PrivacyOfficer)?;
    let body = review.body();
    let path = format!("/registry/v1/model-versions/{version}");
    let mut made: Value = officer
        .post(&format!("{path}/reviews"), &body)
        .await
        .context("the review")?
        .body;
    if review.verdict == "approve" {
        let owner = session.acting_as(Role::ModelOwner)?;
        made = owner
            .act(&format!("{path}/_activate"))
            .await
            .context("the activation")?
            .body;
    }
    screen.line(&format!(
        "reviewed by {}, {} by {}",
        made["reviews"][0]["reviewer"]
            .as_str()
            .or(made["reviews"][0]["createdBy"].as_str())
            .unwrap_or("?"),
        made["state"].as_str().unwrap_or("?"),
        made["activatedBy"].as_str().unwrap_or("nobody"),
    ));
    result.model_version = Some(made);
    Ok(())
}

async fn answer(
    plan: &Plan,
    session: &Session,
    screen: Screen,
    (trained, names): (&TrainingResult, &Names),
    result: &mut PlanResult,
) -> Result<()> {
    if plan.predict.is_empty() && plan.batches.is_empty() {
        return Ok(());
    }
    let model = result
        .model_version
        .as_ref()
        .and_then(|version| version["modelName"].as_str())
        .context("predictions need a review that approves")?
        .to_owned();
    if !plan.predict.is_empty() {
        let consumer = session.acting_as(Role::Consumer)?;
        let version = result.model_version.as_ref();
        let version = version.and_then(|version| version["id"].as_str());
        let version = version.context("the version has no name")?;
        let subjects = subjects::asked(&consumer, screen, plan, version).await?;
        let said = ask(
            &consumer,
            &model,
            &json!({"subjects": subjects}),
            &trained.model_digest,
        )
        .await?;
        crate::command::show_prediction(screen, &said);
        result.prediction = Some(said);
    }
    let analyst = session.acting_as(Role::Analyst)?;
    for batch in &plan.batches {
        let (_, version) = *names
            .frames
            .get(&batch.frame)
            .context("the frame of a batch was not built")?;
        wait_until_served(session, &model).await?;
        let scored =
            model::score(&analyst, screen, &model, (&batch.frame, version, batch.top)).await?;
        show_top(screen, &scored);
        result.batches.push(scored);
    }
    Ok(())
}

/// The head of a ranked result.
fn show_top(screen: Screen, scored: &BatchResult) {
    if scored.top.is_empty() {
        return;
    }
    screen.heading(&format!("Highest scores in {}", scored.frame));
    let rows: Vec<_> = scored
        .top
        .iter()
        .map(|row| {
            vec![
                row["reasons"][0]["nl"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
                row["rank"].to_string(),
                row["row"].to_string(),
                crate::command::answered(row),
            ]
        })
        .collect();
    screen.table(&["first reason", "rank", "row", "answer"], &rows);
}

/// Asks a prediction; a version that was activated a moment ago may need a moment to answer.
async fn ask(
    client: &helder_client::Client,
    model: &str,
    body: &Value,
    digest: &str,
) -> Result<Value> {
    let start = std::time::Instant::now();
    let path = format!("/prediction/v1/models/{model}/predictions");
    loop {
        match client.post::<_, Value>(&path, body).await {
            Ok(answer) if answer.body["modelDigest"] == digest => return Ok(answer.body),
            Ok(_) => {}
            Err(error) if matches!(error.status(), Some(404 | 503)) => {}
            Err(error) => return Err(error.into()),
        }
        anyhow::ensure!(
            start.elapsed() < PATIENCE,
            "the activated version does not answer"
        );
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

/// Waits until the model answers at all, without asking about anybody.
async fn wait_until_served(session: &Session, model: &str) -> Result<()> {
    let client = session.acting_as(Role::Consumer)?;
    let start = std::time::Instant::now();
    let path = format!("/prediction/v1/models/{model}/predictions");
    loop {
        // No subjects: 400 once the model is served, 404 before it is known, 503 while it is read.
        match client
            .post::<_, Value>(&path, &json!({"subjects": []}))
            .await
        {
            Err(error) if matches!(error.status(), Some(404 | 503)) => {}
            _ => return Ok(()),
        }
        anyhow::ensure!(
            start.elapsed() < PATIENCE,
            "the activated version does not answer"
        );
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

fn page(what: &str, path: String, needs_token: bool) -> Page {
    Page {
        what: what.to_owned(),
        path,
        needs_token,
    }
}
