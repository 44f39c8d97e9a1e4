//! The parameters of a regression as a row has them: what a covariance is multiplied with.

use std::collections::HashMap;

use super::{
    bounded,
    row::{Cell, State},
};
use crate::{Input, LinearFit, SplineBasis, SplineTerm};

/// The parameters of a regression but its intercept, in their fixed order.
#[derive(Clone, Debug)]
pub(super) struct Parameters {
    layout: Vec<Parameter>,
    splines: Vec<SplineBasis>,
}

/// Which value of a row a parameter is of, and its mean.
#[derive(Clone, Debug)]
struct Parameter {
    input: usize,
    mean: f64,
    of: Of,
}

#[derive(Clone, Copy, Debug)]
enum Of {
    Number,
    /// A column of one of the curves.
    Bend {
        spline: usize,
        column: usize,
    },
    Level(u32),
    Missing,
}

impl Parameters {
    /// `fit` is coherent with `inputs` (see `check`).
    pub(super) fn new(
        fit: &LinearFit,
        inputs: &[Input],
        positions: &HashMap<String, usize>,
    ) -> Self {
        Self {
            layout: layout(fit, inputs, positions),
            splines: fit.spline_terms.iter().map(SplineTerm::basis).collect(),
        }
    }

    /// Means in training, in order.
    pub(super) fn means(&self) -> impl Iterator<Item = f64> + '_ {
        self.layout.iter().map(|parameter| parameter.mean)
    }

    /// Whether each is of this input, in order.
    pub(super) fn are_of(&self, input: usize) -> impl Iterator<Item = bool> + '_ {
        self.layout
            .iter()
            .map(move |parameter| parameter.input == input)
    }

    /// The parameters of complete cells, counted from their means.
    pub(super) fn of(&self, cells: &[Cell]) -> Vec<f64> {
        let value = |parameter: &Parameter| {
            let cell = &cells[parameter.input];
            let value = match parameter.of {
                Of::Number => bounded(cell.number),
                Of::Bend { spline, column } => {
                    self.splines[spline].column(column, bounded(cell.number))
                }
                Of::Level(level) => f64::from(u8::from(cell.level == level)),
                Of::Missing => f64::from(u8::from(cell.state == State::Missing)),
            };
            value - parameter.mean
        };
        self.layout.iter().map(value).collect()
    }
}

/// In the fixed order of the parameters.
fn layout(fit: &LinearFit, inputs: &[Input], positions: &HashMap<String, usize>) -> Vec<Parameter> {
    let place = |name: &str| positions.get(name).copied().unwrap_or_default();
    let mut layout = Vec::with_capacity(fit.parameter_count());
    for term in &fit.linear_terms {
        layout.push(Parameter {
            input: place(&term.input),
            mean: term.mean,
            of: Of::Number,
        });
    }
    for (spline, term) in fit.spline_terms.iter().enumerate() {
        let input = place(&term.input);
        let columns = term.columns.iter().enumerate();
        layout.extend(columns.map(|(column, own)| Parameter {
            input,
            mean: own.mean,
            of: Of::Bend { spline, column },
        }));
    }
    for term in &fit.category_terms {
        let input = place(&term.input);
        for level in &term.levels {
            let mut categories = inputs[input].categories.iter();
            let at = categories.position(|category| category.level == level.level);
            layout.push(Parameter {
                input,
                mean: level.mean,
                of: Of::Level(at.map_or(u32::MAX, |at| at as u32)),
            });
        }
    }
    for term in &fit.missing_terms {
        layout.push(Parameter {
            input: place(&term.input),
            mean: term.mean,
            of: Of::Missing,
        });
    }
    layout
}
