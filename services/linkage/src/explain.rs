//! Work on identity parts outside a job: the waterfall of a pair, and counts of blocking rules. Blocking; call from a blocking thread.

use helder_platform::{
    keyring::KeyRing,
    logboek::Subjects,
    objects::Objects,
    problem::{Problem, Result},
};
use helder_record_linkage::{
    Bound, LinkageSpec,
    blocking::{Candidates, complete},
    waterfall,
};
use helder_types::{Fault, OrganisationId};
use tokio::runtime::Handle;

use crate::{
    output::{find_link, find_rival_bar},
    parts,
    versions::Inputs,
    wire::{Outcome, PairExplanation, PairRows, RuleCounts},
};

/// Explains a pair of a finished run; adds whom it is about to `people`.
///
/// # Errors
/// 400 when a row does not exist; those of the object store and the key ring.
pub(crate) fn pair(
    (objects, keyring): (&Objects, &KeyRing),
    organisation: &OrganisationId,
    (spec, inputs, outcome): (&LinkageSpec, &Inputs, &Outcome),
    rows: PairRows,
    people: &mut Subjects,
    runtime: &Handle,
) -> Result<PairExplanation> {
    let stores = (objects, keyring);
    let left = parts::read(stores, organisation, &inputs.left, spec, true, runtime)?;
    let right = parts::read(stores, organisation, &inputs.right, spec, false, runtime)?;
    let (Some(left_place), Some(right_place)) =
        (left.place(rows.left_row), right.place(rows.right_row))
    else {
        let mut faults = Vec::new();
        for (pointer, missing) in [
            ("/leftRow", left.place(rows.left_row).is_none()),
            ("/rightRow", right.place(rows.right_row).is_none()),
        ] {
            if missing {
                faults.push(Fault::new(
                    pointer,
                    "unknown-row",
                    "the dataset version has no accepted row with this number",
                ));
            }
        }
        return Err(Problem::invalid(faults));
    };
    let known = left.pseudonyms.as_ref();
    let pseudonym = known.and_then(|all| all.get(left_place)?.as_deref());
    if !pseudonym.is_some_and(|text| people.person_text(text)) {
        people.row(&inputs.left.analysis.to_string(), rows.left_row);
    }
    people.row(&inputs.right.analysis.to_string(), rows.right_row);
    let pair = (rows.left_row, rows.right_row);
    let links =
        runtime.block_on(objects.get_to_file(organisation, &outcome.linked_dataset.digest))?;
    let scored =
        runtime.block_on(objects.get_to_file(organisation, &outcome.scored_pairs.digest))?;
    let link = find_link(&links, pair)?;
    let rival_bar = find_rival_bar(&scored, pair)?;
    let shown = outcome.model.as_ref().map(|model| {
        let bound = Bound::new(spec, &left.table, &right.table);
        let mut shown = waterfall(
            spec,
            &bound,
            model,
            (left_place, right_place),
            rival_bar.unwrap_or(0.0),
        );
        let rules = complete::rules(&bound, spec);
        let candidates = Candidates::new(&bound, spec, &rules);
        shown.found_by = candidates
            .first_rule(left_place, right_place)
            .and_then(|rule| Some(rules.get(rule)?.label()));
        shown
    });
    Ok(PairExplanation {
        left_row: rows.left_row,
        right_row: rows.right_row,
        linked: link.is_some(),
        step: link.map(|link| link.step),
        rivals_weighed: rival_bar.is_some(),
        waterfall: shown,
    })
}

/// Counts the pairs each blocking rule reaches, before any is compared; adds everybody to `people`.
///
/// # Errors
/// Those of the object store and the key ring.
pub(crate) fn count(
    stores: (&Objects, &KeyRing),
    organisation: &OrganisationId,
    (spec, inputs): (&LinkageSpec, &Inputs),
    people: &mut Subjects,
    runtime: &Handle,
) -> Result<RuleCounts> {
    for input in [&inputs.left, &inputs.right] {
        crate::people::of(stores.0, organisation, input, runtime, people)?;
    }
    let left = parts::read(stores, organisation, &inputs.left, spec, true, runtime)?;
    let right = parts::read(stores, organisation, &inputs.right, spec, false, runtime)?;
    let bound = Bound::new(spec, &left.table, &right.table);
    let rules = Candidates::new(&bound, spec, &spec.blocking_rules).counts();
    Ok(RuleCounts {
        rules,
        all_pairs: left.rows.len() as u64 * right.rows.len() as u64,
    })
}
