//! Work on identity parts outside a job: the waterfall of a pair, counts of blocking rules, and rules for a wanted recall. Blocking; call
//! from a blocking thread.

use helder_platform::{
    keyring::KeyRing,
    logboek::Subjects,
    objects::Objects,
    problem::{Problem, Result},
};
use helder_record_linkage::{
    Bound, LinkageSpec,
    blocking::{Candidates, advise::advise, complete},
    run::within,
    waterfall,
};
use helder_types::{Fault, OrganisationId};

use crate::{
    follow,
    output::{find_link, find_rival_bar},
    parts::{self, Records, Waits},
    versions::Inputs,
    wire::{
        Outcome, PairExplanation, PairRows, RuleCounts, RuleReach, RuleSuggestion, SuggestedRule,
    },
};

/// Above so many pairs, what each rule adds is estimated from a part of the left rows.
const COUNTED_PAIRS: u64 = 50_000_000;

/// Both sides as a run reads them, and the specification as it uses it.
struct Sides {
    left: Records,
    /// `None` within one version.
    right: Option<Records>,
    spec: LinkageSpec,
}

impl Sides {
    fn read(
        stores: (&Objects, &KeyRing),
        organisation: &OrganisationId,
        (spec, inputs): (&LinkageSpec, &Inputs),
        waits: &impl Waits,
    ) -> Result<Self> {
        let read = |is_left: bool| {
            let input = if is_left { &inputs.left } else { &inputs.right };
            parts::read(stores, organisation, input, (spec, &[]), is_left, waits)
        };
        Ok(Self {
            left: read(true)?,
            right: if inputs.is_within {
                None
            } else {
                Some(read(false)?)
            },
            spec: if inputs.is_within {
                within(spec)
            } else {
                spec.clone()
            },
        })
    }

    fn right(&self) -> &Records {
        self.right.as_ref().unwrap_or(&self.left)
    }

    fn bound(&self) -> Bound {
        match &self.right {
            Some(right) => Bound::new(&self.spec, &self.left.table, &right.table),
            None => Bound::within(&self.spec, &self.left.table),
        }
    }
}

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
    waits: &impl Waits,
) -> Result<PairExplanation> {
    let sides = Sides::read((objects, keyring), organisation, (spec, inputs), waits)?;
    let (left, right) = (&sides.left, sides.right());
    // Within one version a pair is told from its first row.
    let rows = if inputs.is_within && rows.left_row > rows.right_row {
        PairRows {
            left_row: rows.right_row,
            right_row: rows.left_row,
        }
    } else {
        rows
    };
    if inputs.is_within && rows.left_row == rows.right_row {
        return Err(Problem::invalid(vec![Fault::new(
            "/rightRow",
            "same-row",
            "name two different rows",
        )]));
    }
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
    let links = waits.wait(objects.get_to_file(organisation, &outcome.linked_dataset.digest))?;
    let scored = waits.wait(objects.get_to_file(organisation, &outcome.scored_pairs.digest))?;
    let link = find_link(&links, pair)?;
    let rival_bar = find_rival_bar(&scored, pair)?;
    // A run of a series counts in the population of its model, not in that of its versions.
    let stores = (objects, keyring);
    let frozen = follow::frozen(stores, organisation, outcome.continuation.as_ref(), waits)?;
    let shown = outcome.model.as_ref().map(|model| {
        let (bound, spec) = match &frozen {
            None => (sides.bound(), &sides.spec),
            Some(frozen) => {
                let other = sides.right.as_ref().map(|right| right.table.clone());
                (frozen.bound(left.table.clone(), other), frozen.spec())
            }
        };
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
        step: link.as_ref().map(|link| link.step),
        runner_up_gap: link.and_then(|link| link.runner_up_gap),
        rivals_weighed: rival_bar.is_some(),
        waterfall: shown,
    })
}

/// Counts the pairs each rule of a run would reach, and adds to those of the rules before it; compares none. Adds everybody to `people`.
///
/// # Errors
/// Those of the object store and the key ring.
pub(crate) fn count(
    stores: (&Objects, &KeyRing),
    organisation: &OrganisationId,
    (spec, inputs): (&LinkageSpec, &Inputs),
    people: &mut Subjects,
    waits: &impl Waits,
) -> Result<RuleCounts> {
    for input in inputs.sides() {
        crate::people::of(stores.0, organisation, input, waits, people)?;
    }
    let sides = Sides::read(stores, organisation, (spec, inputs), waits)?;
    let bound = sides.bound();
    let rules = complete::rules(&bound, &sides.spec);
    let mut candidates = Candidates::new(&bound, &sides.spec, &rules);
    let added = candidates
        .cumulative(COUNTED_PAIRS, &())
        .map_err(Problem::internal)?;
    let mut cumulative_pairs = 0;
    let counts = candidates.counts().into_iter().zip(added.new_pairs);
    let rules = counts.enumerate().map(|(place, (count, new_pairs))| {
        cumulative_pairs += new_pairs;
        RuleReach {
            count,
            is_declared: place < sides.spec.blocking_rules.len(),
            new_pairs,
            cumulative_pairs,
        }
    });
    Ok(RuleCounts {
        rules: rules.collect(),
        candidate_pairs: cumulative_pairs,
        is_estimated: added.one_in > 1,
        all_pairs: bound.n_pairs() as u64,
    })
}

/// Rules that reach a wanted recall at the least cost; adds everybody to `people`.
///
/// # Errors
/// Those of the object store and the key ring.
pub(crate) fn suggest_rules(
    stores: (&Objects, &KeyRing),
    organisation: &OrganisationId,
    (spec, inputs, recall): (&LinkageSpec, &Inputs, f64),
    people: &mut Subjects,
    waits: &impl Waits,
) -> Result<RuleSuggestion> {
    for input in inputs.sides() {
        crate::people::of(stores.0, organisation, input, waits, people)?;
    }
    let sides = Sides::read(stores, organisation, (spec, inputs), waits)?;
    let right = sides.right.as_ref().map(|right| &right.table);
    let advice = advise(spec, &sides.left.table, right, recall, &()).map_err(Problem::internal)?;
    let mut spec = spec.clone();
    if !advice.rules.is_empty() {
        spec.blocking_rules = advice.rules.iter().map(|rule| rule.rule.clone()).collect();
        spec.pairs_per_record = 0.0;
    }
    let rules = advice.rules.iter().map(|rule| SuggestedRule {
        rule: rule.rule.label(),
        expected_pairs: rule.expected_pairs.round() as u64,
        cumulative_recall: rule.cumulative_recall,
    });
    Ok(RuleSuggestion {
        rules: rules.collect(),
        spec,
        expected_recall: advice.expected_recall,
        is_reached: advice.expected_recall >= recall,
        expected_pairs: advice.expected_pairs.round() as u64,
        probable_pairs: advice.probable_pairs,
    })
}
