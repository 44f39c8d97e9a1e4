//! Proportional hazards: times that rise, hazards that never fall, a spread where it is told, classes that hold nobody alone.

use std::collections::{HashMap, HashSet};

use super::Check;
use crate::{
    Calibration, Hazard, HazardFit, Input, Kind, Link, Model, RiskClass, RiskCurve,
    hazard::{MOST_CAUSES, MOST_HORIZONS, MOST_TIMES, SMALLEST_CLASS},
};

/// Most risk classes.
const MOST_CLASSES: usize = 20;
/// Largest cumulative hazard and variance of it: beyond these nothing is left anyway, and sums stay numbers.
const LARGEST: f64 = 1e100;

impl Check {
    pub(super) fn hazard(
        &mut self,
        model: &Model,
        fit: &HazardFit,
        inputs: &HashMap<&str, &Input>,
    ) {
        let fits = model.kind == Kind::Survival && model.link == Link::Log;
        self.that(
            fits,
            "/algorithm",
            "wrong-kind",
            "a Cox regression is a survival model with link log",
        );
        self.that(
            model.calibration == Calibration::None,
            "/calibration",
            "wrong-kind",
            "a hazard has no probability to calibrate",
        );
        self.horizons(&fit.horizons);
        self.rising("/fitted/times", &fit.times, MOST_TIMES);
        let knots: Option<Vec<usize>> =
            fit.knots.iter().map(|k| usize::try_from(*k).ok()).collect();
        let placed = knots.is_some_and(|knots| {
            knots.is_sorted_by(|a, b| a < b)
                && knots.last().is_none_or(|last| *last < fit.times.len())
        });
        self.that(
            placed,
            "/fitted/knots",
            "unknown-time",
            "knots are places of times, rising",
        );
        self.that(
            (1..=MOST_CAUSES).contains(&fit.causes.len()),
            "/fitted/causes",
            "too-many",
            "there are 1 to 12 causes",
        );
        let mut names = HashSet::new();
        for (place, cause) in fit.causes.iter().enumerate() {
            let at = format!("/fitted/causes/{place}");
            self.that(
                names.insert(cause.name.as_str()),
                format!("{at}/name"),
                "duplicate-name",
                "each cause once",
            );
            self.one_hazard(&at, cause, fit, inputs);
        }
        self.risk_classes(&fit.risk_classes, fit.causes.len());
    }

    fn one_hazard(
        &mut self,
        at: &str,
        cause: &Hazard,
        fit: &HazardFit,
        inputs: &HashMap<&str, &Input>,
    ) {
        self.text(format!("{at}/name"), &cause.name);
        self.texts(&format!("{at}/meaning"), &cause.meaning);
        let found = self.faults.len();
        self.linear(&cause.terms.linear(), inputs);
        // The terms stand deeper than in a logistic regression, and no intercept precedes them.
        for fault in &mut self.faults[found..] {
            if let Some(rest) = fault.pointer.strip_prefix("/fitted") {
                let row = rest
                    .strip_prefix("/covariance/")
                    .and_then(|row| row.parse::<usize>().ok());
                fault.pointer = match row {
                    Some(row) => format!("{at}/terms/covariance/{}", row.saturating_sub(1)),
                    None => format!("{at}/terms{rest}"),
                };
            }
        }
        let shaped = cause.cumulative_hazard.len() == fit.times.len();
        self.that(
            shaped && never_falls(&cause.cumulative_hazard, LARGEST),
            format!("{at}/cumulativeHazard"),
            "out-of-range",
            "one number from 0 per time, never falling",
        );
        let knots = fit.knots.len();
        self.that(
            cause.variance.len() == knots && never_falls(&cause.variance, LARGEST),
            format!("{at}/variance"),
            "out-of-range",
            "one number from 0 per knot, never falling",
        );
        let p = cause.terms.parameter_count();
        let is_mean = |mean: &f64| mean.abs() <= LARGEST;
        let shaped = cause.weighted_means.len() == knots
            && cause
                .weighted_means
                .iter()
                .all(|means| means.len() == p && means.iter().all(is_mean));
        self.that(
            shaped,
            format!("{at}/weightedMeans"),
            "wrong-size",
            "one number per parameter for every knot",
        );
    }

    pub(super) fn horizons(&mut self, horizons: &[f64]) {
        self.rising("/fitted/horizons", horizons, MOST_HORIZONS);
        self.that(
            horizons.first().is_some_and(|first| *first > 0.0),
            "/fitted/horizons",
            "out-of-range",
            "there is a horizon, and it lies above 0",
        );
    }

    pub(super) fn rising(&mut self, pointer: &str, values: &[f64], most: usize) {
        let rises = values.is_sorted_by(|a, b| a < b);
        let ranged = values.iter().all(|value| (0.0..=LARGEST).contains(value));
        self.that(
            rises && ranged && (1..=most).contains(&values.len()),
            pointer,
            "out-of-range",
            "some numbers from 0, each larger than the one before, not too many",
        );
    }

    pub(super) fn risk_classes(&mut self, classes: &[RiskClass], causes: usize) {
        self.that(
            classes.len() <= MOST_CLASSES,
            "/fitted/riskClasses",
            "too-many",
            "there are at most 20 risk classes",
        );
        let bounds: Vec<f64> = classes.iter().filter_map(|class| class.below).collect();
        let bounded = bounds.iter().all(|bound| bound.is_finite())
            && bounds.is_sorted_by(|a, b| a < b)
            && bounds.len() + 1 == classes.len().max(1)
            && classes.last().is_none_or(|class| class.below.is_none());
        self.that(
            bounded,
            "/fitted/riskClasses",
            "out-of-range",
            "bounds rise from class to class, and only the last has none",
        );
        for (place, class) in classes.iter().enumerate() {
            self.risk_class(&format!("/fitted/riskClasses/{place}"), class, causes);
        }
    }

    fn risk_class(&mut self, at: &str, class: &RiskClass, causes: usize) {
        self.that(
            class.rows >= SMALLEST_CLASS,
            format!("{at}/rows"),
            "too-few",
            "a risk class has at least 50 rows",
        );
        self.that(
            class.ended.len() == causes,
            format!("{at}/ended"),
            "wrong-size",
            "one curve per cause",
        );
        for (place, curve) in class.ended.iter().enumerate() {
            let RiskCurve {
                time,
                share,
                lower,
                upper,
            } = curve;
            let sized = [share, lower, upper]
                .iter()
                .all(|of| of.len() == time.len());
            let within = lower
                .iter()
                .zip(share)
                .zip(upper)
                .all(|((low, share), high)| {
                    (0.0..=1.0).contains(low) && low <= share && share <= high && *high <= 1.0
                });
            // Each point rests on ten more ends.
            let told = time.len() as u64 <= class.rows / 10;
            let rises = time.is_sorted_by(|a, b| a < b)
                && time.iter().all(|time| (0.0..=LARGEST).contains(time));
            self.that(
                sized && within && told && rises && never_falls(share, 1.0),
                format!("{at}/ended/{place}"),
                "out-of-range",
                "times rise, shares from 0 to 1 never fall and lie within their intervals, and every point stands for ten rows",
            );
        }
    }
}

/// Numbers from 0 to `most` of which none is below the one before.
fn never_falls(values: &[f64], most: f64) -> bool {
    values.is_sorted_by(|a, b| a <= b) && values.iter().all(|value| (0.0..=most).contains(value))
}
