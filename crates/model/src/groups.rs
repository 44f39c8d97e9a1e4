//! Groups of people who resemble each other: prototypes of numbers and categories, and mixtures of normal distributions.

mod card;

use serde::Serialize;

use crate::{Meaning, Standardisation};

pub use card::{GroupCard, GroupTrait, TraitValue};

/// Groups by k-prototypes.
///
/// The distance of somebody to a group is Σ (standardised number − mean)² over the numbers that are known, plus `gamma` for each category or
/// boolean that is known and is not the group's mode. The nearest group is the answer; of equal ones the first.
///
/// # Source
/// Huang 1998 (doi 10.1023/A:1009769707641); missing values as in Chi, Chi & Baraniuk 2016 (doi 10.1080/00031305.2015.1086685).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PrototypesFit {
    /// One per input of type number or integer, in the order of the inputs: standardised = (value − mean) / scale, over what was known.
    pub standardisation: Vec<Standardisation>,
    /// What a category that differs weighs, beside one squared standard deviation of a number; above 0.
    pub gamma: f64,
    /// The groups.
    pub prototypes: Vec<Prototype>,
    /// Sum of the distances of the training rows to their groups.
    pub cost: f64,
}

/// One group of [`PrototypesFit`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Prototype {
    /// What the group is called.
    pub name: Meaning,
    /// Training rows nearest to it.
    pub rows: u64,
    /// How well the group is found again in samples drawn from the training rows: mean overlap (Jaccard), in `[0, 1]`.
    pub stability: f64,
    /// Standardised means, one per number.
    pub means: Vec<f64>,
    /// Most frequent values, one per input of type category or boolean, in the order of the inputs.
    pub modes: Vec<Mode>,
    /// How certain it is that somebody belongs here, by how much nearer this group is than the next; rising.
    pub certainty: Vec<CertaintyStep>,
}

/// The most frequent value of a category or a boolean in a group.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mode {
    /// The level; `true` or `false` of a boolean.
    pub level: String,
    /// Share of the group that has it, of those of whom it is known, in hundredths; absent where it would tell of a few people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// The same of all training rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overall: Option<f64>,
}

/// People whose *lead* lies below `below`, and how they fared when the groups were made again.
///
/// The lead is 1 − distance to the nearest group / distance to the next: 0 on the border, 1 for somebody who equals the prototype.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CertaintyStep {
    /// The lead is below this; absent for the last step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
    /// How many training rows, at least ten.
    pub rows: u64,
    /// Of samples drawn from the training rows that did not hold them, the share whose groups put them in this group again, in `[0, 1]`.
    pub share: f64,
}

/// Groups as a mixture of normal distributions on standardised inputs.
///
/// # Source
/// Dempster, Laird & Rubin, JRSS B 39(1), 1977.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MixtureFit {
    /// One per input, in the order of the inputs: standardised = (value − mean) / scale.
    pub standardisation: Vec<Standardisation>,
    /// The groups.
    pub components: Vec<Component>,
    /// Mean natural log-likelihood of a training row, on the standardised scale.
    pub log_likelihood: f64,
}

/// One group of [`MixtureFit`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Component {
    /// What the group is called.
    pub name: Meaning,
    /// Training rows for which it is the most probable group.
    pub rows: u64,
    /// As [`Prototype::stability`].
    pub stability: f64,
    /// Share of everybody, above 0; the shares sum to 1.
    pub weight: f64,
    /// Standardised means, one per input.
    pub means: Vec<f64>,
    /// Covariance of the standardised inputs: lower triangle, row by row, row `i` has `i + 1` numbers.
    pub covariance: Vec<Vec<f64>>,
}

/// Fewest training rows a figure of a group may be about.
pub const SMALLEST_GROUP: u64 = 10;

/// Inverse of the lower Cholesky factor of a covariance (lower triangles, row by row); `None` unless it is positive definite.
pub(crate) fn whitener(covariance: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let mut factor: Vec<Vec<f64>> = Vec::with_capacity(covariance.len());
    for (i, row) in covariance.iter().enumerate() {
        let mut made = Vec::with_capacity(row.len());
        for (j, value) in row.iter().enumerate() {
            let other = if i == j { &made } else { &factor[j] };
            let known: f64 = made.iter().zip(other).take(j).map(|(a, b)| a * b).sum();
            let rest = value - known;
            if i != j {
                made.push(rest / factor[j][j]);
            } else if rest > 1e-14 * value && rest.is_finite() {
                made.push(rest.sqrt());
            } else {
                return None;
            }
        }
        factor.push(made);
    }
    let mut inverse: Vec<Vec<f64>> = Vec::with_capacity(factor.len());
    for (i, row) in factor.iter().enumerate() {
        let below = |j: usize| -> f64 {
            let between = (j..i).map(|k| row[k] * inverse[k][j]);
            -between.sum::<f64>() / row[i]
        };
        let made: Vec<f64> = (0..i).map(below).chain([1.0 / row[i]]).collect();
        inverse.push(made);
    }
    let is_finite = inverse.iter().flatten().all(|value| value.is_finite());
    is_finite.then_some(inverse)
}

#[cfg(test)]
mod tests {
    use super::whitener;

    #[test]
    fn the_whitener_makes_the_covariance_one() {
        let found = whitener(&[vec![4.0], vec![2.0, 10.0]]).unwrap();
        assert_eq!(found, [vec![0.5], vec![-1.0 / 6.0, 1.0 / 3.0]]);
        assert_eq!(whitener(&[vec![1.0], vec![1.0, 1.0]]), None);
        assert_eq!(whitener(&[vec![0.0]]), None);
    }
}
