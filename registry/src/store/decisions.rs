//! Decisions on versions: who may, from which state, and what else must be true.

use diesel::prelude::*;
use helder_platform::{
    clock,
    problem::{Problem, Result},
    store::Conn,
};
use helder_types::{Caller, Fault, ProjectStep};
use jiff::civil::Date;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    events, projects,
    versions::{self, ModelVersion, Review, VersionRow},
};
use crate::{
    domain::{
        fairness::{FairnessConclusion, unanswered},
        manifest::FAIRNESS_FILE,
        permit::permit,
        state::{Verdict, VersionState, different_persons},
    },
    schema::{model_versions, models, reviews},
};

/// What a reviewer says.
pub(crate) struct Said<'a> {
    pub(crate) verdict: Verdict,
    pub(crate) remarks: &'a str,
    pub(crate) fairness_conclusion: Option<&'a FairnessConclusion>,
}

/// A privacy officer says whether there is an objection. The maker cannot. Where the fairness report is not within bound, no
/// objection needs a conclusion.
pub(crate) fn review(
    conn: &mut Conn,
    caller: &Caller,
    id: Uuid,
    said: &Said<'_>,
) -> Result<ModelVersion> {
    let version = held(conn, caller, id)?;
    different_persons(&caller.subject, &version.created_by, &[])?;
    let state = state_of(&version).reviewed(said.verdict)?;
    let whole = versions::find(conn, &caller.organisation, id)?;
    if said.verdict == Verdict::Approve && said.fairness_conclusion.is_none() {
        let faults = open_verdicts(&whole);
        if !faults.is_empty() {
            return Err(Problem::invalid(faults));
        }
    }
    let (verdict, remarks) = (said.verdict, said.remarks);
    let row = (
        reviews::id.eq(Uuid::now_v7().to_string()),
        reviews::version_id.eq(id.to_string()),
        reviews::reviewer.eq(&caller.subject),
        reviews::verdict.eq(verdict.as_str()),
        reviews::remarks.eq(remarks),
        reviews::created_at.eq(clock::now()),
        reviews::fairness_conclusion.eq(versions::written(said.fairness_conclusion)?),
    );
    diesel::insert_into(reviews::table)
        .values(row)
        .execute(conn)?;
    let mut details = json!({ "verdict": verdict, "remarks": remarks });
    if let Some(conclusion) = said.fairness_conclusion {
        details["fairnessConclusion"] = json!(conclusion);
    }
    move_to(
        conn,
        caller,
        &version,
        state,
        None,
        "model-version.review",
        details,
    )
}

/// Lets an approved version answer, in place of the one that does now.
pub(crate) fn activate(
    conn: &mut Conn,
    caller: &Caller,
    id: Uuid,
    today: Date,
) -> Result<ModelVersion> {
    let version = held(conn, caller, id)?;
    let whole = versions::find(conn, &caller.organisation, id)?;
    let reviewers: Vec<_> = whole
        .reviews
        .iter()
        .map(|review| review.reviewer.clone())
        .collect();
    different_persons(&caller.subject, &version.created_by, &reviewers)?;
    let state = state_of(&version).activated()?;
    if !whole.files.iter().any(|file| file.name == FAIRNESS_FILE) {
        return Err(Problem::conflict(
            "no-fairness-report",
            "a version without fairness.json cannot be activated",
        ));
    }
    let project = projects::find(conn, &caller.organisation, whole.project_id)?;
    let allowed = permit(&project, ProjectStep::Prediction, today);
    let refusal = (!allowed.allowed).then(|| allowed.reason.unwrap_or_default());
    // Approved before conclusions were asked: nobody answered for what the report says.
    let concluded = last_approval(&whole).is_some_and(|last| last.fairness_conclusion.is_some());
    let mut faults = if concluded {
        Vec::new()
    } else {
        open_verdicts(&whole)
    };
    if !faults.is_empty() {
        faults.extend(refusal.map(|reason| Fault::new("/projectId", "project-refuses", reason)));
        let detail = "the last review says nothing on the fairness report; review the version again with a fairnessConclusion";
        return Err(Problem::conflict("no-fairness-conclusion", detail).with_faults(faults));
    }
    if let Some(reason) = refusal {
        return Err(Problem::forbidden("project-refuses", reason));
    }
    supersede(conn, caller, &version, whole.number)?;
    let details = json!({ "digest": version.digest, "number": version.number });
    move_to(
        conn,
        caller,
        &version,
        state,
        None,
        "model-version.activate",
        details,
    )
}

/// Stops a version at once.
pub(crate) fn suspend(
    conn: &mut Conn,
    caller: &Caller,
    id: Uuid,
    reason: &str,
) -> Result<ModelVersion> {
    let version = held(conn, caller, id)?;
    let state = state_of(&version).suspended()?;
    let details = json!({ "reason": reason });
    move_to(
        conn,
        caller,
        &version,
        state,
        Some(reason),
        "model-version.suspend",
        details,
    )
}

/// Ends a version for good.
pub(crate) fn retire(
    conn: &mut Conn,
    caller: &Caller,
    id: Uuid,
    reason: &str,
) -> Result<ModelVersion> {
    let version = held(conn, caller, id)?;
    let state = state_of(&version).retired()?;
    let details = json!({ "reason": reason });
    move_to(
        conn,
        caller,
        &version,
        state,
        Some(reason),
        "model-version.retire",
        details,
    )
}

/// A refusal that must not be forgotten: somebody tried to decide on own work.
pub(crate) fn record_refusal(
    conn: &mut Conn,
    caller: &Caller,
    id: Uuid,
    action: &str,
    code: &str,
) -> Result<()> {
    versions::row(conn, &caller.organisation, id)?;
    let action = format!("{action}-refused");
    events::record(
        conn,
        caller,
        &action,
        &format!("/model-versions/{id}"),
        &json!({ "code": code }),
    )
}

/// What is not within bound, where there is a fairness report; without one a version is not activated at all.
fn open_verdicts(version: &ModelVersion) -> Vec<Fault> {
    if version.files.iter().any(|file| file.name == FAIRNESS_FILE) {
        unanswered(version.fairness.as_ref())
    } else {
        Vec::new()
    }
}

fn last_approval(version: &ModelVersion) -> Option<&Review> {
    let mut newest_first = version.reviews.iter().rev();
    newest_first.find(|review| review.verdict == Verdict::Approve)
}

fn state_of(version: &VersionRow) -> VersionState {
    VersionState::from_stored(&version.state)
}

/// The version, read while holding its model: decisions on one model come one after the other.
fn held(conn: &mut Conn, caller: &Caller, id: Uuid) -> Result<VersionRow> {
    let model = versions::row(conn, &caller.organisation, id)?.model_id;
    diesel::update(models::table.find(&model))
        .set(models::last_number.eq(models::last_number))
        .execute(conn)?;
    versions::row(conn, &caller.organisation, id)
}

/// Retires the version that answers now.
fn supersede(conn: &mut Conn, caller: &Caller, version: &VersionRow, number: i64) -> Result<()> {
    let active: Vec<VersionRow> = model_versions::table
        .filter(model_versions::organisation.eq(caller.organisation.as_str()))
        .filter(model_versions::model_id.eq(&version.model_id))
        .filter(model_versions::state.eq(VersionState::Active.as_str()))
        .select(VersionRow::as_select())
        .load(conn)?;
    for old in active {
        let reason = format!("superseded by version {number}");
        let details = json!({ "reason": reason, "by": version.id });
        move_to(
            conn,
            caller,
            &old,
            VersionState::Retired,
            Some(&reason),
            "model-version.supersede",
            details,
        )?;
    }
    Ok(())
}

fn move_to(
    conn: &mut Conn,
    caller: &Caller,
    version: &VersionRow,
    state: VersionState,
    reason: Option<&str>,
    action: &str,
    details: Value,
) -> Result<ModelVersion> {
    let now = clock::now();
    let answers = state == VersionState::Active;
    let answered = version.activated_at.is_some();
    let stops = matches!(state, VersionState::Suspended | VersionState::Retired) && answered;
    let activated_by = if answers {
        Some(caller.subject.as_str())
    } else {
        version.activated_by.as_deref()
    };
    let activated_at = if answers {
        Some(now.as_str())
    } else {
        version.activated_at.as_deref()
    };
    let ended_at = if answers {
        None
    } else if stops && state_of(version) == VersionState::Active {
        Some(now.as_str())
    } else {
        version.ended_at.as_deref()
    };
    let written = diesel::update(
        model_versions::table
            .filter(model_versions::organisation.eq(caller.organisation.as_str()))
            .filter(model_versions::id.eq(&version.id))
            .filter(model_versions::revision.eq(version.revision)),
    )
    .set((
        model_versions::state.eq(state.as_str()),
        model_versions::state_reason.eq(reason),
        model_versions::activated_by.eq(activated_by),
        model_versions::activated_at.eq(activated_at),
        model_versions::ended_at.eq(ended_at),
        model_versions::revision.eq(version.revision + 1),
    ))
    .execute(conn)?;
    if written == 0 {
        return Err(Problem::conflict(
            "changed-meanwhile",
            "somebody decided on this version at the same moment",
        ));
    }
    let mut details = details;
    if let Value::Object(details) = &mut details {
        details.insert("from".to_owned(), json!(state_of(version)));
        details.insert("to".to_owned(), json!(state));
    }
    events::record(
        conn,
        caller,
        action,
        &format!("/model-versions/{}", version.id),
        &details,
    )?;
    versions::find(
        conn,
        &caller.organisation,
        version.id.parse().map_err(Problem::internal)?,
    )
}
