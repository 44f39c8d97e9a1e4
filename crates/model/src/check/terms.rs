//! Explainable boosting: a curve for every input, tables that fit their sides, finite numbers.

use std::collections::{BTreeMap, HashSet};

use super::Check;
use crate::{Bags, Deviations, Input, InputType, MissingRule, Side, TermsFit};

/// Most pairs of inputs with a table.
const MAX_PAIRS: usize = 1_000;
/// Most bags whose deviations are kept.
const MAX_BAGS: usize = 100;
/// Most edits.
const MAX_EDITS: usize = 100;

impl Check {
    /// Missing has an effect of its own where a curve can hold it, and nowhere else.
    pub(super) fn nothing_counts_by_itself(&mut self, inputs: &[Input]) {
        for (place, input) in inputs.iter().enumerate() {
            self.that(
                input.missing != MissingRule::OwnEffect,
                format!("/inputs/{place}/missing/rule"),
                "wrong-kind",
                "own_effect is for explainable_boosting, scorecard, decision_tree and rule_list",
            );
        }
    }

    pub(super) fn terms(&mut self, fit: &TermsFit, inputs: &[Input]) {
        self.finite("/fitted/intercept", fit.intercept);
        self.that(
            fit.curves.len() == inputs.len(),
            "/fitted/curves",
            "input-without-term",
            "every input has a curve",
        );
        for (place, (curve, input)) in fit.curves.iter().zip(inputs).enumerate() {
            let at = format!("/fitted/curves/{place}");
            self.that(
                curve.side.input == input.name,
                format!("{at}/input"),
                "unknown-input",
                "curves stand in the order of the inputs",
            );
            let steps = self.side(&at, &curve.side, input);
            self.row(&format!("{at}/scores"), &curve.scores, steps);
            self.errors(
                &format!("{at}/standardErrors"),
                &curve.standard_errors,
                steps,
            );
        }
        self.bags(fit);
        self.edits(fit);
        self.that(
            fit.pairs.len() <= MAX_PAIRS,
            "/fitted/pairs",
            "too-many",
            "more pairs than this format allows (1,000)",
        );
        let places: BTreeMap<&str, usize> = inputs
            .iter()
            .enumerate()
            .map(|(place, input)| (input.name.as_str(), place))
            .collect();
        let mut seen = HashSet::new();
        for (place, pair) in fit.pairs.iter().enumerate() {
            let at = format!("/fitted/pairs/{place}");
            let sides = [("first", &pair.first), ("second", &pair.second)];
            let found = sides.map(|(_, side)| places.get(side.input.as_str()).copied());
            for ((name, _), found) in sides.iter().zip(found) {
                self.that(
                    found.is_some(),
                    format!("{at}/{name}/input"),
                    "unknown-input",
                    "this names an input",
                );
            }
            let [Some(first), Some(second)] = found else {
                continue;
            };
            self.that(
                first != second && seen.insert((first.min(second), first.max(second))),
                at.clone(),
                "duplicate-term",
                "two different inputs, each pair once",
            );
            let down = self.side(&format!("{at}/first"), &pair.first, &inputs[first]);
            let across = self.side(&format!("{at}/second"), &pair.second, &inputs[second]);
            for (name, table) in [
                ("scores", &pair.scores),
                ("standardErrors", &pair.standard_errors),
            ] {
                let at = format!("{at}/{name}");
                self.that(
                    table.len() == down,
                    at.clone(),
                    "wrong-size",
                    "a row for every step of the first input",
                );
                for (place, row) in table.iter().enumerate() {
                    let at = format!("{at}/{place}");
                    if name == "scores" {
                        self.row(&at, row, across);
                    } else {
                        self.errors(&at, row, across);
                    }
                }
            }
        }
    }

    /// Steps of a side, the one for missing included.
    pub(super) fn side(&mut self, at: &str, side: &Side, input: &Input) -> usize {
        let is_category = input.kind == InputType::Category;
        self.that(
            side.levels.is_some() == is_category && side.cuts.is_some() != is_category,
            at.to_owned(),
            "wrong-kind",
            "a category has levels, others have cuts",
        );
        let cuts = side.cuts.as_deref().unwrap_or_default();
        let rising =
            cuts.iter().all(|cut| cut.is_finite()) && cuts.windows(2).all(|pair| pair[0] < pair[1]);
        self.that(
            rising,
            format!("{at}/cuts"),
            "out-of-range",
            "cuts are finite and rise",
        );
        if is_category {
            let mut left: HashSet<&str> = input
                .categories
                .iter()
                .map(|category| category.level.as_str())
                .collect();
            let mut named = side.levels.iter().flatten().flatten();
            let known = named.all(|level| left.remove(level.as_str()));
            self.that(
                known && left.is_empty(),
                format!("{at}/levels"),
                "unknown-level",
                "every category of the input, once",
            );
        }
        side.steps() + usize::from(input.missing == MissingRule::OwnEffect)
    }

    fn row(&mut self, at: &str, scores: &[f64], steps: usize) {
        self.that(
            scores.len() == steps,
            at,
            "wrong-size",
            "one number for every step",
        );
        let finite = scores.iter().all(|score| score.is_finite());
        self.that(finite, at, "not-finite", "these are finite numbers");
    }

    fn errors(&mut self, at: &str, errors: &[f64], steps: usize) {
        self.row(at, errors, steps);
        self.that(
            errors.iter().all(|error| *error >= 0.0),
            at,
            "out-of-range",
            "a standard error is 0 or more",
        );
    }

    /// Deviations stand at every step and cell, or nowhere, for the same bags.
    fn bags(&mut self, fit: &TermsFit) {
        let count = fit.bags.as_ref().map_or(0, Bags::count);
        if let Some(bags) = &fit.bags {
            self.that(
                (2..=MAX_BAGS).contains(&count),
                "/fitted/bags/intercept",
                "wrong-size",
                "there are 2 to 100 bags",
            );
            for (name, value) in [("factor", bags.factor), ("unit", bags.unit)] {
                self.that(
                    value.is_finite() && value > 0.0,
                    format!("/fitted/bags/{name}"),
                    "out-of-range",
                    "this is above 0",
                );
            }
        }
        let fits = |of: &[Deviations], steps: usize| {
            of.len() == steps * usize::from(count > 0) && of.iter().all(|one| one.0.len() == count)
        };
        let detail = "one text for every step, with a number for every bag; none without bags";
        for (place, curve) in fit.curves.iter().enumerate() {
            self.that(
                fits(&curve.deviations, curve.scores.len()),
                format!("/fitted/curves/{place}/deviations"),
                "wrong-size",
                detail,
            );
        }
        for (place, pair) in fit.pairs.iter().enumerate() {
            let rows = pair.scores.len() * usize::from(count > 0);
            let all = pair.scores.iter().zip(&pair.deviations);
            self.that(
                pair.deviations.len() == rows && all.into_iter().all(|(s, d)| fits(d, s.len())),
                format!("/fitted/pairs/{place}/deviations"),
                "wrong-size",
                detail,
            );
        }
    }

    /// Who, when and why are said.
    fn edits(&mut self, fit: &TermsFit) {
        self.that(
            fit.edits.len() <= MAX_EDITS,
            "/fitted/edits",
            "too-many",
            "more edits than this format allows (100)",
        );
        for (place, edit) in fit.edits.iter().enumerate() {
            let at = format!("/fitted/edits/{place}");
            for (name, text) in [("by", &edit.by), ("at", &edit.at), ("reason", &edit.reason)] {
                self.text(format!("{at}/{name}"), text);
            }
            self.that(
                !edit.changes.is_empty(),
                format!("{at}/changes"),
                "empty-list",
                "an edit changes something",
            );
        }
    }
}
