//! What can be changed fits the input, and is nothing sensitive.

use std::collections::HashSet;

use helder_types::Fault;

use super::Check;
use crate::{Actionable, Direction, Input, InputType, Model};

impl Input {
    /// What does not fit in how this input can be changed; pointers are from the input. Empty when all does.
    pub fn actionable_faults(&self) -> Vec<Fault> {
        let mut check = Check::default();
        check.input_actionable("", self);
        check.faults
    }
}

impl Check {
    pub(super) fn input_actionable(&mut self, at: &str, input: &Input) {
        let Some(how) = &input.actionable else {
            return;
        };
        let at = format!("{at}/actionable");
        let is_number = matches!(input.kind, InputType::Number | InputType::Integer);
        let numbers = [
            ("minimum", how.minimum),
            ("maximum", how.maximum),
            ("largestStep", how.largest_step),
            ("step", how.step),
        ];
        for (name, value) in numbers {
            self.that(
                value.is_none() || is_number,
                format!("{at}/{name}"),
                "wrong-kind",
                "only numbers have this",
            );
        }
        self.amounts(&at, input.kind, how);
        let is_category = input.kind == InputType::Category;
        self.that(
            is_category != how.levels.is_empty(),
            format!("{at}/levels"),
            "wrong-kind",
            "a category names the levels somebody can change to, others do not",
        );
        self.that(
            !is_category || how.direction == Direction::Either,
            format!("{at}/direction"),
            "wrong-kind",
            "a category has no up and down: either",
        );
        let mut seen = HashSet::new();
        for (place, level) in how.levels.iter().enumerate() {
            let is_known = input.categories.iter().any(|known| known.level == *level);
            self.that(
                is_known && seen.insert(level),
                format!("{at}/levels/{place}"),
                "unknown-level",
                "this is one of the categories, once",
            );
        }
    }

    fn amounts(&mut self, at: &str, kind: InputType, how: &Actionable) {
        for (name, value) in [("minimum", how.minimum), ("maximum", how.maximum)] {
            if let Some(value) = value {
                self.finite(format!("{at}/{name}"), value);
            }
        }
        if let (Some(low), Some(high)) = (how.minimum, how.maximum) {
            self.that(
                low <= high,
                format!("{at}/minimum"),
                "out-of-range",
                "the lowest is not above the highest",
            );
        }
        let sizes = [
            ("largestStep", how.largest_step),
            ("step", how.step),
            ("effort", how.effort),
        ];
        for (name, value) in sizes {
            let holds = value.is_none_or(|value| value.is_finite() && value > 0.0);
            self.that(holds, format!("{at}/{name}"), "out-of-range", "above 0");
        }
        let is_whole = how.step.is_none_or(|step| step.fract() == 0.0);
        self.that(
            is_whole || kind != InputType::Integer,
            format!("{at}/step"),
            "out-of-range",
            "whole numbers go by whole steps",
        );
    }

    /// Nobody is told to be somebody else.
    pub(super) fn nothing_sensitive_is_actionable(&mut self, model: &Model) {
        for (place, input) in model.inputs.iter().enumerate() {
            let is_sensitive = model.training.sensitive_features.contains(&input.name);
            self.that(
                input.actionable.is_none() || !is_sensitive,
                format!("/inputs/{place}/actionable"),
                "sensitive",
                "a sensitive feature is nothing to change",
            );
        }
    }
}
