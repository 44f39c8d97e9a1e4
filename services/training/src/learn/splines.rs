//! Features that count as a curve: where the knots come, and the columns a number becomes.

use std::collections::BTreeMap;

use helder_model::{
    FARTHEST, SplineBasis,
    spline::{are_knots, column_names},
};
use helder_survival::RestrictedCubicSpline;

use super::{
    plan::{Feature, NewSpline},
    prepare::Unfit,
    table::Column,
};

/// Knots per feature that counts as a curve.
pub(super) type Splines = BTreeMap<String, Vec<f64>>;

/// The knots of a feature, from its known values in the `train` rows where the plan does not place them.
///
/// # Errors
/// [`Unfit`] when the column holds no numbers, or too few different ones.
pub(super) fn knots(
    feature: &Feature,
    asked: &NewSpline,
    column: &Column,
    train: &[usize],
) -> Result<Vec<f64>, Unfit> {
    let (Column::Integer(values) | Column::Number(values)) = column else {
        return Err(("wrong-kind", "only numbers count as a curve".to_owned()));
    };
    if let Some(places) = &asked.knots_at {
        return Ok(places.clone());
    }
    let known: Vec<f64> = train.iter().filter_map(|&row| values[row]).collect();
    let found = RestrictedCubicSpline::at_quantiles(&known, asked.n_knots());
    let knots = found.map(|spline| spline.knots().to_vec());
    knots.ok().filter(|knots| are_knots(knots)).ok_or_else(|| {
        let detail = format!(
            "`{}` takes too few different values for {} knots: ask fewer, name them in knotsAt, or let it count as a line",
            feature.name,
            asked.n_knots()
        );
        ("too-few-values", detail)
    })
}

/// The columns that a number becomes, with their names; the first is the number itself.
///
/// They are made by the function that scores, so that a model answers its training rows as it was fitted.
pub(super) fn columns(name: &str, knots: &[f64], values: &[f64]) -> Vec<(String, Vec<f64>)> {
    let basis = SplineBasis::new(knots);
    let column = |k: usize| {
        let each = values.iter();
        each.map(|x| basis.column(k, x.clamp(-FARTHEST, FARTHEST)))
            .collect()
    };
    column_names(name, basis.width())
        .enumerate()
        .map(|(k, name)| (name, column(k)))
        .collect()
}
