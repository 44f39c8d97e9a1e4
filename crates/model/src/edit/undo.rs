//! Taking the last edit back.

use std::collections::HashSet;

use helder_types::Digest;
use serde::Serialize;

use super::{EditError, Former, Placed};
use crate::{Algorithm, Model, TermsFit};

impl Former {
    /// What differs between two fits, as it stood in the first.
    pub(super) fn of(before: &Model, was: &TermsFit, after: &Model, is: &TermsFit) -> Self {
        Self {
            intercept: was.intercept,
            bags: was.bags.clone(),
            inputs: gone(&before.inputs, &after.inputs),
            curves: gone(&was.curves, &is.curves),
            pairs: gone(&was.pairs, &is.pairs),
            similar_cases: before
                .similar_cases
                .clone()
                .filter(|_| after.similar_cases.is_none()),
        }
    }
}

/// Those of `before` that are not in `after` as they were, to the last byte: 0 and -0 are equal and written differently.
fn gone<T: Clone + Serialize>(before: &[T], after: &[T]) -> Vec<Placed<T>> {
    let written = |one: &T| serde_json::to_vec(one).unwrap_or_default();
    let after: HashSet<Vec<u8>> = after.iter().map(written).collect();
    (0..)
        .zip(before)
        .filter(|(_, was)| !after.contains(&written(was)))
        .map(|(place, was)| Placed {
            place,
            was: was.clone(),
        })
        .collect()
}

/// The list as it was: what was kept with its place, and around it what did not change. `same` tells whether two are of one
/// thing; `None` when places and lists do not fit together.
fn back<T: Clone>(now: &[T], was: &[Placed<T>], same: impl Fn(&T, &T) -> bool) -> Option<Vec<T>> {
    let unchanged = |one: &&T| !was.iter().any(|placed| same(&placed.was, one));
    let mut unchanged = now.iter().filter(unchanged);
    let mut kept = was.iter().peekable();
    let mut list = Vec::new();
    loop {
        let place = list.len() as u64;
        if let Some(placed) = kept.next_if(|placed| placed.place == place) {
            list.push(placed.was.clone());
        } else if let Some(one) = unchanged.next() {
            list.push(one.clone());
        } else {
            return kept.peek().is_none().then_some(list);
        }
    }
}

impl Model {
    /// The model without its last edit: the same bytes as before it.
    ///
    /// # Errors
    /// [`EditError`] when there is no edit, or when what comes out is not the file that the edit says it was made from.
    pub fn undone(&self) -> Result<Self, EditError> {
        let none = || EditError::one("", "no-edit", "this model has no edit to take back");
        let other = || {
            EditError::one(
                "",
                "other-file",
                "without its last edit this is not the file that the edit was made from",
            )
        };
        let Algorithm::ExplainableBoosting(fit) = &self.algorithm else {
            return Err(none());
        };
        let (last, before) = fit.edits.split_last().ok_or_else(none)?;
        let former = &last.former;
        let fit = TermsFit {
            intercept: former.intercept,
            bags: former.bags.clone(),
            curves: back(&fit.curves, &former.curves, |a, b| {
                a.side.input == b.side.input
            })
            .ok_or_else(other)?,
            pairs: back(&fit.pairs, &former.pairs, |a, b| {
                (&a.first.input, &a.second.input) == (&b.first.input, &b.second.input)
            })
            .ok_or_else(other)?,
            edits: before.to_vec(),
        };
        let model = Self {
            inputs: back(&self.inputs, &former.inputs, |a, b| a.name == b.name)
                .ok_or_else(other)?,
            algorithm: Algorithm::ExplainableBoosting(fit),
            similar_cases: former
                .similar_cases
                .clone()
                .or_else(|| self.similar_cases.clone()),
            ..self.clone()
        };
        let bytes = model.to_json().map_err(|_| other())?;
        if Digest::of(&bytes) == last.of {
            Ok(model)
        } else {
            Err(other())
        }
    }
}
