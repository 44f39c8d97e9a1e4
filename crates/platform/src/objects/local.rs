//! Objects as files.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use helder_types::{Digest, OrganisationId};
use tempfile::NamedTempFile;

use super::away;
use crate::problem::Result;

/// First letter of the names of copies that are read, among the half files of writers.
pub(super) const COPY: &str = "r";

/// Both parts are checked types: neither can name another folder.
pub(super) fn path(root: &Path, organisation: &OrganisationId, digest: &Digest) -> PathBuf {
    root.join(organisation.as_str()).join(digest.hex())
}

/// Gives finished bytes their name. The first writer wins; the bytes are the same anyway.
pub(super) fn keep(
    root: &Path,
    organisation: &OrganisationId,
    digest: &Digest,
    bytes: NamedTempFile,
) -> io::Result<()> {
    let target = path(root, organisation, digest);
    if target.is_file() {
        return Ok(());
    }
    let folder = root.join(organisation.as_str());
    if !folder.is_dir() {
        fs::create_dir_all(&folder)?;
        File::open(root)?.sync_all()?;
    }
    bytes.as_file().sync_all()?;
    let mut permissions = bytes.as_file().metadata()?.permissions();
    permissions.set_readonly(true);
    bytes.as_file().set_permissions(permissions)?;
    match bytes.persist_noclobber(target) {
        Ok(_) => File::open(&folder)?.sync_all(),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.error),
    }
}

pub(super) fn delete(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(away(error)),
    }
}

/// Removes what crashed writers left `age` ago or longer; gives how many files.
pub(super) fn sweep(scratch: &Path, age: Duration) -> usize {
    let Ok(entries) = fs::read_dir(scratch) else {
        return 0;
    };
    let mut removed = 0;
    for entry in entries.flatten() {
        let changed = entry.metadata().and_then(|meta| meta.modified());
        let since = changed.ok().and_then(|at| at.elapsed().ok());
        // A copy that is read does not change while its job lasts.
        let is_copy = entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(COPY.as_bytes());
        let age = if is_copy { age * 7 } else { age };
        if since.is_some_and(|since| since >= age) && fs::remove_file(entry.path()).is_ok() {
            removed += 1;
        }
    }
    removed
}
