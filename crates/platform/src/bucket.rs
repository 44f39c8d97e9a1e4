//! How an S3-compatible store is reached, for objects and for the key shelf alike.

mod uploads;

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use object_store::{
    BackoffConfig, ClientOptions, ObjectStore, RetryConfig,
    aws::{AmazonS3Builder, AmazonS3ConfigKey},
};
use serde::Deserialize;

pub(crate) use uploads::{Upload, Uploads};

use crate::problem::{Problem, Result};

/// Slowest store that still counts as working, bytes a second; below it a transfer is given up.
const LEAST_RATE: u64 = 256 * 1024;

/// `[objects.bucket]`. What is absent comes from the usual `AWS_…` variables.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BucketSettings {
    /// Address of the store, `https://s3.example.nl`; Amazon's own when absent.
    pub endpoint: Option<String>,
    /// Region, as the store names it.
    pub region: Option<String>,
    /// Whether an address may begin with `http://`: bytes and signatures then travel readable. Default false.
    pub allow_http: bool,
    /// File with the name of the access key.
    pub access_key_id_file: Option<PathBuf>,
    /// File with the secret of the access key.
    pub secret_access_key_file: Option<PathBuf>,
    /// Longest wait for the store to answer, seconds, repeats included. A transfer gets besides that the time it takes
    /// at 256 KiB a second. Default 10.
    pub budget_s: u64,
}

impl Default for BucketSettings {
    fn default() -> Self {
        Self {
            endpoint: None,
            region: None,
            allow_http: false,
            access_key_id_file: None,
            secret_access_key_file: None,
            budget_s: 10,
        }
    }
}

/// Where a key lies is no secret, but nobody needs it in a log.
impl fmt::Debug for BucketSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BucketSettings(…)")
    }
}

/// The bucket's settings cannot be used. Names keys, never values.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    /// The URL names no bucket.
    #[error("the url of a bucket must be s3://<bucket>/<prefix>")]
    Url,
    /// `http://` without permission.
    #[error(
        "the endpoint of the bucket begins with http://; set objects.bucket.allow_http (or AWS_ALLOW_HTTP) to true if the way there is safe"
    )]
    Plain,
    /// A file with a key cannot be read.
    #[error("cannot read the file that {0} names")]
    Secret(&'static str, #[source] std::io::Error),
    /// A file with a key is readable by everybody.
    #[error("the file that {0} names can be read by others; make it readable by its owner only")]
    Exposed(&'static str),
    /// No way to unfinished uploads.
    #[error("cannot configure the bucket for uploads in parts")]
    Uploads(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Something else.
    #[error("cannot configure the bucket")]
    Settings(#[source] object_store::Error),
}

/// A bucket, or a part of one. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Bucket {
    /// The store.
    pub(crate) store: Arc<dyn ObjectStore>,
    /// What the keys of this part begin with; no slash at either end.
    pub(crate) prefix: Arc<str>,
    /// Its unfinished uploads; absent for a store that is no real bucket.
    pub(crate) uploads: Option<Arc<Uploads>>,
    budget: Duration,
}

impl Bucket {
    /// The bucket of `s3://bucket/prefix`. Nothing is asked of it yet.
    pub(crate) fn open(
        url: &str,
        settings: &BucketSettings,
    ) -> std::result::Result<Self, BucketError> {
        let place = url.strip_prefix("s3://").ok_or(BucketError::Url)?;
        let (name, prefix) = place.split_once('/').unwrap_or((place, ""));
        if name.is_empty() {
            return Err(BucketError::Url);
        }
        let retry = RetryConfig {
            backoff: BackoffConfig {
                init_backoff: Duration::from_millis(100),
                max_backoff: Duration::from_secs(2),
                base: 2.0,
            },
            max_retries: 4,
            retry_timeout: Duration::from_secs(settings.budget_s),
        };
        let mut builder = AmazonS3Builder::from_env();
        if let Some(endpoint) = &settings.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        if let Some(region) = &settings.region {
            builder = builder.with_region(region);
        }
        let said = |key| builder.get_config_value(&key);
        let plain = [AmazonS3ConfigKey::Endpoint, AmazonS3ConfigKey::S3Endpoint]
            .into_iter()
            .filter_map(said)
            .any(|at| at.starts_with("http://"));
        let allowed = settings.allow_http
            || said(AmazonS3ConfigKey::Client(
                object_store::ClientConfigKey::AllowHttp,
            ))
            .is_some_and(|value| value == "true");
        if plain && !allowed {
            return Err(BucketError::Plain);
        }
        if let Some(file) = &settings.access_key_id_file {
            builder =
                builder.with_access_key_id(secret("objects.bucket.access_key_id_file", file)?);
        }
        if let Some(file) = &settings.secret_access_key_file {
            builder = builder
                .with_secret_access_key(secret("objects.bucket.secret_access_key_file", file)?);
        }
        // No limit for a whole answer: a large object takes its time. Each step of it has a limit of ours.
        let options = ClientOptions::new()
            .with_allow_http(allowed)
            .with_connect_timeout(Duration::from_secs(2))
            .with_timeout_disabled();
        let builder = builder
            .with_url(url)
            .with_retry(retry)
            .with_client_options(options.clone());
        let store = builder.clone().build().map_err(BucketError::Settings)?;
        let uploads = Uploads::of(&builder, &store, name, &options)
            .map_err(|error| BucketError::Uploads(error.into()))?;
        let budget = Duration::from_secs(settings.budget_s);
        Ok(Self {
            uploads: Some(Arc::new(uploads)),
            ..Self::of(Arc::new(store), prefix, budget)
        })
    }

    /// A bucket behind any store.
    pub(crate) fn of(store: Arc<dyn ObjectStore>, prefix: &str, budget: Duration) -> Self {
        Self {
            store,
            prefix: prefix.trim_matches('/').into(),
            uploads: None,
            budget,
        }
    }

    /// The outcome of `work`, which moves `bytes` bytes, or 503 when it takes longer than it may.
    pub(crate) async fn within<T>(&self, bytes: u64, work: impl Future<Output = T>) -> Result<T> {
        let budget = self.budget + Duration::from_secs(bytes / LEAST_RATE);
        tokio::time::timeout(budget, work).await.map_err(|late| {
            Problem::unavailable("the object store is too slow now", 5).caused_by(late)
        })
    }
}

fn secret(key: &'static str, file: &std::path::Path) -> std::result::Result<String, BucketError> {
    use std::os::unix::fs::PermissionsExt as _;
    let failed = |error| BucketError::Secret(key, error);
    let mode = std::fs::metadata(file)
        .map_err(failed)?
        .permissions()
        .mode();
    if mode & 0o007 != 0 {
        return Err(BucketError::Exposed(key));
    }
    Ok(std::fs::read_to_string(file)
        .map_err(failed)?
        .trim()
        .to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_readable_way_is_taken_only_when_it_is_allowed_and_keys_only_from_closed_files() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, "geheim\n").unwrap();
        let settings = |allow_http| BucketSettings {
            endpoint: Some("http://127.0.0.1:9".into()),
            region: Some("nl-1".into()),
            allow_http,
            access_key_id_file: Some(file.clone()),
            secret_access_key_file: Some(file.clone()),
            ..BucketSettings::default()
        };
        if std::env::var_os("AWS_ALLOW_HTTP").is_none() {
            let refused = Bucket::open("s3://bucket/a", &settings(false))
                .err()
                .unwrap();
            assert!(matches!(refused, BucketError::Plain), "{refused}");
        }
        for (mode, good) in [(0o644, false), (0o600, true)] {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            let opened = Bucket::open("s3://bucket/a/b/", &settings(true));
            assert_eq!(opened.is_ok(), good, "{mode:o}");
            if let Ok(bucket) = opened {
                assert_eq!(&*bucket.prefix, "a/b");
            }
        }
        std::fs::remove_file(&file).unwrap();
        let refused = Bucket::open("s3://bucket", &settings(true)).err().unwrap();
        assert!(
            refused.to_string().contains("access_key_id_file"),
            "{refused}"
        );
        assert!(Bucket::open("s3://", &settings(true)).is_err());
        assert!(!format!("{:?}", settings(true)).contains("key"));
    }

    #[tokio::test]
    async fn what_takes_longer_than_the_budget_is_503_with_a_time_to_come_back() {
        use actix_web::ResponseError as _;
        let store = Arc::new(object_store::memory::InMemory::new());
        let bucket = Bucket::of(store, "", Duration::ZERO);
        let never = std::future::pending::<()>();
        let refused = bucket.within(0, never).await.unwrap_err();
        let answer = refused.error_response();
        assert_eq!(answer.status(), 503);
        assert!(answer.headers().contains_key("retry-after"));
        assert_eq!(
            bucket.within(LEAST_RATE * 60, async { 1 }).await.unwrap(),
            1
        );
    }
}
