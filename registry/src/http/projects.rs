//! Projects, and the question whether they allow a step.

use actix_web::{HttpRequest, HttpResponse, get, patch, post, web};
use helder_platform::{
    body::CheckedBody,
    etag,
    idempotency::Idempotency,
    identity::Allowed,
    paging::{ListQuery, Page},
    problem::{Problem, Problems, Result},
    store::Store,
};
use helder_types::{
    ProjectStep,
    permission::{Needs, needs},
};
use uuid::Uuid;

use super::common::{BASE, found, made, today};
use crate::{
    domain::{
        permit::{Permit, permit},
        project::{NewProject, Project, ProjectChange},
    },
    store::projects,
};

/// Makes a project: the ground under all data work for one question.
#[utoipa::path(
    tag = "projects",
    request_body = NewProject,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe")),
    responses((status = 201, description = "The project", body = Project, headers(("ETag" = String, description = "Tag of this state"))), Problems),
    security(("bearer" = [<needs::RegistryProject as Needs>::PERMISSION.as_str()]))
)]
#[post("/projects")]
pub(super) async fn create_project(
    caller: Allowed<needs::RegistryProject>,
    store: web::Data<Store>,
    idempotency: Idempotency,
    body: CheckedBody<NewProject>,
) -> Result<HttpResponse> {
    let (who, new) = (caller.caller(), body.into_inner());
    let project = store
        .create(&caller, &idempotency, move |conn| {
            projects::create(conn, &who, new)
        })
        .await?;
    Ok(made(
        &format!("{BASE}/projects/{}", project.id),
        project.revision,
        &project,
    ))
}

/// Lists the projects of the caller's organisation, oldest first.
#[utoipa::path(
    tag = "projects",
    params(ListQuery),
    responses((status = 200, description = "Projects", body = Page<Project>), Problems),
    security(("bearer" = [<needs::RegistryRead as Needs>::PERMISSION.as_str()]))
)]
#[get("/projects")]
pub(super) async fn list_projects(
    request: HttpRequest,
    caller: Allowed<needs::RegistryRead>,
    store: web::Data<Store>,
    query: ListQuery,
) -> Result<HttpResponse> {
    let (after, limit) = (query.after::<Uuid>()?, query.limit());
    let organisation = caller.organisation.clone();
    let rows = store
        .of(&organisation)
        .read(move |conn| projects::list(conn, &organisation, after, limit))
        .await?;
    Ok(Page::cut(rows, limit, |project: &Project| project.id).respond(&request))
}

/// Shows a project.
#[utoipa::path(
    tag = "projects",
    params(("id" = Uuid, Path, description = "Project")),
    responses((status = 200, description = "The project", body = Project), (status = 304, description = "As you know it"), Problems),
    security(("bearer" = [<needs::RegistryRead as Needs>::PERMISSION.as_str()]))
)]
#[get("/projects/{id}")]
pub(super) async fn get_project(
    request: HttpRequest,
    caller: Allowed<needs::RegistryRead>,
    store: web::Data<Store>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse> {
    let organisation = caller.organisation.clone();
    let project = store
        .of(&organisation)
        .read(move |conn| projects::find(conn, &organisation, *id))
        .await?;
    Ok(found(&request, project.revision, &project))
}

/// Changes a project; what the body leaves out stays.
#[utoipa::path(
    tag = "projects",
    params(
        ("id" = Uuid, Path, description = "Project"),
        ("If-Match" = String, Header, description = "ETag of the project as read")
    ),
    request_body = ProjectChange,
    responses((status = 200, description = "The project", body = Project), Problems),
    security(("bearer" = [<needs::RegistryProject as Needs>::PERMISSION.as_str()]))
)]
#[patch("/projects/{id}")]
pub(super) async fn change_project(
    request: HttpRequest,
    caller: Allowed<needs::RegistryProject>,
    store: web::Data<Store>,
    id: web::Path<Uuid>,
    body: CheckedBody<ProjectChange>,
) -> Result<HttpResponse> {
    let revision = etag::expected_revision(request.headers())?;
    let (caller, change) = (caller.caller(), body.into_inner());
    let project = store
        .of(&caller.organisation)
        .write(move |conn| projects::change(conn, &caller, *id, revision, change))
        .await?;
    let tag = etag::of_revision(project.revision);
    Ok(etag::changed(&tag, &project))
}

/// Says whether a project allows a step of data work now, and if not, why.
#[utoipa::path(
    tag = "projects",
    params(
        ("id" = Uuid, Path, description = "Project"),
        ("step" = ProjectStep, Path, description = "Step")
    ),
    responses((status = 200, description = "Allowed or not", body = Permit), Problems),
    security(("bearer" = [<needs::RegistryRead as Needs>::PERMISSION.as_str()]))
)]
#[get("/projects/{id}/permits/{step}")]
pub(super) async fn get_permit(
    caller: Allowed<needs::RegistryRead>,
    store: web::Data<Store>,
    path: web::Path<(Uuid, String)>,
) -> Result<web::Json<Permit>> {
    let (id, step) = path.into_inner();
    let step: ProjectStep =
        serde_json::from_value(step.into()).map_err(|_| Problem::not_found())?;
    let organisation = caller.organisation.clone();
    let project = store
        .of(&organisation)
        .read(move |conn| projects::find(conn, &organisation, id))
        .await?;
    Ok(web::Json(permit(&project, step, today())))
}
