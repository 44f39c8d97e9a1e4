//! Scored rows, from highest to lowest.

use helder_model::{Answers, Input, InputType, Outlook, Row, Scorer, Term, Value};

use super::REASONS;

/// A scored row, small enough to hold millions.
#[derive(Clone, Debug)]
pub(super) struct Scored {
    /// Ordinal in the dataset version.
    pub(super) row: i64,
    /// 32 hex digits as a number.
    pub(super) pseudonym: Option<u128>,
    pub(super) score: f64,
    pub(super) probability: f64,
    pub(super) value: f64,
    pub(super) group: u32,
    /// NaN where the model does not know.
    pub(super) certainty: f64,
    pub(super) has_warnings: bool,
    /// Of survival models: the median, then chances of lasting, then those of each cause.
    pub(super) chances: Option<Box<[f64]>>,
    /// The terms that count most.
    top: [Top; REASONS],
}

/// A term that counts, with enough to say why.
#[derive(Clone, Copy, Debug)]
struct Top {
    term: u32,
    contribution: f64,
    /// Of its input, and of the second of a pair.
    values: [Kept; 2],
}

/// The value of an input.
#[derive(Clone, Copy, Debug)]
struct Kept {
    /// Number, or position of the level; NaN for a substitute, which stood for a missing value or for an unknown level.
    value: f64,
}

/// Marks a place without a term, in models with fewer terms than reasons.
const NOBODY: Top = Top {
    term: u32::MAX,
    contribution: 0.0,
    values: [Kept { value: f64::NAN }; 2],
};

impl Scored {
    /// * `largest` – the terms that count most in the answer at `place`
    pub(super) fn new(
        (row_number, pseudonym): (i64, Option<&str>),
        (terms, row): (&[Term], &Row),
        (answers, place, largest): (&Answers, usize, &[usize; REASONS]),
        has_warnings: bool,
    ) -> Self {
        let top = largest.map(|term| {
            let Some(&Term { input, other }) = terms.get(term) else {
                return NOBODY;
            };
            Top {
                term: term as u32,
                contribution: answers.contributions(term)[place],
                values: [Some(input), other].map(|input| Kept::of(row, input)),
            }
        });
        Self {
            row: row_number,
            pseudonym: pseudonym
                .filter(|text| text.len() == 32)
                .and_then(|text| u128::from_str_radix(text, 16).ok()),
            score: answers.scores()[place],
            probability: answers.probability(place).unwrap_or(f64::NAN),
            value: answers.value(place).unwrap_or(f64::NAN),
            group: answers
                .nearest(place)
                .map_or(u32::MAX, |nearest| nearest.group as u32),
            certainty: answers
                .nearest(place)
                .and_then(|nearest| nearest.certainty)
                .unwrap_or(f64::NAN),
            has_warnings,
            chances: None,
            top,
        }
    }

    /// Also says how long it may take.
    #[must_use]
    pub(super) fn with_outlook(self, outlook: Option<&Outlook>) -> Self {
        let chances = outlook.map(|outlook| {
            let ended = outlook.causes.iter().flat_map(|cause| &cause.ended);
            let chances = outlook.lasting.iter().chain(ended);
            std::iter::once(outlook.median.time.unwrap_or(f64::NAN))
                .chain(chances.map(|chance| chance.chance))
                .collect()
        });
        Self { chances, ..self }
    }

    /// The terms that count most, their inputs set in `row` again, with their contributions.
    pub(super) fn reasons(&self, scorer: &Scorer, row: &mut Row) -> Vec<(usize, f64)> {
        row.clear();
        let known = self
            .top
            .iter()
            .filter_map(|top| Some((top, scorer.terms().get(top.term as usize)?)));
        known
            .map(|(top, term)| {
                for (kept, input) in top.values.iter().zip([Some(term.input), term.other]) {
                    let Some(input) = input else { continue };
                    // What was accepted once is accepted again.
                    let set = scorer.set(row, input, kept.as_value(&scorer.inputs()[input]));
                    let _ = set.or_else(|_| scorer.set(row, input, Value::Text("\u{0}")));
                }
                (top.term as usize, top.contribution)
            })
            .collect()
    }
}

impl Kept {
    fn of(row: &Row, input: Option<usize>) -> Self {
        let known = input.filter(|input| !row.is_substituted(*input));
        let value = known.and_then(|input| {
            let category = row.raw_category(input).map(|raw| raw as f64);
            category.or_else(|| row.raw_number(input))
        });
        Self {
            value: value.unwrap_or(f64::NAN),
        }
    }

    fn as_value(self, input: &Input) -> Value<'_> {
        if self.value.is_nan() {
            return Value::Null;
        }
        match input.kind {
            InputType::Number | InputType::Integer => Value::Number(self.value),
            InputType::Boolean => Value::Boolean(self.value > 0.5),
            InputType::Category => input
                .raw_categories()
                .nth(self.value as usize)
                .map_or(Value::Null, |(raw, _)| Value::Text(raw)),
        }
    }
}

/// Highest score first; equal scores in the order of the rows, so that the same data give the same ranking.
pub(super) fn rank(scored: &mut [Scored]) {
    scored.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(a.row.cmp(&b.row)));
}
