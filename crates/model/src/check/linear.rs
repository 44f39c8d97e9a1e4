//! A logistic regression: a term for every input, finite numbers, a covariance that can be one.

use std::collections::{HashMap, HashSet};

use super::Check;
use crate::{
    CategoryTerm, Input, InputType, LinearFit, MissingRule, SplineTerm, spline::are_knots,
};

impl Check {
    pub(super) fn linear(&mut self, fit: &LinearFit, inputs: &HashMap<&str, &Input>) {
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
        for (place, term) in fit.spline_terms.iter().enumerate() {
            let at = format!("/fitted/splineTerms/{place}");
            self.that(
                used.insert(term.input.as_str()),
                format!("{at}/input"),
                "duplicate-term",
                "one term per input",
            );
            self.spline(&at, term, inputs.get(term.input.as_str()).copied());
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

    fn spline(&mut self, at: &str, term: &SplineTerm, input: Option<&Input>) {
        let is_number =
            |input: &Input| matches!(input.kind, InputType::Number | InputType::Integer);
        self.that(
            input.is_some_and(is_number),
            format!("{at}/input"),
            "unknown-input",
            "this names an input that is a number",
        );
        self.that(
            input.is_none_or(|input| input.actionable.is_none()),
            format!("{at}/input"),
            "wrong-kind",
            "advice follows lines and steps, not a curve",
        );
        self.that(
            are_knots(&term.knots),
            format!("{at}/knots"),
            "out-of-range",
            "3 to 20 numbers that rise, no two almost the same",
        );
        self.that(
            term.columns.len() + 1 == term.knots.len(),
            format!("{at}/columns"),
            "wrong-size",
            "one column fewer than knots",
        );
        for (place, column) in term.columns.iter().enumerate() {
            let at = format!("{at}/columns/{place}");
            self.finite(format!("{at}/coefficient"), column.coefficient);
            self.finite(format!("{at}/mean"), column.mean);
            self.standard_error(&at, column.standard_error);
        }
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
}
