//! Sources, and reading what was declared.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::LOCATION,
    post,
    web::{Data, Json, Path},
};
use helder_platform::{
    body::JsonBody,
    idempotency::Idempotency,
    identity::Allowed,
    paging::{ListQuery, Page},
    problem::{Problems, Result},
    store::Store,
};
use helder_types::{Caller, permission::needs};
use uuid::Uuid;

use crate::{
    documents::{self, Document},
    wire::{Declared, NewContract, NewRecipe, NewSource},
};

/// Declares a source: where data comes from and who keeps it.
#[utoipa::path(
    tag = "sources",
    operation_id = "createSource",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe, 24 hours")),
    request_body = NewSource,
    responses(
        (status = 201, description = "Declared", body = Declared<NewSource>, headers(("Location" = String, description = "The source"))),
        Problems
    ),
    security(("bearer" = ["ingest:write"]))
)]
#[post("/sources")]
pub(crate) async fn create_source(
    caller: Allowed<needs::IngestWrite>,
    store: Data<Store>,
    idempotency: Idempotency,
    body: JsonBody<NewSource>,
) -> Result<HttpResponse> {
    create(&caller, &store, &idempotency, body.into_inner()).await
}

/// Keeps a document and answers where it is.
pub(super) async fn create<T: Document>(
    caller: &Caller,
    store: &Store,
    idempotency: &Idempotency,
    document: T,
) -> Result<HttpResponse> {
    let who = caller.clone();
    let made = store
        .create(caller, idempotency, move |conn| {
            documents::insert(conn, &who, &document)
        })
        .await?;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/ingest/v1/{}/{}", T::FOLDER, made.id)))
        .json(made))
}

async fn get<T: Document>(caller: &Caller, store: &Store, id: Uuid) -> Result<Json<Declared<T>>> {
    let organisation = caller.organisation.clone();
    Ok(Json(
        store
            .of(&organisation)
            .read(move |conn| documents::find(conn, &organisation, id))
            .await?,
    ))
}

async fn list<T: Document>(
    caller: &Caller,
    store: &Store,
    query: &ListQuery,
    request: &HttpRequest,
) -> Result<HttpResponse> {
    let (before, limit) = (query.after::<Uuid>()?, query.limit());
    let organisation = caller.organisation.clone();
    let found = store
        .of(&organisation)
        .read(move |conn| documents::list::<T>(conn, &organisation, before, limit + 1))
        .await?;
    Ok(Page::cut(found, limit, |document| document.id).respond(request))
}

/// Lists sources, newest first.
#[utoipa::path(
    tag = "sources",
    operation_id = "listSources",
    params(ListQuery),
    responses((status = 200, description = "Some sources", body = Page<Declared<NewSource>>), Problems),
    security(("bearer" = ["ingest:read"]))
)]
#[get("/sources")]
pub(crate) async fn list_sources(
    caller: Allowed<needs::IngestRead>,
    store: Data<Store>,
    query: ListQuery,
    request: HttpRequest,
) -> Result<HttpResponse> {
    list::<NewSource>(&caller, &store, &query, &request).await
}

/// Shows a source.
#[utoipa::path(
    tag = "sources",
    operation_id = "getSource",
    params(("id" = Uuid, Path, description = "Source")),
    responses((status = 200, description = "The source", body = Declared<NewSource>), Problems),
    security(("bearer" = ["ingest:read"]))
)]
#[get("/sources/{id}")]
pub(crate) async fn get_source(
    caller: Allowed<needs::IngestRead>,
    store: Data<Store>,
    id: Path<Uuid>,
) -> Result<Json<Declared<NewSource>>> {
    get(&caller, &store, *id).await
}

/// Lists contracts, newest first.
#[utoipa::path(
    tag = "contracts",
    operation_id = "listContracts",
    params(ListQuery),
    responses((status = 200, description = "Some contracts", body = Page<Declared<NewContract>>), Problems),
    security(("bearer" = ["ingest:read"]))
)]
#[get("/contracts")]
pub(crate) async fn list_contracts(
    caller: Allowed<needs::IngestRead>,
    store: Data<Store>,
    query: ListQuery,
    request: HttpRequest,
) -> Result<HttpResponse> {
    list::<NewContract>(&caller, &store, &query, &request).await
}

/// Shows a contract.
#[utoipa::path(
    tag = "contracts",
    operation_id = "getContract",
    params(("id" = Uuid, Path, description = "Contract")),
    responses((status = 200, description = "The contract", body = Declared<NewContract>), Problems),
    security(("bearer" = ["ingest:read"]))
)]
#[get("/contracts/{id}")]
pub(crate) async fn get_contract(
    caller: Allowed<needs::IngestRead>,
    store: Data<Store>,
    id: Path<Uuid>,
) -> Result<Json<Declared<NewContract>>> {
    get(&caller, &store, *id).await
}

/// Lists recipes, newest first.
#[utoipa::path(
    tag = "recipes",
    operation_id = "listRecipes",
    params(ListQuery),
    responses((status = 200, description = "Some recipes", body = Page<Declared<NewRecipe>>), Problems),
    security(("bearer" = ["ingest:read"]))
)]
#[get("/recipes")]
pub(crate) async fn list_recipes(
    caller: Allowed<needs::IngestRead>,
    store: Data<Store>,
    query: ListQuery,
    request: HttpRequest,
) -> Result<HttpResponse> {
    list::<NewRecipe>(&caller, &store, &query, &request).await
}

/// Shows a recipe.
#[utoipa::path(
    tag = "recipes",
    operation_id = "getRecipe",
    params(("id" = Uuid, Path, description = "Recipe")),
    responses((status = 200, description = "The recipe", body = Declared<NewRecipe>), Problems),
    security(("bearer" = ["ingest:read"]))
)]
#[get("/recipes/{id}")]
pub(crate) async fn get_recipe(
    caller: Allowed<needs::IngestRead>,
    store: Data<Store>,
    id: Path<Uuid>,
) -> Result<Json<Declared<NewRecipe>>> {
    get(&caller, &store, *id).await
}
