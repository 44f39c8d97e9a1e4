//! Coherence: what the types alone do not say. Every fault is named.

use std::collections::{HashMap, HashSet};

use helder_types::Fault;

use crate::{
    Algorithm, Calibration, CategoryTerm, FORMAT, Input, InputType, KMeansFit, Kind, LinearFit,
    Link, MissingRule, Model, Split, UnknownCategory, read::MAX_FAULTS,
};

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
    let by_name: HashMap<&str, &Input> = model
        .inputs
        .iter()
        .map(|input| (input.name.as_str(), input))
        .collect();
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
        Algorithm::KMeans(fit) => {
            let fits = model.kind == Kind::Clustering && model.link == Link::None;
            check.that(
                fits,
                "/algorithm",
                "wrong-kind",
                "k-means is a clustering with link none",
            );
            check.that(
                model.calibration == Calibration::None,
                "/calibration",
                "wrong-kind",
                "groups have no probability to calibrate",
            );
            check.k_means(fit, &model.inputs);
        }
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

    fn training(&mut self, model: &Model) {
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

    fn inputs(&mut self, inputs: &[Input]) {
        self.that(
            !inputs.is_empty(),
            "/inputs",
            "empty-list",
            "a model has inputs",
        );
        self.that(
            inputs.len() <= MAX_INPUTS,
            "/inputs",
            "too-many",
            "more inputs than this format allows (2,000)",
        );
        let mut names = HashSet::new();
        for (place, input) in inputs.iter().enumerate() {
            let at = format!("/inputs/{place}");
            self.text(format!("{at}/name"), &input.name);
            self.that(
                names.insert(&input.name),
                format!("{at}/name"),
                "duplicate-name",
                "each input has its own name",
            );
            self.texts(&format!("{at}/meaning"), &input.meaning);
            self.text(format!("{at}/justification"), &input.justification);
            self.input_range(&at, input);
            self.input_levels(&at, input);
            self.input_missing(&at, input);
        }
    }

    fn input_range(&mut self, at: &str, input: &Input) {
        let is_number = matches!(input.kind, InputType::Number | InputType::Integer);
        let pointer = format!("{at}/trainingRange");
        match input.training_range {
            Some(range) if is_number => {
                let holds = range.minimum.is_finite()
                    && range.maximum.is_finite()
                    && range.minimum <= range.maximum;
                self.that(
                    holds,
                    pointer,
                    "out-of-range",
                    "the smallest is not above the largest",
                );
            }
            Some(_) => self.that(
                false,
                pointer,
                "wrong-kind",
                "only numbers have a training range",
            ),
            None => self.that(
                !is_number,
                pointer,
                "missing-field",
                "a number has the range seen in training",
            ),
        }
    }

    fn input_levels(&mut self, at: &str, input: &Input) {
        let is_category = input.kind == InputType::Category;
        let pointer = format!("{at}/categories");
        self.that(
            is_category != input.categories.is_empty(),
            &*pointer,
            "wrong-kind",
            "a category has levels, others have none",
        );
        self.that(
            input.categories.len() <= MAX_LEVELS,
            &*pointer,
            "too-many",
            "more levels than this format allows (10,000)",
        );
        let mut levels = HashSet::new();
        for (place, category) in input.categories.iter().enumerate() {
            self.that(
                levels.insert(&category.level),
                format!("{pointer}/{place}/level"),
                "duplicate-name",
                "each level once",
            );
            if let Some(meaning) = &category.meaning {
                self.texts(&format!("{pointer}/{place}/meaning"), meaning);
            }
        }
        let pointer = format!("{at}/unknownCategory");
        match &input.unknown_category {
            Some(UnknownCategory::Level { level }) if is_category => {
                self.that(
                    levels.contains(level),
                    format!("{pointer}/level"),
                    "unknown-level",
                    "this is one of the categories",
                );
            }
            rule => self.that(
                rule.is_some() == is_category,
                pointer,
                "wrong-kind",
                "a category says what an unknown level does, others do not",
            ),
        }
    }

    fn input_missing(&mut self, at: &str, input: &Input) {
        let pointer = format!("{at}/missing");
        match (&input.missing, input.kind) {
            (MissingRule::Level { level }, InputType::Category) => {
                let known = input
                    .categories
                    .iter()
                    .any(|category| category.level == *level);
                self.that(
                    known,
                    format!("{pointer}/level"),
                    "unknown-level",
                    "this is one of the categories",
                );
            }
            (MissingRule::Reject, _) => {}
            (
                MissingRule::MedianAndIndicator { value } | MissingRule::Median { value },
                InputType::Boolean,
            ) => {
                let holds = *value == 0.0 || (*value - 1.0).abs() == 0.0;
                self.that(
                    holds,
                    format!("{pointer}/value"),
                    "out-of-range",
                    "a boolean is filled in with 0 or 1",
                );
            }
            (
                MissingRule::MedianAndIndicator { value } | MissingRule::Median { value },
                InputType::Number | InputType::Integer,
            ) => {
                self.finite(format!("{pointer}/value"), *value);
            }
            _ => self.that(
                false,
                format!("{pointer}/rule"),
                "wrong-kind",
                "numbers and booleans take a median, categories a level",
            ),
        }
    }

    fn linear(&mut self, fit: &LinearFit, inputs: &HashMap<&str, &Input>) {
        self.finite("/fitted/intercept/coefficient", fit.intercept.coefficient);
        self.standard_error("/fitted/intercept", fit.intercept.standard_error);
        let mut used = HashSet::new();
        for (place, term) in fit.linear_terms.iter().enumerate() {
            let at = format!("/fitted/linearTerms/{place}");
            let fits = inputs
                .get(term.input.as_str())
                .is_some_and(|input| input.kind != InputType::Category);
            self.that(
                fits,
                format!("{at}/input"),
                "unknown-input",
                "this names an input that is no category",
            );
            self.that(
                used.insert(term.input.as_str()),
                format!("{at}/input"),
                "duplicate-term",
                "one term per input",
            );
            self.finite(format!("{at}/coefficient"), term.coefficient);
            self.finite(format!("{at}/mean"), term.mean);
            self.standard_error(&at, term.standard_error);
        }
        for (place, term) in fit.category_terms.iter().enumerate() {
            let at = format!("/fitted/categoryTerms/{place}");
            self.that(
                used.insert(term.input.as_str()),
                format!("{at}/input"),
                "duplicate-term",
                "one term per input",
            );
            match inputs
                .get(term.input.as_str())
                .filter(|input| input.kind == InputType::Category)
            {
                Some(input) => self.category_term(&at, term, input),
                None => self.that(
                    false,
                    format!("{at}/input"),
                    "unknown-input",
                    "this names an input that is a category",
                ),
            }
        }
        self.that(
            used.len() == inputs.len(),
            "/fitted",
            "input-without-term",
            "every input has a term",
        );
        let mut indicated = HashSet::new();
        for (place, term) in fit.missing_terms.iter().enumerate() {
            let at = format!("/fitted/missingTerms/{place}");
            let rule = inputs.get(term.input.as_str()).map(|input| &input.missing);
            let fits = matches!(rule, Some(MissingRule::MedianAndIndicator { .. }));
            self.that(
                fits,
                format!("{at}/input"),
                "unknown-input",
                "this names an input with rule median_and_indicator",
            );
            self.that(
                indicated.insert(term.input.as_str()),
                format!("{at}/input"),
                "duplicate-term",
                "one indicator per input",
            );
            self.finite(format!("{at}/coefficient"), term.coefficient);
            self.share(format!("{at}/mean"), term.mean);
            self.standard_error(&at, term.standard_error);
        }
        let wanted = inputs
            .values()
            .filter(|input| matches!(input.missing, MissingRule::MedianAndIndicator { .. }))
            .count();
        self.that(
            indicated.len() == wanted,
            "/fitted/missingTerms",
            "input-without-term",
            "every median_and_indicator has its indicator",
        );
        self.covariance(fit);
    }

    fn category_term(&mut self, at: &str, term: &CategoryTerm, input: &Input) {
        let mut left: HashSet<&str> = input
            .categories
            .iter()
            .map(|category| category.level.as_str())
            .collect();
        let known = left.remove(term.reference_level.as_str());
        self.that(
            known,
            format!("{at}/referenceLevel"),
            "unknown-level",
            "this is one of the input's categories",
        );
        for (place, level) in term.levels.iter().enumerate() {
            let at = format!("{at}/levels/{place}");
            let known = left.remove(level.level.as_str());
            self.that(
                known,
                format!("{at}/level"),
                "unknown-level",
                "this is another of the input's categories, once",
            );
            self.finite(format!("{at}/coefficient"), level.coefficient);
            self.share(format!("{at}/mean"), level.mean);
            self.standard_error(&at, level.standard_error);
        }
        self.that(
            left.is_empty(),
            format!("{at}/levels"),
            "level-without-term",
            "every other category has its coefficient",
        );
    }

    fn covariance(&mut self, fit: &LinearFit) {
        let Some(rows) = &fit.covariance else { return };
        let n = fit.parameter_count();
        let shaped = rows.len() == n
            && rows
                .iter()
                .enumerate()
                .all(|(place, row)| row.len() == place + 1);
        self.that(
            shaped,
            "/fitted/covariance",
            "wrong-size",
            "a lower triangle over all parameters",
        );
        if !shaped {
            return;
        }
        for (place, row) in rows.iter().enumerate() {
            let variance = row[place];
            let bounded = row.iter().enumerate().all(|(other, value)| {
                let limit = (variance * rows[other][other]).sqrt();
                value.is_finite() && value.abs() <= limit * (1.0 + 1e-6) + f64::MIN_POSITIVE
            });
            let pointer = format!("/fitted/covariance/{place}");
            self.that(
                variance >= 0.0 && bounded,
                pointer,
                "no-covariance",
                "variances are 0 or more and bound the covariances",
            );
        }
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
