//! Rows of a run's result, by page as JSON or all of them as CSV: links, unlinked rows, groups, conflicts.

use std::{fmt::Write as _, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    web::{Data, Path},
};
use arrow::array::RecordBatch;
use bytes::Bytes;
use futures_util::stream;
use helder_platform::{
    identity::Allowed,
    logboek::{self, Act, Subjects},
    objects::StoredFile,
    paging::{ListQuery, Page},
    problem::{Problem, Problems, Result},
    purpose::Purpose,
    store::Store,
};
use helder_types::{Caller, permission::needs};
use serde::Serialize;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::{App, wants};
use crate::{
    output::{self, clusters, read, unlinked},
    runs,
    wire::{ClusterRow, ConflictRow, LinkageLink, LinkedDataset, Outcome, Side, UnlinkedRow},
};

/// Rows per block of a CSV.
const BLOCK: usize = 16_384;

/// A row of a stored result.
pub(super) trait Listed: Serialize + Send + Sized + 'static {
    /// What showing them is called in the record of processing.
    const ACT: &'static str;
    /// Names of the columns of the CSV.
    const HEADER: &'static str;
    /// Whether only a run within one version has them; others answer an empty list.
    const IS_WITHIN: bool = false;
    /// Where they lie; 404 for a run from before they were written.
    fn file(outcome: &Outcome) -> Option<&LinkedDataset>;
    /// One of a batch.
    fn row(batch: &RecordBatch, at: usize) -> Self;
    /// As a line of CSV, without its end.
    fn csv(&self) -> String;
    /// Adds whom it is about. `tables` names the left and the right analysis part.
    fn people(&self, tables: &[String; 2], into: &mut Subjects);
}

impl Listed for LinkageLink {
    const ACT: &'static str = "links shown";
    const HEADER: &'static str =
        "left_row,right_row,match_weight,match_probability,step,runner_up_gap";

    fn file(outcome: &Outcome) -> Option<&LinkedDataset> {
        Some(&outcome.linked_dataset)
    }

    fn row(batch: &RecordBatch, at: usize) -> Self {
        output::link(batch, at)
    }

    fn csv(&self) -> String {
        format!(
            "{},{},{},{},{},{}",
            self.left_row,
            self.right_row,
            cell(self.match_weight),
            self.match_probability,
            self.step.as_str(),
            cell(self.runner_up_gap)
        )
    }

    fn people(&self, tables: &[String; 2], into: &mut Subjects) {
        let pseudonym = self.left_pseudonym.as_deref();
        if !pseudonym.is_some_and(|text| into.person_text(text)) {
            into.row(&tables[0], self.left_row);
        }
    }
}

impl Listed for UnlinkedRow {
    const ACT: &'static str = "unlinked rows shown";
    const HEADER: &'static str = "side,row,best_row,match_weight,match_probability,why";

    fn file(outcome: &Outcome) -> Option<&LinkedDataset> {
        outcome.unlinked.as_ref()
    }

    fn row(batch: &RecordBatch, at: usize) -> Self {
        unlinked::row(batch, at)
    }

    fn csv(&self) -> String {
        let side = if self.side == Side::Left {
            "left"
        } else {
            "right"
        };
        format!(
            "{side},{},{},{},{},{}",
            self.row,
            cell(self.best_row),
            cell(self.match_weight),
            cell(self.match_probability),
            unlinked::why(self.why)
        )
    }

    fn people(&self, tables: &[String; 2], into: &mut Subjects) {
        let own = usize::from(self.side == Side::Right);
        into.row(&tables[own], self.row);
        if let Some(best) = self.best_row {
            into.row(&tables[1 - own], best);
        }
    }
}

impl Listed for ClusterRow {
    const ACT: &'static str = "groups shown";
    const IS_WITHIN: bool = true;
    const HEADER: &'static str = "cluster,row,size";

    fn file(outcome: &Outcome) -> Option<&LinkedDataset> {
        outcome.clusters.as_ref().map(|clusters| &clusters.rows)
    }

    fn row(batch: &RecordBatch, at: usize) -> Self {
        clusters::row(batch, at)
    }

    fn csv(&self) -> String {
        format!("{},{},{}", self.cluster, self.row, self.size)
    }

    fn people(&self, tables: &[String; 2], into: &mut Subjects) {
        into.row(&tables[0], self.row);
    }
}

impl Listed for ConflictRow {
    const ACT: &'static str = "conflicts shown";
    const IS_WITHIN: bool = true;
    const HEADER: &'static str = "left_row,right_row,match_weight,group_weight";

    fn file(outcome: &Outcome) -> Option<&LinkedDataset> {
        let clusters = outcome.clusters.as_ref();
        clusters.map(|clusters| &clusters.conflict_pairs)
    }

    fn row(batch: &RecordBatch, at: usize) -> Self {
        clusters::conflict(batch, at)
    }

    fn csv(&self) -> String {
        format!(
            "{},{},{},{}",
            self.left_row, self.right_row, self.match_weight, self.group_weight
        )
    }

    fn people(&self, tables: &[String; 2], into: &mut Subjects) {
        into.row(&tables[0], self.left_row);
        into.row(&tables[0], self.right_row);
    }
}

fn cell(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

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
    listed::<LinkageLink>(&caller, (&app, &store), *id, &list, &request).await
}

/// Lists the rows of a run that have no link, each with the candidate that came nearest.
///
/// Left rows first. By page as JSON, or all of them as CSV with `Accept: text/csv`.
#[utoipa::path(
    tag = "linkage runs",
    operation_id = "listUnlinkedRows",
    params(("id" = Uuid, Path, description = "Linkage run"), ListQuery),
    responses(
        (status = 200, description = "Some rows as JSON, or all as CSV",
            content((Page<UnlinkedRow> = "application/json"), (String = "text/csv"))),
        Problems
    ),
    security(("bearer" = ["linkage:read"]))
)]
#[get("/linkage-runs/{id}/unlinked")]
pub(crate) async fn list_unlinked(
    caller: Allowed<needs::LinkageRead>,
    app: Data<App>,
    store: Data<Store>,
    id: Path<Uuid>,
    list: ListQuery,
    request: HttpRequest,
) -> Result<HttpResponse> {
    listed::<UnlinkedRow>(&caller, (&app, &store), *id, &list, &request).await
}

/// Lists the rows of groups of two or more, group after group.
///
/// A run over two versions has none. By page as JSON, or all of them as CSV with `Accept: text/csv`.
#[utoipa::path(
    tag = "linkage runs",
    operation_id = "listClusters",
    params(("id" = Uuid, Path, description = "Linkage run"), ListQuery),
    responses(
        (status = 200, description = "Some rows as JSON, or all as CSV",
            content((Page<ClusterRow> = "application/json"), (String = "text/csv"))),
        Problems
    ),
    security(("bearer" = ["linkage:read"]))
)]
#[get("/linkage-runs/{id}/clusters")]
pub(crate) async fn list_clusters(
    caller: Allowed<needs::LinkageRead>,
    app: Data<App>,
    store: Data<Store>,
    id: Path<Uuid>,
    list: ListQuery,
    request: HttpRequest,
) -> Result<HttpResponse> {
    listed::<ClusterRow>(&caller, (&app, &store), *id, &list, &request).await
}

/// Lists the pairs above the threshold whose groups contradict each other.
///
/// A run over two versions has none. By page as JSON, or all of them as CSV with `Accept: text/csv`.
#[utoipa::path(
    tag = "linkage runs",
    operation_id = "listConflicts",
    params(("id" = Uuid, Path, description = "Linkage run"), ListQuery),
    responses(
        (status = 200, description = "Some pairs as JSON, or all as CSV",
            content((Page<ConflictRow> = "application/json"), (String = "text/csv"))),
        Problems
    ),
    security(("bearer" = ["linkage:read"]))
)]
#[get("/linkage-runs/{id}/conflicts")]
pub(crate) async fn list_conflicts(
    caller: Allowed<needs::LinkageRead>,
    app: Data<App>,
    store: Data<Store>,
    id: Path<Uuid>,
    list: ListQuery,
    request: HttpRequest,
) -> Result<HttpResponse> {
    listed::<ConflictRow>(&caller, (&app, &store), *id, &list, &request).await
}

/// Some rows, or all; whose they are is on record before they leave.
pub(super) async fn listed<T: Listed>(
    caller: &Caller,
    (app, store): (&App, &Store),
    id: Uuid,
    list: &ListQuery,
    request: &HttpRequest,
) -> Result<HttpResponse> {
    let organisation = caller.organisation.clone();
    let (run, activity) = store
        .of(&organisation.clone())
        .read(move |conn| {
            let run = runs::find(conn, &organisation, id)?;
            let activity = logboek::activity_of(conn, &organisation, run.project_id()?)?;
            Ok((run, activity))
        })
        .await?;
    let (outcome, inputs) = (run.outcome()?, run.inputs()?);
    let is_csv = wants(request, "text/csv");
    let Some(stored) = T::file(&outcome) else {
        if !T::IS_WITHIN {
            return Err(Problem::not_found());
        }
        return Ok(if is_csv {
            csv::<T>(None)
        } else {
            let (items, next) = (Vec::<T>::new(), None);
            Page { items, next }.respond(request)
        });
    };
    let purpose = Purpose {
        project: run.project_id()?,
        activity,
    };
    let mut act = Act::begin("linkage", caller, &purpose, T::ACT);
    act.note("helder.linkage_run_id", id.to_string());
    let objects = &app.objects;
    let file = objects
        .get_to_file(&caller.organisation, &stored.digest)
        .await?;
    let tables = [&inputs.left, &inputs.right].map(|input| input.analysis.to_string());
    if is_csv {
        let everybody = spawn_blocking(move || everybody::<T>(act, file, &tables));
        let (act, file) = everybody.await.map_err(Problem::internal)??;
        logboek::on_record(store, act, Ok(())).await?;
        return Ok(csv::<T>(Some(file)));
    }
    let offset = list.after::<u32>()?.unwrap_or(0);
    let limit = list.limit();
    let rows = spawn_blocking(move || read(&file, offset as usize, limit as usize + 1, T::row));
    let rows = rows.await.map_err(Problem::internal)??;
    let more = rows.len() as i64 > limit;
    let mut page = Page {
        items: rows,
        next: more.then(|| (i64::from(offset) + limit).to_string()),
    };
    page.items.truncate(limit as usize);
    for row in &page.items {
        row.people(&tables, &mut act.subjects);
    }
    logboek::on_record(store, act, Ok(())).await?;
    Ok(page.respond(request))
}

/// Adds everybody in the file.
fn everybody<T: Listed>(
    mut act: Act,
    file: StoredFile,
    tables: &[String; 2],
) -> Result<(Act, StoredFile)> {
    let mut offset = 0;
    loop {
        let rows = read(&file, offset, BLOCK, T::row)?;
        if rows.is_empty() {
            return Ok((act, file));
        }
        offset += rows.len();
        for row in rows {
            row.people(tables, &mut act.subjects);
        }
    }
}

/// All rows, block by block; memory stays flat. The header alone without a file.
fn csv<T: Listed>(file: Option<StoredFile>) -> HttpResponse {
    let file = file.map(Arc::new);
    let blocks = stream::try_unfold(None::<usize>, move |offset| {
        let file = file.clone();
        async move {
            let Some(offset) = offset else {
                let header = Bytes::from(format!("{}\r\n", T::HEADER));
                return Ok::<_, Problem>(Some((header, Some(0))));
            };
            let Some(file) = file else {
                return Ok(None);
            };
            let rows = spawn_blocking(move || read(&file, offset, BLOCK, T::row))
                .await
                .map_err(Problem::internal)??;
            let next = offset + rows.len();
            let mut lines = String::new();
            for row in &rows {
                // Writing to a string cannot fail.
                let _ = write!(lines, "{}\r\n", row.csv());
            }
            Ok((!rows.is_empty()).then(|| (lines.into(), Some(next))))
        }
    });
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8; header=present"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(Box::pin(blocks))
}
