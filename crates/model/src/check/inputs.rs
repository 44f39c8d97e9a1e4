//! The inputs: their names, ranges, levels and rules for missing values.

use std::collections::HashSet;

use super::{Check, MAX_INPUTS, MAX_LEVELS};
use crate::{Input, InputType, MissingRule, UnknownCategory};

impl Check {
    pub(super) fn inputs(&mut self, inputs: &[Input]) {
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
            self.input_preparation(&at, input);
            self.input_actionable(&at, input);
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
            (MissingRule::Reject | MissingRule::LeftOut, _)
            | (
                MissingRule::OwnEffect,
                InputType::Number | InputType::Integer | InputType::Boolean,
            ) => {}
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
}
