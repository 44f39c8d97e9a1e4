//! The same predictions under the Open Inference Protocol v2, for clients and gateways that already speak it.
//!
//! One row of a tensor is one subject; each input of a model is a tensor of its own. The answer is never a bare number: the
//! contributions and the reasons are outputs beside it, and every row has its line in the processing log before it leaves.
//! Tensors travel as JSON; the binary extension is not offered, which standard clients learn from the server's metadata.
//!
//! This base path is an exception to the API design rules: `/v2` is the version of the protocol, names of fields are its
//! own, and a refusal has its `error` beside the members of a problem.
//!
//! # Source
//! <https://github.com/kserve/open-inference-protocol>, HTTP/REST of version 2.

mod asked;
mod handlers;
mod refusal;
mod scored;
mod tensors;
mod wire;

use actix_web::middleware::from_fn;
use helder_platform::{
    openapi::{ServiceInfo, document},
    problem::InferenceProblem,
};
use utoipa::{PartialSchema as _, ToSchema as _};
use utoipa_actix_web::{scope, service_config::ServiceConfig};

/// Where the protocol's own paths begin.
pub(crate) const BASE: &str = "/oip";

/// Version of the protocol, also in `API-Version`.
const VERSION: &str = "2.0.0";

const INFO: ServiceInfo = ServiceInfo {
    name: "oip",
    title: "Helder prediction, Open Inference Protocol",
    description: "Predictions with their reasons under the Open Inference Protocol v2. The answer is advice; a person decides. \
                  `/prediction/v1` says more and keeps repeats safe; use this path for clients that speak the protocol.",
};

/// The document of this base path.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = document(&INFO, configure);
    VERSION.clone_into(&mut document.info.version);
    if let Some(components) = &mut document.components {
        let (name, schema) = (InferenceProblem::name(), InferenceProblem::schema());
        components.schemas.insert(name.into_owned(), schema);
    }
    for server in document.servers.iter_mut().flatten() {
        BASE.clone_into(&mut server.url);
    }
    document
}

/// Mounts all operations of the protocol.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(
        scope("/v2")
            .wrap(from_fn(refusal::in_its_words))
            .service(handlers::server_metadata)
            .service(handlers::server_live)
            .service(handlers::server_ready)
            .service(handlers::model_metadata)
            .service(handlers::model_ready)
            .service(handlers::infer)
            .service(handlers::version_metadata)
            .service(handlers::version_ready)
            .service(handlers::infer_version),
    );
}
