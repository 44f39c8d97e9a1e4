//! A service as a process of its own.

use std::{
    ffi::OsString, future::Future, net::TcpListener, path::PathBuf, process::ExitCode, sync::Arc,
    time::Duration,
};

use super::{RunningService, ServiceContext, StartError, migrate};
use crate::{
    calls::Peers,
    config::{self, ServiceSettings},
    identity::{TokenMint, TokenVerifier},
    keyring::{KeyRing, MasterKeys},
    objects::Objects,
    store::Migrations,
    telemetry,
};

pub(super) type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Reads the configuration, starts the service, and stops it on SIGTERM or SIGINT. The whole `main` of a service.
///
/// The configuration file is the first argument or `HELDER_CONFIG`; `HELDER_…` variables go over it. With `migrate` as first
/// argument it brings the service's tables to this version instead (`--check` only looks, `--down <count>` takes back).
pub fn main<S, F>(name: &'static str, migrations: Migrations, start: S) -> ExitCode
where
    S: FnOnce(ServiceContext) -> F,
    F: Future<Output = Result<RunningService, StartError>>,
{
    let mut arguments = std::env::args_os().skip(1).peekable();
    let outcome = if arguments.next_if(|word| word == "migrate").is_some() {
        migrate::run(arguments, migrations)
    } else {
        run(name, arguments.next(), start)
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => give_up(name, error.as_ref()),
    }
}

/// Tells on standard error why a process ends, causes included.
pub fn give_up(name: &str, error: &(dyn std::error::Error + 'static)) -> ExitCode {
    let mut said = format!("{name}: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        said = format!("{said}: {cause}");
        source = cause.source();
    }
    eprintln!("{said}");
    ExitCode::FAILURE
}

fn run<S, F>(name: &'static str, file: Option<OsString>, start: S) -> Result<(), AnyError>
where
    S: FnOnce(ServiceContext) -> F,
    F: Future<Output = Result<RunningService, StartError>>,
{
    let file = file
        .or_else(|| std::env::var_os("HELDER_CONFIG"))
        .map(PathBuf::from);
    let settings: ServiceSettings = config::load(file.as_deref())?;
    let _telemetry = telemetry::start(name, &settings.telemetry)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let drain = Duration::from_secs(settings.drain_s);
        let service = start(context(name, settings)?).await?;
        wait_for_signal().await?;
        tracing::info!("stopping");
        service.drain(drain).await;
        service.stop().await?;
        Ok(())
    })
}

fn context(name: &str, settings: ServiceSettings) -> Result<ServiceContext, AnyError> {
    let identity = &settings.identity;
    let key = match (&identity.signing_key, &identity.signing_key_file) {
        (Some(key), _) => key.clone(),
        (None, Some(file)) => std::fs::read_to_string(file)?,
        (None, None) => {
            return Err("configuration key identity.signing_key: this key is needed".into());
        }
    };
    let mint = Arc::new(TokenMint::from_base64(name, &key)?);
    let mut verifier = TokenVerifier::new();
    for (issuer, public_keys) in &identity.trusted {
        for public_key in public_keys.as_slice() {
            verifier = verifier.trust_base64(issuer, public_key)?;
        }
    }
    let masters = match (&settings.keyring.master_keys, &settings.keyring.master_file) {
        (Some(keys), _) => MasterKeys::from_text(keys)?,
        (None, Some(file)) => MasterKeys::from_file(file)?,
        (None, None) => {
            return Err("configuration key keyring.master_keys: this key is needed".into());
        }
    };
    let patience = Duration::from_secs(settings.limits.call_s);
    Ok(ServiceContext {
        listener: TcpListener::bind(settings.listen)?,
        workers: settings.workers,
        job_workers: settings.job_workers,
        scratch: settings.scratch,
        store_url: settings.store.url,
        objects: Objects::open_with(&settings.objects.url, &settings.objects.bucket)?,
        keyring: KeyRing::open_with(masters, &settings.keyring.shelf, &settings.objects.bucket)?,
        peers: Peers::new(Arc::clone(&mint), settings.peers, patience)?,
        mint,
        verifier: Arc::new(verifier),
        limits: settings.limits,
        logboek: settings.logboek,
    })
}

/// Waits for SIGTERM or SIGINT.
///
/// # Errors
/// When the signals cannot be caught.
pub async fn wait_for_signal() -> std::io::Result<()> {
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
