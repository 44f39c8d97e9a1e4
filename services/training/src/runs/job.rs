//! The job that trains: read the frame, learn, register.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};

use helder_model::{Parent, Signed};
use helder_platform::{
    calls::Peers,
    jobs::{JobContext, JobHandler},
    keyring::KeyRing,
    logboek::{self, Act, Status},
    objects::Objects,
    problem::Result,
    purpose,
};
use helder_types::ProjectStep;
use uuid::Uuid;

use super::{
    bags::Bags,
    course::Courses,
    edits::MAX_MODEL_BYTES,
    register::register,
    rows::{self, Payload, RunRow},
    wire::RunEdit,
};
use crate::{
    frames::{
        self,
        lineage::{Node, node_id},
    },
    learn::{
        self, Former, FrameOrigin, LearnError, Learned, NewEdit, NewTrainingRun, Onlooker,
        learn_watched,
    },
    outflow,
    people::{self, Nameless},
    refused,
};

/// Kind of these jobs.
pub(crate) const KIND: &str = "training-run";

/// Trains.
pub(crate) struct TrainingJob {
    pub(crate) objects: Objects,
    pub(crate) peers: Peers,
    /// Seals what a run keeps for another attempt.
    pub(crate) keyring: KeyRing,
    /// Bytes that a run may take.
    pub(crate) memory: Option<u64>,
}

impl JobHandler for TrainingJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run(&self, job: &JobContext) -> Result<()> {
        let id = job.payload::<Payload>()?.run_id;
        let organisation = job.organisation();
        let run = job
            .store()
            .read_blocking(|conn| rows::find(conn, organisation, id))?;
        let plan = run.request()?;
        // The project may have been stopped while the job waited.
        let purpose = job.block_on(purpose::require(
            &self.peers,
            job.caller(),
            plan.project_id,
            ProjectStep::Training,
        ))?;
        let act = Act::begin("training", job.caller(), &purpose, "training run");
        logboek::during(job, act, |act| self.train(job, id, &run, &plan, act))
    }
}

impl TrainingJob {
    fn train(
        &self,
        job: &JobContext,
        id: Uuid,
        run: &RunRow,
        plan: &NewTrainingRun,
        act: &mut Act,
    ) -> Result<()> {
        let organisation = job.organisation();
        act.called("registry");
        act.note("helder.training_run_id", id.to_string());
        let frame = job
            .store()
            .read_blocking(|conn| frames::rows::find(conn, organisation, plan.frame_id))?;
        let (built, inputs) = (frame.outcome()?, frame.inputs()?);
        job.progress("reading the frame", 0, built.rows, "rows");
        let file = job.block_on(self.objects.get_to_file(organisation, &built.digest))?;
        people::in_table(job, &file, &built.digest, Nameless::People, act)?;
        let origin = FrameOrigin {
            digest: built.digest,
            parents: built
                .parents
                .iter()
                .map(|parent| Parent {
                    name: parent.name.clone(),
                    digest: parent.digest,
                })
                .collect(),
            provisions: match plan.outflow_report {
                Some(report) => job
                    .store()
                    .read_blocking(|conn| outflow::rows::provisions(conn, organisation, report))?,
                None => None,
            },
        };
        let bags = Bags::of(job, plan, &self.keyring);
        let (stage, courses) = (Mutex::new(String::new()), Courses::default());
        let stage_now = || stage.lock().unwrap_or_else(PoisonError::into_inner);
        let onlooker = Onlooker {
            step: &|name| {
                name.clone_into(&mut stage_now());
                courses.clear();
                job.progress(name, 0, built.rows, "rows");
                job.checkpoint().is_err()
            },
            stop: &|| job.checkpoint().is_err(),
            news: &|news| {
                if let Some(standing) = courses.hear(&news) {
                    job.progress(&stage_now(), standing.done, standing.total, "rounds");
                    if let Err(problem) = job.learning(&standing.learning) {
                        problem.log();
                    }
                }
            },
            chance: &chance,
            keeper: bags.as_ref().map(|bags| bags as _),
            memory: self.memory,
        };
        let learned = match run.edit()? {
            Some(edit) => self.edit(job, run, plan, (file.path(), &origin), edit, &onlooker)?,
            None => learn_watched(file.path(), plan, &origin, &onlooker),
        };
        let learned = learned.map_err(|error| refused::why(error, job))?;
        job.progress("registering", 0, 0, "");
        let mut lineage = inputs.lineage;
        let node = Node {
            id: node_id("frame", &plan.frame_id.simple().to_string()),
            kind: "frame".to_owned(),
            label: frame.name().to_owned(),
            digest: Some(built.digest),
            reference: Some(format!("/training/v1/frames/{}", plan.frame_id)),
        };
        let frame_node = node.id.clone();
        lineage.grow(node, inputs.nodes);
        let outcome = register(&self.peers, job, id, plan, learned, lineage, frame_node)?;
        job.succeed(|conn| {
            rows::finish(conn, organisation, id, &outcome)?;
            act.record(conn, Status::Ok)?;
            Ok(format!("/training/v1/training-runs/{id}"))
        })
    }

    /// Makes an edit of the model of another run, on the same frame.
    fn edit(
        &self,
        job: &JobContext,
        run: &RunRow,
        plan: &NewTrainingRun,
        (file, origin): (&Path, &FrameOrigin),
        asked: RunEdit,
        onlooker: &Onlooker<'_>,
    ) -> Result<std::result::Result<Learned, LearnError>> {
        let organisation = job.organisation();
        let of = job
            .store()
            .read_blocking(|conn| rows::find(conn, organisation, asked.of))?;
        let (former_plan, outcome) = (of.request()?, of.outcome()?);
        let model = job.block_on(self.objects.get_bytes(
            organisation,
            &outcome.model_digest,
            MAX_MODEL_BYTES,
        ))?;
        let former = Former {
            model: &model,
            evaluation: &outcome.evaluation,
            plan: &former_plan,
        };
        let (by, at) = run.signed();
        let edit = NewEdit {
            reason: asked.reason,
            changes: asked.changes,
        };
        let signed = Signed {
            by,
            at,
            reason: &edit.reason,
        };
        Ok(learn::edit(
            file,
            plan,
            origin,
            &former,
            (&edit, signed),
            onlooker,
        ))
    }
}

/// Random bits of the operating system. They are kept nowhere: whoever knows them can take the noise off a private model.
fn chance() -> Option<u64> {
    let mut bytes = [0; 8];
    aws_lc_rs::rand::fill(&mut bytes).ok()?;
    Some(u64::from_le_bytes(bytes))
}
