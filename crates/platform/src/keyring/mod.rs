//! Keys: one per organisation and purpose, each destroyable by itself.
//!
//! A *data key* is 32 random bytes, kept on a shelf (a folder, or a bucket) wrapped by a *master key* that lives in a
//! file, the environment or a Kubernetes secret. Who takes only one of the two has nothing. Destroying a data key makes
//! every pseudonym or sealed file made with it meaningless for good, also in backups of the data; what is left is a
//! note of when it was destroyed, and no new key takes its place.

mod master;
mod pseudonym;
mod rotate;
mod seal;
mod shelf;
#[cfg(test)]
mod tests;
mod unseal;

use std::sync::Arc;

use aws_lc_rs::rand;
use helder_types::OrganisationId;
use uuid::Uuid;

pub use master::MasterKeys;
pub use pseudonym::Pseudonymiser;
pub use rotate::{Change, Rewrapped, change_masters};
pub use seal::{SEGMENT_BYTES, SealingWriter};
use shelf::Shelf;
pub use unseal::UnsealingReader;

use crate::{
    bucket::{BucketError, BucketSettings},
    clock,
    problem::{Problem, Result},
};

/// The keys cannot be used; told at start, never shown to a client.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    /// The master keys are not `name:<base64 of 32 bytes>` lines.
    #[error("master keys must be lines of name:<base64 of 32 bytes>, newest first")]
    Master,
    /// The file with master keys cannot be read or made.
    #[error("cannot use the file with master keys")]
    File(#[source] std::io::Error),
    /// Others may read the file with master keys.
    #[error(
        "the file with master keys can be read by others; make it readable by its owner only (chmod 600)"
    )]
    Exposed,
    /// The name of a master key that is to be added, used or dropped.
    #[error(
        "a new master key needs a name of its own in letters and digits; another must be one that is there"
    )]
    Name,
    /// The URL names no shelf.
    #[error("key shelf url must be file:<folder> or s3://<bucket>/<prefix>")]
    Shelf,
    /// The bucket's settings are wrong.
    #[error("cannot use the bucket of the key shelf")]
    Bucket(#[from] BucketError),
}

/// Hands out what works with keys, never the keys. Cheap to clone.
#[derive(Clone)]
pub struct KeyRing {
    masters: Arc<MasterKeys>,
    shelf: Shelf,
}

/// 32 secret bytes that never print.
#[derive(Clone)]
pub(crate) struct Secret([u8; 32]);

impl Drop for Secret {
    fn drop(&mut self) {
        self.0 = std::hint::black_box([0; 32]);
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyRing(…)")
    }
}

/// What an organisation's sealed files are for; bound into each file.
const IDENTITY: &str = "identity";

impl KeyRing {
    /// A key ring with these master keys.
    ///
    /// * `shelf` – `file:<folder>` (made when absent) or `s3://<bucket>/<prefix>`
    ///
    /// # Errors
    /// [`KeyRingError`] when the shelf cannot be used.
    pub fn open(masters: MasterKeys, shelf: &str) -> std::result::Result<Self, KeyRingError> {
        Self::open_with(masters, shelf, &BucketSettings::default())
    }

    /// The same, with what the configuration says of a bucket.
    ///
    /// # Errors
    /// [`KeyRingError`] when the shelf cannot be used.
    pub fn open_with(
        masters: MasterKeys,
        shelf: &str,
        bucket: &BucketSettings,
    ) -> std::result::Result<Self, KeyRingError> {
        Ok(Self {
            masters: Arc::new(masters),
            shelf: Shelf::open(shelf, bucket)?,
        })
    }

    /// Whether [`KeyRing::open_with`] could use this shelf; makes nothing and asks nobody.
    ///
    /// # Errors
    /// As [`KeyRing::open_with`].
    pub fn check(shelf: &str, bucket: &BucketSettings) -> std::result::Result<(), KeyRingError> {
        if shelf.starts_with("file:") {
            return Ok(());
        }
        if !shelf.starts_with("s3://") {
            return Err(KeyRingError::Shelf);
        }
        Ok(crate::bucket::Bucket::open(shelf, bucket).map(drop)?)
    }

    /// Replaces direct identifiers within one project; made on first use.
    ///
    /// # Errors
    /// 409 `key-destroyed` when the project's key was destroyed, 503 when the shelf is away.
    pub async fn pseudonymiser(
        &self,
        organisation: &OrganisationId,
        project: Uuid,
    ) -> Result<Pseudonymiser> {
        let key = self
            .data_key(organisation, &pseudonym_purpose(project))
            .await?;
        Ok(Pseudonymiser::new(&key))
    }

    /// Seals and opens the identity parts of one organisation; made on first use.
    ///
    /// # Errors
    /// 409 `key-destroyed` when the organisation's key was destroyed, 503 when the shelf is away.
    pub async fn sealer(&self, organisation: &OrganisationId) -> Result<Sealer> {
        let key = self.data_key(organisation, IDENTITY).await?;
        Ok(Sealer {
            key,
            organisation: organisation.clone(),
            purpose: IDENTITY,
        })
    }

    /// Destroys a project's pseudonym key. Pseudonyms made with it can no longer be tied to a person.
    ///
    /// # Errors
    /// 503 when the shelf is away.
    pub async fn destroy_pseudonyms(
        &self,
        organisation: &OrganisationId,
        project: Uuid,
    ) -> Result<()> {
        self.destroy(organisation, &pseudonym_purpose(project))
            .await
    }

    /// The same, when there is a key and it was not destroyed before.
    ///
    /// # Errors
    /// 503 when the shelf is away.
    pub async fn destroy_pseudonyms_once(
        &self,
        organisation: &OrganisationId,
        project: Uuid,
    ) -> Result<()> {
        let purpose = pseudonym_purpose(project);
        match self.shelf.get(organisation, &purpose).await? {
            Some(lying) if !lying.starts_with(b"destroyed ") => {
                self.destroy(organisation, &purpose).await
            }
            _ => Ok(()),
        }
    }

    /// Destroys the key of an organisation's identity parts. No identity part of it can be read any more.
    ///
    /// # Errors
    /// 503 when the shelf is away.
    pub async fn destroy_identities(&self, organisation: &OrganisationId) -> Result<()> {
        self.destroy(organisation, IDENTITY).await
    }

    /// Whether the shelf answers; for `helder doctor`.
    ///
    /// # Errors
    /// 503 when it is away.
    pub async fn ping(&self) -> Result<()> {
        let nobody = "helder-doctor".parse().map_err(Problem::internal)?;
        self.shelf.get(&nobody, "ping").await.map(drop)
    }

    async fn destroy(&self, organisation: &OrganisationId, purpose: &str) -> Result<()> {
        let note = format!("destroyed {}\n", clock::now());
        self.shelf
            .replace(organisation, purpose, note.into_bytes())
            .await
    }

    async fn data_key(&self, organisation: &OrganisationId, purpose: &str) -> Result<Secret> {
        let found = self.shelf.get(organisation, purpose).await?;
        let wrapped = match found {
            Some(wrapped) => wrapped,
            None => self.make(organisation, purpose).await?,
        };
        if wrapped.starts_with(b"destroyed ") {
            return Err(Problem::conflict(
                "key-destroyed",
                "the keys of this data were destroyed; it cannot be used",
            ));
        }
        self.masters.unwrap(&wrapped, organisation, purpose)
    }

    /// Puts a fresh key on the shelf. Somebody else may be first: what then lies there is the key.
    async fn make(&self, organisation: &OrganisationId, purpose: &str) -> Result<Vec<u8>> {
        let fresh = self
            .masters
            .wrap(&Secret::random()?, organisation, purpose)?;
        self.shelf.create(organisation, purpose, fresh).await?;
        let lying = self.shelf.get(organisation, purpose).await?;
        lying.ok_or_else(|| Problem::internal("a key just made is not on its shelf"))
    }
}

/// Copies what lies on one shelf to another, wrapped as it is; gives how many keys. What was destroyed on either stays
/// destroyed, or becomes it.
///
/// # Errors
/// 503 when a shelf is away, 500 when one cannot be used.
pub async fn copy_shelf(from: &str, to: &str, bucket: &BucketSettings) -> Result<usize> {
    let open = |url| Shelf::open(url, bucket).map_err(Problem::internal);
    let (from, to) = (open(from)?, open(to)?);
    let keys = from.list().await?;
    for (organisation, purpose) in &keys {
        let lying = to.get(organisation, purpose).await?;
        let is_destroyed = |key: &Option<Vec<u8>>| {
            key.as_ref()
                .is_some_and(|key| key.starts_with(b"destroyed "))
        };
        let key = from.get(organisation, purpose).await?;
        if let Some(key) = key
            && !is_destroyed(&lying)
        {
            to.replace(organisation, purpose, key).await?;
        }
    }
    Ok(keys.len())
}

fn pseudonym_purpose(project: Uuid) -> String {
    format!("pseudonym-{project}")
}

impl Secret {
    fn random() -> Result<Self> {
        let mut bytes = [0; 32];
        rand::fill(&mut bytes).map_err(Problem::internal)?;
        Ok(Self(bytes))
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Seals and opens files of one organisation.
#[derive(Clone)]
pub struct Sealer {
    key: Secret,
    organisation: OrganisationId,
    purpose: &'static str,
}

impl Sealer {
    /// A writer that seals what goes through it; end it with [`SealingWriter::finish`].
    ///
    /// # Errors
    /// When `inner` cannot be written.
    pub fn writer<W: std::io::Write>(&self, inner: W) -> std::io::Result<SealingWriter<W>> {
        SealingWriter::new(inner, &self.key, &self.label())
    }

    /// A reader of what [`Sealer::writer`] made. It answers no byte that was changed, moved or of another organisation,
    /// and fails at the end of a file that was cut.
    ///
    /// # Errors
    /// When `inner` cannot be read or is not a sealed file of this organisation.
    pub fn reader<R: std::io::Read>(&self, inner: R) -> std::io::Result<UnsealingReader<R>> {
        UnsealingReader::new(inner, &self.key, &self.label())
    }

    fn label(&self) -> String {
        format!("{}\n{}", self.organisation, self.purpose)
    }
}
