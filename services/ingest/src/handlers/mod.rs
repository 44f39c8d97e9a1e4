//! Operations over HTTP: parse, call, store, answer.

mod contracts;
mod datasets;
mod derived;
mod documents;
mod quality;
mod quarantine;
mod recipes;
mod retention;
mod uploads;
mod versions;

use helder_dataset::{Limits, Recipe, recipe::columns_of, write::read_part_batches};
use helder_platform::{
    calls::Peers,
    keyring::KeyRing,
    objects::Objects,
    problem::{Problem, Result},
    purpose::{self, Purpose},
};
use helder_types::{Caller, Digest, Fault, OrganisationId, ProjectStep};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::{fault::problem, wire::DatasetVersion};

helder_platform::job_routes!(read = IngestRead, write = IngestWrite);
helder_platform::logboek_routes!(read = IngestAudit, service = "ingest", more = None);
helder_platform::log_removal_routes!(read = IngestAudit);

/// What handlers work with, besides the store.
pub(crate) struct App {
    /// Where parts lie.
    pub(crate) objects: Objects,
    /// Seals uploads.
    pub(crate) keyring: KeyRing,
    /// Other services.
    pub(crate) peers: Peers,
    /// Limits on files.
    pub(crate) limits: Limits,
    /// Limit on what is sent, bytes.
    pub(crate) upload_bytes: u64,
}

impl App {
    /// Whether the project allows ingest now; its refusal if not.
    async fn require_purpose(&self, caller: &Caller, project: Uuid) -> Result<Purpose> {
        purpose::require(&self.peers, caller, project, ProjectStep::Ingest).await
    }

    /// Every fault of a recipe on the columns of a version.
    async fn recipe_faults(
        &self,
        organisation: &OrganisationId,
        version: &DatasetVersion,
        recipe: &Recipe,
    ) -> Result<Vec<Fault>> {
        let parts = &version.body.parts;
        let analysis = self
            .objects
            .get_to_file(organisation, &parts.analysis.digest)
            .await?;
        let (recipe, contract) = (recipe.clone(), version.body.contract.clone());
        tokio::task::spawn_blocking(move || {
            let (schema, _) = read_part_batches(analysis.open()?, 1).map_err(problem)?;
            Ok(recipe
                .plan(&columns_of(&schema, contract.identity_schema().as_ref()))
                .0)
        })
        .await
        .map_err(Problem::internal)?
    }

    /// The quality report kept under a digest.
    async fn quality(
        &self,
        organisation: &OrganisationId,
        digest: &Digest,
    ) -> Result<helder_dataset::QualityReport> {
        let bytes = self
            .objects
            .get_bytes(organisation, digest, 64 << 20)
            .await?;
        serde_json::from_slice(&bytes).map_err(Problem::internal)
    }
}

/// Mounts every operation of the service.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(documents::create_source)
        .service(documents::list_sources)
        .service(documents::get_source)
        .service(datasets::create_dataset)
        .service(datasets::list_datasets)
        .service(datasets::get_dataset)
        .service(uploads::upload_dataset_version)
        .service(versions::list_dataset_versions)
        .service(versions::get_dataset_version)
        .service(quality::get_quality_report)
        .service(quarantine::list_quarantined_rows)
        .service(contracts::suggest_contract)
        .service(contracts::create_contract)
        .service(documents::list_contracts)
        .service(documents::get_contract)
        .service(recipes::create_recipe)
        .service(documents::list_recipes)
        .service(documents::get_recipe)
        .service(recipes::run_recipe)
        .service(derived::create_derived_version)
        .service(retention::list_retention_proofs)
        .service(retention::list_removed_parts)
        .configure(job_routes::configure)
        .configure(logboek_routes::configure)
        .configure(log_removal_routes::configure);
}
