//! The job that compares: read the frame, learn on every fold, propose.

use std::time::Instant;

use helder_platform::{
    calls::Peers,
    jobs::{JobContext, JobHandler},
    logboek::{self, Act, Status},
    objects::Objects,
    problem::{Problem, Result},
    purpose,
};
use helder_selection::Tried;
use helder_types::ProjectStep;
use uuid::Uuid;

use super::{
    rows::{self, Payload},
    wire::SelectionOutcome,
};
use crate::{
    frames,
    learn::{
        FrameOrigin,
        select::{NewSelection, Watch, select},
    },
    people::{self, Nameless},
    refused,
};

/// Kind of these jobs.
pub(crate) const KIND: &str = "selection";

/// Compares.
pub(crate) struct SelectionJob {
    pub(crate) objects: Objects,
    pub(crate) peers: Peers,
    /// Bytes that a comparison may take.
    pub(crate) memory: Option<u64>,
}

impl JobHandler for SelectionJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run(&self, job: &JobContext) -> Result<()> {
        let id = job.payload::<Payload>()?.selection_id;
        let organisation = job.organisation();
        let row = job
            .store()
            .read_blocking(|conn| rows::find(conn, organisation, id))?;
        let (plan, kept) = (row.request()?, row.kept()?);
        // The project may have been stopped while the job waited.
        let purpose = job.block_on(purpose::require(
            &self.peers,
            job.caller(),
            plan.project_id,
            ProjectStep::Training,
        ))?;
        let act = Act::begin("training", job.caller(), &purpose, "selection");
        logboek::during(job, act, |act| self.compare(job, id, &plan, kept, act))
    }
}

impl SelectionJob {
    fn compare(
        &self,
        job: &JobContext,
        id: Uuid,
        plan: &NewSelection,
        kept: Option<Tried>,
        act: &mut Act,
    ) -> Result<()> {
        let organisation = job.organisation();
        act.note("helder.selection_id", id.to_string());
        let frame = job
            .store()
            .read_blocking(|conn| frames::rows::find(conn, organisation, plan.frame_id))?;
        let built = frame.outcome()?;
        job.progress("reading the frame", 0, built.rows, "rows");
        let file = job.block_on(self.objects.get_to_file(organisation, &built.digest))?;
        people::in_table(job, &file, &built.digest, Nameless::People, act)?;
        let origin = FrameOrigin {
            provisions: None,
            digest: built.digest,
            parents: Vec::new(),
        };
        let start = Instant::now();
        let watch = Watch {
            stop: &|| job.checkpoint().is_err(),
            memory: self.memory,
            clock: &|| start.elapsed().as_secs_f64(),
            news: &|done, planned| {
                job.progress("comparing", done as u64, planned as u64, "models");
            },
            // A fit that is lost is fitted again; one that is kept is not.
            keep: &|tried| {
                let kept = job
                    .store()
                    .write_blocking(|conn| rows::keep(conn, organisation, id, tried));
                if let Err(problem) = kept {
                    problem.log();
                }
            },
        };
        let found = select(file.path(), plan, &origin, &watch, kept)
            .map_err(|error| refused::why(error, job))?;
        let outcome = SelectionOutcome {
            proposed: found.document.proposed.clone(),
            comparison: serde_json::to_value(&found.document).map_err(Problem::internal)?,
            seconds: found.seconds,
        };
        job.succeed(|conn| {
            rows::finish(conn, organisation, id, &outcome)?;
            act.record(conn, Status::Ok)?;
            Ok(format!("/training/v1/selections/{id}"))
        })
    }
}
