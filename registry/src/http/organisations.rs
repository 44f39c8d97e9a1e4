//! Organisations.

use actix_web::{get, put, web};
use helder_platform::{
    body::{Check, CheckedBody},
    identity::Allowed,
    problem::{Problem, Problems, Result},
    store::Store,
};
use helder_types::{
    Fault, OrganisationId,
    permission::{Needs, needs},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    domain::text::{SHORT, one_text},
    store::organisations::{self, Organisation},
};

/// The organisations that the caller sees: its own.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Organisations {
    /// One, or none before it wrote anything here.
    pub items: Vec<Organisation>,
}

/// What to call an organisation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrganisationName {
    /// What citizens know it as, for instance `Gemeente Eindhoven`.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
}

impl Check for OrganisationName {
    fn faults(&self) -> Vec<Fault> {
        one_text("/name", &self.name, SHORT)
    }
}

/// Lists the caller's organisation.
#[utoipa::path(
    tag = "organisations",
    responses((status = 200, description = "Organisations", body = Organisations), Problems),
    security(("bearer" = [<needs::RegistryRead as Needs>::PERMISSION.as_str()]))
)]
#[get("/organisations")]
pub(super) async fn list_organisations(
    caller: Allowed<needs::RegistryRead>,
    store: web::Data<Store>,
) -> Result<web::Json<Organisations>> {
    let organisation = caller.organisation.clone();
    let own = store
        .of(&organisation)
        .read(move |conn| organisations::own(conn, &organisation))
        .await?;
    Ok(web::Json(Organisations {
        items: own.into_iter().collect(),
    }))
}

/// Names the caller's organisation, as citizens know it.
#[utoipa::path(
    tag = "organisations",
    params(("id" = OrganisationId, Path, description = "Organisation")),
    request_body = OrganisationName,
    responses((status = 200, description = "The organisation", body = Organisation), Problems),
    security(("bearer" = [<needs::RegistryProject as Needs>::PERMISSION.as_str()]))
)]
#[put("/organisations/{id}")]
pub(super) async fn rename_organisation(
    caller: Allowed<needs::RegistryProject>,
    store: web::Data<Store>,
    id: web::Path<String>,
    body: CheckedBody<OrganisationName>,
) -> Result<web::Json<Organisation>> {
    if *id != caller.organisation.as_str() {
        return Err(Problem::not_found());
    }
    let (caller, body) = (caller.caller(), body.into_inner());
    Ok(web::Json(
        store
            .of(&caller.organisation)
            .write(move |conn| organisations::rename(conn, &caller, &body.name))
            .await?,
    ))
}
