//! Asking predictions.

use actix_web::{HttpRequest, HttpResponse, http::header, post, web};
use helder_model::Answer;
use helder_platform::{
    body::RawJsonBody,
    idempotency::Idempotency,
    identity::Allowed,
    problem::{Problem, Problems, Result},
    store::Store,
};
use helder_types::permission::{Needs, needs};
use serde::{Deserialize, Serialize};

use crate::{
    active::Active,
    answer,
    asking::Asking,
    log::{self, Log, Records, unwritable},
    served::Served,
    subjects::{self, Subject},
    wire::{PredictionAnswer, PredictionRequest},
};

/// Predicts for one or many subjects, with the reasons.
///
/// The answer is advice; a person decides. It leaves after one line per subject is safe in the processing log, so 503 means that
/// nothing was predicted. `{model}` is the name or the id of a model with a version in force in your organisation.
#[utoipa::path(
    tag = "predictions",
    params(
        ("model" = String, Path, description = "Name or id of the model"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat safe: one line in the log, the same answer"),
        ("traceparent" = Option<String>, Header, description = "W3C trace context, followed into the processing log")
    ),
    request_body = PredictionRequest,
    responses((status = 200, description = "Advice with reasons", body = PredictionAnswer), Problems),
    security(("bearer" = [<needs::PredictionPredict as Needs>::PERMISSION.as_str()]))
)]
#[post("/models/{model}/predictions")]
pub(super) async fn predict(
    request: HttpRequest,
    caller: Allowed<needs::PredictionPredict>,
    service: (web::Data<Active>, web::Data<Log>, web::Data<Store>),
    model: web::Path<String>,
    idempotency: Idempotency,
    body: RawJsonBody,
) -> Result<HttpResponse> {
    let (active, log, store) = service;
    let served = active.find(&caller.organisation, &model)?;
    let asking = Asking::start(&request, &caller, &served);
    let answer = match answered(&asking, &body.0, &log, &store, &idempotency).await {
        Ok(answer) => answer,
        Err(problem) => return Err(asking.unanswered(&log, problem).await),
    };
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .body(answer))
}

fn score(
    served: &Served,
    subjects: &[Subject<'_>],
    mut each: impl FnMut(Option<&str>, &helder_model::Row, &Answer),
) -> Result<()> {
    let mut answer = Answer::default();
    for subject in subjects {
        // Complete by now: what is missing was a fault.
        served
            .scorer
            .score(&subject.row, &mut answer)
            .map_err(Problem::internal)?;
        each(subject.id.as_deref(), &subject.row, &answer);
    }
    Ok(())
}

/// The answer, whose records are written.
async fn answered(
    asking: &Asking<'_>,
    body: &[u8],
    log: &Log,
    store: &Store,
    idempotency: &Idempotency,
) -> Result<Vec<u8>> {
    let served = asking.served;
    let subjects = subjects::read(body, &served.scorer).map_err(Problem::invalid)?;
    if idempotency.key().is_some() {
        return once(asking, &subjects, store, idempotency).await;
    }
    let mut writer = answer::Writer::new(served, subjects.len());
    score(served, &subjects, |id, row, answer| {
        writer.scored(id, row, answer);
    })?;
    log.write(records(asking, &subjects)).await?;
    Ok(writer.finish())
}

fn records(asking: &Asking<'_>, subjects: &[Subject<'_>]) -> Records {
    asking.records(subjects.iter().map(|subject| subject.id.as_deref()))
}

/// What is kept for a repeat. How the caller names its subjects is not: the repeat brings the same body.
#[derive(Serialize, Deserialize)]
struct Kept {
    head: String,
    predictions: Vec<String>,
}

/// A request with an `Idempotency-Key`: records and answer are kept in one transaction; a repeat gets the kept answer.
async fn once(
    asking: &Asking<'_>,
    subjects: &[Subject<'_>],
    store: &Store,
    idempotency: &Idempotency,
) -> Result<Vec<u8>> {
    let (served, caller) = (asking.served, asking.caller);
    let mut predictions = Vec::with_capacity(subjects.len());
    score(served, subjects, |_, row, answer| {
        let mut out = Vec::new();
        answer::prediction(&mut out, served, row, answer);
        predictions.push(String::from_utf8_lossy(&out).into_owned());
    })?;
    let fresh = Kept {
        head: String::from_utf8_lossy(&served.head).into_owned(),
        predictions,
    };
    let segments = log::join(std::iter::once(&records(asking, subjects)));
    let kept = store
        .create(caller, idempotency, move |conn| {
            log::insert(conn, &segments)?;
            Ok(fresh)
        })
        .await
        .map_err(|problem| {
            if problem.status().is_server_error() {
                unwritable().caused_by(problem)
            } else {
                problem
            }
        })?;
    let mut writer = answer::Writer::with_head(served, kept.head.into_bytes());
    for (subject, prediction) in subjects.iter().zip(&kept.predictions) {
        writer.subject(subject.id.as_deref(), prediction.as_bytes());
    }
    Ok(writer.finish())
}
