//! The job that runs a recipe over a version and makes the next one.

use std::fs::File;

use arrow::datatypes::SchemaRef;
use helder_dataset::{
    DatasetError, Limits, QualityReport, quality,
    recipe::{self, Cleaned, ColumnInfo, RecipeSinks},
    write::read_part_batches,
};
use helder_platform::{
    calls::Peers,
    jobs::{JobContext, JobHandler},
    keyring::Sealer,
    logboek::{self, Act, Status},
    problem::{Problem, Result},
    purpose,
};
use helder_types::ProjectStep;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    datasets::{self, NewVersion},
    documents,
    fault::problem,
    ingest_job::{about, is_about_people},
    stored::{Sink, Stores},
    wire::{DatasetVersion, Declared, NewRecipe, Parts, VersionBody},
};

/// Kind of these jobs.
pub(crate) const KIND: &str = "recipe-run";
/// Rows per batch; both parts are read in the same steps.
const BATCH_ROWS: usize = 16 << 10;

/// What the job needs to know.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Payload {
    /// The version to clean.
    pub(crate) version_id: Uuid,
    /// The recipe.
    pub(crate) recipe_id: Uuid,
}

/// Runs recipes.
pub(crate) struct RecipeJob {
    /// Objects and keys.
    pub(crate) stores: Stores,
    /// To ask the registry once more whether the project allows it.
    pub(crate) peers: Peers,
    /// Limits.
    pub(crate) limits: Limits,
}

impl JobHandler for RecipeJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run(&self, job: &JobContext) -> Result<()> {
        let payload: Payload = job.payload()?;
        let organisation = job.organisation();
        let (version, declared): (DatasetVersion, Declared<NewRecipe>) =
            job.store().read_blocking(|conn| {
                let (version, _) = datasets::find_version(conn, organisation, payload.version_id)?;
                Ok((
                    version,
                    documents::find(conn, organisation, payload.recipe_id)?,
                ))
            })?;
        let purpose = job.block_on(purpose::require(
            &self.peers,
            job.caller(),
            version.project_id,
            ProjectStep::Ingest,
        ))?;
        let act = Act::begin(
            "ingest",
            job.caller(),
            &purpose,
            "dataset version by a recipe",
        );
        logboek::during(job, act, |act| self.cleaned(job, &version, &declared, act))
    }
}

impl RecipeJob {
    fn cleaned(
        &self,
        job: &JobContext,
        version: &DatasetVersion,
        declared: &Declared<NewRecipe>,
        act: &mut Act,
    ) -> Result<()> {
        let organisation = job.organisation();
        act.called("registry");
        act.note("helder.dataset_version_id", job.id().to_string());
        let digest = version.body.parts.analysis.digest;
        if is_about_people(&version.body.contract) {
            about(job, self.stores.open(job, &digest)?, &digest, act)?;
        }
        let sealer = job.block_on(self.stores.keyring.sealer(organisation))?;
        let recipe = &declared.content.recipe;
        let made = self.clean(job, &sealer, version, &declared.content)?;
        let contract = recipe::contract_after(&version.body.contract, recipe);
        let report = quality::report(&made.profiles, &contract, Vec::new(), None);
        let quality = self.keep_report(job, &report)?;
        let Cleaned {
            sinks,
            rows_in,
            rows_accepted,
            rows_removed,
            steps,
            ..
        } = made;
        let body = VersionBody {
            source_digest: version.body.parts.analysis.digest,
            rows_in,
            rows_accepted,
            rows_quarantined: rows_removed,
            detected: None,
            contract,
            contract_id: version.body.contract_id,
            parts: Parts {
                analysis: sinks.analysis.finish(rows_accepted)?,
                identity: sinks
                    .identity
                    .map(|sink| sink.finish(rows_accepted))
                    .transpose()?,
                quarantine: Some(sinks.quarantine.finish(rows_removed)?),
                quarantined_records: None,
            },
            parents: vec![version.id],
            recipe_id: Some(declared.id),
            recipe_steps: steps,
            ignored_columns: Vec::new(),
        };
        let new = NewVersion {
            id: job.id(),
            dataset_id: version.dataset_id,
            body: &body,
            quality: Some(quality),
        };
        job.succeed(|conn| {
            datasets::insert_version(conn, job.caller(), &new)?;
            act.record(conn, Status::Ok)?;
            Ok(format!("/ingest/v1/dataset-versions/{}", new.id))
        })
    }
}

/// A part opened for reading.
struct OpenPart {
    schema: SchemaRef,
    batches: ParquetRecordBatchReader,
}

impl OpenPart {
    fn new(file: File) -> Result<Self> {
        let (schema, batches) = read_part_batches(file, BATCH_ROWS).map_err(problem)?;
        Ok(Self { schema, batches })
    }
}

impl RecipeJob {
    fn clean(
        &self,
        job: &JobContext,
        sealer: &Sealer,
        version: &DatasetVersion,
        declared: &NewRecipe,
    ) -> Result<Cleaned<Sink>> {
        let parts = &version.body.parts;
        let analysis = OpenPart::new(self.stores.open(job, &parts.analysis.digest)?)?;
        let identity = match &parts.identity {
            Some(part) => Some(OpenPart::new(self.stores.unseal_to_file(
                job,
                sealer,
                &part.digest,
            )?)?),
            None => None,
        };
        let columns = recipe::columns_of(
            &analysis.schema,
            identity.as_ref().map(|part| part.schema.as_ref()),
        );
        let identifies = |info: &ColumnInfo| info.part != recipe::Part::Analysis;
        let (_, after) = declared.recipe.plan(&columns);
        let (objects, organisation) = (&self.stores.objects, job.organisation());
        let needs_identity = after.iter().any(identifies);
        let sinks = RecipeSinks {
            analysis: Sink::plain(objects, organisation)?,
            identity: needs_identity
                .then(|| Sink::sealed(objects, organisation, sealer))
                .transpose()?,
            quarantine: Sink::plain(objects, organisation)?,
        };
        let mut stopped = None;
        let mut observe = |rows: u64| {
            job.progress("running the recipe", rows, parts.analysis.rows, "rows");
            job.checkpoint().map_err(|problem| {
                stopped = Some(problem);
                DatasetError::Stopped
            })
        };
        let batches = identity.map(|part| part.batches);
        let outcome = recipe::clean(
            &declared.recipe,
            &columns,
            analysis.batches,
            batches,
            sinks,
            &self.limits,
            &mut observe,
        );
        match (outcome, stopped) {
            (_, Some(problem)) => Err(problem),
            (outcome, None) => outcome.map_err(problem),
        }
    }

    fn keep_report(
        &self,
        job: &JobContext,
        report: &QualityReport,
    ) -> Result<helder_types::Digest> {
        let bytes = serde_json::to_vec(report).map_err(Problem::internal)?;
        job.block_on(
            self.stores
                .objects
                .put_bytes(job.organisation(), bytes.into()),
        )
    }
}
