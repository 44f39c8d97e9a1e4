//! What only survival has.

use std::collections::BTreeSet;

use super::super::NewTrainingRun;

/// Most causes of an end.
const MOST_CAUSES: usize = helder_model::hazard::MOST_CAUSES;

impl NewTrainingRun {
    /// Columns and causes of spells.
    pub(super) fn survival(&self, fault: &mut impl FnMut(String, &str, &str)) {
        if !self.algorithm.is_survival() {
            for (pointer, is_given) in [
                ("/event", self.event.is_some()),
                ("/entry", self.entry.is_some()),
                ("/causes", !self.causes.is_empty()),
                ("/outflowReport", self.outflow_report.is_some()),
            ] {
                if is_given {
                    let detail = "this algorithm has no such setting";
                    fault(pointer.into(), "wrong-kind", detail);
                }
            }
            return;
        }
        if self.event.is_none() {
            let detail = "name the column that says whether it ended";
            fault("/event".into(), "missing", detail);
        }
        if self.model.horizon.is_some() {
            let detail = "a survival model tells chances at 3, 6, 12 and 24 months: leave this out";
            fault("/model/horizon".into(), "wrong-kind", detail);
        }
        let knots = self.hyperparameters.time_knots;
        if knots.is_some_and(|knots| !(3..=7).contains(&knots)) {
            let pointer = "/hyperparameters/timeKnots".into();
            fault(pointer, "out-of-range", "from 3 to 7 knots");
        }
        self.spell_columns(fault);
        self.spell_causes(fault);
    }

    fn spell_columns(&self, fault: &mut impl FnMut(String, &str, &str)) {
        for (pointer, name, other) in [
            ("/event", &self.event, &self.entry),
            ("/entry", &self.entry, &None),
        ] {
            let Some(name) = name else { continue };
            let used = self.features.iter().any(|feature| feature.name == *name)
                || self.sensitive_features.contains(name)
                || self.target.as_ref() == Some(name)
                || other.as_ref() == Some(name);
            if used {
                let detail = "this column has another part already";
                fault(pointer.into(), "repeated", detail);
            }
        }
    }

    fn spell_causes(&self, fault: &mut impl FnMut(String, &str, &str)) {
        if self.causes.len() > MOST_CAUSES {
            fault("/causes".into(), "items", "give at most 12 causes");
        }
        let mut seen = BTreeSet::new();
        for (n, cause) in self.causes.iter().enumerate() {
            let length = cause.value.chars().count();
            if cause.value.trim().is_empty() || length > 100 {
                let detail = "give 1 to 100 characters";
                fault(format!("/causes/{n}/value"), "length", detail);
            }
            if !seen.insert(&cause.value) {
                fault(format!("/causes/{n}/value"), "repeated", "each cause once");
            }
            for (language, text) in [("nl", &cause.meaning.nl), ("en", &cause.meaning.en)] {
                if text.trim().is_empty() || text.chars().count() > 300 {
                    fault(
                        format!("/causes/{n}/meaning/{language}"),
                        "length",
                        "give 1 to 300 characters",
                    );
                }
            }
        }
    }
}
