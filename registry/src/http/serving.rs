//! What is in force, for the prediction service.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{ETAG, IF_NONE_MATCH},
    web,
};
use helder_platform::{
    identity::Allowed,
    problem::{Problem, Problems, Result},
    store::Store,
};
use helder_types::{
    Digest,
    permission::{Needs, needs},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::today;
use crate::{
    PUBLICATION,
    store::catalogue::{self, ActiveVersion, AnsweredVersion, Named},
};

/// All versions in force.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ActiveVersions {
    /// Of all organisations.
    pub items: Vec<ActiveVersion>,
}

/// Lists the versions in force, of all organisations. For services only; cheap enough to ask every second.
///
/// A version is not in force when its project does not allow predictions today. The `ETag` changes with the content.
#[utoipa::path(
    tag = "serving",
    responses(
        (status = 200, description = "Versions in force", body = ActiveVersions),
        (status = 304, description = "As you know them"),
        Problems
    ),
    security(("bearer" = [<needs::RegistryServe as Needs>::PERMISSION.as_str()]))
)]
#[get("/active-versions")]
pub(super) async fn list_active_versions(
    request: HttpRequest,
    _caller: Allowed<needs::RegistryServe>,
    store: web::Data<Store>,
) -> Result<HttpResponse> {
    let items = store
        .across(PUBLICATION)
        .read(|conn| catalogue::in_force(conn, today()))
        .await?;
    let body = serde_json::to_vec(&ActiveVersions { items }).map_err(Problem::internal)?;
    let tag = format!("\"{}\"", Digest::of(&body).hex());
    let known = request
        .headers()
        .get(IF_NONE_MATCH)
        .is_some_and(|value| value.as_bytes() == tag.as_bytes());
    if known {
        return Ok(HttpResponse::NotModified()
            .insert_header((ETAG, tag))
            .finish());
    }
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, tag))
        .content_type("application/json")
        .body(body))
}

/// Reads a version that answers, or once did, whether it still may or not. For services only.
///
/// `{version}` is the digest that an answer names, or the id of the version. 404 for what never answered in this organisation.
#[utoipa::path(
    tag = "serving",
    params(("version" = String, Path, description = "Digest of `model.json`, or id of the version")),
    responses((status = 200, description = "The version", body = AnsweredVersion), Problems),
    security(("bearer" = [<needs::RegistryServe as Needs>::PERMISSION.as_str()]))
)]
#[get("/answered-versions/{version}")]
pub(super) async fn get_answered_version(
    caller: Allowed<needs::RegistryServe>,
    store: web::Data<Store>,
    version: web::Path<String>,
) -> Result<web::Json<AnsweredVersion>> {
    let (who, named) = (caller.caller(), version.parse::<Named>()?);
    let found = store
        .of(&who.organisation)
        .read(move |conn| catalogue::answered(conn, &who.organisation, &named))
        .await?;
    Ok(web::Json(found))
}
