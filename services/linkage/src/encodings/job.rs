//! The job that links two offered encodings and gives each organisation its own rows.

use std::io::Read as _;

use helder_platform::{
    audit,
    calls::Peers,
    jobs::{JobContext, JobHandler},
    keyring::KeyRing,
    logboek::{self, Act, Status},
    objects::Objects,
    problem::{Problem, Result},
    purpose,
    store::Store,
};
use helder_pprl::{Encoding, LinkError, LinkOptions, link};
use helder_types::{Caller, OrganisationId, ProjectStep};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::memory::{self, Memory};

use super::{
    result,
    table::{self, EncodingRow},
};

/// Kind of these jobs.
pub(crate) const KIND: &str = "encoded-linkage";

/// What the job needs to know.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Payload {
    /// Encoding of the organisation that asks.
    pub(super) own: Uuid,
    /// The other organisation.
    pub(super) partner: OrganisationId,
    /// Its encoding.
    pub(super) other: Uuid,
}

/// Links offered encodings.
pub(crate) struct EncodedLinkageJob {
    /// For the rows of the partner: each organisation's are read and written in a transaction of that organisation.
    pub(crate) store: Store,
    /// Where encodings and results lie.
    pub(crate) objects: Objects,
    /// Opens encodings.
    pub(crate) keyring: KeyRing,
    /// To ask the registry once more whether the project allows it.
    pub(crate) peers: Peers,
    /// What one linkage may take.
    pub(crate) memory: Memory,
}

impl JobHandler for EncodedLinkageJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run(&self, job: &JobContext) -> Result<()> {
        let payload: Payload = job.payload()?;
        let organisation = job.organisation();
        let own = job
            .store()
            .read_blocking(|conn| table::find(conn, organisation, payload.own))?;
        let path = format!("/linkage/v1/encodings/{}", payload.own);
        if own.is_linked_with(payload.other) {
            // The partner asked too, and was first.
            return job.succeed(|_| Ok(path));
        }
        own.stands()?;
        let purpose = job.block_on(purpose::require(
            &self.peers,
            job.caller(),
            own.purpose()?.project,
            ProjectStep::Linkage,
        ))?;
        let mut act = Act::begin("linkage", job.caller(), &purpose, "encodings linked");
        act.called("registry");
        act.note("helder.encoding_id", payload.own.to_string());
        act.note("helder.partner", payload.partner.as_str());
        logboek::during(job, act, |act| self.link(job, &payload, &own, act))
    }
}

impl EncodedLinkageJob {
    fn link(
        &self,
        job: &JobContext,
        payload: &Payload,
        own: &EncodingRow,
        act: &mut Act,
    ) -> Result<()> {
        let organisation = job.organisation();
        let theirs = self.store.of(&payload.partner);
        let other =
            theirs.read_blocking(|conn| table::find(conn, &payload.partner, payload.other))?;
        if !other.is_linked_with(payload.own) {
            other.stands()?;
        }
        job.progress("reading the encodings", 0, 0, "");
        let mine = (organisation, own);
        let its = (&payload.partner, &other);
        // The same sides whoever asks, so that both would find the same.
        let [left, right] = if payload.own < payload.other {
            [mine, its]
        } else {
            [its, mine]
        };
        let size_bytes = left.1.size_bytes() + right.1.size_bytes();
        self.memory.fits("reading the encodings", size_bytes)?;
        let (a, b) = (self.read(job, left)?, self.read(job, right)?);
        job.checkpoint()?;
        job.progress("linking", 0, 0, "");
        let options = LinkOptions {
            memory_bytes: self.memory.limits().memory_bytes,
            ..LinkOptions::default()
        };
        let found = link(&a, &b, options).map_err(|error| match error {
            LinkError::Memory { needed, allowed } => {
                memory::refusal("linking the encodings", needed, allowed)
            }
            error => Problem::conflict("encodings-do-not-fit", error.to_string()),
        })?;
        drop((a, b));
        if !found.convergence.converged {
            return Err(Problem::conflict(
                "not-learned",
                "learning did not come to rest on these encodings; nothing was linked",
            ));
        }
        job.progress("writing the links", 0, 0, "");
        let for_left = result::write(&self.objects, left.0, &found, |link| link.left)?;
        let for_right = result::write(&self.objects, right.0, &found, |link| link.right)?;
        let (for_own, for_other) = if payload.own < payload.other {
            (for_left, for_right)
        } else {
            (for_right, for_left)
        };
        job.checkpoint()?;
        // The partner first: the own row ends the job, and a job that is tried again writes the partner's once more, the same.
        let partner = Caller {
            organisation: payload.partner.clone(),
            gemeentecode: None,
            subject: other.created_by().to_owned(),
            client: "helder-linkage".to_owned(),
            permissions: Vec::new(),
        };
        let mut their_act = Act::begin("linkage", &partner, &other.purpose()?, "encodings linked");
        their_act.note("helder.encoding_id", payload.other.to_string());
        their_act.note("helder.partner", organisation.as_str());
        theirs.write_blocking(|conn| {
            let pair = (payload.other, payload.own);
            table::linked(conn, &payload.partner, pair, &for_other)?;
            let object = format!("/encodings/{}", payload.other);
            audit::record(conn, &partner, "encoding.link", &object)?;
            their_act.record(conn, Status::Ok)
        })?;
        job.succeed(|conn| {
            let pair = (payload.own, payload.other);
            table::linked(conn, organisation, pair, &for_own)?;
            let object = format!("/encodings/{}", payload.own);
            audit::record(conn, job.caller(), "encoding.link", &object)?;
            act.record(conn, Status::Ok)?;
            Ok(format!("/linkage/v1/encodings/{}", payload.own))
        })?;
        for (whose, row) in [left, right] {
            if let Err(problem) = job.block_on(self.objects.delete(whose, &row.object()?)) {
                problem.log();
            }
        }
        Ok(())
    }

    fn read(
        &self,
        job: &JobContext,
        (whose, row): (&OrganisationId, &EncodingRow),
    ) -> Result<Encoding> {
        let file = job.block_on(self.objects.get_to_file(whose, &row.object()?))?;
        let mut bytes = Vec::new();
        if row.is_sealed() {
            let sealer = job.block_on(self.keyring.sealer(whose))?;
            let opened = sealer.reader(file.open()?);
            opened.and_then(|mut plain| plain.read_to_end(&mut bytes))
        } else {
            file.open()?.read_to_end(&mut bytes)
        }
        .map_err(Problem::internal)?;
        Encoding::read(bytes).map_err(|error| {
            Problem::conflict(
                "encoding-damaged",
                format!("an encoding cannot be read: {error}; its owner encodes again"),
            )
        })
    }
}
