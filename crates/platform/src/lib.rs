#![doc = include_str!("../README.md")]

pub mod audit;
pub mod body;
pub mod bucket;
pub mod calls;
pub mod clock;
pub mod config;
pub mod content_digest;
pub mod disk;
pub mod etag;
pub mod idempotency;
pub mod identity;
pub mod jobs;
pub mod keyring;
pub mod logboek;
pub mod memory;
pub mod metrics;
pub mod objects;
pub mod openapi;
pub mod paging;
pub mod problem;
pub mod purpose;
pub mod retention;
pub mod routes;
mod schema;
pub mod scratch;
pub mod server;
pub mod store;
pub mod telemetry;
pub mod testing;
pub mod trace;

/// What the code written by [`job_routes!`] names.
#[doc(hidden)]
pub mod __jobs {
    pub use actix_web::{HttpResponse, get, post, web, web::Path};
    pub use helder_types::{
        job::Job,
        permission::{Needs, needs},
    };
    pub use utoipa;
    pub use utoipa_actix_web::service_config::ServiceConfig;
    pub use uuid::Uuid;

    pub use crate::{
        identity::Allowed,
        jobs::http,
        problem::{Problems, Result},
        store::Store,
    };
}

/// What the code written by [`logboek_routes!`] names.
#[doc(hidden)]
pub mod __logboek {
    pub use actix_web::{HttpRequest, HttpResponse, post, web};
    pub use helder_types::permission::{Needs, needs};
    pub use utoipa;
    pub use utoipa_actix_web::service_config::ServiceConfig;

    pub use crate::{
        body::CheckedBody,
        identity::Allowed,
        keyring::KeyRing,
        logboek::{
            LogboekSettings, ProcessingActivityPage, ProcessingActivityQuery,
            http::{self, Reading},
        },
        paging::ListQuery,
        problem::{Problems, Result},
        store::Store,
    };
}

/// What the code written by [`log_removal_routes!`] names.
#[doc(hidden)]
pub mod __retention {
    pub use actix_web::{HttpRequest, HttpResponse, get, web};
    pub use helder_types::permission::{Needs, needs};
    pub use utoipa;
    pub use utoipa_actix_web::service_config::ServiceConfig;

    pub use crate::{
        identity::Allowed,
        paging::{ListQuery, Page},
        problem::{Problems, Result},
        retention::{LogRemoval, http},
        store::Store,
    };
}
