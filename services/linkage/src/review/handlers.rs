//! Operations of clerical review: parse, call, store, answer.

use std::time::Duration;

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
    logboek::{self, Act},
    paging::{ListQuery, Page},
    problem::{Problem, Problems, Result},
    purpose::Purpose,
    store::Store,
};
use helder_types::{job::Job, permission::needs};
use tokio::{runtime::Handle, task::spawn_blocking};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::{
    decisions,
    records::{Side, side_by_side},
    rows, used,
    wire::{
        Decision, LinkageReview, NewDecision, NewLinkageReview, Relink, ReviewLabel, ReviewPair,
    },
};
use crate::{
    check, explain, follow,
    handlers::App,
    runs,
    versions::{Asked, Labels},
    wire::{LinkageRun, NewLinkageRun, PairRows, Truth},
};

/// Mounts the operations.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(create_linkage_review)
        .service(list_linkage_reviews)
        .service(get_linkage_review)
        .service(take_next_pair)
        .service(decide_pair)
        .service(list_review_labels)
        .service(relink_with_review);
}

/// Starts a review of a run.
///
/// Makes a queue of pairs: a share drawn at random, for estimates of precision and recall, and a share chosen for what a decision teaches.
/// The same run, settings and seed give the same queue.
#[utoipa::path(
    tag = "linkage reviews",
    operation_id = "createLinkageReview",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe, 24 hours")),
    request_body = NewLinkageReview,
    responses(
        (status = 202, description = "Queued; `Location` is its job", body = Job, headers(("Location" = String, description = "The job"))),
        Problems
    ),
    security(("bearer" = ["linkage:write"]))
)]
#[post("/linkage-reviews")]
pub(crate) async fn create_linkage_review(
    caller: Allowed<needs::LinkageWrite>,
    app: Data<App>,
    store: Data<Store>,
    idempotency: Idempotency,
    body: JsonBody<NewLinkageReview>,
) -> Result<HttpResponse> {
    let wanted = body.into_inner();
    let faults = wanted.faults();
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    let (organisation, run) = (caller.organisation.clone(), wanted.linkage_run_id);
    let run = store
        .of(&organisation.clone())
        .read(move |conn| runs::find(conn, &organisation, run))
        .await?;
    let project = run.project_id()?;
    app.require_purpose(&caller, project).await?;
    run.outcome()?;
    let asker = caller.caller();
    let job: Job = store
        .create(&caller, &idempotency, move |conn| {
            rows::insert(conn, &asker, project, &wanted)
        })
        .await?;
    Ok(accepted(job))
}

/// Within one version people are sought who are there more than once, between two who is in both.
fn other_question() -> Problem {
    Problem::conflict(
        "other-question",
        "a run within one version is done again within one, and a run between two versions between two",
    )
}

fn accepted(job: Job) -> HttpResponse {
    HttpResponse::Accepted()
        .insert_header((LOCATION, format!("/linkage/v1/jobs/{}", job.id)))
        .json(job)
}

/// Lists reviews, newest first.
#[utoipa::path(
    tag = "linkage reviews",
    operation_id = "listLinkageReviews",
    params(ListQuery),
    responses((status = 200, description = "Some reviews", body = Page<LinkageReview>), Problems),
    security(("bearer" = ["linkage:read"]))
)]
#[get("/linkage-reviews")]
pub(crate) async fn list_linkage_reviews(
    caller: Allowed<needs::LinkageRead>,
    store: Data<Store>,
    list: ListQuery,
    request: HttpRequest,
) -> Result<HttpResponse> {
    list.listed(
        (&caller, &store, &request),
        rows::list,
        rows::ReviewRow::show,
        |shown| shown.id,
    )
    .await
}

/// Shows a review.
///
/// How far the reviewers are, how far they agree (Cohen's kappa), and precision and recall of the run by the labels of the random share,
/// with 95 % intervals.
#[utoipa::path(
    tag = "linkage reviews",
    operation_id = "getLinkageReview",
    params(("id" = Uuid, Path, description = "Linkage review")),
    responses((status = 200, description = "The review", body = LinkageReview), Problems),
    security(("bearer" = ["linkage:read"]))
)]
#[get("/linkage-reviews/{id}")]
pub(crate) async fn get_linkage_review(
    caller: Allowed<needs::LinkageRead>,
    store: Data<Store>,
    id: Path<Uuid>,
) -> Result<Json<LinkageReview>> {
    let (organisation, id) = (caller.organisation.clone(), *id);
    let review = store
        .of(&organisation.clone())
        .read(move |conn| rows::find(conn, &organisation, id)?.show(conn, &organisation))
        .await?;
    Ok(Json(review))
}

/// Takes the next pair of a review.
///
/// Shows what identifies both records, side by side, and why the run gave the pair its weight. The pair is the caller's for the time of
/// the lease: nobody else gets it, and asking again gives it again. Whether somebody decided about it before is not told. Each look is
/// audited and in the record of processing. 404 when there is nothing left for this person.
#[utoipa::path(
    tag = "linkage reviews",
    operation_id = "takeNextPair",
    params(("id" = Uuid, Path, description = "Linkage review")),
    responses((status = 200, description = "The pair", body = ReviewPair), Problems),
    security(("bearer" = ["linkage:review"]))
)]
#[post("/linkage-reviews/{id}/_next")]
pub(crate) async fn take_next_pair(
    caller: Allowed<needs::LinkageReview>,
    app: Data<App>,
    store: Data<Store>,
    id: Path<Uuid>,
) -> Result<Json<ReviewPair>> {
    let (organisation, id) = (caller.organisation.clone(), *id);
    let scoped = store.of(&organisation);
    let (review, run) = scoped
        .read(move |conn| {
            let review = rows::find(conn, &organisation, id)?;
            let run = runs::find(conn, &organisation, review.run_id()?)?;
            Ok((review, run))
        })
        .await?;
    let purpose = app.require_purpose(&caller, review.project_id()?).await?;
    review.ready()?;
    let lease = Duration::from_secs(u64::from(review.settings()?.lease_seconds));
    let reviewer = caller.caller();
    let pair = scoped
        .write(move |conn| decisions::take(conn, &reviewer, id, lease))
        .await?
        .ok_or_else(Problem::not_found)?;
    let (spec, inputs, outcome) = (run.spec()?, run.inputs()?, run.outcome()?);
    let _one_at_a_time = app.gate.acquire().await.map_err(Problem::internal)?;
    let mut act = Act::begin("linkage", &caller, &purpose, "review of a pair");
    act.note("helder.linkage_review_id", id.to_string());
    let organisation = caller.organisation.clone();
    let (objects, keyring) = (app.objects.clone(), app.keyring.clone());
    let rows = (pair.left_row, pair.right_row);
    let shown = spawn_blocking(move || {
        let (stores, runtime) = ((&objects, &keyring), Handle::current());
        let explained = explain::pair(
            stores,
            &organisation,
            (&spec, &inputs, &outcome),
            PairRows {
                left_row: rows.0,
                right_row: rows.1,
            },
            &mut act.subjects,
            &runtime,
        );
        let side = |is_left| Side::read(stores, &organisation, (&spec, &inputs), is_left, &runtime);
        let shown = explained.and_then(|explanation| {
            let (left, right) = (side(true)?, side(false)?);
            let fields = side_by_side(&spec, &inputs, (&left, &right), rows);
            Ok((explanation, fields))
        });
        (act, shown)
    });
    let (act, shown) = shown.await.map_err(Problem::internal)?;
    let (explanation, fields) = logboek::on_record(&store, act, shown).await?;
    Ok(Json(ReviewPair {
        pair_id: pair.id()?,
        leased_until: pair.leased_until(),
        fields,
        explanation,
    }))
}

/// Decides about a pair.
///
/// The pair must be the caller's, by `_next`; who decided about it before may change that decision at any time: the former row stays,
/// and the new one says which it replaces.
#[utoipa::path(
    tag = "linkage reviews",
    operation_id = "decidePair",
    params(
        ("id" = Uuid, Path, description = "Linkage review"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe, 24 hours")
    ),
    request_body = NewDecision,
    responses((status = 201, description = "Kept", body = Decision), Problems),
    security(("bearer" = ["linkage:review"]))
)]
#[post("/linkage-reviews/{id}/decisions")]
pub(crate) async fn decide_pair(
    caller: Allowed<needs::LinkageReview>,
    app: Data<App>,
    store: Data<Store>,
    idempotency: Idempotency,
    id: Path<Uuid>,
    body: JsonBody<NewDecision>,
) -> Result<HttpResponse> {
    let (organisation, id, wanted) = (caller.organisation.clone(), *id, body.into_inner());
    let review = store
        .of(&organisation.clone())
        .read(move |conn| rows::find(conn, &organisation, id))
        .await?;
    app.require_purpose(&caller, review.project_id()?).await?;
    let reviewer = caller.caller();
    let decision: Decision = store
        .create(&caller, &idempotency, move |conn| {
            decisions::decide(conn, &reviewer, id, &wanted)
        })
        .await?;
    Ok(HttpResponse::Created().json(decision))
}

/// Lists the labels of a review: the decisions about settled pairs, oldest first.
///
/// Also those that were replaced later. Decisions about pairs that somebody still has to decide about are kept back until then.
#[utoipa::path(
    tag = "linkage reviews",
    operation_id = "listReviewLabels",
    params(("id" = Uuid, Path, description = "Linkage review"), ListQuery),
    responses((status = 200, description = "Some labels", body = Page<ReviewLabel>), Problems),
    security(("bearer" = ["linkage:read"]))
)]
#[get("/linkage-reviews/{id}/labels")]
pub(crate) async fn list_review_labels(
    caller: Allowed<needs::LinkageRead>,
    store: Data<Store>,
    id: Path<Uuid>,
    list: ListQuery,
    request: HttpRequest,
) -> Result<HttpResponse> {
    let (after, limit) = (list.after::<Uuid>()?, list.limit());
    let (organisation, id) = (caller.organisation.clone(), *id);
    let (labels, run, activity) = store
        .of(&organisation.clone())
        .read(move |conn| {
            let review = rows::find(conn, &organisation, id)?;
            let run = runs::find(conn, &organisation, review.run_id()?)?;
            let activity = logboek::activity_of(conn, &organisation, review.project_id()?)?;
            let labels = decisions::labels(conn, &organisation, id, after, limit + 1)?;
            Ok((labels, run, activity))
        })
        .await?;
    let purpose = Purpose {
        project: run.project_id()?,
        activity,
    };
    let inputs = run.inputs()?;
    let page = Page::cut(labels, limit, |label| label.decision.id);
    let mut act = Act::begin("linkage", &caller, &purpose, "labels of a review shown");
    act.note("helder.linkage_review_id", id.to_string());
    let tables = [&inputs.left, &inputs.right].map(|input| input.analysis.to_string());
    for label in &page.items {
        act.subjects.row(&tables[0], label.left_row);
        act.subjects.row(&tables[1], label.right_row);
    }
    logboek::on_record(&store, act, Ok(())).await?;
    Ok(page.respond(&request))
}

/// Runs the linkage again with what was decided.
///
/// With the specification of the reviewed run and what else it was asked, on its versions or on later ones. Labels by row number, to judge
/// the links by, are used again on the same versions only: in later ones rows stand elsewhere. Matches are linked and pairs that are none are not,
/// whatever the model says; the model learns from both. Decisions go by the keys of the records, so they hold wherever both records are
/// unchanged; the new run says of how many that is so.
#[utoipa::path(
    tag = "linkage reviews",
    operation_id = "relinkWithReview",
    params(
        ("id" = Uuid, Path, description = "Linkage review"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe, 24 hours")
    ),
    request_body = Relink,
    responses(
        (status = 202, description = "Queued; `Location` is its job", body = Job, headers(("Location" = String, description = "The job"))),
        Problems
    ),
    security(("bearer" = ["linkage:write"]))
)]
#[post("/linkage-reviews/{id}/_relink")]
pub(crate) async fn relink_with_review(
    caller: Allowed<needs::LinkageWrite>,
    app: Data<App>,
    store: Data<Store>,
    idempotency: Idempotency,
    id: Path<Uuid>,
    body: JsonBody<Relink>,
) -> Result<HttpResponse> {
    let (organisation, id, wanted) = (caller.organisation.clone(), *id, body.into_inner());
    let (project, former, run, asked) = store
        .of(&organisation.clone())
        .read(move |conn| {
            let review = rows::find(conn, &organisation, id)?;
            let run = runs::find(conn, &organisation, review.run_id()?)?;
            let asked = run.inputs()?.asked;
            let shown = run.show(conn, &organisation)?;
            Ok((review.project_id()?, review.run_id()?, shown, asked))
        })
        .await?;
    app.require_purpose(&caller, project).await?;
    let was_within = run.left == run.right;
    let (request, pairs) = again(run, asked, wanted);
    let mut found = app.versions(&caller, request.left, request.right).await?;
    let previous = request.incremental.as_ref().and_then(|of| of.previous);
    if let Some(previous) = previous {
        let organisation = caller.organisation.clone();
        found.previous = store
            .of(&organisation.clone())
            .read(move |conn| follow::previous(conn, &organisation, previous))
            .await?;
    }
    if found.is_within != was_within {
        return Err(other_question());
    }
    let mut checked = check::run(request, found, None)?;
    checked.inputs.asked.truth = checked.inputs.asked.truth.or(pairs);
    let asker = caller.caller();
    let job: Job = store
        .create(&caller, &idempotency, move |conn| {
            let (job, run) = runs::insert_named(conn, &asker, &checked)?;
            used::insert(conn, &asker.organisation, run, (id, former, previous))?;
            Ok(job)
        })
        .await?;
    Ok(accepted(job))
}

/// The run to do again, and the labels by row number that judge it, where the rows are the same.
fn again(run: LinkageRun, asked: Asked, wanted: Relink) -> (NewLinkageRun, Option<Labels>) {
    let left = wanted.left.unwrap_or(run.left);
    let former = if run.left == run.right {
        left
    } else {
        run.right
    };
    let right = wanted.right.unwrap_or(former);
    let is_same = (left, right) == (run.left, run.right);
    let (truth, pairs) = match asked.truth {
        Some(Labels::Columns { left, right }) => (Some(Truth::Columns { left, right }), None),
        pairs @ Some(Labels::Pairs { .. }) => (None, pairs.filter(|_| is_same)),
        None => (None, None),
    };
    let request = NewLinkageRun {
        project_id: run.project_id,
        left,
        right: Some(right),
        spec: Some(run.spec),
        threshold: None,
        one_to_one: None,
        group_by: asked.group_by,
        truth,
        dataset_name: asked.dataset_name,
        incremental: wanted.incremental,
    };
    (request, pairs)
}
