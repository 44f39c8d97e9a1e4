//! Making changes, with every fault named before anything is changed.

use helder_types::{Digest, Fault};

use super::{
    Change, Edit, EditError, Former, LearnedFrom, Signed, Stretch,
    count::{counts, skipped},
    curve::{Bench, cut},
};
use crate::{Algorithm, Input, InputType, MissingRule, Model, Side, TermsFit};

/// Most changes of one edit.
const MAX_CHANGES: usize = 100;
/// Largest log odds that a stretch can be set to.
const MOST_LOG_ODDS: f64 = 20.0;

impl Model {
    /// The model with `changes` made and signed. `rows` are those it was learned from.
    ///
    /// # Errors
    /// [`EditError`] names every change that does not fit the model.
    pub fn edited(
        &self,
        changes: &[Change],
        signed: Signed<'_>,
        rows: &dyn LearnedFrom,
    ) -> Result<Self, EditError> {
        let Algorithm::ExplainableBoosting(was) = &self.algorithm else {
            return Err(EditError::one(
                "",
                "wrong-kind",
                "only curves of explainable boosting can be edited",
            ));
        };
        let mut faults = Vec::new();
        if changes.is_empty() || changes.len() > MAX_CHANGES {
            faults.push(Fault::new("", "wrong-size", "an edit has 1 to 100 changes"));
        }
        for (pointer, text) in [
            ("/by", signed.by),
            ("/at", signed.at),
            ("/reason", signed.reason),
        ] {
            if text.trim().is_empty() {
                faults.push(Fault::new(pointer, "empty-text", "say who, when and why"));
            }
        }
        let mut work = Work {
            model: self.clone(),
            fit: was.clone(),
            rows,
        };
        for (place, change) in changes.iter().enumerate() {
            if let Err(EditError(found)) = work.change(change) {
                let at = |fault: Fault| Fault {
                    pointer: format!("/{place}{}", fault.pointer),
                    ..fault
                };
                faults.extend(found.into_iter().map(at));
            }
        }
        if !faults.is_empty() {
            return Err(EditError(faults));
        }
        let unwritable = |error: crate::ModelError| EditError(error.0);
        if check_of(&work.model, &work.fit)
            .iter()
            .any(|fault| fault.pointer.starts_with("/similarCases"))
        {
            work.model.similar_cases = None;
        }
        let Work {
            mut model, mut fit, ..
        } = work;
        fit.edits.push(Edit {
            by: signed.by.to_owned(),
            at: signed.at.to_owned(),
            reason: signed.reason.to_owned(),
            of: Digest::of(&self.to_json().map_err(unwritable)?),
            changes: changes.to_vec(),
            effect: None,
            former: Former::of(self, was, &model, &fit),
        });
        model.algorithm = Algorithm::ExplainableBoosting(fit);
        let faults = crate::check::check(&model);
        if faults.is_empty() {
            Ok(model)
        } else {
            Err(EditError(faults))
        }
    }
}

/// Faults of the model as it would be.
fn check_of(model: &Model, fit: &TermsFit) -> Vec<Fault> {
    let model = Model {
        algorithm: Algorithm::ExplainableBoosting(fit.clone()),
        ..model.clone()
    };
    crate::check::check(&model)
}

/// A model under change. `model` has the inputs, `fit` the terms.
pub(super) struct Work<'a> {
    pub(super) model: Model,
    pub(super) fit: TermsFit,
    pub(super) rows: &'a dyn LearnedFrom,
}

impl Work<'_> {
    fn change(&mut self, change: &Change) -> Result<(), EditError> {
        match change {
            Change::Set {
                input,
                stretch,
                value,
            } => {
                if value.is_nan() || value.abs() > MOST_LOG_ODDS {
                    return Err(EditError::one(
                        "/value",
                        "out-of-range",
                        "log odds from -20 to 20",
                    ));
                }
                let place = self.input(input, "/input")?;
                let steps = self.stretch(place, stretch)?;
                let (shift, moved) = self.bench(place)?.set(&steps, *value);
                self.fit.intercept += shift;
                if let (Some(bags), Some(moved)) = (&mut self.fit.bags, moved) {
                    bags.intercept.add(&moved, 1);
                }
            }
            Change::Flatten { input, stretch } => {
                let place = self.input(input, "/input")?;
                let steps = self.stretch(place, stretch)?;
                self.bench(place)?.pool(&steps);
            }
            Change::Monotone {
                input,
                direction,
                from,
                to,
            } => {
                let place = self.input(input, "/input")?;
                if !is_number(&self.model.inputs[place]) {
                    return Err(EditError::one(
                        "/input",
                        "wrong-kind",
                        "name an input that is a number: others have no order",
                    ));
                }
                let steps = self.between(place, *from, *to, "")?;
                self.bench(place)?.monotone(steps, *direction);
            }
            Change::Merge { input, levels } => self.merge(input, levels)?,
            Change::Remove { input } => {
                let place = self.input(input, "/input")?;
                if self.model.inputs.len() == 1 {
                    return Err(EditError::one(
                        "/input",
                        "last-input",
                        "a model keeps one input",
                    ));
                }
                self.model.inputs.remove(place);
                self.fit.curves.remove(place);
                self.fit
                    .pairs
                    .retain(|pair| ![&pair.first.input, &pair.second.input].contains(&input));
            }
            Change::RemovePair { first, second } => {
                let place = self.fit.pairs.iter().position(|pair| {
                    let of = (&pair.first.input, &pair.second.input);
                    of == (first, second) || of == (second, first)
                });
                let none =
                    || EditError::one("/first", "unknown-pair", "these two do not count together");
                self.fit.pairs.remove(place.ok_or_else(none)?);
            }
        }
        Ok(())
    }

    pub(super) fn input(&self, name: &str, pointer: &str) -> Result<usize, EditError> {
        let place = self
            .model
            .inputs
            .iter()
            .position(|input| input.name == name);
        place.ok_or_else(|| EditError::one(pointer, "unknown-input", "the model has no such input"))
    }

    /// Steps that a stretch covers, its ends made cuts.
    fn stretch(&mut self, place: usize, stretch: &Stretch) -> Result<Vec<usize>, EditError> {
        let fault = |code: &str, detail: &str| EditError::one("/stretch", code, detail);
        let input = &self.model.inputs[place];
        let numbers = stretch.from.is_some() || stretch.to.is_some();
        if u8::from(numbers) + u8::from(stretch.missing) + u8::from(!stretch.levels.is_empty()) != 1
        {
            return Err(fault(
                "wrong-form",
                "name one of: from and to, levels, missing",
            ));
        }
        if stretch.missing {
            if input.missing == MissingRule::OwnEffect {
                return Ok(vec![0]);
            }
            return Err(fault(
                "wrong-kind",
                "what is missing does not count by itself for this input",
            ));
        }
        if numbers {
            if !is_number(input) {
                return Err(fault("wrong-kind", "name levels: this input is no number"));
            }
            let steps = self.between(place, stretch.from, stretch.to, "/stretch")?;
            return Ok(steps.collect());
        }
        let mut steps = Vec::new();
        let side = &self.fit.curves[place].side;
        for (at, level) in stretch.levels.iter().enumerate() {
            let step = match input.kind {
                InputType::Boolean => ["false", "true"]
                    .iter()
                    .position(|known| known == level)
                    .map(|value| boolean_step(side, input, value as f64)),
                InputType::Category => step_of_level(side, level),
                InputType::Number | InputType::Integer => None,
            };
            steps.push(step.ok_or_else(|| {
                EditError::one(
                    format!("/stretch/levels/{at}"),
                    "unknown-level",
                    "the input has no such level",
                )
            })?);
        }
        steps.sort_unstable();
        steps.dedup();
        // A step holds levels that count the same; it changes as a whole or is parted first.
        if input.kind == InputType::Category {
            self.part(place, &mut steps, &stretch.levels);
        }
        Ok(steps)
    }

    /// Takes the named levels out of steps that hold others too, so that only they change.
    fn part(&mut self, place: usize, steps: &mut [usize], levels: &[String]) {
        let curve = &mut self.fit.curves[place];
        for step in steps {
            let Some(groups) = &mut curve.side.levels else {
                return;
            };
            let is_named = |level: &String| levels.contains(level);
            let (named, others): (Vec<String>, Vec<String>) =
                groups[*step].drain(..).partition(is_named);
            groups[*step].clone_from(&named);
            if others.is_empty() {
                continue;
            }
            // The others stand behind all: the steps found keep their places.
            groups.push(others);
            curve.scores.push(curve.scores[*step]);
            curve.standard_errors.push(curve.standard_errors[*step]);
            if let Some(same) = curve.deviations.get(*step).cloned() {
                curve.deviations.push(same);
            }
        }
    }

    /// Steps of numbers between two ends, which become cuts.
    fn between(
        &mut self,
        place: usize,
        from: Option<f64>,
        to: Option<f64>,
        pointer: &str,
    ) -> Result<std::ops::Range<usize>, EditError> {
        let ends = [("from", from), ("to", to)];
        for (name, end) in ends {
            if end.is_some_and(|end| !end.is_finite()) {
                return Err(EditError::one(
                    format!("{pointer}/{name}"),
                    "not-finite",
                    "this is a finite number",
                ));
            }
        }
        if from.zip(to).is_some_and(|(from, to)| from >= to) {
            return Err(EditError::one(
                format!("{pointer}/to"),
                "out-of-range",
                "a stretch ends above where it begins",
            ));
        }
        let missing = skipped(&self.model.inputs[place]);
        let curve = &mut self.fit.curves[place];
        for end in [from, to].into_iter().flatten() {
            cut(curve, end, missing);
        }
        let cuts = curve.side.cuts.as_deref().unwrap_or_default();
        let step = |end: f64| missing + cuts.partition_point(|cut| *cut <= end);
        let first = from.map_or(missing, step);
        let last = to.map_or(missing + cuts.len() + 1, step);
        Ok(first..last)
    }

    pub(super) fn bench(&mut self, place: usize) -> Result<Bench<'_>, EditError> {
        let input = &self.model.inputs[place];
        let rows = counts(self.rows, &self.fit.curves[place].side, input)?;
        Ok(Bench {
            curve: &mut self.fit.curves[place],
            rows,
            bags: self.fit.bags.as_ref(),
        })
    }
}

fn is_number(input: &Input) -> bool {
    matches!(input.kind, InputType::Number | InputType::Integer)
}

fn boolean_step(side: &Side, input: &Input, value: f64) -> usize {
    let cuts = side.cuts.as_deref().unwrap_or_default();
    skipped(input) + cuts.partition_point(|cut| *cut <= value)
}

pub(super) fn step_of_level(side: &Side, level: &String) -> Option<usize> {
    let groups = side.levels.as_deref().unwrap_or_default();
    groups.iter().position(|group| group.contains(level))
}
