//! Coherence: what the types alone do not say. Every fault is named.

mod actionable;
mod cases;
mod generalised;
mod groups;
mod hazard;
mod inputs;
mod interval;
mod k_means;
mod linear;
mod points;
mod preparation;
mod privacy;
mod provision;
mod terms;
mod training;
mod tree;

use std::collections::HashMap;

use helder_types::Fault;

use crate::{Algorithm, Calibration, FORMAT, Input, Kind, Link, Model, read::MAX_FAULTS};

/// Most inputs of a model.
pub const MAX_INPUTS: usize = 2_000;
/// Most levels of a category.
pub const MAX_LEVELS: usize = 10_000;
/// Most groups of a clustering.
pub const MAX_GROUPS: usize = 1_000;

/// All faults of coherence; empty when the model can be scored.
pub(crate) fn check(model: &Model) -> Vec<Fault> {
    let mut check = Check::default();
    check.that(
        model.format == FORMAT,
        "/format",
        "unknown-format",
        "the format is helder-model/1",
    );
    check.text("/name", &model.name);
    check.texts("/title", &model.title);
    check.text("/output/name", &model.output.name);
    check.texts("/output/meaning", &model.output.meaning);
    check.inputs(&model.inputs);
    check.training(model);
    check.nothing_sensitive_is_actionable(model);
    check.similar_cases(model);
    check.privacy(model);
    check.provisions(model);
    let by_name: HashMap<&str, &Input> = model
        .inputs
        .iter()
        .map(|input| (input.name.as_str(), input))
        .collect();
    let has_steps = matches!(
        model.algorithm,
        Algorithm::ExplainableBoosting(_)
            | Algorithm::Scorecard(_)
            | Algorithm::DecisionTree(_)
            | Algorithm::RuleList(_)
            | Algorithm::HazardBoosting(_)
    );
    if !has_steps {
        check.nothing_counts_by_itself(&model.inputs);
    }
    if !matches!(model.algorithm, Algorithm::KPrototypes(_)) {
        check.nothing_is_left_out(&model.inputs);
    }
    match &model.algorithm {
        Algorithm::LogisticRegression(fit) => {
            let fits = model.kind == Kind::BinaryClassification && model.link == Link::Logit;
            check.that(
                fits,
                "/algorithm",
                "wrong-kind",
                "logistic regression is a binary_classification with link logit",
            );
            check.linear(fit, &by_name);
        }
        Algorithm::ExplainableBoosting(fit) => {
            let fits = model.kind == Kind::BinaryClassification && model.link == Link::Logit;
            check.that(
                fits,
                "/algorithm",
                "wrong-kind",
                "explainable boosting is a binary_classification with link logit",
            );
            check.terms(fit, &model.inputs);
        }
        Algorithm::Scorecard(fit) => {
            let fits = model.kind == Kind::BinaryClassification && model.link == Link::Logit;
            check.that(
                fits,
                "/algorithm",
                "wrong-kind",
                "a scorecard is a binary_classification with link logit",
            );
            check.points(fit, &model.inputs);
        }
        Algorithm::DecisionTree(fit) | Algorithm::RuleList(fit) => {
            let fits = model.kind == Kind::BinaryClassification && model.link == Link::Logit;
            check.that(
                fits,
                "/algorithm",
                "wrong-kind",
                "trees and rule lists are a binary_classification with link logit",
            );
            let is_list = matches!(model.algorithm, Algorithm::RuleList(_));
            check.tree(fit, &by_name, is_list);
        }
        Algorithm::KMeans(fit) => check.grouping(model, fit),
        Algorithm::KPrototypes(fit) => check.prototypes(model, fit),
        Algorithm::GaussianMixture(fit) => check.mixture(model, fit),
        Algorithm::GeneralisedLinear(fit) => check.generalised(model, fit, &by_name),
        Algorithm::CoxRegression(fit) => check.hazard(model, fit, &by_name),
        Algorithm::HazardBoosting(fit) => check.interval(model, fit),
        Algorithm::HazardRegression(fit) => check.interval_regression(model, fit),
    }
    if let Calibration::Logistic { intercept, slope } = model.calibration {
        check.finite("/calibration/intercept", intercept);
        check.that(
            slope.is_finite() && slope > 0.0,
            "/calibration/slope",
            "out-of-range",
            "the slope is above 0",
        );
    }
    check.faults
}

#[derive(Default)]
struct Check {
    faults: Vec<Fault>,
}

impl Check {
    fn that(&mut self, holds: bool, pointer: impl Into<String>, code: &str, detail: &str) {
        if !holds && self.faults.len() < MAX_FAULTS {
            self.faults.push(Fault::new(pointer, code, detail));
        }
    }

    fn finite(&mut self, pointer: impl Into<String>, value: f64) {
        self.that(
            value.is_finite(),
            pointer,
            "not-finite",
            "this is a finite number",
        );
    }

    fn text(&mut self, pointer: impl Into<String>, text: &str) {
        self.that(
            !text.trim().is_empty(),
            pointer,
            "empty-text",
            "this text says something",
        );
    }

    fn texts(&mut self, pointer: &str, meaning: &crate::Meaning) {
        self.text(format!("{pointer}/nl"), &meaning.nl);
        self.text(format!("{pointer}/en"), &meaning.en);
    }

    fn share(&mut self, pointer: String, value: f64) {
        self.that(
            (0.0..=1.0).contains(&value),
            pointer,
            "out-of-range",
            "a share lies from 0 to 1",
        );
    }

    fn standard_error(&mut self, pointer: &str, value: Option<f64>) {
        let holds = value.is_none_or(|value| value.is_finite() && value >= 0.0);
        self.that(
            holds,
            format!("{pointer}/standardError"),
            "out-of-range",
            "a standard error is 0 or more",
        );
    }
}
