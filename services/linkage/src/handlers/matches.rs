//! One new record against a run.

use actix_web::{
    post,
    web::{Data, Json, Path},
};
use helder_platform::{
    audit,
    body::JsonBody,
    identity::Allowed,
    logboek::{self, Act},
    problem::{Problem, Problems, Result},
    store::Store,
};
use helder_types::permission::needs;
use tokio::{runtime::Handle, task::spawn_blocking};
use uuid::Uuid;

use super::App;
use crate::{
    online::{self, Asked, RecordMatches, RecordToMatch},
    runs,
};

/// Looks one new record up.
///
/// The record is compared with the left version of the run, as the run would have compared it: the same model, the same rules, the same
/// counts of values. The answer holds row numbers, probabilities and waterfalls of the best candidates, never a name or another value.
/// The record is not kept. The first question after a while reads the versions and takes as long as that; the index then stays in memory.
/// That it was asked is audited, and on record for the people in the answer.
#[utoipa::path(
    tag = "linkage runs",
    operation_id = "matchRecord",
    params(("id" = Uuid, Path, description = "Linkage run")),
    request_body = RecordToMatch,
    responses((status = 200, description = "The best candidates", body = RecordMatches), Problems),
    security(("bearer" = ["linkage:write"]))
)]
#[post("/linkage-runs/{id}/_match")]
pub(crate) async fn match_record(
    caller: Allowed<needs::LinkageWrite>,
    app: Data<App>,
    store: Data<Store>,
    id: Path<Uuid>,
    body: JsonBody<RecordToMatch>,
) -> Result<Json<RecordMatches>> {
    let (organisation, id, asked) = (caller.organisation.clone(), *id, body.into_inner());
    let run = store
        .of(&organisation)
        .read(move |conn| runs::find(conn, &organisation, id))
        .await?;
    let purpose = app.require_purpose(&caller, run.project_id()?).await?;
    let (spec, inputs, outcome) = (run.spec()?, run.inputs()?, run.outcome()?);
    let record = asked.table(&spec)?;
    let auditor = caller.caller();
    store
        .of(&auditor.organisation)
        .write(move |conn| {
            let run = format!("/linkage-runs/{id}");
            audit::record(conn, &auditor, "linkage-run.match-record", &run)
        })
        .await?;
    let _one_at_a_time = app.gate.acquire().await.map_err(Problem::internal)?;
    let mut act = Act::begin("linkage", &caller, &purpose, "candidates for a record");
    act.note("helder.linkage_run_id", id.to_string());
    let organisation = caller.organisation.clone();
    let app = app.clone();
    let found = spawn_blocking(move || {
        let asking = Asked {
            stores: (&app.objects, &app.keyring),
            organisation: &organisation,
            id,
            spec: &spec,
            inputs: &inputs,
            outcome: &outcome,
        };
        let found = online::find(
            &app.indexes,
            &asking,
            &record,
            asked.limit,
            &mut act.subjects,
            &app.memory.beside(0, &Handle::current()),
        );
        (act, found)
    });
    let (act, found) = found.await.map_err(Problem::internal)?;
    logboek::on_record(&store, act, found).await.map(Json)
}
