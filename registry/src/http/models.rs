//! Models and aliases.

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse, delete, dev::Payload, get, http::header::ETAG, patch,
    post, put, web,
};
use helder_platform::{
    body::{CheckedBody, JsonBody},
    etag,
    idempotency::Idempotency,
    identity::Allowed,
    paging::{ListQuery, Page},
    problem::{Problem, Problems, Result},
    store::Store,
};
use helder_types::{
    Fault,
    permission::{Needs, needs},
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::common::{BASE, made};
use crate::{
    domain::model::{Model, ModelChange, NewModel, is_name},
    store::models::{self, ModelFilter},
};

/// Which models to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct ModelsQuery {
    /// Only the model with this name.
    name: Option<String>,
    /// Only models of this project.
    project_id: Option<Uuid>,
}

impl FromRequest for ModelsQuery {
    type Error = Problem;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = web::Query::<Self>::from_query(request.query_string());
        let fault = || {
            Fault::new(
                "?projectId",
                "not-an-id",
                "the id of a project, as the registry gave it",
            )
        };
        ready(
            read.map(web::Query::into_inner)
                .map_err(|_| Problem::invalid(vec![fault()])),
        )
    }
}

/// What an alias stands for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewAlias {
    /// A version of the model.
    pub model_version_id: Uuid,
}

/// Makes a model: a name under which versions follow each other.
#[utoipa::path(
    tag = "models",
    request_body = NewModel,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe")),
    responses((status = 201, description = "The model", body = Model, headers(("ETag" = String, description = "Tag of this state"))), Problems),
    security(("bearer" = [<needs::RegistryRegister as Needs>::PERMISSION.as_str()]))
)]
#[post("/models")]
pub(super) async fn create_model(
    caller: Allowed<needs::RegistryRegister>,
    store: web::Data<Store>,
    idempotency: Idempotency,
    body: CheckedBody<NewModel>,
) -> Result<HttpResponse> {
    let (who, new) = (caller.caller(), body.into_inner());
    let model = store
        .create(&caller, &idempotency, move |conn| {
            models::create(conn, &who, &new)
        })
        .await?;
    Ok(made(
        &format!("{BASE}/models/{}", model.id),
        model.revision,
        &model,
    ))
}

/// Lists the models of the caller's organisation, oldest first.
#[utoipa::path(
    tag = "models",
    params(ListQuery, ModelsQuery),
    responses((status = 200, description = "Models", body = Page<Model>), Problems),
    security(("bearer" = [<needs::RegistryRead as Needs>::PERMISSION.as_str()]))
)]
#[get("/models")]
pub(super) async fn list_models(
    request: HttpRequest,
    caller: Allowed<needs::RegistryRead>,
    store: web::Data<Store>,
    query: ListQuery,
    filter: ModelsQuery,
) -> Result<HttpResponse> {
    let (after, limit) = (query.after::<Uuid>()?, query.limit());
    let filter = ModelFilter {
        name: filter.name,
        project_id: filter.project_id,
    };
    let organisation = caller.organisation.clone();
    let rows = store
        .of(&organisation)
        .read(move |conn| models::list(conn, &organisation, &filter, after, limit))
        .await?;
    Ok(Page::cut(rows, limit, |model: &Model| model.id).respond(&request))
}

/// Shows a model.
#[utoipa::path(
    tag = "models",
    params(("id" = Uuid, Path, description = "Model")),
    responses((status = 200, description = "The model", body = Model, headers(("ETag" = String, description = "Tag of this state, for `If-Match`"))), Problems),
    security(("bearer" = [<needs::RegistryRead as Needs>::PERMISSION.as_str()]))
)]
#[get("/models/{id}")]
pub(super) async fn get_model(
    caller: Allowed<needs::RegistryRead>,
    store: web::Data<Store>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse> {
    let organisation = caller.organisation.clone();
    let model = store
        .of(&organisation)
        .read(move |conn| models::find(conn, &organisation, *id))
        .await?;
    // The tag is for If-Match only: aliases and the active version change without a revision of the model itself.
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, etag::of_revision(model.revision)))
        .json(model))
}

/// Changes what a model is called and said to be for.
#[utoipa::path(
    tag = "models",
    params(
        ("id" = Uuid, Path, description = "Model"),
        ("If-Match" = String, Header, description = "ETag of the model as read")
    ),
    request_body = ModelChange,
    responses((status = 200, description = "The model", body = Model), Problems),
    security(("bearer" = [<needs::RegistryRegister as Needs>::PERMISSION.as_str()]))
)]
#[patch("/models/{id}")]
pub(super) async fn change_model(
    request: HttpRequest,
    caller: Allowed<needs::RegistryRegister>,
    store: web::Data<Store>,
    id: web::Path<Uuid>,
    body: CheckedBody<ModelChange>,
) -> Result<HttpResponse> {
    let revision = etag::expected_revision(request.headers())?;
    let (caller, change) = (caller.caller(), body.into_inner());
    let model = store
        .of(&caller.organisation)
        .write(move |conn| models::change(conn, &caller, *id, revision, change))
        .await?;
    let tag = etag::of_revision(model.revision);
    Ok(etag::changed(&tag, &model))
}

/// Lets an alias stand for a version, in place of what it stood for.
#[utoipa::path(
    tag = "models",
    params(
        ("id" = Uuid, Path, description = "Model"),
        ("alias" = String, Path, description = "2 to 80 lower-case letters, digits and hyphens")
    ),
    request_body = NewAlias,
    responses((status = 200, description = "The model", body = Model), Problems),
    security(("bearer" = [<needs::RegistryActivate as Needs>::PERMISSION.as_str()]))
)]
#[put("/models/{id}/aliases/{alias}")]
pub(super) async fn set_alias(
    caller: Allowed<needs::RegistryActivate>,
    store: web::Data<Store>,
    path: web::Path<(Uuid, String)>,
    body: JsonBody<NewAlias>,
) -> Result<web::Json<Model>> {
    let (id, alias) = path.into_inner();
    if !is_name(&alias) {
        let detail = "2 to 80 lower-case letters, digits and hyphens, starting with a letter";
        return Err(Problem::invalid(vec![Fault::new(
            "{alias}", "name", detail,
        )]));
    }
    let (caller, version) = (caller.caller(), body.model_version_id);
    Ok(web::Json(
        store
            .of(&caller.organisation)
            .write(move |conn| models::set_alias(conn, &caller, id, &alias, version))
            .await?,
    ))
}

/// Takes an alias away.
#[utoipa::path(
    tag = "models",
    params(
        ("id" = Uuid, Path, description = "Model"),
        ("alias" = String, Path, description = "The alias")
    ),
    responses((status = 204, description = "It is gone"), Problems),
    security(("bearer" = [<needs::RegistryActivate as Needs>::PERMISSION.as_str()]))
)]
#[delete("/models/{id}/aliases/{alias}")]
pub(super) async fn remove_alias(
    caller: Allowed<needs::RegistryActivate>,
    store: web::Data<Store>,
    path: web::Path<(Uuid, String)>,
) -> Result<HttpResponse> {
    let (id, alias) = path.into_inner();
    let caller = caller.caller();
    store
        .of(&caller.organisation)
        .write(move |conn| models::remove_alias(conn, &caller, id, &alias))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
