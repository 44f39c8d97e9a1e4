//! A generalised linear model: family and link belong together, and the spread is what the family has.

use std::collections::HashMap;

use super::Check;
use crate::{Calibration, Family, GeneralisedFit, Input, Kind, Model};

impl Check {
    pub(super) fn generalised(
        &mut self,
        model: &Model,
        fit: &GeneralisedFit,
        inputs: &HashMap<&str, &Input>,
    ) {
        let fits = model.kind == Kind::Regression && model.link == fit.family.link();
        self.that(
            fits,
            "/algorithm",
            "wrong-kind",
            "a generalised linear model is a regression with the link of its family",
        );
        self.that(
            model.calibration == Calibration::None,
            "/calibration",
            "wrong-kind",
            "an amount or a count has no probability to calibrate",
        );
        let above =
            |value: Option<f64>| value.is_some_and(|value| value.is_finite() && value > 0.0);
        let is_nb = fit.family == Family::NegativeBinomial;
        self.that(
            if is_nb {
                above(fit.theta)
            } else {
                fit.theta.is_none()
            },
            "/fitted/theta",
            "out-of-range",
            "a negative binomial has a shape above 0, others have none",
        );
        let is_gaussian = fit.family == Family::Gaussian;
        let variance = fit.residual_variance;
        self.that(
            if is_gaussian {
                above(variance)
            } else {
                variance.is_none()
            },
            "/fitted/residualVariance",
            "out-of-range",
            "a continuous outcome has a variance above 0, others have none",
        );
        self.that(
            (1.0..=20.0).contains(&fit.critical),
            "/fitted/critical",
            "out-of-range",
            "an interval reaches from 1 to 20 standard errors",
        );
        if let Some(per) = &fit.per {
            self.text("/fitted/per", per);
        }
        let found = self.faults.len();
        self.linear(&fit.linear, inputs);
        // The terms stand one level deeper than in a logistic regression.
        for fault in &mut self.faults[found..] {
            if let Some(rest) = fault.pointer.strip_prefix("/fitted") {
                fault.pointer = format!("/fitted/linear{rest}");
            }
        }
    }
}
