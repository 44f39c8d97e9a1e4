//! Hazards by interval: intervals that follow each other, a curve for every input and the time, classes that hold nobody alone.

use std::collections::{HashMap, HashSet};

use super::Check;
use crate::{
    Calibration, Input, IntervalFit, IntervalRegression, Kind, Link, Meaning, Model, TermsFit,
    hazard::MOST_CAUSES,
    interval::{MOST_INTERVALS, TIME, timed},
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
        self.pieces(model, &fit.horizons, &fit.ends);
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
            self.cause(&at, (&cause.name, &cause.meaning), &mut names);
            let found = self.faults.len();
            self.terms(&cause.terms, &inputs);
            self.bounded(&cause.terms);
            self.deeper(found, &at);
        }
        self.risk_classes(&fit.risk_classes, fit.causes.len());
    }

    pub(super) fn interval_regression(&mut self, model: &Model, fit: &IntervalRegression) {
        let fits =
            model.kind == Kind::Survival && matches!(model.link, Link::Logit | Link::Cloglog);
        self.that(
            fits,
            "/algorithm",
            "wrong-kind",
            "a regression of hazards is a survival model with link logit or cloglog",
        );
        self.pieces(model, &fit.horizons, &fit.ends);
        self.that(
            (1..=MOST_CAUSES).contains(&fit.causes.len()),
            "/fitted/causes",
            "too-many",
            "there are 1 to 12 causes",
        );
        let inputs = timed(&model.inputs, &fit.ends);
        let by_name: HashMap<&str, &Input> = inputs
            .iter()
            .map(|input| (input.name.as_str(), input))
            .collect();
        let mut names = HashSet::new();
        for (place, cause) in fit.causes.iter().enumerate() {
            let at = format!("/fitted/causes/{place}");
            self.cause(&at, (&cause.name, &cause.meaning), &mut names);
            let found = self.faults.len();
            self.linear(&cause.terms, &by_name);
            self.deeper(found, &at);
        }
        self.risk_classes(&fit.risk_classes, fit.causes.len());
    }

    /// The time in pieces, by which no input is called.
    fn pieces(&mut self, model: &Model, horizons: &[f64], ends: &[f64]) {
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
        self.horizons(horizons);
        self.rising("/fitted/ends", ends, MOST_INTERVALS);
        self.that(
            ends.first().is_some_and(|first| *first > 0.0),
            "/fitted/ends",
            "out-of-range",
            "intervals end above 0",
        );
    }

    fn cause<'a>(
        &mut self,
        at: &str,
        (name, meaning): (&'a str, &Meaning),
        names: &mut HashSet<&'a str>,
    ) {
        self.that(
            names.insert(name),
            format!("{at}/name"),
            "duplicate-name",
            "each cause once",
        );
        self.text(format!("{at}/name"), name);
        self.texts(&format!("{at}/meaning"), meaning);
    }

    /// Terms of a cause stand deeper than those of a model that has nothing else.
    fn deeper(&mut self, found: usize, at: &str) {
        for fault in &mut self.faults[found..] {
            if let Some(rest) = fault.pointer.strip_prefix("/fitted") {
                fault.pointer = format!("{at}/terms{rest}");
            }
        }
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
