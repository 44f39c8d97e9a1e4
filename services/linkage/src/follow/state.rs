//! The state in the object store: sealed as identity parts are.

use std::io::{BufWriter, Read, Write as _};

use helder_platform::{
    keyring::KeyRing,
    objects::Objects,
    problem::{Problem, Result},
};
use helder_record_linkage::incremental::{Frozen, State, entities::Entities};
use helder_types::OrganisationId;

use super::Continuation;
use crate::{parts::Waits, wire::LinkedDataset};

/// Bytes that are unsealed before asking whether to go on.
const UNSEALED_AT_ONCE: u64 = 16 << 20;

/// Where bytes lie, and what opens them.
pub(crate) type Stores<'a> = (&'a Objects, &'a KeyRing);

/// Writes a state with the numbers of its persons.
///
/// # Errors
/// 409 `key-destroyed`; 503 when a store is away or full.
pub(super) fn save(
    (objects, keyring): Stores<'_>,
    organisation: &OrganisationId,
    (state, entities): (&State, &Entities),
    waits: &impl Waits,
) -> Result<LinkedDataset> {
    let sealer = waits.wait(keyring.sealer(organisation))?;
    let sealing = sealer.writer(objects.writer(organisation)?);
    let mut file = BufWriter::with_capacity(1 << 20, sealing.map_err(Problem::internal)?);
    state
        .write(entities, &mut file)
        .map_err(Problem::internal)?;
    file.flush().map_err(Problem::internal)?;
    let sealing = file
        .into_inner()
        .map_err(|error| Problem::internal(error.into_error()))?;
    let writer = sealing.finish().map_err(Problem::internal)?;
    let (digest, size_bytes) = writer.finish()?;
    let right = if state.frozen().is_within() {
        0
    } else {
        state.right().keys().len()
    };
    Ok(LinkedDataset {
        digest,
        rows: (state.left().keys().len() + right) as u64,
        size_bytes,
    })
}

/// Reads the state of a run.
///
/// # Errors
/// 409 `previous-state-gone` when it was removed, 409 `key-destroyed`, 500 when it is damaged, 503 when a store is away.
pub(super) fn read(
    (objects, keyring): Stores<'_>,
    organisation: &OrganisationId,
    state: &LinkedDataset,
    waits: &impl Waits,
) -> Result<(State, Entities)> {
    let file = waits.wait(objects.get_to_file(organisation, &state.digest));
    let file = file.map_err(|problem| {
        if problem.status() == 404 {
            gone()
        } else {
            problem
        }
    })?;
    let sealer = waits.wait(keyring.sealer(organisation))?;
    let mut reader = sealer.reader(file.open()?).map_err(Problem::internal)?;
    let mut plain = Vec::new();
    while reader
        .by_ref()
        .take(UNSEALED_AT_ONCE)
        .read_to_end(&mut plain)
        .map_err(Problem::internal)?
        > 0
    {
        waits.go_on()?;
        waits.has_room_for(plain.len() as u64)?;
    }
    waits.hold(plain.len() as u64)?;
    State::read(&plain).map_err(Problem::internal)
}

/// The state was there and is no longer.
pub(super) fn gone() -> Problem {
    Problem::conflict(
        "previous-state-gone",
        "what that run kept has been removed with the parts it was made of; start a new series without `previous`",
    )
}

/// The model of a run of a series, with the population it counts in; `None` for other runs.
///
/// # Errors
/// As [`read`].
pub(crate) fn frozen(
    stores: Stores<'_>,
    organisation: &OrganisationId,
    continuation: Option<&Continuation>,
    waits: &impl Waits,
) -> Result<Option<Frozen>> {
    continuation
        .map(|of| {
            Ok(read(stores, organisation, &of.state, waits)?
                .0
                .frozen()
                .clone())
        })
        .transpose()
}
