//! Model versions: registered once, read often, never changed.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{
        CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    },
    post, web,
};
use helder_platform::{
    body::CheckedBody,
    content_digest,
    idempotency::Idempotency,
    identity::Allowed,
    objects::Objects,
    paging::{ListQuery, Page},
    problem::{Problem, Problems, Result},
    store::Store,
};
use helder_types::{
    Digest, OrganisationId,
    permission::{Needs, needs},
};
use uuid::Uuid;

use super::common::{BASE, found, made, page};
use crate::{
    domain::{
        artifact::{MAX_BYTES, MediaType},
        fairness::FairnessStanding,
        lineage::Lineage,
        manifest::{CARD_FILE, FAIRNESS_FILE, NewVersion, Summary},
    },
    pages,
    store::versions::{self, ModelVersion, Said, VersionFile},
};

/// Registers a version from artifacts uploaded before.
///
/// A version never changes. Registering the same files again answers the version that has them; giving a `number` that
/// exists with other files is refused (409).
#[utoipa::path(
    tag = "model versions",
    params(
        ("id" = Uuid, Path, description = "Model"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe")
    ),
    request_body = NewVersion,
    responses(
        (status = 201, description = "The version", body = ModelVersion, headers(("ETag" = String, description = "Tag of this state"))),
        (status = 200, description = "The version that has exactly these files", body = ModelVersion, headers(("ETag" = String, description = "Tag of this state"), ("Location" = String, description = "The version"))),
        Problems
    ),
    security(("bearer" = [<needs::RegistryRegister as Needs>::PERMISSION.as_str()]))
)]
#[post("/models/{id}/model-versions")]
pub(super) async fn register_model_version(
    caller: Allowed<needs::RegistryRegister>,
    store: web::Data<Store>,
    objects: web::Data<Objects>,
    idempotency: Idempotency,
    id: web::Path<Uuid>,
    body: CheckedBody<NewVersion>,
) -> Result<HttpResponse> {
    let new = body.into_inner();
    let digest = new
        .model()
        .ok_or_else(|| Problem::internal("a checked version has a model"))?;
    let summary = match objects
        .get_bytes(&caller.organisation, &digest, MAX_BYTES)
        .await
    {
        Ok(bytes) => Summary::of_model(&bytes)?,
        // Named as a fault of the files, with all others, by the store.
        Err(problem) if problem.status() == 404 => Summary::default(),
        Err(problem) => return Err(problem),
    };
    let fairness = standing(&objects, &caller.organisation, new.fairness()).await?;
    let who = caller.caller();
    let registered = store
        .create(&caller, &idempotency, move |conn| {
            let said = Said {
                digest,
                summary,
                fairness,
            };
            versions::create(conn, &who, *id, &new, &said)
        })
        .await?;
    let version = registered.version;
    let path = format!("{BASE}/model-versions/{}", version.id);
    let mut response = made(&path, version.revision, &version);
    if !registered.made {
        *response.status_mut() = actix_web::http::StatusCode::OK;
    }
    Ok(response)
}

/// What the fairness report says; none when there is no report, or not here: the store names that as a fault of the files.
async fn standing(
    objects: &Objects,
    organisation: &OrganisationId,
    report: Option<Digest>,
) -> Result<Option<FairnessStanding>> {
    let Some(digest) = report else {
        return Ok(None);
    };
    match objects.get_bytes(organisation, &digest, MAX_BYTES).await {
        Ok(bytes) => {
            // The bytes are JSON where the artifact is; another media type is a fault of the files too.
            let report = serde_json::from_slice(&bytes).unwrap_or_default();
            Ok(Some(FairnessStanding::of_report(&report)))
        }
        Err(problem) if problem.status() == 404 => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// Lists the versions of a model, oldest first.
#[utoipa::path(
    tag = "model versions",
    params(("id" = Uuid, Path, description = "Model"), ListQuery),
    responses((status = 200, description = "Versions", body = Page<ModelVersion>), Problems),
    security(("bearer" = [<needs::RegistryRead as Needs>::PERMISSION.as_str()]))
)]
#[get("/models/{id}/model-versions")]
pub(super) async fn list_model_versions(
    request: HttpRequest,
    caller: Allowed<needs::RegistryRead>,
    store: web::Data<Store>,
    id: web::Path<Uuid>,
    query: ListQuery,
) -> Result<HttpResponse> {
    let (after, limit) = (query.after::<i64>()?.unwrap_or(0), query.limit());
    let organisation = caller.organisation.clone();
    let rows = store
        .of(&organisation)
        .read(move |conn| versions::list(conn, &organisation, *id, after, limit))
        .await?;
    Ok(Page::cut(rows, limit, |version: &ModelVersion| version.number).respond(&request))
}

/// Shows a version.
#[utoipa::path(
    tag = "model versions",
    params(("id" = Uuid, Path, description = "Version")),
    responses((status = 200, description = "The version", body = ModelVersion), (status = 304, description = "As you know it"), Problems),
    security(("bearer" = [<needs::RegistryRead as Needs>::PERMISSION.as_str()]))
)]
#[get("/model-versions/{id}")]
pub(super) async fn get_model_version(
    request: HttpRequest,
    caller: Allowed<needs::RegistryRead>,
    store: web::Data<Store>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse> {
    let version = read(&store, &caller.organisation, *id).await?;
    Ok(found(&request, version.revision, &version))
}

/// Sends a file of a version, its digest checked on the way.
#[utoipa::path(
    tag = "model versions",
    params(
        ("id" = Uuid, Path, description = "Version"),
        ("name" = String, Path, description = "File, for instance `model.json`")
    ),
    responses(
        (status = 200, description = "The bytes", content(
            (serde_json::Value = "application/json"),
            (String = "text/html")
        ), headers(
            ("ETag" = String, description = "Digest of the bytes"),
            ("Content-Digest" = String, description = "SHA-256 of the bytes, RFC 9530"),
            ("Content-Disposition" = String, description = "Name of the file"),
        )),
        Problems
    ),
    security(("bearer" = [<needs::RegistryRead as Needs>::PERMISSION.as_str()]))
)]
#[get("/model-versions/{id}/files/{name}")]
pub(super) async fn get_file(
    caller: Allowed<needs::RegistryRead>,
    store: web::Data<Store>,
    objects: web::Data<Objects>,
    path: web::Path<(Uuid, String)>,
) -> Result<HttpResponse> {
    let (id, name) = path.into_inner();
    let version = read(&store, &caller.organisation, id).await?;
    send(&objects, &caller.organisation, &version, &name).await
}

/// Shows how the version came from source files.
#[utoipa::path(
    tag = "model versions",
    params(("id" = Uuid, Path, description = "Version")),
    responses((status = 200, description = "The lineage", body = Lineage), Problems),
    security(("bearer" = [<needs::RegistryRead as Needs>::PERMISSION.as_str()]))
)]
#[get("/model-versions/{id}/lineage")]
pub(super) async fn get_lineage(
    caller: Allowed<needs::RegistryRead>,
    store: web::Data<Store>,
    id: web::Path<Uuid>,
) -> Result<web::Json<Lineage>> {
    let organisation = caller.organisation.clone();
    Ok(web::Json(
        store
            .of(&organisation)
            .read(move |conn| versions::lineage(conn, &organisation, *id))
            .await?,
    ))
}

/// Sends the fairness report of a version; 404 when it has none.
#[utoipa::path(
    tag = "model versions",
    params(("id" = Uuid, Path, description = "Version")),
    responses((status = 200, description = "The report", body = serde_json::Value, headers(
        ("ETag" = String, description = "Digest of the bytes"),
        ("Content-Digest" = String, description = "SHA-256 of the bytes, RFC 9530"),
        ("Content-Disposition" = String, description = "Name of the file"),
    )), Problems),
    security(("bearer" = [<needs::RegistryRead as Needs>::PERMISSION.as_str()]))
)]
#[get("/model-versions/{id}/fairness-report")]
pub(super) async fn get_fairness_report(
    caller: Allowed<needs::RegistryRead>,
    store: web::Data<Store>,
    objects: web::Data<Objects>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse> {
    let version = read(&store, &caller.organisation, *id).await?;
    send(&objects, &caller.organisation, &version, FAIRNESS_FILE).await
}

/// Shows the model card: the page made by training, with the registry's facts.
#[utoipa::path(
    tag = "model versions",
    params(("id" = Uuid, Path, description = "Version")),
    responses((status = 200, description = "The card", body = String, content_type = "text/html", headers(("Vary" = String, description = "`Accept`"))), Problems),
    security(("bearer" = [<needs::RegistryRead as Needs>::PERMISSION.as_str()]))
)]
#[get("/model-versions/{id}/card")]
pub(super) async fn get_card(
    caller: Allowed<needs::RegistryRead>,
    store: web::Data<Store>,
    objects: web::Data<Objects>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse> {
    let organisation = caller.organisation.clone();
    let (version, lineage) = store
        .of(&organisation)
        .read(move |conn| {
            Ok((
                versions::find(conn, &organisation, *id)?,
                versions::lineage(conn, &organisation, *id)?,
            ))
        })
        .await?;
    let own = match version.files.iter().find(|file| file.name == CARD_FILE) {
        Some(file) => Some(
            objects
                .get_bytes(&caller.organisation, &file.digest, MAX_BYTES)
                .await?,
        ),
        None => None,
    };
    let own = own
        .as_deref()
        .map(std::str::from_utf8)
        .transpose()
        .map_err(Problem::internal)?;
    Ok(page(pages::card::render(&version, &lineage, own)))
}

async fn read(store: &Store, organisation: &OrganisationId, id: Uuid) -> Result<ModelVersion> {
    let organisation = organisation.clone();
    store
        .of(&organisation)
        .read(move |conn| versions::find(conn, &organisation, id))
        .await
}

/// The name is looked up among the version's files; it never becomes a path.
async fn send(
    objects: &Objects,
    organisation: &OrganisationId,
    version: &ModelVersion,
    name: &str,
) -> Result<HttpResponse> {
    let file: &VersionFile = version
        .files
        .iter()
        .find(|file| file.name == name)
        .ok_or_else(Problem::not_found)?;
    let stream = objects.open_stream(organisation, &file.digest).await?;
    let media_type = match file.media_type {
        MediaType::Json => "application/json",
        MediaType::Html => "text/html; charset=utf-8",
    };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, media_type))
        .insert_header((CONTENT_LENGTH, file.size_bytes.to_string()))
        .insert_header((
            CONTENT_DISPOSITION,
            format!("inline; filename=\"{}\"", file.name),
        ))
        .insert_header((
            CONTENT_SECURITY_POLICY,
            helder_report::CONTENT_SECURITY_POLICY,
        ))
        .insert_header((content_digest::HEADER, content_digest::value(&file.digest)))
        .insert_header((ETAG, format!("\"{}\"", file.digest.hex())))
        .no_chunking(file.size_bytes)
        .streaming(stream))
}
