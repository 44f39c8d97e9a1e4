//! A look at the rows of two versions, on record.

use std::collections::BTreeSet;

use helder_platform::{
    keyring::KeyRing,
    logboek::{self, Act, Subjects},
    objects::Objects,
    problem::{Problem, Result},
    purpose::Purpose,
    store::Store,
};
use helder_record_linkage::LinkageSpec;
use helder_types::{Caller, OrganisationId};
use tokio::{runtime::Handle, sync::Semaphore, task::spawn_blocking};

use super::App;
use crate::{
    check::Usable,
    memory::Beside,
    parts, people,
    versions::{Input, Inputs},
};

/// What a look at two versions works with.
pub(super) struct Work<'a> {
    pub(super) objects: &'a Objects,
    pub(super) keyring: &'a KeyRing,
    pub(super) organisation: &'a OrganisationId,
    pub(super) inputs: &'a Inputs,
    pub(super) subjects: &'a mut Subjects,
    pub(super) waits: Beside<'a, Handle>,
}

/// Looks at two versions, one request at a time through this gate, and puts on record whose they are.
pub(super) async fn looked_at<T: Send + 'static>(
    (app, gate): (&App, &Semaphore),
    store: &Store,
    caller: &Caller,
    mut act: Act,
    inputs: Inputs,
    look: impl FnOnce(Work<'_>) -> Result<T> + Send + 'static,
) -> Result<T> {
    let _one_at_a_time = gate.acquire().await.map_err(Problem::internal)?;
    let (objects, keyring, memory) = (app.objects.clone(), app.keyring.clone(), app.memory);
    let organisation = caller.organisation.clone();
    let looked = spawn_blocking(move || {
        let runtime = Handle::current();
        let seen = look(Work {
            objects: &objects,
            keyring: &keyring,
            organisation: &organisation,
            inputs: &inputs,
            subjects: &mut act.subjects,
            waits: memory.beside(0, &runtime),
        });
        (act, seen)
    });
    let (act, seen) = looked.await.map_err(Problem::internal)?;
    logboek::on_record(store, act, seen).await
}

/// What the columns of `usable` suggest to link on: by their values where no contract says what they mean, which is put on record.
///
/// # Errors
/// Those of the object store, and why the work was stopped.
pub(super) async fn suggestion(
    app: &App,
    store: &Store,
    caller: &Caller,
    purpose: &Purpose,
    usable: Usable,
) -> Result<LinkageSpec> {
    if usable.unexplained().iter().all(BTreeSet::is_empty) {
        return Ok(usable.suggestion());
    }
    let act = Act::begin("linkage", caller, purpose, "choice of comparisons");
    let inputs = usable.inputs.clone();
    let work = move |mut work: Work<'_>| by_values(&usable, &mut work);
    looked_at((app, &app.looks), store, caller, act, inputs, work).await
}

/// The suggestion by what the values look like, of everybody in both versions.
///
/// # Errors
/// Those of the object store, and why the work was stopped.
pub(super) fn by_values(usable: &Usable, work: &mut Work<'_>) -> Result<LinkageSpec> {
    for input in work.inputs.sides() {
        people::of(
            work.objects,
            work.organisation,
            input,
            &work.waits,
            work.subjects,
        )?;
    }
    let [left, right] = usable.unexplained();
    let of = |input: &Input, names: &BTreeSet<&str>| {
        parts::first_rows(work.objects, work.organisation, input, names, &work.waits)
    };
    Ok(usable.suggestion_by_values(&[
        of(&work.inputs.left, &left)?,
        of(&work.inputs.right, &right)?,
    ]))
}
