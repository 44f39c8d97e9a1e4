//! What every form writes down: a sum of parts, each read off one or two inputs.

mod build;

use helder_model::{Calibration, Input, Link, Model, TreeFit};

use crate::ExportError;

/// A model as a sum.
pub(crate) struct Sum<'a> {
    pub(crate) model: &'a Model,
    /// What the parts are added to.
    pub(crate) base: f64,
    /// One per term of the model, in their order.
    pub(crate) parts: Vec<Part>,
    /// Of a scorecard: intercept and log odds per point; the parts are then points and the base is 0.
    pub(crate) points: Option<(f64, f64)>,
    pub(crate) answer: Answered,
}

/// What the score becomes.
#[derive(Clone, Copy)]
pub(crate) enum Answered {
    Probability(Calibration),
    Value(Link),
}

/// What is added.
pub(crate) enum Part {
    Alone(Lookup<f64>),
    /// `slope` × (value − `centre`) + `known`; `missing` where the value is missing. The value is that of the input after its conversion.
    Line {
        input: usize,
        slope: f64,
        centre: f64,
        known: f64,
        missing: Option<f64>,
    },
    Table {
        first: Lookup<usize>,
        second: Lookup<usize>,
        /// Row by row.
        cells: Vec<Vec<f64>>,
    },
}

/// What an input says of its raw values. `None` means that the model gives no answer.
pub(crate) struct Lookup<T> {
    pub(crate) input: usize,
    pub(crate) missing: Option<T>,
    pub(crate) known: Known<T>,
}

/// What a known value says.
pub(crate) enum Known<T> {
    /// The step after as many cuts as the value reaches: one more than cuts.
    Steps(Vec<f64>, Vec<T>),
    /// For false and for true.
    Boolean(T, T),
    /// By level; `unknown` for all others.
    Levels {
        levels: Vec<(String, T)>,
        unknown: Option<T>,
    },
}

impl<T: Copy> Lookup<T> {
    fn map<U>(&self, to: impl Fn(T) -> U) -> Lookup<U> {
        Lookup {
            input: self.input,
            missing: self.missing.map(&to),
            known: match &self.known {
                Known::Steps(cuts, steps) => {
                    Known::Steps(cuts.clone(), steps.iter().map(|step| to(*step)).collect())
                }
                Known::Boolean(no, yes) => Known::Boolean(to(*no), to(*yes)),
                Known::Levels { levels, unknown } => Known::Levels {
                    levels: levels
                        .iter()
                        .map(|(level, step)| (level.clone(), to(*step)))
                        .collect(),
                    unknown: unknown.map(&to),
                },
            },
        }
    }
}

impl<'a> Sum<'a> {
    /// # Errors
    /// [`ExportError::NoScore`] for groups; [`ExportError::Incoherent`].
    pub(crate) fn new(model: &'a Model) -> Result<Self, ExportError> {
        build::sum(model)
    }

    /// Of a tree or a rule list: what its questions are counted from, without parts.
    pub(crate) fn of_root(model: &'a Model, fit: &TreeFit) -> Self {
        Self {
            model,
            base: fit.nodes.first().map_or(0.0, |root| root.score),
            parts: Vec::new(),
            points: None,
            answer: Answered::Probability(model.calibration),
        }
    }

    /// Of a tree or a rule list: the same, with a part per input that says what its questions are asked about: a number, 0 or 1, or the
    /// place of a level from 1. It counts for nothing by itself.
    pub(crate) fn of_reading(model: &'a Model, fit: &TreeFit) -> Self {
        Self {
            parts: build::readings(&model.inputs),
            ..Self::of_root(model, fit)
        }
    }

    pub(crate) fn input(&self, place: usize) -> &'a Input {
        &self.model.inputs[place]
    }

    /// What the answer is called in columns.
    pub(crate) const fn answer_name(&self) -> &'static str {
        match self.answer {
            Answered::Probability(_) => "probability",
            Answered::Value(_) => "value",
        }
    }

    /// Refuses more parts than a form takes.
    pub(crate) fn within(&self, most: usize) -> Result<(), ExportError> {
        if self.parts.len() > most {
            return Err(ExportError::TooManyParts {
                found: self.parts.len(),
                most,
            });
        }
        Ok(())
    }
}

impl Part {
    /// The inputs it is read off.
    pub(crate) const fn inputs(&self) -> (usize, Option<usize>) {
        match self {
            Self::Alone(lookup) => (lookup.input, None),
            Self::Line { input, .. } => (*input, None),
            Self::Table { first, second, .. } => (first.input, Some(second.input)),
        }
    }
}
