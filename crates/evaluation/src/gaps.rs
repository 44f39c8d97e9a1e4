//! What missing values do to the figures.

use serde::{Deserialize, Serialize};

use crate::{EvaluationError, Interval, Proportion, Stability, error::check, stability};

/// Name of the rows with all features filled, in [`Gaps::by_completeness`].
pub const COMPLETE: &str = "complete";
/// Name of the other rows.
pub const INCOMPLETE: &str = "incomplete";

/// Gaps of one feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FeatureGaps {
    /// Name of the feature.
    pub feature: String,
    /// Rows without a value; `None` when they, or the others, are few.
    pub missing: Option<Proportion>,
    /// Share of positives without a value minus share with one; `None` when positives or negatives are few on a side.
    pub outcome_difference: Option<f64>,
    /// Newcombe's interval at 95 %. Without 0 in it, gaps are not by chance, and leaving such rows out would mislead.
    pub outcome_difference_interval_95: Option<Interval>,
}

/// Gaps of all features, the most gaps first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Gaps {
    /// Features with gaps.
    pub features: Vec<FeatureGaps>,
    /// Rows with all features filled; `None` when they, or the others, are few.
    pub complete: Option<Proportion>,
    /// Figures on complete and on incomplete rows apart.
    pub by_completeness: Stability,
}

/// What gaps do.
///
/// * `y`, `probabilities` – shape `(n,)`   * `features` – whether a value is missing, each of shape `(n,)`
///
/// # Errors
/// [`EvaluationError`] when lengths differ, nothing is given, or a value is no probability.
/// # Source
/// Little & Rubin, *Statistical Analysis with Missing Data*, 3rd edition, 2019, §1.3 (missing at random or not).
pub fn gaps(
    y: &[bool],
    probabilities: &[f64],
    features: &[(String, Vec<bool>)],
    smallest: usize,
) -> Result<Gaps, EvaluationError> {
    check(y, probabilities)?;
    let mut found = Vec::new();
    let mut incomplete = vec![false; y.len()];
    for (name, missing) in features {
        if missing.len() != y.len() {
            return Err(EvaluationError::LengthMismatch {
                outcomes: y.len(),
                scores: missing.len(),
            });
        }
        for (row, missing) in incomplete.iter_mut().zip(missing) {
            *row |= missing;
        }
        let side = |gap: bool| {
            let rows = y
                .iter()
                .zip(missing)
                .filter(|(_, missing)| **missing == gap);
            Proportion::new(rows.clone().filter(|(y, _)| **y).count(), rows.count())
        };
        let (without, with) = (side(true), side(false));
        if without.total == 0 {
            continue;
        }
        let large = |count: usize| count == 0 || count >= smallest;
        let shown = without.total >= smallest && large(with.total);
        let outcomes = [without, with]
            .iter()
            .all(|side| side.count >= smallest && side.total - side.count >= smallest);
        let difference = without.value().zip(with.value()).map(|(a, b)| a - b);
        found.push(FeatureGaps {
            feature: name.clone(),
            missing: shown.then(|| Proportion::new(without.total, y.len())),
            outcome_difference: difference.filter(|_| outcomes),
            outcome_difference_interval_95: without.difference_interval(with).filter(|_| outcomes),
        });
    }
    let share = |gaps: &FeatureGaps| gaps.missing.map_or(0, |missing| missing.count);
    found.sort_by_key(|gaps| std::cmp::Reverse(share(gaps)));
    let names: Vec<&str> = incomplete
        .iter()
        .map(|gap| if *gap { INCOMPLETE } else { COMPLETE })
        .collect();
    let complete = incomplete.iter().filter(|gap| !**gap).count();
    let few = |count: usize| count > 0 && count < smallest;
    Ok(Gaps {
        features: found,
        complete: (!few(complete) && !few(y.len() - complete))
            .then(|| Proportion::new(complete, y.len())),
        by_completeness: stability(y, probabilities, &names, smallest)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_that_follow_the_outcome_are_told_from_gaps_by_chance() {
        let y: Vec<bool> = (0..4_000).map(|row| row % 5 == 0).collect();
        let p: Vec<f64> = (0..4_000_u32)
            .map(|row| 0.1 + f64::from(row % 10) / 50.0)
            .collect();
        let features = [
            (
                "soft".to_owned(),
                (0..4_000)
                    .map(|row| row % 3 == 0 || y[row] && row % 2 == 0)
                    .collect(),
            ),
            (
                "chance".to_owned(),
                (0..4_000).map(|row| row % 7 == 0).collect(),
            ),
            ("full".to_owned(), vec![false; 4_000]),
            ("few".to_owned(), (0..4_000).map(|row| row < 4).collect()),
            ("empty".to_owned(), vec![true; 4_000]),
        ];
        let found = gaps(&y, &p, &features[..4], 10).unwrap();
        assert_eq!(found.features.len(), 3);
        let soft = &found.features[0];
        assert!(soft.outcome_difference_interval_95.unwrap().low > 0.0);
        let chance = found.features[1].outcome_difference_interval_95.unwrap();
        assert!(chance.low < 0.0 && chance.high > 0.0);
        assert!(
            found.features[2].missing.is_none(),
            "four rows are four people"
        );
        assert_eq!(found.by_completeness.parts.len(), 2);
        let empty = gaps(&y, &p, &features[4..], 10).unwrap();
        assert_eq!(
            empty.features[0].missing,
            Some(Proportion::new(4_000, 4_000))
        );
        assert!(empty.features[0].outcome_difference.is_none());
        assert!(gaps(&y[..9], &p[..9], &features, 10).is_err());
    }
}
