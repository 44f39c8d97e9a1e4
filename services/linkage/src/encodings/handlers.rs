//! Operations over HTTP: offer, show, take back, link, read the own linked rows.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION},
    post,
    web::{Data, Json, Path, Payload, Query},
};
use helder_platform::{
    idempotency::Idempotency,
    identity::Allowed,
    jobs,
    logboek::{self, Act},
    paging::{ListQuery, Page},
    problem::{Problem, Problems, Result},
    store::Store,
};
use helder_types::{Fault, OrganisationId, job::Job, permission::needs};
use uuid::Uuid;

use super::{
    EXCHANGE,
    job::{KIND, Payload as JobPayload},
    receive::{receive, refuse_other},
    table::{self, Received},
    wire::{OfferQuery, OfferedEncoding},
};
use crate::handlers::App;

/// The bytes of a file.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "a body is read as a stream, never as this")]
pub(crate) struct EncodingBytes(Vec<u8>);

/// Offers an encoding for linkage with one other organisation.
///
/// The file is what `helder pprl encode` writes at home; its key never comes here. It is linked only when that organisation offers one to
/// this one too, made with the same key. An offer stands for 30 days and is used once. At least 100 rows, at most 640 MiB.
#[utoipa::path(
    tag = "encodings",
    operation_id = "offerEncoding",
    params(
        OfferQuery,
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe, 24 hours"),
        ("Content-Digest" = Option<String>, Header, description = "SHA-256 of the bytes sent, RFC 9530")
    ),
    request_body(description = "The encoding", content = EncodingBytes, content_type = "application/octet-stream"),
    responses((status = 201, description = "It waits for the partner's", body = OfferedEncoding), Problems),
    security(("bearer" = ["linkage:write"]))
)]
#[post("/encodings")]
pub(crate) async fn offer_encoding(
    caller: Allowed<needs::LinkageWrite>,
    app: Data<App>,
    store: Data<Store>,
    query: Query<OfferQuery>,
    idempotency: Idempotency,
    request: HttpRequest,
    body: Payload,
) -> Result<HttpResponse> {
    refuse_other(&request)?;
    let (project, partner) = asked(&query, &caller.organisation)?;
    let purpose = app.require_purpose(&caller, project).await?;
    let mut act = Act::begin("linkage", &caller, &purpose, "encoding received");
    act.note("helder.partner", partner.as_str());
    let stores = (&app.objects, &app.keyring);
    let (sealed, looked) = receive(stores, &caller.organisation, &request, body).await?;
    idempotency.body_is(sealed.content);
    let asker = caller.caller();
    let kept = match looked {
        Ok(header) => {
            let received = Received {
                purpose,
                partner,
                header,
                sealed,
            };
            store
                .create(&caller, &idempotency, move |conn| {
                    table::insert(conn, &asker, &received)
                })
                .await
        }
        Err(problem) => Err(problem),
    };
    if kept.is_err() {
        app.objects
            .delete(&caller.organisation, &sealed.object)
            .await?;
    }
    let offered = logboek::on_record(&store, act, kept).await?;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/linkage/v1/encodings/{}", offered.id)))
        .json(offered))
}

/// Lists the encodings that this organisation offered, newest first.
#[utoipa::path(
    tag = "encodings",
    operation_id = "listEncodings",
    params(ListQuery),
    responses((status = 200, description = "Some encodings", body = Page<OfferedEncoding>), Problems),
    security(("bearer" = ["linkage:read"]))
)]
#[get("/encodings")]
pub(crate) async fn list_encodings(
    caller: Allowed<needs::LinkageRead>,
    store: Data<Store>,
    list: ListQuery,
    request: HttpRequest,
) -> Result<HttpResponse> {
    list.listed(
        (&caller, &store, &request),
        table::list,
        |row, _, _| row.show(),
        |shown| shown.id,
    )
    .await
}

/// Shows an encoding that this organisation offered.
///
/// Whether and when the partner offered one is not told; linking is refused until then.
#[utoipa::path(
    tag = "encodings",
    operation_id = "getEncoding",
    params(("id" = Uuid, Path, description = "Encoding")),
    responses((status = 200, description = "The encoding", body = OfferedEncoding), Problems),
    security(("bearer" = ["linkage:read"]))
)]
#[get("/encodings/{id}")]
pub(crate) async fn get_encoding(
    caller: Allowed<needs::LinkageRead>,
    store: Data<Store>,
    id: Path<Uuid>,
) -> Result<Json<OfferedEncoding>> {
    let (organisation, id) = (caller.organisation.clone(), *id);
    let shown = store
        .of(&organisation)
        .read(move |conn| table::find(conn, &organisation, id)?.show())
        .await?;
    Ok(Json(shown))
}

/// Takes an encoding back.
///
/// Its bytes are removed. What was linked already stays linked.
#[utoipa::path(
    tag = "encodings",
    operation_id = "withdrawEncoding",
    params(("id" = Uuid, Path, description = "Encoding")),
    responses((status = 200, description = "The encoding", body = OfferedEncoding), Problems),
    security(("bearer" = ["linkage:write"]))
)]
#[post("/encodings/{id}/_withdraw")]
pub(crate) async fn withdraw_encoding(
    caller: Allowed<needs::LinkageWrite>,
    app: Data<App>,
    store: Data<Store>,
    id: Path<Uuid>,
) -> Result<Json<OfferedEncoding>> {
    let (asker, id) = (caller.caller(), *id);
    let row = store
        .of(&caller.organisation)
        .write(move |conn| table::withdraw(conn, &asker, id))
        .await?;
    app.objects
        .delete(&caller.organisation, &row.object()?)
        .await?;
    Ok(Json(row.show()?))
}

/// Links an encoding with the one that the partner offered to this organisation.
///
/// Refused with 409 while the partner has offered none, or one made with another key. Either side may ask; both get their own rows.
#[utoipa::path(
    tag = "encodings",
    operation_id = "linkEncoding",
    params(
        ("id" = Uuid, Path, description = "Encoding"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe, 24 hours")
    ),
    responses(
        (status = 202, description = "Queued; `Location` is its job", body = Job, headers(("Location" = String, description = "The job"))),
        Problems
    ),
    security(("bearer" = ["linkage:write"]))
)]
#[post("/encodings/{id}/_link")]
pub(crate) async fn link_encoding(
    caller: Allowed<needs::LinkageWrite>,
    app: Data<App>,
    store: Data<Store>,
    idempotency: Idempotency,
    id: Path<Uuid>,
) -> Result<HttpResponse> {
    let (organisation, id) = (caller.organisation.clone(), *id);
    let own = store
        .of(&organisation)
        .read(move |conn| table::find(conn, &organisation, id))
        .await?;
    own.stands()?;
    app.require_purpose(&caller, own.purpose()?.project).await?;
    let header = own.header()?;
    let other = store
        .across(EXCHANGE)
        .read(move |conn| table::offer_to(conn, &own))
        .await?
        .ok_or_else(|| {
            Problem::conflict(
                "partner-not-ready",
                "the partner has not offered an encoding to your organisation",
            )
        })?;
    helder_pprl::fit(&header, &other.header()?)
        .map_err(|error| Problem::conflict("encodings-do-not-fit", error.to_string()))?;
    let payload = JobPayload {
        own: id,
        partner: other.organisation()?,
        other: other.id()?,
    };
    let asker = caller.caller();
    let job: Job = store
        .create(&caller, &idempotency, move |conn| {
            let job = jobs::enqueue(conn, &asker, KIND, &payload)?;
            table::asked(conn, &asker.organisation, id, job.id)?;
            Ok(job)
        })
        .await?;
    Ok(HttpResponse::Accepted()
        .insert_header((LOCATION, format!("/linkage/v1/jobs/{}", job.id)))
        .json(job))
}

/// Gives the own rows that the partner knows too, as CSV.
///
/// `token` is the row token that `helder pprl encode` wrote in the rows file at home, `pair` a code that the partner has for the same pair.
/// Nothing is told of other rows, of either side.
#[utoipa::path(
    tag = "encodings",
    operation_id = "listEncodingLinks",
    params(("id" = Uuid, Path, description = "Encoding")),
    responses((status = 200, description = "Own linked rows", content_type = "text/csv", body = String), Problems),
    security(("bearer" = ["linkage:read"]))
)]
#[get("/encodings/{id}/links")]
pub(crate) async fn list_encoding_links(
    caller: Allowed<needs::LinkageRead>,
    app: Data<App>,
    store: Data<Store>,
    id: Path<Uuid>,
) -> Result<HttpResponse> {
    let (organisation, id) = (caller.organisation.clone(), *id);
    let row = store
        .of(&organisation)
        .read(move |conn| table::find(conn, &organisation, id))
        .await?;
    let (links, purpose) = (row.links()?, row.purpose()?);
    app.require_purpose(&caller, purpose.project).await?;
    let mut act = Act::begin("linkage", &caller, &purpose, "linked encodings shown");
    act.note("helder.encoding_id", id.to_string());
    let stream = app
        .objects
        .open_stream(&caller.organisation, &links)
        .await?;
    logboek::on_record(&store, act, Ok(())).await?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8; header=present"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(stream))
}

/// What the query asks; all faults at once.
fn asked(query: &OfferQuery, own: &OrganisationId) -> Result<(Uuid, OrganisationId)> {
    let project = query.project_id.as_deref().map(str::parse::<Uuid>);
    let partner = query.partner.as_deref().map(str::parse::<OrganisationId>);
    let mut faults = Vec::new();
    if !matches!(project, Some(Ok(_))) {
        let detail = "name the project by its UUID";
        faults.push(Fault::new("?projectId", "uuid", detail));
    }
    match &partner {
        Some(Ok(partner)) if partner == own => {
            let detail = "the partner is another organisation than yours";
            faults.push(Fault::new("?partner", "own", detail));
        }
        Some(Ok(_)) => {}
        _ => {
            let detail = "name the one organisation it may be linked with";
            faults.push(Fault::new("?partner", "organisation", detail));
        }
    }
    match (project, partner) {
        (Some(Ok(project)), Some(Ok(partner))) if faults.is_empty() => Ok((project, partner)),
        _ => Err(Problem::invalid(faults)),
    }
}
