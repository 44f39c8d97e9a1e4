//! All objects of a store, for backups.

use std::path::Path;

use futures_util::StreamExt as _;
use helder_types::{Digest, OrganisationId};

use super::{Backend, Objects, away, remote};
use crate::problem::{Problem, Result};

/// An object as the store lists it; its bytes were not looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Whose.
    pub organisation: OrganisationId,
    /// Its name, which is the digest of its bytes.
    pub digest: Digest,
    /// Its size, bytes.
    pub size_bytes: u64,
}

impl Objects {
    /// Every object, in the order of organisation and digest. What is being written meanwhile may be in it or not.
    ///
    /// # Errors
    /// 503 when the store is away; 500 when something lies there that is no object of ours.
    pub async fn list(&self) -> Result<Vec<Listed>> {
        let mut found = match &self.backend {
            Backend::Local(root) => {
                let root = root.clone();
                tokio::task::spawn_blocking(move || in_folder(&root))
                    .await
                    .map_err(Problem::internal)??
            }
            Backend::Remote(bucket) => {
                let prefix = remote::prefix(&bucket.prefix);
                let mut listing = bucket.store.list(prefix.as_ref());
                let mut found = Vec::new();
                while let Some(entry) = bucket.within(0, listing.next()).await? {
                    let entry = entry.map_err(away)?;
                    let mut parts: Vec<_> = entry.location.parts().collect();
                    let (digest, organisation) = (parts.pop(), parts.pop());
                    let name = |part: Option<object_store::path::PathPart<'_>>| {
                        part.map(|part| part.as_ref().to_owned())
                            .unwrap_or_default()
                    };
                    found.push(listed(&name(organisation), &name(digest), entry.size)?);
                }
                found
            }
        };
        found.sort();
        Ok(found)
    }
}

fn in_folder(root: &Path) -> Result<Vec<Listed>> {
    let mut found = Vec::new();
    for folder in std::fs::read_dir(root).map_err(away)? {
        let folder = folder.map_err(away)?;
        let organisation = folder.file_name().to_string_lossy().into_owned();
        // What is on its way in has no name yet.
        if organisation.starts_with('.') {
            continue;
        }
        for file in std::fs::read_dir(folder.path()).map_err(away)? {
            let file = file.map_err(away)?;
            let size = file.metadata().map_err(away)?.len();
            found.push(listed(
                &organisation,
                &file.file_name().to_string_lossy(),
                size,
            )?);
        }
    }
    Ok(found)
}

pub(super) fn listed(organisation: &str, digest: &str, size_bytes: u64) -> Result<Listed> {
    let strange = || Problem::internal("something lies in the object store that is no object");
    Ok(Listed {
        organisation: organisation.parse().map_err(|_| strange())?,
        digest: format!("sha256:{digest}").parse().map_err(|_| strange())?,
        size_bytes,
    })
}
