//! A clustering: one standardisation per input, centres of the right size.

use super::{Check, MAX_GROUPS};
use crate::{Calibration, Input, InputType, KMeansFit, Kind, Link, MissingRule, Model};

impl Check {
    pub(super) fn grouping(&mut self, model: &Model, fit: &KMeansFit) {
        let fits = model.kind == Kind::Clustering && model.link == Link::None;
        self.that(
            fits,
            "/algorithm",
            "wrong-kind",
            "k-means is a clustering with link none",
        );
        self.that(
            model.calibration == Calibration::None,
            "/calibration",
            "wrong-kind",
            "groups have no probability to calibrate",
        );
        self.k_means(fit, &model.inputs);
    }

    fn k_means(&mut self, fit: &KMeansFit, inputs: &[Input]) {
        let named = fit.standardisation.len() == inputs.len()
            && fit
                .standardisation
                .iter()
                .zip(inputs)
                .all(|(standard, input)| standard.input == input.name);
        self.that(
            named,
            "/fitted/standardisation",
            "unknown-input",
            "one per input, in the order of the inputs",
        );
        for (place, standard) in fit.standardisation.iter().enumerate() {
            let at = format!("/fitted/standardisation/{place}");
            self.finite(format!("{at}/mean"), standard.mean);
            let holds = standard.scale.is_finite() && standard.scale > 0.0;
            self.that(
                holds,
                format!("{at}/scale"),
                "out-of-range",
                "the scale is above 0",
            );
        }
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
