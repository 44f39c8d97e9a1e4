//! Records that were set apart.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    web::{Data, Path},
};
use bytes::Bytes;
use futures_util::stream;
use helder_dataset::write::{QuarantinedRow, read_quarantine};
use helder_platform::{
    identity::Allowed,
    logboek::{self, Act},
    objects::StoredFile,
    paging::{ListQuery, Page},
    problem::{Problem, Problems, Result},
    purpose::Purpose,
    store::Store,
};
use helder_types::permission::needs;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::{App, quality::wants};
use crate::{csv::cell, datasets, fault::problem, ingest_job::is_about_people};

/// Rows per block of a CSV.
const BLOCK: usize = 8_192;

/// Lists why records were set apart.
///
/// By page as JSON, or all as CSV with `Accept: text/csv`: record number, line in the file, column, rule and reason, never a value.
/// A record that breaks several rules has several entries. Cells that a spreadsheet would take for a formula are escaped.
#[utoipa::path(
    tag = "dataset versions",
    operation_id = "listQuarantinedRows",
    params(("id" = Uuid, Path, description = "Dataset version"), ListQuery),
    responses(
        (status = 200, description = "Some entries as JSON, or all as CSV",
            content((Page<QuarantinedRow> = "application/json"), (String = "text/csv"))),
        Problems
    ),
    security(("bearer" = ["ingest:read"]))
)]
#[get("/dataset-versions/{id}/quarantined-rows")]
pub(crate) async fn list_quarantined_rows(
    caller: Allowed<needs::IngestRead>,
    app: Data<App>,
    store: Data<Store>,
    id: Path<Uuid>,
    list: ListQuery,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let (from, limit) = (list.after::<u32>()?.unwrap_or(0), list.limit());
    let (organisation, id) = (caller.organisation.clone(), *id);
    let (version, activity) = store
        .of(&organisation.clone())
        .read(move |conn| {
            let (version, _) = datasets::find_version(conn, &organisation, id)?;
            let activity = logboek::activity_of(conn, &organisation, version.project_id)?;
            Ok((version, activity))
        })
        .await?;
    let Some(part) = version.body.parts.quarantine else {
        return Ok(Page::<QuarantinedRow> {
            items: Vec::new(),
            next: None,
        }
        .respond(&request));
    };
    let file = app
        .objects
        .get_to_file(&caller.organisation, &part.digest)
        .await?;
    let purpose = Purpose {
        project: version.project_id,
        activity,
    };
    let mut act = Act::begin("ingest", &caller, &purpose, "records set apart shown");
    act.note("helder.dataset_version_id", id.to_string());
    let is_on_record = is_about_people(&version.body.contract);
    let table = part.digest.to_string();
    if wants(&request, "text/csv") {
        if !is_on_record {
            return Ok(whole(file));
        }
        let (act, file) = spawn_blocking(move || everybody(act, file, &table))
            .await
            .map_err(Problem::internal)??;
        logboek::on_record(&store, act, Ok(())).await?;
        return Ok(whole(file));
    }
    let mut items = entries(&Arc::new(file), from as usize, limit as usize + 1).await?;
    let more = items.len() as i64 > limit;
    items.truncate(limit as usize);
    let next = more.then(|| (i64::from(from) + limit).to_string());
    if is_on_record {
        for entry in &items {
            act.subjects.row(&table, entry.row);
        }
        logboek::on_record(&store, act, Ok(())).await?;
    }
    Ok(Page { items, next }.respond(&request))
}

/// Every record in the part, by row.
fn everybody(mut act: Act, file: StoredFile, table: &str) -> Result<(Act, StoredFile)> {
    let found = helder_subjects::people(file.open()?, &mut || true).map_err(Problem::internal)?;
    for row in found.rows {
        act.subjects.row(table, row);
    }
    Ok((act, file))
}

async fn entries(file: &Arc<StoredFile>, from: usize, count: usize) -> Result<Vec<QuarantinedRow>> {
    let file = Arc::clone(file);
    spawn_blocking(move || read_quarantine(file.open()?, from, count).map_err(problem))
        .await
        .map_err(Problem::internal)?
}

/// All entries, block by block; memory stays flat.
fn whole(file: StoredFile) -> HttpResponse {
    let file = Arc::new(file);
    let blocks = stream::try_unfold(None::<usize>, move |from| {
        let file = Arc::clone(&file);
        async move {
            let Some(from) = from else {
                return Ok::<_, Problem>(Some((
                    Bytes::from_static(b"row,line,column,rule,reason\r\n"),
                    Some(0),
                )));
            };
            let rows = entries(&file, from, BLOCK).await?;
            let next = from + rows.len();
            Ok((!rows.is_empty())
                .then(|| (rows.iter().map(line).collect::<String>().into(), Some(next))))
        }
    });
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8; header=present"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(Box::pin(blocks))
}

fn line(row: &QuarantinedRow) -> String {
    let number = row.line.map_or_else(String::new, |line| line.to_string());
    format!(
        "{},{number},{},{},{}\r\n",
        row.row,
        cell(row.column.as_deref().unwrap_or_default()),
        cell(&row.rule),
        cell(&row.reason)
    )
}
