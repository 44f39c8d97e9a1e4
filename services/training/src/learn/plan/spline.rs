//! What a plan says of features that count as a curve.

use helder_model::spline::are_knots;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AlgorithmName, Feature, NewTrainingRun};

/// Knots where nothing is said.
const USUAL_KNOTS: u32 = 4;

/// A number that counts as a curve instead of a line: a restricted cubic spline, straight beyond its outer knots.
///
/// # Source
/// Harrell, Regression Modeling Strategies, 2nd ed. 2015, section 2.4.6: the places of `knots`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewSpline {
    /// How many knots, 3 to 7, at quantiles of the rows learned from; 4 where nothing is said. More bend more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 3, maximum = 7)]
    pub knots: Option<u32>,
    /// Where the knots are, rising, in the unit after conversion. Absent where their number is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 3, max_items = 20)]
    pub knots_at: Option<Vec<f64>>,
}

impl NewSpline {
    /// How many knots there will be.
    pub(crate) fn n_knots(&self) -> usize {
        match &self.knots_at {
            Some(places) => places.len(),
            None => self.knots.unwrap_or(USUAL_KNOTS) as usize,
        }
    }

    fn faults(&self, at: &str, fault: &mut impl FnMut(String, &str, &str)) {
        if self.knots.is_some_and(|knots| !(3..=7).contains(&knots)) {
            fault(format!("{at}/knots"), "out-of-range", "from 3 to 7 knots");
        }
        let Some(places) = &self.knots_at else {
            return;
        };
        if self.knots.is_some() {
            let detail = "knots are placed by their number or by you, not both";
            fault(format!("{at}/knotsAt"), "contradiction", detail);
        }
        if !are_knots(places) {
            let detail = "give 3 to 20 numbers that rise, no two almost the same";
            fault(format!("{at}/knotsAt"), "out-of-range", detail);
        }
    }
}

impl AlgorithmName {
    /// Whether features may count as a curve of the plan's making.
    pub(crate) const fn takes_splines(self) -> bool {
        self.is_regression() || matches!(self, Self::CoxRegression | Self::HazardRegression)
    }
}

impl NewTrainingRun {
    /// Faults of curves.
    pub(super) fn splines(&self, fault: &mut impl FnMut(String, &str, &str)) {
        for (n, feature) in self.features.iter().enumerate() {
            let Some(spline) = &feature.spline else {
                continue;
            };
            let at = format!("/features/{n}/spline");
            spline.faults(&at, fault);
            if let Some(detail) = self.no_spline(feature) {
                fault(at, "wrong-kind", detail);
            }
        }
        let offset = self.offset.as_ref();
        if offset.is_some_and(|offset| offset.spline.is_some()) {
            let detail = "a known part of the score counts as it is";
            fault("/offset/spline".to_owned(), "wrong-kind", detail);
        }
    }

    /// Why a feature cannot count as a curve.
    fn no_spline(&self, feature: &Feature) -> Option<&'static str> {
        if !self.algorithm.takes_splines() {
            Some("only regressions take a curve: this algorithm finds its own, or knows none")
        } else if self.hyperparameters.elastic_net.is_some() {
            Some(
                "a penalty that chooses columns would take a curve apart: leave out elasticNet or the curve",
            )
        } else if feature.actionable.is_some() {
            Some("advice follows lines and steps, not a curve: leave out actionable or the curve")
        } else if !feature.groups.is_empty() || feature.least_rows.is_some() {
            Some("numbers bend and categories are grouped: no feature is both")
        } else {
            None
        }
    }
}
