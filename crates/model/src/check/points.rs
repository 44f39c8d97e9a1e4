//! Scorecards: points for every step of every input.

use super::Check;
use crate::{Input, PointsFit};

/// Most points of one step.
const MAX_POINTS: u32 = 100_000;

impl Check {
    pub(super) fn points(&mut self, fit: &PointsFit, inputs: &[Input]) {
        self.finite("/fitted/intercept", fit.intercept);
        self.that(
            fit.per_point.is_finite() && fit.per_point > 0.0,
            "/fitted/perPoint",
            "out-of-range",
            "more points raise the score: above 0",
        );
        self.that(
            fit.inputs.len() == inputs.len(),
            "/fitted/inputs",
            "input-without-term",
            "every input has points",
        );
        for (place, (part, input)) in fit.inputs.iter().zip(inputs).enumerate() {
            let at = format!("/fitted/inputs/{place}");
            self.that(
                part.side.input == input.name,
                format!("{at}/input"),
                "unknown-input",
                "points stand in the order of the inputs",
            );
            let steps = self.side(&at, &part.side, input);
            self.that(
                part.points.len() == steps,
                format!("{at}/points"),
                "wrong-size",
                "points for every step",
            );
            let most = part.points.iter().copied().max().unwrap_or(0);
            self.that(
                most <= MAX_POINTS,
                format!("{at}/points"),
                "out-of-range",
                "at most 100,000 points",
            );
            let least = part.points.iter().copied().min().unwrap_or(0);
            self.that(
                (f64::from(least)..=f64::from(most)).contains(&part.mean),
                format!("{at}/mean"),
                "out-of-range",
                "a mean lies between the fewest and the most points",
            );
        }
    }
}
