//! The same per group: how often the model was right about whom, and whom it missed.

use helder_evaluation::Proportion;

use super::{CONFIDENCE, Estimate, Listed, Looked, Missed, difference, missed};
use crate::{hidden, smallest_detectable_difference};

/// A group beside all other groups that are shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupContrast {
    /// Share with the outcome, less that of the others, with its 95 % interval.
    pub difference: Estimate,
    /// Whether the difference is not 0 even when all groups are looked at (Bonferroni, 5 % over all groups).
    pub differs: bool,
    /// The smallest difference that these numbers would have shown in four of five cases, over all groups; `None` when none would.
    pub detectable: Option<f64>,
}

/// What was found of a group. `None` where too few people stand behind a figure, or where it would give away another group.
#[derive(Clone, Debug, PartialEq)]
pub struct ControlGroup {
    /// Its name.
    pub group: String,
    /// Rows scored.
    pub scored: Option<usize>,
    /// Of those picked.
    pub picked: Option<Looked>,
    /// Of those drawn who were not picked.
    pub rest: Option<Looked>,
    /// Cases missed among all who were not picked.
    pub missed: Option<Missed>,
    /// How often a pick was right, beside the other groups.
    pub picked_contrast: Option<GroupContrast>,
    /// How often somebody passed over was a case, beside the other groups.
    pub rest_contrast: Option<GroupContrast>,
}

/// Groups of a sensitive feature.
#[derive(Clone, Debug, PartialEq)]
pub struct ControlFeature {
    /// Its name.
    pub feature: String,
    /// Its groups, in the order of their names.
    pub groups: Vec<ControlGroup>,
}

/// What was found per group.
///
/// * `scored` – per group its name and how many rows were scored, in the order that is wanted
/// * `rows` – those on the list, each with the place of its group
/// * `smallest` – fewest people behind a figure; see [`hidden`]
///
/// Rows with a place beyond the groups count for nothing.
pub fn control_by_group(
    feature: &str,
    scored: &[(String, usize)],
    rows: &[(usize, Listed)],
    smallest: usize,
) -> ControlFeature {
    let of = |group: usize, is_wanted: fn(&Listed) -> bool| {
        let mine = rows
            .iter()
            .filter(|(of, row)| *of == group && is_wanted(row));
        Looked::at(mine.map(|(_, row)| row))
    };
    let places = 0..scored.len();
    let picked: Vec<Looked> = places
        .clone()
        .map(|group| of(group, |row| row.is_picked))
        .collect();
    let rest: Vec<Looked> = places
        .clone()
        .map(|group| of(group, |row| row.is_sampled && !row.is_picked))
        .collect();
    let sizes: Vec<usize> = scored.iter().map(|(_, rows)| *rows).collect();
    let is_small = hidden(&sizes, smallest);
    let shown = |looked: &[Looked]| -> Vec<Option<Looked>> {
        let told: Vec<usize> = looked.iter().map(|looked| looked.share().total).collect();
        let is_hidden = hidden(&told, smallest);
        looked
            .iter()
            .enumerate()
            .map(|(group, looked)| {
                let is_shown = !is_small[group] && !is_hidden[group] && told[group] > 0;
                is_shown.then_some(*looked)
            })
            .collect()
    };
    let (picked_shown, rest_shown) = (shown(&picked), shown(&rest));
    let (picked_contrasts, rest_contrasts) = (contrasts(&picked_shown), contrasts(&rest_shown));
    let groups = places.map(|group| ControlGroup {
        group: scored[group].0.clone(),
        scored: (!is_small[group]).then_some(sizes[group]),
        picked: picked_shown[group],
        rest: rest_shown[group],
        missed: picked_shown[group]
            .zip(rest_shown[group])
            .and_then(|(picked, rest)| missed(sizes[group], picked, rest)),
        picked_contrast: picked_contrasts[group],
        rest_contrast: rest_contrasts[group],
    });
    ControlFeature {
        feature: feature.to_owned(),
        groups: groups.collect(),
    }
}

/// Each group that is shown beside the others that are.
fn contrasts(shown: &[Option<Looked>]) -> Vec<Option<GroupContrast>> {
    let shares: Vec<Option<Proportion>> = shown
        .iter()
        .map(|looked| looked.map(Looked::share))
        .collect();
    let n_shown = shares.iter().flatten().count();
    // Of two groups the one beside the other is the same question twice.
    let questions = if n_shown == 2 { 1 } else { n_shown.max(1) };
    let together = 1.0 - (1.0 - CONFIDENCE) / questions as f64;
    let of = |group: usize| {
        let own = shares[group]?;
        let others = shares
            .iter()
            .enumerate()
            .filter(|(place, _)| *place != group);
        let others = others.filter_map(|(_, share)| *share);
        let sum = others.fold(Proportion::default(), |sum, share| {
            Proportion::new(sum.count + share.count, sum.total + share.total)
        });
        let sure = difference(own, sum, together)?.interval;
        Some(GroupContrast {
            difference: difference(own, sum, CONFIDENCE)?,
            differs: sure.low > 0.0 || sure.high < 0.0,
            detectable: smallest_detectable_difference(own, sum, together),
        })
    };
    (0..shares.len()).map(of).collect()
}
