//! What is known of the truth, beside the registered outcome.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::NewTrainingRun;

/// Columns that say what is true, to judge the model by. Never features.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Truth {
    /// The outcome as a check of a random sample found it: true or false, empty for rows outside the sample. It shows whether outcomes
    /// were registered equally in all groups, which no figure on registered outcomes can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100)]
    pub checked_outcome: Option<String>,
    /// The true probability, known of made-up data only. It gives the best that any model could do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100)]
    pub probability: Option<String>,
}

impl Truth {
    /// Its columns, each with the pointer to blame.
    pub(in crate::learn) fn columns(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let named = [
            ("/truth/checkedOutcome", self.checked_outcome.as_deref()),
            ("/truth/probability", self.probability.as_deref()),
        ];
        named
            .into_iter()
            .filter_map(|(pointer, name)| Some((pointer, name?)))
    }
}

impl NewTrainingRun {
    pub(super) fn area_faults(&self, fault: &mut impl FnMut(String, &str, &str)) {
        let Some(area) = &self.area else { return };
        if !self.algorithm.gives_probabilities() {
            fault(
                "/area".into(),
                "wrong-kind",
                "only probabilities are judged by area",
            );
        }
        if self.target.as_ref() == Some(area) {
            fault("/area".into(), "target-as-area", "the outcome is no area");
        }
    }

    pub(super) fn truth_faults(&self, fault: &mut impl FnMut(String, &str, &str)) {
        let Some(truth) = &self.truth else { return };
        if !self.algorithm.gives_probabilities() {
            fault(
                "/truth".into(),
                "wrong-kind",
                "only probabilities are judged by the truth",
            );
        }
        for (pointer, name) in truth.columns() {
            let is_feature = self.features.iter().any(|feature| feature.name == name);
            if is_feature || self.target.as_deref() == Some(name) {
                fault(
                    pointer.into(),
                    "truth-as-feature",
                    "what is true judges the model: it is no feature and no registered outcome",
                );
            }
        }
    }
}
