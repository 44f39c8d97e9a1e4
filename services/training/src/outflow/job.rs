//! The job that makes a report: read the frame, analyse, store.

use helder_outflow::{OutflowError, Step, analyse};
use helder_platform::{
    calls::Peers,
    jobs::{JobContext, JobHandler},
    logboek::{self, Act, Status},
    objects::Objects,
    problem::{Problem, Result},
    purpose,
};
use helder_types::{Digest, ProjectStep};
use uuid::Uuid;

use super::{
    rows::{self, Payload},
    wire::{NewOutflowReport, OutflowOutcome, in_spec},
};
use crate::{
    frames, json,
    learn::spells,
    people::{self, Nameless},
    refused,
};

/// Kind of these jobs.
pub(crate) const KIND: &str = "outflow-report";

/// Analyses.
pub(crate) struct OutflowJob {
    pub(crate) objects: Objects,
    pub(crate) peers: Peers,
    /// Bytes that a report may take.
    pub(crate) memory: Option<u64>,
}

impl JobHandler for OutflowJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run(&self, job: &JobContext) -> Result<()> {
        let id = job.payload::<Payload>()?.outflow_report_id;
        let organisation = job.organisation();
        let row = job
            .store()
            .read_blocking(|conn| rows::find(conn, organisation, id))?;
        let asked = row.request()?;
        // The project may have been stopped while the job waited.
        let purpose = job.block_on(purpose::require(
            &self.peers,
            job.caller(),
            asked.project_id,
            ProjectStep::Training,
        ))?;
        let act = Act::begin("training", job.caller(), &purpose, "outflow-report");
        logboek::during(job, act, |act| self.report(job, id, &asked, act))
    }
}

impl OutflowJob {
    fn report(
        &self,
        job: &JobContext,
        id: Uuid,
        asked: &NewOutflowReport,
        act: &mut Act,
    ) -> Result<()> {
        let organisation = job.organisation();
        act.note("helder.outflow_report_id", id.to_string());
        let frame = job
            .store()
            .read_blocking(|conn| frames::rows::find(conn, organisation, asked.frame_id))?;
        let built = frame.outcome()?;
        job.progress("reading the frame", 0, built.rows, "rows");
        let file = job.block_on(self.objects.get_to_file(organisation, &built.digest))?;
        people::in_table(job, &file, &built.digest, Nameless::People, act)?;
        let table = spells(file.path(), &asked.spec, self.memory)
            .map_err(|error| refused::why(error, job))?;
        let step = |step: Step| {
            let (done, total) = step.place();
            job.progress(step.words(), done, total, "parts");
            job.checkpoint().is_err()
        };
        let found = analyse(&table, &asked.spec, &built.digest.to_string(), &step);
        let mut found = found.map_err(|error| match error {
            OutflowError::Invalid(faults) => Problem::invalid(in_spec(faults)),
            OutflowError::Stopped => refused::stopped(job),
            other => Problem::internal(other),
        })?;
        found.quality.records = job
            .store()
            .read_blocking(|conn| frames::records::behind(conn, organisation, &frame))?;
        let analysis = json::text(&found)?;
        let outcome = OutflowOutcome {
            analysis_digest: Digest::of(analysis.as_bytes()),
            rows: found.quality.rows,
            used: found.quality.used,
            median_months: found.overall.median.map(|median| median.estimate),
            groups: found
                .groups
                .found
                .map_or(0, |groups| groups.cards.len() as u32),
        };
        job.succeed(|conn| {
            rows::finish(conn, organisation, id, &outcome, &analysis)?;
            act.record(conn, Status::Ok)?;
            Ok(format!("/training/v1/outflow-reports/{id}"))
        })
    }
}
