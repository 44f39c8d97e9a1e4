//! Scored rows, from highest to lowest.

use helder_model::{Answer, Input, InputType, Row, Scorer, Value};

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
    pub(super) group: u32,
    pub(super) has_warnings: bool,
    /// The inputs that count most.
    top: [Top; REASONS],
}

/// An input that counts, with enough to say why.
#[derive(Clone, Copy, Debug)]
struct Top {
    input: u32,
    is_substituted: bool,
    contribution: f64,
    /// Number, or position of the level.
    value: f64,
}

/// Marks a place without an input, in models with fewer inputs than reasons.
const NOBODY: Top = Top {
    input: u32::MAX,
    is_substituted: false,
    contribution: 0.0,
    value: 0.0,
};

impl Scored {
    pub(super) fn new(
        row_number: i64,
        pseudonym: Option<&str>,
        row: &Row,
        answer: &Answer,
        has_warnings: bool,
    ) -> Self {
        let mut top = [NOBODY; REASONS];
        for (place, &input) in top.iter_mut().zip(&answer.order) {
            let level = row.level(input).map(|level| level as f64);
            *place = Top {
                input: input as u32,
                is_substituted: row.is_substituted(input),
                contribution: answer.contributions[input],
                value: level.or_else(|| row.number(input)).unwrap_or(f64::NAN),
            };
        }
        Self {
            row: row_number,
            pseudonym: pseudonym
                .filter(|text| text.len() == 32)
                .and_then(|text| u128::from_str_radix(text, 16).ok()),
            score: answer.score,
            probability: answer.probability.unwrap_or(f64::NAN),
            group: answer
                .nearest
                .map_or(u32::MAX, |nearest| nearest.group as u32),
            has_warnings,
            top,
        }
    }

    /// The inputs that count most, set in `row` again, with their contributions.
    pub(super) fn reasons(&self, scorer: &Scorer, row: &mut Row) -> Vec<(usize, f64)> {
        row.clear();
        let known = self
            .top
            .iter()
            .filter_map(|top| Some((top, scorer.inputs().get(top.input as usize)?)));
        known
            .map(|(top, input)| {
                // What was accepted once is accepted again; a substitute stood for a missing value or for an unknown level.
                let set = scorer.set(row, top.input as usize, top.as_value(input));
                let _ = set.or_else(|_| scorer.set(row, top.input as usize, Value::Text("\u{0}")));
                (top.input as usize, top.contribution)
            })
            .collect()
    }
}

impl Top {
    fn as_value<'a>(&self, input: &'a Input) -> Value<'a> {
        if self.is_substituted {
            return Value::Null;
        }
        match input.kind {
            InputType::Number | InputType::Integer => Value::Number(self.value),
            InputType::Boolean => Value::Boolean(self.value > 0.5),
            InputType::Category => input
                .categories
                .get(self.value as usize)
                .map_or(Value::Null, |category| Value::Text(&category.level)),
        }
    }
}

/// Highest score first; equal scores in the order of the rows, so that the same data give the same ranking.
pub(super) fn rank(scored: &mut [Scored]) {
    scored.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(a.row.cmp(&b.row)));
}
