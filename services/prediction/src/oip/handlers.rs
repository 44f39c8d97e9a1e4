//! The operations of the protocol.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse, get, post,
    web::{Data, Path},
};
use helder_model::Input;
use helder_platform::{
    body::RawJsonBody,
    identity::Allowed,
    problem::{InferenceProblems, Problem, Result},
};
use helder_types::{
    Caller,
    permission::{Needs, needs},
};

use super::{
    asked, scored,
    tensors::Datatype,
    wire::{
        InferenceRequest, InferenceResponse, InputParameters, Live, ModelMetadata, Ready,
        ResponseParameters, ServerMetadata, TensorMetadata,
    },
};
use crate::{
    active::{Active, not_active},
    asking::Asking,
    budget::Budget,
    log::Log,
    served::Served,
};

const PLATFORM: &str = "helder";

/// Who answers here, and which extensions of the protocol it knows: none.
#[utoipa::path(
    tag = "server",
    operation_id = "serverMetadata",
    responses((status = 200, description = "The server", body = ServerMetadata), InferenceProblems),
    security(())
)]
#[get("")]
pub(super) async fn server_metadata() -> HttpResponse {
    HttpResponse::Ok().json(ServerMetadata {
        name: PLATFORM,
        version: env!("CARGO_PKG_VERSION"),
        extensions: Vec::new(),
    })
}

/// Whether the server runs.
#[utoipa::path(
    tag = "server",
    operation_id = "serverLive",
    responses((status = 200, description = "It runs", body = Live), InferenceProblems),
    security(())
)]
#[get("/health/live")]
pub(super) async fn server_live() -> HttpResponse {
    HttpResponse::Ok().json(Live { live: true })
}

/// Whether the server can predict: it knows which models are in force.
#[utoipa::path(
    tag = "server",
    operation_id = "serverReady",
    responses((status = 200, description = "It can", body = Ready), InferenceProblems),
    security(())
)]
#[get("/health/ready")]
pub(super) async fn server_ready(active: Data<Active>) -> Result<HttpResponse> {
    active.fresh()?;
    Ok(HttpResponse::Ok().json(Ready {
        name: None,
        ready: true,
    }))
}

/// What a model takes and gives.
#[utoipa::path(
    tag = "models",
    operation_id = "modelMetadata",
    params(("model" = String, Path, description = "Name or id of a model with a version in force")),
    responses((status = 200, description = "The model", body = ModelMetadata), InferenceProblems),
    security(("bearer" = [<needs::PredictionPredict as Needs>::PERMISSION.as_str()]))
)]
#[get("/models/{model}")]
pub(super) async fn model_metadata(
    caller: Allowed<needs::PredictionPredict>,
    active: Data<Active>,
    model: Path<String>,
) -> Result<HttpResponse> {
    Ok(metadata(
        &*active.find_newest(&caller.organisation, &model).await?,
    ))
}

/// What a version of a model takes and gives.
#[utoipa::path(
    tag = "models",
    operation_id = "versionMetadata",
    params(
        ("model" = String, Path, description = "Name or id of a model with a version in force"),
        ("version" = String, Path, description = "The version in force")
    ),
    responses((status = 200, description = "The model", body = ModelMetadata), InferenceProblems),
    security(("bearer" = [<needs::PredictionPredict as Needs>::PERMISSION.as_str()]))
)]
#[get("/models/{model}/versions/{version}")]
pub(super) async fn version_metadata(
    caller: Allowed<needs::PredictionPredict>,
    active: Data<Active>,
    names: Path<(String, String)>,
) -> Result<HttpResponse> {
    Ok(metadata(&*find_version(&active, &caller, &names).await?))
}

/// Whether a model can predict now.
#[utoipa::path(
    tag = "models",
    operation_id = "modelReady",
    params(("model" = String, Path, description = "Name or id of a model")),
    responses((status = 200, description = "It can", body = Ready), InferenceProblems),
    security(("bearer" = [<needs::PredictionPredict as Needs>::PERMISSION.as_str()]))
)]
#[get("/models/{model}/ready")]
pub(super) async fn model_ready(
    caller: Allowed<needs::PredictionPredict>,
    active: Data<Active>,
    model: Path<String>,
) -> Result<HttpResponse> {
    Ok(is_ready(
        &*active.find_newest(&caller.organisation, &model).await?,
    ))
}

/// Whether a version of a model can predict now.
#[utoipa::path(
    tag = "models",
    operation_id = "versionReady",
    params(
        ("model" = String, Path, description = "Name or id of a model"),
        ("version" = String, Path, description = "The version")
    ),
    responses((status = 200, description = "It can", body = Ready), InferenceProblems),
    security(("bearer" = [<needs::PredictionPredict as Needs>::PERMISSION.as_str()]))
)]
#[get("/models/{model}/versions/{version}/ready")]
pub(super) async fn version_ready(
    caller: Allowed<needs::PredictionPredict>,
    active: Data<Active>,
    names: Path<(String, String)>,
) -> Result<HttpResponse> {
    Ok(is_ready(&*find_version(&active, &caller, &names).await?))
}

/// Predicts for one or many rows, with the reasons.
///
/// The answer is advice; a person decides. It leaves after one line per row is safe in the processing log, so 503 means that
/// nothing was predicted.
#[utoipa::path(
    tag = "inference",
    operation_id = "infer",
    params(
        ("model" = String, Path, description = "Name or id of a model with a version in force"),
        ("traceparent" = Option<String>, Header, description = "W3C trace context, followed into the processing log")
    ),
    request_body = InferenceRequest,
    responses((status = 200, description = "Advice with reasons", body = InferenceResponse), InferenceProblems),
    security(("bearer" = [<needs::PredictionPredict as Needs>::PERMISSION.as_str()]))
)]
#[post("/models/{model}/infer")]
pub(super) async fn infer(
    request: HttpRequest,
    caller: Allowed<needs::PredictionPredict>,
    service: (Data<Active>, Data<Log>, Data<Budget>),
    model: Path<String>,
    body: RawJsonBody,
) -> Result<HttpResponse> {
    let served = service.0.find(&caller.organisation, &model)?;
    answer(
        &request,
        &caller,
        &served,
        (&service.1, &service.2),
        &body.0,
    )
    .await
}

/// Predicts with a named version, which has to be the one in force.
#[utoipa::path(
    tag = "inference",
    operation_id = "inferVersion",
    params(
        ("model" = String, Path, description = "Name or id of a model with a version in force"),
        ("version" = String, Path, description = "The version in force"),
        ("traceparent" = Option<String>, Header, description = "W3C trace context, followed into the processing log")
    ),
    request_body = InferenceRequest,
    responses((status = 200, description = "Advice with reasons", body = InferenceResponse), InferenceProblems),
    security(("bearer" = [<needs::PredictionPredict as Needs>::PERMISSION.as_str()]))
)]
#[post("/models/{model}/versions/{version}/infer")]
pub(super) async fn infer_version(
    request: HttpRequest,
    caller: Allowed<needs::PredictionPredict>,
    service: (Data<Active>, Data<Log>, Data<Budget>),
    names: Path<(String, String)>,
    body: RawJsonBody,
) -> Result<HttpResponse> {
    let served = find_version(&service.0, &caller, &names).await?;
    answer(
        &request,
        &caller,
        &served,
        (&service.1, &service.2),
        &body.0,
    )
    .await
}

/// The version in force, when it is the one that is named.
async fn find_version(
    active: &Active,
    caller: &Caller,
    (model, version): &(String, String),
) -> Result<Arc<Served>> {
    let served = active.find_newest(&caller.organisation, model).await?;
    if served.version.model_version_id.to_string() == *version {
        Ok(served)
    } else {
        Err(not_active())
    }
}

fn metadata(served: &Served) -> HttpResponse {
    let inputs = served.scorer.inputs().iter().map(|input| TensorMetadata {
        name: input.name.clone(),
        datatype: Datatype::of(input.kind),
        shape: vec![-1],
        parameters: parameters(input),
    });
    HttpResponse::Ok().json(ModelMetadata {
        name: served.version.model_name.clone(),
        versions: vec![served.version.model_version_id.to_string()],
        platform: PLATFORM,
        inputs: inputs.collect(),
        outputs: scored::metadata(served),
    })
}

/// Unit and categories as they stand in the source.
fn parameters(input: &Input) -> Option<InputParameters> {
    let categories: Vec<String> = input
        .raw_categories()
        .map(|(raw, _)| raw.to_owned())
        .collect();
    let unit = input.unit.clone();
    (unit.is_some() || !categories.is_empty()).then_some(InputParameters { unit, categories })
}

fn is_ready(served: &Served) -> HttpResponse {
    HttpResponse::Ok().json(Ready {
        name: Some(served.version.model_name.clone()),
        ready: true,
    })
}

/// Scores, writes the log, answers: in this order.
async fn answer(
    request: &HttpRequest,
    caller: &Caller,
    served: &Served,
    (log, budget): (&Log, &Budget),
    body: &[u8],
) -> Result<HttpResponse> {
    let asking = Asking::start(request, caller, served);
    match answered(&asking, log, budget, body).await {
        Ok(response) => Ok(HttpResponse::Ok().json(response)),
        Err(problem) => Err(asking.unanswered(log, problem).await),
    }
}

async fn answered(
    asking: &Asking<'_>,
    log: &Log,
    budget: &Budget,
    body: &[u8],
) -> Result<InferenceResponse> {
    let served = asking.served;
    let asked = asked::read(body, &served.scorer).map_err(Problem::invalid)?;
    let ids = || asked.rows.iter().map(|(id, _)| id.as_deref());
    let counted = asking.asked(budget, ids());
    if let Some(counted) = &counted
        && let Err(spent) = asking.take(budget, counted)
    {
        // Rows have no place of their own in the body.
        let inputs = |_| "/inputs".to_owned();
        return Err(asking.refused(log, &spent, ids(), inputs).await);
    }
    let outputs = scored::outputs(served, &asked)?;
    if let Err(unwritten) = log.write(asking.records(ids())).await {
        if let Some(counted) = &counted {
            budget.give_back(counted);
        }
        return Err(unwritten);
    }
    let digest = served.version.digest.to_string();
    Ok(InferenceResponse {
        model_name: served.version.model_name.clone(),
        model_version: served.version.model_version_id.to_string(),
        id: asked.id,
        parameters: ResponseParameters {
            advice: true,
            catalogue_entry: format!("/registry/v1/catalogue-entries/{digest}"),
            model_digest: digest,
        },
        outputs,
    })
}
