//! `helder model`: a model as text, in forms that run elsewhere, and with other curves.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use clap::{Subcommand, ValueEnum};
use helder_client::Client;
use helder_exports::{Form, export};
use helder_model::{Language, Model};
use helder_types::{Role, job::Job};
use serde_json::Value;
use uuid::Uuid;

use crate::{screen::Screen, session::Access};

/// `helder model`
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// Write a model as a points table, as SQL or as a spreadsheet; each gives the score of the service
    Export {
        /// A model.json, or a model version on the platform (as analyst)
        model: String,
        /// Which form
        #[arg(long)]
        form: FormName,
        /// File to write [default: standard output]
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Print a model as text of 80 columns: what it asks and every number that counts
    Show {
        /// A model.json, or a model version on the platform (as analyst)
        model: String,
        /// Every step of every curve, instead of twelve stretches at most
        #[arg(long)]
        whole: bool,
        /// In English
        #[arg(long)]
        english: bool,
    },
    /// Say again what a version answered, also when it was retired: the same to the bit (as auditor; goes on record)
    Reproduce {
        /// `modelDigest` of the answer, or the id of the version
        version: String,
        /// JSON file with what was asked: `{"subjects": [{"id": "…", "values": {…}}]}`
        file: PathBuf,
        /// File to write [default: standard output]
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Change curves of an explainable boosting; makes a new version that others review (as analyst)
    Edit {
        /// Training run whose model is changed
        run: Uuid,
        /// TOML file with a reason and the changes, as in the API: `reason = "…"`, `[[changes]]`
        file: PathBuf,
    },
}

/// A form.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum FormName {
    /// Everything that is added, as CSV
    Points,
    /// One statement for SQLite
    Sqlite,
    /// One statement for PostgreSQL
    Postgres,
    /// A workbook that computes (XLSX)
    Sheet,
}

impl From<FormName> for Form {
    fn from(name: FormName) -> Self {
        match name {
            FormName::Points => Self::Points,
            FormName::Sqlite => Self::Sqlite,
            FormName::Postgres => Self::Postgres,
            FormName::Sheet => Self::Sheet,
        }
    }
}

/// Does one step with a model.
///
/// # Errors
/// When there is no such model, it cannot be written in this form, or the file cannot be made.
pub(super) async fn step(access: &Access, command: ModelCommand, screen: Screen) -> Result<()> {
    match command {
        ModelCommand::Export { model, form, out } => {
            exported(access, &model, form, out.as_deref()).await
        }
        ModelCommand::Show {
            model,
            whole,
            english,
        } => {
            let bytes = read(access, &model).await?;
            let model = Model::from_json(&bytes)?;
            let language = if english {
                Language::English
            } else {
                Language::Dutch
            };
            screen.line(&model.printed(language, whole));
            screen.result(&serde_json::from_slice::<Value>(&bytes)?)
        }
        ModelCommand::Reproduce { version, file, out } => {
            let client = access.session()?.acting_as(Role::Auditor)?;
            reproduce(&client, &version, &file, out.as_deref()).await
        }
        ModelCommand::Edit { run, file } => {
            let client = access.session()?.acting_as(Role::Analyst)?;
            edit(&client, run, &file, screen).await
        }
    }
}

async fn reproduce(client: &Client, version: &str, file: &Path, out: Option<&Path>) -> Result<()> {
    let text = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let asked: Value =
        serde_json::from_slice(&text).with_context(|| format!("{} is no JSON", file.display()))?;
    let path = format!("/prediction/v1/model-versions/{version}/_reproduce");
    let answer: Value = client.post(&path, &asked).await?.body;
    // Numbers keep every bit; only the order of fields may be another.
    let answer = serde_json::to_string_pretty(&answer)?;
    if let Some(file) = out {
        return std::fs::write(file, answer)
            .with_context(|| format!("cannot write {}", file.display()));
    }
    writeln!(std::io::stdout(), "{answer}").context("cannot write to standard output")
}

async fn exported(access: &Access, model: &str, form: FormName, out: Option<&Path>) -> Result<()> {
    let bytes = read(access, model).await?;
    let model = Model::from_json(&bytes)?;
    let written = export(&model, form.into())?;
    if let Some(file) = out {
        return std::fs::write(file, written)
            .with_context(|| format!("cannot write {}", file.display()));
    }
    std::io::stdout()
        .write_all(&written)
        .context("cannot write to standard output")
}

/// The bytes of a `model.json`: of a file, or of a version on the platform.
async fn read(access: &Access, model: &str) -> Result<Vec<u8>> {
    let file = Path::new(model);
    if file.is_file() {
        return std::fs::read(file).with_context(|| format!("cannot read {}", file.display()));
    }
    let Ok(version) = Uuid::parse_str(model) else {
        bail!("{model} is no file and no model version");
    };
    let path = format!("/registry/v1/model-versions/{version}/files/model.json");
    let client = access.session()?.acting_as(Role::Analyst)?;
    Ok(client
        .get_text(&path, "application/json")
        .await?
        .into_bytes())
}

async fn edit(client: &Client, run: Uuid, file: &Path, screen: Screen) -> Result<()> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let body: Value = toml::from_str(&text).with_context(|| format!("in {}", file.display()))?;
    let path = format!("/training/v1/training-runs/{run}/edits");
    let bar = screen.bar("edit");
    let asked = client.post::<_, Job>(&path, &body).await?;
    let job = asked
        .location
        .unwrap_or_else(|| format!("/training/v1/jobs/{}", asked.body.id));
    let result = client.wait(&job, |job| bar.job(job)).await?;
    let made: Value = client.get(&result).await?.body;
    let effect = &made["outcome"]["evaluation"]["edit"];
    let number = |value: &Value| format!("{:.4}", value.as_f64().unwrap_or(f64::NAN));
    let rows: Vec<Vec<String>> = effect["figures"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|figure| {
            vec![
                figure["name"].as_str().unwrap_or_default().to_owned(),
                number(&figure["before"]),
                number(&figure["after"]),
            ]
        })
        .collect();
    screen.heading("What the edit does, on the same test rows");
    screen.table(&["figure", "before", "after"], &rows);
    screen.line(&format!(
        "fairness: {} before, {} now",
        effect["verdict"][0].as_str().unwrap_or("?"),
        effect["verdict"][1].as_str().unwrap_or("?")
    ));
    screen.line(&format!(
        "training run {}, model version {}: somebody else reviews it",
        made["id"].as_str().unwrap_or("?"),
        made["outcome"]["modelVersionId"].as_str().unwrap_or("?")
    ));
    screen.result(&made)
}
