//! The whole platform in one process: every service on its own loopback port, behind the real gateway.

use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result};
use helder_gateway::RunningGateway;
use helder_platform::{
    calls::Peers,
    identity::{TokenMint, TokenVerifier},
    keyring::KeyRing,
    objects::Objects,
    server::{RunningService, ServiceContext},
};

use crate::{
    folder::{DataFolder, FolderLock},
    issuer::Issuer,
    settings::Settings,
};

/// The services, in the order in which they are stopped: callers first.
const SERVICES: [&str; 5] = ["prediction", "training", "linkage", "ingest", "registry"];

/// A platform that runs.
pub(crate) struct Platform {
    /// Address of the gateway.
    pub(crate) address: SocketAddr,
    gateway: RunningGateway,
    services: Vec<RunningService>,
    _lock: FolderLock,
}

/// One service before it starts.
struct Seat {
    name: &'static str,
    listener: TcpListener,
    mint: Arc<TokenMint>,
}

impl Platform {
    /// Starts everything on `folder`, with the gateway on `listen`.
    ///
    /// # Errors
    /// When another platform runs on the folder, the address is taken, or a service cannot start.
    pub(crate) async fn start(
        folder: &DataFolder,
        settings: &Settings,
        listen: SocketAddr,
    ) -> Result<Self> {
        let lock = folder.lock()?;
        let listener = TcpListener::bind(listen).with_context(|| {
            format!(
                "cannot listen on {listen}; is something else there? --listen takes another address"
            )
        })?;
        let issuer = Issuer::open(folder)?;
        let gateway_mint = Arc::new(folder.mint("gateway")?);
        let seats = SERVICES
            .into_iter()
            .map(|name| seat(folder, name))
            .collect::<Result<Vec<_>>>()?;
        let mut verifier = TokenVerifier::new().trust("gateway", &gateway_mint.public_key());
        let mut addresses = BTreeMap::new();
        for seat in &seats {
            verifier = verifier.trust(seat.name, &seat.mint.public_key());
            addresses.insert(
                seat.name.to_owned(),
                format!("http://{}", seat.listener.local_addr()?),
            );
        }
        let shared = Shared {
            folder,
            settings,
            verifier: Arc::new(verifier),
            addresses: &addresses,
            objects: match &settings.objects {
                Some(told) => Objects::open_with(&told.url, &told.bucket)?,
                None => Objects::local(folder.path("objects"))?,
            },
            keyring: KeyRing::open(
                folder.master_keys()?,
                &format!("file:{}", folder.path("keys/shelf").display()),
            )?,
        };
        let services = start_services(seats, &shared).await?;
        let config = settings.gateway_config(vec![issuer.trust()])?;
        // Predictions are many and small: their way is the shortest. Uploads and jobs keep a connection between.
        let beside = services
            .iter()
            .filter(|(name, _)| *name == "prediction")
            .map(|(name, service)| (*name, service.local()))
            .collect();
        let gateway = helder_gateway::start_beside(
            config,
            listener,
            &addresses,
            beside,
            gateway_mint,
            helder_gateway::operations()?,
        )?;
        let address = gateway.address;
        lock.announce(&format!("http://{address}"))?;
        Ok(Self {
            address,
            gateway,
            services: services.into_iter().map(|(_, service)| service).collect(),
            _lock: lock,
        })
    }

    /// Address for clients.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops cleanly: the gateway takes no new requests, then the services finish theirs; jobs wait for the next start.
    ///
    /// # Errors
    /// When a service ended with a fault.
    pub(crate) async fn stop(self) -> Result<()> {
        self.gateway.drain(DRAIN).await;
        self.gateway.stop().await;
        for service in self.services {
            service.stop().await?;
        }
        Ok(())
    }
}

/// How long answers say that the connection ends with them, before connections are closed: a client in the middle of asking
/// would otherwise lose its request.
const DRAIN: Duration = Duration::from_millis(300);

/// What all services share.
struct Shared<'a> {
    folder: &'a DataFolder,
    settings: &'a Settings,
    verifier: Arc<TokenVerifier>,
    addresses: &'a BTreeMap<String, String>,
    objects: Objects,
    keyring: KeyRing,
}

fn seat(folder: &DataFolder, name: &'static str) -> Result<Seat> {
    Ok(Seat {
        name,
        listener: TcpListener::bind(("127.0.0.1", 0)).context("no free loopback port")?,
        mint: Arc::new(folder.mint(name)?),
    })
}

async fn start_services(
    seats: Vec<Seat>,
    shared: &Shared<'_>,
) -> Result<Vec<(&'static str, RunningService)>> {
    let [prediction, training, linkage, ingest, registry] =
        <[Seat; 5]>::try_from(seats).map_err(|_| anyhow::anyhow!("one seat per service"))?;
    let (prediction, training, linkage, ingest, registry) = (
        shared.context(prediction)?,
        shared.context(training)?,
        shared.context(linkage)?,
        shared.context(ingest)?,
        shared.context(registry)?,
    );
    let started = tokio::join!(
        helder_prediction::start(prediction),
        helder_training::start(training),
        helder_linkage::start(linkage),
        helder_ingest::start(ingest),
        helder_registry::start(registry),
    );
    [
        ("prediction", started.0),
        ("training", started.1),
        ("linkage", started.2),
        ("ingest", started.3),
        ("registry", started.4),
    ]
    .into_iter()
    .map(|(name, service)| {
        let service = service.with_context(|| format!("the service {name} does not start"))?;
        Ok((name, service))
    })
    .collect()
}

impl Shared<'_> {
    fn context(&self, seat: Seat) -> Result<ServiceContext> {
        let patience = Duration::from_secs(self.settings.limits.call_s);
        let mut others = self.addresses.clone();
        others.remove(seat.name);
        Ok(ServiceContext {
            listener: seat.listener,
            workers: self.settings.workers,
            job_workers: self.settings.job_workers,
            scratch: self.folder.path("scratch"),
            store_url: self.settings.store_url(&self.folder.path(""), seat.name),
            objects: self.objects.clone(),
            keyring: self.keyring.clone(),
            peers: Peers::new(Arc::clone(&seat.mint), others, patience)
                .map_err(|problem| anyhow::anyhow!("{problem}"))?,
            mint: seat.mint,
            verifier: Arc::clone(&self.verifier),
            limits: self.settings.limits,
            logboek: self.settings.logboek.clone(),
        })
    }
}

/// Waits for SIGINT or SIGTERM.
///
/// # Errors
/// When the signals cannot be caught.
pub(crate) async fn wait_for_signal() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut term, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
