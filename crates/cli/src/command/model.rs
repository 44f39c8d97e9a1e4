//! `helder model`: a model in forms that run elsewhere.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use clap::{Subcommand, ValueEnum};
use helder_exports::{Form, export};
use helder_model::Model;
use helder_types::Role;
use uuid::Uuid;

use crate::session::Access;

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
pub(super) async fn step(access: &Access, command: ModelCommand) -> Result<()> {
    let ModelCommand::Export { model, form, out } = command;
    let bytes = read(access, &model).await?;
    let model = Model::from_json(&bytes)?;
    let written = export(&model, form.into())?;
    if let Some(file) = out {
        return std::fs::write(&file, written)
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
