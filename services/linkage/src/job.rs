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
    Cancelled, Clusters, LinkageSpec, Observer, RunResult,
    run::{dedupe_labelled, runner_up_gaps},
    run_labelled,
};
use helder_types::ProjectStep;
use uuid::Uuid;

use crate::{
    derived,
    figures::{Figures, Sides, Truths},
    follow::{self, Continuation},
    memory::{self, Memory},
    output::{clusters, unlinked, write_links, write_scored},
    parts::{self, Records},
    people,
    review::used::Placed,
    runs::{self, Payload, RunRow},
    versions::{Inputs, Labels},
    wire::{GapBin, Outcome},
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
    /// What one run may take.
    pub memory: Memory,
}

pub(crate) struct Progress<'a>(pub(crate) &'a JobContext);

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
        job.progress("listing the people", 0, 0, "");
        for input in inputs.sides() {
            people::of(&self.objects, organisation, input, job, &mut act.subjects)?;
        }
        // Before the versions are in memory: finding the decided records reads every column that identifies them.
        let stores = (&self.objects, &self.keyring);
        let ids = (id, row.project_id()?);
        let decided = Placed::of((job, self.memory), stores, ids, (&spec, &inputs))?;
        job.progress("reading the versions", 0, 0, "");
        let left = self.read(job, &inputs, &spec, None)?;
        let other = if inputs.is_within {
            None
        } else {
            Some(self.read(job, &inputs, &spec, Some(&left))?)
        };
        let sides = Sides {
            left: &left,
            right: other.as_ref().unwrap_or(&left),
            is_within: inputs.is_within,
        };
        let before = self.before(job, &inputs, act)?;
        let follows = inputs.asked.follow.as_ref();
        let mut series = None;
        let (found, groups) = match follows {
            None => self.found(&spec, sides, &decided, job)?,
            Some(follow) => {
                let state = before.as_ref().map(|before| &before.state);
                let mut linked =
                    follow::linked(self, (&spec, follow, state), (sides, &decided), job)?;
                let found = (std::mem::take(&mut linked.found), linked.clusters.take());
                series = Some((linked, follow));
                found
            }
        };
        job.progress("judging the links", 0, 0, "");
        let truths = self.truths(job, &inputs, sides)?;
        let asked = &inputs.asked;
        let figures = Figures::of(&found, &spec, sides, truths.as_ref(), &asked.group_by, job)?;
        let mut outcome =
            self.write(job, (&inputs, &spec, row), sides, found, (groups, figures))?;
        if let Some((linked, follow)) = &series {
            let stores = (&self.objects, &self.keyring);
            outcome.continuation = Some(follow::save(stores, job, (linked, follow), sides)?);
        }
        job.succeed(|conn| {
            runs::finish(conn, organisation, id, &outcome)?;
            decided.keep(conn, organisation, id)?;
            if let Some(of) = &outcome.continuation {
                follow::table::insert(conn, organisation, (id, &of.state), &inputs)?;
            }
            act.record(conn, Status::Ok)?;
            Ok(format!("/linkage/v1/linkage-runs/{id}"))
        })
    }

    /// What the run before kept; those it is about are people of this act too, as far as their versions are still there.
    fn before(
        &self,
        job: &JobContext,
        inputs: &Inputs,
        act: &mut Act,
    ) -> Result<Option<Continuation>> {
        let follow = inputs.asked.follow.as_ref();
        let Some(previous) = follow.and_then(|follow| follow.previous) else {
            return Ok(None);
        };
        let organisation = job.organisation();
        let run = job
            .store()
            .read_blocking(|conn| runs::find(conn, organisation, previous))?;
        for input in run.inputs()?.sides() {
            match people::of(&self.objects, organisation, input, job, &mut act.subjects) {
                Err(problem) if problem.status() == 404 => {}
                known => known?,
            }
        }
        Ok(run.outcome()?.continuation)
    }

    fn read(
        &self,
        job: &JobContext,
        inputs: &Inputs,
        spec: &LinkageSpec,
        left: Option<&Records>,
    ) -> Result<Records> {
        let is_left = left.is_none();
        let beside = self.memory.beside(left.map_or(0, Records::bytes), job);
        let input = if is_left { &inputs.left } else { &inputs.right };
        let columns = (spec, &inputs.besides(is_left)[..]);
        let stores = (&self.objects, &self.keyring);
        parts::read(stores, job.organisation(), input, columns, is_left, &beside)
    }

    fn truths(
        &self,
        job: &JobContext,
        inputs: &Inputs,
        sides: Sides<'_>,
    ) -> Result<Option<Truths>> {
        match &inputs.asked.truth {
            None => Ok(None),
            Some(Labels::Columns { left, right }) => {
                Truths::of_columns(sides, left, right).map(Some)
            }
            Some(
                labels @ Labels::Pairs {
                    input,
                    left,
                    right,
                    same,
                },
            ) => {
                let names = [Some(left), Some(right), same.as_ref()];
                let names = names.into_iter().flatten().map(String::as_str).collect();
                let table = parts::columns(&self.objects, job.organisation(), input, &names, job)?;
                Truths::of_pairs(sides, &table, labels).map(Some)
            }
        }
    }

    /// Writes every table of the run.
    fn write(
        &self,
        job: &JobContext,
        (inputs, spec, row): (&Inputs, &LinkageSpec, &RunRow),
        sides: Sides<'_>,
        found: RunResult,
        (groups, figures): (Option<Clusters>, Figures),
    ) -> Result<Outcome> {
        let (organisation, Sides { left, right, .. }) = (job.organisation(), sides);
        job.progress("writing the links", 0, 0, "");
        let gaps = runner_up_gaps(&found, sides.is_within);
        let links = (&found.links[..], &gaps[..]);
        let linked_dataset = write_links(&self.objects, organisation, links, left, right)?;
        job.checkpoint()?;
        let scored_pairs = write_scored(&self.objects, organisation, &found.scored, left, right)?;
        job.checkpoint()?;
        let rest = unlinked::of(&found, (left, right), sides.is_within, spec.threshold);
        let rest = unlinked::save(&self.objects, organisation, &rest)?;
        job.checkpoint()?;
        let groups =
            groups.map(|groups| clusters::save(&self.objects, organisation, &groups, left));
        let groups = groups.transpose()?;
        job.checkpoint()?;
        let dataset_version_id = match &inputs.asked.dataset_name {
            None => None,
            Some(name) => Some(derived::register(
                &self.peers,
                job,
                (row.project_id()?, name),
                &linked_dataset,
                &inputs.asked.parents,
            )?),
        };
        Ok(Outcome {
            left_rows: left.rows.len() as u64,
            right_rows: right.rows.len() as u64,
            links: found.links.len() as u64,
            expected_error: figures.expected_error,
            steps: found.steps,
            blocking_rules: found.rules,
            model: found.model,
            weight_bins: found.weight_bins,
            runner_up_gaps: GapBin::of(&gaps),
            duplicate_share: found.duplicate_share,
            linked_dataset,
            scored_pairs,
            prediction: figures.prediction,
            groups: figures.groups,
            columns: figures.columns,
            measured: figures.measured,
            unlinked: Some(rest),
            clusters: groups,
            dataset_version_id,
            continuation: None,
        })
    }

    /// Links, and groups within one version.
    pub(crate) fn found(
        &self,
        spec: &LinkageSpec,
        sides: Sides<'_>,
        decided: &Placed,
        job: &JobContext,
    ) -> Result<(RunResult, Option<Clusters>)> {
        let (progress, limits) = (Progress(job), self.memory.limits());
        let (left, right) = (&sides.left.table, &sides.right.table);
        let decided = (&decided.labels[..], limits);
        let found = if sides.is_within {
            dedupe_labelled(spec, left, decided, &progress)
                .map(|found| (found.run, Some(found.clusters)))
        } else {
            run_labelled(spec, left, right, decided, &progress).map(|found| (found, None))
        };
        found.map_err(|error| memory::why(&error, || stopped(job)))
    }
}

/// The reason that work stopped, as the platform wants it told.
pub(crate) fn stopped(job: &JobContext) -> Problem {
    let why = job.checkpoint().err();
    why.unwrap_or_else(|| Problem::internal("a run stopped without a reason"))
}
