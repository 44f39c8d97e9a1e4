//! Keys and settings for the services as processes of their own.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context as _, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use helder_platform::identity::TokenMint;
use serde_json::json;
use toml::{Table, Value};

use crate::{
    arguments::ProcessesArguments, database, folder::DataFolder, issuer::Issuer, screen::Screen,
};

/// The services, and which others each calls; `docs/architecture.md` draws it.
pub(crate) const CALLS: [(&str, &[&str]); 5] = [
    ("registry", &[]),
    ("ingest", &["registry"]),
    ("linkage", &["ingest", "registry"]),
    ("training", &["ingest", "linkage", "registry"]),
    ("prediction", &["registry", "ingest"]),
];

/// Writes one TOML file per program.
///
/// # Errors
/// When a key cannot be made or a file cannot be written.
pub(super) fn write(wanted: &ProcessesArguments, screen: Screen) -> Result<()> {
    let folder = DataFolder::open(&wanted.out)?;
    folder.master_keys()?;
    let root = std::fs::canonicalize(&wanted.out)?;
    let plan = Plan {
        wanted,
        keys: root.join("keys"),
        public: public_keys(&folder)?,
    };
    let mut files = BTreeMap::new();
    files.insert("gateway", plan.gateway(&Issuer::open(&folder)?)?);
    for (place, (service, calls)) in CALLS.into_iter().enumerate() {
        files.insert(
            service,
            plan.service(service, calls, plan.port(place + 1)?)?,
        );
    }
    let mut written = Vec::new();
    for (program, table) in files {
        let path = root.join(format!("{program}.toml"));
        std::fs::write(&path, table.to_string())
            .with_context(|| format!("cannot write {}", path.display()))?;
        screen.line(&format!("helder-{program} {}", path.display()));
        written.push(json!({"program": format!("helder-{program}"), "file": path}));
    }
    screen.result(&written)
}

/// Shows a new pair of keys; nothing is written.
///
/// # Errors
/// When the system has no randomness.
pub(super) fn key(screen: Screen) -> Result<()> {
    let mint = TokenMint::generate("new")?;
    let (signing, public) = (mint.to_base64(), STANDARD.encode(mint.public_key()));
    screen.line("signing key, a secret, for the program's signing_key_file:");
    screen.line(&signing);
    screen.line(
        "public key, for identity.trusted of the programs that it calls, beside the old one:",
    );
    screen.line(&public);
    screen.result(&json!({"signingKey": signing, "publicKey": public}))
}

fn public_keys(folder: &DataFolder) -> Result<BTreeMap<&'static str, String>> {
    ["gateway"]
        .into_iter()
        .chain(CALLS.map(|(service, _)| service))
        .map(|name| Ok((name, STANDARD.encode(folder.mint(name)?.public_key()))))
        .collect()
}

struct Plan<'a> {
    wanted: &'a ProcessesArguments,
    keys: std::path::PathBuf,
    public: BTreeMap<&'static str, String>,
}

impl Plan<'_> {
    fn port(&self, place: usize) -> Result<u16> {
        u16::try_from(place)
            .ok()
            .and_then(|place| self.wanted.port.checked_add(place))
            .context("the ports after --port do not exist")
    }

    fn address(&self, service: &str) -> Result<String> {
        let place = CALLS.iter().position(|(name, _)| *name == service);
        let port = self.port(place.context("no such service")? + 1)?;
        Ok(format!("http://{}:{port}", self.wanted.host))
    }

    fn addresses<'n>(&self, services: impl IntoIterator<Item = &'n str>) -> Result<Table> {
        services
            .into_iter()
            .map(|name| Ok((name.to_owned(), self.address(name)?.into())))
            .collect()
    }

    fn listen(&self, port: u16) -> Value {
        format!("{}:{port}", self.wanted.host).into()
    }

    fn key_file(&self, name: &str) -> Value {
        text(&self.keys.join(format!("{name}.key")))
    }

    fn gateway(&self, issuer: &Issuer) -> Result<Table> {
        let trusted = Value::try_from(issuer.trust())?;
        let door = Table::from_iter([("issuers".to_owned(), Value::Array(vec![trusted]))]);
        Ok(table([
            ("listen", self.listen(self.wanted.port)),
            ("signing_key_file", self.key_file("gateway")),
            (
                "upstreams",
                self.addresses(CALLS.map(|(name, _)| name))?.into(),
            ),
            ("gateway", door.into()),
        ]))
    }

    fn service(&self, name: &str, calls: &[&str], port: u16) -> Result<Table> {
        let store = &self.wanted.store;
        let callers = CALLS
            .iter()
            .filter(|(_, calls)| calls.contains(&name))
            .map(|(caller, _)| *caller);
        let trusted: Table = ["gateway"]
            .into_iter()
            .chain(callers)
            .map(|caller| (caller.to_owned(), self.public[caller].clone().into()))
            .collect();
        let identity = table([
            ("signing_key_file", self.key_file(name)),
            ("trusted", trusted.into()),
        ]);
        let keyring = table([
            ("master_file", text(&self.keys.join("master.keys"))),
            ("shelf", format!("{}/keys", self.wanted.objects).into()),
        ]);
        Ok(table([
            ("listen", self.listen(port)),
            (
                "store",
                table([("url", database::url(store, name).into())]).into(),
            ),
            (
                "objects",
                table([("url", format!("{}/objects", self.wanted.objects).into())]).into(),
            ),
            ("keyring", keyring.into()),
            ("identity", identity.into()),
            ("peers", self.addresses(calls.iter().copied())?.into()),
        ]))
    }
}

fn table<const N: usize>(entries: [(&str, Value); N]) -> Table {
    entries
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

fn text(path: &Path) -> Value {
    path.to_string_lossy().into_owned().into()
}
