//! The job that does a run: read, link, write, keep.

use helder_platform::{
    calls::Peers,
    jobs::{JobContext, JobHandler},
    keyring::KeyRing,
    logboek::{self, Act, Status},
    objects::Objects,
    problem::{Problem, Result},
    purpose,
};
use helder_record_linkage::{
    Cancelled, Observer, RunResult, run,
    run::{Link, Step},
};
use helder_types::ProjectStep;
use uuid::Uuid;

use crate::{
    output::{write_links, write_scored},
    parts, people,
    runs::{self, Payload, RunRow},
    wire::{ExpectedError, Outcome},
};

/// Kind of this service's jobs.
pub(crate) const KIND: &str = "linkage-run";

/// Does linkage runs.
pub(crate) struct LinkageJob {
    /// Where parts and results lie.
    pub objects: Objects,
    /// Opens identity parts.
    pub keyring: KeyRing,
    /// To ask the registry once more whether the project allows it.
    pub peers: Peers,
}

struct Progress<'a>(&'a JobContext);

impl Observer for Progress<'_> {
    fn stage(&self, stage: &str) {
        self.0.progress(stage, 0, 0, "");
    }

    fn rows(&self, done: u64, total: u64) {
        self.0.progress("weighing pairs", done, total, "pairs");
    }

    fn checkpoint(&self) -> std::result::Result<(), Cancelled> {
        self.0.checkpoint().map_err(|_| Cancelled)
    }
}

impl JobHandler for LinkageJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run(&self, job: &JobContext) -> Result<()> {
        let id = job.payload::<Payload>()?.run_id;
        let organisation = job.organisation();
        let row = job
            .store()
            .read_blocking(|conn| runs::find(conn, organisation, id))?;
        // The project may have been stopped while the job waited.
        let purpose = job.block_on(purpose::require(
            &self.peers,
            job.caller(),
            row.project_id()?,
            ProjectStep::Linkage,
        ))?;
        let act = Act::begin("linkage", job.caller(), &purpose, "linkage run");
        logboek::during(job, act, |act| self.link(job, id, &row, act))
    }
}

impl LinkageJob {
    fn link(&self, job: &JobContext, id: Uuid, row: &RunRow, act: &mut Act) -> Result<()> {
        let organisation = job.organisation();
        act.called("registry");
        act.note("helder.linkage_run_id", id.to_string());
        let (spec, inputs) = (row.spec()?, row.inputs()?);
        for input in [&inputs.left, &inputs.right] {
            people::of(&self.objects, organisation, input, job, &mut act.subjects)?;
        }
        job.progress("reading the versions", 0, 0, "");
        let stores = (&self.objects, &self.keyring);
        let left = parts::read(stores, organisation, &inputs.left, &spec, true, job)?;
        let right = parts::read(stores, organisation, &inputs.right, &spec, false, job)?;
        let found = run(&spec, &left.table, &right.table, &Progress(job)).map_err(|Cancelled| {
            // The reason it stopped, as the platform wants it told.
            job.checkpoint()
                .err()
                .unwrap_or_else(|| Problem::internal("a run stopped without a reason"))
        })?;
        job.progress("writing the links", 0, 0, "");
        let linked_dataset = write_links(&self.objects, organisation, &found.links, &left, &right)?;
        let scored_pairs = write_scored(&self.objects, organisation, &found.scored, &left, &right)?;
        let outcome = Outcome {
            left_rows: left.rows.len() as u64,
            right_rows: right.rows.len() as u64,
            links: found.links.len() as u64,
            expected_error: expected_error(&found),
            steps: found.steps,
            blocking_rules: found.rules,
            model: found.model,
            weight_bins: found.weight_bins,
            duplicate_share: found.duplicate_share,
            linked_dataset,
            scored_pairs,
        };
        job.succeed(|conn| {
            runs::finish(conn, organisation, id, &outcome)?;
            act.record(conn, Status::Ok)?;
            Ok(format!("/linkage/v1/linkage-runs/{id}"))
        })
    }
}

/// Precision and recall of the probabilistic links as the model expects them.
fn expected_error(found: &RunResult) -> Option<ExpectedError> {
    let expected_matches = found.model.as_ref()?.expected_matches;
    let weighed: Vec<&Link> = found
        .links
        .iter()
        .filter(|link| link.step == Step::Probabilistic)
        .collect();
    let true_links: f64 = weighed.iter().map(|link| link.match_probability).sum();
    (!weighed.is_empty()).then(|| ExpectedError {
        precision: true_links / weighed.len() as f64,
        recall: (true_links / expected_matches.max(1.0)).min(1.0),
    })
}
