//! A clustering: one standardisation per input, centres of the right size.

use super::{Check, MAX_GROUPS};
use crate::{Input, InputType, KMeansFit, MissingRule, Model};

impl Check {
    pub(super) fn grouping(&mut self, model: &Model, fit: &KMeansFit) {
        self.clustering(model);
        self.k_means(fit, &model.inputs);
    }

    fn k_means(&mut self, fit: &KMeansFit, inputs: &[Input]) {
        self.scales(&fit.standardisation, inputs.iter());
        for (place, input) in inputs.iter().enumerate() {
            self.that(
                input.kind != InputType::Category,
                format!("/inputs/{place}/type"),
                "wrong-kind",
                "k-means takes numbers and booleans",
            );
            let indicator = matches!(input.missing, MissingRule::MedianAndIndicator { .. });
            self.that(
                !indicator,
                format!("/inputs/{place}/missing/rule"),
                "wrong-kind",
                "k-means has no indicators: use median or reject",
            );
        }
        let groups = fit.centres.len();
        self.that(
            (1..=MAX_GROUPS).contains(&groups),
            "/fitted/centres",
            "too-many",
            "there are 1 to 1,000 groups",
        );
        for (place, centre) in fit.centres.iter().enumerate() {
            let at = format!("/fitted/centres/{place}");
            self.texts(&format!("{at}/name"), &centre.name);
            self.that(
                centre.values.len() == inputs.len(),
                format!("{at}/values"),
                "wrong-size",
                "one number per input",
            );
            self.that(
                centre.values.iter().all(|value| value.is_finite()),
                format!("{at}/values"),
                "not-finite",
                "finite numbers",
            );
        }
        self.that(
            fit.inertia.is_finite() && fit.inertia >= 0.0,
            "/fitted/inertia",
            "out-of-range",
            "a sum of squares is 0 or more",
        );
    }
}
