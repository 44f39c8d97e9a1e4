//! Starts and stops the gateway.

use std::{
    collections::BTreeMap,
    io,
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use actix_web::{
    App,
    dev::ServerHandle,
    web::{self, Data, PayloadConfig},
};
use helder_platform::{
    identity::TokenMint,
    metrics::{self, HttpRoutes},
    server::{Bell, LocalService},
};
use http::Uri;
use tokio::task::JoinSet;

use crate::{
    config::{FscConfig, FscError, GatewayConfig, IssuerError},
    docs,
    forward::Forwarder,
    health,
    listen::{Listening, listen},
    local::Locals,
    outside::{Fsc, KeyError, Sessions, Verifier},
    pace::Pace,
    rate::Buckets,
    room::Room,
    serve::{Door, serve},
    table::{self, DocumentError, Operation},
    upstream::Upstream,
};

/// Why the gateway did not start.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// A committed OpenAPI document cannot be used.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// An issuer's keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// An issuer cannot be trusted as it is written.
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    /// The settings of the FSC inway cannot be used.
    #[error(transparent)]
    Fsc(#[from] FscError),
    /// The certificates that the system trusts cannot be read.
    #[error("the system's certificates cannot be read; SSL_CERT_FILE may name them")]
    Certificates(#[source] io::Error),
    /// No issuer is trusted, so nobody could come in.
    #[error("issuers: name at least one issuer of tokens")]
    NoIssuer,
    /// A service's address is no HTTP address.
    #[error("upstreams.{0}: write the address of the service as http://host:port")]
    Upstream(String),
    /// The socket cannot be used.
    #[error("cannot listen")]
    Listen(#[from] io::Error),
}

/// A gateway that is open.
#[derive(Debug)]
pub struct RunningGateway {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where everything is in one process, nobody sends clients elsewhere before it stops.
    bell: Option<Bell>,
    handle: ServerHandle,
    is_closing: Arc<AtomicBool>,
    /// Looks at the issuers' keys; ends when dropped.
    _watch: JoinSet<()>,
    /// Counts what is remembered of tokens.
    _sessions: Arc<Sessions>,
}

impl RunningGateway {
    /// Says that it is stopping, in `/health/accepting` and by `Connection: close` in every answer, and goes on answering for
    /// this long: balancers look elsewhere, and no connection is cut while a request is on its way.
    pub async fn drain(&self, time: Duration) {
        self.is_closing.store(true, Ordering::Relaxed);
        tokio::time::sleep(time).await;
    }

    /// Lets requests under way finish, takes no new ones, and stops.
    pub async fn stop(self) {
        if let Some(bell) = &self.bell {
            bell.silence().await;
        }
        self.handle.stop(true).await;
    }
}

/// Opens the gateway on `listener`, forwarding to `upstreams` (service name → `http://host:port`).
///
/// Needs a Tokio runtime.
///
/// # Errors
/// [`GatewayError`] names the setting that is wrong.
pub fn start(
    config: GatewayConfig,
    listener: TcpListener,
    upstreams: &BTreeMap<String, String>,
    mint: Arc<TokenMint>,
) -> Result<RunningGateway, GatewayError> {
    start_with(config, listener, upstreams, mint, table::operations()?)
}

/// [`start`] with other operations than those of the committed documents, for tests.
///
/// # Errors
/// As [`start`].
pub fn start_with(
    config: GatewayConfig,
    listener: TcpListener,
    upstreams: &BTreeMap<String, String>,
    mint: Arc<TokenMint>,
    operations: Vec<Operation>,
) -> Result<RunningGateway, GatewayError> {
    start_beside(
        config,
        listener,
        upstreams,
        BTreeMap::new(),
        mint,
        operations,
    )
}

/// [`start_with`] in the process of some of the services, which are asked without a connection in between.
///
/// # Errors
/// As [`start`].
pub fn start_beside(
    config: GatewayConfig,
    listener: TcpListener,
    upstreams: &BTreeMap<String, String>,
    services: BTreeMap<&'static str, LocalService>,
    mint: Arc<TokenMint>,
    operations: Vec<Operation>,
) -> Result<RunningGateway, GatewayError> {
    if config.issuers.is_empty() {
        return Err(GatewayError::NoIssuer);
    }
    config.check()?;
    config.fsc.as_ref().map_or(Ok(()), FscConfig::check)?;
    let (workers, stop_s) = (config.workers, config.stop_s);
    let unread = Duration::from_secs(config.unread_s.max(1));
    let upstreams = upstreams
        .iter()
        .map(|(service, address)| {
            let uri: Option<Uri> = address.trim_end_matches('/').parse().ok();
            let http = |uri: &Uri| {
                uri.scheme_str() == Some("http") && uri.authority().is_some() && uri.path() == "/"
            };
            uri.filter(http)
                .map(|uri| {
                    let upstream = Upstream::new(uri, config.requests_at_once);
                    (service.clone(), upstream)
                })
                .ok_or_else(|| GatewayError::Upstream(service.clone()))
        })
        .collect::<Result<BTreeMap<_, _>, _>>()?;
    let verifier = Verifier::new(&config)?;
    let fsc = config.fsc.clone().map(Fsc::new).transpose()?;
    let watch = verifier.watch().map_err(GatewayError::Certificates)?;
    let is_closing = Arc::new(AtomicBool::new(false));
    let routes = operations
        .iter()
        .map(|operation| (operation.method.as_str(), operation.path.clone()));
    let routes = Arc::new(HttpRoutes::new("gateway", routes));
    metrics::register_for_good(Arc::clone(&routes));
    let sessions = verifier.numbers();
    metrics::register(Arc::clone(&sessions));
    let pace = Pace::new(operations.len(), Duration::from_millis(config.late_ms));
    let room = Room::new(config.sure_at_once, config.requests_at_once, pace);
    let door = Data::new(Door {
        routes,
        versions: table::versions(&operations),
        table: table::table(operations),
        verifier,
        fsc,
        buckets: Buckets::new(config.requests_per_second, config.burst),
        mint,
        upstreams,
        config,
        is_closing: Arc::clone(&is_closing),
    });
    let room = Arc::new(room);
    if !services.is_empty() {
        metrics::register_for_good(Arc::clone(&room));
    }
    let address = listener.local_addr()?;
    let bell = (!services.is_empty()).then(|| Bell::of(&listener));
    let listening = Listening {
        workers,
        stop_s,
        unread,
        room: Arc::clone(&room),
    };
    let server = listen(listener, &listening, move || {
        App::new()
            .app_data(door.clone())
            // Connections belong to the worker's own runtime.
            .app_data(Data::new(Forwarder::new()))
            .app_data(Data::new(Locals::new(&services, &room)))
            .app_data(PayloadConfig::default())
            .configure(health::mount)
            .configure(docs::mount)
            .default_service(web::to(serve))
    })?;
    let handle = server.handle();
    tokio::spawn(server);
    Ok(RunningGateway {
        address,
        bell,
        handle,
        is_closing,
        _watch: watch,
        _sessions: sessions,
    })
}
