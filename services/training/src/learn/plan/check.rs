//! Faults of a plan that show without the frame.

mod privacy;
mod regression;
mod survival;

use std::collections::BTreeSet;

use helder_platform::body::Check;
use helder_types::Fault;

use super::{AlgorithmName, NewSplit, NewTrainingRun};

impl Check for NewTrainingRun {
    fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |pointer: String, code: &str, detail: &str| {
            faults.push(Fault::new(pointer, code, detail));
        };
        let is_name = |name: &str| {
            (2..=63).contains(&name.len())
                && name.starts_with(|c: char| c.is_ascii_lowercase())
                && name
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        if !is_name(&self.model.name) {
            fault(
                "/model/name".into(),
                "model-name",
                "2 to 63 lower-case letters, digits and hyphens, a letter first",
            );
        }
        let mut texts = vec![
            ("/model/title".to_owned(), &self.model.title),
            ("/model/meaning".to_owned(), &self.model.meaning),
        ];
        texts.extend(
            self.features
                .iter()
                .enumerate()
                .map(|(n, f)| (format!("/features/{n}/meaning"), &f.meaning)),
        );
        for (pointer, meaning) in texts {
            for (language, text) in [("nl", &meaning.nl), ("en", &meaning.en)] {
                if text.trim().is_empty() || text.chars().count() > 300 {
                    fault(
                        format!("{pointer}/{language}"),
                        "length",
                        "give 1 to 300 characters",
                    );
                }
            }
        }
        if self.features.is_empty() || self.features.len() > 500 {
            fault("/features".into(), "items", "give 1 to 500 features");
        }
        let mut seen = BTreeSet::new();
        for (n, feature) in self.features.iter().enumerate() {
            let pointer = format!("/features/{n}/name");
            if !seen.insert(feature.name.as_str()) {
                fault(pointer.clone(), "repeated", "each column once");
            }
            if Some(&feature.name) == self.target.as_ref() {
                fault(
                    pointer.clone(),
                    "target-as-feature",
                    "the outcome cannot explain itself",
                );
            }
            if self.sensitive_features.contains(&feature.name) {
                let detail = "a sensitive column judges fairness and is never a feature";
                fault(pointer.clone(), "sensitive-as-feature", detail);
            }
            if feature.name.ends_with("_pseudonym") || feature.name == "_row" {
                fault(
                    pointer,
                    "identifier-as-feature",
                    "this column points at one person and explains nothing",
                );
            }
            if feature.justification.trim().is_empty()
                || feature.justification.chars().count() > 1000
            {
                fault(
                    format!("/features/{n}/justification"),
                    "length",
                    "say in 1 to 1,000 characters why it may be used",
                );
            }
        }
        let mut sensitive = BTreeSet::new();
        for (n, name) in self.sensitive_features.iter().enumerate() {
            let pointer = format!("/sensitiveFeatures/{n}");
            if !sensitive.insert(name) {
                fault(pointer.clone(), "repeated", "each column once");
            }
            if Some(name) == self.target.as_ref() {
                fault(
                    pointer,
                    "target-as-feature",
                    "the outcome is no sensitive feature",
                );
            }
        }
        if self.sensitive_features.len() > 20 {
            fault(
                "/sensitiveFeatures".into(),
                "items",
                "give at most 20 columns",
            );
        }
        self.settings(&mut fault);
        faults
    }
}

impl NewTrainingRun {
    /// Groups have no answer that a change would move.
    fn nothing_to_change(&self, fault: &mut impl FnMut(String, &str, &str)) {
        let is_grouping = self.algorithm.is_grouping();
        let is_survival = self.algorithm.is_survival();
        for (n, feature) in self.features.iter().enumerate() {
            if (is_grouping || is_survival) && feature.actionable.is_some() {
                let detail = if is_grouping {
                    "groups have no answer that a change would move"
                } else {
                    "chances by time say not yet what a change would do"
                };
                fault(format!("/features/{n}/actionable"), "wrong-kind", detail);
            }
        }
    }

    fn settings(&self, fault: &mut impl FnMut(String, &str, &str)) {
        match (self.algorithm.is_grouping(), &self.target) {
            (true, Some(_)) => {
                fault("/target".into(), "wrong-kind", "groups have no outcome");
            }
            (false, None) => {
                fault(
                    "/target".into(),
                    "missing",
                    "name the column with the outcome",
                );
            }
            _ => {}
        }
        if let NewSplit::Random { test_share, .. } = self.split
            && !(test_share > 0.0 && test_share < 1.0)
        {
            fault(
                "/split/testShare".into(),
                "out-of-range",
                "above 0 and below 1",
            );
        }
        let settings = &self.hyperparameters;
        if settings.l2.is_some_and(|l2| !(0.0..=1e6).contains(&l2)) {
            fault(
                "/hyperparameters/l2".into(),
                "out-of-range",
                "from 0 to 1,000,000",
            );
        }
        if settings
            .largest_difference
            .is_some_and(|d| !(d > 0.0 && d < 1.0))
        {
            fault(
                "/hyperparameters/largestDifference".into(),
                "out-of-range",
                "above 0 and below 1",
            );
        }
        self.whole_numbers(fault);
        self.grouping(fault);
        self.nothing_to_change(fault);
        self.area_faults(fault);
        self.truth_faults(fault);
        self.graph_faults(fault);
        self.boosting(fault);
        self.regression(fault);
        self.survival(fault);
        self.foreign(fault);
        self.promise(fault);
        self.preparation(fault);
        self.splines(fault);
        if self.capacity == Some(0) {
            fault("/capacity".into(), "out-of-range", "at least 1");
        }
        if self.capacity.is_some() && !self.algorithm.gives_probabilities() {
            fault(
                "/capacity".into(),
                "wrong-kind",
                "only probabilities have an order to pick from",
            );
        }
    }

    /// Settings of other algorithms.
    fn foreign(&self, fault: &mut impl FnMut(String, &str, &str)) {
        let settings = &self.hyperparameters;
        let boosting = self.algorithm == AlgorithmName::ExplainableBoosting;
        let scorecard = self.algorithm == AlgorithmName::Scorecard;
        let regression = self.algorithm.is_regression();
        let cox = self.algorithm == AlgorithmName::CoxRegression;
        let boosted_hazard = self.algorithm == AlgorithmName::HazardBoosting;
        let hazard_regression = self.algorithm == AlgorithmName::HazardRegression;
        let grouping = self.algorithm.is_grouping();
        let given = [
            ("smooth", settings.smooth, boosting),
            ("sparse", settings.sparse, boosting),
            ("maximumTerms", settings.maximum_terms.is_some(), boosting),
            ("l2", settings.l2.is_some(), regression || cox),
            ("ties", settings.ties.is_some(), cox),
            (
                "interval",
                settings.interval.is_some(),
                boosted_hazard || hazard_regression,
            ),
            ("link", settings.link.is_some(), hazard_regression),
            (
                "timeKnots",
                settings.time_knots.is_some(),
                hazard_regression,
            ),
            (
                "interactions",
                settings.interactions.is_some(),
                boosting || boosted_hazard,
            ),
            (
                "monotone",
                !settings.monotone.is_empty(),
                self.algorithm.may_be_monotone(),
            ),
            ("mostPoints", settings.most_points.is_some(), scorecard),
            ("mostBins", settings.most_bins.is_some(), scorecard),
            (
                "maxDepth",
                settings.max_depth.is_some(),
                self.algorithm == AlgorithmName::DecisionTree,
            ),
            (
                "mostRules",
                settings.most_rules.is_some(),
                self.algorithm == AlgorithmName::RuleList,
            ),
            ("groups", settings.groups.is_some(), grouping),
            ("mostGroups", settings.most_groups.is_some(), grouping),
            (
                "gamma",
                settings.gamma.is_some(),
                self.algorithm == AlgorithmName::KPrototypes,
            ),
            (
                "rowGroup",
                settings.row_group.is_some(),
                matches!(
                    self.algorithm,
                    AlgorithmName::DecisionTree | AlgorithmName::RuleList
                ),
            ),
        ];
        let foreign = given
            .into_iter()
            .filter(|(_, is_given, fits)| *is_given && !fits);
        for (name, ..) in foreign {
            fault(
                format!("/hyperparameters/{name}"),
                "wrong-kind",
                "this algorithm has no such setting",
            );
        }
    }

    /// Settings that are whole numbers, of scorecards, trees, lists and groups.
    fn whole_numbers(&self, fault: &mut impl FnMut(String, &str, &str)) {
        let settings = &self.hyperparameters;
        for (name, given, range, detail) in [
            (
                "mostPoints",
                settings.most_points,
                1..=1000,
                "from 1 to 1,000 points",
            ),
            ("mostBins", settings.most_bins, 2..=32, "from 2 to 32 bins"),
            (
                "maxDepth",
                settings.max_depth,
                1..=8,
                "from 1 to 8 questions",
            ),
            (
                "mostRules",
                settings.most_rules,
                1..=20,
                "from 1 to 20 rules",
            ),
            ("groups", settings.groups, 2..=50, "from 2 to 50 groups"),
            (
                "mostGroups",
                settings.most_groups,
                2..=50,
                "from 2 to 50 groups",
            ),
        ] {
            if given.is_some_and(|given| !range.contains(&given)) {
                fault(format!("/hyperparameters/{name}"), "out-of-range", detail);
            }
        }
    }

    /// Settings of groups.
    fn grouping(&self, fault: &mut impl FnMut(String, &str, &str)) {
        let settings = &self.hyperparameters;
        if settings.groups.is_some() && settings.most_groups.is_some() {
            let detail = "the number of groups is given or chosen, not both";
            fault("/hyperparameters/mostGroups".into(), "wrong-kind", detail);
        }
        if settings
            .gamma
            .is_some_and(|g| !(0.001..=1000.0).contains(&g))
        {
            let detail = "from 0.001 to 1,000";
            fault("/hyperparameters/gamma".into(), "out-of-range", detail);
        }
    }

    /// Settings of curves, and which way features count.
    fn boosting(&self, fault: &mut impl FnMut(String, &str, &str)) {
        let settings = &self.hyperparameters;
        if settings.interactions.is_some_and(|pairs| pairs > 100) {
            fault(
                "/hyperparameters/interactions".into(),
                "out-of-range",
                "from 0 to 100 pairs",
            );
        }
        if settings
            .maximum_terms
            .is_some_and(|most| !(1..=600).contains(&most))
        {
            fault(
                "/hyperparameters/maximumTerms".into(),
                "out-of-range",
                "from 1 to 600 terms",
            );
        }
        let mut curbed = BTreeSet::new();
        for (n, monotone) in settings.monotone.iter().enumerate() {
            let is_feature = self.features.iter().any(|f| f.name == monotone.feature);
            if !is_feature || !curbed.insert(&monotone.feature) {
                fault(
                    format!("/hyperparameters/monotone/{n}/feature"),
                    "unknown-feature",
                    "name one of the features, each once",
                );
            }
        }
    }
}
