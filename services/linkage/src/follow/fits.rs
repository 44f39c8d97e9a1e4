//! Whether a run can go on from another one.

use helder_platform::{
    problem::{Problem, Result},
    store::Conn,
};
use helder_record_linkage::LinkageSpec;
use helder_types::{Fault, OrganisationId};
use uuid::Uuid;

use super::{Continuation, Follow, Incremental, RecordKeys, state, table};
use crate::{
    runs::{self, RunRow},
    versions::{Inputs, Version},
};

/// The run before, as it stands when it is named.
#[derive(Clone, Debug)]
pub(crate) struct Previous {
    project: Uuid,
    spec: LinkageSpec,
    inputs: Inputs,
    is_done: bool,
    /// Whether it kept a state.
    kept: Option<Continuation>,
    /// Whether the state is still there.
    is_there: bool,
}

/// The run that is named, `None` when there is none of this organisation.
///
/// # Errors
/// Database errors.
pub(crate) fn previous(
    conn: &mut Conn,
    organisation: &OrganisationId,
    id: Uuid,
) -> Result<Option<Previous>> {
    let row: RunRow = match runs::find(conn, organisation, id) {
        Ok(row) => row,
        Err(problem) if problem.status() == 404 => return Ok(None),
        Err(problem) => return Err(problem),
    };
    let outcome = row.done()?;
    Ok(Some(Previous {
        project: row.project_id()?,
        spec: row.spec()?,
        inputs: row.inputs()?,
        is_done: outcome.is_some(),
        kept: outcome.and_then(|outcome| outcome.continuation),
        is_there: table::find(conn, organisation, id)?.is_some(),
    }))
}

/// What is asked of a run of a series besides what is asked of any run.
pub(crate) struct Wanted<'a> {
    pub(crate) project: Uuid,
    pub(crate) asked: &'a Incremental,
    pub(crate) inputs: &'a Inputs,
    pub(crate) versions: [Option<&'a Version>; 2],
    pub(crate) previous: Option<&'a Previous>,
}

impl Previous {
    /// What it linked on.
    pub(crate) const fn spec(&self) -> &LinkageSpec {
        &self.spec
    }
}

impl Wanted<'_> {
    /// Faults of the request, with pointers under `/incremental`.
    pub(crate) fn faults(&self, spec: &LinkageSpec) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |pointer: &str, code: &str, detail: &str| {
            faults.push(Fault::new(format!("/incremental{pointer}"), code, detail));
        };
        if self.asked.previous.is_some() && self.previous.is_none() {
            let detail = "there is no such linkage run";
            fault("/previous", "unknown-linkage-run", detail);
        }
        if self.asked.everything && self.asked.previous.is_none() {
            let detail = "name the run whose model is to be used";
            fault("/everything", "no-previous", detail);
        }
        if spec.comparisons.is_empty() {
            let detail = "the specification compares nothing, so there is no model to go on with";
            fault("", "nothing-compared", detail);
        }
        if let Some(keys) = &self.asked.record_keys {
            let mut missing = |pointer: &str, is_left: bool| {
                let input = if is_left {
                    &self.inputs.left
                } else {
                    &self.inputs.right
                };
                if !input.columns().contains(keys.column(is_left)) {
                    let detail = "the version has no such column that linkage may read";
                    fault(pointer, "unknown-column", detail);
                }
            };
            missing("/recordKeys/left", true);
            if !self.inputs.is_within {
                missing("/recordKeys/right", false);
            }
        }
        faults
    }

    /// What the run does, when it fits the one before.
    ///
    /// # Errors
    /// 409 with the reason.
    pub(crate) fn follow(&self, spec: &LinkageSpec) -> Result<Follow> {
        let versions = self
            .versions
            .map(|version| version.and_then(|version| version.dataset_id.zip(version.number)));
        let mut follow = Follow {
            keys: self.asked.record_keys.clone(),
            versions,
            previous: self.asked.previous,
            everything: self.asked.everything,
        };
        let Some(previous) = self.previous else {
            return Ok(follow);
        };
        if previous.project != self.project {
            return refuse(
                "previous-other-project",
                "the previous run belongs to another project",
            );
        }
        if !previous.is_done {
            return refuse(
                "previous-not-done",
                "the previous run has no result yet; wait for its job",
            );
        }
        let (Some(before), Some(_)) = (&previous.inputs.asked.follow, &previous.kept) else {
            return refuse(
                "previous-without-state",
                "the previous run was not asked to be `incremental`, so it kept nothing to go on from",
            );
        };
        if previous.inputs.is_within != self.inputs.is_within
            || !same_sources(&before.versions, &versions)
        {
            return refuse(
                "previous-other-sources",
                "the previous run is over other datasets; name versions of the same ones",
            );
        }
        if is_older(&before.versions, &versions) {
            return refuse(
                "previous-is-newer",
                "the previous run is over a newer version; name the same version or one that follows",
            );
        }
        if previous.spec != *spec {
            return refuse(
                "previous-other-spec",
                "the previous run linked on another specification, threshold or assignment; leave them out to use its own",
            );
        }
        if follow.keys.is_some() && !same_keys(follow.keys.as_ref(), before.keys.as_ref()) {
            return refuse(
                "previous-other-keys",
                "the previous run knew its records by other columns; leave them out to use its own",
            );
        }
        if !previous.is_there {
            return Err(state::gone());
        }
        follow.keys.clone_from(&before.keys);
        Ok(follow)
    }
}

fn refuse<T>(code: &'static str, detail: &'static str) -> Result<T> {
    Err(Problem::conflict(code, detail))
}

type Versions = [Option<(Uuid, i64)>; 2];

fn same_sources(before: &Versions, now: &Versions) -> bool {
    let dataset = |version: &Option<(Uuid, i64)>| version.map(|(dataset, _)| dataset);
    before
        .iter()
        .zip(now)
        .all(|(a, b)| dataset(a) == dataset(b))
}

fn is_older(before: &Versions, now: &Versions) -> bool {
    let number = |version: &Option<(Uuid, i64)>| version.map(|(_, number)| number);
    before.iter().zip(now).any(|(a, b)| number(b) < number(a))
}

fn same_keys(a: Option<&RecordKeys>, b: Option<&RecordKeys>) -> bool {
    let columns = |keys: &RecordKeys| [keys.column(true), keys.column(false)].map(str::to_owned);
    a.map(columns) == b.map(columns)
}
