//! Features that know too much.

use serde::{Deserialize, Serialize};

use crate::{
    Auc, EvaluationError, Feature, Proportion, auc, error::check_both_classes, level_scores,
};

/// Why a feature is suspect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Suspicion {
    /// Alone it ranks better than anything known beforehand could.
    TooGood,
    /// Whether it is filled tells the outcome: it may be filled in afterwards.
    GapsTell,
    /// Alone it is as good as the whole model.
    CarriesTheModel,
}

/// One feature by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FeatureCheck {
    /// Name of the feature.
    pub feature: String,
    /// Discrimination of the feature alone: levels, and numbers in tenths, scored on other rows.
    pub auc: Auc,
    /// Discrimination of whether it is filled; `None` when it always or never is.
    pub gaps_auc: Option<Auc>,
    /// What is suspect; empty when nothing is.
    pub suspicions: Vec<Suspicion>,
}

/// Checks features one by one, the most telling first.
///
/// * `y` – shape `(n,)`, both classes   * `features` – each of shape `(n,)`   * `model_auc` – discrimination of the whole model
/// * `too_good` – discrimination that no single honest feature reaches, for instance 0.9
///
/// # Errors
/// [`EvaluationError`] when lengths differ, nothing or one class is given, or `too_good` is not between 0.5 and 1.
/// # Source
/// Kaufman, Rosset & Perlich, ACM TKDD 6(4), 2012, 10.1145/2382577.2382579: exploratory detection of leakage.
pub fn leakage(
    y: &[bool],
    features: &[(String, Feature<'_>)],
    model_auc: Option<f64>,
    too_good: f64,
) -> Result<Vec<FeatureCheck>, EvaluationError> {
    check_both_classes(y, &vec![0.5; y.len()])?;
    if !(too_good > 0.5 && too_good < 1.0) {
        return Err(EvaluationError::Setting {
            setting: "the discrimination that is too good",
            demand: "between 0.5 and 1",
        });
    }
    let mut checks = Vec::with_capacity(features.len());
    for (name, feature) in features {
        if feature.n_rows() != y.len() {
            return Err(EvaluationError::LengthMismatch {
                outcomes: y.len(),
                scores: feature.n_rows(),
            });
        }
        let alone = auc(y, &level_scores(&feature.levels(), y))?;
        let gaps: Vec<usize> = feature.gaps().into_iter().map(usize::from).collect();
        let has_both = gaps.contains(&0) && gaps.contains(&1);
        let gaps_auc = if has_both {
            Some(auc(y, &level_scores(&gaps, y))?)
        } else {
            None
        };
        let exceeds = |found: Auc, limit: f64| {
            found
                .interval_95
                .map_or(found.value >= 1.0, |limits| limits.low > limit)
        };
        let mut suspicions = Vec::new();
        if exceeds(alone, too_good) {
            suspicions.push(Suspicion::TooGood);
        }
        // Gaps say something in most registers; far more than chance is what is suspect.
        if gaps_auc.is_some_and(|found| exceeds(found, 0.65)) {
            suspicions.push(Suspicion::GapsTell);
        }
        if features.len() > 1
            && model_auc.is_some_and(|model| model > 0.7 && alone.value > model - 0.01)
        {
            suspicions.push(Suspicion::CarriesTheModel);
        }
        checks.push(FeatureCheck {
            feature: name.clone(),
            auc: alone,
            gaps_auc,
            suspicions,
        });
    }
    checks.sort_by(|a, b| b.auc.value.total_cmp(&a.auc.value));
    Ok(checks)
}

/// Dates that lie after the day on which the row was to be predicted: nobody could have known them. Days on any one scale;
/// rows without a date are left out.
pub fn dates_in_the_future(dates: &[Option<i32>], reference: &[i32]) -> Proportion {
    let known = || {
        dates
            .iter()
            .zip(reference)
            .filter_map(|(d, r)| Some((*d)?).zip(Some(r)))
    };
    Proportion::new(
        known().filter(|(date, day)| date > *day).count(),
        known().count(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_afterwards_is_suspect() {
        let n = 2_000;
        let y: Vec<bool> = (0..n).map(|row| row % 7 == 0).collect();
        let mixed = |row: usize| (row * 7919 % 1000) as f64 / 1000.0;
        let leak: Vec<Option<f64>> = (0..n)
            .map(|row| Some(if y[row] { 5.0 } else { mixed(row) }))
            .collect();
        let after: Vec<Option<String>> = (0..n)
            .map(|row| {
                (y[row] && row % 3 > 0 || row % 50 == 0).then(|| "date of intake".to_owned())
            })
            .collect();
        let honest: Vec<Option<f64>> = (0..n)
            .map(|row| Some(mixed(row) + if y[row] { 0.3 } else { 0.0 }))
            .collect();
        let noise: Vec<Option<f64>> = (0..n)
            .map(|row| Some(mixed(row * 31)).filter(|_| row % 10 > 0))
            .collect();
        let features = [
            ("leak".to_owned(), Feature::Numbers(&leak)),
            ("after".to_owned(), Feature::Levels(&after)),
            ("honest".to_owned(), Feature::Numbers(&honest)),
            ("noise".to_owned(), Feature::Numbers(&noise)),
        ];
        let found = leakage(&y, &features, Some(0.99), 0.9).unwrap();
        let of = |name: &str| found.iter().find(|check| check.feature == name).unwrap();
        assert_eq!(
            of("leak").suspicions,
            [Suspicion::TooGood, Suspicion::CarriesTheModel]
        );
        assert!(of("after").suspicions.contains(&Suspicion::GapsTell));
        assert!(of("honest").suspicions.is_empty() && of("honest").auc.value > 0.65);
        assert!(of("noise").suspicions.is_empty());
        assert!((of("noise").auc.value - 0.5).abs() < 0.05);
        assert_eq!(found[0].feature, "leak");
        assert!(leakage(&[true; 3], &[], None, 0.9).is_err());
        assert!(leakage(&y[..5], &features, None, 0.9).is_err());
        assert!(leakage(&y, &features, None, 1.0).is_err());
    }

    #[test]
    fn dates_after_the_reference_are_counted() {
        let found = dates_in_the_future(&[Some(5), Some(7), None, Some(9)], &[6, 6, 6, 9]);
        assert_eq!(found, Proportion::new(1, 3));
    }
}
