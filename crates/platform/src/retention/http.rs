//! The proofs over HTTP. [`log_removal_routes!`](crate::log_removal_routes) gives a service the operation under its own permission.

use actix_web::{HttpRequest, HttpResponse};
use helder_types::Caller;

use super::{LogRemoval, rows};
use crate::{
    paging::{ListQuery, Page},
    problem::Result,
    store::Store,
};

/// Answers a page of the proofs of the caller's organisation.
///
/// # Errors
/// 400 for a cursor that is none of ours; database errors.
pub async fn answer(
    store: &Store,
    caller: &Caller,
    request: &HttpRequest,
    list: &ListQuery,
) -> Result<HttpResponse> {
    let (after, limit) = (list.after::<String>()?.unwrap_or_default(), list.limit());
    let organisation = caller.organisation.clone();
    let proofs = store
        .of(&caller.organisation)
        .read(move |conn| rows::page(conn, &organisation, &after, limit + 1))
        .await?;
    Ok(Page::cut(proofs, limit, |proof: &LogRemoval| proof.id.clone()).respond(request))
}

/// Declares module `log_removal_routes` with `GET /log-removals` and a function `configure` that mounts it.
///
/// ```ignore
/// helder_platform::log_removal_routes!(read = IngestAudit);
/// // … app.configure(log_removal_routes::configure)
/// ```
#[macro_export]
macro_rules! log_removal_routes {
    (read = $read:ident) => {
        /// Proofs of what was removed from the logs of this service.
        mod log_removal_routes {
            use $crate::__retention::{
                Allowed, HttpRequest, HttpResponse, ListQuery, LogRemoval, Needs, Page, Problems,
                Result, ServiceConfig, Store, get, http, needs, web,
            };

            /// Lists what was removed from this service's logs at the end of its term, oldest first.
            ///
            /// Records of processing and lines of the audit trail go when the term of their organisation or project is over. A proof
            /// says how many, of what time and by which term; it names nobody.
            #[$crate::__retention::utoipa::path(
                tag = "retention",
                operation_id = "listLogRemovals",
                params(ListQuery),
                responses((status = 200, description = "Proofs", body = Page<LogRemoval>), Problems),
                security(("bearer" = [<needs::$read as Needs>::PERMISSION.as_str()]))
            )]
            #[get("/log-removals")]
            pub(crate) async fn list_log_removals(
                request: HttpRequest,
                caller: Allowed<needs::$read>,
                store: web::Data<Store>,
                list: ListQuery,
            ) -> Result<HttpResponse> {
                http::answer(&store, &caller, &request, &list).await
            }

            /// Mounts the operation.
            pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
                config.service(list_log_removals);
            }
        }
    };
}
