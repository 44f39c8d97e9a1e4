//! Parts in the object store: writing them plain or sealed, opening them again.

use std::{
    fs::File,
    io::{self, Read, Seek, Write},
    path::Path,
};

use helder_platform::{
    jobs::JobContext,
    keyring::{KeyRing, Sealer, SealingWriter},
    objects::{ObjectWriter, Objects},
    problem::{Problem, Result},
};
use helder_types::{Digest, OrganisationId};

use crate::wire::PartInfo;

/// What jobs work with.
#[derive(Clone)]
pub(crate) struct Stores {
    /// Where parts lie.
    pub(crate) objects: Objects,
    /// Seals, and makes pseudonyms.
    pub(crate) keyring: KeyRing,
    /// Folder for files that are unlinked as soon as they are open.
    pub(crate) scratch: std::path::PathBuf,
}

/// A part being written.
pub(crate) enum Sink {
    /// As it is.
    Plain(ObjectWriter),
    /// Sealed for the organisation.
    Sealed(Box<SealingWriter<ObjectWriter>>),
}

impl Sink {
    /// A part in the clear.
    pub(crate) fn plain(objects: &Objects, organisation: &OrganisationId) -> Result<Self> {
        Ok(Self::Plain(objects.writer(organisation)?))
    }

    /// A sealed part.
    pub(crate) fn sealed(
        objects: &Objects,
        organisation: &OrganisationId,
        sealer: &Sealer,
    ) -> Result<Self> {
        let writer = sealer
            .writer(objects.writer(organisation)?)
            .map_err(Problem::internal)?;
        Ok(Self::Sealed(Box::new(writer)))
    }

    /// Keeps the part.
    pub(crate) fn finish(self, rows: u64) -> Result<PartInfo> {
        let writer = match self {
            Self::Plain(writer) => writer,
            Self::Sealed(writer) => writer.finish().map_err(Problem::internal)?,
        };
        let (digest, size_bytes) = writer.finish()?;
        Ok(PartInfo {
            digest,
            size_bytes,
            rows,
        })
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(writer) => writer.write(bytes),
            Self::Sealed(writer) => writer.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(writer) => writer.flush(),
            Self::Sealed(writer) => writer.flush(),
        }
    }
}

impl Stores {
    /// A part in the clear, as a file that can be read from any place.
    pub(crate) fn open(&self, job: &JobContext, digest: &Digest) -> Result<File> {
        job.block_on(self.objects.get_to_file(job.organisation(), digest))?
            .open()
    }

    /// A sealed object as a stream of its plain bytes.
    pub(crate) fn unseal(
        &self,
        job: &JobContext,
        sealer: &Sealer,
        digest: &Digest,
    ) -> Result<impl Read + Send + use<>> {
        sealer
            .reader(io::BufReader::with_capacity(
                256 << 10,
                self.open(job, digest)?,
            ))
            .map_err(Problem::internal)
    }

    /// A sealed object as a file that can be read from any place. The plain copy has no name: it goes with the process.
    pub(crate) fn unseal_to_file(
        &self,
        job: &JobContext,
        sealer: &Sealer,
        digest: &Digest,
    ) -> Result<File> {
        let mut file = nameless(&self.scratch)?;
        io::copy(&mut self.unseal(job, sealer, digest)?, &mut file).map_err(Problem::internal)?;
        file.rewind().map_err(Problem::internal)?;
        Ok(file)
    }
}

fn nameless(folder: &Path) -> Result<File> {
    tempfile::tempfile_in(folder)
        .map_err(|error| Problem::unavailable("no room for temporary files", 60).caused_by(error))
}
