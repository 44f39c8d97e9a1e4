//! Faults of a promise of privacy that show without the frame.

use std::collections::BTreeSet;

use crate::learn::plan::{AlgorithmName, NewSplit, NewTrainingRun};

/// Most levels of a category.
const MOST_LEVELS: usize = 200;

impl NewTrainingRun {
    pub(super) fn promise(&self, fault: &mut impl FnMut(String, &str, &str)) {
        let Some(privacy) = &self.privacy else {
            return;
        };
        if self.algorithm != AlgorithmName::ExplainableBoosting {
            let detail = "of the algorithms only explainable boosting can keep such a promise";
            fault("/privacy".into(), "wrong-kind", detail);
        }
        if !(privacy.epsilon > 0.0 && privacy.epsilon <= 20.0) {
            fault(
                "/privacy/epsilon".into(),
                "out-of-range",
                "above 0, at most 20",
            );
        }
        if !(privacy.delta > 0.0 && privacy.delta <= 0.01) {
            fault(
                "/privacy/delta".into(),
                "out-of-range",
                "above 0, at most 0.01",
            );
        }
        if self.split == NewSplit::None {
            let detail =
                "figures about the rows learned from would break the promise: keep rows apart";
            fault("/split".into(), "breaks-privacy", detail);
        }
        if self
            .hyperparameters
            .interactions
            .is_some_and(|pairs| pairs > 0)
        {
            fault(
                "/hyperparameters/interactions".into(),
                "wrong-kind",
                "pairs would have to be paid for too: none together with a promise of privacy",
            );
        }
        let settings = &self.hyperparameters;
        for (name, given) in [
            ("smooth", settings.smooth),
            ("sparse", settings.sparse),
            ("maximumTerms", settings.maximum_terms.is_some()),
        ] {
            if given {
                fault(
                    format!("/hyperparameters/{name}"),
                    "wrong-kind",
                    "this asks the rows more than a promise of privacy pays for",
                );
            }
        }
        let is_feature = |name: &str| self.features.iter().any(|feature| feature.name == name);
        let mut seen = BTreeSet::new();
        for (n, range) in privacy.ranges.iter().enumerate() {
            let at = format!("/privacy/ranges/{n}");
            if !is_feature(&range.feature) || !seen.insert(range.feature.as_str()) {
                let detail = "name one of the features, each once";
                fault(format!("{at}/feature"), "unknown-feature", detail);
            }
            let width = range.maximum - range.minimum;
            if !(width > 0.0 && width.is_finite()) {
                let detail = "two finite numbers, the smaller first";
                fault(format!("{at}/maximum"), "out-of-range", detail);
            }
        }
        for (n, levels) in privacy.levels.iter().enumerate() {
            let at = format!("/privacy/levels/{n}");
            if !is_feature(&levels.feature) || !seen.insert(levels.feature.as_str()) {
                let detail = "name one of the features, each once";
                fault(format!("{at}/feature"), "unknown-feature", detail);
            }
            let distinct: BTreeSet<&String> = levels.levels.iter().collect();
            let is_fine = (1..=MOST_LEVELS).contains(&levels.levels.len())
                && distinct.len() == levels.levels.len()
                && levels.levels.iter().all(|level| !level.trim().is_empty());
            if !is_fine {
                let detail = "1 to 200 levels, none empty, each once";
                fault(format!("{at}/levels"), "items", detail);
            }
        }
    }
}
