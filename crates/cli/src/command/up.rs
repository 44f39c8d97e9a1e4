//! `helder up`, and the platform that `demo` and `run` start for themselves.

use std::{net::SocketAddr, path::Path};

use anyhow::Result;
use helder_platform::telemetry::{self, Telemetry};
use serde_json::json;

use crate::{
    folder::DataFolder,
    platform::{Platform, wait_for_signal},
    screen::Screen,
    settings::Settings,
};

/// A platform in this process.
pub(crate) struct Embedded {
    /// Its folder.
    pub(crate) folder: DataFolder,
    /// It.
    pub(crate) platform: Platform,
    _telemetry: Telemetry,
}

impl Embedded {
    /// Starts a platform on `data`; what it says goes to its log file.
    ///
    /// # Errors
    /// When a setting is wrong or something cannot start.
    pub(crate) async fn start(data: &Path, listen: Option<SocketAddr>) -> Result<Self> {
        let folder = DataFolder::open(data)?;
        let mut settings = Settings::load(folder.settings_file().as_deref())?;
        settings
            .telemetry
            .file
            .get_or_insert_with(|| folder.path("log/helder.log"));
        let telemetry = telemetry::start("helder", &settings.telemetry)?;
        let listen = listen.unwrap_or(settings.listen);
        let platform = Platform::start(&folder, &settings, listen).await?;
        Ok(Self {
            folder,
            platform,
            _telemetry: telemetry,
        })
    }
}

/// Runs until somebody asks to stop.
///
/// # Errors
/// As [`Platform::start`].
pub(super) fn up(
    data: &Path,
    listen: Option<SocketAddr>,
    config: Option<&Path>,
    screen: Screen,
) -> Result<()> {
    let folder = DataFolder::open(data)?;
    let settings = Settings::load(config.or(folder.settings_file().as_deref()))?;
    let _telemetry = telemetry::start("helder", &settings.telemetry)?;
    super::runtime()?.block_on(async {
        let platform =
            Platform::start(&folder, &settings, listen.unwrap_or(settings.listen)).await?;
        let url = platform.url();
        screen.line(&format!(
            "Helder answers on {url}; {url}/docs shows what can be asked. Ctrl-C stops it."
        ));
        screen.result(&json!({"gateway": url, "data": data}))?;
        run_on_signal(platform).await
    })
}

/// Lets a platform run until SIGINT or SIGTERM, then stops it.
///
/// # Errors
/// When a service ended with a fault.
pub(crate) async fn run_on_signal(platform: Platform) -> Result<()> {
    wait_for_signal().await?;
    tracing::info!("stopping");
    platform.stop().await
}
