//! The quality report of a version.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{ACCEPT, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    web::{Data, Path},
};
use helder_dataset::QualityReport;
use helder_platform::{
    identity::Allowed,
    problem::{Problem, Problems, Result},
    store::Store,
};
use helder_types::permission::needs;
use uuid::Uuid;

use super::App;
use crate::{datasets, page};

/// Shows the quality report of a version.
///
/// As JSON, or as an HTML page with `Accept: text/html`. Holds no value of an identifying column, and no count under ten per value.
#[utoipa::path(
    tag = "dataset versions",
    operation_id = "getQualityReport",
    params(("id" = Uuid, Path, description = "Dataset version")),
    responses(
        (status = 200, description = "The report", content((QualityReport = "application/json"), (String = "text/html"))),
        Problems
    ),
    security(("bearer" = ["ingest:read"]))
)]
#[get("/dataset-versions/{id}/quality-report")]
pub(crate) async fn get_quality_report(
    caller: Allowed<needs::IngestRead>,
    app: Data<App>,
    store: Data<Store>,
    id: Path<Uuid>,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let (organisation, id) = (caller.organisation.clone(), *id);
    let (version, digest) = store
        .of(&organisation)
        .read(move |conn| datasets::find_version(conn, &organisation, id))
        .await?;
    let digest = digest.ok_or_else(|| {
        Problem::conflict(
            "no-quality-report",
            "versions that another service made have no quality report",
        )
    })?;
    let report = app.quality(&caller.organisation, &digest).await?;
    if wants(&request, "text/html") {
        return Ok(HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
            .insert_header((
                CONTENT_SECURITY_POLICY,
                helder_report::CONTENT_SECURITY_POLICY,
            ))
            .body(page::render(&version, &report)));
    }
    Ok(HttpResponse::Ok().json(report))
}

/// Whether the client asks for a media type by name.
pub(super) fn wants(request: &HttpRequest, media_type: &str) -> bool {
    let accept = request
        .headers()
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    accept.split(',').any(|media| {
        media
            .split(';')
            .next()
            .is_some_and(|media| media.trim().eq_ignore_ascii_case(media_type))
    })
}
