//! A fit as the terms of a model.

use std::collections::HashMap;

use helder_glm::INTERCEPT;
use helder_model::{
    CategoryTerm, Input, InputType, Intercept, LevelTerm, LinearFit, LinearTerm, MissingRule,
    MissingTerm, SplineColumn, SplineTerm, spline::column_names,
};

use super::{
    estimate::Weight,
    prepare::{Prepared, indicator, level_column},
};

/// Above this many parameters the model carries no covariance: the file would be mostly that.
const MOST_COVARIANCE: usize = 300;

/// The fit in the words of the model format. A dropped column has coefficient 0 and no standard error, an offset coefficient 1.
///
/// * `coefficients`, `covariance` – of the columns of the fit, the covariance row by row in their order
pub(super) fn linear_fit(
    prepared: &Prepared,
    (coefficients, covariance): (&[Weight], Option<&[f64]>),
    moments: &HashMap<String, (f64, f64)>,
    offset: Option<&[f64]>,
) -> LinearFit {
    let inputs = &prepared.inputs;
    let found: HashMap<&str, (usize, &Weight)> = coefficients
        .iter()
        .enumerate()
        .map(|(place, c)| (c.name.as_str(), (place, c)))
        .collect();
    // Places of the model's parameters in the fit, in the fixed order of the model.
    let mut places: Vec<Option<usize>> = Vec::new();
    let mut take = |column: &str| -> (f64, Option<f64>, f64) {
        let coefficient = found.get(column);
        places.push(coefficient.map(|(place, _)| *place));
        let mean = moments.get(column).map_or(0.0, |(mean, _)| *mean);
        coefficient.map_or((0.0, None, mean), |(_, c)| {
            (c.estimate, c.standard_error, mean)
        })
    };
    let (coefficient, standard_error, _) = take(INTERCEPT);
    let intercept = Intercept {
        coefficient,
        standard_error,
    };
    let is_category = |input: &&Input| input.kind == InputType::Category;
    let mut linear_terms: Vec<LinearTerm> = inputs
        .iter()
        .filter(|input| !is_category(input) && !prepared.splines.contains_key(&input.name))
        .map(|input| {
            let (coefficient, standard_error, mean) = take(&input.name);
            LinearTerm {
                input: input.name.clone(),
                coefficient,
                standard_error,
                mean,
            }
        })
        .collect();
    if let (Some(input), Some(offset)) = (&prepared.offset, offset) {
        // No column of the fit: nothing is estimated.
        let _ = take("");
        linear_terms.push(LinearTerm {
            input: input.name.clone(),
            coefficient: 1.0,
            standard_error: None,
            mean: offset.iter().sum::<f64>() / offset.len() as f64,
        });
    }
    let spline_terms = spline_terms(prepared, &mut take);
    let category_terms = category_terms(inputs, &mut take);
    let missing_terms = inputs
        .iter()
        .filter(|input| matches!(input.missing, MissingRule::MedianAndIndicator { .. }))
        .map(|input| {
            let (coefficient, standard_error, mean) = take(&indicator(&input.name));
            MissingTerm {
                input: input.name.clone(),
                coefficient,
                standard_error,
                mean,
            }
        })
        .collect();
    let p = coefficients.len();
    let covariance = covariance.filter(|_| places.len() <= MOST_COVARIANCE);
    let covariance = covariance.map(|covariance| {
        let entry = |a: Option<usize>, b: Option<usize>| {
            a.zip(b).map_or(0.0, |(a, b)| covariance[a * p + b])
        };
        places
            .iter()
            .enumerate()
            .map(|(i, a)| places[..=i].iter().map(|b| entry(*a, *b)).collect())
            .collect()
    });
    LinearFit {
        intercept,
        linear_terms,
        spline_terms,
        category_terms,
        missing_terms,
        covariance,
    }
}

/// Columns of the design in the fixed order of the model's parameters, the intercept left out.
pub(super) fn order(prepared: &Prepared) -> Vec<String> {
    let inputs = &prepared.inputs;
    let is_category = |input: &&Input| input.kind == InputType::Category;
    let is_curve = |input: &&Input| prepared.splines.contains_key(&input.name);
    let linear = inputs
        .iter()
        .filter(|input| !is_category(input) && !is_curve(input));
    let bends = curves(prepared)
        .flat_map(|(input, knots)| column_names(&input.name, knots.len().saturating_sub(1)));
    let levels = inputs.iter().filter(is_category).flat_map(|input| {
        let levels = input.categories.iter().skip(1);
        levels.map(|category| level_column(&input.name, &category.level))
    });
    let has_indicator =
        |input: &&Input| matches!(input.missing, MissingRule::MedianAndIndicator { .. });
    let indicators = inputs.iter().filter(has_indicator);
    linear
        .map(|input| input.name.clone())
        .chain(bends)
        .chain(levels)
        .chain(indicators.map(|input| indicator(&input.name)))
        .collect()
}

/// Inputs that count as a curve, in their order, with their knots.
fn curves(prepared: &Prepared) -> impl Iterator<Item = (&Input, &Vec<f64>)> {
    let inputs = prepared.inputs.iter();
    inputs.filter_map(|input| Some((input, prepared.splines.get(&input.name)?)))
}

/// One term per input that counts as a curve; `take` yields coefficient, standard error and mean of a column.
fn spline_terms(
    prepared: &Prepared,
    take: &mut impl FnMut(&str) -> (f64, Option<f64>, f64),
) -> Vec<SplineTerm> {
    let term = |(input, knots): (&Input, &Vec<f64>)| SplineTerm {
        input: input.name.clone(),
        knots: knots.clone(),
        columns: column_names(&input.name, knots.len().saturating_sub(1))
            .map(|name| {
                let (coefficient, standard_error, mean) = take(&name);
                SplineColumn {
                    coefficient,
                    standard_error,
                    mean,
                }
            })
            .collect(),
    };
    curves(prepared).map(term).collect()
}

/// One term per input of type category; `take` yields coefficient, standard error and mean of a column.
fn category_terms(
    inputs: &[Input],
    take: &mut impl FnMut(&str) -> (f64, Option<f64>, f64),
) -> Vec<CategoryTerm> {
    inputs
        .iter()
        .filter(|input| input.kind == InputType::Category)
        .map(|input| {
            let mut levels = input
                .categories
                .iter()
                .map(|category| category.level.clone());
            CategoryTerm {
                input: input.name.clone(),
                reference_level: levels.next().unwrap_or_default(),
                levels: levels
                    .map(|level| {
                        let (coefficient, standard_error, mean) =
                            take(&level_column(&input.name, &level));
                        LevelTerm {
                            level,
                            coefficient,
                            standard_error,
                            mean,
                        }
                    })
                    .collect(),
            }
        })
        .collect()
}
