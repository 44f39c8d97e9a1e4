//! Numbers of persons in a series of runs: whose a record is, and what happened to numbers.

use actix_web::{
    HttpRequest, HttpResponse, get,
    web::{Data, Path},
};
use arrow::array::RecordBatch;
use helder_platform::{
    identity::Allowed,
    logboek::Subjects,
    paging::{ListQuery, Page},
    problem::{Problems, Result},
    store::Store,
};
use helder_types::permission::needs;
use uuid::Uuid;

use super::{
    App,
    lists::{Listed, listed},
};
use crate::{
    follow::{self, EntityChange, EntityRow},
    wire::{LinkedDataset, Outcome, Side},
};

impl Listed for EntityRow {
    const ACT: &'static str = "numbers of persons shown";
    const HEADER: &'static str = "side,row,entity";

    fn file(outcome: &Outcome) -> Option<&LinkedDataset> {
        outcome.continuation.as_ref().map(|of| &of.entity_rows)
    }

    fn row(batch: &RecordBatch, at: usize) -> Self {
        follow::entity(batch, at)
    }

    fn csv(&self) -> String {
        let side = follow::side_text(self.side);
        format!("{side},{},{}", self.row, self.entity)
    }

    fn people(&self, tables: &[String; 2], into: &mut Subjects) {
        into.row(&tables[usize::from(self.side == Side::Right)], self.row);
    }
}

impl Listed for EntityChange {
    const ACT: &'static str = "changes of persons shown";
    const HEADER: &'static str = "kind,from,into,reasons,left_rows,right_rows,links";

    fn file(outcome: &Outcome) -> Option<&LinkedDataset> {
        outcome.continuation.as_ref().map(|of| &of.changes)
    }

    fn row(batch: &RecordBatch, at: usize) -> Self {
        follow::change(batch, at)
    }

    /// Lists within a cell are separated by spaces; a link is `left-right:probability`.
    fn csv(&self) -> String {
        let links = self.links.iter().map(|link| {
            let row = |row: Option<i64>| row.map_or_else(String::new, |row| row.to_string());
            let (left, right) = (row(link.left_row), row(link.right_row));
            format!("{left}-{right}:{}", link.match_probability)
        });
        [
            follow::kind_text(self.kind).to_owned(),
            spaced(self.from.iter()),
            spaced(self.into.iter()),
            spaced(
                self.reasons
                    .iter()
                    .map(|reason| follow::reason_text(*reason)),
            ),
            spaced(self.left_rows.iter()),
            spaced(self.right_rows.iter()),
            spaced(links),
        ]
        .join(",")
    }

    fn people(&self, tables: &[String; 2], into: &mut Subjects) {
        let links = || self.links.iter();
        let left = self.left_rows.iter().copied();
        for row in left.chain(links().filter_map(|link| link.left_row)) {
            into.row(&tables[0], row);
        }
        let right = self.right_rows.iter().copied();
        for row in right.chain(links().filter_map(|link| link.right_row)) {
            into.row(&tables[1], row);
        }
    }
}

fn spaced<T: ToString>(items: impl Iterator<Item = T>) -> String {
    let texts: Vec<String> = items.map(|item| item.to_string()).collect();
    texts.join(" ")
}

/// Lists the number of the person of every record of a run.
///
/// Only of runs that are `incremental`; others answer 404. A number stays with the person from run to run. Left rows first. By page as
/// JSON, or all of them as CSV with `Accept: text/csv`.
#[utoipa::path(
    tag = "linkage runs",
    operation_id = "listEntities",
    params(("id" = Uuid, Path, description = "Linkage run"), ListQuery),
    responses(
        (status = 200, description = "Some records as JSON, or all as CSV",
            content((Page<EntityRow> = "application/json"), (String = "text/csv"))),
        Problems
    ),
    security(("bearer" = ["linkage:read"]))
)]
#[get("/linkage-runs/{id}/entities")]
pub(crate) async fn list_entities(
    caller: Allowed<needs::LinkageRead>,
    app: Data<App>,
    store: Data<Store>,
    id: Path<Uuid>,
    list: ListQuery,
    request: HttpRequest,
) -> Result<HttpResponse> {
    listed::<EntityRow>(&caller, (&app, &store), *id, &list, &request).await
}

/// Lists what happened to the numbers of persons since the run before: created, merged, split, ended, with the reason and the links behind it.
///
/// Only of runs that are `incremental`; others answer 404. Of the first of a series every number is created. By page as JSON, or all of them
/// as CSV with `Accept: text/csv`, where lists within a cell are separated by spaces and a link is `left row-right row:probability`.
#[utoipa::path(
    tag = "linkage runs",
    operation_id = "listEntityChanges",
    params(("id" = Uuid, Path, description = "Linkage run"), ListQuery),
    responses(
        (status = 200, description = "Some changes as JSON, or all as CSV",
            content((Page<EntityChange> = "application/json"), (String = "text/csv"))),
        Problems
    ),
    security(("bearer" = ["linkage:read"]))
)]
#[get("/linkage-runs/{id}/changes")]
pub(crate) async fn list_entity_changes(
    caller: Allowed<needs::LinkageRead>,
    app: Data<App>,
    store: Data<Store>,
    id: Path<Uuid>,
    list: ListQuery,
    request: HttpRequest,
) -> Result<HttpResponse> {
    listed::<EntityChange>(&caller, (&app, &store), *id, &list, &request).await
}
