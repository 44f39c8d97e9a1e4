//! The gateway as a process: configuration, start, signal, stop.

use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use helder_platform::{
    config::{self, TelemetrySettings},
    identity::TokenMint,
    server::{give_up, wait_for_signal},
    telemetry,
};
use serde::Deserialize;

use crate::config::GatewayConfig;

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// What the process is told; one TOML file, overlaid by `HELDER_…` variables.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessSettings {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// The gateway's Ed25519 signing key for internal tokens: PKCS#8, base64.
    #[serde(default)]
    pub signing_key: Option<String>,
    /// File with that key; used when `signing_key` is absent.
    #[serde(default)]
    pub signing_key_file: Option<PathBuf>,
    /// Base address per service, `ingest = "http://ingest:8081"`.
    pub upstreams: BTreeMap<String, String>,
    /// The door itself.
    pub gateway: GatewayConfig,
    /// When asked to stop: how long requests are still taken, so that clients find another replica, seconds. Default 2.
    #[serde(default = "drain_s")]
    pub drain_s: u64,
    /// Logs and traces.
    #[serde(default)]
    pub telemetry: TelemetrySettings,
}

const fn drain_s() -> u64 {
    2
}

/// The whole `main` of the gateway.
pub fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => give_up("gateway", error.as_ref()),
    }
}

fn run() -> Result<(), AnyError> {
    let file = std::env::args_os()
        .nth(1)
        .or_else(|| std::env::var_os("HELDER_CONFIG"))
        .map(PathBuf::from);
    let settings: ProcessSettings = config::load(file.as_deref())?;
    let _telemetry = telemetry::start("gateway", &settings.telemetry)?;
    let key = match (settings.signing_key, settings.signing_key_file) {
        (Some(key), _) => key,
        (None, Some(file)) => std::fs::read_to_string(file)?,
        (None, None) => return Err("configuration key signing_key: this key is needed".into()),
    };
    let mint = Arc::new(TokenMint::from_base64("gateway", &key)?);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(settings.listen)?;
        let gateway = crate::start(settings.gateway, listener, &settings.upstreams, mint)?;
        tracing::info!(address = %gateway.address, "open");
        wait_for_signal().await?;
        tracing::info!("stopping");
        gateway.drain(Duration::from_secs(settings.drain_s)).await;
        gateway.stop().await;
        Ok(())
    })
}
