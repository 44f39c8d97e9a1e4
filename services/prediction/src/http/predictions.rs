//! Asking predictions.

use std::sync::{Arc, OnceLock};

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
    budget::{Asked, Budget, Spent},
    extras::Checked,
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
    service: (
        web::Data<Active>,
        web::Data<Log>,
        web::Data<Store>,
        web::Data<Budget>,
    ),
    model: web::Path<String>,
    idempotency: Idempotency,
    body: RawJsonBody,
) -> Result<HttpResponse> {
    let (active, log, store, budget) = service;
    let served = active.find_newest(&caller.organisation, &model).await?;
    let asking = Asking::start(&request, &caller, &served);
    let answer = match answered(&asking, &body.0, (&log, &budget), &store, &idempotency).await {
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
pub(super) async fn answered(
    asking: &Asking<'_>,
    body: &[u8],
    (log, budget): (&Log, &web::Data<Budget>),
    store: &Store,
    idempotency: &Idempotency,
) -> Result<Vec<u8>> {
    let served = asking.served;
    let (subjects, extras) = subjects::read_all(body, &served.scorer).map_err(Problem::invalid)?;
    let extras = extras.check(served, subjects.len());
    let extras = extras.map_err(Problem::invalid)?;
    let asked = asking.asked(budget, ids(&subjects));
    if idempotency.key().is_some() {
        return once(
            asking,
            (&subjects, &extras),
            asked,
            (log, budget),
            store,
            idempotency,
        )
        .await;
    }
    if let Some(asked) = &asked
        && let Err(spent) = asking.take(budget, asked)
    {
        return Err(refused(asking, log, &spent, &subjects).await);
    }
    let mut writer = answer::Writer::new(served, subjects.len()).with_extras(extras);
    score(served, &subjects, |id, row, answer| {
        writer.scored(id, row, answer);
    })?;
    if let Err(unwritten) = log.write(records(asking, &subjects)).await {
        if let Some(asked) = &asked {
            budget.give_back(asked);
        }
        return Err(unwritten);
    }
    Ok(writer.finish())
}

fn ids<'i>(subjects: &'i [Subject<'_>]) -> impl ExactSizeIterator<Item = Option<&'i str>> {
    subjects.iter().map(|subject| subject.id.as_deref())
}

fn records(asking: &Asking<'_>, subjects: &[Subject<'_>]) -> Records {
    asking.records(ids(subjects))
}

async fn refused(
    asking: &Asking<'_>,
    log: &Log,
    spent: &Spent,
    subjects: &[Subject<'_>],
) -> Problem {
    let pointer = |place| format!("/subjects/{place}/id");
    asking.refused(log, spent, ids(subjects), pointer).await
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
    (subjects, extras): (&[Subject<'_>], &Checked),
    asked: Option<Asked>,
    (log, budget): (&Log, &web::Data<Budget>),
    store: &Store,
    idempotency: &Idempotency,
) -> Result<Vec<u8>> {
    let (served, caller) = (asking.served, asking.caller);
    let mut predictions = Vec::with_capacity(subjects.len());
    score(served, subjects, |_, row, answer| {
        let mut out = Vec::new();
        answer::prediction(&mut out, served, (row, answer), extras);
        predictions.push(String::from_utf8_lossy(&out).into_owned());
    })?;
    let fresh = Kept {
        head: String::from_utf8_lossy(&served.head).into_owned(),
        predictions,
    };
    let segments = log::join(std::iter::once(&records(asking, subjects)));
    // A repeat takes nothing from a budget: it is the answer of before.
    let taking = asked.map(|asked| (budget.clone(), asked, asking.start));
    let took = Arc::new(OnceLock::new());
    let (taken, taking_now) = (Arc::clone(&took), taking.clone());
    let outcome = store
        .create(caller, idempotency, move |conn| {
            if let Some((budget, asked, now)) = taking_now
                && let Err(spent) = taken.get_or_init(|| budget.take(&asked, now))
            {
                return Err(spent.problem(|_| String::new()));
            }
            log::insert(conn, &segments)?;
            Ok(fresh)
        })
        .await;
    let kept = match (outcome, took.get()) {
        (Ok(kept), _) => kept,
        (Err(_), Some(Err(spent))) => return Err(refused(asking, log, spent, subjects).await),
        (Err(problem), taken) => {
            if let (Some((budget, asked, _)), Some(Ok(()))) = (&taking, taken) {
                budget.give_back(asked);
            }
            return Err(if problem.status().is_server_error() {
                unwritable().caused_by(problem)
            } else {
                problem
            });
        }
    };
    let mut writer = answer::Writer::with_head(served, kept.head.into_bytes());
    for (subject, prediction) in subjects.iter().zip(&kept.predictions) {
        writer.subject(subject.id.as_deref(), prediction.as_bytes());
    }
    Ok(writer.finish())
}
