//! The operations. A handler parses, calls the store, answers; rules live in `domain`.

mod artifacts;
mod catalogue;
mod common;
mod decisions;
mod events;
mod models;
mod organisations;
mod projects;
mod serving;
mod versions;

use utoipa_actix_web::service_config::ServiceConfig;

helder_platform::log_removal_routes!(read = RegistryAudit);

/// Mounts all operations of this service.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(organisations::list_organisations)
        .service(organisations::rename_organisation)
        .service(projects::create_project)
        .service(projects::list_projects)
        .service(projects::get_project)
        .service(projects::change_project)
        .service(projects::get_permit)
        .service(artifacts::upload_artifact)
        .service(artifacts::get_artifact)
        .service(models::create_model)
        .service(models::list_models)
        .service(models::get_model)
        .service(models::change_model)
        .service(models::set_alias)
        .service(models::remove_alias)
        .service(versions::register_model_version)
        .service(versions::list_model_versions)
        .service(versions::get_model_version)
        .service(versions::get_file)
        .service(versions::get_lineage)
        .service(versions::get_fairness_report)
        .service(versions::get_card)
        .service(decisions::review_model_version)
        .service(decisions::activate_model_version)
        .service(decisions::suspend_model_version)
        .service(decisions::retire_model_version)
        .service(events::list_events)
        .service(events::verify_events)
        .service(serving::list_active_versions)
        .service(serving::get_answered_version)
        .service(catalogue::list_catalogue_entries)
        .service(catalogue::get_catalogue_entry)
        .configure(log_removal_routes::configure);
}
