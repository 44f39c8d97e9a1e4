//! What a backup holds, so that whoever restores it can check that it is all there.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
};

use anyhow::{Context as _, Result, bail};
use helder_platform::{
    objects::{self, Listed},
    store::Head,
};
use helder_types::Digest;
use serde::{Deserialize, Serialize};

/// Layout of a backup; a later one gets another number.
pub(super) const VERSION: u32 = 1;
const NAME: &str = "backup.json";
const OBJECTS: &str = "objects.txt";

/// The first thing to read in a backup, and the last that is written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    /// Layout.
    pub(super) version: u32,
    /// When it began, UTC.
    pub(super) at: String,
    /// Databases.
    pub(super) stores: Vec<StoreFile>,
    /// Digest of the list of objects.
    pub(super) objects_digest: Digest,
    /// How many objects.
    pub(super) objects: u64,
    /// Their bytes.
    pub(super) objects_bytes: u64,
    /// Whether the objects themselves are here, or only their list.
    pub(super) has_objects: bool,
    /// Ends of the event logs.
    pub(super) heads: Vec<Head>,
}

/// A database as a file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StoreFile {
    /// Which service's.
    pub(super) service: String,
    /// `sqlite` or `postgres`.
    pub(super) kind: String,
    /// File below `stores/`.
    pub(super) file: String,
    /// Digest of its bytes.
    pub(super) digest: Digest,
}

impl Manifest {
    /// Writes it whole or not at all.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let part = folder.join("backup.part");
        let mut file = File::create_new(&part)?;
        serde_json::to_writer_pretty(&mut file, self)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        std::fs::rename(part, folder.join(NAME))?;
        File::open(folder)?.sync_all()?;
        Ok(())
    }

    /// Whether a folder holds one.
    pub(super) fn is_in(folder: &Path) -> bool {
        folder.join(NAME).is_file()
    }

    /// Reads it, and checks every file beside it against its digest.
    pub(super) fn read(folder: &Path) -> Result<(Self, Vec<Listed>)> {
        let (manifest, objects) = Self::peek(folder)?;
        for store in &manifest.stores {
            let path = folder.join("stores").join(&store.file);
            if digest_of(&path)? != store.digest {
                bail!("{} is damaged: it has another digest", path.display());
            }
        }
        Ok((manifest, objects))
    }

    /// Reads it with the list of objects, and looks at no database and no object.
    pub(super) fn peek(folder: &Path) -> Result<(Self, Vec<Listed>)> {
        let path = folder.join(NAME);
        let file = File::open(&path)
            .with_context(|| format!("{} is no finished backup", folder.display()))?;
        let manifest: Self = serde_json::from_reader(BufReader::new(file))
            .with_context(|| format!("{} cannot be read", path.display()))?;
        if manifest.version != VERSION {
            bail!("this backup has a layout that this version does not know");
        }
        let path = folder.join(OBJECTS);
        if digest_of(&path)? != manifest.objects_digest {
            bail!("{} is damaged: it has another digest", path.display());
        }
        Ok((manifest, read_objects(&path)?))
    }
}

/// Writes the list of objects; gives its digest.
pub(super) fn write_objects(folder: &Path, objects: &[Listed]) -> Result<Digest> {
    let path = folder.join(OBJECTS);
    let mut file = std::io::BufWriter::new(File::create_new(&path)?);
    for object in objects {
        writeln!(
            file,
            "{} {} {}",
            object.organisation, object.digest, object.size_bytes
        )?;
    }
    file.into_inner()?.sync_all()?;
    digest_of(&path)
}

fn read_objects(path: &Path) -> Result<Vec<Listed>> {
    let mut objects = Vec::new();
    for line in BufReader::new(File::open(path)?).lines() {
        let line = line?;
        let mut words = line.split(' ');
        let mut word = || words.next().context("a line of the list is cut");
        objects.push(Listed {
            organisation: word()?.parse()?,
            digest: word()?.parse()?,
            size_bytes: word()?.parse()?,
        });
    }
    Ok(objects)
}

/// Digest of a file.
pub(super) fn digest_of(path: &Path) -> Result<Digest> {
    objects::digest_of(path).with_context(|| format!("cannot read {}", path.display()))
}
