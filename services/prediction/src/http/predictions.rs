//! Asking predictions.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderName},
    post, web,
};
use helder_model::Answer;
use helder_platform::{
    body::RawJsonBody,
    idempotency::Idempotency,
    identity::Allowed,
    problem::{Problem, Problems, Result},
    store::Store,
};
use helder_types::{
    Caller,
    permission::{Needs, needs},
};
use serde::{Deserialize, Serialize};

use crate::{
    active::Active,
    answer,
    log::{self, Log, Records, Repeats, Span, now_ms, unwritable},
    served::Served,
    subjects::{self, Subject},
    wire::{PredictionAnswer, PredictionRequest},
};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

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
    let start = now_ms();
    let served = active.find(&caller.organisation, &model)?;
    let subjects = subjects::read(&body.0, &served.scorer).map_err(Problem::invalid)?;
    let span = Span::from_header(
        request
            .headers()
            .get(TRACEPARENT)
            .and_then(|value| value.to_str().ok()),
    );
    let answer = if idempotency.key().is_none() {
        let mut writer = answer::Writer::new(&served, subjects.len());
        score(&served, &subjects, |id, row, answer| {
            writer.scored(id, row, answer);
        })?;
        log.write(records(&served, &caller, &span, &subjects, start))
            .await?;
        writer.finish()
    } else {
        once(
            &served,
            &caller,
            &span,
            &subjects,
            start,
            &store,
            &idempotency,
        )
        .await?
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

fn records(
    served: &Served,
    caller: &Caller,
    span: &Span,
    subjects: &[Subject<'_>],
    start: u64,
) -> Records {
    let times = [start, now_ms()];
    let mut records = Records::new(served, caller);
    for subject in subjects {
        records.prediction(served, span, subject.id.as_deref(), times);
    }
    records
}

/// What is kept for a repeat. How the caller names its subjects is not: the repeat brings the same body.
#[derive(Serialize, Deserialize)]
struct Kept {
    head: String,
    predictions: Vec<String>,
}

/// A request with an `Idempotency-Key`: records and answer are kept in one transaction; a repeat gets the kept answer.
async fn once(
    served: &Served,
    caller: &Caller,
    span: &Span,
    subjects: &[Subject<'_>],
    start: u64,
    store: &Store,
    idempotency: &Idempotency,
) -> Result<Vec<u8>> {
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
    let segments = log::join(std::iter::once(&records(
        served, caller, span, subjects, start,
    )));
    let kept = store
        .create(caller, idempotency, move |conn| {
            log::insert(conn, &segments, Repeats::Refused)?;
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
