//! Hazards by interval: intervals that follow each other, a curve for every input and the time, classes that hold nobody alone.

use std::collections::HashSet;

use super::Check;
use crate::{
    Calibration, IntervalFit, Kind, Link, Model, TermsFit,
    hazard::MOST_CAUSES,
    interval::{MOST_INTERVALS, TIME},
};

/// Largest size of a score: beyond it sums of many would not be numbers.
const LARGEST: f64 = 1e100;

impl Check {
    pub(super) fn interval(&mut self, model: &Model, fit: &IntervalFit) {
        let fits = model.kind == Kind::Survival && model.link == Link::Logit;
        self.that(
            fits,
            "/algorithm",
            "wrong-kind",
            "hazard boosting is a survival model with link logit",
        );
        self.that(
            model.calibration == Calibration::None,
            "/calibration",
            "wrong-kind",
            "a hazard has no probability to calibrate",
        );
        for (place, input) in model.inputs.iter().enumerate() {
            self.that(
                input.name != TIME,
                format!("/inputs/{place}/name"),
                "duplicate-name",
                "this name is that of the time",
            );
        }
        self.horizons(&fit.horizons);
        self.rising("/fitted/ends", &fit.ends, MOST_INTERVALS);
        self.that(
            fit.ends.first().is_some_and(|first| *first > 0.0),
            "/fitted/ends",
            "out-of-range",
            "intervals end above 0",
        );
        let shares = fit.at_risk.iter().all(|share| (0.0..=1.0).contains(share));
        let all: f64 = fit.at_risk.iter().sum();
        self.that(
            fit.at_risk.len() == fit.ends.len() && shares && (all - 1.0).abs() < 1e-6,
            "/fitted/atRisk",
            "out-of-range",
            "a share per interval, together 1",
        );
        self.that(
            (1..=MOST_CAUSES).contains(&fit.causes.len()),
            "/fitted/causes",
            "too-many",
            "there are 1 to 12 causes",
        );
        let inputs = fit.inputs(&model.inputs);
        let mut names = HashSet::new();
        for (place, cause) in fit.causes.iter().enumerate() {
            let at = format!("/fitted/causes/{place}");
            self.that(
                names.insert(cause.name.as_str()),
                format!("{at}/name"),
                "duplicate-name",
                "each cause once",
            );
            self.text(format!("{at}/name"), &cause.name);
            self.texts(&format!("{at}/meaning"), &cause.meaning);
            let found = self.faults.len();
            self.terms(&cause.terms, &inputs);
            self.bounded(&cause.terms);
            // The terms stand deeper than in explainable boosting.
            for fault in &mut self.faults[found..] {
                if let Some(rest) = fault.pointer.strip_prefix("/fitted") {
                    fault.pointer = format!("{at}/terms{rest}");
                }
            }
        }
        self.risk_classes(&fit.risk_classes, fit.causes.len());
    }

    fn bounded(&mut self, fit: &TermsFit) {
        self.that(
            fit.edits.is_empty(),
            "/fitted/edits",
            "wrong-kind",
            "hazards by interval are not edited",
        );
        let curves = fit.curves.iter().flat_map(|curve| &curve.scores);
        let cells = fit
            .pairs
            .iter()
            .flat_map(|pair| pair.scores.iter().flatten());
        let holds = |score: &f64| score.abs() <= LARGEST;
        self.that(
            curves.chain(cells).chain([&fit.intercept]).all(holds),
            "/fitted",
            "out-of-range",
            "scores beyond all reason",
        );
    }
}
