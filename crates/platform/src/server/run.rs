//! Serving and stopping.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer, ResponseError,
    dev::ServerHandle,
    middleware::from_fn,
    web::{self, Data},
};
use tokio::task::JoinHandle;
use utoipa_actix_web::{AppExt, scope, service_config::ServiceConfig};

use super::{
    LocalService, ServiceContext, StartError,
    readiness::{Readiness, accepting, ready},
    request,
};
use crate::{
    jobs::{JobNumbers, Runner},
    metrics::{self, HttpRoutes},
    openapi::{self, ServiceInfo},
    problem::Problem,
    retention::{Logs, OldLog},
    routes::{self, Found, RouteTable},
    scratch,
    store::Store,
};

/// A service about to serve.
pub struct Service<F> {
    info: ServiceInfo,
    store: Store,
    configure: F,
    beside: Vec<Beside>,
    runner: Option<Runner>,
    readiness: Readiness,
    logs: Vec<OldLog>,
}

/// Operations under another base path than the service's own.
#[derive(Clone)]
struct Beside {
    base: &'static str,
    configure: Arc<dyn Fn(&mut ServiceConfig<'_>) + Send + Sync>,
}

/// A service that serves.
pub struct RunningService {
    /// Where.
    pub address: SocketAddr,
    local: LocalService,
    handle: ServerHandle,
    server: JoinHandle<std::io::Result<()>>,
    runner: Option<Runner>,
    store: Store,
    patience: Duration,
    _numbers: Arc<JobNumbers>,
}

/// What a handler without operation looks up: paths that exist and those that do not.
pub(super) struct Known {
    /// Number of each route by its path, base included.
    table: RouteTable<usize>,
    document: String,
    routes: Arc<HttpRoutes>,
}

impl<F> Service<F>
where
    F: Fn(&mut ServiceConfig<'_>) + Clone + Send + Sync + 'static,
{
    /// A service with these operations. `configure` also adds the service's own `web::Data`; the store, objects, key
    /// ring, peers, limits, mint and token verifier are there already.
    pub fn new(info: ServiceInfo, store: Store, configure: F) -> Self {
        Self {
            info,
            store,
            configure,
            beside: Vec::new(),
            runner: None,
            readiness: Readiness::new(|| true),
            logs: Vec::new(),
        }
    }

    /// With a log of its own, whose old records go at the end of their term, as those of the platform's logs do.
    #[must_use]
    pub fn with_log(mut self, log: OldLog) -> Self {
        self.logs.push(log);
        self
    }

    /// With more operations under a base path of their own, which has no version of ours: another protocol.
    #[must_use]
    pub fn beside(
        mut self,
        base: &'static str,
        configure: impl Fn(&mut ServiceConfig<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.beside.push(Beside {
            base,
            configure: Arc::new(configure),
        });
        self
    }

    /// Says that it takes requests only once `is_ready` does, too. Migrations have run before it serves at all.
    #[must_use]
    pub fn ready_when(mut self, is_ready: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.readiness = Readiness::new(is_ready);
        self
    }

    /// With workers that stop when the service stops.
    #[must_use]
    pub fn with_jobs(mut self, runner: Runner) -> Self {
        self.runner = Some(runner);
        self
    }

    /// Starts serving on the context's listener.
    ///
    /// # Errors
    /// [`StartError::Listen`].
    pub fn serve(self, context: ServiceContext) -> Result<RunningService, StartError> {
        let document = openapi::document(&self.info, self.configure.clone());
        let known = Data::new(Known::of(&self.info, &document, &self.beside)?);
        let queue = Arc::new(JobNumbers::new(self.info.name, self.store.clone()));
        metrics::register_for_good(Arc::clone(&known.routes));
        metrics::register(Arc::clone(&context.verifier));
        metrics::register(Arc::clone(&queue));
        let logs = Logs {
            store: self.store.clone(),
            settings: context.logboek.clone(),
            more: self.logs,
        };
        let every = Duration::from_secs(context.limits.retention_s);
        let objects = context.objects.clone();
        let address = context.listener.local_addr()?;
        let patience = Duration::from_secs(context.limits.stop_s);
        let (base, configure, beside) = (self.info.base_path(), self.configure, self.beside);
        let readiness = Data::new(self.readiness);
        let data = (
            Data::new(self.store.clone()),
            Data::new(context.objects),
            Data::new(context.keyring),
            Data::new(context.peers),
            Data::new(context.limits),
            Data::new(context.logboek),
            Data::from(context.mint),
            Data::from(context.verifier),
        );
        let app = move || {
            let (store, objects, keyring, peers, limits, logboek, mint, verifier) = data.clone();
            let app = App::new()
                .app_data(store)
                .app_data(objects)
                .app_data(keyring)
                .app_data(peers)
                .app_data(limits)
                .app_data(logboek)
                .app_data(mint)
                .app_data(verifier)
                .app_data(known.clone())
                .app_data(readiness.clone())
                .app_data(
                    web::PathConfig::default().error_handler(|_, _| Problem::not_found().into()),
                )
                .app_data(web::QueryConfig::default().error_handler(|_, _| query_fault().into()))
                .into_utoipa_app()
                .map(|app| {
                    app.wrap(from_fn(request::around))
                        .service(only_read("/health/live").route(web::get().to(HttpResponse::Ok)))
                        .service(only_read("/health/accepting").route(web::get().to(accepting)))
                        .service(only_read("/health/ready").route(web::get().to(ready)))
                        .service(only_read("/metrics").route(web::get().to(numbers)))
                        .service(
                            only_read(&format!("{base}/openapi.json"))
                                .route(web::get().to(document_of)),
                        )
                        .default_service(web::to(nothing))
                })
                .service(scope(base.as_str()).configure(configure.clone()));
            beside
                .iter()
                .fold(app, |app, it| {
                    app.service(scope(it.base).configure(|config| (it.configure)(config)))
                })
                .into_app()
        };
        let local = LocalService::of(app.clone());
        let server = HttpServer::new(app)
            .workers(context.workers.max(1))
            .keep_alive(Duration::from_secs(75))
            .client_request_timeout(Duration::from_secs(10))
            .client_disconnect_timeout(Duration::from_secs(2))
            .shutdown_timeout(context.limits.stop_s)
            .disable_signals()
            .listen(context.listener)?
            .run();
        let handle = server.handle();
        tokio::task::spawn_blocking(move || {
            let folders = scratch::sweep(&context.scratch);
            if folders > 0 {
                tracing::info!(
                    folders,
                    "temporary folders of killed processes were removed"
                );
            }
        });
        tokio::spawn(objects.keep_clean(self.store.clone(), Arc::downgrade(&queue)));
        tokio::spawn(logs.keep(every, Arc::downgrade(&queue)));
        tracing::info!(service = self.info.name, %address, "serving");
        Ok(RunningService {
            address,
            local,
            handle,
            server: tokio::spawn(server),
            runner: self.runner,
            store: self.store,
            patience,
            _numbers: queue,
        })
    }
}

impl RunningService {
    /// Says that it is stopping, in `/health/accepting` and `/health/ready` and by `Connection: close` in every answer, and goes on answering for
    /// this long: balancers look elsewhere, and no connection is cut while a request is on its way.
    pub async fn drain(&self, time: Duration) {
        self.store.close();
        tokio::time::sleep(time).await;
    }

    /// Stops cleanly: no new connections, requests under way are answered, jobs go back to the queue.
    ///
    /// # Errors
    /// When the server ended with a fault.
    pub async fn stop(self) -> std::io::Result<()> {
        self.store.close();
        let jobs = async {
            if let Some(runner) = self.runner {
                runner.stop(self.patience).await;
            }
        };
        tokio::join!(self.handle.stop(true), jobs);
        self.server.await.map_err(std::io::Error::other)?
    }

    /// The service for callers in this process. It answers for as long as somebody holds it.
    pub fn local(&self) -> LocalService {
        self.local.clone()
    }
}

impl Known {
    fn of(
        info: &ServiceInfo,
        document: &utoipa::openapi::OpenApi,
        beside: &[Beside],
    ) -> Result<Self, StartError> {
        let (mut table, mut routes) = (RouteTable::new(), Vec::new());
        let mut add = |base: &str, document: &utoipa::openapi::OpenApi| {
            for (method, path) in openapi::routes(document) {
                let path = format!("{base}{path}");
                table.add(method.clone(), &path, routes.len());
                routes.push((method, path));
            }
        };
        add(&info.base_path(), document);
        for other in beside {
            add(
                other.base,
                &openapi::document(info, |config| (other.configure)(config)),
            );
        }
        let own = format!("{}/openapi.json", info.base_path());
        let health = ["/health/live", "/health/accepting", "/health/ready"];
        for path in health.into_iter().chain([own.as_str(), "/metrics"]) {
            table.add(http::Method::GET, path, routes.len());
            routes.push((http::Method::GET, path.to_owned()));
        }
        let routes = routes.iter();
        let routes = routes.map(|(method, path)| (method.as_str(), path.clone()));
        let routes = Arc::new(HttpRoutes::new(info.name, routes));
        let document = document
            .to_json()
            .map_err(|error| StartError::Refused(Problem::internal(error)))?;
        Ok(Self {
            table,
            document,
            routes,
        })
    }

    /// Number of the route of a request; none where it is none.
    pub(super) fn route(&self, method: &str, path: &str) -> Option<usize> {
        let method = http::Method::from_bytes(method.as_bytes()).ok()?;
        match self.table.find(&method, path) {
            Found::Route(number) => Some(*number),
            Found::OtherMethods(_) | Found::Nothing => None,
        }
    }

    /// Counts a request that was answered.
    pub(super) fn answered(&self, route: Option<usize>, status: u16, took: Duration) {
        self.routes.record(route, status, took.as_micros() as u64);
    }
}

fn query_fault() -> Problem {
    Problem::bad_request(
        "invalid-query",
        "a query key has a value that does not fit it; see the API's document",
    )
}

/// Numbers of this process, for a scraper inside the installation; the gateway does not lead here.
async fn numbers() -> Result<HttpResponse, Problem> {
    // Some of them are looked up in a database.
    let text = web::block(|| metrics::text(&metrics::collect()));
    let text = text.await.map_err(Problem::internal)?;
    Ok(HttpResponse::Ok()
        .content_type(metrics::MEDIA_TYPE)
        .body(text))
}

async fn document_of(known: Data<Known>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(known.document.clone())
}

/// A path without an operation; methods that are not added are refused as everywhere.
fn only_read(path: &str) -> actix_web::Resource {
    web::resource(path).default_service(web::to(nothing))
}

/// Where no operation is: 405 when the path knows other methods, else 404.
async fn nothing(request: HttpRequest, known: Data<Known>) -> HttpResponse {
    let Ok(method) = http::Method::from_bytes(request.method().as_str().as_bytes()) else {
        return Problem::not_found().error_response();
    };
    match known.table.find(&method, request.path()) {
        Found::OtherMethods(methods) => {
            Problem::method_not_allowed(routes::allow(&methods)).error_response()
        }
        Found::Route(_) | Found::Nothing => Problem::not_found().error_response(),
    }
}
