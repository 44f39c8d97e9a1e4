//! `helder backup list` and `helder backup verify`: what lies in a folder of backups, whether it is whole, and which of them
//! still hold what the platform removed since at the end of its term.
//!
//! The proofs of the platform say what was removed and when; the list of each backup says what it holds. An object that the
//! platform has again, because the same bytes came in anew, is not counted.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use helder_platform::{
    objects::{Listed, Objects},
    store::{self, RemovedObject, RemovedRecords},
};
use serde::Serialize;
use serde_json::json;

use super::{Manifest, Places};
use crate::{
    arguments::BackupsArguments,
    screen::{Screen, count},
};

/// What the platform no longer has.
struct Removed {
    objects: Vec<RemovedObject>,
    records: Vec<RemovedRecords>,
    /// What it has now.
    kept: Vec<Listed>,
}

/// A backup, and what it holds that it should not hold for ever.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Backup {
    folder: PathBuf,
    /// When it began, UTC.
    at: String,
    objects: u64,
    bytes: u64,
    /// Parts of dataset versions that were removed since.
    removed_parts: usize,
    /// By which rules.
    rules: BTreeSet<String>,
    /// Records of logs that were removed since.
    removed_records: i64,
    /// When the first of all that was removed, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    /// Objects that the platform has no more and of which there is no proof: sealed uploads whose job has ended.
    other_objects: usize,
    /// Whether it holds what was removed at the end of its term, so that it is to be destroyed.
    destroy: bool,
}

/// Lists backups.
///
/// # Errors
/// When the folder holds none, or the platform's own proofs cannot be read.
pub(crate) async fn list(data: &Path, wanted: &BackupsArguments, screen: Screen) -> Result<()> {
    told(data, wanted, screen, false).await
}

/// Lists backups and checks all their bytes.
///
/// # Errors
/// As [`list`], and when a backup is damaged.
pub(crate) async fn verify(data: &Path, wanted: &BackupsArguments, screen: Screen) -> Result<()> {
    told(data, wanted, screen, true).await
}

async fn told(data: &Path, wanted: &BackupsArguments, screen: Screen, is_deep: bool) -> Result<()> {
    let folders = folders(&wanted.folder)?;
    let places = Places::read(data, &wanted.files, wanted.store.as_deref())?;
    let removed = Removed::read(&places).await?;
    let mut backups = Vec::new();
    for folder in folders {
        let (manifest, objects) = if is_deep {
            let read = Manifest::read(&folder)?;
            check(&read.0, &read.1, &folder, screen).await?;
            read
        } else {
            Manifest::peek(&folder)?
        };
        backups.push(removed.in_backup(folder, &manifest, &objects));
    }
    backups.sort_by(|one, other| one.at.cmp(&other.at));
    let rows: Vec<_> = backups.iter().map(Backup::row).collect();
    screen.table(
        &[
            "backup",
            "made, UTC",
            "objects",
            "bytes",
            "parts removed since",
            "records removed since",
            "destroy",
        ],
        &rows,
    );
    let doomed = backups.iter().filter(|backup| backup.destroy).count();
    if is_deep {
        screen.line("every file and object has its digest");
    }
    screen.line(&match doomed {
        0 => "none holds what was removed at the end of its term".to_owned(),
        1 => "1 backup holds what was removed at the end of its term: destroy it".to_owned(),
        n => format!("{n} backups hold what was removed at the end of its term: destroy them"),
    });
    screen.result(&json!({"backups": backups}))
}

/// The folder itself, or those in it that hold a finished backup.
fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    if Manifest::is_in(folder) {
        return Ok(vec![folder.to_owned()]);
    }
    let read =
        std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut found = Vec::new();
    for entry in read {
        let path = entry?.path();
        if Manifest::is_in(&path) {
            found.push(path);
        }
    }
    if found.is_empty() {
        bail!("{} holds no finished backup", folder.display());
    }
    Ok(found)
}

/// Reads every object; one that is not what its name says ends it.
async fn check(
    manifest: &Manifest,
    objects: &[Listed],
    folder: &Path,
    screen: Screen,
) -> Result<()> {
    if !manifest.has_objects {
        return Ok(());
    }
    let store = Objects::local(folder.join("objects"))?;
    let bar = screen.bar("objects");
    for (place, object) in objects.iter().enumerate() {
        bar.at(place as u64, objects.len() as u64, "checked");
        let (organisation, digest) = (&object.organisation, &object.digest);
        // Removed while the backup was made.
        if store.exists(organisation, digest).await? {
            let read = store.get_to_file(organisation, digest).await;
            read.with_context(|| format!("{}: {digest} is damaged", folder.display()))?;
        }
    }
    Ok(())
}

impl Removed {
    async fn read(places: &Places) -> Result<Self> {
        let mut objects = store::removed_objects(places.of("ingest")?)
            .context("the proofs of retention in the database of ingest")?;
        // A server may have another order of letters.
        objects.sort();
        let mut records = Vec::new();
        for (service, url) in &places.stores {
            let found = store::removed_records(url);
            records.extend(found.with_context(|| format!("the proofs of retention of {service}"))?);
        }
        let store = Objects::open_with(&places.objects, &places.bucket)?;
        Ok(Self {
            objects,
            records,
            kept: store.list().await?,
        })
    }

    fn in_backup(&self, folder: PathBuf, manifest: &Manifest, objects: &[Listed]) -> Backup {
        let (mut parts, mut other, mut rules) = (0, 0, BTreeSet::new());
        let mut times = Vec::new();
        let gone = objects
            .iter()
            .filter(|it| self.kept.binary_search(it).is_err());
        for object in gone.filter(|_| manifest.has_objects) {
            let (organisation, digest) = (object.organisation.as_str(), object.digest.to_string());
            let key = |it: &RemovedObject| (it.organisation.clone(), it.digest.clone());
            let first = self
                .objects
                .partition_point(|it| key(it) < (organisation.to_owned(), digest.clone()));
            let proofs: Vec<_> = self.objects[first..]
                .iter()
                .take_while(|it| it.organisation == organisation && it.digest == digest)
                .collect();
            if proofs.is_empty() {
                other += 1;
            } else {
                parts += 1;
                rules.extend(proofs.iter().map(|it| it.rule.clone()));
                times.extend(proofs.iter().map(|it| it.at.clone()));
            }
        }
        let since = self.records.iter();
        let since: Vec<_> = since
            .filter(|it| it.at > manifest.at && it.oldest < manifest.at)
            .collect();
        times.extend(since.iter().map(|it| it.at.clone()));
        rules.extend(since.iter().map(|it| format!("term of the log {}", it.log)));
        let records = since.iter().map(|it| it.records).sum();
        Backup {
            folder,
            at: manifest.at.clone(),
            objects: manifest.objects,
            bytes: manifest.objects_bytes,
            removed_parts: parts,
            rules,
            removed_records: records,
            since: times.into_iter().min(),
            other_objects: other,
            destroy: parts > 0 || records > 0,
        }
    }
}

impl Backup {
    fn row(&self) -> Vec<String> {
        vec![
            self.folder.display().to_string(),
            self.at.clone(),
            count(self.objects),
            count(self.bytes),
            self.removed_parts.to_string(),
            self.removed_records.to_string(),
            if self.destroy { "yes" } else { "no" }.to_owned(),
        ]
    }
}
