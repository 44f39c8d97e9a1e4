//! Levels of agreement that a user composes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// When two values reach a level. Values are compared as normalised text, as the words in it, or as numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "test", rename_all = "camelCase", deny_unknown_fields)]
pub enum LevelTest {
    /// The same text after normalisation (case, diacritics, punctuation).
    Equal,
    /// One Dutch spelling class: `ij`/`y`, `c`/`k`, `dt`/`t`, doubled letters.
    SameSpelling,
    /// One sound in Dutch: the phonetic code, coarser than the spelling class.
    SameSound,
    /// The first letters are the same.
    SameStart {
        /// How many letters, 1 to 16.
        letters: u8,
    },
    /// Jaro–Winkler similarity.
    Similar {
        /// Least similarity, above 0 and below 1.
        #[serde(rename = "atLeast")]
        at_least: f64,
    },
    /// Keystrokes apart: a letter more, less or other, or two neighbours exchanged (optimal string alignment).
    Keystrokes {
        /// Most keystrokes, 1 to 10.
        #[serde(rename = "atMost")]
        at_most: u8,
    },
    /// Words in common, each counted once.
    WordsInCommon {
        /// Fewest words, 1 to 32.
        #[serde(rename = "atLeast")]
        at_least: u8,
    },
    /// Words in common out of all words of both (Jaccard).
    ShareOfWords {
        /// Least share, above 0 and at most 1.
        #[serde(rename = "atLeast")]
        at_least: f64,
    },
    /// Numbers that differ by this much at most; a decimal comma is read as a point.
    Difference {
        /// Most difference, zero or more.
        #[serde(rename = "atMost")]
        at_most: f64,
    },
    /// Numbers that differ by this share of the larger one at most.
    RelativeDifference {
        /// Most difference as a share, 0 to 1.
        #[serde(rename = "atMost")]
        at_most: f64,
    },
}

/// A level of a composed comparison. A pair reaches the first level whose test holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LevelSpec {
    /// When it is reached.
    pub when: LevelTest,
    /// What it means, for a reader; made from the test when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Whether a rare value weighs more than a common one. Of two different values the commoner counts; of words in common the rarest.
    #[serde(default)]
    pub by_frequency: bool,
}

impl LevelSpec {
    /// A level with the label its test gives.
    pub const fn new(when: LevelTest, by_frequency: bool) -> Self {
        Self {
            when,
            label: None,
            by_frequency,
        }
    }

    /// What the level means, in English and in Dutch. A label of one's own is used for both.
    pub fn labels(&self) -> [String; 2] {
        if let Some(label) = &self.label {
            return [label.clone(), label.clone()];
        }
        match &self.when {
            LevelTest::Equal => ["equal".into(), "gelijk".into()],
            LevelTest::SameSpelling => ["sounds the same".into(), "klinkt gelijk".into()],
            LevelTest::SameSound => ["sounds alike".into(), "klinkt ongeveer gelijk".into()],
            LevelTest::SameStart { letters } => [
                format!("first {letters} letters equal"),
                format!("eerste {letters} letters gelijk"),
            ],
            LevelTest::Similar { at_least } => [
                format!("similar, {at_least} or more"),
                format!("lijkt erop, {at_least} of meer"),
            ],
            LevelTest::Keystrokes { at_most } => [
                format!("{at_most} keystrokes apart at most"),
                format!("hoogstens {at_most} toetsaanslagen verschil"),
            ],
            LevelTest::WordsInCommon { at_least } => [
                format!("{at_least} or more words in common"),
                format!("{at_least} of meer woorden gemeen"),
            ],
            LevelTest::ShareOfWords { at_least } => [
                format!("share {at_least} or more of the words in common"),
                format!("deel {at_least} of meer van de woorden gemeen"),
            ],
            LevelTest::Difference { at_most } => [
                format!("differ by {at_most} at most"),
                format!("verschillen hoogstens {at_most}"),
            ],
            LevelTest::RelativeDifference { at_most } => [
                format!("differ by a share of {at_most} at most"),
                format!("verschillen hoogstens een deel {at_most}"),
            ],
        }
    }

    /// What is wrong with the test's number, if anything.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let share = |value: f64| value > 0.0 && value <= 1.0;
        match self.when {
            LevelTest::Equal | LevelTest::SameSpelling | LevelTest::SameSound => None,
            LevelTest::SameStart { letters } => {
                (!(1..=16).contains(&letters)).then_some("1 to 16 letters")
            }
            LevelTest::Similar { at_least } => (!(at_least > 0.0 && at_least < 1.0))
                .then_some("a similarity between 0 and 1, both excluded"),
            LevelTest::Keystrokes { at_most } => {
                (!(1..=10).contains(&at_most)).then_some("1 to 10 keystrokes")
            }
            LevelTest::WordsInCommon { at_least } => {
                (!(1..=32).contains(&at_least)).then_some("1 to 32 words")
            }
            LevelTest::ShareOfWords { at_least } => {
                (!share(at_least)).then_some("a share above 0 and at most 1")
            }
            LevelTest::Difference { at_most } => {
                (!(at_most >= 0.0 && at_most.is_finite())).then_some("a number of 0 or more")
            }
            LevelTest::RelativeDifference { at_most } => {
                (!(0.0..=1.0).contains(&at_most)).then_some("a share from 0 to 1")
            }
        }
    }
}

/// The levels of a number when none are composed.
pub(crate) fn of_number() -> Vec<LevelSpec> {
    vec![
        LevelSpec::new(LevelTest::Difference { at_most: 0.0 }, true),
        LevelSpec::new(LevelTest::Keystrokes { at_most: 1 }, false),
        LevelSpec::new(LevelTest::RelativeDifference { at_most: 0.01 }, false),
        LevelSpec::new(LevelTest::RelativeDifference { at_most: 0.10 }, false),
    ]
}

/// The levels of free text.
pub(crate) fn of_free_text() -> Vec<LevelSpec> {
    vec![
        LevelSpec::new(LevelTest::Equal, true),
        LevelSpec::new(LevelTest::ShareOfWords { at_least: 0.75 }, true),
        LevelSpec::new(LevelTest::ShareOfWords { at_least: 0.5 }, true),
        LevelSpec::new(LevelTest::WordsInCommon { at_least: 2 }, true),
        LevelSpec::new(LevelTest::WordsInCommon { at_least: 1 }, true),
    ]
}

/// The levels of a list.
pub(crate) fn of_list() -> Vec<LevelSpec> {
    vec![
        LevelSpec::new(LevelTest::ShareOfWords { at_least: 1.0 }, true),
        LevelSpec::new(LevelTest::WordsInCommon { at_least: 2 }, true),
        LevelSpec::new(LevelTest::WordsInCommon { at_least: 1 }, true),
    ]
}
