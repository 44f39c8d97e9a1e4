//! Recipes: declaring one, and running it.

use actix_web::{
    HttpResponse,
    http::header::LOCATION,
    post,
    web::{Data, Path},
};
use helder_platform::{
    body::JsonBody,
    idempotency::Idempotency,
    identity::Allowed,
    jobs,
    problem::{Problem, Problems, Result},
    store::Store,
};
use helder_types::{Fault, job::Job, permission::needs};
use uuid::Uuid;

use super::{App, datasets::absent, documents::create};
use crate::{
    datasets, documents, recipe_job,
    wire::{Declared, NewRecipe, NewRecipeRun},
};

/// Declares a recipe.
///
/// Columns are checked when it is run, because only a version has columns.
#[utoipa::path(
    tag = "recipes",
    operation_id = "createRecipe",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe, 24 hours")),
    request_body = NewRecipe,
    responses(
        (status = 201, description = "Declared", body = Declared<NewRecipe>, headers(("Location" = String, description = "The recipe"))),
        Problems
    ),
    security(("bearer" = ["ingest:write"]))
)]
#[post("/recipes")]
pub(crate) async fn create_recipe(
    caller: Allowed<needs::IngestWrite>,
    store: Data<Store>,
    idempotency: Idempotency,
    body: JsonBody<NewRecipe>,
) -> Result<HttpResponse> {
    let new = body.into_inner();
    if new.recipe.steps.is_empty() {
        return Err(Problem::invalid(vec![Fault::new(
            "/recipe/steps",
            "length",
            "a recipe has 1 to 100 steps",
        )]));
    }
    create(&caller, &store, &idempotency, new).await
}

/// Runs a recipe over a version.
///
/// The result of the job is a new version of the same dataset that names its parent, what each step touched, and why rows were
/// left out. A recipe that names columns the version does not have is refused with all faults.
#[utoipa::path(
    tag = "recipes",
    operation_id = "runRecipe",
    params(
        ("id" = Uuid, Path, description = "Dataset version"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe, 24 hours")
    ),
    request_body = NewRecipeRun,
    responses(
        (status = 202, description = "Queued; `Location` is its job, whose result is the version", body = Job,
            headers(("Location" = String, description = "The job"))),
        Problems
    ),
    security(("bearer" = ["ingest:write"]))
)]
#[post("/dataset-versions/{id}/recipe-runs")]
pub(crate) async fn run_recipe(
    caller: Allowed<needs::IngestWrite>,
    app: Data<App>,
    store: Data<Store>,
    id: Path<Uuid>,
    idempotency: Idempotency,
    body: JsonBody<NewRecipeRun>,
) -> Result<HttpResponse> {
    let (organisation, version_id, recipe_id) = (caller.organisation.clone(), *id, body.recipe_id);
    let (version, recipe) = store
        .of(&organisation)
        .read(move |conn| {
            let (version, _) = datasets::find_version(conn, &organisation, version_id)?;
            let recipe = documents::find::<NewRecipe>(conn, &organisation, recipe_id);
            Ok((
                version,
                recipe.map_err(|problem| absent(problem, "/recipeId", "recipe"))?,
            ))
        })
        .await?;
    app.require_purpose(&caller, version.project_id).await?;
    let faults = app
        .recipe_faults(&caller.organisation, &version, &recipe.content.recipe)
        .await?;
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    let who = caller.caller();
    let job = store
        .create(&caller, &idempotency, move |conn| {
            jobs::enqueue(
                conn,
                &who,
                recipe_job::KIND,
                &recipe_job::Payload {
                    version_id,
                    recipe_id,
                },
            )
        })
        .await?;
    Ok(HttpResponse::Accepted()
        .insert_header((LOCATION, format!("/ingest/v1/jobs/{}", job.id)))
        .json(job))
}
