//! What writers left behind that were killed: half files, and parts of uploads that nobody will end.
//!
//! Whoever writes, writes all the time: a half file changes, and a part comes in within minutes, or the writer gives up and removes
//! what it made. So what has not changed for a day belongs to nobody, on whatever machine it was begun. Copies that are read do not
//! change while a job reads them; they stay for a week.

use std::{
    collections::BTreeSet,
    sync::Weak,
    time::{Duration, SystemTime},
};

use jiff::Timestamp;

use super::{Backend, Objects, away, list::listed, local};
use crate::{
    bucket::{Bucket, Upload, Uploads},
    problem::Result,
    store::Store,
};

/// Age after which what lies half belongs to nobody any more. An upload's last act, putting its parts together, may take an hour.
pub const ABANDONED: Duration = Duration::from_hours(24);
/// Time between two looks.
const DAY: Duration = Duration::from_hours(24);

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Half files on this machine.
    pub files: usize,
    /// Unfinished uploads in the bucket.
    pub uploads: usize,
}

/// Unfinished uploads without any part, by name, as the former look saw them.
pub type Empty = BTreeSet<String>;

impl Objects {
    /// Removes what has not changed for `age`; only below the prefix of this store, and only what is named as its objects are.
    ///
    /// * `empty` – uploads without a part, which may have begun this moment: they go when a former look saw them too
    ///
    /// # Errors
    /// 503 when the store is away, or does not let uploads be listed.
    pub async fn sweep(&self, age: Duration, empty: &mut Empty) -> Result<Swept> {
        let scratch = self.scratch.clone();
        let files = tokio::task::spawn_blocking(move || local::sweep(&scratch, age))
            .await
            .map_err(away)?;
        let mut swept = Swept { files, uploads: 0 };
        if let Backend::Remote(bucket) = &self.backend
            && let Some(uploads) = &bucket.uploads
        {
            swept.uploads = in_bucket(bucket, uploads, age, empty).await?;
        }
        Ok(swept)
    }

    /// Sweeps at once and then once a day, until the service stops.
    pub(crate) async fn keep_clean<T>(self, store: Store, alive: Weak<T>) {
        let mut empty = Empty::new();
        loop {
            match self.sweep(ABANDONED, &mut empty).await {
                Ok(swept) if swept != Swept::default() => tracing::info!(
                    files = swept.files,
                    uploads = swept.uploads,
                    "what killed writers left in the object store was removed"
                ),
                Ok(_) => {}
                Err(problem) => problem.log(),
            }
            // Short steps, so that the task ends soon after the service.
            for _ in 0..DAY.as_secs() {
                if store.is_closing() || alive.strong_count() == 0 {
                    return;
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn in_bucket(
    bucket: &Bucket,
    uploads: &Uploads,
    age: Duration,
    empty: &mut Empty,
) -> Result<usize> {
    let prefix = match &*bucket.prefix {
        "" => String::new(),
        prefix => format!("{prefix}/"),
    };
    let before = SystemTime::now()
        .checked_sub(age)
        .and_then(|at| Timestamp::try_from(at).ok())
        .unwrap_or(Timestamp::MIN);
    let found = bucket.within(0, uploads.list(&prefix)).await?;
    let former = std::mem::take(empty);
    let mut removed = 0;
    for upload in found.map_err(away)? {
        if !is_ours(&upload, &prefix) || upload.begun > before {
            continue;
        }
        let last = bucket.within(0, uploads.last_part(&upload)).await?;
        let is_left = if let Some(last) = last.map_err(away)? {
            last <= before
        } else {
            empty.insert(upload.id.clone());
            former.contains(&upload.id)
        };
        if is_left {
            let gone = bucket.within(0, uploads.remove(&upload)).await?;
            gone.map_err(away)?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Whether it would become an object of this store.
fn is_ours(upload: &Upload, prefix: &str) -> bool {
    let name = upload.key.strip_prefix(prefix);
    let parts = name.and_then(|name| name.split_once('/'));
    parts.is_some_and(|(organisation, digest)| listed(organisation, digest, 0).is_ok())
}
