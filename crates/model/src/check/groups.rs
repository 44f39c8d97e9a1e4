//! Groups: scales in the order of the inputs, centres of the right size, certainties that rise.

use super::{Check, MAX_GROUPS};
use crate::{
    Calibration, CertaintyStep, Input, InputType, Kind, Link, Meaning, MissingRule, MixtureFit,
    Mode, Model, PrototypesFit, Standardisation,
    groups::{SMALLEST_GROUP, whitener},
};

/// Steps of a certainty at most.
const MOST_STEPS: usize = 20;
/// Beyond these, squares of what is given are no numbers.
const LARGEST_MEAN: f64 = 1e100;
const LARGEST_GAMMA: f64 = 1e100;
/// Largest entry of an inverse factor of a covariance.
const LARGEST_WEIGHT: f64 = 1e20;
/// How far shares that sum to 1 may be off.
const ROUNDING: f64 = 1e-9;

impl Check {
    pub(super) fn clustering(&mut self, model: &Model) {
        let fits = model.kind == Kind::Clustering && model.link == Link::None;
        self.that(
            fits,
            "/algorithm",
            "wrong-kind",
            "groups are a clustering with link none",
        );
        self.that(
            model.calibration == Calibration::None,
            "/calibration",
            "wrong-kind",
            "groups have no probability to calibrate",
        );
    }

    /// Nothing but prototypes knows what to do with a value that is not there.
    pub(super) fn nothing_is_left_out(&mut self, inputs: &[Input]) {
        for (place, input) in inputs.iter().enumerate() {
            self.that(
                input.missing != MissingRule::LeftOut,
                format!("/inputs/{place}/missing/rule"),
                "wrong-kind",
                "only k-prototypes leaves missing values out",
            );
        }
    }

    /// One scale per input, in their order.
    pub(super) fn scales<'a>(
        &mut self,
        scales: &[Standardisation],
        inputs: impl Iterator<Item = &'a Input>,
    ) {
        let names = inputs.map(|input| &input.name);
        self.that(
            names.eq(scales.iter().map(|scale| &scale.input)),
            "/fitted/standardisation",
            "unknown-input",
            "one per input that is a number, in the order of the inputs",
        );
        for (place, standard) in scales.iter().enumerate() {
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
    }

    pub(super) fn prototypes(&mut self, model: &Model, fit: &PrototypesFit) {
        self.clustering(model);
        let (numbers, named) = model.numbers_and_names();
        self.scales(
            &fit.standardisation,
            numbers.iter().map(|place| &model.inputs[*place]),
        );
        for (place, input) in model.inputs.iter().enumerate() {
            let leaves_gaps = matches!(input.missing, MissingRule::LeftOut | MissingRule::Reject);
            self.that(
                leaves_gaps,
                format!("/inputs/{place}/missing/rule"),
                "wrong-kind",
                "k-prototypes leaves missing values out, or refuses them",
            );
        }
        self.that(
            fit.gamma > 0.0 && fit.gamma <= LARGEST_GAMMA,
            "/fitted/gamma",
            "out-of-range",
            "the weight of a category is above 0",
        );
        self.that(
            fit.cost.is_finite() && fit.cost >= 0.0,
            "/fitted/cost",
            "out-of-range",
            "a sum of distances is 0 or more",
        );
        self.count_of_groups("/fitted/prototypes", fit.prototypes.len());
        for (place, group) in fit.prototypes.iter().enumerate() {
            let at = format!("/fitted/prototypes/{place}");
            self.group(
                &at,
                &group.name,
                group.stability,
                &group.means,
                numbers.len(),
            );
            self.that(
                group.modes.len() == named.len(),
                format!("{at}/modes"),
                "wrong-size",
                "one per category or boolean",
            );
            for (n, (mode, input)) in group.modes.iter().zip(&named).enumerate() {
                self.mode(&format!("{at}/modes/{n}"), mode, &model.inputs[*input]);
            }
            self.certainty(&format!("{at}/certainty"), &group.certainty);
        }
    }

    pub(super) fn mixture(&mut self, model: &Model, fit: &MixtureFit) {
        self.clustering(model);
        self.scales(&fit.standardisation, model.inputs.iter());
        for (place, input) in model.inputs.iter().enumerate() {
            self.that(
                matches!(input.kind, InputType::Number | InputType::Integer),
                format!("/inputs/{place}/type"),
                "wrong-kind",
                "a mixture of normal distributions takes numbers",
            );
            let is_filled = matches!(
                input.missing,
                MissingRule::Median { .. } | MissingRule::Reject
            );
            self.that(
                is_filled,
                format!("/inputs/{place}/missing/rule"),
                "wrong-kind",
                "a mixture has no indicators: use median or reject",
            );
        }
        self.finite("/fitted/logLikelihood", fit.log_likelihood);
        self.count_of_groups("/fitted/components", fit.components.len());
        let sum: f64 = fit.components.iter().map(|group| group.weight).sum();
        self.that(
            (sum - 1.0).abs() <= ROUNDING,
            "/fitted/components",
            "out-of-range",
            "the weights sum to 1",
        );
        let columns = model.inputs.len();
        for (place, group) in fit.components.iter().enumerate() {
            let at = format!("/fitted/components/{place}");
            self.group(&at, &group.name, group.stability, &group.means, columns);
            self.that(
                group.weight > 0.0 && group.weight <= 1.0,
                format!("{at}/weight"),
                "out-of-range",
                "a weight lies above 0 and not above 1",
            );
            let rows = group.covariance.iter().enumerate();
            let is_triangle = group.covariance.len() == columns
                && rows.clone().all(|(i, row)| row.len() == i + 1);
            let pointer = format!("{at}/covariance");
            if !is_triangle {
                self.that(false, pointer, "wrong-size", "row i has i + 1 numbers");
                continue;
            }
            let small = |row: &Vec<f64>| row.iter().all(|weight| weight.abs() <= LARGEST_WEIGHT);
            let holds = whitener(&group.covariance).is_some_and(|rows| rows.iter().all(small));
            self.that(
                holds,
                pointer,
                "out-of-range",
                "a covariance is positive definite",
            );
        }
    }

    fn count_of_groups(&mut self, pointer: &str, groups: usize) {
        self.that(
            (2..=MAX_GROUPS).contains(&groups),
            pointer,
            "too-many",
            "there are 2 to 1,000 groups",
        );
    }

    fn group(&mut self, at: &str, name: &Meaning, stability: f64, means: &[f64], numbers: usize) {
        self.texts(&format!("{at}/name"), name);
        self.share(format!("{at}/stability"), stability);
        let pointer = format!("{at}/means");
        self.that(
            means.len() == numbers,
            pointer.clone(),
            "wrong-size",
            "one mean per number",
        );
        self.that(
            means.iter().all(|mean| mean.abs() <= LARGEST_MEAN),
            pointer,
            "out-of-range",
            "means of standardised numbers are small",
        );
    }

    fn mode(&mut self, at: &str, mode: &Mode, input: &Input) {
        let is_level = match input.kind {
            InputType::Boolean => mode.level == "true" || mode.level == "false",
            _ => input
                .categories
                .iter()
                .any(|known| known.level == mode.level),
        };
        self.that(
            is_level,
            format!("{at}/level"),
            "unknown-level",
            "this is one of the values of the input",
        );
        for (key, share) in [("share", mode.share), ("overall", mode.overall)] {
            if let Some(share) = share {
                self.share(format!("{at}/{key}"), share);
            }
        }
    }

    fn certainty(&mut self, at: &str, steps: &[CertaintyStep]) {
        self.that(
            (1..=MOST_STEPS).contains(&steps.len()),
            at,
            "too-many",
            "there are 1 to 20 steps",
        );
        for (place, step) in steps.iter().enumerate() {
            self.share(format!("{at}/{place}/share"), step.share);
            self.that(
                step.rows >= SMALLEST_GROUP,
                format!("{at}/{place}/rows"),
                "out-of-range",
                "a step is about ten rows or more",
            );
            let is_last = place + 1 == steps.len();
            let in_range = step.below.is_none_or(|below| (0.0..=1.0).contains(&below));
            self.that(
                step.below.is_none() == is_last && in_range,
                format!("{at}/{place}/below"),
                "out-of-range",
                "every step but the last ends at a lead from 0 to 1",
            );
        }
        let rising = steps.windows(2).all(|pair| {
            let ends = pair[0].below.zip(pair[1].below);
            pair[0].share <= pair[1].share && ends.is_none_or(|(a, b)| a < b)
        });
        self.that(rising, at, "not-rising", "leads and shares rise");
    }
}
