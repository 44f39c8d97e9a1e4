//! From the stored model to the sum.

use std::collections::HashMap;

use helder_model::{
    Algorithm, Input, InputType, LinearFit, MissingRule, Model, PointsFit, Side, TermsFit,
    UnknownCategory,
};

use super::{Answered, Known, Lookup, Part, Sum};
use crate::ExportError;

type Positions<'a> = HashMap<&'a str, usize>;

pub(super) fn sum(model: &Model) -> Result<Sum<'_>, ExportError> {
    let positions: Positions<'_> = model
        .inputs
        .iter()
        .enumerate()
        .map(|(place, input)| (input.name.as_str(), place))
        .collect();
    let probability = Answered::Probability(model.calibration);
    let (base, parts, points, answer) = match &model.algorithm {
        Algorithm::LogisticRegression(fit) => {
            let (base, parts) = line(fit, &model.inputs, &positions)?;
            (base, parts, None, probability)
        }
        Algorithm::GeneralisedLinear(fit) => {
            let (base, parts) = line(&fit.linear, &model.inputs, &positions)?;
            (base, parts, None, Answered::Value(model.link))
        }
        Algorithm::ExplainableBoosting(fit) => {
            let parts = curves(fit, &model.inputs, &positions)?;
            (fit.intercept, parts, None, probability)
        }
        Algorithm::Scorecard(fit) => {
            let parts = card(fit, &model.inputs)?;
            let points = Some((fit.intercept, fit.per_point));
            (0.0, parts, points, probability)
        }
        other @ (Algorithm::DecisionTree(_) | Algorithm::RuleList(_)) => {
            return Err(ExportError::NoSum(other.as_str()));
        }
        other => return Err(ExportError::NoScore(other.as_str())),
    };
    Ok(Sum {
        model,
        base,
        parts,
        points,
        answer,
    })
}

fn place(positions: &Positions<'_>, input: &str) -> Result<usize, ExportError> {
    let found = positions.get(input).copied();
    found.ok_or_else(|| ExportError::Incoherent(format!("no input {input}")))
}

/// The same sums and products as the scorer's, in the same order, so that not even the last bit differs.
fn line(
    fit: &LinearFit,
    inputs: &[Input],
    positions: &Positions<'_>,
) -> Result<(f64, Vec<Part>), ExportError> {
    /// Of a number or a boolean: slope, centre, and what a known and a missing value add.
    #[derive(Clone, Copy, Default)]
    struct Slope {
        per_unit: f64,
        centre: f64,
        indicator: Option<[f64; 2]>,
    }
    if let Some(curved) = fit.spline_terms.first() {
        return Err(ExportError::Curved(curved.input.clone()));
    }
    let mut base = fit.intercept.coefficient;
    let mut slopes = vec![Slope::default(); inputs.len()];
    for term in &fit.linear_terms {
        base += term.coefficient * term.mean;
        let slope = &mut slopes[place(positions, &term.input)?];
        (slope.per_unit, slope.centre) = (term.coefficient, term.mean);
    }
    let mut levels: HashMap<usize, HashMap<&str, f64>> = HashMap::new();
    let mut means = HashMap::new();
    for term in &fit.category_terms {
        let mean: f64 = term
            .levels
            .iter()
            .map(|level| level.coefficient * level.mean)
            .sum();
        base += mean;
        let effects = term.levels.iter();
        let place = place(positions, &term.input)?;
        means.insert(place, mean);
        levels.insert(
            place,
            effects
                .map(|level| (level.level.as_str(), level.coefficient))
                .collect(),
        );
    }
    for term in &fit.missing_terms {
        base += term.coefficient * term.mean;
        let known = -term.coefficient * term.mean;
        slopes[place(positions, &term.input)?].indicator = Some([known, term.coefficient + known]);
    }
    let parts = inputs.iter().enumerate().map(|(at, input)| {
        if let Some(effects) = levels.get(&at) {
            let mean = means.get(&at).copied().unwrap_or(0.0);
            let effect = |level: &str| effects.get(level).copied().unwrap_or(0.0) - mean;
            return Part::Alone(of_levels(at, input, effect));
        }
        let Slope {
            per_unit: slope,
            centre,
            indicator,
        } = slopes[at];
        let [known, unknown] = indicator.unwrap_or([0.0, 0.0]);
        let at_value = |value: f64, indicator: f64| slope * (value - centre) + indicator;
        let missing = match &input.missing {
            MissingRule::MedianAndIndicator { value } | MissingRule::Median { value } => {
                Some(at_value(*value, unknown))
            }
            MissingRule::Level { .. }
            | MissingRule::OwnEffect
            | MissingRule::LeftOut
            | MissingRule::Reject => None,
        };
        if input.kind == InputType::Boolean {
            return Part::Alone(Lookup {
                input: at,
                missing,
                known: Known::Boolean(at_value(0.0, known), at_value(1.0, known)),
            });
        }
        Part::Line {
            input: at,
            slope,
            centre,
            known,
            missing,
        }
    });
    Ok((base, parts.collect()))
}

fn curves(
    fit: &TermsFit,
    inputs: &[Input],
    positions: &Positions<'_>,
) -> Result<Vec<Part>, ExportError> {
    let mut parts = Vec::new();
    for (at, (curve, input)) in fit.curves.iter().zip(inputs).enumerate() {
        let steps = lookup(at, &curve.side, input);
        parts.push(Part::Alone(
            steps.map(|step| curve.scores.get(step).copied().unwrap_or(0.0)),
        ));
    }
    for pair in &fit.pairs {
        let first = place(positions, &pair.first.input)?;
        let second = place(positions, &pair.second.input)?;
        parts.push(Part::Table {
            first: lookup(first, &pair.first, &inputs[first]),
            second: lookup(second, &pair.second, &inputs[second]),
            cells: pair.scores.clone(),
        });
    }
    Ok(parts)
}

fn card(fit: &PointsFit, inputs: &[Input]) -> Result<Vec<Part>, ExportError> {
    let parts = fit.inputs.iter().zip(inputs).enumerate();
    parts
        .map(|(at, (part, input))| {
            let steps = lookup(at, &part.side, input);
            let points = |step: usize| part.points.get(step).copied().map_or(0.0, f64::from);
            Ok(Part::Alone(steps.map(points)))
        })
        .collect()
}

/// What questions about each input are asked about.
pub(super) fn readings(inputs: &[Input]) -> Vec<Part> {
    let reading = |(at, input): (usize, &Input)| {
        let missing = match &input.missing {
            MissingRule::MedianAndIndicator { value } | MissingRule::Median { value } => {
                Some(*value)
            }
            MissingRule::Level { .. }
            | MissingRule::OwnEffect
            | MissingRule::LeftOut
            | MissingRule::Reject => None,
        };
        match input.kind {
            InputType::Number | InputType::Integer => Part::Line {
                input: at,
                slope: 1.0,
                centre: 0.0,
                known: 0.0,
                missing,
            },
            InputType::Boolean => Part::Alone(Lookup {
                input: at,
                missing,
                known: Known::Boolean(0.0, 1.0),
            }),
            InputType::Category => {
                let levels = input.categories.iter();
                let all: HashMap<&str, usize> = levels
                    .zip(1..)
                    .map(|(category, place)| (category.level.as_str(), place))
                    .collect();
                let place = |level: &str| all.get(level).copied().unwrap_or(0) as f64;
                Part::Alone(of_levels(at, input, place))
            }
        }
    };
    inputs.iter().enumerate().map(reading).collect()
}

/// The step of every value.
fn lookup(at: usize, side: &Side, input: &Input) -> Lookup<usize> {
    if let Some(groups) = &side.levels {
        let step = |level: &str| {
            let found = groups
                .iter()
                .position(|step| step.iter().any(|l| l == level));
            found.unwrap_or(0)
        };
        return of_levels(at, input, step);
    }
    let cuts = side.cuts.clone().unwrap_or_default();
    let first = usize::from(input.missing == MissingRule::OwnEffect);
    let step = |value: f64| first + cuts.partition_point(|cut| *cut <= value);
    let missing = match &input.missing {
        MissingRule::OwnEffect => Some(0),
        MissingRule::MedianAndIndicator { value } | MissingRule::Median { value } => {
            Some(step(*value))
        }
        MissingRule::Level { .. } | MissingRule::LeftOut | MissingRule::Reject => None,
    };
    let known = if input.kind == InputType::Boolean {
        Known::Boolean(step(0.0), step(1.0))
    } else if let Some(conversion) = input.conversion() {
        let cuts = cuts.iter().map(|cut| conversion.raw_cut(*cut));
        raw_steps(&cuts.collect::<Vec<f64>>(), first)
    } else {
        let steps = (first..=first + cuts.len()).collect();
        Known::Steps(cuts, steps)
    };
    Lookup {
        input: at,
        missing,
        known,
    }
}

/// Steps between cuts of raw numbers, of which some may be reached by all numbers or by none, and some at once with the one before.
fn raw_steps(cuts: &[f64], first: usize) -> Known<usize> {
    let reached_by_all = cuts.partition_point(|cut| *cut == f64::NEG_INFINITY);
    let (mut kept, mut steps) = (Vec::new(), vec![first + reached_by_all]);
    for (place, cut) in cuts.iter().enumerate().skip(reached_by_all) {
        if cut.is_infinite() {
            break;
        }
        let step = first + place + 1;
        if kept
            .last()
            .is_some_and(|last: &f64| (last - cut).abs() == 0.0)
        {
            steps.pop();
        } else {
            kept.push(*cut);
        }
        steps.push(step);
    }
    Known::Steps(kept, steps)
}

fn of_levels<T>(at: usize, input: &Input, of: impl Fn(&str) -> T) -> Lookup<T> {
    let categories: Vec<&str> = input.categories.iter().map(|c| c.level.as_str()).collect();
    Lookup {
        input: at,
        missing: match &input.missing {
            MissingRule::Level { level } => Some(of(level)),
            _ => None,
        },
        known: Known::Levels {
            levels: input
                .raw_categories()
                .map(|(raw, level)| (raw.to_owned(), of(categories[level])))
                .collect(),
            unknown: match &input.unknown_category {
                Some(UnknownCategory::Level { level }) => Some(of(level)),
                Some(UnknownCategory::Reject) | None => None,
            },
        },
    }
}
