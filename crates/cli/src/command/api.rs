//! Commands that call the public API, and nothing else.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use helder_types::Role;
use serde::Deserialize;
use serde_json::{Value, json};
use toml::Table;
use uuid::Uuid;

use super::{Embedded, runtime, show::show_prediction};
use crate::{
    arguments::{DatasetCommand, ProjectCommand, ReportKind},
    plan::{self, Frame, Plan, Review, Upload},
    screen::{Screen, count},
    session::{Access, Session},
};

/// `helder run`: against a running gateway, or on a platform of its own.
///
/// # Errors
/// At the first step that is refused.
pub(super) fn run_plan(
    access: &Access,
    file: &Path,
    keep: Option<&Path>,
    screen: Screen,
) -> Result<()> {
    let plan = Plan::read(file)?;
    screen.heading(&plan.name);
    screen.line(&plan.description);
    runtime()?.block_on(async {
        let result = if access.gateway.is_some() {
            plan::run(&plan, &access.session()?, screen).await?
        } else {
            let own = OwnFolder::new(keep)?;
            let embedded = Embedded::start(&own.path, Some(([127, 0, 0, 1], 0).into())).await?;
            let session = Session::on(
                &embedded.folder,
                &embedded.platform.url(),
                plan.gemeente.clone(),
            )?;
            let ran = plan::run(&plan, &session, screen).await;
            embedded.platform.stop().await?;
            ran?
        };
        screen.result(&result)
    })
}

/// A folder for a platform that lives as long as one plan, unless it is to be kept.
pub(super) struct OwnFolder {
    pub(super) path: PathBuf,
    keep: bool,
}

impl OwnFolder {
    /// `keep`, or a folder that goes away when this does.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn new(keep: Option<&Path>) -> Result<Self> {
        if let Some(path) = keep {
            return Ok(Self {
                path: path.to_owned(),
                keep: true,
            });
        }
        let path = std::env::temp_dir().join(format!("helder-run-{}", Uuid::now_v7()));
        std::fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self { path, keep: false })
    }
}

impl Drop for OwnFolder {
    fn drop(&mut self) {
        if !self.keep {
            // Made by us a moment ago; what cannot be removed is left to the system's temporary folder.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// `helder project …`
///
/// # Errors
/// When the file is no project, or the platform refuses it.
pub(super) async fn project(
    access: &Access,
    command: ProjectCommand,
    screen: Screen,
) -> Result<()> {
    let ProjectCommand::Create { file } = command;
    let mut body = read_object(&file)?;
    // A whole plan serves too; its project stands under a key of its own.
    if let Some(project) = body.get_mut("project") {
        body = project.take();
    }
    let client = access.session()?.acting_as(Role::ModelOwner)?;
    let made: Value = client.post("/registry/v1/projects", &body).await?.body;
    screen.line(&format!(
        "{}: {}",
        made["id"].as_str().unwrap_or("?"),
        made["name"].as_str().unwrap_or("?")
    ));
    screen.result(&made)
}

/// `helder dataset …`
///
/// # Errors
/// When the platform refuses.
pub(super) async fn dataset(
    access: &Access,
    command: DatasetCommand,
    screen: Screen,
) -> Result<()> {
    let DatasetCommand::Upload {
        file,
        project,
        name,
        contract,
    } = command;
    let client = access.session()?.acting_as(Role::DataSteward)?;
    let contract = contract.as_deref().map(read_object).transpose()?;
    let stem = file
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or(stem);
    let made = plan::upload(
        &client,
        screen,
        Upload {
            project,
            name: &name,
            description: "",
            file: &file,
            contract: contract.as_ref(),
            dataset: None,
        },
    )
    .await?;
    screen.line(&format!(
        "{}: {} rows in = {} accepted + {} set apart",
        made.dataset_version_id,
        count(made.rows_in),
        count(made.rows_accepted),
        count(made.rows_quarantined)
    ));
    screen.result(&made)
}

/// `helder train`
///
/// # Errors
/// When the file lacks `frame`, or both `selection` and `training`, or the platform refuses.
pub(super) async fn train(
    access: &Access,
    project: Uuid,
    file: &Path,
    screen: Screen,
) -> Result<()> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        frame: Frame,
        #[serde(default)]
        selection: Option<Table>,
        #[serde(default)]
        training: Option<Table>,
    }
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let wanted: Wanted = toml::from_str(&text).with_context(|| format!("in {}", file.display()))?;
    let client = access.session()?.acting_as(Role::Analyst)?;
    let folder = file.parent().unwrap_or(Path::new(""));
    let names = plan::Names::default();
    let frame =
        plan::build_frame(&client, screen, project, &wanted.frame, (&names, folder)).await?;
    screen.line(&format!(
        "frame {}: {} rows",
        frame.frame_id,
        count(frame.rows)
    ));
    let selection = match &wanted.selection {
        Some(asked) => Some(plan::compare(&client, screen, project, frame.frame_id, asked).await?),
        None => None,
    };
    let Some(training) = &wanted.training else {
        anyhow::ensure!(
            selection.is_some(),
            "{} has neither [training] nor [selection]",
            file.display()
        );
        return screen.result(&json!({"frame": frame, "selection": selection}));
    };
    let training = plan::decided(training, selection.as_ref());
    let trained = plan::train(&client, screen, project, frame.frame_id, &training).await?;
    screen.line(&format!(
        "model version {}, digest {}",
        trained.model_version_id, trained.model_digest
    ));
    let mut result = json!({"frame": frame, "training": trained});
    if let Some(selection) = selection {
        result["selection"] = selection;
    }
    screen.result(&result)
}

/// `helder outflow`
///
/// # Errors
/// When the file lacks `frame` or `outflow`, the platform refuses or the page cannot be written.
pub(super) async fn outflow(
    access: &Access,
    project: Uuid,
    (file, out): (&Path, Option<&Path>),
    screen: Screen,
) -> Result<()> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        frame: Frame,
        outflow: Table,
    }
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let wanted: Wanted = toml::from_str(&text).with_context(|| format!("in {}", file.display()))?;
    let client = access.session()?.acting_as(Role::Analyst)?;
    let folder = file.parent().unwrap_or(Path::new(""));
    let names = plan::Names::default();
    let frame =
        plan::build_frame(&client, screen, project, &wanted.frame, (&names, folder)).await?;
    let found = plan::outflow(&client, screen, project, frame.frame_id, &wanted.outflow).await?;
    if let (Some(out), Some(id)) = (out, found["id"].as_str()) {
        let path = format!("/training/v1/outflow-reports/{id}/report");
        let page = client.get_text(&path, "text/html").await?;
        std::fs::write(out, page).with_context(|| format!("cannot write {}", out.display()))?;
        screen.line(&format!("page: {}", out.display()));
    }
    screen.result(&json!({"frame": frame, "outflow": found}))
}

/// `helder review`
///
/// # Errors
/// When the platform refuses, for instance because the reviewer made the version.
pub(super) async fn review(
    access: &Access,
    version: Uuid,
    review: &Review,
    screen: Screen,
) -> Result<()> {
    let client = access.session()?.acting_as(Role::PrivacyOfficer)?;
    let body = review.body();
    let path = format!("/registry/v1/model-versions/{version}/reviews");
    let made: Value = client.post(&path, &body).await?.body;
    screen.line(&format!(
        "version {version} is {}",
        made["state"].as_str().unwrap_or("?")
    ));
    screen.result(&made)
}

/// `helder activate`
///
/// # Errors
/// When the platform refuses, for instance because nobody reviewed the version.
pub(super) async fn activate(access: &Access, version: Uuid, screen: Screen) -> Result<()> {
    let client = access.session()?.acting_as(Role::ModelOwner)?;
    let made: Value = client
        .act(&format!("/registry/v1/model-versions/{version}/_activate"))
        .await?
        .body;
    screen.line(&format!(
        "version {version} is {}",
        made["state"].as_str().unwrap_or("?")
    ));
    screen.result(&made)
}

/// `helder predict`
///
/// # Errors
/// When the subjects cannot be read or the platform refuses.
pub(super) async fn predict(
    access: &Access,
    model: &str,
    subjects: &Path,
    screen: Screen,
) -> Result<()> {
    let text = if subjects == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        text
    } else {
        std::fs::read_to_string(subjects)
            .with_context(|| format!("cannot read {}", subjects.display()))?
    };
    let subjects: Value = serde_json::from_str(&text).context("the subjects are not JSON")?;
    let subjects = if subjects.is_array() {
        subjects
    } else {
        json!([subjects])
    };
    let client = access.session()?.acting_as(Role::Consumer)?;
    let path = format!("/prediction/v1/models/{model}/predictions");
    let said: Value = client
        .post(&path, &json!({"subjects": subjects}))
        .await?
        .body;
    show_prediction(screen, &said);
    screen.result(&said)
}

/// `helder report`
///
/// # Errors
/// When the platform refuses or the file cannot be written.
pub(super) async fn report(
    access: &Access,
    kind: ReportKind,
    id: Uuid,
    out: Option<&Path>,
) -> Result<()> {
    let (role, path) = match kind {
        ReportKind::Quality => (
            Role::DataSteward,
            format!("/ingest/v1/dataset-versions/{id}/quality-report"),
        ),
        ReportKind::Linkage => (
            Role::DataSteward,
            format!("/linkage/v1/linkage-runs/{id}/report"),
        ),
        ReportKind::Selection => (
            Role::Analyst,
            format!("/training/v1/selections/{id}/report"),
        ),
        ReportKind::Outflow => (
            Role::Analyst,
            format!("/training/v1/outflow-reports/{id}/report"),
        ),
        ReportKind::Training => (
            Role::Analyst,
            format!("/training/v1/training-runs/{id}/report"),
        ),
        ReportKind::Card => (
            Role::Analyst,
            format!("/registry/v1/model-versions/{id}/card"),
        ),
        ReportKind::Evaluation => (
            Role::Analyst,
            format!("/registry/v1/model-versions/{id}/files/evaluation.html"),
        ),
        ReportKind::Fairness => (
            Role::Analyst,
            format!("/registry/v1/model-versions/{id}/files/fairness.html"),
        ),
    };
    let page = access
        .session()?
        .acting_as(role)?
        .get_text(&path, "text/html")
        .await?;
    if let Some(file) = out {
        return std::fs::write(file, page)
            .with_context(|| format!("cannot write {}", file.display()));
    }
    print!("{page}");
    Ok(())
}

/// A TOML or JSON file with one object.
///
/// # Errors
/// When it cannot be read.
pub(super) fn read_object(file: &Path) -> Result<Value> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    if file.extension().is_some_and(|end| end == "toml") {
        let table: Table = text
            .parse()
            .with_context(|| format!("{} is not TOML", file.display()))?;
        return Ok(plan::json_table(&table));
    }
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", file.display()))
}
