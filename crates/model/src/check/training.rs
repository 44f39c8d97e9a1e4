//! What the model says about its training.

use std::collections::HashSet;

use super::Check;
use crate::{Model, Split};

impl Check {
    pub(super) fn training(&mut self, model: &Model) {
        let training = &model.training;
        self.text("/training/codeVersion", &training.code_version);
        let events_fit = training.events.is_none_or(|events| events <= training.rows);
        self.that(
            events_fit,
            "/training/events",
            "out-of-range",
            "there are at most as many events as rows",
        );
        if let Split::Random { test_share, .. } = training.split {
            let holds = test_share > 0.0 && test_share < 1.0;
            self.that(
                holds,
                "/training/split/testShare",
                "out-of-range",
                "the share lies between 0 and 1",
            );
        }
        let names: HashSet<&str> = model
            .inputs
            .iter()
            .map(|input| input.name.as_str())
            .collect();
        for (place, feature) in training.sensitive_features.iter().enumerate() {
            let pointer = format!("/training/sensitiveFeatures/{place}");
            self.that(
                !names.contains(feature.as_str()),
                pointer,
                "sensitive-input",
                "a column kept to judge fairness is no input",
            );
        }
    }
}
