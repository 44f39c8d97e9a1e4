//! Settings that only some regressions have.

use super::super::{AlgorithmName, NewTrainingRun};

impl NewTrainingRun {
    /// Columns beside the features, and ways of estimating.
    pub(super) fn regression(&self, fault: &mut impl FnMut(String, &str, &str)) {
        use AlgorithmName::{BinomialRegression, NegativeBinomialRegression, PoissonRegression};
        let foreign = "this algorithm has no such setting";
        let algorithm = self.algorithm;
        let regression = algorithm.is_regression();
        let counts = matches!(algorithm, PoissonRegression | NegativeBinomialRegression);
        for (pointer, given, fits) in [
            ("/offset", self.offset.is_some(), regression),
            ("/weights", self.weights.is_some(), regression),
            ("/exposure", self.exposure.is_some(), counts),
            (
                "/trials",
                self.trials.is_some(),
                algorithm == BinomialRegression,
            ),
        ] {
            if given && !fits {
                fault(pointer.into(), "wrong-kind", foreign);
            }
        }
        if algorithm == BinomialRegression && self.trials.is_none() {
            fault(
                "/trials".into(),
                "missing",
                "name the column with the number of trials",
            );
        }
        let offset = self.offset.as_ref().map(|offset| &offset.name);
        for (pointer, name) in [
            ("/offset/name", offset),
            ("/exposure", self.exposure.as_ref()),
            ("/trials", self.trials.as_ref()),
            ("/weights", self.weights.as_ref()),
        ] {
            let Some(name) = name else { continue };
            let used = self.features.iter().any(|feature| feature.name == *name)
                || self.sensitive_features.contains(name)
                || self.target.as_ref() == Some(name);
            if used {
                fault(
                    pointer.into(),
                    "repeated",
                    "this column has another part already",
                );
            }
        }
        if let Some(offset) = &self.offset {
            for (language, text) in [("nl", &offset.meaning.nl), ("en", &offset.meaning.en)] {
                if text.trim().is_empty() || text.chars().count() > 300 {
                    fault(
                        format!("/offset/meaning/{language}"),
                        "length",
                        "give 1 to 300 characters",
                    );
                }
            }
            if offset.actionable.is_some() {
                fault(
                    "/offset/actionable".into(),
                    "wrong-kind",
                    "a known part is nothing to advise on",
                );
            }
            if offset.justification.trim().is_empty() {
                fault(
                    "/offset/justification".into(),
                    "length",
                    "say why it may be used",
                );
            }
        }
        self.ways(fault);
    }

    /// Ways of estimating.
    fn ways(&self, fault: &mut impl FnMut(String, &str, &str)) {
        use AlgorithmName::{CoxRegression, LogisticRegression, NegativeBinomialRegression};
        let algorithm = self.algorithm;
        let foreign = "this algorithm has no such setting";
        let regression = algorithm.is_regression();
        let settings = &self.hyperparameters;
        let net = settings.elastic_net.as_ref();
        for (name, given, fits) in [
            (
                "elasticNet",
                net.is_some(),
                (regression && algorithm != NegativeBinomialRegression)
                    || algorithm == CoxRegression,
            ),
            ("firth", settings.firth, algorithm == LogisticRegression),
            ("robust", settings.robust, regression),
            (
                "standardErrors",
                settings.standard_errors.is_some(),
                regression,
            ),
        ] {
            if given && !fits {
                fault(format!("/hyperparameters/{name}"), "wrong-kind", foreign);
            }
        }
        if let Some(net) = net {
            if !(0.0..=1.0).contains(&net.alpha) {
                let pointer = "/hyperparameters/elasticNet/alpha".into();
                fault(pointer, "out-of-range", "from 0 to 1");
            }
            if net.lambda.is_some_and(|l| !(0.0..=1e6).contains(&l)) {
                let pointer = "/hyperparameters/elasticNet/lambda".into();
                fault(pointer, "out-of-range", "from 0 to 1,000,000");
            }
        }
        let ways = usize::from(net.is_some())
            + usize::from(settings.firth)
            + usize::from(settings.l2.is_some_and(|l2| l2 > 0.0));
        if settings.robust && settings.standard_errors.is_some() {
            let detail = "standardErrors says it all: leave robust out";
            fault("/hyperparameters/robust".into(), "contradiction", detail);
        }
        if net.is_some_and(|net| net.fold_group.is_some() && net.lambda.is_some()) {
            let detail = "a strength that is given is not chosen in folds";
            let pointer = "/hyperparameters/elasticNet/foldGroup".into();
            fault(pointer, "contradiction", detail);
        }
        let is_robust = settings.robust_errors().is_some();
        if ways > 1 || (is_robust && (net.is_some() || settings.firth)) {
            fault(
                "/hyperparameters".into(),
                "contradiction",
                "choose one of l2, elasticNet and firth; robust goes with l2 or none of them",
            );
        }
    }
}
