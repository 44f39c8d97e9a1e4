//! What a service process can be told. One small struct per topic.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use serde::{Deserialize, Serialize};

pub use crate::bucket::BucketSettings;
use crate::logboek::LogboekSettings;

/// One service as its own process.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceSettings {
    /// Address to listen on, for instance `0.0.0.0:8081`.
    pub listen: SocketAddr,
    /// HTTP worker threads. Default 2.
    #[serde(default = "two")]
    pub workers: usize,
    /// Jobs at a time in this process. Default 2.
    #[serde(default = "two")]
    pub job_workers: usize,
    /// Folder for temporary files. Default: the system's.
    #[serde(default = "std::env::temp_dir")]
    pub scratch: PathBuf,
    /// Database.
    pub store: StoreSettings,
    /// Object store.
    pub objects: ObjectsSettings,
    /// Keys of pseudonyms and sealed files.
    pub keyring: KeyRingSettings,
    /// Signing key and trusted issuers.
    pub identity: IdentitySettings,
    /// Base address per other service, `registry = "http://registry:8085"`.
    #[serde(default)]
    pub peers: BTreeMap<String, String>,
    /// Sizes and times.
    #[serde(default)]
    pub limits: Limits,
    /// When asked to stop: how long requests are still taken, so that whoever sends them finds another replica, seconds.
    /// Default 2.
    #[serde(default = "drain_s")]
    pub drain_s: u64,
    /// Logs and traces.
    #[serde(default)]
    pub telemetry: TelemetrySettings,
    /// Records of processing.
    #[serde(default)]
    pub logboek: LogboekSettings,
}

const fn drain_s() -> u64 {
    2
}

/// `[store]`
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSettings {
    /// `sqlite:path/to/file.db` or `postgres://user:password@host/database`, as the role of the application.
    pub url: String,
    /// The same as the owner of the tables, for the command `migrate`; a service that serves has no use for it.
    #[serde(default)]
    pub migrate_url: Option<String>,
}

/// `[objects]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectsSettings {
    /// `file:<folder>` or `s3://<bucket>/<prefix>`.
    pub url: String,
    /// How the bucket is reached, and that of the key shelf; what is absent comes from the usual `AWS_…` variables.
    #[serde(default)]
    pub bucket: BucketSettings,
}

/// `[keyring]`
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRingSettings {
    /// File with master keys, `name:<base64 of 32 bytes>` per line, newest first.
    #[serde(default)]
    pub master_file: Option<PathBuf>,
    /// The same lines as text, as from a Kubernetes secret; goes before `master_file`.
    #[serde(default)]
    pub master_keys: Option<String>,
    /// Where wrapped keys lie: `file:<folder>` or `s3://<bucket>/<prefix>`.
    pub shelf: String,
}

/// `[identity]`
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentitySettings {
    /// This service's Ed25519 signing key: PKCS#8, base64.
    #[serde(default)]
    pub signing_key: Option<String>,
    /// File with that key; used when `signing_key` is absent.
    #[serde(default)]
    pub signing_key_file: Option<PathBuf>,
    /// Public key (base64 of 32 bytes) per trusted issuer: `gateway` and the services that call this one. A list of two while
    /// an issuer goes from one key to the next.
    pub trusted: BTreeMap<String, PublicKeys>,
}

/// One public key, or several.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub enum PublicKeys {
    /// As usual.
    One(String),
    /// While a key is replaced.
    Several(Vec<String>),
}

impl PublicKeys {
    /// The keys, base64.
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(key) => std::slice::from_ref(key),
            Self::Several(keys) => keys,
        }
    }
}

/// `[limits]`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Largest JSON body, bytes. Default 2 MiB.
    pub json_bytes: u64,
    /// Largest uploaded file as sent, bytes. Default 16 GiB.
    pub upload_bytes: u64,
    /// Largest uploaded file once decompressed, bytes. Default 64 GiB.
    pub expanded_bytes: u64,
    /// Longest wait for another service to answer, seconds. Default 30.
    pub call_s: u64,
    /// Longest wait at stopping for requests and jobs, seconds. Default 8.
    pub stop_s: u64,
    /// Longest life of identity parts, days; 0 is as long as their project. Default 0.
    pub identity_days: u64,
    /// Time between two looks for data whose term is over, seconds. Default 3,600.
    pub retention_s: u64,
    /// Most memory of one linkage job or request that reads versions, MiB; 0 is an equal share, for each of `job_workers` and one request,
    /// of three quarters of what the process may have. Default 0.
    pub linkage_mib: u64,
    /// Most memory of one training run, edit, comparison or report on outflow, MiB; 0 is an equal share, for each of `job_workers`, of three
    /// quarters of what the process may have. Default 0.
    pub training_mib: u64,
    /// Predictions per subject and day (UTC), organisation and process; 0 is without limit. Default 0.
    pub subject_predictions: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            json_bytes: 2 << 20,
            upload_bytes: 16 << 30,
            expanded_bytes: 64 << 30,
            call_s: 30,
            stop_s: 8,
            identity_days: 0,
            retention_s: 3_600,
            linkage_mib: 0,
            training_mib: 0,
            subject_predictions: 0,
        }
    }
}

/// `[telemetry]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TelemetrySettings {
    /// Which lines: `info`, `warn,helder_ingest=debug` … Default `info`.
    pub filter: String,
    /// One JSON object per line instead of text. Default false.
    pub json: bool,
    /// File that gets the log; standard error when absent.
    pub file: Option<PathBuf>,
    /// Address of an OTLP/HTTP collector, `http://collector:4318`; no traces are sent when absent.
    pub otlp_endpoint: Option<String>,
    /// Share of new traces that are sent, percent. Default 100.
    pub sample_percent: u8,
    /// Seconds between two sendings of numbers. Default 15.
    pub metrics_interval_s: u64,
}

impl Default for TelemetrySettings {
    fn default() -> Self {
        Self {
            filter: "info".to_owned(),
            json: false,
            file: None,
            otlp_endpoint: None,
            sample_percent: 100,
            metrics_interval_s: 15,
        }
    }
}

const fn two() -> usize {
    2
}

macro_rules! hide {
    ($($name:ident),+) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )+};
}

// These may hold passwords or keys.
hide!(StoreSettings, KeyRingSettings, IdentitySettings);
