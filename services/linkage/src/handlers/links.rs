//! The links of a run.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE},
    web::{Data, Path},
};
use bytes::Bytes;
use futures_util::stream;
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

use super::App;
use crate::{output::read_links, runs, wire::LinkageLink};

/// Links per block of a CSV.
const BLOCK: usize = 16_384;

/// Lists the links of a run.
///
/// By page as JSON, or all of them as CSV with `Accept: text/csv`. Rows are ordinals of the records in the uploads.
#[utoipa::path(
    tag = "linkage runs",
    operation_id = "listLinks",
    params(("id" = Uuid, Path, description = "Linkage run"), ListQuery),
    responses(
        (status = 200, description = "Some links as JSON, or all as CSV",
            content((Page<LinkageLink> = "application/json"), (String = "text/csv"))),
        Problems
    ),
    security(("bearer" = ["linkage:read"]))
)]
#[get("/linkage-runs/{id}/links")]
pub(crate) async fn list_links(
    caller: Allowed<needs::LinkageRead>,
    app: Data<App>,
    store: Data<Store>,
    id: Path<Uuid>,
    list: ListQuery,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let (organisation, id) = (caller.organisation.clone(), *id);
    let (run, activity) = store
        .of(&organisation.clone())
        .read(move |conn| {
            let run = runs::find(conn, &organisation, id)?;
            let activity = logboek::activity_of(conn, &organisation, run.project_id()?)?;
            Ok((run, activity))
        })
        .await?;
    let (outcome, inputs) = (run.outcome()?, run.inputs()?);
    let purpose = Purpose {
        project: run.project_id()?,
        activity,
    };
    let mut act = Act::begin("linkage", &caller, &purpose, "links shown");
    act.note("helder.linkage_run_id", id.to_string());
    let file = app
        .objects
        .get_to_file(&caller.organisation, &outcome.linked_dataset.digest)
        .await?;
    if wants_csv(&request) {
        let table = outcome.linked_dataset.digest.to_string();
        let (act, file) = spawn_blocking(move || everybody(act, file, &table))
            .await
            .map_err(Problem::internal)??;
        logboek::on_record(&store, act, Ok(())).await?;
        return Ok(csv(file));
    }
    let offset = list.after::<u32>()?.unwrap_or(0);
    let limit = list.limit();
    let links = spawn_blocking(move || read_links(&file, offset as usize, limit as usize + 1))
        .await
        .map_err(Problem::internal)??;
    let more = links.len() as i64 > limit;
    let mut page = Page {
        items: links,
        next: more.then(|| (i64::from(offset) + limit).to_string()),
    };
    page.items.truncate(limit as usize);
    let table = inputs.left.analysis.to_string();
    for link in &page.items {
        let pseudonym = link.left_pseudonym.as_deref();
        if !pseudonym.is_some_and(|text| act.subjects.person_text(text)) {
            act.subjects.row(&table, link.left_row);
        }
    }
    logboek::on_record(&store, act, Ok(())).await?;
    Ok(page.respond(&request))
}

/// Everybody in the file.
fn everybody(mut act: Act, file: StoredFile, table: &str) -> Result<(Act, StoredFile)> {
    let found = helder_subjects::people(file.open()?, &mut || true).map_err(Problem::internal)?;
    act.subjects.people(found.pseudonyms);
    for row in found.rows {
        act.subjects.row(table, row);
    }
    Ok((act, file))
}

fn wants_csv(request: &HttpRequest) -> bool {
    let accept = request
        .headers()
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    accept.split(',').any(|media| {
        media
            .split(';')
            .next()
            .is_some_and(|media| media.trim().eq_ignore_ascii_case("text/csv"))
    })
}

/// All links, block by block; memory stays flat.
fn csv(file: StoredFile) -> HttpResponse {
    let file = Arc::new(file);
    let blocks = stream::try_unfold(None::<usize>, move |offset| {
        let file = Arc::clone(&file);
        async move {
            let Some(offset) = offset else {
                let header = Bytes::from_static(
                    b"left_row,right_row,match_weight,match_probability,step\r\n",
                );
                return Ok::<_, Problem>(Some((header, Some(0))));
            };
            let links = spawn_blocking(move || read_links(&file, offset, BLOCK))
                .await
                .map_err(Problem::internal)??;
            let next = offset + links.len();
            Ok((!links.is_empty()).then(|| {
                (
                    links.iter().map(line).collect::<String>().into(),
                    Some(next),
                )
            }))
        }
    });
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8; header=present"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(Box::pin(blocks))
}

fn line(link: &LinkageLink) -> String {
    let weight = link
        .match_weight
        .map_or_else(String::new, |weight| weight.to_string());
    format!(
        "{},{},{weight},{},{}\r\n",
        link.left_row,
        link.right_row,
        link.match_probability,
        link.step.as_str()
    )
}
