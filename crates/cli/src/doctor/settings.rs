//! Reading the settings of one or more programs, with every fault in them.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use helder_gateway::{GatewayConfig, IssuerConfig, ProcessSettings};
use helder_platform::{
    config::{self, ServiceSettings},
    keyring::KeyRing,
    objects::Objects,
    store,
};
use serde::Serialize;
use toml::{Table, Value};

use super::patient::{Patient, Secret};
use crate::{
    command::CALLS,
    folder::DataFolder,
    settings::{SQLITE, Settings, variables},
};

/// A fault of the settings.
#[derive(Debug, Serialize)]
pub(super) struct Fault {
    /// Where.
    pub(super) file: String,
    /// Which key, and what is asked of it. Never its value.
    pub(super) said: String,
}

/// What was read.
#[derive(Default)]
pub(super) struct Read {
    pub(super) patients: Vec<Patient>,
    pub(super) faults: Vec<Fault>,
}

/// Settings of a service that can be read, for what is missing.
const GOOD_SERVICE: &str = r#"
    listen = "127.0.0.1:1"
    store = { url = "sqlite:a" }
    objects = { url = "file:a" }
    keyring = { shelf = "file:a" }
    identity = { trusted = {} }
"#;
/// The same for the gateway.
const GOOD_GATEWAY: &str = r#"
    listen = "127.0.0.1:1"
    upstreams = {}
    gateway = { issuers = [{ issuer = "https://a", audience = "a" }] }
"#;
const GOOD_DOOR: &str = r#"issuers = [{ issuer = "https://a", audience = "a" }]"#;

/// Reads the named files, each of the program whose name its own begins with; without files the data folder.
///
/// # Errors
/// When a file's name is that of no program.
pub(super) fn read(data: &Path, files: &[PathBuf]) -> Result<Read> {
    let mut read = Read::default();
    if files.is_empty() {
        embedded(data, &mut read);
    }
    for file in files {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let program = stem.split(['-', '.', '_']).next().unwrap_or_default();
        if program == "gateway" {
            gateway(file, &mut read);
        } else if CALLS.iter().any(|(name, _)| *name == program) {
            service(program, file, &mut read);
        } else {
            bail!(
                "{}: name the file after its program, gateway.toml, registry.toml, registry-1.toml …",
                file.display()
            );
        }
    }
    Ok(read)
}

impl Read {
    fn fault(&mut self, file: &str, said: impl Into<String>) {
        self.faults.push(Fault {
            file: file.to_owned(),
            said: said.into(),
        });
    }

    /// A key whose value can be read and not be used.
    fn key(&mut self, file: &str, key: &str, error: &dyn std::error::Error) {
        self.fault(
            file,
            format!("configuration key {key}: {}", super::told(error)),
        );
    }

    fn table(&mut self, path: &Path) -> Option<Table> {
        match config::table_of(Some(path)) {
            Ok(table) => Some(table),
            Err(error) => {
                self.fault(&path.display().to_string(), super::told(&error));
                None
            }
        }
    }

    fn checked<T: serde::de::DeserializeOwned>(
        &mut self,
        file: &str,
        table: Table,
        variables: impl IntoIterator<Item = (String, String)>,
        good: &str,
    ) -> Option<T> {
        let good = good.parse().unwrap_or_default();
        let found = config::check(table, variables, &good);
        for fault in &found.faults {
            self.fault(file, fault.to_string());
        }
        found.settings
    }

    fn peers(&mut self, file: &str, key: &str, wanted: &[&str], told: &[&String]) {
        for name in wanted {
            if !told.iter().any(|told| told == name) {
                self.fault(
                    file,
                    format!("configuration key {key}.{name}: this key is needed"),
                );
            }
        }
    }

    fn issuers(&mut self, file: &str, issuers: &[IssuerConfig]) {
        for issuer in issuers {
            if let Err(error) = issuer.check() {
                self.key(file, "gateway", &error);
            }
        }
    }
}

fn service(program: &str, path: &Path, read: &mut Read) {
    let file = path.display().to_string();
    let Some(table) = read.table(path) else {
        return;
    };
    let Some(settings) =
        read.checked::<ServiceSettings>(&file, table, std::env::vars(), GOOD_SERVICE)
    else {
        return;
    };
    if let Err(error) = store::check_url(&settings.store.url) {
        read.key(&file, "store.url", &error);
    }
    if let Err(error) = Objects::check(&settings.objects.url, &settings.objects.bucket) {
        read.key(&file, "objects", &error);
    }
    if let Err(error) = KeyRing::check(&settings.keyring.shelf, &settings.objects.bucket) {
        read.key(&file, "keyring.shelf", &error);
    }
    let masters = Secret::of(settings.keyring.master_keys, settings.keyring.master_file);
    let signing = Secret::of(
        settings.identity.signing_key,
        settings.identity.signing_key_file,
    );
    for (secret, key) in [
        (&masters, "keyring.master_keys"),
        (&signing, "identity.signing_key"),
    ] {
        if secret.is_none() {
            read.fault(
                &file,
                format!("configuration key {key}: this key, or that of a file, is needed"),
            );
        }
    }
    let calls = CALLS.iter().find(|(name, _)| *name == program);
    let wanted = calls.map_or(&[] as &[&str], |(_, calls)| calls);
    let told: Vec<_> = settings.peers.keys().collect();
    read.peers(&file, "peers", wanted, &told);
    let trusted: Vec<_> = settings.identity.trusted.keys().collect();
    read.peers(&file, "identity.trusted", &["gateway"], &trusted);
    let mut folders = vec![settings.scratch];
    folders.extend(folder_of(&settings.objects.url));
    folders.extend(folder_of(&settings.store.url).and_then(|db| db.parent().map(Path::to_owned)));
    read.patients.push(Patient {
        program: program.to_owned(),
        file,
        stores: vec![(program.to_owned(), settings.store.url)],
        keyring: masters.map(|masters| (masters, settings.keyring.shelf)),
        objects: Some((settings.objects.url, settings.objects.bucket)),
        signing: signing
            .map(|key| (program.to_owned(), key))
            .into_iter()
            .collect(),
        issuers: Vec::new(),
        folders,
    });
}

fn gateway(path: &Path, read: &mut Read) {
    let file = path.display().to_string();
    let Some(table) = read.table(path) else {
        return;
    };
    let Some(settings) =
        read.checked::<ProcessSettings>(&file, table, std::env::vars(), GOOD_GATEWAY)
    else {
        return;
    };
    read.issuers(&file, &settings.gateway.issuers);
    let signing = Secret::of(settings.signing_key, settings.signing_key_file);
    if signing.is_none() {
        read.fault(
            &file,
            "configuration key signing_key: this key, or that of a file, is needed",
        );
    }
    let told: Vec<_> = settings.upstreams.keys().collect();
    read.peers(&file, "upstreams", &CALLS.map(|(name, _)| name), &told);
    if settings.gateway.issuers.is_empty() {
        read.fault(
            &file,
            "configuration key gateway.issuers: name at least one",
        );
    }
    read.patients.push(Patient {
        program: "gateway".to_owned(),
        file,
        stores: Vec::new(),
        objects: None,
        keyring: None,
        signing: signing
            .map(|key| ("gateway".to_owned(), key))
            .into_iter()
            .collect(),
        issuers: settings.gateway.issuers,
        folders: Vec::new(),
    });
}

fn embedded(data: &Path, read: &mut Read) {
    let path = Some(data.join("helder.toml")).filter(|path| path.is_file());
    let file = path.as_ref().map_or_else(
        || "defaults and environment".to_owned(),
        |path| path.display().to_string(),
    );
    let table = match &path {
        Some(path) => match read.table(path) {
            Some(table) => table,
            None => return,
        },
        None => Table::new(),
    };
    let before = read.faults.len();
    let settings = read.checked::<Settings>(&file, table.clone(), variables(), "");
    // The section is looked at by itself, also when something else is wrong.
    let mut door = match table.get("gateway") {
        Some(Value::Table(door)) => door.clone(),
        _ => Table::new(),
    };
    door.entry("issuers")
        .or_insert_with(|| Value::Array(Vec::new()));
    let checked = config::check::<GatewayConfig>(door, [], &GOOD_DOOR.parse().unwrap_or_default());
    for fault in &checked.faults {
        let said = fault.to_string();
        read.fault(
            &file,
            said.replacen("configuration key ", "configuration key gateway.", 1),
        );
    }
    let issuers = checked
        .settings
        .map(|door| door.issuers)
        .unwrap_or_default();
    read.issuers(&file, &issuers);
    let Some(settings) = settings.filter(|_| read.faults.len() == before) else {
        return;
    };
    let objects = match &settings.objects {
        Some(told) => (told.url.clone(), told.bucket.clone()),
        None => (
            format!("file:{}", data.join("objects").display()),
            config::BucketSettings::default(),
        ),
    };
    if let Err(error) = Objects::check(&objects.0, &objects.1) {
        read.key(&file, "objects", &error);
    }
    if settings.store != SQLITE
        && let Err(error) = store::check_url(&settings.store)
    {
        read.key(&file, "store", &error);
    }
    let is_new = DataFolder::existing(data).is_err();
    let services = CALLS.map(|(name, _)| name);
    let keys = data.join("keys");
    let key = |name: &str| {
        let file = keys.join(format!("{name}.key"));
        (name.to_owned(), Secret::MadeFile(file))
    };
    read.patients.push(Patient {
        program: "helder".to_owned(),
        file,
        stores: services
            .iter()
            .filter(|_| !is_new)
            .map(|name| ((*name).to_owned(), settings.store_url(data, name)))
            .collect(),
        objects: Some(objects).filter(|_| !is_new),
        keyring: Some((
            Secret::MadeFile(keys.join("master.keys")),
            format!("file:{}", keys.join("shelf").display()),
        )),
        signing: ["issuer", "gateway"]
            .into_iter()
            .chain(services)
            .map(key)
            .collect(),
        issuers,
        folders: vec![data.to_owned()],
    });
}

/// The folder of a `file:` or the file of a `sqlite:` address.
fn folder_of(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("file:").or(url.strip_prefix("sqlite:"))?;
    Some(PathBuf::from(path.strip_prefix("//").unwrap_or(path)))
}
