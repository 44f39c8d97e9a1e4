//! Does everything with a store that the platform does, on an object of its own, for `helder doctor`.

use helder_types::{Digest, OrganisationId};
use object_store::{Error, ObjectStoreExt as _, PutMode, PutOptions};
use uuid::Uuid;

use super::{Backend, Objects, local, remote};
use crate::problem::{Problem, Result};

/// Whose objects the probes are; no organisation has this name.
const NOBODY: &str = "helder-doctor";

/// What a store did not do.
#[derive(Debug)]
pub struct Probed {
    /// Which act: `write`, `read`, `refuse a second writer` or `delete`.
    pub act: &'static str,
    /// What was seen.
    pub problem: Problem,
}

impl Objects {
    /// Writes an object, reads it, tries to write it again, and deletes it.
    ///
    /// # Errors
    /// The first act that did not go as it must.
    pub async fn probe(&self) -> std::result::Result<(), Probed> {
        let failed = |act| move |problem| Probed { act, problem };
        let nobody: OrganisationId = NOBODY
            .parse()
            .map_err(Problem::internal)
            .map_err(failed("write"))?;
        let text = format!("probe {}", Uuid::new_v4());
        let digest = self
            .put_bytes(&nobody, text.clone().into())
            .await
            .map_err(failed("write"))?;
        let read = self.get_bytes(&nobody, &digest, 1_000).await;
        if read.map_err(failed("read"))? != text {
            return Err(failed("read")(Problem::internal("other bytes came back")));
        }
        self.refuses_a_second(&nobody, &digest, &text)
            .await
            .map_err(failed("refuse a second writer"))?;
        let gone = async {
            self.delete(&nobody, &digest).await?;
            if self.exists(&nobody, &digest).await? {
                return Err(Problem::internal("what was deleted is still there"));
            }
            Ok(())
        };
        gone.await.map_err(failed("delete"))?;
        if let Backend::Local(root) = &self.backend {
            // Only when it is empty, so another probe at this moment keeps its object.
            let _ = std::fs::remove_dir(root.join(NOBODY));
        }
        Ok(())
    }

    async fn refuses_a_second(
        &self,
        nobody: &OrganisationId,
        digest: &Digest,
        text: &str,
    ) -> Result<()> {
        let bucket = match &self.backend {
            Backend::Local(root) => {
                // The same as a link that must not replace: see `local::keep`.
                let path = local::path(root, nobody, digest);
                let second = std::fs::File::create_new(path);
                return match second {
                    Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
                    Err(error) => Err(Problem::internal(error)),
                    Ok(_) => Err(Problem::internal("a second writer was let through")),
                };
            }
            Backend::Remote(bucket) => bucket,
        };
        let options = PutOptions {
            mode: PutMode::Create,
            ..PutOptions::default()
        };
        let key = remote::key(&bucket.prefix, nobody, digest);
        let second = bucket.store.put_opts(&key, text.to_owned().into(), options);
        match bucket.within(0, second).await? {
            Err(Error::AlreadyExists { .. }) => {
                // And it is still the first one's.
                bucket
                    .within(0, bucket.store.head(&key))
                    .await?
                    .map(drop)
                    .map_err(Problem::internal)
            }
            Err(error) => Err(Problem::internal(error)),
            Ok(_) => Err(Problem::internal("a second writer was let through")),
        }
    }
}
