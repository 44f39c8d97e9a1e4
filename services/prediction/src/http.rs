//! The operations.

mod batches;
mod control;
mod findings;
mod predictions;
mod records;
mod reproductions;

use utoipa_actix_web::service_config::ServiceConfig;

/// Public path of this service.
pub(crate) const BASE: &str = "/prediction/v1";

/// Mounts all operations of this service.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(predictions::predict)
        .service(reproductions::reproduce)
        .service(batches::create_batch)
        .service(batches::list_batches)
        .service(batches::get_batch)
        .service(batches::list_results)
        .service(control::list_work_items)
        .service(control::reveal_batch)
        .service(findings::record_findings)
        .service(findings::get_control_result)
        .service(records::list_processing_records)
        .configure(crate::job_routes::configure)
        .configure(crate::logboek_routes::configure)
        .configure(crate::log_removal_routes::configure);
}
