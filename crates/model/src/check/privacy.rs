//! A promise within its range, and nothing beside it that would break it.

use super::Check;
use crate::{Algorithm, Model};

impl Check {
    pub(super) fn privacy(&mut self, model: &Model) {
        let Some(privacy) = model.privacy else {
            return;
        };
        self.that(
            privacy.epsilon > 0.0 && privacy.epsilon <= 20.0,
            "/privacy/epsilon",
            "out-of-range",
            "above 0, at most 20",
        );
        self.that(
            privacy.delta > 0.0 && privacy.delta <= 0.01,
            "/privacy/delta",
            "out-of-range",
            "above 0, at most 0.01",
        );
        let (bags, edits) = match &model.algorithm {
            Algorithm::ExplainableBoosting(fit) => (fit.bags.is_some(), !fit.edits.is_empty()),
            _ => (false, false),
        };
        for (is_there, pointer) in [
            (model.similar_cases.is_some(), "/similarCases"),
            (model.training.events.is_some(), "/training/events"),
            (!model.training.parents.is_empty(), "/training/parents"),
            (bags, "/fitted/bags"),
            (edits, "/fitted/edits"),
        ] {
            self.that(
                !is_there,
                pointer,
                "breaks-privacy",
                "this tells of rows what the promise has not paid for",
            );
        }
    }
}
