//! Proportional hazards: how long it takes until something ends, and which cause ends it.

use serde::Serialize;

use crate::{
    Algorithm, CategoryTerm, Intercept, LinearFit, LinearTerm, Meaning, MissingTerm, SplineTerm,
};

/// Cox regressions, one per cause of an end, with the hazard of the average training row.
///
/// With one cause the share that has not ended is `exp(−Λ(t) · exp(score))`. With several, every cause has its own regression in which
/// the others count as "no longer at risk", and the chance of an end by one of them takes into account that another may come first
/// (cumulative incidence). The score of a model is that of the first cause; 0 is the average training row.
///
/// # Source
/// Cox 1972 (doi 10.1111/j.2517-6161.1972.tb00899.x); cause-specific hazards: Prentice et al. 1978 (doi 10.2307/2530374).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HazardFit {
    /// Times after the beginning at which chances are told, in days, rising, above 0.
    pub horizons: Vec<f64>,
    /// Times of ends, in days, rising. Thinned beyond [`MOST_TIMES`]; the last before each horizon always stays, so that the chances
    /// of a single cause at the horizons are those of all times.
    pub times: Vec<f64>,
    /// Places in `times`, rising, at which the spread of the hazards is known: all, or of many times a part that holds the last before
    /// each horizon.
    pub knots: Vec<u64>,
    /// What ends a spell; the first is what the score is of.
    pub causes: Vec<Hazard>,
    /// What came of training rows by their score, lowest scores first; empty where rows are few.
    pub risk_classes: Vec<RiskClass>,
}

/// Most times of a model: ten years of days, and some.
pub const MOST_TIMES: usize = 4_000;
/// Most causes of an end.
pub const MOST_CAUSES: usize = 12;
/// Most horizons.
pub const MOST_HORIZONS: usize = 24;

/// The hazard of one cause.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Hazard {
    /// The cause as the training data name it.
    pub name: String,
    /// The same for people, for instance *werk gevonden*.
    pub meaning: Meaning,
    /// Training rows that ended by it.
    pub events: u64,
    /// Logarithms of hazard ratios.
    pub terms: HazardTerms,
    /// Cumulative hazard of the average training row just after each of the times, never falling.
    pub cumulative_hazard: Vec<f64>,
    /// Variance of that for known coefficients, per knot, never falling.
    pub variance: Vec<f64>,
    /// Per knot: the sum until then of the hazard's rises, times the mean parameters (counted from their means in training) of those at
    /// risk. With the covariance it says what the uncertainty of the coefficients does to a curve.
    pub weighted_means: Vec<Vec<f64>>,
}

/// Terms of a log hazard ratio, counted from their means; there is no intercept.
///
/// The *parameters* have one fixed order: `linear_terms`, the columns of each of `spline_terms`, the levels of each of `category_terms`, `missing_terms`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HazardTerms {
    /// Inputs of type number, integer, boolean: one term each.
    pub linear_terms: Vec<LinearTerm>,
    /// Inputs of type number or integer that count as a curve.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub spline_terms: Vec<SplineTerm>,
    /// Inputs of type category.
    pub category_terms: Vec<CategoryTerm>,
    /// One per input with rule `median_and_indicator`.
    pub missing_terms: Vec<MissingTerm>,
    /// Covariance of the parameters in their fixed order: lower triangle, row by row, row `i` has `i + 1` numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub covariance: Option<Vec<Vec<f64>>>,
}

/// Training rows with scores of one range, and what came of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RiskClass {
    /// The scores are below this; absent for the highest class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
    /// How many rows, at least [`SMALLEST_CLASS`].
    pub rows: u64,
    /// Share that had ended, per cause in the order of the causes.
    pub ended: Vec<RiskCurve>,
}

/// The least rows of a risk class.
pub const SMALLEST_CLASS: u64 = 50;

/// Share of a risk class that had ended by one cause, with spells lost from sight taken into account (Aalen and Johansen; with one
/// cause this is one minus Kaplan and Meier's share). Every point stands for at least ten more ends than the one before, and at least
/// ten rows were still seen there, so that no point is about one person.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RiskCurve {
    /// Times in days, rising.
    pub time: Vec<f64>,
    /// Share ended just after each, in `[0, 1]`, never falling.
    pub share: Vec<f64>,
    /// Ends of the 95 % interval of each share.
    pub lower: Vec<f64>,
    /// Upper ends.
    pub upper: Vec<f64>,
}

impl HazardTerms {
    /// Count of parameters.
    pub fn parameter_count(&self) -> usize {
        let levels = self.category_terms.iter().map(|term| term.levels.len());
        let bends = self.spline_terms.iter().map(|term| term.columns.len());
        self.linear_terms.len()
            + bends.sum::<usize>()
            + levels.sum::<usize>()
            + self.missing_terms.len()
    }

    /// Coefficients in the fixed order.
    pub fn coefficients(&self) -> Vec<f64> {
        let levels = self.category_terms.iter().flat_map(|term| &term.levels);
        let linear = self.linear_terms.iter().map(|term| term.coefficient);
        let bends = self.spline_terms.iter().flat_map(|term| &term.columns);
        linear
            .chain(bends.map(|column| column.coefficient))
            .chain(levels.map(|level| level.coefficient))
            .chain(self.missing_terms.iter().map(|term| term.coefficient))
            .collect()
    }

    /// The same as a regression whose intercept is 0 and certain.
    pub fn linear(&self) -> LinearFit {
        let covariance = self.covariance.as_ref().map(|rows| {
            let widened = rows.iter().map(|row| {
                let mut wider = vec![0.0];
                wider.extend(row);
                wider
            });
            std::iter::once(vec![0.0]).chain(widened).collect()
        });
        LinearFit {
            intercept: Intercept {
                coefficient: 0.0,
                standard_error: None,
            },
            linear_terms: self.linear_terms.clone(),
            spline_terms: self.spline_terms.clone(),
            category_terms: self.category_terms.clone(),
            missing_terms: self.missing_terms.clone(),
            covariance,
        }
    }
}

/// What every survival model tells of, however it learned: causes, horizons and classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Spoken<'a> {
    /// Times after the beginning at which chances are told, in days.
    pub horizons: &'a [f64],
    /// Name, meaning and training rows that ended so, per cause.
    pub causes: Vec<(&'a str, &'a Meaning, u64)>,
    /// What came of training rows by their score.
    pub risk_classes: &'a [RiskClass],
}

impl Algorithm {
    /// What a survival model tells of; `None` for others.
    pub fn spoken(&self) -> Option<Spoken<'_>> {
        // Causes are of different types, with the same three fields.
        macro_rules! spoken {
            ($fit:expr) => {
                Some(Spoken {
                    horizons: &$fit.horizons,
                    causes: ($fit.causes.iter())
                        .map(|cause| (cause.name.as_str(), &cause.meaning, cause.events))
                        .collect(),
                    risk_classes: &$fit.risk_classes,
                })
            };
        }
        match self {
            Self::CoxRegression(fit) => spoken!(fit),
            Self::HazardRegression(fit) => spoken!(fit),
            Self::HazardBoosting(fit) => spoken!(fit),
            _ => None,
        }
    }

    /// Ends of the intervals at which chances change, days; `None` for models whose chances change at any day, or have none by time.
    pub fn interval_ends(&self) -> Option<&[f64]> {
        match self {
            Self::HazardBoosting(fit) => Some(&fit.ends),
            Self::HazardRegression(fit) => Some(&fit.ends),
            _ => None,
        }
    }

    /// The risk classes of a survival model, to be filled; `None` for others.
    pub fn risk_classes_mut(&mut self) -> Option<&mut Vec<RiskClass>> {
        match self {
            Self::CoxRegression(fit) => Some(&mut fit.risk_classes),
            Self::HazardBoosting(fit) => Some(&mut fit.risk_classes),
            Self::HazardRegression(fit) => Some(&mut fit.risk_classes),
            _ => None,
        }
    }
}
