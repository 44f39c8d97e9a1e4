//! The trained model in forms that run elsewhere.

use actix_web::{
    HttpResponse, get,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    web::{Data, Path},
};
use helder_exports::{ExportError, Form, export};
use helder_model::Model;
use helder_platform::{
    identity::Allowed,
    objects::Objects,
    problem::{Problem, Problems, Result},
    store::Store,
};
use helder_types::permission::needs;
use serde::Deserialize;
use tokio::task::spawn_blocking;
use utoipa::ToSchema;
use uuid::Uuid;

use super::rows;

/// Largest model read back, bytes: the most that the format allows.
const MAX_MODEL_BYTES: u64 = 16 << 20;

/// A form.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ExportForm {
    /// Everything that is added, as CSV.
    Points,
    /// One statement for SQLite.
    Sqlite,
    /// One statement for PostgreSQL.
    Postgres,
    /// A workbook that computes (XLSX).
    Sheet,
}

impl From<ExportForm> for Form {
    fn from(form: ExportForm) -> Self {
        match form {
            ExportForm::Points => Self::Points,
            ExportForm::Sqlite => Self::Sqlite,
            ExportForm::Postgres => Self::Postgres,
            ExportForm::Sheet => Self::Sheet,
        }
    }
}

/// Writes the trained model as a points table, as SQL or as a spreadsheet.
///
/// Each gives the score and the answer that a prediction gives. They hold nothing that is not in the model, and no person. What is computed with
/// them outside the platform leaves no record in its log.
#[utoipa::path(
    tag = "training runs",
    operation_id = "getTrainingExport",
    params(("id" = Uuid, Path, description = "Training run"), ("form" = inline(ExportForm), Path, description = "Form")),
    responses(
        (status = 200, description = "The model in this form", content(
            (String = "text/csv"),
            (String = "application/sql"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
        ), headers(("Content-Disposition" = String, description = "Name of the file"))),
        Problems
    ),
    security(("bearer" = ["training:read"]))
)]
#[get("/training-runs/{id}/exports/{form}")]
pub(crate) async fn get_training_export(
    caller: Allowed<needs::TrainingRead>,
    store: Data<Store>,
    objects: Data<Objects>,
    asked: Path<(Uuid, ExportForm)>,
) -> Result<HttpResponse> {
    let (id, form) = asked.into_inner();
    let form = Form::from(form);
    let organisation = caller.organisation.clone();
    let outcome = store
        .of(&organisation)
        .read(move |conn| rows::find(conn, &organisation, id)?.outcome())
        .await?;
    let stored = outcome
        .file("model.json")
        .ok_or_else(|| Problem::internal("a run without a model"))?;
    let bytes = objects
        .get_bytes(&caller.organisation, &stored.digest, MAX_MODEL_BYTES)
        .await?;
    let written = spawn_blocking(move || {
        let model = Model::from_json(&bytes).map_err(Problem::internal)?;
        let written = export(&model, form).map_err(told)?;
        Ok::<_, Problem>((model.name, written))
    });
    let (name, written) = written.await.map_err(Problem::internal)??;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, form.media_type()))
        .insert_header((
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}.{}\"", form.ending()),
        ))
        .body(written))
}

fn told(error: ExportError) -> Problem {
    match error {
        ExportError::NoScore(_) => Problem::conflict(
            "no-score",
            "groups have no score that can be written as a sum",
        ),
        ExportError::TooManyParts { .. } => Problem::conflict(
            "too-many-parts",
            "the model has more parts than this form takes; the points table takes any number",
        ),
        ExportError::Curved(_) => Problem::conflict(
            "curved-input",
            "an input counts as a smooth curve (spline), which these forms do not write: ask predictions",
        ),
        other => Problem::internal(other),
    }
}
