//! `helder backup` and `helder restore`.
//!
//! A backup is a folder: `stores/` holds each database as it was at one moment, `objects/` every object under its digest,
//! `objects.txt` their list, and `backup.json`, written last, the digests of all that and the ends of the event logs. Keys
//! are in a folder of their own, because who has both can read everything.
//!
//! Databases are copied before objects: an object is kept before a row names it, so every row of the copy finds its bytes.

mod keys;
mod list;
mod manifest;
mod places;
mod postgres;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use helder_platform::{
    clock,
    objects::{Listed, Objects},
    store::{self, Kind},
};
use serde_json::json;

use crate::{
    arguments::{BackupArguments, RestoreArguments},
    screen::{Screen, count},
};

pub(crate) use list::{list, verify};
use manifest::{Manifest, StoreFile, VERSION};
pub(crate) use places::Places;

/// In this order: a service before those whose rows its own rows name.
const ORDER: [&str; 5] = ["prediction", "training", "linkage", "ingest", "registry"];

/// Copies a platform, which may be running.
///
/// # Errors
/// When something cannot be read or written. Without `backup.json` a folder is no backup.
pub(crate) async fn backup(data: &Path, wanted: &BackupArguments, screen: Screen) -> Result<()> {
    let places = Places::read(data, &wanted.files, wanted.store.as_deref())?;
    let out = &wanted.out;
    let at = clock::now();
    fs::create_dir_all(out.join("stores"))?;
    if fs::read_dir(out)?.count() > 1 || fs::read_dir(out.join("stores"))?.count() > 0 {
        bail!("{} is not empty; give each backup a folder", out.display());
    }
    // Before the copy is made, so that the copy holds these lines.
    let heads = store::heads(places.of("registry")?).context("the event logs")?;
    let mut stores = Vec::new();
    for service in ORDER {
        let (_, url) = places
            .stores
            .iter()
            .find(|(name, _)| name == service)
            .with_context(|| format!("no database of {service}"))?;
        stores
            .push(copied(service, url, out).with_context(|| format!("the database of {service}"))?);
        screen.line(&format!("{service}: its database is copied"));
    }
    let from = Objects::open_with(&places.objects, &places.bucket)?;
    let objects = from.list().await?;
    if !wanted.list_objects {
        let to = Objects::local(out.join("objects"))?;
        transfer(&from, &to, &objects, screen).await?;
    }
    if let Some(folder) = &wanted.keys {
        let kept = keys::save(&places, folder).await?;
        screen.line(&format!("{kept} keys are in {}", folder.display()));
    } else {
        screen.line(
            "keys are not in it; without them it cannot be used (--keys keeps them elsewhere)",
        );
    }
    let manifest = Manifest {
        version: VERSION,
        at,
        stores,
        objects_digest: manifest::write_objects(out, &objects)?,
        objects: objects.len() as u64,
        objects_bytes: objects.iter().map(|it| it.size_bytes).sum(),
        has_objects: !wanted.list_objects,
        heads,
    };
    manifest.write(out)?;
    screen.line(&format!(
        "{} objects, {} bytes; the backup in {} is complete",
        count(manifest.objects),
        count(manifest.objects_bytes),
        out.display()
    ));
    screen.result(&manifest)
}

fn copied(service: &str, url: &str, out: &Path) -> Result<StoreFile> {
    let (kind, file) = match store::kind(url)? {
        Kind::Sqlite(path) => {
            let file = format!("{service}.sqlite");
            store::copy_sqlite(&path, &out.join("stores").join(&file))?;
            ("sqlite", file)
        }
        Kind::Postgres { address, schema } => {
            let file = format!("{service}.pgdump");
            postgres::dump(&address, &schema, &out.join("stores").join(&file))?;
            ("postgres", file)
        }
    };
    Ok(StoreFile {
        service: service.to_owned(),
        kind: kind.to_owned(),
        digest: manifest::digest_of(&out.join("stores").join(&file))?,
        file,
    })
}

/// Puts a backup in a new place, and checks that all of it arrived.
///
/// # Errors
/// When the backup is damaged, the place is in use, or something cannot be written.
pub(crate) async fn restore(data: &Path, wanted: &RestoreArguments, screen: Screen) -> Result<()> {
    let (manifest, objects) = Manifest::read(&wanted.from)?;
    screen.line("the backup is whole: every file has its digest");
    let places = Places::read(data, &wanted.files, wanted.store.as_deref())?;
    for file in &manifest.stores {
        placed(file, places.of(&file.service)?, &wanted.from)
            .with_context(|| format!("the database of {}", file.service))?;
        screen.line(&format!("{}: its database is in place", file.service));
    }
    for head in &manifest.heads {
        if !store::has_event(places.of("registry")?, head)? {
            bail!(
                "the event log of {} does not hold the line that the backup ended with",
                head.organisation
            );
        }
    }
    let to = Objects::open_with(&places.objects, &places.bucket)?;
    if manifest.has_objects {
        let from = Objects::local(wanted.from.join("objects"))?;
        transfer(&from, &to, &objects, screen).await?;
    }
    let missing = missing(&to, &objects).await?;
    if missing > 0 {
        bail!("{missing} objects of the list are not in the object store");
    }
    let kept = match &wanted.keys {
        Some(folder) => keys::put_back(&places, folder).await?,
        None => 0,
    };
    screen.line(&format!(
        "{} objects and {kept} keys are in place; `helder doctor` says whether the platform can start",
        count(manifest.objects)
    ));
    screen.result(&json!({
        "at": manifest.at, "objects": manifest.objects, "objectsBytes": manifest.objects_bytes, "keys": kept,
        "heads": manifest.heads,
    }))
}

fn placed(file: &StoreFile, url: &str, from: &Path) -> Result<()> {
    let source = from.join("stores").join(&file.file);
    match (store::kind(url)?, file.kind.as_str()) {
        (Kind::Sqlite(path), "sqlite") => {
            if path.exists() {
                bail!(
                    "{} is there already; restore to a new place",
                    path.display()
                );
            }
            fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
            fs::copy(&source, &path)?;
            if manifest::digest_of(&path)? != file.digest {
                bail!("{} did not arrive as it left", path.display());
            }
            fs::File::open(&path)?.sync_all()?;
            Ok(())
        }
        (Kind::Postgres { address, schema }, "postgres") => {
            postgres::load(&address, &schema, &source)
        }
        _ => bail!("the backup is of another kind of database"),
    }
}

/// Copies objects; each is checked against its digest as it is read and named by it as it is written.
async fn transfer(from: &Objects, to: &Objects, objects: &[Listed], screen: Screen) -> Result<()> {
    let bar = screen.bar("objects");
    for (place, object) in objects.iter().enumerate() {
        let (organisation, digest) = (&object.organisation, &object.digest);
        bar.at(place as u64, objects.len() as u64, "copied");
        if to.exists(organisation, digest).await? {
            continue;
        }
        let bytes = match from.open_stream(organisation, digest).await {
            Ok(bytes) => bytes,
            // Removed since the list was made, as its retention ended or its job did.
            Err(problem) if problem.status() == 404 => continue,
            Err(problem) => return Err(problem.into()),
        };
        let (arrived, _) = to.put_stream(organisation, bytes).await?;
        if arrived != *digest {
            bail!("an object did not arrive as it left");
        }
    }
    Ok(())
}

async fn missing(store: &Objects, objects: &[Listed]) -> Result<usize> {
    let there = store.list().await?;
    let is_there = |object: &&Listed| there.binary_search(object).is_ok();
    Ok(objects.len() - objects.iter().filter(is_there).count())
}

/// What `--keys` names, made with room for its owner only.
fn private_folder(folder: &Path) -> Result<PathBuf> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(fs::canonicalize(folder)?)
}
