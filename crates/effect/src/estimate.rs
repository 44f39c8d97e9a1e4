//! Figures with their uncertainty, and figures that are not shown.

use serde::Serialize;

use crate::{Text, normal};

/// A ratio of hazards: how many times as fast people with the provision leave, day by day, as people without.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HazardRatio {
    /// Logarithm of the ratio.
    pub estimate: f64,
    /// Its standard error; by person where people have several spells or rows have weights.
    pub standard_error: f64,
    /// The ratio, above 0.
    pub hazard_ratio: f64,
    /// Lower limit of the ratio.
    pub lower: f64,
    /// Upper limit of the ratio.
    pub upper: f64,
    /// Two-sided probability of a ratio as far from 1 without an effect.
    pub p_value: f64,
    /// Rows of the regression that end with the outcome.
    pub n_events: usize,
    /// Columns that were held equal.
    pub adjusted_for: Vec<String>,
    /// Columns that had to be left out: a value of theirs has no outcome, or they follow from others.
    pub left_out: Vec<String>,
}

impl HazardRatio {
    pub(crate) fn new(
        estimate: f64,
        standard_error: f64,
        n_events: usize,
        confidence: f64,
    ) -> Self {
        let half = normal::two_sided(confidence) * standard_error;
        Self {
            estimate,
            standard_error,
            hazard_ratio: estimate.exp(),
            lower: (estimate - half).exp(),
            upper: (estimate + half).exp(),
            p_value: normal::two_sided_p(estimate / standard_error),
            n_events,
            adjusted_for: Vec::new(),
            left_out: Vec::new(),
        }
    }

    /// Whether 1 lies within the limits.
    pub fn may_be_one(&self) -> bool {
        self.lower <= 1.0 && self.upper >= 1.0
    }
}

/// A difference of chances: with the provision less without it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// The difference, in `[-1, 1]`.
    pub estimate: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Lower limit.
    pub lower: f64,
    /// Upper limit.
    pub upper: f64,
    /// Two-sided probability of a difference as far from 0 without an effect.
    pub p_value: f64,
}

impl Difference {
    pub(crate) fn new(estimate: f64, standard_error: f64, confidence: f64) -> Self {
        let half = normal::two_sided(confidence) * standard_error;
        Self {
            estimate,
            standard_error,
            lower: (estimate - half).max(-1.0),
            upper: (estimate + half).min(1.0),
            p_value: normal::two_sided_p(estimate / standard_error),
        }
    }

    /// Whether 0 lies within the limits.
    pub fn may_be_zero(&self) -> bool {
        self.lower <= 0.0 && self.upper >= 0.0
    }
}

/// A result, or why there is none to show.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "status", rename_all = "camelCase")]
pub enum Shown<T> {
    /// The result.
    Shown {
        /// It.
        value: T,
    },
    /// Not shown.
    Withheld {
        /// Why not.
        reason: Reason,
        /// The same in words.
        text: Text,
    },
}

impl<T> Shown<T> {
    pub(crate) fn withheld(reason: Reason) -> Self {
        let text = reason.text();
        Self::Withheld { reason, text }
    }

    /// The result, where it is shown.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Shown { value } => Some(value),
            Self::Withheld { .. } => None,
        }
    }
}

impl<T> From<Result<T, Reason>> for Shown<T> {
    fn from(result: Result<T, Reason>) -> Self {
        match result {
            Ok(value) => Self::Shown { value },
            Err(reason) => Self::withheld(reason),
        }
    }
}

/// Why a result is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Reason {
    /// Too few people: with so few, a figure could tell about one of them.
    TooFewPeople,
    /// The smallest effect that would matter could easily be missed, and what is found would mostly be chance.
    NoPower,
    /// Some people (almost) always or never get the provision: there is nobody to compare them with.
    NoOverlap,
    /// Too few are followed until the horizon.
    FollowUpTooShort,
    /// The calculation has no finite answer.
    NoEstimate,
}

impl Reason {
    /// The reason in plain words.
    pub fn text(self) -> Text {
        let (nl, en) = match self {
            Self::TooFewPeople => (
                "Het gaat om te weinig mensen. Een cijfer zou iets over één persoon kunnen verraden.",
                "There are too few people. A figure could give away something about one person.",
            ),
            Self::NoPower => (
                "Er zijn te weinig gegevens om een effect te kunnen zien dat ertoe doet. Een uitkomst zou vooral toeval zijn.",
                "There is too little data to see an effect that matters. A result would mostly be chance.",
            ),
            Self::NoOverlap => (
                "Sommige mensen krijgen de voorziening bijna altijd of bijna nooit. Voor hen is er niemand om mee te vergelijken.",
                "Some people almost always or almost never get the provision. There is nobody to compare them with.",
            ),
            Self::FollowUpTooShort => (
                "Te weinig mensen zijn lang genoeg gevolgd.",
                "Too few people were followed for long enough.",
            ),
            Self::NoEstimate => (
                "Met deze gegevens is het niet uit te rekenen.",
                "It cannot be calculated from this data.",
            ),
        };
        Text::new(nl, en)
    }
}
