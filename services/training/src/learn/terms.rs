//! A fit as the terms of a model.

use std::collections::HashMap;

use helder_glm::INTERCEPT;
use helder_model::{
    CategoryTerm, Input, InputType, Intercept, LevelTerm, LinearFit, LinearTerm, MissingRule,
    MissingTerm,
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
        .filter(|input| !is_category(input))
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
        category_terms,
        missing_terms,
        covariance,
    }
}

/// Columns of the design in the fixed order of the model's parameters, the intercept left out.
pub(super) fn order(inputs: &[Input]) -> Vec<String> {
    let is_category = |input: &&Input| input.kind == InputType::Category;
    let linear = inputs.iter().filter(|input| !is_category(input));
    let levels = inputs.iter().filter(is_category).flat_map(|input| {
        let levels = input.categories.iter().skip(1);
        levels.map(|category| level_column(&input.name, &category.level))
    });
    let has_indicator =
        |input: &&Input| matches!(input.missing, MissingRule::MedianAndIndicator { .. });
    let indicators = inputs.iter().filter(has_indicator);
    linear
        .map(|input| input.name.clone())
        .chain(levels)
        .chain(indicators.map(|input| indicator(&input.name)))
        .collect()
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
