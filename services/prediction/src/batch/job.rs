//! The work of a batch. Runs again from the start after a crash: the result is named by its bytes, and the records of everybody
//! in it are written with it.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::http::StatusCode;
use helder_model::{Model, Reasons, read::MAX_BYTES};
use helder_platform::{
    jobs::{JobContext, JobHandler},
    logboek::{self, Act, Status},
    objects::Objects,
    problem::{Problem, Result},
    purpose::Purpose,
};
use parquet::arrow::{ProjectionMask, arrow_reader::ParquetRecordBatchReaderBuilder};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Control, KIND, MAX_ROWS,
    columns::{Columns, require_groups},
    control, ranking,
    ranking::Scored,
    results, rows,
    scoring::Waiting,
};
use crate::{
    active::Active,
    served::Served,
    wire::{Batch, BatchOutcome, RefusedRows},
};

/// Rows scored at a time.
const BLOCK: usize = 2_000;
/// How long a batch that starts with the process waits for the first word of the registry.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the queue holds.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Payload {
    /// The batch.
    pub(crate) batch_id: Uuid,
}

/// Scores dataset versions.
pub(crate) struct BatchJob {
    /// Which versions may answer.
    pub(crate) active: Active,
    /// Where data and results lie.
    pub(crate) objects: Objects,
}

impl JobHandler for BatchJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run(&self, job: &JobContext) -> Result<()> {
        let Payload { batch_id } = job.payload()?;
        let organisation = job.organisation().clone();
        let batch = job
            .store()
            .read_blocking(|conn| rows::find(conn, &organisation, batch_id))?;
        let control = job
            .store()
            .read_blocking(|conn| rows::control_of(conn, &organisation, batch_id))?;
        let served = self.await_served(job, &batch)?;
        let version = &served.version;
        let purpose = Purpose {
            project: version.project_id,
            activity: version.verwerkingsactiviteit.clone(),
        };
        let name = format!("prediction batch {}", version.model_name);
        let mut act = Act::begin("prediction", job.caller(), &purpose, &name);
        act.note("helder.batch_id", batch.id.to_string());
        act.note("helder.model_id", version.model_id.to_string());
        act.note(
            "helder.model_version_id",
            version.model_version_id.to_string(),
        );
        act.note("helder.model_digest", version.digest.to_string());
        if let Some(control) = &control {
            let commitment = control.commitment().to_string();
            act.note("helder.batch_control_commitment", commitment);
        }
        logboek::during(job, act, |act| {
            self.predict(job, (&batch, control.as_ref()), served, act)
        })
    }
}

impl BatchJob {
    fn predict(
        &self,
        job: &JobContext,
        (batch, control): (&Batch, Option<&Control>),
        served: Arc<Served>,
        act: &mut Act,
    ) -> Result<()> {
        let organisation = job.organisation();
        job.progress("reading", 0, 0, "rows");
        let data = job.block_on(
            self.objects
                .get_to_file(organisation, &batch.dataset_digest),
        )?;
        let mut run = Run {
            handler: self,
            job,
            act,
            batch,
            groups: control.map_or(&[], Control::sensitive_features),
            served,
            scored: Vec::new(),
            refused: BTreeMap::new(),
            rows: 0,
        };
        run.score(data.open()?)?;
        let Run {
            mut scored,
            refused,
            rows: rows_in,
            served,
            ..
        } = run;
        job.progress("ranking", 0, scored.len() as u64, "rows");
        ranking::rank(&mut scored);
        job.checkpoint()?;
        let model = job.block_on(self.objects.get_bytes(
            organisation,
            &batch.model_digest,
            MAX_BYTES as u64,
        ))?;
        let reasons = Reasons::plain(&Model::from_json(&model).map_err(Problem::internal)?);
        let writer = results::write(
            self.objects.writer(organisation)?,
            &scored,
            (&served.scorer, served.ends.as_ref()),
            &reasons,
        )?;
        let (digest, size_bytes) = writer.finish()?;
        let work_list = control.map(|control| control.work_list(&scored));
        let work_list_digest = match &work_list {
            Some(list) => {
                let bytes = control::written(list)?;
                Some(job.block_on(self.objects.put_bytes(organisation, bytes.into()))?)
            }
            None => None,
        };
        let names = served.scorer.inputs();
        let outcome = BatchOutcome {
            rows_in,
            rows_scored: scored.len() as u64,
            rows_refused: refused
                .into_iter()
                .map(|((input, code), rows)| RefusedRows {
                    input: names[input].name.clone(),
                    code: code.to_owned(),
                    rows,
                })
                .collect(),
            result_digest: digest,
            size_bytes,
            work_list_digest,
            rows_listed: work_list.map(|list| list.len() as u64),
        };
        self.still_active(job, batch)?;
        job.succeed(|conn| {
            rows::finish(conn, batch.id, &outcome)?;
            act.record(conn, Status::Ok)?;
            Ok(format!("/prediction/v1/batches/{}", batch.id))
        })
    }

    /// The version the batch was asked for, if it is still the one in force.
    fn still_active(&self, job: &JobContext, batch: &Batch) -> Result<Arc<Served>> {
        let served = self.active.find(job.organisation(), &batch.model)?;
        if served.version.model_version_id == batch.model_version_id {
            Ok(served)
        } else {
            Err(crate::active::not_active())
        }
    }

    fn await_served(&self, job: &JobContext, batch: &Batch) -> Result<Arc<Served>> {
        let start = Instant::now();
        loop {
            match self.still_active(job, batch) {
                Err(problem) if start.elapsed() < patience_with(&problem) => {
                    job.checkpoint()?;
                    std::thread::sleep(Duration::from_millis(100));
                }
                other => return other,
            }
        }
    }
}

/// A file that is being read comes soon. A version that is not in force here may be in force at the replica that was asked,
/// which heard of it a moment earlier.
fn patience_with(problem: &Problem) -> Duration {
    match problem.status() {
        StatusCode::SERVICE_UNAVAILABLE => PATIENCE,
        StatusCode::NOT_FOUND => 2 * crate::watch::PAUSE,
        _ => Duration::ZERO,
    }
}

/// One pass over the data.
struct Run<'a> {
    handler: &'a BatchJob,
    job: &'a JobContext,
    act: &'a mut Act,
    batch: &'a Batch,
    /// Columns that a result is told by.
    groups: &'a [String],
    served: Arc<Served>,
    scored: Vec<Scored>,
    refused: BTreeMap<(usize, &'static str), u64>,
    rows: u64,
}

impl Run<'_> {
    fn score(&mut self, file: std::fs::File) -> Result<()> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(Problem::internal)?;
        let schema = Arc::clone(builder.schema());
        let columns = Columns::find(&schema, &self.served.scorer)?;
        require_groups(&schema, self.groups)?;
        let total = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
        if total > MAX_ROWS {
            let detail = format!("a batch has at most {MAX_ROWS} rows; split the dataset version");
            return Err(Problem::bad_request("too-many-rows", detail));
        }
        let mask = ProjectionMask::roots(builder.parquet_schema(), columns.needed());
        let reader = builder
            .with_projection(mask)
            .with_batch_size(BLOCK)
            .build()
            .map_err(Problem::internal)?;
        for block in reader {
            self.job.checkpoint()?;
            // A version that was stopped stops here too.
            self.handler.still_active(self.job, self.batch)?;
            let block = block.map_err(Problem::internal)?;
            let rows = block.num_rows();
            let block = columns.take(&block, &self.served.scorer, &schema)?;
            self.score_block(&block, rows)?;
            self.job.progress("scoring", self.rows, total, "rows");
        }
        Ok(())
    }

    /// Scores a block.
    fn score_block(&mut self, block: &super::columns::Block, rows: usize) -> Result<()> {
        let served = Arc::clone(&self.served);
        let (mut row, mut waiting) = (served.scorer.row(), Waiting::new(&served.scorer));
        let table = self.batch.dataset_digest.to_string();
        for place in 0..rows {
            self.rows += 1;
            let number = block.row_number(place, self.rows as i64);
            let pseudonym = block.pseudonym(place);
            // Whoever is refused had their data processed, too.
            if !pseudonym.is_some_and(|text| self.act.subjects.person_text(text)) {
                self.act.subjects.row(&table, number);
            }
            if let Err((input, fault)) = block.fill(&served.scorer, &mut row, place) {
                *self.refused.entry((input, fault.code())).or_default() += 1;
                continue;
            }
            waiting.add((number, pseudonym), &row, &mut self.scored)?;
        }
        waiting.score(&mut self.scored)
    }
}
