//! What belongs to a platform, and where it lies.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use helder_gateway::ProcessSettings;
use helder_platform::config::{self, BucketSettings, ServiceSettings};

use crate::{command::CALLS, database, settings::Settings};

/// Everything of a platform that outlasts its processes.
pub(crate) struct Places {
    /// Database per service.
    pub(crate) stores: Vec<(String, String)>,
    /// Object store.
    pub(crate) objects: String,
    /// Where wrapped keys lie.
    pub(crate) shelf: String,
    /// How a bucket is reached.
    pub(crate) bucket: BucketSettings,
    /// Files with master keys and signing keys.
    pub(crate) keys: Vec<PathBuf>,
}

impl Places {
    /// Those of a data folder, or of separate services when their settings are named.
    ///
    /// * `store` – database to use in place of that of the settings, where `{service}` stands for the name of each service:
    ///   for a role that may read everything
    pub(crate) fn read(data: &Path, files: &[PathBuf], store: Option<&str>) -> Result<Self> {
        let mut places = if files.is_empty() {
            Self::embedded(data)?
        } else {
            Self::services(files)?
        };
        if let Some(pattern) = store {
            for (service, url) in &mut places.stores {
                *url = database::url(pattern, service);
            }
        }
        Ok(places)
    }

    /// The database of a service.
    pub(super) fn of(&self, service: &str) -> Result<&str> {
        let found = self.stores.iter().find(|(name, _)| name == service);
        let (_, url) = found.with_context(|| format!("no database of {service}"))?;
        Ok(url)
    }

    fn embedded(data: &Path) -> Result<Self> {
        let file = Some(data.join("helder.toml")).filter(|path| path.is_file());
        let settings = Settings::load(file.as_deref())?;
        let keys = data.join("keys");
        let file = |name: &str| keys.join(format!("{name}.key"));
        let (objects, bucket) = match &settings.objects {
            Some(told) => (told.url.clone(), told.bucket.clone()),
            None => (
                format!("file:{}", data.join("objects").display()),
                BucketSettings::default(),
            ),
        };
        Ok(Self {
            stores: CALLS
                .map(|(name, _)| (name.to_owned(), settings.store_url(data, name)))
                .to_vec(),
            objects,
            shelf: format!("file:{}", keys.join("shelf").display()),
            bucket,
            keys: ["issuer", "gateway"]
                .into_iter()
                .chain(CALLS.map(|(name, _)| name))
                .map(file)
                .chain([keys.join("master.keys")])
                .collect(),
        })
    }

    fn services(files: &[PathBuf]) -> Result<Self> {
        let mut places: Option<Self> = None;
        let mut door = None;
        for file in files {
            let stem = file.file_stem().unwrap_or_default().to_string_lossy();
            let program = stem.split(['-', '.', '_']).next().unwrap_or_default();
            if program == "gateway" {
                let settings: ProcessSettings = config::load(Some(file))
                    .with_context(|| format!("the settings in {}", file.display()))?;
                door = settings.signing_key_file;
                continue;
            }
            if !CALLS.iter().any(|(name, _)| *name == program) {
                bail!(
                    "{}: name the settings after their programs: gateway.toml, registry.toml …",
                    file.display()
                );
            }
            let settings: ServiceSettings = config::load(Some(file))
                .with_context(|| format!("the settings in {}", file.display()))?;
            let all = places.get_or_insert_with(|| Self {
                stores: Vec::new(),
                objects: settings.objects.url.clone(),
                shelf: settings.keyring.shelf.clone(),
                bucket: settings.objects.bucket.clone(),
                keys: Vec::new(),
            });
            if all.objects != settings.objects.url || all.shelf != settings.keyring.shelf {
                bail!("the services do not share one object store and one key shelf");
            }
            all.stores.push((program.to_owned(), settings.store.url));
            all.keys.extend(settings.keyring.master_file);
            all.keys.extend(settings.identity.signing_key_file);
            all.keys.sort();
            all.keys.dedup();
        }
        let mut places = places.context("no settings of services were named")?;
        places.keys.extend(door);
        if places.stores.len() != CALLS.len() {
            bail!(
                "name the settings of all {} services, each once",
                CALLS.len()
            );
        }
        Ok(places)
    }
}
