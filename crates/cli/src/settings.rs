//! Settings of the embedded platform: `helder.toml` in the data folder, `HELDER_…` variables over it.

use std::{net::SocketAddr, path::Path};

use anyhow::{Context as _, Result};
use helder_gateway::{GatewayConfig, IssuerConfig};
use helder_platform::{
    config::{self, Limits, ObjectsSettings, TelemetrySettings},
    logboek::LogboekSettings,
};
use serde::Deserialize;
use toml::{Table, Value};

use crate::database;

/// Variables of this program that are no settings.
const NOT_SETTINGS: [&str; 8] = [
    "HELDER_BIN",
    "HELDER_KEEP",
    "HELDER_DATA",
    "HELDER_GATEWAY",
    "HELDER_TOKEN",
    "HELDER_GEMEENTE",
    "HELDER_CONFIG",
    "HELDER_REFERENCE_DATA",
];

/// Value of `store` for files in the data folder.
pub(crate) const SQLITE: &str = "sqlite";

/// What an embedded platform can be told. Every key has a default.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Address of the gateway. Default `127.0.0.1:8080`.
    pub(crate) listen: SocketAddr,
    /// HTTP worker threads per service. Default 2.
    pub(crate) workers: usize,
    /// Jobs at a time per service. Default 2.
    pub(crate) job_workers: usize,
    /// Where the services keep their facts: `sqlite`, a file per service in the data folder, or `postgres://…`, a schema
    /// per service in that database, where `{service}` stands for the name of the service. Default `sqlite`.
    pub(crate) store: String,
    /// Where the bytes lie. Default: the folder `objects` in the data folder.
    pub(crate) objects: Option<ObjectsSettings>,
    /// The same as the owner of the tables, for `helder migrate`; the services never use it.
    pub(crate) migrate_store: Option<String>,
    /// Settings of the gateway, see `helder-gateway`; its `issuers` are trusted beside the built-in one.
    pub(crate) gateway: Table,
    /// Sizes and times.
    pub(crate) limits: Limits,
    /// Logs and traces.
    pub(crate) telemetry: TelemetrySettings,
    /// Records of processing.
    pub(crate) logboek: LogboekSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            workers: 2,
            job_workers: 2,
            store: SQLITE.to_owned(),
            objects: None,
            migrate_store: None,
            gateway: Table::new(),
            limits: Limits::default(),
            logboek: LogboekSettings::default(),
            telemetry: TelemetrySettings {
                // The HTTP library tells of every worker it starts.
                filter: "info,actix_server=warn".to_owned(),
                ..TelemetrySettings::default()
            },
        }
    }
}

impl Settings {
    /// Reads the file (when there is one) and the environment.
    ///
    /// # Errors
    /// The error names the key that is wrong.
    pub(crate) fn load(file: Option<&Path>) -> Result<Self> {
        let table = match file {
            None => Table::new(),
            Some(path) => std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?
                .parse()
                .with_context(|| format!("{} is not TOML", path.display()))?,
        };
        let settings: Self = config::from_parts(table, variables())?;
        // Asked here too, so that `config check` finds every fault.
        settings.gateway_config(Vec::new())?;
        Ok(settings)
    }

    /// Database of a service, see [`helder_platform::store::Store::open`].
    pub(crate) fn store_url(&self, data: &Path, service: &str) -> String {
        if self.store == SQLITE {
            let file = data.join("stores").join(format!("{service}.sqlite"));
            return format!("sqlite:{}", file.display());
        }
        database::url(&self.store, service)
    }

    /// The gateway's settings with `built_in` issuers before the configured ones.
    ///
    /// # Errors
    /// The error names the key that is wrong.
    pub(crate) fn gateway_config(&self, built_in: Vec<IssuerConfig>) -> Result<GatewayConfig> {
        let mut table = self.gateway.clone();
        table
            .entry("issuers")
            .or_insert_with(|| Value::Array(Vec::new()));
        let mut gateway: GatewayConfig =
            config::from_parts(table, []).context("in the section [gateway]")?;
        gateway.check().context("in the section [gateway]")?;
        gateway.issuers.splice(0..0, built_in);
        Ok(gateway)
    }
}

/// The variables that are settings.
pub(crate) fn variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars().filter(|(name, _)| {
        !NOT_SETTINGS.contains(&name.as_str()) && !name.starts_with("HELDER_TOKEN_")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_key_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("helder.toml");
        for (text, named) in [
            ("lisen = \"127.0.0.1:1\"", "lisen"),
            ("[gateway]\nburst = \"much\"", "burst"),
            ("[limits]\njson_bytes = -1", "limits.json_bytes"),
        ] {
            std::fs::write(&file, text).unwrap();
            let said = format!("{:#}", Settings::load(Some(&file)).unwrap_err());
            assert!(said.contains(named), "{said}");
        }
        std::fs::write(&file, "listen = \"127.0.0.1:9090\"\n[gateway]\nburst = 10").unwrap();
        let settings = Settings::load(Some(&file)).unwrap();
        assert_eq!(settings.listen.port(), 9090);
        assert_eq!(settings.gateway_config(Vec::new()).unwrap().burst, 10);
    }

    #[test]
    fn an_issuer_that_cannot_be_trusted_is_refused_and_those_of_the_manual_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("helder.toml");
        let load = |text: &str| {
            std::fs::write(&file, text).unwrap();
            Settings::load(Some(&file))
        };
        let issuer =
            "[[gateway.issuers]]\nissuer = \"http://login.example.nl\"\naudience = \"helder\"";
        let said = format!("{:#}", load(issuer).unwrap_err());
        assert!(
            said.contains("https://") && said.contains("[gateway]"),
            "{said}"
        );
        let symmetric = issuer.replace("http:", "https:") + "\nalgorithms = [\"HS256\"]";
        let said = format!("{:#}", load(&symmetric).unwrap_err());
        assert!(said.contains("algorithms"), "{said}");

        let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/identity.md");
        let manual = std::fs::read_to_string(manual).unwrap();
        let examples: Vec<_> = manual
            .split("```toml\n")
            .skip(1)
            .map(|rest| rest.split("```").next().unwrap())
            .collect();
        assert_eq!(examples.len(), 4);
        for example in examples {
            // A name in angle brackets stands for the reader's own.
            let text = example.replace(['<', '>', ' '], "");
            let gateway = load(&text).unwrap().gateway_config(Vec::new()).unwrap();
            assert!(gateway.issuers.len() == 1 || gateway.fsc.is_some());
        }
    }
}
